"""What the report says in sentences: the whole, the groups beside it, the worth of a list, and the limits."""

from __future__ import annotations

import pytest
from report_samples import whole_report
from wardround.operations.portfolio import Found, fill, report
from wardround.operations.report_figures import FIGURES
from wardround.operations.report_pages import PAGES, where
from wardround.operations.report_summary import limits, summary

JUDGED = "Judged on 2,765 stays asked about from 4 September 2023 to 1 August 2024, at Eastbank and Quillmere."


def said(found, label):
    return next(row.text for row in summary(found) if row.label == label)


def part(found, heading):
    return next(one for page in PAGES for one in fill(page, found) if one.part.heading == heading)


def promising_too_many():
    """Let the model promise a fifth too many for everybody alike, and groups inherit that."""
    made = whole_report()
    for name, value in (("calibration", "value"), ("subgroups", "oe")):
        rows = made.kept[name][0]
        whom = rows.index[:1] if name == "calibration" else rows.index
        rows.loc[whom, [value, "low", "high"]] *= 0.8
    made.kept["subgroups"][0]["expected"] /= 0.8
    curve = made.kept["calibration_curve"][0]
    curve["predicted"] /= 0.8
    return made


def test_whether_20_means_20_is_answered_with_no_in_thousands_and_at_the_top():
    told = said(promising_too_many(), "Does 20% mean 20%?")
    assert told.startswith("No: of 1,000 stays it promises 171, and 136 came back (O/E 0.79, 0.72 to 0.87). Of the 277")
    top = 100 * promising_too_many().kept["calibration_curve"][0].iloc[-1]
    assert f"stays with the highest risks it says {top.predicted:.0f} of 100, and {top.observed:.0f} came back" in told


def test_a_ratio_not_told_apart_from_1_is_no_proof():
    told = said(whole_report(), "Does 20% mean 20%?")
    assert told.startswith(
        "On the whole, as far as these stays tell: of 1,000 stays it promises 137, and 136 came back"
    )


def test_a_whole_without_numbers_is_missing_and_not_right():
    made = whole_report()
    made.kept["calibration"][0].loc[0, "low"] = float("nan")
    assert said(made, "Does 20% mean 20%?").startswith("Missing: observed over expected in `calibration`")
    assert said(made, "For whom").startswith("Missing: ")


def test_no_group_is_blamed_for_the_error_of_the_whole():
    told = said(promising_too_many(), "For whom")
    assert told.startswith("No group stands out: none of 5 has an O/E whose interval lies wholly outside the whole's")
    assert told.endswith("That does not show that the risks hold for each of them.")


def test_a_group_that_differs_from_the_whole_is_named_in_thousands():
    made = promising_too_many()
    made.kept["subgroups"][0].loc[0, ["events", "oe", "low", "high"]] = [76, 0.5, 0.4, 0.6]
    stays = made.kept["subgroups"][0]["stays"][0]
    came = 1000 * 76 / stays
    told = f"Eastbank (of 1,000, {came / 0.5:.0f} were promised and {came:.0f} came back) stands out from the whole. "
    assert said(made, "For whom").startswith(f"{told}Of the other 4 groups none has an O/E")
    assert any(one.startswith("Eastbank (of 1,000") for one in limits(made))


def test_a_group_in_which_nobody_came_back_is_told_without_a_ratio():
    made = whole_report()
    made.kept["subgroups"][0].loc[2, ["events", "observed", "oe", "low", "high"]] = [0, 0, 0.0, 0.0, 0.1]
    assert "came back) stands out" in said(made, "For whom") and "none of " in said(made, "For whom")


def test_limits_follow_from_the_numbers():
    told = list(limits(whole_report()))
    assert told[0].startswith("The patients are simulated") and f"{JUDGED} Of these 376 came back." in told[1]
    assert not any("are promised" in one for one in told)
    assert any(one.startswith("Too many are promised: of 1,000") for one in limits(promising_too_many()))
    timid = whole_report()
    timid.kept["calibration"][0].loc[1, ["value", "low", "high"]] = [0.77, 0.61, 0.94]
    assert any("The slope is 0.77 (0.61 to 0.94)" in one for one in limits(timid))
    assert list(limits(Found())) == told[:1]


@pytest.mark.parametrize(
    ("good", "told"),
    [(0.175, "Above a threshold of 17% nothing on the curve shows"), (0.0, "At no threshold the curve shows")],
)
def test_where_a_list_is_worth_no_more_than_none_is_the_last_threshold_that_is(good, told):
    made = whole_report()
    rows = made.kept["decision_curve"][0]
    rows.loc[rows.index > good, "model"] = -0.002
    assert f"{told} that the model's list is worth more than calling nobody." in list(limits(made))


def test_a_list_that_harms_is_said_to():
    made = whole_report()
    rows = made.kept["decision_curve"][0]
    rows.loc[rows.index[10:16], ["model", "treat all"]] = [-0.003, -0.026]
    told = FIGURES["decision"](made).says
    assert "on, does harm at this price (-3); calling everybody does harm at this price (-26); calling nobody" in told


def test_the_calibration_figure_says_on_which_side_the_groups_lie():
    told = FIGURES["calibration"](promising_too_many()).says
    assert told.startswith("Of 9 groups of stays fewer came back than promised in 9 and more in 0; in ")


def test_results_say_on_which_stays_they_were_judged():
    made = whole_report()
    assert part(made, "Does 20% mean 20%?").note == JUDGED and part(made, "Results so far").note == ""
    made.kept["validation"][0]["stays"] = 3863
    assert part(made, "Results so far").note.startswith("These are other stays than the 2,765 of page 3")
    del made.kept["periods"], made.kept["subgroups"]
    assert part(made, "Does 20% mean 20%?").note == "Judged on 2,765 stays."


def test_observed_readmissions_that_are_the_events_stand_once():
    made = whole_report()
    assert "observed" not in part(made, "Groups").table.columns and "events" in part(made, "Groups").table.columns
    made.kept["subgroups"][0]["observed"] = made.kept["subgroups"][0]["events"] / made.kept["subgroups"][0]["stays"]
    assert "observed" in part(made, "Groups").table.columns


def test_a_check_that_could_not_be_made_is_named_with_the_exercise_that_mends_it():
    made = whole_report()
    made.kept["validation"] = (made.kept["validation"][0].drop(columns="stays"), made.kept["validation"][1])
    made.memos["W06.M"]["fields"]["threshold"] = "2"
    told = report(made)
    assert not told.final
    lacking = "one area: `validation` has no column stays; mend it in the exercise of week 4."
    assert lacking in told.not_made
    no_risk = "harm ratio follows: the threshold in memo W06.M is no risk; mend it in the exercise of week 6."
    assert no_risk in told.not_made


def test_a_name_in_a_sentence_leads_to_its_week_and_no_name_to_none():
    assert where("`periods` has no row for train") == "the exercise of week 6"
    assert where("`calibration_curve` is not kept; `leaks` is not kept") == (
        "the exercise of week 4 and the exercise of week 6"
    )
    assert where("its numbers cannot be read (TypeError)") == ""
