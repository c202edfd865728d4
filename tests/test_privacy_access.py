"""Roles × fields, granted and tried; every look in the log; decisions with their agreements and their end."""

from __future__ import annotations

import datetime as dt
from contextlib import closing

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wardround.operations.ledger import Ledger, NotLogged
from wardround.operations.privacy import (
    CLAUSES,
    DATA_CLASSES,
    RECORD,
    Agreement,
    DecisionLog,
    Desk,
    Policy,
    PrivacyError,
    Purpose,
    Refused,
    may_leave,
    missing,
)

FIELDS = ["patient_id", "vitals", "medications", "notes", "address"]
GRANTS = {
    "nurse": {"patient_id": "r", "vitals": "rw", "medications": "r"},
    "coder": {"patient_id": "r", "notes": "r"},
    "clerk": {"patient_id": "r", "address": "rw"},
}
ROWS = pd.DataFrame(
    {
        "patient_id": ["p-1", "p-2"],
        "vitals": [8181, 7707],
        "medications": ["a", "b"],
        "notes": ["x", "y"],
        "address": "-",
    }
)


@pytest.fixture
def desk(tmp_path):
    return Desk(Policy(GRANTS), ROWS, Ledger(tmp_path / "log.db"), emergency={"nurse": ["notes"]})


@given(
    st.sampled_from([*GRANTS, "", "admin"]), st.sampled_from([*FIELDS, "zip"]), st.sampled_from(["r", "w", "rw", ""])
)
def test_what_is_not_granted_is_refused(role, field, action):
    granted = action in ("r", "w") and action in GRANTS.get(role, {}).get(field, "")
    assert Policy(GRANTS).allowed(role, field, action) == granted


def test_views_and_the_matrix_say_the_same():
    policy = Policy(GRANTS)
    matrix = policy.matrix(FIELDS)
    assert matrix.loc["nurse"].tolist() == ["r", "rw", "r", "", ""]
    for role in policy.roles:
        assert set(policy.view(ROWS, role)) == {field for field in FIELDS if "r" in matrix.loc[role, field]}
    assert policy.view(ROWS, "visitor").shape == (2, 0)
    for wrong in ({"nurse": {"*": "r"}}, {"nurse": {"vitals": "x"}}, {"nurse": {"vitals": ""}}):
        with pytest.raises(PrivacyError, match="one named field"):
            Policy(wrong)


def test_a_probe_finds_the_cell_where_the_running_reader_and_the_policy_differ(desk):
    policy = Policy(GRANTS)
    assert policy.probe(lambda role, field: bool(desk.look("t", role, "p-1", [field], "test")), FIELDS).empty
    leaky = lambda role, field: field == "notes" or policy.allowed(role, field)  # noqa: E731
    found = policy.probe(leaky, FIELDS)
    assert set(found.role) == {"nurse", "clerk", ""} and set(found.field) == {"notes"} and found.got.all()


def test_a_look_is_in_the_log_whether_given_or_refused(desk):
    assert desk.look("n.1", "nurse", "p-2", ["vitals"], "treatment") == {"vitals": 7707}
    for user, role, patient, fields, reason in (
        ("n.1", "nurse", "p-1", ["vitals", "notes"], "treatment"),
        ("n.1", "nurse", "p-9", ["vitals"], "treatment"),
        (" ", "nurse", "p-1", ["vitals"], "treatment"),
        ("n.1", "nurse", "p-1", ["vitals"], ""),
    ):
        with pytest.raises(Refused) as refused:
            desk.look(user, role, patient, fields, reason)
        assert patient not in str(refused.value)
    log = desk.log()
    assert log.outcome.tolist() == ["looked", *["was refused"] * 4] and log.user[3] == "nobody"
    assert not any("7707" in line.detail for line in desk.ledger.lines()), "the log holds fields and no values"
    assert desk.ledger.verify() is None


def test_breaking_the_glass_gives_more_and_is_marked(desk):
    assert desk.break_glass("n.1", "nurse", "p-1", ["notes"], "unconscious on arrival") == {"notes": "x"}
    with pytest.raises(Refused):
        desk.break_glass("n.1", "nurse", "p-1", ["address"], "unconscious on arrival")
    assert desk.log().outcome.tolist() == ["broke glass", "was refused"]


def test_what_cannot_be_logged_is_not_given_out(tmp_path):
    (tmp_path / "log.db").write_text("no database, and long enough that SQLite says so" * 40)
    desk = Desk(Policy(GRANTS), ROWS, Ledger(tmp_path / "log.db"))
    with pytest.raises(NotLogged):
        desk.look("n.1", "nurse", "p-1", ["vitals"], "treatment")


# decisions ----------------------------------------------------------------------------------------------------------

DAY = dt.date(2026, 11, 29)
SUMMARY = Purpose("summary", "draft of the discharge letter", ("age_band", "labs"), "M. Vogt")


def agreement(**changes):
    told = {
        "party": "Vendor",
        "kind": "baa",
        "purposes": ("summary",),
        "data_classes": ("phi", "special"),
        "endpoints": ("model",),
        "clauses": ("business associate", "no training"),
        "start": dt.date(2026, 1, 1),
        "end": dt.date(2026, 12, 31),
    }
    return Agreement(**(told | changes))


def test_without_an_agreement_only_what_is_no_health_information_leaves():
    allowed = {kind: may_leave(kind, "summary", None, "model", DAY).allowed for kind in DATA_CLASSES}
    assert allowed == {"phi": False, "limited": False, "special": False, "deidentified": True, "synthetic": True}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"end": dt.date(2026, 11, 28)}, "not in force"),
        ({"start": dt.date(2026, 11, 30)}, "not in force"),
        ({"kind": "dua"}, "no business associate"),
        ({"data_classes": ("limited",)}, "class phi"),
        ({"purposes": ("coding",)}, "purpose summary"),
        ({"endpoints": ("model-preview",)}, "endpoint model"),
        ({"clauses": ("zero retention", "no training")}, "business associate clause"),
    ],
)
def test_each_clause_counts_by_itself(changes, why):
    assert may_leave("phi", "summary", agreement(), "model", DAY).allowed
    answer = may_leave("phi", "summary", agreement(**changes), "model", DAY)
    assert not answer.allowed and why in answer.why


def test_special_records_stay_inside_by_default():
    assert not may_leave("special", "summary", agreement(), "model", DAY).allowed
    assert may_leave("special", "summary", agreement(), "model", DAY, consent=True).allowed
    with pytest.raises(PrivacyError, match="no class"):
        may_leave("anonymous", "summary", agreement(), "model", DAY)
    assert len(CLAUSES) == 5 and len(RECORD) == 20 and missing(RECORD[:-1]) == [RECORD[-1]]


def decide(log, *, allowed=True, why="needed and covered", review=dt.date(2026, 12, 31), kind="phi", by="R. Osei"):
    return log.decide(
        by, SUMMARY, kind, agreement(), "model", allowed, why, review, when=DAY, dissent="M. Vogt: too early"
    )


def test_decisions_end_are_revoked_and_stay_in_the_log(tmp_path):
    log = DecisionLog(Ledger(tmp_path / "log.db"))
    number = decide(log)
    assert log.in_force(DAY).allowed.tolist() == [True] and log.in_force(dt.date(2027, 1, 1)).empty
    second = decide(log, allowed=False, why="the endpoint moved")
    assert log.in_force(DAY).number.tolist() == [second], "the latest counts"
    log.revoke("R. Osei", second, "the endpoint is back")
    assert log.in_force(DAY).number.tolist() == [number]
    assert log.table().dissent.tolist() == ["M. Vogt: too early"] * 2 and log.ledger.verify() is None


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"why": " "}, "reason in words"),
        ({"review": DAY}, "not after"),
        ({"kind": "special"}, "against the boundary table"),
    ],
)
def test_a_decision_that_says_too_little_or_too_much_is_refused(tmp_path, changes, match):
    log = DecisionLog(Ledger(tmp_path / "log.db"))
    with pytest.raises(PrivacyError, match=match):
        decide(log, **changes)
    assert log.table().empty
    with pytest.raises(PrivacyError, match="no decision"):
        log.revoke("R. Osei", 1, "why")


def test_a_changed_decision_is_found(tmp_path):
    import sqlite3

    log = DecisionLog(Ledger(tmp_path / "log.db"))
    decide(log, allowed=False)
    with closing(sqlite3.connect(tmp_path / "log.db")) as file:
        file.execute("DROP TRIGGER no_update")
        file.execute("""UPDATE line SET detail = replace(detail, '"allowed": false', '"allowed": true')""")
        file.commit()
    assert log.table().allowed.tolist() == [True] and log.ledger.verify().number == 1


def test_an_agreement_that_cannot_be_is_refused():
    for changes in (
        {"kind": "handshake"},
        {"clauses": ("trust",)},
        {"data_classes": ("x",)},
        {"end": dt.date(2020, 1, 1)},
    ):
        with pytest.raises(PrivacyError):
            agreement(**changes)
    with pytest.raises(PrivacyError, match="list of the fields"):
        Purpose("summary", "why", (), "M. Vogt")
