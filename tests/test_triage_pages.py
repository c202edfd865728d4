"""The assistant's pages: who comes in, what is shown when, what is kept, and that no input breaks them."""

from __future__ import annotations

import dataclasses
import html
import re
import sqlite3
import time
import urllib.parse

import pytest
import triage_cases as cases
from fastapi import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from triage_windows import BASE, HOSTILE, MARKUP, Windows, hostile
from wardround.operations.ledger import NotLogged
from wardround.triage import door as doors
from wardround.triage import pages
from wardround.triage.door import CSP, SESSION_SECONDS, Door, Session, TurnedAway

LOW = {"systolic": 84.0}
PAGES = ("/worklist", "/visit/e-1", "/history", "/audit", "/switch", "/about", "/role", "/fhir/AuditEvent",
         "/fhir/RiskAssessment")  # fmt: skip


@pytest.fixture
def windows(tmp_path):
    return Windows(cases.world(tmp_path / "triage", cases.visit(), cases.visit("e-low", **LOW), *hostile()))


@pytest.fixture
def ada(windows):
    return windows.window()


def actions(windows, action):
    return [line for line in windows.world.log.lines() if line.action == action]


# the door ------------------------------------------------------------------------------------------------------------


def test_an_address_works_once_and_the_session_cannot_be_read_or_sent_by_others(windows):
    token = windows.door.token()
    first, second = windows.client(), windows.client()
    answer = first.get("/", params={"token": token})
    assert answer.status_code == 200 and "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].lower() and token not in answer.text
    again = second.get("/", params={"token": token})
    assert again.status_code == 403 and "works once" in again.text and "set-cookie" not in again.headers
    assert first.get("/role").status_code == 200 and second.get("/role").status_code == 403


def test_a_token_is_too_old_after_its_time(monkeypatch):
    door, now = Door(), [100.0]
    monkeypatch.setattr(doors.time, "monotonic", lambda: now[0])
    token, other = door.token(60), door.token(60)
    now[0] += 59
    assert door.enter(token).role == ""
    now[0] += 2
    with pytest.raises(TurnedAway, match="too old"):
        door.enter(other)


def test_a_session_ends_after_a_shift_and_a_changed_one_is_none(windows, monkeypatch):
    ada = windows.window()
    assert ada.get("/worklist").status_code == 200
    value = ada.client.cookies[windows.door.cookie]
    ada.client.cookies.clear()
    ada.client.cookies.set(windows.door.cookie, value[:-2] + ("aa" if value[-2:] != "aa" else "bb"))
    assert ada.get("/worklist").status_code == 403
    ada.client.cookies.clear()
    ada.client.cookies.set(windows.door.cookie, value)
    assert ada.get("/worklist").status_code == 200
    later = time.time() + SESSION_SECONDS + 5
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert ada.get("/worklist").status_code == 403


def test_another_door_signs_other_sessions(windows):
    forged = Response()
    Door().sign(forged, Session("x", "Eve", "administrator"))
    client = windows.client()
    client.cookies.set(windows.door.cookie, forged.headers["set-cookie"].split("=", 1)[1].split(";")[0])
    assert client.get("/switch").status_code == 403


@pytest.mark.parametrize(
    ("role", "open_to"),
    [
        ("clinician", {"/worklist", "/visit/e-1", "/history", "/about", "/role"}),
        ("auditor", {"/history", "/audit", "/about", "/role", "/fhir/AuditEvent", "/fhir/RiskAssessment"}),
        ("administrator", {"/switch", "/about", "/role"}),
    ],
)
def test_each_role_sees_its_own_pages(windows, role, open_to):
    window, stranger, undecided = windows.window(role=role), windows.client(), windows.window(role="")
    for path in PAGES:
        assert window.get(path).status_code == (200 if path in open_to else 403), path
        assert stranger.get(path).status_code == 403, path
        answer = undecided.get(path)
        assert (answer.status_code, answer.headers.get("location")) == (
            (200, None) if path == "/role" else (303, "/role")
        )


def test_roles_hold_for_what_is_sent_too(windows):
    ada, eve = windows.window(), windows.window("Eve", "auditor")
    mark = eve.fields("/role", "/role")["csrf"]
    for path in ("/visit/e-1/level", "/visit/e-1/decision", "/switch"):
        filled = {"csrf": mark, "level": "1", "state": "0", "decision": "accepted", "what": "off", "words": "x"}
        assert eve.client.post(path, data=filled).status_code == 403, path
    assert ada.client.post("/switch", data={"csrf": ada.fields("/role", "/role")["csrf"]}).status_code == 403
    assert not actions(windows, "level") and not actions(windows, "switched") and windows.world.on


@pytest.mark.parametrize("mark", [None, "", "0" * 64, "ü", "another's"])
def test_a_form_of_another_page_does_nothing(windows, ada, mark):
    mark = windows.window("Bob").fields("/role", "/role")["csrf"] if mark == "another's" else mark
    answer = ada.level("e-1", "2", csrf=mark)
    assert answer.status_code == 403 and "not made for your window" in answer.text
    assert not actions(windows, "level")


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9999", "null", "http://[", ""])
def test_a_form_from_another_origin_does_nothing(windows, ada, origin):
    fields = ada.fields("/visit/e-1", "/visit/e-1/level") | {"level": "2"}
    assert ada.client.post("/visit/e-1/level", data=fields, headers={"Origin": origin}).status_code == 403
    assert not actions(windows, "level")
    assert ada.client.post("/visit/e-1/level", data=fields, headers={"Origin": BASE}).status_code == 303


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((one, True) for one in ("127.0.0.1", "127.0.0.1:8010", "localhost:1", "LOCALHOST", "[::1]", "[::1]:80")),
        *((one, False) for one in ("evil.example", "127.0.0.1.evil.example", "localhost:", "localhost:x", "::1", "")),
        *((one, False) for one in ("127.0.0.1:80:80", "127.0.0.1@evil", "[::1", "0.0.0.0")),
    ],
)
def test_only_names_of_this_machine_are_answered(windows, host, here):
    for path in ("/health", "/cds-services", "/style.css"):
        answer = windows.client().get(path, headers={"Host": host})
        assert (answer.status_code == 421) is not here, (path, answer.status_code)


def test_every_answer_has_the_headers_and_no_page_has_script_or_foreign_address(windows, ada):
    clients = [ada.client, windows.window("A", "auditor").client, windows.window("B", "administrator").client]
    for client in clients:
        for path in (*PAGES, "/nothing", "/cds-services", "/style.css", "/icon.svg", "/health", "/visit/none"):
            answer = client.get(path)
            assert answer.headers["content-security-policy"] == CSP
            assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"]
            if "html" in answer.headers.get("content-type", ""):
                assert not re.search(r"<script|<style|<[^>]*\s(?:on\w+|style)=", answer.text), path
                assert not re.search(r"(?:src|href|action)=\"(?!/|#)", answer.text), path
                assert "Teaching application" in answer.text, path
    assert "script-src" not in CSP and "default-src 'none'" in CSP


def test_there_is_no_page_that_describes_the_application_with_files_of_others(windows):
    assert [windows.client().get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


def test_a_colleague_gets_an_address_that_works_once(windows, ada):
    page = ada.post("/role", "/door").text
    token = re.search(rf"{BASE}/\?token=([\w-]+)", page)[1]
    client = windows.client()
    assert client.get("/", params={"token": token}).status_code == 200
    assert client.get("/", params={"token": token}).status_code == 403


# the desk ------------------------------------------------------------------------------------------------------------


def test_before_the_own_level_nothing_of_the_risk_is_on_any_page(windows, ada):
    windows.world.scorer.probability = 0.237
    for path in ("/worklist", "/visit/e-1", "/visit/e-low"):
        page = ada.page(path)
        assert "237" not in page and "counted most" not in page and "High" not in page, path
    assert "Systolic pressure very low" in ada.page("/visit/e-low"), "a rule does not wait"
    assert ada.level("e-1", "3").headers["location"] == "/visit/e-1#advice"
    page = ada.page("/visit/e-1")
    assert "237 of 1,000 patients like this one" in page and ">High<" in page
    assert re.search(r"raises</span>\s*<span>Systolic pressure <strong>130</strong> mmHg", page)
    assert "19:40 UTC, 20 min ago" in page and "Age <strong>60</strong> years" in page


def test_the_whole_path_is_logged_with_what_was_shown(windows, ada):
    assert ada.level("e-low", "2").status_code == 303
    assert ada.decide("e-low", "overruled", reason="looks_better", words="Eats & drinks").status_code == 303
    (line,) = actions(windows, "overruled")
    told = line.told()
    assert (line.actor, told["role"], told["level"], told["reason"]) == ("Ada", "clinician", 2, "looks_better")
    assert (told["of_1000"], told["high"], told["rules"]) == (60, True, ["pressure"])
    assert windows.world.log.typed(line) == "Eats & drinks" and "Eats" not in line.detail
    page = ada.page("/visit/e-low")
    assert "Overruled</strong> by <bdi>Ada</bdi>" in page and "Eats &amp; drinks" in page
    audit = windows.window("Eve", "auditor").page("/audit")
    assert (
        "0 accepted, 1 overruled" in audit and "Looks better than the numbers" in audit and "Eats &amp; drinks" in audit
    )
    assert "Lovelace" not in audit and "<strong>Yes.</strong>" in audit


def test_looking_is_logged_and_where_it_cannot_be_the_page_says_so(windows, ada, monkeypatch):
    ada.page("/worklist"), ada.page("/visit/e-1")
    told = [line.told() for line in actions(windows, "viewed")]
    assert [one.get("visit", one.get("what")) for one in told] == ["worklist", "e-1"]

    def full(*given, **more):
        raise NotLogged("the disk is full")

    monkeypatch.setattr(windows.world.log, "append", full)
    for path in ("/worklist", "/visit/e-1"):
        assert "could not be logged: the disk is full" in ada.page(path)
    monkeypatch.setattr(windows.world.log, "append_on", full)
    answer = ada.level("e-1", "3")
    assert answer.status_code == 503 and "does not count: the disk is full" in answer.text
    assert 'value="3" required checked' in answer.text and "of 1,000 patients" not in answer.text


def test_the_order_explains_itself_and_rules_and_high_scores_stand_side_by_side(windows, ada):
    ada.level("e-1", "3")  # high at 60 of 1,000
    page = ada.page("/worklist")
    shown = [key for key in re.findall(r'href="/visit/([\w-]+)"', page)]
    assert shown.index("e-low") < shown.index("e-markup") and shown.index("e-1") < shown.index("e-markup")
    assert "Inside each group by time of arrival" in page and "Look now" in page and "Soon" in page
    assert "▲" in page and "Rule</strong>" in page


@pytest.mark.parametrize("level", ["0", "6", "", "two", "²", "9" * 5000, "-1", "1.0", None])
def test_what_is_no_level_is_none(windows, ada, level):
    answer = ada.level("e-1", level)
    assert answer.status_code == 422 and "choose one" in answer.text and not actions(windows, "level")


@pytest.mark.parametrize(
    ("filled", "says"),
    [
        ({"reason": "other", "words": "  "}, "write a few words"),
        ({"reason": "", "words": "kept <b>words"}, "Choose why you overrule"),
        ({"reason": "none of these", "words": "kept <b>words"}, "Choose why you overrule"),
        ({"reason": "known_patient", "words": "x" * 2001}, "at most 2,000"),
    ],
)
def test_an_override_without_its_reason_is_none_and_what_was_typed_is_kept(windows, ada, filled, says):
    ada.level("e-1", "3")
    answer = ada.decide("e-1", "overruled", **filled)
    assert answer.status_code == 422 and says in answer.text and not actions(windows, "overruled")
    assert f'maxlength="2000">{html.escape(filled["words"])}</textarea>' in answer.text


def test_two_people_on_one_patient_the_second_decides_anew_and_loses_no_word(windows, ada):
    bob = windows.window("Bob")
    ada.level("e-1", "3")
    seen = bob.fields("/visit/e-1", "/visit/e-1/decision")
    assert ada.decide("e-1", "accepted").status_code == 303
    answer = bob.client.post(
        "/visit/e-1/decision",
        data={**seen, "decision": "overruled", "reason": "looks_worse", "words": "grey and sweating"},
    )
    assert answer.status_code == 409 and "Not saved" in answer.text and "Ada" in answer.text
    assert "grey and sweating</textarea>" in answer.text
    assert re.search(r'value="looks_worse" required checked', answer.text)
    assert not actions(windows, "overruled")
    assert bob.decide("e-1", "overruled", reason="looks_worse").status_code == 303
    assert [line.actor for line in actions(windows, "overruled")] == ["Bob"]


def test_a_decision_on_a_risk_that_has_changed_is_none(windows, ada):
    ada.level("e-1", "3")
    seen = ada.fields("/visit/e-1", "/visit/e-1/decision")
    windows.world.scorer.probability = 0.31
    answer = ada.client.post("/visit/e-1/decision", data={**seen, "decision": "accepted"})
    assert answer.status_code == 409 and "says something else by now" in answer.text and "310 of 1,000" in answer.text


def test_two_levels_at_once_the_second_is_told(windows, ada):
    bob = windows.window("Bob")
    seen = bob.fields("/visit/e-1", "/visit/e-1/level")
    ada.level("e-1", "3")
    answer = bob.client.post("/visit/e-1/level", data={**seen, "level": "1"})
    assert answer.status_code == 409 and [line.told()["level"] for line in actions(windows, "level")] == [3]


def test_comfort_care_is_silent_and_nothing_can_be_decided(tmp_path):
    windows = Windows(cases.world(tmp_path, cases.visit("e-c", comfort_care=True, **LOW)))
    ada = windows.window()
    ada.level("e-c", "3")
    page = ada.page("/visit/e-c")
    assert "Ask about distress" in page and "Rule" not in page and "/decision" not in page
    assert "<strong>84</strong> mmHg" in page


def test_a_dead_model_says_so_and_the_rules_stay(windows, ada):
    admin = windows.window("Grace", "administrator")
    ada.level("e-1", "3"), ada.level("e-low", "3")
    assert admin.post("/switch", "/switch", what="practise", fault="dead model", amount="20").status_code == 303
    page = ada.page("/visit/e-low")
    assert "judge without it" in page and "The model stopped." in page and "Systolic pressure very low" in page
    assert "60 of 1,000 patients" not in page
    assert "no answer" in ada.page("/worklist") and "of 1,000<" not in ada.page("/worklist")


def test_the_switch_turns_it_off_for_everybody_with_its_reason(windows, ada):
    ada.level("e-1", "3")
    admin = windows.window("Grace", "administrator")
    assert admin.post("/switch", "/switch", what="off", words=" ").status_code == 422 and windows.world.on
    assert admin.post("/switch", "/switch", what="off", words="wrong <unit> since noon").status_code == 303
    assert not windows.world.on and "wrong &lt;unit&gt; since noon" in admin.page("/switch")
    page = ada.page("/visit/e-1")
    assert "The assistant is switched off" in page and "60 of 1,000" not in page
    admin.post("/switch", "/switch", what="on", words="mended")
    assert windows.world.on and "60 of 1,000" in ada.page("/visit/e-1")


@pytest.mark.parametrize("amount", ["nan", "inf", "-1", "1e9", "", "x", "١٢٣٤٥"])
def test_a_fault_of_no_sensible_length_is_not_made(windows, amount):
    admin = windows.window("Grace", "administrator")
    answer = admin.post("/switch", "/switch", what="practise", fault="late feed", amount=amount)
    assert answer.status_code == 422 and not actions(windows, "switched") and not windows.world.desk.late_by


def test_a_late_feed_is_said_on_every_page_and_gives_no_risk(windows, ada):
    ada.level("e-1", "3")
    windows.window("Grace", "administrator").post("/switch", "/switch", what="practise", fault="late feed", amount="45")
    for path in ("/worklist", "/visit/e-1"):
        page = ada.page(path)
        assert 'class="attention"><dt>Data</dt>' in page and "data are late" in page, path
    assert "is not on this list" in ada.page("/worklist")  # a list that is shorter says why
    assert "60 of 1,000" not in ada.page("/visit/e-1")


def test_broken_settings_keep_the_last_good_ones_and_the_page_says_which_key(windows, ada):
    path = windows.world.folder / "triage.toml"
    ada.page("/worklist")
    path.write_text(path.read_text().replace("threshold = 0.05", 'threshold = "much"'))
    page = ada.page("/worklist")
    assert "model.threshold" in page and "the last good settings are in force" in page


def test_a_damaged_log_shows_no_advice_and_says_why(windows, ada):
    ada.level("e-1", "3")
    log = windows.world.log.ledger.path
    log.write_bytes(b"no log" * 1000)
    for path in ("/worklist", "/visit/e-1", "/history"):
        answer = ada.get(path)
        assert answer.status_code == 503 and "Judge without the assistant" in answer.text, path
    assert windows.client().get("/health").status_code == 503


def test_tampering_is_told_to_the_auditor(windows, ada):
    ada.level("e-1", "3")
    eve = windows.window("Eve", "auditor")
    page = eve.page("/audit")
    number, digest = re.search(r"ends at line (\d+): <code class=\"hash\">(\w{64})", page).groups()
    assert "the end you kept is in it" in eve.page("/audit", number=number, hash=digest)
    assert "<strong>No.</strong>" in eve.page("/audit", number=number, hash="0" * 64)
    assert "<strong>No.</strong>" in eve.page("/audit", number=str(int(number) + 5), hash=digest)
    with sqlite3.connect(windows.world.log.ledger.path) as file:
        file.execute("DROP TRIGGER no_update")
        file.execute("UPDATE line SET actor = 'Mallory' WHERE action = 'level'")
    assert "<strong>No.</strong>" in eve.page("/audit") and "was changed" in eve.page("/audit")
    assert windows.client().get("/health").json()["status"] == "down"


def test_history_names_patients_for_clinicians_only_and_goes_back(windows, ada):
    eve = windows.window("Eve", "auditor")
    ada.level("e-1", "3")
    for _ in range(120):
        windows.world.log.append("Ada", "viewed", visit="e-low", patient="p-e-low", role="clinician")
    first = eve.page("/history")
    assert "Lovelace" not in first and "e-low" in first and "gave level 3" not in first
    before = re.search(r"/history\?before=(\d+)\"", first)[1]
    assert "gave level 3" in eve.page("/history", before=before)
    assert "Lovelace" in ada.page("/history") and "gave level 3" in ada.page("/history", visit="e-1")


def test_resources_for_the_auditor_are_valid_and_hold_no_risk_before_a_level(windows, ada):
    from fhir.resources.R4B.bundle import Bundle

    eve = windows.window("Eve", "auditor")
    assert eve.get("/fhir/RiskAssessment").json()["total"] == 0
    ada.level("e-1", "3"), ada.decide("e-1", "accepted")
    risks, events = (eve.get(f"/fhir/{kind}").json() for kind in ("RiskAssessment", "AuditEvent"))
    assert [one["resource"]["encounter"]["reference"] for one in risks["entry"]] == ["Encounter/e-1"]
    assert events["total"] == len(windows.world.log.lines())
    for found in (risks, events):
        Bundle.model_validate(found)
        assert "Lovelace" not in str(found)


# strangers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(HOSTILE))
def test_a_strangers_name_is_text_short_and_keeps_its_direction_to_itself(windows, ada, key):
    for path in ("/worklist", f"/visit/{key}", "/history"):
        page = ada.page(path)
        assert "<script" not in page and "<img" not in page
        assert "\u202e" not in page and "A" * 300 not in page and "\u0301" * 4 not in page
    page = ada.page(f"/visit/{key}")
    assert '<bdi dir="auto">' in page
    if key == "e-markup":
        assert html.escape(MARKUP, quote=False)[:20] in page and "{{ 7*7 }}" in page
    if key == "e-born":
        assert "No name" in page and "unknown: no birth date" in page
        ada.level(key, "3")
        assert "Not known: age" in ada.page(f"/visit/{key}")


def test_a_card_that_shows_a_name_survives_letters_that_are_none(windows, ada):
    (windows.world.folder / "card.html.j2").write_text("<p>{{ visit.name }} {{ advice.words }}</p>", encoding="utf-8")
    assert "Z" in ada.page("/visit/e-marks") and "built-in card" not in ada.page("/visit/e-marks")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_value_that_is_no_number_was_not_measured(tmp_path, value):
    ada = Windows(cases.world(tmp_path, cases.visit(heart_rate=value))).window()
    row = re.search(r"Heart rate</th>.*?</tr>", ada.page("/visit/e-1"), re.S)[0]
    assert "not measured" in row and "inf" not in row and "nan" not in row
    assert "not taken" in ada.page("/worklist")


def test_a_name_keeps_the_letters_that_join_and_loses_what_is_no_letter():
    assert pages.person("می\u200cخواهم") == "می\u200cخواهم"
    assert pages.person("a\u202eb\x00\n  c") == "a b c" and pages.person("\u200b") == "No name"
    assert pages.person("é" * 300).endswith("…") and len(pages.person("é" * 300)) == pages.LONGEST_NAME


def test_a_persons_own_name_is_one_printable_line(windows):
    window = windows.window("  <b>Åsa\n\u202e Ek</b>  " + "x" * 100)
    page = window.page("/worklist")
    assert "&lt;b&gt;Åsa Ek&lt;/b&gt;" in page and "\u202e" not in page and "x" * 60 not in page
    nobody = windows.window(role="")
    answer = nobody.post("/role", "/role", name="\u202e\n", role="clinician")
    assert answer.status_code == 422 and "Write your name" in answer.text
    assert nobody.post("/role", "/role", name="Ada", role="surgeon").status_code == 422


# any input -----------------------------------------------------------------------------------------------------------

TEXT = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\u202e<>&\"'\x00\ud7ff\U0001f600{}%/\\", max_size=20),
    st.sampled_from(["e-1", "e-low", "0", "1", "3", "-1", "9" * 400, "accepted", "overruled", "other", MARKUP]),
)
FIELDS = st.dictionaries(
    st.sampled_from(["csrf", "state", "saw", "level", "decision", "reason", "words", "name", "role", "what", "fault"])
    | TEXT,
    TEXT,
    max_size=8,
)


@pytest.fixture(scope="module")
def open_windows(tmp_path_factory):
    world = cases.world(tmp_path_factory.mktemp("any") / "triage", cases.visit(), cases.visit("e-low", **LOW))
    windows = Windows(world)
    return windows, {role: windows.window(role, role) for role in doors.ROLES}


ANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sensible(answer):
    assert answer.status_code in {200, 303, 400, 403, 404, 405, 409, 413, 415, 422}, answer.status_code
    assert "Traceback" not in answer.text and "Internal Server Error" not in answer.text
    assert "content-security-policy" in answer.headers


@ANY
@given(st.sampled_from(list(doors.ROLES)), st.sampled_from([*PAGES, "/", "/health", "/visit/"]), TEXT, FIELDS)
def test_no_address_and_no_question_breaks_a_page(open_windows, role, path, more, query):
    client = open_windows[1][role].client
    end = urllib.parse.quote(more, safe="") if path == "/visit/" else ""
    question = urllib.parse.urlencode({**query, "before": more, "number": more, "hash": more, "visit": more})
    sensible(client.get(f"{path}{end}?{question}"))
    if "token" not in query:
        sensible(client.get(f"{path}{end}"))


@ANY
@given(
    st.sampled_from(["/role", "/door", "/switch", "/visit/e-1/level", "/visit/e-low/decision", "/visit/none/level"]),
    st.sampled_from(list(doors.ROLES)),
    FIELDS,
    st.booleans(),
)
def test_no_form_breaks_a_page(open_windows, path, role, filled, marked):
    windows, by_role = open_windows
    window = by_role[role]
    if marked:
        filled = {**filled, "csrf": windows.door.mark(windows.door.session(_Request(window, windows.door)))}
    filled.pop("role", None) if path == "/role" else None  # a window keeps its role for the next example
    sensible(window.client.post(path, data=filled))


@ANY
@given(st.binary(max_size=300), st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
       "application/json", "application/x-www-form-urlencoded; charset=utf-7", ""]))  # fmt: skip
def test_no_bytes_break_a_page(open_windows, body, kind):
    client = open_windows[1]["clinician"].client
    for path in ("/visit/e-1/level", "/visit/e-1/decision", "/role"):
        sensible(client.post(path, content=body, headers={"Content-Type": kind}))


@ANY
@given(st.text(max_size=200), st.text(max_size=200))
def test_no_cookie_breaks_a_page(open_windows, value, host):
    windows = open_windows[0]
    client = windows.client()
    cookie = urllib.parse.quote(value, safe="!#$&'()*+-./:<=>?@[]^_`{|}~")
    answer = client.get("/worklist", headers={"Cookie": f"{windows.door.cookie}={cookie}"})
    assert answer.status_code == 403
    assert client.get("/health", headers={"Host": host.encode("utf-8")}).status_code in (200, 421)


@ANY
@given(
    name=st.text(max_size=300),
    sex=st.text(max_size=30),
    site=st.text(max_size=30),
    age=st.none() | st.integers(-5, 200),
    value=st.none() | st.floats(allow_nan=True, allow_infinity=True),
    measured=st.none() | st.integers(-600, 6000),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_no_patient_breaks_a_page(open_windows, name, sex, site, age, value, measured, flags):
    windows, by_role = open_windows
    made = cases.visit("e-any", name=name, age=age, measured=measured, heart_rate=value, comfort_care=flags[0])
    windows.world.desk.all["e-any"] = dataclasses.replace(made, sex=sex, site=site, interpreter=flags[1])
    for path in ("/worklist", "/visit/e-any", "/history"):
        sensible(by_role["clinician"].client.get(path))
    assert by_role["clinician"].get("/visit/e-any").status_code == 200


class _Request:
    """As much of a request as a door reads a session from."""

    def __init__(self, window, door):
        self.cookies = {door.cookie: window.client.cookies[door.cookie]}


def test_a_form_that_is_too_large_is_not_read(windows, ada):
    answer = ada.client.post("/visit/e-1/level", data={"words": "x" * 70_000})
    assert answer.status_code == 413
