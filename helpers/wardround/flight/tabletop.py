"""The year as printed cards for a group around a table: what is seen first, and the answers on pages of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .card import Drawn
from .deck import draw
from .words import ACTIONS, AXES, ROLES, SIGNALS, SITES

TEMPLATES = Path(__file__).parent / "templates"
OPENING, CLOSING, SHORTEST, LONGEST = 8, 14, 60, 90  # minutes
PLACES = {-1: "all sites", **{number: name.capitalize() for number, name in enumerate(SITES)}}
SERVICE_WORDS = {"ward": "the wards' early warning", "list": "the list of care calls"}
# who, and the question that only they ask
PARTS = {
    "clinical_lead": ("answers for what the service does to patients", "Who could be harmed until tomorrow morning?"),
    "nurse_lead": ("answers for who goes to the bedside", "What do I tell the night shift, in one sentence?"),
    "data_engineer": ("knows how each row comes in", "Which rows, since when, from where?"),
    "ml_engineer": (
        "knows the model, its threshold, its releases",
        "What was changed last? What do frozen cases say?",
    ),
    "privacy_officer": ("answers for what leaves the building", "Does anything leave that should not, and since when?"),
    "vendor_manager": ("holds the contracts", "What were we promised, and who must call whom?"),
    "operations": ("keeps systems, beds and staff going", "What do we do by hand while this is open?"),
}


@dataclass(frozen=True)
class Sheet:
    """One incident as it stands on paper: the front for everybody, the answer for whoever leads."""

    number: int
    drawn: Drawn

    @property
    def week(self) -> int:
        """The week of the year in which it begins, from 1."""
        return self.drawn.begins // 7 + 1

    @property
    def weekday(self) -> str:
        """The day on which it begins."""
        return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[self.drawn.begins % 7]

    @property
    def lasts(self) -> int:
        """Whole weeks for which it lasts if nobody mends it."""
        return round((self.drawn.ends - self.drawn.begins) / 7)

    @property
    def where(self) -> str:
        """The site."""
        return PLACES[self.drawn.site]

    @property
    def services(self) -> str:
        """Which services it touches, in words."""
        return " and ".join(SERVICE_WORDS[name] for name in self.drawn.card.services)

    @property
    def watch(self) -> list[str]:
        """What a monitor would have to watch to find it."""
        return [SIGNALS[name].says for name in self.drawn.card.seen_by]

    @property
    def do(self) -> list[str]:
        """The reference response, in order."""
        return [ACTIONS[name].says for name in self.drawn.card.reference]

    @property
    def tempted(self) -> list[str]:
        """The wrong response that tempts."""
        return [ACTIONS[name].says for name in self.drawn.card.tempted]

    @property
    def bites(self) -> str:
        """On which axis it is felt, and what that counts."""
        return f"{self.drawn.card.bites}: {AXES[self.drawn.card.bites]}"


def tabletop(seed: int, count: int = 7) -> str:
    """Return one HTML page to print: a sheet for whoever leads, the roles, a card a page, and the answers at the end.

    Parameters
    ----------
    seed : int
        The incidents are those that the seed draws from the deck, in their order.
    count : int
        6 to 8 of them.
    """
    sheets = [Sheet(number, one) for number, one in enumerate(draw(seed, count), 1)]
    each = min(9, (LONGEST - OPENING - CLOSING) // count)
    given = {
        "seed": seed,
        "sheets": sheets,
        "roles": [(name.replace("_", " "), *PARTS[name]) for name in ROLES],
        "opening": OPENING,
        "each": each,
        "closing": CLOSING,
        "minutes": OPENING + each * count + CLOSING,
        "short": (SHORTEST - OPENING - CLOSING) // each,
        "shortest": SHORTEST,
    }
    return _environment().get_template("tabletop.html.j2").render(**given)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
