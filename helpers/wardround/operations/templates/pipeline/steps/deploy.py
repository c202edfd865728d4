"""Releases what was admitted and approved by two persons, and writes the week's list: first the log, then the file."""

import pandas as pd
from wardround.operations.pipeline import NoList
from wardround.operations.registry import NotWhole
from wardround.operations.releases import AliasBehind, Refused
from wardround.operations.serving import ContractBroken, NothingToServe

PAUSE = 4  # weeks without a list where the plan says "pause": the time of a review (an assumption)


def run(house, week):
    digest = house.told("register", week).get("digest")
    released = digest if digest and house.told("gate", week)["rules"] == [] and release(house, week, digest) else None
    if week not in house.lists():  # else it went out before this run was begun again: it is never written twice
        serve(house, week)
    return {"released": released}


def release(house, week, digest):
    """Say whether it is in force now; without a second name, or where a part has changed, it is not."""
    try:
        house.releases.promote(digest, house.actor)
    except AliasBehind as trouble:  # released all the same: only the registry's page is behind
        house.say(f"  {trouble}")
    except (Refused, NotWhole) as trouble:
        name = house.told("gate", week)["candidate"]
        house.write("not released", week=week, candidate=name, rules=[str(trouble)])
        return False
    house.follow()
    return True


def serve(house, week):
    """The list: a score for everybody who is discharged, and a call for who goes home at or above the threshold."""
    for alarm in house.lines("alarm"):
        if alarm["action"] == "pause" and 0 < week - alarm["week"] <= PAUSE:
            raise NoList(f"{PAUSE} weeks of pause after the alarm of week {alarm['week']} ({alarm['signal']})")
    sheet = house.told("validate", week)["list"]
    rows = pd.read_parquet(house.kept(sheet))
    try:
        serving = house.server.refresh()
        said = serving.decide(rows)
    except (NothingToServe, ContractBroken) as trouble:
        raise NoList(str(trouble).rstrip(".")) from trouble
    called = said["alert"] & rows["home"] & ~rows["held_out"]  # who drew the ticket is never called
    table = pd.DataFrame({"stay": rows["stay"], "score": said["score"], "called": called})
    kept = house.keep(table.assign(digest=serving.bundle.digest).to_csv(index=False))
    told = {"file": house.served(week).name, "sha256": kept, "list": sheet, "digest": serving.bundle.digest}
    counts = {"rows": len(table), "called": int(called.sum()), "unscored": int(table["score"].isna().sum())}
    house.write("served", week=week, **counts, **told, said=serving.why)
    house.hand_out(house.lists()[week])  # where the ward finds it; a kill before this is mended by the next start
