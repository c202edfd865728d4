"""Gives an admitted candidate a version and one digest over all its parts, and proposes it in its author's name."""

import json

import pandera.pandas as pa
from wardround.operations.pipeline import MODEL, put


def run(house, week):
    asked = house.told("gate", week)
    if asked.get("rules") not in ([], ["approval"]):  # who lacks only a second name is registered, and waits for it
        return {}
    path = house.state / "candidates" / asked["folder"] / "candidate.json"
    about = json.loads(path.read_bytes())
    if about["digest"] not in house.standing().bundles:
        bundle = bundled(house, about)
        if bundle.digest not in house.standing().bundles:
            house.releases.propose(bundle, about["author"], about["because"])
        about |= {"digest": bundle.digest, "approvals": [one | {"digest": bundle.digest} for one in about["approvals"]]}
        put(path, json.dumps(about, indent=2).encode())
    for one in about["approvals"]:
        proposal = house.standing().proposals.get(about["digest"])
        if proposal and proposal.approved_by is None and one["by"].lower() != about["author"].lower():
            house.releases.approve(about["digest"], one["by"], one.get("because", "asked for"))
    return {"digest": about["digest"]}


def bundled(house, about):
    """The version of the run in MLflow, made once, and the bundle of everything that goes back together."""
    registry, client = house.releases.registry, house.releases.registry.client
    if not client.search_registered_models(f"name='{MODEL}'"):
        client.create_registered_model(MODEL)
    known = [one for one in client.search_model_versions(f"name='{MODEL}'") if one.run_id == about["run"]]
    version = (known or [client.create_model_version(MODEL, about["model"], about["run"])])[0].version
    contract = pa.DataFrameSchema.from_json(house.kept(house.told("validate", about["week"])["contract"]).read_text())
    return registry.gather(int(version), policy={"threshold": about["threshold"]}, contract=contract)
