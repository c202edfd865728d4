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
    found.kept["avoided"] = (pd.DataFrame({"effect": [0.1], "avoided_low": [38.0], "avoided_high": [38.0]}), ORIGIN)


def set_effects(*effects):
    """Change the assumed effects alone, so that the readmissions avoided stay those of 5, 10 and 20 of 100."""

    def spoil(found):
        frame(found, "avoided")["effect"] = effects

    return spoil


def find(reached, **more):
    """Let the list find so many a year, in step with its calls and with what they avert."""
    share = reached / 52 / 38.5

    def spoil(found):
        scale("avoided", share / 0.19, "avoided_low", "avoided_high")(found)
        set_call(ppv=share, reached=reached, ppv_low=share - 0.02, ppv_high=share + 0.02, **more)(found)

    return spoil


def scale(name, factor, *columns):
    def spoil(found):
        frame(found, name)[list(columns)] *= factor

    return spoil


def set_row(name, row, **values):
    def spoil(found):
        frame(found, name).loc[row, list(values)] = list(values.values())

    return spoil


def known_when(when):
    return set_cell("feature_dictionary", 3, "known_when", when)


def count_the_bins(found):
    """Give the curve its counts, and let one bin's share be that of another count."""
    rows = frame(found, "calibration_curve")
    rows["events"] = (rows["observed"] * rows["stays"]).round()
    rows.loc[[2, 3], "events"] = rows.loc[[3, 2], "events"].to_numpy()


def groups_as_shares(found):
    rows = frame(found, "subgroups")
    rows["observed"], rows["expected"] = rows["observed"] / rows["stays"], rows["expected"] / rows["stays"]


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
    "a feature known days after discharge": (
        known_when("two days after discharge"),
        "features are known in time",
        "is known two days after discharge",
    ),
    "a feature known when she has left": (
        known_when("the day after she leaves"),
        "features are known in time",
        "is known the day after she leaves",
    ),
    "a feature known when the stay is coded": (
        known_when("when the stay is coded"),
        "features are known in time",
        "is known when the stay is coded",
    ),
    "a slope outside its interval": (
        set_cell("calibration", 1, "value", 1.2),
        "values lie in their intervals",
        "slope in `calibration` is 1.2",
    ),
    "a worth outside its interval": (
        set_call(worth_as_called=30.0),
        "values lie in their intervals",
        "worth as called in `call_list` is 30",
    ),
    "a share outside its interval": (
        set_call(ppv_low=0.2),
        "values lie in their intervals",
        "share of those called who came back under usual care in `call_list` is 0.19",
    ),
    "two areas of one model": (
        set_row("validation", 0, value=0.91, low=0.89, high=0.93),
        "one area",
        "0.91 in `validation` and 0.696 in `calibration`",
    ),
    "an O/E that no group has": (
        set_row("calibration", 0, value=0.6, low=0.55, high=0.66),
        "o e follows from the expected",
        "227 readmissions for the 378 that `calibration_curve` expects",
    ),
    "groups that expect twice as many": (
        scale("subgroups", 2.0, "observed", "expected"),
        "o e follows from the expected",
        "expected of site in `subgroups`",
    ),
    "a curve that promises twice as much": (
        scale("calibration_curve", 2.0, "predicted"),
        "o e follows from the expected",
        "that `calibration_curve` expects",
    ),
    "a curve on which twice as many come back": (
        scale("calibration_curve", 2.0, "observed", "low", "high"),
        "the curve follows from the events",
        "752 readmissions",
    ),
    "a bin whose share is not of its events": (
        count_the_bins,
        "the curve follows from the events",
        "0.061 observed in `calibration_curve`",
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
        find(200.0, discharges_a_week=30),
        "calls stay within capacity",
        "more than the 30 there are discharges",
    ),
    "two capacities": (set_memo(capacity=60), "one capacity", "reads as 60 and is 40"),
    "forty calls a day": (set_memo(capacity="40 calls a day"), "one capacity", "a day"),
    "nurses whose forty calls are a day's": (
        set_memo(capacity="two nurses make forty calls each working day"),
        "one capacity",
        "a day",
    ),
    "nurses with other calls": (set_memo(capacity="two nurses make 60 calls"), "one capacity", "reads as 60 and is 40"),
    "a price of another threshold": (set_call(implied_price=20.0), "implied price follows", "is worth 6.587 needless"),
    "a ratio between two others": (
        set_memo(harm_ratio="between eight and ten"),
        "harm ratio follows",
        "says 8 to 10",
    ),
    "two thresholds": (set_call(threshold=0.2, implied_price=4.0), "one threshold", "reads as 0.13 and is 0.2"),
    "no risk": (set_memo(threshold=12), "one threshold", "reads as 12, which is no risk between 0 and 1"),
    "a threshold without a number": (set_memo(threshold="as agreed"), "one threshold", "has no number"),
    "one too many calls for one found": (set_memo(harm_ratio=8), "harm ratio follows", "worth 6.692 needless calls"),
    "a ratio the wrong way": (set_memo(harm_ratio="1:12"), "harm ratio follows", "says 12"),
    "a harm ratio without a number": (set_memo(harm_ratio="fair"), "harm ratio follows", "has no number"),
    "more reached than called": (set_call(reached=405), "reached follows from calls", "go to 380 people"),
    "more reached than come back": (
        find(1201.0),
        "reached are among those who come back",
        "go to 1,201 people",
    ),
    "calls without effect that avert": (
        set_effects(0.0, 0.1, 0.2),
        "avoided follow from the effect",
        "With an effect of 0, ",
    ),
    "calls that avert less the more they do": (
        set_effects(0.2, 0.1, 0.05),
        "avoided follow from the effect",
        "With an effect of 0.2, ",
    ),
    "more avoided than reached": (
        set_cell("avoided", 2, "avoided_high", 600),
        "avoided are among reached",
        "to 600 readmissions avoided a year where the calls go to 380",
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
        set_cell("subgroups", 1, "oe", 1.05),
        "ratios follow from their counts",
        "shows 1.05",
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
    ("call_list", "weeks"),
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


@pytest.mark.parametrize(
    "fields",
    [
        {"capacity": "two nurses make 40 calls"},
        {"capacity": "Two call nurses, 20 minutes a call: forty a week, eight a day"},
        {"capacity": "40 calls a week, on the day after discharge"},
        {"capacity": "40, for a month"},
        {"harm_ratio": "between six and eight"},
        {"harm_ratio": "between 6 and 8 to 1"},
        {"harm_ratio": "6-8 needless calls"},
        {"harm_ratio": "6–8 needless calls"},
    ],
)
def test_a_memo_that_agrees_is_not_refused_for_its_words(fields):
    found = whole_report()
    set_memo(**fields)(found)
    assert lint(found).findings == ()


@pytest.mark.parametrize(
    "agrees",
    [
        known_when("at 08:00 on the day of discharge; what comes later is not in it"),
        set_row("validation", 0, value=0.7),  # rounded
        set_row("validation", 0, value=0.64, low=0.6, high=0.68, what="AUROC of LACE"),
        set_row("validation", 0, value=0.64, low=0.6, high=0.68, stays=900, events=130),  # other stays
        set_call(threshold=0.13, implied_price=6.6),  # of the exact cut
        groups_as_shares,
    ],
)
def test_parts_that_agree_are_not_refused(agrees):
    found = whole_report()
    agrees(found)
    assert lint(found).findings == () and lint(found).not_made == ()


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
