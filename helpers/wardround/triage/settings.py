"""The assistant's one file, ``triage.toml``: factors, wording, rules, abstention, threshold. It is the learner's.

A wrong word in it is told with the file, the key and what to write. Conditions of rules are parsed, never evaluated.
"""

from __future__ import annotations

import hashlib
import json
import operator
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

FILE = "triage.toml"
CARD = "card.html.j2"
LEARNERS = (FILE, CARD, "README.md")
TEMPLATES = Path(__file__).parent / "templates" / "learner"
SIGNS = ("heart_rate", "respiratory_rate", "temperature", "saturation", "systolic", "diastolic")
KNOWN = ("age", *SIGNS)  # what a factor or a condition may name
FIELDS = {"{of_1000}", "{average}"}
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_CONDITION = re.compile(r"\s*([a-z_]+)\s*(?:/\s*([a-z_]+)\s*)?(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*")
_CODE = r"^[a-z][a-z0-9_]{0,39}$"
Code = Annotated[str, StringConstraints(pattern=_CODE)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class SettingsWrong(ValueError):
    """The file of settings cannot be used; the message says which file, which key and what to write."""

    def __init__(self, path: Path, key: str, write: str) -> None:
        super().__init__(f"{path}: {key}: {write}" if key else f"{path}: {write}")
        self.path, self.key, self.write = path, key, write


class Condition(NamedTuple):
    """``systolic <= 90``, or of a quotient, ``heart_rate / systolic >= 1``."""

    name: str
    over: str | None
    sign: str
    than: float

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition.

        Raises
        ------
        ValueError
            It is none, or names what nobody measures here.
        """
        found = _CONDITION.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is no condition; write one like 'systolic <= 90'")
        name, over, sign, than = found.groups()
        for one in (name, over):
            if one is not None and one not in KNOWN:
                raise ValueError(f"{one!r} in {text!r} is not measured here; write one of {', '.join(KNOWN)}")
        return cls(name, over, sign, float(than))

    @property
    def names(self) -> tuple[str, ...]:
        """What it looks at."""
        return (self.name,) if self.over is None else (self.name, self.over)

    def holds(self, values: Mapping[str, float]) -> bool:
        """Say whether it holds; what is missing makes no condition hold (and is told as missing elsewhere)."""
        if any(name not in values for name in self.names):
            return False
        value = values[self.name]
        if self.over is not None:
            if values[self.over] <= 0:
                return self.sign in (">", ">=") and value > 0
            value /= values[self.over]
        return OPERATORS[self.sign](value, self.than)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Model(_Table):
    """``[model]``: when a risk counts as high, and how long anybody waits for it."""

    threshold: float = Field(ge=0.001, le=0.5, description="a probability from 0.001 to 0.5")
    answer_within_seconds: float = Field(ge=0.1, le=10, description="seconds from 0.1 to 10")
    feed_late_after_minutes: int = Field(ge=1, le=120, description="whole minutes from 1 to 120")


class Band(_Table):
    """One of ``[[words.band]]``: up to so many of 1,000 the risk is called this."""

    upto: int = Field(ge=1, le=1000, description="a whole number of 1,000, from 1 to 1000")
    says: Sentence = Field(description="a few words, not empty")


class Words(_Table):
    """``[words]``: every sentence in which the assistant speaks of a risk, or says why there is none."""

    risk: Sentence = Field(description="a sentence with {of_1000} in it")
    compared: Sentence = Field(description="a sentence with {average} in it")
    waits: Sentence = Field(description="a sentence, not empty")
    abstains: Sentence = Field(description="a sentence, not empty")
    fallback: Sentence = Field(description="a sentence, not empty")
    silent: Sentence = Field(description="a sentence, not empty")
    off: Sentence = Field(description="a sentence, not empty")
    band: tuple[Band, ...] = Field(min_length=1, description="at least one table [[words.band]]")

    @field_validator("risk", "compared")
    @classmethod
    def _filled(cls, text: str, info: Any) -> str:
        own = "{of_1000}" if info.field_name == "risk" else "{average}"
        found = set(re.findall(r"\{[^}]*\}?|\}", text))
        if own not in found or found - FIELDS:
            raise ValueError(f"write {own} where the number belongs, and no other braces")
        return text

    @field_validator("band")
    @classmethod
    def _rising(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        upto = [one.upto for one in bands]
        if upto != sorted(set(upto)) or upto[-1] != 1000:
            raise ValueError("let upto rise from band to band, and the last be 1000")
        return bands

    def called(self, of_1000: int) -> str:
        """Return the words of the band that so many of 1,000 fall in."""
        return next(one.says for one in self.band if of_1000 <= one.upto)


class FactorSays(_Table):
    """One of ``[[factor]]``: how a value is written, and from where on it must be checked."""

    name: str = Field(description=f"one of {', '.join(KNOWN)}")
    label: Sentence = Field(description="the words at the desk")
    unit: str = Field(max_length=20, description="the unit as it is written at the desk")
    decimals: int = Field(ge=0, le=2, description="0, 1 or 2")
    plausible_low: float = Field(description="a number")
    plausible_high: float = Field(description="a number above plausible_low")

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in KNOWN:
            raise ValueError(f"write one of {', '.join(KNOWN)}")
        return name

    @model_validator(mode="after")
    def _range(self) -> FactorSays:
        if self.plausible_low >= self.plausible_high:
            raise ValueError("plausible_high must be above plausible_low")
        return self

    def plausible(self, value: float) -> bool:
        """Say whether a value may stand unchecked. It never decides whether a rule fires."""
        return self.plausible_low <= value <= self.plausible_high

    def written(self, value: float) -> str:
        """Return the value as it is written at the desk, without its unit."""
        return f"{value:.{self.decimals}f}"


class Rule(_Table):
    """One of ``[[rule]]``: it fires where any of its conditions holds, whatever the model says."""

    name: Code = Field(description="small letters, digits and _")
    says: Sentence = Field(description="what to do, in a sentence")
    any: tuple[str, ...] = Field(min_length=1, description="a list of conditions like ['systolic <= 90']")

    @field_validator("any")
    @classmethod
    def _parsed(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            Condition.parse(text)
        return texts

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Its conditions, parsed."""
        return tuple(Condition.parse(text) for text in self.any)


class Abstain(_Table):
    """``[abstain]``: for whom and on what no risk is shown."""

    needs: tuple[str, ...] = Field(description=f"a list of some of {', '.join(KNOWN)}")
    at_most_missing: int = Field(ge=0, le=len(KNOWN), description="a whole number from 0 on")
    stale_after_minutes: int = Field(ge=5, le=24 * 60, description="whole minutes from 5 to 1440")
    youngest: int = Field(ge=0, le=120, description="whole years; the model was made from adults, so 18 or more")


class Reason(_Table):
    """One of ``[[reasons]]``: why somebody overruled."""

    code: Code = Field(description="small letters, digits and _")
    display: Sentence = Field(description="a few words")


class Issuer(_Table):
    """One of ``[[service.issuer]]``: a system that may call, and the public keys that its tokens are signed with."""

    iss: str = Field(min_length=1, description="the issuer's address, as in its tokens")
    audience: str = Field(min_length=1, description="this service's address, as in the tokens")
    keys: tuple[dict[str, str], ...] = Field(min_length=1, description="a list of public JWKs with kid")


class Service(_Table):
    """``[service]``: pages of which origins may call, and whose tokens are verified. Empty: this machine, no token."""

    origins: tuple[str, ...] = Field(default=(), description="a list of origins like 'https://ehr.example.org'")
    issuer: tuple[Issuer, ...] = Field(default=(), description="tables [[service.issuer]]")


class Settings(_Table):
    """All of ``triage.toml``."""

    model: Model = Field(description="the table [model]")
    words: Words = Field(description="the table [words]")
    factor: tuple[FactorSays, ...] = Field(min_length=1, description="at least one table [[factor]]")
    rule: tuple[Rule, ...] = Field(min_length=1, description="at least one table [[rule]]")
    abstain: Abstain = Field(description="the table [abstain]")
    reasons: tuple[Reason, ...] = Field(min_length=1, description="at least one table [[reasons]]")
    service: Service = Field(default=Service(), description="the table [service]")

    @model_validator(mode="after")
    def _together(self) -> Settings:
        for what, names in (
            ("factor", [one.name for one in self.factor]),
            ("rule", [one.name for one in self.rule]),
            ("reasons", [one.code for one in self.reasons]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"[[{what}]] {twice[0]} stands twice; keep one")
        told = {one.name for one in self.factor}
        if unknown := [name for name in self.abstain.needs if name not in told]:
            raise ValueError(f"[abstain] needs names {unknown[0]}, which has no [[factor]]; add one or take it out")
        watched = {name for rule in self.rule for one in rule.conditions for name in one.names}
        if unknown := sorted(watched - told):
            raise ValueError(f"a [[rule]] looks at {unknown[0]}, which has no [[factor]]; add one")
        return self

    @cached_property
    def factors(self) -> Mapping[str, FactorSays]:
        """The factors by name."""
        return {one.name: one for one in self.factor}

    @cached_property
    def reason(self) -> Mapping[str, str]:
        """What each override reason's code stands for."""
        return {one.code: one.display for one in self.reasons}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it: which settings an advice was made with."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def lay_out(folder: Path | str) -> Path:
    """Put the learner's files into a folder where they are not there yet, and return it."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in LEARNERS:
        if not (folder / name).exists():
            shutil.copyfile(TEMPLATES / name, folder / name)
    return folder


def defaults() -> Settings:
    """Return the settings as the course lays them out."""
    return read(TEMPLATES)


def read(folder: Path | str) -> Settings:
    """Read ``triage.toml`` of a folder.

    Raises
    ------
    SettingsWrong
        It is not there, no TOML, or says something that the assistant cannot use.
    """
    path = Path(folder) / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsWrong(path, "", "it is not there; start the assistant once and it is laid out.") from None
    except OSError as trouble:
        raise SettingsWrong(path, "", f"it cannot be read ({trouble.strerror}); mend that and look again.") from trouble
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as trouble:
        raise SettingsWrong(path, "", f"this is no TOML ({trouble}); mend that line.") from trouble
    try:
        return Settings.model_validate(found)
    except ValidationError as trouble:
        raise _told(path, trouble) from None


def _told(path: Path, trouble: ValidationError) -> SettingsWrong:
    """The first thing that is wrong, as a key of the file and what to write there."""
    first = trouble.errors(include_url=False)[0]
    where, kind = list(first["loc"]), first["type"]
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    if kind == "extra_forbidden":
        return SettingsWrong(path, key, "this key is unknown; take it out, or see the README beside it for the names.")
    if kind == "value_error":
        return SettingsWrong(path, key, f"{first['ctx']['error']}.")
    meant = _described(where)
    what = "it is missing" if kind == "missing" else f"{str(first['input'])[:60]!r} does not do"
    return SettingsWrong(path, key, f"{what}; write {meant or first['msg']}.")


def _described(where: list[str | int]) -> str | None:
    """What a key's description asks for; that of the last named key on the way."""
    table: type[BaseModel] = Settings
    said = None
    for part in where:
        if isinstance(part, int):
            continue
        info = table.model_fields.get(part)
        if info is None:
            break
        said = info.description
        inner = [info.annotation, *getattr(info.annotation, "__args__", ())]
        table = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), table)
    return said
