"""The facts of a playbook, gathered from the learner's own work as plain data: nothing in them is typed by hand.

What is not there, or cannot be read, is listed under ``not_found`` with where it would come from; nothing here raises
on a learner's file.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import wardround
from wardround.course import places
from wardround.course.memo import read_kept, read_memo
from wardround.operations import model_card
from wardround.operations.ledger import Ledger, Line, LogUnreadable
from wardround.operations.playbook.reading import Read
from wardround.operations.releases import State, replayed
from wardround.operations.report_assistant import audit, reasons, rules, threshold

MEMOS = ("W03.M", "W04.M", "W06.M", "W07.M", "W08.M", "W10.A3", "W10.M", "W11.M")
LAW = (  # of curriculum/facts.toml, by the decision that they bind
    *("source-attributes", "cds-device", "breach-individuals", "breach-hhs", "associate-notice", "ciphertext"),
    *("agreement-limits", "inside-use", "part-2", "documents-six-years", "activity-review"),
    *("section-1557", "breach-presumed", "device-reports"),
)
PIPELINE, TRIAGE, FLIGHT = "work/pipeline", "work/triage", "work/flight"
READMISSION, AT_THE_DESK = "readmission", "triage-critical-12h"  # registered models, as their logs name them
BY_A_PERSON = 1.0  # minutes; what follows its alarm sooner was done by the run itself (assumption)
LAYERS = ("door", "inputs", "outputs", "outcomes")
# Source attribute: the memo and the field that say it. What memos measured is of A1's model, not of the release, and
# no attribute of it.
SAID_IN = {
    "intended_use": ("W03.M", "intended_use"),
    "population": ("W03.M", "for_whom"),
    "training_criteria": ("W03.M", "left_out"),
}
_ENDPOINT = re.compile(r"(?:https?://)?\b((?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/[\w./-]*\w)?)", re.I)
_FILES = (".toml", ".py", ".csv", ".json", ".md", ".html", ".parquet", ".sqlite")  # have a dot, and are no address
_AGREEMENT = re.compile(r"\b(?:BAA|DUA|DPA)[- ]?[A-Z0-9]*\d[\w-]*", re.I)
_MINUTES = re.compile(r"\b(\d+(?:\.\d+)?) ?min(?:ute)?s?\b", re.I)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAY = re.compile(rf"\b(?:(\d{{4}})-(\d\d)-(\d\d)|(\d{{1,2}}) ({'|'.join(_MONTHS)}),? (\d{{4}}))\b", re.I)


def gather(today: dt.date | None = None, said: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what the learner's folder says of what was built.

    Parameters
    ----------
    today
        The day that dates are held against; by default this one.
    said
        Source attributes that only a person can say, by key.
    """
    memos = {name: memo["fields"] for name in MEMOS if (memo := _memo(name))}
    pipeline, desk, flight = _quietly(_pipeline), _quietly(_desk), _quietly(_flight)
    bundle = (pipeline or {}).pop("bundle", None)
    (desk or {}).pop("bundle", None)
    facts = {
        "gathered_on": (today or dt.date.today()).isoformat(),
        "memos": memos,
        "systems": {
            key: one for key, one in (("care_calls", pipeline), ("triage", desk), ("early_warning", flight)) if one
        },
        "monitors": [*(pipeline or {}).pop("monitors", ()), *(flight or {}).pop("monitors", ())],
        "boundary": _boundary(memos.get("W11.M", {})),
        "hazards": {name: text for name, text in memos.get("W10.M", {}).items() if name != "because"},
        "kept": _kept(),
        "law": law(),
    }
    facts["card"] = _card(facts, memos, said or {}, bundle)
    return facts | {"not_found": list(_not_found(facts))}


def law() -> list[dict[str, str]]:
    """Return the facts of law that a playbook may lean on, with source and day; an uncertain one is none."""
    path = places.root() / "curriculum" / "facts.toml"
    known = tomllib.loads(path.read_text(encoding="utf-8"))
    kept = ("says", "source", "as_of", "review_by")
    held = {name: one for name in LAW if (one := known.get(name)) and one["certainty"] != "uncertain"}
    return [{"id": name, **{key: one[key] for key in kept}} for name, one in held.items()]


# A2 ------------------------------------------------------------------------------------------------------------------
def _pipeline() -> dict[str, Any] | None:
    """The readmission model as its log has it: what is in force, who signed, drills, alarms; and its monitors."""
    folder = places.work() / "pipeline"
    lines = _lines(folder / "state" / "log.sqlite")
    plan, made = _toml(folder / "plan.toml"), _released(lines, READMISSION)
    if not lines and plan is None:
        return None
    found: dict[str, Any] = {"title": "Care calls after discharge", "where": f"{PIPELINE}/state/log.sqlite", **made}
    found |= {"alerts": False, "drills": list(_drills(lines)), "monitors": list(_layers(plan or {}))}
    told = [(line, _told(line)) for line in lines]
    refused = [one for line, one in told if line.action == "not released"]
    found["gate_refused"] = [f"{one.get('candidate')}: {', '.join(map(str, one.get('rules', [])))}" for one in refused]
    found["alarms"] = sum(line.action == "alarm" for line in lines)
    found["judged"] = _tried(told, made.get("digest"))
    return found


def _tried(told: Sequence[tuple[Line, dict[str, Any]]], digest: str | None) -> dict[str, Any]:
    """What the release in force came to before it was proposed; a later candidate, refused or gone, is another's."""
    judged: dict[str, Any] = {}
    for line, one in told:
        if (line.action, one.get("step")) == ("step", "evaluate") and _judged(one):
            judged = {key: one[key] for key in ("judged", "returned", "of those on the list")}
        elif line.action == "proposed" and one.get("digest") == digest:
            return judged
    return {}


def _judged(said: Mapping[str, Any]) -> bool:
    """Say whether a step tells what the course's own does; the steps are the learner's to change."""
    sites = said.get("of those on the list")
    counted = _is_number(said.get("judged")) and _is_number(said.get("returned"))
    return counted and isinstance(sites, dict) and all(map(_is_number, sites.values()))


def _released(lines: Sequence[Line], name: str) -> dict[str, Any]:
    """What a log says of a model: the release in force, who took which step, and lines that break the rules."""
    state = replayed(lines, name)
    found: dict[str, Any] = {"model": name, "void": state.void}
    if state.current is None:
        return found
    bundle, earlier = state.bundles[state.current], state.releases[:-1]
    found |= {
        "bundle": bundle,
        "version": str(bundle.version),
        "digest": state.current,
        "threshold": bundle.policy.threshold,
    }
    found |= {"features": list(bundle.features), "parts": ["model", "features", "threshold", "contract"]}
    found |= _signed(lines, state) | {"earlier": [f"{state.version(one)} ({one[:12]})" for one in earlier]}
    return found


def _signed(lines: Sequence[Line], state: State) -> dict[str, Any]:
    proposal = state.proposals.get(state.current or "")
    last = state.last
    signed = {"in_force_since": last.at, "in_force_by": last.actor, "in_force_as": last.action} if last else {}
    signed |= {"proposed_by": proposal.by, "approved_by": proposal.approved_by} if proposal else {}
    return signed


def _drills(lines: Sequence[Line]) -> Iterator[dict[str, Any]]:
    """Every rollback in the log with its minutes: a drill's as its reason says, else since its alarm."""
    rang: Line | None = None
    for line in lines:
        if line.action == "alarm":
            rang = line
        elif line.action == "released":
            rang = None
        elif line.action == "rolled back":
            minutes, whence = _took(line, rang)
            yield {"at": line.at, "by": line.actor, "minutes": minutes, "measured": whence}
            rang = None


def _took(line: Line, rang: Line | None) -> tuple[float | None, str]:
    """Return the minutes of a rollback and how they are known; a drill has its own clock, whatever rang before."""
    because = str(_told(line).get("because", ""))
    said = _MINUTES.search(because)
    if said and (rang is None or "drill" in because.casefold()):
        return float(said[1]), "as its reason says"
    if rang is None:
        return None, "not measured"
    passed = (_at(line) - _at(rang)).total_seconds() / 60
    if passed < BY_A_PERSON:  # a program that goes back by itself says nothing of people who are called at night
        return None, "not measured: the run went back by itself"
    return round(passed, 1), "since its alarm"


def _layers(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The monitors of plan.toml, those that are filled."""
    for layer in LAYERS:
        asked = plan.get(layer)
        if isinstance(asked, Mapping) and asked.get("owner") and asked.get("action"):
            limits = {key: asked[key] for key in ("limit", "low", "high") if _is_number(asked.get(key))}
            where = f"{PIPELINE}/plan.toml"
            told = {"owner": str(asked["owner"]), "action": str(asked["action"]), "where": where}
            yield {"system": "care_calls", "signal": layer, **limits, **told}


# A3 ------------------------------------------------------------------------------------------------------------------
def _desk() -> dict[str, Any] | None:
    """The triage assistant: settings, release, and its log, counted."""
    folder = places.work() / "triage"
    settings = _toml(folder / "triage.toml")
    if settings is None:
        return None
    seen, log = audit(folder / "state" / "log.sqlite"), _lines(folder / "state" / "log.sqlite")
    found = {"title": "Triage assistant at the desk", "alerts": True, "where": f"{TRIAGE}/triage.toml"}
    found |= _released(_lines(folder / "state" / "releases.sqlite"), AT_THE_DESK)
    found["threshold"] = threshold(settings)  # the desk's own, whatever the release was measured at
    abstain = settings.get("abstain") if isinstance(settings.get("abstain"), Mapping) else {}
    found |= {"rules": [str(one.get("name")) for one in rules(settings)], "reasons": list(reasons(settings))}
    youngest, words = abstain.get("youngest"), settings.get("words")
    found |= {"youngest": youngest if _is_number(youngest) else None, "words": words if isinstance(words, dict) else {}}
    counted = {action: sum(line.action == action for line in log) for action in sorted({line.action for line in log})}
    switched = [line.at for line in log if line.action == "switched" and "on" in _told(line)]
    found |= {"log": counted, "switched": switched, "chain": seen.broken if seen else ""}
    return found | {"overruled": dict(seen.reasons) if seen else {}, "decided": seen.decided if seen else 0}


# the year ------------------------------------------------------------------------------------------------------------
def _flight() -> dict[str, Any] | None:
    """The plan of one's own that was flown last, read as a file: threshold, monitors, clocks, vendor."""
    home = places.work() / "flight"
    flown = sorted(home.glob("*/plan.toml"), key=lambda path: path.stat().st_mtime, reverse=True)
    read = [(path, plan) for path in (*flown, home / "plan.toml") if (plan := _toml(path))]
    if not read:
        return None
    path, plan = next(((path, plan) for path, plan in read if plan.get("name") not in _published()), read[0])
    where = f"{FLIGHT}/{path.relative_to(home).as_posix()}"
    ward = plan.get("ward") if isinstance(plan.get("ward"), Mapping) else {}
    found = {"title": "Early warning on the wards", "alerts": True, "where": where, "plan": str(plan.get("name"))}
    found |= {
        "model": str(ward.get("model", "quillmere")),
        "threshold": ward["threshold"] if _is_number(ward.get("threshold")) else None,
    }
    found |= {key: dict(plan[key]) for key in ("rollback", "vendor", "gates") if isinstance(plan.get(key), Mapping)}
    found["notices"] = [
        {"cause": str(one.get("name")), "notify": [*map(str, one["notify"])], "within_hours": one["within_hours"]}
        for one in _tables(plan.get("cause"))
        if isinstance(one.get("notify"), list) and one["notify"] and _is_number(one.get("within_hours"))
    ]
    return found | {"monitors": list(_watched(plan, where))}


def _published() -> set[str]:
    """Names of the course's own plans, which are flown to compare; files only, as that room comes after this one."""
    return {path.stem for path in (Path(wardround.__file__).parent / "flight" / "plans").glob("*.toml")}


def _watched(plan: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    for one in _tables(plan.get("monitor")):
        if one.get("owner") and one.get("then") and _is_number(one.get("limit")):
            system = "early_warning" if one.get("service") == "ward" else "care_calls"
            told = {"owner": str(one["owner"]), "action": str(one["then"][0]), "where": where}
            yield {"system": system, "signal": str(one.get("signal")), "limit": one["limit"], **told}


# week 11 and the card ------------------------------------------------------------------------------------------------
def _boundary(memo: Mapping[str, Any]) -> dict[str, Any]:
    """What memo W11.M names: addresses, agreements and days, each as it is written there."""
    text = " ".join(str(memo.get(field, "")) for field in ("outside", "decision", "purpose"))
    named = {one.casefold() for one in _ENDPOINT.findall(text)}
    found = {"text": text, "endpoints": sorted(one for one in named if not one.endswith(_FILES))}
    found |= {"agreements": sorted({one.upper() for one in _AGREEMENT.findall(text)})}
    return found | {"days": sorted({_day(one).isoformat() for one in _DAY.finditer(text) if _day(one)})}


def _card(facts: Mapping[str, Any], memos: Mapping[str, Any], said: Mapping[str, str], bundle: Any) -> dict[str, Any]:
    """The 31 source attributes of the readmission model: what the work says, what a person said, what nobody knows."""
    told, sources = {}, {}

    def add(source: str, **texts: Any) -> None:
        told.update({key: str(text) for key, text in texts.items()})
        sources.update(dict.fromkeys(texts, source))

    if bundle:
        add(
            "log of releases",
            **{one.attribute.key: one.text for one in model_card.model_card(bundle).entries if one.text},
        )
    if judged := facts["systems"].get("care_calls", {}).get("judged"):
        sites = ", ".join(f"{site} {share:g}" for site, share in judged["of those on the list"].items())
        counts = f"{judged['judged']:,} stays that taught no model, {judged['returned']:,} came back"
        validity = f"{counts}; share of those on the list, by site: {sites}"
        add("log of the pipeline, evaluate", test_validity=validity)
    for key, (memo, name) in SAID_IN.items():
        if memos.get(memo, {}).get(name):
            add(f"memo {memo}, {name}", **{key: memos[memo][name]})
    for one in facts["monitors"]:
        if one["signal"] == "outcomes":
            between = f"returns over promised between {one.get('low')} and {one.get('high')}, every fourth week"
            add(one["where"], monitor_validity=between, correction=f"when that rings: {one['action']}")
    keys = {one.key for one in model_card.ATTRIBUTES}
    said = {key: text for key, text in said.items() if key in keys}
    entries = [
        {
            "number": number,
            **one._asdict(),
            "text": told.get(one.key) or said.get(one.key, ""),
            "source": sources.get(one.key) or ("decisions.toml" if one.key in said else ""),
        }
        for number, one in enumerate(model_card.ATTRIBUTES, 1)
    ]
    return {"entries": entries, "known": sum(bool(one["text"]) for one in entries), "of": len(entries)}


def _not_found(facts: Mapping[str, Any]) -> Iterator[str]:
    for name in MEMOS:
        if name not in facts["memos"]:
            yield f"memo {name}: write it in the exercise of week {int(name[1:3])}"
    calls = facts["systems"].get("care_calls")
    if calls is None:
        yield f"{PIPELINE}: begin it with `wardround start pipeline`"
    elif "digest" not in calls:
        yield f"a release in {PIPELINE}: run the pipeline until one is in force"
    elif not any(one["minutes"] is not None for one in calls["drills"]):
        yield (
            f"a measured rollback in {PIPELINE}: practise one with a clock, and log what it took: "
            'run.py rollback --as NAME --because "drill, 25 minutes from the call"'
        )
    if "triage" not in facts["systems"]:
        yield f"{TRIAGE}/triage.toml: start the assistant once with `wardround triage`"
    if "early_warning" not in facts["systems"]:
        yield f"{FLIGHT}: fly a plan with `wardround fly`"


def _kept() -> list[str]:
    names = ("call_list", "calibration", "subgroups", "decision_curve", "validation")
    return [name for name in names if _quietly(lambda name=name: read_kept(name)) is not None]


def said_in(decided: Read) -> dict[str, str]:
    """Return the source attributes that decisions say: those under their own name, the role, and who is not scored."""
    use = decided.tables.get("intended_use")
    more = {"role": getattr(use, "role", None), "cautions": "; ".join(getattr(use, "not_scored", None) or ())}
    return {key: text for key, text in more.items() if text} | dict(decided.attributes.said)


# reading -------------------------------------------------------------------------------------------------------------
def _memo(name: str) -> dict[str, Any] | None:
    memo = _quietly(lambda: read_memo(name))
    return memo if isinstance(memo, dict) and isinstance(memo.get("fields"), dict) else None


def _quietly(read: Any) -> Any:
    try:
        return read()
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None


def _toml(path: Path) -> dict[str, Any] | None:
    return _quietly(lambda: tomllib.loads(path.read_text(encoding="utf-8")))


def _lines(path: Path) -> list[Line]:
    if not path.exists():
        return []
    try:
        return list(Ledger(path).lines())
    except LogUnreadable:
        return []


def _told(line: Line) -> dict[str, Any]:
    told = _quietly(line.told)
    return told if isinstance(told, dict) else {}


def _at(line: Line) -> dt.datetime:
    return dt.datetime.fromisoformat(line.at)


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _day(found: re.Match) -> dt.date | None:
    year, month, day, named_day, name, named_year = found.groups()
    try:
        if year:
            return dt.date(int(year), int(month), int(day))
        return dt.date(int(named_year), 1 + [one.lower() for one in _MONTHS].index(name.lower()), int(named_day))
    except ValueError:
        return None


def written(facts: Mapping[str, Any]) -> bytes:
    """Return the facts as the file holds them."""
    return (json.dumps(facts, indent=2, ensure_ascii=False, default=str) + "\n").encode()
