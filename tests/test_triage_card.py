"""The learner's card: what it may do, what is said of a wrong one, and that a rule is seen whatever it leaves out."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
import triage_cases as cases
from triage_windows import MARKUP, Windows
from wardround.triage import learner_card
from wardround.triage.checking import check, samples
from wardround.triage.judge import judge
from wardround.triage.learner_card import CardWrong, render, show
from wardround.triage.model import RELEASED
from wardround.triage.settings import CARD, FILE, TEMPLATES, defaults

WORDS = "<p>{{ advice.words }}</p>\n"
SETTINGS = defaults()


def given(**more):
    visit = cases.visit(systolic=84.0, name=MARKUP)
    advice = judge(visit, cases.risk(), SETTINGS, cases.NOW)
    return {"advice": advice, "visit": visit, "level": 2, "now": cases.NOW, **more}


@pytest.fixture
def folder(tmp_path):
    for name in (CARD, FILE):
        shutil.copyfile(TEMPLATES / name, tmp_path / name)
    return tmp_path


def test_the_course_s_own_card_is_short_and_shows_everything_in_every_state():
    text = learner_card.source(TEMPLATES / CARD)
    assert len(text.splitlines()) <= 60
    for state, sample in samples(SETTINGS):
        made = render(text, **sample)
        assert not learner_card.left_out(made, sample["advice"]), state
        assert "<b>Ada" not in made


def test_a_patients_text_never_becomes_markup_or_template():
    made = render("<p>{{ visit.name }}</p><p>{{ visit.name | upper }}</p>{{ visit.name ~ '<i>' }}", **given())
    assert "<script" not in made and "<img" not in made and "<i>" not in made.replace("&lt;i&gt;", "")
    assert "{{ 7*7 }}" in made


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("<p>\n{{ advice.wrods }}</p>", 2, "'Advice object' has no attribute 'wrods'; perhaps 'words' is meant"),
        ("<p>\n\n{{ advise.words }}</p>", 3, "'advise' is undefined"),
        ("{% if advice.high %}\n<p>high</p>\n", 2, "end of template"),
        ("\n{{ advice.words | shout }}", 2, "No filter named 'shout'"),
        ("\n{{ visit.name | safe }}", 2, "become markup"),
        ("\n{% autoescape false %}{{ visit.name }}{% endautoescape %}", 2, "autoescape"),
        ("\n{% include 'triage.toml' %}", 2, "include"),
        ("{% extends 'base.html.j2' %}", 1, "extends"),
        ("\n{% import 'x' as y %}", 2, "import"),
        ("\n<script>alert(1)</script>", 2, "<script> does not belong"),
        ("\n\n<p onclick='x'>a</p>", 3, "onclick"),
        ("<p style='color:red'>a</p>", 1, "style"),
        ("<p hidden>a</p>", 1, "hidden"),
        ("<form action='/role'></form>", 1, "<form>"),
        ("<section>\n<p>a</p>", 1, "<section> is not closed"),
        ("<p>a</p>\n</main>", 2, "</main> closes nothing"),
        ("<b>\n<i>a</b></i>", 2, "closes nothing"),
        ("<!-- a --><p>b</p>", None, "comment"),
        ("\n{{ 'a' * 1000000000 }}", 2, "small numbers"),
        ("{{ 9 ** 99999999 }}", 1, "small numbers"),
        ("{% for i in range(1000000) %}x{% endfor %}", 1, "200 steps"),
        ("{% for i in range(200) * 1 %}{% endfor %}", 1, "small numbers"),
        (5 * "{% for i in range(200) %}{{ advice.words }}{% endfor %}", None, "show less"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ visit.readings.clear() }}", 1, "unsafe"),
        ("{{ visit.__init__.__globals__ }}", 1, "unsafe"),
        ("{{ 1 / 0 }}", 1, "division"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", None, "more simply"),
    ],
)  # fmt: skip
def test_a_wrong_card_is_told_with_its_line_and_the_built_in_one_is_shown(folder, text, line, says):
    sample = given()
    before = dict(sample["visit"].readings)
    (folder / CARD).write_text(text, encoding="utf-8")
    shown = show(folder, **sample)
    assert says in shown.trouble and "card.html.j2" in shown.trouble, shown.trouble
    assert (f"line {line}:" in shown.trouble) if line else True, shown.trouble
    assert shown.html == render(learner_card.source(TEMPLATES / CARD), **sample)
    assert dict(sample["visit"].readings) == before
    found = check(folder, marks=lambda *_: "")
    assert not found.ok and any(says in one for one in found.problems), found.problems


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<p>a</p>\n" * 61, "61 lines"),
        (b"<p>\xff\n</p>", "line 1: this is no UTF-8"),
        (b"a" * 30_000, "30,000 bytes"),
        (None, "it is not there"),
    ],
)
def test_a_file_that_is_no_card(folder, data, says):
    (folder / CARD).unlink() if data is None else (folder / CARD).write_bytes(data)
    assert says in show(folder, **given()).trouble


def test_a_rule_that_the_card_leaves_out_is_above_it(folder):
    (folder / CARD).write_text(WORDS, encoding="utf-8")
    shown = show(folder, **given())
    assert not shown.trouble and [one.startswith("Systolic pressure very low") for one in shown.left_out] == [True]
    for hides in ("<details><summary>Rules</summary>{}</details>", "<svg><title>{}</title></svg>"):
        loop = hides.format("{% for one in advice.rules %}{{ one.says }}{% endfor %}")
        (folder / CARD).write_text(WORDS + loop, encoding="utf-8")
        assert len(show(folder, **given()).left_out) == 1, "what is folded away is not seen"
    (folder / CARD).write_text(WORDS + "{% for one in advice.rules %}{{ one.says }}{% endfor %}", encoding="utf-8")
    assert show(folder, **given()).left_out == ()
    problems = check(folder, marks=lambda *_: "").problems
    assert len(problems) == 1 and "Temperature 45.0 °C" in problems[0] and "advice.check" in problems[0]


def test_the_page_shows_the_rule_and_what_is_wrong_with_the_card(tmp_path):
    windows = Windows(cases.world(tmp_path, cases.visit(systolic=84.0)))
    ada = windows.window()
    (tmp_path / CARD).write_text("<p>{{ advice.words }}</p>", encoding="utf-8")
    page = ada.page("/visit/e-1")
    assert "Not on the card</strong> Systolic pressure very low" in page
    (tmp_path / CARD).write_text("{{ advice.rulez }}", encoding="utf-8")
    page = ada.page("/visit/e-1")
    assert "The built-in card is shown." in page and "rulez" in page and "Systolic pressure very low" in page


def test_check_says_the_key_of_the_settings_and_looks_at_the_card_all_the_same(folder):
    path = folder / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("threshold = 0.05", "treshold = 0.05"), encoding="utf-8")
    (folder / CARD).write_text("<p>", encoding="utf-8")
    found = check(folder, marks=lambda *_: "")
    assert any("model.t" in one for one in found.problems) and any("not closed" in one for one in found.problems)
    assert not found.ok


def test_check_says_what_the_threshold_marked_when_the_model_was_released(folder):
    assert "once the assistant was started" in " ".join(check(folder).notes)
    measured = {"threshold": 0.05, "visits": 2000, "critical": 40, "marked": 100, "marked_and_critical": 30}
    (folder / "state").mkdir()
    (folder / "state" / RELEASED).write_text(json.dumps({"measured": measured}))
    notes = " ".join(check(folder).notes)
    assert "marked 100 (50 of 1,000)" in notes and "marks 30 and misses 10" in notes


def test_samples_are_in_every_state():
    states = {given["advice"].state for _, given in samples(SETTINGS)}
    assert states == {"risk", "waits", "abstains", "no answer", "off", "silent"}
    assert any(given["advice"].rules and given["advice"].check for _, given in samples(SETTINGS))


def test_an_advice_cannot_be_changed_by_a_card():
    with pytest.raises(CardWrong):
        render("{% set advice.words = 'all is well' %}", **given())
    sample = given()
    render("{% set advice = 1 %}{{ visit.readings | length }}", **sample)
    assert dataclasses.is_dataclass(sample["advice"])
