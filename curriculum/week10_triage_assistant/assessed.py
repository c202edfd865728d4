"""What is wrong with a RiskAssessment of Q5: by the types of FHIR R4B, and by what it says. In no box."""

from __future__ import annotations

import datetime as dt

TWELVE = dt.timedelta(hours=12)
NEAR = dt.timedelta(minutes=1)


def problems(said, made):
    """Return ``[kind, sentence]`` for what is wrong with one resource."""
    found = _by_type(said)
    if said.get("resourceType") != "RiskAssessment":
        found.append(["type", f"resourceType is {said.get('resourceType')!r}"])
    if said.get("status") not in ("final", "preliminary"):
        found.append(["status", f"status is {said.get('status')!r}: is this assessment made, or not yet?"])
    found += _of_whom(said, made) + _made_when(said, made) + _from_what(said, made)
    predictions = said.get("prediction")
    if not isinstance(predictions, list) or not predictions or not isinstance(predictions[0], dict):
        return [*found, ["no number", "there is no prediction in it"]]
    return found + _how_likely(predictions[0], made) + _within(predictions[0], made)


def _by_type(said):
    from fhir.resources.R4B.riskassessment import RiskAssessment

    try:
        RiskAssessment.model_validate(said)
    except ValueError as trouble:  # pydantic's own is one
        first = trouble.errors()[0] if hasattr(trouble, "errors") else {"loc": (), "msg": str(trouble)}
        where = ".".join(map(str, first["loc"]))
        return [["invalid", f"R4B does not accept it, at `{where or 'the whole'}`: {str(first['msg'])[:90]}"]]
    return []


def _of_whom(said, made):
    found = []
    for name, wanted in (("subject", f"Patient/{made['patient_id']}"), ("encounter", f"Encounter/{made['encounter_id']}")):
        told = said.get(name)
        told = told.get("reference") if isinstance(told, dict) else None
        if told != wanted:
            found.append(["whom", f"{name} is {told!r}"])
    return found


def _made_when(said, made):
    when = _time(said.get("occurrenceDateTime"))
    if when is None:
        return [["no moment", "occurrenceDateTime is missing, or has no time zone"]]
    if abs(when - made["now"]) > NEAR:
        return [["when made", f"it says that it was made at {when:%H:%M} UTC; it was not"]]
    return []


def _from_what(said, made):
    found, basis = [], said.get("basis")
    told = {one.get("reference") for one in basis if isinstance(one, dict)} if isinstance(basis, list) else set()
    lacking = [one for one in made["readings"] if f"Observation/{one['id']}" not in told]
    if lacking:
        found.append(["basis", f"{len(lacking)} of the {len(made['readings'])} observations that the risk was made from are not in basis"])
    if made["model"] not in str(said.get("method", "")):
        found.append(["method", "method does not name the model with its version"])
    return found


def _how_likely(prediction, made):
    outcome = prediction.get("outcome")
    found = [] if isinstance(outcome, dict) and (outcome.get("text") or outcome.get("coding")) else [["of what", "outcome is empty: how likely is what?"]]
    number = prediction.get("probabilityDecimal")
    if type(number) not in (int, float):
        return [*found, ["no number", "the prediction has no probabilityDecimal that is a number"]]
    if abs(number - 100 * made["probability"]) > 0.06:
        told = f"probabilityDecimal is {number:g}: by R4B's definition {number:g} of 100, {10 * number:.3g} of 1,000"
        found.append(["another number", told])
    return found


def _within(prediction, made):
    period = prediction.get("whenPeriod")
    if not isinstance(period, dict):
        if prediction.get("whenRange"):
            return [["ages", "whenRange is a range of ages"]]
        return [["no time", "without when[x] the prediction is for the rest of a life"]]
    start, end = _time(period.get("start")), _time(period.get("end"))
    if start is None or end is None:
        return [["no time", "whenPeriod lacks its start or its end, or a time zone"]]
    if abs(start - made["triaged_at"]) > NEAR or abs(end - start - TWELVE) > NEAR:
        hours = (end - start).total_seconds() / 3600
        return [["another time", f"whenPeriod goes from {start:%H:%M} UTC for {hours:g} hours"]]
    return []


def _time(text):
    if isinstance(text, dt.datetime):
        return text if text.tzinfo else None
    try:
        when = dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return when if when.tzinfo else None
