"""What week 1 hands out: a page of laboratory results, and the view with two gaps."""

from itertools import islice

PAGE = 5_000

_COLUMNS = [
    {"name": "result_id", "path": "getResourceKey()", "type": "string"},
    {"name": "patient_id", "path": "subject.getReferenceKey(Patient)", "type": "string"},
    {"name": "test", "path": "code.text", "type": "string"},
    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
    {"name": "unit", "path": "value.ofType(Quantity).code", "type": "code"},
]


def laboratory_page(hospital, rows=PAGE):
    """The first laboratory results of an export, as the resources they are."""
    observations = hospital.resources("Observation")
    return list(islice((o for o in observations if _is_laboratory(o)), rows))


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
