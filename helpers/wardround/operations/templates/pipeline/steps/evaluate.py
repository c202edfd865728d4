"""Writes down what a gate may believe of a candidate: measured by the house, on patients whom no model has learnt from.

The folder has the form of week 7's candidates, so that your gate reads it unchanged: `critical` means here "came back".
"""

import hashlib
import json

import numpy as np
import pandas as pd
from wardround.operations.pipeline import put

from steps.features import NUMBERS
from steps.train import PACKAGES, judges

NO_LIST = "a day without a list"  # what the first release of all returns to


def run(house, week):
    trained = house.told("train", week)
    if "run" not in trained:
        return {}
    asked, folder = house.asked(week), house.state / "candidates" / f"week-{week:02d}"
    rows = house.reference()
    rows = rows[judges(rows)].dropna(subset=["back"]).reset_index(drop=True)
    risk_of = house.asker(trained["model"], trained["code"])
    judged = pd.DataFrame({"patient_id": rows["patient"], "critical": rows["back"].astype(bool), "risk": risk_of(rows)})
    judged = judged.assign(risk_in_use=in_use(house, rows), group=rows["sex"])
    taught = pd.read_parquet(house.kept(trained["snapshot"]))
    files = {"snapshot": taught, "learnt": taught[["patient"]].rename(columns={"patient": "patient_id"})}
    files |= {"judged": judged, "probes": probes(rows.head(12), risk_of)}
    for name, table in files.items():
        put(folder / f"{name}.csv", table.to_csv(index=False).encode())
    about = {"name": asked["name"], "author": asked["by"], "because": asked["because"], "week": week}
    about |= {"threshold": asked["threshold"], "packages": PACKAGES, "notes": asked["because"], "run": trained["run"]}
    about |= {"features": list(house.code(trained["code"])["features"](rows.head(1))), "digest": trained["run"]}
    about |= {"approvals": [one | {"digest": about["digest"]} for one in asked["approvals"]]}
    about |= {"snapshot_sha256": hashlib.sha256((folder / "snapshot.csv").read_bytes()).hexdigest()}
    about |= {"returns_to": house.standing().current or NO_LIST, "model": trained["model"]}
    put(folder / "candidate.json", json.dumps(about, indent=2).encode())
    returned = judged[judged["critical"]]  # by site: no rule of the house, and what a second person should ask about
    sites = (returned["risk"] >= about["threshold"]).groupby(rows["site"]).mean().round(2).to_dict()
    return {"folder": folder.name, "judged": len(judged), "returned": len(returned), "of those on the list": sites}


def in_use(house, rows):
    """The risks of the release in force; before the first there is none, and everybody has the same."""
    live = house.live()
    return house.risk(live["version"], live["code"], rows) if live else np.full(len(rows), rows["back"].mean())


def probes(rows, risk_of):
    """Twelve patients in company, each alone, and each with nothing measured."""
    nothing = rows.assign(**{name: np.nan for name in NUMBERS if name not in ("age", "los_days")})
    asked = {"in company": risk_of(rows), "nothing measured": risk_of(nothing)}
    asked["alone"] = np.concatenate([risk_of(rows.iloc[[place]]) for place in range(len(rows))])
    tables = [pd.DataFrame({"case": range(len(rows)), "asked": name, "risk": one}) for name, one in asked.items()]
    return pd.concat(tables)
