"""The second feed behind Q7: which encounters are rewritten in the shape of FHIR R5, and how.

Who knows this knows the answer: the grading box holds the encounters and not this file.
"""

from hashlib import sha256
from itertools import islice

from wardround.course.given import secret


def mixed(hospital, wanted):
    """Encounters of a hospital, some of them rewritten."""
    found = list({e["id"]: e for e in islice(hospital.resources("Encounter"), 4 * wanted)}.values())[:wanted]
    return [_rewritten(encounter, _draw(encounter["id"] + secret(hospital))) for encounter in found]


def _draw(text):
    return sha256(text.encode()).digest()[0] % 12


def _rewritten(encounter, draw):
    made = {**encounter}
    if draw in (0, 1):  # R5: class is a list of concepts
        made["class"] = [{"coding": [made["class"]]}]
    elif draw in (2, 3):  # R5: the period that happened is called actualPeriod
        made["actualPeriod"] = made.pop("period")
    elif draw == 4:  # R5: the participant is an actor
        made["participant"] = [
            {("actor" if name == "individual" else name): value for name, value in part.items()}
            for part in made["participant"]
        ]
    elif draw in (5, 6):  # good R4: planned, so that no period is known
        made["status"] = "planned"
        del made["period"]
    elif draw == 7:  # good R4, gone in R5
        made["classHistory"] = [{"class": made["class"], "period": made["period"]}]
    return made
