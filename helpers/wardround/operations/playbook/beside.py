"""What was built, as tables that stand beside the decisions about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wardround.operations.portfolio import Filled
from wardround.operations.report_cells import Cells
from wardround.operations.report_pages import Part

from .held import Held, percent


def built_beside(key: str, held: Held) -> Iterator[Filled]:
    """Give what was built of a decision's subject; nothing where nothing was found."""
    for make in _BESIDE.get(key, ()):
        heading, table, asks = make(held)
        if table.rows:
            yield Filled(Part(heading, f"made:{key}", asks), table=table)


def _table(heading: str, asks: str, head: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> tuple[str, Cells, str]:
    texts = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    return heading, Cells(head, texts, (False,) * len(head)), asks


def _systems(held: Held) -> tuple[str, Cells, str]:
    rows = [
        (name, one.get("model"), one.get("version") or "none", one.get("digest", "")[:12], said(one), one["where"])
        for name, one in held.facts["systems"].items()
    ]
    head = ("system", "model", "version", "bundle", "threshold", "from")
    return _table("What was built", "each system that was found, as it runs", head, rows)


def said(one: Mapping[str, Any]) -> str:
    """Return the threshold of a system as it is said."""
    return percent(one["threshold"]) if one.get("threshold") is not None else "none in force"


def _signed(held: Held) -> tuple[str, Cells, str]:
    rows = []
    for name, one in held.facts["systems"].items():
        if one.get("digest"):
            rows.append(
                (name, one.get("proposed_by"), one.get("approved_by"), one["in_force_by"], one["in_force_since"][:10])
            )
    head = ("system", "proposed by", "approved by", "put into force by", "on")
    return _table("What the log says", "the release in force, and who took which step", head, rows)


def _watched(held: Held) -> tuple[str, Cells, str]:
    rows = []
    for one in held.facts["monitors"]:
        limits = [
            f"{name if name != 'limit' else ''} {one[name]:g}".strip()
            for name in ("limit", "low", "high")
            if name in one
        ]
        rows.append(
            (
                one["system"],
                one["signal"],
                ", ".join(limits) or "in the code",
                one["owner"],
                one["action"],
                one["where"],
            )
        )
    head = ("system", "signal", "limit", "calls", "does first", "from")
    return _table("What rings", "each monitor of your plans", head, rows)


def _drilled(held: Held) -> tuple[str, Cells, str]:
    drills = held.facts["systems"].get("care_calls", {}).get("drills", [])
    rows = [
        (one["at"][:16], one["by"], "" if one["minutes"] is None else f"{one['minutes']:g}", one["measured"])
        for one in drills
    ]
    head = ("at", "by", "minutes", "measured")
    return _table("What was measured", "each rollback in the log, and what it took", head, rows)


def _logged(held: Held) -> tuple[str, Cells, str]:
    rows = list(held.facts["systems"].get("triage", {}).get("log", {}).items())
    return _table("What the desk's log holds", "lines by kind", ("line", "how many"), rows)


def _promised(held: Held) -> tuple[str, Cells, str]:
    notices = held.facts["systems"].get("early_warning", {}).get("notices", [])
    rows = [(one["cause"], ", ".join(one["notify"]), f"{one['within_hours']:g}") for one in notices]
    return _table(
        "What the year's plan promises", "who is told of which cause", ("cause", "tells", "within hours"), rows
    )


def which(one: Mapping[str, Any]) -> str:
    """Return which release or plan of a system is meant, to stand behind its name."""
    if one.get("version"):
        return f", version {one['version']},"
    return f", plan {one['plan']}," if one.get("plan") else ""


def _uses(held: Held) -> tuple[str, Cells, str]:
    said = (("W03.M", "intended_use"), ("W03.M", "for_whom"), ("W10.A3", "intended_use"), ("W10.A3", "not_for"))
    return _memos(held, "What the memos say", "the uses that were defined, and for whom not", said)


def _drawn(held: Held) -> tuple[str, Cells, str]:
    said = tuple(("W11.M", field) for field in ("purpose", "outside", "inside", "decision"))
    return _memos(held, "What the boundary memo says", "what may go where, and what stays inside", said)


def _priced(held: Held) -> tuple[str, Cells, str]:
    said = tuple(("W06.M", field) for field in ("threshold", "owner", "who_pays", "decision"))
    return _memos(held, "What the threshold memo says", "who chose it, and who pays", said)


def _unwatched(held: Held) -> tuple[str, Cells, str]:
    said = tuple(("W08.M", field) for field in ("not_watched", "hold_out", "decision"))
    return _memos(held, "What the monitoring memo says", "what nobody watches, and the hold-out", said)


def _undone(held: Held) -> tuple[str, Cells, str]:
    return _memos(held, "What the release memo says", "the way back, as it was written", (("W07.M", "way_back"),))


def _hazards(held: Held) -> tuple[str, Cells, str]:
    rows = [(name, text if isinstance(text, str) else str(text)) for name, text in held.facts["hazards"].items()]
    return _table("Hazards", "as memo W10.M has them", ("hazard", "what was written"), rows)


def _bought(held: Held) -> tuple[str, Cells, str]:
    vendor = held.facts["systems"].get("early_warning", {}).get("vendor", {})
    rows = [(key, ("no", "yes")[value] if isinstance(value, bool) else value) for key, value in vendor.items()]
    return _table("What the year's plan has", "its table [vendor]", ("key", "value"), rows)


def _memos(held: Held, heading: str, asks: str, said: Sequence[tuple[str, str]]) -> tuple[str, Cells, str]:
    memos = held.facts["memos"]
    rows = [(f"{memo}, {field}", memos[memo][field]) for memo, field in said if memos.get(memo, {}).get(field)]
    return _table(heading, asks, ("memo", "what it says"), rows)


_BESIDE = {
    "inventory": (_systems,),
    "intended_use": (_uses,),
    "approval": (_signed,),
    "threshold": (_priced,),
    "monitoring": (_watched, _unwatched),
    "incident": (_promised,),
    "rollback": (_drilled, _undone),
    "phi": (_drawn,),
    "vendor": (_bought,),
    "oversight": (_logged, _hazards),
}
