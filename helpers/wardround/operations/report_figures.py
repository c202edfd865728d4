"""The report's two figures, drawn from the kept tables in the house style, as SVG that takes the page's own colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from wardround.evaluation import wilson
from wardround.evaluation.figures import figure, palette

from .report_checks import FEWEST
from .report_reading import Found, NotChecked, if_number, numbers, plain, said, table, written

_SIZE = (5.2, 3.4)
_CURVE = {"predicted": "promised, of 100", "observed": "came back", "low": "at least", "high": "at most"}
_IN_WORDS = {"treat all": "call everybody", "treat none": "call nobody"}
_FLOOR = -0.25  # how far below zero a decision curve is shown, as a share of its highest point


@dataclass(frozen=True)
class Drawn:
    """A figure: ``says`` is its message and its alternative text, ``table`` what is drawn; its words are outlines."""

    svg: str
    says: str
    table: pd.DataFrame

    def on_page(self) -> str:
        """Return the drawing for a page with a light and a dark face: ink is the page's own, paper is none."""
        inked = self.svg.replace("#ffffff", "none").replace("#000000", "currentColor")
        return inked.replace("<svg ", '<svg fill="currentColor" ', 1)


def calibration_figure(found: Found) -> Drawn:
    """Draw what came back over what was predicted, with intervals, beside the line on which 20% means 20%.

    Raises
    ------
    NotChecked
        ``calibration_curve`` is not kept, or holds no numbers.
    """
    rows = calibration_groups(found)

    def draw(axes: Axes) -> None:
        percent = rows[["predicted", "observed", "low", "high"]] * 100
        top = float(percent[["predicted", "high"]].max().max()) * 1.05
        axes.plot([0, top], [0, top], linestyle="--", marker="", color=palette[-1], linewidth=1)
        axes.annotate("as promised", (top, top), ha="right", va="bottom", xytext=(-14, 0), textcoords="offset points")
        axes.vlines(percent.predicted, percent.low, percent.high, color=palette[0], linewidth=1.5)
        axes.plot(percent.predicted, percent.observed, linestyle="", marker="o", color=palette[0])
        axes.set(xlabel="predicted, of 100 stays", ylabel="came back, of 100 stays", xlim=(0, top), ylim=(0, top))

    shown = pd.DataFrame({name: rows[column] * 100 for column, name in _CURVE.items()}).round(1)
    if "stays" in rows:
        shown["stays"] = rows["stays"]
    return _drawn(draw, _calibration_says(rows), "calibration", shown)


def calibration_groups(found: Found) -> pd.DataFrame:
    """Return the groups of ``calibration_curve`` as they are shown, the highest risks last.

    Raises
    ------
    NotChecked
        ``calibration_curve`` is not kept, or holds no numbers.
    """
    rows = table(found, "calibration_curve", "predicted", "observed", "low", "high")
    rows = rows.assign(**{name: numbers(rows[name]) for name in ("predicted", "observed", "low", "high")})
    rows = rows.dropna(subset=["predicted", "observed", "low", "high"]).sort_values("predicted")
    if rows.empty:
        raise NotChecked("`calibration_curve` holds no numbers")
    return _without_small_cells(rows)


def decision_figure(found: Found) -> Drawn:
    """Draw net benefit over thresholds, beside calling everybody and nobody, with the chosen threshold marked.

    Raises
    ------
    NotChecked
        ``decision_curve`` is not kept, or holds no numbers.
    """
    rows = table(found, "decision_curve", "threshold", "treat all", "treat none")
    models = [name for name in rows.columns if name not in ("threshold", "treat all", "treat none")]
    rows = pd.DataFrame({name: numbers(rows[name]) for name in rows.columns}).dropna().sort_values("threshold")
    if rows.empty or not models:
        raise NotChecked("`decision_curve` holds no numbers")
    cut = _threshold(found)
    worth = rows.set_index("threshold")[[*models, "treat all", "treat none"]] * 1000

    def draw(axes: Axes) -> None:
        top = float(worth.max().max()) * 1.15 or 1.0
        for place, name in enumerate(worth.columns):
            axes.plot(worth.index * 100, worth[name], marker="", color=palette[place % len(palette)])
        _name_lines(axes, worth, top)
        if cut is not None:
            axes.axvline(cut * 100, color=palette[-1], linestyle=":", linewidth=1)
            axes.annotate(
                f"threshold {plain(cut * 100, 1)}%", (cut * 100, top), xytext=(4, -10), textcoords="offset points"
            )
        axes.set(xlabel="threshold, %", ylabel="net benefit, per 1,000 stays", ylim=(_FLOOR * top, top))

    shown = worth.round(1).rename(columns=_IN_WORDS).reset_index(drop=True)
    shown.insert(0, "threshold, %", worth.index * 100)
    shown = shown.iloc[_some(worth.index, cut)]
    return _drawn(draw, _decision_says(worth, models[0], cut), "decision", shown)


FIGURES: dict[str, Callable[[Found], Drawn]] = {"calibration": calibration_figure, "decision": decision_figure}


def list_of(model: str) -> str:
    """Return the list that a curve's line is of, as it stands in a sentence: the column "model" is the model."""
    return "the model's list" if model == "model" else f"the list of {model}"


def _without_small_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Merge neighbouring bins until each holds enough readmissions: a share of a number that is shown is a count."""
    if "stays" not in rows or not numbers(rows["stays"]).gt(0).all():
        return rows
    rows = rows.assign(stays=numbers(rows["stays"]))
    events = (rows["observed"] * rows["stays"]).round()
    bins: list[list[int]] = []  # places of the rows in each
    for place in range(len(rows)):
        if bins and min(events.iloc[bins[-1]].sum(), events.iloc[place]) < FEWEST:
            bins[-1].append(place)
        else:
            bins.append([place])
    return pd.DataFrame([_one_bin(rows.iloc[places], events.iloc[places].sum()) for places in bins])


def _one_bin(rows: pd.DataFrame, events: float) -> pd.Series:
    if len(rows) == 1:
        return rows.iloc[0]
    stays = rows["stays"].sum()
    seen = wilson(int(events), int(stays))
    promised = (rows["predicted"] * rows["stays"]).sum() / stays
    made = {"predicted": promised, "observed": seen.value, "low": seen.low, "high": seen.high, "stays": stays}
    return pd.Series(made)


def _name_lines(axes: Axes, worth: pd.DataFrame, top: float) -> None:
    """Write each line's name where it is in sight, in ink: the first model above its line, the next ones below."""
    for place, name in enumerate(worth.columns):
        seen = worth[name][worth[name].between(_FLOOR * top, top)]
        if seen.empty:
            continue
        share = {"treat all": 0.97, "treat none": 0.99}.get(str(name), 0.36 + 0.1 * place)
        at = seen.index[min(int(share * len(seen)), len(seen) - 1)]
        text = _IN_WORDS.get(str(name), str(name)).replace("$", r"\$")[:30]
        sinks = worth.iloc[-1, 0] < 0  # then the model's line lies where the name of the zero line would be
        below = not sinks if str(name) == "treat none" else place and str(name) != "treat all"
        side = {"xytext": (0, -5), "va": "top"} if below else {"xytext": (5, 4), "va": "bottom"}
        side |= {"ha": "right"} if below or str(name) == "treat none" else {}
        axes.annotate(text, (at * 100, seen[at]), textcoords="offset points", **side)


def _drawn(draw: Callable[[Axes], None], says: str, prefix: str, shown: pd.DataFrame) -> Drawn:
    made = figure(draw, says=says, size=_SIZE)
    svg = made.image.decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.S)  # comments hold labels as text
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)  # two drawings on one page must not share a name
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    return Drawn(svg, says, shown)


def _some(cuts: pd.Index, cut: float | None) -> list[int]:
    """Ten rows of a long table, evenly spaced, and the one of the threshold."""
    rows = set(range(0, len(cuts), max(1, len(cuts) // 10)))
    return sorted(rows | ({int(abs(cuts - cut).argmin())} if cut is not None else set()))


def _threshold(found: Found) -> float | None:
    exact = if_number(found, "call_list", "threshold")
    if exact is None:
        try:
            one = said(written(found, "W06.M", "threshold"))
        except NotChecked:
            return None
        exact = one.value if one else None
    return exact if exact is not None and 0 < exact < 1 else None


def _calibration_says(rows: pd.DataFrame) -> str:
    out = int(((rows.predicted < rows.low) | (rows.predicted > rows.high)).sum())
    fewer, more = int((rows.observed < rows.predicted).sum()), int((rows.observed > rows.predicted).sum())
    last = rows.iloc[-1]
    return (
        f"Of {len(rows)} groups of stays fewer came back than promised in {fewer} and more in {more}; in {out} the "
        "promise lies outside the interval of what came back. In the highest group "
        f"{100 * last.predicted:.0f} of 100 were promised and {100 * last.observed:.0f} came back "
        f"({100 * last.low:.0f} to {100 * last.high:.0f})."
    )


def _decision_says(worth: pd.DataFrame, model: str, cut: float | None) -> str:
    at = worth.index[abs(worth.index - cut).argmin()] if cut is not None else worth[model].idxmax()
    one = worth.loc[at]
    name = list_of(model)
    worth_of_it = _worth(one[model], " readmissions found in 1,000 stays, its needless calls paid for")
    return (
        f"{name[0].upper()}{name[1:]}, everybody from {plain(100 * at, 1)}% on, {worth_of_it}; calling everybody "
        f"{_worth(one['treat all'])}; calling nobody is 0."
    )


def _worth(value: float, of: str = "") -> str:
    return f"does harm at this price ({value:.0f})" if round(value) < 0 else f"is worth {abs(value):.0f}{of}"
