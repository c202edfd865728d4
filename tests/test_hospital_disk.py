"""A hospital on disk: the same bytes every time, whole or not there at all."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
import wardround
from wardround.hospital import HospitalError, build, disk, open_truth, shard, verify
from wardround.hospital import block as block_module

SMALL = {"seed": 11, "scale": 0.02}
PACKAGE = str(Path(wardround.__file__).parents[1])


def start(code: str, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": PACKAGE, "OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def content(folder: Path) -> dict:
    return orjson.loads((folder / "manifest.json").read_bytes())


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("disk") / "small", **SMALL)


def test_two_processes_with_two_hash_seeds_write_the_same(small, tmp_path):
    code = "import sys; from wardround.hospital import build; build(sys.argv[1], seed=11, scale=0.02)"
    for number in ("1", "2"):
        out = tmp_path / number
        process = start(code.replace("sys.argv[1]", repr(str(out))), PYTHONHASHSEED=number)
        assert process.wait(60) == 0, process.stderr.read()
        assert content(out) == content(small)
        for path in sorted((small / "truth").iterdir()):
            assert path.read_bytes() == (out / "truth" / path.name).read_bytes(), path.name


def test_workers_and_blocks_change_nothing(small, tmp_path, monkeypatch):
    assert content(build(tmp_path / "two", workers=2, **SMALL)) == content(small)
    monkeypatch.setattr(block_module, "PEOPLE", 37)
    assert content(build(tmp_path / "blocks", **SMALL)) == content(small)


def test_another_seed_is_another_hospital(small, tmp_path):
    other = content(build(tmp_path / "other", seed=12, scale=0.02))
    assert other["checksum"] != content(small)["checksum"]


def test_the_manifest_counts_what_is_there(small):
    manifest = content(small)
    for name, entry in manifest["counts"].items():
        assert manifest["files"][block_module.file_of(name)]["lines"] == entry["lines"] >= entry["resources"] > 0
    assert manifest["seed"] == 11 and manifest["version"] == disk.VERSION and manifest["weeks"] == 156
    ledger = open_truth(small).ledger
    repeated = ledger[ledger["fault"] == "repeated_line"].groupby("resource_type").size()
    for name, entry in manifest["counts"].items():
        assert entry["lines"] - entry["resources"] == repeated.get(name, 0)


def test_a_hospital_for_grading_does_not_tell_its_seed(tmp_path):
    out = build(tmp_path / "graded", seed=987654321987, scale=0.01, for_grading=True)
    assert "seed" not in content(out)
    for path in out.rglob("*"):
        assert path.is_dir() or b"987654321987" not in path.read_bytes()


def test_a_finished_hospital_is_kept(small):
    before = (small / "manifest.json").stat().st_mtime_ns
    assert build(small, **SMALL) == small
    assert (small / "manifest.json").stat().st_mtime_ns == before


def test_progress_runs_from_nought_to_one(tmp_path):
    seen = []
    build(tmp_path / "p", progress=lambda done, what: seen.append((done, what)), **SMALL)
    shares = [done for done, _ in seen]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert all(what for _, what in seen)


# verify --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(small, tmp_path) -> Path:
    return shutil.copytree(small, tmp_path / "copy")


def test_verify_finds_nothing_in_a_whole_hospital(small):
    assert verify(small) == []


def test_verify_finds_a_changed_byte(copy):
    path = copy / "export" / "Patient.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"birthDate":"19', b'"birthDate":"18', 1))
    (problem,) = verify(copy)
    assert problem.startswith("export/Patient.ndjson has been changed")


def test_verify_finds_what_is_missing_cut_or_added(copy):
    (copy / "export" / "Location.ndjson").unlink()
    cut = copy / "export" / "Condition.ndjson.gz"
    cut.write_bytes(cut.read_bytes()[:-200])
    (copy / "export" / "Extra.ndjson").write_text("{}\n")
    found = " ".join(verify(copy))
    assert "Location.ndjson is missing." in found
    assert "Condition.ndjson.gz cannot be read" in found
    assert "Extra.ndjson is not in the manifest." in found


def test_verify_needs_a_manifest(tmp_path):
    (problem,) = verify(tmp_path)
    assert "no readable manifest.json" in problem


# accidents -----------------------------------------------------------------------------------------------------------


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    def stop(done, what):
        if done > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "h", progress=stop, **SMALL)
    assert left(tmp_path) == []


def test_an_interrupt_leaves_the_old_hospital_alone(copy, small):
    def stop(done, what):
        if done > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(copy, seed=12, scale=0.02, progress=stop)
    assert content(copy) == content(small) and verify(copy) == []


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background hands down "ignore"
from wardround.hospital import build
def wait(done, what):
    print("at", done, flush=True)
    time.sleep(30 if done > 0.15 else 0)
build({out!r}, seed=11, scale=0.02, progress=wait)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(tmp_path, number):
    process = start(SLOW.format(out=str(tmp_path / "h")))
    while "at 0.2" not in process.stdout.readline():
        pass
    assert any(name.startswith("h.partial-") for name in left(tmp_path))
    process.send_signal(number)
    assert process.wait(30) != 0
    assert left(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_what_a_killed_build_left_is_taken_over(tmp_path, small):
    process = start(SLOW.format(out=str(tmp_path / "h")))
    while "at 0.2" not in process.stdout.readline():
        pass
    process.kill()
    process.wait(30)
    assert len(left(tmp_path)) == 2  # a lock and a partial folder
    assert content(build(tmp_path / "h", **SMALL)) == content(small)
    assert left(tmp_path) == ["h"]


def test_two_builds_at_once_give_one_hospital(tmp_path, small):
    code = f"""
from wardround.hospital import build
build({str(tmp_path / "h")!r}, seed=11, scale=0.02, progress=lambda done, what: print(what, flush=True))
"""
    processes = [start(code) for _ in range(3)]
    said = [process.communicate(timeout=90) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert sum("writing charts" in out for out, _ in said) == 1
    assert left(tmp_path) == ["h"] and content(tmp_path / "h") == content(small)


def test_a_lock_of_a_living_process_is_respected(tmp_path):
    (tmp_path / "h.lock").write_text(str(os.getpid()))
    waited = []

    def waiting(done, what):
        waited.append(what)
        if len(waited) == 2:
            (tmp_path / "h.lock").unlink()

    build(tmp_path / "h", seed=1, scale=0.01, weeks=20, progress=waiting)
    assert waited[:2] == ["waiting for another build of the same hospital"] * 2


def test_an_old_lock_is_not_waited_for(tmp_path):
    lock = tmp_path / "h.lock"
    lock.write_text(str(os.getpid()))
    os.utime(lock, (time.time() - 7200,) * 2)
    build(tmp_path / "h", seed=1, scale=0.01, weeks=20)
    assert left(tmp_path) == ["h"]


@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "may not write there")],
)
def test_a_disk_that_refuses_is_said_in_one_sentence(tmp_path, monkeypatch, number, says):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(shard._Files, "add_bytes", refuse)
    with pytest.raises(HospitalError, match=says) as caught:
        build(tmp_path / "h", **SMALL)
    assert str(tmp_path / "h") in str(caught.value) and str(caught.value).endswith(".")
    assert left(tmp_path) == []


def test_a_place_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(HospitalError, match="could not be built"):
        build(tmp_path / "file" / "h", **SMALL)


def test_what_is_no_hospital_is_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(HospitalError, match="not a hospital"):
        build(tmp_path / "mine", **SMALL)
    (tmp_path / "file").write_text("x")
    with pytest.raises(HospitalError, match="is a file"):
        build(tmp_path / "file", **SMALL)
    assert left(tmp_path) == ["file", "mine"] and left(tmp_path / "mine") == ["thesis.txt"]


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": 1.5}, {"seed": -1}, {"scale": 0}, {"weeks": 3}])
def test_parameters_are_checked_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(HospitalError):
        build(tmp_path / "h", **(SMALL | wrong))
    assert left(tmp_path) == []


def test_no_truth_is_said_in_one_sentence(tmp_path):
    with pytest.raises(HospitalError, match="There is no truth"):
        open_truth(tmp_path)
