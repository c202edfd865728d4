"""The model behind the desk: whatever becomes of its process, the page goes on in time; what was released is good."""

from __future__ import annotations

import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import triage_cases as cases
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from triage_cases import NOW, visit
from wardround.triage import model
from wardround.triage.model import COLUMNS, NOT_YET, Scorer, row
from wardround.triage.said import NoAnswer, Reading, Risk

WITHIN = 1.5
GRACE = 12.0  # of a busy machine, on top of the promise; what is to be too slow takes a minute
LONG = 60.0  # a promise so long that whoever answers sooner did not wait for it
BAD = {  # what a damaged model replies instead
    "no JSON": "'{'",
    "another number": "right(asked) | {'number': 0}",
    "nobody asked": "right(asked) | {'answers': {'e-9': {'risk': 0.1, 'pushes': {}}}}",
    "not everybody": "right(asked) | {'answers': {}}",
    "a share above one": "right(asked) | {'answers': {k: {'risk': 1.5, 'pushes': {}} for k in asked['rows']}}",
    "no number": "right(asked) | {'answers': {k: {'risk': None, 'pushes': {}} for k in asked['rows']}}",
    "nan": "right(asked) | {'answers': {k: {'risk': float('nan'), 'pushes': {}} for k in asked['rows']}}",
    "no finite push": "right(asked) | {'answers': dict.fromkeys(asked['rows'], {'risk': 0, 'pushes': {'age': 1e999}})}",
    "a list": "[1, 2]",
    "it stops": "sys.exit(3)",
    "it is killed": "os.kill(os.getpid(), 9)",
    "it waits": "time.sleep(60)",
    "it is stopped": "os.kill(os.getpid(), 19)",
}


@pytest.fixture
def scorers(tmp_path):
    """Makes scorers over small processes, and ends them."""
    made = []

    def make(body, within=WITHIN):
        made.append(Scorer(tmp_path, answer_within_seconds=within, command=cases.child(tmp_path, body)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def timed(scorer, *visits):
    begun = time.monotonic()
    answers = scorer.score(visits or [visit()], NOW)
    return answers, time.monotonic() - begun


def until(holds, seconds=60.0):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_a_risk_comes_with_its_model_and_average_and_is_kept_for_the_same_readings(scorers, tmp_path):
    scorer = scorers(
        cases.serving("open('asked', 'a').write('x') and right(asked)").replace(
            "'asked', ", f"{str(tmp_path / 'asked')!r}, "
        )
    )
    assert scorer.start() and scorer.model == "stub 1" and scorer.pid
    one, two = visit("e-1"), visit("e-2", systolic=99)
    answers, _ = timed(scorer, one, two)
    assert answers == {key: Risk(0.25, {"age": 0.5}, "stub 1", 0.02) for key in ("e-1", "e-2")}
    assert timed(scorer, two, one)[0] == answers
    assert len((tmp_path / "asked").read_text()) == 1, "one question for everybody, and none for what is known"
    timed(scorer, one, visit("e-2", systolic=98))
    assert len((tmp_path / "asked").read_text()) == 2
    assert scorer.score([]) == {}


@pytest.mark.parametrize("harm", BAD)
def test_whatever_the_model_does_everybody_gets_the_fallback_in_time_and_it_starts_again(scorers, tmp_path, harm):
    """Bad until a file is there, then good: so the same scorer must find back by itself."""
    mend = tmp_path / "mended"
    reply = f"right(asked) if os.path.exists({str(mend)!r}) else {BAD[harm]}"
    if harm == "no JSON":
        reply = f"right(asked) if os.path.exists({str(mend)!r}) else print('{{') or 1"
    scorer = scorers(cases.serving(reply))
    assert scorer.start()
    first = scorer.pid
    answers, seconds = timed(scorer, visit("e-1"), visit("e-2"))
    assert set(answers) == {"e-1", "e-2"} and all(isinstance(one, NoAnswer) and one.why for one in answers.values())
    assert seconds < WITHIN + GRACE
    mend.touch()
    assert until(lambda: scorer.ready and scorer.pid != first), scorer.why
    assert isinstance(timed(scorer)[0]["e-1"], Risk)


def test_a_number_from_before_is_not_shown_once_the_model_is_dead(scorers):
    scorer = scorers(cases.serving(), within=LONG)
    assert scorer.start() and isinstance(timed(scorer)[0]["e-1"], Risk)
    os.kill(scorer.pid, signal.SIGKILL)
    assert until(lambda: scorer.pid is None)
    answers, seconds = timed(scorer)
    assert isinstance(answers["e-1"], NoAnswer) and seconds < GRACE, "told at once, not after the deadline"


def test_a_model_that_started_again_is_asked_again(scorers):
    scorer = scorers(
        cases.serving("right(asked) | {'answers': {k: {'risk': 1 / os.getpid(), 'pushes': {}} for k in asked['rows']}}")
    )
    assert scorer.start()
    first = scorer.pid
    assert timed(scorer)[0]["e-1"].probability == 1 / first
    scorer.kill()
    assert until(lambda: scorer.ready) and timed(scorer)[0]["e-1"].probability == 1 / scorer.pid != 1 / first


def test_a_kill_in_the_middle_of_a_question_raises_nothing(scorers):
    scorer = scorers(cases.serving(), within=LONG)
    found, trouble, done = [], [], threading.Event()

    def ask(n):
        try:
            for turn in itertools.count():
                found.append(scorer.score([visit("e-1"), visit(f"e-{n}-{turn}")], NOW))
                if done.is_set():
                    return
        except Exception as raised:  # a thread would only print it
            trouble.append(raised)

    def risks():
        return sum(isinstance(one, Risk) for answers in found[:] for one in answers.values())

    assert scorer.start()
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    try:
        for _ in range(5):
            before = risks()
            assert until(lambda: risks() > before), "between two kills it answers"  # noqa: B023
            scorer.kill()
    finally:
        done.set()
        for one in threads:
            one.join()
    assert not trouble and all(len(one) == 2 for one in found)


def test_a_killed_model_stays_down_as_long_as_it_is_to_be_practised(scorers):
    scorer = scorers(cases.serving())
    assert scorer.start()
    scorer.kill(3.0)
    begun = time.monotonic()
    assert isinstance(timed(scorer)[0]["e-1"], NoAnswer) and not scorer.ready and scorer.pid is None
    assert until(lambda: scorer.ready) and time.monotonic() - begun > 2.5
    assert isinstance(timed(scorer)[0]["e-1"], Risk)


def test_a_slow_model_is_practised_and_left(scorers):
    scorer = scorers(cases.serving())
    assert scorer.start() and isinstance(timed(scorer)[0]["e-1"], Risk)
    scorer.slow_by = 60.0
    answers, seconds = timed(scorer)
    assert answers["e-1"] == NoAnswer("The model did not answer in time.") and WITHIN <= seconds < WITHIN + GRACE
    scorer.slow_by = 0.0
    assert until(lambda: scorer.ready) and isinstance(timed(scorer)[0]["e-1"], Risk)


def test_fifty_at_once_get_an_answer_in_time_from_a_stopped_model(scorers):
    """The one that starts in its place stops, too: who comes late to the question finds no good one."""
    scorer = scorers(cases.serving(BAD["it is stopped"]))
    assert scorer.start()
    found = []
    threads = [threading.Thread(target=lambda n=n: found.append(timed(scorer, visit(f"e-{n}")))) for n in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 50 and max(seconds for _, seconds in found) < WITHIN + 2 * GRACE
    assert all(isinstance(one, NoAnswer) for answers, _ in found for one in answers.values())


def test_a_model_that_is_asked_too_much_is_left_alone_and_nobody_waits_longer(scorers):
    scorer = scorers(cases.serving())
    assert scorer.start()
    first, found, scorer.slow_by = scorer.pid, [], 0.6 * WITHIN
    threads = [threading.Thread(target=lambda n=n: found.append(timed(scorer, visit(f"e-{n}")))) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(seconds for _, seconds in found) < WITHIN + GRACE
    answers = [one for told, _ in found for one in told.values()]
    assert sum(isinstance(one, Risk) for one in answers) == 1 and answers.count(NoAnswer(model.BUSY)) == 5
    scorer.slow_by = 0.0
    time.sleep(2 * WITHIN)
    assert scorer.pid == first and isinstance(timed(scorer, visit("e-9"))[0]["e-9"], Risk), (
        "a late reply is passed over"
    )


def test_a_question_larger_than_a_pipe_does_not_hang_at_a_stopped_model(scorers):
    scorer = scorers(cases.serving())
    assert scorer.start()
    os.kill(scorer.pid, signal.SIGSTOP)
    answers, seconds = timed(scorer, *(visit(f"e-{n}") for n in range(3000)))
    assert len(answers) == 3000 and seconds < WITHIN + 3 * GRACE


@pytest.mark.parametrize("body", ["sys.exit(1)", "say({'ready': False, 'why': 'No release is whole.'})", "say([1])"])
def test_a_model_that_never_starts_is_told_and_tried_again_more_and_more_rarely(scorers, tmp_path, body):
    scorer = scorers(f"open({str(tmp_path / 'tried')!r}, 'a').write('x')\n{body}", within=LONG)
    assert timed(scorer)[0]["e-1"] == NoAnswer(NOT_YET)
    begun = time.monotonic()
    assert until(lambda: (tmp_path / "tried").exists() and scorer.why != NOT_YET)
    answers, seconds = timed(scorer)
    assert answers["e-1"].why.startswith("No release" if "release" in body else "The model") and seconds < GRACE
    time.sleep(0.5)
    tries = len((tmp_path / "tried").read_text())
    assert tries <= 1 + (time.monotonic() - begun), "the second start waits for a second"


def test_while_it_starts_nobody_waits(scorers):
    scorer = scorers("time.sleep(4)\n" + cases.serving(), within=LONG)
    answers, seconds = timed(scorer)
    assert answers["e-1"] == NoAnswer(NOT_YET) and seconds < GRACE
    assert not scorer.start(wait=0.2) and until(lambda: scorer.ready)


def test_what_cannot_be_started_is_told(tmp_path):
    scorer = Scorer(tmp_path, command=["/nowhere/python"])
    try:
        scorer.score([visit()])
        assert until(lambda: "could not be started" in scorer.why)
    finally:
        scorer.close()


def test_closing_ends_the_process_and_so_does_the_end_of_its_owner(scorers, tmp_path):
    scorer = scorers(cases.serving())
    assert scorer.start()
    pid = scorer.pid
    scorer.close()
    assert until(lambda: not _runs(pid)) and isinstance(timed(scorer)[0]["e-1"], NoAnswer)
    command = cases.child(tmp_path, cases.serving())
    code = (
        f"from wardround.triage.model import Scorer\nimport os\ns = Scorer({str(tmp_path)!r}, command={command!r})\n"
        "s.start()\nprint(s.pid, flush=True)\nos._exit(0)"
    )
    left = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert until(lambda: not _runs(left)), "nobody is left behind"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda one: (
            st.lists(one, max_size=3)
            | st.dictionaries(st.sampled_from(["number", "answers", "risk", "pushes", "no", "e-1"]), one, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_no_reply_is_believed_unless_all_of_it_is_right(reply):
    try:
        answers = model._read({"number": 1, "answers": {"e-1": reply}}, 1, {"e-1": ()}, {"model": "m 1"})
    except model._Down:
        return
    assert set(answers) == {"e-1"}
    one = answers["e-1"]
    assert isinstance(one, NoAnswer) or (0 <= one.probability <= 1 and all(map(math.isfinite, one.pushes.values())))


@profile(max_examples=6)
@given(st.lists(st.sampled_from(sorted(BAD)), min_size=1, max_size=3))
def test_any_run_of_faults_is_answered_in_time(tmp_path_factory, faults):
    """One process after another fails in another way; each question is answered in the stated time."""
    folder = tmp_path_factory.mktemp("faults")
    bad = "{" + ", ".join(f"{place}: lambda asked: {BAD[one]}" for place, one in enumerate(faults)) + "}"
    count = str(folder / "count")
    body = f"turn = len(open({count!r}).read()) if os.path.exists({count!r}) else 0\nopen({count!r}, 'a').write('x')\n"
    scorer = Scorer(
        folder,
        answer_within_seconds=WITHIN,
        command=cases.child(folder, body + cases.serving(f"{bad}.get(turn, right)(asked)")),
    )
    try:
        for _ in faults:
            assert until(lambda: scorer.start(0.05))
            answers, seconds = timed(scorer)
            assert isinstance(answers["e-1"], NoAnswer) and seconds < WITHIN + GRACE
        assert until(lambda: scorer.start(0.05)) and isinstance(timed(scorer)[0]["e-1"], Risk)
    finally:
        scorer.close()


def test_what_the_model_is_told_is_six_numbers_in_its_units():
    assert row(visit(age=60), NOW) == (60, 80.0, 16.0, 36.9, 97.0, 130.0)
    one = visit(age=None, systolic=None, temperature=math.nan)
    readings = {**one.readings, "saturation": Reading("saturation", 0.97, "1", NOW)}
    assert row(type(one)(**{**vars(one), "readings": readings}), NOW) == (None, 80.0, 16.0, None, None, None)


# the released model ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def hospital(third_hospitals):
    from wardround.records import read_export

    return read_export(third_hospitals[0])


@pytest.fixture(scope="module")
def state(hospital, tmp_path_factory):
    """A folder in which the model was released."""
    folder = tmp_path_factory.mktemp("triage") / "state"
    model.released(folder, hospital)
    return folder


def test_it_was_released_as_every_model_is(state, hospital):
    from wardround.triage.answering import releases

    found = releases(state).state()
    bundle = found.bundles[found.current]
    assert [line.action for line in releases(state).log.lines()] == ["proposed", "approved", "released"]
    proposed, approved, _ = releases(state).log.lines()
    assert proposed.actor != approved.actor and not found.void
    assert (bundle.name, bundle.features) == (model.MODEL, COLUMNS) and releases(state).registry.shown() == 1
    assert model.is_released(state, hospital.checksum) and not model.is_released(state, "0" * 64)
    assert model.released(state, hospital).now.bundle.digest == bundle.digest, "once"
    assert len(releases(state).log.lines()) == 3


def test_it_is_made_of_visits_before_the_evening_and_judged_on_later_ones(state, hospital):
    from wardround.triage import release
    from wardround.triage.desk import evening

    taught, judged = release.rows(hospital)
    begins = evening(hospital)["arrived_at"].min()
    assert taught["arrived_at"].max() < judged["arrived_at"].min() and judged["arrived_at"].max() < begins
    assert not {"esi", "admitted", "transferred"} & set(COLUMNS), "the nurse's level and what comes later teach nothing"
    found = model.told(state)["measured"]
    assert found["visits"] == len(judged) and found["critical"] == judged[release.OUTCOME].sum()
    assert model.told(state)["average"] == taught[release.OUTCOME].mean()


def test_it_tells_the_sick_from_the_well_and_its_numbers_can_be_believed(state):
    found = model.told(state)["measured"]
    assert found["auroc"][1] > 0.65, found
    spread = math.sqrt(found["critical"])
    assert abs(found["expected"] - found["critical"]) < 3 * spread, "as many as were expected, within chance"
    assert found["net_benefit_per_1000"] > max(0, found["net_benefit_of_marking_all_per_1000"])


def test_pushes_add_up_missing_values_are_estimated_and_one_bad_row_stops_no_other(state):
    from wardround.triage.answering import OUTSIDE, Answering

    asked = Answering(state)
    middle = asked.pipeline["missing"].initial_imputer_.statistics_
    rows = {"middle": middle, "ill": [85, 120, 26, 38.5, 92, 95], "unknown": [60, 80, None, 37, 97, 130]}
    rows |= {"impossible": [60, 80, 16, 370, 97, 130], "no age": [None, 80, 16, 37, 97, 130]}
    found = asked.answers(rows)
    base = _odds(found["middle"]["risk"])
    assert all(abs(push) < 1e-9 for push in found["middle"]["pushes"].values())
    for key in ("ill", "unknown"):
        assert _odds(found[key]["risk"]) == pytest.approx(base + sum(found[key]["pushes"].values()), abs=1e-6)
        assert set(found[key]["pushes"]) == set(COLUMNS)
    assert found["ill"]["risk"] > 0.1 > found["middle"]["risk"]
    assert found["impossible"] == found["no age"] == {"no": OUTSIDE}
    # sicker people breathe faster: what is not known is taken from the rest, not as normal
    sick = asked.answers({"sick": [85, 120, None, 38.5, 92, 95], "normal": [85, 120, middle[2], 38.5, 92, 95]})
    assert sick["sick"]["risk"] > sick["normal"]["risk"]


@pytest.mark.slow
def test_the_released_model_answers_through_its_process(state):
    scorer = Scorer(state, answer_within_seconds=5)
    try:
        assert scorer.start(), scorer.why
        assert scorer.model == "triage-critical-12h 1" and scorer.why == ""
        answers = scorer.score([visit("e-1"), visit("e-2", systolic=85), visit("e-3", age=None)], NOW)
        assert answers["e-2"].probability > answers["e-1"].probability
        assert answers["e-1"].average == model.told(state)["average"] and isinstance(answers["e-3"], NoAnswer)
    finally:
        scorer.close()


@pytest.mark.slow
def test_a_release_that_was_changed_on_the_disk_is_not_served(state, tmp_path):
    import shutil

    copy = tmp_path / "state"
    shutil.copytree(state, copy)
    log = copy / "releases.sqlite"
    log.write_bytes(b"")
    shutil.rmtree(copy / "server")
    scorer = Scorer(copy)
    try:
        assert not scorer.start(wait=0) and until(lambda: scorer.why not in ("", NOT_YET), 120)
        assert scorer.why == "The model cannot be loaded."
        assert scorer.score([visit()])["e-1"] == NoAnswer("The model cannot be loaded.")
        assert "gives no score" in (copy / "model.err").read_text()
    finally:
        scorer.close()


def test_a_kept_note_that_is_damaged_is_no_release(tmp_path):
    for text in ("", "[]", "{", json.dumps({"hospital": 1})):
        (tmp_path / model.RELEASED).write_text(text)
        assert not model.is_released(tmp_path, "a" * 64)


def _odds(p):
    return math.log(p / (1 - p))


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split(")")[-1].split()[0] != "Z"
