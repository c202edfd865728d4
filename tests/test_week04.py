"""Week 4's banks and its judge: every change runs, every card has a cause, a model is seen from outside."""

from __future__ import annotations

import io
import runpy
from contextlib import redirect_stdout
from textwrap import indent
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from wardround.course.given import given
from wardround.course.places import week_folder
from wardround.evaluation import auroc_value
from wardround.hospital import open_truth
from wardround.records import read_export
from wardround.records.features import READMISSION

BANK = runpy.run_path(str(week_folder(4) / "pull_request.py"))
JUDGING = runpy.run_path(str(week_folder(4) / "judging.py"))
CHANGES = BANK["CHANGES"]


@pytest.fixture(scope="module")
def keys():
    from wardround.course.keys import collecting

    with collecting():
        return SimpleNamespace(**runpy.run_path(str(week_folder(4) / "keys.py")))


@pytest.fixture(scope="module")
def hospital(third_hospitals):
    return read_export(third_hospitals[0])


def source(names):
    return "\n".join(line for line, _ in BANK["code_with"](names)) + "\n"


def reported(names, hospital):
    space: dict = {}
    exec(compile(source(names), "readmission/report.py", "exec"), space)
    with redirect_stdout(io.StringIO()):
        return space["report"](hospital)


# the pull request ----------------------------------------------------------------------------------------------------


def test_bank_and_keys_hold_the_same_changes(keys):
    assert set(keys.LEAKING) | set(keys.IN_ORDER) == set(CHANGES) and not set(keys.LEAKING) & set(keys.IN_ORDER)
    assert sorted(name for names in BANK["LEAKING"].values() for name in names) == sorted(keys.LEAKING)
    assert sorted(name for names in BANK["IN_ORDER"].values() for name in names) == sorted(keys.IN_ORDER)
    assert len(keys.LEAKING) >= 10 and len({kinds[0] for kinds, _ in keys.LEAKING.values()}) >= 8
    page = given(4)
    for kinds, repairs in keys.LEAKING.values():
        assert set(kinds) <= set(page.KINDS) and set(repairs) <= set(page.REPAIRS)
    assert all(name.split(".")[0] == CHANGES[name][0] for name in CHANGES)


@pytest.mark.parametrize("number", range(40))
def test_every_draw_has_five_leaks_and_four_look_alikes_and_its_lines_are_right(number, keys):
    names = BANK["drawn"](np.random.default_rng(number))
    leaks = [name for name in names if name in keys.LEAKING]
    assert len(names) == 9 and len(leaks) == 5 and len({CHANGES[name][0] for name in names}) == 9
    assert sum(CHANGES[name][0] == "scale" for name in names) == 1
    assert 2 <= sum(CHANGES[name][0] in BANK["COLUMNS"] for name in leaks) <= 3
    lines, numbers = BANK["diff_of"](names)
    assert applied(source([]).splitlines(), lines) == source(names).splitlines()
    for name, own in numbers.items():
        added = [lines[place - 1][1:].strip() for place in own if lines[place - 1].startswith("+")]
        wanted = CHANGES[name][1].splitlines()
        assert added and set(added) <= {line.strip() for line in wanted}
        assert all(lines[place - 1][0] in "+-" for place in own)
    changed = {n for n, line in enumerate(lines, 1) if line[:1] in "+-" and not line.startswith(("---", "+++"))}
    owned = {place for own in numbers.values() for place in own}
    assert all("import" in lines[place - 1] for place in changed - owned)


def applied(before, diff):
    """What ``patch`` would make of a file and a unified diff."""
    made, at = [], 0
    for line in diff[2:]:
        if line.startswith("@@"):
            start = int(line.split()[1].split(",")[0][1:]) - 1
            made, at = [*made, *before[at:start]], start
        elif line.startswith("+"):
            made.append(line[1:])
        else:
            assert before[at] == line[1:]
            made += [] if line.startswith("-") else [line[1:]]
            at += 1
    return [*made, *before[at:]]


def test_imports_stay_sorted():
    block = [line for line in source(["split.copies", "model.best"]).splitlines() if line.startswith("from sklearn")]
    assert block == sorted(block) and len(block) == 6


@pytest.mark.slow
def test_every_change_runs_and_leaks_lift_what_is_reported(hospital):
    base = reported([], hospital)
    lift = {name: reported([name], hospital) - base for name in CHANGES}
    assert 0.6 < base < 0.76
    for name in ("place.rate", "select.groups", "admin.codes", "admin.bill", "admin.missed", "history.first"):
        assert lift[name] > 0.05, (name, lift[name])
    for name in ("rows.clear", "history.all", "labs.worst", "split.copies", "fit.all", "fit.strength"):
        assert lift[name] > 0.004, (name, lift[name])
    for name in BANK["IN_ORDER"]["scale"]:
        assert abs(lift[name]) < 0.002, (name, lift[name])


RATE = """
def rate(rows, of):
    return cells[rows].map(back[of].groupby(cells[of]).mean()).fillna(back[of].mean())

cells = stays["zip"] + stays["attending"]
table["rate"] = rate(stays.index, teach)
"""
OUT_OF_FOLD = """
for part in range(5):
    table.loc[teach[part::5], "rate"] = rate(teach[part::5], teach.difference(teach[part::5]))
"""


@pytest.mark.slow
def test_a_rate_on_training_rows_makes_the_model_worse_and_out_of_fold_it_does_not(hospital):
    def area(lines):
        text = source([]).replace("    model = candidate()", indent(lines, "    ") + "    model = candidate()")
        space: dict = {}
        exec(compile(text, "readmission/report.py", "exec"), space)
        return space["report"](hospital)

    base = area("")
    assert base - area(RATE) > 0.02 and abs(base - area(RATE + OUT_OF_FOLD)) < 0.02


@pytest.mark.slow
def test_whole_pull_requests_run(hospital):
    for number in range(4):
        names = BANK["drawn"](np.random.default_rng(number))
        assert reported(names, hospital) > 0.75, names


# the audit -----------------------------------------------------------------------------------------------------------


def test_every_card_has_one_cause_and_a_hospital_gets_twenty_four(keys, third_hospitals):
    cards = given(4).all_features()
    names = [card[0] for card in cards]
    assert len(names) == len(set(names)) >= 36 and set(names) == set(keys.CAUSE_OF)
    assert set(keys.CAUSE_OF.values()) == set(given(4).CAUSES) and set(keys.ALSO.values()) <= set(given(4).CAUSES)
    drawn = [given(4).features(read_export(folder)).feature.tolist() for folder in third_hospitals]
    assert [len(set(one)) for one in drawn] == [24, 24] and set(drawn[0]) != set(drawn[1])


@pytest.mark.parametrize("number", range(30))
def test_every_draw_has_what_each_mistake_is_made_with(number, keys):
    asked = given(4).features(SimpleNamespace(checksum=f"x{number}")).feature
    causes = asked.map(keys.CAUSE_OF).value_counts()
    assert len(asked) == 24 and causes["known"] >= 4
    for cause in ("written later", "dated back", "overwritten", "uses the outcome", "our own doing"):
        assert causes[cause] == 3


# the judge -----------------------------------------------------------------------------------------------------------


def test_what_is_written_later_is_what_the_truth_says(third_hospitals):
    table = open_truth(third_hospitals[0]).availability
    assert set(JUDGING["WRITTEN_LATER"]) == set(table.column[table.table == "stays"])


def test_risks_survive_their_packing():
    risk = np.random.default_rng(1).random(1000)
    assert np.abs(JUDGING["unpacked"](JUDGING["packed"](risk)) - risk).max() < 1e-5


ROWS = pd.DataFrame({"age": [30, 60, 90]})


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (None, "lacks its `return`"),
        (7, "returned a int"),
        (lambda rows: [0.1], "array of shape"),
        (lambda rows: [0.1, np.nan, 0.2], "1 of 3 risks are missing"),
        (lambda rows: [4, 7, 12], "from 4 to 12"),
        (lambda rows: rows.state, "has no attribute"),
        (lambda rows: rows["state"], "asked for state"),
    ],
)
def test_what_is_no_risk_is_told_why(model, part):
    with pytest.raises(Exception, match=part):
        JUDGING["risks_of"](model, ROWS)


def test_an_estimator_a_function_and_a_model_of_four_states_are_read_alike():
    from sklearn.linear_model import LogisticRegression

    back = np.array(["neither", "readmitted", "readmitted"])
    named = LogisticRegression().fit(ROWS, back)
    plain = LogisticRegression().fit(ROWS, back == "readmitted")
    asked = [JUDGING["risks_of"](model, ROWS) for model in (named, plain, lambda rows: plain.predict_proba(rows))]
    assert asked[0] == pytest.approx(asked[1], abs=1e-3) and asked[1] == pytest.approx(asked[2])


def train(keep=lambda stays: stays[stays.whole], table=READMISSION.compute):
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    def learn(stays):
        rows = keep(stays)
        model = make_pipeline(SimpleImputer(), LogisticRegression(C=0.01, max_iter=300))
        model.fit(table(rows), rows.state.eq("readmitted"))
        return lambda asked: model.predict_proba(table(asked))[:, 1]

    return learn


def look(learn, hospital):
    stays = given(4).stays_to_learn(hospital)
    fresh = stays[stays.whole].drop(columns=["state", "whole"]).reset_index(drop=True)
    return JUDGING["looked_at"](learn, stays, fresh)


def test_an_honest_model_moves_with_nothing(hospital):
    seen = look(train(), hospital)
    assert not seen["moved"] and not seen["ids"] and not seen["place"] and seen["alone"] < 1e-9
    assert seen["answers"]["not observable"] == pytest.approx(1) and seen["answers"]["shuffled"] > 0.05


def plus(column):
    return lambda rows: READMISSION.compute(rows).assign(more=column(rows))


@pytest.mark.parametrize(
    ("learn", "where", "above"),
    [
        (train(table=plus(lambda rows: rows.code_count)), lambda seen: seen["moved"]["code_count"], 100),
        (train(table=plus(lambda rows: rows.zip.astype(float) % 97)), lambda seen: seen["place"], 100),
        (
            train(table=plus(lambda rows: rows.person_id.str[-2:].map(lambda two: int(two, 36)))),
            lambda s: s["ids"],
            100,
        ),
        (train(table=lambda rows: READMISSION.compute(rows).rank(pct=True)), lambda seen: seen["alone"], 0.01),
        (train(keep=lambda stays: stays), lambda seen: 1 - seen["answers"]["not observable"], 0.05),
        (
            train(keep=lambda stays: stays[stays.state != "not_observable"]),
            lambda seen: seen["answers"]["readmitted, not whole"],
            1.3,
        ),
    ],
)
def test_each_probe_finds_what_it_is_for(learn, where, above, hospital):
    assert where(look(learn, hospital)) > above


# the harness ---------------------------------------------------------------------------------------------------------


def test_both_runs_of_a_leak_have_the_same_rows_and_their_sizes_are_in_order(hospital):
    harness, lift = given(4).harness(hospital), {}
    for leak in harness.leaks:
        on, off = harness.run(leak, on=True), harness.run(leak, on=False)
        assert on.row.is_unique and on.drop(columns="risk").equals(off.drop(columns="risk"))
        judged = on.part == "judged"
        lift[leak] = auroc_value(on.outcome[judged], on.risk[judged]) - auroc_value(
            off.outcome[judged], off.risk[judged]
        )
    assert lift["billing status"] > 0.05 and lift["repeated patients"] > 0.12
    assert lift["selection before the split"] > 0.2 and abs(lift["mean imputation"]) < 0.002
    with pytest.raises(KeyError, match="no leak 'x'"):
        harness.run("x", on=True)


def made_of_like_ends(both, order, seed):
    from wardround.evaluation import bootstrap

    on, off = (
        bootstrap(auroc_value, both.patient, both.outcome, both[name], draws=500, seed=seed)
        for name in ("risk", "risk_off")
    )
    return on.value - off.value, *order([on.low - off.low, on.high - off.high])


@pytest.mark.parametrize(("order", "seed"), [(list, 1), (sorted, 2)])
def test_ends_subtracted_like_from_like_are_known_again_put_in_order_or_not(order, seed, keys, hospital):
    answer = keys.sized(lambda both: made_of_like_ends(both, order, seed))(given(4).harness(hospital))
    assert keys.has_like_ends(answer, hospital)


def test_an_interval_of_another_level_is_not_taken_for_ends_subtracted(keys, hospital):
    right = keys.by_patients(hospital, None)
    for share in (0.51, 0.84, 1, 1.31):
        reach = share * (right.high - right.low) / 2
        answer = right.assign(low=right.gain - reach, high=right.gain + reach)
        assert not keys.has_like_ends(answer, hospital), share
