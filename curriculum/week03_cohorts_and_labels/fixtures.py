"""What week 3 hands out: a case list with rare courses, facts with two clocks, labels by quarter, flawed cohorts, costs."""

from __future__ import annotations

import functools
import runpy
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from wardround.course.given import apart
from wardround.records import cohort as _cohort

HERE = "America/New_York"
_DAY = pd.Timedelta(days=1)


def _once(make):
    """Keep what was made for a hospital, by its checksum: every check asks again."""
    kept = {}

    @functools.wraps(make)
    def made(hospital):
        if hospital.checksum not in kept:
            kept[hospital.checksum] = make(hospital)
        return kept[hospital.checksum]

    return made


def _draw(texts, salt=""):
    """A number from 0 to 1 for each text, the same on every machine."""
    return np.array([int.from_bytes(sha256(f"{salt} {text}".encode()).digest()[:6]) / 2**48 for text in texts])


# Q1, Q2 ---------------------------------------------------------------------------------------------------------------
# courses that three years of one hospital hardly hold: kind hospital begin end (days) disposition planned
_COURSES = (
    (
        ("inpatient", "quillmere", 0, 3, "home", False),
        ("inpatient", "quillmere", 12, 13, "home", True),
        ("inpatient", "quillmere", 19, 23, "home", False),
    ),
    (
        ("inpatient", "quillmere", 0, 4, "home_health", False),
        ("inpatient", "quillmere", 11, 12, "home", True),
    ),
    (
        ("inpatient", "eastbank", 0, 2, "home", False),
        ("inpatient", "eastbank", 32 + 8 / 24, 36, "home", False),
    ),
    (
        ("inpatient", "quillmere", 0, 2, "transfer", False),
        ("inpatient", "quillmere", 24, 27, "home", False),
    ),
    (
        ("inpatient", "quillmere", 0, 2, "transfer", False),
        ("inpatient", "eastbank", 2 + 1.5 / 24, 6, "home", False),
    ),
    (
        ("inpatient", "quillmere", 0, 3, "home", False),
        ("inpatient", "quillmere", 12, 13, "home", True),
    ),
)
_DIES = {1: 24}  # of the second course everybody dies, days after the first admission
_LATE = 5  # the last course begins so late that claims are still to come
_SOON = 3, pd.Timedelta(days=22) - pd.Timedelta(hours=34)  # in nine of this course's dozen we have them back after 34 h
_SLOW = 4, pd.Timedelta(hours=18.5)  # in three of this course's dozen the move takes 20 h, past midnight
EACH = 12


def data_end(hospital):
    """Return when the case list was made: nothing after it is known."""
    return _cohort.data_end(hospital.warehouse.contacts)


def case_list(hospital):
    """Return ``warehouse.contacts`` and the contacts of seventy-two invented people whose courses are rare in life.

    Their ids begin with ``invented``; what happens to them is possible, and a definition must have an answer to it.
    """
    return _case_list(hospital).copy()


def deaths(hospital):
    """Return ``warehouse.deaths`` with those of the invented people."""
    people = _invented(hospital)
    dead = people.drop_duplicates("person_id")
    dead = dead[dead.course.isin(list(_DIES))]
    died_at = dead.begins + dead.course.map(_DIES) * _DAY
    more = pd.DataFrame({"person_id": dead.person_id, "died_at": died_at, "known_from": "register"})
    return pd.concat([hospital.warehouse.deaths, more], ignore_index=True)


@_once
def _case_list(hospital):
    contacts = hospital.warehouse.contacts
    more = _invented(hospital)[contacts.columns]
    return pd.concat([contacts, more], ignore_index=True).sort_values(["person_id", "admitted_at"], ignore_index=True)


@_once
def _invented(hospital):
    """Contacts of the invented people: a dozen of each course, all but the last in time to be followed to the end."""
    rows, last_day = [], data_end(hospital).normalize() + 15 / 24 * _DAY
    for number in range(EACH * len(_COURSES)):
        course, who = number // EACH, f"invented-{number:03d}"
        for n, (kind, site, first, last, gone, planned) in enumerate(_COURSES[course], 1):
            at = last_day - (90 - number % EACH if course == _LATE else 400 - 2 * number) * _DAY
            at = at - _SOON[1] if course == _SOON[0] and number % 4 and n > 1 else at
            at = at + _SLOW[1] if course == _SLOW[0] and number % 4 == 0 and n > 1 else at
            rows.append((f"{who}-{n}", who, course, at, kind, site, at + first * _DAY, at + last * _DAY, gone, planned))
    names = ["contact_id", "person_id", "course", "begins", "kind", "hospital", "admitted_at", "discharged_at"]
    made = pd.DataFrame(rows, columns=[*names, "disposition", "planned"])
    for name in ("begins", "admitted_at", "discharged_at"):
        made[name] = made[name].dt.as_unit("us")
    return made.assign(group="other", known_at=made.discharged_at)


def stays_to_follow(hospital):
    """Return the stays whose outcome is asked: all that left alive, by our definition, followed to the end or not."""
    return _stays_to_follow(hospital).copy()


@_once
def _stays_to_follow(hospital):
    found = _cohort.eligible_stays(_case_list(hospital), data_end(hospital))
    return found[["contact_id", "person_id", "discharged_at"]]


def one_life(beds, left, back):
    """Return what draws one man's stays, and the hours between two of them."""
    return runpy.run_path(str(Path(__file__).with_name("one_life.py")))["drawn"](beds, left, back)


# Q3 -------------------------------------------------------------------------------------------------------------------
FEATURES = {
    "sodium": "the last sodium of this stay, in mmol/L, of those known at `asked_at`",
    "emergency_before": "emergency visits that began in the 182 days before `admitted_at`",
    "codes_before": "different diagnosis codes known at `asked_at`",
}
KNOWN_WHEN = (
    "when it happens",
    "when the result is issued",
    "when the visit ends",
    "when coding is finished",
    "at discharge",
)
MISSING_MEANS = (
    "nobody had an answer by then: not measured, or not yet issued",
    "normal",
    "none at our sites; elsewhere is not seen",
    "none coded by then, which is not the same as healthy",
    "the row is broken and is left out",
)
_PEOPLE = 1_000


def asked_stays(hospital):
    """Return one stay a person: ``contact_id person_id admitted_at asked_at discharged_at``."""
    return _asked(hospital).copy()


def facts(hospital):
    """Return what the systems hold about these people, whenever it came: ``person_id kind name value happened_at known_at``.

    ``result``, ``order``: a sodium, and its order; ``visit``: to an emergency department, other than the one that led to
    the stay; ``code``: a diagnosis of any stay or visit. Its coding takes two to nine days, drawn here. One morning's
    sodium in four comes after eight: drawn here, too.
    """
    return _facts(hospital).copy()


@_once
def _asked(hospital):
    warehouse = hospital.warehouse
    own = _cohort.stays(warehouse.contacts)[["contact_id", "person_id", "admitted_at", "discharged_at"]]
    at = warehouse.stays.set_index("encounter_id").asked_at
    own = own.assign(asked_at=own.contact_id.map(at))
    own = own[(own.asked_at > own.admitted_at + _DAY) & (own.asked_at < own.discharged_at)]
    own = own.iloc[np.argsort(_draw(own.contact_id, "asked"))].drop_duplicates("person_id").head(_PEOPLE)
    columns = ["contact_id", "person_id", "admitted_at", "asked_at", "discharged_at"]
    return own[columns].sort_values("contact_id", ignore_index=True)


@_once
def _facts(hospital):
    contacts, asked = hospital.warehouse.contacts, _asked(hospital)
    contacts = contacts[contacts.person_id.isin(asked.person_id) & contacts.discharged_at.notna()]
    results = _results(hospital.tables.labs, contacts, asked)
    orders = results.assign(kind="order", value=np.nan, happened_at=results.happened_at - pd.Timedelta("40min"))
    orders["known_at"] = orders.happened_at
    parts = [results, orders, _pending(asked), _visits(contacts, asked), _codes(hospital.tables.conditions, contacts)]
    names = ["person_id", "kind", "name", "value", "happened_at", "known_at"]
    made = pd.concat([part[names] for part in parts], ignore_index=True)
    for clock in ("happened_at", "known_at"):
        for moment in ("asked_at", "discharged_at"):  # by eight or before eight: nobody should have to argue about it
            made = made[made[clock].ne(made.person_id.map(asked.set_index("person_id")[moment]))]
        tied = made.name.eq("sodium") & made.duplicated(["person_id", "name", clock])
        made = made[~tied]  # which of two is the last must not depend on how a table is sorted
    return made.sort_values(["person_id", "known_at", "kind", "name"], ignore_index=True)


def _results(labs, contacts, asked):
    """Sodium in the order in which it was drawn and issued, and one late morning's result for one person in four."""
    labs = labs[labs.loinc.eq("2951-2") & labs.status.eq("final") & labs.value.notna()]
    rows = labs.merge(contacts, left_on="encounter_key", right_on="contact_id")
    rows = rows[(rows.effective_at > rows.admitted_at) & (rows.issued_at > rows.effective_at)]
    rows = rows[["person_id", "value", "effective_at", "issued_at"]].set_axis(
        ["person_id", "value", "happened_at", "known_at"], axis=1
    )
    late = asked[_draw(asked.person_id, "late") < 0.25]
    morning = pd.DataFrame(
        {
            "person_id": late.person_id,
            "value": np.round(128 + 20 * _draw(late.person_id, "sodium")),
            "happened_at": late.asked_at - pd.Timedelta("90min"),
            "known_at": late.asked_at + pd.Timedelta("40min"),
        }
    )
    rows = pd.concat([rows, morning]).sort_values(["person_id", "happened_at"]).assign(kind="result", name="sodium")
    before = rows.groupby("person_id").known_at.cummax().groupby(rows.person_id).shift(1)
    overtaken = rows.known_at <= before  # a result that came after a later one: which is the last is another lesson
    return rows[~overtaken]


def _pending(asked):
    """Orders of the last half hour before the question, without a result."""
    rows = asked[_draw(asked.person_id, "pending") < 0.3]
    at = rows.asked_at - pd.Timedelta("20min")
    return rows.assign(kind="order", name="sodium", value=np.nan, happened_at=at, known_at=at)


def _visits(contacts, asked):
    rows = contacts[contacts.kind.eq("emergency")].merge(
        asked[["person_id", "admitted_at"]].rename(columns={"admitted_at": "begins"}), on="person_id"
    )
    rows = rows[(rows.admitted_at > rows.begins) | (rows.discharged_at < rows.begins)]  # not the one that led here
    rows = rows.assign(kind="visit", name="emergency", value=np.nan)
    return rows.drop(columns="known_at").rename(columns={"admitted_at": "happened_at", "discharged_at": "known_at"})


def _codes(conditions, contacts):
    rows = conditions[conditions.category.eq("encounter-diagnosis")][["encounter_key", "icd10"]]
    rows = rows.merge(contacts, left_on="encounter_key", right_on="contact_id").drop(columns="known_at")
    delay = pd.to_timedelta(np.floor(48 + 168 * _draw(rows.contact_id, "coded")), unit="h")
    rows = rows.assign(kind="code", name=rows.icd10, value=np.nan, known_at=rows.discharged_at + delay)
    return rows.rename(columns={"admitted_at": "happened_at"})


@_once
def _poisoned(hospital):
    """The same facts with another future: all that is known at ``asked_at`` is as it was, all else is nonsense.

    What is added lies between whole seconds, so that no two sodiums of a person share an instant by either clock.
    """
    asked, known = _asked(hospital), _facts(hospital)
    later = known.known_at > known.person_id.map(asked.set_index("person_id").asked_at)
    changed = known[later].copy()
    changed["value"] = 200 - changed.value
    codes = changed.kind.eq("code")
    changed.loc[codes, "name"] = [f"Z{n:05d}" for n in range(int(codes.sum()))]
    hours = {"result": -1, "order": 2, "visit": 100, "code": -48}
    more = []
    for kind, name in {"result": "sodium", "order": "sodium", "visit": "emergency", "code": "Z99.999"}.items():
        value = 99.0 if kind == "result" else np.nan
        odd = pd.Timedelta(milliseconds=17_250 + 125 * len(more))
        at = asked.asked_at + pd.Timedelta(hours=hours[kind]) + odd
        after = asked.asked_at + pd.Timedelta(hours=max(3, hours[kind] + 1)) + odd
        more.append(asked.assign(kind=kind, name=name, value=value, happened_at=at, known_at=after)[known.columns])
    made = pd.concat([known[~later], changed, changed[changed.kind.eq("visit")], *more], ignore_index=True)
    return made.sort_values(["person_id", "known_at", "kind", "name"], ignore_index=True)


def put_to_the_future(answer, hospital):
    """Call ``make`` on the facts, and on the same facts with another future; ``moved`` names features that differ.

    Of the rest, what is there; an entry that was not written is ``...``, so that ``make`` is judged without it.
    """
    make = answer.get("make", ...)
    if make is not ... and not callable(make):
        raise TypeError(f'"make" holds a {type(make).__name__}; put the function itself there, without calling it')
    entries = {name: _entries(answer[name]) for name in ("known_when", "missing_means") if name in answer}
    table = make(asked_stays(hospital), facts(hospital)) if callable(make) else make
    if table is ... and all(part is ... for entry in entries.values() for part in entry.values()):
        return ...
    if isinstance(table, pd.DataFrame):
        table = with_column(table, "contact_id")
        if lacking := [name for name in ("contact_id", *FEATURES) if name not in table]:
            raise ValueError(
                f'the table of "make" lacks {", ".join(lacking)}; it has {", ".join(map(str, table.columns))}'
            )
        table = table.assign(
            moved=_moved(table, with_column(make(asked_stays(hospital), _poisoned(hospital).copy()), "contact_id"))
        )
    return {"make": table} | entries


def _entries(said):
    """The three entries of a part, those that are not there as ``...``."""
    if said is ... or isinstance(said, dict):
        return dict.fromkeys(FEATURES, ...) | ({} if said is ... else said)
    raise TypeError(f"the entries stand in a {type(said).__name__}; they are a dictionary with one entry a feature")


def with_column(table, name):
    """A table whose index has a name that was asked for as a column, with that column."""
    named = isinstance(table, pd.DataFrame) and name not in table and table.index.name == name
    return table.reset_index() if named else table


def _moved(clean, poisoned):
    """Names of the features in which a stay's row differs between the two, in the order of ``FEATURES``."""
    names = list(FEATURES)
    there = poisoned.drop_duplicates("contact_id").set_index("contact_id").reindex(clean.contact_id)
    differ = {}
    for name in names:
        a, b = (pd.to_numeric(column, errors="coerce").to_numpy(float) for column in (clean[name], there[name]))
        differ[name] = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    return [", ".join(name for name in names if differ[name][row]) for row in range(len(clean))]


# Q4 -------------------------------------------------------------------------------------------------------------------
def labelled_stays(hospital):
    """Return the stays with both labels: ``encounter_id person_id quarter sepsis_clinical sepsis_claims``.

    ``quarter`` is that of the discharge. Only whole quarters of stays that have ended are in it; in the last one, too,
    all reviews and all codes are in.
    """
    rows = hospital.warehouse.stays
    person = hospital.warehouse.contacts.set_index("contact_id").person_id
    at = rows.discharged_at.dt.tz_convert(HERE).dt.tz_localize(None)
    return pd.DataFrame(
        {
            "encounter_id": rows.encounter_id,
            "person_id": rows.encounter_id.map(person),
            "quarter": at.dt.to_period("Q").astype("str"),
            "sepsis_clinical": rows.sepsis_clinical,
            "sepsis_claims": rows.sepsis_claims,
        }
    )


# Q5 -------------------------------------------------------------------------------------------------------------------
SOUND = ("sound, all", "sound, half a year earlier", "sound, in another order")
FLAWED = ("doubled", "the dead", "backwards", "too recent", "events only", "first only", "moves")


def cohorts(hospital):
    """Return ten tables by name, ``table 1`` to ``table 10``: index stays with ``state`` and ``day`` by our definition.

    Columns: ``contact_id person_id discharged_at disposition state day``. Three are sound, seven are not, and which is
    which differs from hospital to hospital. Each stands with the case list and the end of data that it was made from:
    ``cohorts(hospital)["table 1"]`` is ``(cohort, contacts, ends)``.
    """
    return dict(_ten_tables(hospital))


def _number(pair):
    return int(pair[0].split()[1])


@apart
def _ten_tables(hospital):
    made, shown = _bank()["made"](hospital, [*SOUND, *FLAWED]), shown_as(hospital)
    return {table: made[name] for table, name in sorted(shown.items(), key=_number)}


def shown_as(hospital):
    """Return which table is which, for ``keys.py``; there is nothing to ask in the grading box."""
    return _bank()["shown"](hospital, [*SOUND, *FLAWED])


def _bank():
    return runpy.run_path(str(Path(__file__).with_name("ten_tables.py")))


def put_to_cohorts(guard, hospital):
    """Which of the ten tables a guard lets pass, and what it says first about each that it stops."""
    passed, first = {}, {}
    for shown, (cohort, contacts, ends) in _ten_tables(hospital).items():
        try:
            said = guard(cohort.copy(), contacts.copy(), ends)
        except AssertionError as trouble:  # a guard that asserts has complained, too
            said = [str(trouble) or "an assertion failed"]
        if said is ...:
            return ...
        if not isinstance(said, list):
            raise TypeError(f"guard returned {type(said).__name__} for {shown}; it must return a list of complaints")
        passed[shown] = not said
        if said:
            first[shown] = str(said[0])[:140]
    return {"passed": passed, "first": first}


def by_name(answer, hospital):
    """The same with the tables' own names, once no learner code is there to read them."""
    names = shown_as(hospital)
    return {part: {names[table]: said for table, said in found.items()} for part, found in answer.items()}


# Q6 -------------------------------------------------------------------------------------------------------------------
_CONDITIONS = ["htn", "dm", "hf", "cad", "copd", "ckd", "cancer", "dementia", "alcohol", "smi", "af", "liver", "stroke"]


def costs(hospital):
    """Return one row a stay: ``encounter_id person_id race cost_year conditions``.

    ``race`` as recorded, missing for some; ``cost_year`` in US dollars, and ``conditions``, the number of chronic
    conditions out of thirteen: both are the person's, the same on each of her rows. As many people as can be dealt into
    ten equal parts: up to nine are left out.
    """
    rows = hospital.warehouse.stays
    person = rows.encounter_id.map(hospital.warehouse.contacts.set_index("contact_id").person_id)
    made = pd.DataFrame(
        {
            "encounter_id": rows.encounter_id,
            "person_id": person,
            "race": rows.race.groupby(person).transform("first"),
            "cost_year": rows.cost_year,
            "conditions": rows[_CONDITIONS].sum(axis=1),
        }
    )
    people = np.sort(made.person_id.unique())
    return made[~made.person_id.isin(people[len(people) // 10 * 10 :])].reset_index(drop=True)
