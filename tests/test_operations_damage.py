"""What breaks at night, done for real: the last good version keeps serving, no line is lost, a sentence says what is.

Kills are SIGKILL to a process that says where it is; full disks are sized memory disks in a bubblewrap box.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import pytest
import release_cases as cases
from conftest import require
from wardround.operations.ledger import NotLogged
from wardround.operations.registry import NotWhole, Registry
from wardround.operations.releases import AliasBehind, Refused
from wardround.operations.serving import NothingToServe

START = """
import sys, time
from pathlib import Path
import release_cases as cases
from wardround.operations import ledger, registry
folder = Path(sys.argv[1])
releases = cases.opened(folder)
def stop(*given, **named):
    print("here", flush=True)
    time.sleep(600)
"""


def killed_at_here(script, *arguments):
    """Run a script until it says ``here``, and kill it as a power cut would."""
    process = subprocess.Popen(
        [sys.executable, "-c", START + script, *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=cases.OURS
    )
    assert any(line.strip() == "here" for line in process.stdout), "the script did not come that far"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()


def folder_of(releases):
    return releases.log.path.parent


def artefact(releases, version, name):
    uri = releases.registry.client.get_model_version_download_uri("readmission", version)
    return cases.Path(uri.removeprefix("file://")) / name


DAMAGES = {
    "no database": lambda content: b"x" * 5000,
    "cut in half": lambda content: content[: len(content) // 2],
    # Bytes 24 to 28 tell a connection that still has pages in memory that the file is another.
    "pages overwritten": lambda content: content[:24] + b"\x09" * 4 + content[28:100] + b"\xff" * (len(content) - 100),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_corrupt_registry_takes_no_score_away(releases, damage):
    cases.released(releases, 1, 2)
    server = cases.server(releases)
    score = server.refresh().decide(cases.raw(5))
    database = folder_of(releases) / "mlflow.db"
    database.write_bytes(DAMAGES[damage](database.read_bytes()))
    releases = cases.opened(folder_of(releases))
    for again in (server, cases.server(releases)):  # the one that runs, and one that is started now
        serving = again.refresh()
        assert serving.decide(cases.raw(5)).equals(score)
        assert serving.why.startswith("Version 2 is served; the registry cannot give it: ") and "\n" not in serving.why
    with pytest.raises(NotWhole, match="the registry cannot give it"):
        cases.bundle(releases, 3)
    with pytest.raises(NotWhole, match="the registry cannot give it"):
        releases.roll_back("night", "alerts doubled")
    assert [line.action for line in releases.log.lines()] == ["proposed", "approved", "released"] * 2
    assert releases.log.verify() is None


def test_a_missing_artefact_leaves_the_release_before_in_place_and_says_so(releases):
    cases.released(releases, 1, 2)
    (artefact(releases, 2, "MLmodel")).unlink()
    server = cases.server(releases)  # it never fetched version 2
    serving = server.refresh()
    assert serving.bundle.version == 1 and len(serving.decide(cases.raw(5))) == 5
    assert serving.why.startswith("Version 1 is served; version 2 is not served: the model of version 2 of readmission")
    shutil.rmtree(artefact(releases, 1, ""))
    assert server.refresh().bundle.version == cases.server(releases).refresh().bundle.version == 1, "it has its copy"
    shutil.rmtree(server.folder)
    with pytest.raises(NothingToServe, match=r"gives no score: version 2 is not served: .*; version 1 is not served"):
        cases.server(releases).refresh()


def test_a_changed_artefact_is_not_served(releases):
    cases.released(releases, 1)
    digest = cases.approved(releases, 2)
    server = cases.server(releases)
    server.refresh()
    path = artefact(releases, 2, "requirements.txt")
    path.write_text(path.read_text() + "# one more line\n")
    with pytest.raises(NotWhole, match="the model of version 2 of readmission is not the one that was approved"):
        releases.promote(digest, "ana")
    assert server.refresh().why == "" and releases.registry.shown() == 1


def test_a_copy_of_the_server_that_changed_is_fetched_again(releases):
    (digest,) = cases.released(releases, 1)
    server = cases.server(releases)
    server.refresh()
    (server.folder / digest / "feature_code").write_text("def features(raw):\n    return raw * 0\n")
    serving = cases.server(releases).refresh()
    assert serving.why == "" and serving.decide(cases.raw(5))["score"].nunique() == 5


def test_a_release_whose_every_version_was_withdrawn_is_not_served_from_memory(releases):
    cases.released(releases, 1, 2)
    server = cases.server(releases)
    assert server.refresh().bundle.version == 2
    releases.roll_back("night", "alerts doubled")
    shutil.rmtree(artefact(releases, 1, ""))
    with pytest.raises(NothingToServe, match="version 1 is not served"):
        server.refresh()


def test_a_killed_training_is_no_candidate_and_the_next_one_is(releases):
    cases.released(releases, 1)
    rest = {"policy": {"threshold": 0.5}, "contract": cases.contract(2)}
    killed_at_here("cases.train(folder, 2, then=stop)", folder_of(releases))
    with pytest.raises(NotWhole, match=r"version 4 is of a run that never finished \(running\); train it again"):
        releases.registry.gather(4, **rest)
    cases.train(folder_of(releases), 2)
    releases.propose(releases.registry.gather(5, **rest), "ana", "trained again")
    assert cases.server(releases).refresh().why == ""


def test_a_run_without_its_files_is_no_candidate(releases):
    run = releases.registry.client.get_model_version("readmission", 2).run_id
    shutil.rmtree(folder_of(releases) / "artifacts" / run)
    with pytest.raises(NotWhole, match="the registry cannot give it: Failed to download artifacts"):
        cases.bundle(releases, 2)
    with pytest.raises(NotWhole, match="version=9"):
        releases.registry.gather(9, policy={"threshold": 0.5}, contract=cases.contract(2))


KILLS = {
    "before the line": ("registry.Registry.check = stop", 1, 1),
    "inside the line": (
        "state = releases.state(); type(releases).state = lambda self: state; ledger.Line.digest = stop",
        1,
        1,
    ),
    "after the line": ("registry.Registry.show = stop", 2, 1),
}


@pytest.mark.parametrize("place", KILLS)
def test_a_killed_promotion_is_done_or_not_done(releases, place):
    patch, served, shown = KILLS[place]
    cases.released(releases, 1)
    digest = cases.approved(releases, 2)
    before = len(releases.log.lines())
    killed_at_here(f"{patch}\nreleases.promote(sys.argv[2], 'ana')", folder_of(releases), digest)
    assert len(releases.log.lines()) == before + served - 1 and releases.log.verify() is None
    serving = cases.server(releases).refresh()
    assert (serving.bundle.version, releases.registry.shown()) == (served, shown)
    if place == "after the line":
        assert serving.why == "Version 2 is served; the alias champion shows version 1, and the log has 2."
    releases.promote(digest, "ana")
    assert releases.registry.shown() == 2 and cases.server(releases).refresh().why == ""
    assert [line.action for line in releases.log.lines()].count("released") == 2


TOGETHER = """
check = registry.Registry.check
def both(*given):
    check(*given)
    (folder / sys.argv[3]).touch()
    while len(list(folder.glob("at-the-line-*"))) < 2:
        time.sleep(0.01)
registry.Registry.check = both
try:
    print("won", releases.promote(sys.argv[2], sys.argv[3]).number)
except Exception as trouble:
    print(type(trouble).__name__, trouble)
"""


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(releases):
    cases.released(releases, 1)
    digests = {f"at-the-line-{version}": cases.approved(releases, version) for version in (2, 3)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", START + TOGETHER, str(folder_of(releases)), digest, name],
            stdout=subprocess.PIPE, text=True, env=cases.OURS,
        )
        for name, digest in digests.items()
    ]  # fmt: skip
    told = sorted((process.communicate(timeout=120)[0].strip() for process in both), key=lambda text: "won" not in text)
    assert told[0].startswith("won") and told[1].startswith("Refused Version")
    winner = releases.state().last
    assert f"is in force since {winner.actor} (released" in told[1]
    assert [line.action for line in releases.log.lines()].count("released") == 2 and releases.log.verify() is None
    assert releases.registry.shown() == cases.server(releases).refresh().bundle.version


def test_a_damaged_log_changes_nothing_that_is_served(releases):
    cases.released(releases, 1)
    digest = cases.approved(releases, 2)
    server = cases.server(releases)
    server.refresh()
    whole = releases.log.path.read_bytes()
    releases.log.path.write_bytes(b"y" * 20_000)
    for again in (server, cases.server(releases)):
        serving = again.refresh()
        assert serving.bundle.version == 1 and len(serving.decide(cases.raw(5))) == 5
        assert "The log of releases does not hold (releases.db cannot be read from line 1 on" in serving.why
    with pytest.raises(Refused, match="does not hold"):
        releases.promote(digest, "ana")
    with pytest.raises(NotLogged, match="do not act on it"):
        releases.log.append("ana", "released")
    releases.log.path.write_bytes(whole)
    assert server.refresh().why == ""


def test_a_log_that_was_taken_back_is_found_by_the_server_s_anchor(releases):
    cases.released(releases, 1)
    early = releases.log.path.read_bytes()
    cases.released(releases, 2)
    server = cases.server(releases)
    assert server.refresh().bundle.version == 2
    releases.log.path.write_bytes(early)
    assert releases.log.verify() is None, "in itself it is whole"
    for again in (server, cases.server(releases)):
        serving = again.refresh()
        assert serving.bundle.version == 2 and "the log ends at line 3, and had 6" in serving.why
    (server.folder / "served.json").write_text("{")
    serving = cases.server(releases).refresh()
    assert serving.bundle.version == 1 and "the log was checked without its anchor" in serving.why


def test_a_registry_that_cannot_be_written_leaves_the_release_and_says_so(releases, tmp_path, monkeypatch):
    cases.released(releases, 1)
    digest = cases.approved(releases, 2)
    (tmp_path / "broken.db").write_bytes(b"x" * 5000)
    broken, show = Registry("readmission", f"sqlite:///{tmp_path / 'broken.db'}"), Registry.show
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "show", lambda self, *given: show(broken, *given))
        with pytest.raises(AliasBehind, match="Version 2 is in force and will be served, but the alias champion could"):
            releases.promote(digest, "ana")
    assert cases.server(releases).refresh().bundle.version == 2
    releases.mend()
    assert releases.registry.shown() == 2


FULL = """
import json, os, shutil
from wardround.operations.serving import Server
small = Path(sys.argv[2])
shutil.copy(releases.log.path, small / "releases.db")
releases = cases.Releases(releases.registry, ledger.Ledger(small / "releases.db"))
two, three = sys.argv[3:]
server = Server(releases, small / "server")
found = {"first": server.refresh().bundle.version}
def fill():
    with (small / "filler").open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            pass
def tried(step, *given):
    try:
        return [type(step(*given)).__name__]
    except Exception as trouble:
        return [type(trouble).__name__, str(trouble)]
releases.promote(two, "ana")
fill()
serving = server.refresh()
found |= {"second": serving.bundle.version, "why": serving.why, "rows": len(serving.decide(cases.raw(5)))}
found["rollback"] = tried(releases.roll_back, "night", "x" * 20_000)
found |= {"shown": releases.registry.shown(), "lines": len(releases.log.lines()), "broken": releases.log.verify()}
(small / "filler").unlink()
found["then"] = server.refresh().bundle.version
print(json.dumps(found))
"""


def test_a_disk_that_fills_keeps_the_last_good_version_and_the_log(releases, tmp_path):
    require("bwrap")
    cases.released(releases, 1)
    two, three = cases.approved(releases, 2), cases.approved(releases, 3)
    lines = len(releases.log.lines())
    small = tmp_path / "small"
    small.mkdir()
    box = ["bwrap", "--bind", "/", "/", "--dev", "/dev", "--size", "262144", "--tmpfs", str(small)]
    command = [*box, sys.executable, "-c", START + FULL, str(folder_of(releases)), str(small), two, three]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=cases.OURS)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["first"], found["second"], found["rows"], found["then"]) == (1, 1, 5, 2)
    assert "version 2 is not served" in found["why"] and "No space left on device" in found["why"]
    assert found["rollback"][0] == "NotLogged" and "full" in found["rollback"][1], found["rollback"]
    assert (found["shown"], found["lines"], found["broken"]) == (2, lines + 1, None)
