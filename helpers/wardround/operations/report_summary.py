"""The half page for the steering group, the limits and the reporting lines: each from the learner's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from wardround.evaluation import Estimate

from .report_cells import Cells, words
from .report_checks import OF_A_THOUSAND, day, judged_between
from .report_decision_checks import WEEKS_A_YEAR
from .report_figures import calibration_groups, decision_figure, list_of
from .report_reading import (
    Found,
    NotChecked,
    hidden,
    if_number,
    judged,
    measure,
    number,
    numbers,
    plain,
    table,
    whole,
    written,
)

# Facts `tripod-ai` and `tripod-lines` of curriculum/facts.toml; a test holds the two against each other.
TRIPOD_AI = (
    "TRIPOD+AI, a guideline for reporting prediction models, has 27 items and a checklist for abstracts, and replaces "
    "TRIPOD 2015 (Collins et al., BMJ 2024;385:e078378)."
)
TRIPOD_LINES = (
    "The lines above are of the checklist of 2015, as reprinted in J Clin Med 2023;12:1580, table A1; the new one's "
    "own items were not read for this course, so hold the report against them before you publish."
)
_LINES = (  # line of TRIPOD 2015, its item, what fills it here, where
    ("key dates", "4b", "kept:periods", "page 2, Periods"),
    ("eligibility criteria", "5b", "kept:cohort_attrition", "page 1, Attrition"),
    ("outcome, how and when assessed", "6a", "W03.M.outcome", "page 1, Outcome"),
    ("predictors, how and when assessed", "7a", "kept:feature_dictionary", "appendix, Features"),
    ("size of the study", "8", "kept:periods", "page 2, Periods"),
    ("missing data", "9", "kept:feature_dictionary", "appendix, Features"),
)


@dataclass(frozen=True)
class Row:
    """A line of the summary; ``there`` is False where its source is missing, and ``text`` then says what."""

    label: str
    text: str
    there: bool = True


def summary(found: Found) -> tuple[Row, ...]:
    """Return what a steering group reads first, in the order in which it asks."""
    return tuple(_row(label, say, found) for label, say in _SUMMARY.items())


def limits(found: Found) -> Iterator[str]:
    """Give what the numbers cannot say, as far as it follows from them."""
    yield "The patients are simulated; no number here holds for real ones."
    for say in (
        _judged_once,
        _effect_is_assumed,
        _promises_off,
        _too_extreme,
        _worth_less,
        _groups_apart,
        _groups_hidden,
    ):
        try:
            yield from say(found)
        except NotChecked:
            continue


def reporting(found: Found) -> tuple[Cells, str]:
    """Return the lines of the reporting checklist that were read, and a note on those that were not."""
    rows = tuple(
        (line, item, where, "filled" if _there(found, source) else "open") for line, item, source, where in _LINES
    )
    columns = ("line of TRIPOD 2015", "item", "in this report", "state")
    return Cells(columns, rows, (False,) * 4), f"{TRIPOD_AI} {TRIPOD_LINES}"


def _row(label: str, say: Callable[[Found], str], found: Found) -> Row:
    try:
        return Row(label, say(found))
    except NotChecked as why:
        return Row(label, f"Missing: {why}.", there=False)
    except Exception as trouble:  # a learner's table may hold anything, and the page must be written all the same
        return Row(label, f"Missing: its numbers cannot be read ({type(trouble).__name__}).", there=False)


def _memo(memo: str, name: str) -> Callable[[Found], str]:
    def say(found: Found) -> str:
        return _text(written(found, memo, name))

    return say


def _cut(found: Found) -> str:
    cut = number(found, "call_list", "threshold")
    if not 0 < cut < 1:
        raise NotChecked("threshold in `call_list` is no risk")
    room = number(found, "call_list", "capacity_a_week")
    return (
        f"{plain(room, 1)} calls a week, each day's highest risks. Over the year that is as many as a cut at "
        f"{plain(100 * cut, 1)}% gives: one readmission found is worth {plain((1 - cut) / cut, 1)} needless calls, by "
        "the model's promise."
    )


def _work(found: Found) -> str:
    calls, room, all_of = (number(found, "call_list", f"{name}_a_week") for name in ("calls", "capacity", "discharges"))
    share = f" ({100 * calls / all_of:.0f} of 100)" if all_of > 0 else ""
    return (
        f"{plain(calls, 1)} calls a week, where {plain(room, 1)} can be made, for {plain(all_of, 1)} discharges{share}."
    )


def _yield(found: Found) -> str:
    share = number(found, "call_list", "ppv")
    ends = [if_number(found, "call_list", key) for key in ("ppv_low", "ppv_high")]
    sure = "" if None in ends else f" ({plain(100 * ends[0], 1)} to {plain(100 * ends[1], 1)})"
    return (
        f"Of 100 calls, {plain(100 * share, 1)}{sure} went to somebody who came back under usual care and "
        f"{plain(100 * (1 - share), 1)} to somebody who did not, where the outcome of the stay is known."
    )


def _worth(found: Found) -> str:
    return f"{decision_figure(found).says}{_as_called(found)}"


def _as_called(found: Found) -> str:
    """What the list as it was called is worth, which is another list than the curve's; nothing where it is not kept."""
    worth = [if_number(found, "call_list", key) for key in ("worth_as_called", "worth_low", "worth_high")]
    if None in worth:
        return ""
    one, low, high = worth
    verdict = "above" if low > 0 else "below" if high < 0 else "not told apart from"
    return (
        f" The list as called, each day's highest risks, is another one: worth {plain(one, 1)} of 1,000 at the same "
        f"price ({plain(low, 1)} to {plain(high, 1)}), {verdict} calling nobody."
    )


def _avoided(found: Found) -> str:
    rows, reached = (
        table(found, "avoided", "effect", "avoided_low", "avoided_high"),
        number(found, "call_list", "reached"),
    )
    effect, low, high = (numbers(rows[name]) for name in ("effect", "avoided_low", "avoided_high"))
    calls = number(found, "call_list", "calls_a_week") * WEEKS_A_YEAR
    each = f" (per 1,000 calls: {1000 * low.min() / calls:.0f} to {1000 * high.max() / calls:.0f})" if calls > 0 else ""
    return (
        f"The calls of a year go to {whole(reached)} people who came back; {whole(low.min())} to "
        f"{whole(high.max())} of these readmissions would be avoided{each}, if a call averts "
        f"{_percent(effect.min())} to {_percent(effect.max())}, answered or not: an assumption, "
        "which nobody has measured here."
    )


def _calibrated(found: Found) -> str:
    one = _whole(found)
    off = one.low > 1 or one.high < 1
    return (
        f"{'No' if off else 'On the whole, as far as these stays tell'}: {_promised(found)} "
        f"(O/E {one.value:.2f}, {one.low:.2f} to {one.high:.2f}).{_at_the_top(found)}"
    )


def _promised(found: Found) -> str:
    """Of 1,000 stays, how many the model says and how many came."""
    stays, events = judged(found)
    came = 1000 * events / stays
    return f"of 1,000 stays it promises {came / _whole(found).value:.0f}, and {came:.0f} came back"


def _at_the_top(found: Found) -> str:
    try:
        last = calibration_groups(found).iloc[-1]
    except NotChecked:
        return ""
    whom = f"Of the {whole(last.stays)} stays with the highest risks" if "stays" in last else "Of the highest risks"
    return (
        f" {whom} it says {100 * last.predicted:.0f} of 100, and {100 * last.observed:.0f} came back "
        f"({100 * last.low:.0f} to {100 * last.high:.0f})."
    )


def _whole(found: Found) -> Estimate:
    """Observed over expected of everybody who was judged.

    Raises
    ------
    NotChecked
        ``calibration`` has no such row, or not all of its numbers.
    """
    row = measure(found, "calibration", "o/e", "observed")
    if not (row["value"] > 0 and row["low"] <= row["high"]):
        raise NotChecked("observed over expected in `calibration` has no value with an interval")
    return Estimate(*(float(row[name]) for name in ("value", "low", "high")))


def _groups(found: Found, most: int = 4) -> str:
    """Name the groups that stand out from the whole: what is wrong for everybody is no group's own fault."""
    one, (apart, of) = _whole(found), _apart(found)
    span = f"the whole's ({one.low:.2f} to {one.high:.2f})"
    if not apart:
        return f"No group stands out: none of {of} has an O/E whose interval lies wholly outside {span}. {_UNPROVEN}."
    more = " and others" if len(apart) > most else ""
    return (
        f"{', '.join(apart[:most])}{more} {'stand' if apart[1:] else 'stands'} out from the whole. Of the other "
        f"{of - len(apart)} groups none has an O/E whose interval lies wholly outside {span}. {_UNPROVEN}."
    )


_UNPROVEN = "That does not show that the risks hold for each of them"


_SUMMARY: dict[str, Callable[[Found], str]] = {
    "Asked of you": _memo("W06.M", "decision"),
    "Owner": _memo("W06.M", "owner"),
    "What the list does": _memo("W03.M", "intended_use"),
    "Where we cut": _cut,
    "The work": _work,
    "What it is worth": _worth,
    "What a call meets": _yield,
    "What it may avoid": _avoided,
    "Does 20% mean 20%?": _calibrated,
    "For whom": _groups,
    "Who pays": _memo("W06.M", "who_pays"),
    "What would change it": _memo("W06.M", "changes_my_mind"),
}


def _judged_once(found: Found) -> Iterator[str]:
    _, events = judged(found)
    yield f"{judged_on(found)} Of these {events:,} came back. What holds at other sites and times, they do not show."


def judged_on(found: Found) -> str:
    """Say which stays were judged: how many, asked about when, and where, as far as the kept tables know.

    Raises
    ------
    NotChecked
        ``calibration`` does not say how many.
    """
    stays, _ = judged(found)
    return f"Judged on {stays:,} stays{_when(found)}{_at_sites(found)}."


def _when(found: Found) -> str:
    try:
        first, last = judged_between(found)
    except NotChecked:
        return ""
    return f" asked about from {day(first)} to {day(last)}"


def _at_sites(found: Found) -> str:
    try:
        groups = table(found, "subgroups", "group")["group"].astype(str)
    except NotChecked:
        return ""
    sites = [_whose(one) for one in groups if one.startswith("site: ")]
    return f", at {' and '.join(sites)}" if sites else ""


def _judged_elsewhere(found: Found) -> str:
    """Tell results on other stays than those of ``calibration`` from these; two areas need not be one."""
    try:
        stays, _ = judged(found)
        other = numbers(table(found, "validation", "stays")["stays"]).dropna().ne(stays)
    except NotChecked:
        return ""
    return f"These are other stays than the {stays:,} of page 3, so its figures are others." if other.any() else ""


def _judged_here(found: Found) -> str:
    try:
        return judged_on(found)
    except NotChecked:
        return ""


NOTES: dict[str, Callable[[Found], str]] = {"kept:calibration": _judged_here, "kept:validation": _judged_elsewhere}


def _effect_is_assumed(found: Found) -> Iterator[str]:
    effect = numbers(table(found, "avoided", "effect")["effect"])
    yield (
        f"What a call averts ({_percent(effect.min())} to {_percent(effect.max())}) is assumed; only calls withheld at "
        "random from some who are on the list would measure it."
    )


def _promises_off(found: Found) -> Iterator[str]:
    one = _whole(found)
    if one.low > 1 or one.high < 1:
        yield f"Too {'few' if one.low > 1 else 'many'} are promised: {_promised(found)}."


def _too_extreme(found: Found) -> Iterator[str]:
    slope = measure(found, "calibration", "slope")
    if slope["high"] < 1:
        yield (
            f"The slope is {_ratio(slope['value'], slope['low'], slope['high'])}, below 1: the promised risks lie "
            "further apart than what came back."
        )


def _worth_less(found: Found) -> Iterator[str]:
    """The threshold from which on the model's line stays below calling nobody: what lies above it is not offered."""
    rows = table(found, "decision_curve", "threshold", "treat all", "treat none")
    model = next(name for name in rows.columns if name not in ("threshold", "treat all", "treat none"))
    cut, worth = numbers(rows["threshold"]), numbers(rows[model])
    good = cut[worth > OF_A_THOUSAND / 10]
    if good.empty or good.max() < cut.max():
        where = (
            "At no threshold the curve shows"
            if good.empty
            else f"Above a threshold of {_percent(good.max())} nothing on the curve shows"
        )
        yield f"{where} that {list_of(model)} is worth more than calling nobody."


def _groups_apart(found: Found) -> Iterator[str]:
    yield _groups(found, most=100)


def _groups_hidden(found: Found) -> Iterator[str]:
    rows = table(found, "subgroups", "group", "stays", "events")
    few = int((hidden(rows["stays"]) | hidden(rows["events"])).sum())
    if few:
        yield f"{few} groups are too small to show; nothing here says that it holds for them."


def _apart(found: Found) -> tuple[list[str], int]:
    """Groups whose observed over expected has an interval wholly outside the whole's, and of how many groups.

    The furthest first, each as its name with what was promised and what came of 1,000.
    """
    one = _whole(found)
    rows = table(found, "subgroups", "group", "stays", "events", "oe", "low", "high")
    of = ("stays", "events", "oe", "low", "high")
    rows = pd.DataFrame({name: numbers(rows[name]) for name in of}).assign(group=rows["group"]).dropna()
    apart = rows[(rows.low > one.high) | (rows.high < one.low)]
    apart = apart.iloc[(apart.oe - one.value).abs().argsort()[::-1]]
    return [f"{_whose(row.group)} ({_of_a_thousand(row)})" for row in apart.itertuples()], len(rows)


def _of_a_thousand(group: Any) -> str:
    if not (group.oe > 0 and group.stays > 0):
        return f"none of {whole(group.stays)} came back"
    came = 1000 * group.events / group.stays
    return f"of 1,000, {came / group.oe:.0f} were promised and {came:.0f} came back"


def _whose(group: Any) -> str:
    """Return a group's name as it stands in a sentence: a site by its own name, others with what they divide by."""
    family, _, name = str(group).partition(": ")
    return (name[:1].upper() + name[1:]) if family == "site" else words(group).replace(": ", " ")


def _there(found: Found, source: str) -> bool:
    if source.startswith("kept:"):
        return source.removeprefix("kept:") in found.kept
    memo, name = source.rsplit(".", 1)
    return name in found.memos.get(memo, {}).get("fields", {})


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {one}" for name, one in value.items())
    return "; ".join(str(one) for one in value) if isinstance(value, (list, tuple)) else str(value)


def _ratio(value: float, low: float, high: float) -> str:
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _percent(share: float) -> str:
    return f"{plain(100 * share, 1)}%"
