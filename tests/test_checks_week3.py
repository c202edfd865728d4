"""Week 3's checks: what a learner with a plausible answer is told, on hospitals of a third of the size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from wardround.course.asking import put
from wardround.course.given import given
from wardround.course.keys import week_keys
from wardround.course.questions import week_questions
from wardround.course.verdicts import expected, judge
from wardround.hospital import open_truth
from wardround.records import read_export

WEEK = given(3)
KEYS = week_keys(3)
MADE = KEYS.keys["W03.Q1"].reference.__globals__  # what keys.py defines
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def hospitals(third_hospitals):
    return [read_export(folder) for folder in third_hospitals]


@pytest.fixture(scope="module", params=[0, 1])
def hospital(request, hospitals):
    return hospitals[request.param]


def verdict_on(id, value, hospital):
    asked, key, folder = week_questions(3)[id], KEYS.keys[id], hospital.path.parent
    known = expected(asked, key, hospital, open_truth(folder), KEYS.digest, folder / "truth" / "answers")
    return judge(asked, key, {"here": put(asked, value, hospital)}, {"here": known})


# Q1 -------------------------------------------------------------------------------------------------------------------
def labelled(goes_on, drop=()):
    """A learner's function, with a join and with dispositions that are dropped at the start."""

    def who_is_in(contacts, ends):
        ours = contacts[(contacts.kind == "inpatient") & (contacts.hospital != "elsewhere")]
        ours = ours[~ours.disposition.isin(drop)].sort_values(["person_id", "admitted_at"])
        next_at = ours.groupby("person_id").admitted_at.shift(-1)
        stays = ours[~goes_on(ours, next_at)].set_index("contact_id")
        label = stays.disposition.fillna("in progress")
        out = label.isin(["in progress", "died", "hospice", "transfer", "against_advice"])
        return label.where(out, np.where(stays.discharged_at + 150 * DAY <= ends, "index", "too recent"))

    return who_is_in


def within_a_day(ours, next_at):
    return (ours.disposition == "transfer") & (next_at - ours.discharged_at <= DAY)


def test_the_right_labels_are_right(hospital):
    assert verdict_on("W03.Q1", labelled(within_a_day), hospital).kind == "right"


def test_whole_days_are_not_24_hours(hospital):
    def in_days(ours, next_at):
        return (ours.disposition == "transfer") & ((next_at - ours.discharged_at).dt.days <= 1)

    assert verdict_on("W03.Q1", labelled(in_days), hospital).misconception == "two_days"


def test_a_move_past_midnight_is_one_stay(hospital):
    def same_date(ours, next_at):
        return (ours.disposition == "transfer") & (next_at.dt.date == ours.discharged_at.dt.date)

    verdict = verdict_on("W03.Q1", labelled(same_date), hospital)
    assert verdict.kind != "right" and "go on within 24 hours in another bed of ours" in verdict.evidence


def test_dropped_transfers_have_their_name(hospital):
    verdict = verdict_on("W03.Q1", labelled(within_a_day, drop=["transfer"]), hospital)
    assert verdict.misconception == "transfers_dropped" and "Nobody has the label `transfer`" in verdict.evidence


@pytest.mark.parametrize("id", ["W03.Q1", "W03.Q2"])
def test_labels_by_row_number_are_shown_beside_an_id(hospital, id):
    right = {"W03.Q1": labelled(within_a_day), "W03.Q2": MADE["came"]}[id]
    told = verdict_on(id, lambda *tables: right(*tables).reset_index(drop=True), hospital).evidence
    assert "Yours look like `0`; a `contact_id` looks like `" in told


# Q2 -------------------------------------------------------------------------------------------------------------------
def followed(in_time):
    """A learner's function, with a window of its own."""

    def what_came_first(stays, contacts, deaths, ends):
        beds = contacts[contacts.kind == "inpatient"]
        what = np.where(beds.planned, "planned", "readmitted")
        events = [pd.DataFrame({"person_id": beds.person_id, "at": beds.admitted_at, "what": what})]
        events += [pd.DataFrame({"person_id": deaths.person_id, "at": deaths.died_at, "what": "died_first"})]
        both = stays.merge(pd.concat(events), on="person_id")
        both = both[(both["at"] >= both.discharged_at) & in_time(both)]
        first = both.sort_values("at").drop_duplicates("contact_id").set_index("contact_id").what
        left_at = stays.set_index("contact_id").discharged_at
        quiet = np.where(left_at + 150 * DAY <= ends, "neither", "not_observable")
        first = first.reindex(left_at.index)
        return first.where(first.isin(["readmitted", "died_first"]), quiet)

    return what_came_first


@pytest.mark.parametrize(
    "in_time",
    [
        lambda both: (both["at"] - both.discharged_at).dt.days <= 30,
        lambda both: both["at"].dt.normalize() - both.discharged_at.dt.normalize() <= 30 * DAY,
        lambda both: both["at"].dt.date - both.discharged_at.dt.date <= 30 * DAY,
        lambda both: both["at"] <= both.discharged_at + 31 * DAY,
    ],
)
def test_every_window_that_runs_past_30_x_24_hours_has_one_name(hospital, in_time):
    verdict = verdict_on("W03.Q2", followed(in_time), hospital)
    assert verdict.misconception == "calendar_days" and "date of discharge" in verdict.so_what


def test_another_window_has_no_name_of_those(hospital):
    assert verdict_on("W03.Q2", followed(lambda both: both["at"] <= both.discharged_at + 30 * DAY), hospital).kind == (
        "right"
    )
    for days in (29, 40):
        wrong = verdict_on(
            "W03.Q2", followed(lambda both, d=days: both["at"] <= both.discharged_at + d * DAY), hospital
        )
        assert wrong.kind == "not_yet"


def test_a_part_of_the_planned_stays_is_enough_for_the_name(hospital):
    def some(stays, contacts, deaths, ends):
        contacts = contacts.assign(planned=contacts.planned & contacts.hospital.eq("quillmere"))
        return MADE["came"](stays, contacts, deaths, ends)

    verdict = verdict_on("W03.Q2", some, hospital)
    assert verdict.misconception == "planned_counted" and "came back only as planned" in verdict.evidence


# Q3 -------------------------------------------------------------------------------------------------------------------
BLANK = {"sodium": ..., "emergency_before": ..., "codes_before": ...}
UNWRITTEN = {"known_when": BLANK, "missing_means": BLANK}
WRITTEN = MADE["ENTRIES"]


def features(sodium="known_at", codes="known_at", until="asked_at", order=None, last="last", late="0h"):
    """A learner's function with clocks of its own; ``sort_values`` as one writes it, without ``kind="stable"``."""

    def make(asked, facts):
        rows = facts.merge(asked, on="person_id")
        until_then = rows[until] + pd.Timedelta(late)
        here = rows[(rows[sodium] <= until_then) & (rows.kind == "result") & (rows.happened_at >= rows.admitted_at)]
        here = here.sort_values(order or sodium).groupby("contact_id").value
        before = rows.admitted_at - rows.happened_at
        visits = rows[(rows[codes] <= until_then) & (rows.kind == "visit")]
        visits = visits[before.loc[visits.index].between(0 * DAY, 182 * DAY)]
        written = rows[(rows[codes] <= until_then) & (rows.kind == "code")]
        columns = {
            "sodium": getattr(here, last)(),
            "emergency_before": visits.groupby("contact_id").size(),
            "codes_before": written.groupby("contact_id").name.nunique(),
        }
        table = pd.DataFrame(columns, index=asked.contact_id)
        return table.fillna({"emergency_before": 0, "codes_before": 0}).reset_index()

    return make


def answer(make, entries=WRITTEN, **parts):
    return {"make": make} | {part: entries[part] | parts.get(part, {}) for part in ("known_when", "missing_means")}


@pytest.mark.parametrize("entries", [WRITTEN, UNWRITTEN])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (features(sodium="happened_at"), "sodium_when_drawn"),
        (features(sodium="happened_at", order="known_at"), "sodium_when_drawn"),
        (features(sodium="happened_at", codes="happened_at"), "by_when_it_happened"),
        (features(until="discharged_at"), "up_to_discharge"),
        (features(until="discharged_at", order="happened_at"), "up_to_discharge"),
    ],
)
def test_the_clock_that_was_taken_is_named_however_the_table_is_sorted(hospital, make, name, entries):
    verdict = verdict_on("W03.Q3", answer(make, entries), hospital)
    assert verdict.misconception == name and "of your 1,000 stays changed" in verdict.evidence


def test_no_two_sodiums_of_a_person_share_an_instant(hospital):
    poisoned = WEEK.facts.__globals__["_poisoned"](hospital)
    asked = WEEK.asked_stays(hospital).set_index("person_id")
    for table in (WEEK.facts(hospital), poisoned):
        rows = table[table.name.eq("sodium")]
        for clock in ("happened_at", "known_at"):
            assert not rows.duplicated(["person_id", clock]).any()
            assert not (table[clock] == table.person_id.map(asked.asked_at)).any()


def test_a_function_is_judged_before_its_entries_are_written(hospital):
    verdict = verdict_on("W03.Q3", answer(features(), UNWRITTEN), hospital)
    assert verdict.kind == "not_yet" and "Your function is right" in verdict.evidence
    assert "Now the six entries" in verdict.evidence
    for entries in (UNWRITTEN, {"known_when": ..., "missing_means": ...}):
        blank = {"make": lambda asked, facts: ..., **entries}
        assert verdict_on("W03.Q3", blank, hospital).kind == "not_attempted"
    assert verdict_on("W03.Q3", answer(features()), hospital).kind == "right"
    lacking = verdict_on("W03.Q3", {"make": features()}, hospital)
    assert lacking.kind == "unreadable" and "lacks `known_when`" in lacking.says


def test_a_leak_without_a_name_is_told_from_the_facts(hospital):
    verdict = verdict_on("W03.Q3", answer(features(late="2h")), hospital)
    assert verdict.kind == "not_yet"
    assert "Your `sodium` is one drawn by 08:00 and issued after it, in " in verdict.evidence
    verdict = verdict_on("W03.Q3", answer(features(codes="happened_at", sodium="known_at", last="first")), hospital)
    assert "`codes_before` counts more codes than were known by then" in verdict.evidence


@pytest.mark.parametrize(
    ("last", "told"),
    [("first", "is the first result"), ("max", "is the highest result"), ("mean", "was no result of this stay")],
)
def test_another_sodium_is_described_if_nine_in_ten_are_so(hospital, last, told):
    verdict = verdict_on("W03.Q3", answer(features(last=last)), hospital)
    assert verdict.kind == "not_yet" and told in verdict.evidence


def test_a_sodium_that_is_the_first_in_one_stay_is_not_called_so(hospital):
    def mixed(asked, facts):
        first, highest = (features(last=last)(asked, facts).set_index("contact_id") for last in ("first", "max"))
        ids = asked.contact_id
        sodium = first.sodium.where(ids.rank().to_numpy() < 500, highest.sodium)
        return first.assign(sodium=sodium).reset_index()

    told = verdict_on("W03.Q3", answer(mixed), hospital).evidence
    assert "No future moves your table" in told and "it is the " not in told


@pytest.mark.parametrize("known_when", [WRITTEN["known_when"], BLANK])
def test_entries_are_judged_one_by_one(hospital, known_when):
    means = WRITTEN["missing_means"]
    swapped = {"missing_means": {"sodium": "normal", "codes_before": means["emergency_before"]}}
    verdict = verdict_on("W03.Q3", answer(features(), **swapped, known_when=known_when), hospital)
    assert verdict.misconception == "missing_is_normal"
    so_far = "1 of 6 entries; 3 of 6 are still `...`." if known_when is BLANK else "4 of 6 entries."
    assert f"Your function is right, and {so_far}" in verdict.evidence


def test_a_wrong_entry_is_sent_to_where_it_can_be_seen(hospital):
    means = {"missing_means": {"emergency_before": "normal", "codes_before": "normal"}}
    told = verdict_on("W03.Q3", answer(features(), **means), hospital).evidence
    assert "Of `emergency_before` your entry `missing_means` says: normal. Look at three stays where it is 0." in told
    when = {"known_when": {"emergency_before": "at discharge"}}
    assert "of three visits" in verdict_on("W03.Q3", answer(features(), **when), hospital).evidence


def test_an_entry_has_its_name_only_beside_a_right_function(hospital):
    for name in ("sodium", "codes_before"):
        when = {"known_when": {name: "when it happens"}}
        assert verdict_on("W03.Q3", answer(features(), **when), hospital).misconception == "known_when_it_happens"
        leaking = answer(features(late="2h"), **when)
        assert verdict_on("W03.Q3", leaking, hospital).misconception is None


# Q4 -------------------------------------------------------------------------------------------------------------------
def test_slips_of_the_table_of_labels_are_told(hospital):
    right = MADE["by_quarter"]

    def swapped(stays):
        return right(stays).rename(columns={"clinical": "claims", "claims": "clinical"})

    def one_number(stays):
        return right(stays).assign(coded=100 * stays.sepsis_claims[stays.sepsis_clinical].mean())

    for wrong, told in {
        swapped: "have changed places",
        one_number: "`coded` is one number for all 12 quarters",
        lambda stays: right(stays, of=1000): "`coded` is of 1,000",
    }.items():
        verdict = verdict_on("W03.Q4", wrong, hospital)
        assert verdict.kind == "not_yet" and told in verdict.evidence


def test_who_dropped_stays_is_told_how_many_are_left(hospital):
    stays = WEEK.labelled_stays(hospital)
    there, left = (rows.quarter.eq("2024Q4").sum() for rows in (stays, stays.drop_duplicates("person_id")))
    told = verdict_on("W03.Q4", lambda rows: MADE["by_quarter"](rows.drop_duplicates("person_id")), hospital).evidence
    assert f"The table you were given has {stays.quarter.eq('2022Q1').sum():,} and {there:,} stays in them." in told
    assert f"The first stay of each person leaves {stays.quarter.eq('2022Q1').sum():,} and" not in told
    assert f"and {left:,}." in told and left < there


# Q5 -------------------------------------------------------------------------------------------------------------------
def test_a_guard_that_never_complains_is_not_told_which_tables_are_flawed(hospital):
    verdict = verdict_on("W03.Q5", lambda cohort, contacts, ends: [], hospital)
    assert "7 of 7 flawed tables pass" in verdict.evidence and "`table" not in verdict.evidence


# Q6 -------------------------------------------------------------------------------------------------------------------
def at_equal_cost(people, rank=None):
    """The hint's own lines: plain ``qcut``, means by tenth and group."""
    tenth = pd.qcut(people.cost_year, 10, labels=range(1, 11)) if rank is None else rank(people)
    groups = np.where(people.race == "black", "black", "others")
    known = people.assign(tenth=tenth.astype(int), group=groups)[people.race.notna()]
    return known.groupby(["tenth", "group"]).conditions.mean().unstack().reset_index()


def within_groups(people):
    people = people[people.race.notna()]
    groups = pd.Series(np.where(people.race == "black", "black", "others"), people.index)
    cut = people.groupby(groups).cost_year.transform(lambda cost: pd.qcut(cost, 10, labels=False) + 1)
    return at_equal_cost(people, lambda rows: cut)


def two_afterwards(people):
    tenth = pd.qcut(people.cost_year, 10, labels=range(1, 11))
    two = people.assign(tenth=tenth.astype(int))[people.race.isin(["black", "white"])]
    made = two.groupby(["tenth", "race"]).conditions.mean().unstack().reset_index()
    return made.rename(columns={"white": "others"})


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (at_equal_cost, "stays_not_people"),
        (lambda stays: within_groups(stays.drop_duplicates("person_id")), "tenths_within_groups"),
        (lambda stays: two_afterwards(stays.drop_duplicates("person_id")), "lesson_groups"),
        (
            lambda stays: at_equal_cost(stays[stays.race.isin(["black", "white"])].drop_duplicates("person_id")),
            "lesson_groups",
        ),
    ],
)
def test_plain_tenths_have_their_names(hospital, wrong, name):
    assert verdict_on("W03.Q6", wrong, hospital).misconception == name


def test_plain_tenths_of_people_are_right(hospital):
    def one_row_a_person(stays):
        return at_equal_cost(stays.drop_duplicates("person_id"))

    assert verdict_on("W03.Q6", one_row_a_person, hospital).kind == "right"


# the definition in words ---------------------------------------------------------------------------------------------
def test_the_definition_says_what_the_quality_officer_asked_for():
    from wardround.records.cohort import definition_table

    said = definition_table().set_index("element")
    assert (
        said.loc["against advice", "our choice"] == "is no index stay; as a return it counts, whatever its disposition"
    )
    assert "death by record or state register" in said.loc["the outcome", "our choice"]
    assert "all ages, all diagnoses" in said.loc["who can be counted", "our choice"]
    assert "before the case list was made" in said.loc["stays elsewhere", "our choice"]
    assert "planned ones too" in said.loc["a readmission", "the other choice"]
