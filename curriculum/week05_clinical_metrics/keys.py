"""Week 5: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from wardround.course.compare import Comparison, frames, number, parts
from wardround.course.compare_words import named
from wardround.course.given import given
from wardround.course.keys import key, misconception, outcome
from wardround.evaluation import auroc_value, bootstrap, wilson

HOUR = pd.Timedelta(hours=1)


def also(name, *answers, **words):
    """One mistake in several forms, which are told the same."""
    return [misconception(f"{name}_{n}" if n else name, answer=answer, **words) for n, answer in enumerate(answers)]


# the truth, stay by stay ----------------------------------------------------------------------------------------------
def septic_ids(hospital, truth):
    """Stays with the clinical label and an order, from the truth.

    Without the rare order that left no trace: after the last score, its culture not final when the export ended.
    """
    sepsis, rows = truth.sepsis, given(5).stays(hospital)
    here = set(rows.encounter_id[rows.ordered_at.notna()])
    return set(sepsis.encounter_id[sepsis.clinical_label & sepsis.order_at.notna()]) & here


def in_the_truth(hospital, truth):
    """Per septic stay: when the order came (truth), when the scores that were at risk came, and which were alerts."""
    order = truth.sepsis.set_index("encounter_id").order_at
    windows, septic = hospital.warehouse.windows, septic_ids(hospital, truth)
    points, found = given(5).points(windows).to_numpy(), {}
    columns = (windows.encounter_id, windows["at"], windows.comfort_care, points)
    for stay, at, comfort, score in zip(*(column.tolist() for column in columns), strict=True):
        if stay in septic and not comfort and at < order[stay]:
            found.setdefault(stay, []).append(((order[stay] - at) / HOUR, score >= given(5).THRESHOLD))
    return found


def four_cells(hospital, truth):
    """Ids of septic, flagged and all stays."""
    windows = hospital.warehouse.windows
    everyone = set(hospital.warehouse.stays.encounter_id) & set(windows.encounter_id)
    flagged = set(windows.encounter_id[given(5).points(windows) >= given(5).THRESHOLD]) & everyone
    return septic_ids(hospital, truth), flagged, everyone


# W05.P1 to P3 ---------------------------------------------------------------------------------------------------------
def septic_of_flagged(hospital, truth):
    septic, flagged, _ = four_cells(hospital, truth)
    return 100 * len(septic & flagged) / len(flagged)


outcome("W05.P1", septic_of_flagged)


def found_in_time(hospital, truth):
    stays = in_the_truth(hospital, truth)
    return 100 * sum(any(alert and lead <= 24 for lead, alert in rows) for rows in stays.values()) / len(stays)


outcome("W05.P2", found_in_time)


def area_by_window(hospital, truth):
    order = truth.sepsis.set_index("encounter_id").order_at
    windows, septic = hospital.warehouse.windows, septic_ids(hospital, truth)
    windows = windows[windows.encounter_id.isin(hospital.warehouse.stays.encounter_id) & ~windows.comfort_care]
    lead = (windows.encounter_id.map(order) - windows["at"]) / HOUR
    at_risk = ~(lead <= 0)  # also those who never had an order
    soon = windows.encounter_id.isin(septic) & (lead <= 24)
    return auroc_value(soon[at_risk], given(5).points(windows)[at_risk])


outcome("W05.P3", lambda hospital, truth: area_by_window(hospital, truth) >= 0.75)


# W05.Q1 ---------------------------------------------------------------------------------------------------------------
SELLS = (
    ("flagged", "septic"),
    ("rightly judged", "septic"),  # the same under another name
    ("not septic", "not flagged"),
    ("septic", "not flagged"),
)
KILLS = (
    ("not septic", "flagged"),
    ("septic", "flagged"),
    ("rightly judged", "flagged"),
    ("flagged", "not septic"),
    ("flagged", "all"),
    ("not flagged", "septic"),
)
SILENT = (("rightly judged", "all"), ("not flagged", "not septic"))  # true, and better for a score that never speaks


def shares(hospital, truth):
    """Every share of a group that is in another, per 100 stays, by counting ids."""
    septic, flagged, everyone = four_cells(hospital, truth)
    groups = {
        "all": everyone,
        "septic": septic,
        "not septic": everyone - septic,
        "flagged": flagged,
        "not flagged": everyone - flagged,
        "rightly judged": (septic & flagged) | (everyone - septic - flagged),
    }
    share = {
        f"{who} / {of}": 100 * len(groups[who] & groups[of]) / len(groups[of])
        for who in groups
        for of in groups
        if groups[of]
    }
    return {"share": share} | {
        name: {"who": who, "of": of, "per 100": share[f"{who} / {of}"]}
        for name, (who, of) in (("sell it", SELLS[0]), ("kill it", KILLS[0]))
    }


@dataclass(frozen=True)
class Headlines(Comparison):
    """Two figures, each with the groups that it is about; whole numbers will do."""

    allowed: float = 1.0
    needed: float = 3.0
    rounding: float = 0.51

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        for name in ("sell it", "kill it"):
            if name not in answer:
                return f'the dictionary lacks "{name}"'
            mine = answer[name]
            if type(mine) is not dict or any(part not in mine for part in ("who", "of", "per 100")):
                return f'"{name}" should be a dictionary with "who", "of" and "per 100"'
            odd = next((mine[part] for part in ("who", "of") if mine[part] not in given(5).GROUPS), None)
            if odd is not None:
                return f'in "{name}", {odd!r} is none of the names in `given(5).GROUPS`'
            if type(mine["per 100"]) not in (int, float) or math.isnan(mine["per 100"]):
                return f'in "{name}", "per 100" should be a number'
        return None

    def distance(self, answer, reference):
        off = [self.off(answer[name], reference) for name in ("sell it", "kill it")]
        for name, fits in (("sell it", SELLS), ("kill it", KILLS)):
            if pair(answer[name]) not in fits:
                off.append(9.0)
        return max(off)

    def off(self, mine, reference):
        right = reference["share"].get(f"{mine['who']} / {mine['of']}", math.inf)
        return abs(mine["per 100"] - right) / self.rounding

    def matches(self, answer, wrong):
        judged = [name for name in ("sell it", "kill it") if name in wrong]
        return all(
            pair(answer[name]) == pair(wrong[name])
            and abs(answer[name]["per 100"] - wrong[name]["per 100"]) <= self.rounding
            for name in judged
        )

    def complete(self, wrong, reference):
        return {name: wrong.get(name, reference[name]) for name in ("sell it", "kill it")}

    def evidence(self, answer, reference):
        told = []
        if pair(answer["sell it"]) in KILLS and pair(answer["kill it"]) in SELLS:
            return "The two are exchanged: put each figure under the other's name."
        for name, fits in (("sell it", SELLS), ("kill it", KILLS)):
            mine, said = answer[name], in_words(answer[name])
            if self.off(mine, reference) > self.allowed:
                told.append(self.wrong_figure(name, mine, reference))
            elif pair(mine) in fits:
                told.append(f'"{name}" is true, and does what it should: {said}.')
            elif pair(mine) in SILENT:
                told.append(f'"{name}" is true: {said}. A score that never speaks reaches more than that.')
            else:
                would = "buy" if name == "sell it" else "drop"
                told.append(f'"{name}" is true: {said}. Nobody would {would} the score for that figure.')
        return " ".join(told)

    def wrong_figure(self, name, mine, reference):
        told = f'"{name}" says: {in_words(mine)}. That is not so.'
        if abs(100 * mine["per 100"] - reference["share"].get(f"{mine['who']} / {mine['of']}", math.inf)) < 0.51:
            return f"{told} It is a share between 0 and 1; the figure is asked per 100."
        others = [
            words
            for words, share in reference["share"].items()
            if abs(share - mine["per 100"]) < 0.06 and 0 < share < 100 and words.split(" / ")[1] != "rightly judged"
        ]
        if others:
            who, of = others[0].split(" / ")
            return f"{told} Your number is that of the {who} among the {of}."
        return f"{told} Count stays: how many are {mine['of']}, and how many of those are {mine['who']}?"


def pair(headline):
    return headline["who"], headline["of"]


def in_words(headline):
    of = "stays" if headline["of"] == "all" else f"{headline['of']} stays"
    return f"of 100 {of}, {headline['per 100']:.3g} are {headline['who']}"


def line(who, of, share):
    return {"who": who, "of": of, "per 100": 100 * float(share)}


def by_stay(ward, stays):
    return stays.encounter_id.isin(ward.encounter_id[ward.alert]), stays.septic


def by_score(ward, stays):
    return ward.alert, ward.encounter_id.map(stays.set_index("encounter_id").septic)


def told_of(flagged, septic):
    return {
        "sell it": line("flagged", "septic", flagged[septic].mean()),
        "kill it": line("not septic", "flagged", 1 - septic[flagged].mean()),
    }


def by_person(ward, stays):
    flagged, septic = by_stay(ward, stays)
    return told_of(flagged.groupby(stays.person_id).max(), septic.groupby(stays.person_id).max())


def turned(ward, stays):
    flagged, septic = by_stay(ward, stays)
    return {"sell it": line("septic", "flagged", flagged[septic].mean())}


def turned_twice(ward, stays):
    flagged, septic = by_stay(ward, stays)
    return turned(ward, stays) | {"kill it": line("not flagged", "septic", 1 - septic[flagged].mean())}


def area(ward, stays):
    highest = ward.groupby("encounter_id").score.max().reindex(stays.encounter_id)
    return auroc_value(stays.septic, highest)


def area_as(who, of):
    return lambda ward, stays: {"sell it": line(who, of, area(ward, stays))}


def accuracy(ward, stays):
    flagged, septic = by_stay(ward, stays)
    return {"sell it": line("rightly judged", "all", (flagged == septic).mean())}


def specificity(ward, stays):
    flagged, septic = by_stay(ward, stays)
    return {"sell it": line("not flagged", "not septic", 1 - flagged[~septic].mean())}


def last_score(ward, stays):
    last = ward.groupby("encounter_id").alert.last().reindex(stays.encounter_id).to_numpy(bool)
    return told_of(pd.Series(last, stays.index), stays.septic)


def first_score(ward, stays):
    first = ward.groupby("encounter_id").alert.first().reindex(stays.encounter_id).to_numpy(bool)
    return told_of(pd.Series(first, stays.index), stays.septic)


def before_order(ward, stays):
    return told_of(*by_stay(ward[~ward.ordered], stays))


def of_everybody(ward, stays):
    flagged, septic = by_stay(ward, stays)
    return {
        "sell it": line("flagged", "septic", (flagged & septic).mean()),
        "kill it": line("not septic", "flagged", (flagged & ~septic).mean()),
    }


key(
    "W05.Q1",
    reference=shares,
    same=Headlines(),
    right=(
        "Both are true, of the same four counts. A share has two groups, and whoever chooses the one below the line chooses the "
        "headline. Ask of every figure: of whom? A vendor who sends one of the two has sent half."
    ),
    look_at="`stays.septic.sum()`, how many stays have an alert, and how many have both",
    misconceptions=[
        *also(
            "area_as_share",
            area_as("septic", "flagged"),
            area_as("flagged", "septic"),
            area_as("rightly judged", "all"),
            says="You took the AUROC for a share of stays.",
            so_what="It is the chance that a septic stay has a higher score than another, a tie for half, over pairs that nobody meets on a ward. A "
            "director who hears that 83 of 100 are right plans for a score that does not exist.",
            look_at="how many stays are flagged, and how many of those are septic",
            teaches="M01",
        ),
        *also(
            "turned_round",
            turned_twice,
            turned,
            says="You turned the share round: what you give for the flagged is the share of the septic.",
            so_what="Most septic stays are flagged, and most flagged stays are not septic: both from one numerator. "
            "A nurse told that nearly nine of ten alerts are right stops believing after the first night.",
            look_at="the two denominators: how many stays are septic, how many are flagged",
            teaches="M02",
        ),
        misconception(
            "accuracy",
            answer=accuracy,
            says="True, and it sells nothing: a score that never speaks is right about more stays.",
            so_what="Most stays are not septic, so silence is nearly always right. Who sells by this figure can be undersold by "
            "a switched-off machine.",
            look_at="of all stays, how many are not septic",
            teaches="M03",
        ),
        misconception(
            "specificity",
            answer=specificity,
            says="True, and it sells nothing: of a score that never speaks the same figure is 100.",
            so_what="A figure on the others alone rewards silence. What would make a ward want the score is what it finds; "
            "what it leaves in peace is the price.",
            look_at="the share that only a score which speaks can raise",
            teaches="M03",
        ),
        misconception(
            "by_score",
            answer=lambda ward, stays: told_of(*by_score(ward, stays)),
            says="You counted scores, and wrote of stays.",
            so_what="A long stay has ninety rows, a short one has one, so the long ones decide your figures. Per score, per alert and per "
            "stay are three figures of one score; a headline without its unit is none.",
            look_at="rows of `ward` beside rows of `stays`, and what one row of each is",
            teaches="M37",
        ),
        misconception(
            "by_person",  # before mixed_units: on some hospitals alerts and people share one of the two figures
            answer=by_person,
            says="You counted people, and wrote of stays.",
            so_what="Somebody with six stays is flagged in one of them, septic in another, and stands in your table as found. The older and "
            "sicker, the more chances; the figure rises by itself.",
            look_at="rows of `stays` beside its people",
            teaches="M37",
        ),
        misconception(
            "mixed_units",
            answer=lambda ward, stays: {"kill it": told_of(*by_score(ward, stays))["kill it"]},
            says="One headline counts stays, the other alerts.",
            so_what="Then they are no two readings of one set of counts, and the vendor will say so in the meeting. "
            "Keep to stays; how often each is paged belongs on another line.",
            look_at="how many alerts one flagged stay has",
            teaches="M37",
        ),
        misconception(
            "last_score",
            answer=last_score,
            says="You took a stay as flagged by its last score.",
            so_what="On the last day most are well again, so alerts that the ward did get are not counted. The "
            "brochure flags a stay that reached two points at any time.",
            look_at="`alert` over all rows of one stay",
            teaches="M37",
        ),
        misconception(
            "first_score",
            answer=first_score,
            says="You took a stay as flagged by its first score.",
            so_what="A fair question, and another than the brochure's, which flags a stay that reached two points at any time. "
            "Q3 is about how early.",
            look_at="`alert` over all rows of one stay",
            teaches="M37",
        ),
        misconception(
            "before_order",
            answer=before_order,
            says="You left out what came after the order. That is the better question, and not yet this one.",
            so_what="Here the brochure's own counting is taken at its word: at any time. Its best headline has to be beaten with "
            "its own counts first; Q3 then takes the cut that you made.",
            look_at="`alert` over all rows of one stay, ordered or not",
            teaches="M38",
        ),
        misconception(
            "of_everybody",
            answer=of_everybody,
            says="You divided by all stays, and wrote of the septic and the flagged.",
            so_what="Of 1,000 stays some thirty are septic, so even a score that finds every one would look useless. The group below the "
            "line must be the one that you name.",
            look_at='the denominator of each figure, beside its "of"',
            teaches="M37",
        ),
    ],
)


# W05.Q2 ---------------------------------------------------------------------------------------------------------------
def imagined(hospital, truth):
    """By odds: the likelihood ratio of an alert carries the odds before it to the odds after it."""

    def carry(claim, places):
        rows = []
        for place in places.itertuples():
            p, sens, loud = place.prevalence, claim["sensitivity"], 1 - claim["specificity"]
            after = p / (1 - p) * sens / loud
            flagged = loud + p * (sens - loud)
            a_week = flagged * place.stays / (place.days / 7)
            rows.append(
                {"place": place.place, "flagged": 100 * flagged, "ppv": 100 * after / (1 + after), "a_week": a_week}
            )
        return pd.DataFrame(rows)

    return given(5).carried_with(carry, hospital)


def carried_share(claim, p):
    return claim["sensitivity"] * p + (1 - claim["specificity"]) * (1 - p)


def carried_ppv(claim, p):
    return claim["sensitivity"] * p / carried_share(claim, p)


def carried(ppv=carried_ppv, flagged=carried_share, weeks=lambda places: places.days / 7):
    """The right function, with a part exchanged."""

    def made(claim, places):
        share, p = flagged(claim, places.prevalence), places.prevalence
        return pd.DataFrame(
            {
                "place": places.place,
                "flagged": 100 * share + 0 * p,
                "ppv": 100 * ppv(claim, p) + 0 * p,
                "a_week": share * places.stays / weeks(places),
            }
        )

    return made


def _column(answer, name):
    return pd.to_numeric(answer[name], errors="coerce") if isinstance(answer, pd.DataFrame) and name in answer else None


def the_same_everywhere(answer, hospital):
    ppv = _column(answer, "ppv")
    return ppv is not None and all(ppv[answer.claim == claim].nunique() == 1 for claim in answer.claim.unique())


def shares_not_hundreds(answer, hospital):
    flagged, ppv = _column(answer, "flagged"), _column(answer, "ppv")
    return ppv is not None and flagged is not None and bool((flagged.max() <= 1) and (ppv.max() <= 1))


def carried_in_words(answer, hospital):
    """The learner's own row with the highest prevalence of ours, as people."""
    ppv, flagged = _column(answer, "ppv"), _column(answer, "flagged")
    if ppv is None or flagged is None:
        return None
    if shares_not_hundreds(answer, hospital):
        return "Your figures lie between 0 and 1; they are asked per 100."
    lost = _off(answer, hospital)
    if lost == "rounded":
        return "Your figures are right to the first digits, and rounded: leave all digits, and round what you print."
    if lost == "claim":
        return "Right for the brochure, and wrong for another claim: does your function read every figure from `claim`?"
    place = given(5).places(hospital).sort_values("prevalence").iloc[-1]
    mine = answer[(answer.place == place.place) & (answer.claim == "brochure")]
    if len(mine) != 1 or mine[["ppv", "flagged", "a_week"]].isna().any(axis=None):
        return None
    row = mine.iloc[0]
    right = float(row.ppv) * float(row.flagged) / 100
    septic = 100 * place.prevalence
    known = imagined(hospital, None).query("claim == 'brochure' and place == @place.place").iloc[0]
    if math.isclose(row.ppv, known.ppv, rel_tol=1e-3) and not math.isclose(row.flagged, known.flagged, rel_tol=1e-3):
        return (
            f"`ppv` is right. `flagged` is not: {float(row.flagged):.1f} of 100 in yours at {place.place}; do both, the septic and the "
            "others, depend on the place in it?"
        )
    told = (
        f"{place.place}: of 100 stays {septic:.1f} are septic. By your figures {float(row.flagged):.1f} are flagged, "
    )
    told += f"{right:.1f} of them septic"
    if right > septic + 0.01:
        return f"{told}: more than there are."
    most = place.stays / (place.days / 7)
    if float(row.a_week) > most:
        return f"{told}. {float(row.a_week):,.0f} flagged in a week; {most:.0f} stays begin there in one."
    expected = given(5).CLAIM["sensitivity"] * septic
    if abs(right - expected) > 0.01 * expected:
        return f"{told}. By the brochure's sensitivity it would be {expected:.1f}."
    loud, others = 1 - given(5).CLAIM["specificity"], float(row.flagged) - right
    if abs(others - loud * (100 - septic)) > 0.01 * loud * (100 - septic):
        return (
            f"{told}, as the brochure's sensitivity has it. That leaves {others:.1f} flagged of the {100 - septic:.1f} who are not septic; "
            f"the brochure flags {100 * loud:.0f} of 100 of those."
        )
    if lost == "`a_week`":
        return (
            f"{place.place}: {float(row.flagged):.1f} of 100 is right. Of {place.stays:,} stays in {place.days} days that is "
            f"{float(row.flagged) / 100 * most:.2f} a week of seven days; yours is {float(row.a_week):.2f}."
        )
    return f"{told}, as the brochure has it. Off elsewhere: {lost}."


def _off(answer, hospital):
    """Which columns are off; or ``rounded``, or ``claim`` where only the second claim is."""
    right = imagined(hospital, None).set_index(["claim", "place"])
    mine = answer.set_index(["claim", "place"]).reindex(right.index)[list(right)].astype(float)
    if any(np.allclose(mine, right.round(digits), rtol=0, atol=1e-9) for digits in range(4)):
        return "rounded"
    if np.allclose(mine.loc["brochure"], right.loc["brochure"], rtol=1e-3):
        return "claim"
    return ", ".join(f"`{name}`" for name in right if not np.allclose(mine[name], right[name], rtol=1e-3))


key(
    "W05.Q2",
    reference=imagined,
    same=frames(on=["claim", "place"], rtol=1e-3, at_least=4.0),
    right=(
        "One brochure, and each place gets a predictive value of its own. What the vendor measured among twenty septic of a hundred "
        "says little about three or four. And this is still kind: it takes sensitivity and specificity "
        "as if they did not change with the patients, which they do."
    ),
    look_at="1,000 stays of one place, as people: septic or not, flagged or not",
    evidence=carried_in_words,
    misconceptions=[
        misconception(
            "ppv_stays",
            answer=carried(ppv=lambda c, p: carried_ppv(c, c["prevalence"])),
            says="You took the predictive value along from the brochure's own prevalence.",
            so_what="There 20 of 100 have sepsis; on our wards some three or four. The same alert is then wrong about nine times of ten, "
            "and no nurse will have been told.",
            look_at="`places.prevalence` beside `claim['prevalence']`",
            teaches="M02",
            also=the_same_everywhere,
            evidence=carried_in_words,
        ),
        misconception(
            "sensitivity_as_ppv",
            answer=carried(ppv=lambda c, p: c["sensitivity"]),
            says="You gave the sensitivity as the predictive value.",
            so_what="Of the septic nearly nine of ten are flagged; of the flagged about one of ten is septic. The ward meets the "
            "flagged.",
            look_at="who stands below the line: the septic, or the flagged",
            teaches="M02",
            evidence=carried_in_words,
        ),
        misconception(
            "area_as_ppv",
            answer=carried(ppv=lambda c, p: c["auroc"]),
            says="You gave the AUROC as the predictive value.",
            so_what="An area ranks pairs, one septic and one not. No ward admits in such pairs: for each septic stay there are "
            "27 others, and the alerts come from them.",
            look_at="how many of 1,000 stays are not septic, and how many of those are flagged",
            teaches="M01",
            evidence=carried_in_words,
        ),
        *also(
            "others_unweighted",
            carried(ppv=lambda c, p: c["sensitivity"] * p / (c["sensitivity"] * p + 1 - c["specificity"])),
            carried(
                ppv=lambda c, p: c["sensitivity"] * p / (c["sensitivity"] * p + 1 - c["specificity"]),
                flagged=lambda c, p: c["sensitivity"] * p + 1 - c["specificity"],
            ),
            says="You flagged the others as if everybody were one of them: (1 − specificity) lacks its (1 − prevalence).",
            so_what="Where sepsis is rare one hardly sees it; at 20 of 100 it takes five points from the vendor's own figure, "
            "and he will show you that your arithmetic is wrong before you show him his.",
            look_at="the row of the vendor's emergency department",
            evidence=carried_in_words,
        ),
        misconception(
            "only_the_septic_flagged",
            answer=carried(flagged=lambda c, p: c["sensitivity"] * p),
            says="You counted as flagged only the septic who are flagged.",
            so_what="The others are most of the stays and most of the alerts. A staffing plan from your column meets ten times the "
            "pages that it was made for.",
            look_at="of 100 stays that are not septic, how many a specificity of 0.66 flags",
            teaches="M01",
            evidence=carried_in_words,
        ),
        misconception(
            "flagged_stays",
            answer=carried(flagged=lambda c, p: carried_share(c, c["prevalence"])),
            says="You flagged our stays at the brochure's prevalence.",
            so_what="It makes too many, as fewer of ours are septic: a small error here, and a large one for a stricter threshold, "
            "where the septic are most of the flagged.",
            look_at="`places.prevalence` beside `claim['prevalence']`",
            teaches="M02",
            evidence=carried_in_words,
        ),
        misconception(
            "swapped",
            answer=carried(
                ppv=lambda c, p: c["specificity"] * p / (c["specificity"] * p + (1 - c["sensitivity"]) * (1 - p)),
                flagged=lambda c, p: c["specificity"] * p + (1 - c["sensitivity"]) * (1 - p),
            ),
            says="You exchanged sensitivity and specificity.",
            so_what="Sensitivity is about the septic, specificity about the others. Exchanged, the score looks two and a half times as "
            "quiet as it is by the brochure.",
            look_at="which of the two multiplies the prevalence",
            evidence=carried_in_words,
        ),
        misconception(
            "all_weeks",
            answer=carried(weeks=lambda places: places.days.max() / 7),
            says="You divided every place by the same number of weeks.",
            so_what="Eastbank's records cover one year of the three. Over three, its ward seems to get a third of the alerts that it "
            "will get, and is staffed for that.",
            look_at="`places.days`",
            teaches="M37",
            evidence=carried_in_words,
        ),
        misconception(
            "per_day",
            answer=carried(weeks=lambda places: places.days),
            says="Your `a_week` is what comes in a day.",
            so_what="The one who plans for it plans for a seventh.",
            look_at="`places.days`, and how many days a week has",
            teaches="M37",
            evidence=carried_in_words,
        ),
        misconception(
            "altogether",
            answer=carried(weeks=lambda places: 1 + 0 * places.days),
            says="Your `a_week` is what comes in the whole time of the data.",
            so_what="A count without its time frightens one reader and comforts the next. A ward lives by the week.",
            look_at="`places.days`",
            teaches="M37",
            evidence=carried_in_words,
        ),
    ],
)


# W05.Q3 ---------------------------------------------------------------------------------------------------------------
INVENTED = {
    "septic": 8,
    "in time": 50.0,
    "two hours": 50.0,
    "lead": 4.5,
}  # of the twelve, by hand: leads 4, 2, 24 and 5


def timely(hospital, truth):
    """Stay by stay from the truth's own moments; the invented stays by hand."""
    return of_leads(in_the_truth(hospital, truth)) | {f"{name}, invented": value for name, value in INVENTED.items()}


def of_leads(stays):
    leads = [max((lead for lead, alert in rows if alert and lead <= 24), default=None) for rows in stays.values()]
    leads = sorted(lead for lead in leads if lead is not None)
    half = len(leads) // 2
    return {
        "septic": len(stays),
        "in time": 100 * len(leads) / len(stays),
        "two hours": 100 * sum(lead >= 2 for lead in leads) / len(stays),
        "lead": leads[half] if len(leads) % 2 else (leads[half - 1] + leads[half]) / 2,
    }


def at_risk(ward):
    return ward[~ward.ordered & ~ward.comfort_care]


def timed(
    rows=at_risk,
    within=24,
    of=lambda rows, stays: rows.encounter_id[rows.septic].nunique(),
    each="max",
    middle="median",
    first_only=False,
    each_score=False,
):
    """The right function, with parts exchanged."""

    def in_time(ward, stays):
        kept = rows(ward).merge(stays[["encounter_id", "septic", "ordered_at"]], on="encounter_id")
        kept["lead"] = (kept.ordered_at - kept["at"]) / HOUR
        septic = kept[kept.septic]
        alerts = septic[septic.alert]
        if first_only:
            alerts = alerts.groupby("encounter_id").head(1)
        alerts = alerts[alerts.lead <= within]
        lead = alerts.lead if each_score else alerts.groupby("encounter_id").lead.agg(each)
        n = of(kept, stays)
        return {
            "septic": int(n),
            "in time": 100 * len(lead) / n,
            "two hours": 100 * int((lead >= 2).sum()) / n,
            "lead": float(lead.agg(middle)),
        }

    return in_time


def of_all_septic(rows, stays):
    return stays.septic.sum()


def of_flagged(rows, stays):
    return rows.encounter_id[rows.septic & rows.alert].nunique()


def at_any_time(ward):
    return ward


def comfort_too(ward):
    return ward[~ward.ordered]


def never_comfort(ward):
    ended = set(ward.encounter_id[ward.comfort_care])
    return ward[~ward.ordered & ~ward.encounter_id.isin(ended)]


def of_everybody_at_risk(rows, stays):
    return rows.encounter_id.nunique()


def of_scores(rows, stays):
    return (rows.septic & (rows.lead <= 24)).sum()


def anyone_ordered(ward, stays):
    """Whoever had an order counts as a case, septic or not."""
    return timed()(ward, stays.assign(septic=stays.ordered_at.notna()))


def of_two_hours(ward, stays):
    found = timed()(ward, stays)
    return found | {"two hours": 100 * found["two hours"] / found["in time"]}


def minutes(ward, stays):
    found = timed()(ward, stays)
    return found | {"lead": 60 * found["lead"]}


def timely_in_words(answer, hospital):
    """The learner's own figures as a sentence, and which cut its denominator lacks."""
    if type(answer) is not dict or any(type(answer.get(name)) not in (int, float) for name in _TIMELY):
        return None
    right = given(5).timed_with(timed(), hospital)
    off = [name for name, limit in _TIMELY.items() if abs(answer[name] - right[name]) > limit]
    if not off:
        return invented_in_words(answer, right)
    told = f"Yours: of {answer['septic']:,.0f} septic stays {answer['in time']:.1f} of 100 in time, {answer['two hours']:.1f} by two hours or more, "
    told += f"median lead {answer['lead']:.1f} hours."
    if "septic" not in off and answer["in time"] <= 1:
        return f"{told} The shares are asked per 100."
    if "septic" in off:
        people = given(5).recognised(hospital).person_id.nunique()
        if answer["septic"] == people != right["septic"]:
            return f"{told} {people} is the number of people; stays are asked."
        few = answer["septic"] < right["septic"]
        return f"{told} The denominator is too {'small: who was at risk, and is not in it?' if few else 'large: who in it was never at risk?'}"
    if off == ["two hours"]:
        return f"{told} Only `two hours` is off: it is a share of the same septic stays, two hours exactly among them."
    if answer["lead"] < 0:
        return f"{told} A lead below zero: count from the alert to the order, `ordered_at - at`."
    if off == ["lead"]:
        return f"{told} Only `lead` is off: hours from each stay's earliest alert that counts; then the median of the stays."
    more = answer["in time"] > right["in time"]
    return f"{told} The denominator is right. {'Some that you count came too late or too early' if more else 'Some that were in time are not counted'}."


def invented_in_words(answer, right):
    """The hospital's figures are right; which of the invented stays' are not?"""
    off = [
        name for name, limit in _TIMELY.items() if abs(answer[f"{name}, invented"] - right[f"{name}, invented"]) > limit
    ]
    named_off = " and ".join(f"`{name}` ({answer[f'{name}, invented']:.4g} in yours)" for name in off)
    return (
        f"On the hospital's stays all is right. On the twelve invented ones it is not: {named_off}. Each stands on an edge: an order two "
        "hours, a day, or more than a day after the alert, an alert in the minute of the order, comfort care."
    )


_TIMELY = {"septic": 0.5, "in time": 0.06, "two hours": 0.06, "lead": 0.06}

key(
    "W05.Q3",
    reference=timely,
    same=parts({f"{name}{of}": number(atol=atol) for of in ("", ", invented") for name, atol in _TIMELY.items()}),
    right=lambda answer, hospital: (
        f"The brochure's way of counting flags nearly nine of ten; {answer['in time']:.0f} of 100 were flagged before somebody had thought "
        f"of it, and {answer['two hours']:.0f} by two hours or more. The others of the nearly ninety were flagged once somebody had "
        "ordered, a good part of them only by the point for the antibiotic."
    ),
    look_at="the rows of one flagged septic stay: `at`, `score`, `ordered`, `comfort_care`, and its `ordered_at`",
    evidence=timely_in_words,
    misconceptions=[
        *also(
            "at_any_time",
            timed(rows=at_any_time, within=math.inf),
            timed(rows=at_any_time),
            timed(rows=at_any_time, within=math.inf, of=of_all_septic, each="min"),
            says="You counted alerts that came after somebody had ordered.",
            so_what="One point of the score is the antibiotic itself. As a warning, an alert that follows the order comes too late, "
            "whatever brought it about, and it pages.",
            look_at="`ordered` on the rows whose alerts you count",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "any_time_before",
            answer=timed(within=math.inf),
            says="You let an alert claim an order however much later it comes.",
            so_what="A fever on the day of admission did not find the sepsis of the ninth day. Such alerts are few and their leads "
            "are huge: they hardly move the share, and they make the lead look like foresight.",
            look_at="the longest of your leads, in days",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "under_comfort_care",
            answer=timed(rows=comfort_too),
            says="You counted scores under comfort care.",
            so_what="Here hardly anybody septic is concerned; of the invented stays two are. Somebody has decided with these patients "
            "against such a work-up; they are still cared for. A figure that needs such alerts is bought with their peace.",
            look_at="the rows of `given(5).invented_stays()` with `comfort_care`",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "comfort_stays_dropped",
            answer=timed(rows=never_comfort),
            says="You dropped whole stays because some of their scores came under comfort care.",
            so_what="Until that decision they were at risk like anybody, and an alert could have helped. Whoever drops the stay "
            "looks into its future, and loses those who became sickest.",
            look_at="the invented stay `invented-07`: which of its scores are under comfort care",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "of_flagged",
            answer=timed(of=of_flagged),
            says="Your denominator holds only septic stays that were flagged.",
            so_what="Then those whom the score missed are in no figure at all, and a score that finds one patient early has a "
            "sensitivity of 100.",
            look_at="septic stays at risk that have no alert",
            teaches="M37",
            evidence=timely_in_words,
        ),
        misconception(
            "of_all_septic",
            answer=timed(of=of_all_septic),
            says="Your denominator holds septic stays that were never at risk.",
            so_what="Ordered before the first score, or scored only under comfort care, they could not be found by any score. The "
            "difference is small; the next reader has to know on which side they stand.",
            look_at="septic stays without any row that is at risk",
            teaches="M37",
            evidence=timely_in_words,
        ),
        misconception(
            "of_everybody",
            answer=timed(of=of_everybody_at_risk),
            says="Your denominator is everybody at risk, septic or not.",
            so_what="That is how often an alert in time happens at all, a few of 100 stays. Sensitivity asks it of the septic alone.",
            look_at="`stays.septic` on the stays of your denominator",
            teaches="M37",
            evidence=timely_in_words,
        ),
        *also(
            "by_score",
            timed(of=of_scores, each_score=True),
            timed(each_score=True),
            says="You counted scores instead of stays.",
            so_what="A stay with three alerts counts three times, one that was missed at its only score once. The share may even come "
            "out alike, and it answers another question.",
            look_at="how many rows of your alerts one stay has",
            teaches="M37",
            evidence=timely_in_words,
        ),
        misconception(
            "first_alert_only",
            answer=timed(first_only=True),
            says="You looked only at the first alert of a stay; where that was more than 24 hours early, you dropped the stay.",
            so_what="An old false alarm then hides a later one that came in time. The ward got both.",
            look_at="septic stays whose first alert is more than 24 hours before the order, and their later alerts",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "last_alert",
            answer=timed(each="min"),
            says="You took the lead of the last alert before the order.",
            so_what="The ward could have acted on the first. Yours is the shortest lead that the score gave, and mostly says how often a "
            "score is computed.",
            look_at="the alerts of a stay that has several",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "mean_lead",
            answer=timed(middle="mean"),
            says="Your lead is a mean.",
            so_what="A few leads of most of a day pull it up: half of the stays have far less than that. A team that plans its response by the "
            "mean comes too late for most.",
            look_at="your leads, sorted",
            teaches="M38",
            evidence=timely_in_words,
        ),
        misconception(
            "anyone_ordered",
            answer=anyone_ordered,
            says="You took everybody with an order as septic.",
            so_what="Two of three orders were for somebody who was not septic. Whoever counts them rewards the score for agreeing "
            "with suspicion.",
            look_at="`stays.septic` where `ordered_at` is there",
            teaches="M17",
            evidence=timely_in_words,
        ),
        misconception(
            "two_hours_of_found",
            answer=of_two_hours,
            says="Your `two hours` is a share of those found in time, not of the septic.",
            so_what="Three of four sounds like a score that is early. Of the septic it is not even one in four.",
            look_at="the denominator of `two hours`",
            teaches="M37",
            evidence=timely_in_words,
        ),
        misconception(
            "minutes",
            answer=minutes,
            says="Your lead is not in hours.",
            so_what="Divide the time by `pd.Timedelta(hours=1)`: then the unit stands in the code.",
            look_at="the unit of `lead`",
            evidence=timely_in_words,
        ),
    ],
)


# W05.Q4 ---------------------------------------------------------------------------------------------------------------
Z = 1.959963984540054


def by_hand(found, of):
    """Wilson's interval, by its formula."""
    p, slack = found / of, Z**2 / of
    middle = (p + slack / 2) / (1 + slack)
    reach = Z / (1 + slack) * math.sqrt(p * (1 - p) / of + slack / (4 * of))
    return middle - reach, middle + reach


def gap_by_hand(found, of, found_else, of_else):
    """Newcombe's interval of a difference (Stat Med 1998;17:873, method 10), from two of Wilson's."""
    (low, high), (low_else, high_else) = by_hand(found, of), by_hand(found_else, of_else)
    p, q = found / of, found_else / of_else
    return p - q - math.hypot(p - low, high_else - q), p - q + math.hypot(high - p, q - low_else)


def by_hand_table(hospital, truth):
    stays = in_the_truth(hospital, truth)
    found = {stay: any(alert and lead <= 24 for lead, alert in rows) for stay, rows in stays.items()}
    rows = given(5).stays(hospital).set_index("encounter_id").loc[list(found)]
    table = [{"by": "district", "group": name} | judged for name, judged in districts_by_hand().items()]
    for by in given(5).GROUPED_BY:
        for group in rows[by].unique():
            mine = [found[stay] for stay in rows.index[rows[by] == group]]
            others = [found[stay] for stay in rows.index[rows[by] != group]]
            table.append({"by": by, "group": group, "septic": len(mine)} | judged_by_hand(mine, others))
    return pd.DataFrame(table)


def districts_by_hand():
    rows = given(5).invented_districts()
    of = {name: rows.found[rows.district == name].tolist() for name in rows.district.unique()}
    rest = {name: [found for other in of if other != name for found in of[other]] for name in of}
    return {name: {"septic": len(mine)} | judged_by_hand(mine, rest[name]) for name, mine in of.items()}


def judged_by_hand(mine, others):
    if len(mine) < 11:
        return {"sensitivity": math.nan, "low": math.nan, "high": math.nan, "verdict": "too few"}
    low, high = by_hand(sum(mine), len(mine))
    verdict = "cannot tell"
    if others:
        least, most = gap_by_hand(sum(mine), len(mine), sum(others), len(others))
        verdict = "worse" if most < 0 else "no worse" if least > -0.10 else "cannot tell"
    return {"sensitivity": sum(mine) / len(mine), "low": low, "high": high, "verdict": verdict}


def verdict_of(gap, mine, others):
    return "worse" if gap.high < 0 else "no worse" if gap.low > -given(5).MARGIN else "cannot tell"


def grouped(
    verdict=verdict_of,
    interval=lambda mine: wilson(int(mine.found.sum()), len(mine)),
    smallest=11,
    against=lambda septic, by, group: septic[septic[by] != group],
    start=lambda septic, by: septic,
    small="too few",
    counted=len,
):
    """The right function, with parts exchanged."""

    def by_group(septic, by):
        septic, rows = start(septic, by), []
        for group, mine in septic.groupby(by):
            others = against(septic, by, group)
            row = {"group": group, "septic": len(mine), "sensitivity": math.nan, "low": math.nan, "high": math.nan}
            if counted(mine) < smallest:
                if small:
                    rows.append(row | {"verdict": small})
                continue
            share, gap = (
                interval(mine),
                given(5).gap(int(mine.found.sum()), len(mine), int(others.found.sum()), len(others)),
            )
            row |= {"sensitivity": mine.found.mean(), "low": share.low, "high": share.high}
            rows.append(row | {"verdict": verdict(gap, mine, others)})
        return pd.DataFrame(rows)

    return by_group


def turned_round(gap, mine, others):
    return "worse" if gap.low > 0 else "no worse" if gap.high < given(5).MARGIN else "cannot tell"


def not_significant(gap, mine, others):
    return "worse" if gap.high < 0 else "no worse"


def by_the_point(gap, mine, others):
    """Verdict by the two rates alone."""
    return "worse" if gap.value < 0 else "no worse"


def margin_first(gap, mine, others):
    """Worse only beyond the margin: a sure gap of nine points is called no worse."""
    return "no worse" if gap.low > -given(5).MARGIN else "worse" if gap.high < 0 else "cannot tell"


def worse_by_the_margin(gap, mine, others):
    return "worse" if gap.high < -given(5).MARGIN else "no worse" if gap.low > -given(5).MARGIN else "cannot tell"


def by_the_margin(gap, mine, others):
    return "worse" if gap.value < -given(5).MARGIN else "no worse"


@dataclass(frozen=True)
class _Plain:
    low: float
    high: float


def wald(mine):
    p, n = mine.found.mean(), len(mine)
    reach = Z * math.sqrt(p * (1 - p) / n)
    return _Plain(p - reach, p + reach)


def recorded_only(septic, by):
    return septic[septic[by] != "not recorded"]


def pooled(septic, by):
    size = septic.groupby(by)[by].transform("size")
    return septic.assign(**{by: septic[by].where(size >= 11, "other")})


_GROUPS = ["by", "group"]
_SHARES = ("sensitivity", "low", "high")


def grouped_in_words(answer, hospital):
    """What the learner's own table says of the rows that differ, most telling first."""
    if not isinstance(answer, pd.DataFrame) or any(
        name not in answer for name in (*_GROUPS, "septic", "verdict", *_SHARES)
    ):
        return None
    strange = sorted({str(one) for one in answer.verdict} - set(given(5).VERDICTS))
    if strange:
        return f"`{strange[0]}` is none of the four verdicts, {', '.join(f'`{one}`' for one in given(5).VERDICTS)}."
    right = _rows(given(5).grouped(grouped(), hospital))
    if answer.duplicated(_GROUPS).any():
        return "A group stands on more than one row; one row a group is asked."
    mine = _rows(answer)
    lost = right.index.difference(mine.index)
    if len(lost):
        by, group = lost[0]
        return f"By `{by}`, the group `{group}` ({right.septic[lost[0]]:.0f} septic stays) is not in your table."
    extra = mine.index.difference(right.index)
    if len(extra):
        return f"By `{extra[0][0]}`, your table has a group `{extra[0][1]}` that nobody is in."
    mine = mine.loc[right.index]
    shown = mine[right.sensitivity.isna() & mine.sensitivity.notna()]
    if len(shown):
        (by, group), row = shown.index[0], shown.iloc[0]
        return f"By `{by}`, `{group}`: a rate is shown of {row.septic:.0f} septic stays; below {given(5).SMALLEST} the row keeps its number and `too few`."
    if mine.sensitivity.max() > 1.5:
        return "Your sensitivities run above 1; here they are asked as shares, between 0 and 1, as `wilson` gives them."
    given_shares = mine[list(_SHARES)].apply(pd.to_numeric, errors="coerce")
    if any(
        np.allclose(given_shares, right[list(_SHARES)].round(n), rtol=0, atol=1e-9, equal_nan=True) for n in (1, 2, 3)
    ):
        return "Your shares are right, and rounded: leave all digits, and round what you print."
    for name in ("septic", *_SHARES):
        values = pd.to_numeric(mine[name], errors="coerce")
        off = ~np.isclose(values, right[name].astype(float), rtol=1e-3, equal_nan=True)
        if off.any():
            return f"{_row_told(mine[off].iloc[0], right[off].index[0])} `{name}` is off on {off.sum()} of {len(off)} rows, this one first."
    off = mine[mine.verdict != right.verdict]
    by, group = off.index[0]
    rows = given(5).invented_districts() if by == "district" else given(5).recognised(hospital)
    one, rest = rows[rows[by] == group], rows[rows[by] != group]
    gap = given(5).gap(int(one.found.sum()), len(one), int(rest.found.sum()), len(rest))
    said = f"Rates and intervals are right. {_row_told(off.iloc[0], off.index[0])} You say `{off.verdict.iloc[0]}`"
    if math.isnan(gap.value) or right.verdict[off.index[0]] == "too few":
        return f"{said}, of {len(one)} septic stays against {len(rest)}."
    return (
        f"{said}; the gap to the {len(rest)} others lies between {100 * gap.low:+.1f} and {100 * gap.high:+.1f} points."
    )


def _rows(table):
    return table.set_index(_GROUPS)


def _row_told(row, name):
    if pd.isna(row.sensitivity):
        return f"By `{name[0]}`, `{name[1]}`: {row.septic} septic stays, no rate."
    if pd.isna(row.low) or pd.isna(row.high):
        return f"By `{name[0]}`, `{name[1]}`: {100 * row.sensitivity:.0f} of 100 of {row.septic} septic stays, and an end of the interval is missing."
    return f"By `{name[0]}`, `{name[1]}`: {100 * row.sensitivity:.0f} of 100 ({100 * row.low:.0f} to {100 * row.high:.0f}) of {row.septic}."


def of_hospital(answer):
    return answer[answer.by != "district"]


key(
    "W05.Q4",
    reference=by_hand_table,
    same=frames(on=_GROUPS, rtol=1e-3, at_least=1.0),
    right=lambda answer, hospital: (
        f"{int((of_hospital(answer).verdict == 'cannot tell').sum())} of {len(of_hospital(answer))} rows say *cannot tell*, and that is the finding: with some "
        f"{int(answer[answer.by == 'site'].septic.sum())} septic stays nobody can promise each group a gap below ten points. Write "
        "down how many more you would need, and who may release the score before."
    ),
    look_at="the rows of `race`: `septic`, the interval of the gap, and which of the two limits it leaves out",
    evidence=grouped_in_words,
    misconceptions=[
        misconception(
            "not_significant",
            answer=grouped(not_significant),
            says="You wrote *no worse* wherever the difference is not significant.",
            so_what="An interval from −24 to +2 points contains zero, and also a quarter of the patients missed more. With few events "
            "only a large gap is significant, and intervals mostly overlap: small groups are served well, on paper.",
            look_at="the low end of the gap of the groups that you call `no worse`",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        *also(
            "by_the_point",
            grouped(by_the_point),
            grouped(by_the_margin),
            says="You judged by the rates alone.",
            so_what="A handful of patients decides on which side a rate falls. Next year the same score is worse for others, and "
            "somebody explains why.",
            look_at="the interval of the gap",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        *also(
            "sure_and_small",
            grouped(margin_first),
            grouped(worse_by_the_margin),
            says="You call a group *no worse* that is surely worse, by less than the margin, or *cannot tell* one that surely is.",
            so_what="The margin says what may be released. It does not make a gap go away that everybody can see. Ask first whether the "
            "whole interval lies below zero.",
            look_at="the order of the four verdicts, and `coast` of `given(5).invented_districts()`",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        misconception(
            "gap_turned_round",
            answer=grouped(turned_round),
            says="You turned the gap round: elsewhere minus here.",
            so_what="Then the group that is served best is called *worse*, and the one that is missed most gets the all-clear, in "
            "a table that looks like care.",
            look_at="the sign of the gap where the rate here is the lower one",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        misconception(
            "against_all",
            answer=grouped(against=lambda septic, by, group: septic),
            says="You compared each group with everybody, itself among them.",
            so_what="A group that is half of the patients is then half compared with itself, and half of its gap is gone. The largest "
            "groups look fair first.",
            look_at="the comparison for `coast` of `given(5).invented_districts()`: how many stand on both sides",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        misconception(
            "small_left_out",
            answer=grouped(small=None),
            says="You left the small groups out of the table.",
            so_what="Who is not in the table has no rate that is missing. Keep the row with its number and `too few`: then somebody sees "
            "that these patients were there, and how many more it would take.",
            look_at="how many groups `septic` has, and how many your table",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        misconception(
            "eleven_too_few",
            answer=grouped(smallest=12),
            says="You hide a group that has just as many septic stays as the rule asks for.",
            so_what="*Fewer than* eleven is ten. Off by one, and two teams with one rule publish two tables.",
            look_at="the row `hills` of `given(5).invented_districts()`",
            evidence=grouped_in_words,
        ),
        misconception(
            "small_shown",
            answer=grouped(smallest=0),
            says="You gave a rate to groups with fewer septic stays than the rule asks for.",
            so_what="One patient more or less moves such a rate by ten points and more, and with three patients the reader may know whom it is "
            "about.",
            look_at="`given(5).SMALLEST`, and the rows below it",
            teaches="M36",
            evidence=grouped_in_words,
        ),
        misconception(
            "small_pooled",
            answer=grouped(start=pooled),
            says="You put the small groups together, under a name that is somebody else's.",
            so_what="*Other* is a group that people chose for themselves. With strangers in it, it says nothing about anybody.",
            look_at="the groups of your table beside those of `septic`",
            teaches="M29",
            evidence=grouped_in_words,
        ),
        misconception(
            "unrecorded_left_out",
            answer=grouped(start=recorded_only),
            says="You left out those whose group nobody recorded.",
            so_what="They are patients, too, and who is asked and who is not may be no accident. A column that is not there makes no score "
            "fair; it makes the question impossible.",
            look_at="`septic.race.value_counts()`",
            teaches="M29",
            evidence=grouped_in_words,
        ),
        misconception(
            "wald",
            answer=grouped(interval=wald),
            says="Your interval is p plus or minus two standard errors.",
            so_what="In small groups it is too narrow, may end below zero, and has no width at all where nobody, or everybody, was found: "
            "least doubt where there is most.",
            look_at="`wilson(0, 12)`, and your interval of the same",
            teaches="M09",
            evidence=grouped_in_words,
        ),
        misconception(
            "small_by_found",
            answer=grouped(counted=lambda mine: int(mine.found.sum())),
            says="You judged size by those found; the rule asks for septic stays.",
            so_what="A large group of whom hardly anybody is found then counts as too small to speak of, which is the one "
            "group that the table was made for.",
            look_at="groups with many septic stays that you call `too few`",
            teaches="M36",
            evidence=grouped_in_words,
        ),
    ],
)


# W05.Q5 ---------------------------------------------------------------------------------------------------------------
_MEASURES = {  # numerator and denominator, as sets of cells
    "sensitivity": ("tp", "tp fn"),
    "specificity": ("tn", "tn fp"),
    "ppv": ("tp", "tp fp"),
    "npv": ("tn", "tn fn"),
    "nne": ("tp fp", "tp"),
}


def by_cells(hospital, truth):
    """Every measure of every case from its two sets of cells."""
    table = []
    for row in given(5).cases(hospital).to_dict("records"):
        found = {"case": row["case"]}
        for name, cells in _MEASURES.items():
            above, below = (sum(row[cell] for cell in names.split()) for names in cells)
            found[name] = math.nan if below == 0 else above / below
        table.append(found)
    return pd.DataFrame(table)


def rates(tp, fp, fn, tn, *, empty=math.nan, without_end=math.nan, add=0.0):
    def share(part, whole, otherwise=empty):
        return part / whole if whole else otherwise

    tp, fp, fn, tn = (cell + add for cell in (tp, fp, fn, tn))
    return {
        "sensitivity": share(tp, tp + fn),
        "specificity": share(tn, tn + fp),
        "ppv": share(tp, tp + fp),
        "npv": share(tn, tn + fn),
        "nne": share(tp + fp, tp, without_end),
    }


def with_rates(**changes):
    return lambda tp, fp, fn, tn: rates(tp, fp, fn, tn, **changes)


def falsy(tp, fp, fn, tn):
    """Zero and unknown taken for one: `x or nan`."""
    return {name: value or math.nan for name, value in rates(tp, fp, fn, tn).items()}


def swapped_rates(tp, fp, fn, tn):
    found = rates(tp, fp, fn, tn)
    return found | {"sensitivity": found["ppv"], "ppv": found["sensitivity"]}


def nne_of_all(tp, fp, fn, tn):
    found = rates(tp, fp, fn, tn)
    return found | {"nne": fp / tp if tp else math.nan}


def said_of_nobody(answer, hospital):
    """The first case in which the answer says a number about nobody, or none about somebody."""
    if not isinstance(answer, pd.DataFrame) or "case" not in answer:
        return None
    right = by_cells(hospital, None).set_index("case")
    mine = answer.set_index("case").reindex(right.index)
    for name in _MEASURES:
        values = pd.to_numeric(mine[name], errors="coerce") if name in mine else right[name]
        for case, unknown in right[name].isna().items():
            if unknown and not pd.isna(values[case]):
                return f"`{name}` of the case *{case}* is {values[case]:g} in yours, and it is a share of nobody."
            if not unknown and pd.isna(values[case]):
                return f"`{name}` of the case *{case}* is empty in yours, and there is somebody to count."
            if not unknown and not math.isclose(values[case], right[name][case], rel_tol=1e-3):
                return f"`{name}` of the case *{case}* is {values[case]:.3g} in yours: a share of which cells?"
    return None


key(
    "W05.Q5",
    reference=by_cells,
    same=frames(on="case", rtol=1e-3, at_least=2.0),
    right="Zero, one and unknown are three answers. A report that keeps them apart survives a quiet month, and the first small ward.",
    look_at="the cases of `given(5).cases(hospital)` in which a cell is 0",
    evidence=said_of_nobody,
    misconceptions=[
        misconception(
            "zero_for_unknown",
            answer=with_rates(empty=0.0, without_end=0.0),
            says="You wrote 0 where nobody could be counted.",
            so_what="A month without sepsis reports a sensitivity of 0, and somebody is called to explain. It is the default of many "
            "libraries, and comes with a warning that nobody reads.",
            look_at="the case *a month without sepsis*",
            teaches="M14",
            evidence=said_of_nobody,
        ),
        misconception(
            "one_for_unknown",
            answer=with_rates(empty=1.0, without_end=1.0),
            says="You wrote 1 where nobody could be counted.",
            so_what="A score that is never computed then has a perfect predictive value, and the quietest ward leads the table.",
            look_at="the case *a ward that is never flagged*",
            teaches="M14",
            evidence=said_of_nobody,
        ),
        misconception(
            "half_added",
            answer=with_rates(add=0.5),
            says="You added one half to every cell.",
            so_what="That is done for odds ratios. Here it invents half a patient: of nobody at all you say one half, and a perfect month is not.",
            look_at="the case *nobody at all*",
            teaches="M14",
            evidence=said_of_nobody,
        ),
        misconception(
            "zero_taken_for_unknown",
            answer=falsy,
            says="You wrote *unknown* for shares that are zero.",
            so_what="Seven flagged and none of them septic is a predictive value of 0, the worst there is. As an empty cell it is "
            "left out of every average.",
            look_at="the case *all flags wrong, all sepsis missed*",
            teaches="M14",
            evidence=said_of_nobody,
        ),
        misconception(
            "endless",
            answer=with_rates(without_end=math.inf),
            says="You wrote infinity for the number to evaluate where no septic stay was found.",
            so_what="It has a logic, and it spoils every mean it enters; of a ward where nobody was flagged it is not even that. "
            "Unknown is what can be said.",
            look_at="`nne` of *a month without sepsis* and of *nobody at all*",
            teaches="M14",
            evidence=said_of_nobody,
        ),
        misconception(
            "swapped",
            answer=swapped_rates,
            says="You exchanged sensitivity and predictive value.",
            so_what="One has the septic below the line, the other the flagged. On rare illness the two differ tenfold.",
            look_at="the case *the published one*",
            teaches="M02",
            evidence=said_of_nobody,
        ),
        misconception(
            "nne_without_the_found",
            answer=nne_of_all,
            says="Your number to evaluate leaves out the septic stay itself.",
            so_what="Who finds one evaluates it, too: eight evaluations, seven of them for nothing.",
            look_at="the case *only septic stays*: how many were evaluated for each found?",
            evidence=said_of_nobody,
        ),
    ],
)


# W05.Q6 ---------------------------------------------------------------------------------------------------------------
def by_deviations(hospital, truth):
    """The share and its interval from each person's deviation: a ratio of sums (Cochran, Sampling Techniques, 1977, 6.3)."""
    rows = given(5).alerts(hospital)
    septic = rows.encounter_id.isin(septic_ids(hospital, truth)).to_numpy()
    share = float(septic.mean())
    people, whose = np.unique(rows.person_id.to_numpy(str), return_inverse=True)
    off = np.bincount(whose, septic - share) / len(rows)
    reach = Z * math.sqrt(len(people) / (len(people) - 1) * float((off**2).sum()))
    return {"share": share, "low": share - reach, "high": share + reach}


@dataclass(frozen=True)
class Spread(Comparison):
    """A share with its interval: the share itself, the width, and where the interval lies, in tolerances."""

    allowed: float = 1.0
    needed: float = 1.5

    def unreadable(self, answer, reference):
        if type(answer) is not dict:
            return f"{named(answer)} is there where a dictionary should be"
        for name in ("share", "low", "high"):
            if type(answer.get(name)) not in (int, float) or math.isnan(answer[name]):
                return f'the dictionary needs a number for "{name}"'
        return None if answer["low"] <= answer["high"] else '"low" is above "high"'

    def parts(self, answer, reference):
        width, mine = reference["high"] - reference["low"], max(answer["high"] - answer["low"], 1e-9)
        middle = (answer["low"] + answer["high"] - reference["low"] - reference["high"]) / 2
        return {
            "share": abs(answer["share"] - reference["share"]) / 0.001,
            "width": abs(math.log(mine / width)) / math.log(1.10),
            "place": abs(middle) / (0.25 * width),
        }

    def distance(self, answer, reference):
        return max(self.parts(answer, reference).values())

    def matches(self, answer, wrong):
        return self.unreadable(answer, wrong) is None and self.distance(answer, wrong) <= 0.6

    def evidence(self, answer, reference):
        off = self.parts(answer, reference)
        told = f"Yours: {100 * answer['share']:.1f} of 100, {100 * answer['low']:.1f} to {100 * answer['high']:.1f}."
        if answer["share"] > 1:
            return "Your share lies above 1; it is asked between 0 and 1, and so are the ends."
        if off["share"] > 1:
            return f"{told} The share is that of the alerts themselves, before anything is drawn."
        if off["width"] > 1:
            narrow = answer["high"] - answer["low"] < reference["high"] - reference["low"]
            return f"{told} The share is right, and the interval too {'narrow' if narrow else 'wide'}: what is drawn, how often, and how many of it?"
        return f"{told} Share and width are right; the interval does not lie around the share."


def drawn_rows(alerts):
    found = wilson(int(alerts.septic.sum()), len(alerts))
    return {"share": found.value, "low": found.low, "high": found.high}


def sums_of(alerts):
    return alerts.groupby("person_id").septic.agg(["sum", "size"]).to_numpy(float)


def drawn(take, draws=2000):
    """Draws of people by their sums; ``take(dice, n)`` says which people a draw holds."""

    def by_patient(alerts):
        each, dice = sums_of(alerts), np.random.default_rng(0)
        taken = [each[take(dice, len(each))] for _ in range(draws)]
        low, high = np.quantile([rows[:, 0].sum() / rows[:, 1].sum() for rows in taken], [0.025, 0.975])
        return {"share": float(alerts.septic.mean()), "low": float(low), "high": float(high)}

    return by_patient


def mean_of_people(alerts):
    """Each person one vote."""
    found = bootstrap(np.mean, np.arange(alerts.person_id.nunique()), alerts.groupby("person_id").septic.mean())
    return {"share": found.value, "low": found.low, "high": found.high}


def one_error(alerts):
    """One standard error to each side."""
    found = by_people(alerts)
    reach = (found["high"] - found["low"]) / 2 / Z
    return found | {"low": found["share"] - reach, "high": found["share"] + reach}


by_people = drawn(lambda dice, n: dice.integers(0, n, n))

key(
    "W05.Q6",
    reference=by_deviations,
    same=Spread(),
    right=lambda answer, hospital: (
        f"Drawn as rows, the interval would be {(answer['high'] - answer['low']) / _width(drawn_rows(given(5).alerts(hospital))):.1f} times "
        "narrower: each alert of a patient repeats the last one. What chance deals out is patients; draw those."
    ),
    look_at="how many alerts the patient with the most has, and how many rows one of your draws",
    misconceptions=[
        misconception(
            "drawn_rows",
            answer=drawn_rows,
            says="You drew alerts, or used a formula that takes them as independent.",
            so_what="Some patients have fifty, all septic or all not. Counted one by one they promise a precision that the next "
            "year will not keep, and a change that is chance gets a project.",
            look_at="`alerts.person_id.value_counts()`",
            teaches="M09",
        ),
        misconception(
            "each_once",
            answer=drawn(lambda dice, n: np.unique(dice.integers(0, n, n))),
            says="Your interval is somewhat too narrow: who is drawn twice stands there once, or its level is 90%.",
            so_what="`isin` and sets forget how often somebody was drawn, and leave two thirds of the people without replacement. "
            "Quantiles of 5 and 95 leave ten of a hundred outside. Either promises the next ward too much.",
            look_at="how often the most frequent person stands in one draw; then the two quantiles",
            teaches="M09",
        ),
        misconception(
            "mean_of_people",
            answer=mean_of_people,
            says="You averaged one share for each patient.",
            so_what="That gives each patient one vote. The question is about alerts: what share of the pages that a nurse gets is "
            "about sepsis.",
            look_at="the share of the table itself, without any draw",
            teaches="M37",
        ),
        misconception(
            "one_error",
            answer=one_error,
            says="Your interval reaches one standard error to each side.",
            so_what="That covers two of three. Report the interval, or name the standard error as one.",
            look_at="what your two ends are made of",
            teaches="M09",
        ),
        misconception(
            "a_hundred_people",
            answer=drawn(lambda dice, n: dice.integers(0, n, 100)),
            says="Each of your draws has fewer people than there are.",
            so_what="The interval is then that of a smaller hospital. A bootstrap draws as many as it has.",
            look_at="how many people one draw holds",
            teaches="M09",
        ),
    ],
)


def _width(found):
    return found["high"] - found["low"]
