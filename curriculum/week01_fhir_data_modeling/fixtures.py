"""What week 1 hands out: a page of laboratory results, and the view with two gaps."""

import copy
import runpy
from itertools import islice
from pathlib import Path

from wardround.course.given import apart

PAGE = 5_000

_COLUMNS = [
    {"name": "result_id", "path": "getResourceKey()", "type": "string"},
    {"name": "patient_id", "path": "subject.getReferenceKey(Patient)", "type": "string"},
    {"name": "test", "path": "code.text", "type": "string"},
    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
    {"name": "unit", "path": "value.ofType(Quantity).code", "type": "code"},
]


def laboratory_page(hospital, rows=PAGE):
    """The first laboratory results of an export that are numbers (blood cultures are words), as the resources they are."""
    observations = hospital.resources("Observation")
    return list(islice((o for o in observations if _is_laboratory(o) and "valueQuantity" in o), rows))


def laboratory_view():
    """A ViewDefinition for laboratory results: five columns; yours to add are ``loinc`` and ``known_at``."""
    return {
        "resourceType": "ViewDefinition",
        "resource": "Observation",
        "status": "draft",
        "select": [{"column": [dict(column) for column in _COLUMNS]}],
    }


def _is_laboratory(observation):
    codings = (coding for category in observation.get("category", []) for coding in category.get("coding", []))
    return any(coding.get("code") == "laboratory" for coding in codings)


_PLACES = {
    "Patient": (2, 1),
    "Encounter": (1, 1),
    "Observation": (0, 0),
    "Condition": (1, 0),
    "DiagnosticReport": (0, 2),
}
_ENDS = {"subject": "Patient", "encounter": "Encounter", "result": "Observation", "diagnosis.condition": "Condition"}


def reference_graph(arrows):
    """Draw the references among five types; ``arrows`` counts them by type and field."""

    def draw(axes):
        for start, field in arrows.index:
            if start in _PLACES and field in _ENDS:
                bend = "arc3,rad=0.15" if {start, _ENDS[field]} == {"Encounter", "Condition"} else "arc3"
                style = {"arrowstyle": "->", "shrinkA": 16, "shrinkB": 22, "connectionstyle": bend}
                axes.annotate("", _PLACES[_ENDS[field]], _PLACES[start], arrowprops=style)
        for name, (x, y) in _PLACES.items():
            axes.text(x, y, name, ha="center", va="center", bbox={"boxstyle": "round", "fc": "white"})
        axes.set(xlim=(-0.4, 2.4), ylim=(-0.4, 2.4))
        axes.axis("off")

    return draw


def coding_rows(hospital):
    """Diagnoses flattened with ``forEach`` over their codings: one row for each coding of each Condition."""
    import pandas as pd

    from wardround.records import compile_view

    condition = [
        {"name": "condition_id", "path": "getResourceKey()", "type": "string"},
        {"name": "patient_id", "path": "subject.getReferenceKey(Patient)", "type": "string"},
    ]
    coding = [{"name": name, "path": name, "type": "string"} for name in ("system", "code", "display")]
    select = [{"column": condition}, {"forEach": "code.coding", "column": coding}]
    view = {"resourceType": "ViewDefinition", "resource": "Condition", "status": "draft", "select": select}
    return pd.DataFrame(compile_view(view)(hospital.resources("Condition")))


_WANTED = 120


def mixed_encounters(hospital, wanted=_WANTED):
    """Encounters of a second feed: the hospital's own, some rewritten in the shape of FHIR R5.

    Which ones, and in which of three ways, follows from their ids, so another hospital gives another answer. Others
    look odd and are good R4: no period yet, or a class history.
    """
    return copy.deepcopy(_mixed(hospital)[:wanted])


@apart
def _mixed(hospital):
    return runpy.run_path(str(Path(__file__).with_name("mixed_feed.py")))["mixed"](hospital, _WANTED)


def planted_faults(hospital):
    """Eight good resources of the export, each with one fault; the types that ``fhir.resources`` checks stay right.

    By FHIR R4's own rules five of them are faults as well: the status and the gender (required bindings), the number
    (a JSON number), the stay that names a ward (a reference to an Encounter) and the period (its invariant per-1).
    """
    result = laboratory_page(hospital, 1)[0]
    patient = next(hospital.resources("Patient"))
    stay = next(e for e in hospital.resources("Encounter") if len(e["period"].get("end", "")) > 10)
    quantity, period = result["valueQuantity"], stay["period"]
    return {
        "a unit that cannot be": {**result, "valueQuantity": {**quantity, "unit": "furlong", "code": "[fur_us]"}},
        "a patient who is not there": {**result, "subject": {"reference": "Patient/nobody"}},
        "born in the year 2090": {**patient, "birthDate": "2090-01-01"},
        "a status that does not exist": {**result, "status": "finished-ish"},
        "gender outside its value set": {**patient, "gender": "Male"},
        "a number as text": {**result, "valueQuantity": {**quantity, "value": "13.1"}},
        "a ward where a stay belongs": {**result, "encounter": {"reference": "Location/ward-3"}},
        "a stay that ends before it begins": {**stay, "period": {"start": period["end"], "end": period["start"]}},
    }


def types_accept(resource):
    """Whether the R4B model of a resource's type in ``fhir.resources`` raises nothing."""
    from fhir.resources.R4B import get_fhir_model_class

    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError:
        return False
    return True


NORTHGATE = "http://northgate.example.org/codes/lab"
_URINE = [("UGLU", "Glucose", "2350-7", 12.0, "mg/dL"), ("K", "Potassium, urine", "2828-2", 48.0, "mmol/L")]


def three_laboratories(hospital):
    """A hospital's tables, with twelve results of an invented third laboratory in ``labs``, first and last.

    Northgate measures urine. One of its codes (K) and one of its names (Glucose) are the hospitals' for blood, and it
    sends LOINC beside both: whoever looks a code or a name up without the system gets Northgate's meaning.
    """
    return _WithLabs(hospital.tables, _joined(hospital.tables.labs))


def _joined(labs):
    import pandas as pd

    northgate = labs.head(12).copy()
    columns = [list(column) for column in zip(*_URINE * 6, strict=True)]
    for name, column in zip(["local_code", "text", "loinc", "value", "unit"], columns, strict=True):
        northgate[name] = column
    northgate["unit_text"], northgate["local_system"] = northgate["unit"], NORTHGATE
    northgate["lab_key"] = [f"northgate-{n}" for n in range(12)]
    northgate["encounter_key"] = northgate["patient_key"] = northgate["lab_key"].str.replace("northgate", "visitor")
    return pd.concat([northgate.head(6), labs, northgate.tail(6)], ignore_index=True)


class _WithLabs:
    """Tables with one of them exchanged."""

    def __init__(self, tables, labs):
        self._tables, self.labs = tables, labs

    def __getattr__(self, name):
        return getattr(self._tables, name)

    def __getitem__(self, name):
        return self.labs if name == "labs" else self._tables[name]
