"""Whose request is this? Tokens that prove it, and all those that do not."""

import datetime as dt
import itertools
import json
import re

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from triage_service import FEEDBACK, NOW, SERVICE, Assistant


@pytest.fixture
def assistant(tmp_path):
    return Assistant(tmp_path / "triage")


ISS, AUD = "https://ehr.example.org", "http://127.0.0.1:8010/cds-services/triage-risk"
EC, OTHER, RSA = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1()), None
SERIAL = itertools.count()


def _jwk(key, kid):
    made = json.loads(jwt.get_algorithm_by_name("ES384" if hasattr(key, "curve") else "RS384").to_jwk(key.public_key()))
    return {name: made[name] for name in made if name in ("kty", "crv", "x", "y", "n", "e")} | {"kid": kid}


def _toml(key):
    return "{ " + ", ".join(f'{name} = "{value}"' for name, value in key.items()) + " }"


@pytest.fixture
def guarded(assistant):
    keys = ", ".join(_toml(one) for one in (_jwk(EC, "1"), _jwk(_rsa(), "2")))
    assistant.set(f'\n[[service.issuer]]\niss = "{ISS}"\naudience = "{AUD}"\nkeys = [{keys}]\n')
    assert assistant.world.trouble == ""
    return assistant


def _rsa():
    global RSA
    RSA = RSA or rsa.generate_private_key(65537, 2048)
    return RSA


def _token(claims=(), header=(), key=EC, algorithm="ES384"):
    now = int(NOW.timestamp())
    said = {"iss": ISS, "aud": AUD, "iat": now, "exp": now + 300, "jti": f"t{next(SERIAL)}", **dict(claims)}
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key, algorithm, headers={"kid": "1", **dict(header)})


def _with(assistant, token, path=SERVICE):
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return assistant.client.post(path, json=assistant.request(), headers=headers)


def test_a_signed_token_lets_in_once(guarded):
    token = _token()
    assert _with(guarded, token).status_code == 200
    again = _with(guarded, token)
    assert again.status_code == 401 and "used before" in again.json()["issue"][0]["diagnostics"]
    assert again.headers["www-authenticate"] == "Bearer"
    assert guarded.lines("hook")[0].told()["issuer"] == ISS
    assert _with(guarded, _token(header={"kid": "2"}, key=_rsa(), algorithm="RS384")).status_code == 200
    assert _with(guarded, _token({"aud": [AUD]})).status_code == 200


def test_each_address_is_its_own_audience(guarded):
    listed = lambda token: guarded.client.get("/cds-services", headers={"Authorization": f"Bearer {token}"})  # noqa: E731
    assert listed(_token()).status_code == 401
    assert listed(_token({"aud": "http://127.0.0.1:8010/cds-services"})).status_code == 200
    assert _with(guarded, _token(), FEEDBACK).status_code == 401
    assert _with(guarded, _token({"aud": f"{AUD}/feedback"}), FEEDBACK).status_code == 400  # let in; no feedback in it


AT = int(NOW.timestamp())
SECRET = "a secret that both would have to know, and is long enough for HS384"
REFUSED = {
    "no token": (lambda: None, "no token"),
    "no JWT": (lambda: "abc", "no JSON web token"),
    "bytes": (lambda: "a.b.c", "no JSON web token"),
    "another key": (lambda: _token(key=OTHER), "signature"),
    "unknown issuer": (lambda: _token({"iss": "https://evil.example.org"}), "iss"),
    "no issuer": (lambda: _token({"iss": None}), "iss"),
    "unknown kid": (lambda: _token(header={"kid": "9"}), "kid"),
    "the other key's kid": (lambda: _token(header={"kid": "2"}), "alg"),
    "another address": (lambda: _token({"aud": "http://127.0.0.1:8010/cds-services/other"}), "aud"),
    "no aud": (lambda: _token({"aud": None}), "aud"),
    "over": (lambda: _token({"iat": AT - 200, "exp": AT - 40}), "issued before|over"),
    "from the future": (lambda: _token({"iat": AT + 60}), "future"),
    "for a year": (lambda: _token({"exp": AT + 31_536_000}), "lives longer"),
    "from before the start": (lambda: _token({"iat": AT - 10}), "before this service started"),
    "no jti": (lambda: _token({"jti": None}), "jti"),
    "an empty jti": (lambda: _token({"jti": ""}), "jti"),
    "no exp": (lambda: _token({"exp": None}), "exp"),
    "unsigned": (lambda: _token(key=None, algorithm="none"), "alg"),
    "a shared secret": (lambda: _token(key=SECRET, algorithm="HS384"), "alg"),
    "too long": (lambda: _token({"x": "x" * 9_000}), "longer"),
    "a key to fetch": (lambda: _token(header={"kid": "9", "jku": "https://evil.example.org/jwks"}, key=OTHER), "kid"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_token_that_proves_nothing_is_refused(guarded, name):
    make, why = REFUSED[name]
    answer = _with(guarded, make())
    assert answer.status_code == 401
    assert re.search(why, answer.json()["issue"][0]["diagnostics"]), answer.text
    assert guarded.lines("hook") == []


def test_a_token_is_over_in_time(guarded):
    token = _token({"exp": AT + 60})
    guarded.now = NOW + dt.timedelta(seconds=91)
    assert _with(guarded, token).status_code == 401
    guarded.now = NOW + dt.timedelta(seconds=80)
    assert _with(guarded, token).status_code == 200  # clocks may differ by half a minute


def test_a_private_key_in_the_settings_lets_nobody_in(assistant):
    key = {**_jwk(EC, "1"), "d": "secret"}
    assistant.set(f'\n[[service.issuer]]\niss = "{ISS}"\naudience = "{AUD}"\nkeys = [{_toml(key)}]\n')
    answer = _with(assistant, _token())
    assert answer.status_code == 503 and "private key" in answer.json()["issue"][0]["diagnostics"]


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_authorization_is_refused_with_a_sentence(guarded, text):
    answer = guarded.client.post(SERVICE, json={}, headers={"Authorization": text})
    assert answer.status_code == 401 and answer.json()["issue"][0]["diagnostics"].endswith(".")
