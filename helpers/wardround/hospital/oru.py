"""ORU: laboratory results as they were sent, one message per blood draw and status.

The export holds the last version of a result; here stands what was known when: a preliminary value, the final one, its
correction, its withdrawal. What the export shows at the end, the last message of a result says, too.
"""

from __future__ import annotations

import numpy as np

from . import codes
from . import parameters as sheet
from .adt import Stream
from .fhir_clinical import rounded_values
from .hl7 import Message, person, pid, segment, stamp, visit
from .keys import KIND, ids
from .people import Table
from .sources import ORU, Source, chosen
from .streams import Purpose

PRELIMINARY, FINAL, CORRECTED, WITHDRAWN = range(4)
_STATUS = "PFCW"
_EMERGENCY_DRAW = 999
_ANALYTES = [codes.LAB[name] for name in sheet.ANALYTES]
_DECIMALS = np.array([known[5] for known in _ANALYTES])
WHY = {
    "result_late": "The interface engine stopped and was restarted hours later; the results waited in its queue.",
    "corrected_result": "The first value was wrong (a slipped decimal, another patient's tube) and was corrected.",
    "preliminary_never_final": "The final message was lost on its way; whoever reads the stream has a preliminary.",
}
_SWITCH = {
    **{"local_code": "local", "analyser_unit": "converted", "entered_in_error": "wrong"},
    **{"preliminary_never_final": "unfinished", "corrected_result": "corrected", "factor_one_unit": "renamed_unit"},
}


_PLANNED = {CORRECTED: "corrected_planned", WITHDRAWN: "wrong_planned", PRELIMINARY: "unfinished_planned"}


def oru(source: Source) -> Stream:
    """Return the messages of both laboratories in the last weeks."""
    rows = _rows(source)
    made = Stream()
    if not rows["row"].size:
        return made
    begins = np.flatnonzero(np.r_[True, rows["draw"][1:] != rows["draw"][:-1]])
    stops = np.r_[begins[1:], rows["draw"].size]
    rows |= _plan(source, rows)
    late = _late(source, rows, begins)
    lines = _Lines(source, rows)
    for begin, stop, behind in zip(begins.tolist(), stops.tolist(), late.tolist(), strict=True):
        _draw(source, lines, begin, stop, behind, made)
    return made


def _rows(source: Source) -> Table:
    """Return the results of draws in the last weeks; ``draw`` numbers the tubes that were taken together."""
    labs = source.chart.labs
    here = np.flatnonzero(labs["moment"] >= source.begin)
    rows = {name: column[here] for name, column in labs.items()} | {"position": here}
    rows["window"] = (rows["slot"] - KIND["Lab"]) // 32
    key = np.stack([rows["row"], rows["when"], rows["window"]])
    rows["draw"] = np.cumsum(np.r_[0, (key[:, 1:] != key[:, :-1]).any(axis=0)]) if here.size else here
    rows["final"] = np.array(rounded_values(rows), dtype=np.float64)
    return rows


def _plan(source: Source, rows: Table) -> Table:
    """Return which results go through more than one value, and what the earlier ones were."""
    key = rows["person"], rows["when"], rows["slot"]
    nowhere = np.zeros(rows["row"].size, dtype=bool)
    # chosen as if every fault were on, so that leaving one out moves no other
    given = {name: np.isin(rows["position"], where) for name, where in source.lab_faults.items()}
    converted, wrong = given.get("analyser_unit", nowhere), given.get("entered_in_error", nowhere)
    unfinished = given.get("preliminary_never_final")
    if unfinished is None:
        unfinished = chosen(source.draw(Purpose.FINAL_LOST, *key)[0], 0.012, ~wrong)
    corrected = given.get("corrected_result")
    if corrected is None:
        u = source.draw(Purpose.RESULT_CORRECTED, *key)[0]
        heard = source.audible(ORU, rows["moment"], rows["issued"] + 20 * 3600)
        corrected = chosen(u, 0.008, ~wrong & ~unfinished & ~converted & heard)
    shape_u, much_u, early_u, how_u = source.draw(Purpose.RESULT_MESSAGE, *key)
    shown = np.where(early_u < 0.12, _rounded(rows["final"] * (1.03 + 0.05 * how_u), rows["analyte"]), rows["final"])
    plan = {
        **{"local": given.get("local_code", nowhere), "converted": converted, "wrong": wrong},
        "renamed_unit": given.get("factor_one_unit", nowhere),
        **{"unfinished": unfinished, "corrected": corrected, "changed": unfinished | corrected | wrong},
    }
    plan |= {f"{name}_planned": plan[name] for name in ("wrong", "unfinished", "corrected")}
    for fault, name in _SWITCH.items():
        plan[name] = plan[name] & (fault not in source.without)
    first = np.where(plan["corrected"], _mistaken(rows, shape_u, much_u), rows["final"])
    return plan | {"first": first, "early": np.where(plan["changed"] | converted, rows["final"], shown)}


def _rounded(values: np.ndarray, analyte: np.ndarray) -> np.ndarray:
    power = 10.0 ** _DECIMALS[analyte]
    return np.rint(values * power) / power


def _mistaken(rows: Table, shape: np.ndarray, much: np.ndarray) -> np.ndarray:
    """Return a first value that was wrong: a decimal point out of place, or what another patient's tube would give."""
    low = np.array([known[3] for known in _ANALYTES])[rows["analyte"]]
    high = np.array([known[4] for known in _ANALYTES])[rows["analyte"]]
    other = _rounded(low + (high - low) * (1.6 * much - 0.3), rows["analyte"])
    slipped = _rounded(rows["final"] * 10, rows["analyte"])
    value = np.where((shape < 0.4) & (_DECIMALS[rows["analyte"]] > 0), slipped, np.maximum(other, 0))
    step = 10.0 ** -_DECIMALS[rows["analyte"]]
    near = np.abs(value - rows["final"]) < 2.5 * step
    return _rounded(np.where(near, rows["final"] + 8 * step, value), rows["analyte"])


def _late(source: Source, rows: Table, begins: np.ndarray) -> np.ndarray:
    """Return by how many seconds the final message of each draw is late, or would be if that fault were on.

    Draws with a correction or a withdrawal are sent in time: else these would come before what they change.
    """
    key = rows["person"][begins], rows["when"][begins], rows["window"][begins]
    changed = np.logical_or.reduceat(rows["changed"], begins)
    u, hours_u, _, _ = source.draw(Purpose.RESULT_LATE, *key)
    seconds = ((6.2 + 20 * hours_u**2) * 3600).astype(np.int64)
    inside = rows["issued"][begins] + seconds + 600 < source.end
    inside &= source.audible(ORU, rows["issued"][begins], rows["issued"][begins] + seconds)
    return np.where(chosen(u, 0.03, ~changed & inside), seconds, 0)


class _Lines:
    """OBX and OBR of every result, and the parts that a draw's messages share."""

    def __init__(self, source: Source, rows: Table):
        self.source, self.rows = source, rows
        encounters = source.chart.encounters
        self.site = encounters["site"][rows["encounter"]]
        self.doctor = encounters["doctor"][rows["encounter"]]
        self.drawn, self.issued = (self._times(rows[name]) for name in ("moment", "issued"))
        panel = _panels(rows)
        self.panel = panel.tolist()
        orders = source.number("orders", rows["person"], rows["when"], 64 * rows["window"] + panel, bits=40)
        self.order = [f"L{number:010X}" for number in orders.tolist()]
        self.names = ids("Lab", rows["bits"])
        columns = (
            "analyte",
            "local",
            "converted",
            "renamed_unit",
            "final",
            "first",
            "early",
            "encounter",
            "moment",
            "issued",
        )
        columns += (*("person", "when", "window", "wrong", "unfinished", "corrected"), *_PLANNED.values())
        self.of = {name: rows[name].tolist() for name in columns}
        draws = zip(*source.draw(Purpose.RESULT_MESSAGE, rows["person"], rows["when"], rows["window"]), strict=True)
        self.draws = list(draws)

    def _times(self, moments: np.ndarray) -> list[str]:
        return [stamp(at, utc=bool(site)) for at, site in zip(moments.tolist(), self.site.tolist(), strict=True)]

    def order_line(self, k: int, number: int, status: str, reported: str) -> str:
        identifier = f"{self.order[k]}^LAB"
        fields = {1: str(number), 3: identifier, 4: _order_name(self.panel[k]), 7: self.drawn[k]}
        fields |= {16: person(self.source.staff, int(self.doctor[k])), 22: reported, 24: "LAB", 25: status}
        return segment("OBR", fields)

    def result_line(self, k: int, number: int, status: str, value: float) -> str:
        code, display, unit, low, high, decimals, own, name = _ANALYTES[self.of["analyte"][k]]
        what = f"{own}^{name}^L" if self.of["local"][k] else f"{code}^{display}^LN"
        flag, span = ("L" if value < low else "H" if value > high else "N"), f"{low:.{decimals}f}-{high:.{decimals}f}"
        text = f"{value:.{decimals}f}"
        if self.of["renamed_unit"][k]:
            unit = "mEq/L"
        if self.of["converted"][k]:
            unit, text, flag, span = "umol/L", str(round(value * 88.4)), "", ""
        fields = {1: str(number), 2: "NM", 3: what, 5: text, 6: unit, 7: span, 8: flag, 11: status, 14: self.drawn[k]}
        return segment("OBX", fields)


def _panels(rows: Table) -> np.ndarray:
    """Return which order a result belongs to: metabolic, count, liver, or a single test (3 + its analyte)."""
    sizes = np.cumsum([len(sheet.METABOLIC), len(sheet.COUNT), len(sheet.LIVER)])
    panel = np.searchsorted(sizes, rows["analyte"], side="right")
    single = (panel == 3) | (rows["window"] == _EMERGENCY_DRAW)
    return np.where(single, 3 + rows["analyte"], panel)


def _order_name(panel: int) -> str:
    if panel < 2:
        code, _, name = list(codes.PANEL.values())[panel]
        return f"{code}^{name}^LN"
    if panel == 2:
        return "LIVER^Liver panel^L"
    code, _, _, _, _, _, _, name = _ANALYTES[panel - 3]
    return f"{code}^{name}^LN"


def _draw(source: Source, lines: _Lines, begin: int, stop: int, behind: int, made: Stream) -> None:
    """Add the messages of one draw; those that a fault brings or takes are there in any case, sent or not."""
    inside, of = list(range(begin, stop)), lines.of
    drawn, issued = of["moment"][begin], of["issued"][begin]
    early_u, share_u, change_u, seconds_u = lines.draws[begin]
    planned = {status: [k for k in inside if of[name][k]] for status, name in _PLANNED.items()}
    changed = bool(planned[CORRECTED] or planned[PRELIMINARY])

    def send(status: int, which: list[int], value: str, at: int, reserved: bool = True) -> Message:
        message = _message(source, lines, status, which, value, at)
        message.reserved = reserved
        made.messages.append(message)
        return message

    first = None
    if early_u < 0.3 or planned[PRELIMINARY]:
        natural = early_u < 0.3
        released = inside if natural else planned[PRELIMINARY]
        at = drawn + int((0.4 + 0.4 * share_u) * (issued - drawn))
        first = send(PRELIMINARY, released, "early", at, bool(planned[PRELIMINARY]))
        if not natural and not any(of["unfinished"][k] for k in released):
            first.event = ""
    done = [k for k in inside if not of["unfinished"][k]]
    sent = min(issued + int(3 + 50 * seconds_u), source.end - 1)
    late = behind if "result_late" not in source.without else 0
    final = send(FINAL, done or inside, "first", sent + late, changed or behind > 0)
    final.event = final.event if done else ""
    if late:
        note = ("result_late", "final", final, "MSH-7", stamp(sent), stamp(sent + late), WHY["result_late"])
        made.ledger += [(*note, ("Observation", lines.names[k])) for k in done]
    room = min(20 * 3600, source.end - 1 - issued)
    for status, name, u in ((CORRECTED, "corrected", change_u), (WITHDRAWN, "wrong", 1 - change_u)):
        if planned[status]:
            message = send(status, planned[status], "final", max(issued + int((0.1 + 0.8 * u) * room), sent + 1))
            message.event = message.event if any(of[name][k] for k in planned[status]) else ""
    _notes(lines, inside, first, final, made)


def _notes(lines: _Lines, inside: list[int], first: Message | None, final: Message, made: Stream) -> None:
    """Say in the ledger which results of a draw are corrected, and which never become final."""
    of = lines.of
    for k in inside:
        resource = ("Observation", lines.names[k])
        if of["corrected"][k]:
            values = [f"{of[name][k]:.{_ANALYTES[of['analyte'][k]][5]}f}" for name in ("final", "first")]
            note = ("corrected_result", "corrected", final, "OBX-5", *values, WHY["corrected_result"])
            made.ledger.append((*note, resource))
        if of["unfinished"][k]:
            note = ("preliminary_never_final", "oru", first, "OBX-11", "F", "P", WHY["preliminary_never_final"])
            made.ledger.append((*note, resource))


def _message(source: Source, lines: _Lines, status: int, which: list[int], value: str, at: int) -> Message:
    k = which[0]
    encounter = lines.of["encounter"][k]
    table = source.chart.encounters
    known, letter = source.registered(int(source.place[encounter])), _STATUS[status]
    visit_line = {
        1: "1",
        2: "EIO"[int(table["cls"][encounter])],
        19: visit(source.visit[encounter], int(lines.site[k])),
    }
    segments = [pid(known), segment("PV1", visit_line)]
    reported = lines.issued[k] if status == FINAL else stamp(at // 60 * 60, utc=bool(lines.site[k]))
    number, panel = 0, None
    for place in which:
        if lines.panel[place] != panel:
            panel, number = lines.panel[place], number + 1
            segments.append(lines.order_line(place, number, letter, reported))
            line = 0
        line += 1
        segments.append(lines.result_line(place, line, letter, lines.of[value][place]))
    about = [("Observation", lines.names[place]) for place in which]
    of = lines.of
    key = (of["person"][k], of["when"][k], 4096 + 4 * of["window"][k] + status)
    return Message(ORU, "R01", int(lines.site[k]), at, key, segments, about)
