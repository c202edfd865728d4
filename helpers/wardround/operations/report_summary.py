"""The half page for the steering group, the limits and the reporting lines: each from the learner's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .report_cells import Cells, words
from .report_checks import OF_A_THOUSAND
from .report_decision_checks import WEEKS_A_YEAR
from .report_figures import decision_figure, in_words
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
    for say in (_judged_once, _effect_is_assumed, _too_extreme, _worth_less, _groups_apart, _groups_hidden):
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
        " The curve's list is the cut: everybody from the threshold on. The list as called, each day's highest risks, "
        f"is worth {plain(one, 1)} of 1,000 ({plain(low, 1)} to {plain(high, 1)}) at the same price: {verdict} calling "
        "nobody."
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
        f"{whole(high.max())} of these readmissions are avoided{each}, if a call averts "
        f"{_percent(effect.min())} to {_percent(effect.max())}, answered or not: an assumption, "
        "which nobody has measured here."
    )


def _calibrated(found: Found) -> str:
    one, (stays, events) = measure(found, "calibration", "o/e", "observed"), judged(found)
    verdict = "not told apart from 1"
    if one["high"] < 1:
        verdict = "the model promises too many"
    elif one["low"] > 1:
        verdict = "the model promises too few"
    return (
        f"Observed over expected {_ratio(one['value'], one['low'], one['high'])}, "
        f"{verdict}; of {stays:,} stays {events:,} came back ({1000 * events / stays:.0f} of 1,000)."
    )


def _groups(found: Found) -> str:
    told = _promised(found, most=4)
    return told or (
        "No group's ratio has an interval that leaves out 1; with these numbers that does not show that it holds."
    )


def _promised(found: Found, most: int) -> str:
    """For whom the model promises too many and too few, at most so many groups each; nothing where it is for none."""
    apart, parts = _apart(found), []
    for much in ("many", "few"):
        whom = [f"{whose} {ratio}" for promised, whose, ratio in apart if promised == much]
        if whom:
            parts.append(f"too {much} for {', '.join(whom[:most])}{' and others' if len(whom) > most else ''}")
    return f"The model promises {'; '.join(parts)}." if parts else ""


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
    stays, events = judged(found)
    yield f"It was judged on {stays:,} stays with {events:,} readmissions of one hospital; elsewhere it is not tested."


def _effect_is_assumed(found: Found) -> Iterator[str]:
    effect = numbers(table(found, "avoided", "effect")["effect"])
    yield (
        f"What a call averts ({_percent(effect.min())} to {_percent(effect.max())}) is assumed; only calls withheld at "
        "random from some who are on the list would measure it."
    )


def _too_extreme(found: Found) -> Iterator[str]:
    slope = measure(found, "calibration", "slope")
    if slope["high"] < 1:
        yield (
            f"The slope is {_ratio(slope['value'], slope['low'], slope['high'])}: high "
            "risks are promised too high and low ones too low."
        )


def _worth_less(found: Found) -> Iterator[str]:
    """The threshold from which on the model's line stays below calling nobody: what lies above it is not offered."""
    rows = table(found, "decision_curve", "threshold", "treat all", "treat none")
    model = next(name for name in rows.columns if name not in ("threshold", "treat all", "treat none"))
    cut, worth = numbers(rows["threshold"]), numbers(rows[model])
    good = cut[worth > OF_A_THOUSAND / 10]
    above = cut[cut > good.max()] if len(good) else cut
    if len(above):
        yield (
            f"From a threshold of {_percent(above.min())} on, a list made by {in_words(model)} is worth no more than "
            "calling nobody."
        )


def _groups_apart(found: Found) -> Iterator[str]:
    if told := _promised(found, most=100):
        yield told


def _groups_hidden(found: Found) -> Iterator[str]:
    rows = table(found, "subgroups", "group", "stays", "events")
    few = int((hidden(rows["stays"]) | hidden(rows["events"])).sum())
    if few:
        yield f"{few} groups are too small to show; nothing here says that it holds for them."


def _apart(found: Found) -> list[tuple[str, str, str]]:
    """Groups whose observed over expected has an interval that leaves out 1, the furthest first.

    Each as what the model promises (too "many", "few"), the group, and its ratio with the interval.
    """
    rows = table(found, "subgroups", "group", "oe", "low", "high")
    made = pd.DataFrame({name: numbers(rows[name]) for name in ("oe", "low", "high")}).assign(group=rows["group"])
    made = made[(made.low > 1) | (made.high < 1)]
    made = made.iloc[(made.oe - 1).abs().argsort()[::-1]]
    return [
        (
            "many" if one.high < 1 else "few",
            words(one.group).replace(": ", " "),
            f"O/E {_ratio(one.oe, one.low, one.high)}",
        )
        for one in made.itertuples()
    ]


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
