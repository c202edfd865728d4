"""Asks your gate about whoever is at the door. A gate that breaks has admitted nobody."""

import json

from wardround.operations.pipeline import put

from steps.evaluate import NO_LIST
from steps.train import PACKAGES


def run(house, week):
    folder = at_the_door(house, week)
    if folder is None:
        return {}
    about = json.loads((folder / "candidate.json").read_bytes())
    this_morning = {"packages": PACKAGES, "features": about["features"]}  # what your gate compares with
    this_morning["releases"] = house.standing().releases or [NO_LIST]
    house.answers.given(7).HOUSE = this_morning
    try:
        rules = [str(rule) for rule in house.answers.gate(about | {"files": str(folder)})]
    except Exception as trouble:
        rules = [f"the gate broke: {type(trouble).__name__}: {trouble}"]
    if rules:
        house.write("not released", week=week, candidate=about["name"], rules=rules)
    return {"candidate": about["name"], "folder": folder.name, "rules": rules}


def at_the_door(house, week):
    """The candidate of this week; else one that waited, and has a second name since (`run.py approve`)."""
    home, state = house.state / "candidates", house.standing()
    if "folder" in house.told("evaluate", week):
        return home / house.told("evaluate", week)["folder"]
    for folder in sorted(home.glob("week-*")):
        about = json.loads((folder / "candidate.json").read_bytes())
        proposal = state.proposals.get(about["digest"])
        if proposal is None or about["digest"] in state.releases or proposal.over != state.current:
            continue
        if proposal.approved_by:
            about["approvals"] = [{"by": proposal.approved_by, "digest": about["digest"]}]
            put(folder / "candidate.json", json.dumps(about, indent=2).encode())
            return folder
    return None
