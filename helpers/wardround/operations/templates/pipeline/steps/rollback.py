"""Brings back what was good last: your `roll_back` says what, and all of it goes back or nothing does."""

from wardround.operations.pipeline_ward import Ward

RECENT = 4  # weeks: an older release is not the first suspect, and undoing it is no longer one person's to decide


def run(house, week):
    asked = [one for one in house.lines("alarm") if one["week"] == week and one["action"] == "roll back"]
    if not asked or rolled_back_in(house, week):
        return {"to": rolled_back_in(house, week)}
    since = house.in_force_since()
    if since["action"] != "released" or week - since["week"] > RECENT or since["over"] is None:
        return {"to": None, "why": "there was no release in the last weeks: whoever is on call looks"}
    return {"to": bring_back(house, f"week {week}: {asked[0]['signal']}, {asked[0]['why']}")}


def bring_back(house, why):
    """Let your `roll_back` say what was good last, and return to it; also `run.py rollback`, at any hour."""
    ward = Ward(house)
    house.answers.roll_back(ward)
    digest = ward.bundle_served()  # raises where the four parts are of no one earlier release
    house.releases.roll_back(house.actor, f"{why}. {ward.because}", to=digest)
    house.follow()
    return digest


def rolled_back_in(house, week):
    """The bundle, where a run that was cut off had got as far as the log."""
    watched = [line.number for line, told in house.story() if (told.get("step"), told.get("week")) == ("monitor", week)]
    lines = [told for line, told in house.story() if line.action == "rolled back" and line.number > watched[-1]]
    return lines[-1]["digest"] if lines else None
