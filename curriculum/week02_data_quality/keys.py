"""Week 2: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import datetime as dt

import numpy as np
import pandas as pd
from wardround.course.compare import frames, labels, parts, sets
from wardround.course.compare_words import counted
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.hospital.sources import visit_number
from wardround.records import claims_as_of

HERE = "America/New_York"
WITHDRAWN = ("W", "D", "X")


# W02.P1 ---------------------------------------------------------------------------------------------------------------
def unlike_the_export(hospital, truth):
    """Of 1,000 results drawn from six to noon: those of which the ward saw something else at 14:00 than stands in the end."""
    oru = hospital.feeds.oru
    drawn = oru.drawn_at.dt.tz_convert(HERE)
    oru = oru[drawn.dt.hour.between(6, 11)].assign(two=drawn.dt.normalize() + pd.Timedelta("14h"))
    columns = ["result_id", "value", "status"]
    end = oru.drop_duplicates("result_id", keep="last")[columns].set_index("result_id")
    then = oru[oru.sent_at <= oru.two].drop_duplicates("result_id", keep="last")[columns].set_index("result_id")
    then = then.reindex(end.index)
    return 1000 * float(((then.value != end.value) | (then.status != end.status)).mean())


outcome("W02.P1", unlike_the_export)


# W02.P2 ---------------------------------------------------------------------------------------------------------------
def false_merges(hospital, truth):
    """Of 100 pairs with a weight above zero: those of two people."""
    pairs = given(2).record_pairs(hospital)
    pairs = pairs[pairs.weight > 0]
    person = truth.identities.set_index("patient_id").person_id
    one = pairs.patient_key_a.map(person).to_numpy() == pairs.patient_key_b.map(person).to_numpy()
    return 100 * float(1 - one.mean())


outcome("W02.P2", false_merges)


# W02.Q1 ---------------------------------------------------------------------------------------------------------------
def in_the_ledger(hospital, truth):
    """From the ledger: results whose value was written in another unit."""
    of_units = truth.ledger.fault.isin(["analyser_unit", "glucose_in_mmol"])
    page = given(2).results_page(hospital)
    return set(page.result_id) & set(truth.ledger.resource_id[of_units])


def with_factors(page):
    return page.merge(given(2).unit_factors(), on="loinc")


def outside_the_range(page):
    rows = with_factors(page)
    return set(rows.result_id[(rows.value < rows.low) | (rows.value > rows.high)])


def label_changes(page):
    usual = page.groupby("loinc").label.transform(lambda column: column.mode().iloc[0])
    return set(page.result_id[page.label != usual])


def three_deviations(page):
    by_test = page.groupby("loinc").value
    return set(page.result_id[(page.value - by_test.transform("mean")).abs() > 3 * by_test.transform("std")])


def nearest_usual(page, keep=lambda rows: rows.loinc.notna()):
    rows = with_factors(page)
    usual = rows.groupby("loinc").value.transform("median")
    here, there = (np.log(rows.value / (usual * factor)).abs() for factor in (1.0, rows.factor))
    return set(rows.result_id[(there < here) & keep(rows)])


def whole_site(page):
    """All results of a test at the site where some of them are in another unit."""
    wrong = page[page.result_id.isin(nearest_usual(page, lambda rows: rows.loinc.eq("2160-0")))]
    there = page.site.isin(wrong.site.unique()) & page.loinc.eq("2160-0")
    return set(page.result_id[there])


def only_upwards(page):
    return nearest_usual(page, lambda rows: rows.factor > 1)


def whole_days(page):
    """All creatinines of a site's day on which one of them is in another unit."""
    wrong = page[page.result_id.isin(nearest_usual(page))][["loinc", "site", "day"]].drop_duplicates()
    return set(page.merge(wrong, on=["loinc", "site", "day"]).result_id)


def normal_once_converted(page):
    rows = with_factors(page)
    outside = (rows.value < rows.low) | (rows.value > rows.high)
    return set(rows.result_id[outside & (rows.value / rows.factor).between(rows.low, rows.high)])


def by_test(answer, hospital):
    """How many of each test the answer names, in the learner's own numbers."""
    page = given(2).results_page(hospital)
    named = list(answer) if isinstance(answer, (set, list, pd.Series)) else []
    mine = page[page.result_id.isin(named)]
    if mine.empty:
        return f"None of your ids stands on the page, such as `{named[0]}`." if named else "Your set is empty."
    counts = ", ".join(f"{n:,} of {loinc}" for loinc, n in mine.loinc.value_counts().items())
    harmless = mine[mine.loinc.isin(["2951-2", "2823-3", "777-3"])]
    if len(harmless):
        one = harmless.iloc[0]
        return (
            f"You flag {len(mine):,} results: {counts}. Among them `{one.result_id}`, {one.loinc} with the value "
            f"{one.value:g}: by which factor should that be changed?"
        )
    return f"You flag {len(mine):,} results: {counts}. Draw those beside the ones that you leave, on a log scale."


key(
    "W02.Q1",
    reference=in_the_ledger,
    same=sets(),
    right=(
        "Creatinine in umol/L from one analyzer at Eastbank, and glucose in mmol/L under the old label: found without "
        "reading a single label. Left in, a normal 88 pages a nephrologist, and a glucose of 7 pages for sugar at once. "
        "Fixed cuts (above 15, below 30) do on this page, where no honest value comes near; elsewhere dialysis does."
    ),
    look_at="a histogram of `np.log10(page.value)` for each `loinc`",
    evidence=by_test,
    misconceptions=[
        misconception(
            "outside_the_range",
            answer=outside_the_range,
            says="You flagged what lies outside the reference range.",
            so_what="That is what being ill looks like. Repaired as units, the highest creatinines of your sickest patients "
            "would be divided by 88 and become the lowest: the alert goes silent for exactly those it is for.",
            look_at="the values of one test that you flag: do they form a second heap, or a tail?",
            teaches="M15",
            evidence=by_test,
        ),
        misconception(
            "label_changes",
            answer=label_changes,
            says="You flagged results whose label differs from the usual one.",
            so_what="Sodium in mEq/L is the same number as in mmol/L: an alarm for nothing. And a label that does not "
            "change covers the analyzer that did: its creatinines of 88 go on paging people.",
            look_at="the values beside the two labels of that test, and its `factor`",
            teaches="M15",
            evidence=by_test,
        ),
        misconception(
            "three_deviations",
            answer=three_deviations,
            says="You flagged values more than three standard deviations from their test's mean.",
            so_what="The wrong creatinines are in that mean and stretch the deviation, so a good quarter of them hide; at "
            "Eastbank taken alone, where they are many, nine in ten do and go on paging. Honest high sugars are flagged in "
            "their place.",
            look_at="mean and standard deviation of each test beside its median",
            teaches="M15",
            evidence=by_test,
        ),
        misconception(
            "normal_once_converted",
            answer=normal_once_converted,
            says="You kept only those that become normal when they are converted: the sick in the wrong unit stay wrong.",
            so_what="A 354 under mg/dL is a creatinine of 4 in umol/L, failing kidneys in either unit. You leave it at 354, "
            "and whoever sees that number doubts the analyzer, not the kidneys.",
            look_at="the second heap of creatinine, also where it lies above the range times 88.4",
            teaches="M15",
            evidence=by_test,
        ),
        misconception(
            "whole_site",
            answer=whole_site,
            says="You flagged every creatinine of one site.",
            so_what="Only one of its analyzers is meant. Divided by 88, the honest results become impossible, and real "
            "kidney failure at that site reads as 0.05.",
            look_at="that site's values for this test: one heap or two?",
            teaches="M15",
            evidence=by_test,
        ),
        misconception(
            "only_upwards",
            answer=only_upwards,
            says="You found the values that became too large, and left those that became too small.",
            so_what="A glucose of 7 under a label of mg/dL looks like a dangerously low sugar. Somebody "
            "runs with sugar, once; the second time nobody runs.",
            look_at="the lower end of every test, and factors below 1",
            teaches="M15",
            evidence=by_test,
        ),
        misconception(
            "whole_days",
            answer=whole_days,
            says="You flagged every result of a test on a site's days that have one wrong value.",
            so_what="Several analyzers work side by side. The honest results of that day would be converted too: an 8 mg/dL "
            "in kidney failure becomes 0.09.",
            look_at="one such day: the values of that test, sorted",
            teaches="M15",
            evidence=by_test,
        ),
    ],
)


# W02.Q2 ---------------------------------------------------------------------------------------------------------------
def message_by_message(hospital, truth):
    """By replaying the stream: a screen on which each message overwrites the one before it."""
    rows = []
    for at in given(2).afternoons(hospital):
        messages, screen = given(2).messages_around(hospital, at), {}
        times = [dt.datetime.strptime(raw, "%Y%m%d%H%M%S%z") for raw in messages.sent_raw]
        stream = zip(times, messages.result_id, messages.value, messages.status, strict=True)
        for sent, result, value, status in sorted(stream, key=lambda message: message[0]):
            if sent <= at:
                screen[result] = (value, status)
        for result, (value, status) in screen.items():
            if status not in WITHDRAWN:
                rows.append({"result_id": result, "value": value, "status": status, "at": f"{at:%Y-%m-%d}"})
    return pd.DataFrame(rows)


def standing(messages):
    """The last row of each result, if it is not withdrawn."""
    last = messages.sort_values("sent_at", kind="stable").drop_duplicates("result_id", keep="last")
    return shown(last[~last.status.isin(WITHDRAWN)])


def shown(rows):
    return rows[["result_id", "value", "status"]]


def sent_by(messages, at):
    return messages[messages.sent_at <= at].sort_values("sent_at", kind="stable")


def ever_withdrawn(messages, at):
    gone = messages.result_id[messages.status.isin(WITHDRAWN)]
    return standing(sent_by(messages[~messages.result_id.isin(gone)], at))


def last_then_late(messages, at):
    last = messages.sort_values("sent_at", kind="stable").drop_duplicates("result_id", keep="last")
    return shown(last[(last.sent_at <= at) & ~last.status.isin(WITHDRAWN)])


def withdrawals_first(messages, at):
    return standing(sent_by(messages, at).query("status not in @gone", local_dict={"gone": WITHDRAWN}))


def first_message(messages, at):
    first = sent_by(messages, at).drop_duplicates("result_id")
    return shown(first[~first.status.isin(WITHDRAWN)])


def finals_only(messages, at):
    now = standing(sent_by(messages, at))
    return now[now.status.eq("F")]


def final_or_corrected(messages, at):
    now = standing(sent_by(messages, at))
    return now[now.status.ne("P")]


key(
    "W02.Q2",
    reference=message_by_message,
    same=frames(on=["at", "result_id"]),
    right=(
        "This is what a person could act on, and therefore all that a model may know at 14:00. The export cannot tell "
        "you: it holds one version of each result, the last."
    ),
    look_at="all messages of one `result_id` that differs, with `sent_at` and `status`, beside `at`",
    misconceptions=[
        misconception(
            "last_ever",
            answer=lambda messages, at: standing(messages),
            says="You took the last version of each result, whenever it came.",
            so_what="That is the export. At 14:00 nobody knew the correction that was sent at 17:00, so a model "
            "trained on this rescues, in the notebook, patients whose nurse saw another number.",
            look_at="the `sent_at` of your rows, beside `at`",
            teaches="M12",
        ),
        misconception(
            "by_time_drawn",
            answer=lambda messages, at: standing(messages[messages.drawn_at <= at]),
            says="You kept what was drawn by 14:00.",
            so_what="A tube in a rack is not a number. The value came half an hour to half a day later, and nobody could "
            "treat a potassium that lay in the centrifuge.",
            look_at="`drawn_at` beside `sent_at` of one result",
            teaches="M12",
        ),
        misconception(
            "by_time_reported",
            answer=lambda messages, at: standing(messages[messages.reported_at <= at]),
            says="You kept what was reported by 14:00, not what had been sent.",
            so_what="When the interface engine stands still, results wait in its queue for hours: ready in the "
            "laboratory, unknown on the ward. The telephone rings instead, or it does not.",
            look_at="rows in which `sent_at` is long after `reported_at`",
            teaches="M12",
        ),
        misconception(
            "first_message",
            answer=first_message,
            says="You took the first message of each result.",
            so_what="The screen had moved on: preliminary values became final, and some were corrected because they were "
            "wrong. Your 14:00 still treats the number that the laboratory took back.",
            look_at="`status` of the rows that you keep",
            teaches="M16",
        ),
        misconception(
            "finals_only",
            answer=finals_only,
            says="You kept final results only.",
            so_what="A preliminary value is on the screen, and people act on it; a corrected one is the most trustworthy "
            "of all. Your ward is blind for the hour in which it matters.",
            look_at="the statuses that occur in `messages`",
            teaches="M16",
        ),
        misconception(
            "preliminary_left_out",
            answer=final_or_corrected,
            says="You left out preliminary results.",
            so_what="They stood on the screen and somebody acted on them, often at night. A model without them knows less "
            "than the nurse, and an audit will not see why she acted.",
            look_at="results whose only message so far has status `P`",
            teaches="M16",
        ),
        misconception(
            "withdrawn_kept",
            answer=lambda messages, at: shown(sent_by(messages, at).drop_duplicates("result_id", keep="last")),
            says="You kept results that had been withdrawn by 14:00.",
            so_what="`W` means posted for the wrong person. The number is somebody else's, and the withdrawal is the only "
            "trace of it: act on it, and two people are treated wrongly.",
            look_at="`status` of your rows",
            teaches="M16",
        ),
        misconception(
            "withdrawals_first",
            answer=withdrawals_first,
            says="You removed the withdrawals before taking each result's last message.",
            so_what="The message that took the value back is gone, so the value is back: the wrong patient's potassium "
            "stands on the screen again.",
            look_at="all messages of a result that has a `W`",
            teaches="M16",
        ),
        misconception(
            "ever_withdrawn",
            answer=ever_withdrawn,
            says="You left out results that were withdrawn later.",
            so_what="At 14:00 nobody knew that: the number stood there and somebody acted on it. Without it your 14:00 is "
            "cleaner than any ward has ever been.",
            look_at="the `sent_at` of the messages with `W`, beside `at`",
            teaches="M12",
        ),
        misconception(
            "last_then_late",
            answer=last_then_late,
            says="You took each result's last message first, and then dropped those sent after 14:00.",
            so_what="A result that was corrected at 17:00 has now vanished from the 14:00 screen, though it stood there, "
            "with its first value.",
            look_at="which comes first in your function: the time, or the last",
            teaches="M16",
        ),
    ],
)


# W02.Q3 ---------------------------------------------------------------------------------------------------------------
def walked_down(hospital, truth):
    """One reviewed pair after the other from the top, in whole numbers; then one pair after the other."""
    reviewed = sorted(given(2).reviewed_pairs(hospital).itertuples(), key=lambda row: -row.weight)
    border, seen, one_person = float("inf"), 0, 0
    for place, row in enumerate(reviewed):
        seen, one_person = seen + 1, one_person + row.same
        ends = place + 1 == len(reviewed) or reviewed[place + 1].weight < row.weight
        if ends and 1000 * one_person >= 995 * seen:
            border = row.weight
    decided = {row.pair: row.same for row in reviewed}
    merge, queue = {pair for pair, same in decided.items() if same}, []
    for pair in given(2).record_pairs(hospital).to_dict("records"):
        if pair["pair"] not in decided:
            (merge.add if pair["weight"] >= border else queue.append)(pair["pair"])
    return {"merge": merge, "review": set(queue[: given(2).CLERK_PAIRS])}


def bands(pairs, reviewed, border, per_week):
    """Three bands by one border, in which the clerks' decisions stand."""
    sure, parted = pairs.weight >= border, pairs.pair.isin(reviewed.pair[~reviewed.same])
    queue = pairs.pair[~sure & ~pairs.pair.isin(reviewed.pair)]
    return {"merge": set(pairs.pair[sure & ~parted]), "review": set(queue.head(per_week))}


def right_border(reviewed, share=0.995):
    return min(w for w in reviewed.weight.unique() if reviewed.same[reviewed.weight >= w].mean() >= share)


def of_all_reviewed(reviewed):
    false = ~reviewed.same
    return min(w for w in reviewed.weight.unique() if (false & (reviewed.weight >= w)).sum() <= 0.005 * len(reviewed))


def best_f1(reviewed):
    def f1(border):
        found = reviewed.weight >= border
        return 2 * (found & reviewed.same).sum() / (found.sum() + reviewed.same.sum())

    return max(reviewed.weight.unique(), key=f1)


def recall_kept(reviewed):
    found = reviewed.weight[reviewed.same]
    return max(w for w in reviewed.weight.unique() if (found >= w).mean() >= 0.995)


def by(border):
    """A right function, but for its border."""
    return lambda pairs, reviewed, per_week: bands(pairs, reviewed, border(reviewed), per_week)


def lowest_merge(answer, hospital):
    """The weight from which on an answer merges every pair that clerks have not decided; None where it does not."""
    pairs, reviewed = given(2).record_pairs(hospital), given(2).reviewed_pairs(hospital)
    pairs = pairs[~pairs.pair.isin(reviewed.pair)]
    merged = pairs.pair.isin(answer.get("own", ()))
    lowest = pairs.weight[merged].min()
    return lowest if merged.any() and merged.equals(pairs.weight >= lowest) else None


def merges_from(*borders):
    """Whether an answer merges what one of these borders would, whatever it makes of the clerks' decisions."""

    def same(answer, hospital):
        lowest, reviewed = lowest_merge(answer, hospital), given(2).reviewed_pairs(hospital)
        wanted = [lowest_merge({"own": by(border)(given(2).record_pairs(hospital), reviewed, 0)["merge"]}, hospital)
                  for border in borders]  # fmt: skip
        return lowest is not None and lowest in wanted

    return same


def far_too_low(answer, hospital):
    """Whether more than twice the promised share of the reviewed pairs from the lowest merge up are two people."""
    lowest, reviewed = lowest_merge(answer, hospital), given(2).reviewed_pairs(hospital)
    return lowest is not None and reviewed.same[reviewed.weight >= lowest].mean() < 0.99


def endless(answer, hospital):
    return merges_from(right_border)(answer, hospital) and len(answer["review"]) > given(2).CLERK_PAIRS


def undecides(answer, hospital):
    reviewed = given(2).reviewed_pairs(hospital)
    decided, parted = set(reviewed.pair), set(reviewed.pair[~reviewed.same])
    passed_over = decided & set(answer["review"]) or parted & set(answer["merge"])
    return bool(passed_over) and merges_from(right_border)(answer, hospital)


def at_zero(pairs, reviewed, per_week):
    return {"merge": set(pairs.pair[pairs.weight > 0])}


def name_and_birthday(pairs, reviewed, per_week):
    first = [pairs[f"given_{side}"].str.split().str[0] for side in "ab"]
    alike = (pairs.family_a == pairs.family_b) & (first[0] == first[1]) & (pairs.birth_date_a == pairs.birth_date_b)
    return {"merge": set(pairs.pair[alike])}


def no_end(pairs, reviewed, per_week):
    positive = pairs[pairs.weight > 0]
    return bands(positive, reviewed, right_border(reviewed), len(positive))


def only_reviewed(pairs, reviewed, per_week):
    return {"merge": set(reviewed.pair[reviewed.weight >= right_border(reviewed)])}


def decisions_ignored(pairs, reviewed, per_week):
    sure = pairs.weight >= right_border(reviewed)
    return {"merge": set(pairs.pair[sure]), "review": set(pairs.pair[~sure].head(per_week))}


def bands_in_words(answer, hospital):
    """What the learner's own merges and queue do, beside what clerks have decided."""
    if not all(isinstance(answer.get(name), (set, list, pd.Series)) for name in ("merge", "review")):
        return None
    reviewed, pairs = given(2).reviewed_pairs(hospital), given(2).record_pairs(hospital)
    own, review = set(answer.get("own", ())), set(answer["review"])
    told = [f"You merge {len(own):,} pairs and give {len(review):,} to clerks who can do {given(2).CLERK_PAIRS}."]
    told += _against_decisions(own, review, reviewed)
    joined = reviewed.pair[reviewed.same]
    if joined.isin(own).any() and not joined.isin(own).all():
        told.append(
            f"You leave apart {(~joined.isin(own)).sum():,} of the {len(joined):,} reviewed pairs of one person."
        )
    told += _from_the_lowest(pairs[pairs.pair.isin(own)], reviewed)
    if own & review:
        told.append(f"{len(own & review):,} pairs are in both bands.")
    return " ".join(told)


def decisions_in_words(answer, hospital):
    """The pairs in the learner's bands that clerks have decided."""
    reviewed = given(2).reviewed_pairs(hospital)
    return " ".join(_against_decisions(set(answer.get("own", ())), set(answer["review"]), reviewed))


def _against_decisions(own, review, reviewed):
    """Merges of parted pairs, and decided pairs in the queue."""
    parted = reviewed.pair[~reviewed.same & reviewed.pair.isin(own)]
    if len(parted):
        yield f"Of your merges {counted(len(parted), 'is a pair', 'are pairs')} that clerks have parted: `{parted.iloc[0]}`."
    queued = reviewed.pair[reviewed.pair.isin(review)]
    if len(queued):
        yield f"In your queue {counted(len(queued), 'pair is', 'pairs are')} decided already, such as `{queued.iloc[0]}`."


def _from_the_lowest(merged, reviewed):
    """What the sample says of the pairs at or above the lowest weight merged, likely ones and others apart."""
    if merged.empty:
        return
    lowest, likely = merged.weight.min(), given(2).LIKELY
    above = reviewed[reviewed.weight >= max(lowest, likely)]
    yield (
        f"The lowest weight that you merge is {lowest:g}: of the {len(above):,} reviewed pairs from "
        f"{max(lowest, likely):g} up, {counted(int((~above.same).sum()), 'is', 'are')} two people."
    )
    if lowest < likely:
        seen = reviewed[reviewed.weight.between(lowest, likely, inclusive="left")]
        yield (
            f"Below {likely:g} you merge {(merged.weight < likely).sum():,} more; clerks have seen {len(seen):,} pairs of "
            f"such weights, of which {counted(int((~seen.same).sum()), 'is', 'are')} two people."
        )


def bands_are_right(answer, hospital):
    """What a right border is worth: how large a share of false merges its sample leaves possible."""
    from scipy.stats import binomtest

    reviewed = given(2).reviewed_pairs(hospital)
    above = reviewed[reviewed.weight >= right_border(reviewed)]
    false = int((~above.same).sum())
    most = binomtest(false, len(above)).proportion_ci(method="exact").high
    return (
        "A border with a promise, a queue with an end, decisions that stand, and the rest left apart. What stays apart can "
        "be joined tomorrow; what was joined wrongly is two people's allergies on one page. But "
        f"{false or 'no'} false {'pair' if false < 2 else 'pairs'} in {len(above):,} fits a true rate of "
        f"{1000 * most:.0f} in 1,000 as well: read the sample's size with the border (week 5)."
    )


key(
    "W02.Q3",
    reference=walked_down,
    same=parts({"merge": sets(), "review": sets()}),
    right=bands_are_right,
    look_at="the reviewed pairs around your border, with both records from `pairs`",
    evidence=bands_in_words,
    misconceptions=[
        misconception(
            "at_zero",
            answer=at_zero,
            says="You merge every pair whose weight is above zero.",
            so_what="There the agreement speaks more for one person than against; it leaves out how rare true pairs are. "
            "Each false merge puts one person's allergies and blood group on another.",
            look_at="the reviewed pairs above zero that are two people",
            teaches="M16",
            evidence=bands_in_words,
        ),
        misconception(
            "wrong_denominator",
            answer=by(of_all_reviewed),
            says="You divide the false merges by all reviewed pairs; the promise is about those you merge.",
            so_what="The pairs that you leave apart dilute your errors: review more strangers, and the border sinks, though "
            "not one merge has become safer.",
            look_at="how many reviewed pairs lie at or above your border, and how many of those are two people",
            teaches="M16",
            evidence=bands_in_words,
            also=merges_from(of_all_reviewed),
        ),
        misconception(
            "best_f1",
            answer=by(best_f1),
            says="Your border finds nearly all there is to find, as recall or F1 would choose it.",
            so_what="The promise is precision: of those you merge, how many are one person. Recall does not see a false "
            "merge at all. A missed one is found at the next visit; a false one gives a twin her sister's penicillin "
            "allergy.",
            look_at="the reviewed pairs above your border that are two people",
            teaches="M16",
            evidence=bands_in_words,
            also=merges_from(best_f1, recall_kept),
        ),
        misconception(
            "border_too_low",
            answer=by(lambda reviewed: 30),
            says="Your border lies well below what the promise allows.",
            so_what="More than twice the false merges that you promised. Twins share birthday, address and telephone, so "
            "they weigh much too; joined, one gets the other's allergies.",
            look_at="the reviewed pairs above your border that are two people",
            teaches="M16",
            evidence=bands_in_words,
            also=far_too_low,
        ),
        misconception(
            "name_and_birthday",
            answer=name_and_birthday,
            says="You merge pairs that agree in name and birth date.",
            so_what="The rule misses every record with a slip in just these fields, which is how second records "
            "arise. Those people keep half a medication list in each chart.",
            look_at="reviewed pairs of one person that you leave apart",
            teaches="M16",
            evidence=bands_in_words,
        ),
        misconception(
            "no_end",
            answer=no_end,
            says="Your border is right, and your queue has no end: you gave clerks more pairs than they can do.",
            so_what="Two people do what they can in a week. In an endless queue the likely pairs wait behind strangers, "
            "and nobody knows when a person's half chart will be found.",
            look_at="the third argument of your function",
            teaches="M16",
            evidence=bands_in_words,
            also=endless,
        ),
        misconception(
            "decisions_ignored",
            answer=decisions_ignored,
            says="Your border is right, but you undo what clerks decided: you merge a pair that they have parted, or hand "
            "them one again that is settled.",
            so_what="They had both cards on the desk; a weight has not. And every settled pair in the queue takes the place "
            "of a person whose half chart nobody has looked for.",
            look_at="the pairs of `reviewed` in your two sets, with `same`",
            teaches="M16",
            evidence=decisions_in_words,
            also=undecides,
        ),
        misconception(
            "only_reviewed",
            answer=only_reviewed,
            says="You merged only pairs of the sample.",
            so_what="Those are decided already. The sample is there to learn a border that holds for all pairs; as it is, "
            "the people whom no clerk has seen keep two charts.",
            look_at="the number of rows of `pairs` and of `reviewed`",
            teaches="M16",
            evidence=bands_in_words,
        ),
    ],
)


# W02.Q4 ---------------------------------------------------------------------------------------------------------------
def alive_and_dead(hospital, truth):
    """The four ordinary weeks pass and nothing else does."""
    names = [*(f"clean {n}" for n in range(1, 5)), *given(2).MUTANTS]
    return {"passed": {**{name: name.startswith("clean") for name in names}, "complaint": ""}}


def made(*, drop=(), add_columns=None, value=None, tests=True, types=False, more=()):
    """A contract: a good one, with parts left out or changed."""

    def contract():
        import pandera.pandas as pa

        known = ["2160-0", "2345-7", "2951-2", "2823-3", "718-7", "6690-2"]
        columns = {
            "result_id": pa.Column(str, unique="twice" not in drop and not types),
            "site": pa.Column(str),
            "test": pa.Column(str, pa.Check.isin(known) if tests and not types else None),
            "value": value or pa.Column(float, nullable=True),
            "status": pa.Column(str, None if types or "status" in drop else pa.Check.isin(given(2).STATUSES)),
            "collected_at": pa.Column("datetime64[us, UTC]"),
        } | (add_columns or {})
        checks = {
            "order": pa.Check(lambda week: week.released_at >= week.collected_at),
            "received": pa.Check(lambda week: week.received_at >= week.released_at),
            "unit": pa.Check(lambda week: ~(week.test.eq("2160-0") & week.value.gt(25))),
            "sites": pa.Check(lambda week: week.site.nunique() == 2),
            "missing": pa.Check(lambda week: week.value.isna().mean() < 0.1),
        }
        kept = [] if types else [check for name, check in checks.items() if name not in drop]
        return pa.DataFrameSchema(columns, checks=[*kept, *more])

    return contract


def reference_ranges():
    import pandera.pandas as pa

    ranges = given(2).unit_factors().set_index("loinc")

    def normal(week):
        low, high = week.test.map(ranges.low), week.test.map(ranges.high)
        return ~((week.value < low) | (week.value > high))

    return made(more=[pa.Check(normal)])()


def no_missing_value():
    import pandera.pandas as pa

    return made(value=pa.Column(float))()


def a_missing_value_compared():
    import pandera.pandas as pa

    return made(more=[pa.Check(lambda week: week.value > 0)])()


def complains(kind):
    """Whether an ordinary week is stopped for this reason, whatever else the contract holds."""
    return lambda answer, hospital: answer["passed"].get("complaint") == kind


def a_column_to_come():
    import pandera.pandas as pa

    return made(add_columns={"device": pa.Column(str)})()


WOULD_HAVE = {
    "unit changed": "88 read as mg/dL, and kidney alarms all night",
    "silent site": "nobody at Eastbank is at risk any more, it seems",
    "rows twice": "one draw weighs as two",
    "released before collected": "a model knows results before the blood is drawn",
    "new status": "results fall out of every filter by status",
    "code renamed": "no potassium alert fires, for anyone",
    "UTC as local": "results seem to come hours from now",
    "values gone": "a model imputes normal, and sick people look well",
}


def who_lived(answer, hospital):
    """The mutants that lived with what each would have done, or the first complaint about a clean week."""
    passed = answer.get("passed", {})
    stopped = [name for name in passed if name.startswith("clean") and not passed[name]]
    lived = [name for name in WOULD_HAVE if passed.get(name)]
    first = answer.get("first", {})
    wrongly = [name for name in lived if name in first]
    if stopped:
        return (
            f"Your contract stops {len(stopped)} of 4 ordinary weeks; on `{stopped[0]}` it says: "
            f"{first.get(stopped[0], '')}. Mutants that die with it prove nothing."
        )
    if wrongly:
        return (
            f"`{wrongly[0]}` lives: your contract stops this week before anything is changed in it, and says: "
            f"{first[wrongly[0]]}. It would stop an ordinary week as well."
        )
    named = "; ".join(f"`{name}` ({WOULD_HAVE[name]})" for name in lived[:3])
    more = f"; and {', '.join(f'`{name}`' for name in lived[3:])}" if lived[3:] else ""
    return f"{len(lived)} of 8 mutants live: {named}{more}."


key(
    "W02.Q4",
    reference=alive_and_dead,
    same=parts({"passed": labels(at_least=1)}),
    right=(
        "Four ordinary weeks pass, eight mutants die. Put it at the door of the feed, before any model, and write down "
        "who is called when it fires: a contract without an owner is a log line."
    ),
    look_at="`describe()` of a week that you get wrong, beside `clean 1`",
    evidence=who_lived,
    misconceptions=[
        misconception(
            "types_only",
            answer=made(types=True),
            says="Every mutant passes: your contract checks columns and their types, if that.",
            so_what="A creatinine of 88 is a fine float, and an empty site has no wrong row. Types catch a programmer's "
            "mistake; what changes on a ward keeps its type.",
            look_at="one mutant beside `clean 1`: what differs that a type does not know?",
            teaches="M15",
            evidence=who_lived,
        ),
        misconception(
            "reference_ranges",
            answer=reference_ranges,
            says="Your contract refuses values that ordinary weeks contain.",
            so_what="In a hospital people are ill, and values far from a healthy body's come every day. An alarm each "
            "morning is switched off by Friday, and then all eight mutants walk in.",
            look_at="smallest and largest value of each test in the clean weeks, and what hardly any living body shows",
            teaches="M15",
            evidence=who_lived,
            also=complains("values"),
        ),
        misconception(
            "rows_only",
            answer=made(drop=("sites", "missing")),
            says="You look at rows and never at the week as a whole.",
            so_what="What does not come has no row to fail. Eastbank could be dark all week, or a quarter of the values "
            "gone, and your model would score those people as well.",
            look_at="checks that get the whole week: `pa.Check(lambda week: …)` that returns one True or False",
            teaches="M14",
            evidence=who_lived,
        ),
        misconception(
            "no_missing_value",
            answer=no_missing_value,
            says="Your contract allows no missing value at all, so ordinary weeks fail.",
            so_what="Tubes clot, and such a result has no value. The share is the signal, not the case: one in a hundred "
            "is a Tuesday, one in four is an interface.",
            look_at="`nullable` of the column, and `isna().mean()` of each week",
            teaches="M14",
            evidence=who_lived,
            also=complains("series_contains_nulls"),
        ),
        misconception(
            "missing_compared",
            answer=a_missing_value_compared,
            says="Each spoilt tube fails your check: a comparison with a missing value is False. Allow it: "
            "`week.value.isna() | ...`.",
            so_what="Tubes clot in every ordinary week. A check that means the values and fires for the gaps is read as "
            "noise, and the day on which a value is wrong looks like all others.",
            look_at="the rows of `clean 1` without a value, and what your check says of them (of a share: its limit)",
            teaches="M14",
            evidence=who_lived,
            also=complains("missing"),
        ),
        misconception(
            "a_column_to_come",
            answer=a_column_to_come,
            says="Your contract demands a column that the feed does not have.",
            so_what="It describes the feed you wish for. Until it comes every week is stopped, and the first thing that "
            "an on-call engineer learns is how to pass the contract by.",
            look_at="the columns of `clean 1`",
            teaches="M15",
            evidence=who_lived,
        ),
        misconception(
            "one_range",
            answer=made(drop=("unit",)),
            says="All die but the unit change: no check ties a value to its own test.",
            so_what="90 is a fine glucose and a terrible creatinine. With one range for all, every normal kidney of "
            "Eastbank looks like failure, and someone is paged four times for one patient.",
            look_at="the largest `value` of each test, in `clean 1` and in `unit changed`",
            teaches="M15",
            evidence=who_lived,
        ),
        misconception(
            "own_clock_unread",
            answer=made(drop=("received",)),
            says="All die but the feed that is hours ahead.",
            so_what="Both of its times are wrong together, so their order is right. Only a clock that is not the "
            "sender's can tell; until then the ward's newest result seems to lie in the future.",
            look_at="`received_at`, beside the sender's two times",
            teaches="M12",
            evidence=who_lived,
        ),
        misconception(
            "silence_unheard",
            answer=made(drop=("sites",)),
            says="All die but the silent site.",
            so_what="Every row that came is in order. Nobody at Eastbank is flagged this week, which looks like a "
            "quiet week, and is the one fault that no alarm on rows will ever find.",
            look_at="`week.site.unique()` of each week",
            teaches="M14",
            evidence=who_lived,
        ),
    ],
)


# W02.Q5 ---------------------------------------------------------------------------------------------------------------
KINDS = ("result before collection", "discharge before admission", "sample after death")


def planted_times(hospital, truth):
    """From the ledger; and samples of the dead, one after the other by the standard library's clock."""
    tables = given(2).tables_of_times(hospital)
    rows = {}
    for kind, fault in zip(KINDS, ("result_before_collection", "discharge_before_admission"), strict=False):
        rows[kind] = list(dict.fromkeys(truth.ledger.resource_id[truth.ledger.fault.eq(fault)]))
    patients = tables.patients[tables.patients.deceased_at.notna()]
    died = dict(zip(patients.patient_key, map(dt.datetime.fromisoformat, patients.deceased_raw), strict=True))
    drawn = tables.labs[tables.labs.patient_key.isin(list(died)) & tables.labs.effective_at.notna()]
    rows[KINDS[2]] = [
        key
        for key, who, raw in zip(drawn.lab_key, drawn.patient_key, drawn.effective_raw, strict=True)
        if dt.datetime.fromisoformat(raw) > died[who]
    ]
    return pd.concat([pd.DataFrame({"kind": kind, "key": keys}) for kind, keys in rows.items()], ignore_index=True)


def orders(tables, *, result=None, discharge=None, death=None):
    """The right table, with one of its three parts exchanged."""
    labs, stays = tables.labs, tables.encounters
    died = labs.patient_key.map(tables.patients.set_index("patient_key").deceased_at)
    masks = (
        result(labs) if result else labs.issued_at < labs.effective_at,
        discharge(stays) if discharge else stays.discharged_at < stays.admitted_at,
        death(labs, died) if death else labs.effective_at > died,
    )
    keys = (labs.lab_key[masks[0]], stays.encounter_key[masks[1]], labs.lab_key[masks[2]])
    return pd.concat(
        [pd.DataFrame({"kind": kind, "key": found}) for kind, found in zip(KINDS, keys, strict=True)],
        ignore_index=True,
    )


def local_text(labs):
    return labs.issued_raw.str[:19] < labs.effective_raw.str[:19]


key(
    "W02.Q5",
    reference=planted_times,
    same=frames(on=["kind", "key"]),
    right=(
        "Three kinds, none of them a matter of taste. Quarantine them with their reason, and ask the sender. Many samples after "
        "one person's death are seldom a slip of the clock: look whether somebody else's visits lie in that record."
    ),
    look_at="the `_raw` and `_at` times of one row that differs",
    misconceptions=[
        misconception(
            "text_compared",
            answer=lambda tables: orders(tables, result=local_text),
            says="You compared times as the clock showed them.",
            so_what="In the autumn night the hour from one to two comes twice, so 01:20 can follow 01:50. You accuse a "
            "night shift of an error that the calendar made.",
            look_at="the offsets in `effective_raw` and `issued_raw`",
            teaches="M16",
        ),
        misconception(
            "day_as_midnight",
            answer=lambda tables: orders(
                tables, discharge=lambda stays: stays.discharged_raw.str[:19] < stays.admitted_raw.str[:19]
            ),
            says="You compared discharges as text, so a bare date comes before every hour of its own day.",
            so_what="A patient who came and left on one day is not an impossibility. A list with such cases is read once.",
            look_at="`discharged_raw` with ten characters",
            teaches="M16",
        ),
        misconception(
            "released_after_death",
            answer=lambda tables: orders(tables, death=lambda labs, died: labs.issued_at > died),
            says="You listed results that were released after a death.",
            so_what="Blood drawn in the last hour of a life is measured after it; that is how it goes. Removed as "
            "impossible, the sickest hours leave your data.",
            look_at="`effective_at` of these rows, beside the death",
            teaches="M16",
        ),
        misconception(
            "missing_is_wrong",
            answer=lambda tables: orders(tables, discharge=lambda stays: ~(stays.discharged_at >= stays.admitted_at)),
            says="You listed stays without a discharge instant as impossible.",
            so_what="Those people are still in bed, or left on a day without an hour. Unknown is not wrong, and a rule "
            "that confuses the two removes everyone who is on the ward now.",
            look_at="what `~(a >= b)` says where one of the two is missing",
            teaches="M14",
        ),
    ],
)


# W02.Q6 ---------------------------------------------------------------------------------------------------------------
RUN_OUT = given(2).RUN_OUT_DAYS
VERDICTS = {"there", "withdrawn", "not yet", "not covered", "lost"}


def planted_silence(hospital, truth):
    """Stays from the truth; lost messages and lost bills from the ledger; versions of claims replayed one by one."""
    record, adt, claims = given(2).three_feeds(hospital)
    ledger, today = truth.ledger, adt.sent.max()
    silent = ledger.fault.eq("adt_feed_silent") & ledger.kind.eq("A03")
    unsent = set(ledger.resource_id[silent].map(visit_number))
    unbilled = set(ledger.resource_id[ledger.fault.eq("encounter_without_claim")].map(visit_number))
    arrived = {visit for event, visit in zip(adt.event, adt.visit, strict=True) if event == "A03"}
    standing, ever = replayed(claims)
    stays = truth.stays[~truth.stays.in_progress]
    days = stays.discharged_at.dt.tz_localize("UTC").dt.tz_convert(HERE).dt.tz_localize(None).dt.normalize()
    rows, known = [], set(record.visit)
    for visit, day in zip(stays.encounter_id.map(visit_number), days, strict=True):
        late = "not yet" if day == today else "not covered"
        desk = "there" if visit in arrived else "lost" if visit in unsent else late
        old = (today - day).days >= RUN_OUT
        payer = "withdrawn" if visit in ever else "lost" if visit in unbilled and old else "not yet"
        rows.append({"visit": visit, "adt": desk, "claims": "there" if visit in standing else payer})
    return pd.DataFrame([row for row in rows if row["visit"] in known])


def replayed(claims):
    """Visits of which a claim stands after the last version, and visits of which any claim ever came."""
    last = {}
    for claim in claims.sort_values(["paid_date", "received_date"], kind="stable").itertuples():
        last[claim.original_claim_id] = (claim.visit, claim.frequency)
    return {visit for visit, version in last.values() if version != "8"}, {visit for visit, _ in last.values()}


def who_lacks(
    record,
    adt,
    claims,
    *,
    stays=lambda inpatient, over, last: inpatient & over & last,
    told=lambda stays, adt: stays.visit.isin(adt.visit[adt.event.eq("A03")]),
    billed=lambda stays, net: stays.visit.isin(net.visit),
    voided="withdrawn",
    before="not covered",
    run_out=RUN_OUT,
):
    """The right table, with one of its parts exchanged."""
    ours = record[stays(record["class"].eq("IMP"), record.left.notna(), record.next_visit.isna())]
    today, first = adt.sent.max(), adt.sent.min()
    young = ours.left > today - pd.Timedelta(days=run_out)
    desk = np.select([told(ours, adt), ours.left >= today, ours.left <= first], ["there", "not yet", before], "lost")
    said = [billed(ours, claims_as_of(claims, today)), ours.visit.isin(claims.visit), young]
    return pd.DataFrame(
        {"visit": ours.visit, "adt": desk, "claims": np.select(said, ["there", voided, "not yet"], "lost")}
    )


def by_record_number(record, adt, claims):
    return who_lacks(
        record,
        adt,
        claims,
        told=lambda stays, adt: stays.mrn.isin(adt.mrn[adt.event.eq("A03")]),
        billed=lambda stays, net: stays.mrn.isin(net.mrn),
    )


def any_message(record, adt, claims):
    return who_lacks(record, adt, claims, told=lambda stays, adt: stays.visit.isin(adt.visit))


def joined_rows(record, adt, claims):
    """The right verdicts, once for every message and every version of a claim."""
    table = who_lacks(record, adt, claims)
    for rows in (adt[adt.event.eq("A03")], claims[claims.type.eq("inpatient")]):
        table = table.merge(rows[["visit"]], on="visit", how="left")
    return table


def bills_as_stays(record, adt, claims):
    """The right table, with rows for the visits that only a bill knows."""
    table = who_lacks(record, adt, claims)
    net = claims_as_of(claims, adt.sent.max())
    alone = net[net.type.eq("inpatient") & net.visit.notna() & ~net.visit.isin(record.visit)]
    desk = np.where(alone.through_date <= adt.sent.min(), "not covered", "lost")
    return pd.concat([table, pd.DataFrame({"visit": alone.visit, "adt": desk, "claims": "there"})], ignore_index=True)


def what_is_lost(answer, hospital):
    """How many stays the answer calls lost that left before a feed began, or too lately to tell."""
    record, adt, _ = given(2).three_feeds(hospital)
    left, first = answer.visit.map(record.set_index("visit").left), adt.sent.min()
    desk, payer = left[answer.adt.eq("lost")], left[answer.claims.eq("lost")]
    early, young = int((desk <= first).sum()), int((payer > adt.sent.max() - pd.Timedelta(days=RUN_OUT)).sum())
    told = []
    if early:
        told.append(f"You call {len(desk):,} stays lost to the desk, {early:,} of them from before its messages begin.")
    if young:
        told.append(f"You call {len(payer):,} lost to the payers; {young:,} of them left less than {RUN_OUT} days ago.")
    return " ".join(told)


def without_a03(answer, hospital):
    """How many stays the answer finds in the messages though no A03 has their visit number."""
    adt = given(2).three_feeds(hospital)[1]
    there = answer.visit[answer.adt.eq("there")]
    lone = there[~there.isin(adt.visit[adt.event.eq("A03")])]
    if lone.empty:
        return ""
    return f"{len(lone):,} are `there` in your `adt` and no A03 has their number, first `{lone.iloc[0]}`."


def without_claim(answer, hospital):
    """How many stays the answer finds in the claims though the last version of their claim is a void."""
    claims = given(2).three_feeds(hospital)[2]
    gone = answer.visit[answer.claims.eq("there") & ~answer.visit.isin(replayed(claims)[0])]
    if gone.empty:
        return ""
    return f"{len(gone):,} are `there` in your `claims`, and a void has taken them back, first `{gone.iloc[0]}`."


def not_a_stay(answer, hospital):
    """How many rows of the answer are no stay that is over, and why."""
    rows = answer[["visit"]].astype(str).merge(given(2).three_feeds(hospital)[0], on="visit", how="left")
    reasons = {
        "no row of `record`": rows["class"].isna(),
        "another `class` than IMP": rows["class"].notna() & rows["class"].ne("IMP"),
        "no `left`": rows["class"].notna() & rows.left.isna(),
        "a `next_visit`": rows.next_visit.notna(),
    }
    found = [f"{int(those.sum()):,} have {why}" for why, those in reasons.items() if those.any()]
    return f"Of your {len(rows):,} rows {', '.join(found)}." if found else ""


def strange_words(answer, hospital):
    """A verdict of the answer that the question does not have."""
    strange = {*answer.adt.astype(str), *answer.claims.astype(str)} - VERDICTS
    return f"Your columns hold `{min(strange)}`, which is none of the verdicts." if strange else ""


def what_shows(answer, hospital):
    """What an answer that nobody foresaw shows of itself; nothing where the comparison says more."""
    looks = (strange_words, not_a_stay, what_is_lost, without_a03, without_claim)
    return next((told for look in looks if (told := look(answer, hospital))), None)


key(
    "W02.Q6",
    reference=planted_silence,
    same=frames(on="visit", at_least=3),
    right=(
        "Silence means something only where a feed would have spoken. Those lost to the desk left while its interface "
        "stood still: their beds looked taken, and a call list made of A03 passes over them. Put your two columns into "
        "`pd.crosstab`: could any stay be lost to both today?"
    ),
    look_at="one visit that differs: its row in `record`, all of its messages, all versions of its claim, and today",
    evidence=what_shows,
    misconceptions=[
        misconception(
            "not_run_out",
            answer=lambda record, adt, claims: who_lacks(record, adt, claims, run_out=0),
            says="You call a stay lost to the payers as soon as there is no claim.",
            so_what="Most of those bills are on their way. The billing office would search for what comes by itself, "
            "and miss the few that hang in its own queue.",
            look_at="`left` of those stays",
            teaches="M14",
            evidence=what_is_lost,
        ),
        misconception(
            "a_quarter",
            answer=lambda record, adt, claims: who_lacks(record, adt, claims, run_out=91),
            says="You let claims run out for thirteen weeks.",
            so_what="That is how far the messages go, not how long payers take. Some claims come later: each would be "
            "searched for, and soon nobody believes the list.",
            look_at="`RUN_OUT_DAYS`, and how it was measured",
            teaches="M14",
            evidence=what_is_lost,
        ),
        misconception(
            "before_the_messages",
            answer=lambda record, adt, claims: who_lacks(record, adt, claims, before="lost"),
            says="You call stays lost to the desk that ended before its messages begin.",
            so_what="We hold no messages of those years. The people whose A03 was lost, whose beds looked taken and "
            "whom no call list named, are a drop among thousands.",
            look_at="`adt.sent.min()` beside `left`",
            teaches="M14",
            evidence=what_is_lost,
        ),
        misconception(
            "by_record_number",
            answer=by_record_number,
            says="You matched people (`mrn`) and not visits.",
            so_what="An A03 of an emergency visit in October now covers a stay whose own was lost: who comes often "
            "looks complete. And some visits lie under a stranger's number.",
            look_at="all rows of `adt` of one such `mrn`",
            teaches="M16",
            evidence=without_a03,
        ),
        misconception(
            "any_message",
            answer=any_message,
            says="You counted any message of a visit as its discharge.",
            so_what="An A01 says that somebody came. Who came before the feed fell silent and left meanwhile has one; "
            "on the bed board they lie there still.",
            look_at="`event` of the messages of one such visit",
            teaches="M16",
            evidence=without_a03,
        ),
        misconception(
            "inner_transfer",
            answer=lambda record, adt, claims: who_lacks(
                record, adt, claims, stays=lambda inpatient, over, last: inpatient & over
            ),
            says="You took the first half of a move between our two hospitals for a discharge.",
            so_what="Nobody went home: the desk sent an A02, and one bill covers both halves. Somebody would call at "
            "home a patient who is in bed.",
            look_at="rows of `record` with a `next_visit`",
            teaches="M16",
            evidence=not_a_stay,
        ),
        misconception(
            "every_visit",
            answer=lambda record, adt, claims: who_lacks(
                record, adt, claims, stays=lambda inpatient, over, last: over & last
            ),
            says="You took emergency and observation visits as stays, too.",
            so_what="Whoever is admitted from the emergency department gets one bill, for the stay. The visit before "
            "it has none, and you send people to look for bills that were never meant to be.",
            look_at="`class` of your rows",
            teaches="M16",
            evidence=not_a_stay,
        ),
        misconception(
            "still_in_bed",
            answer=lambda record, adt, claims: who_lacks(
                record, adt, claims, stays=lambda inpatient, over, last: inpatient & last
            ),
            says="You list people who have not left.",
            so_what="A comparison with a missing day is false, so they fall through every condition and end as lost: "
            "the list asks for the discharge of somebody who is being washed upstairs.",
            look_at="rows of yours whose `left` is missing",
            teaches="M14",
            evidence=not_a_stay,
        ),
        misconception(
            "void_stands",
            answer=lambda record, adt, claims: who_lacks(record, adt, claims, voided="there"),
            says="You count a claim that its last version takes back.",
            so_what="For the payer that stay no longer is, and a readmission rate from claims has lost it. Nobody asks "
            "whether the bill should be written again.",
            look_at="all versions of one such claim, and their `frequency`",
            teaches="M16",
            evidence=without_claim,
        ),
        misconception(
            "joined_rows",
            answer=joined_rows,
            says="Your verdicts are right, and some stays have several rows.",
            so_what="An A03 can be sent twice and a claim has versions; a join keeps them all. Counted, one person "
            "went home twice, and the bed was free twice.",
            look_at="`duplicated('visit')` in your table, and in what you joined",
            teaches="M16",
        ),
        misconception(
            "bills_as_stays",
            answer=bills_as_stays,
            says="You added stays that only a bill knows.",
            so_what="A bill can be written for a visit that was cancelled: somebody would be called after an operation "
            "that never was. These go to the billing office.",
            look_at="one such visit in `record` and in `adt`",
            teaches="M16",
            evidence=not_a_stay,
        ),
    ],
)
