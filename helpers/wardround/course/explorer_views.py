"""The four views of :mod:`wardround.course.explorer`: order, promise, price, and a week of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.path import Path

from wardround.evaluation import calibration_bins, direct_label, palette, roc

if TYPE_CHECKING:
    from wardround.course.explorer import Scene

PRICES = np.arange(1, 41) / 100
A_ROW = 25
GREY = "#5F5F5F"


def drawn(panels: list[Axes], scene: Scene) -> None:
    """Draw the four views of one setting."""
    for draw, axes in zip((_order, _promise, _price, _week), panels, strict=True):
        draw(axes, scene)


def decision_lines(scene: Scene) -> pd.DataFrame:
    """Net benefit of 1,000 at each threshold: the model cut there, everybody called, nobody called."""
    everybody = scene.cells(-1)
    ratios = (1 - PRICES) / PRICES
    model = [scene.cells(cut).worth(ratio) for cut, ratio in zip(PRICES, ratios, strict=True)]
    everyone = [everybody.worth(ratio) for ratio in ratios]
    lines = {"model": model, "call everybody": everyone, "call nobody": 0.0}
    return 1000 * pd.DataFrame(lines, index=pd.Index(PRICES, name="threshold"))


def promised_and_seen(scene: Scene) -> pd.DataFrame:
    """Ten groups of the patients; the shares seen, and their intervals, moved to the prevalence asked for."""
    more, fewer = scene.odds_moved
    bins = calibration_bins(scene.back, scene.risk)
    moved = {name: bins[name] * more / (bins[name] * more + (1 - bins[name]) * fewer) for name in bins.columns[-3:]}
    return bins.assign(**moved)


def _order(axes: Axes, scene: Scene) -> None:
    curve, ill = roc(scene.back, scene.risk), scene.setting.prevalence
    axes.plot(curve.false_positive_rate, curve.sensitivity, "-", marker="", color=palette[0])
    axes.plot([0, 1], [0, 1], ":", marker="", color=GREY, linewidth=1)
    spots = {"threshold": (scene.setting.threshold, "s"), "as called": (scene.cut, "o")}
    if scene.cut == scene.setting.threshold:
        spots.pop("as called")
    for (name, (cut, mark)), fill in zip(spots.items(), ("white", "black"), strict=False):
        cells = scene.cells(cut)
        place = cells.needless / (1 - ill), cells.found / ill
        axes.plot(*place, mark, color="black", markerfacecolor=fill, markersize=8, linestyle="")
        side = {"xytext": (-8, 8), "ha": "right"} if fill == "white" else {"xytext": (9, -12)}  # they may lie together
        axes.annotate(name, place, textcoords="offset points", **side)
    axes.set(xlabel="of those who stay well, share above the cut", ylabel="of those who come back, share above")
    axes.set_title("Order: the ROC curve")


def _promise(axes: Axes, scene: Scene) -> None:
    bins = promised_and_seen(scene)
    top = 1.05 * max(bins.high.max(), bins.predicted.max())
    axes.plot([0, top], [0, top], ":", marker="", color=GREY, linewidth=1)
    axes.vlines(bins.predicted, bins.low, bins.high, color=palette[0])
    axes.plot(bins.predicted, bins.observed, "o", color=palette[0], linestyle="")
    axes.axvline(scene.setting.threshold, color="black", linestyle="--", linewidth=1)
    axes.annotate("threshold", (scene.setting.threshold, 0), (4, 6), textcoords="offset points", rotation=90)
    axes.annotate("promise = what comes", (0.97 * top, 0.97 * top), ha="right", va="bottom", color=GREY, fontsize=9)
    axes.set(xlabel="promised share", ylabel="share who came back", ylim=(0, top), xlim=(0, top))
    axes.set_title("Promise: ten groups of patients")


def _price(axes: Axes, scene: Scene) -> None:
    lines, ratio = decision_lines(scene), scene.setting.harm_ratio
    for number, name in enumerate(lines.columns):
        axes.plot(100 * lines.index, lines[name], ("-", "--", "-.")[number], marker="", color=palette[number])
    floor, top = -0.35 * max(lines.model.max(), 1), 1.08 * lines.to_numpy().max()
    shown = lines["call everybody"] > floor
    end = lines.index[shown][-1]
    direct_label(axes, 100 * end, lines["call everybody"][end], "call everybody", number=1)
    direct_label(axes, 100 * lines.index[-1], 0, "nobody", number=2)
    direct_label(axes, 100 * lines.index[-1], max(lines.model.iloc[-1], 0.09 * top), "model", number=0)
    price = 100 / (1 + ratio)
    axes.axvline(price, color="black", linestyle="--", linewidth=1)
    worth = 1000 * scene.cells(scene.cut).worth(ratio)
    axes.plot(price, max(worth, floor), "o", color="black", markersize=8)
    axes.annotate("as called", (price, max(worth, floor)), (9, 5), textcoords="offset points")
    axes.annotate(f"price {ratio:g} : 1", (price, top), (4, -2), textcoords="offset points", va="top")
    axes.set(xlabel="threshold that a harm ratio asks for, of 100", ylabel="net benefit of 1,000", ylim=(floor, top))
    axes.set_title("Price: the decision curve")


# a week of people -----------------------------------------------------------------------------------------------------
def people_of(scene: Scene) -> dict[str, int]:
    """The people of a mean week in whole numbers that add up to it; a class each."""
    done, above = scene.cells(scene.cut), scene.cells(scene.setting.threshold)
    exact = {
        "called, came back": done.found,
        "called, did not": done.needless,
        "above, no call left, came back": above.found - done.found,
        "above, no call left, did not": above.needless - done.needless,
        "below, came back": above.missed,
        "below, did not": above.spared,
    }
    week = np.array([scene.a_week * max(share, 0) for share in exact.values()])
    whole = np.floor(week + 1e-9).astype(int)
    short = round(scene.a_week) - whole.sum()
    whole[np.argsort(-(week - whole), kind="stable")[: max(short, 0)]] += 1  # largest remainders first
    return dict(zip(exact, whole.tolist(), strict=True))


def _person() -> Path:
    """Head and shoulders as a marker."""
    head, arc = Path.circle((0, 0.55), 0.4), np.linspace(0, np.pi, 12)
    body = np.column_stack([0.75 * np.cos(arc), -0.95 + 0.95 * np.sin(arc)])
    return Path.make_compound_path(head, Path(np.vstack([body, body[:1]]), closed=True))


def _week(axes: Axes, scene: Scene) -> None:
    counts, row, person = people_of(scene), 0, _person()
    for name, count in counts.items():
        if not count:
            continue
        ill = name.endswith("came back")
        face = palette[1] if ill else "white"
        edge = palette[1] if ill else GREY
        place = np.arange(count)
        axes.annotate(f"{count}  {name}", (0, row), va="center", annotation_clip=False)
        axes.scatter(
            place % A_ROW, row + 1 + place // A_ROW, s=75, marker=person, facecolors=face, edgecolors=edge, linewidths=1
        )
        row += 2.1 + (count - 1) // A_ROW
    axes.set(xlim=(-0.6, A_ROW), ylim=(max(row, 12), -0.8))
    axes.axis("off")
    axes.set_title("A mean week; filled: came back")
