"""What week 2 hands out: results without trustworthy labels, thirty afternoons, weighted pairs, twelve weeks of a feed."""

from __future__ import annotations

import functools
from hashlib import sha256

import numpy as np
import pandas as pd

HERE = "America/New_York"
CLERK_PAIRS = 40  # what two clerks can review in a week
LIKELY = 10.0  # match weight from which on most pairs have been reviewed
# loinc, reference range in our unit, and what a value is multiplied with to get the other usual unit
_TESTS = (
    ("2160-0", 0.6, 1.3, 88.4),
    ("2345-7", 70.0, 140.0, 1 / 18.016),
    ("2951-2", 135.0, 145.0, 1.0),
    ("2823-3", 3.5, 5.0, 1.0),
    ("718-7", 12.0, 17.0, 10.0),
    ("777-3", 150.0, 400.0, 1.0),
)
_LABELS = {"2160-0": "mg/dL", "2345-7": "mg/dL", "2951-2": "mmol/L", "2823-3": "mmol/L", "718-7": "g/dL"}
_ROWS = 40_000


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


def _sites(tables):
    """The site of each laboratory: that of the patients at whose stays it measures most."""
    patients, stays = tables.patients.drop_duplicates("managing_org"), tables.encounters
    named = patients.set_index("managing_org").mrn_system.str.extract(r"//(\w+)\.")[0]
    site = tables.labs.encounter_key.map(stays.set_index("encounter_key").site).map(named)
    return site.groupby(tables.labs.performer).agg(lambda found: found.mode().iloc[0]).to_dict()


def _repaired(labs):
    """LOINC codes, those that were lost put back from the laboratory's own translations (week 1, Q3)."""
    key = ["local_system", "local_code"]
    both = labs.dropna(subset=["loinc", *key]).drop_duplicates(key).set_index(key).loinc
    found = pd.MultiIndex.from_frame(labs[key])
    return labs.loinc.fillna(pd.Series(both.reindex(found).to_numpy(), index=labs.index))


# Q1 -------------------------------------------------------------------------------------------------------------------
def unit_factors():
    """Six tests: a reference range in our unit, and ``factor``: our unit's value times it is the other unit's value."""
    return pd.DataFrame(_TESTS, columns=["loinc", "low", "high", "factor"])


def results_page(hospital):
    """Results of six tests, without names: ``result_id patient_key loinc site day value label``.

    Lost LOINC codes are repaired. ``label`` is the unit that an interface engine wrote beside the value: it does not
    look at the analyzer, it copies the laboratory's catalogue. In its last months the catalogue says mEq/L for sodium.
    """
    return _results_page(hospital).copy()


@_once
def _results_page(hospital):
    labs = hospital.tables.labs
    labs = labs.assign(loinc=_repaired(labs))
    labs = labs[labs.loinc.isin([test[0] for test in _TESTS]) & labs.value.notna() & labs.effective_at.notna()]
    step = -(-len(labs) // _ROWS)
    if step > 1:
        people = labs.patient_key.unique()
        labs = labs[labs.patient_key.isin(people[_draw(people) < 1 / step])]
    label = labs.loinc.map(_LABELS).fillna("10*3/uL")
    return pd.DataFrame(
        {
            "result_id": labs.lab_key,
            "patient_key": labs.patient_key,
            "loinc": labs.loinc,
            "site": labs.performer.map(_sites(hospital.tables)),
            "day": labs.effective_at.dt.tz_convert(HERE).dt.strftime("%Y-%m-%d"),
            "value": labs.value,
            "label": label.mask(labs.unit.eq("meq/L"), "mEq/L"),
        }
    ).reset_index(drop=True)


# Q2 -------------------------------------------------------------------------------------------------------------------
_MESSAGES = 1_500


def afternoons(hospital):
    """Thirty instants, each 14:00 at the hospital, on days on which something was corrected, withdrawn or late."""
    return list(_afternoons(hospital))


def messages_around(hospital, at):
    """Rows of ``feeds.oru`` of results drawn from two days before an instant to the end of its day, every version.

    Of a large hospital: of every result that was corrected, withdrawn or held up, and of a sample of the others.
    """
    return _afternoons(hospital)[at].copy()


@_once
def _afternoons(hospital):
    oru = hospital.feeds.oru
    day = oru.drawn_at.dt.tz_convert(HERE).dt.normalize()
    told = oru.status.isin(["W", "D", "X", "C"]) | (oru.sent_at - oru.reported_at > pd.Timedelta("30min"))
    busy = (told + 4 * oru.status.isin(["W", "D", "X"])).groupby(day).sum()
    chosen = sorted(busy.iloc[2:-1].sort_values(ascending=False, kind="stable").head(30).index)
    instants = [one + pd.Timedelta("14h") for one in chosen]
    told = oru.result_id.isin(oru.result_id[told])
    rows = {at: oru[oru.drawn_at.between(at - pd.Timedelta("48h"), at + pd.Timedelta("10h"))] for at in instants}
    share = _MESSAGES / max(1, sum(len(part) for part in rows.values()))
    kept = oru.index[told | (_draw(oru.result_id, "shown") < share)]
    parts = {at: part[part.index.isin(kept)].drop(columns=["file", "line"]) for at, part in rows.items()}
    return {at: part.reset_index(drop=True) for at, part in parts.items()}


def known_on_thirty_days(known_at_two, hospital):
    """Put a function to thirty afternoons; rows of all of them, with the afternoon in ``at``."""
    found = []
    for at in afternoons(hospital):
        table = known_at_two(messages_around(hospital, at), at)
        if not isinstance(table, pd.DataFrame):
            return table
        found.append(table.assign(at=f"{at:%Y-%m-%d}"))
    return pd.concat(found, ignore_index=True)


# Q3 -------------------------------------------------------------------------------------------------------------------
def record_pairs(hospital):
    """Pairs of Patient records that could be one person, by falling match weight: ``pair weight`` and both records.

    A pair is there if birth date, or first given and family name, agree: no clerk compares every record with every
    other. Columns end in ``_a`` and ``_b``. Of equal weights the pair that comes first in the alphabet stands first.
    """
    return _pairs(hospital).drop(columns="same").copy()


def reviewed_pairs(hospital):
    """A sample of these pairs that clerks have decided, with both insurance cards on the desk: ``pair weight same``.

    It holds pairs of every weight, but not equally many: more than half of the likely ones (weight 10 and above) and
    80 of the thousands below. So a share of the whole sample is not a share of all pairs; from a weight of 10 up it is.
    """
    pairs = _pairs(hospital)
    decided = pairs[pairs.same.notna()]
    decided = decided.iloc[np.argsort(_draw(decided.pair, hospital.checksum))]
    likely = decided.weight >= LIKELY
    seen = min(520, 7 * int(likely.sum()) // 12)
    chosen = pd.concat([decided[likely].head(seen), decided[~likely].head(80)]).sort_index()
    return chosen[["pair", "weight", "same"]].astype({"same": bool}).reset_index(drop=True)


def put_to_pairs(three_bands, hospital):
    """The bands that a function makes of a hospital's pairs.

    What clerks have joined counts as merged, whether the function names it or not; ``own`` is what it names.
    """
    reviewed = reviewed_pairs(hospital)
    bands = three_bands(record_pairs(hospital), reviewed.copy(), CLERK_PAIRS)
    named = bands.get("merge") if isinstance(bands, dict) else None
    if not isinstance(named, (set, list, pd.Series)) or not len(named):
        return bands
    return {**bands, "merge": set(named) | set(reviewed.pair[reviewed.same]), "own": set(named)}


@_once
def _pairs(hospital):
    columns = ["patient_key", "family", "given", "birth_date", "gender", "address", "phone", "mrn"]
    people = hospital.tables.patients[columns].sort_values("patient_key", ignore_index=True)
    people["first"] = people.given.str.split().str[0]
    keyed = people.reset_index(names="row")
    blocks = [keyed.merge(keyed, on=on)[["row_x", "row_y"]] for on in (["birth_date"], ["family", "first"])]
    rows = pd.concat(blocks).query("row_x < row_y").drop_duplicates()
    a, b = (people.iloc[rows[side]].reset_index(drop=True) for side in ("row_x", "row_y"))
    both = pd.concat(
        [a.drop(columns=["mrn", "first"]).add_suffix("_a"), b.drop(columns=["mrn", "first"]).add_suffix("_b")], axis=1
    )
    member = _members(hospital.feeds)
    cards = a.mrn.map(member), b.mrn.map(member)
    same = (cards[0] == cards[1]).astype(object).where(cards[0].notna() & cards[1].notna(), None)
    made = pd.DataFrame({"pair": a.patient_key + " " + b.patient_key, "weight": _weights(a, b, people), "same": same})
    made = made.join(both).sort_values(["weight", "pair"], ascending=[False, True], ignore_index=True)
    return made[made.weight > -5].reset_index(drop=True)


def _members(feeds):
    """Payer's member number by record number, where there is one only."""
    seen = pd.concat([feeds[name][["mrn", "member_id"]] for name in ("claims", "enrolment") if name in feeds])
    seen = seen.dropna().drop_duplicates()
    return seen.drop_duplicates("mrn", keep=False).set_index("mrn").member_id


def _weights(a, b, people):
    """Match weights in bits, after Fellegi and Sunter: log2(m/u) of what agrees; rare names tell more than common ones."""
    weight = np.zeros(len(a))
    for name, (same, close, apart) in {"family": (0.9, 0.05, 0.05), "first": (0.85, 0.08, 0.07)}.items():
        rarity = a[name].map(people[name].value_counts(normalize=True)).fillna(0.01).to_numpy(float)
        alike = _close(a[name], b[name])
        equal = (a[name] == b[name]).to_numpy()
        bits = np.where(alike, np.log2(close / 0.005), np.log2(apart / 0.98))
        weight += np.where(equal, np.log2(same / rarity), bits)
    equal, alike = (a.birth_date == b.birth_date).to_numpy(), _near(a.birth_date, b.birth_date)
    bits = np.where(alike, np.log2(0.06 / 0.004), np.log2(0.01 / 0.99))
    weight += np.where(equal, np.log2(0.93 * 20_000), bits)
    for name, m, u in (("gender", 0.99, 0.5), ("address", 0.8, 0.001), ("phone", 0.6, 0.006)):
        equal = (a[name] == b[name]).to_numpy()
        weight += np.where(equal, np.log2(m / u), np.log2((1 - m) / (1 - u)))
    return np.round(weight, 1)


def _close(a, b):
    from difflib import SequenceMatcher

    different = [x != y for x, y in zip(a, b, strict=True)]
    return np.array(
        [
            d and isinstance(x, str) and isinstance(y, str) and SequenceMatcher(None, x, y, False).ratio() >= 0.8
            for d, x, y in zip(different, a, b, strict=True)
        ],
        dtype=bool,
    )


def _near(a, b):
    """Birth dates with one digit changed, or with day and month exchanged."""

    def near(x, y):
        if not (isinstance(x, str) and isinstance(y, str)) or len(x) != len(y) or x == y:
            return False
        swapped = x[:5] + x[8:] + "-" + x[5:7]
        return sum(p != q for p, q in zip(x, y, strict=True)) == 1 or swapped == y

    return np.array([near(x, y) for x, y in zip(a, b, strict=True)], dtype=bool)


# Q4 -------------------------------------------------------------------------------------------------------------------
STATUSES = ("final", "preliminary", "corrected", "entered-in-error")
_WEEK_TESTS = ("2160-0", "2345-7", "2951-2", "2823-3", "718-7", "6690-2")
MUTANTS = {
    "unit changed": "Eastbank's creatinine comes in umol/L under the label mg/dL",
    "silent site": "nothing comes from Eastbank",
    "rows twice": "one result in ten is there twice",
    "released before collected": "some results are released before their sample is collected",
    "new status": "some results have a status that was never agreed",
    "code renamed": "potassium comes under a new local code",
    "UTC as local": "Quillmere's times are hours ahead of the clock",
    "values gone": "one value in four is missing",
}


def feed_weeks(hospital):
    """Twelve weeks of a table of results: ``clean 1`` to ``clean 4``, and one week for each name in ``MUTANTS``.

    Columns: ``result_id site test value unit status collected_at released_at received_at``; the last is our own clock,
    when the row came in. In a clean week about one value in a hundred is missing: the sample was spoilt.
    """
    return {name: week.copy() for name, week in _weeks(hospital).items()}


@_once
def _weeks(hospital):
    return {name: _MUTATE[name](week) if name in _MUTATE else week for name, week in _weeks_before(hospital).items()}


@_once
def _weeks_before(hospital):
    """The twelve weeks, before anything is changed in eight of them."""
    rows = _week_rows(hospital)
    number = ((rows.collected_at - rows.collected_at.min()) // pd.Timedelta("7D")).astype(int)
    groups = [week for _, week in rows.groupby(number) if _usable(week)]
    names = [*(f"clean {n}" for n in range(1, 5)), *MUTANTS]
    order = np.argsort(_draw(range(len(groups)), hospital.checksum))
    order = np.resize(order, max(len(order), len(names)))  # a very small hospital has fewer weeks
    return {name: groups[k].reset_index(drop=True) for name, k in zip(names, order, strict=False)}


def _usable(week):
    eastbank = week[week.site.eq("eastbank")]
    return len(week) >= 60 and set(week.test) == set(_WEEK_TESTS) and eastbank.test.eq("2160-0").sum() >= 3


def _week_rows(hospital):
    """Results as an honest feed would send them: without the export's own faults of unit, code and time."""
    labs = hospital.tables.labs
    labs = labs.assign(test=_repaired(labs))
    labs = labs[labs.test.isin(_WEEK_TESTS) & labs.value.notna() & labs.status.isin(STATUSES)]
    labs = labs[(labs.issued_at > labs.effective_at) & (labs.issued_at < labs.effective_at + pd.Timedelta("3h"))]
    value = labs.value.mask(labs.unit.eq("umol/L"), (labs.value / 88.4).round(2))
    labs = labs[~(labs.test.eq("2345-7") & (value < 30))]
    units = {"2160-0": "mg/dL", "2345-7": "mg/dL", "2951-2": "mmol/L", "2823-3": "mmol/L", "718-7": "g/dL"}
    made = pd.DataFrame(
        {
            "result_id": labs.lab_key,
            "site": labs.performer.map(_sites(hospital.tables)),
            "test": labs.test,
            "value": value.reindex(labs.index),
            "unit": labs.test.map(units).fillna("10*3/uL"),
            "status": labs.status,
            "collected_at": labs.effective_at,
            "released_at": labs.issued_at,
        }
    )
    u = _draw(made.result_id)
    made["value"] = made.value.mask(u < 0.01)
    made["received_at"] = made.released_at + pd.to_timedelta(np.floor(20 + 100 * u), unit="s")
    return made


def _some(week, share, salt):
    """Rows chosen by their ids: a share, and at least three."""
    u = _draw(week.result_id, salt)
    return u <= max(share, np.sort(u)[min(2, len(u) - 1)])


def _unit_changed(week):
    there = week.site.eq("eastbank") & week.test.eq("2160-0")
    return week.assign(value=week.value.mask(there, (week.value.fillna(1.0) * 88.4).round(0)))


def _twice(week):
    again = week[_some(week, 0.1, "twice")]
    return pd.concat([week, again]).sort_values("released_at", kind="stable", ignore_index=True)


def _released_first(week):
    early = _some(week, 0.03, "early")
    return week.assign(released_at=week.released_at.mask(early, week.collected_at - pd.Timedelta("11min")))


def _hours_ahead(week):
    there = week.site.eq("quillmere")
    ahead = {name: week[name].mask(there, week[name] + pd.Timedelta("5h")) for name in ("collected_at", "released_at")}
    return week.assign(**ahead)


_MUTATE = {
    "unit changed": _unit_changed,
    "silent site": lambda week: week[week.site.ne("eastbank")].reset_index(drop=True),
    "rows twice": _twice,
    "released before collected": _released_first,
    "new status": lambda week: week.assign(status=week.status.mask(_some(week, 0.05, "status"), "verified")),
    "code renamed": lambda week: week.assign(test=week.test.replace("2823-3", "K-PL")),
    "UTC as local": _hours_ahead,
    "values gone": lambda week: week.assign(value=week.value.mask(_draw(week.result_id, "gone") < 0.25)),
}


def put_to_weeks(contract, hospital):
    """Which of the twelve weeks a contract lets pass, and what it says first about those that it stops.

    A mutant dies only of its fault: if its week was stopped before anything was changed in it, it lives.
    """
    import pandera.pandas as pa
    from wardround.course.plain import WrongKind

    if isinstance(contract, pa.DataFrameSchema):
        return WrongKind("the schema itself")
    schema = contract()
    if schema is ...:
        return ...
    if not isinstance(schema, pa.DataFrameSchema):
        raise TypeError(
            f"contract() returned a {type(schema).__name__}; it must return a pandera.pandas.DataFrameSchema"
        )
    passed, first, before = {}, {}, _weeks_before(hospital)
    for name, week in feed_weeks(hospital).items():
        said = _complaint(schema, before[name].copy())
        if said is None and name in MUTANTS:
            passed[name] = _complaint(schema, week) is None
            continue
        passed[name] = said is None or name in MUTANTS
        if said:
            first[name] = said
    kind = next((said[0] for said in first.values()), "")
    if kind == "dataframe_check":
        kind = _stumbles_over(schema, before[next(iter(first))])
    return {"passed": {**passed, "complaint": kind}, "first": {name: said[1] for name, said in first.items()}}


def _stumbles_over(schema, week):
    """What about an ordinary week fails a check of the table: missing values, values, or something else."""
    usual = week.groupby("test").value.transform("median")
    for kind, value in (("missing", week.value.fillna(usual)), ("values", usual)):
        if _complaint(schema, week.assign(value=value)) is None:
            return kind
    return "dataframe_check"


def _complaint(schema, week):
    """Nothing where a week passes, else the kind of the first complaint and a line that says what it is about."""
    import pandera.pandas as pa

    try:
        schema.validate(week, lazy=True)
    except pa.errors.SchemaErrors as trouble:
        error = trouble.schema_errors[0]
        kind = getattr(error.reason_code, "name", None) or "other"
        said = (str(error).splitlines() or [""])[0][:140]
        if kind == "DATAFRAME_CHECK":
            column, name = getattr(error.schema, "name", None), getattr(error.check, "name", None)
            about = f"column `{column}`" if column else "the table"
            if name in (None, "<lambda>"):
                name = f"check {error.check_index + 1} of its list, which has no `name=`"
            said = f"{about} fails {name}"
        return kind.lower(), said
    return None


# Q5 -------------------------------------------------------------------------------------------------------------------
def tables_of_times(hospital):
    """A hospital's tables, with two dozen results of an invented third laboratory in ``labs``.

    Some are drawn in the hour that the clock shows twice in autumn, and are in order. Some were drawn from people after
    the time of death that their record gives. Others were drawn before and released after it, as happens. And ten
    stays of one day, whose discharge is a bare date, stand in ``encounters``.
    """
    return _Exchanged(hospital.tables, {"labs": _with_times(hospital), "encounters": _with_days(hospital)})


@_once
def _with_times(hospital):
    labs, patients = hospital.tables.labs, hospital.tables.patients
    dead = patients[patients.deceased_at.notna()].sort_values("patient_key").head(10)
    drawn = [pd.Timestamp("2023-11-05T05:50Z") + pd.Timedelta(minutes=n) for n in range(10)]
    rows = [_row(n, labs.patient_key.iloc[n], at, at + pd.Timedelta("35min")) for n, at in enumerate(drawn)]
    for n, (who, died) in enumerate(zip(dead.patient_key, dead.deceased_at, strict=True)):
        rows.append(_row(20 + n, who, died + pd.Timedelta(hours=3 + n), died + pd.Timedelta(hours=4 + n)))
        rows.append(_row(40 + n, who, died - pd.Timedelta("40min"), died + pd.Timedelta("20min")))
    return pd.concat([labs, pd.DataFrame(rows).astype({"effective_at": labs.effective_at.dtype})], ignore_index=True)


def _row(n, who, drawn, issued):
    raw = [one.tz_convert(HERE).isoformat() for one in (drawn, issued)]
    times = {"effective_raw": raw[0], "effective_at": drawn, "issued_raw": raw[1], "issued_at": issued}
    return {
        "lab_key": f"northgate-{n}",
        "patient_key": who,
        "status": "final",
        "text": "Potassium",
        "value": 4.0,
    } | times


@_once
def _with_days(hospital):
    stays = hospital.tables.encounters
    days = stays[stays.admitted_raw.str.len().gt(10)].drop_duplicates("patient_key").head(10)
    days = days.assign(
        discharged_raw=days.admitted_raw.str[:10], discharged_at=pd.Series(dtype=stays.discharged_at.dtype)
    )
    days["encounter_key"] = [f"northgate-stay-{n}" for n in range(len(days))]
    return pd.concat([stays, days], ignore_index=True)


class _Exchanged:
    """Tables with some of them exchanged."""

    def __init__(self, tables, others):
        self._tables, self._others = tables, others

    def __getattr__(self, name):
        return self._others[name] if name in self._others else getattr(self._tables, name)

    def __getitem__(self, name):
        return self._others[name] if name in self._others else self._tables[name]


# Q6 -------------------------------------------------------------------------------------------------------------------
RUN_OUT_DAYS = 240  # our rule: who has not been paid for by then will not be; the exercise measures it


def three_feeds(hospital):
    """What the record, the desk and the payers say of discharges: ``record``, ``adt`` and ``claims``, by calendar days.

    ``record`` has one row an encounter of any class: ``visit mrn class arrived left next_visit``. ``left`` is missing
    while somebody is here. Where a person was moved to our other hospital, ``next_visit`` is the visit number under
    which the stay goes on. ``adt`` has one row a message as received: ``event visit mrn sent``. ``claims`` has one row
    a version of a claim. Visits whose end cannot be (before they begin, or after the next has begun) are in none.
    """
    return tuple(table.copy() for table in _three_feeds(hospital))


@_once
def _three_feeds(hospital):
    record, adt, claims = _record(hospital.tables), hospital.feeds.adt, hospital.feeds.claims
    adt = adt[["event", "visit", "mrn"]].assign(sent=_day(adt.sent_raw))
    doubted = record.visit[record.pop("doubted")]
    return [table[~table.visit.isin(doubted)].reset_index(drop=True) for table in (record, adt, claims)]


def _record(tables):
    stays = tables.encounters.sort_values(["patient_key", "admitted_at", "encounter_key"], ignore_index=True)
    stays["visit"] = "V" + stays.encounter_key.str[2:12].str.upper()
    inpatient = stays[stays.class_code.eq("IMP")].groupby("patient_key")
    on, moved = inpatient.visit.shift(-1), inpatient.admit_source.shift(-1).eq("hosp-trans")
    follows = stays.groupby("patient_key").admitted_at.shift(-1)
    made = pd.DataFrame(
        {
            "visit": stays.visit,
            "mrn": stays.patient_key.map(tables.patients.set_index("patient_key").mrn),
            "class": stays.class_code,
            "arrived": _day(stays.admitted_raw),
            "left": _day(stays.discharged_raw),
            "next_visit": on.where(moved),
            "doubted": (stays.discharged_at < stays.admitted_at) | (stays.discharged_at > follows),
        }
    )
    return made.sort_values(["arrived", "visit"], ignore_index=True)


def _day(written):
    """The calendar day of a time as written, with or without its hyphens: the first part says it, in local time."""
    return pd.to_datetime(written.str.replace("-", "").str[:8], format="%Y%m%d")


# Lesson 2 -------------------------------------------------------------------------------------------------------------
def four_accounts(hours, drawn, died, billed):
    """What draws the ends of one stay (``hours``, by account), a sample after a recorded death, and a claim's day."""

    def draw(axes):
        for row, (name, at) in enumerate(hours.items()):
            axes.plot(_hour(at), row, "o", color="black")
            axes.text(_hour(at) - 0.3, row, f"{name} {at:%H:%M}", ha="right", va="center")
        at = drawn.tz_convert(HERE)
        axes.plot(_hour(at), -1, "x", color="black")
        said = f"potassium drawn {at:%H:%M};\nby her record she died on {died:%d %B %Y}"
        axes.text(at.hour + 1.2, -1, said, va="center")
        axes.plot([0, 24], [3, 3], "-", color="black", marker="|")
        axes.text(12, 3.2, f"claim: {billed:%d %B}, a day without an hour", ha="center")
        day = f"hour of {at.day} {at:%B %Y}"
        axes.set(xlabel=day, ylabel="four accounts", yticks=[], xlim=(0, 24), ylim=(-1.5, 3.7))

    return draw


def _hour(at):
    return at.hour + at.minute / 60


def bands_drawn(decided, clerk, machine):
    """What draws the match weights of decided pairs, and as a stripe what clerks look at in a week."""

    def draw(axes):
        for same, line, name in ((True, "-", "one person"), (False, "--", "two people")):
            style = {"histtype": "step", "linestyle": line, "label": name}
            axes.hist(decided.weight[decided.same == same], range(10, 53), **style)
        axes.axvspan(clerk, machine, alpha=0.25, color="gray", label="the clerks' week")
        axes.set(xlabel="match weight, bits: left apart | clerks | machine merges", ylabel="decided pairs")
        axes.legend(frameon=False, loc="upper left")

    return draw


def verdict(schema, week):
    """Whether a contract lets a week pass, in words."""
    import pandera.pandas as pa

    try:
        schema.validate(week, lazy=True)
    except pa.errors.SchemaErrors as trouble:
        return f"refused: {len(trouble.failure_cases)} complaint(s)"
    return "passes"


def eastbank(flight, days):
    """Count alerts, visits and deteriorations at Eastbank in a part of a flight.

    ``averted`` is what visits took from the known risks of those days, as :func:`wardround.flight.scores.benefit` counts
    it; ``visits in time`` went to somebody who would have got worse within a day.
    """
    windows, ward, truth = flight.year.windows, flight.ward, flight.year.truth
    here = _at_eastbank(windows, days)
    first = here & (windows["day"] < days.start + 7)
    stay = windows["stay"][here]
    risk = np.minimum(truth["hazard"] * ward["factor"], 1 - 1e-9)[here]
    alone, visited = (-np.expm1(np.bincount(stay, np.log1p(-one))) for one in (risk, risk * ward["helped"][here]))
    return {
        "alerts": int((ward["alert"] & here).sum()),
        "in week 1": int((ward["alert"] & first).sum()),
        "visits": int((ward["answered"] & here).sum()),
        "visits in time": int((ward["answered"] & truth["needed"] & here).sum()),
        "averted": round(float((alone - visited).sum()), 1),
        "deteriorated": len(unwell(flight, days)),
        "stays": len(np.unique(windows["stay"][here & ward["present"]])),
    }


def unwell(flight, days):
    """Return the stays that deteriorated at Eastbank in a part of a flight; a stay has one number in every flight."""
    windows = flight.year.windows
    return set(windows["stay"][flight.ward["happened"] & _at_eastbank(windows, days)].tolist())


def at_the_bedside(flight, stay):
    """Return what became of one stay: alerts, visits and the hours after admission at which they and worse came."""
    mine = flight.year.windows["stay"] == stay
    at = {name: flight.year.windows["window"][mine & flight.ward[name]] for name in ("alert", "answered", "happened")}
    first = {name: f"{8 * found.min()} h" if found.size else "never" for name, found in at.items()}
    return {"first alert": first["alert"], "a nurse came": first["answered"], "got worse": first["happened"]}


def _at_eastbank(windows, days):
    return (windows["site"] == 1) & (windows["day"] >= days.start) & (windows["day"] < days.stop)
