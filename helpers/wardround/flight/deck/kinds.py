"""What the cards of the deck share: where they strike, which rows are hit, and what they remember."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from wardround.hospital import parameters as sheet
from wardround.hospital.streams import uniform

from ..card import Card, Columns, Drawn
from ..words import SITES

VITALS = sheet.VITALS
LABS = ("creatinine", "urea", "lactate", "leukocytes", "glucose")  # of the wards; the list has others besides
NORTHGATE = SITES.index("northgate")
ALL_SITES = -1


@dataclass(frozen=True)
class Incident(Card):
    """A card of this deck.

    Attributes
    ----------
    strikes : str
        ``one`` site of the two old ones, drawn; ``all`` sites; ``new``: the site that is not there without it.
    released : bool
        It comes with a release or an update, so never at a weekend.
    """

    strikes: str = "all"
    released: bool = False


def here(rows: Columns, drawn: Drawn) -> np.ndarray:
    """Return which of a day's windows lie at the card's site."""
    if drawn.site == ALL_SITES:
        return np.ones(rows["site"].size, dtype=bool)
    return rows["site"] == drawn.site


def listed(rows: pd.DataFrame, drawn: Drawn) -> np.ndarray:
    """Return which discharges lie at the card's site and, where their day is known, within the card."""
    at = np.ones(len(rows), dtype=bool) if drawn.site == ALL_SITES else rows["site"].eq(SITES[drawn.site]).to_numpy()
    if "day" in rows:
        day = rows["day"].to_numpy()
        at = at & (day >= drawn.begins) & (day < drawn.ends)
    return at


def lot(drawn: Drawn, rows: Columns, slot: int = 0) -> np.ndarray:
    """Return a uniform for each window that depends on the card's dice, the stay and the window alone."""
    return uniform(drawn.dice, rows["stay"], rows["window"], slot, 0)[0]


class Remembered:
    """What a card has seen of each stay on earlier days; a hook gets one day, and some faults hand out older values.

    What is kept depends on the stay and on the days shown, never on the plan that is flown, so two flights may share
    it. Whoever shows a hook a single day out of the middle sees the values that the day itself brought.
    """

    def __init__(self) -> None:
        self.of: Drawn | None = None
        self.first: dict[int, tuple[int, tuple[float, ...]]] = {}
        self.last: dict[int, dict[int, tuple[float, ...]]] = {}

    def _for(self, drawn: Drawn, day: int) -> None:
        if self.of is not drawn or day <= drawn.begins:
            self.of, self.first, self.last = drawn, {}, {}

    def since_first(self, rows: Columns, names: tuple[str, ...], drawn: Drawn, day: int, hold: int) -> Columns:
        """Return the values of ``names`` as they were when a stay was first seen, or at every ``hold``-th window since.

        ``windows_ago`` is added: how many windows old each row's values are.
        """
        self._for(drawn, day)
        stay, window = rows["stay"].tolist(), rows["window"].tolist()
        values = list(zip(*(rows[name].tolist() for name in names), strict=True))
        found, ago = [], np.zeros(len(stay), dtype=np.int64)
        for place in np.lexsort((rows["window"], rows["stay"])).tolist():
            key, now = stay[place], window[place]
            kept = self.first.get(key)
            if kept is None or now - kept[0] >= hold or now < kept[0]:
                kept = self.first[key] = (now, values[place])
            found.append((place, kept[1]))
            ago[place] = now - kept[0]
        found.sort()
        taken = np.array([value for _, value in found], dtype=float).reshape(len(stay), len(names))
        return {name: taken[:, number] for number, name in enumerate(names)} | {"windows_ago": ago}

    def one_before(self, rows: Columns, names: tuple[str, ...], drawn: Drawn, day: int) -> Columns:
        """Return the values of ``names`` as they were one window earlier; NaN where a stay was not seen before."""
        self._for(drawn, day)
        yesterday, today = self.last.get(day - 1, {}), {}
        nothing = (np.nan,) * len(names)
        stay = rows["stay"].tolist()
        values = list(zip(*(rows[name].tolist() for name in names), strict=True))
        found = np.empty((len(stay), len(names)))
        for place in np.lexsort((rows["window"], rows["stay"])).tolist():
            key = stay[place]
            found[place] = today.get(key, yesterday.get(key, nothing))
            today[key] = values[place]
        self.last = {day - 1: yesterday, day: today}
        return {name: found[:, number] for number, name in enumerate(names)}
