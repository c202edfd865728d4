"""Checks against the rules and the playbook's own parts: seats, clocks, agreements, retention, the end.

What a rule says stands in ``curriculum/facts.toml``, with source and day; what is this course's own is called so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from wardround.operations.report_reading import NotChecked

from .held import Held, alike, seat

FILE = "decisions.toml"
OUTER_DAYS = 60  # facts `breach-individuals` and `breach-hhs`: at most, after discovery; a test holds them together
DOCUMENT_YEARS = 6  # fact `documents-six-years`
NIGHT = 24  # hours: a clock under this runs out before the day shift is back (the course's own rule)
MADE_BY_ENGINEERS = re.compile(
    r"\b(?:engineer\w*|developer|data scientist|analyst|architect|programmer|vendor)\b", re.I
)
ENGINEERS = {"model owner", "feed owner", "ml engineer", "data engineer", "vendor manager"}
_SIX = r"(?:six|6)[- ]years?"
CLAIMS = (
    (
        re.compile(
            rf"\b(?:HIPAA|164\.316\S*)\b[^.]*\b(?:medical|patient|health|clinical)\s+(?:records?|charts?)\b[^.]*\b{_SIX}|"
            rf"\b(?:HIPAA|164\.316\S*)\b[^.]*\b{_SIX}[^.]*\b(?:medical|patient|health|clinical)\s+(?:records?|charts?)\b|"
            rf"\b(?:medical|patient|health|clinical)\s+(?:records?|charts?)\b[^.]*\b{_SIX}[^.]*\b(?:HIPAA|164\.316)",
            re.I,
        ),
        "the six years of 45 CFR 164.316(b) are of documentation; write which law of your state holds for records, or "
        "call it your policy",
    ),
    (
        re.compile(r"\b(?:HIPAA|HHS|OCR)[- ](?:compliant|certified|approved|certification)\b", re.I),
        "an agreement makes no product that; write which fields may go there, under which agreement, until when",
    ),
    (
        re.compile(r"\bFDA[- ](?:approved|cleared|certified)\b|\b(?:approved|cleared) by the FDA\b", re.I),
        "no authority has looked at what was built in this course; write what was evaluated, on whom, by whom",
    ),
    (
        re.compile(
            r"\b(?:data|notes?|records?|tables?|patients?|columns?|prompts?)\b[^.]*\banonym(?:ous|i[sz]ed)\b|"
            r"\bcannot be re-?identified\b",
            re.I,
        ),
        "a method removes identifiers and leaves a risk; write the method and what was measured",
    ),
)
_NOT = re.compile(r"\b(?:not|no|never|nothing|none|neither|nor|without)\b|n['’]t\b", re.I)
INSIDE = ("crosswalk", "prompt", "log", "embedding")


def roles_are_known(held: Held) -> Iterator[str]:
    """Refuse a role that [roles] does not have."""
    if not held.read.roles:
        raise NotChecked("[roles] in decisions.toml is not written")
    for key, name in held.named_roles():
        if name not in held.read.roles:
            yield (
                f"`{FILE}`, `{key}` names {name}, and [roles] has no such seat; write a table [roles.{name}] with its "
                "job "
                f"title, or one of {', '.join(held.read.roles)}."
            )


def short_clocks_have_deputies(held: Held) -> Iterator[str]:
    """Refuse a clock under 24 hours that hangs on one person being awake."""
    for name, clocks in _short_clocks(held).items():
        role = held.read.roles.get(name)
        if role is None:
            continue
        if role.deputy is None:
            yield (
                f"`{FILE}`, [roles.{name}] has no deputy, and {clocks[0]} leaves that seat less than {NIGHT} hours; "
                "write "
                "the job title of who stands in, or a longer clock."
            )
        elif role.title and alike(role.deputy) == alike(role.title):
            yield (
                f"`{FILE}`, [roles.{name}] has itself as deputy ({role.title}), and {clocks[0]} leaves it less than "
                f"{NIGHT} "
                "hours; write the job title of somebody else."
            )


def proposer_does_not_approve(held: Held) -> Iterator[str]:
    """Refuse one seat, or one person of the log, on both sides of an approval."""
    said, roles = held.decided("approval"), held.read.roles
    proposer = roles.get(said.proposes or "")
    for one in said.approves or ():
        role = roles.get(one)
        same = {alike(title) for title in (role.title, role.deputy) if title} if role else set()
        if one == said.proposes or (proposer and proposer.title and alike(proposer.title) in same):
            yield (
                f"`{FILE}`, `approval.approves` has {seat(one, roles)}, who also proposes, or whose deputy does; write "
                "another seat, as the log of releases asks for two persons."
            )
    void = held.facts["systems"].get("care_calls", {}).get("void", [])
    if void:
        yield (
            f"The log of `work/pipeline` has {len(void)} line(s) that break the rule of two persons ({void[0]}), and "
            f"`{FILE}`, [approval] promises it; have that release proposed and approved anew by two."
        )


def clinicians_sign(held: Held) -> Iterator[str]:
    """Refuse a clinical sign-off by a seat that no clinician holds."""
    name = held.decided("approval", "clinical_sign_off")
    role = held.read.roles.get(name)
    if role is None:
        return
    engineer = MADE_BY_ENGINEERS.search(role.title or "") or ENGINEERS & {alike(one) for one in (name, *role.also)}
    if role.clinical is False or engineer:
        yield (
            f"`{FILE}`, `approval.clinical_sign_off` is {seat(name, held.read.roles)}, which no clinician holds; write "
            "a "
            "seat that answers for patients, such as clinical_lead."
        )


def clocks_keep_the_law(held: Held) -> Iterator[str]:
    """Refuse clocks of a breach that end after the law's outer limit, or begin too late."""
    breach = held.decided("incident", "breach")
    for name, whom in (
        ("individuals_within_days", "the people concerned"),
        ("hhs_within_days", "HHS, of 500 or more,"),
    ):
        days = getattr(breach, name)
        if days is not None and days > OUTER_DAYS:
            yield (
                f"`{FILE}`, `incident.breach.{name}` tells {whom} after up to {days} days, and {OUTER_DAYS} after "
                "discovery "
                f"are the outer limit (45 CFR 164.404, 164.408); write {OUTER_DAYS} or less, and mean “without "
                "unreasonable "
                "delay”."
            )
    told, hhs = breach.individuals_within_days, breach.hhs_within_days
    if told is not None and hhs is not None and told < hhs <= OUTER_DAYS:
        yield (
            f"`{FILE}`, `incident.breach.hhs_within_days` is {hhs}, and the people concerned are told within {told}: "
            f"of 500 or more HHS is told together with them (45 CFR 164.408); write {told} or less."
        )
    if breach.clock_starts == "confirmation":
        yield (
            f"`{FILE}`, `incident.breach.clock_starts` waits for confirmation, and the law's clock starts with "
            "discovery: "
            'when anybody of the workforce knew, or with diligence would have; write "discovery".'
        )
    if breach.tell and not any("privacy" in alike(one) for one in _titles(held, breach.tell)):
        yield (
            f"`{FILE}`, `incident.breach.tell` leaves out whoever answers for privacy, who decides whether people are "
            "told; "
            "add privacy_officer, or give that seat a title that says so."
        )


def retention_claims_no_more(held: Held) -> Iterator[str]:
    """Refuse a rule that is claimed for what it does not cover, or for fewer years than it asks."""
    for place, one in enumerate(held.decided("retention", "item"), 1):
        federal = re.search(r"164\.316|\bHIPAA\b|Security Rule", one.rule or "", re.I)
        if not federal or one.kind is None:
            continue
        where = f"`{FILE}`, `retention.item[{place}]` ({one.what})"
        if one.kind != "required documentation":
            yield (
                f"{where} is of kind {one.kind} and claims {one.rule}, whose six years are of required documentation; "
                "write "
                "the law of your state, the contract, or “our policy”."
            )
        elif one.years is not None and one.years < DOCUMENT_YEARS:
            yield (
                f"{where} is kept {one.years:g} years, and 45 CFR 164.316(b) asks {DOCUMENT_YEARS} from its creation "
                f"or from when it last was in effect, whichever is later; write {DOCUMENT_YEARS} or more."
            )


def words_claim_no_more(held: Held) -> Iterator[str]:
    """Refuse a sentence that says of a rule, an authority or a method what it does not give."""
    for key, text in held.texts():
        for sentence in re.split(r"(?<=[.!?;])\s+", text):
            for pattern, mend in CLAIMS:
                found = pattern.search(sentence)
                if found and not _NOT.search(sentence):
                    yield f"`{FILE}`, `{key}` says “{found[0][:80]}”: {mend}."


def endpoints_are_covered(held: Held) -> Iterator[str]:
    """Refuse an endpoint without an agreement in force, or a claim that nothing leaves beside one."""
    phi = held.decided("phi")
    if phi.nowhere and phi.endpoint:
        yield (
            f"`{FILE}`, `phi.nowhere` is true, and [[phi.endpoint]] names {phi.endpoint[0].name}; keep one of the two."
        )
    for place, one in enumerate(phi.endpoint or (), 1):
        where = f"`{FILE}`, `phi.endpoint[{place}]` ({one.name or 'without an address'})"
        if one.fields and one.agreement is None:
            yield f"{where} is sent {', '.join(one.fields)} under no agreement; name it, or send nothing there."
        if one.ends and one.ends < held.today:
            yield (
                f"{where} is sent health information, and {one.agreement or 'its agreement'} ended on {one.ends}; stop "
                "it "
                "now, or write the agreement that holds."
            )


def boundary_is_the_memos(held: Held) -> Iterator[str]:
    """Refuse a boundary other than the one that memo W11.M draws."""
    phi, memo, drawn = held.decided("phi"), held.memo("W11.M"), held.facts["boundary"]
    names = [one.name.casefold().removeprefix("https://").rstrip("/") for one in phi.endpoint or () if one.name]
    if phi.nowhere and not names and drawn["endpoints"]:
        yield (
            f"`{FILE}`, `phi.nowhere` is true, and memo W11.M sends to {drawn['endpoints'][0]}; write it here, or mend "
            "the memo."
        )
    for one in names:
        if one not in alike(drawn["text"]):
            yield (
                f"`{FILE}`, [phi] sends to {one}, which memo W11.M does not name "
                f"(it has {', '.join(drawn['endpoints']) or 'no address'}); decide it there first, or take it out."
            )
    for place, one in enumerate(phi.endpoint or (), 1):
        where = f"`{FILE}`, `phi.endpoint[{place}]`"
        if one.agreement and drawn["agreements"] and one.agreement.upper() not in drawn["agreements"]:
            told = ", ".join(drawn["agreements"])
            yield f"{where} goes under {one.agreement}, and memo W11.M names {told}; write the one that was signed."
        if one.ends and drawn["days"] and one.ends.isoformat() not in drawn["days"]:
            told = ", ".join(drawn["days"])
            yield (
                f"{where} lets the agreement end on {one.ends}, and memo W11.M says {told}; write the day that was "
                "signed."
            )
    stays = " ".join(phi.inside or ()).casefold()
    missing = [one for one in INSIDE if one in str(memo.get("inside", "")).casefold() and one not in stays]
    if phi.inside and missing:
        yield (
            f"`{FILE}`, `phi.inside` leaves out {', '.join(f'{one}s' for one in missing)}, which memo W11.M keeps "
            "inside; add "
            "it, or mend the memo."
        )


def reviews_are_in_time(held: Held) -> Iterator[str]:
    """Refuse a review that is over already, or comes after what it reviews has ended."""
    released = _day(held.facts["systems"].get("care_calls", {}).get("in_force_since"))
    first = max(filter(None, (held.today, released)))
    ends = [(one.ends, one.agreement) for one in held.value("phi", "endpoint") or () if one.ends]
    ends += [(day, "the vendor's contract") for day in [held.value("vendor", "contract_ends")] if day]
    days = {f"{table}.review_by": held.value(table, "review_by") for table in ("threshold", "vendor")}
    if not any(days.values()):
        raise NotChecked("no review day in decisions.toml is decided")
    for key, day in days.items():
        if day and day < first:
            yield (
                f"`{FILE}`, `{key}` is {day}, before {first}, when this playbook was made; write a day that is to come."
            )
        for end, of in ends if day and key.startswith("vendor") else ():
            if day > end:
                yield (
                    f"`{FILE}`, `{key}` is {day}, and {of} ends on {end}: nobody looks before it is over; write a day "
                    "some "
                    "weeks before."
                )
    if (day := days["threshold.review_by"]) and day > first + timedelta(days=366):
        yield (
            f"`{FILE}`, `threshold.review_by` is {day}, more than a year from now, and a year is the longest that this "
            "course "
            "lets a threshold stand unread (its own rule); write an earlier day."
        )


def the_end_is_written(held: Held) -> Iterator[str]:
    """Refuse a retirement that nobody would begin, or that keeps what retention does not."""
    end = held.decided("retirement")
    if (end.because or end.kept or end.told) and not (end.trigger and end.owner):
        lacking = " and ".join(name for name in ("trigger", "owner") if getattr(end, name) is None)
        yield (
            f"`{FILE}`, [retirement] says what happens and has no {lacking}: nothing begins it; write a figure, a date "
            "or an "
            "event, and the seat that acts on it."
        )
    if end.trigger and not re.search(
        r"\d|\bwhen\b|\bif\b|\bonce\b|\bafter\b|\bends?\b|\bbelow\b|\babove\b", end.trigger, re.I
    ):
        yield (
            f"`{FILE}`, `retirement.trigger` (“{end.trigger[:60]}”) names no figure, date or event; write what two "
            "people "
            "would see on the same day."
        )
    listed = [alike(one.what) for one in held.value("retention", "item") or () if one.what]
    for one in (end.kept or ()) if listed else ():
        if alike(one) not in listed:
            yield (
                f"`{FILE}`, `retirement.kept` keeps “{one}”, and no [[retention.item]] says how long and by which "
                "rule; "
                "add "
                "it there, in the same words."
            )


def tiers_fit(held: Held) -> Iterator[str]:
    """Refuse a low tier of a system that alerts somebody about a patient (the course's own rule)."""
    for name, one in held.decided("inventory", "systems").items():
        if one.tier == "low" and held.facts["systems"].get(name, {}).get("alerts"):
            yield (
                f"`{FILE}`, `inventory.systems.{name}.tier` is low, and it alerts somebody about a patient, who acts "
                "on "
                "it at "
                'once; write "medium" or "high", and why.'
            )


def _short_clocks(held: Held) -> dict[str, list[str]]:
    """The seats that some clock leaves less than a night, with the keys that do."""
    found: dict[str, list[str]] = {}
    incident = held.value("incident")
    for place, one in enumerate((incident.severity if incident else None) or (), 1):
        if one.within_hours is not None and one.within_hours < NIGHT:
            for role in one.tell or ():
                found.setdefault(role, []).append(f"`incident.severity[{place}]`")
    breach = held.value("incident", "breach")
    if breach and breach.within_hours is not None and breach.within_hours < NIGHT:
        for role in breach.tell or ():
            found.setdefault(role, []).append("`incident.breach`")
    way = held.value("rollback")
    if way and way.authority and way.minutes is not None and way.minutes < 60 * NIGHT:
        found.setdefault(way.authority, []).append("`rollback.minutes`")
    if not found:
        raise NotChecked("no clock in decisions.toml is decided")
    return found


def _titles(held: Held, names: tuple[str, ...]) -> list[str]:
    return [f"{name} {held.read.roles[name].title or ''}" if name in held.read.roles else name for name in names]


def _day(moment: str | None) -> date | None:
    return date.fromisoformat(moment[:10]) if moment else None


RULES = (
    *(roles_are_known, short_clocks_have_deputies, proposer_does_not_approve, clinicians_sign, clocks_keep_the_law),
    *(retention_claims_no_more, words_claim_no_more, endpoints_are_covered, boundary_is_the_memos),
    *(reviews_are_in_time, the_end_is_written, tiers_fit),
)
