"""Releases what was admitted and approved by two persons, and writes the week's list: first the log, then the file."""

import pandas as pd
from wardround.operations.pipeline import NoList
from wardround.operations.registry import NotWhole
from wardround.operations.releases import Refused
from wardround.operations.serving import ContractBroken, NothingToServe

PAUSE = 4  # weeks without a list where the plan says "pause": the time of a review (an assumption)


def run(house, week):
    digest, released = house.told("register", week).get("digest"), None
    if digest and house.told("gate", week)["rules"] == []:
        try:
            house.releases.promote(digest, house.actor)
            released = digest
        except (Refused, NotWhole) as trouble:  # no second name, or a part has changed: the list comes from what is in force
            house.write("not released", week=week, candidate=house.told("gate", week)["candidate"], rules=[str(trouble)])
        house.follow()
    serve(house, week)
    return {"released": released}


def serve(house, week):
    """The list: a score for everybody who is discharged, and a call for who goes home at or above the threshold."""
    if week in house.lists():
        return  # it went out before this run was begun again, and is never written twice
    for alarm in house.lines("alarm"):
        if alarm["action"] == "pause" and 0 < week - alarm["week"] <= PAUSE:
            raise NoList(f"the plan pauses for {PAUSE} weeks after the alarm of week {alarm['week']} ({alarm['signal']})")
    sheet = house.told("validate", week)["list"]
    rows = pd.read_parquet(house.kept(sheet))
    try:
        serving = house.server.refresh()
        said = serving.decide(rows)
    except (NothingToServe, ContractBroken) as trouble:
        raise NoList(str(trouble)) from trouble
    if serving.why:
        house.say(f"  {serving.why}")
    called = said["alert"] & rows["home"] & ~rows["held_out"]  # who drew the ticket is never called
    table = pd.DataFrame({"stay": rows["stay"], "score": said["score"], "called": called})
    kept = house.keep(table.assign(digest=serving.bundle.digest).to_csv(index=False))
    unscored = int(said["score"].isna().sum())
    told = {"file": house.served(week).name, "sha256": kept, "list": sheet, "digest": serving.bundle.digest}
    house.write("served", week=week, rows=len(table), called=int(called.sum()), unscored=unscored, **told)
    house.hand_out(house.lists()[week])  # where the ward finds it; a kill before this is mended by the next start
