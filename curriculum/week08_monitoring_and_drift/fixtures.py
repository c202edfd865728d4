"""What week 8 hands out: a fourth year lived three times, quarters to watch, panels with an alarm, situations to decide."""

from __future__ import annotations

import contextlib
import functools
import pickle
import runpy
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from wardround.course.given import apart, by_hand, secret
from wardround.course.store import write_atomically

_HERE = Path(__file__).parent
# what goes into the grading box with this file; what makes the year and the banks do not
BESIDE = ("invented.py", "words.py")
_WORDS = runpy.run_path(str(_HERE / "words.py"))
CAUSES, SIGNALS, NO_SIGNAL = _WORDS["CAUSES"], _WORDS["SIGNALS"], _WORDS["NO_SIGNAL"]
ACTIONS, OWNERS, drawn, VERSIONS = (_WORDS[name] for name in ("ACTIONS", "OWNERS", "drawn", "VERSIONS"))
ON_TIME, AT_REST, MOST_FALSE = _WORDS["ON_TIME"], _WORDS["AT_REST"], _WORDS["MOST_FALSE"]
invented_year = runpy.run_path(str(_HERE / "invented.py"))["invented_year"]

AS_OF = pd.Timestamp("2026-01-19", tz="America/New_York")  # the day on which the table of the year was drawn up
FOLLOW_UP = pd.Timedelta(days=150)  # 30 to watch, 120 until payers have told: on AS_OF, discharges to 22 August, 1 a.m.


def _dice(text):
    """A generator for a text, the same on every machine."""
    return np.random.default_rng(int.from_bytes(sha256(text.encode()).digest()[:8]))


@functools.cache
def _beside(name):
    """A module beside this one, as its names."""
    return runpy.run_path(str(_HERE / name))


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def made(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum]

    return made


# the year -------------------------------------------------------------------------------------------------------------
THRESHOLD = 0.12  # of the model that calls


def year(hospital):
    """Return the discharges of 2025, the year in which the model calls, as they were known on ``AS_OF``.

    One row a stay: ``stay``, ``patient``, ``town`` (three, of Quillmere's size), ``site``, ``week`` (0 begins on 30 December 2024), ``discharged_at``; ``score``
    of the model; ``home`` (goes home, with or without help: who does not can never be called); ``held_out`` (the ticket,
    drawn for every discharge, one in ten: no call); ``called``; ``back`` (an unplanned return within thirty days, as far as
    it was known: in our own house on its day, elsewhere when the payer tells, up to 120 days later); and inputs.
    """
    return _year(hospital).copy()


@apart
def _year(hospital):
    return _as_known(_lived(hospital)["the model calls"], AS_OF)


def versions(hospital):
    """Return 2024 and 2025 in each of ``VERSIONS``, columns as :func:`year`, with all outcomes known.

    ``week`` is negative in 2024. ``score_unit``, ``score_offset`` and ``score_renamed`` are what the model says when creatinine of Eastbank
    comes in umol/L, when haemoglobin reads 0.4 g/dL higher, and when sodium comes under a code that nobody maps.
    """
    return {name: rows.copy() for name, rows in _versions(hospital).items()}


@apart
def _versions(hospital):
    return {name: rows.drop(columns=["known_at", "p0", "p1"]) for name, rows in _lived(hospital).items()}


def known_risk(hospital):
    """Return the known risk of each stay of :func:`year` without a call, ``p0``, and with one, ``p1``. Not in the grading box."""
    rows = _lived(hospital)["the model calls"]
    return rows.loc[rows.week >= 0, ["stay", "p0", "p1"]].set_index("stay")


def known_by(hospital, moment, version="quiet"):
    """Return for each stay of 2025 whether a return was on record at a moment, by stay. Not in the grading box."""
    return _as_known(_lived(hospital)[version], moment).set_index("stay").back


def lessons():
    """Return what only the lessons call (``lessons.py``): ``learn drawing one_page``. Not in the grading box."""
    return SimpleNamespace(**_beside("lessons.py"))


def _as_known(rows, moment):
    rows = rows[rows.week >= 0].reset_index(drop=True)
    hidden = ["known_at", "p0", "p1", *(name for name in rows if name.startswith("score_"))]
    return rows.assign(back=(rows.known_at <= moment).to_numpy()).drop(columns=hidden)


def _lived(hospital):
    return _world(f"{hospital.checksum} {secret(hospital)}", hospital)


def _lived_by_hand(hospital):
    return _world(f"{by_hand(hospital)} ", hospital)


_WORLDS = {}


def _world(name, hospital):
    """The years of a name, truth included: made once, some ten seconds, and kept beside the hospital."""
    if name not in _WORLDS:
        from wardround.hospital import VERSION  # no module of a box may know it

        source = f"{(_HERE / 'year.py').read_text()} {VERSION} {name}"
        path = hospital.path.parent / "cache" / f"week08-{sha256(source.encode()).hexdigest()[:16]}.pickle"
        if path.exists():
            _WORLDS[name] = pickle.loads(path.read_bytes())  # written by us, a few lines below
        else:
            _WORLDS[name] = _beside("year.py")["made"](_dice(f"{name} fourth year"))
            with contextlib.suppress(OSError):  # a read-only disk: it is made again next time
                path.parent.mkdir(exist_ok=True)
                write_atomically(path, pickle.dumps(_WORLDS[name], protocol=5))
    return _WORLDS[name]


# Q1 -------------------------------------------------------------------------------------------------------------------
MOST = 0.25  # false alarms in a quiet quarter: one a year
QUIET, SHIFTED = 200, 40  # quarters that a rule is put to
SEEN = 32  # shifts that it must see, of SHIFTED: eight of ten
SHIFT = 0.6  # standard deviations by which one laboratory value moves, for everybody
FROM, WITHIN = 5, 4  # from week 5 on; seen means an alarm in one of the four weeks from then
QUARTER_WEEKS = 13


def quiet_quarters(hospital):
    """Return twenty quarters in which nothing happened, each a table ``week input n psi p``: thirteen weeks, forty inputs.

    ``p``: Kolmogorov-Smirnov for a number, chi-squared for a share, of the week's discharges against those of 2024;
    ``psi``: ten bins, or two; ``n``: values in the week.
    """
    return [table.copy() for table in _quarters(hospital)["quiet"]]


def shifted_quarters(hospital):
    """Return ten quarters in which one laboratory value is off by ``SHIFT`` standard deviations from week ``FROM`` on."""
    return [table.copy() for table in _quarters(hospital)["shifted"]]


@apart
def _quarters(hospital):
    drawn = _drawn_quarters(hospital)
    return {name: drawn[name] for name in ("quiet", "shifted", "judged")}


@_once
def _drawn_quarters(hospital):
    rows = _lived(hospital)["quiet"]
    quiet, shifted = 20, 10  # to practise on
    dice = _dice(f"{hospital.checksum} quarters {secret(hospital)}")
    made = _beside("signals.py")["Quarters"](rows, dice, SHIFT, FROM)
    examples = {"quiet": [made.one() for _ in range(quiet)], "shifted": [made.one(True) for _ in range(shifted)]}
    order = dice.permutation(QUIET + SHIFTED) >= QUIET
    return examples | {"judged": [made.one(bool(one)) for one in order], "is_shifted": order.tolist()}


def watched(alarms, hospital):
    """Put a rule to each quarter, as a row of 0 and 1, one a week; some a second time with the first seven weeks only."""
    rows, peeked = [], 0
    for number, table in enumerate(_quarters(hospital)["judged"]):
        row = _row(alarms(table.copy()), QUARTER_WEEKS)
        if row is ...:
            return ...
        rows.append(row)
        if number % 30 == 0:
            early = _row(alarms(table[table.week < 7].reset_index(drop=True)), 7)
            peeked += early != row[:7]
    return {"weeks": rows, "peeked": peeked}


def _row(found, weeks):
    """A rule's answer as text of 0 and 1."""
    if found is ...:
        return ...
    if isinstance(found, (pd.DataFrame, dict, set, str)) or not hasattr(found, "__len__") or len(found) != weeks:
        size = f" of {len(found)}" if hasattr(found, "__len__") else ""
        raise TypeError(
            f"alarms returned a {type(found).__name__}{size}; it must return one True or False for each of {weeks} weeks, in their order: `groupby('week')` is one way"
        )
    found = found.sort_index() if isinstance(found, pd.Series) else found
    return "".join("1" if one else "0" for one in found)


def held_against_the_quarters(answer, hospital):
    """False alarms a quiet quarter with their interval, and shifts seen."""
    shifted = _drawn_quarters(hospital)["is_shifted"]
    return _beside("judged.py")["against_the_quarters"](answer, shifted, range(FROM, FROM + WITHIN))


# Q2 -------------------------------------------------------------------------------------------------------------------


def panels(hospital):
    """Return six panels, ``A`` to ``F``: the signals of seventy-eight weeks, July 2024 to December 2025. Another hospital gets others."""
    return {letter: frame.copy() for letter, (frame, _) in _panels(hospital).items()}


def alarm_of(hospital):
    """Return the alarm that went off in each panel, as whoever was on call read it."""
    return {letter: alarm for letter, (_, alarm) in _panels(hospital).items()}


@apart
def _panels(hospital):
    return {letter: (frame, alarm) for letter, (frame, alarm, _) in _drawn_panels(hospital).items()}


@_once
def _drawn_panels(hospital):
    return _beside("panels.py")["drawn"](_lived_by_hand(hospital), _dice(f"{by_hand(hospital)} panels"))


def causes_of(hospital):
    """Return the cause of each panel. Not in the grading box."""
    return {letter: cause for letter, (_, _, cause) in _drawn_panels(hospital).items()}


def diagnosed(diagnosis, hospital):
    """The learner's cause and signal of each panel; ``problem`` says what cannot be read."""
    found = {}
    for letter in _panels(hospital):
        said = diagnosis.get(letter, ...)
        if said is ...:
            continue
        if not isinstance(said, (tuple, list)) or len(said) != 2:
            return {"problem": f"panel {letter} has {said!r}; a pair of a cause and a signal is asked"}
        cause, signal = said
        if cause not in list(CAUSES):
            return {"problem": f"panel {letter} has the cause {cause!r}; take a name of `CAUSES`"}
        if signal not in [*SIGNALS, NO_SIGNAL]:
            return {"problem": f"panel {letter} has the signal {signal!r}; take a name of `SIGNALS`, or {NO_SIGNAL!r}"}
        found[letter] = [cause, signal]
    return found or {"problem": "no panel is named; its letters are A to F"}


# Q3 -------------------------------------------------------------------------------------------------------------------
PARTS = ("n", "events", "oe", "oe_low", "oe_high", "auroc", "auroc_low", "auroc_high")


def performed(performance, hospital):
    """Put a function to the year of a hospital and to an invented one; each answer as plain numbers."""
    found = {}
    for name, rows in {"here": year(hospital), "invented": invented_year(AS_OF)}.items():
        answer = performance(rows)
        if answer is ...:
            return ...
        if not isinstance(answer, dict):
            kind = type(answer).__name__
            raise TypeError(f"performance returned a {kind}; it must return a dictionary with {', '.join(PARTS)}")
        if lacking := [part for part in PARTS if part not in answer]:
            raise KeyError(f"the dictionary lacks {', '.join(lacking)}")
        found[name] = {part: float(answer[part]) for part in PARTS}
    return found


# Q4 -------------------------------------------------------------------------------------------------------------------


def situations(hospital):
    """Return five situations, ``1`` to ``5``, after an alarm. Another hospital gets others."""
    return dict(_situations(hospital))


@apart
def _situations(hospital):
    bank = _beside("situations.py")["SITUATIONS"]
    return {number: bank[name][0] for number, name in enumerate(names_of(hospital), 1)}


def names_of(hospital):
    """Return which five of the bank they are. Not in the grading box."""
    return _beside("situations.py")["drawn"](_dice(f"{by_hand(hospital)} situations"))


def decisions_of(hospital):
    """Return, by number, the action, who may decide it, and what each other action costs. Not in the grading box."""
    bank = _beside("situations.py")
    return {n: (bank["ACTION_OF"][name], *bank["SITUATIONS"][name][1:]) for n, name in enumerate(names_of(hospital), 1)}


def decided(decisions, hospital):
    """The learner's action and owner of each situation; ``problem`` says what cannot be read."""
    found = {}
    for number in _situations(hospital):
        said = decisions.get(number, ...)
        if said is ...:
            continue
        if not isinstance(said, (tuple, list)) or len(said) != 2:
            return {"problem": f"situation {number} has {said!r}; a pair of an action and an owner is asked"}
        for word, words in zip(said, (ACTIONS, OWNERS), strict=True):
            if word not in list(words):
                return {"problem": f"situation {number} has {word!r}; take names of `ACTIONS` and `OWNERS`"}
        found[str(number)] = list(said)
    return found or {"problem": "no situation is named; their numbers are 1 to 5"}


# Q5 -------------------------------------------------------------------------------------------------------------------
BINS, FLOOR = 10, 0.0005  # bins by tenths of the reference; a share below FLOOR counts as FLOOR
_STILL = 40  # pairs without any drift


def pairs(hospital):
    """Return pairs of columns, reference and current, by name: real ones, and weeks of haemoglobin in which nothing happened."""
    return {name: (one.copy(), other.copy()) for name, (one, other) in _pairs(hospital).items()}


@apart
def _pairs(hospital):
    dice = _dice(f"{hospital.checksum} pairs {secret(hospital)}")
    return _beside("signals.py")["pairs"](_lived(hospital)["quiet"], dice, _STILL)


def psis(psi, hospital):
    """Put a function to each pair: its numbers by name."""
    found = {}
    for name, (before, now) in pairs(hospital).items():
        value = psi(before, now)
        if value is ...:
            return ...
        found[name] = float(value)
    return found


# Q6 -------------------------------------------------------------------------------------------------------------------
def rehearsal(hospital):
    """Return one year to practise on, town by town the same signals as in Q2, by what happens in it, from week 26 on."""
    return {name: frame.copy() for name, frame in _unseen(hospital)["rehearsal"].items()}


@apart
def _unseen(hospital):
    made = _drawn_unseen(hospital)
    return {"rehearsal": made["rehearsal"], "frames": made["frames"]}


@_once
def _drawn_unseen(hospital):
    dice = _dice(f"{hospital.checksum} monitor {secret(hospital)}")
    return _beside("panels.py")["unseen"](_lived(hospital), dice, (*ON_TIME, *AT_REST))


def monitored(watch, hospital):
    """Let a monitor live through each year, week by week from the tenth on, until it names a signal: week and name, or None."""
    found = []
    for frame in _unseen(hospital)["frames"]:
        alarm = None
        for week in range(10, len(frame) + 1):
            said = watch(frame.iloc[:week].copy())
            if said is ...:
                return ...
            if said is not None:
                alarm = [week - 1, str(said)]
                break
        found.append(alarm)
    return {"alarms": found}


def held_against_the_years(answer, hospital):
    """By cause what the monitor did: ``seen``, ``missed``, ``other`` (another signal), ``false`` (before, or where nothing harms)."""
    return _beside("judged.py")["against_the_years"](answer, _drawn_unseen(hospital)["facts"], ON_TIME, AT_REST)
