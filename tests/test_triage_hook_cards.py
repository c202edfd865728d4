"""What a card says: the risk with its number, the rules first, nothing where nothing can be said, no strange text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from triage_service import MODEL, NOW, SERVICE, Assistant, Now
from wardround.operations.ledger import NotLogged
from wardround.triage.conformance import card_problems
from wardround.triage.fhir import Found, read
from wardround.triage.hook_cards import card, summary
from wardround.triage.said import Advice, Factor, Fired
from wardround.triage.settings import defaults


@pytest.fixture
def assistant(tmp_path):
    return Assistant(tmp_path / "triage")


def test_a_risk_is_told_with_its_number_and_logged_without_a_value(assistant):
    card = assistant.view()
    assert card["indicator"] == "info" and "20 of 1,000" in card["summary"]
    assert "Respiratory rate 18 /min raises the risk" in card["detail"]
    (line,) = assistant.lines("hook")
    told = line.told()
    assert line.actor == "Practitioner/example-0" and told["of_1000"] == 20 and told["model"] == MODEL
    assert told["card"] == card["uuid"] and told["patient"] == "example-1" and told["visit"] == "example-2"
    assert "1951" not in line.detail and "128" not in line.detail  # neither birth date nor value


def test_only_the_prefetch_is_computed_on(assistant):
    """The desk has other values of the same visit; they are not used."""
    asked = assistant.request(systolic=104)
    found = read(asked["prefetch"], "example-1", NOW, "example-2").visit
    assistant.desk.there["example-2"] = read(assistant.request()["prefetch"], "example-1", NOW, "example-2").visit
    assistant.view(asked)
    (scored,) = assistant.scorer.asked
    assert scored.readings == found.readings and scored.readings["systolic"].value == 104


def test_a_rule_is_a_warning_and_stands_first(assistant):
    card = assistant.view(assistant.request(saturation=84))
    assert card["indicator"] == "warning" and card["summary"].startswith("Oxygen saturation low")
    assert card["suggestions"][0] == {
        **card["suggestions"][0],
        "label": "Look at this patient now",
        "isRecommended": True,
    }


def test_a_high_risk_is_a_warning_and_never_critical(assistant):
    assistant.scorer.probability = 0.97
    card = assistant.view(assistant.request(saturation=84))
    assert card["indicator"] == "warning" and "970 of 1,000" in card["detail"]


def test_reasons_are_those_of_the_settings(assistant):
    reasons = assistant.view()["overrideReasons"]
    assert [one["display"] for one in reasons] == [one.display for one in defaults().reasons]


def test_the_risk_can_be_kept_in_the_chart(assistant):
    from fhir.resources.R4B.riskassessment import RiskAssessment

    (kept,) = [one for one in assistant.view()["suggestions"] if "actions" in one]
    resource = RiskAssessment.model_validate(kept["actions"][0]["resource"])
    assert (
        float(resource.prediction[0].probabilityDecimal) == 2.0 and len(resource.basis) == 5
    )  # the diastolic pressure is no factor


def test_missing_values_are_no_risk_and_a_rule_fires_all_the_same(assistant):
    card = assistant.view(assistant.request(systolic=None, saturation=84))
    assert "No risk is given" in card["detail"] and "of 1,000" not in card["detail"]
    assert card["indicator"] == "warning"


@pytest.mark.parametrize("why", ["The model did not answer in time.", "The model stopped."])
def test_a_dead_or_slow_model_gives_the_fallback(assistant, why):
    assistant.scorer.why = why
    card = assistant.view()
    assert card["summary"].startswith(why) and "of 1,000" not in card["summary"] + card["detail"]
    assert "suggestions" not in card


def test_switched_off_it_says_so_and_asks_no_model(assistant):
    assistant.world.switch(False, "admin", "administrator", "practice")
    card = assistant.view(assistant.request(saturation=84))
    assert "switched off" in card["detail"] and card["indicator"] == "warning" and assistant.scorer.asked == []


def test_an_own_visit_waits_for_the_nurse_and_is_silent_in_comfort_care(assistant):
    visit = read(assistant.request()["prefetch"], "example-1", NOW, "example-2").visit
    assistant.desk.there["example-2"] = visit
    card = assistant.view()
    assert "20 of 1,000" not in json.dumps(card) and "your own level first" in card["summary"]
    assistant.world.give_level("example-2", 3, "nurse", "clinician", 0, NOW)
    assert "20 of 1,000" in assistant.view()["summary"]
    assistant.desk.there["example-2"] = type(visit)(**{**visit.__dict__, "comfort_care": True})
    card = assistant.view(assistant.request(saturation=84))
    assert card["indicator"] == "info" and "silent" in card["summary"] and "Rule" not in card["detail"]


def test_an_own_visit_of_another_patient_is_refused(assistant):
    visit = read(assistant.request()["prefetch"], "example-1", NOW, "example-2").visit
    assistant.desk.there["example-2"] = type(visit)(**{**visit.__dict__, "patient_id": "somebody-else"})
    status, body = assistant.view()
    assert status == 400 and "another patient" in body["issue"][0]["diagnostics"]


def test_a_view_that_cannot_be_logged_is_shown_and_asks_for_no_feedback(assistant, monkeypatch):
    def full(*_, **__):
        raise NotLogged("the disk is full")

    monkeypatch.setattr(assistant.world.log, "append", full)
    card = assistant.view(assistant.request(saturation=84))
    assert "could not be logged" in card["detail"] and "uuid" not in card
    assert card_problems({"cards": [card]}) == []


@pytest.mark.parametrize("change", [{"class": {"code": "IMP"}}, {"status": "finished"}, {"status": "entered-in-error"}])
def test_of_other_visits_there_is_nothing_to_say(assistant, change):
    request = assistant.request(saturation=84)
    request["prefetch"]["encounter"].update(change)
    assert assistant.call("POST", SERVICE, request) == (200, {"cards": []})
    assert assistant.lines("hook")[0].told()["cards"] == 0


def test_a_strangers_text_stands_in_no_card(assistant):
    request = assistant.request()
    hostile = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) \u202e" + "x" * 10_000
    request["prefetch"]["patient"]["name"] = [{"family": hostile, "text": hostile}]
    for entry in request["prefetch"]["vitals"]["entry"]:
        entry["resource"]["valueQuantity"] |= {"unit": hostile, "code": "Cel"}
    text = json.dumps(assistant.view(request))
    assert not any(one in text for one in ("<img", "javascript", "\\u202e", "xxxx"))


ADVICE = st.builds(
    Advice,
    state=st.sampled_from(("abstains", "no answer", "off", "silent", "waits")),
    words=st.text(min_size=1),
    rules=st.lists(st.builds(Fired, st.just("r"), st.text()), max_size=4).map(tuple),
    missing=st.lists(st.text(), max_size=3).map(tuple),
    check=st.lists(st.text(), max_size=3).map(tuple),
    factors=st.just((Factor("a", "A<b>", "raises", "1", "*x*", NOW, 3),)),
)


@given(ADVICE)
def test_whatever_the_settings_say_the_card_conforms(advice):
    found = Found(read(Assistant.request(Now())["prefetch"], "example-1", NOW).visit)
    made = card(advice, found, defaults(), NOW)
    assert card_problems({"cards": [made]}) == []
    assert 0 < len(summary(advice)) < 140 and "<" not in made["detail"] and made["indicator"] != "critical"


@pytest.mark.parametrize("length", [1, 139, 140, 141, 300])
def test_a_long_sentence_of_the_settings_is_cut_at_a_word(length):
    text = ("look " * 60)[: length - 1] + "."
    told = summary(Advice("no answer", "", rules=(Fired("r", text),)))
    assert len(told) < 140 and (told == text if length < 140 else told.endswith("look…"))
