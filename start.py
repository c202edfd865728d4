#!/usr/bin/env python3
"""Set up what is missing, then run a wardround command: python start.py lab

Makes .venv beside this file, installs the locked packages and the course into it, and runs `wardround VERB`.
A second start finds a stamp and goes straight on. Standard library only, any platform.

No annotations and nothing newer than Python 3.6 here: an old Python must get as far as the sentence that says it is old.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "wardround-stamp.json"
NEEDED = (3, 11)
DEV_VERBS = ("test", "prove", "proof", "build", "lock", "setup-dev")
# Any uv of this range carries the build backend that pyproject.toml names, so that the course builds without a download.
UV = "uv>=0.9,<1"


class CannotStart(Exception):
    """A sentence for the person in front of the terminal."""


def say(sentence):
    print("wardround: " + sentence, file=sys.stderr, flush=True)


def main(arguments):
    verb = arguments[0] if arguments else "lab"
    try:
        check_python()
        mirrors = ours()
        set_up(verb in DEV_VERBS, mirrors)
    except CannotStart as trouble:
        say(str(trouble))
        if verb == "doctor" and sys.version_info[:2] >= NEEDED:
            return doctor_without_packages(arguments[1:])
        return 1
    if verb == "lock":
        return lock(mirrors)
    if verb in ("setup", "setup-dev"):
        say("ready.")
        return 0
    return run([str(PYTHON), "-m", "wardround.cli"] + (arguments or [verb]), clean(os.environ))


def check_python():
    if sys.version_info[:2] >= NEEDED:
        return
    newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    mend = "run `%s start.py` instead" % newer[0] if newer else "install it from https://www.python.org/downloads/"
    raise CannotStart(
        "Python %d.%d or newer is needed and this is %s (%s); %s."
        % (NEEDED + (sys.version.split()[0], sys.executable, mend))
    )


def ours():
    """The module of the package that knows where packages come from; it needs nothing installed."""
    sys.path.insert(0, str(ROOT / "helpers"))
    from wardround import mirrors

    return mirrors


def set_up(dev, mirrors):
    """Bring .venv to the state of the lock; nothing happens when its stamp says that it is there already."""
    stamp = read_stamp()
    if stamp and is_current(stamp, dev):
        return
    make_venv(stamp)
    STAMP.unlink(missing_ok=True)
    environment, options = downloads(mirrors)
    if not (VENV / "Scripts/uv.exe" if WINDOWS else VENV / "bin/uv").exists():
        say("installing uv, the installer ...")
        call([str(PYTHON), "-m", "pip", "install", "--quiet", *options, UV], environment, "installing uv")
    lockfile = lock_name(dev or bool(stamp and stamp.get("dev")))
    say("installing the packages of %s (the first time 1.4 GB on disk; minutes on a slow line) ..." % lockfile)
    install = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON), *options]
    call([*install, "--require-hashes", "-r", str(ROOT / lockfile)], environment, "installing the packages")
    call([*install, "--quiet", "--no-deps", "--editable", str(ROOT)], environment, "installing the course itself")
    write_stamp(lockfile)
    compile_in_background()


def lock_name(dev):
    return "requirements-dev.lock" if dev else "requirements.lock"


def read_stamp():
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_stamp(lockfile):
    stamp = {
        "dev": lockfile == lock_name(True),
        "wants": wants(lockfile),
        "root": str(ROOT),
        "installed": installed(),
    }
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


def is_current(stamp, dev):
    """Whether .venv holds what the lock says, by file names alone: this runs at every start."""
    had_dev = bool(stamp.get("dev"))
    return (
        (had_dev or not dev)
        and stamp.get("wants") == wants(lock_name(had_dev))
        and stamp.get("root") == str(ROOT)
        and stamp.get("installed", 0) <= installed()  # more is the learner's own business
        and PYTHON.exists()
    )


def wants(lockfile):
    """One hash over what decides the installation."""
    found = hashlib.sha256()
    for name in (lockfile, "pyproject.toml"):
        found.update((ROOT / name).read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def installed():
    """How many packages lie in .venv: one that went missing is noticed."""
    return sum(1 for _ in VENV.glob("Lib/site-packages/*.dist-info" if WINDOWS else "lib/*/site-packages/*.dist-info"))


def make_venv(stamp):
    """Make .venv, or make it anew when the one there cannot be used."""
    trouble = venv_trouble(stamp) if VENV.exists() else None
    if VENV.exists() and not trouble:
        return
    if trouble:
        say(".venv %s; it is made anew ..." % trouble)
        try:
            shutil.rmtree(str(VENV)) if VENV.is_dir() and not VENV.is_symlink() else VENV.unlink()
        except OSError as held:
            raise CannotStart(
                "%s cannot be removed (%s); close what uses it and delete it by hand." % (VENV, held)
            ) from held
    else:
        say("making .venv with Python %s ..." % sys.version.split()[0])
    # Run by the .venv's own Python, this must still be made by the one behind it.
    python = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run([python, "-m", "venv", str(VENV)], env=clean(os.environ), check=False)
    if made.returncode:
        raise CannotStart(
            "%s -m venv failed (see above); on Debian and Ubuntu `sudo apt install python3-venv` brings what it needs."
            % python
        )


def venv_trouble(stamp):
    """What is wrong with the .venv that is there, as the end of a sentence, or None."""
    if not PYTHON.exists():
        return "has no working Python"
    if stamp and stamp.get("root") != str(ROOT):
        return "was made in another folder (%s)" % stamp.get("root")
    if stamp and stamp.get("installed", 0) > installed():
        return "has lost packages (%d there, %s were installed)" % (installed(), stamp.get("installed"))
    ask = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    asked = subprocess.run([str(PYTHON), "-c", ask], capture_output=True, text=True, env=clean(os.environ), check=False)
    if asked.returncode:
        return "is broken or only half made"
    if tuple(int(part) for part in asked.stdout.split(".")) < NEEDED:
        return "holds Python " + asked.stdout.strip()
    return None


def clean(environment):
    """Without the variables of a parent's virtual environment."""
    from wardround import quiet

    return {name: value for name, value in environment.items() if name not in quiet.LEAKS}


def downloads(mirrors):
    """The environment and options under which pip and uv find this machine's index, certificates and wheelhouse."""
    try:
        found = mirrors.read(str(PYTHON), clean(os.environ))
    except FileNotFoundError as trouble:
        raise CannotStart(str(trouble)) from trouble
    if found.wheelhouse:
        say("taking packages from the folder %s alone." % found.wheelhouse)
    elif found.index:
        say("taking packages from %s." % mirrors.shown(found.index))
    return found.environment(clean(os.environ)), found.arguments()


def call(command, environment, doing):
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode:
        raise CannotStart(
            "%s failed (see above). Nothing is lost: mend the cause and start again; "
            "`python start.py doctor` tests the network, the mirror and the disk." % doing
        )


def compile_in_background():
    """Write bytecode while the learner reads: without it the first start of each kernel compiles for seconds."""
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return
    packages = [str(path) for path in VENV.glob("Lib/site-packages" if WINDOWS else "lib/*/site-packages")]
    quietly = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if WINDOWS:
        quietly["creationflags"] = subprocess.BELOW_NORMAL_PRIORITY_CLASS
    else:
        quietly["preexec_fn"] = lambda: os.nice(10)
        quietly["start_new_session"] = True
    subprocess.Popen([str(PYTHON), "-m", "compileall", "-q", *packages], env=clean(os.environ), **quietly)


def lock(mirrors):
    """Write both lock files anew: for every platform, with hashes, without addresses."""
    environment, options = downloads(mirrors)
    compile_them = [str(PYTHON), "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    compile_them += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", *options]
    compile_them += ["-c", "constraints.txt", "pyproject.toml", "--extra", "reports"]
    more = ["--extra", "spark", "--group", "dev", "--group", "browser"]
    for name, extra in (("requirements.lock", []), ("requirements-dev.lock", more)):
        say("resolving %s ..." % name)
        done = subprocess.run([*compile_them, *extra, "-o", name], env=environment, cwd=str(ROOT), check=False)
        if done.returncode:
            return done.returncode
    return 0


def doctor_without_packages(arguments):
    """The doctor must also come when the installation is what is ill."""
    environment = clean(os.environ)
    environment["PYTHONPATH"] = str(ROOT / "helpers")
    return run([sys.executable, "-m", "wardround.doctor", *arguments], environment)


def run(command, environment):
    """Become the command where the system can, so that Ctrl-C and exit codes are its own."""
    if not WINDOWS:
        os.execve(command[0], command, environment)
    child = subprocess.Popen(command, env=environment)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child got it too and decides


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
