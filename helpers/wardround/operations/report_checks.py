"""Checks of the study: do the counts, the intervals, the periods, the curves and the groups agree with each other?

Each is a function of what was found that yields sentences, one a contradiction: what, where, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from .report_reading import (
    Found,
    NotChecked,
    Said,
    each_table,
    has,
    hidden,
    judged,
    known,
    large_groups,
    measure,
    number,
    numbers,
    plain,
    table,
    whole,
)

FEWEST = 11  # the smallest count that is shown: ours, an assumption; take the rule of the institution that publishes
OF_A_THOUSAND = 0.001
HALF_A_PERCENT = 0.005  # what a share loses that was rounded to whole percents
ROUNDED = 0.05  # how far two figures, each rounded before it was kept, may lie apart: five in a hundred
_PARTS = {"train": ("train", "learn", "taught", "teach"), "judge": ("judge", "test", "valid")}
_LATE = (
    r"(?i)\b(?:after|post|with|at|when|once)[ -]+(?:the |this |final )?(?:discharge|bill|cod(?:e|ed|ing)|case list|"
    r"(?:she|he|the patient) leaves|stay (?:ends|is (?:coded|billed)))"
)
_AREA = r"auroc|\broc\b|\barea\b|\bc.?statistic"
_OTHER_AREA = r"gain|differ|minus|than|baseline|lace|score|train|precision|recall"  # no area, or not the model's
_INTERVALS = {  # table: the column that names a row, and the one with an interval
    "validation": ("what", "value"),
    "calibration": ("what", "value"),
    "calibration_curve": ("predicted", "observed"),
    "subgroups": ("group", "oe"),
}
_OF_CALLS = {  # numbers of `call_list` that may have an interval
    "share of those called who came back under usual care": ("ppv", "ppv_low", "ppv_high"),
    "worth as called": ("worth_as_called", "worth_low", "worth_high"),
}
_COUNTED = {"validation": "what", "calibration": "what", "subgroups": "group", "periods": "part"}


def attrition_adds_up(found: Found) -> Iterator[str]:
    """Refuse a step that leaves another number than the step before less those left out."""
    rows = table(found, "cohort_attrition", "step", "left_out", "stays")
    stays, out = numbers(rows["stays"]), numbers(rows["left_out"])
    due = stays.shift() - out
    for row in rows.index[1:][(due != stays).to_numpy()[1:]]:
        yield (
            f"Attrition does not add up at the step {rows['step'][row]!s}: {whole(stays[row - 1])} less "
            f"{whole(out[row])} is {whole(due[row])}, and `cohort_attrition` shows {whole(stays[row])}; make the table "
            "again with `attrition` and keep it."
        )


def features_are_known_in_time(found: Found) -> Iterator[str]:
    """Refuse a feature whose own entry says that it is known after the prediction, which is made before discharge."""
    rows = table(found, "feature_dictionary", "name", "known_when")
    for row in rows.index[rows["known_when"].astype(str).str.contains(_LATE)]:
        yield (
            f"The feature {rows['name'][row]!s} in `feature_dictionary` is known {rows['known_when'][row]!s}, and the "
            "risk is asked for before the patient leaves; leave it out, train again, and keep the dictionary of the "
            "features that are left."
        )


def values_lie_in_their_intervals(found: Found) -> Iterator[str]:
    """Refuse an area, a ratio, a share or a worth outside the interval printed beside it."""
    for what, (value, *ends) in _OF_CALLS.items():
        if not any(has(found, "call_list", end) for end in ends):
            continue
        one, low, high = (number(found, "call_list", key) for key in (value, *ends))
        if not low <= one <= high:
            yield _outside(what, "call_list", one, low, high)
    columns = {name: (value, "low", "high") for name, (_, value) in _INTERVALS.items()}
    for name, rows in each_table(found, columns):
        label, value = _INTERVALS[name]
        if name == "subgroups":
            rows = large_groups(rows)
        one, low, high = known(rows, name, value, "low", "high")
        for row in rows.index[(one < low) | (one > high) | (low > high)]:
            yield _outside(_label(rows, label, row), name, one[row], low[row], high[row])


def one_area(found: Found) -> Iterator[str]:
    """Refuse two different areas of the model on the same stays; one may be the other, rounded."""
    stays, events = judged(found)
    there = Said.of(measure(found, "calibration", "AUROC", "area")["value"])
    rows = table(found, "validation", "what", "value", "stays", "events")
    what = rows["what"].astype(str).str
    own = rows[what.contains(_AREA, case=False) & ~what.contains(_OTHER_AREA, case=False)]
    value, n, back = known(own, "validation", "value", "stays", "events")
    for row in own.index[(n == stays) & (back == events)]:
        here = Said.of(value[row])
        if not (here.covers(there.value) or there.covers(here.value)):
            yield (
                f"The model's AUROC on the {stays:,} stays with {events:,} events is {plain(here.value)} in "
                f"`validation` and {plain(there.value)} in `calibration`; compute it once, from the risks that were "
                "judged, and keep both tables again."
            )


def o_e_follows_from_the_expected(found: Found) -> Iterator[str]:
    """Refuse an O/E that, times what a table expects on the same stays, is not the events."""
    stays, events = judged(found)
    ratio = measure(found, "calibration", "O/E", "observed")["value"]
    if pd.isna(ratio):
        raise NotChecked("O/E in `calibration` is no number")
    for where, expected in _expected(found, stays):
        if abs(ratio * expected - events) > ROUNDED * events:
            yield (
                f"An O/E of {plain(ratio)} makes {whole(ratio * expected)} readmissions for the {whole(expected)} that "
                f"{where}, and `calibration` has {events:,}; compute both from one column of risks and keep them again."
            )


def the_curve_follows_from_the_events(found: Found) -> Iterator[str]:
    """Refuse observed shares that, times their stays, are not the events."""
    (stays, events), rows = judged(found), table(found, "calibration_curve", "observed", "stays")
    share, n = known(rows, "calibration_curve", "observed", "stays")
    if n.sum() == stays and abs((share * n).sum() - events) > ROUNDED * events:
        yield (
            f"The shares observed in `calibration_curve` make {whole((share * n).sum())} readmissions and "
            f"`calibration` has {events:,}; make the curve from the outcomes that were judged and keep it again."
        )
    if "events" not in rows:
        return
    (back,) = known(rows, "calibration_curve", "events")
    for row in rows.index[(share * n - back).abs() > (ROUNDED * back).clip(lower=HALF_A_PERCENT * n)]:
        yield (
            f"A group of stays has {plain(share[row])} observed in `calibration_curve`, and its {whole(back[row])} "
            f"events of {whole(n[row])} stays are {plain(back[row] / n[row])}; count both on the same rows and keep "
            "the curve again."
        )


def events_are_among_stays(found: Found) -> Iterator[str]:
    """Refuse more events than stays, and a measure without its denominator."""
    for name, rows in each_table(found, dict.fromkeys(_COUNTED, ("stays", "events"))):
        stays, events = numbers(rows["stays"]), numbers(rows["events"])
        for row in rows.index[events > stays]:
            yield (
                f"{_label(rows, _COUNTED[name], row)} in `{name}` has {whole(events[row])} events among "
                f"{whole(stays[row])} stays, and there cannot be more; count both on the same rows and keep the table "
                "again."
            )
        due = large_groups(rows).index
        for row in rows.index[(stays.fillna(0).le(0) | events.isna()) & rows.index.isin(due)]:
            yield (
                f"{_label(rows, _COUNTED[name], row)} in `{name}` has no denominator; add how many stays and events it "
                "is made of and keep the table again."
            )


def one_set_was_judged(found: Found) -> Iterator[str]:
    """Refuse a calibration, a curve and a period of judging that count different stays."""
    stays, events = judged(found)
    for name, rows in each_table(found, {"periods": ("part", "stays", "events"), "calibration_curve": ("stays",)}):
        if name == "periods":
            rows = _part(rows, "judge")
        seen = int(numbers(rows["stays"]).sum())
        if seen != stays:
            yield (
                f"`{name}` has {seen:,} judged stays and `calibration` {stays:,}; judge once, on one set of stays, and "
                "keep both tables from it."
            )
        elif "events" in rows and (back := int(numbers(rows["events"]).sum())) != events:
            yield (
                f"`{name}` has {back:,} events among the judged stays and `calibration` {events:,}; judge once, by one "
                "outcome, and keep both tables from it."
            )


def judged_after_training(found: Found) -> Iterator[str]:
    """Refuse a period of judging that begins before the period of training has ended."""
    rows = table(found, "periods", "part", "first_day", "last_day")
    ends, begins = _when(_part(rows, "train"), "last_day").max(), _when(_part(rows, "judge"), "first_day").min()
    if pd.isna(ends) or pd.isna(begins):
        raise NotChecked("`periods` has no day on which training ends or judging begins")
    if begins <= ends:
        yield (
            f"The model is judged from {day(begins)} on and learnt until {day(ends)}, so that it has seen what "
            "it is judged on; judge it on stays after the training period and keep `periods` again."
        )


def periods_fit_the_cohort(found: Found) -> Iterator[str]:
    """Refuse more stays in training and judging than the cohort has."""
    rows, steps = table(found, "periods", "part", "stays"), table(found, "cohort_attrition", "stays")
    used = sum(_part(rows, name)["stays"].sum() for name in _PARTS)
    (left,) = known(steps, "cohort_attrition", "stays")
    there = left.iloc[-1]
    if used > there:
        yield (
            f"`periods` uses {whole(used)} stays and the last step of `cohort_attrition` leaves {whole(there)}; draw "
            "both periods from that cohort, no stay twice, and keep `periods` again."
        )


def treat_all_follows_from_the_rate(found: Found) -> Iterator[str]:
    """Refuse a line for calling everybody other than the event rate gives, and one for nobody other than 0."""
    rows = table(found, "decision_curve", "threshold", "treat all", "treat none")
    stays, events = judged(found)
    cut, worth, none = known(rows, "decision_curve", "threshold", "treat all", "treat none")
    rate = worth * (1 - cut) + cut  # solved from rate - (1 - rate) * cut / (1 - cut)
    if (off := (rate - events / stays).abs()).max() > OF_A_THOUSAND:
        row = off.idxmax()
        yield (
            f"At {plain(cut[row])}, calling everybody is worth {plain(worth[row], 4)} in `decision_curve`, which says "
            f"that {1000 * rate[row]:.0f} of 1,000 stays come back, and `calibration` has {1000 * events / stays:.0f}; "
            "draw the curve from the stays that were judged and keep it again."
        )
    if none.abs().max() > 0:
        yield (
            "Calling nobody is worth exactly 0, and `decision_curve` shows another number; make it with "
            "`decision_curve`."
        )


def no_model_is_worth_more_than_every_event(found: Found) -> Iterator[str]:
    """Refuse a net benefit above the event rate, which is what finding everybody with no needless call is worth."""
    rows, (stays, events) = table(found, "decision_curve", "threshold"), judged(found)
    for name in rows.columns.difference(["threshold", "treat all", "treat none"]):
        (worth,) = known(rows, "decision_curve", name)
        best = worth.max()
        if best > events / stays + OF_A_THOUSAND:
            yield (
                f"The line {name!s} of `decision_curve` reaches {plain(best, 4)}, more than the "
                f"{plain(events / stays, 4)} that finding every readmission with no needless call is worth; use risks "
                "and outcomes of the judged stays and keep it again."
            )


def small_cells_are_hidden(found: Found) -> Iterator[str]:
    """Refuse a count of 1 to 10 people, and a hidden count that follows from what is shown."""
    rows = table(found, "subgroups", "group", "stays", "events")
    small = rows.drop(large_groups(rows).index)
    for row in small.index[numbers(small["observed"]).notna()] if "observed" in rows else ():
        yield (
            f"The hidden count of {rows['group'][row]!s} in `subgroups` follows from what it shows as observed; hide "
            "that and the ratio as well, and keep the table again."
        )
    for column in ("stays", "events"):
        count = numbers(rows[column])
        for row in rows.index[count.between(1, FEWEST - 1)]:
            yield (
                f"The group {rows['group'][row]!s} in `subgroups` shows {whole(count[row])} {column}, which may "
                f'name somebody; write "fewer than {FEWEST}" there, or merge groups, and keep it again.'
            )
        for family, own in rows.groupby(_family(rows), sort=False):
            if hidden(own[column]).sum() == 1 and len(own) > 1:
                whose = own["group"][hidden(own[column])].iloc[0]
                yield (
                    f"The hidden {column} of {whose!s} in `subgroups` follow by subtraction from the total of "
                    f"{family}; merge it with a neighbour or hide a second group, and keep the table again."
                )


def groups_sum_to_the_whole(found: Found) -> Iterator[str]:
    """Refuse groups whose stays or events do not sum to those judged."""
    rows, everybody = table(found, "subgroups", "group", "stays", "events"), judged(found)
    for column, total in zip(("stays", "events"), everybody, strict=True):
        for family, own in rows.groupby(_family(rows), sort=False):
            shown, few = numbers(own[column]).sum(), int(hidden(own[column]).sum())
            if not shown <= total <= shown + few * (FEWEST - 1):
                yield (
                    f"The {column} of {family} in `subgroups` sum to {whole(shown)}{_and_hidden(few)} and "
                    f"`calibration` has {total:,}; give each stay one group, with one for not recorded, and keep the "
                    "table again."
                )


def ratios_follow_from_their_counts(found: Found) -> Iterator[str]:
    """Refuse an O/E that is not observed over expected."""
    rows = large_groups(table(found, "subgroups", "group", "observed", "expected", "oe"))
    seen, due, ratio = known(rows, "subgroups", "observed", "expected", "oe")
    for row in rows.index[((seen / due - ratio).abs() > ROUNDED * ratio.abs()) & due.gt(0)]:
        yield (
            f"{rows['group'][row]!s} in `subgroups` has {plain(seen[row])} observed over {plain(due[row])} expected, "
            f"which is {plain(seen[row] / due[row])}, and shows {plain(ratio[row])}; compute the ratio again and keep "
            "the table."
        )


def _expected(found: Found, stays: int) -> Iterator[tuple[str, float]]:
    """What each table expects for all stays that were judged; a table of fewer, or with a hidden group, is passed by.

    Raises
    ------
    NotChecked
        After what is there, if a table is missing.
    """
    for name, rows in each_table(
        found,
        {"calibration_curve": ("predicted", "stays"), "subgroups": ("group", "stays", "observed", "expected")},
    ):
        if name == "calibration_curve":
            share, n = known(rows, name, "predicted", "stays")
            if n.sum() == stays:
                yield f"`{name}` expects", float((share * n).sum())
            continue
        shown = rows.index.isin(large_groups(rows).index)
        for family, own in rows.groupby(_family(rows), sort=False):
            if not shown[rows.index.isin(own.index)].all() or numbers(own["stays"]).sum() != stays:
                continue
            n, seen, due = known(own, name, "stays", "observed", "expected")
            yield f"are expected of {family} in `{name}`", float((due * n if seen.le(1).all() else due).sum())


def _outside(what: str, name: str, value: float, low: float, high: float) -> str:
    return (
        f"{what} in `{name}` is {plain(value)}, which lies outside its own interval of {plain(low)} to {plain(high)}; "
        f"compute value and interval from the same rows and keep `{name}` again."
    )


def judged_between(found: Found) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day of which stays were judged.

    Raises
    ------
    NotChecked
        ``periods`` does not say.
    """
    rows = _part(table(found, "periods", "part", "first_day", "last_day"), "judge")
    first, last = _when(rows, "first_day").min(), _when(rows, "last_day").max()
    if pd.isna(first) or pd.isna(last):
        raise NotChecked("`periods` has no days of judging")
    return first, last


def _when(rows: pd.DataFrame, column: str) -> pd.Series:
    return pd.to_datetime(rows[column], utc=True, errors="coerce")


def _part(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """The rows of ``periods`` that taught or that judged, with whole numbers where it has any."""
    own = rows[rows["part"].astype(str).str.lower().str.startswith(_PARTS[part])]
    if own.empty:
        raise NotChecked(f"`periods` has no row for {part}")
    counts = [column for column in ("stays", "events") if column in own]
    return own.assign(**dict(zip(counts, known(own, "periods", *counts), strict=True)))


def _family(rows: pd.DataFrame) -> pd.Series:
    """What the groups divide by: "site" of "site: Northgate"."""
    name, colon, _ = zip(*(str(group).partition(": ") for group in rows["group"]), strict=True)
    return pd.Series([one if sign else "all groups" for one, sign in zip(name, colon, strict=True)], index=rows.index)


def _label(rows: pd.DataFrame, column: str, row: Any) -> str:
    return str(rows[column][row]) if column in rows else f"Row {row + 1}"


def _and_hidden(few: int) -> str:
    return f" and {few} hidden" if few else ""


def day(when: pd.Timestamp) -> str:
    """Return a day as it stands in a sentence."""
    return f"{when.day} {when:%B %Y}"


STUDY = (
    attrition_adds_up,
    features_are_known_in_time,
    values_lie_in_their_intervals,
    one_area,
    o_e_follows_from_the_expected,
    the_curve_follows_from_the_events,
    events_are_among_stays,
    one_set_was_judged,
    judged_after_training,
    periods_fit_the_cohort,
    treat_all_follows_from_the_rate,
    no_model_is_worth_more_than_every_event,
    small_cells_are_hidden,
    groups_sum_to_the_whole,
    ratios_follow_from_their_counts,
)
