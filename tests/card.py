"""What of the data card is made from the code: ``python tests/card.py`` writes it, ``test_data_card.py`` compares it.

``python tests/card.py FOLDER`` also measures the default hospital, which is in FOLDER, and three more; with
``--bites`` behind it also the bite table of the default seed and of twenty others (ten minutes).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
from wardround.hospital import (
    access,
    causes,
    claim_faults,
    desk,
    faults,
    feed_faults,
    feeds,
    flown,
    history,
    incidents,
    open_truth,
    patients,
    response,
    sepsis,
    sources,
    triage,
    ward,
)
from wardround.hospital import parameters as sheet
from wardround.records import claims, hl7_rows, read_export

ROOT = Path(__file__).resolve().parents[1]
CARD = ROOT / "datasets" / "README.md"
OURS = "assumption"
# constant of parameters.py -> what it is, where it comes from (B1 to B8: "Sources" of the card)
CONSTANTS = {
    "KEYS": ("keys of the panel at scale 1; some 8,950 of them meet the hospital in three years", OURS),
    "BURN_IN": ("weeks simulated before the export begins", OURS),
    "HORIZON": ("weeks over which people join the panel", OURS),
    "EASTBANK_FROM": ("week in which Eastbank's records begin; its people live from BURN_IN weeks before", OURS),
    "RECORDS_FROM": ("day from which records are in the export: Quillmere, Eastbank", OURS),
    "CAMPAIGN_FROM": ("week in which a documentation campaign begins", OURS),
    "HOLD_OUT_FROM": ("week from which a share of home discharges gets no call, by chance", OURS),
    "HOLD_OUT_SHARE": ("that share", OURS),
    "CALL_DAY": ("days from discharge to the care call, which prevents nothing before", OURS),
    "OLDER_OXIMETERS": ("share of contacts measured with the older oximeter", OURS),
    "OXIMETER_BIAS": ("times the overreading on dark skin: older model, newer model", OURS),
    "ACCESS": ("of the cost that need would bring, for Black patients", "assumption, direction after B8 (Obermeyer)"),
    "WINDOW_HOURS": ("hours of a ward window", OURS),
    "MAX_WINDOWS": ("windows followed in a stay, at most", OURS),
    "RACE_SHARE": ("white, Black, Hispanic, Asian, other: Quillmere, then Eastbank", OURS),
    "RACE_MISSING": ("share without a recorded race: Quillmere, Eastbank", "Eastbank B7 (19.3%); Quillmere assumption"),
    "RACE_DISCORDANT": ("share of the recorded that is another race than the true one", "B7 (8.0%)"),
    "SOCIAL_BY_RACE": ("added to social risk, by race in that order", OURS),
    "INTERPRETER_BY_RACE": ("share that needs an interpreter, by race", OURS),
    "AGE_POINTS": ("age by cumulative share, linear between", "assumption, shaped on B2"),
    "GROUP_PULL": ("weight of a group times (first + second x condition)", OURS),
    "RETURN_SLOPE": ("slope of the shared risk: Quillmere, Eastbank", OURS),
    "RETURN_SHAPE": ("day of readmission = 30 u^shape", "B1 (36% within 7 days, 58% within 14)"),
    "PLAIN_ANALYTES": ("mean, SD, SD per unit of acuity", "mean and range B4; loading assumption"),
    "PANEL_SHARE": ("share of draws with the panel; the liver panel: of stays", "assumption, shaped on B4"),
    "HL7_WEEKS": ("weeks of HL7 messages, the last ones", OURS),
    "RENAMED_FROM": ("week in which two tests are renamed", OURS),
    "RENAMED": ("those tests: code and name from then on", OURS),
    "FACTOR_ONE_FROM": ("week from which sodium is in mEq/L", OURS),
    "UTC_AS_LOCAL": ("weeks of UTC under a local offset: first, end", OURS),
    "FAULT_FLOOR": ("of each kind of fault at least", OURS),
}
# no numbers of the model: names, and numbers of names
_NAMES = (
    "FIRST_DAY ZONE WINDOW QUILLMERE EASTBANK RACES PAYERS CONDITIONS CONDITION GROUPS GROUP GROUP_WEIGHT GROUP_ACUITY "
    "GROUP_LOS GROUP_RETURN DISPOSITIONS HOME HOME_HEALTH SNF HOSPICE AMA TRANSFER DIED VITALS METABOLIC COUNT LIVER "
    "SINGLE ANALYTES ANALYTE EMERGENCY_ANALYTES RATES"
)
STRUCTURE = set(_NAMES.split())
RATE_SOURCE = {
    "duplicate_patient": "assumption, within B7 (8 to 12%)",
    **dict.fromkeys(
        ("weight_in_pounds", "glucose_in_mmol", "device_clock", "late_result", "result_before_collection"),
        "assumption, default of B7",
    ),
}
# constants of the other modules: module, name, what, source
ELSEWHERE = (
    (ward, "MEMORY", "of acuity and breathing, from window to window", OURS),
    (ward, "SHOCK", "SD of their noise in a window", OURS),
    (history, "OBSERVED_SHARE", "of emergency visits sent home that go on to observation", OURS),
    (sepsis, "LABEL_SENSITIVITY", "of the clinical label", "B3 (69.7%)"),
    (sepsis, "LABEL_FALSE", "false positives of the clinical label", "B3 (specificity 98.1%)"),
    (sepsis, "CODE_SENSITIVITY", "of the claims label in week 0", OURS),
    (sepsis, "CODE_FALSE", "false positives of the claims label in week 0", OURS),
    (sepsis, "CODE_GROWTH", "both times this a year", "B3 (Rhee: +10.3% a year)"),
    (sepsis, "CAMPAIGN", "both times this from the campaign on", OURS),
    (sepsis, "EARLY_ORDERS", "septic stays with orders before the criteria are met", OURS),
    (sepsis, "LATE_ORDERS", "of the other septic stays, orders after", OURS),
    (triage, "ASSIGNED_CUTS", "levels 1 | 2 | 3 | 4 | 5 as assigned", "chosen to meet B6"),
    (triage, "DESERVED_CUTS", "levels as deserved", "chosen to meet B6"),
    (triage, "DESK_NOISE", "SD of the desk's error", "chosen to meet B6"),
    (triage, "CRITICAL_WITHIN", "hours after triage", OURS),
    (response, "HELP", "factor on the hazard after a nurse has come", OURS),
    (response, "HELP_WINDOWS", "windows for which it holds", OURS),
    (response, "LOCKOUT", "windows without a second alert", OURS),
    (response, "BEDS_A_NURSE", "occupied beds per answer and shift", OURS),
    (response, "WILLING", "an alert is answered with this x PPV / (PPV + doubt)", OURS),
    (response, "DOUBT", "the doubt in it", OURS),
    (response, "TRUST_AT_FIRST", "PPV that nurses assume at first", OURS),
    (response, "MEMORY", "weight of one alert in it", OURS),
    (flown, "FEED_WEEKS", "weeks that a policy looks back", OURS),
    (patients, "DEATHS_UNHEARD", "of deaths after discharge: the payer knows, the Patient record does not", OURS),
    (feed_faults, "_RATE", "of messages that can carry the fault", OURS),
    (sources, "SILENT_DAYS", "days for which each interface stands still", OURS),
    (desk, "WEEKS", "weeks of the triage desk's log, the last ones", OURS),
    (access, "WEEKS", "weeks of the access log, drawn among all", OURS),
)
# what the ledger holds: of the export, then of the feeds
PLACES = ("export", *feeds.FOLDERS)
NEAR_MISSES = (*faults.NEAR_MISSES, "feed_near_miss")
FILES = (
    (desk.FILE, desk.COLUMNS),
    (access.FILE, access.COLUMNS),
    (access.DIRECTORY_FILE, access.DIRECTORY),
)
INCIDENTS = (
    incidents.UnmeasuredSupport,
    incidents.HomeVisitsEnd,
    incidents.TriageBias,
    incidents.AnalyserUnit,
    incidents.HaemoglobinOffset,
)
_CLASS = {
    **{causes.LATENT: "latent", causes.RECORDED: "recorded", causes.PROXY: "proxy"},
    **{causes.CLINICIANS: "clinicians", causes.LATER: "later", "outcome": "outcome"},
}


def rows(head: str, lines) -> str:
    """A Markdown table; ``head`` is cut at ``|``."""
    names = [name.strip() for name in head.split("|")]
    cells = [names, ["---"] * len(names), *([str(cell).replace("|", "\\|") for cell in line] for line in lines)]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def number(value) -> str:
    """Numbers as the code has them, without rounding; tables of numbers on one line."""
    if isinstance(value, dict):
        return "; ".join(f"{name} {number(part)}" for name, part in value.items())
    if isinstance(value, (tuple, list, np.ndarray)):
        parts = [number(part) for part in value]
        nested = any(isinstance(part, (tuple, list, np.ndarray)) for part in value)
        return (" / " if nested else ", ").join(parts)
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    return f"{value}"


def graph() -> str:
    """The cause graph: round brackets for what nobody records, double ones for outcomes."""
    shapes = {"latent": "({})", "outcome": "{{{{{}}}}}"}
    lines = ["```mermaid", "graph LR"]
    for name, kind, _ in causes.VARIABLES:
        lines.append(f"  {name}{shapes.get(_CLASS[kind], '[{}]').format(name.replace('_', ' '))}")
    for cause, effect, when in causes.CAUSES:
        lines.append(f"  {cause} {'-->' if when == 'always' else '-. incident .->'} {effect}")
    return "\n".join([*lines, "```"])


def arrows() -> str:
    """The graph in words."""
    acts: dict[str, list[str]] = {}
    for cause, effect, when in causes.CAUSES:
        acts.setdefault(cause, []).append(effect.replace("_", " ") + ("" if when == "always" else f" ({when})"))
    return rows(
        "variable | acts on", [(cause.replace("_", " "), ", ".join(effects)) for cause, effects in acts.items()]
    )


def variables() -> str:
    return rows("variable | kind | meaning", [(f"`{n}`", kind, meaning) for n, kind, meaning in causes.VARIABLES])


def constants() -> str:
    lines = [(f"`{name}`", number(getattr(sheet, name)), *what) for name, what in CONSTANTS.items()]
    lines += [
        (f"`{module.__name__.rsplit('.', 1)[1]}.{name}`", number(getattr(module, name)), what, source)
        for module, name, what, source in ELSEWHERE
    ]
    for kind in INCIDENTS:
        fields = {name: getattr(kind, name) for name in kind.__dataclass_fields__ if name != "ends"}
        said = (kind.__doc__ or "").split("\n")[0].rstrip(".")
        lines.append((f"`incidents.{kind.__name__}`", number(fields), said, OURS))
    return rows("constant | value | meaning | source", lines)


def conditions() -> str:
    lines = [(name, *(number(sheet.CONDITION[part][k]) for part in sheet.CONDITION)) for k, name in
             enumerate(sheet.CONDITIONS)]  # fmt: skip
    return rows("condition | base share at 60 years | per 15 years | frailty | social risk | Charlson points", lines)


def groups() -> str:
    columns = (sheet.GROUP_WEIGHT, sheet.GROUP_ACUITY, sheet.GROUP_LOS, sheet.GROUP_RETURN)
    lines = [(name, *(number(column[k]) for column in columns)) for k, name in enumerate(sheet.GROUPS)]
    return rows("group | weight | acuity | log length of stay | readmission", lines)


def rates() -> str:
    return rows(
        "rate | value | source",
        [(f"`{name}`", number(value), RATE_SOURCE.get(name, OURS)) for name, value in sheet.RATES.items()],
    )


def columns_of_feeds() -> str:
    """The columns that the readers give, described in ``records/feeds.py``, and those of the files without a reader."""
    lines = []
    read = (("adt", hl7_rows.ADT), ("oru", hl7_rows.ORU), ("claims", claims.COLUMNS))
    for name, columns in (*read, ("enrolment", claims.ENROLMENT.columns)):
        for column in columns:
            lines.append((f"`feeds.{name}`", f"`{column}`"))
            if name in ("adt", "oru") and column.endswith("_raw") and column != "value_raw":
                lines.append((f"`feeds.{name}`", f"`{column.removesuffix('raw')}at`"))
    lines += [(f"`{file}`", f"`{column}`") for file, columns in FILES for column in columns]
    return rows("feed | column", lines)


BLOCKS = {
    **{"graph": graph, "arrows": arrows, "variables": variables, "constants": constants, "conditions": conditions},
    **{"groups": groups, "rates": rates, "feeds": columns_of_feeds},
}


# measured ---------------------------------------------------------------------------------------------------------


def sizes(folder: Path) -> str:
    """What a hospital of the default size holds."""
    counts = orjson.loads((folder / "manifest.json").read_bytes())["counts"]
    truth = open_truth(folder)
    lines = [(f"`{name}` resources", f"{entry['resources']:,}") for name, entry in sorted(counts.items())]
    lines.append(("resources in all", f"{sum(entry['resources'] for entry in counts.values()):,}"))
    lines.append(("lines of the export in all", f"{sum(entry['lines'] for entry in counts.values()):,}"))
    lines += [
        (f"rows of `warehouse.{n}`", f"{len(warehouse(folder, n)):,}")
        for n in ("stays", "windows", "emergency", "contacts", "deaths")
    ]
    beside = read_export(folder).feeds
    counted = (("adt", "messages"), ("oru", "results"), ("claims", "versions of claims"), ("enrolment", "members"))
    lines += [(f"{what} in `feeds.{name}`", f"{len(beside[name]):,}") for name, what in counted]
    lines += [(f"rows of `{name}`", f"{len(pd.read_csv(folder / name)):,}") for name, _ in FILES]
    lines += [
        ("people", f"{len(truth.persons):,}"),
        ("stays that begin in the export", f"{len(truth.stays):,}"),
        ("index stays", f"{int(truth.stays['index'].sum()):,}"),
        ("septic stays", f"{int(truth.sepsis['septic'].sum()):,}"),
        ("stays with a deterioration", f"{int((truth.stays['deterioration_window'] >= 0).sum()):,}"),
        ("home discharges, called, held out", ", ".join(f"{int(truth.effects[name].sum()):,}" for name in
         ("eligible_home", "called", "held_out"))),
    ]  # fmt: skip
    return rows("default size | count", lines)


def warehouse(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "warehouse" / f"{name}.parquet")


def kinds_of_faults() -> list[tuple[str, str]]:
    """Return (fault, folder) of everything that is planted somewhere in any hospital, in the order of the table."""
    beside = {"corrected_result": "hl7v2", "preliminary_never_final": "hl7v2", "snooping": "access"}
    beside |= dict.fromkeys(("discharge_keyed_late", "merge_never_processed", "result_late"), "hl7v2")
    beside |= dict.fromkeys(feed_faults.FAULTS, "hl7v2") | dict.fromkeys(claim_faults.FAULTS, "claims")
    beside |= dict.fromkeys(desk.FAULTS, "desk")
    near = [("feed_near_miss", folder) for folder in ("hl7v2", "claims", "access")]
    own = [(fault, "export") for fault in faults.FAULTS]
    in_order = sorted(beside.items(), key=lambda one: PLACES.index(one[1]))
    return [*own, *in_order, *near]


def fault_table(folder: Path) -> str:
    """Every kind of fault: where, entries of the ledger, distinct resources, and why it happens."""
    ledger = open_truth(folder).ledger
    where = ledger["file"].str.split("/").str[0]
    lines = []
    for fault, place in kinds_of_faults():
        here = ledger[(ledger["fault"] == fault) & (where == place)]
        said = faults.WHY.get(fault) if place == "export" else None
        why = said or " ".join(dict.fromkeys(here["why"]))
        mark = "near miss" if fault in NEAR_MISSES else "fault"
        lines.append((f"`{fault}`", f"`{place}`", mark, f"{len(here):,}", f"{here['resource_id'].nunique():,}", why))
    return rows("kind | in | is | ledger entries | resources | why", lines)


def realism() -> str:
    """Published figures beside those of three seeds."""
    from test_hospital_realism import MISSES, SEEDS, TARGETS, figures
    from wardround.hospital import simulate

    many = [figures(simulate(seed)) for seed in SEEDS]
    lines = []
    for name in (*TARGETS, *MISSES):
        found = np.array([one[name] for one in many])
        published, *rest = TARGETS.get(name) or MISSES[name]
        digits = 2 if published >= 1 else 4 if published < 0.01 else 3
        shown = "none" if np.isnan(published) else f"{published:.{digits}f}"
        held = ("± " + number(rest[0]), rest[1]) if name in TARGETS else ("**known miss**", rest[0])
        mean, low, high = (f"{value:.{digits}f}" for value in (found.mean(), found.min(), found.max()))
        lines.append((name, shown, mean, f"{low} to {high}", *held))
    return rows("figure | published | model, mean | three seeds | tolerance | source, or why it is missed", lines)


def seed_place(own: dict[str, float], others: list[dict[str, float]]) -> str:
    """Rows of the bite table that have a rule, where the default seed lies more than one SD from the others' mean."""
    from bites.table import RULES

    lines, near, total = [], 0, 0
    for name in own:
        values = np.array([one[name] for one in others])
        if values.std() == 0 or name not in RULES:
            continue
        total += 1
        away = (own[name] - values.mean()) / values.std(ddof=1)
        near += abs(away) <= 1
        if abs(away) > 1:
            lines.append(
                (name, f"{own[name]:.3f}", f"{values.mean():.3f}", f"{values.std(ddof=1):.3f}", f"{away:+.1f}")
            )
    said = (
        f"Of {total} rows with a rule, {near} lie within one SD of the mean of {len(others)} other seeds; "
        "these do not:\n\n"
    )
    return said + rows("row | this seed | mean of others | SD | SDs away", lines)


def bites() -> str:
    from bites.table import measure
    from wardround.hospital import DEFAULT_SEED

    return seed_place(measure(DEFAULT_SEED), [measure(seed) for seed in range(2026301, 2026321)])


def write(text: str, made: dict[str, str]) -> str:
    """Put blocks between their marks."""
    for name, block in made.items():
        begin, end = f"<!-- made by tests/card.py: {name} -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.S)
        if not pattern.search(text):
            raise ValueError(f"The card has no place for {name!r}.")
        text = pattern.sub(lambda _, new=f"{begin}\n{block}\n{end}": new, text)
    return text


def read(text: str, name: str) -> str:
    """Return what stands between the marks of a block."""
    return re.search(f"<!-- made by tests/card.py: {name} -->\n(.*?)\n<!-- end of {name} -->", text, re.S)[1]


if __name__ == "__main__":
    blocks = {name: make() for name, make in BLOCKS.items()}
    if len(sys.argv) > 1:
        place = Path(sys.argv[1])
        blocks |= {"sizes": sizes(place), "faults": fault_table(place), "realism": realism()}
        blocks |= {"bites": bites()} if "--bites" in sys.argv else {}
    CARD.write_text(write(CARD.read_text(encoding="utf-8"), blocks), encoding="utf-8")
