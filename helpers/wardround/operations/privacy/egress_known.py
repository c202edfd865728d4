"""What the house knows of its own people, and how it is found in a text: by the word, and by what was derived from it.

A hash of a record number is still that record number to whoever holds a list of record numbers (45 CFR 164.514(c) asks
for a code that is *not* derived). The house holds such a list, so it can compute the digests and look for them.

Not found: a digest with a salt or a secret key, of several values put together, or cut to fewer than twelve signs. For
these there is no list to compare with; what stops them is a route that names its fields.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from .identifiers import Span

DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")
SHORTEST = 12  # hexadecimal signs of a digest that is cut short: 48 bits, met by chance in nobody's text
_WORD = re.compile(r"[^\W_][\w'’-]*[^\W_]")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F](?:-?[0-9a-fA-F]){11,}(?![0-9A-Za-z])")  # SHORTEST or more
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{22,}={0,2}(?![\w=])")  # MD5 is the shortest of them
_POSSESSIVE = re.compile(r"(?:['’]s|['’])$")
_FINDING = re.compile(
    r"(?:['’]s?)?\s+(?:disease|palsy|sign|syndrome|test|nodes?|contracture|phenomenon|lymphoma|ophthalmopathy|scale|coma)\b",
    re.I,
)
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.?\s+$")


class Register:
    """Values of the hospital's own register, a word each, and digests of them. It stays inside.

    Parameters
    ----------
    known : mapping of str to iterable of str
        Kind to values: family names, telephone and record numbers.
    spare : iterable of str
        Names of findings ("Graves"), which are no name where a finding follows ("Graves' disease").
    """

    def __init__(self, known: Mapping[str, Iterable[str]], spare: Iterable[str] = ()):
        self._words = {value.casefold(): kind for kind, values in known.items() for value in values if value}
        self._spare = {word.casefold() for word in spare}
        self._digests = {
            digest[:SHORTEST]: kind
            for kind, values in known.items()
            for value in values
            if value
            for digest in _digests(value)
        }

    def kind(self, word: str) -> str | None:
        """Return the kind of a word that the register holds, else None."""
        return self._words.get(word.casefold())

    def words(self, text: str) -> Iterator[Span]:
        """Yield every known word: also "battle" where somebody is called so, which is the cheaper error."""
        for found in _WORD.finditer(text):
            for begin, end in _parts(found):
                if (kind := self.kind(text[begin:end])) and not self._names_a_finding(text, begin, end):
                    yield Span(begin, end, kind)

    def digests(self, text: str) -> Iterator[str]:
        """Yield the kind of every known value of which a digest stands in the text."""
        for found in _HEXADECIMAL.finditer(text):
            if kind := self._digests.get(found[0].replace("-", "").lower()[:SHORTEST]):
                yield kind
        for found in _BASE64.finditer(text):
            if kind := self._digests.get(_raw(found[0]).hex()[:SHORTEST]):
                yield kind

    def _names_a_finding(self, text: str, begin: int, end: int) -> bool:
        spared = text[begin:end].casefold() in self._spare and _FINDING.match(text, end)
        return bool(spared) and not _TITLED.search(text, 0, begin)


def _parts(found: re.Match) -> Iterator[tuple[int, int]]:
    """Yield where a word begins and ends: whole, without its possessive, and what stands between its hyphens."""
    begin, end = found.span()
    places = {
        (begin, end),
        (begin, end - len(_POSSESSIVE.search(found[0])[0]) if _POSSESSIVE.search(found[0]) else end),
    }
    if "-" in found[0]:
        places |= {(begin + part.start(), begin + part.end()) for part in re.finditer(r"[^-]+", found[0])}
    yield from sorted(places)


def _digests(value: str) -> Iterator[str]:
    """Yield digests of a value, as it is and as somebody may have tidied it before."""
    for form in {value, value.casefold(), value.upper(), re.sub(r"\W", "", value)}:
        for name in DIGESTS:
            yield hashlib.new(name, form.encode(), usedforsecurity=False).hexdigest()


def _raw(run: str) -> bytes:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
