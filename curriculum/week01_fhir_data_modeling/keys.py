"""Week 1: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import copy
import json

import pandas as pd
from wardround.course.compare import frames, number, parts, sets
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome

LOINC = "http://loinc.org"


# W01.P1 and W01.Q1 ----------------------------------------------------------------------------------------------------
def without_a_link(hospital, truth, people):
    return (
        f"By the links you counted {counted(hospital, truth)['people'] - people:,.0f} more. They are the same people with "
        "no link between their records: no file says so, only the simulation knows. Week 2 goes looking for them."
    )


outcome("W01.P1", lambda hospital, truth: len(truth.persons), remark=without_a_link, after="W01.Q1")


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


def pairs(hospital):
    """The links between records, each once."""
    joined = (
        (p["id"], link["other"]["reference"].split("/")[1]) for p in patients(hospital) for link in p.get("link", [])
    )
    return {frozenset(pair) for pair in joined}


def lines_without_pairs(hospital):
    return {"people": sum(1 for _ in hospital.resources("Patient")) - len(pairs(hospital))}


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
            says="You counted a person for each Patient resource, or for each record number.",
            so_what="A Patient resource is a record, not a human being: who came to both sites may have two, and her "
            "creatinine from one is missing in the other.",
            look_at="the field `link` of `Patient`",
            teaches="M16",
        ),
        misconception(
            "active_only",
            answer=lambda hospital: {"people": sum(p.get("active", True) for p in patients(hospital))},
            says="You left out the replaced records (`active: false`, or a link `replaced-by`) and counted the rest.",
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
        misconception(
            "resources_are_lines",
            answer=lambda hospital: {"lines": len(patients(hospital))},
            says="You counted each Patient once where lines were asked.",
            so_what="Repeated lines are the trace of an export that broke off and was resumed. A load that folds them "
            "before counting never learns that it happened, or what else was cut.",
            look_at="the list that `hospital.resources` hands out, before anything is made single",
            teaches="M16",
        ),
        misconception(
            "pairs_taken_from_lines",
            answer=lines_without_pairs,
            says="You took the linked pairs away from the number of lines.",
            so_what="Records that stand on two lines are then still two people. Each of them would be invited, or "
            "counted into a rate, twice.",
            look_at="from which of the other two counts people are made",
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


def only_loinc_rows(hospital):
    view = copy.deepcopy(given(1).laboratory_view())
    view["select"][0]["column"].append({"name": "known_at", "path": RIGHT["known_at"]})
    view["select"].append(
        {"forEach": f"code.coding.where(system = '{LOINC}')", "column": [{"name": "loinc", "path": "code"}]}
    )
    return view


def only_final(hospital):
    return view_with()(hospital) | {"where": [{"path": "status = 'final'"}]}


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
        "One row a result, whatever order the codings came in, and a time that an alert may use. What you wrote is a "
        "description by a published specification, and no code of this course."
    ),
    look_at="lesson 1, sections 5 and 6: the codings of one result, and its two times",
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
            "first_then_asked",
            answer=view_with(loinc=f"code.coding.first().where(system = '{LOINC}').code"),
            says="You took the first coding and then asked whether it is LOINC.",
            so_what="Where the local code stands first, the LOINC code behind it is thrown away. The order of codings "
            "means nothing in FHIR, and a new interface changes it without notice.",
            look_at="which comes first in your path, `first()` or `where(…)`",
            teaches="M15",
        ),
        misconception(
            "rows_of_loinc_only",
            answer=only_loinc_rows,
            says="You made a row for each LOINC coding, so a result without one has no row at all.",
            so_what="`forEach` drops what it finds nothing in, and nobody sees it go: all lost results are one "
            "hospital's. `forEachOrNull` keeps the row; `where(…)` with `first()` needs neither.",
            look_at="the ids that the given view has and yours has not",
            teaches="M16",
        ),
        misconception(
            "final_only",
            answer=only_final,
            says="You kept final results only.",
            so_what="A sound habit for a rate, and not asked here: this view is the base of others. Whoever needs to "
            "count corrected or withdrawn results can no longer see them.",
            look_at="the sentence on rows in the task",
            teaches="M16",
        ),
        misconception(
            "system_misspelt",
            answer=view_with(loinc="code.coding.where(system = 'LOINC').code.first()"),
            says="Your `loinc` is empty everywhere: no coding has the system that you asked for.",
            so_what="A system is an address, compared letter by letter; one `s` or `/` too many and every result is gone, "
            "without an error.",
            look_at="`system` of one coding, printed",
            teaches="M15",
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


# W01.Q3 ---------------------------------------------------------------------------------------------------------------
def meant(hospital, truth):
    """From the ledger: what each result was coded as before its LOINC code was lost."""
    lost = truth.ledger[truth.ledger.fault.eq("local_code")]
    codings = lost.before.map(lambda text: next(c["code"] for c in json.loads(text) if c["system"] == LOINC))
    return pd.DataFrame({"lab_key": lost.resource_id.to_numpy(), "loinc": codings.to_numpy()})


def dictionary(labs):
    """What local codes stand for, by the results that carry both; each entry once."""
    both = labs.dropna(subset=["loinc", "local_code"])
    return both[["local_system", "local_code", "loinc"]].drop_duplicates()


def every_local_code(tables):
    labs = tables.labs.dropna(subset=["local_code"])
    merged = labs.drop(columns="loinc").merge(dictionary(labs), on=["local_system", "local_code"])
    return merged[["lab_key", "loinc"]]


def local_code_kept(tables):
    labs = tables.labs
    return labs[labs.loinc.isna()][["lab_key", "local_code"]].rename(columns={"local_code": "loinc"})


def without_the_system(tables):
    labs = tables.labs
    lost = labs[labs.loinc.isna()].drop(columns="loinc")
    return lost.merge(dictionary(labs)[["local_code", "loinc"]], on="local_code")[["lab_key", "loinc"]]


def by_one_column(name):
    """A misconception that looks a lost result up by one column alone, one entry each."""

    def looked_up(tables):
        labs = tables.labs
        meaning = labs.dropna(subset=["loinc", "local_code"]).drop_duplicates(name).set_index(name).loinc
        lost = labs[labs.loinc.isna()]
        return lost[["lab_key"]].assign(loinc=lost[name].map(meaning))

    return looked_up


def repaired(tables):
    """What is right, for misconceptions that then do one thing more."""
    labs, on = tables.labs, ["local_system", "local_code"]
    lost = labs[labs.loinc.isna()].drop(columns="loinc")
    return lost.merge(dictionary(labs), on=on)


def by_the_unit(tables):
    rows = repaired(tables)
    rows.loc[rows.loinc.eq("2160-0") & rows.unit.eq("umol/L"), "loinc"] = "14682-9"
    return rows[["lab_key", "loinc"]]


def final_results_only(tables):
    rows = repaired(tables)
    return rows.loc[rows.status.eq("final"), ["lab_key", "loinc"]]


def no_code_at_all(answer, hospital):
    """For a column that holds names, or codes with their system in front."""
    strange = answer.loinc.dropna().astype(str)
    strange = strange[~strange.str.fullmatch(r"\d+-\d")]
    if strange.empty:
        return None
    return (
        f"Your `loinc` holds `{strange.iloc[0][:40]}` and {len(strange):,} such entries. A LOINC code is digits, a dash "
        "and one check digit: the code alone is asked, without its system or its name."
    )


def by_site(answer, hospital):
    labs = given(1).three_laboratories(hospital).labs.set_index("lab_key")
    rows = labs.reindex(answer.lab_key.drop_duplicates())
    already = int(rows.loinc.notna().sum())
    return f"{already:,} of your {len(rows):,} results carry a LOINC code already."


key(
    "W01.Q3",
    reference=meant,
    same=frames(on="lab_key"),
    right=(
        "All of them are Eastbank's. A query by LOINC over both hospitals loses 12 of 100 results there and none "
        "at Quillmere, so Eastbank's patients look as if fewer tests had been taken: a difference between sites that "
        "nobody's body made. Northgate's `K` would have misled whoever forgot the system."
    ),
    look_at="lesson 1, section 5: the last row of the table",
    evidence=no_code_at_all,
    misconceptions=[
        misconception(
            "translated_ones_too",
            answer=every_local_code,
            says="You took every result that has a local code, also those with LOINC beside it.",
            so_what="A local code next to LOINC is a translation, not a loss. Counted as lost, the problem looks several "
            "times its size and seems to concern both hospitals.",
            look_at="`loinc` of the results that you return",
            teaches="M15",
            evidence=by_site,
        ),
        misconception(
            "local_code_kept",
            answer=local_code_kept,
            says="You put the local code into the column `loinc`.",
            so_what="A model that meets `NA` beside `2951-2` learns that sodium is two tests, one of them only taken at "
            "Eastbank. The site leaks in through the code.",
            look_at="results of the same laboratory that carry both codes",
            teaches="M15",
        ),
        misconception(
            "two_dictionaries",
            answer=without_the_system,
            says="You merged on the code alone, and three laboratories' dictionaries answered.",
            so_what="Each result now stands there two or three times, a blood potassium once as the urine potassium "
            "that Northgate calls `K`.",
            look_at="`local_system`: a local code means something only within it",
            teaches="M16",
        ),
        misconception(
            "code_without_system",
            answer=by_one_column("local_code"),
            says="You looked each code up without its system.",
            so_what="`K` is potassium in blood at Eastbank and in urine at Northgate. Eastbank's results became urine "
            "tests, and an alert on potassium will not see them.",
            look_at="`local_system` of the entries in your dictionary",
            teaches="M15",
        ),
        misconception(
            "looked_up_by_name",
            answer=by_one_column("text"),
            says="You looked the results up by their name.",
            so_what="A name is for people: Northgate calls glucose in urine `Glucose` as well, so Eastbank's blood "
            "glucose became a urine test. Names also change more often than codes.",
            look_at="`text` beside `local_system` and `loinc`, for all three laboratories",
            teaches="M15",
        ),
        misconception(
            "coded_by_unit",
            answer=by_the_unit,
            says="You gave creatinine in umol/L the code for moles per volume.",
            so_what="It would fit the unit, and somebody must decide it. But it mends a second fault silently: here only "
            "the translation that was lost is asked, as the laboratory itself writes it.",
            look_at="what Eastbank writes beside `CREA` where it writes LOINC",
            teaches="M15",
        ),
        misconception(
            "final_results_only",
            answer=final_results_only,
            says="You kept final results only.",
            so_what="Sound for a rate, and not asked here: a withdrawn result without LOINC is lost to a query as well, "
            "and so is its withdrawal.",
            look_at="`status` of the results that you left out",
            teaches="M16",
        ),
    ],
)


# W01.P2 and W01.Q4 ----------------------------------------------------------------------------------------------------
HYPERTENSION = "I10"


def times_too_high(hospital, truth):
    rows = given(1).coding_rows(hospital)
    name = rows[rows.code.eq(HYPERTENSION)].display.iloc[0]
    of_it = rows[rows.display.eq(name)]
    return len(of_it) / of_it.patient_id.nunique()


outcome("W01.P2", times_too_high)


def patients_by_diagnosis(hospital, truth):
    """By plain dictionaries, without any rows: the set of patients of each diagnosis."""
    who = {}
    for condition in hospital.resources("Condition"):
        who.setdefault(condition["code"]["coding"][0]["display"], set()).add(condition["subject"]["reference"])
    return pd.DataFrame({"display": list(who), "patients": [len(patients) for patients in who.values()]})


def each(kept):
    """A misconception that counts rows within each diagnosis, after keeping some of them."""

    def patients_with(rows):
        return kept(rows).groupby("display").size().rename("patients").reset_index()

    return patients_with


def most_often(kept):
    """Evidence: the patient who counts most often under one diagnosis, by the same rule."""

    def told(answer, hospital):
        times = kept(given(1).coding_rows(hospital)).groupby(["display", "patient_id"]).size()
        display, patient = times.idxmax()
        return f"`{patient}` counts {times.max():,} times under *{display}* in yours."

    return told


def all_rows(rows):
    return rows


def lines_once(rows):
    return rows.drop_duplicates()


def conditions(rows):
    return rows.drop_duplicates(["display", "condition_id"])


def one_system(rows):
    return rows[rows.system.str.contains("icd-10")]


def one_for_each_code(rows):
    return rows.drop_duplicates(["patient_id", "code"])


def one_for_each_patient(rows):
    return rows.drop_duplicates("patient_id")


def crowded_out(answer, hospital):
    had = given(1).coding_rows(hospital).groupby("patient_id").display.nunique()
    return f"`{had.idxmax()}` has {had.max():,} diagnoses and counts under one of them in yours."


def more_or_less_than_asked(answer, hospital):
    """Two answers that are no mistake of grain: people instead of records, and only some diagnoses."""
    right = patients_by_diagnosis(hospital, None).set_index("display").patients
    mine = answer.set_index("display").patients
    if set(mine.index) < set(right.index) and mine.eq(right.reindex(mine.index)).all():
        return f"Each of your {len(mine):,} rows is right. All diagnoses are asked, also the rare ones."
    if mine.sort_index().equals(people_by_diagnosis(hospital).sort_index()):
        return "You joined linked records, and counted people: better than asked. Here count Patient records."
    return None


def people_by_diagnosis(hospital):
    stands_for = {max(pair): min(pair) for pair in pairs(hospital)}
    rows = given(1).coding_rows(hospital)
    people = rows.patient_id.map(lambda record: stands_for.get(record, record))
    return rows.assign(patient_id=people).groupby("display").patient_id.nunique()


key(
    "W01.Q4",
    reference=patients_by_diagnosis,
    same=frames(on="display"),
    right=(
        "One row is one diagnosis now, and `patients` is how many different Patient records have it: records, which are "
        "not quite people (Q1). That sentence is the grain, and it belongs beside every table. `reveal('W01.P2')` says "
        "how far off the colleague was."
    ),
    look_at="lesson 2, section 2: what has to happen for one more row",
    evidence=more_or_less_than_asked,
    misconceptions=[
        misconception(
            "rows_counted",
            answer=each(all_rows),
            says="You counted rows, as your colleague did.",
            so_what="A row is a coding. A patient counts once for each code system and each stay: someone with ten stays "
            "weighs like ten to twenty patients, and the clinic is planned for people who do not exist.",
            look_at="all rows of one patient",
            teaches="M16",
            evidence=most_often(all_rows),
        ),
        misconception(
            "only_lines_made_single",
            answer=each(lines_once),
            says="You dropped repeated rows and went on counting rows.",
            so_what="Repeated lines were the smallest part. Two codings of one diagnosis still count twice, and so does "
            "every further stay.",
            look_at="two rows of one `condition_id`, side by side: what differs?",
            teaches="M16",
            evidence=most_often(lines_once),
        ),
        misconception(
            "stays_counted",
            answer=each(conditions),
            says="You counted conditions: one for each stay in which the diagnosis was coded.",
            so_what="Half the flaw is gone. Patients who come often still count often, and they are the ones a "
            "readmission programme would double-count.",
            look_at="how many `condition_id` one patient has for one diagnosis",
            teaches="M16",
            evidence=most_often(conditions),
        ),
        misconception(
            "one_system_counted",
            answer=each(one_system),
            says="You kept one code system and then counted rows.",
            so_what="Each line counts once now; lines that stand twice still count twice, and so do patients with "
            "several stays.",
            look_at="how many rows one patient still has for one diagnosis",
            teaches="M16",
            evidence=most_often(one_system),
        ),
        misconception(
            "codes_counted",
            answer=each(one_for_each_code),
            says="You counted each patient once for each code.",
            so_what="Two codings of one diagnosis still count twice: whoever was coded in both systems weighs double, and "
            "the sender's habits decide who that is.",
            look_at="the codes that one patient has under one `display`",
            teaches="M16",
            evidence=most_often(one_for_each_code),
        ),
        misconception(
            "once_in_all",
            answer=each(one_for_each_patient),
            says="You kept one row for each patient over all diagnoses.",
            so_what="Whoever has hypertension and diabetes now has whichever came first in the file. The rarer diagnosis "
            "of every pair disappears from the plan.",
            look_at="what `drop_duplicates` was told to compare",
            teaches="M16",
            evidence=crowded_out,
        ),
    ],
)


# W01.Q5 ---------------------------------------------------------------------------------------------------------------
def from_the_ledger(hospital, truth):
    planted = truth.ledger[truth.ledger.resource_type.eq("MedicationRequest")]
    number_of = {fault: int(planted.fault.eq(fault).sum()) for fault in planted.fault.unique()}
    counts = hospital.counts.set_index("resource_type").resources
    conditional, dangling = number_of["conditional_reference"], number_of["dangling_reference"]
    rest = int(counts["MedicationRequest"]) - conditional - dangling
    return {"resolves": rest, "dangling": dangling, "conditional": conditional}


def sorted_into(requests, known):
    points = [request["requester"]["reference"] for request in requests]
    conditional = sum("?" in point for point in points)
    resolves = sum(known(point) for point in points if "?" not in point)
    return {"resolves": resolves, "dangling": len(points) - conditional - resolves, "conditional": conditional}


def ids_of(practitioners):
    return {f"Practitioner/{practitioner['id']}" for practitioner in practitioners}


def once(requests):
    return list({request["id"]: request for request in requests}.values())


def searches_run(requests, practitioners):
    numbers = {f"{i['system']}|{i['value']}" for p in practitioners for i in p.get("identifier", [])}
    known = ids_of(practitioners)
    points = [request["requester"]["reference"] for request in once(requests)]
    resolves = sum(point in known or point.partition("?identifier=")[2] in numbers for point in points)
    return {"resolves": resolves, "dangling": len(points) - resolves, "conditional": 0}


def form_is_enough(requests, practitioners):
    return sorted_into(once(requests), lambda point: point.startswith("Practitioner/"))


def lines_counted(requests, practitioners):
    known = ids_of(practitioners)
    return sorted_into(requests, lambda point: point in known)


def searches_dangle(requests, practitioners):
    known, points = ids_of(practitioners), [request["requester"]["reference"] for request in once(requests)]
    resolves = sum(point in known for point in points)
    return {"resolves": resolves, "dangling": len(points) - resolves, "conditional": 0}


key(
    "W01.Q5",
    reference=from_the_ledger,
    same=parts({name: number(atol=0.5) for name in ("resolves", "dangling", "conditional")}),
    right=(
        "Three different mends: a dangling reference needs a new export, a conditional one needs the search to be run, "
        "and only the rest can be joined today."
    ),
    look_at="lesson 1, section 4: what the two kinds mean",
    misconceptions=[
        misconception(
            "form_is_enough",
            answer=form_is_enough,
            says="You took a reference of the right form for one that arrives.",
            so_what="Nobody dangles in your count. In the join they vanish all the same, and with them prescriptions "
            "that patients were given.",
            look_at="whether the practitioner named is in the export",
            teaches="M16",
        ),
        misconception(
            "searches_dangle",
            answer=searches_dangle,
            says="You counted searches as dangling.",
            so_what="A search can be answered: the practitioner's number is in it. Reported as lost, repairable orders are "
            "thrown away.",
            look_at="references with a `?`",
            teaches="M16",
        ),
        misconception(
            "searches_run",
            answer=searches_run,
            says="You ran the searches, and counted what they found.",
            so_what="That is the mend, and a good one. The question is what the export holds as written: a loader that "
            "does not run them loses these, and you want that number first.",
            look_at="references with a `?`, counted as they stand",
            teaches="M16",
        ),
        misconception(
            "lines_counted",
            answer=lines_counted,
            says="You counted lines; some prescriptions stand on two.",
            so_what="A prescription counted twice is a dose counted twice.",
            look_at="ids that occur more than once",
            teaches="M16",
        ),
    ],
)


# W01.Q6 ---------------------------------------------------------------------------------------------------------------
HERE = "America/New_York"


def hours_possible(hospital, truth):
    """By the standard library's calendar, one stay after the other."""
    import datetime as dt
    from zoneinfo import ZoneInfo

    zone, rows = ZoneInfo(HERE), []
    for encounter in {e["id"]: e for e in hospital.resources("Encounter")}.values():
        end = encounter["period"].get("end", "")
        if encounter["class"]["code"] != "IMP" or len(end) != 10:
            continue
        begun = dt.datetime.fromisoformat(encounter["period"]["start"])
        day = dt.date.fromisoformat(end)
        midnights = [dt.datetime.combine(day + dt.timedelta(days=n), dt.time(), zone) for n in (0, 1)]
        low, high = ((midnight.timestamp() - begun.timestamp()) / 3600 for midnight in midnights)
        rows.append({"encounter_key": encounter["id"], "shortest": max(0.0, low), "longest": high})
    return pd.DataFrame(rows)


def day_only(tables):
    """Inpatient stays whose discharge is a bare date, with that day."""
    rows = tables.encounters
    rows = rows[rows.class_code.eq("IMP") & rows.discharged_raw.str.len().eq(10)]
    return rows, pd.to_datetime(rows.discharged_raw)


def lengths(rows, first, last):
    hours = pd.Timedelta(hours=1)
    shortest = ((first - rows.admitted_at) / hours).clip(lower=0)
    return pd.DataFrame(
        {"encounter_key": rows.encounter_key, "shortest": shortest, "longest": (last - rows.admitted_at) / hours}
    )


def at_midnight(tables):
    rows, day = day_only(tables)
    return lengths(rows, day.dt.tz_localize(HERE), day.dt.tz_localize(HERE))


def at_noon(tables):
    rows, day = day_only(tables)
    noon = day.dt.tz_localize(HERE) + pd.Timedelta(hours=12)
    return lengths(rows, noon, noon)


def in_utc(tables):
    rows, day = day_only(tables)
    return lengths(rows, day.dt.tz_localize("UTC"), (day + pd.Timedelta(days=1)).dt.tz_localize("UTC"))


key(
    "W01.Q6",
    reference=hours_possible,
    same=frames(on="encounter_key"),
    right=(
        "An interval is the honest answer, and it tells you what the data can carry: a rule about days of stay survives "
        "it, one about hours does not."
    ),
    look_at="`discharged_raw` of these stays, and the offset in `admitted_raw`",
    misconceptions=[
        misconception(
            "at_midnight",
            answer=at_midnight,
            says="You put every discharge at midnight, where the day begins.",
            so_what="Patients leave in the daytime. Every one of these stays became too short, all at one hospital, so "
            "Eastbank looks faster than it is.",
            look_at="what `pd.to_datetime` makes of a bare date",
            teaches="M16",
        ),
        misconception(
            "at_noon",
            answer=at_noon,
            says="You chose noon.",
            so_what="A guess in the middle is often near and never said to be a guess. Whoever uses the column takes it for "
            "a measured hour.",
            look_at="how many different hours of discharge your column implies",
            teaches="M16",
        ),
        misconception(
            "in_utc",
            answer=in_utc,
            says="You took the day to be one of Greenwich.",
            so_what="Eastbank's day begins four or five hours later. Some stays end, in your table, on the evening before "
            "the patient left.",
            look_at="the offset in `admitted_raw`",
            teaches="M16",
        ),
    ],
)


# W01.Q7 ---------------------------------------------------------------------------------------------------------------
def model_refuses(hospital, truth):
    """By the model of R4B in fhir.resources: what it refuses."""
    from fhir.resources.R4B.encounter import Encounter

    def refused(encounter):
        try:
            Encounter.model_validate(encounter)
        except ValueError:
            return True
        return False

    return {encounter["id"] for encounter in given(1).mixed_encounters(hospital) if refused(encounter)}


def with_a_list_of_classes(hospital):
    return {e["id"] for e in given(1).mixed_encounters(hospital) if isinstance(e["class"], list)}


def without_a_period(hospital):
    return {e["id"] for e in given(1).mixed_encounters(hospital) if "period" not in e}


def with_a_rare_key(hospital):
    usual = {"resourceType", "id", "meta", "identifier", "status", "class", "type", "priority", "subject", "participant",
             "period", "reasonCode", "location", "serviceProvider", "hospitalization", "diagnosis"}  # fmt: skip
    return {e["id"] for e in given(1).mixed_encounters(hospital) if set(e) - usual}


key(
    "W01.Q7",
    reference=model_refuses,
    same=sets(at_least=8),
    right="A version is a fact about each resource and not about a feed. Count shapes at the door, every day.",
    look_at="lesson 2, section 4: the table of R4, R4B and R5",
    misconceptions=[
        misconception(
            "only_the_class",
            answer=with_a_list_of_classes,
            says="You looked at `class` alone.",
            so_what="Encounters with `actualPeriod` pass, and get no dates: they have neither a beginning nor an end, and "
            "no window of your model will hold them.",
            look_at="the other rows of the table in lesson 2",
            teaches="M15",
        ),
        misconception(
            "no_period",
            answer=without_a_period,
            says="You took a missing `period` for R5.",
            so_what="R4 allows it: a planned encounter has none yet. You would turn away people who are expected tomorrow.",
            look_at="`status` of the encounters that you name",
            teaches="M15",
        ),
        misconception(
            "rare_key",
            answer=with_a_rare_key,
            says="You took keys that are rare for R5.",
            so_what="Rare is not wrong: `classHistory` is good R4. And a known key can hold a new shape, as `class` does.",
            look_at="the types of the values, beside the keys",
            teaches="M15",
        ),
    ],
)
