"""The ways in which a text may be read: what a filter sees only if it looks again.

A filter of patterns reads the letters that are there. Whoever receives the text also reads percent signs, base64,
digits in words and letters that only look alike. Each reading here undoes one such writing. There are others (an image,
a cipher, a riddle); what cannot be read is for the route to forbid, not for this to find.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_plus

from .identifiers import words

DEPTH = 3  # a base64 of a base64 is read; whoever wraps four times is stopped by the route, not by this
LONGEST = 200_000  # characters of one text; what is longer does not leave unread
_DIGITS = {
    **{word: str(digit) for digit, word in enumerate(words("zero one two three four five six seven eight nine"))},
    **{"oh": "0", "nought": "0"},
}
_TENS = {
    **{"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15"},
    **{"sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19"},
}
_WORDS = _DIGITS | _TENS
_ONE = rf"(?:(?:double|triple)[ -])?(?:{'|'.join(_WORDS)}|\d+)"
_SPELLED = re.compile(rf"\b{_ONE}(?:[ ,.-]+{_ONE}){{3,}}\b", re.I)
_GAP = r"[ ./_·•-]{1,3}"
_SPACED_DIGITS = re.compile(  # one by one, nine or more; or grouped as a telephone or Social Security number is
    rf"(?<![\d.])\d(?P<gap>{_GAP})(?:\d(?P=gap)){{7,}}\d(?!\d)|(?<!\d)\d{{3}}{_GAP}\d{{2,3}}{_GAP}\d{{4}}(?!\d)"
)
_USUAL = re.compile(r"\d{3}[-. ]\d{2,3}[-. ]\d{4}")  # in plain sight
_SPACED_LETTERS = re.compile(r"\b\w(?:[ ._·•-]\w){3,}\b")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![\w=])")
_HEX = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Fa-f])")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_ALIKE = str.maketrans("АВЕЅЅІЈКМНОРСТХУаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESSIJKMHOPCTXYaeopcyxijsABEZHIKMNOPTYXo")


def readings(text: str, depth: int = DEPTH) -> Iterator[tuple[str, str]]:
    """Yield (how, text) for every way to read a text that differs from the plain one, which comes first.

    Parameters
    ----------
    text : str
    depth : int
        How often what was decoded is read again.
    """
    yield "plain", text
    seen = {text}
    level = [("", text)]
    for _ in range(depth):
        deeper = []
        for before, one in level:
            for how, other in _undone(one):
                if other not in seen and other.strip():
                    seen.add(other)
                    deeper.append((f"{before}{how}, ", other))
                    yield f"{before}{how}", other
        level = deeper


def _undone(text: str) -> Iterator[tuple[str, str]]:
    yield "look-alike letters", _normal(text)
    yield "percent signs", unquote_plus(text) if "%" in text else text
    yield "HTML", re.sub(r"<[^<>]{0,200}>", "", html.unescape(text)) if "&" in text or "<" in text else text
    yield "escapes", _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    yield "spelled digits", _SPELLED.sub(lambda found: _joined(found[0]), text)
    yield "spaced digits", _SPACED_DIGITS.sub(lambda found: _figures(found[0]), text)
    yield "spaced letters", _SPACED_LETTERS.sub(lambda found: re.sub(r"[ ._·•-]", "", found[0]), text)
    yield "underscores", re.sub(r"[_+]", " ", text) if re.search(r"[^\W_][_+][^\W_]", text) else text
    for found in _BASE64.finditer(text):
        if decoded := _decoded(found[0]):
            yield "base64", decoded
    for found in _HEX.finditer(text):
        if decoded := _printable(bytes.fromhex(found[0])):
            yield "hexadecimal", decoded


def _normal(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")  # zero-width and direction marks


def _figures(text: str) -> str:
    return text if _USUAL.fullmatch(text) else re.sub(r"\D", "", text)


def _joined(text: str) -> str:
    """Return a run of digits in words as digits ("double five" is 55); a run of figures alone is a list, and stays."""
    if not re.search(r"[a-z]", text, re.I):
        return text
    digits, times = "", 1
    for word in re.findall(r"[a-z]+|\d+", text.lower()):
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        digits += _WORDS.get(word, word) * times
        times = 1
    return digits


def _decoded(run: str) -> str | None:
    """Return base64 as text, of either alphabet and also packed; None for what is no text."""
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(run + "=" * (-len(run) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return _printable(raw) or _unpacked(raw)


def _unpacked(raw: bytes) -> str | None:
    try:
        return _printable(zlib.decompressobj(wbits=47).decompress(raw, LONGEST))  # gzip or zlib, by its head
    except zlib.error:
        return None


def _printable(raw: bytes) -> str | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if len(text) > 3 and all(letter.isprintable() or letter in "\r\n\t" for letter in text) else None
