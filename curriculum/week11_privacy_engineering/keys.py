"""Week 11: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import functools
import hashlib
import hmac
import random
import re
import secrets
import time
from dataclasses import dataclass

import pandas as pd
from wardround.course.compare import Comparison
from wardround.course.compare_words import counted, named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.operations.privacy import BROAD, EPONYMS, NARROW, OCR_2000, Rule, find_in_note, readings, redact

ZONE = "America/New_York"


# predictions ----------------------------------------------------------------------------------------------------------
def last_stays(hospital):
    """Everybody's last stay, with what a neighbour may know."""
    stays = hospital.warehouse.stays.sort_values("admitted_at").groupby("patient_id").tail(1)
    began = stays.admitted_at.dt.tz_localize(None)
    return stays.assign(
        zip3=stays.zip.str[:3], week=began.dt.strftime("%G-%V"), month=began.dt.strftime("%Y-%m"), fives=stays.age // 5
    )


def alone(table, columns):
    return table.groupby(columns, dropna=False)["age"].transform("size").eq(1)


NEIGHBOUR, COARSE = ["sex", "age", "zip3", "week"], ["sex", "fives", "zip3", "month"]


def alone_in_the_table(hospital, truth):
    return 1000 * float(alone(last_stays(hospital), NEIGHBOUR).mean())


def with_coarser_facts(hospital, truth, found):
    coarse = 1000 * alone(last_stays(hospital), COARSE).mean()
    return f"With age in steps of five years and the month {coarse:.0f} of 1,000 are alone. No name was needed for either (M19)."


outcome("W11.P1", alone_in_the_table, remark=with_coarser_facts)


def alone_in_town_too(hospital, truth):
    whole = last_stays(hospital)
    part = whole.sample(frac=0.1, random_state=11)
    there = alone(part, COARSE)
    return 1000 * float(alone(whole, COARSE)[part.index][there].mean())


def who_knows(hospital, truth, found):
    return (
        "Whoever knows that the neighbour is in the table needs no town: then all who are alone in it are found. And no draw protects those who are "
        "alone in the hospital."
    )


outcome("W11.P2", alone_in_town_too, remark=who_knows)


@functools.cache
def narrow_on_practice(hospital):
    return given(11).on_practice(lambda text, record: redact(text, NARROW).text, hospital)


def still_naming(hospital, truth):
    found = narrow_on_practice(hospital)
    return 100 * found["naming"] / found["with_identifier"]


def by_identifier(hospital, truth, found):
    said = narrow_on_practice(hospital)
    return (
        f"Counted by identifier the same patterns find {100 * said['caught'] / said['spans']:.0f} of 100. A note is safe only when all of its identifiers are gone, "
        "and the misses stand where no pattern looks."
    )


outcome("W11.P3", still_naming, remark=by_identifier)


def seconds_for_ten_million(hospital, truth):
    """Measured on 200,000, times fifty."""
    began = time.perf_counter()
    for number in range(200_000):
        hashlib.sha256(b"%07d" % number).hexdigest()
    return 50 * (time.perf_counter() - began)


outcome("W11.P4", seconds_for_ten_million)


# W11.Q1 ---------------------------------------------------------------------------------------------------------------
ADDED = "columns that nobody allowed"


def to_leave(table, **other):
    """A table that may leave, and with other columns one that may not."""
    names = given(11).FEATURES
    out = pd.DataFrame({name: table[name] for name in names})
    out["age"] = table["age"].where(table["age"] <= 90, 90.0)
    out["back"] = table["back"]
    out["year"] = [moment.year for moment in table["discharged_at"].dt.tz_convert(ZONE)]
    codes = {patient: secrets.token_hex(8) for patient in table["patient_id"].unique()}
    out["patient"] = [codes[patient] for patient in table["patient_id"]]
    for name, column in other.items():
        out[name] = column
    return out


def nothing_found(hospital, truth):
    return {"findings": {}}


def signature(answer):
    exact = {"code": lambda told: told, "zip3": lambda told: told["prefixes"]}
    return {name: exact.get(name, bool)(told) for name, told in answer["findings"].items()}


@dataclass(frozen=True)
class Released(Comparison):
    """A table for the door: as many steps away as there are kinds of finding."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "findings" in answer else f"{named(answer)} is there"

    def distance(self, answer, reference):
        return float(len(answer["findings"]))

    def matches(self, answer, wrong):
        return bool(answer["findings"]) and signature(answer) == signature(wrong)

    def evidence(self, answer, reference):
        return released_how(answer, None)


CODES = {
    "gaps": "some rows have no code of a patient",
    "groups": "the codes do not say whose stays belong together: there are more or fewer than patients",
    "record_code": "the code is `record_code`, SHA-256 of the record number",
    "ids": "the code is an id of the record",
    "hash": "the code is a hash of an id, which anybody with the ids can make again",
    "rank": "the codes stand in the order of the ids: whoever has the ids can count",
    "same": "a second release has the same codes, so they follow from something, or somebody kept the table behind them",
    "place": "the codes count through the rows, or through the moments of arrival, so the same table gets the same codes again",
    "seed": "the same table, released again, gets the same codes: they are not drawn anew",
}


def listed(names, most=4):
    names = [f"`{name}`" for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def told_of(name, found, hospital):
    if name == "added":
        made = given(11).added_columns(hospital)
        return f"`{found[0]}` holds {made[found[0]]}" + (f", and {listed(found[1:])} came along" if found[1:] else "")
    if name == "zip3":
        return f"{counted(found['rows'], 'row shows', 'rows show')} prefixes that the table does not allow, {', '.join(found['prefixes'][:4])} among them"
    said = {
        "lacking": lambda: f"{listed(found)} {'is' if len(found) == 1 else 'are'} lacking",
        "rows": lambda: f"{found:,} stays are not in the table" if found > 0 else f"there are {-found:,} rows too many",
        "hashed": lambda: f"{listed(found)}: SHA-256 of the record number",
        "ids": lambda: f"{listed(found)}: an id of the record",
        "dates": lambda: f"{listed(found)}: more of a date than its year",
        "zip": lambda: f"{listed(found)}: five digits",
        "unknown": lambda: f"{listed(found)}: {ADDED}",
        "age": lambda: f"{found:,} rows show an age above 90, the pooled one",
        "year": lambda: "`year` is not the year of discharge",
        "shifted": lambda: f"{listed(found)}: moments that have been moved",
        "birth_year": lambda: f"{found:,} rows have a birth year that shows an age over 89",
        "code": lambda: CODES[found],
        "worth": lambda: f"A1 rebuilt on it has an AUROC of {found}",
    }
    return said[name]()


def released_how(answer, hospital):
    if not answer["findings"]:
        return "Nothing of the list is in it."
    told = [told_of(name, found, hospital) for name, found in list(answer["findings"].items())[:3]]
    more = len(answer["findings"]) - len(told)
    text = "; ".join(told) + (f"; and {counted(more, 'thing', 'things')} more" if more else "")
    return text[0].upper() + text[1:] + "."


POOL = {
    "missing": " Ages of 90 and more are missing: the list would let 90 stand for them.",
    "below": " Nobody is 90: the list would let 90 stand for '90 or older'.",
}


def what_survived(answer, hospital):
    old = int((given(11).a1_table(hospital)["age"] > 89).sum())
    return (
        f"A1 survives: AUROC {answer['auroc_before']:.3f} before, {answer['auroc']:.3f} after. Gone are weeks, so its monitoring; the thirty days, so nobody can count returns again; the way back, so its calls; "
        f"the ages of {counted(old, 'stay', 'stays')} over 89.{POOL.get(answer['oldest'], '') if old else ''} {answer['alone']} of 1,000 rows are alone with age, sex, year, payer and diagnosis. Does anybody know whom such a row "
        "describes? No check can say; you must."
    )


def sha(values):
    return [hashlib.sha256(value.encode()).hexdigest()[:16] for value in values]


def keyed(table):
    codes = [hmac.new(b"ward", patient.encode(), "sha256").hexdigest()[:16] for patient in table["patient_id"]]
    return to_leave(table, patient=codes)


WELL_KNOWN = ("encounter_id", "patient_id", "record_code", "birth_date", "state", "zip", "admitted_at", "discharged_at")


def drop_list(table):
    rest = table.drop(columns=[name for name in WELL_KNOWN if name in table])
    return rest.assign(**to_leave(table)[["age", "year", "patient"]])


def prefixes(table, restricted):
    prefix = table["zip"].str[:3]
    return to_leave(table, zip3=prefix.where(~prefix.isin(list(restricted)), "000"))


def seeded(table):
    """Codes shuffled by a seed that is written into the function."""
    patients = sorted(table["patient_id"].unique())
    numbers = list(range(len(patients)))
    random.Random(1).shuffle(numbers)
    return to_leave(table, patient=table["patient_id"].map(dict(zip(patients, numbers, strict=True))))


def by_place(table):
    return to_leave(table, patient=pd.factorize(table["patient_id"])[0])


def one_row_a_code(table):
    return to_leave(table, patient=[secrets.token_hex(8) for _ in range(len(table))])


def made_up(table):
    """A made table: each column drawn by itself from the real one, so no row is anybody's, and each has its own code."""
    real = to_leave(table).drop(columns="patient")
    made = {name: real[name].sample(frac=1, random_state=n).to_numpy() for n, name in enumerate(real)}
    return pd.DataFrame(made).assign(patient=[secrets.token_hex(8) for _ in range(len(table))])


def rows_of_nobody(answer, hospital):
    """Whole in columns and rows, no row keeps its patient, and A1 has nothing left to learn."""
    found = answer["findings"]
    return "worth" in found and found.get("code") == "groups" and "lacking" not in found


def has(*names):
    return lambda answer, hospital: any(name in answer["findings"] for name in names)


def prefixes_of(answer):
    return set(answer["findings"].get("zip3", {}).get("prefixes", ()))


def coded(*kinds):
    return lambda answer, hospital: answer["findings"].get("code") in kinds


def table_with(name, answer, *, says, so_what, look_at, teaches=None, also=None):
    return misconception(
        name,
        answer=answer,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=released_how,
        also=also,
    )


LIST = "the list of lesson 1, column by column of what comes out"

key(
    "W11.Q1",
    reference=nothing_found,
    same=Released(),
    evidence=released_how,
    right=what_survived,
    look_at=LIST,
    misconceptions=[
        table_with(
            "record_code",
            lambda table: to_leave(table, patient=table["record_code"]),
            says="The code of a patient is a hash of the record number (M18).",
            so_what="Ten digits are an evening of hashing, and whoever has a list of your numbers needs no evening: a laboratory, the maker of wristbands. The rule wants a code that follows from nothing.",
            look_at="what one would need to turn `patient` back",
            teaches="M18",
            also=lambda answer, hospital: coded("record_code")(answer, hospital) or has("hashed")(answer, hospital),
        ),
        table_with(
            "hashed",
            lambda table: to_leave(table, patient=sha(table["patient_id"])),
            says="The code of a patient is a hash of an id (M18).",
            so_what="Every export that we ever sent holds the ids. Hash them, join, and each row has its chart again. A hash is a nickname.",
            look_at="what one would need to turn `patient` back",
            teaches="M18",
            also=coded("hash"),
        ),
        table_with(
            "keyed",
            keyed,
            says="The same codes come out at each release: a key, a salt, a seed or a table that is kept.",
            so_what="Two releases can be joined by them, and a keyed code is made of the record number. A table kept inside is allowed by the rule; asked for here is a new draw, which tells only whose stays belong together.",
            look_at="`release(table)` twice: are the codes the same?",
            teaches="M18",
            also=coded("same"),
        ),
        table_with(
            "seeded",
            seeded,
            says="The codes are shuffled, and by a fixed seed.",
            so_what="Whoever has the ids and your function shuffles again and has each chart; and two releases of one table can be joined. A seed is a key that stands in the code. `secrets` has none.",
            look_at="`release(table)` twice: are the codes the same?",
            teaches="M18",
            also=coded("seed"),
        ),
        table_with(
            "by_place",
            by_place,
            says="The codes are numbers in the order of the rows, or of arrival.",
            so_what="Row 417 of the table that stays here, or the 417th arrival, is number 417 outside: whoever sees the first has the second. The same table gets the same numbers again. Draw them.",
            look_at="`release(table)` twice: are the codes the same?",
            also=coded("place"),
        ),
        table_with(
            "ranked",
            lambda table: to_leave(table, patient=table.groupby("patient_id").ngroup()),
            says="The codes are running numbers in the order of the ids.",
            so_what="Whoever has the ids sorts them and counts: number 417 is the 417th. A number follows from an id by its place as well.",
            look_at="how the code of the first id in the alphabet is made",
            also=coded("rank"),
        ),
        table_with(
            "drop_list",
            drop_list,
            says="You say what goes, and everything else stays.",
            so_what="Colleagues have added columns with harmless names, next year they will add others, and nobody tells your list. Say what may stay; then forgetting costs a column, not a patient.",
            look_at="which columns your function names: those that go, or those that stay",
            teaches="M19",
            also=has("added"),
        ),
        table_with(
            "months",
            lambda table: to_leave(table, month=table["discharged_at"].dt.strftime("%Y-%m")),
            says="More of a date is left than its year.",
            so_what="A month beside age and sex is what a newspaper prints of an accident. For weekly monitoring outside, that road is closed: an expert determination or a limited data set is another.",
            look_at=LIST,
            teaches="M19",
            also=has("dates"),
        ),
        table_with(
            "shifted",
            lambda table: to_leave(table, admitted_at=table["admitted_at"] + pd.Timedelta(days=37)),
            says="Dates are there, moved by some days.",
            so_what="We are not certain that Safe Harbor allows that, so it does not go under its name: an expert may determine that the risk is very small, and writes it down. One known date would move them all back.",
            look_at="what was said of shifted dates above the question",
            also=has("shifted"),
        ),
        table_with(
            "as_old_as_they_are",
            lambda table: to_leave(table, age=table["age"]),
            says="Ages over 89 are left as they are.",
            so_what="There are few of 97 in a county, and one of 101, with her photograph in the paper. The list pools them: 90 for '90 or older'.",
            look_at="`out.age.max()`",
            also=has("age"),
        ),
        table_with(
            "birth_years",
            lambda table: to_leave(table, birth_year=table["birth_date"].str[:4].astype(int)),
            says="The age is pooled, and the year of birth beside it tells it.",
            so_what="Any part of a date goes that shows an age over 89, the year too. The pool is only as deep as its shallowest column.",
            look_at="`year - birth_year` of the oldest",
            also=has("birth_year"),
        ),
        table_with(
            "without_the_oldest",
            lambda table: to_leave(table)[(table["age"] < 90).to_numpy()],
            says="Stays are gone that may stay, those of the oldest perhaps.",
            so_what="The list lets you pool them; dropping them is your own doing. A model for people up to 89 is then shown to a ward where many are older.",
            look_at="`len(out)` and `len(table)`",
            also=has("rows"),
        ),
        table_with(
            "three_digits_for_all",
            lambda table: prefixes(table, ()),
            says="Three digits of the ZIP code stay for everybody.",
            so_what="They may where more than 20,000 people share them. Fewer do in some, and of others our table says nothing; nobody knows of 269 and 213, which are invented.",
            look_at="`zip3_people()`, and what becomes of a prefix that it does not have",
            also=lambda answer, hospital: bool(prefixes_of(answer) & set(OCR_2000)),
        ),
        table_with(
            "the_old_seventeen",
            lambda table: prefixes(table, OCR_2000),
            says="You took out the seventeen prefixes that are printed everywhere.",
            so_what="They are of the 2000 Census. By our table others are below the limit now, and some of them are above. And what a list of the forbidden does not know, it lets pass.",
            look_at="`zip3_people()`, and what becomes of a prefix that it does not have",
            also=lambda answer, hospital: bool(prefixes_of(answer)) and not prefixes_of(answer) & set(OCR_2000),
        ),
        table_with(
            "made_up",
            made_up,
            says="You sent made rows, each column drawn by itself (M20).",
            so_what="Nobody's row, and nothing to learn: what returned goes with nothing. Keep the columns together, and made rows may repeat real ones, so they are no free pass either. "
            "A model that works on made rows has met no patient.",
            look_at="the AUROC of A1 on your table, and how far a made row lies from the nearest real one",
            teaches="M20",
            also=rows_of_nobody,
        ),
        table_with(
            "one_code_a_row",
            one_row_a_code,
            says="Each stay has its own code.",
            so_what="Safe, and too much: nobody can split by patient any more, and the same person sits in training and test. Week 4 has measured what that does.",
            look_at="`out.patient.nunique()` and the number of patients",
            also=coded("groups", "gaps"),
        ),
        table_with(
            "nothing_left",
            lambda table: to_leave(table)[["age", "back", "year"]],
            says="What A1 needs is gone as well.",
            so_what="The safest table is an empty one, and nobody will use your second try. The list names eighteen kinds; laboratory results and diagnoses are none of them.",
            look_at="the columns of A1 that your table lacks",
            also=has("lacking", "worth"),
        ),
    ],
)


# W11.Q2 ---------------------------------------------------------------------------------------------------------------
PATIENT = ("family", "given", "mrn", "phone", "address", "city")
CAP = r"[A-ZÀ-Þ][\w'’-]+"
FINDING = re.compile(rf"\b{CAP}['’]s? (?:disease|palsy|sign|syndrome|contracture|nodes)")
MORE = (
    Rule("relative", "A", re.compile(rf"\b(?:\w+-in-law|grand\w+|step\w+),? ({CAP}(?: {CAP})?)")),
    Rule("relative", "A", re.compile(rf"\b({CAP} {CAP}), next of kin")),
    Rule("employer", "A", re.compile(rf"\b(?:[Ww]orks at|[Rr]etired from) ({CAP}(?: {CAP})*)")),
    Rule("date", "C", re.compile(r"\bon (\d{1,2}/\d{1,2})\b")),
    Rule("ssn", "G", re.compile(r"\bSocial Security number, (\d{4})\b")),
)
LISTED_LATE = (
    Rule("town", "B", re.compile(rf"\b(?:lives in|[Mm]oved here from) ({CAP}(?: {CAP})*)")),
    Rule("age", "C", re.compile(r"\b(?:At|Turns|Aged) ((?:9|1\d)\d)\b")),
)


def known(record):
    return {kind: [record[kind]] for kind in PATIENT if record.get(kind)}


def by_three_roads(text, record, rules=(*NARROW, *MORE, *LISTED_LATE), cover=None):
    """Findings set aside, then patterns, the record and the words around."""
    findings = FINDING.findall(text)
    for number, finding in enumerate(findings):
        text = text.replace(finding, f"§{number}§")
    text = redact(text, rules, known=known(record)).text if cover is None else cover(text, rules, record)
    for number, finding in enumerate(findings):
        text = text.replace(f"§{number}§", finding)
    return text


def nothing_left(hospital, truth):
    return {"naming": 0, "lost": 0, "with_identifier": 1, "notes": 1, "kinds": {}, "words": {}, "spans": 1, "caught": 1}


def shares(answer):
    """Of 100 notes with an identifier those that still name somebody; of 100 notes those that have lost something."""
    return 100 * answer["naming"] / answer["with_identifier"], 100 * answer["lost"] / answer["notes"]


def spoils_more(answer):
    naming, lost = shares(answer)
    return lost > naming


@dataclass(frozen=True)
class ByNote(Comparison):
    """Notes of 100 that still name somebody, or that have lost their meaning: the larger of the two."""

    allowed: float = 1.0
    needed: float = 2.0

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "naming" in answer else f"{named(answer)} is there"

    def distance(self, answer, reference):
        return max(shares(answer))

    def matches(self, answer, wrong):
        return all(answer[part] == wrong[part] for part in ("naming", "lost", "kinds"))

    def evidence(self, answer, reference):
        return noted_how(answer, None)


CALLED = {
    "day": "dates in a note's own form",
    "ssn": "the last four of a Social Security number",
    "mrn": "record numbers",
    "age": "ages over 89",
    "address": "addresses",
    "mail": "addresses of mail",
}


def noted_how(answer, hospital):
    told = f"{answer['caught']} of {answer['spans']} identifiers are gone; {answer['naming']} of {answer['with_identifier']} notes that had one still name somebody"
    if answer["kinds"]:
        told += ", by " + ", ".join(CALLED.get(kind, f"{kind}s") for kind in list(answer["kinds"])[:3])
    if answer["lost"]:
        told += f". {answer['lost']} of {answer['notes']} have lost something, such as {', '.join(list(answer['words'])[:2])}"
    return told + "."


def notes_that_may_leave(answer, hospital):
    left = f"{answer['naming']} of {answer['with_identifier']} notes still name somebody, {answer['lost']} of {answer['notes']} have lost something"
    return (
        f"{left}. That is true of notes like these, whose identifiers we planted. In a real ward nobody knows what a scrubber missed: draw notes, let two people read them, and count by the note, each "
        "quarter. Until then free text stays inside, or leaves under an agreement."
    )


def only(*names, so_far=NARROW):
    return lambda text, record: by_three_roads(text, record, tuple(rule for rule in so_far if rule.kind in names))


def record_only(text, record):
    return by_three_roads(text, record, ())


def spared(text, record):
    return redact(text, (*BROAD, *MORE, *LISTED_LATE), known=known(record), spare=EPONYMS).text


def nicknames(text, record):
    """Every span becomes the beginning of its own hash, so that the same person stays the same."""

    def cover(text, rules, record):
        spans = find_in_note(text, rules, known=known(record))
        for span in sorted(spans, reverse=True):
            code = hashlib.sha256(text[span.begin : span.end].encode()).hexdigest()[:8]
            text = f"{text[: span.begin]}[{code}]{text[span.end :]}"
        return text

    return by_three_roads(text, record, cover=cover)


def initials(text, record):
    """Names become initials, everything else a tag."""

    def cover(text, rules, record):
        spans = find_in_note(text, rules, known=known(record))
        for span in sorted(spans, reverse=True):
            words = re.findall(r"\w+", text[span.begin : span.end])
            short = "".join(f"{word[0]}." for word in words if word not in ("Mr", "Ms", "Mrs"))
            name = span.kind in ("name", "relative", "family", "given")
            text = f"{text[: span.begin]}{short if name else '[gone]'}{text[span.end :]}"
        return text

    return by_three_roads(text, record, cover=cover)


def all_numbers(text, record):
    return re.sub(r"\d", "#", by_three_roads(text, record))


def figures_gone(answer):
    figures = [word for word in answer["words"] if re.search(r"\d", word) and not word.endswith("other words")]
    return answer["lost"] > answer["notes"] / 10 and 2 * len(figures) > len(answer["words"])


def capitals_gone(answer, hospital):
    """Many notes are spoilt, more than still name somebody, and what they lack are words with a capital letter."""
    told = [word for word in answer["words"] if not word.endswith("other words")]
    empty = not answer["naming"] and shares(answer)[1] > 90
    capital = bool(told) and all(word[0].isupper() for word in told)
    return spoils_more(answer) and shares(answer)[1] > 20 and capital and not empty


def kinds_are(*kinds):
    return lambda answer, hospital: (
        bool(answer["kinds"]) and set(answer["kinds"]) <= set(kinds) and not spoils_more(answer)
    )


def others_left(answer, hospital):
    """The patient's own words are gone, and those of others are not."""
    kinds = set(answer["kinds"])
    own = {"name", "mrn", "phone", "address", "mail", "date"}
    return bool(kinds & {"relative", "employer", "town"}) and not kinds & own and not spoils_more(answer)


def note_with(name, answer, *, says, so_what, look_at, teaches=None, also=None):
    return misconception(
        name, answer=answer, says=says, so_what=so_what, look_at=look_at, teaches=teaches, evidence=noted_how, also=also
    )


READ = "what is left in the practice notes, by kind: `spans` whose text still stands there"

key(
    "W11.Q2",
    reference=nothing_left,
    same=ByNote(),
    evidence=noted_how,
    right=notes_that_may_leave,
    look_at=lambda answer, hospital: (
        "the findings that are gone: which rule takes them?" if spoils_more(answer) else READ
    ),
    misconceptions=[
        note_with(
            "patterns",
            lambda text, record: redact(text, NARROW).text,
            says="Patterns alone.",
            so_what="By identifier it looks like good work, by the note it is not: one miss, and the note names somebody. A pattern knows a telephone number; it does not know a family.",
            look_at=READ,
        ),
        note_with(
            "capitals",
            lambda text, record: redact(text, BROAD).text,
            says="Whatever looks like a name goes.",
            so_what="Parkinson, Babinski, Foley and May go with it, and the next reader finds a patient with *[name]'s disease*. Deleted medicine is an error of the same rank as a name left behind.",
            look_at="eponyms in the text before and after",
            also=capitals_gone,
        ),
        note_with(
            "spared_words",
            spared,
            says="You spare words that are findings, wherever they stand.",
            so_what="Mr. Wilson is spared with Wilson's disease, or, where the record knows him, his disease goes with him. What stands around the word decides, not the word.",
            look_at="patients whose family name is a finding",
        ),
        note_with(
            "record",
            record_only,
            says="You search for what the record knows.",
            so_what="The strongest road for the patient, and blind for everybody else: the daughter-in-law, the son's town, the employer. The list names relatives and employers too.",
            look_at=READ,
        ),
        note_with(
            "obvious_kinds",
            lambda text, record: by_three_roads(text, record, (*NARROW, *MORE)),
            says="Names, numbers and dates are gone; towns or ages over 89 are not.",
            so_what="*At 94 still walks to church*, in a village, is a person. Eighteen kinds are on the list because those who wrote it thought of neighbours.",
            look_at="the list of lesson 1, and which kinds are left",
            teaches="M19",
            also=kinds_are("town", "age", "employer", "ssn"),
        ),
        note_with(
            "patterns_and_record",
            lambda text, record: by_three_roads(text, record, NARROW),
            says="Patterns and the record; what only the words around it tell is left.",
            so_what="The record knows the patient, and nobody else: no daughter-in-law, no sawmill, no village of a son. They have no shape either. *Lives in*, *works at* and *the grandson* before a name tell what it is.",
            look_at=READ,
            also=others_left,
        ),
        note_with(
            "nicknames",
            nicknames,
            says="Identifiers were replaced by a code that is made of them (M18).",
            so_what="Hash the family names of a telephone book, search for the codes, and the notes have names again. A tag such as [name] tells nothing.",
            look_at="what stands where the name stood",
            teaches="M18",
        ),
        note_with(
            "initials",
            initials,
            says="Names became initials.",
            so_what="Initials are made of the name: beside age, ward and year they find her again, and the list takes them too. A tag such as [name] is as good to read.",
            look_at="what stands where the name stood",
        ),
        note_with(
            "nothing_said",
            lambda text, record: "",
            says="Nothing is left, of identifiers or of anything else.",
            so_what="The safest note is none. If that is your answer, write it into the memo: free text stays inside. A scrubber is for those who need the medicine.",
            look_at="a note before and after",
            also=lambda answer, hospital: not answer["naming"] and answer["lost"] > 0.9 * answer["notes"],
        ),
        note_with(
            "all_numbers",
            all_numbers,
            says="All figures are gone.",
            so_what="So are doses, results and days: the note says that a blood pressure was taken. Nobody can treat by it, or learn from it.",
            look_at="doses and results before and after",
            also=lambda answer, hospital: not answer["naming"] and figures_gone(answer),
        ),
    ],
)


# W11.Q3 ---------------------------------------------------------------------------------------------------------------
ORDER = re.compile(
    r"(?:\b(?:assistant|system|model)\s*:|\bfor the (?:language model|assistant|system)\b|<!--|\bthe instructions above\b)",
    re.I,
)


def stand_in(
    payload, roster, *, read=readings, around=True, orders=True, routes=True, hashes=True, eponyms=True, strict=False
):
    """A guard by the policy, each part of which can be left out."""
    words = {value.casefold() for values in roster.values() for value in values}
    words |= {hashlib.sha256(value.encode()).hexdigest() for value in roster["mrn"]} if hashes else set()
    same = [
        one
        for one in given(11).ROUTES
        if (one["purpose"], one["destination"]) == (payload["purpose"], payload["destination"])
    ]
    if routes and (not same or set(payload["fields"]) - set(same[0]["fields"])):
        return "block", None
    name = same[0]["note"] if same else "note"
    note = payload["fields"].get(name, "") if name else ""
    if around and any(seen(text, words, read) for text in beside(payload, name)):
        return "block", None
    if around and payload["fields"].get("age", 0) > 90:
        return "block", None
    plain = spotted(note, words, eponyms)
    for _, text in read(note):
        if (orders and ORDER.search(text)) or len(spotted(text, words, eponyms)) > len(plain):
            return "block", None
    if plain and strict:
        return "block", None
    return ("redact", with_note(payload, name, cover_spans(note, plain))) if plain else ("allow", payload)


def beside(payload, name):
    texts = [*payload["files"], *payload["files"].values(), *payload["headers"].values()]
    return [*texts, *(str(value) for field, value in payload["fields"].items() if field != name)]


def seen(text, words, read):
    apart = re.sub(r"[_/=;?&.,'\"\[\](){}-]", " ", text)
    return any(spotted(other, words) for one in (text, apart) for _, other in read(one))


def spotted(text, words, eponyms=True):
    found = [(span.begin, span.end) for span in find_in_note(text, NARROW)]
    for word in re.finditer(r"\w+", text):
        finding = eponyms and re.match(r"['’]s? (?:disease|palsy|sign)", text[word.end() :])
        if word[0].casefold() in words and not finding:
            found.append(word.span())
    return sorted(set(found))


def cover_spans(text, spans):
    for begin, end in sorted(spans, reverse=True):
        text = f"{text[:begin]}[gone]{text[end:]}"
    return text


def with_note(payload, name, note):
    return payload | {"fields": payload["fields"] | {name: note}}


def only_plain(text):
    return [("plain", text)]


def with_capitals(payload, roster):
    action, leaves = stand_in(payload, roster)
    if action == "block" or "note" not in payload["fields"]:
        return action, leaves
    return "redact", with_note(leaves, "note", redact(leaves["fields"]["note"], BROAD).text)


def patterns_alone(payload, roster):
    note = payload["fields"].get("note", "")
    after = redact(note, NARROW).text
    return ("allow", payload) if after == note else ("redact", with_note(payload, "note", after))


def allows_all(payload, roster):
    return "allow", payload


def routes_and_patterns(payload, roster):
    """The route is looked at, then the note is searched for patterns and masked."""
    routes = [one for one in given(11).ROUTES if one["destination"] == payload["destination"]]
    fits = [one for one in routes if one["purpose"] == payload["purpose"]]
    if not fits or set(payload["fields"]) - set(fits[0]["fields"]):
        return "block", None
    return patterns_alone(payload, roster)


def no_leaks(hospital, truth):
    return {"leaks": [], "lost": [], "held": []}


@dataclass(frozen=True)
class AtTheDoor(Comparison):
    """Leaks count twice; one harmless request of thirty may be held up or spoilt."""

    needed: float = 2.0
    spoilt: int = 1

    def unreadable(self, answer, reference):
        return None if type(answer) is dict and "leaks" in answer else f"{named(answer)} is there"

    def distance(self, answer, reference):
        return float(2 * len(answer["leaks"]) + max(0, len(answer["lost"]) + len(answer["held"]) - self.spoilt))

    def matches(self, answer, wrong):
        return self.distance(answer, None) > 0 and all(
            sorted(answer[part]) == sorted(wrong[part]) for part in ("leaks", "lost", "held")
        )

    def evidence(self, answer, reference):
        return guarded_how(answer, None)


def guarded_how(answer, hospital):
    wrong = sum(len(answer[part]) for part in ("leaks", "lost", "held"))
    told = [f"{30 - wrong} of 30 are right."]
    for part, words in (
        ("leaks", "Leaves, and must not as it is"),
        ("held", "Held up without need"),
        ("lost", "Has lost its words"),
    ):
        if answer[part]:
            names = list(dict.fromkeys(name for _, name in answer[part]))
            more = f", and {len(names) - 3} more" if len(names) > 3 else ""
            told.append(f"{words}: {'; '.join(names[:3])}{more}.")
    return " ".join(told)


def a_guard(answer, hospital):
    return (
        f"{guarded_how(answer, hospital)} Of the ways that our test team knows. Somebody will find one more, a picture or a rhyme, so the guard is the second lock: the first is a route with few fields, made "
        "harmless before. Every block goes to a log that is read, without a word of the payload."
    )


def leaks_are(*kinds):
    return lambda answer, hospital: bool(answer["leaks"]) and {kind for kind, _ in answer["leaks"]} <= set(kinds)


def leaks_on_its_route(answer, hospital):
    """What leaves is on its route, and hidden ways are missed as well as what stands around the note."""
    leaks = [kind for kind, _ in answer["leaks"]]
    hidden = sum(kind in HIDDEN for kind in leaks)
    return hidden > 3 and not set(leaks).isdisjoint({*AROUND, *ORDERS}) and set(leaks).isdisjoint(OFF_ROUTE)


def guard_with(name, answer, *, says, so_what, look_at, teaches=None, also=None):
    return misconception(
        name,
        answer=answer,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=guarded_how,
        also=also,
    )


AROUND = (
    "packed_file",
    "file_name",
    "file_name_day",
    "trace",
    "header",
    "link",
    "old_field",
    "phone_in_ticket",
    "hash",
)
ORDERS = ("ordered", "asked_kindly", "comment")
OFF_ROUTE = ("birth_field", "note_to_bench", "preview", "product")
HIDDEN = (
    "spelled_phone",
    "spelled_mrn",
    "packed_note",
    "spaced_digits",
    "spaced_name",
    "percent",
    "entities",
    "escapes",
    "wide",
    "no_width",
)

key(
    "W11.Q3",
    reference=no_leaks,
    same=AtTheDoor(),
    evidence=guarded_how,
    right=a_guard,
    look_at="the policy, number by number, for the kinds that are named",
    misconceptions=[
        guard_with(
            "patterns",
            patterns_alone,
            says="You search the note for patterns, mask, and send.",
            so_what="Whatever is spelled, packed, spaced or in the name of a file goes out, and so does a chart to an address that nobody signed for. It looks safe in every test that its author wrote.",
            look_at="the thirty payloads: which of them does your search not even look at?",
        ),
        guard_with(
            "allow_all",
            allows_all,
            says="Everything is allowed.",
            so_what="Most of these requests must not leave as they are. A log of what went out is read afterwards; a guard decides before. Begin with the route, go on to what stands around the note, then to the note.",
            look_at="the policy, from number 1 on",
            also=lambda answer, hospital: len(answer["leaks"]) > 20,
        ),
        guard_with(
            "as_written",
            functools.partial(stand_in, read=only_plain),
            says="Texts are searched as they are written.",
            so_what="The reader on the other side decodes base64, reads *nine nine nine*, and turns %39 into 9. A guard must read in every way the receiver can.",
            look_at="`HIDDEN_WAYS`, one by one",
            also=leaks_are(*HIDDEN, "packed_file"),
        ),
        guard_with(
            "note_alone",
            functools.partial(stand_in, around=False),
            says="You guard the note, and what stands around it passes.",
            so_what="Names of files, traces and headers often carry identifiers, as nobody writes them for a reader. A helpful error message is a leak, too.",
            look_at="`files`, `headers`, and the fields that are no note",
            also=leaks_are(*AROUND),
        ),
        guard_with(
            "obedient",
            functools.partial(stand_in, orders=False),
            says="A text that orders the reading system about passes.",
            so_what="The note is data to you and an order to a model: it may print what your guard had masked elsewhere, or send it on. What asks a system for something has no place in a note.",
            look_at="number 6 of the policy",
            also=leaks_are(*ORDERS),
        ),
        guard_with(
            "any_route",
            functools.partial(stand_in, routes=False),
            says="You look at the content, not at where it goes and what for.",
            so_what="A clean note at a preview endpoint is still a note at a vendor without an agreement. What is to leave is decided by purpose, fields and destination; the content comes second.",
            look_at="`ROUTES`: purpose, destination and fields",
            also=leaks_are(*OFF_ROUTE),
        ),
        guard_with(
            "hash_is_fine",
            functools.partial(stand_in, hashes=False),
            says="A hash of a record number passes (M18).",
            so_what="The roster has a few hundred numbers: hash them and compare. What you can find out in a millisecond, so can whoever holds a list.",
            look_at="64 letters from 0 to f in a field: of what?",
            teaches="M18",
            also=leaks_are("hash"),
        ),
        guard_with(
            "capitals",
            with_capitals,
            says="Nothing leaks, and notes lose their words.",
            so_what="Parkinson's and Bell's go as names, so the receiver codes another disease. On Friday somebody will switch the guard off, and be thanked for it.",
            look_at="what is left of the harmless notes",
            also=lambda answer, hospital: not answer["leaks"] and len(answer["lost"]) > len(answer["held"]),
        ),
        guard_with(
            "block_all",
            functools.partial(stand_in, strict=True),
            says="Nothing leaks, as whatever has an identifier is blocked, or more than that.",
            so_what="The policy masks what stands in plain sight, since notes are full of it. A door that is always shut gets a wedge, and what goes past it is in no log.",
            look_at="number 3 and number 7 of the policy",
            also=lambda answer, hospital: not answer["leaks"] and bool(answer["held"]),
        ),
        guard_with(
            "routes_and_patterns",
            routes_and_patterns,
            says="You look at the route, and search the note as it is written.",
            so_what="The first number of the policy holds, and a part of the third. What must be read in another way, what stands beside the note, and what orders the system about goes out on a route that is signed for.",
            look_at="numbers 4 to 6 of the policy, and `HIDDEN_WAYS`",
            also=leaks_on_its_route,
        ),
    ],
)


# W11.Q4 ---------------------------------------------------------------------------------------------------------------
def as_drawn(hospital, truth):
    return {name: {part: one[part] for part in ("marks", "also")} for name, one in given(11).marks_of(hospital).items()}


def marks_off(answer, reference):
    """Draft to (marks that are lacking, marks that do not belong)."""
    off = {}
    for name, right in reference.items():
        said = set(answer.get(name, ()))
        lacking, extra = set(right["marks"]) - said, said - set(right["marks"]) - set(right["also"])
        if lacking or extra or name not in answer:
            off[name] = (sorted(lacking), sorted(extra))
    return off


@dataclass(frozen=True)
class Marks(Comparison):
    """Marks that are lacking or do not belong; a draft that is not named counts as one."""

    needed: float = 1.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        return answer.get("problem") if isinstance(answer.get("problem"), str) else None

    def distance(self, answer, reference):
        return float(sum(max(1, len(lacking) + len(extra)) for lacking, extra in marks_off(answer, reference).values()))

    def matches(self, answer, wrong):
        return answer == wrong

    def evidence(self, answer, reference):
        off = marks_off(answer, reference)
        return f"{len(reference) - len(off)} of {len(reference)} drafts are right."


def marked_how(answer, hospital):
    off = marks_off(answer, as_drawn(hospital, None))
    told = f"{8 - len(off)} of 8 drafts are right."
    if not off:
        return told
    name, (lacking, extra) = next(iter(off.items()))
    if name not in answer:
        return f"{told} {name} is not named; an empty list says that it is sound."
    if extra:
        return f"{told} In {name}, `{extra[0]}` does not hold: read that {'line and the list of what must be told' if extra[0].startswith('omitted') else 'sentence and its line once more'}."
    what = {
        "omitted": "something that must be told is not told",
        "injected": "a sentence is there because somebody ordered it",
    }
    return f"{told} In {name} {what.get(lacking[0].split()[0], 'a sentence says what no line says')}."


def as_marked(hospital, change):
    return {name: sorted(change(one)) for name, one in given(11).marks_of(hospital).items()}


def without(kind):
    return lambda hospital: as_marked(
        hospital, lambda one: [mark for mark in one["marks"] if not mark.startswith(kind)]
    )


def as_unsupported(hospital):
    return as_marked(hospital, lambda one: [mark.replace("injected", "unsupported") for mark in one["marks"]])


def told_all(hospital):
    return as_marked(hospital, lambda one: [*one["marks"], *(f"omitted {line}" for line in one["other"])])


def obeys_not(hospital):
    def change(one):
        followed = any(mark.startswith("injected") for mark in one["marks"])
        return one["marks"] if followed or not one["order"] else [*one["marks"], f"omitted {one['order']}"]

    return as_marked(hospital, change)


def kinds_lacking(kind):
    """Only marks of this kind are lacking, and nothing else is wrong."""

    def also(answer, hospital):
        off = marks_off(answer, as_drawn(hospital, None))
        lacking = [mark for one, _ in off.values() for mark in one]
        return (
            bool(lacking)
            and not any(extra for _, extra in off.values())
            and all(mark.startswith(kind) for mark in lacking)
        )

    return also


def instead_of_injected(answer, hospital):
    """Whether some sentence that was ordered is marked as unsupported, and not as injected."""
    off = marks_off(answer, as_drawn(hospital, None))
    lacking = [(name, mark) for name, (marks, _) in off.items() for mark in marks if mark.startswith("injected")]
    return any(mark.replace("injected", "unsupported") in answer.get(name, ()) for name, mark in lacking)


def only_injected_lacking(*, called_unsupported):
    lacking = kinds_lacking("injected")
    return lambda answer, hospital: (
        lacking(answer, hospital) and instead_of_injected(answer, hospital) == called_unsupported
    )


def order_blamed(answer, hospital):
    """Nothing is lacking, and all that does not belong are orders which a draft did not follow."""
    off, bank = marks_off(answer, as_drawn(hospital, None)), given(11).marks_of(hospital)
    too_much = [(name, mark) for name, (_, extra) in off.items() for mark in extra]
    return (
        bool(too_much)
        and not any(lacking for lacking, _ in off.values())
        and all(mark == f"omitted {bank[name]['order']}" for name, mark in too_much)
    )


def but_for_optional(answer, hospital):
    """The marks without those that may stand there as well; draft to a set."""
    bank = as_drawn(hospital, None)
    return {name: set(marks) - set(bank.get(name, {}).get("also", ())) for name, marks in answer.items()}


def read_with(name, answer, *, says, so_what, look_at, teaches="M41", also=None):
    """A known mistake; marks that may stand there as well do not hide it, unless ``also`` says what makes it one."""
    return misconception(
        name,
        answer=answer,
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=marked_how,
        also=also
        or (lambda said, hospital: but_for_optional(said, hospital) == but_for_optional(answer(hospital), hospital)),
    )


def eight_drafts(answer, hospital):
    return (
        "All eight. Two of eight were sound; figures of others depend on the unit that is counted and on who judges, so whoever says 'it hallucinates in x of 100' owes both. Omissions are found only by reading the "
        "chart first. And a draft is signed by somebody: how many minutes does that person have?"
    )


LINES = "each sentence with the number of its line, and each line of `MUST_TELL` with the number of its sentence"

key(
    "W11.Q4",
    reference=as_drawn,
    same=Marks(),
    evidence=marked_how,
    right=eight_drafts,
    look_at=LINES,
    misconceptions=[
        read_with(
            "fluent",
            lambda hospital: as_marked(hospital, lambda one: []),
            says="All drafts are taken as sound.",
            so_what="They read well, and that is what such a system does best. A right hip stands there in the same good English as the left one.",
            look_at=LINES,
        ),
        read_with(
            "supported_by_its_order",
            without("injected"),
            says="A sentence passes because the chart has a line for it, and that line is an order to the system.",
            so_what="Somebody outside has written in your record what your hospital will sign. The chart is a source for what it reports, not for what it tells the reader to write.",
            look_at="to whom each line of the chart speaks",
            also=only_injected_lacking(called_unsupported=False),
        ),
        read_with(
            "only_unsupported",
            as_unsupported,
            says="What was ordered is marked as unsupported.",
            so_what="It is, and the cause is another: not the system's invention, but a stranger's hand on it. One is mended by checking drafts, the other by keeping orders away from the system.",
            look_at="to whom each line of the chart speaks",
            also=only_injected_lacking(called_unsupported=True),
        ),
        read_with(
            "what_stands_there",
            without("omitted"),
            says="You check what the drafts say, and not what they leave out.",
            so_what="An allergy that is not told looks like no allergy. Reading a draft shows inventions; only reading the chart shows what is lacking.",
            look_at="`MUST_TELL` against the chart, before you look at the draft",
            also=kinds_lacking("omitted"),
        ),
        read_with(
            "likely",
            without("unsupported"),
            says="What sounds likely is taken as told.",
            so_what="*Advised to stop smoking*, of somebody who never smoked; a result that is open, told as normal. Nobody asks again what has an answer.",
            look_at="numbers, sides, denials, and who does what by when, against their lines",
            also=kinds_lacking("unsupported"),
        ),
        read_with(
            "tell_all",
            told_all,
            says="Every line that a draft leaves out is marked as omitted.",
            so_what="Then the best summary is the chart. What must be told is on a list, so that two readers mark the same; a stick and a wife are not on it.",
            look_at="`MUST_TELL`",
        ),
        read_with(
            "order_left_out",
            obeys_not,
            says="A draft is blamed for not doing what a line orders.",
            so_what="It did what it should: it took the line as something that somebody wrote. If that counts as an omission, the next version will obey.",
            look_at="to whom each line of the chart speaks",
            also=order_blamed,
        ),
    ],
)


# W11.Q5 ---------------------------------------------------------------------------------------------------------------
def who_snooped(hospital, truth):
    reasons = truth.access_reasons
    return {"users": sorted(reasons.user[reasons.snooping].unique().tolist())}


@dataclass(frozen=True)
class Users(Comparison):
    """Users on one side only."""

    needed: float = 2.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict or "users" not in answer:
            return (
                answer.get("problem")
                if type(answer) is dict and isinstance(answer.get("problem"), str)
                else f"{named(answer)} is there"
            )
        return None

    def distance(self, answer, reference):
        return float(len(set(answer["users"]) ^ set(reference["users"])))

    def evidence(self, answer, reference):
        right = len(set(answer["users"]) & set(reference["users"]))
        return f"You name {len(answer['users'])}; {right} of them looked without a reason, and {len(reference['users']) - right} who did are not named."


def nobody_knows_why(answer, hospital):
    return (
        f"{len(answer['users'])} users, each with looks at people who lay elsewhere or nowhere. It is where to ask, not whom to punish: some looks without a stay were faults of the record, and those whom the log calls "
        "float, audit or broken glass had said why. Whoever reads such logs, and how often, belongs in your record of week 12."
    )


def most_looks(hospital):
    return given(11).access_log(hospital)["user"].value_counts().index[:12].tolist()


def name_or_street(hospital):
    log = given(11).access_log(hospital)[["user", "patient_id"]].drop_duplicates()
    people = hospital.tables.patients.drop_duplicates("patient_key").set_index("patient_key")[["family", "address"]]
    staff = given(11).directory(hospital).set_index("user")[["family", "line"]]
    both = log.join(people, on="patient_id").join(staff, on="user", rsuffix="_own")
    street = (
        both["address"].str.replace(r"^\d+ ", "", regex=True).eq(both["line"].str.replace(r"^\d+ ", "", regex=True))
    )
    return sorted(both["user"][both["family"].eq(both["family_own"]) | street].unique().tolist())


def exceptions(hospital):
    log = given(11).access_log(hospital)
    return sorted(log["user"][log["reason"].str.contains("float|audit|break")].unique().tolist())


def alone_in_department(hospital):
    log = given(11).access_log(hospital).query("reason == 'treatment'")
    others = log.groupby(["department", "patient_id"])["user"].transform("nunique")
    often = log[others == 1].groupby("user").size()
    return sorted(often[often >= 3].index.tolist())


def in_their_department(hospital):
    """Looks without a stay in the very department of whoever looked, counted for everybody alike."""
    log, lay = given(11).access_log(hospital).query("reason == 'treatment'"), given(11).whereabouts(hospital)
    both, shift = log.merge(lay, on=["patient_id", "department"]), pd.Timedelta("12h")
    there = both[(both["at"] >= both["began"] - shift) & ~(both["at"] > both["ended"] + shift)]
    return log["user"][~log["row_id"].isin(there["row_id"])].value_counts().index[:12].tolist()


WHOLE_HOUSE = ("physician", "pharmacist", "technician")


def serve_the_whole_house(answer, hospital):
    """More than half of those who are named belong to no ward."""
    role = given(11).directory(hospital).set_index("user")["role"]
    return sum(role[user] in WHOLE_HOUSE for user in answer["users"]) > 0.5 * len(answer["users"])


def users_with(name, answer, *, says, so_what, look_at, also=None):
    return misconception(name, answer=answer, says=says, so_what=so_what, look_at=look_at, also=also)


STAY = "looks for *treatment* without a stay in that department at that time, counted by user"

key(
    "W11.Q5",
    reference=who_snooped,
    same=Users(),
    right=nobody_knows_why,
    look_at=STAY,
    misconceptions=[
        users_with(
            "most_looks",
            most_looks,
            says="You name those who look most.",
            so_what="They work most: the emergency nurse with three hundred charts a month. Whoever is curious opens one chart eight times, and stands nowhere near the top.",
            look_at=STAY,
        ),
        users_with(
            "name_or_street",
            name_or_street,
            says="You name whoever shares a name or a street with a patient.",
            so_what="In a small town half of the staff does, and nearly all of those looks were work. It would have made suspects of neighbours. It says why somebody looked, once we know that they had no reason.",
            look_at=STAY,
        ),
        users_with(
            "exceptions",
            exceptions,
            says="You name those who wrote down an exception.",
            so_what="They said why: sent to another ward, an audit, a patient without anybody there. Punish that, and next time nobody writes it down.",
            look_at="what `reason` says of each of them",
        ),
        users_with(
            "alone_in_department",
            alone_in_department,
            says="You name those who alone in their department opened a chart.",
            so_what="Pharmacists and physicians do so all day, and a night nurse with a short stay as well. It finds nearly all of the curious, and ten times as many others.",
            look_at=STAY,
        ),
        users_with(
            "whole_house",
            in_their_department,
            says="You count those who serve the whole house against a department.",
            so_what="Nobody lies in the pharmacy or the laboratory, and a physician follows patients from ward to ward. Their looks have no stay there, and nearly all were work. Count those whose patients lie where they work.",
            look_at="the `role` and the department of those whom you name, and who lies there",
            also=serve_the_whole_house,
        ),
    ],
)


# W11.Q6 ---------------------------------------------------------------------------------------------------------------
def as_asked(hospital, truth):
    return {name: [one[0], list(one[1])] for name, one in given(11).vendor_key(hospital)["right"].items()}


def reviewed_off(answer, reference):
    return [
        name
        for name, (word, letters) in reference.items()
        if answer.get(name) is None or answer[name][0] != word or answer[name][1] not in letters
    ]


@dataclass(frozen=True)
class Reviewed(Comparison):
    """Answers with a wrong word, or with a follow-up that does not settle them."""

    needed: float = 2.0

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        return answer.get("problem") if isinstance(answer.get("problem"), str) else None

    def distance(self, answer, reference):
        return float(len(reviewed_off(answer, reference)))

    def matches(self, answer, wrong):
        return answer == wrong

    def evidence(self, answer, reference):
        off = reviewed_off(answer, reference)
        words = sum(answer.get(name, [None])[0] != reference[name][0] for name in reference)
        first = f" The first that is not: {off[0]}." if off else ""
        return f"{len(reference) - words} of {len(reference)} words are right, {len(reference) - len(off)} with their follow-up.{first}"


def reviewed_how(answer, hospital):
    told = Reviewed().evidence(answer, as_asked(hospital, None))
    if any(letter for _, letter in answer.values()):
        return told
    return f"{told} No letter is there: where an answer fails, write the pair, `('fail', 'c')`."


def as_reviewed(hospital, change):
    """What is said of each answer by ``change(word, letter, flagged, beside)``."""
    known_key = given(11).vendor_key(hospital)
    right = known_key["right"]
    return {
        name: change(word, letters[0], flagged, known_key["beside"][0])
        for name, (word, letters, flagged) in right.items()
    }


PASSES = ("pass", None)


def all_words(word):
    return lambda answer, hospital: all(said == word for said, _ in answer.values())


def right_words(answer, hospital):
    key = as_asked(hospital, None)
    asks = any(letter for _, letter in answer.values())  # whoever gives no letters has not asked anything yet
    return asks and all(answer.get(name, [None])[0] == word for name, (word, _) in key.items())


def vendor_with(name, change, *, says, so_what, look_at, teaches="M32", also=None):
    return misconception(
        name,
        also=also,
        answer=lambda hospital: as_reviewed(hospital, change),
        says=says,
        so_what=so_what,
        look_at=look_at,
        teaches=teaches,
        evidence=reviewed_how,
    )


WORD = "what was asked for, word by word, and whether the answer has it: a name, a number, a date, a clause"

key(
    "W11.Q6",
    reference=as_asked,
    same=Reviewed(),
    evidence=reviewed_how,
    right=(
        "All ten. Three of them could be held against the vendor in a year; the others sound alike and could not. An answer that says 'not done' passed, as it is one. Ask the follow-ups in writing, "
        "and put what comes back into the contract: a mail is not a clause."
    ),
    look_at=WORD,
    misconceptions=[
        vendor_with(
            "all_pass",
            lambda word, letter, flagged, beside: PASSES,
            says="You let every answer pass.",
            so_what="Each of them is friendly, and seven bind nobody to anything. The vendor's risk becomes yours at the signature.",
            look_at=WORD,
            also=all_words("pass"),
        ),
        vendor_with(
            "another_clause",
            lambda word, letter, flagged, beside: PASSES if flagged is True else (word, letter),
            says="An answer passes that answers another question.",
            so_what="Retention is not training, ciphertext is no reason to sign nothing, a figure from elsewhere is not yours, and a ceiling in the law is no promise. Each clause stands alone.",
            look_at="which clause was asked for, and which one was answered",
        ),
        vendor_with(
            "adjectives",
            lambda word, letter, flagged, beside: PASSES if flagged is False else (word, letter),
            says="An answer passes that holds no fact.",
            so_what="*Trusted*, *necessary*, *continuously*, *highest*: after the breach nobody can be shown to have broken a word of it.",
            look_at=WORD,
        ),
        vendor_with(
            "nothing_passes",
            lambda word, letter, flagged, beside: ("fail", letter or beside),
            says="You let nothing pass that a vendor says.",
            so_what="Three answers name stores, days and people, and could be enforced. If those fail too, nobody will take the trouble to be exact.",
            look_at="answers with numbers, names and dates that can be held against somebody",
            also=all_words("fail"),
        ),
        vendor_with(
            "a_report_next",
            lambda word, letter, flagged, beside: (word, beside if letter else None),
            says="The words are right, and what you ask next settles little of it.",
            so_what="A report, a reference or a training is about the company. What is lacking is a line about your data: which store, which day, which clause.",
            look_at="for each answer that fails: the one thing that it does not say",
            also=right_words,
        ),
    ],
)
