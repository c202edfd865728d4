"""Whose request is this? The signed tokens of CDS clients, as CDS Hooks 2.0.1 has them (looked at in November 2026).

A client sends ``Authorization: Bearer …``, a JSON web token signed with its private key, a new one for each call. Its
public keys stand in ``triage.toml``; nothing is fetched, and ``jku``, where a token says to fetch a key from, is never
followed: whoever writes the token would choose the key. Only ES384 and RS384, the two that the standard recommends;
never ``none``, never an algorithm that shares its secret (HS256).

Checked: ``kid`` and ``alg`` in the header; signature; ``iss`` known; ``aud`` the address that was called; ``exp`` not
over; ``iat`` not in the future; ``jti`` not seen before. Assumptions of ours: clocks may differ by 30 seconds; a token
lives at most ten minutes, so that what was seen need not be kept for ever; one issued before this process started is
refused, since what was seen before is forgotten.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import jwt

from wardround.triage.settings import Issuer

ALGORITHMS = {"EC": "ES384", "RSA": "RS384"}
DISCOVERY = "/cds-services"
LONGEST = 8_192  # characters of a token
LEEWAY = 30.0  # seconds
LIVES = 600.0  # seconds, at most
SMALLEST_RSA = 2048  # bits
MOST_SEEN = 50_000  # tokens that live at the same time


class TokenRefused(PermissionError):
    """The token does not prove who calls; the message says why in one sentence."""


class KeyWrong(ValueError):
    """A key in the settings cannot be used; the message says which and what to write."""


class Seen:
    """Tokens that were used and are not over yet."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def take(self, issuer: str, jti: str, until: float, now: float) -> None:
        """Remember a token, or refuse it where it was used before."""
        with self._lock:
            if len(self._until) >= MOST_SEEN:
                self._until = {key: at for key, at in self._until.items() if at > now}
            if self._until.get((issuer, jti), -math.inf) > now:
                raise TokenRefused("This token was used before; make a new one for each call.")
            if len(self._until) >= MOST_SEEN:
                raise TokenRefused("Too many tokens are in use at the same time; try again in ten minutes.")
            self._until[issuer, jti] = until


class Verifier:
    """Checks tokens against the issuers of the settings.

    Parameters
    ----------
    issuers
        ``settings.service.issuer``.
    seen
        Kept when the settings change.
    clock
        Seconds since 1970.
    started
        When what was seen began to be remembered; by default now.

    Raises
    ------
    KeyWrong
        A key of the settings is no public key of P-384 or RSA, or has no ``kid``.
    """

    def __init__(
        self,
        issuers: Iterable[Issuer],
        seen: Seen | None = None,
        *,
        clock: Callable[[], float] = time.time,
        started: float | None = None,
    ) -> None:
        self._issuers = {one.iss: one for one in issuers}
        self._keys = {(one.iss, key["kid"]): _key(one.iss, key) for one in self._issuers.values() for key in _kids(one)}
        self._seen, self._clock = seen or Seen(), clock
        self._started = math.floor(clock() if started is None else started)

    def verify(self, header: str | None, path: str) -> str:
        """Return the issuer of a request's token.

        Parameters
        ----------
        header
            ``Authorization``.
        path
            Which was called: "/cds-services/triage-risk".

        Raises
        ------
        TokenRefused
            There is no token, or it does not prove who calls.
        """
        token = _bearer(header)
        issuer, key, algorithm = self._claimed(token)
        try:
            said = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=_address(issuer.audience, path),
                issuer=issuer.iss,
                options={"require": ["iss", "aud", "exp", "iat", "jti"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError:
            raise TokenRefused(f"The token is for another address; aud must be that of {path}.") from None
        except jwt.MissingRequiredClaimError as trouble:
            raise TokenRefused(f"The token has no {trouble.claim}; give iss, aud, exp, iat and jti.") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise TokenRefused("The token's signature or claims do not hold; sign it with a key known here.") from None
        self._in_time(said, issuer.iss)
        return issuer.iss

    def _claimed(self, token: str) -> tuple[Issuer, jwt.PyJWK, str]:
        """Who the token says it is from, and the key that it must be signed with. Nothing of it is believed yet."""
        try:
            header = jwt.get_unverified_header(token)
            said = jwt.decode(token, options={"verify_signature": False, "verify_aud": False, "verify_iss": False})
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise TokenRefused("This is no JSON web token; send one as CDS Hooks has it.") from None
        iss, kid = said.get("iss"), header.get("kid")
        if not isinstance(iss, str) or iss not in self._issuers:
            raise TokenRefused("The token's iss is not known here; ask for it to be added to the settings.")
        key = self._keys.get((iss, kid)) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefused("The token's kid is none of its issuer's keys; sign with a key known here.")
        if header.get("alg") != key.algorithm_name:
            raise TokenRefused(f"The token's alg is not {key.algorithm_name}; sign it with that.")
        if header.get("typ", "JWT") != "JWT" or "crit" in header:
            raise TokenRefused("The token's header asks for more than CDS Hooks has; send typ JWT, alg and kid.")
        return self._issuers[iss], key, key.algorithm_name

    def _in_time(self, said: dict[str, Any], issuer: str) -> None:
        now, jti = self._clock(), said["jti"]
        made, until = _seconds(said["iat"], "iat"), _seconds(said["exp"], "exp")
        if now > until + LEEWAY:
            raise TokenRefused("The token is over (exp); make a new one for each call.")
        if made > now + LEEWAY:
            raise TokenRefused("The token was issued in the future (iat); set the clock.")
        if until - made > LIVES:
            raise TokenRefused(f"The token lives longer than {LIVES / 60:.0f} minutes; let exp be nearer to iat.")
        if made < self._started:
            raise TokenRefused("The token was issued before this service started; make a new one.")
        if not (isinstance(jti, str) and 1 <= len(jti) <= 256):
            raise TokenRefused("The token's jti is no text of 1 to 256 characters; give it a UUID.")
        self._seen.take(issuer, jti, until + LEEWAY, now)


def _bearer(header: str | None) -> str:
    kind, _, token = (header or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise TokenRefused("There is no token; send Authorization: Bearer and a JSON web token.")
    if len(token) > LONGEST:
        raise TokenRefused(f"The token is longer than {LONGEST:,} characters; send a shorter one.")
    return token.strip()


def _address(audience: str, path: str) -> str:
    """The address of a path on the service whose address the settings give: base, discovery, or the service's own."""
    base, found, _ = audience.partition(DISCOVERY)
    return (base if found else audience).rstrip("/") + path


def _seconds(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise TokenRefused(f"The token's {name} is no number of seconds since 1970; give one.")
    return float(value)


def _kids(issuer: Issuer) -> Iterable[dict[str, str]]:
    names = [key.get("kid") for key in issuer.keys]
    if not all(names) or len(set(names)) != len(names):
        raise KeyWrong(f"[[service.issuer]] {issuer.iss}: each key needs a kid of its own.")
    return issuer.keys


def _key(iss: str, jwk: dict[str, str]) -> jwt.PyJWK:
    where = f"[[service.issuer]] {iss}, key {jwk.get('kid')!r}"
    if "d" in jwk:
        raise KeyWrong(f"{where} is a private key; write the public one here, and make a new pair: this one is spoilt.")
    algorithm = ALGORITHMS.get(jwk.get("kty", ""))
    if algorithm is None or (algorithm == "ES384" and jwk.get("crv") != "P-384"):
        raise KeyWrong(f"{where} is no public key of P-384 or RSA; write a JWK with kty EC, crv P-384, x and y.")
    try:
        key = jwt.PyJWK.from_dict(dict(jwk), algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as trouble:
        raise KeyWrong(f"{where} cannot be read ({trouble}); write it as its owner published it.") from None
    if algorithm == "RS384" and key.key.key_size < SMALLEST_RSA:
        raise KeyWrong(f"{where} is shorter than {SMALLEST_RSA} bits; use a longer one.")
    return key
