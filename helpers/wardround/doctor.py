"""What ails this installation: one line per thing looked at, OK or not, each with the mend.

Runs without any package installed too (``start.py`` calls it when the installation itself has failed), so everything
beyond the standard library is imported inside the check that needs it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from wardround import mirrors, quiet

GIGABYTE = 1e9
NEED_INSTALLED, NEED_FRESH = 1.0, 4.0  # GB free: for hospital, caches and work; with the packages besides
KERNEL_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, ``OK`` / ``WARN`` / ``FAIL``, what was seen, and the mend when it is not OK."""

    name: str
    state: str
    seen: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.state:4}  {self.name}: {self.seen}"
        return f"{line}\n      {self.mend}" if self.mend else line


def examine() -> list[Finding]:
    """Look at everything and return one finding each; a check that itself breaks is a FAIL, never a traceback."""
    return [_safely(check) for check in CHECKS]


def healthy(findings: list[Finding]) -> bool:
    """Whether nothing failed; warnings do not count."""
    return all(finding.state != "FAIL" for finding in findings)


def as_json(findings: list[Finding]) -> str:
    """The findings for a program: ``{"ok": …, "findings": [{name, state, seen, mend}]}``."""
    return json.dumps({"ok": healthy(findings), "findings": [asdict(finding) for finding in findings]}, indent=2)


def python_version() -> Finding:
    """Python is new enough."""
    seen = f"Python {sys.version.split()[0]} at {sys.executable}"
    if sys.version_info >= (3, 11):
        return Finding("python", "OK", seen)
    return Finding("python", "FAIL", seen, "Install Python 3.11 or newer and run `python start.py doctor` with it.")


def packages() -> Finding:
    """What is installed is what the lock says, and every file of it is there."""
    mend = "Run `python start.py setup`; if that does not help, delete .venv and run it again."
    if not _installed("packaging"):
        return Finding("packages", "FAIL", "the packages of requirements.lock are not installed", mend)
    wrong = package_troubles(quiet.ROOT / "requirements.lock")
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        return Finding("packages", "FAIL", "; ".join(wrong[:5]) + more, mend)
    return Finding("packages", "OK", f"{len(locked(quiet.ROOT / 'requirements.lock'))} packages as locked")


def package_troubles(lockfile: Path) -> list[str]:
    """Return what differs from a lock file, one phrase per package."""
    from importlib.metadata import PackageNotFoundError, distribution

    wrong = []
    for name, version in locked(lockfile).items():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            wrong.append(f"{name} {version} is missing")
            continue
        if found.version != version:
            wrong.append(f"{name} is {found.version}, the lock says {version}")
        elif lost := sum(1 for file in found.files or [] if not Path(found.locate_file(file)).exists()):
            wrong.append(f"{name} has lost {lost} of its files")
    return wrong


def locked(lockfile: Path) -> dict[str, str]:
    """Return the packages of a lock file that this platform and Python need, and their versions."""
    from packaging.requirements import Requirement

    found = {}
    for line in lockfile.read_text(encoding="utf-8").splitlines():
        if not line or line[0] in " #-":
            continue
        requirement = Requirement(line.removesuffix("\\").strip())
        if requirement.marker is None or requirement.marker.evaluate():
            found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


def disk_space() -> Finding:
    """There is room for the hospital, its caches and the learner's work, and for the packages when they are missing."""
    free = shutil.disk_usage(quiet.ROOT).free / GIGABYTE
    need = NEED_INSTALLED if _installed("pandas") else NEED_FRESH
    seen = f"{free:.1f} GB free where the course lies, {need:.0f} GB needed"
    if free >= need:
        return Finding("disk space", "OK", seen)
    return Finding("disk space", "FAIL", seen, f"Free {need - free:.1f} GB, or move the whole folder to a larger disk.")


def write_access() -> Finding:
    """The learner's folder and the hospitals' folder can be written."""
    refused = []
    for variable, folder in _folders().items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as trouble:
            refused.append((variable, folder, trouble.strerror or str(trouble)))
    if not refused:
        return Finding("write access", "OK", ", ".join(str(folder) for folder in _folders().values()))
    seen = "; ".join(f"{folder} cannot be written ({why})" for _, folder, why in refused)
    mend = f"Make it writable, or set {' and '.join(variable for variable, _, _ in refused)} to a folder that is."
    return Finding("write access", "FAIL", seen, mend)


def _folders() -> dict[str, Path]:
    from wardround.course import places

    return {"WARDROUND_WORK": places.work(), "WARDROUND_DATA": places.datasets()}


def hospital_data() -> Finding:
    """The default hospital's files are the ones its manifest lists."""
    folder = _folders()["WARDROUND_DATA"] / "quillmere"
    if not folder.exists():
        return Finding("hospital", "OK", "not built yet: `make lab` builds it")
    if not _installed("numpy"):
        return Finding("hospital", "WARN", f"{folder} is there; unchecked, since the packages are missing")
    from wardround import hospital

    problems = hospital.verify(folder)
    if not problems:
        return Finding("hospital", "OK", f"{folder} has the files its manifest lists, byte for byte")
    mend = f"Delete {folder}; `make lab` builds the same one again in a minute."
    return Finding("hospital", "FAIL", f"{len(problems)} problems, the first: {problems[0]}", mend)


def kernel() -> Finding:
    """A notebook kernel starts, is this environment's, and computes."""
    mend = "Run `python start.py setup`; if it stays, look for a kernel named python3 with `jupyter kernelspec list`."
    if not _installed("jupyter_client") or not _installed("ipykernel"):
        return Finding("kernel", "FAIL", "jupyter_client or ipykernel is not installed", mend)
    try:
        prefix, two = _ask_a_kernel("import sys; print(sys.prefix); print(1 + 1)")
    except Exception as trouble:  # a kernel can fail to start in any way
        return Finding("kernel", "FAIL", f"did not answer ({type(trouble).__name__}: {trouble})", mend)
    if two != "2" or Path(prefix).resolve() != Path(sys.prefix).resolve():
        return Finding("kernel", "FAIL", f"answered 1 + 1 = {two} from {prefix} instead of {sys.prefix}", mend)
    return Finding("kernel", "OK", f"1 + 1 = {two}, in {prefix}")


def _ask_a_kernel(code: str) -> list[str]:
    """Return the lines that a fresh kernel ``python3`` prints."""
    from jupyter_client.manager import start_new_kernel

    printed: list[str] = []
    manager, client = start_new_kernel(startup_timeout=KERNEL_SECONDS, kernel_name="python3", env=quiet.environment())
    try:
        client.execute_interactive(code, timeout=KERNEL_SECONDS, output_hook=lambda message: _keep(message, printed))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(printed).splitlines()


def _keep(message: dict, printed: list[str]) -> None:
    if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
        printed.append(message["content"]["text"])


def certificate() -> Finding:
    """A private certificate authority, where one is named, is a readable PEM file."""
    try:
        path, named_by = _mirrors().certificate, _mirrors().certificate_from
    except FileNotFoundError as trouble:
        return Finding("certificates", "FAIL", str(trouble), "Ask whoever runs your network for the file's place.")
    if path is None:
        return Finding("certificates", "OK", "no private authority is named; the system's are used")
    import ssl

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=str(path))
    except OSError as trouble:  # ssl.SSLError is one
        mend = f"Point {named_by} at a readable PEM file: text, with BEGIN CERTIFICATE in it."
        return Finding("certificates", "FAIL", f"{path} cannot be used ({trouble})", mend)
    return Finding("certificates", "OK", f"{len(context.get_ca_certs())} authorities in {path} ({named_by})")


def wheelhouse() -> Finding:
    """A wheelhouse folder, where one is named, holds what the installation begins with."""
    folder = os.environ.get("WARDROUND_WHEELHOUSE")
    if not folder:
        return Finding("wheelhouse", "OK", "none is named; packages come from the index")
    here = Path(folder).expanduser()
    mend = (
        "Fill it on a connected machine: `pip download --require-hashes -r requirements.lock -d DIR` and `… uv -d DIR`."
    )
    if not here.is_dir():
        return Finding("wheelhouse", "FAIL", f"{here} is not a folder", mend)
    wheels = [path.name for path in here.iterdir() if path.suffix == ".whl"]
    if not any(name.startswith("uv-") for name in wheels):
        return Finding("wheelhouse", "FAIL", f"{len(wheels)} wheels in {here}, none of uv", mend)
    return Finding("wheelhouse", "OK", f"{len(wheels)} wheels in {here}")


def index() -> Finding:
    """The package index answers. Once everything is installed it is not needed, and silence is only a warning."""
    if os.environ.get("WARDROUND_WHEELHOUSE"):
        return Finding("index", "OK", "not asked: the wheelhouse stands in for it")
    try:
        found = _mirrors()
    except FileNotFoundError as trouble:
        return Finding("index", "WARN", f"not asked: {trouble}")
    address = found.index or mirrors.DEFAULT_INDEX
    trouble = _unreachable(address.rstrip("/") + "/uv/", found)
    if not trouble:
        return Finding("index", "OK", f"{mirrors.shown(address)} answers")
    mend = "Name your institution's mirror in PIP_INDEX_URL and its certificate in SSL_CERT_FILE, or use a wheelhouse."
    state = "WARN" if _installed("pandas") else "FAIL"
    return Finding("index", state, f"{mirrors.shown(address)} does not answer: {trouble}", mend)


def _unreachable(address: str, found: mirrors.Mirrors) -> str:
    """Ask for one small page, the way pip does; return the trouble, or nothing."""
    import base64
    import ssl
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(address)
    request = urllib.request.Request(mirrors.shown(address), headers={"Accept": "text/html"})
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_header("Authorization", "Basic " + base64.b64encode(secret).decode())
    context = ssl.create_default_context(cafile=str(found.certificate) if found.certificate else None)
    proxies = {"http": found.proxy, "https": found.proxy} if found.proxy else None
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler(proxies)
    )
    try:
        with opener.open(request, timeout=10):
            return ""
    except urllib.error.HTTPError as trouble:
        return f"{trouble.code} {trouble.reason}"
    except (OSError, ValueError) as trouble:
        return str(getattr(trouble, "reason", trouble))


def _mirrors() -> mirrors.Mirrors:
    return mirrors.read()


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def _safely(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as trouble:  # the doctor reports, it does not fall ill
        seen = f"the check itself broke ({type(trouble).__name__}: {trouble})"
        return Finding(check.__name__, "FAIL", seen, "Run `python start.py setup`; if it stays, report this line.")


CHECKS = (
    python_version,
    packages,
    disk_space,
    write_access,
    hospital_data,
    kernel,
    certificate,
    wheelhouse,
    index,
)


def main(arguments: list[str]) -> int:
    """Print the findings (``--json`` for a program) and return the exit code: 1 when anything failed."""
    findings = examine()
    print(as_json(findings) if "--json" in arguments else "\n".join(str(finding) for finding in findings))
    return 0 if healthy(findings) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
