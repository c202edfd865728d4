"""``explore``: a threshold, a price, a place and a capacity, and what they come to; four views and a table at once.

``explore(back, risk, a_week, threshold=0.1, …)`` is the plain way: a still figure, and its numbers as text.
``explorer(back, risk, a_week)`` puts four sliders before the same function. A slider takes the arrow keys, and the
number beside it can be typed; where nothing runs, the still figure stands in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from wardround.course.explorer_views import drawn
from wardround.evaluation import EvaluationError, Figure, auroc_value, figure, price_of_threshold
from wardround.evaluation.uncertainty import checked

SLIDERS = {  # lowest, highest, step, and what it is called
    "threshold": (0.01, 0.40, 0.005, "Threshold: call from this risk on"),
    "harm_ratio": (1.0, 40.0, 0.5, "Harm ratio: needless calls for one return"),
    "prevalence": (0.02, 0.30, 0.005, "Prevalence: share who come back"),
    "capacity": (0, 100, 1, "Capacity: calls a week"),
}


class Setting(NamedTuple):
    """What the four sliders say."""

    threshold: float = 0.10
    harm_ratio: float = 9.0
    prevalence: float | None = None
    capacity: float = 40


class Cells(NamedTuple):
    """Of all people, at one cut: called and coming back, or not; not called and coming back, or not. They add to 1."""

    found: float
    needless: float
    missed: float
    spared: float

    def worth(self, harm_ratio: float) -> float:
        """Net benefit: returns found a person, less needless calls at ``1 / harm_ratio`` each (see ``net_benefit``)."""
        return self.found - self.needless / harm_ratio


@dataclass(frozen=True)
class Scene:
    """The patients under one setting: each weighs what the prevalence asked for makes of them, all together 1."""

    back: np.ndarray
    risk: np.ndarray
    a_week: float
    setting: Setting

    @cached_property
    def odds_moved(self) -> tuple[float, float]:
        """How much more, or less, one who came back weighs than observed; and one who did not."""
        seen, asked = float(self.back.mean()), self.setting.prevalence
        return asked / seen, (1 - asked) / (1 - seen)

    @cached_property
    def weight(self) -> np.ndarray:
        """One entry a patient."""
        return np.where(self.back, *self.odds_moved) / self.back.size

    def cells(self, cut: float) -> Cells:
        """The four cells if everybody at or above ``cut`` is called."""
        on, back = self.risk >= cut, self.back
        return Cells(*(float(self.weight[part].sum()) for part in (on & back, on & ~back, ~on & back, ~on & ~back)))

    @cached_property
    def last(self) -> float:
        """The risk of the last one called if all calls are used; infinite if there is none.

        People of one risk are called together: who no longer fits is left out.
        """
        values, place = np.unique(self.risk, return_inverse=True)
        above = np.cumsum(np.bincount(place, self.weight)[::-1])[::-1]  # share of all at or above each value
        fits = values[above <= self.setting.capacity / self.a_week + 1e-12]
        return float(fits[0]) if fits.size else float("inf")

    @cached_property
    def cut(self) -> float:
        """The risk from which on somebody really is called."""
        return max(self.setting.threshold, self.last)


@dataclass(frozen=True)
class Explored:
    """What one setting comes to. A cell's last expression shows figure and numbers, ``print`` the numbers alone.

    Attributes
    ----------
    setting
        The four numbers asked for.
    says
        The message in a sentence; the figure's alternative text, too.
    table
        Every number, one a row, its unit and its whole in its name.
    figure
        Four views: order, promise, price, and a week of people.
    """

    setting: Setting
    says: str
    table: pd.Series
    figure: Figure

    def __repr__(self) -> str:
        return f"{self.says}\n\n{self.table.map('{:g}'.format).to_string()}"

    def _repr_html_(self) -> str:
        return self.figure._repr_html_()


def explore(
    back,
    risk,
    a_week: float,
    *,
    threshold: float = Setting().threshold,
    harm_ratio: float = Setting().harm_ratio,
    prevalence: float | None = None,
    capacity: float = Setting().capacity,
) -> Explored:
    """Show what a threshold, a price, a place and a capacity come to for one model.

    Parameters
    ----------
    back
        Whether each patient came back, 0/1 or booleans.
    risk
        Their predicted risks, 0 to 1.
    a_week
        Patients of this kind in a week.
    threshold
        Called from this risk on, above 0 and below 1.
    harm_ratio
        The price: how many needless calls finding one return is judged to be worth. It asks for a threshold of
        ``1 / (1 + harm_ratio)``, which need not be the one in use.
    prevalence
        Share who come back; None leaves the one observed. Another one lets those who came back weigh more (or less)
        and leaves every risk as it is: a place with more such patients, for which nobody has mended the model.
    capacity
        Calls a week. If more people lie above the threshold, the highest are called.

    Returns
    -------
    Explored

    Raises
    ------
    EvaluationError
        A number out of range; columns of unequal length, missing values, or one outcome only.

    Notes
    -----
    A mean week, decided at once; a real list is decided day by day (:func:`wardround.evaluation.call_daily`).
    """
    back, risk = checked(back, risk)
    if back.all() or not back.any():
        raise EvaluationError("All of these patients have the same outcome, so there is nothing to explore.")
    asked = Setting(threshold, harm_ratio, float(back.mean()) if prevalence is None else prevalence, capacity)
    _refuse(asked, a_week)
    scene = Scene(back, risk, float(a_week), asked)
    table = _table(scene)
    says = _says(scene, table)
    made = figure(lambda panels: drawn(panels, scene), says=says, table=table.to_frame(), size=(9.6, 7.8), grid=(2, 2))
    return Explored(asked, says, table, made)


def _refuse(asked: Setting, a_week: float) -> None:
    """Say in a sentence which number cannot be, and what it may be."""
    held = {
        "threshold": (asked.threshold, 0 < asked.threshold < 1, "a risk above 0 and below 1"),
        "harm_ratio": (asked.harm_ratio, asked.harm_ratio > 0 and isfinite(asked.harm_ratio), "a number above 0"),
        "prevalence": (asked.prevalence, 0 < asked.prevalence < 1, "a share above 0 and below 1"),
        "capacity": (asked.capacity, asked.capacity >= 0 and isfinite(asked.capacity), "0 calls a week or more"),
        "a_week": (a_week, a_week > 0 and isfinite(a_week), "a number of patients above 0"),
    }
    for name, (value, sound, wanted) in held.items():
        if not sound:
            raise EvaluationError(f"`{name}={value:g}` cannot be explored; give {wanted}.")


def _table(scene: Scene) -> pd.Series:
    threshold, harm_ratio, ill, _ = scene.setting
    above, done, week = scene.cells(threshold), scene.cells(scene.cut), scene.a_week
    everybody, promised = Cells(ill, 1 - ill, 0, 0), float((scene.weight * scene.risk).sum())
    flagged = above.found + above.needless
    rows = {
        "AUROC": round(auroc_value(scene.back, scene.risk), 3),
        "of 100 who come back, above the threshold": round(100 * above.found / ill, 1),
        "of 100 who do not, below it": round(100 * above.spared / (1 - ill), 1),
        "of 100 above it, come back": round(100 * above.found / flagged, 1) if flagged else nan,
        "of 1,000, promised to come back": round(1000 * promised, 1),
        "of 1,000, come back": round(1000 * ill, 1),
        "observed over expected": round(ill / promised, 2),
        "a week, go home": round(week, 1),
        "a week, above the threshold": round(week * flagged, 1),
        "a week, called": round(week * (done.found + done.needless), 1),
        "a week, called, came back": round(week * done.found, 1),
        "a week, not called, came back": round(week * done.missed, 1),
        "threshold that the harm ratio asks for, of 100": round(100 / (1 + harm_ratio), 1),
        "needless calls for one return, by the threshold": round(price_of_threshold(threshold).needless, 1),
        "needless calls for one return, by the capacity": _price(scene.last),
        "net benefit of 1,000: all above the threshold called": round(1000 * above.worth(harm_ratio), 1),
        "net benefit of 1,000: as called": round(1000 * done.worth(harm_ratio), 1),
        "net benefit of 1,000: everybody called": round(1000 * everybody.worth(harm_ratio), 1),
        "net benefit of 1,000: nobody called": 0.0,
    }
    return pd.Series(rows, name="value")


def _price(last: float) -> float:
    """Needless calls for one return that the last call is judged worth; unknown if there is no call."""
    return round(price_of_threshold(last).needless, 1) if last <= 1 else nan


def _says(scene: Scene, table: pd.Series) -> str:
    called, found = table["a week, called"], table["a week, called, came back"]
    would, left = found + table["a week, not called, came back"], table["a week, above the threshold"] - called
    none_left = f" (for {left:.0f} above the threshold no call is left)" if left >= 0.5 else ""
    whom = max(("everybody", "nobody"), key=lambda name: table[f"net benefit of 1,000: {name} called"])
    gain = table["net benefit of 1,000: as called"] - table[f"net benefit of 1,000: {whom} called"]
    return (
        f"Called from a risk of {100 * scene.setting.threshold:g}% on: {called:.0f} of {scene.a_week:.0f} who go home "
        f"in a week{none_left}, {found:.0f} of the {would:.0f} who came back among them; with one return found "
        f"worth {scene.setting.harm_ratio:g} needless calls this is worth {abs(gain):.0f} returns found of 1,000 "
        f"{'more' if gain > 0 else 'less'} than calling {whom}."
    )


# the sliders ----------------------------------------------------------------------------------------------------------
class Explorer:
    """Four sliders before :func:`explore`; ``shown`` is what they show now, ``sliders`` holds them by name."""

    def __init__(self, back, risk, a_week: float, **start: Any):
        import ipywidgets

        self._patients = back, risk, a_week
        self.shown = explore(*self._patients, **start)
        made = {name: _slider(ipywidgets, name, value) for name, value in self.shown.setting._asdict().items()}
        self.sliders = {name: slider for name, (slider, _) in made.items()}
        self._page = ipywidgets.HTML(_page(self.shown))
        self._box = ipywidgets.VBox([*(row for _, row in made.values()), self._page])
        for slider in self.sliders.values():
            slider.observe(self._move, names="value")

    def _move(self, _change: Any) -> None:
        asked = {name: slider.value for name, slider in self.sliders.items()}
        self.shown = explore(*self._patients, **asked)
        self._page.value = _page(self.shown)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Sliders where a kernel runs; else (a page, a print) the still figure."""
        shown = self._box._repr_mimebundle_(**kwargs)
        return shown | {"text/html": self.shown._repr_html_(), "text/plain": repr(self.shown)}


def explorer(back, risk, a_week: float, **start: Any) -> Explorer:
    """Four sliders (threshold, harm ratio, prevalence, capacity) before :func:`explore`, which has the parameters."""
    return Explorer(back, risk, a_week, **start)


def _slider(ipywidgets: Any, name: str, value: float) -> tuple[Any, Any]:
    """A slider, and its row: a number field first, since a screen reader reads its label; a handle has none."""
    low, high, step, called = SLIDERS[name]
    whole = name == "capacity"
    range_of = {"value": min(max(value, low), high), "min": low, "max": high, "step": step}
    slider = (ipywidgets.IntSlider if whole else ipywidgets.FloatSlider)(
        **range_of,
        readout=False,
        continuous_update=False,  # one figure when the key or the mouse is let go
    )
    field = (ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText)(
        **range_of, description=called, style={"description_width": "24em"}, layout={"width": "33em"}
    )
    ipywidgets.link((slider, "value"), (field, "value"))
    return slider, ipywidgets.HBox([field, slider])


def _page(shown: Explored) -> str:
    """The figure, its numbers, and its message where a screen reader hears that it has changed."""
    return f'<p role="status" aria-live="polite">{escape(shown.says)}</p>{shown._repr_html_()}'
