"""What stands beside a learner's functions of week 10: the service of a card, the clock of a moment. Nothing here knows an answer."""

from __future__ import annotations

import copy
import datetime as dt
import html
import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

_WORDS = runpy.run_path(str(Path(__file__).parent / "words.py"))
LOINC = {
    "8867-4": "heart_rate",
    "9279-1": "respiratory_rate",
    "8310-5": "temperature",
    "2708-6": "saturation",
    "8480-6": "systolic",
}
NOW = dt.datetime(2026, 1, 12, 19, 30, tzinfo=dt.UTC)  # of the requests
REASONS = [  # as in the assistant's own settings
    {"code": "looks_worse", "display": "Looks worse than the numbers"},
    {"code": "looks_better", "display": "Looks better than the numbers"},
    {"code": "value_wrong", "display": "A value is wrong"},
    {"code": "known_patient", "display": "Known patient"},
]
WORTH_TELLING = 0.15  # log-odds: a push below it changes a risk by less than a seventh of itself
NEVER = 90.0  # seconds of the moment's own clock after which whoever waits without an end is torn away


def escaped(text):
    """Return a stranger's text as it may stand in a card: no markup, no link, no sign that turns its direction, 40 signs."""
    shown = "".join(sign for sign in str(text)[:40] if sign.isprintable() and sign not in "[]()`*_")
    return html.escape(shown)


# Q1 -------------------------------------------------------------------------------------------------------------------
def service(model, asked):
    """What a card may call."""
    charts = {one["chart"]["id"]: one["chart"] for one in asked.values()}

    def fetch(patient_id):
        chart = charts.get(patient_id)
        return _read(model, chart["prefetch"]) if chart else _read(model, {})

    return SimpleNamespace(read=lambda request: _read(model, request.get("prefetch") or {}), fetch=fetch, now=NOW)


def _read(model, prefetch):
    patient = prefetch.get("patient") or {}
    age = _age(patient.get("birthDate"))
    values, minutes = {"age": age}, {}
    for entry in (prefetch.get("vitals") or {}).get("entry", []):
        one = entry["resource"]
        name = LOINC[one["code"]["coding"][0]["code"]]
        values[name] = one["valueQuantity"]["value"]
        minutes[name] = int((NOW - dt.datetime.fromisoformat(one["effectiveDateTime"])).total_seconds() // 60)
    why = _why(values, minutes)
    pushes = {
        name: (values[name] - model["mean"][name]) / model["spread"][name] * model["weight"][name]
        for name in _WORDS["INPUTS"]
        if values.get(name) is not None
    }
    risk = 1 / (1 + math.exp(-(model["intercept"] + sum(pushes.values()))))
    return SimpleNamespace(
        of_1000=None if why else round(1000 * risk),
        why=why,
        age=age,
        name=_name(patient),
        factors=[] if why else _factors(values, minutes, pushes),
    )


def _age(born):
    if not born:
        return None
    born, today = dt.date.fromisoformat(born), NOW.date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _name(patient):
    parts = (patient.get("name") or [{}])[0]
    return " ".join([*parts.get("given", []), parts.get("family", "")]).strip()


def _why(values, minutes):
    """Why there is no risk; empty where there is one."""
    lacking = [name for name in _WORDS["INPUTS"] if values.get(name) is None]
    stale = [name for name in minutes if minutes[name] > _WORDS["STALE"]]
    off = [*lacking, *stale]
    if not [name for name in _WORDS["NEEDS"] if name in off] and len(off) <= _WORDS["AT_MOST_MISSING"]:
        return ""
    label, told = _WORDS["LABELS"], []
    if len(lacking) >= len(_WORDS["SIGNS"]):
        told.append("no vital signs were sent")
    elif lacking:
        told.append(f"not known: {', '.join(label[name] for name in lacking)}")
    if stale:
        told.append(f"vital signs measured {max(minutes[name] for name in stale)} minutes ago")
    return "; ".join(told)


def _factors(values, minutes, pushes):
    """Every value that pushes the risk by a seventh of itself or more, the strongest first."""
    told = []
    for name in sorted(pushes, key=lambda one: -abs(pushes[one])):
        if abs(pushes[name]) < WORTH_TELLING:
            continue
        turned = "raises" if pushes[name] > 0 else "lowers"
        when = f" ({minutes[name]} minutes ago)" if name in minutes else ""
        unit = _WORDS["UNITS"].get(name, "years")
        told.append(f"{_WORDS['LABELS'][name]} {values[name]:g} {unit} {turned} the risk{when}")
    return told


def copied(request):
    """The request alone, as it came: another each time."""
    return copy.deepcopy(request["request"])


def told(trouble):
    """An error in a few words."""
    return f"{type(trouble).__name__}: {trouble}"[:90]


def summary(body):
    """What stands first on the first card, cut where it is long."""
    cards = body.get("cards")
    first = cards[0] if isinstance(cards, list) and cards and isinstance(cards[0], dict) else {}
    return str(first.get("summary") or "")[:200]


# Q2 -------------------------------------------------------------------------------------------------------------------
def row_by_row(said, visits, words):
    """The learner's table as plain data: ``says`` and ``rule`` of each visit, in the order of the visits."""
    if not isinstance(said, pd.DataFrame):
        raise TypeError("advise must return a DataFrame with a row a visit")
    said = said.reset_index() if said.index.name == "visit" and "visit" not in said else said
    if lacking := [name for name in ("visit", "says", "rule") if name not in said]:
        have = ", ".join(map(str, said.columns))
        raise ValueError(f"the table has no column {' and no '.join(lacking)}; it has {have}")
    if said.visit.duplicated().any() or set(said.visit) != set(visits):
        raise ValueError(f"{len(visits)} visits are asked about, each once; the table has {len(said)} rows")
    said = said.set_index("visit").loc[visits]
    if strange := sorted(set(map(str, said.says)) - set(words)):
        raise ValueError(f"says holds {strange[0]!r}; take one of {', '.join(words)}")
    if said.rule.isna().any() or not said.rule.isin([True, False]).all():
        raise ValueError("rule holds something that is neither True nor False")
    return {"visit": visits, "says": list(map(str, said.says)), "rule": [bool(one) for one in said.rule]}


NOTHING = {"state": "", "of_1000": None, "says": "", "rules": []}  # where a screen stopped


# Q3 -------------------------------------------------------------------------------------------------------------------
def moment(made):
    """A moment's four arguments, and its own clock: nobody really waits."""
    clock = SimpleNamespace(waited=0.0)

    def ask(seconds=None):
        needs = made["needs"]
        patience = NEVER if seconds is None else float(seconds)
        if made["dead"]:
            clock.waited += min(0.1, patience)
            raise ConnectionError("the model does not run")
        clock.waited += min(needs, patience)
        if needs > patience or needs >= NEVER:
            raise TimeoutError(f"no answer within {patience:g} seconds")
        return {"of_1000": made["says"]}

    given_ = SimpleNamespace(
        visit=SimpleNamespace(id=made["visit"], rules=list(made["rules"]), shown=dict(made["shown"])),
        feed=SimpleNamespace(last_at=made["last_at"]),
        ask=ask,
        now=made["now"],
    )
    return given_, clock


def on_screen(said, states):
    """What stands on the learner's screen, as plain data."""
    if not isinstance(said, dict):
        raise TypeError("screen must return a dictionary with state, of_1000, says and rules")
    if lacking := [name for name in ("state", "of_1000", "says", "rules") if name not in said]:
        raise KeyError(f"the screen has no {' and no '.join(lacking)}")
    if said["state"] not in states:
        raise ValueError(f"the state is {said['state']!r}; take one of {', '.join(map(repr, states))}")
    number = said["of_1000"]
    if number is not None and not hasattr(number, "__float__"):
        raise TypeError(f"of_1000 holds {number!r:.60}; give a number, or None where there is no risk")
    if said["state"] == "no answer" and isinstance(number, float) and math.isnan(number):
        number = None  # pandas' way to say so
    return {
        "state": said["state"],
        "of_1000": None if number is None else float(number),
        "says": str(said["says"] or ""),
        "rules": [str(one) for one in said["rules"] or []],
    }


# Q5 -------------------------------------------------------------------------------------------------------------------
def risk(made):
    """A risk's three arguments."""
    visit = {name: made[name] for name in ("patient_id", "encounter_id", "triaged_at")}
    readings = [SimpleNamespace(**one) for one in made["readings"]]
    return SimpleNamespace(
        visit=SimpleNamespace(**visit, readings=readings),
        said=SimpleNamespace(probability=made["probability"], model=made["model"]),
        now=made["now"],
    )


# the desk -------------------------------------------------------------------------------------------------------------
def opened(rows, threshold, visits, looks):
    """What comes of cards from a risk on; the chance that one is opened is an assumption."""
    has_card, critical = rows.score >= threshold, rows.critical.astype(bool)
    cards = visits * float(has_card.mean())
    right = 100 * float(critical[has_card].mean()) if has_card.any() else 0.0
    opens = 0.1 + 0.8 * min(1.0, right / 10) * min(1.0, looks / cards if cards else 1.0)
    has = 100 * float(has_card[critical].mean())
    return {"cards": cards, "right": right, "opens": opens, "has": has, "reached": has * opens}
