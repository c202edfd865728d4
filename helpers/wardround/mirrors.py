"""Where packages come from on this machine: the index mirror, the certificate authority, the wheelhouse folder.

pip and uv each read their own settings; an institution has usually configured one of them. Here both are read, once,
and given to both. Standard library only, since ``start.py`` needs it before any package is installed.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
_CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_UV_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_SECTIONS = ("global", "install", ":env:")  # pip's own order: a later one wins


@dataclass(frozen=True)
class Mirrors:
    """Settings for downloads.

    Attributes
    ----------
    index
        Address of the package index, or None for the default of pip and uv. May hold a password: never print it;
        :func:`shown` hides it.
    extra
        Further indexes.
    find_links
        Folders or pages with wheels beside the index.
    certificate
        A PEM file with an institution's certificate authority, and the variable or setting that named it.
    wheelhouse
        A folder that stands in for every index (``WARDROUND_WHEELHOUSE``).
    """

    index: str | None = None
    extra: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    certificate: Path | None = None
    certificate_from: str = ""
    trusted: tuple[str, ...] = ()
    proxy: str | None = None
    timeout: str | None = None
    wheelhouse: Path | None = None
    own: dict[str, str] = field(default_factory=dict)  # uv's own variables, which win

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return a copy of an environment in which both pip and uv use these settings."""
        found = {name: value for name, value in base.items() if name not in _CLEARED}
        if self.proxy:
            found.setdefault("HTTPS_PROXY", self.proxy)
            found.setdefault("HTTP_PROXY", self.proxy)
        if self.certificate:
            found.update(SSL_CERT_FILE=str(self.certificate), PIP_CERT=str(self.certificate))
        else:
            found["UV_SYSTEM_CERTS"] = found.get("UV_SYSTEM_CERTS") or "true"  # an authority the system trusts
        if self.index:
            found.update(UV_DEFAULT_INDEX=self.index, PIP_INDEX_URL=self.index)
        if self.extra:
            found.update(UV_INDEX=" ".join(self.extra), PIP_EXTRA_INDEX_URL=" ".join(self.extra))
            # uv stops at the first index that knows a name, pip takes the best of all; the lock's hashes decide.
            found.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
        if self.trusted:
            found.update(UV_INSECURE_HOST=" ".join(self.trusted), PIP_TRUSTED_HOST=" ".join(self.trusted))
        if self.timeout:
            found.setdefault("UV_HTTP_TIMEOUT", self.timeout)
        return {**found, **self.own}

    def arguments(self) -> list[str]:
        """Return options that ``pip install`` and ``uv pip install`` both know."""
        if self.wheelhouse:
            return ["--no-index", "--find-links", str(self.wheelhouse)]
        return [word for place in self.find_links for word in ("--find-links", place)]


# A virtual environment refuses some of these, others would send the packages elsewhere.
_CLEARED = {"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"}
_CLEARED |= {"PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_NO_INDEX", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_TARGET", "UV_PREFIX"}


def read(python: str = sys.executable, env: Mapping[str, str] | None = None) -> Mirrors:
    """Read what is configured.

    Parameters
    ----------
    python
        A Python with pip, which knows where pip's configuration files lie.
    env
        The environment to read; by default this process's.

    Raises
    ------
    FileNotFoundError
        A variable names a certificate file or a wheelhouse that is not there.
    """
    env = os.environ if env is None else env
    pip = _pip_settings(python, env)
    words = {name: tuple(value.split()) for name, value in pip.items()}
    found = Mirrors(
        index=next((env[name] for name in _UV_INDEX if env.get(name)), None) or pip.get("index-url"),
        extra=_extra(env) or words.get("extra-index-url", ()),
        find_links=tuple((env.get("UV_FIND_LINKS") or "").replace(",", " ").split()) or words.get("find-links", ()),
        trusted=words.get("trusted-host", ()),
        proxy=pip.get("proxy"),
        timeout=pip.get("default-timeout") or pip.get("timeout"),
        wheelhouse=_existing(env, "WARDROUND_WHEELHOUSE"),
        own={name: value for name, value in env.items() if name in ("UV_INDEX_STRATEGY", "UV_INSECURE_HOST") and value},
    )
    return _with_certificate(found, env, pip)


def shown(address: str) -> str:
    """Return an address without the name and password it may hold."""
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _extra(env: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(word for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL") for word in (env.get(name) or "").split())


def _pip_settings(python: str, env: Mapping[str, str]) -> dict[str, str]:
    """pip's own account of its files and variables, so that we need not know where they are.

    A Python without pip (uv makes such) has no account to give, and the default index is used.
    """
    clean = {name: value for name, value in env.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    asked = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True, text=True, env=clean, check=False,
    )  # fmt: skip
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in asked.stdout.splitlines() if asked.returncode == 0 else []:
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in _SECTIONS for name, value in found[section].items() if value}


def _with_certificate(found: Mirrors, env: Mapping[str, str], pip: Mapping[str, str]) -> Mirrors:
    for name in _CERTIFICATES:
        if env.get(name):
            return replace(found, certificate=_existing(env, name), certificate_from=name)
    if pip.get("cert"):
        return replace(found, certificate=_existing(pip, "cert"), certificate_from="pip's setting cert")
    return found


def _existing(settings: Mapping[str, str], name: str) -> Path | None:
    if not settings.get(name):
        return None
    path = Path(settings[name]).expanduser().absolute()
    if not path.exists():
        raise FileNotFoundError(f"{name} names {path}, which is not there; correct the setting or remove it.")
    return path
