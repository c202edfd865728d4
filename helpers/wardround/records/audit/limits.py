"""Limits of the possible, and factors between units, by LOINC code: our assumptions, wide on purpose.

A value outside the limits is not a sick patient but a wrong number, an artefact of a device, or another unit. The
limits are the project's own and are wider than the ranges within which anyone was ever seen to live; they hold for
adults and children, and are no reference ranges. Factors: molar masses (creatinine 113.12, glucose 180.156, urea
nitrogen 28.0134, bilirubin 584.66, calcium 40.078 g/mol) and definitions (kg per lb, cm per inch).
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """The lowest and highest possible value of a code, by unit (UCUM)."""

    name: str
    by_unit: dict[str, tuple[float, float]]


_PRESSURE = {"mm[Hg]": (20, 320), "mmHg": (20, 320), "kPa": (2.7, 43)}
_LOW_PRESSURE = {"mm[Hg]": (5, 220), "mmHg": (5, 220), "kPa": (0.7, 29)}
_TEMPERATURE = {"Cel": (24, 45), "[degF]": (75, 113)}
_SATURATION = {"%": (20, 100)}
_GLUCOSE = {"mg/dL": (5, 2500), "mmol/L": (0.3, 140)}
_CREATININE = {"mg/dL": (0.05, 45), "umol/L": (4, 4000)}
_SALT = {"mmol/L": (80, 220), "meq/L": (80, 220)}
_HB = {"g/dL": (1, 27), "g/L": (10, 270), "mmol/L": (0.6, 17)}
_MASS = {"kg": (0.2, 500), "g": (200, 500_000), "[lb_av]": (0.5, 1100)}

LIMITS: dict[str, Limit] = {
    "8867-4": Limit("heart rate", {"/min": (15, 280), "{beats}/min": (15, 280)}),
    "9279-1": Limit("respiratory rate", {"/min": (2, 90), "{breaths}/min": (2, 90)}),
    "8310-5": Limit("body temperature", _TEMPERATURE),
    "8331-1": Limit("oral temperature", _TEMPERATURE),
    "8480-6": Limit("systolic pressure", _PRESSURE),
    "8462-4": Limit("diastolic pressure", _LOW_PRESSURE),
    "8478-0": Limit("mean pressure", _PRESSURE),
    "59408-5": Limit("oxygen saturation", _SATURATION),
    "2708-6": Limit("oxygen saturation", _SATURATION),
    "29463-7": Limit("body weight", _MASS),
    "3141-9": Limit("body weight", _MASS),
    "8302-2": Limit("body height", {"cm": (20, 275), "m": (0.2, 2.75), "[in_i]": (8, 108)}),
    "39156-5": Limit("body mass index", {"kg/m2": (5, 200)}),
    "9269-2": Limit("Glasgow coma score", {"{score}": (3, 15), "1": (3, 15)}),
    "3150-0": Limit("inhaled oxygen", {"%": (20, 100)}),
    "2951-2": Limit("sodium", _SALT),
    "2823-3": Limit("potassium", {"mmol/L": (0.8, 15), "meq/L": (0.8, 15)}),
    "2075-0": Limit("chloride", {"mmol/L": (40, 200), "meq/L": (40, 200)}),
    "1963-8": Limit("bicarbonate", {"mmol/L": (1, 70), "meq/L": (1, 70)}),
    "2160-0": Limit("creatinine", _CREATININE),
    "38483-4": Limit("creatinine", _CREATININE),
    "3094-0": Limit("urea nitrogen", {"mg/dL": (0.5, 400), "mmol/L": (0.2, 145)}),
    "2345-7": Limit("glucose", _GLUCOSE),
    "2339-0": Limit("glucose", _GLUCOSE),
    "41653-7": Limit("glucose", _GLUCOSE),
    "718-7": Limit("hemoglobin", _HB),
    "4544-3": Limit("hematocrit", {"%": (3, 80)}),
    "6690-2": Limit("leukocytes", {"10*3/uL": (0, 1500), "10*9/L": (0, 1500)}),
    "777-3": Limit("platelets", {"10*3/uL": (0, 5000), "10*9/L": (0, 5000)}),
    "1751-7": Limit("albumin", {"g/dL": (0.3, 9), "g/L": (3, 90)}),
    "1975-2": Limit("bilirubin", {"mg/dL": (0, 90), "umol/L": (0, 1540)}),
    "32693-4": Limit("lactate", {"mmol/L": (0.1, 45), "mg/dL": (0.9, 405)}),
    "2524-7": Limit("lactate", {"mmol/L": (0.1, 45), "mg/dL": (0.9, 405)}),
    "10839-9": Limit("troponin I", {"ng/mL": (0, 5000), "ng/L": (0, 5_000_000)}),
    "6598-7": Limit("troponin T", {"ng/mL": (0, 1000), "ng/L": (0, 1_000_000)}),
    "4548-4": Limit("hemoglobin A1c", {"%": (2, 25), "mmol/mol": (1, 250)}),
    "6301-6": Limit("INR", {"{INR}": (0.4, 60), "1": (0.4, 60)}),
    "1988-5": Limit("C-reactive protein", {"mg/L": (0, 1200), "mg/dL": (0, 120)}),
    "19123-9": Limit("magnesium", {"mg/dL": (0.1, 30), "mmol/L": (0.04, 12.5)}),
    "33959-8": Limit("procalcitonin", {"ng/mL": (0, 5000)}),
}
SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"

_POUND, _INCH = 1 / 0.45359237, 1 / 2.54
FACTORS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("2160-0", "38483-4"), (88.4,)),
    **dict.fromkeys(("2345-7", "2339-0", "41653-7", "1558-6"), (18.016,)),
    **dict.fromkeys(("2093-3", "2085-9", "2089-1", "13457-7", "18262-6"), (38.67,)),
    **{"2571-8": (88.57,), "3094-0": (2.801, 2.14), "1975-2": (17.1,), "17861-6": (4.008,), "19123-9": (2.431,)},
    **dict.fromkeys(("718-7", "1751-7", "2885-2", "1988-5"), (10.0,)),
    **dict.fromkeys(("32693-4", "2524-7"), (9.008,)),
    **dict.fromkeys(("10839-9", "6598-7"), (1000.0,)),
    **dict.fromkeys(("29463-7", "3141-9"), (_POUND, 1000.0)),
    **{"8302-2": (_INCH, 100.0)},
}
GENERIC = (10.0, 17.1, 18.016, 38.67, 88.4, 1000.0)
FAHRENHEIT = frozenset({"8310-5", "8331-1", "8332-9", "8333-7", "8334-5", "8328-7"})
A1C = frozenset({"4548-4", "17856-6"})
