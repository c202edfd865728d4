"""``facts.toml`` is complete: what is used stands in it, what stands in it is used, and each says where and when."""

from __future__ import annotations

import tomllib

import pytest
from wardround.course import places
from wardround.course.authoring import prose
from wardround.course.playbook_facts import LAW
from wardround.flight.deck import DECK

KNOWN = prose.facts()
USES = prose.uses()
GOOD = {"says": "So.", "source": "Seen.", "as_of": "2026-11", "review_by": "2027-05", "certainty": "read"}


def test_every_fact_that_is_cited_anywhere_is_there():
    unknown = {name: where for name, where in USES.items() if name not in KNOWN}
    assert unknown == {}, "write them into facts.toml, with source and day, or cite what is there"
    assert len(USES) > 80 and any(where[0].startswith("helpers/") for where in USES.values())


def test_every_fact_is_used_somewhere():
    assert sorted(set(KNOWN) - set(USES)) == [], "cite them, or take them out of facts.toml"


def test_cards_of_the_year_and_the_playbook_name_facts_that_are_there():
    cases = {card.precedent for card in DECK.values() if card.precedent}
    assert LAW and cases and cases | set(LAW) <= set(KNOWN)
    assert all(KNOWN[name]["certainty"] != "uncertain" for name in cases | set(LAW))


@pytest.mark.parametrize("name", KNOWN)
def test_a_fact_says_what_where_and_when(name):
    entry = KNOWN[name]
    assert len(entry["says"]) > 30 and entry["says"].endswith(".") and entry["source"].endswith(".")


def test_names_in_code_are_found_as_strings_and_in_comments(tmp_path, monkeypatch):
    (tmp_path / "curriculum").mkdir()
    (tmp_path / "helpers" / "wardround").mkdir(parents=True)
    (tmp_path / "curriculum" / "page.md").write_text("# T\n\nSo [a-cite](#Sources).\n")
    (tmp_path / "helpers" / "wardround" / "room.py").write_text(
        'X = ("b-string", "not-known")  # facts `c-one`, `c-two` and `c-three`; a test holds them\n'
    )
    text = "".join(
        f"[{name}]\n" + "".join(f'{k} = "{v}"\n' for k, v in GOOD.items()) for name in ("a-cite", "b-string")
    )
    (tmp_path / "curriculum" / "facts.toml").write_text(text)
    monkeypatch.setenv("WARDROUND_ROOT", str(tmp_path))
    assert list(prose.uses()) == ["a-cite", "b-string", "c-one", "c-three", "c-two"]
    assert prose.uses()["c-two"] == ["helpers/wardround/room.py"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source": " "}, "not where it was read"),
        ({"as_of": "November"}, "are months or days"),
        ({"review_by": "2027-13"}, "are months or days"),
        ({"review_by": "2026-10"}, "before it was read"),
        ({"certainty": "heard"}, "nothing else"),
    ],
)
def test_a_fact_without_source_or_day_is_refused(tmp_path, monkeypatch, change, told):
    (tmp_path / "curriculum").mkdir()
    entry = GOOD | change
    (tmp_path / "curriculum" / "facts.toml").write_text("[x]\n" + "".join(f'{k} = "{v}"\n' for k, v in entry.items()))
    monkeypatch.setenv("WARDROUND_ROOT", str(tmp_path))
    assert list(tomllib.loads((places.root() / "curriculum" / "facts.toml").read_text())) == ["x"]
    with pytest.raises(prose.ManifestError, match=rf"facts\.toml, x: .*{told}"):
        prose.facts()
