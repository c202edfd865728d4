"""The feeds read back from their bytes: what the ledger says stands in them, and nothing else does."""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import hl7
import numpy as np
import orjson
import pandas as pd
import pytest
from wardround.hospital import build, disk, feeds, open_truth, simulate
from wardround.hospital.access import access_rows
from wardround.hospital.chart import write_chart
from wardround.hospital.codes import ICD10
from wardround.hospital.contacts import Contacts
from wardround.hospital.desk import SIGNS, suggested_level
from wardround.hospital.faults import plan_faults
from wardround.hospital.patients import Patients
from wardround.hospital.snooping import SNOOPS
from wardround.hospital.sources import Source, visit_number
from wardround.hospital.staff import Staff
from wardround.records import claims_as_of, messages, read_feeds, results_as_of

SCALE, SEED = 0.13, 77  # about 1,170 people
END = pd.Timestamp("2024-12-30T05:00Z")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("hospital") / "h", seed=SEED, scale=SCALE)


@pytest.fixture(scope="module")
def truth(folder):
    return open_truth(folder)


@pytest.fixture(scope="module")
def ledger(truth) -> pd.DataFrame:
    beside = tuple(f"{name}/" for name in feeds.FOLDERS)
    return truth.ledger[truth.ledger["file"].str.startswith(beside)]


@pytest.fixture(scope="module")
def read(folder):
    return read_feeds(folder)


@pytest.fixture(scope="module")
def sent(folder) -> dict[str, list]:
    return {name: list(messages(folder / "hl7v2" / f"{name}.hl7")) for name in ("adt", "oru")}


@pytest.fixture(scope="module")
def by_id(sent) -> dict[str, list]:
    found: dict[str, list] = {}
    for one in (one for some in sent.values() for one in some):
        found.setdefault(one["MSH-10"], []).append(one)
    return found


@pytest.fixture(scope="module")
def encounters(folder) -> dict[str, dict]:
    """Encounters by visit number; their FHIR id is under ``id``."""
    lines = (folder / "export" / "Encounter.ndjson").read_bytes().splitlines()
    return {one["identifier"][0]["value"]: one for one in map(orjson.loads, lines)}


@pytest.fixture(scope="module")
def observations(folder) -> dict[str, dict]:
    with gzip.open(folder / "export" / "Observation.ndjson.gz") as stream:
        found = (orjson.loads(line) for line in stream if b'"laboratory"' in line)
        return {one["id"]: one for one in found}


@pytest.fixture(scope="module")
def result_of(observations, encounters) -> dict[str, dict]:
    """Laboratory Observations by visit number, code and instant drawn, as a message names them."""
    visits = {one["id"]: number for number, one in encounters.items()}
    found = {}
    for one in observations.values():
        own = one.get("encounter", {}).get("reference", "/").split("/")[1]
        moment = pd.Timestamp(one["effectiveDateTime"])
        for coding in one["code"]["coding"]:
            found[visits.get(own), coding["code"], moment] = one
    return found


def of(ledger: pd.DataFrame, fault: str, kind: str | None = None) -> list[dict]:
    rows = ledger[ledger["fault"] == fault]
    return (rows if kind is None else rows[rows["kind"] == kind]).to_dict("records")


# whole ----------------------------------------------------------------------------------------------------------------


def test_a_hospital_of_a_thousand_has_every_fault_eight_times(ledger):
    count = ledger.groupby("fault").size()
    missing = {fault: int(count.get(fault, 0)) for fault in feeds.FAULTS if count.get(fault, 0) < 8}
    assert missing == {}
    assert set(count.index) == {*feeds.FAULTS, "feed_near_miss", "preliminary_never_final"}
    assert ledger["why"].str.endswith(".").all() and ledger["related"].notna().all()


def test_everything_is_read_and_nothing_is_quarantined(read, sent, folder):
    assert list(read) == ["adt", "oru", "claims", "enrolment"] and len(read.quarantine) == 0
    text = b"".join((folder / "hl7v2" / f"{name}.hl7").read_bytes() for name in sent)
    assert len(sent["adt"]) + len(sent["oru"]) == text.count(b"MSH|") == text.count(b"\n")
    assert set(read.counts["kind"]) == {"ORU^R01", *(f"ADT^A{n}" for n in ("01", "02", "03", "04", "08", "40"))}


def test_the_hl7_library_reads_the_same(sent):
    for one in [*sent["adt"], *sent["oru"]][::17]:
        theirs = hl7.parse(str(one).replace("\n", "\r"))
        assert [str(segment[0]) for segment in theirs] == [segment.name for segment in one.all_segments]
        assert theirs.extract_field("PID", 0, 3, 0, 1) == one["PID-3"]
        assert theirs.unescape(theirs.extract_field("PID", 0, 5, 0, 1)) == one["PID-5"]
        assert theirs.extract_field("MSH", 0, 10, 0, 1) == one["MSH-10"]


def test_streams_are_in_the_order_of_sending_and_inside_their_weeks(read):
    for name in ("adt", "oru"):
        table = read[name]
        assert table["sent_at"].is_monotonic_increasing and table["sent_at"].notna().all()
        assert table["sent_at"].max() < END and table["sent_at"].min() >= END - pd.Timedelta(days=91)
    assert (read.adt["sent_at"] >= read.adt["event_at"]).all()
    assert (read.oru["sent_at"] > read.oru["drawn_at"]).all()


def test_nobody_looks_like_a_real_person(folder):
    text = "".join(path.read_text() for name in feeds.FOLDERS for path in sorted((folder / name).iterdir()))
    assert not re.search(r"\b\d{3}-\d{2}-\d{4}\b(?!-)", re.sub(r"\d{4}-\d\d-\d\d", "", text))
    phones = re.findall(r"\|([^|]*)\^PRN\^PH", text)
    assert phones and all(re.fullmatch(r"\d{3}-555-01\d\d", phone) for phone in phones)


def test_control_ids_are_unique_but_for_what_is_sent_twice(by_id, ledger):
    twice = {name for name, some in by_id.items() if len(some) > 1}
    assert twice == {row["related"] for row in of(ledger, "sent_twice")}
    assert all(len(by_id[name]) == 2 and str(by_id[name][0]) == str(by_id[name][1]) for name in twice)


# adt ------------------------------------------------------------------------------------------------------------------


def test_every_visit_has_its_encounter_and_its_facts(read, encounters, truth):
    adt = read.adt[read.adt["event"] != "A40"]
    assert set(adt["visit"]) <= set(encounters) and adt["visit"].notna().all()
    classes = {"E": "EMER", "I": "IMP", "O": "OBSENC"}
    for row in adt.itertuples():
        one = encounters[row.visit]
        assert one["class"]["code"] == classes[row.patient_class]
        assert row.admitted_at == pd.Timestamp(one["period"]["start"])
    leaves = adt[adt["event"] == "A03"].dropna(subset=["disposition"])
    freed = {row["resource_id"] for row in of(truth.ledger, "death_as_home")}
    for row in leaves[leaves["disposition"] != "admitted"].itertuples():
        if encounters[row.visit]["id"] in freed:
            continue
        codings = encounters[row.visit]["hospitalization"]["dischargeDisposition"]["coding"]
        assert row.disposition in {coding["code"] for coding in codings}


def test_every_encounter_of_the_weeks_is_opened_and_closed(read, encounters, ledger, truth):
    adt, lost = read.adt, {row["resource_id"] for row in of(ledger, "adt_feed_silent")}
    opened = set(adt.loc[adt["event"].isin(["A01", "A02", "A04"]), "visit"])
    closed = set(adt.loc[adt["event"] == "A03", "visit"]) | _closed_by_a_move(encounters, truth)
    begin = END - pd.Timedelta(days=91)
    for number, one in encounters.items():
        if one["id"] in lost:
            continue
        period = one["period"]
        if begin <= pd.Timestamp(period["start"]) < END - pd.Timedelta(hours=1):
            assert number in opened
        stop = period.get("end", "")
        if len(stop) > 10 and begin < pd.Timestamp(stop) < END - pd.Timedelta(hours=9):
            assert number in closed, number


def _closed_by_a_move(encounters, truth) -> set[str]:
    """Encounters that end in a move to the other hospital: the A02 that opens the next one closes them."""
    earlier = set(truth.stays["earlier_encounter_id"].dropna())
    return {number for number, one in encounters.items() if one["id"] in earlier}


def test_four_accounts_of_one_discharge(read, encounters, ledger, truth):
    """The export's end, what the clerk entered, when it was sent, and the day that the payer knows."""
    adt = read.adt[(read.adt["event"] == "A03") & (read.adt["patient_class"] == "I")].drop_duplicates("message_id")
    late = {row["resource_id"] for row in of(ledger, "discharge_keyed_late")}
    wrong = truth.ledger["fault"].isin(("overlapping_stay", "discharge_before_admission"))
    false_ends = set(truth.ledger.loc[wrong, "resource_id"])
    billed = read.claims.drop_duplicates("visit", keep="last").set_index("visit")["through_date"]
    days, hours = 0, {}
    for row in adt.itertuples():
        one = encounters[row.visit]
        stop = one["period"]["end"]
        if len(stop) > 10 and one["id"] not in false_ends:
            gap = row.discharged_at - pd.Timestamp(stop)
            hours[one["id"]] = gap
            assert pd.Timedelta(0) < gap <= pd.Timedelta(hours=8) and row.discharged_at == row.event_at < row.sent_at
        if row.visit in billed.index and one["id"] not in false_ends:
            days += 1
            assert str(billed[row.visit].date()) == stop[:10]
    assert days > 20
    assert {key for key, gap in hours.items() if gap >= pd.Timedelta(hours=2)} == late & set(hours) and len(late) >= 8


def test_merges_are_sent_but_for_those_of_the_ledger(read, truth, ledger, folder):
    lines = map(orjson.loads, (folder / "export" / "Patient.ndjson").read_bytes().splitlines())
    number = {one["id"]: one["identifier"][0]["value"] for one in lines}
    joined = {row["resource_id"]: row["related"] for row in of(truth.ledger, "duplicate_joined")}
    lost = {row["resource_id"] for row in of(ledger, "merge_never_processed")}
    silent = {row["resource_id"] for row in of(ledger, "adt_feed_silent", "A40")}
    found = read.adt[read.adt["event"] == "A40"].drop_duplicates("message_id")
    pairs = set(zip(found["prior_mrn"], found["mrn"], strict=True))
    assert pairs == {(number[a], number[b]) for a, b in joined.items() if a not in lost | silent}
    assert len(lost) == 8 and lost <= set(joined) and len(pairs) >= 8


def test_an_update_is_a_new_message_that_ends_right(read, ledger, folder, by_id):
    lines = map(orjson.loads, (folder / "export" / "Patient.ndjson").read_bytes().splitlines())
    phone = {one["identifier"][0]["value"]: one["telecom"][0]["value"] for one in lines}
    cut = {row["related"] for row in of(ledger, "field_truncated")}
    updates = read.adt[(read.adt["event"] == "A08") & ~read.adt["message_id"].isin(cut)]
    assert len(updates) >= 8 and (updates["phone"] == updates["mrn"].map(phone)).all()
    assert (
        set(updates["message_id"])
        == {row["related"] for row in of(ledger, "feed_near_miss") if row["kind"].startswith("updated")} - cut
    )
    before = [
        r for r in read.adt.itertuples() if r.event != "A08" and r.phone != phone[r.mrn] and r.message_id not in cut
    ]
    assert 0 < len(before) <= len(updates) * 3 and {row.visit for row in before} <= set(updates["visit"])


# oru ------------------------------------------------------------------------------------------------------------------


def test_the_last_message_says_what_the_export_shows(read, result_of, ledger):
    unescaped = {row["related"] for row in of(ledger, "wrong_escape")}
    lost = {name for row in of(ledger, "oru_feed_silent") for name in orjson.loads(row["before"])}
    known = results_as_of(read.oru, END)
    status = {"P": "preliminary", "F": "final", "C": "corrected", "W": "entered-in-error"}
    seen = Counter()
    for row in known.itertuples():
        one = result_of.get((row.visit, row.code, row.drawn_at))
        if one is None or one["id"] in lost:  # a dangling reference to the encounter
            seen["none"] += 1
            continue
        seen[row.status] += 1
        assert one["status"] == status[row.status]
        assert one["valueQuantity"]["value"] == row.value
        assert one["valueQuantity"]["unit"] == row.unit or row.message_id in unescaped
        assert (one.get("interpretation") is None) == pd.isna(row.flag)
    assert seen["F"] > 3000 and min(seen[name] for name in "PCW") >= 8 and seen["none"] < 0.03 * len(known)


def test_every_result_of_the_weeks_is_in_the_stream(read, observations, encounters, ledger):
    lost = {name for row in of(ledger, "oru_feed_silent") for name in orjson.loads(row["before"])}
    begin = END - pd.Timedelta(days=91)
    wanted = sum(
        pd.Timestamp(one["effectiveDateTime"]) >= begin
        for name, one in observations.items()
        if name not in lost and "valueQuantity" in one  # blood cultures come on paper
    )
    results = results_as_of(read.oru, END).drop_duplicates("result_id")
    assert wanted <= len(results) <= wanted + len(lost)


def test_corrections_hold_both_values(by_id, ledger, observations):
    rows = of(ledger, "corrected_result")
    assert len(rows) >= 8
    for row in rows:
        one = observations[row["resource_id"]]
        assert float(row["before"]) == one["valueQuantity"]["value"] != float(row["after"])
        first = by_id[row["related"]][0]
        assert row["after"] in [obx.field(5) for obx in first.segments("OBX") if obx.field(11) == "F"]


def test_corrected_messages_are_those_of_the_ledger(read, ledger):
    corrected = read.oru[read.oru["status"] == "C"]
    more = len(corrected.drop_duplicates("result_id")) - len(of(ledger, "corrected_result"))
    alone = 0  # a correction whose first message was lost in the silence of the feed
    for row in corrected.drop_duplicates("result_id").itertuples():
        versions = read.oru[read.oru["result_id"] == row.result_id]
        if not (versions["status"] == "F").any():
            alone += 1
            continue
        assert (
            versions.iloc[-1]["status"] == "C" and versions.loc[versions["status"] == "F", "value"].iloc[0] != row.value
        )
    assert more == alone < 5


def test_what_is_preliminary_for_ever_is_so_in_both(read, ledger, truth):
    here = {row["resource_id"] for row in of(ledger, "preliminary_never_final")}
    there = truth.ledger[(truth.ledger["fault"] == "preliminary_never_final") & (truth.ledger["kind"] == "lab")]
    assert here <= set(there["resource_id"]) and len(here) >= 8
    known = results_as_of(read.oru, END)
    assert (known["status"] == "P").sum() == len(here)


def test_late_results_are_more_than_six_hours_late(read, ledger, by_id):
    late = {row["related"] for row in of(ledger, "result_late")}
    firsts = read.oru[read.oru["status"] == "F"].drop_duplicates("message_id")
    gap = firsts["sent_at"] - firsts["reported_at"]
    assert set(firsts.loc[gap > pd.Timedelta(hours=6), "message_id"]) == late
    assert gap[~firsts["message_id"].isin(late)].max() < pd.Timedelta(minutes=2)
    assert sum(len(by_id[name][0].segments("OBX")) for name in late) == len(of(ledger, "result_late"))


def test_a_view_as_of_then_differs_from_the_export(read):
    """Week 2's lesson: of the results of a moment, some had another value then, and some were not there."""
    correction = read.oru.loc[read.oru["status"] == "C", "sent_at"].iloc[3]
    early, late = (results_as_of(read.oru, at) for at in (correction - pd.Timedelta(seconds=1), END))
    both = early.merge(late, on="result_id", suffixes=("_then", "_now"))
    assert len(early) < len(late) and (both["value_then"] != both["value_now"]).sum() > 0


# between the systems --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stream", "days"), [("adt", 2), ("oru", 3)])
def test_a_silent_feed_is_silent(read, ledger, by_id, stream, days):
    rows = of(ledger, f"{stream}_feed_silent")
    assert not {row["related"] for row in rows} & set(by_id)
    gaps = read[stream]["sent_at"].diff().max()
    assert gaps > pd.Timedelta(days=days - 0.3), gaps
    assert len({row["related"] for row in rows}) == len(rows) >= 8


def test_truncated_fields(ledger, by_id):
    for row in of(ledger, "field_truncated"):
        n = int(row["field"].split("-")[1])
        assert by_id[row["related"]][0].segment("PID").raw(n) == row["after"]
        assert row["before"].startswith(row["after"]) and row["before"] != row["after"]
    cut = {
        name for name, some in by_id.items() if not some[0]["PID-11.5"] or len(some[0].segment("PID").parts(5)[0]) < 7
    }
    assert cut == {row["related"] for row in of(ledger, "field_truncated")}


def test_wrong_escapes(ledger, by_id):
    wrong = {row["related"] for row in of(ledger, "wrong_escape")}
    caught = set()
    for name, some in by_id.items():
        units = any(len(obx.parts(6)[0]) > 1 for obx in some[0].segments("OBX"))
        words = any(len(component) > 1 for one in some[0].segments("PV2") for component in one.parts(3)[0])
        if units or words:
            caught.add(name)
    assert caught == wrong


# claims ---------------------------------------------------------------------------------------------------------------


def test_chains_of_claims(read):
    claims = read.claims
    assert claims["claim_id"].is_unique and claims["claim_control"].is_unique
    assert (claims["paid_date"] > claims["received_date"]).all() and (
        claims["received_date"] > claims["through_date"]
    ).all()
    assert (claims["through_date"] >= claims["from_date"]).all() and claims["paid_date"].max() < pd.Timestamp(
        "2024-12-30"
    )
    first = claims[claims["frequency"] == "1"].set_index("claim_id")
    assert (first.index == first["original_claim_id"]).all()
    later = claims[claims["frequency"] != "1"]
    assert set(later["frequency"]) == {"7", "8"} and set(later["original_claim_id"]) <= set(first.index)
    origin = first.loc[later["original_claim_id"]]
    assert (later["received_date"].to_numpy() > origin["paid_date"].to_numpy()).all()
    void = (later["frequency"] == "8").to_numpy()
    assert np.allclose(later["paid"].to_numpy()[void], -origin["paid"].to_numpy()[void])
    share = later["frequency"].value_counts() / len(first)
    assert 0.05 < share["7"] < 0.11 and 0.01 < share["8"] < 0.03
    lag = (first["paid_date"] - first["through_date"]).dt.days
    assert 30 <= lag.median() <= 40
    net = claims_as_of(claims, "2024-12-30")
    assert len(net) == len(first) - void.sum()


def test_claims_and_encounters_find_each_other(read, encounters, ledger, truth):
    claims = read.claims
    ours = claims[claims["facility"] != "elsewhere"]
    alone = {row["related"] for row in of(ledger, "claim_without_encounter")}
    assert set(ours.loc[~ours["visit"].isin(encounters), "claim_id"]) == alone
    lost = {row["resource_id"] for row in of(ledger, "encounter_without_claim")}
    billed = set(ours["visit"])
    # billed with the stay they led to, or with the hospital that came next
    led = set(truth.stays["emergency_encounter_id"].dropna()) | set(truth.stays["earlier_encounter_id"].dropna())
    kept_waiting = set()
    for number, one in encounters.items():
        stop = one["period"].get("end", "")[:10]
        if number in billed or not stop or one["id"] in led or stop > "2024-02-15":
            assert not (number in billed and one["id"] in lost)
            continue
        if one["class"]["code"] == "EMER" and "dischargeDisposition" not in str(one.get("hospitalization")):
            continue  # the bill of the observation stay that follows
        kept_waiting.add(one["id"])
    assert kept_waiting <= lost and len(kept_waiting) >= 8


def test_codes_money_and_numbers_of_claims(read, folder, encounters, ledger, truth):
    cut = {row["related"]: row for row in of(ledger, "code_not_billable")}
    net = claims_as_of(read.claims, "2024-12-30")
    net = net[net["frequency"].eq("7") | ~net["original_claim_id"].isin(net.loc[net["frequency"] == "7", "claim_id"])]
    stays = truth.stays.set_index("encounter_id")
    for row in net[net["type"] == "inpatient"].itertuples():
        written = (
            [row.principal_dx, *(row.other_dx or "").split()] if isinstance(row.other_dx, str) else [row.principal_dx]
        )
        bad = [code for code in written if code not in ICD10]
        assert (row.claim_id in cut) == bool(bad), row
        if row.visit in encounters and row.facility != "elsewhere" and row.claim_id not in cut:
            one = encounters[row.visit]
            assert row.discharge_status == stays.loc[one["id"], "disposition"]
    for name, row in cut.items():
        claim = read.claims[read.claims["claim_id"] == name].iloc[0]
        assert row["after"] in [claim["principal_dx"], *str(claim["other_dx"]).split()]
        assert row["before"].startswith(row["after"])
    assert (read.claims.loc[read.claims["frequency"] == "1", ["charge", "paid"]] >= 0).all().all()


def test_sepsis_claims_are_those_of_the_label(read, encounters, truth):
    label = truth.sepsis.set_index("encounter_id")["claims_label"]
    net = claims_as_of(read.claims, "2024-12-30")
    net = net[(net["type"] == "inpatient") & net["visit"].isin(encounters) & (net["frequency"] == "7")]
    coded = (net["principal_dx"] + " " + net["other_dx"].fillna("")).str.contains("A41")
    ids = [encounters[visit]["id"] for visit in net["visit"]]
    assert len(net) > 40 and (label.loc[ids].to_numpy() == coded.to_numpy()).all()


def test_readmissions_elsewhere_are_in_claims_alone(read, truth):
    elsewhere = read.claims[read.claims["facility"] == "elsewhere"]
    stays = truth.stays[truth.stays["next_event"] == "unplanned_elsewhere"]
    assert elsewhere["visit"].isna().all() and elsewhere["mrn"].isna().all()
    due = stays["discharged_at"] + pd.to_timedelta(stays["next_day"], unit="D") < pd.Timestamp("2024-06-01")
    first = elsewhere[elsewhere["frequency"] == "1"]
    # some go on to die within days, before that stay has ended
    assert 0.9 * due.sum() <= (first["from_date"] < pd.Timestamp("2024-06-01")).sum() <= due.sum() + 1
    members = set(read.claims.loc[read.claims["facility"] != "elsewhere", "member_id"])
    assert first["member_id"].isin(members).mean() > 0.95


def test_a_member_is_a_person_whatever_the_records(read, truth, folder):
    lines = map(orjson.loads, (folder / "export" / "Patient.ndjson").read_bytes().splitlines())
    number = {one["id"]: one["identifier"][0]["value"] for one in lines}
    owner = {number[row.patient_id]: row.person_id for row in truth.identities.itertuples()}
    merged = truth.ledger.loc[truth.ledger["fault"] == "wrong_merge", "resource_id"]
    claims = read.claims[~read.claims["visit"].isin([f"V{name[2:12].upper()}" for name in merged])]
    members = claims.dropna(subset=["mrn"]).groupby("member_id")["mrn"].unique()
    assert all(len({owner[one] for one in some}) == 1 for some in members) and members.map(len).max() == 2
    assert read.enrolment["member_id"].is_unique and len(read.enrolment) == len(truth.persons)
    assert set(read.claims["member_id"]) <= set(read.enrolment["member_id"])


def test_deaths_known_to_claims_only(read, truth, ledger):
    persons = truth.persons[truth.persons["died_at"].notna()]
    assert read.enrolment["death_date"].notna().sum() == len(persons)
    alone = {row["resource_id"] for row in of(ledger, "death_known_to_claims_only")}
    unheard = persons[~persons["death_recorded"]]
    assert len(alone) == len(unheard) >= 8
    assert all(alone & set(names) for names in unheard["patient_ids"])
    dead = read.enrolment.dropna(subset=["death_date"])
    last = read.claims.groupby("member_id")["through_date"].max()
    assert (
        dead["death_date"].to_numpy() >= dead["member_id"].map(last).fillna(pd.Timestamp("2000-01-01")).to_numpy()
    ).mean() > 0.97


# the desk -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "desk" / "override_log.csv")


def test_the_log_can_be_followed_with_the_models_own_rule(log):
    level = suggested_level(log["age"].to_numpy(float), log[list(SIGNS)].to_numpy(float))
    assert (level == log["suggested"]).all()
    assert (log["overruled"].eq("yes") == (log["suggested"] != log["assigned"])).all()
    assert (log["reason"].notna() == log["overruled"].eq("yes")).all()
    assert 0.2 < log["overruled"].eq("yes").mean() < 0.55 and log["visit"].is_unique


def test_reasons_mean_something(log, truth):
    desk = truth.desk.set_index("visit").loc[log["visit"]].reset_index()
    worse, better = desk[desk["reason"] == "looks_worse"], desk[desk["reason"] == "looks_better"]
    assert (worse["deserved"] < worse["suggested"]).mean() > 0.5 > (worse["deserved"] > worse["suggested"]).mean()
    assert (better["deserved"] > better["suggested"]).mean() > 0.5
    assert desk.loc[desk["reason"] == "value_wrong", "value_wrong"].all()
    assert desk.loc[desk["reason"] == "value_missing", "value_missing"].all()
    assert (desk["reason"] == "value_wrong").sum() >= 8
    assert not (desk["model_at_fault"] & desk["value_wrong"]).any() and desk["model_at_fault"].mean() > 0.05


def test_values_that_are_wrong_or_missing_are_those_of_the_ledger(log, ledger, truth):
    shown = log.set_index("visit")
    for row in of(ledger, "desk_value_wrong"):
        assert shown.loc[row["related"], row["field"]] == float(row["after"]) != float(row["before"])
    missing = {(row["related"], row["field"]) for row in of(ledger, "desk_value_missing")}
    empty = {(visit, name) for name in SIGNS for visit in shown.index[shown[name].isna()]}
    assert missing == empty
    right = truth.emergency.set_index("encounter_id")
    desk = truth.desk.set_index("encounter_id")
    assert (right.loc[desk.index, "assigned"] == desk["assigned"]).all()


# the access log -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def looks(folder) -> pd.DataFrame:
    return pd.read_csv(folder / "access" / "access_log.csv")


def test_the_access_log_and_its_truth(looks, truth, ledger, folder):
    reasons = truth.access_reasons
    assert looks["row_id"].is_unique and (looks["row_id"] == reasons["row_id"]).all()
    at = pd.to_datetime(looks["at"], utc=True, format="ISO8601")
    assert at.is_monotonic_increasing and at.max() < END
    weeks = (at - pd.Timestamp("2022-01-03T05:00Z")).dt.days // 7
    assert weeks.nunique() == 8
    directory = pd.read_csv(folder / "access" / "directory.csv")
    assert directory["user"].is_unique and set(looks["user"]) <= set(directory["user"])
    assert set(looks["patient_id"]) <= set(truth.identities["patient_id"])
    snooping = set(reasons.loc[reasons["snooping"], "row_id"])
    assert snooping == {row["resource_id"] for row in of(ledger, "snooping")}
    assert set(reasons.loc[reasons["snooping"], "relation"]) <= set(SNOOPS)


def test_snoopers_have_no_relation_and_decoys_have_one(truth, ledger, looks, folder):
    reasons = truth.access_reasons
    work = reasons[~reasons["snooping"]]
    related = set(zip(work["user"], work["patient_id"], strict=True))
    wrong = reasons[reasons["snooping"]]
    assert not related & set(zip(wrong["user"], wrong["patient_id"], strict=True))
    per_user = wrong.groupby("user").size()
    assert 8 <= len(per_user) <= 12 and per_user.between(5, 10).all()
    decoys = looks[
        looks["row_id"].isin(reasons.loc[reasons["relation"].isin(["float", "audit", "break_glass"]), "row_id"])
    ]
    assert len(decoys) >= 24 and set(decoys["reason"].str.split().str[0]) == {"float", "bill", "break-glass:"}
    near = {row["resource_id"] for row in of(ledger, "feed_near_miss") if row["kind"].startswith("access")}
    assert set(decoys["row_id"]) == near
    people = pd.read_csv(folder / "access" / "directory.csv").set_index("user")
    names = {one["id"]: one["name"][0]["family"] for one in _patients(folder)}
    same = wrong[wrong["relation"] == "same_surname"]
    assert (same["patient_id"].map(names) == same["user"].map(people["family"])).all()


def _patients(folder: Path) -> list[dict]:
    return [orjson.loads(line) for line in (folder / "export" / "Patient.ndjson").read_bytes().splitlines()]


def test_nurses_open_charts_of_their_own_ward(looks, truth, read):
    """A relation can be found from the records: the nurse's ward is where ADT says that the patient lies."""
    reasons = truth.access_reasons
    rows = looks[(reasons["relation"] == "ward").to_numpy() & (looks["department"] != "").to_numpy()]
    last = read.adt[(read.adt["patient_class"] == "I") & (read.adt["event"] == "A03")]
    wards = {mrn: place.split("^")[0] for mrn, place in zip(last["mrn"], last["location"], strict=True)}
    number = {row["id"]: row["identifier"][0]["value"] for row in _patients(Path(truth.folder).parent)}
    at = pd.to_datetime(rows["at"], utc=True, format="ISO8601")
    rows = rows[(at > END - pd.Timedelta(days=80)).to_numpy()]
    known = rows[rows["patient_id"].map(number).isin(wards)]
    same = known["department"].str.split().str[-1] == known["patient_id"].map(number).map(wards)
    assert len(known) == 0 or same.mean() > 0.8  # others came back to another ward


# alone or together ----------------------------------------------------------------------------------------------------


def parts(seed: int, scale: float, without: frozenset = frozenset(), weeks: int = 156):
    world = simulate(seed, weeks, scale)
    chart = write_chart(world)
    patients = Patients(world, chart, without)
    plan = plan_faults(world, chart, Patients(world, chart))
    shown = {fault: rows for fault, rows, _ in plan.edits.get("Lab", [])}
    return world, chart, patients, Contacts(world, chart, patients), Staff(chart.id_key), without, shown


def lines_of(folder: Path) -> Counter:
    """Messages and rows of all feeds, with the file they stand in."""
    found = Counter()
    for name in feeds.FOLDERS:
        for path in (folder / name).iterdir():
            found.update((path.name, line) for line in path.read_bytes().split(b"\n"))
    return found


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return _written(tmp_path_factory.mktemp("all"), frozenset())


def _written(folder: Path, without: frozenset):
    target = folder / ("-".join(sorted(without)) or "whole")
    made = feeds.write_feeds(target, *parts(5, 0.05, without))
    return lines_of(target), made


@pytest.mark.parametrize("fault", [*feeds.FAULTS, "preliminary_never_final"])
def test_without_a_fault_nothing_else_changes(everything, tmp_path, fault):
    (whole, made), (less, left) = everything, _written(tmp_path, frozenset([fault]))
    entries = [entry for entry in made.ledger if entry[0] == fault]
    assert entries and not [entry for entry in left.ledger if entry[0] == fault]
    # a preliminary message that is only sent because its final is not cannot be lost where the final is sent
    apart = {fault, "oru_feed_silent"} if fault in ("preliminary_never_final", "corrected_result") else {fault}
    assert {_place(entry) for entry in made.ledger if entry[0] not in apart} <= {_place(entry) for entry in left.ledger}
    differs = (whole - less) + (less - whole)
    if fault == "death_known_to_claims_only":  # it is a hole in the export, not in the payers' list
        assert not differs
        return
    assert 0 < sum(differs.values()) <= 3 * len(entries) + 2
    assert {name for name, _ in differs} == {entry[9].split("/")[1] for entry in entries}


def _place(entry: tuple) -> tuple:
    """An entry without the list of results in a lost message: it holds fewer where one of them had no final."""
    return entry[:5] + entry[6:] if entry[0] == "oru_feed_silent" else entry


def test_two_processes_write_the_same(folder, tmp_path):
    code = (
        f"from wardround.hospital import build; build({str(tmp_path / 'h')!r}, seed={SEED}, scale={SCALE}, workers=2)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(disk.__file__).parents[2]), "PYTHONHASHSEED": "5"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, timeout=120).returncode == 0
    for name in feeds.FOLDERS:
        for path in (folder / name).iterdir():
            assert path.read_bytes() == (tmp_path / "h" / name / path.name).read_bytes(), path.name
    for name in ("desk", "access_reasons", "ledger"):
        assert (folder / "truth" / f"{name}.parquet").read_bytes() == (
            tmp_path / "h" / "truth" / f"{name}.parquet"
        ).read_bytes()


def test_verify_covers_the_feeds(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert disk.verify(copy) == []
    (copy / "desk" / "override_log.csv").unlink()
    (copy / "claims" / "more.csv").write_text("x\n")
    path = copy / "hl7v2" / "adt.hl7"
    path.write_bytes(path.read_bytes().replace(b"|A01|", b"|A09|", 1))
    found = " ".join(disk.verify(copy))
    assert "desk/override_log.csv is missing" in found and "claims/more.csv is not in the manifest" in found
    assert "hl7v2/adt.hl7 has been changed" in found


@pytest.mark.parametrize("seed", range(20))
def test_small_hospitals_of_any_seed(seed, tmp_path):
    made = feeds.write_feeds(tmp_path, *parts(1000 + seed, 0.03, weeks=156 if seed % 2 else 30))
    assert len(read_feeds(tmp_path).quarantine) == 0 and made.ledger


def test_a_hospital_of_one_person_or_few_weeks(tmp_path):
    for number, (scale, weeks) in enumerate(((0.0002, 156), (0.002, 8), (0.01, 8))):
        made = feeds.write_feeds(tmp_path / str(number), *parts(3, scale, weeks=weeks))
        assert set(made.tables) == {"desk", "access_reasons"} and len(made.files) == 7


def test_access_rows_are_what_the_log_says(folder, looks):
    source = Source(*parts(SEED, SCALE)[:5], parts(SEED, SCALE)[6])
    rows, _ = access_rows(source)
    assert rows["row_id"].tolist() == looks["row_id"].tolist() and rows["user"].tolist() == looks["user"].tolist()


def test_the_number_of_a_visit():
    assert visit_number("e-12ab34cd56ef78") == "V12AB34CD56"
