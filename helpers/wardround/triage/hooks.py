"""The assistant as a service that a chart system calls: CDS Hooks 2.0.1, ``patient-view`` only.

The standard is at cds-hooks.hl7.org; its text for 2.0 and the source of the guide since then were looked at in November
2026. What of it is checked stands in ``conformance.py``, a row an invariant.

**Three addresses.** ``GET /cds-services`` says what there is and what to send along. ``POST /cds-services/triage-risk``
is called when a clinician opens a patient's chart. ``POST /cds-services/triage-risk/feedback`` hears what became of a
card. A request, with two of the five readings::

    {"hook": "patient-view",
     "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
     "context": {"userId": "Practitioner/n-07", "patientId": "p-1", "encounterId": "e-1"},
     "prefetch": {
       "patient": {"resourceType": "Patient", "id": "p-1", "birthDate": "1951-03-09"},
       "encounter": {"resourceType": "Encounter", "id": "e-1", "status": "arrived", "class": {"code": "EMER"},
                     "subject": {"reference": "Patient/p-1"}, "period": {"start": "2026-11-29T17:40:00Z"}},
       "vitals": {"resourceType": "Bundle", "type": "searchset", "entry": [
         {"resource": {"resourceType": "Observation", "id": "o-1", "status": "final",
           "subject": {"reference": "Patient/p-1"}, "effectiveDateTime": "2026-11-29T17:55:00Z",
           "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
           "valueQuantity": {"value": 118, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}}},
         {"resource": {"resourceType": "Observation", "id": "o-2", "status": "final",
           "subject": {"reference": "Patient/p-1"}, "effectiveDateTime": "2026-11-29T17:55:00Z",
           "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
           "valueQuantity": {"value": 84, "system": "http://unitsofmeasure.org", "code": "%"}}}]}}}

The answer, without its uuids, its detail and six of the seven reasons. Too much is missing for a risk; the rule needs
none, fires and is shown first::

    {"cards": [
      {"summary": "Oxygen saturation low: look at this patient now. (Oxygen saturation 84 %)",
       "indicator": "warning",
       "source": {"label": "wardround triage (teaching)"},
       "suggestions": [
         {"label": "Look at this patient now", "isRecommended": true},
         {"label": "Measure the vital signs again"}],
       "selectionBehavior": "any",
       "overrideReasons": [
         {"code": "looks_worse", "system": "http://quillmere.example.org/codes/override-reason",
          "display": "Looks worse than the numbers"}]}]}

**What the number is computed from.** The prefetch and nothing else: nothing is fetched, the desk's own values are not
used, ``fhirServer`` and ``fhirAuthorization`` are ignored. Of the desk only *whether* something may be said is taken,
for its own visits: comfort care makes the assistant silent, and before the nurse's own level no risk is shown here
either.

**It shows, it does not page.** ``warning`` where a rule fired or the risk reaches the threshold, else ``info``; never
``critical``. A suggestion changes nothing; one offers to keep the RiskAssessment in the chart, if the clinician wants
it.

**What is refused**, with an OperationOutcome that says why in one sentence: 400 no JSON, another hook, no UUID, no
user or patient, another patient's data; 401 no token where ``[[service.issuer]]`` asks for one, or a caller from
another machine where it does not; 403 a page of an origin that is not in ``[service] origins``; 412 a key of the
prefetch that is not there or of another type; 413 too large; 415 not marked as JSON; 503 the log cannot be used.
``vitals: null`` is no error: the client looked and found nothing. Of a visit that is over or no emergency visit there
is nothing to say: ``cards: []``.

**What is logged.** Each view with the card's uuid and what it showed, each feedback with its reason; ids only. A view
that cannot be logged is shown all the same, since a rule may have fired, and says so; feedback that cannot be is
refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from wardround.triage.hook_service import HOOK, Service

ID_OF_SERVICE = "triage-risk"
DISCOVERY = "/cds-services"
PATH = f"{DISCOVERY}/{ID_OF_SERVICE}"
FEEDBACK = f"{PATH}/feedback"
SERVICE = {
    "hook": HOOK,
    "id": ID_OF_SERVICE,
    "title": "Risk at the emergency desk",
    "description": (
        "Rules that fired, and the calibrated risk of critical care or death within 12 hours of triage. "
        "It supports, does not assign ESI. A teaching application: never for a real patient."
    ),
    "prefetch": {
        "patient": "Patient/{{context.patientId}}",
        "encounter": "Encounter/{{context.encounterId}}",
        "vitals": "Observation?encounter={{context.encounterId}}&category=vital-signs&_sort=-date&_count=50",
    },
    "usageRequirements": (
        "Call it for emergency visits, after the nurse gave a level, and not for patients in comfort care: "
        "the prefetch does not tell either. It computes from the prefetch only and fetches nothing."
    ),
}


def router(
    world: Any,
    *,
    clock: Callable[[], dt.datetime] | None = None,
) -> APIRouter:
    """Return the routes of the service.

    Parameters
    ----------
    world
        :class:`wardround.triage.world.World`; used are ``settings on scorer desk log``.
    clock
        The time, UTC; for tests.
    """
    service = Service(world, clock or (lambda: dt.datetime.now(dt.UTC)))
    routes = APIRouter(tags=["CDS Hooks 2.0.1"])

    @routes.get(DISCOVERY)
    async def discovery(request: Request) -> Response:
        return await service.answer(request, DISCOVERY, lambda body, issuer: {"services": [SERVICE]}, reads=False)

    @routes.post(PATH)
    async def patient_view(request: Request) -> Response:
        return await service.answer(request, PATH, service.cards)

    @routes.post(FEEDBACK)
    async def feedback(request: Request) -> Response:
        return await service.answer(request, FEEDBACK, service.feedback)

    @routes.options(DISCOVERY)
    @routes.options(PATH)
    @routes.options(FEEDBACK)
    async def preflight(request: Request) -> Response:
        return service.preflight(request)

    return routes
