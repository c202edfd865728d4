"""The report's linter: a whole report passes, and each way to contradict oneself is refused in its own sentence."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from report_samples import ORIGIN, whole_report
from wardround.operations.report_lint import CHECKS, lint
from wardround.operations.report_reading import Found, NotChecked, hidden, judged, measure, said, said_ratios, table


def frame(found, name):
    return found.kept[name][0]


def set_cell(name, row, column, value):
    """Break one cell of a kept table; a word in a column of numbers makes it a column of words."""

    def spoil(found):
        if isinstance(value, str):
            frame(found, name)[column] = frame(found, name)[column].astype(object)
        frame(found, name).loc[frame(found, name).index[row], column] = value

    return spoil


def set_call(**numbers):
    return lambda found: frame(found, "call_list").update(numbers)


def set_memo(**fields):
    return lambda found: found.memos["W06.M"]["fields"].update(fields)


def set_origin(name, **of):
    return lambda found: found.kept[name][1].update(of)


def one_effect_without_a_range(found):
    found.kept["avoided"] = (pd.DataFrame({"effect": [0.1], "avoided_low": [54.0], "avoided_high": [54.0]}), ORIGIN)


def scale_treat_all(found):
    frame(found, "decision_curve")["treat all"] += 0.02


def promise_the_moon(found):
    frame(found, "decision_curve")["model"] += 0.1


def lose_a_group(found):
    found.kept["subgroups"] = (frame(found, "subgroups").iloc[1:], ORIGIN)


def group_of(stays):
    """Split ``stays`` people with 1 event off a group, shown or, as text, hidden."""

    def spoil(found):
        rows = frame(found, "subgroups")
        other = {
            "group": "site: Ferry",
            "stays": stays,
            "events": 0,
            "observed": 1.0,
            "expected": 1.0,
            "oe": 1.0,
            "low": 0.5,
            "high": 2.0,
        }
        rows.loc[0, "stays"] -= stays if isinstance(stays, int) else 4
        found.kept["subgroups"] = (pd.concat([rows, pd.DataFrame([other])], ignore_index=True), ORIGIN)

    return spoil


NOT_LOOKED_AT = ("cohort_definition", "leaks")  # words, which no check compares
BROKEN = {  # how it is broken: (what is done, the kind that refuses it, words of the sentence)
    "a step that does not subtract": (set_cell("cohort_attrition", 2, "stays", 11400), "attrition adds up", "11,370"),
    "a feature that is written after discharge": (
        set_cell("feature_dictionary", 3, "known_when", "at discharge, with the whole stay"),
        "features are known in time",
        "The feature log_los in `feature_dictionary` is known at discharge",
    ),
    "an area outside its interval": (
        set_cell("calibration", 3, "value", 0.81),
        "values lie in their intervals",
        "AUROC in `calibration` is 0.81",
    ),
    "an O/E outside its interval": (
        set_cell("calibration", 0, "low", 1.01),
        "values lie in their intervals",
        "O/E in `calibration`",
    ),
    "more events than stays": (
        set_cell("validation", 0, "events", 2766),
        "events are among stays",
        "2,766 events among 2,765",
    ),
    "no denominator": (set_cell("validation", 1, "stays", float("nan")), "events are among stays", "no denominator"),
    "another set judged": (
        set_cell("periods", 1, "events", 377),
        "one set was judged",
        "377 events among the judged stays and `calibration` 376",
    ),
    "bins of other stays": (
        set_cell("calibration_curve", 0, "stays", 900),
        "one set was judged",
        "`calibration_curve` has",
    ),
    "judged on what it learnt": (
        set_cell("periods", 0, "last_day", "2023-10-01"),
        "judged after training",
        "from 4 September 2023 on and learnt until 1 October 2023",
    ),
    "more stays than the cohort": (set_cell("periods", 0, "stays", 9000), "periods fit the cohort", "leaves 8,903"),
    "more calls than capacity": (
        set_call(calls_a_week=41.0, reached=41.0 * 52 * 0.19),
        "calls stay within capacity",
        "41 calls a week, more than the 40",
    ),
    "more calls than discharges": (
        set_call(discharges_a_week=30),
        "calls stay within capacity",
        "more than the 30 there are discharges",
    ),
    "two capacities": (set_memo(capacity=60), "one capacity", "reads as 60 and is 40"),
    "two thresholds": (set_call(threshold=0.2), "one threshold", "reads as 0.13 and is 0.2"),
    "no risk": (set_memo(threshold=12), "one threshold", "reads as 12, which is no risk between 0 and 1"),
    "a threshold without a number": (set_memo(threshold="as agreed"), "one threshold", "has no number"),
    "one too many calls for one found": (set_memo(harm_ratio=8), "harm ratio follows", "worth 6.692 needless calls"),
    "a ratio the wrong way": (set_memo(harm_ratio="1:12"), "harm ratio follows", "says 12"),
    "a harm ratio without a number": (set_memo(harm_ratio="fair"), "harm ratio follows", "has no number"),
    "more reached than called": (set_call(reached=900), "reached follows from calls", "reach 380 readmissions"),
    "more avoided than reached": (
        set_cell("avoided", 2, "avoided_high", 600),
        "avoided are among reached",
        "to 600 readmissions avoided a year where the calls reach 380",
    ),
    "a promise without a range": (one_effect_without_a_range, "avoided is a range", "give a range"),
    "treat all of another rate": (scale_treat_all, "treat all follows from the rate", "of 1,000 stays come back"),
    "worth more than every event": (promise_the_moon, "no model is worth more than every event", "The line model"),
    "treat none above zero": (
        set_cell("decision_curve", 3, "treat none", 0.001),
        "treat all follows from the rate",
        "Calling nobody is worth exactly 0",
    ),
    "a small cell shown": (group_of(4), "small cells are hidden", "site: Ferry in `subgroups` shows 4 stays"),
    "a hidden cell that subtraction gives": (group_of("fewer than 11"), "small cells are hidden", "by subtraction"),
    "a hidden cell that its share gives": (
        group_of("fewer than 11"),
        "small cells are hidden",
        "follows from what it shows as observed",
    ),
    "groups short of the whole": (lose_a_group, "groups sum to the whole", "sum to 1,685"),
    "a ratio not of its counts": (
        set_cell("subgroups", 1, "expected", 190.0),
        "ratios follow from their counts",
        "190",
    ),
    "another hospital": (set_origin("subgroups", checksum="other"), "one hospital", "`subgroups` from others"),
    "another version": (set_origin("decision_curve", version="0.2.0"), "one version", "2 versions of the course"),
}


def test_a_whole_report_passes_every_check():
    passed = lint(whole_report())
    assert passed.findings == () and passed.not_made == () and passed.made == len(CHECKS)


@pytest.mark.parametrize("name", BROKEN)
def test_a_contradiction_is_refused_by_its_own_check_and_no_other(name):
    spoil, kind, words = BROKEN[name]
    found = whole_report()
    spoil(found)
    refused = lint(found)
    assert {one.kind for one in refused.findings} == {kind}
    assert {one for one, _ in refused.not_made} <= {"harm ratio follows"}  # which needs a threshold that is one
    assert any(words in one.says for one in refused.findings), refused.findings


def test_every_check_refuses_something():
    assert {kind for _, kind, _ in BROKEN.values()} == set(CHECKS)


@pytest.mark.parametrize("name", BROKEN)
def test_a_finding_is_one_sentence_that_names_a_place_and_a_mend(name):
    found = whole_report()
    BROKEN[name][0](found)
    for one in lint(found).findings:
        assert one.says.endswith(".") and not re.search(r"[.!?] [A-Z]", one.says), one.says
        assert len(one.says.split()) <= 60 and ("`" in one.says or "W06.M" in one.says), one.says
        assert re.search(r"\b(keep|make|write|move|give|run|raise|merge|use|draw|leave)\b", one.says), one.says


@pytest.mark.parametrize("name", [*whole_report().kept, *whole_report().memos])
def test_what_is_not_there_is_listed_as_not_made_and_is_no_contradiction(name):
    found = whole_report()
    found.kept.pop(name, None)
    found.memos.pop(name, None)
    checked = lint(found)
    assert checked.findings == () and checked.made + len(checked.not_made) == len(CHECKS)


BLIND = {  # columns that no check compares with anything
    *(("call_list", name) for name in ("weeks", "implied_price")),
    ("calibration_curve", "predicted"),
    *(("leaks", name) for name in ("gain", "low", "high")),
}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (name, column)
        for name, (value, _) in whole_report().kept.items()
        for column in (value.select_dtypes("number") if isinstance(value, pd.DataFrame) else value)
    ],
)
def test_a_number_that_is_missing_never_passes_in_silence(name, column):
    found = whole_report()
    frame(found, name)[column] = float("nan")
    checked = lint(found)
    assert bool(checked.findings or checked.not_made) == ((name, column) not in BLIND)


def test_nothing_at_all_makes_no_check():
    checked = lint(Found())
    assert checked.made == 0 and {kind for kind, _ in checked.not_made} == set(CHECKS)


@pytest.mark.parametrize(
    "value",
    [
        *(None, 3, "x", [], {}, [1, {"a": 2}], {"threshold": [], "reached": "1e999"}, pd.DataFrame(), pd.Series([1.0])),
        pd.DataFrame({"stays": ["<b>"], "events": [None], "group": [1], "what": [2], "step": [pd.NaT]}),
    ],
)
def test_a_kept_result_of_any_shape_never_stops_the_linter(value):
    for name in whole_report().kept:
        found = whole_report()
        found.kept[name] = (value, ORIGIN)
        assert lint(found).made < len(CHECKS) or name in NOT_LOOKED_AT


@pytest.mark.parametrize(
    ("text", "value", "low", "high"),
    [
        *(("12%", 0.12, 0.115, 0.125), (0.12, 0.12, 0.115, 0.125), ("0.120", 0.12, 0.1195, 0.1205)),
        *((40, 40, 39.5, 40.5), ("from 1,200 on", 1200, 1199.5, 1200.5)),
    ],
)
def test_a_number_stands_for_what_rounds_to_it(text, value, low, high):
    one = said(text)
    assert (one.value, one.low, one.high) == pytest.approx((value, low, high)) and one.covers(low) and one.covers(high)


def test_a_ratio_is_read_both_ways_round_and_words_are_no_number():
    assert any(one.covers(7) for one in said_ratios("1:7")) and any(one.covers(7) for one in said_ratios("7 to 1"))
    assert said_ratios(7)[0].covers(7.3) and not said_ratios("7.0")[0].covers(7.3)
    assert said("as agreed") is None and said_ratios("fair") == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("forty calls a week, Monday to Friday at 09:00, 43 of 100 discharges", 40),
        ("At 09:00, forty-five calls", 45),
        ("one readmission found is worth seven needless calls", 7),
        ("Sixteen", 16),
        ("13% on repaired risks", 0.13),
        ("6.6, put to both call nurses: they said five to eight", 6.6),
    ],
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert said(text).value == pytest.approx(value)
    assert any(one.covers(6.9) for one in said_ratios("seven to one"))


def test_harms_follow_within_the_rounding_they_are_written_in():
    for ratio, passes in {
        7: True,
        "6.7": True,
        "6.6": True,
        "7:1": True,
        6: False,
        "7.1": False,
        8: False,
        "6 to 8": True,
    }.items():
        found = whole_report()
        set_memo(harm_ratio=ratio)(found)
        assert (lint(found).findings == ()) == passes, ratio


def test_two_hidden_groups_cannot_be_had_by_subtraction():
    found = whole_report()
    rows = frame(found, "subgroups").astype({"events": object})
    more = [
        {
            "group": f"site: {name}",
            "stays": 20,
            "events": "fewer than 11",
            "observed": None,
            "expected": None,
            "oe": None,
        }
        for name in ("Ferry", "Quay")
    ]
    rows.loc[0, "stays"] -= 40
    rows.loc[0, "events"] -= 6
    found.kept["subgroups"] = (pd.concat([rows, pd.DataFrame(more)], ignore_index=True), ORIGIN)
    kinds = {one.kind for one in lint(found).findings}
    assert "small cells are hidden" not in kinds and "groups sum to the whole" not in kinds


def test_reading_says_what_is_missing():
    with pytest.raises(NotChecked, match="`calibration` is not kept"):
        judged(Found())
    with pytest.raises(NotChecked, match="has no column low, high"):
        table(Found(kept={"leaks": (pd.DataFrame({"leak": ["a"]}), ORIGIN)}), "leaks", "leak", "low", "high")
    assert measure(whole_report(), "calibration", "auroc")["value"] == pytest.approx(0.696)
    assert hidden(pd.Series([3, "fewer than 11", None, "many"])).tolist() == [False, True, True, False]
