"""Figures in the house style: a message in a sentence, delivered to a screen reader, never by colour alone.

matplotlib's own notebook output has no alternative text, and its SVG changes with each run. So a figure here is one
``<figure>`` with an image, its sentence as the alternative text, and the numbers folded below it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

if TYPE_CHECKING:
    from .uncertainty import Estimate

# Okabe and Ito's colours, which stay apart for people with colour-blindness; yellow is left out, it vanishes on white.
palette = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
_MARKS = ("o", "s", "^", "D", "v", "x")
MOST_MARKS = 2_000
FEWEST_WORDS = 6
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "wardround",
}


class FigureError(ValueError):
    """A figure that would not reach everybody."""


@dataclass(frozen=True)
class Figure:
    """A finished figure: the last expression of a cell shows it."""

    image: bytes
    mime: str
    says: str
    table: pd.DataFrame | None = None

    def __repr__(self) -> str:
        return f"Figure: {self.says}"

    def _repr_html_(self) -> str:
        source = f"data:{self.mime};base64,{base64.b64encode(self.image).decode()}"
        picture = f'<img src="{source}" alt="{escape(self.says)}" style="max-width:100%;background:white">'
        folded = ""
        if self.table is not None:
            folded = f"<details><summary>The numbers</summary>{self.table.to_html(border=0)}</details>"
        return f'<figure style="margin:0.5em 0">{picture}<figcaption>{escape(self.says)}</figcaption>{folded}</figure>'


def figure(
    draw: Callable[[Any], Any],
    *,
    says: str,
    title: str = "",
    table: pd.DataFrame | None = None,
    size: tuple[float, float] = (7.0, 3.4),
    grid: tuple[int, int] = (1, 1),
) -> Figure:
    """Draw one figure.

    Parameters
    ----------
    draw
        Called with the axes (with all of them in a list, row by row, if there are several); each line it adds gets a
        colour, a line style and a marker of its own.
    says
        The figure's message in a sentence: it is the caption and the alternative text.
    table
        The numbers, folded below the picture.
    size
        Inches, width and height.
    grid
        Rows and columns of panels, for one message that needs several views; ``title`` then heads them all.

    Raises
    ------
    FigureError
        The sentence is missing or too short to be a message, or an axis has no label.
    """
    if len(says.split()) < FEWEST_WORDS:
        raise FigureError(
            f"This figure has no message: say in a sentence of {FEWEST_WORDS} words or more what it shows."
        )
    styles = matplotlib.cycler(color=palette, linestyle=_LINES, marker=_MARKS)
    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": styles}):
        canvas = Canvas(figsize=size, layout="constrained")
        panels = list(canvas.subplots(*grid, squeeze=False).flat)
        draw(panels[0] if len(panels) == 1 else panels)
        if title:
            panels[0].set_title(title) if len(panels) == 1 else canvas.suptitle(title)
        for axes in panels:
            _refuse_bare(axes)
        kind = "png" if sum(map(_marks, panels)) > MOST_MARKS else "svg"
        held = io.BytesIO()
        canvas.savefig(held, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return Figure(held.getvalue(), "image/svg+xml" if kind == "svg" else "image/png", says, table)


def lines(
    table: pd.DataFrame, *, ylabel: str, xlabel: str = "", ylim: tuple[float | None, float | None] = (0, None)
) -> Callable[[Axes], Any]:
    """Draw each column of a table over its index, with the column's name beside its last point.

    Parameters
    ----------
    xlabel
        By default the name of the index.
    ylim
        Lowest and highest y, None for whatever the data need. A line that ends outside has no name beside it.
    """

    def draw(axes: Axes) -> None:
        for number, name in enumerate(table.columns):
            axes.plot(table.index, table[name])
            direct_label(axes, table.index[-1], table[name].iloc[-1], str(name), number=number)
        axes.set(xlabel=xlabel or str(table.index.name), ylabel=ylabel, ylim=ylim)
        if len(table) <= 12:
            axes.set_xticks(table.index)

    return draw


def intervals(
    found: Mapping[str, Estimate], *, xlabel: str, ylabel: str = "with its interval"
) -> Callable[[Axes], Any]:
    """Draw each number as a dot on its interval, the first name lowest; a thin line marks zero where it is in sight.

    Parameters
    ----------
    found
        Name to anything with ``value``, ``low`` and ``high``, such as :func:`~wardround.evaluation.auroc` returns.
    """

    def draw(axes: Axes) -> None:
        for row, one in enumerate(found.values()):
            axes.plot([one.low, one.high], [row, row], "-", color="black", marker="|")
            axes.plot(one.value, row, "o", color="black")
        axes.set(xlabel=xlabel, ylabel=ylabel, yticks=range(len(found)), yticklabels=list(found))
        low, high = axes.get_xlim()
        if low <= 0 <= high:
            axes.axvline(0, color="black", linewidth=0.8)

    return draw


def lanes(steps: pd.DataFrame, *, xlabel: str) -> Callable[[Axes], Any]:
    """Draw who does what, when: a lane for each ``who``, a box with its ``what`` from ``begins`` to ``ends``, in hours.

    Parameters
    ----------
    steps
        One row a box, the lanes from top to bottom as they first occur. A row with ``stops`` true is what somebody no
        longer does: its box is dashed.
    """

    def draw(axes: Axes) -> None:
        order = list(dict.fromkeys(steps.who))
        for step in steps.itertuples():
            row, dashed = order.index(step.who), bool(getattr(step, "stops", False))
            axes.barh(
                row,
                step.ends - step.begins,
                left=step.begins,
                height=0.8,
                facecolor="white" if dashed else "#DCE9F3",
                edgecolor=palette[1] if dashed else palette[0],
                linestyle="--" if dashed else "-",
            )
            axes.text(step.begins + 0.03, row, step.what, va="center", fontsize=8.5)
        axes.set(yticks=range(len(order)), yticklabels=order, ylim=(len(order) - 0.5, -0.5), ylabel="who")
        hours = range(int(steps.begins.min()), int(-(-steps.ends.max() // 1)) + 1)
        axes.set(xlabel=xlabel, xticks=hours, xticklabels=[f"{hour:02d}:00" for hour in hours])

    return draw


def direct_label(axes: Axes, x: float, y: float, text: str, *, number: int = 0) -> None:
    """Write a series' name beside its last point, in its colour, so that nobody needs a legend."""
    place = "center" if y else "bottom"  # a name at zero would lie on the axis
    axes.annotate(text, (x, y), xytext=(6, 0), textcoords="offset points", va=place, color=palette[number])


def _refuse_bare(axes: Axes) -> None:
    for name, text in (("x", axes.get_xlabel()), ("y", axes.get_ylabel())):
        if not text and axes.axison:
            raise FigureError(f"The {name} axis has no label: call `axes.set_{name}label` with quantity and unit.")


def _marks(axes: Axes) -> int:
    points = sum(len(line.get_xdata()) for line in axes.lines)
    return points + len(axes.patches) + sum(len(held.get_offsets()) for held in axes.collections)
