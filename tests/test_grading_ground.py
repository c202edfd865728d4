"""The ground of a class: made once from a secret, and shown to a box in parts only."""

from __future__ import annotations

import json
import pickle
from types import SimpleNamespace

import pytest
from wardround.course import given, places
from wardround.course.grading import ground
from wardround.course.grading.sandbox import SHOWN_OF_HOSPITAL
from wardround.course.grading.shelf import shelf
from wardround.course.questions import collecting, question

WEEKS = sorted(int(folder.name[4:6]) for folder in (places.root() / "curriculum").glob("week[0-9][0-9]_*"))


@pytest.fixture
def small(monkeypatch):
    """Grounds of tiny hospitals, and what was built for them."""
    built = []

    def build(place, *, seed, scale, for_grading, progress):
        assert for_grading and scale == ground.THIRD
        built.append((place.name, seed))
        place.mkdir(exist_ok=True)
        return place

    def fresh(place, *, seed, progress):
        built.append((place.name, seed))
        place.mkdir(exist_ok=True)
        (place / "manifest.json").write_text("{}")
        return place

    monkeypatch.setattr("wardround.hospital.build", build)
    monkeypatch.setattr(ground, "build_fresh", fresh)
    monkeypatch.setattr(ground, "_make_tables", lambda place, progress: None)
    monkeypatch.setattr(ground, "_own_checksum", lambda progress: "own")
    return built


def test_a_ground_is_made_once(small, tmp_path):
    first = ground.prepare(tmp_path / "g", weeks=[1])
    assert [name for name, _ in small] == ["here", "unseen"] and first.fresh is None and 0 <= first.seed < 2**64
    again = ground.prepare(tmp_path / "g", weeks=[1, 4])
    assert again.seed == first.seed and [name for name, _ in small] == ["here", "unseen", "fresh"]
    assert len({seed for _, seed in small} | {first.seed}) == 4  # no part tells another's
    assert (tmp_path / "g").stat().st_mode & 0o077 == 0


def test_a_ground_that_was_broken_off_is_finished(small, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ground, "_make_tables", lambda place, progress: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ground.prepare(tmp_path / "g", weeks=[1])
    ground.prepare(tmp_path / "g", weeks=[1])
    assert [name for name, _ in small] == ["here", "here", "unseen"] and small[0] == small[1]


def test_two_grounds_have_two_seeds_and_a_given_seed_is_kept(small, tmp_path):
    seeds = {ground.prepare(tmp_path / name, weeks=[]).seed for name in "ab"}
    assert len(seeds) == 2
    assert ground.prepare(tmp_path / "c", seed=2**64 - 1, weeks=[]).seed == 2**64 - 1
    with pytest.raises(ValueError, match="another seed"):
        ground.prepare(tmp_path / "c", seed=5, weeks=[])


def test_what_a_box_is_shown_of_a_hospital_has_no_truth_seed_or_draw():
    assert not {"truth", "manifest.json", given.DRAWS, "given"} & set(SHOWN_OF_HOSPITAL)


@pytest.mark.parametrize("week", WEEKS)
def test_no_weeks_shelf_holds_an_answer(week):
    """By name: what of a week is on the shelf is declared, and what it holds is of the kind that may be shown."""
    names = {path.name for path in (shelf(week) / "curriculum").rglob("*") if path.is_file()}
    shown = {"questions.py", "fixtures.py", "judging.py"}
    # made-up sets, the same for everybody; a server that knows no right release; the lists of answers to choose from;
    # how an archive is read, and a forgery of it that is the same for everybody; rows to show small models on; what a
    # learner's function calls at a desk, and the desk's clock; how answers are put into plain data (weeks 11, 12)
    shown |= {"invented.py", "drill.py", "words.py", "opened.py", "small.py", "bedside.py"}
    shown |= {"asked.py"} if week >= 11 else set()
    shown |= {"floors.py"} if week == 12 else set()  # what a flight must reach, which the question prints
    assert names <= shown and "questions.py" in names
    texts = [path.read_text() for path in (shelf(week) / "curriculum").rglob("*.py")]
    assert not any("key(" in text and "misconception(" in text for text in texts)
    for word in ("LEAKING", "CARDS = ", "_rewritten", "_too_recent", "### BEGIN SOLUTION"):
        assert not any(word in text for text in texts), word


def test_what_knows_answers_is_made_outside_and_read_inside(tmp_path, monkeypatch):
    made = []
    hospital = SimpleNamespace(checksum="abc", path=tmp_path / "export")

    @given.apart
    def tables(of):
        made.append(of.checksum)
        return {"table 1": [1, 2]}

    monkeypatch.setattr(given, "_names", lambda week: {"tables": tables, "other": len})
    folder = given.hand_over(1, hospital)
    assert made == ["abc"] and folder.is_relative_to(tmp_path)
    assert [pickle.loads(path.read_bytes()) for path in folder.iterdir()] == [{"table 1": [1, 2]}]

    @given.apart
    def inside(of):
        raise AssertionError("made in the box")

    inside.__wrapped__.__name__ = "tables"
    monkeypatch.setenv(given.GIVEN, str(folder))
    assert inside(hospital) == {"table 1": [1, 2]}
    with pytest.raises(FileNotFoundError):
        inside(SimpleNamespace(checksum="other"))


def test_draws_of_a_ground_are_its_own_secret(tmp_path):
    hospital = SimpleNamespace(checksum="abc", path=tmp_path / "export")
    assert (given.secret(hospital), given.by_hand(hospital)) == ("", "abc")
    (tmp_path / given.DRAWS).write_text(json.dumps({"secret": "s", "by_hand": "own"}))
    assert (given.secret(hospital), given.by_hand(hospital)) == ("s", "own")


def test_a_questions_last_word_is_not_spoken_in_the_child():
    from wardround.course import asking, plain

    with collecting() as week:
        question(
            "W01.Q9", answer="x", title="", expects="", hints=["", "", "", ""],
            then=lambda answer, hospital: {hospital[name]: said for name, said in answer.items()},
        )  # fmt: skip
    asked = week.questions["W01.Q9"]
    assert asking.put(asked, {"table 1": 3}, {"table 1": "sound"}) == {"sound": 3}
    assert asking.put(asked, {"table 1": 3}, {}, kept=plain.dump) == b'{"table 1":3}'
    assert asking.put(asked, {"table 7": 3}, {}) == {"table 7": 3} and asking.put(asked, 5, {}) == 5
