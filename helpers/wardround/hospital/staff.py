"""Organizations, places and people at work: who appears in records beside patients."""

from __future__ import annotations

import numpy as np

from . import parameters as sheet
from .keys import KIND, STAFF, ids
from .streams import opaque

ATTENDINGS, EMERGENCY = 40, 8  # per site
PER_SITE = ATTENDINGS + EMERGENCY
ORGANIZATIONS = (
    ("Quillmere Health", None, "prov"),
    ("Quillmere General Hospital", 0, "prov"),
    ("Eastbank Hospital", 0, "prov"),
    ("Quillmere General Laboratory", 1, "dept"),
    ("Eastbank Laboratory", 2, "dept"),
)
HOSPITAL = (1, 2)  # organization of each site
LABORATORY = (3, 4)
# name, site, kind; the first of a site is its emergency department
LOCATIONS = (
    ("Quillmere General Emergency Department", 0, "ER"),
    ("Quillmere General 4 North, Medicine", 0, "HU"),
    ("Quillmere General 4 South, Medicine", 0, "HU"),
    ("Quillmere General 5 North, Surgery", 0, "HU"),
    ("Quillmere General 5 South, Heart and Lung", 0, "HU"),
    ("Quillmere General 6 North, Cancer Care", 0, "HU"),
    ("Eastbank Emergency Department", 1, "ER"),
    ("Eastbank 2 West, Medicine", 1, "HU"),
    ("Eastbank 2 East, Medicine", 1, "HU"),
    ("Eastbank 3, Surgery", 1, "HU"),
)
EMERGENCY_ROOM = np.array([0, 6])
_MEDICINE, _SURGERY = ((1, 2), (7, 8)), (3, 9)
_HEART_LUNG, _CANCER = (4, 8), (5, 8)
_FAMILY = (
    "Abara Anselm Belcourt Bhatt Castellan Drozd Eberhart Falk Gallego Hartwell Iverson Jaffe Kaminski Lindgren "
    "Mbeki-Stone Nordahl Obi Pacheco Quill Rahimi Sandoval Takeda Underhill Voss Wexler Yilmaz Zapata Ashby "
    "Brandt Coen Delacroix Ekholm Farrow Greaves Holm Imre Juarez Kessler Lowe Moreau Nair Ortega Pell Ruan Stein "
    "Tran Ulrich Vega "
)
FAMILY = tuple(_FAMILY.split())
_GIVEN = "Ada Ben Clara Dev Esther Farid Grace Hugo Ines Jonah Kira Leo Mina Noor Owen Petra Quinn Rosa Sam Tess "


def ward(site: np.ndarray, group: np.ndarray, coin: np.ndarray) -> np.ndarray:
    """Return the location of a stay by its diagnosis group."""
    number = {name: value for name, value in sheet.GROUP.items()}
    medicine = np.array(_MEDICINE)[site, (coin < 0.5).astype(np.int64)]
    surgery = np.isin(group, [number["injury"], number["planned"]])
    heart_lung = np.isin(group, [number[name] for name in ("heart_failure", "copd", "coronary", "rhythm")])
    return np.select(
        [surgery, heart_lung, group == number["chemotherapy"]],
        [np.array(_SURGERY)[site], np.array(_HEART_LUNG)[site], np.array(_CANCER)[site]],
        medicine,
    )


class Staff:
    """Ids and names of organizations, locations and practitioners (48 a site: 40 attendings, 8 in emergency)."""

    def __init__(self, id_key: int):
        def number(of: int, count: int) -> np.ndarray:
            return opaque(id_key, STAFF + of, 0, np.arange(count) + KIND["Staff"], bits=56)

        self.organizations = [f"org-{bits:014x}" for bits in number(0, len(ORGANIZATIONS)).tolist()]
        self.locations = [f"loc-{bits:014x}" for bits in number(1, len(LOCATIONS)).tolist()]
        bits = number(2, 2 * PER_SITE)
        self.practitioners = ids("Staff", bits)
        self.badges = [f"S{1000 + value % 9000}-{place}" for place, value in enumerate(bits.tolist())]
        family, given = _FAMILY.split(), _GIVEN.split()
        self.names = [(family[k % len(family)], given[(7 * k + 3) % len(given)]) for k in range(2 * PER_SITE)]
