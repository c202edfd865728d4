"""Checks of the decision: do the memo, the list of calls and what is promised of it agree, and are they of one place?

Each is a function of what was found that yields sentences, one a contradiction: what, where, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wardround.evaluation import wilson

from .report_checks import ROUNDED
from .report_reading import (
    Found,
    NotChecked,
    Said,
    if_number,
    judged,
    known,
    number,
    plain,
    said,
    said_calls,
    said_ratios,
    table,
    whole,
    written,
)

WEEKS_A_YEAR = 52


def calls_stay_within_capacity(found: Found) -> Iterator[str]:
    """Refuse more calls than there is capacity for, or than there are discharges."""
    calls = number(found, "call_list", "calls_a_week")
    for key, what in (("capacity_a_week", "there is capacity for"), ("discharges_a_week", "there are discharges")):
        most = number(found, "call_list", key)
        if calls > most * (1 + 1e-9):
            yield (
                f"`call_list` makes {plain(calls)} calls a week, more than the {plain(most)} {what}; raise the "
                "threshold or count the week again, and keep `call_list` once more."
            )


def one_capacity(found: Found) -> Iterator[str]:
    """Refuse a capacity that differs between memo and call list, or is of another time than a week."""
    memo = said_calls(text := written(found, "W06.M", "capacity"))
    kept = number(found, "call_list", "capacity_a_week")
    if memo is None:
        yield _no_number("capacity", text, "a number of calls a week, such as 40")
        return
    memo, unit = memo
    if unit != "week":
        yield (
            f"The capacity in memo W06.M reads as {plain(memo.value)} calls a {unit} and `call_list` has {plain(kept)} "
            "a week; write the calls of a week in the memo, first."
        )
    elif not memo.covers(kept):
        yield (
            f"The capacity in memo W06.M reads as {plain(memo.value)} and is {plain(kept)} calls a week in "
            "`call_list`; agree on one and write it first in the memo, or keep the list again."
        )


def one_threshold(found: Found) -> Iterator[str]:
    """Refuse a threshold that differs between memo and call list, or is no risk."""
    memo, kept = _said(found, "threshold", "a risk, such as 0.12 or 12%"), number(found, "call_list", "threshold")
    if isinstance(memo, str):
        yield memo
    elif not 0 < memo.value < 1:
        yield (
            f"The threshold in memo W06.M reads as {plain(memo.value)}, which is no risk between 0 and 1; write it as "
            "0.12 or 12% and write the memo again."
        )
    elif not memo.covers(kept):
        yield (
            f"The threshold in memo W06.M reads as {plain(memo.value)} and is {plain(kept)} in `call_list`, so the "
            "figures are not those of the decision; make the list at the memo's threshold, or write the list's first "
            "in the memo."
        )


def harm_ratio_follows(found: Found) -> Iterator[str]:
    """Refuse a harm ratio other than ``(1 - threshold) / threshold``."""
    memo = _said(found, "threshold", "a risk, such as 0.12 or 12%")
    ratios = said_ratios(written(found, "W06.M", "harm_ratio"))
    if isinstance(memo, str) or not 0 < memo.value < 1:
        raise NotChecked("the threshold in memo W06.M is no risk")
    if not ratios:
        yield (
            "The harm ratio in memo W06.M has no number; write how many needless calls one readmission found is worth."
        )
        return
    exact = if_number(found, "call_list", "threshold")
    cuts = [memo.value, *([exact] if exact and memo.covers(exact) else [])]
    if not any(ratio.covers((1 - cut) / cut) for ratio in ratios for cut in cuts):
        due = (1 - memo.value) / memo.value
        yield (
            f"A threshold of {plain(memo.value)} says that one readmission found is worth {plain(due)} needless calls, "
            f"and memo W06.M says {_spoken(ratios)}; move one of the two, and count "
            "needless calls alone, without the one that finds the readmission."
        )


def implied_price_follows(found: Found) -> Iterator[str]:
    """Refuse an implied price other than ``(1 - threshold) / threshold`` of the list's own threshold."""
    cut, price = (Said.of(number(found, "call_list", key)) for key in ("threshold", "implied_price"))
    if not 0 < cut.low < cut.high < 1:
        raise NotChecked("threshold in `call_list` is no risk")
    least, due, most = ((1 - one) / one for one in (cut.high, cut.value, cut.low))
    if not (price.covers(due) or least <= price.value <= most):
        yield (
            f"At the threshold of {plain(cut.value, 4)} in `call_list` one readmission found is worth {plain(due)} "
            f"needless calls, and its implied_price says {plain(price.value)}; read both off one cut and keep "
            "`call_list` again."
        )


def reached_follows_from_calls(found: Found) -> Iterator[str]:
    """Refuse readmissions reached other than a year's calls times the share of those called who come back."""
    calls, share, reached = (number(found, "call_list", key) for key in ("calls_a_week", "ppv", "reached"))
    due = calls * WEEKS_A_YEAR * share
    if not 0 <= share <= 1 or abs(reached - due) > ROUNDED * max(due, 1):
        yield (
            f"{plain(calls)} calls a week at a share of {plain(share)} go to {whole(due)} people who came back in "
            f"{WEEKS_A_YEAR} weeks, and `call_list` says {whole(reached)}; count the three on the same calls and keep "
            "`call_list` again."
        )


def reached_are_among_those_who_come_back(found: Found) -> Iterator[str]:
    """Refuse a list that finds more readmissions than all its discharges have, by the rate of the stays judged."""
    reached, discharges = (number(found, "call_list", key) for key in ("reached", "discharges_a_week"))
    stays, events = judged(found)
    if not 0 <= events <= stays:
        raise NotChecked("`calibration` has more events than stays")
    most = discharges * WEEKS_A_YEAR * wilson(events, stays).high
    if reached > most * (1 + ROUNDED):
        yield (
            f"By `call_list` the calls of a year go to {whole(reached)} people who came back, and of its "
            f"{whole(discharges * WEEKS_A_YEAR)} discharges at most {whole(most)} come back at the rate of "
            "`calibration`; count calls and readmissions on the same list and keep it again."
        )


def avoided_are_among_reached(found: Found) -> Iterator[str]:
    """Refuse more readmissions avoided than reached, or than the assumed effect gives at most."""
    rows, reached = (
        table(found, "avoided", "effect", "avoided_low", "avoided_high"),
        number(found, "call_list", "reached"),
    )
    effect, low, high = known(rows, "avoided", "effect", "avoided_low", "avoided_high")
    for row in rows.index[(high > reached) | (low > high) | (low < 0)]:
        yield (
            f"With an effect of {plain(effect[row])}, `avoided` has {whole(low[row])} to {whole(high[row])} "
            f"readmissions avoided a year where the calls go to {whole(reached)} people who came back; a call cannot "
            "avoid what it does not go to, so compute the range again from `call_list` and keep it."
        )


def avoided_follow_from_the_effect(found: Found) -> Iterator[str]:
    """Refuse a range that does not hold what the assumed effect gives: that share of those reached."""
    rows, reached = (
        table(found, "avoided", "effect", "avoided_low", "avoided_high"),
        number(found, "call_list", "reached"),
    )
    effect, low, high = known(rows, "avoided", "effect", "avoided_low", "avoided_high")
    due = effect * reached
    for row in rows.index[(low > due * (1 + ROUNDED)) | (high < due * (1 - ROUNDED))]:
        yield (
            f"With an effect of {plain(effect[row])}, {whole(due[row])} of the {whole(reached)} people who came back "
            f"are helped a year, and `avoided` has {whole(low[row])} to {whole(high[row])}; multiply effect and "
            "reached, make a range around that, and keep it again."
        )


def avoided_is_a_range(found: Found) -> Iterator[str]:
    """Refuse a single value where the effect of a call is an assumption."""
    rows = table(found, "avoided", "effect", "avoided_low", "avoided_high")
    effect, low, high = known(rows, "avoided", "effect", "avoided_low", "avoided_high")
    if effect.nunique() < 2 and not (low < high).any():
        yield (
            "`avoided` promises a single number of readmissions avoided, though nobody has measured what a call does "
            "here; give a range over assumed effects, at least two, and keep it again."
        )


def one_hospital(found: Found) -> Iterator[str]:
    """Refuse parts from different hospitals."""
    yield from _one(found, "checksum", "hospitals", "open one hospital and run the cells of these again")


def one_version(found: Found) -> Iterator[str]:
    """Refuse parts made by different versions of the package."""
    yield from _one(
        found, "version", "versions of the course", "run the cells of these again with the version installed"
    )


def _one(found: Found, key: str, what: str, mend: str) -> Iterator[str]:
    whose: dict[str, list[str]] = {}
    for name, origin in found.origins().items():
        if origin.get(key) is not None:
            whose.setdefault(str(origin[key]), []).append(name)
    if not whose:
        raise NotChecked(f"no part says which of the {what} it is from")
    most = max(whose, key=lambda one: len(whose[one]))
    odd = [f"`{name}`" for one, names in whose.items() if one != most for name in names]
    if odd:
        yield f"The report's parts are from {len(whose)} {what}: {', '.join(odd)} from others than the rest; {mend}."


def _said(found: Found, name: str, example: str) -> Said | str:
    """A memo's number, or the sentence that there is none."""
    text = written(found, "W06.M", name)
    return said(text) or _no_number(name, text, example)


def _no_number(name: str, text: Any, example: str) -> str:
    return f"The {name} in memo W06.M, {str(text)[:60]}, has no number; write {example}."


def _spoken(ratios: tuple[Said, ...]) -> str:
    """A written ratio as it was read: a range with both ends, and of "1:7" the larger."""
    most = max(ratios, key=lambda one: one.value)
    return most.text if " to " in most.text and len(ratios) == 1 else plain(most.value)


DECISION = (
    calls_stay_within_capacity,
    one_capacity,
    one_threshold,
    harm_ratio_follows,
    implied_price_follows,
    reached_follows_from_calls,
    reached_are_among_those_who_come_back,
    avoided_are_among_reached,
    avoided_follow_from_the_effect,
    avoided_is_a_range,
    one_hospital,
    one_version,
)
