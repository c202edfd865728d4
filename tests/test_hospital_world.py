"""The model: nested in size, the same in any block, near its targets."""

import numpy as np
import pytest
from wardround.hospital import HospitalError, simulate
from wardround.hospital import parameters as sheet
from wardround.hospital import stays as after
from wardround.hospital.chart import write_chart
from wardround.hospital.clock import summer_shift
from wardround.hospital.simulation import panel_size

SEED = 2026014


@pytest.fixture(scope="module")
def third():
    return simulate(SEED, scale=1 / 3)


def in_data(world):
    stays = world.stays
    inside = (stays["admit"] >= sheet.RECORDS_FROM[stays["site"]]) & (stays["admit"] < world.end)
    return {name: column[inside] for name, column in stays.items()}


@pytest.mark.parametrize("table", ["people", "stays", "visits", "windows", "vitals", "labs"])
def test_a_smaller_hospital_is_the_first_people_of_a_larger_one(third, table):
    small = simulate(SEED, scale=0.05)
    large, count = getattr(third, table), panel_size(0.05)
    owner = third.stays["person"][large["stay"]] if table == "windows" else large["person"]
    for name, column in getattr(small, table).items():
        assert np.array_equal(column, large[name][owner < count], equal_nan=column.dtype.kind == "f"), name


def test_any_block_of_people_is_the_same(third):
    block = simulate(SEED, scale=1 / 3, first=700, last=900)
    for table in ("stays", "visits", "vitals", "labs"):
        whole = getattr(third, table)
        here = (whole["person"] >= 700) & (whole["person"] < 900)
        for name in set(whole) - {"row", "stay", "visit"}:
            column = getattr(block, table)[name]
            assert np.array_equal(column, whole[name][here], equal_nan=column.dtype.kind == "f"), (table, name)


def test_fewer_weeks_are_the_first_weeks_of_more(third):
    short = simulate(SEED, weeks=60, scale=1 / 3)
    admitted = third.stays["admit"]
    assert np.array_equal(short.stays["admit"], admitted[third.stays["arrive"] < short.end])


def test_nobody_is_in_two_places(third):
    stays, visits = third.stays, third.visits
    start = np.concatenate([stays["admit"], visits["arrive"]])
    stop = np.concatenate(
        [stays["discharge"], np.fmax(visits["leave"], np.nan_to_num(visits["observed_until"], nan=-1e9))]
    )
    row = np.concatenate([stays["row"], visits["row"]])
    order = np.lexsort((start, row))
    start, stop, row = start[order], stop[order], row[order]
    same = row[1:] == row[:-1]
    assert (start[1:][same] >= stop[:-1][same] - 1e-9).all()


def test_a_contact_begins_a_day_of_its_own(third):
    planned = third.stays["planned"]
    keys = np.concatenate(
        [
            np.stack([third.stays["row"][planned], third.stays["day"][planned]], axis=1),
            np.stack([third.visits["row"], third.visits["day"]], axis=1),
        ]
    )
    assert np.unique(keys, axis=0).shape == keys.shape


def test_nothing_happens_after_death(third):
    dead = third.people["dead"]
    assert (third.stays["arrive"] < dead[third.stays["row"]]).all()
    assert (third.visits["arrive"] < dead[third.visits["row"]]).all()
    assert (third.vitals["time"] <= dead[third.vitals["row"]]).all()


def test_eastbank_has_a_past_and_its_records_begin_in_its_week(third):
    stays, first = third.stays, 7 * sheet.EASTBANK_FROM
    eastbank = stays["site"] == sheet.EASTBANK
    assert first - 365 < stays["arrive"][eastbank].min() < first - 300
    chart = write_chart(third)
    assert chart.encounters["start"][chart.encounters["site"] == sheet.EASTBANK].min() >= first * 86_400
    early = eastbank & (stays["admit"] >= first) & (stays["admit"] < first + 91)
    elsewhere = (stays["site"] == sheet.QUILLMERE) & (stays["admit"] >= 0) & (stays["admit"] < 91)
    assert stays["stays_before"][early].mean() > 0.6 * stays["stays_before"][elsewhere].mean()


def test_a_call_prevents_nothing_before_it_is_made(third):
    stays = third.stays
    early = stays["next_day"] <= sheet.CALL_DAY
    assert early.sum() > 20 and (stays["y0"] == stays["y1"])[early & stays["called"]].all()


def test_nobody_living_leaves_before_the_morning_round(third):
    living = third.stays["disposition"] != sheet.DIED
    hour = (third.stays["discharge"] % 1)[living] * 24 + 24 * summer_shift(third.stays["discharge"][living])
    long = (third.stays["discharge"] - third.stays["admit"])[living] > 0.5
    assert hour[long].min() >= 9


def test_a_call_can_only_remove_the_readmission_it_prevents(third):
    stays = third.stays
    harmful = stays["benefit"] < 0
    assert not (stays["y1"] & ~stays["y0"] & ~harmful).any()
    assert (stays["y0"] & ~stays["y1"]).any()


def test_p0_is_the_risk_without_a_call():
    """Among people without a call, as many come back as p0 says (competing death and planned returns taken off)."""
    came = expected = variance = 0.0
    for seed in range(3):
        stays = in_data(simulate(900 + seed, scale=0.5))
        quiet = stays["followed"] & ~stays["called"]
        came += stays["y0"][quiet].sum()
        expected += stays["p0"][quiet].sum()
        variance += (stays["p0"][quiet] * (1 - stays["p0"][quiet])).sum()
    assert abs(came - expected) < 4 * np.sqrt(variance)


def test_unplanned_readmissions_in_the_data_are_those_of_the_outcome_draw(third):
    """Background arrivals rest for thirty days, so that p0 is the whole risk."""
    stays = third.stays
    later = np.flatnonzero((stays["row"][1:] == stays["row"][:-1]) & ~stays["planned"][1:])
    gap = stays["admit"][later + 1] - stays["discharge"][later]
    near = later[gap <= 30]
    assert near.size > 300
    assert (stays["next_event"][near] == after.BACK_HERE).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": 2**64},
        {"seed": 1.5},
        {"seed": True},
        {"scale": 0},
        {"scale": float("nan")},
        {"scale": "1"},
        {"weeks": 7},
        {"weeks": 209},
        {"weeks": 10.5},
    ],
)
def test_a_parameter_out_of_range_is_said_in_one_sentence(wrong):
    with pytest.raises(HospitalError, match=r"must be a .*; it is .*\.$"):
        simulate(**({"seed": 1, "scale": 0.01, "weeks": 20} | wrong))


@pytest.mark.parametrize("weeks", [8, 104, 105])
def test_short_hospitals_work(weeks):
    chart = write_chart(simulate(3, weeks=weeks, scale=0.02))
    assert chart.encounters["row"].size > 0
    assert (chart.encounters["start"] < chart.end).all() and (chart.encounters["stop"] <= chart.end).all()


# realism -------------------------------------------------------------------------------------------------------------

# figure: (target, SD of one seed at scale 1) of the parameter sheet; the mean of three thirds varies like one whole
TARGETS = {
    "people": (8951, 46),
    "stays": (11958, 197),
    "emergency visits": (27240, 350),
    "Eastbank stays": (2239, 70),
    "index stays": (10740, 170),
    "planned share": (0.186, 0.005),
    "30-day all-cause": (0.145, 0.005),
    "30-day unplanned": (0.134, 0.004),
    "30-day seen here": (0.104, 0.004),
    "within 7 days": (0.368, 0.011),
    "elsewhere": (0.218, 0.013),
    "length of stay, median": (3.04, 0.04),
    "length of stay, mean": (4.33, 0.06),
    "length of stay, 90%": (9.1, 0.18),
    "died": (0.024, 0.002),
    "home": (0.655, 0.006),
    "home health": (0.138, 0.004),
    "skilled nursing": (0.145, 0.004),
    "sepsis share": (0.058, 0.002),
    "deteriorations": (920, 38),
    "calls a week": (16.2, 0.5),
    "mean p0, year 1": (0.163, 0.005),
    "mean p0, year 3": (0.156, 0.005),
}


def figures(world) -> dict[str, float]:
    stays, visits = in_data(world), world.visits
    size = world.people["person"].size / sheet.KEYS
    seen = (visits["arrive"] >= sheet.RECORDS_FROM[visits["site"]]) & (visits["arrive"] < world.end)
    index = stays["followed"] & (stays["disposition"] != sheet.AMA) & (stays["discharge"] + 30 <= world.end)
    event = stays["next_event"]
    unplanned = index & np.isin(event, [after.BACK_HERE, after.BACK_ELSEWHERE])
    length, quillmere = stays["discharge"] - stays["admit"], stays["site"] == sheet.QUILLMERE
    share = {name: (stays["disposition"] == number).mean() for number, name in enumerate(sheet.DISPOSITIONS)}
    year = stays["admit"] // 364
    return {
        "people": np.union1d(stays["row"], visits["row"][seen]).size / size,
        "stays": stays["row"].size / size,
        "emergency visits": seen.sum() / size,
        "Eastbank stays": (~quillmere).sum() / size,
        "index stays": index.sum() / size,
        "planned share": stays["planned"].mean(),
        "30-day all-cause": (unplanned | index & (event == after.BACK_PLANNED)).sum() / index.sum(),
        "30-day unplanned": unplanned.sum() / index.sum(),
        "30-day seen here": (index & (event == after.BACK_HERE)).sum() / index.sum(),
        "within 7 days": (stays["next_day"][unplanned] < 7).mean(),
        "elsewhere": (event[unplanned] == after.BACK_ELSEWHERE).mean(),
        "length of stay, median": np.median(length),
        "length of stay, mean": length.mean(),
        "length of stay, 90%": np.quantile(length, 0.9),
        "died": share["died"],
        "home": share["home"],
        "home health": share["home_health"],
        "skilled nursing": share["skilled_nursing"],
        "sepsis share": stays["septic"].mean(),
        "deteriorations": (stays["event"] >= 0).sum() / size,
        "calls a week": stays["called"].sum() / size / 156,
        "mean p0, year 1": np.nanmean(stays["p0"][quillmere & (year == 0)]),
        "mean p0, year 3": np.nanmean(stays["p0"][quillmere & (year == 2)]),
    }


@pytest.fixture(scope="module")
def found(third):
    many = [figures(world) for world in (third, simulate(2026110, scale=1 / 3), simulate(5, scale=1 / 3))]
    return {name: np.mean([one[name] for one in many]) for name in TARGETS}


@pytest.mark.parametrize("name", TARGETS)
def test_realism(found, name):
    """Four SD of one seed around the sheet's mean; the mean of three thirds has about the SD of one whole hospital."""
    target, sd = TARGETS[name]
    assert abs(found[name] - target) < 4 * sd


def test_vital_signs_and_results_lie_where_the_sheet_puts_them(third):
    ward = third.vitals["stay"] >= 0
    medians = {"heart_rate": (82, 5), "respiratory_rate": (17.5, 1), "temperature": (37.0, 0.15), "systolic": (125, 3)}
    for name, (middle, room) in medians.items():
        assert abs(np.median(third.vitals[name][ward]) - middle) <= room, name
    analytes = {"creatinine": (1.02, 0.06), "leukocytes": (8.5, 0.6), "sodium": (138, 1.5)}
    for name, (middle, room) in analytes.items():
        here = third.labs["analyte"] == sheet.ANALYTE[name]
        assert abs(np.median(third.labs["value"][here]) - middle) <= room, name


def test_the_ill_are_measured_more_often(third):
    """Sets of vital signs per window: the sheet has .30 where Z < 0 and .73 where Z > 1.5."""
    windows, vitals = third.windows, third.vitals
    ward = vitals["stay"] >= 0
    taken = set(zip(vitals["stay"][ward].tolist(), vitals["slot"][ward].tolist(), strict=True))
    for low, high, share in ((-9, 0, 0.30), (1.5, 9, 0.73)):
        here = (windows["acuity"] > low) & (windows["acuity"] < high)
        keys = zip(windows["stay"][here].tolist(), windows["window"][here].tolist(), strict=True)
        assert abs(np.mean([key in taken for key in keys]) - share) < 0.06


def test_the_oximeter_reads_dark_skin_too_high(third):
    vitals, people = third.vitals, third.people
    low = vitals["true_saturation"] < 93
    gap = vitals["saturation"] - vitals["true_saturation"]
    black = people["race"][vitals["row"]] == sheet.RACES.index("black")
    assert gap[low & black].mean() - gap[low & ~black].mean() > 1.2
