"""What comes after a flight: its files, the debrief, the words that cost most, the review, the replay of a week."""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np
import pytest
from looked_at import has_no_barrier
from wardround.flight import counterfactual, debrief, record, replay, scores, visible
from wardround.flight.deck import alone
from wardround.flight.engine import fly
from wardround.flight.plan import PLANS, Forecast, load_plan, read_plan
from wardround.flight.quoted import block, quote
from wardround.flight.result import Flight
from wardround.flight.timeline import PATTERNS, parts, timeline, when

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>&{{ 7 * 7 }}{% raw %}'
RANGE = {"low": 0.0, "high": 50.0, "confidence": 0.8}


def text_of(name: str) -> str:
    return (PLANS / f"{name}.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def incidents() -> tuple:
    """Four cards, few enough to know what they should come to: two of the feed, one decoy, one that no day ends."""
    return tuple(
        dataclasses.replace(alone(name, 3, begins), begins=begins, ends=ends, site=site)
        for name, begins, ends, site in (
            *(("stale_cache", 40, 68, -1), ("rumour", 120, 134, -1)),
            *(("unit_change", 180, 230, 0), ("phi_export", 260, 320, -1)),
        )
    )


@pytest.fixture(scope="module")
def flown(incidents) -> dict[str, Flight]:
    return {name: fly(load_plan(name), 3, incidents) for name in ("nothing", "reference")}


@pytest.fixture(scope="module")
def mixed(incidents) -> tuple[Flight, str]:
    """A plan that reads like the reference, but lets wrong values pass and has hostile words in it."""
    text = text_of("reference").replace('value_contract = "block"', 'value_contract = "pass"')
    text = text.replace("[ward]\n", f"[ward]\ndisclosed = '{HOSTILE}'\n", 1) + f"\n# {HOSTILE}\n"
    plan = read_plan(text).model_copy(update={"forecast": Forecast(**dict.fromkeys(Forecast.model_fields, RANGE))})
    return fly(plan, 3, incidents), text


@pytest.fixture(scope="module")
def looked_back(mixed) -> debrief.Debrief:
    return debrief.debrief(*mixed)


# where a plan says what ---------------------------------------------------------------------------------------------

PLAN = """# a comment with [ward] in it
name = "x"
unknown = [
  "log",  # ] not the end
]
[ward]
threshold = 0.04   # ten of 250
groups = {black = 0.03, others = 0.05}

[[monitor]]
signal = "rows"
[[monitor]]
signal = "alerts"
then = ["log"]
"""


@pytest.mark.parametrize(
    ("path", "line", "words"),
    [
        (("ward", "threshold"), 7, "threshold = 0.04   # ten of 250"),
        (("unknown",), 3, 'unknown = [\n  "log",  # ] not the end\n]'),
        (("monitor", 1, "then"), 14, 'then = ["log"]'),
        (("monitor", 1), 12, "[[monitor]]"),
    ],
)
def test_a_key_is_quoted_with_its_line(path, line, words):
    found = quote(PLAN, path)
    assert (found.line, found.text, found.exact) == (line, words, True)


def test_a_key_that_is_not_written_gives_the_header_and_says_so():
    found = quote(PLAN, ("ward", "policy"))
    assert (found.line, found.exact) == (6, False)
    assert quote(PLAN, ("staff", "coffee")) is None


def test_an_entry_is_quoted_whole():
    found = block(PLAN, "monitor", 1)
    assert found.text == '[[monitor]]\nsignal = "alerts"\nthen = ["log"]' and found.lines == "lines 12 to 14"


def test_every_key_of_the_reference_is_found_where_it_stands():
    text, lines = text_of("reference"), text_of("reference").splitlines()
    for place, one in enumerate(load_plan("reference").monitors):
        found = quote(text, ("monitor", place, "signal"))
        assert lines[found.line - 1] == f'signal = "{one.signal}"' == found.text


# files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nothing", "reference"])
def test_the_main_scores_can_be_worked_out_from_the_outcome_alone(flown, name, tmp_path):
    flight = flown[name]
    record.record(flight, tmp_path, text_of(name))
    found = record.recomputed(record.read(tmp_path / record.OUTCOME))
    true = {one.name: one.value for _, one in scores.ordered(scores.scores(flight))}
    assert set(found) == set(record.TRACED) <= set(true)
    for number, value in found.items():
        assert value == pytest.approx(true[number], abs=1e-4, nan_ok=True), number


def test_the_lines_are_numbered_and_a_number_names_its_lines(flown):
    lines = record.outcomes(flown["reference"])
    assert [one["n"] for one in lines] == list(range(1, len(lines) + 1))
    assert record.came_from(lines, "ward") == "lines 5 to 56"  # after four incidents, one for each week
    assert record.came_from(lines, "nothing of the kind") == "no line"


def test_same_seed_and_plan_same_bytes(incidents, flown, tmp_path):
    again = fly(load_plan("reference"), 3, incidents)
    for folder, flight in (("a", flown["reference"]), ("b", again)):
        record.record(flight, tmp_path / folder, text_of("reference"), scores.scores(flight))
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    assert {path.name for path in (tmp_path / "a").iterdir()} == {
        *("log.jsonl", "outcome.jsonl", "scores.json", "plan.toml"),
    }


# what was visible when ----------------------------------------------------------------------------------------------


def test_an_incident_could_be_seen_also_where_nobody_watched(flown):
    unseen, seen = ({one.spell.cause: one for one in visible.met(flown[name])} for name in ("nothing", "reference"))
    assert unseen["phi_export"].visible == 261 and unseen["phi_export"].alarm is None
    assert unseen["phi_export"].first.limit is None
    assert seen["phi_export"].visible == 261 and 261 <= seen["phi_export"].alarm < 262
    assert seen["phi_export"].restored > seen["phi_export"].alarm and seen["phi_export"].first.rang == 261


def test_a_signal_of_before_is_no_sign(flown):
    flight = dataclasses.replace(flown["nothing"], days=[dict(day) for day in flown["nothing"].days])
    flight.days[255]["ward", "egress_scan"] = 9.0
    one = next(one for one in visible.met(flight) if one.spell.cause == "phi_export")
    assert one.signs[0].before and one.visible is None


def test_the_bar_of_an_incident_is_whole(flown):
    for flight in flown.values():
        for one in visible.met(flight):
            found = parts(one)
            assert found[0].begins == one.spell.begins and found[-1].ends == one.over
            assert all(a.ends == b.begins for a, b in itertools.pairwise(found))
            assert [part.state for part in found] == sorted((part.state for part in found), key=list(PATTERNS).index)


def test_the_picture_can_be_read_without_seeing_it(flown):
    off = {"list": np.concatenate([np.ones(10), np.zeros(354)])}
    drawn = timeline(visible.met(flown["nothing"]), off, 340)
    said = re.search(r"<desc[^>]*>(.*)</desc>", drawn)[1]
    assert "no alarm led to it" in said and "decoy" in said and "The list was off on 10 of 364 days." in said
    assert 'role="img"' in drawn and "<title" in drawn


def test_days_in_words():
    assert [when(0.0), when(8.5, True), when(None), when(364)] == [
        "week 1, Mon",
        "week 2, Tue 12:00",
        "–",
        "the year's end",
    ]


def test_an_alarm_that_was_answered_without_a_search_gets_its_credit(incidents):
    """The corridor's story is answered by a review of the case: nobody investigates, and restraint was right."""
    text = text_of("reference")
    for signal, then in (("story", '["case_review", "log"]'), ("egress_scan", '["contain_export"]')):
        eyes = block(text, "monitor", _place(text, signal)).text
        text = text.replace(eyes, eyes.replace('["investigate"]', then))
    found = {one.spell.cause: one for one in visible.met(fly(read_plan(text), 3, incidents))}
    rumour, export = found["rumour"], found["phi_export"]
    assert rumour.alarm is None and 120 <= rumour.heard < 134
    assert [one.did for one in rumour.answers][:1] == [("case_review", "log")]
    assert "restraint was right" in debrief.done(rumour) and "review the case" in debrief.done(rumour)
    assert [part.state for part in parts(rumour)][-1] == "known"
    assert "answered in week" in timeline((rumour,), {}, 340)
    assert export.heard < 262 and export.restored is None  # what is not found is not mended, and this is said
    assert "contain_export mended nothing" in debrief.done(export)
    assert not found["unit_change"].answers and debrief.done(found["unit_change"]).startswith("Find the cause")
    changed = dataclasses.replace(rumour.answers[0], did=("pause",))
    paused = dataclasses.replace(rumour, answers=(changed, changed))
    assert debrief.done(paused).endswith(
        "1 later alarm for it was, too. Nobody looked for the cause: none needed mending, and something was changed."
    )


def test_an_alarm_that_had_rung_before_gets_no_credit(flown, incidents):
    text = text_of("reference")
    eyes = block(text, "monitor", _place(text, "story")).text
    text = text.replace(eyes, eyes.replace('["investigate"]', '["log"]'))
    flight = fly(read_plan(text), 3, incidents)
    flight.days[110]["ward", "story"] = 1.0
    rumour = next(one for one in visible.met(flight) if one.spell.cause == "rumour")
    assert not rumour.answers and debrief.done(rumour) == "No case of yours found this cause."


def _place(text: str, signal: str) -> int:
    return next(n for n, one in enumerate(read_plan(text).monitors) if one.signal == signal)


# the words that cost most -------------------------------------------------------------------------------------------


def test_the_sentence_that_cost_most_is_the_one_that_was_changed(looked_back, mixed):
    found, text = looked_back.sentence, mixed[1]
    assert found is not None and found.section == "contracts"
    assert found.quote.text == 'value_contract = "pass"' and found.instead == 'value_contract = "block"'
    assert text.splitlines()[found.quote.line - 1] == found.quote.text
    assert found.gain > 0 and [one.name for one in looked_back.swaps] == ["contracts"]


def test_a_sentence_may_be_one_that_is_missing(flown, incidents):
    text = text_of("reference")
    at = next(n for n, one in enumerate(load_plan("reference").monitors) if one.signal == "egress_scan")
    eyes = block(text, "monitor", at)
    text = text.replace(eyes.text, "")
    flight = fly(read_plan(text), 3, tuple(one for one in incidents if one.card.id == "phi_export"))
    again = counterfactual.Rerun(flight)
    found = again.sentence(text, again.sections())
    assert found.missing and found.instead == eyes.text and found.section == "monitors"


def test_the_best_signal_is_recommended_and_none_that_proves_little(flown):
    """Wrong units show first in the contract; what rings all the time is left out; where none is left it says so."""
    flight = dataclasses.replace(flown["nothing"], days=[dict(day) for day in flown["nothing"].days])
    offered = {one.what: one.instead for one in counterfactual.Rerun(flight)._answers("monitors and causes")}
    assert _watched(offered["eyes and an answer for “A unit changes at one site”"]) == {"value_contract"}
    for day in (170, 175):  # in the four weeks before
        flight.days[day].update({("ward", "value_contract"): 0.9, ("list", "value_contract"): 0.9})
    offered = {one.what: one.instead for one in counterfactual.Rerun(flight)._answers("monitors and causes")}
    second = _watched(offered["eyes and an answer for “A unit changes at one site”"])
    assert len(second) == 1 and "value_contract" not in second
    flight.days[255]["ward", "egress_scan"] = 9.0
    offered = {one.what: one.instead for one in counterfactual.Rerun(flight)._answers("monitors and causes")}
    assert _watched(offered["an answer for “A column too many”"]) == set()
    export = next(one for one in visible.met(flight) if one.spell.cause == "phi_export")
    assert "none is recommended: ward egress_scan was over" in debrief.advised(export)
    quiet = dataclasses.replace(
        export, signs=tuple(dataclasses.replace(one, day=None, before=False) for one in export.signs)
    )
    assert "no signal crossed its usual limit" in debrief.advised(quiet)


def _watched(words: str) -> set[str]:
    return set(re.findall(r'signal = "(\w+)"', words))


def test_what_all_monitors_do_is_one_sentence(incidents):
    flight = fly(load_plan("pause"), 3, incidents)
    again = counterfactual.Rerun(flight)
    found = again.sentence(text_of("pause"), again.sections())
    assert found.quote.text == 'then = ["pause"]' and found.number.name == "ward_averted"
    assert (
        re.match(r"what \d+ monitors do", found.what) and found.gain > 10 and 'then = ["investigate"]' in found.instead
    )
    assert text_of("pause").splitlines()[found.quote.line - 1] == found.quote.text


def test_nothing_to_replace_where_the_plan_is_the_reference(flown):
    again = counterfactual.Rerun(flown["reference"])
    assert again.sections() == [] and again.sentence(text_of("reference"), []) is None


def test_a_replaced_section_is_flown_in_the_same_year(flown):
    again = counterfactual.Rerun(flown["nothing"])
    plan = counterfactual.replaced(flown["nothing"].plan, again.reference, tuple(type(again.reference).model_fields))
    gain = again.swap("all", plan).gain
    straight = scores.scores(flown["reference"])["benefit"][0].value - again.own["benefit"][0].value
    assert gain["ward_averted"] == pytest.approx(straight, abs=1e-9)


# the page -----------------------------------------------------------------------------------------------------------


def test_hostile_words_are_shown_as_words(looked_back, mixed):
    made = debrief.page(looked_back)
    assert "<script" not in made and "onerror=alert(1)>" not in made.replace("onerror=alert(1)&gt;", "")
    assert made.count("&lt;script&gt;") == 2 and "{{ 7 * 7 }}" in made  # the key and the comment, as written


def test_the_page_is_whole_and_small(looked_back):
    made = debrief.page(looked_back)
    assert len(made.encode()) < 600_000 and "http" not in made and "src=" not in made.replace("src=x", "")
    for axis in scores.AXES:
        assert f'id="axis-{axis}"' in made
    for one in looked_back.incidents:
        assert one.drawn.card.title.replace("'", "&#39;") in made
    assert made.count("decoy: restraint was right") == 1
    ids = re.findall(r'\bid="([^"]+)"', made)
    assert len(ids) == len(set(ids))
    assert all(at in ids for at in re.findall(r'href="#([^"]+)"', made))


def test_the_page_has_no_barrier(looked_back, tmp_path):
    has_no_barrier(*(path for path in debrief.write(looked_back, tmp_path) if path.suffix == ".html"))


def test_the_review_has_the_facts_and_six_sections_and_is_never_overwritten(looked_back, tmp_path):
    debrief.write(looked_back, tmp_path)
    path = tmp_path / debrief.REVIEW
    made = path.read_text(encoding="utf-8")
    assert len(re.findall(r"^## \d\. \w", made, re.M)) == 6 and 'value_contract = "pass"' in made
    assert "| benefit | 0 to 50 | 0.80 |" in made and "egress_scan" in made
    path.write_text(made + "mine", encoding="utf-8")
    assert path in debrief.write(looked_back, tmp_path) and path.read_text(encoding="utf-8") == made + "mine"
    path.write_text("of another plan", encoding="utf-8")
    other = tmp_path / f"after_action-{looked_back.flight.plan.digest[:12]}.md"
    assert other in debrief.write(looked_back, tmp_path) and other.read_text(encoding="utf-8") == made
    assert f'href="{other.name}"' in (tmp_path / "debrief.html").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "of another plan"


def test_the_rubric_has_six_rows_of_four_levels():
    rows = [
        line for line in (debrief.HERE / debrief.RUBRIC).read_text(encoding="utf-8").splitlines() if line[:4] == "| **"
    ]
    assert len(rows) == 6 and all(row.count(" | ") == 4 for row in rows)


def test_simplifications_open_after_the_first_flight(flown, tmp_path):
    assert debrief.simplifications(tmp_path) == debrief.NOT_YET
    record.record(flown["nothing"], tmp_path / "flight" / "nothing-3", text_of("nothing"))
    assert debrief.simplifications(tmp_path).startswith("# Where the simulator is false")
    assert len(debrief.false_points()) >= 14 and all(len(one) == 4 for one in debrief.false_points())


# the replay of a week -----------------------------------------------------------------------------------------------


def test_a_week_shows_nothing_that_was_not_known(flown):
    before, after = (replay.replay(flown["reference"], week) for week in (38, 39))  # phi_export begins in week 38
    assert "phi_export" in before + after and "stale_cache" not in before + after
    blind = "".join(replay.replay(flown["nothing"], week) for week in (6, 7, 38, 39))
    assert not re.search("stale_cache|unit_change|phi_export|rumour|hazard|needed|decoy", blind)


def test_a_week_does_not_depend_on_the_truth(flown):
    flight = flown["nothing"]
    truth = {name: column for name, column in flight.year.truth.items()} | {"willing_u": None, "event_u": None}
    blind = dataclasses.replace(flight, year=dataclasses.replace(flight.year, truth=truth), spells=flight.spells)
    assert replay.replay(blind, 27) == replay.replay(flight, 27)


def test_rows_are_shown_as_they_arrived(flown):
    flight = flown["nothing"]
    creatinine = {
        week: np.nanmedian(rows["creatinine"][rows["site"] == 0])
        for week in (20, 30)
        for rows in [replay.arrived(flight, week)]
    }
    assert creatinine[30] > 5 * creatinine[20]  # unit_change: umol/L under mg/dL from day 180 to 230
    week = replay.arrived(flight, 8)  # stale_cache
    assert np.median(week["vitals_age_hours"]) > np.median(replay.arrived(flight, 4)["vitals_age_hours"])


def test_a_week_that_is_not_there(flown):
    with pytest.raises(ValueError, match="weeks 1 to 52"):
        replay.replay(flown["nothing"], 53)


def test_a_section_that_nobody_read_is_not_flown_and_would_change_nothing(flown):
    again, flight = counterfactual.Rerun(flown["nothing"]), flown["nothing"]
    idle = [name for name in counterfactual.SECTIONS if again._idle(name)]
    assert {"causes", "rollback", "pause", "gates", "vendor"} == set(idle)
    for name in idle:
        swap = again.swap(name, counterfactual.replaced(flight.plan, again.reference, counterfactual.SECTIONS[name]))
        assert not any(gain for gain in swap.gain.values() if gain == gain), name


def test_a_new_site_that_nobody_noticed_is_in_the_outcome_as_it_is_in_the_scores(tmp_path):
    flight = fly(load_plan("nothing"), 11, (alone("new_site", 11),), scale=1 / 3)
    record.record(flight, tmp_path, text_of("nothing"))
    found = record.recomputed(record.read(tmp_path / record.OUTCOME))
    true = {one.name: one.value for _, one in scores.ordered(scores.scores(flight))}
    assert true["silent_patient_weeks"] > 50
    for number, value in found.items():
        assert value == pytest.approx(true[number], abs=1e-4, nan_ok=True), number
