"""Week 1: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import copy

import pandas as pd
from wardround.course.compare import frames, number, parts
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome

LOINC = "http://loinc.org"


# W01.P1 and W01.Q1 ----------------------------------------------------------------------------------------------------
outcome("W01.P1", lambda hospital, truth: len(truth.persons))


def counted(hospital, truth):
    """From the truth: identities are the records, the ledger knows which lines repeat and which records are joined."""
    ledger = truth.ledger
    of_patients = ledger[ledger.resource_type.eq("Patient")]
    repeated = int(of_patients.fault.eq("repeated_line").sum())
    joined = int(ledger.fault.eq("duplicate_joined").sum())
    records = len(truth.identities)
    return {"lines": records + repeated, "resources": records, "people": records - joined}


def patients(hospital):
    """The distinct Patient resources."""
    return list({p["id"]: p for p in hospital.resources("Patient")}.values())


def names_and_birthdays(hospital):
    return {
        "people": len({(p["name"][0]["family"], *p["name"][0]["given"], p["birthDate"]) for p in patients(hospital)})
    }


key(
    "W01.Q1",
    reference=counted,
    same=parts({"lines": number(atol=0.5), "resources": number(atol=0.5), "people": number(atol=0.5)}),
    right=(
        "Three numbers, all of them correct, from one valid file. Which one a report means must be said in the report. "
        "Run `reveal('W01.P1')` now: people the links do not know about are still in there twice."
    ),
    look_at="lesson 1, section 3, one `Patient` that carries a `link`",
    misconceptions=[
        misconception(
            "records_are_people",
            answer=lambda hospital: {"people": len(patients(hospital))},
            says="You counted a person for each Patient resource.",
            so_what="A Patient resource is a record, not a human being: who came to both sites may have two, and her "
            "creatinine from one is missing in the other.",
            look_at="the field `link` of `Patient`",
            teaches="M16",
        ),
        misconception(
            "active_only",
            answer=lambda hospital: {"people": sum(p.get("active", True) for p in patients(hospital))},
            says="You left out the records with `active: false` and counted the rest.",
            so_what="That catches records that were replaced. Two records that are both in use and point at each other "
            "(`seealso`) still count as two people.",
            look_at="the different values of `link.type`",
            teaches="M16",
        ),
        misconception(
            "linked_left_out",
            answer=lambda hospital: {"people": sum("link" not in p for p in patients(hospital))},
            says="You took away both records of each linked pair.",
            so_what="A link says that two records are one person, and it is written on both. Taking both away loses the "
            "person: one who came to both sites, with half a history in each.",
            look_at="both records of one `replaces` pair, side by side",
            teaches="M16",
        ),
        misconception(
            "same_name_same_person",
            answer=names_and_birthdays,
            says="You counted different names with birth dates.",
            so_what="That guesses where the record states: it joins strangers who share both and parts a person whose "
            "name was typed in two ways. A false merge puts one patient's allergies on another.",
            look_at="`Patient.link`, which is what the registration desk has decided; guessing comes in week 2",
            teaches="M16",
        ),
        misconception(
            "lines_are_resources",
            answer=lambda hospital: {"resources": sum(1 for _ in hospital.resources("Patient"))},
            says="You counted lines where resources were asked.",
            so_what="Some resources stand on two lines, as after an interrupted export. Counted twice, a patient is "
            "called twice.",
            look_at="ids that occur more than once",
            teaches="M16",
        ),
    ],
)


# W01.Q2 ---------------------------------------------------------------------------------------------------------------
def read_by_hand(hospital, truth):
    """The two columns by plain dictionary access, without any view."""
    rows = {}
    for result in given(1).laboratory_page(hospital):
        loinc = [coding["code"] for coding in result["code"]["coding"] if coding["system"] == LOINC]
        rows[result["id"]] = {"loinc": loinc[0] if loinc else None, "known_at": result.get("issued")}
    keyed = pd.DataFrame.from_dict(rows, orient="index")
    ids = [result["id"] for result in given(1).laboratory_page(hospital)]
    return keyed.loc[ids].rename_axis("result_id").reset_index()


RIGHT = {"loinc": f"code.coding.where(system = '{LOINC}').code.first()", "known_at": "issued"}


def view_with(**paths):
    """A misconception's view: the given one plus these columns; those not named are right."""

    def made(hospital):
        view = given(1).laboratory_view()
        columns = view["select"][0]["column"]
        columns += [{"name": name, "path": path} for name, path in (RIGHT | paths).items()]
        return view

    return made


def exploded(hospital):
    view = copy.deepcopy(given(1).laboratory_view())
    view["select"][0]["column"].append({"name": "known_at", "path": RIGHT["known_at"]})
    view["select"].append({"forEach": "code.coding", "column": [{"name": "loinc", "path": "code"}]})
    return view


def share_without_loinc(answer, hospital):
    """How many codes in the column are not LOINC's: LOINC codes are digits, a dash, and one check digit."""
    codes = answer["loinc"].dropna().astype(str)
    foreign = codes[~codes.str.fullmatch(r"\d+-\d")]
    return f"{len(foreign):,} of {len(answer):,} entries are not LOINC codes, `{foreign.iloc[0]}` among them."


key(
    "W01.Q2",
    reference=read_by_hand,
    same=frames(on="result_id"),
    right=(
        "One row a result, whatever order the codings came in, and a time that an alert may use. The same dictionary "
        "runs unchanged on any server that speaks SQL on FHIR."
    ),
    look_at="lesson 1, sections 4 and 5: the codings of one result, and its two times",
    misconceptions=[
        misconception(
            "codings_exploded",
            answer=exploded,
            says="You made a row for each coding, so a result with two codings stands there twice.",
            so_what="A mean over these rows weighs such results double, and whoever counts rows counts tests that nobody "
            "drew.",
            look_at="how many rows one `result_id` has",
            teaches="M16",
        ),
        misconception(
            "first_coding",
            answer=view_with(loinc="code.coding.first().code"),
            says="You took the first coding, whichever system it belongs to.",
            so_what="The order of codings means nothing in FHIR. Here the local code comes first for some results: they "
            "fall out of every query by LOINC, and nobody sees them go.",
            look_at="the `system` of the first coding in ten results",
            teaches="M15",
            evidence=share_without_loinc,
        ),
        misconception(
            "name_for_code",
            answer=view_with(loinc="code.text"),
            says="The column holds the name of the test and not its LOINC code.",
            so_what="A name is for reading. Glucose in blood and glucose in urine share one, and the next site writes it "
            "in its own way.",
            look_at="`code.text` beside `code.coding`",
            teaches="M15",
        ),
        misconception(
            "drawn_not_known",
            answer=view_with(known_at="effective.ofType(dateTime)"),
            says="`known_at` holds the time at which the blood was drawn.",
            so_what="Nobody could read the value then: it was issued about an hour later. A model trained on this column "
            "knows every result before the ward does.",
            look_at="`effectiveDateTime` and `issued` of one result",
            teaches="M12",
        ),
    ],
)
