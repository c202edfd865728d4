"""Week 3: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import itertools

import numpy as np
import pandas as pd
from wardround.course.compare import Comparison, Labels, frames, labels, parts
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.records import cohort

HERE = "America/New_York"
DAY = pd.Timedelta(days=1)


def as_labels(answer):
    """A Series or a dictionary as a Series of labels, empty for anything else."""
    if isinstance(answer, dict):
        return pd.Series(answer, dtype=object)
    return answer.astype(object) if isinstance(answer, pd.Series) else pd.Series(dtype=object)


def first_of(ids):
    return f"`{next(iter(ids))}`"


def no_such_id(mine, ids):
    """What to say of an answer of which no id is a contact."""
    if mine.empty:
        return "It holds no label yet."
    return (
        f"Yours look like {first_of(mine.index)}; a `contact_id` looks like {first_of(ids[::-1])}. The index of your Series "
        f"says to which stay a label belongs: of {len(mine):,} none can be placed."
    )


# W03.P1 ---------------------------------------------------------------------------------------------------------------
def highest_over_lowest(hospital, truth):
    """All 64 definitions on the case list; persons as numbers, which pandas joins faster than their names."""
    contacts, deaths = hospital.warehouse.contacts, hospital.warehouse.deaths
    ends = cohort.data_end(contacts)
    person, _ = pd.factorize(pd.concat([contacts.person_id, deaths.person_id]))
    contacts = contacts.assign(person_id=person[: len(contacts)], contact_id=range(len(contacts)))
    deaths = deaths.assign(person_id=person[len(contacts) :])
    rates = []
    for switches in itertools.product([True, False], repeat=6):
        found = cohort.outcomes(contacts, deaths, ends, cohort.Definition(*switches))
        rates.append(found.state[found.whole].eq("readmitted").mean())
    return float(max(rates) / min(rates))


outcome("W03.P1", highest_over_lowest)


# W03.P2 ---------------------------------------------------------------------------------------------------------------
def septic_with_code(hospital, truth):
    """Of 100 truly septic stays, those with the claims label."""
    septic = truth.sepsis[truth.sepsis.septic & truth.sepsis.encounter_id.isin(hospital.warehouse.stays.encounter_id)]
    return 100 * float(septic.claims_label.mean())


def truth_by_year(hospital, truth, share):
    """Truth and both labels in the first and in the last year, of 1,000 stays."""
    ended = hospital.warehouse.stays.set_index("encounter_id").discharged_at.dt.tz_convert(HERE).dt.year
    rows = truth.sepsis.assign(year=truth.sepsis.encounter_id.map(ended)).dropna(subset="year")
    names = {"septic": "truly septic", "clinical_label": "by the clinical label", "claims_label": "by the code"}
    parts_of = [rows[rows.year == year] for year in (rows.year.min(), rows.year.max())]
    found = {name: [1000 * part[name].mean() for part in parts_of] for name in names}
    coded = [100 * part.claims_label[part.septic].mean() for part in parts_of]
    told = "; ".join(f"{words} {found[name][0]:.0f} and {found[name][1]:.0f}" for name, words in names.items())
    grew = {name: last / first for name, (first, last) in found.items()}
    most = " What grew most is coding." if grew["claims_label"] == max(grew.values()) else ""
    return (
        f"Of 1,000 stays in the first and in the last year were {told}. Of 100 septic stays {coded[0]:.0f} carried the code "
        f"at first and {coded[1]:.0f} in the end.{most}"
    )


outcome("W03.P2", septic_with_code, remark=truth_by_year, after="W03.Q4")


# W03.Q1 ---------------------------------------------------------------------------------------------------------------
GONE = ("died", "hospice", "transfer", "against_advice")
LABELS = ("index", "too recent", "in progress", *GONE)


def from_the_truth(hospital, truth):
    """Stay by stay from the truth; the invented people by how they were made."""
    ends, found = given(3).data_end(hospital), {}
    for row in truth.stays.itertuples():
        if row.in_progress:
            found[row.encounter_id] = "in progress"
        elif row.disposition in GONE:
            found[row.encounter_id] = row.disposition
        else:
            whole = row.discharged_at.tz_localize("UTC") + 150 * DAY <= ends
            found[row.encounter_id] = "index" if whole else "too recent"
    # of each course, what becomes of its first, second, third contact; None is no stay of its own
    courses = (("index",) * 3, ("index",) * 2, ("index",) * 2, ("transfer", "index"), (None, "index"))
    courses += (("too recent",) * 2,)
    for number in range(given(3).EACH * len(courses)):
        told = enumerate(courses[number // given(3).EACH], 1)
        found |= {f"invented-{number:03d}-{n}": label for n, label in told if label}
    return found


def who(
    contacts,
    ends,
    *,
    kinds=("inpatient",),
    elsewhere=False,
    joins=True,
    within="24h",
    names="last",
    keeps=(),
    watch=150,
    since="discharged_at",
    still="in progress",
    chained_by="person_id",
    chains="transfer",
    recent_first=False,
    loses=(),
):
    """The right labels, with parts of the definition exchanged."""
    rows = contacts[contacts.kind.isin(kinds) & (elsewhere | contacts.hospital.ne("elsewhere"))]
    rows = rows.sort_values(["person_id", "admitted_at"])
    by_person = rows.groupby(chained_by) if chained_by else rows
    gap = by_person.admitted_at.shift(-1) - rows.discharged_at
    goes_on = joins & (gap <= pd.Timedelta(within))
    goes_on &= rows.disposition.eq("transfer") | (chains == "any")
    if names == "first":
        begun = goes_on.groupby(rows.person_id).shift(1, fill_value=False)
        rows = rows.assign(contact_id=rows.contact_id.mask(begun, by_person.contact_id.shift(1)))
    stays = rows[~goes_on].set_index("contact_id")
    label = stays.disposition.where(stays.disposition.isin([one for one in GONE if one not in keeps]), "index")
    label = label.mask((recent_first | label.eq("index")) & (stays[since] + watch * DAY > ends), "too recent")
    label = label[~stays.disposition.isin(loses)]
    stays = stays.loc[label.index]
    return label.mask(stays.discharged_at.isna(), still) if still else label[stays.discharged_at.notna()]


def bound(**changes):
    return lambda contacts, ends: who(contacts, ends, **changes)


def one_a_person(contacts, ends):
    label = who(contacts, ends)
    person = label.index.to_series().map(contacts.set_index("contact_id").person_id)
    return label[~person.duplicated()]


def who_in_words(answer, hospital):
    """The learner's own counts, and the first two groups of contacts that the definition puts elsewhere."""
    mine = as_labels(answer)
    contacts = given(3).case_list(hospital).set_index("contact_id")
    known = mine[mine.index.isin(contacts.index)]
    if known.empty:
        return no_such_id(mine, contacts.index)
    if known.isna().any():
        one = first_of(known.index[known.isna()])
        return f"{int(known.isna().sum()):,} of your labels are missing, such as that of {one}: what does its row say?"
    foreign = sorted({str(label) for label in mine if label not in LABELS})
    if foreign:
        return (
            f"`{foreign[0]}` is none of the seven labels, which are spelled as in the question; you give it to "
            f"{int(mine.map(lambda label: str(label) == foreign[0]).sum()):,} stays."
        )
    counts = ", ".join(f"{n:,} {label}" for label, n in mine.value_counts().items())
    told = [f"You label {len(mine):,} stays: {counts}."]
    absent = [label for label in LABELS if label not in set(mine)]
    if absent:
        told.append(f"Nobody has the label `{absent[0]}`" + (f", nor {len(absent) - 1} others." if absent[1:] else "."))
    if mine.index.has_duplicates:
        return f"{told[0]} {first_of(mine.index[mine.index.duplicated()])} has two labels; a stay has one."
    rows, ends = contacts.loc[known.index].assign(label=known), given(3).data_end(hospital)
    told += [
        f"{len(ids):,} {words}, such as {first_of(ids)}." for words, ids in _misplaced(rows, contacts, ends) if len(ids)
    ]
    return " ".join(told[:4])


def _misplaced(rows, contacts, ends):
    """Groups of labelled contacts that contradict the definition, each with words for it."""
    for kind in ("emergency", "observation"):
        yield f"of them are {kind} contacts", rows.index[rows.kind.eq(kind)]
    yield "of them are in another hospital", rows.index[rows.hospital.eq("elsewhere")]
    own = contacts[contacts.kind.eq("inpatient") & contacts.hospital.ne("elsewhere")]
    own = own.sort_values(["person_id", "admitted_at"])
    gap = own.groupby("person_id").admitted_at.shift(-1) - own.discharged_at
    goes_on = own.index[own.disposition.eq("transfer") & (gap <= DAY)]
    yield "go on within 24 hours in another bed of ours, and so are no end of a stay", rows.index.intersection(goes_on)
    for gone in GONE:
        here = rows.disposition.eq(gone) & rows.label.ne(gone) & ~rows.index.isin(goes_on)
        words = {"died": "ended in death", "hospice": "ended in hospice", "transfer": "went to another hospital"}
        yield f"{words.get(gone, 'left against advice')} and are not labelled so", rows.index[here]
        yield f"are labelled {gone} and did not end so", rows.index[rows.label.eq(gone) & rows.disposition.ne(gone)]
    yield "are still in bed, and not labelled so", rows.index[rows.discharged_at.isna() & rows.label.ne("in progress")]
    yield (
        "are labelled in progress, and have ended",
        rows.index[rows.discharged_at.notna() & rows.label.eq("in progress")],
    )
    late = rows.discharged_at + 150 * DAY > ends
    yield "are labelled index, and ended less than 150 days before `ends`", rows.index[rows.label.eq("index") & late]
    early = rows.discharged_at.notna() & ~late & rows.label.eq("too recent")
    yield "are labelled too recent, and have 150 days", rows.index[early]
    yield from _unlabelled(own.assign(gap=gap).loc[own.index.difference(goes_on)], rows)


def _unlabelled(ends_of_stays, rows):
    """Stays of ours without a label, in the largest groups that have something in common."""
    lost = ends_of_stays.loc[ends_of_stays.index.difference(rows.index)]
    alone = lost.disposition.eq("transfer")
    soon = (lost.gap <= DAY) & ~alone
    one = lost.person_id.isin(ends_of_stays.person_id[ends_of_stays.index.isin(rows.index)])
    groups = {
        "stays of ours have no label: they end with transfer, and nothing begins for *this* person within 24 hours": alone,
        "stays of ours have no label: the patient was not transferred, and came back within 24 hours": soon,
        "stays of ours have no label: they were planned": lost.planned,
        "stays of ours have no label, and another stay of the same person has one": one,
        "stays of ours have no label": ~(alone | soon | lost.planned | one),
    }
    few = {words: lost.index[found] for words, found in groups.items() if len(lost) and found.sum() >= 0.9 * len(lost)}
    yield next(iter(few.items()), ("stays of ours have no label", lost.index))


key(
    "W03.Q1",
    reference=from_the_truth,
    same=labels(),
    right=(
        "One label for every stay: what falls out has a reason that can be counted, and nobody vanishes between two "
        "tables. `value_counts()` of your answer is the attrition that a reader of your cohort card will ask for."
    ),
    look_at="one contact of each kind that your evidence names, with all contacts of that person",
    evidence=who_in_words,
    misconceptions=[
        misconception(
            "every_contact",
            answer=bound(kinds=("inpatient", "emergency", "observation"), elsewhere=True, joins=False),
            says="You labelled every contact as if each were a stay.",
            so_what="An emergency visit of three hours now counts as an index stay, and so does the admission that followed "
            "it in the same minute. Each such patient comes back at once, and the rate measures your table.",
            look_at="`kind` and `hospital` of the contacts that you label",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "moves_unjoined",
            answer=bound(joins=False),
            says="You took each contact of a move between our sites as a stay of its own.",
            so_what="Tables of encounters come that way; it is their habit, and no position on what a stay is. One illness "
            "became two stays, the site that sends looks as if it lost patients, and length of stay is cut.",
            look_at="contacts that end with `transfer`, and when that person's next one begins",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "first_of_chain",
            answer=bound(names="first"),
            says="You joined the moves, and named the stay after its first contact.",
            so_what="The hospital that moves a patient on never sees the discharge. A care call planned there would ring a "
            "ward that has not had the patient for a week.",
            look_at="which contact of a chain has the discharge that you judge",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "any_next_contact",
            answer=bound(within="4000D"),
            says="You joined a transfer with the patient's next contact, however late it begins.",
            so_what="Someone sent to another hospital in March, and back with us in April, was at home in between. You made "
            "one stay of it, and the return, which is what we count, disappeared.",
            look_at="the time between a transfer and the next `admitted_at`",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "two_days",
            answer=bound(within="47h59min"),
            says="You joined a transfer with a next contact that begins a day or more later.",
            so_what="`.dt.days <= 1` is true up to 48 hours, for it drops the hours. Who was with another hospital for a day and a "
            "half was treated there, and begins a new stay with us.",
            look_at="the hours between a transfer and the next `admitted_at`, not the days",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "transfers_dropped",
            answer=bound(loses=("transfer",)),
            says="You dropped every contact that ends in transfer.",
            so_what="Who went to another hospital is a stay of ours with a reason of its own, and must be counted out, not "
            "lost. In your attrition these patients were never here.",
            look_at="contacts that end with `transfer` and have no next one within 24 hours",
            teaches="M14",
            evidence=who_in_words,
        ),
        misconception(
            "any_return_within_a_day",
            answer=bound(chains="any"),
            says="You joined every two contacts of a person that are less than 24 hours apart, transfer or not.",
            so_what="Sent home at noon and back by the evening is the readmission that should worry us most. In your table it "
            "is one long stay, and its hospital looks careful.",
            look_at="`disposition` of contacts that are followed by another within a day",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "joined_across_people",
            answer=bound(chained_by=None),
            says="You compared each transfer with the next row, whoever's it is.",
            so_what="The next row of the table may be another person's, years earlier. Patients whom we sent to another hospital "
            "vanished into the stays of strangers.",
            look_at="`person_id` of the row after a transfer",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "one_a_person",
            answer=one_a_person,
            says="You labelled one stay of each person.",
            so_what="Every discharge is a decision somebody made, and those with many are those who come back. With one stay a "
            "person the frailest count as often as a sprained ankle.",
            look_at="a person with several stays",
            teaches="M16",
            evidence=who_in_words,
        ),
        misconception(
            "recent_first",
            answer=bound(recent_first=True),
            says="You asked whether a stay is too recent before you asked how it ended.",
            so_what="Who died last week will not become an index stay by waiting. Your count of what is still to come is too "
            "high, and the plan for next quarter is built on it.",
            look_at="`disposition` of the stays that you call too recent",
            teaches="M14",
            evidence=who_in_words,
        ),
        misconception(
            "dead_kept",
            answer=bound(keeps=("died",)),
            says="You kept stays that ended in death.",
            so_what="The dead are never readmitted. Counted as index stays they make a rate look better the more patients a "
            "ward loses, and a model learns that the sickest are safe to send home.",
            look_at="`disposition` of the stays that you call index",
            teaches="M12",
            evidence=who_in_words,
        ),
        misconception(
            "hospice_kept",
            answer=bound(keeps=("hospice",)),
            says="You kept stays that ended in hospice.",
            so_what="These patients left for comfort, not for cure. A call to prevent their return is not what they need, and their "
            "quiet thirty days are no success of a discharge.",
            look_at="what our definition table says on who can be counted",
            teaches="M17",
            evidence=who_in_words,
        ),
        misconception(
            "transfers_kept",
            answer=bound(keeps=("transfer",)),
            says="You kept stays that went on in another acute hospital.",
            so_what="The patient is still in a bed, only not in ours. Thirty days cannot be counted from a discharge that has "
            "not happened, and the other hospital will count its own.",
            look_at="`transfer` where nothing of ours follows within 24 hours",
            teaches="M17",
            evidence=who_in_words,
        ),
        misconception(
            "against_advice_kept",
            answer=bound(keeps=("against_advice",)),
            says="You kept stays that were left against advice.",
            so_what="A choice that can be defended, and not the one that we agreed: the hospital could not prepare these "
            "discharges. Two teams that differ here compare two rates that never were the same.",
            look_at="our definition table, line against advice",
            teaches="M17",
            evidence=who_in_words,
        ),
        misconception(
            "alive_is_enough",
            answer=bound(keeps=("hospice", "transfer", "against_advice")),
            says="You kept everyone who left alive.",
            so_what="Among them are people who went to hospice, to another hospital, or out of the door against advice. For "
            "none of them is a return within thirty days what our number is about.",
            look_at="the four dispositions in our definition table",
            teaches="M17",
            evidence=who_in_words,
        ),
        misconception(
            "no_follow_up",
            answer=bound(watch=0),
            says="You kept stays whatever time is left after them.",
            so_what="Who was sent home yesterday has not come back yet. The latest months look like your best, each month "
            "anew, and someone will be praised for it.",
            look_at="`discharged_at` of your last index stays, beside `ends`",
            teaches="M12",
            evidence=who_in_words,
        ),
        misconception(
            "thirty_days_only",
            answer=bound(watch=30),
            says="You waited thirty days, and not for the claims.",
            so_what="A return to another hospital is known when a payer has paid, most within four months. Of your last four "
            "months many of those are missing, and they are one return in five: the months look better than they were.",
            look_at="`known_at` of stays elsewhere, beside their `admitted_at`",
            teaches="M12",
            evidence=who_in_words,
        ),
        misconception(
            "since_admission",
            answer=bound(since="admitted_at"),
            says="You counted the follow-up from the admission.",
            so_what="The watch begins when the patient leaves. After a long stay a part of your hundred and fifty days was "
            "spent in our own bed, and its claims are not in yet.",
            look_at="long stays near the end of your index stays",
            teaches="M12",
            evidence=who_in_words,
        ),
        misconception(
            "observation_in",
            answer=bound(kinds=("inpatient", "observation")),
            says="You labelled observation stays, too.",
            so_what="It can be defended, as the patient lay in a bed; by our definition it is outpatient care. Observation "
            "grows when payers want it to, and your rate would move with their rules.",
            look_at="`kind` of the contacts that you label",
            teaches="M17",
            evidence=who_in_words,
        ),
        misconception(
            "elsewhere_in",
            answer=bound(elsewhere=True),
            says="You labelled stays in other hospitals.",
            so_what="They are outcomes, not index stays: we cannot prepare a discharge from a bed that is not ours, and we "
            "see only those of their patients who were ours before.",
            look_at="`hospital` of the contacts that you label",
            teaches="M17",
            evidence=who_in_words,
        ),
        misconception(
            "open_lost",
            answer=bound(still=None),
            says="You lost the stays that are still in progress.",
            so_what="They are in bed tonight, and every count of the house has them. If they vanish here, your attrition does not "
            "add up, and nobody can tell a filter from a mistake.",
            look_at="contacts without `discharged_at`",
            teaches="M14",
            evidence=who_in_words,
        ),
        misconception(
            "open_too_recent",
            answer=bound(still="too recent"),
            says="You called the stays in progress too recent.",
            so_what="They have not been discharged at all. A stay that is too recent will ripen by waiting; one in progress "
            "may still end in death or hospice, and never be an index stay.",
            look_at="what a comparison with a missing `discharged_at` gives",
            teaches="M14",
            evidence=who_in_words,
        ),
        misconception(
            "open_is_index",
            answer=bound(still="index"),
            says="You called the stays in progress index stays.",
            so_what="A comparison with a missing time is False, whatever it asks. So patients who have not left yet slipped "
            "through as discharged, without a day from which to count.",
            look_at="what `NaT > ends` and `NaT <= ends` both give",
            teaches="M14",
            evidence=who_in_words,
        ),
    ],
)


# W03.Q2 ---------------------------------------------------------------------------------------------------------------
STATES = cohort.STATES


def states_from_the_truth(hospital, truth):
    """The truth's outcome, but for stays elsewhere that the case list does not know yet; the invented as made."""
    ends, contacts = given(3).data_end(hospital), hospital.warehouse.contacts
    away = contacts[contacts.hospital.eq("elsewhere")]
    paid = set(zip(away.person_id, away.admitted_at.dt.round("min"), strict=True))
    found = {}
    for row in truth.stays[truth.stays.eligible].itertuples():
        left = row.discharged_at.tz_localize("UTC")
        event = row.next_event
        if event == "unplanned_elsewhere" and not _known(paid, row.person_id, left + row.next_day * DAY):
            event = "none"
        quiet = "neither" if left + 150 * DAY <= ends else "not_observable"
        states = {"unplanned_here": "readmitted", "unplanned_elsewhere": "readmitted", "died": "died_first"}
        found[row.encounter_id] = states.get(event, quiet)
    courses = (
        *(("neither", "readmitted", "neither"), ("neither", "died_first"), ("neither", "neither")),
        *((None, "neither"), (None, "neither"), ("not_observable", "not_observable")),
    )
    for number in range(given(3).EACH * len(courses)):
        told = enumerate(courses[number // given(3).EACH], 1)
        found |= {f"invented-{number:03d}-{n}": state for n, state in told if state}
    return found


def _known(paid, person, at):
    """Whether a stay elsewhere of that person stands in the case list, to the minute and its neighbours."""
    minute = at.round("min")
    return any((person, minute + pd.Timedelta(minutes=n)) in paid for n in (-1, 0, 1))


def came(
    stays,
    contacts,
    deaths,
    ends,
    *,
    kinds=("inpatient",),
    elsewhere=True,
    planned="neither",
    death="first",
    calendar=False,
    within=30,
    needs=150,
    unripe="event",
    of="all",
    before=False,
    register=True,
    once="contact_id",
):
    """The right states, with parts of the definition exchanged."""
    beds = contacts[contacts.kind.isin(kinds) & (elsewhere | contacts.hospital.ne("elsewhere"))]
    if planned is None:
        beds = beds[~beds.planned]
    if of == "stays":
        beds = beds[beds.contact_id.isin(stays.contact_id)]
    deaths = deaths if register else deaths[deaths.known_from.eq("record")]
    what = beds.planned.map({True: planned, False: "readmitted"})
    events = [pd.DataFrame({"person_id": beds.person_id, "at": beds.admitted_at, "what": what})]
    if death != "never":
        events.append(pd.DataFrame({"person_id": deaths.person_id, "at": deaths.died_at, "what": "died_first"}))
    both = stays.merge(pd.concat(events), on="person_id")
    both = both if before else both[both["at"] >= both.discharged_at]
    left = _date(both.discharged_at) if calendar else both.discharged_at
    far = ((_date(both["at"]) if calendar else both["at"]) - left) / DAY
    both = both[far <= within].sort_values("at", kind="stable")
    if death == "wins":
        both = both.sort_values("what", key=lambda what: what.ne("died_first"), kind="stable")
    first = both.drop_duplicates(once).set_index("contact_id").what
    ids, whole = stays.contact_id, (stays.discharged_at + needs * DAY <= ends).to_numpy()
    state = ids.map(first).where(lambda what: what.isin(["readmitted", "died_first"])).set_axis(ids)
    if unripe == "blank":
        state = state.where(whole)
    return state.fillna(pd.Series(np.where(whole, "neither", "not_observable"), ids))


def _date(at):
    return at.dt.tz_convert(HERE).dt.tz_localize(None).dt.normalize()


def following(**changes):
    return lambda *tables: came(*tables, **changes)


def planned_is_seen(stays, contacts, deaths, ends):
    """A planned stay that is seen makes `neither` even where the follow-up is not whole."""
    right = came(stays, contacts, deaths, ends)
    known = came(stays, contacts, deaths, ends, planned="readmitted")
    return right.mask(right.eq("not_observable") & known.eq("readmitted"), "neither")


def states_in_words(answer, hospital):
    """The learner's own counts, and the first two groups of stays whose state the case list contradicts."""
    mine = as_labels(answer)
    stays = given(3).stays_to_follow(hospital).set_index("contact_id")
    known = mine[mine.index.isin(stays.index)]
    if known.empty:
        return no_such_id(mine, stays.index)
    foreign = sorted({str(state) for state in mine.dropna() if state not in STATES})
    if foreign:
        n = int(mine.map(lambda state: str(state) == foreign[0]).sum())
        return f"`{foreign[0]}` is none of the four states, which are spelled as in the question; you give it to {n:,} stays."
    told = ["Your states: " + ", ".join(f"{n:,} {state}" for state, n in mine.value_counts().items()) + "."]
    if mine.index.has_duplicates:
        return f"{told[0]} {first_of(mine.index[mine.index.duplicated()])} has two states; a stay has one."
    rows = stays.assign(state=known.reindex(stays.index))
    groups = sorted(_contradicted(rows, hospital), key=lambda group: -len(group[2]))
    told += [f"{len(ids):,} {words}, such as {first_of(ids)}." for _, words, ids in groups[:2] if len(ids)]
    return " ".join(told)


def all_lie_in(kind, *more):
    """Whether every stay with a wrong state is of one kind (or of kinds that go with it): one sentence is true of all."""

    def also(answer, hospital):
        mine = as_labels(answer)
        if mine.empty or mine.index.has_duplicates:
            return False
        stays, contacts = given(3).stays_to_follow(hospital), given(3).case_list(hospital)
        right = came(stays, contacts, given(3).deaths(hospital), given(3).data_end(hospital))
        if not mine.index.isin(right.index).all():
            return False
        rows = stays.set_index("contact_id")
        rows = rows.assign(state=mine.reindex(rows.index))
        wrong = set(rows.index[rows.state.ne(right.reindex(rows.index))])
        kinds = {}
        for named, _, ids in _contradicted(rows, hospital):
            kinds.setdefault(named, set()).update(ids)
        return bool(kinds[kind]) and wrong <= set().union(*(kinds[one] for one in (kind, *more)))

    return also


def _next(rows, contacts, at="admitted_at"):
    """When the next of these contacts begins after each discharge, missing for never."""
    both = rows[["person_id", "discharged_at"]].reset_index().merge(contacts[["person_id", at]], on="person_id")
    both = both[both[at] >= both.discharged_at]
    return both.groupby("contact_id")[at].min().reindex(rows.index)


def _contradicted(rows, hospital):
    """Groups of stays whose state the case list contradicts: what kind of mistake, in words, and the stays."""
    contacts, ends = given(3).case_list(hospital), given(3).data_end(hospital)
    beds = contacts[contacts.kind.eq("inpatient")]
    back, planned = _next(rows, beds[~beds.planned]), _next(rows, beds[beds.planned])
    away = _next(rows, beds[beds.hospital.eq("elsewhere")])
    open_beds = _next(rows, beds[~beds.planned & beds.discharged_at.isna()])
    died = _next(rows, given(3).deaths(hospital), "died_at")
    limit, a_day = rows.discharged_at + 30 * DAY, 25 * DAY / 24  # the day on which clocks are set back has 25 hours
    whole = rows.discharged_at + 150 * DAY <= ends
    returned, intended = back.le(limit), planned.le(limit)
    yield "", "stays have no state", rows.index[rows.state.isna()]
    said = rows.state.eq("readmitted")
    only_planned, later = said & ~returned & intended, said & returned & planned.lt(back)
    yield "planned alone", "that you call readmitted came back only as planned", rows.index[only_planned]
    yield "after planned", "that you call readmitted had a planned stay first", rows.index[later]
    quiet = said & ~returned & ~intended
    late = quiet & back.le(limit + a_day)
    yield "late", "that you call readmitted came back after more than 30 x 24 hours", rows.index[late]
    words = "that you call readmitted have no inpatient contact within 30 x 24 hours *after* the discharge"
    yield "", words, rows.index[quiet & ~late]
    said, alive = rows.state.eq("died_first"), ~died.le(limit)
    words = "that you call died_first were back in a bed before they died"
    yield "died later", words, rows.index[said & returned & back.lt(died)]
    words = "that you call died_first had a planned stay before they died"
    yield "after planned", words, rows.index[said & planned.lt(died) & intended]
    late = said & alive & died.le(limit + a_day)
    yield "late", "that you call died_first died after more than 30 x 24 hours", rows.index[late]
    yield "", "that you call died_first did not die within 30 x 24 hours", rows.index[said & alive & ~late]
    first = returned & ~pd.concat([planned, died], axis=1).min(axis=1).lt(back)
    dead = died.le(limit) & ~returned & ~intended
    for state in ("neither", "not_observable"):
        said = rows.state.eq(state)
        elsewhere = said & first & away.eq(back)
        yield "", f"that you call {state} came back unplanned to another hospital", rows.index[elsewhere]
        here = said & first & ~elsewhere
        still, soon = here & open_beds.eq(back), here & back.lt(rows.discharged_at + DAY)
        yield "", f"that you call {state} came back unplanned, and are still in that bed", rows.index[still]
        yield "", f"that you call {state} came back unplanned within 24 hours", rows.index[soon & ~still]
        words = f"that you call {state} came back unplanned to one of our sites, after a day or more"
        yield "", words, rows.index[here & ~still & ~soon]
        words = f"that you call {state} died within 30 x 24 hours, with nothing before it"
        yield "", words, rows.index[said & dead]
    words = "that you call neither left less than 150 days before `ends`"
    yield "", words, rows.index[rows.state.eq("neither") & ~whole]
    yield "", "that you call not_observable have 150 days", rows.index[rows.state.eq("not_observable") & whole]


key(
    "W03.Q2",
    reference=states_from_the_truth,
    same=labels(),
    right=(
        "Four states, and none of them a guess. The share of `not_observable` belongs beside every rate: it says how much "
        "of the answer has not arrived yet."
    ),
    look_at="all contacts and the death of one person that your evidence names, in the order of time",
    evidence=states_in_words,
    misconceptions=[
        misconception(
            "planned_counted",
            answer=following(planned="readmitted"),
            says="You counted planned stays as readmissions.",
            so_what="The next cycle of chemotherapy is care as promised. Counted as failure, it makes the oncology ward the "
            "worst of the house, and a model calls patients to keep them from their treatment.",
            look_at="`planned` of the contacts that make your readmissions",
            teaches="M17",
            evidence=states_in_words,
            also=all_lie_in("planned alone", "after planned"),
        ),
        misconception(
            "planned_skipped",
            answer=following(planned=None),
            says="You passed over planned stays, and let the clock run on.",
            so_what="What happens after a planned stay belongs to that stay, which has its own thirty days. You count one "
            "return twice, once for a discharge that had nothing to do with it.",
            look_at="a person with a planned stay and something else after it",
            teaches="M17",
            evidence=states_in_words,
            also=all_lie_in("after planned"),
        ),
        misconception(
            "before_too",
            answer=following(before=True),
            says="Your window has one end: what happened before the discharge counts as well.",
            so_what="`at - discharged_at` is negative for the past, and negative is less than thirty days. Each stay finds itself, "
            "or one of last year, and most patients are readmitted.",
            look_at="the sign of the difference between the two times",
            teaches="M12",
            evidence=states_in_words,
        ),
        misconception(
            "one_event_a_person",
            answer=following(once="person_id"),
            says="You kept the first event of each person, not of each stay.",
            so_what="Who came back in spring and again in autumn failed twice, after two discharges that somebody decided. You "
            "count the first and call the second a success.",
            look_at="a person with two stays that have a return",
            teaches="M16",
            evidence=states_in_words,
        ),
        misconception(
            "only_index_stays_return",
            answer=following(of="stays"),
            says="You looked for returns only among the stays that can be index stays themselves.",
            so_what="Who comes back and dies in the ward, or is still there, came back. So did those in another hospital. Only the "
            "mild returns are left in your rate.",
            look_at="`disposition` of contacts within thirty days of your neither",
            teaches="M12",
            evidence=states_in_words,
        ),
        misconception(
            "deaths_on_record_only",
            answer=following(register=False),
            says="You used deaths that our own record knows, and not those of the register.",
            so_what="Of the people who die after a discharge our record misses some three in ten. To it they are quiet, and a model "
            "learns that quiet is well.",
            look_at="`known_from` in the table of deaths",
            teaches="M14",
            evidence=states_in_words,
        ),
        misconception(
            "death_wins",
            answer=following(death="wins"),
            says="You let a death within thirty days win, also where the patient had come back before it.",
            so_what="They came back, and somebody might have kept it from happening. Filed under death, the worst "
            "readmissions are missing from the number that should worry us most.",
            look_at="stays with both a return and a death: which came first?",
            teaches="M12",
            evidence=states_in_words,
            also=all_lie_in("died later"),
        ),
        misconception(
            "death_forgotten",
            answer=following(death="never"),
            says="You did not look at deaths: the dead stand among those who stayed well.",
            so_what="Someone who died on day three cannot come back on day ten. As `neither` they teach a model that "
            "the frailest have the lowest risk.",
            look_at="the table `deaths`, most of it outside our walls",
            teaches="M12",
            evidence=states_in_words,
        ),
        misconception(
            "not_observable_as_neither",
            answer=following(needs=0),
            says="You called everyone without an event neither, also where nobody can know yet.",
            so_what="A missing return and a return that has not been reported look the same in a table. Every month your "
            "latest rate will be the best, until the claims come in.",
            look_at="stays that ended in the last five months",
            teaches="M14",
            evidence=states_in_words,
        ),
        misconception(
            "run_out_forgotten",
            answer=following(needs=30),
            says="You waited thirty days, and not for the payers.",
            so_what="One return in five happens elsewhere and is known when it has been paid for, up to six months later. You "
            "call these patients well because a bill is in the post.",
            look_at="`known_at` beside `admitted_at`, where `hospital` is elsewhere",
            teaches="M12",
            evidence=states_in_words,
        ),
        misconception(
            "unripe_is_blank",
            answer=following(unripe="blank"),
            says="You called every stay without whole follow-up not observable, also where a return or a death was seen.",
            so_what="What is seen is seen. Leaving these stays out of a *rate* is right, for the quiet ones beside them are "
            "missing; but the ward should not be told that nobody knows.",
            look_at="stays that ended lately and have an event",
            teaches="M14",
            evidence=states_in_words,
        ),
        misconception(
            "elsewhere_forgotten",
            answer=following(elsewhere=False),
            says="You counted returns to our own two sites alone.",
            so_what="The patient is as ill in another hospital. Those who live far away, or no longer trust us, become your "
            "successes, and the care calls go to those who live next door.",
            look_at="`hospital` of the contacts that make your readmissions",
            teaches="M28",
            evidence=states_in_words,
        ),
        misconception(
            "calendar_days",
            answer=following(calendar=True),
            says="Your clock runs past 30 x 24 hours: by dates, by whole days, or a day longer.",
            so_what="Many count from the date of discharge. Ours counts hours, so "
            "that the hour at which a ward sends home does not matter. Two cards that differ here cannot be compared.",
            look_at="returns between day 30 and day 31",
            teaches="M17",
            evidence=states_in_words,
            also=all_lie_in("late"),
        ),
        misconception(
            "emergency_counted",
            answer=following(kinds=("inpatient", "emergency")),
            says="You counted emergency visits as readmissions.",
            so_what="Somebody who is sent home again after three hours was not readmitted. It may be worth a number of its "
            "own; mixed in, it is a rate of fright, not of failed discharges.",
            look_at="`kind` of the contacts that make your readmissions",
            teaches="M17",
            evidence=states_in_words,
        ),
        misconception(
            "observation_counted",
            answer=following(kinds=("inpatient", "observation")),
            says="You counted observation stays as readmissions.",
            so_what="It can be defended, and our definition says otherwise. Where observation replaces admission the rate "
            "would fall or rise without a single patient faring differently.",
            look_at="`kind` of the contacts that make your readmissions",
            teaches="M17",
            evidence=states_in_words,
        ),
        misconception(
            "planned_is_seen",
            answer=planned_is_seen,
            says="You called stays neither whose watch ended with a planned stay, also before the claims are in.",
            so_what="The planned stay is seen, but what came before it elsewhere may not be paid for yet. `neither` is a "
            "statement that nothing came first, and that takes a whole follow-up.",
            look_at="the last two lines of the definition in the question",
            teaches="M14",
            evidence=states_in_words,
        ),
    ],
)


# W03.Q3 ---------------------------------------------------------------------------------------------------------------
ENTRIES = {
    "known_when": {
        "sodium": "when the result is issued",
        "emergency_before": "when the visit ends",
        "codes_before": "when coding is finished",
    },
    "missing_means": {
        "sodium": "nobody had an answer by then: not measured, or not yet issued",
        "emergency_before": "none at our sites; elsewhere is not seen",
        "codes_before": "none coded by then, which is not the same as healthy",
    },
}


def person_by_person(hospital, truth):
    """One person after the other, her facts in the order in which they became known."""
    told = {}
    for fact in given(3).facts(hospital).sort_values("known_at").itertuples():
        told.setdefault(fact.person_id, []).append(fact)
    rows = []
    for stay in given(3).asked_stays(hospital).itertuples():
        sodium, visits, codes = float("nan"), 0, set()
        for fact in told.get(stay.person_id, []):
            if fact.known_at > stay.asked_at:
                break
            if fact.kind == "result" and fact.happened_at >= stay.admitted_at:
                sodium = fact.value
            elif fact.kind == "code":
                codes.add(fact.name)
            elif fact.kind == "visit" and 0 <= (stay.admitted_at - fact.happened_at) / DAY <= 182:
                visits += 1
        rows.append((stay.contact_id, sodium, visits, len(codes), ""))
    names = ["contact_id", "sodium", "emergency_before", "codes_before", "moved"]
    return {"make": pd.DataFrame(rows, columns=names)} | ENTRIES


def made(
    asked,
    facts,
    *,
    clock="known_at",
    sodium_clock=None,
    code_clock=None,
    until="asked_at",
    visits_ahead=False,
    this_stay=True,
    kinds=("result",),
    distinct=True,
    fill=True,
    usual=False,
    back_from="admitted_at",
):
    """The right features, with a clock or a window exchanged; a clock of None lets everything in."""
    rows = facts.merge(asked, on="person_id")

    def known(which):
        return rows if which == "none" else rows[rows[which] <= rows[until]]

    results = known(sodium_clock or clock)
    results = results[results.kind.isin(kinds) & (~np.array(this_stay) | results.happened_at.ge(results.admitted_at))]
    by = "known_at" if (sodium_clock or clock) == "none" else sodium_clock or clock
    sodium = results.sort_values(by, kind="stable").drop_duplicates("contact_id", keep="last")
    visits = rows if visits_ahead else known(clock)
    visits = visits[visits.kind.eq("visit") & (visits[back_from] - visits.happened_at <= 182 * DAY)]
    if not visits_ahead:
        visits = visits[visits.happened_at <= visits.admitted_at]
    codes = known(code_clock or clock)
    codes = codes[codes.kind.eq("code")].groupby("contact_id").name
    table = pd.DataFrame(
        {
            "sodium": sodium.set_index("contact_id").value,
            "emergency_before": visits.groupby("contact_id").size(),
            "codes_before": codes.nunique() if distinct else codes.size(),
        },
        index=asked.contact_id,
    )
    table = table.fillna({"emergency_before": 0, "codes_before": 0}) if fill else table
    return (table.fillna({"sodium": table.sodium.median()}) if usual else table).reset_index()


def one_moment(asked, facts):
    """The latest of all moments, for everybody."""
    return made(asked.assign(asked_at=asked.asked_at.max()), facts)


FRAME = frames(on="contact_id")


class Features(Comparison):
    """The table of features. A known mistake is known by the features; how the future moves them depends on sorting."""

    def unreadable(self, answer, reference):
        return FRAME.unreadable(answer, reference)

    def distance(self, answer, reference):
        return FRAME.distance(answer, reference)

    def evidence(self, answer, reference):
        return FRAME.evidence(answer, reference)

    def complete(self, wrong, reference):
        return FRAME.complete(wrong, reference)

    def matches(self, answer, wrong):
        return FRAME.matches(answer, wrong.drop(columns="moved", errors="ignore"))


FEATURES = Features()


class Entries(Labels):
    """Entries of a dictionary, each for itself: a mistake in one is known whatever the others say, or do not say yet."""

    def matches(self, answer, wrong):
        return all(answer.get(name) == said for name, said in wrong.items() if said is not ...)

    def complete(self, wrong, reference):
        return {**reference, **{name: said for name, said in wrong.items() if said is not ...}}


def with_make(make):
    return lambda hospital: {"make": make}


def making(**changes):
    return with_make(lambda asked, facts: made(asked, facts, **changes))


def with_entry(part, name, says):
    return lambda hospital: {"make": made, part: {name: says}}


def says_of_any(part, phrase):
    """Whether the function is right, and an entry of this part has the phrase."""

    def also(answer, hospital):
        right = FEATURES.distance(answer["make"], right_features(hospital)) == 0
        return right and phrase in [said for said in answer[part].values() if isinstance(said, str)]

    return also


def what_moved(answer, hospital):
    """How many stays changed with the future alone, or what is wrong in a table that did not."""
    table = answer.get("make") if isinstance(answer, dict) else None
    if not isinstance(table, pd.DataFrame) or "moved" not in table or "contact_id" not in table:
        return None
    moved = table[table.moved.fillna("").ne("")]
    if len(moved):
        names = [f"`{n}` in {int(moved.moved.str.contains(n).sum()):,}" for n in given(3).FEATURES]
        names = [one for one in names if not one.endswith(" in 0")]
        return (
            f"Only the future was replaced, and {len(moved):,} of your {len(table):,} stays changed: {', '.join(names)}. "
            f"The first is `{moved.contact_id.iloc[0]}`."
        )
    return _gaps(table, hospital)


def _gaps(table, hospital):
    """For a table that no future moves: rows and values that are missing or should be."""
    asked = given(3).asked_stays(hospital)
    lost, told = len(set(asked.contact_id) - set(table.contact_id)), []
    if lost:
        told.append(
            f"{lost:,} of {len(asked):,} asked stays are not in it: a model must be answered for every patient."
        )
    for name in ("emergency_before", "codes_before"):
        if table[name].isna().any():
            told.append(
                f"`{name}` is missing for {int(table[name].isna().sum()):,} of your stays; a count of nothing is 0."
            )
    if table.sodium.notna().all() and not lost:
        told.append("Your `sodium` is never missing, though some of these people have no result by `asked_at`.")
    return f"No future moves your table. {' '.join(told)}" if told else None


def _not_known_yet(table, hospital):
    """For rows that the future moves: what in the facts their numbers are made of."""
    moved = table[table.moved.fillna("").ne("")].merge(
        right_features(hospital), on="contact_id", suffixes=("", "_right")
    )
    later = given(3).facts(hospital).merge(given(3).asked_stays(hospital), on="person_id")
    later = later[later.kind.eq("result") & (later.known_at > later.asked_at)]
    told, rest = [], moved[moved.moved.str.contains("sodium")]
    n_sodium = len(rest)
    for words, found in {
        "one drawn by 08:00 and issued after it": later[later.happened_at <= later.asked_at],
        "one drawn after 08:00": later[later.happened_at > later.asked_at],
    }.items():
        pairs = set(zip(found.contact_id, found.value, strict=True))
        here = [pair in pairs for pair in zip(rest.contact_id, rest.sodium, strict=True)]
        rest = rest[~np.array(here, dtype=bool)]
        if any(here):
            told.append(f"Your `sodium` is {words}, in {sum(here):,} of the {n_sodium:,} moved rows.")
    for name, what in {"emergency_before": "visits of that half year", "codes_before": "codes"}.items():
        mine = moved[moved.moved.str.contains(name)]
        n = int((mine[name] > mine[f"{name}_right"]).sum())
        if n:
            told.append(f"Your `{name}` counts more {what} than were known by then, in {n:,} of {len(mine):,}.")
    return " ".join(told)


def _whose_sodium(table, right, hospital):
    """Which of the results known by then the differing sodium is, if nine in ten of these rows agree on it."""
    both = table.merge(right[["contact_id", "sodium"]], on="contact_id", suffixes=("", "_right"))
    differ = both[both.sodium.notna() & both.sodium.ne(both.sodium_right)]
    rows = given(3).facts(hospital).merge(given(3).asked_stays(hospital), on="person_id")
    rows = rows[rows.kind.eq("result") & rows.happened_at.ge(rows.admitted_at)]
    ever = set(zip(rows.contact_id, rows.value, strict=True))
    never = differ[[pair not in ever for pair in zip(differ.contact_id, differ.sodium, strict=True)]]
    if len(never):
        one = never.iloc[0]
        return f" In {len(never):,} rows it was no result of this stay, such as {one.sodium:g} of `{one.contact_id}`."
    by_stay = rows[rows.known_at <= rows.asked_at].sort_values("known_at").groupby("contact_id").value
    for words, values in {"first": by_stay.first(), "highest": by_stay.max(), "lowest": by_stay.min()}.items():
        n = int(differ.sodium.eq(differ.contact_id.map(values)).sum())
        if n and n >= 0.9 * len(differ):
            return f" In {n:,} of these {len(differ):,} rows it is the {words} result known by then, not the last."
    return ""


def in_the_table(answer, hospital):
    """For the key: evidence on the table if that differs, else on the entries."""
    table, right = answer["make"], right_features(hospital)
    if FEATURES.distance(table, right) == 0:
        return wrong_entry(answer)
    told = what_moved(answer, hospital)
    if told:
        return f"{told} {_not_known_yet(table, hospital)}".strip()
    past = FEATURES.evidence(*(one.drop(columns="moved") for one in (table, right)))
    return f"No future moves your table; the past is not yet as asked. {past}{_whose_sodium(table, right, hospital)}"


LOOK = {
    ("known_when", "sodium"): "Hold it against `happened_at` and `known_at` of three results.",
    ("known_when", "emergency_before"): "Hold it against `happened_at` and `known_at` of three visits.",
    ("known_when", "codes_before"): "Hold it against `happened_at` and `known_at` of three codes.",
    ("missing_means", "sodium"): "Look at three stays where it is missing.",
    ("missing_means", "emergency_before"): "Look at three stays where it is 0.",
    ("missing_means", "codes_before"): "Look at three stays where it is 0.",
}


def all_entries(answer):
    """Every entry: its part, its feature, and what it says."""
    return [(part, name, answer[part].get(name, ...)) for part, name in LOOK]


def wrong_entry(answer):
    """The first entry that is blank, no phrase of the list, or another one."""
    phrases = {"known_when": given(3).KNOWN_WHEN, "missing_means": given(3).MISSING_MEANS}
    if all(said is ... for _, _, said in all_entries(answer)):
        return "Your function is right: no future moves it. Now the six entries, which are still `...`."
    for part, name, said in all_entries(answer):
        if said is ...:
            return f"Your function is right. The entry `{part}` of `{name}` is still `...`."
        if said not in phrases[part]:
            return f"Your function is right. `{said}` is no phrase of `given(3).{part.upper()}`, which are chosen word for word."
        if said != ENTRIES[part][name]:
            return f"Your function is right. Of `{name}` your entry `{part}` says: {said}. {LOOK[part, name]}"
    return None


def entries_so_far(answer, hospital):
    """For a named entry: what is right so far, and what is still to be written."""
    said = all_entries(answer)
    good = sum(text == ENTRIES[part][name] for part, name, text in said)
    blank = sum(text is ... for _, _, text in said)
    return f"Your function is right, and {good} of 6 entries" + (f"; {blank} of 6 are still `...`." if blank else ".")


_kept = {}


def right_features(hospital):
    if hospital.checksum not in _kept:
        _kept[hospital.checksum] = person_by_person(hospital, None)["make"]
    return _kept[hospital.checksum]


key(
    "W03.Q3",
    reference=person_by_person,
    same=parts({"make": FEATURES, "known_when": Entries(1.0), "missing_means": Entries(1.0)}),
    right=(
        "With another future not one of your numbers moves. That test needs no knowledge of the code, so it can stand in "
        "front of every release; the three entries are what a reviewer reads instead of the code."
    ),
    look_at="all facts of one such person in the order of `known_at`, beside `asked_at`",
    evidence=in_the_table,
    misconceptions=[
        misconception(
            "by_when_it_happened",
            answer=making(clock="happened_at"),
            says="You asked when things happened, not when they were known.",
            so_what="The blood was drawn at half past six and the number came at twenty to nine; the diagnosis was there all "
            "along and was coded a week later. At eight nobody had either, and on Monday neither will your model.",
            look_at="`happened_at` and `known_at` of one result and of one code",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "sodium_when_drawn",
            answer=making(sodium_clock="happened_at"),
            says="Your sodium is the last one drawn by eight, also where it was issued later.",
            so_what="Of the morning's tubes many are still in the rack at eight. In the notebook the model has today's value; on "
            "the ward it has yesterday's, and the threshold was set on the other.",
            look_at="results with `happened_at` before `asked_at` and `known_at` after it",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "codes_of_this_stay",
            answer=making(code_clock="happened_at"),
            says="You counted codes by the stay they belong to, so this stay's own are in.",
            so_what="They are written days after the patient has left, by someone who has read the whole chart. A model that "
            "reads them at eight predicts the past, beautifully.",
            look_at="`known_at` of the codes of the asked stay",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "up_to_discharge",
            answer=making(until="discharged_at"),
            says="You took what was known by the discharge.",
            so_what="The question is asked at eight, the patient goes at two. What came in those hours, often the reason to stay "
            "or go, will not be there when somebody decides whom to call.",
            look_at="`asked_at` and `discharged_at` of one stay",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "known_at_admission",
            answer=making(until="admitted_at"),
            says="You asked at the admission, so this stay has told you nothing yet.",
            so_what="The model is asked on the day of discharge, days later. What the ward has measured since is known and "
            "useful; a feature table for one question cannot serve another.",
            look_at="`admitted_at` and `asked_at` of one stay",
            teaches="M12",
            evidence=in_the_table,
        ),
        misconception(
            "half_year_from_asked",
            answer=making(back_from="asked_at"),
            says="You counted the half year back from the question, not from the admission.",
            so_what="Nobody visits an emergency department from a hospital bed. The longer the stay, the shorter the half year "
            "that you look at, and the long stays seem to belong to people who came less.",
            look_at="stays of three weeks and more",
            teaches="M17",
            evidence=in_the_table,
        ),
        misconception(
            "whole_record",
            answer=making(clock="none", this_stay=False),
            says="You took the whole record, whenever it came.",
            so_what="The last sodium of a person may be from a stay a year later, that is, from the readmission itself. "
            "Everything you measure with this is the future telling itself.",
            look_at="facts with `known_at` after `asked_at`",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "one_moment",
            answer=with_make(one_moment),
            says="You cut all facts at one moment, the same for everyone.",
            so_what='For those who were asked early, years of future are in. A table "as of today" is right for today\'s '
            "patients and for nobody else in it.",
            look_at="the earliest `asked_at` beside the latest",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "visits_ahead",
            answer=making(visits_ahead=True),
            says="Your half year has one end only: visits after the admission count as well.",
            so_what="`admitted_at - happened_at` is negative for what is still to come, and negative is less than 182 days. The "
            "emergency visit of next month became a reason to expect it.",
            look_at="the sign of `admitted_at - happened_at`",
            teaches="M12",
            evidence=what_moved,
        ),
        misconception(
            "an_order_is_a_result",
            answer=making(kinds=("result", "order")),
            says="You took orders for results: the last fact named sodium is often an order without a value.",
            so_what="An order says that somebody wanted to know. It is worth a feature of its own, if you mean it; here a tube "
            "on its way wipes out the number that the ward has.",
            look_at="`kind` of the facts with the name sodium",
            teaches="M13",
            evidence=what_moved,
        ),
        misconception(
            "sodium_of_any_stay",
            answer=making(this_stay=False),
            says="Where this stay has no sodium yet, you took one of an earlier stay.",
            so_what="It was known, so no future is in it; but it is another illness, perhaps two years old. Missing says that "
            "nobody measured now, which is information, and you painted over it.",
            look_at="`happened_at` of your sodium beside `admitted_at`",
            teaches="M14",
            evidence=in_the_table,
        ),
        misconception(
            "codes_not_distinct",
            answer=making(distinct=False),
            says="You counted lines of coding, not different codes.",
            so_what="Who comes often has the same diabetes coded often. Your number of diagnoses is a number of visits in "
            "disguise, and it grows without anyone becoming more ill.",
            look_at="the codes of one person with several stays",
            teaches="M16",
            evidence=in_the_table,
        ),
        misconception(
            "nothing_is_missing",
            answer=making(fill=False),
            says="Where there was no visit or no code your count is missing.",
            so_what="We looked and found none: that is 0. As missing it will be dropped or filled with an average, and people "
            "without history get somebody else's.",
            look_at="the stays without any visit in the half year",
            teaches="M14",
            evidence=what_moved,
        ),
        misconception(
            "filled_with_usual",
            answer=making(usual=True),
            says="You filled a missing sodium with the usual value.",
            so_what="It may be right for a model, and is then its business, written down beside it. In the feature table it "
            "makes people whom nobody measured look measured and normal.",
            look_at="stays without a result by `asked_at`",
            teaches="M14",
            evidence=what_moved,
        ),
        misconception(
            "known_when_it_happens",
            answer=with_entry("known_when", "sodium", "when it happens"),
            says="An entry of yours says that a number is known when it happens.",
            so_what="Then there would be no second clock. The reviewer who reads this lets the tube in the rack and the code "
            "of next week pass, because the paper says they are there.",
            look_at="what your function compares with `asked_at`",
            teaches="M12",
            evidence=entries_so_far,
            also=says_of_any("known_when", "when it happens"),
        ),
        misconception(
            "codes_at_discharge",
            answer=with_entry("known_when", "codes_before", "at discharge"),
            says="Your entry says that codes are known at discharge.",
            so_what="Coding takes days. A stay that follows a discharge by two days would get, on paper, codes that nobody has "
            "written yet.",
            look_at="`known_at` of codes beside the end of their stay",
            teaches="M12",
            evidence=entries_so_far,
        ),
        misconception(
            "missing_is_normal",
            answer=with_entry("missing_means", "sodium", "normal"),
            says="Your entry says that a missing sodium means normal.",
            so_what="It means that nobody had an answer. Whoever reads your dictionary will fill 140 for a patient whose "
            "blood is in the centrifuge, because you told them so.",
            look_at="why a sodium is missing in your own table",
            teaches="M14",
            evidence=entries_so_far,
        ),
    ],
)


# W03.Q4 ---------------------------------------------------------------------------------------------------------------
def counted_by_hand(hospital, truth):
    """From the truth's own copy of both labels, counted stay by stay."""
    ended = hospital.warehouse.stays.set_index("encounter_id").discharged_at.dt.tz_convert(HERE)
    counts = {}
    for row in truth.sepsis.itertuples():
        if row.encounter_id in ended.index:
            at = ended[row.encounter_id]
            n = counts.setdefault(f"{at.year}Q{(at.month + 2) // 3}", [0, 0, 0, 0])
            n[0] += 1
            n[1] += row.clinical_label
            n[2] += row.claims_label
            n[3] += row.clinical_label and row.claims_label
    rows = [(q, 1000 * c / n, 1000 * b / n, 100 * both / c) for q, (n, c, b, both) in sorted(counts.items())]
    return pd.DataFrame(rows, columns=["quarter", "clinical", "claims", "coded"])


def by_quarter(stays, *, per=1000, of=100, coded="coded", denominator=None):
    """The right table, with a denominator exchanged."""
    base = stays if denominator is None else stays[denominator(stays)]
    groups = base.groupby("quarter")
    both = stays.sepsis_clinical & stays.sepsis_claims
    parts_of = {
        "coded": stays[stays.sepsis_clinical].groupby("quarter").sepsis_claims.mean(),
        "turned": stays[stays.sepsis_claims].groupby("quarter").sepsis_clinical.mean(),
        "agree": (stays.sepsis_clinical == stays.sepsis_claims).groupby(stays.quarter).mean(),
        "of_all": both.groupby(stays.quarter).mean(),
        "ratio": stays.groupby("quarter").sepsis_claims.sum() / stays.groupby("quarter").sepsis_clinical.sum(),
    }
    table = {
        "clinical": per * groups.sepsis_clinical.mean(),
        "claims": per * groups.sepsis_claims.mean(),
        "coded": of * parts_of[coded],
    }
    return pd.DataFrame(table).reset_index()


def plain_counts(stays):
    groups = stays.groupby("quarter")
    return by_quarter(stays).assign(
        clinical=groups.sepsis_clinical.sum().to_numpy(float), claims=groups.sepsis_claims.sum().to_numpy(float)
    )


def of_either(stays):
    both, either = stays.sepsis_clinical & stays.sepsis_claims, stays.sepsis_clinical | stays.sepsis_claims
    return by_quarter(stays).assign(
        coded=100 * (both.groupby(stays.quarter).sum() / either.groupby(stays.quarter).sum()).to_numpy()
    )


def people_not_stays(stays):
    return by_quarter(stays.drop_duplicates(["person_id", "quarter"]))


def shares_in_words(answer, hospital):
    """What the learner's own columns look like: their size, in words that name a likely slip."""
    if not isinstance(answer, pd.DataFrame) or not {"quarter", "clinical", "claims", "coded"} <= set(answer):
        return None
    stays = given(3).labelled_stays(hospital)
    known = set(stays.quarter)
    foreign = [q for q in answer.quarter.tolist() if q not in known]
    if foreign:
        return f"`quarter` holds `{foreign[0]}`, which is no quarter of the table; they are written as `{sorted(known)[0]}`."
    first, last = (answer[answer.quarter == q].head(1) for q in (min(known), max(known)))
    if first.empty or last.empty:
        return None
    told = [
        f"`{name}` goes from {first[name].iloc[0]:,.4g} to {last[name].iloc[0]:,.4g}"
        for name in ("clinical", "claims", "coded")
    ]
    return f"Yours, from the first quarter to the last: {'; '.join(told)}. {_how_many(stays, stays)}"


def _how_many(stays, left, words="The table you were given has {} and {} stays in them."):
    ends = min(stays.quarter), max(stays.quarter)
    return words.format(*(f"{int(left.quarter.eq(quarter).sum()):,}" for quarter in ends))


def shares_of(left, unit):
    """Also how many stays are left where only the first of each unit is counted."""

    def told(answer, hospital):
        stays, mine = given(3).labelled_stays(hospital), shares_in_words(answer, hospital)
        words = f"The first stay of each {unit} leaves {{}} and {{}}."
        return mine and f"{mine} {_how_many(stays, left(stays), words)}"

    return told


def which_column(answer, hospital):
    """For the key: a slip of unit or rounding by name, else the learner's own course and which columns are right."""
    told = shares_in_words(answer, hospital) or ""
    if told.startswith("`quarter`"):
        return told
    names = ["clinical", "claims", "coded"]
    values = answer[names].apply(pd.to_numeric, errors="coerce")
    small = [name for name in names if values[name].max() <= 1]
    if small:
        return (
            f"`{small[0]}` lies between 0 and 1: it is a share, and a number of 1,000 or of 100 stays was asked. {told}"
        )
    if (values == values.round()).all(axis=None):
        return f"All your numbers are whole; leave them as they are computed. {told}"
    right, same = by_quarter(given(3).labelled_stays(hospital)), frames(on="quarter", rtol=2e-3)

    def off(mine, name):
        return same.distance(mine[["quarter", name]], right[["quarter", name]])

    turned = answer.rename(columns={"clinical": "claims", "claims": "clinical"})
    if not off(turned, "clinical") and not off(turned, "claims"):
        return f"`clinical` and `claims` have changed places: each holds the other's numbers. {told}"
    if not off(answer[["quarter"]].assign(coded=values.coded / 10), "coded"):
        return f"`coded` is of 1,000; it was asked of 100 stays with the clinical label. {told}"
    far = {name: off(answer, name) for name in names}
    if far["coded"] and len(answer) > 1 and values.coded.nunique() == 1:
        told = f"`coded` is one number for all {len(answer)} quarters; each quarter has its own. {told}"
    if not all(far.values()):
        good = [f"`{name}`" for name in names if not far[name]]
        told += f" {' and '.join(good)}: right."
    elif answer.quarter.duplicated().any():
        told += " Some quarters stand there more than once."
    return told


key(
    "W03.Q4",
    reference=counted_by_hand,
    same=frames(on="quarter", rtol=2e-3),
    right=(
        "Same stays, two labels, two histories: the code grows towards the reviewers' label. Whoever draws the code alone "
        'sees an epidemic. `reveal("W03.P2")` now says what truly happened.'
    ),
    look_at='the words after "of" in the three definitions: each names a denominator',
    evidence=which_column,
    misconceptions=[
        misconception(
            "plain_counts",
            answer=plain_counts,
            says="You counted septic stays, not their share of all stays.",
            so_what="In the third year Eastbank joined, and there are more stays of every kind. A count that grows with the "
            "house looks like an outbreak in every board paper.",
            look_at="the number of stays in the first and in the last quarter",
            teaches="M17",
            evidence=shares_in_words,
        ),
        misconception(
            "turned_round",
            answer=lambda stays: by_quarter(stays, coded="turned"),
            says="Your `coded` is turned round: of 100 stays with the code, those with the clinical label.",
            so_what="That says whether a code can be trusted, not how many septic patients it finds. Turned round, the half "
            "that it misses cannot be seen at all.",
            look_at="which label you filter by, and which you take the mean of",
            teaches="M02",
            evidence=shares_in_words,
        ),
        misconception(
            "agreement",
            answer=lambda stays: by_quarter(stays, coded="agree"),
            says="Your `coded` is the share of stays on which both labels agree.",
            so_what="Most stays have no sepsis by any label, so two labels that had never met would agree on nine in ten. The "
            "number is high, calm, and says nothing about the septic.",
            look_at="the denominator: stays with the clinical label, not all",
            teaches="M03",
            evidence=shares_in_words,
        ),
        misconception(
            "of_all_stays",
            answer=lambda stays: by_quarter(stays, coded="of_all"),
            says="Your `coded` is of 100 of all stays, not of 100 with the clinical label.",
            so_what="It mixes how much sepsis there is with how well it is coded. When one rises and the other falls, your "
            "number stands still.",
            look_at="the denominator of `coded`",
            teaches="M17",
            evidence=shares_in_words,
        ),
        misconception(
            "claims_over_clinical",
            answer=lambda stays: by_quarter(stays, coded="ratio"),
            says="Your `coded` divides all codes by all clinical labels.",
            so_what="Codes on stays that no reviewer called septic are in the numerator. The two could name entirely different "
            "people, and you would report that coding is nearly complete.",
            look_at="stays with the code and without the clinical label",
            teaches="M17",
            evidence=shares_in_words,
        ),
        misconception(
            "of_either",
            answer=of_either,
            says="Your `coded` is of 100 stays with either label.",
            so_what="It is a fair measure of overlap, and answers another question. Codes on stays that no reviewer called septic "
            "lower it, so it falls when coders are generous and when they are slack.",
            look_at="the denominator of `coded`: stays with the clinical label",
            teaches="M17",
            evidence=shares_in_words,
        ),
        misconception(
            "one_stay_a_person",
            answer=lambda stays: by_quarter(stays.drop_duplicates("person_id")),
            says="You kept one stay of each person, in all three years.",
            so_what="Sepsis happens to a stay. The frailest, who come often, count once, and the later the quarter the fewer of its "
            "stays are left: your quarters are not made of the same kind of patient.",
            look_at="the number of stays that are left in the last quarter",
            teaches="M16",
            evidence=shares_of(lambda stays: stays.drop_duplicates("person_id"), "person"),
        ),
        misconception(
            "of_the_labelled",
            answer=lambda stays: by_quarter(stays, denominator=lambda rows: rows.sepsis_clinical | rows.sepsis_claims),
            says="Your shares are of stays that have any sepsis label, not of all stays.",
            so_what="When coding grows, so does that denominator, and the clinical share falls although nothing changed on the "
            "ward. The two labels now push each other down.",
            look_at="the denominator of `clinical` and of `claims`",
            teaches="M17",
            evidence=shares_in_words,
        ),
        misconception(
            "people_not_stays",
            answer=people_not_stays,
            says="You kept one stay of each person and quarter.",
            so_what="Sepsis happens to a stay. Of those who come twice in a quarter, often the frailest, only the first time "
            "counts, and which one that is depends on the order of the table.",
            look_at="a person with two stays in one quarter",
            teaches="M16",
            evidence=shares_of(lambda stays: stays.drop_duplicates(["person_id", "quarter"]), "person and quarter"),
        ),
        misconception(
            "in_percent",
            answer=lambda stays: by_quarter(stays, per=100),
            says="`clinical` and `claims` are of 100, not of 1,000 stays.",
            so_what="Six of a hundred and sixty of a thousand are the same; two teams that write them side by side under one "
            "heading have found a tenfold epidemic.",
            look_at="the units in the question",
            teaches="M37",
            evidence=shares_in_words,
        ),
    ],
)


# W03.Q5 ---------------------------------------------------------------------------------------------------------------
def sound_and_flawed(hospital, truth):
    names = [*given(3).SOUND, *given(3).FLAWED]
    return {"passed": {name: name in given(3).SOUND for name in names}}


def watching(*drop, more=()):
    """A good guard, with checks left out or added."""

    def guard(cohort_rows, contacts, ends):
        rows = cohort_rows
        stays_out = ["died", "hospice", "transfer", "against_advice"]
        checks = {
            "unique": rows.contact_id.is_unique,
            "dispositions": not rows.disposition.isin(stays_out).any(),
            "days": rows.day.dropna().between(0, 30).all(),
            "recent": rows.discharged_at.max() <= ends - 150 * DAY,
            "quiet": rows.state.eq("neither").any(),
            "again": rows.person_id.duplicated().any(),
        }
        said = [name for name, holds in checks.items() if name not in drop and not holds]
        return said + [name for name, holds in more if not holds(rows)]

    return guard


FLAW_DOES = {
    "doubled": "a patient with many visits weighs as many",
    "the dead": "people who died in the ward stand among those who stayed well",
    "backwards": "a stay before the discharge counts as the return after it",
    "too recent": "the last months have not had their thirty days and their claims",
    "events only": "all who stayed well are gone, so nearly everyone is readmitted",
    "first only": "each person is in once, so those who come back most are nearly out",
    "moves": "a walk to the other site counts as a readmission in the same minute",
}


def who_passed(answer, hospital):
    """What lived and what it would have done; or the first complaint about a sound table."""
    passed, first = answer.get("passed", {}), answer.get("first", {})
    shown = {name: table for table, name in given(3).shown_as(hospital).items()}
    stopped = [name for name in given(3).SOUND if not passed.get(name)]
    if stopped:
        one = stopped[0]
        return (
            f"Your guard stops {len(stopped)} of 3 sound tables; of `{shown[one]}` it says: {first.get(one, '')}. "
            "A guard that stops what is sound will be switched off."
        )
    lived = [name for name in FLAW_DOES if passed.get(name)]
    if len(lived) == len(FLAW_DOES):
        return f"Your guard complains of none of the ten: {len(lived)} of 7 flawed tables pass."
    named = "; ".join(f"`{shown[name]}` ({FLAW_DOES[name]})" for name in lived[:3])
    more = f"; and {len(lived) - 3} more" if lived[3:] else ""
    return f"{len(lived)} of 7 flawed tables pass: {named}{more}."


key(
    "W03.Q5",
    reference=sound_and_flawed,
    same=parts({"passed": labels(at_least=1)}),
    right=(
        "Three pass, seven are stopped. None of the seven raised an error when it was made: the guard is the only place "
        "where somebody says what a cohort must be."
    ),
    look_at="`describe(include='all')` of a table that you judge wrongly, beside that of another",
    evidence=who_passed,
    misconceptions=[
        misconception(
            "keys_only",
            answer=lambda rows, contacts, ends: [] if rows.contact_id.is_unique else ["a stay stands twice"],
            says="Only the table with doubled rows is stopped.",
            so_what="Unique ids say that a table is a table. Who is in it, and what is said of them, can be wrong in every "
            "row.",
            look_at="`disposition`, `day` and the last `discharged_at` of each table",
            teaches="M16",
            evidence=who_passed,
        ),
        misconception(
            "plausible_rate",
            answer=lambda rows, contacts, ends: (
                [] if 0.05 <= rows.state.eq("readmitted").mean() <= 0.2 else ["the rate is odd"]
            ),
            says="Only a table whose rate nobody would believe is stopped.",
            so_what="Most flaws move a rate by a point or two, well within what looks right. A number that nobody is surprised "
            "by is the one that is published.",
            look_at="the rate of all ten tables, beside each other",
            teaches="M17",
            evidence=who_passed,
        ),
        misconception(
            "complete_rows",
            answer=watching(more=[("a value is missing", lambda rows: rows.notna().all(axis=None))]),
            says="Every table is stopped, the three sound ones too.",
            so_what="Often it is a rule that no value may be missing. Who did not come back has no day: such a rule is met only by dropping these "
            "people, and somebody in a hurry will.",
            look_at="`day` where `state` is neither",
            teaches="M14",
            evidence=who_passed,
        ),
        misconception(
            "rows_in_order",
            answer=watching("quiet", "again"),
            says="The two tables pass from which people are missing.",
            so_what="Each of their rows is right. What is wrong is that others are gone, and an absence has no row "
            "to fail.",
            look_at="the number of rows of each table, and who in `contacts` should be there",
            teaches="M14",
            evidence=who_passed,
        ),
        misconception(
            "whenever_it_ended",
            answer=watching("recent"),
            says="All are stopped but the table that reaches up to the last day.",
            so_what="Its rows are in order, and the newest are neither because nothing can have been reported. The rate falls "
            "every month, and rises again when you look back.",
            look_at="the last `discharged_at` of each table, beside `ends`",
            teaches="M12",
            evidence=who_passed,
        ),
        misconception(
            "any_disposition",
            answer=watching("dispositions"),
            says="Two tables pass that hold patients who never went home.",
            so_what="The dead stand there as well patients, and a walk to the other site as a return. One column tells of both, "
            "and nobody read it.",
            look_at="`disposition.value_counts()` of each table",
            teaches="M17",
            evidence=who_passed,
        ),
        misconception(
            "any_day",
            answer=watching("days"),
            says="All are stopped but the table whose returns lie before the discharge.",
            so_what="The nearest stay was taken, in either direction, so every frail patient with a history is readmitted. A "
            "feature has become the outcome, and a model will be proud of it.",
            look_at="the smallest `day` of each table",
            teaches="M12",
            evidence=who_passed,
        ),
    ],
)


# W03.Q6 ---------------------------------------------------------------------------------------------------------------
def ten_heaps(hospital, truth):
    """People sorted by cost and dealt into ten heaps of equal size, then counted one by one."""
    people = {row.person_id: row for row in given(3).costs(hospital).itertuples()}
    ranked = sorted(people.values(), key=lambda row: row.cost_year)
    rows = []
    edges = np.quantile([row.cost_year for row in ranked], np.linspace(0, 1, 11))
    for tenth in range(1, 11):
        heap = [r for r in ranked if (r.cost_year > edges[tenth - 1] or tenth == 1) and r.cost_year <= edges[tenth]]
        black = [r.conditions for r in heap if r.race == "black"]
        others = [r.conditions for r in heap if isinstance(r.race, str) and r.race != "black"]
        rows.append((tenth, float(np.mean(black)), float(np.mean(others))))
    return pd.DataFrame(rows, columns=["tenth", "black", "others"])


def heaps(stays, *, people=True, unknown="out", within=False, equal=True, turned=False):
    rows = stays.drop_duplicates("person_id") if people else stays
    rows = rows[rows.race.notna()] if unknown == "never" else rows
    rows = rows if unknown == "in" else rows.assign(known=rows.race.notna())
    by, of = ("conditions", "cost_year") if turned else ("cost_year", "conditions")
    rows = rows[rows.known] if within else rows
    group = pd.Series(np.where(rows.race.eq("black"), "black", "others"), rows.index)

    def cut(values):
        values = values.rank(method="first") if turned else values  # many people have as many conditions
        return pd.qcut(values, 10, labels=range(1, 11)).astype(int)

    if not equal:
        tenth = pd.cut(rows[by], 10, labels=range(1, 11)).astype(int)
    elif within:
        tenth = rows[by].groupby(group).transform(cut)
    else:
        tenth = cut(rows[by])
    rows = rows.assign(tenth=tenth, group=group)
    rows = rows if unknown == "in" else rows[rows.known]
    return rows.groupby(["tenth", "group"])[of].mean().unstack("group").reset_index()


def two_groups(stays):
    """Black and White people alone, and the tenths of these alone."""
    return heaps(stays[stays.race.isin(["black", "white"])])


def split_to_two(answer, hospital):
    """Whether the tenths are of everybody, and the others of them White people alone."""
    people = given(3).costs(hospital).drop_duplicates("person_id")
    tenth = pd.qcut(people.cost_year, 10, labels=range(1, 11)).astype(int)
    two = people.assign(tenth=tenth)[people.race.isin(["black", "white"])]
    wrong = two.groupby(["tenth", "race"]).conditions.mean().unstack().rename(columns={"white": "others"}).reset_index()
    return frames(on="tenth", rtol=2e-3).matches(answer, wrong)


def heaps_in_words(answer, hospital):
    """The learner's own gap in the highest tenth, and how many people and rows there are."""
    if not isinstance(answer, pd.DataFrame) or not {"tenth", "black", "others"} <= set(answer):
        return None
    stays = given(3).costs(hospital)
    top = answer[answer.tenth == answer.tenth.max()].head(1)
    if top.empty:
        return None
    return (
        f"In your highest tenth `black` is {top.black.iloc[0]:,.3g} and `others` {top.others.iloc[0]:,.3g}. The table has "
        f"{len(stays):,} rows of {stays.person_id.nunique():,} people, {int(stays.race.isna().sum()):,} rows without a race."
    )


def which_tenth(answer, hospital):
    """For the key: tenths named or ordered otherwise than asked, else what differs."""
    found = sorted(pd.to_numeric(answer.tenth, errors="coerce").dropna().unique().tolist())
    if found != list(range(1, 11)):
        return f"Your `tenth` has the values {', '.join(f'{one:g}' for one in found[:11])}; asked are 1, the cheapest, to 10."
    first, last = (answer[answer.tenth == tenth].iloc[0] for tenth in (1, 10))
    if first.others > last.others:
        return f"In your tenth 1 people have more conditions than in your tenth 10: 1 is the cheapest. {heaps_in_words(answer, hospital)}"
    right = heaps(given(3).costs(hospital))
    return f"{frames(on='tenth', rtol=2e-3).evidence(answer, right)} {heaps_in_words(answer, hospital) or ''}".strip()


key(
    "W03.Q6",
    reference=ten_heaps,
    same=frames(on="tenth", rtol=2e-3, at_least=5),  # of ten rows in all
    right=(
        "Everybody ranked, and split afterwards: in most tenths Black patients have more chronic conditions, so at equal "
        "illness less was spent on them. A score that "
        "predicts cost well ranks them too low, and no column of race is needed for that. Here the gap was built in by us; "
        "lesson 2 cites where it was found in life."
    ),
    look_at="one tenth: how many people of each group are in it, and how many rows you average",
    evidence=which_tenth,
    misconceptions=[
        misconception(
            "stays_not_people",
            answer=lambda stays: heaps(stays, people=False),
            says="You averaged over stays, so who came often counts often.",
            so_what="A programme takes people. In each of your tenths the frailest weigh five or six times, and the "
            "borders between the tenths have moved with them.",
            look_at="the rows of one person with several stays",
            teaches="M16",
            evidence=heaps_in_words,
        ),
        misconception(
            "unknown_is_other",
            answer=lambda stays: heaps(stays, unknown="in"),
            says="You put people whose race was not recorded among the others.",
            so_what="Missing is not white. Among them are Black patients, so your comparison has some of them on both sides, "
            "and the gap looks smaller than it is.",
            look_at="`race` where it is missing, and what a comparison with it gives",
            teaches="M14",
            evidence=heaps_in_words,
        ),
        misconception(
            "unknown_never_in",
            answer=lambda stays: heaps(stays, unknown="never"),
            says="You removed people without a recorded race before you made the tenths.",
            so_what="A programme ranks everyone who costs, recorded or not. Your borders are those of another house, and "
            "registration gaps, which differ by site, decide who lies in which tenth.",
            look_at="the number of people over whom your tenths are made",
            teaches="M14",
            evidence=heaps_in_words,
        ),
        misconception(
            "lesson_groups",
            answer=two_groups,
            says="You kept Black and White patients only: here `others` are all whose race is known, and the tenths are of "
            "everybody.",
            so_what="A programme ranks everyone. People of other races cost and fall ill as well; left out, they are missing "
            "on one side of the comparison.",
            look_at="`race.value_counts(dropna=False)` of the people, and which of them your table holds",
            teaches="M31",
            evidence=heaps_in_words,
            also=split_to_two,
        ),
        misconception(
            "tenths_within_groups",
            answer=lambda stays: heaps(stays, within=True),
            says="You cut the tenths within each group.",
            so_what="The highest tenth of one group and that of the other do not cost the same. The question was about people "
            "of equal cost, whom a programme would treat alike.",
            look_at="the borders of your tenths, for each group",
            teaches="M31",
            evidence=heaps_in_words,
        ),
        misconception(
            "tenths_of_the_range",
            answer=lambda stays: heaps(stays, equal=False),
            says="You cut the range of cost into ten, not the people.",
            so_what="Costs have a long tail: nearly everyone is in the first part, and in the last sits a single patient. No "
            "average of it means anything.",
            look_at="the number of people in each part",
            teaches="M31",
            evidence=heaps_in_words,
        ),
        misconception(
            "turned_round",
            answer=lambda stays: heaps(stays, turned=True),
            says="You compared cost at equal illness, not illness at equal cost.",
            so_what="It shows the same wrong from its other side, in dollars. The programme sorts by cost, so what matters to "
            "it is how ill those are whom it holds to be equal.",
            look_at="which column makes the tenths, and which is averaged",
            teaches="M31",
            evidence=heaps_in_words,
        ),
    ],
)
