"""The learner's commands: blocks, predictions, quiz, claims, and their silence in the box."""

import html.parser
import sys
import types

import numpy as np
import pytest
from wardround.course import box, claim, loading, manifest, places, predict, progress, questions, quiz
from wardround.course.render import WIDTH, Block

COURSE = """
[[week]]
number = 1
slug = "week01_one"
title = "One"
minutes = 160
part = 1
[[week]]
number = 2
slug = "week02_two"
title = "Two"
minutes = 100
part = 1
[[week]]
number = 3
slug = "week03_absent"
title = "Absent"
minutes = 100
part = 1
[points]
question = 2
"""
QUESTIONS = """
from wardround.course.questions import memo_form, prediction, question
four = ["a", "b", "c", "d"]
question("W01.Q1", answer="counts", title="Count people", expects="a dict", hints=four)
question("W01.Q2", answer="grain", title="Find the grain", expects="a dict", hints=four)
question("W01.Q5", answer="more", title="Stretch", expects="a dict", hints=four, stretch=True)
prediction("W01.P1", ask="How many people?", unit="people")
prediction("W01.P2", ask="Is it valid?", kind="probability")
prediction("W01.P3", ask="What share?", unit="%")
memo_form("W01.M", fields={"owner": "who acts", "threshold": "at what number"})
"""
QUIZ = """
[[item]]
id = "W01.R1"
use = "recall"
ask = "What is one resource?"
[[item.option]]
text = "One fact"
says = "It may be an amended copy."
teaches = "M16"
[[item.option]]
text = "One record of something"
right = true
says = "And it may be superseded."
[[item.option]]
text = "One <b>patient</b>"
says = "Patients have many."
"""


def make_course(folder, monkeypatch):
    """A course of two weeks in a temporary folder, and a stand-in for the hospital side."""
    root, work = folder / "root", folder / "work"
    first, second = root / "curriculum" / "week01_one", root / "curriculum" / "week02_two"
    for week in (first, second):
        week.mkdir(parents=True)
    (root / "course.toml").write_text(COURSE)
    (first / "questions.py").write_text(QUESTIONS)
    (first / "quiz.toml").write_text(QUIZ)
    (second / "questions.py").write_text(
        "from wardround.course.questions import question\n"
        "question('W02.Q1', answer='x', title='Later', expects='a dict', hints=['a', 'b', 'c', 'd'])\n"
    )
    monkeypatch.setenv("WARDROUND_ROOT", str(root))
    monkeypatch.setenv("WARDROUND_WORK", str(work))
    monkeypatch.delenv("WARDROUND_BOX", raising=False)
    questions.week_questions_of.cache_clear()
    quiz.week_quiz.cache_clear()
    hospital = types.SimpleNamespace(checksum="abc123" * 8, path=folder / "quillmere")
    outcomes = {"W01.P1": 700, "W01.P2": np.bool_(False), "W01.P3": np.float64(12.345)}
    stand_in = types.SimpleNamespace(true_outcome=outcomes.__getitem__, remark_on=lambda id, outcome: "")
    monkeypatch.setattr(loading, "_current", [hospital])
    monkeypatch.setitem(sys.modules, "wardround.course.check", stand_in)
    return types.SimpleNamespace(root=root, work=work, week=first, outcomes=outcomes)


@pytest.fixture
def course(tmp_path, monkeypatch):
    yield make_course(tmp_path, monkeypatch)
    questions.week_questions_of.cache_clear()
    quiz.week_quiz.cache_clear()


class Tags(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.opened, self.open, self.text = [], [], ""
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.opened.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


# --- the block


def test_block_escapes_everything_and_is_a_note():
    block = Block("<i>1</i>", (("<b>", "<script>x</script> and `a<b`"), ("Code", "```python\nx = '<p>'\n```")))
    page = Tags(block._repr_html_())
    assert page.opened[0][0] == "div" and page.opened[0][1]["role"] == "note"
    assert not {"i", "b", "script"} & {tag for tag, _ in page.opened}
    assert "<script>x</script>" in page.text and "x = '<p>'" in page.text


def test_block_takes_colours_only_from_the_theme_or_the_text():
    for tone in ("note", "right", "wrong", "ask"):
        for _, attrs in Tags(Block("h", (("l", "```\ncode\n```"),), tone)._repr_html_()).opened:
            style = attrs.get("style", "")
            assert "#" not in style and "rgb" not in style
            for part in style.split(";"):
                if part.startswith(("color:", "background:")):
                    assert part.split(":")[1] in ("inherit", "transparent")


def test_block_as_text_wraps_and_keeps_code():
    code = "for row in rows:\n    if row:\n        print(row)"
    block = Block("word " * 40, (("Label", "word " * 60 + f"\n\n```python\n{code}\n```\n\nafter"),))
    rows = str(block).splitlines()
    assert max(map(len, rows)) <= WIDTH and repr(block) == str(block)
    assert "              print(row)" in rows and rows[-1] == "    after".removeprefix("  ")
    pre = [tag for tag, _ in Tags(block._repr_html_()).opened].count("pre")
    assert pre == 1 and code in Tags(block._repr_html_()).text


def test_indented_code_is_code_and_list_items_stay_apart():
    block = Block("h", (("", "First:\n\n    a = 1\n\n    b = 2\n\n- one\n- two"),))
    page = Tags(block._repr_html_())
    assert [tag for tag, _ in page.opened].count("pre") == 1 and "a = 1\n\nb = 2" in page.text
    assert "  - one\n  - two" in str(block)


# --- predictions


def test_reveal_waits_for_a_guess_then_shows_both(course):
    assert "guess first" in str(predict.reveal("W01.P1"))
    assert "700" not in str(predict.reveal("W01.P1"))
    assert "locked" in str(predict.predict("W01.P1", 500, 900))
    shown = str(predict.reveal("W01.P1"))
    assert "your range held" in shown and "700 people" in shown and "500 to 900 people" in shown


def test_first_guess_stays(course):
    predict.predict("W01.P1", 500, 900)
    again = str(predict.predict("W01.P1", 699, 701))
    assert "first guess stays" in again and "500 to 900 people" in again
    assert "stays" not in str(predict.predict("W01.P1", 500, 900))
    predict.predict("W01.P1", ...)
    assert predict.STORE.read().predictions["W01.P1"].low == 500


@pytest.mark.parametrize("dots", [(...,), (..., ...), (3, ...)])
def test_dots_are_no_guess_and_may_be_replaced_until_seen(course, dots):
    assert "no guess" in str(predict.predict("W01.P1", *dots))
    assert "locked" in str(predict.predict("W01.P1", 1, 2))
    assert predict.STORE.read().predictions["W01.P1"].high == 2


def test_a_guess_after_the_reveal_is_kept_but_not_scored(course):
    predict.predict("W01.P1", ...)
    shown = str(predict.reveal("W01.P1"))
    assert "no guess" in shown and "700 people" in shown
    assert "never scored" in str(predict.predict("W01.P1", 699, 701))
    assert predict.calibration().total == 0


@pytest.mark.parametrize(
    ("id", "arguments", "told"),
    [
        ("W01.P1", {"low": 9, "high": 3}, "swap them"),
        ("W01.P1", {"low": "9", "high": 3}, "is not"),
        ("W01.P1", {"low": True, "high": 3}, "is not"),
        ("W01.P1", {"low": 1, "high": float("inf")}, "is not"),
        ("W01.P1", {"low": 9}, "two ends"),
        ("W01.P1", {"probability": 0.4}, "low and a high"),
        ("W01.P2", {"probability": 1.2}, "from 0 to 1"),
        ("W01.P2", {"probability": float("nan")}, "from 0 to 1"),
        ("W01.P2", {"low": 1, "high": 2}, "how probable"),
        ("W01.P9", {"low": 1, "high": 2}, "not asked in this week"),
        ("W99.P1", {"low": 1, "high": 2}, "not an id"),
        (7, {"low": 1, "high": 2}, "not an id"),
        ("W03.P1", {"low": 1, "high": 2}, "no folder"),
    ],
)
def test_an_unusable_guess_gets_a_sentence_and_is_not_kept(course, id, arguments, told):
    assert told in " ".join(str(predict.predict(id, **arguments)).split())
    assert not predict.STORE.read().predictions


def test_numpy_numbers_and_the_question_itself(course):
    assert "How many people?" in str(predict.predict("W01.P1"))
    predict.predict("W01.P3", np.int64(10), np.float32(20.5))
    assert "12.3%" in str(predict.reveal("W01.P3"))


def test_a_confident_miss_is_greeted(course):
    predict.predict("W01.P1", 10, 20)
    predict.predict("W01.P2", probability=0.97)
    for id in ("W01.P1", "W01.P2"):
        shown = str(predict.reveal(id)).lower()
        assert "worth a minute" in shown and "wrong" not in shown and "sorry" not in shown
    assert "it is not true" in str(predict.reveal("W01.P2"))


def test_calibration_counts_ranges_and_scores_claims(course):
    predict.predict("W01.P1", 500, 900)
    predict.predict("W01.P3", 50, 60)
    predict.predict("W01.P2", probability=0.3)
    assert predict.calibration() == (0, 0, None, [])
    for id in ("W01.P1", "W01.P2", "W01.P3"):
        predict.reveal(id)
    scored = predict.calibration()
    assert (scored.hits, scored.total) == (1, 2)
    assert scored.brier == pytest.approx(0.09)
    assert scored.forecasts == [("W01.P1", 0.8, True), ("W01.P2", 0.3, False), ("W01.P3", 0.8, False)]
    assert predict.calibration(["W01.P1"])[:2] == (1, 1)


def test_another_hospital_does_not_change_the_score(course):
    predict.predict("W01.P1", 500, 900)
    predict.reveal("W01.P1")
    course.outcomes["W01.P1"] = 90
    assert "90 people" in str(predict.reveal("W01.P1"))
    assert predict.calibration()[:2] == (1, 1)


# --- quiz


def test_quiz_shows_then_answers_and_records(course):
    shown = str(quiz.quiz("W01.R1"))
    assert "a: One fact" in shown and "superseded" not in shown and "right" not in shown
    assert str(quiz.quiz("W01.R1", ...)) == shown
    assert "amended copy" in str(quiz.quiz("W01.R1", "a"))
    assert quiz.missed() == ["W01.R1"]
    assert progress.read().misconceptions["M16"].state == "open"
    assert "b is right" in str(quiz.quiz("W01.R1", " B "))
    assert quiz.missed() == [] and quiz.STORE.read().items["W01.R1"].choices == ["a", "b"]
    assert not quiz.STORE.read().items["W01.R1"].right_first
    assert progress.read().misconceptions["M16"].state == "put right"


@pytest.mark.parametrize("choice", ["ab", "", "z", ["a"], 1, "a,b"])
def test_several_letters_or_none_are_not_counted(course, choice):
    assert "Not counted" in str(quiz.quiz("W01.R1", choice))
    assert not quiz.STORE.read().items


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("right = true\n", "", "no option marked right"),
        ('teaches = "M16"', "right = true", "options a, b marked right"),
        ('says = "Patients have many."', "", "option c says nothing"),
        ("[[item]]\n", QUIZ + "[[item]]\n", "stands there twice"),
        ('use = "recall"', 'use = "homework"', "item 1 (W01.R1), use"),
        ("W01.R1", "W02.R1", "another week"),
        ("W01.R1", "R1", "item 1 (R1), id"),
        ("ask =", "ask", "is not TOML"),
    ],
)
def test_quiz_loader_names_the_fault_and_the_place(course, before, after, told):
    (course.week / "quiz.toml").write_text(QUIZ.replace(before, after, 1))
    with pytest.raises(manifest.ManifestError, match=r"quiz\.toml") as caught:
        quiz.quiz("W01.R1")
    assert told in str(caught.value)


def test_unknown_items_are_named(course):
    assert "W01.R1" in str(quiz.quiz("W01.R7"))
    assert "No such quiz item" in str(quiz.quiz("W02.R1"))
    assert "No such quiz item" in str(quiz.quiz("R1"))


# --- claims and the manifest


def test_claim_returns_the_value_or_says_that_prose_would_lie():
    value = np.float64(0.145)
    assert claim.claim(value, about=0.14, within=0.01) is value
    assert claim.claim("ED", exactly="ED") == "ED"
    for wrong in ({"about": 0.2, "within": 0.01}, {"exactly": 0.15}):
        with pytest.raises(claim.ClaimError, match=r"prose would lie.*0\.145"):
            claim.claim(value, **wrong)
    with pytest.raises(claim.ClaimError):
        claim.claim(float("nan"), about=0, within=1)


@pytest.mark.parametrize("half", [{}, {"about": 1}, {"within": 1}, {"about": 1, "within": 1, "exactly": 1}])
def test_claim_needs_one_whole_form(half):
    with pytest.raises(TypeError, match="about="):
        claim.claim(1, **half)


def test_course_toml_is_read_and_faults_are_named(course):
    read = manifest.read_course()
    assert read.number(2).title == "Two" and read.points == {"question": 2}
    with pytest.raises(LookupError, match="no week 9"):
        read.number(9)
    for before, after, told in (
        ("minutes = 160", 'minutes = "long"', "week 1 (week01_one), minutes"),
        ("number = 2", "number = 1", "does not begin with week01_"),
        ('title = "One"', "", "title"),
    ):
        (course.root / "course.toml").write_text(COURSE.replace(before, after, 1))
        with pytest.raises(manifest.ManifestError) as caught:
            manifest.read_course()
        assert told in str(caught.value) and "course.toml" in str(caught.value)


def test_ids_and_places(course):
    assert places.week_of("W12.M") == 12 and places.week_folder(1) == course.week
    for wrong in ("W00.Q1", "W13.Q1", "w01.Q1", "", None):
        with pytest.raises(ValueError, match="not an id"):
            places.week_of(wrong)


# --- the box


def test_in_the_box_commands_do_nothing_and_never_raise(course, monkeypatch):
    from wardround.course import memo

    monkeypatch.setenv("WARDROUND_BOX", "1")
    for command in (predict.predict, predict.reveal, quiz.quiz, memo.memo, memo.keep):
        assert command() is None
        assert command("W77.X", [1], unknown=object()) is None
    assert claim.claim(3, about=100, within=0.1) == 3 and claim.claim(3) == 3
    assert not course.work.exists()


def test_the_box_is_asked_at_each_call(monkeypatch):
    twice = box.quiet_in_box(lambda x: 2 * x)
    monkeypatch.delenv("WARDROUND_BOX", raising=False)
    assert twice(2) == 4
    monkeypatch.setenv("WARDROUND_BOX", "1")
    assert twice(2) is None


@pytest.mark.parametrize(
    "low, high, outcome, heading",
    [
        (10, 20, 15, "your range held"),
        (10, 20, 24, "just outside your range"),
        (10, 20, 31, "well outside your range"),
        (0.1, 0.4, 0.002, "well outside your range"),  # near in points, and fifty times as much
        (0.0, 0.1, 0.15, "just outside your range"),
        (-5, 5, 7, "just outside your range"),
    ],
)
def test_how_far_a_range_missed_goes_by_its_width_or_by_times(low, high, outcome, heading):
    guess = types.SimpleNamespace(low=low, high=high, outcome=outcome, held=low <= outcome <= high)
    assert predict._range_verdict(guess)[0].startswith(heading)
