"""Checks against what was built: the playbook may promise only what runs, is watched, was measured and can be logged.

Each is a function of what is held together that yields sentences, one a contradiction: what, where, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wardround.operations.report_claims import claims_to_decide
from wardround.operations.report_reading import NotChecked

from .held import Held, alike, percent

FILE = "decisions.toml"
AS_IF = 1e-9


def threshold_is_what_runs(held: Held) -> Iterator[str]:
    """Refuse a threshold that no system runs with."""
    lacking = []
    for name, value in held.decided("threshold", "values").items():
        built = held.facts["systems"].get(name, {})
        runs = built.get("threshold")
        if runs is None:
            lacking.append(name)
        elif abs(value - runs) > AS_IF:
            yield (
                f"`{FILE}`, `threshold.values.{name}` says {percent(value)}, and `{built['where']}` runs with "
                f"{percent(runs)}; write {runs:g}, or release the other threshold first."
            )
    if lacking:
        raise NotChecked(f"facts.json has no threshold of {', '.join(lacking)} in force")


def every_system_is_listed(held: Held) -> Iterator[str]:
    """Refuse an inventory without a system that was built, or with one that nobody can find."""
    listed = held.decided("inventory", "systems")
    for name, built in held.facts["systems"].items():
        if name not in listed:
            seen = "was flown" if built.get("plan") else "is in use"
            yield (
                f"`{built['where']}` shows that {name} {seen}, and the inventory in `{FILE}` leaves it out; write a "
                f"table [inventory.systems.{name}] with tier, version and owner."
            )


def version_is_in_force(held: Held) -> Iterator[str]:
    """Refuse a version that is not the one in force, by its number or the beginning of its digest."""
    for name, system in held.decided("inventory", "systems").items():
        runs = held.facts["systems"].get(name, {})
        if system.version is None or "version" not in runs:
            continue
        said = system.version.casefold().removeprefix("version").strip().removeprefix("v")
        if said != runs["version"] and not (len(said) >= 6 and runs["digest"].startswith(said)):
            yield (
                f"`{FILE}`, `inventory.systems.{name}.version` says {system.version}, and version {runs['version']} "
                f"({runs['digest'][:12]}) is in force since {runs['in_force_since'][:10]}; write that one, and ask "
                "whether the decisions still hold for it."
            )


def use_is_not_wider(held: Held) -> Iterator[str]:
    """Refuse an intended use that goes beyond what the memos and the assistant's settings were made for."""
    use = held.decided("intended_use")
    for name in ("care_calls", "triage"):
        for clause in claims_to_decide(getattr(use, name) or ""):
            yield (
                f"`{FILE}`, `intended_use.{name}` lets a system decide (“{clause[:90]}”), and memo "
                f"{'W10.A3' if name == 'triage' else 'W03.M'} has it support a person; write what it supports, and "
                "whose "
                "the decision is."
            )
    if use.role == "replaces":
        yield (
            f"`{FILE}`, `intended_use.role` says replaces, and what was built informs a person who decides; write "
            '"informs" or "augments", or build and evaluate another system.'
        )
    desk = held.system("triage")
    if use.youngest is not None and desk.get("youngest") is not None and use.youngest < desk["youngest"]:
        yield (
            f"`{FILE}`, `intended_use.youngest` says {use.youngest} years, and `{desk['where']}` abstains below "
            f"{desk['youngest']}, because the model was made from adults; write {desk['youngest']} or more."
        )
    excluded = f"{held.memo('W10.A3').get('not_for', '')} {desk.get('words', {}).get('silent', '')}".casefold()
    if "comfort" in excluded and use.not_scored and not any("comfort" in one.casefold() for one in use.not_scored):
        yield (
            f"`{FILE}`, `intended_use.not_scored` leaves out people in comfort care, for whom memo W10.A3 or the "
            "assistant's "
            "own words keep it silent; add them, or say in the memo why they are scored."
        )


def monitors_are_built(held: Held) -> Iterator[str]:
    """Refuse a monitor that is promised and watched by nobody's plan."""
    built, lacking = _built(held), []
    for place, one in enumerate(held.decided("monitoring", "monitor"), 1):
        there = ", ".join(sorted(signal for system, signal in built if system == one.system))
        if one.signal is None or one.system is None:
            continue
        if not there:
            lacking.append(one.system)
        elif (one.system, alike(one.signal)) not in built:
            yield (
                f"`{FILE}`, `monitoring.monitor[{place}]` promises {one.signal} of {one.system}, and no plan.toml has "
                f"it (there: {there}); build it, or take the promise out."
            )
    if lacking:
        raise NotChecked(f"facts.json has no monitor of {', '.join(dict.fromkeys(lacking))}")


def monitors_agree(held: Held) -> Iterator[str]:
    """Refuse a limit, an owner or a first action that differs from the plan that is carried out."""
    built = _built(held)
    for place, one in enumerate(held.decided("monitoring", "monitor"), 1):
        runs = built.get((one.system or "", alike(one.signal or "")))
        if runs is None:
            continue
        where = f"`{FILE}`, `monitoring.monitor[{place}]` ({one.signal} of {one.system})"
        for name in ("limit", "low", "high"):
            said, is_so = getattr(one, name), runs.get(name)
            if said is None and not (one.owner and one.action):
                continue  # not decided yet, which is shown as missing
            if said != is_so and not (said is not None and is_so is not None and abs(said - is_so) <= AS_IF):
                told = "nothing" if said is None else f"{said:g}"
                so = "none" if is_so is None else f"{is_so:g}"
                yield f"{where} says {told} for {name}, and `{runs['where']}` has {so}; write the one that rings."
        if one.action and alike(one.action) != alike(runs["action"]):
            yield (
                f"{where} says “{one.action}” is done first, and `{runs['where']}` does “{runs['action']}”; whoever is "
                "on "
                "call at night does what the plan says: make them one."
            )
        if one.owner and held.role_of(runs["owner"]) != one.owner:
            yield (
                f"{where} is owned by {one.owner}, and `{runs['where']}` calls “{runs['owner']}”; write its role here, "
                "or "
                f'add "{runs["owner"]}" to `also` of [roles.{one.owner}].'
            )


def monitors_are_owned(held: Held) -> Iterator[str]:
    """Refuse a playbook that leaves out a monitor of the pipeline; one that is there without an owner is missing."""
    owned = {(one.system, alike(one.signal or "")) for one in held.decided("monitoring", "monitor")}
    watched = [one for one in held.facts["monitors"] if one["where"].startswith("work/pipeline")]
    if not watched:
        raise NotChecked("`work/pipeline/plan.toml` has no monitor that is filled")
    for one in watched:
        if (one["system"], alike(one["signal"])) not in owned:
            yield (
                f"`{one['where']}` rings for {one['signal']} and calls “{one['owner']}”, and no monitor in `{FILE}` "
                "owns it; "
                f'write a [[monitoring.monitor]] with signal = "{one["signal"]}" and its owner.'
            )


def rollback_is_as_measured(held: Held) -> Iterator[str]:
    """Refuse minutes that one of the last three drills has not kept."""
    promised = held.decided("rollback", "minutes")
    measured = [one for one in held.system("care_calls").get("drills", ()) if one["minutes"] is not None]
    if not measured:
        raise NotChecked("the log of `work/pipeline` has no rollback of which anybody has measured the minutes")
    slowest = max(measured[-3:], key=lambda one: one["minutes"])
    if promised < slowest["minutes"]:
        yield (
            f"`{FILE}`, `rollback.minutes` promises {promised}, and the drill of {slowest['at'][:16]} took "
            f"{slowest['minutes']:g} ({slowest['measured']}); promise what was measured, or drill until it is."
        )


def rollback_brings_all_back(held: Held) -> Iterator[str]:
    """Refuse a way back that leaves a part of the release where it was."""
    said = held.decided("rollback", "brings_back")
    parts = held.system("care_calls").get("parts")
    if not parts:
        raise NotChecked("no release is in force in `work/pipeline`")
    if left := [one for one in parts if one not in said]:
        yield (
            f"`{FILE}`, `rollback.brings_back` leaves out {', '.join(left)}, and the bundle in force has it: what "
            "stays "
            ""
            f"behind was never judged with what comes back; write all of {', '.join(parts)}."
        )


def rollback_is_as_flown(held: Held) -> Iterator[str]:
    """Refuse a way back that the year's plan gives to another seat, another clock or other parts."""
    way, flown = held.decided("rollback"), held.system("early_warning")
    plan = flown.get("rollback")
    if not plan:
        raise NotChecked(f"`{flown['where']}` has no [rollback]")
    who = plan.get("authority")
    if who and way.authority and held.role_of(who) != way.authority:
        yield (
            f"`{FILE}`, `rollback.authority` is {way.authority}, and `{flown['where']}` lets {who} decide; at night "
            "there is "
            f'one: change either, or add "{who}" to `also` of [roles.{way.authority}].'
        )
    if plan.get("minutes") and way.minutes and way.minutes < plan["minutes"]:
        yield (
            f"`{FILE}`, `rollback.minutes` promises {way.minutes}, and `{flown['where']}` was flown with "
            f"{plan['minutes']}; "
            "write the longer one, or measure again and fly with it."
        )
    left = [name for name in way.brings_back or () if plan.get(name) is False]
    if left:
        yield (
            f"`{FILE}`, `rollback.brings_back` names {', '.join(left)}, and [rollback] in `{flown['where']}` leaves it "
            "behind; set it to true there and fly again, or take it out here."
        )


def notices_are_in_time(held: Held) -> Iterator[str]:
    """Refuse clocks by which a role learns of an incident later than the year's plan promises it."""
    flown = held.system("early_warning")
    if not flown.get("notices"):
        raise NotChecked(f"no cause in `{flown['where']}` notifies anybody")
    clocks: dict[str, float] = {}
    incident = held.decided("incident")
    for one in (*(incident.severity or ()), incident.breach):
        for role in (one.tell or ()) if one and one.within_hours else ():
            clocks[role] = min(clocks.get(role, one.within_hours), one.within_hours)
    if not clocks:
        raise NotChecked("no clock of `incident` in decisions.toml is decided")
    for who, (hours, cause) in _earliest(flown["notices"]).items():
        role = held.role_of(who)
        if role is None or role not in clocks:
            yield (
                f"`{flown['where']}` tells {who} within {hours:g} hours ({cause}), and no severity in `{FILE}` tells "
                "that "
                "seat at all; add it to the `tell` of one, or to `also` of its role."
            )
        elif clocks[role] > hours:
            yield (
                f"`{FILE}`, [incident] tells {role} within {clocks[role]:g} hours at the earliest, and "
                f"`{flown['where']}` "
                f"promises {hours:g} ({cause}); write {hours:g} or less for a severity that tells {role}."
            )


def vendor_is_as_flown(held: Held) -> Iterator[str]:
    """Refuse a promise of the vendor that the year's plan does not have."""
    said, flown = held.decided("vendor"), held.system("early_warning")
    plan = flown.get("vendor")
    if not plan:
        raise NotChecked(f"`{flown['where']}` has no [vendor]")
    for name in ("pinned", "acceptance_test"):
        if getattr(said, name) and not plan.get(name):
            yield (
                f"`{FILE}`, `vendor.{name}` is true, and [vendor] in `{flown['where']}` has false; negotiate it and "
                "fly "
                ""
                "with it, or write false."
            )
    if said.notice_days is not None and said.notice_days > plan.get("notice_days", 0):
        yield (
            f"`{FILE}`, `vendor.notice_days` counts on {said.notice_days} days, and `{flown['where']}` was flown with "
            f"{plan.get('notice_days', 0)}; write that, or negotiate and fly again."
        )


def oversight_is_logged(held: Held) -> Iterator[str]:
    """Refuse reasons that the desk does not offer, and lines that its log does not have."""
    said, desk = held.decided("oversight"), held.system("triage")
    if unknown := [one for one in said.reasons or () if one not in desk["reasons"]]:
        yield (
            f"`{FILE}`, `oversight.reasons` names {', '.join(unknown)}, and the desk offers "
            f"{', '.join(desk['reasons'])} "
            f"(`{desk['where']}`); write codes from there, or add a [[reasons]] with that code."
        )
    for line in said.logged or ():
        if not desk["log"].get(line):
            yield (
                f"`{FILE}`, `oversight.logged` counts on lines “{line}”, and the log in `work/triage/state` has none; "
                "do it "
                "once at the desk, so that you know it is written, or take it out."
            )
    if said.override and said.logged and "overruled" not in said.logged:
        yield (
            f"`{FILE}`, `oversight.override` is true, and `oversight.logged` leaves out overruled: what is not read "
            "teaches "
            'nobody; add "overruled", or say who looks where.'
        )
    if said.switch_off and not desk["switched"]:
        yield (
            f"`{FILE}`, `oversight.switch_off` lets {', '.join(said.switch_off)} switch the assistant off, and its log "
            "says "
            "that nobody ever has; switch it off and on once as administrator, so that the manual procedure was tried."
        )


def attributes_are_counted(held: Held) -> Iterator[str]:
    """Refuse a number of known source attributes that the card does not have."""
    said, card = held.read.attributes.known, held.facts["card"]
    if said is None:
        raise NotChecked("`source_attributes.known` in decisions.toml is not decided")
    if said > card["known"]:
        empty = [str(one["number"]) for one in card["entries"] if not one["text"]]
        yield (
            f"`{FILE}`, `source_attributes.known` says {said} of {card['of']}, and the card has {card['known']}; empty "
            "are "
            f"numbers {', '.join(empty)}: write {card['known']}, or say the others under [source_attributes.said]."
        )


def _built(held: Held) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The monitors of all plans, by system and signal; the pipeline's own goes before the year's."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in held.facts["monitors"]:
        found.setdefault((one["system"], alike(one["signal"])), one)
    return found


def _earliest(notices: list[Mapping[str, Any]]) -> dict[str, tuple[float, str]]:
    """Of each seat the earliest hour at which a plan tells it of anything, and of what."""
    found: dict[str, tuple[float, str]] = {}
    for one in notices:
        for who in one["notify"]:
            found[who] = min(found.get(who, (one["within_hours"], one["cause"])), (one["within_hours"], one["cause"]))
    return found


BUILT = (
    *(threshold_is_what_runs, every_system_is_listed, version_is_in_force, use_is_not_wider),
    *(monitors_are_built, monitors_agree, monitors_are_owned),
    *(rollback_is_as_measured, rollback_brings_all_back, rollback_is_as_flown),
    *(notices_are_in_time, vendor_is_as_flown, oversight_is_logged, attributes_are_counted),
)
