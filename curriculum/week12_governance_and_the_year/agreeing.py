"""Q3: a playbook and a plan that contradicts it, both drawn; and what of a plan contradicts a playbook, sentence by sentence."""

import tomllib

SEATS = {  # a seat of the playbook: its title, and what the plan calls it
    "chief_of_wards": ("Associate chief medical officer", "clinical_lead"),
    "head_nurse": ("Director of nursing, both sites", "nurse_lead"),
    "interfaces": ("Interface engineer on duty", "data_engineer"),
    "models": ("Lead of clinical machine learning", "ml_engineer"),
    "privacy": ("Privacy officer", "privacy_officer"),
    "contracts": ("Director of supply contracts", "vendor_manager"),
    "desk": ("House supervisor", "operations"),
}
WATCHED = {  # signal of the ward: limits to draw from, and who may own it
    "rows": ((0.4, 0.5), ("interfaces", "desk")),
    "value_contract": ((0.01, 0.02), ("interfaces",)),
    "alerts": ((1.8, 2.0, 2.2), ("head_nurse", "desk")),
    "observed_expected": ((1.2, 1.3), ("models", "chief_of_wards")),
    "egress_scan": ((0,), ("privacy",)),
}
CAUSES = {  # cause: what the plan does, and who may do it
    "unit_change": (("fallback", "fix_feed", "backfill", "replay"), "data_engineer"),
    "threshold_typo": (("roll_back", "replay"), "ml_engineer"),
    "surge": (("top_k", "more_staff", "log"), "operations"),
    "phi_export": (("contain_export", "keep_evidence", "notify"), "privacy_officer"),
}
KINDS = ("threshold", "owner", "limit", "lacking", "clock", "told", "whole", "minutes", "authority", "vendor")
WRONG = 6  # contradictions in the draft


def drawn(dice):
    """``playbook`` and ``draft``, both as texts, and which ``kinds`` of contradiction the draft has."""

    def pick(some):
        return some[int(dice.integers(len(some)))]

    facts = {
        "threshold": pick((0.03, 0.04, 0.05)),
        "monitors": {name: (pick(limits), pick(owners)) for name, (limits, owners) in WATCHED.items()},
        "now": pick((4, 8, 12)),
        "day": pick((24, 48)),
        "breach": pick((12, 24)),
        "authority": pick(("models", "desk")),
        "minutes": pick((45, 60, 90)),
        "notice": pick((30, 45, 60)),
    }
    kinds = [KINDS[place] for place in dice.permutation(len(KINDS))[:WRONG]]
    return {"playbook": playbook(facts), "draft": draft(facts, kinds, pick), "kinds": sorted(kinds)}


def playbook(facts):
    """The decisions that concern the early warning, as their file holds them."""
    lines = ["# Quillmere, the early warning: decisions in force"]
    for seat, (title, also) in SEATS.items():
        lines += ["", f"[roles.{seat}]", f'title = "{title}"', f'also = ["{also}"]  # the plan calls this seat so']
    lines += ["", "[threshold]", f"values = {{early_warning = {facts['threshold']:g}}}", 'owner = "chief_of_wards"']
    for signal, (limit, owner) in facts["monitors"].items():
        lines += ["", "[[monitoring.monitor]]", 'system = "early_warning"', f'signal = "{signal}"']
        lines += [f"limit = {limit:g}", f'owner = "{owner}"']
    severities = (
        ("patients at risk now", "unit_change, threshold_typo", '"chief_of_wards", "head_nurse"', facts["now"]),
        ("more work than hands", "surge", '"head_nurse", "desk"', facts["day"]),
    )
    for name, causes, tell, hours in severities:
        lines += ["", "[[incident.severity]]", f'name = "{name}"', f'means = "{causes}"']
        lines += [f"tell = [{tell}]", f"within_hours = {hours}"]
    lines += ["", "[incident.breach]  # phi_export", 'tell = ["privacy"]', f"within_hours = {facts['breach']}"]
    lines += ['clock_starts = "discovery"', "", "[rollback]", f'authority = "{facts["authority"]}"']
    lines += [f"minutes = {facts['minutes']}", 'brings_back = ["model", "features", "threshold"]']
    lines += ["", "[vendor]", "pinned = true", f"notice_days = {facts['notice']}", "acceptance_test = true"]
    return "\n".join(lines) + "\n"


def draft(facts, kinds, pick):
    """A plan that can be flown and contradicts the playbook in these ways, once each."""
    wrong = {kind: kind in kinds for kind in KINDS}
    signals = list(WATCHED)
    lost = pick(signals[:2]) if wrong["lacking"] else None
    rows = [signal for signal in signals if signal != lost]
    stray = pick([signal for signal in rows if signal in ("alerts", "observed_expected")])
    bent = pick([signal for signal in rows if signal not in (stray, "egress_scan")])
    late, silent = pick(("unit_change", "phi_export")), pick(("threshold_typo", "surge"))
    threshold = {0.03: 0.05, 0.04: 0.02, 0.05: 0.03}[facts["threshold"]] if wrong["threshold"] else facts["threshold"]
    lines = ['name = "mended"', 'unknown = ["log"]', "", "[ward]", 'model = "quillmere"', f"threshold = {threshold:g}"]
    lines += ['policy = "capacity"', "alerts_a_shift = 2", "", "[rollback]", "model = true"]
    lines += [f"features = {'false' if wrong['whole'] else 'true'}", "threshold = true"]
    seat = {"models": "ml_engineer", "desk": "operations"}[facts["authority"]]
    lines += [f'authority = "{"vendor_manager" if wrong["authority"] else seat}"']
    lines += [f"minutes = {facts['minutes'] * 4 if wrong['minutes'] else facts['minutes']}"]
    lines += ["", "[vendor]", "pinned = true", f"notice_days = {0 if wrong['vendor'] else facts['notice']}"]
    lines += ["acceptance_test = true"]
    for signal in rows:
        limit, owner = facts["monitors"][signal]
        limit = {True: limit * 0.5 if signal == "rows" else limit * 2}.get(wrong["limit"] and signal == bent, limit)
        owner = "vendor_manager" if wrong["owner"] and signal == stray else SEATS[owner][1]
        lines += ["", "[[monitor]]", 'service = "ward"', f'signal = "{signal}"', f"limit = {limit:g}"]
        lines += [f'owner = "{owner}"', 'then = ["investigate"]']
    told = {
        "unit_change": (("clinical_lead", "nurse_lead"), facts["now"]),
        "threshold_typo": (("clinical_lead", "nurse_lead"), facts["now"]),
        "surge": (("nurse_lead", "operations"), facts["day"]),
        "phi_export": (("privacy_officer",), facts["breach"]),
    }
    for cause, (then, authority) in CAUSES.items():
        who, hours = told[cause]
        hours = hours * 6 if wrong["clock"] and cause == late else hours
        who = who[1:] if wrong["told"] and cause == silent else who
        lines += ["", "[[cause]]", f'name = "{cause}"', f"then = [{_quoted(then)}]", f"notify = [{_quoted(who)}]"]
        lines += [f"within_hours = {hours}", f'authority = "{authority}"']
    return "\n".join(lines) + "\n"


def _quoted(words):
    return ", ".join(f'"{word}"' for word in words)


# what contradicts what ------------------------------------------------------------------------------------------------
def contradictions(plan, text):
    """Of a plan that can be read, what contradicts the playbook: kind to sentences."""
    said = tomllib.loads(text)
    seats = {seat: one["also"] for seat, one in said["roles"].items()}
    found = {}
    for kind, sentence in (*_ward(plan, said), *_monitors(plan, said, seats), *_causes(plan, said, seats), *_back(plan, said, seats)):
        found.setdefault(kind, []).append(sentence)
    return found


def _ward(plan, said):
    value = said["threshold"]["values"]["early_warning"]
    if abs(plan.ward.threshold - value) > 1e-9:
        yield "threshold", f"[ward] threshold is {plan.ward.threshold:g}, which the playbook does not say"
    if plan.ward.policy == "group":
        yield "threshold", "[ward] policy is by group, of which the playbook knows nothing"


def _monitors(plan, said, seats):
    there = {one.signal: one for one in plan.monitors if one.service == "ward"}
    for one in said["monitoring"]["monitor"]:
        runs = there.get(one["signal"])
        if runs is None:
            yield "lacking", f"no monitor of the ward watches {one['signal']}, and the playbook promises one"
            continue
        if runs.owner not in seats[one["owner"]]:
            yield "owner", f"{one['signal']} is owned by {runs.owner}, and the playbook has another seat for it"
        if abs(runs.limit - one["limit"]) > 1e-9:
            yield "limit", f"{one['signal']} rings at {runs.limit:g}, and the playbook has another limit"


def _causes(plan, said, seats):
    incident = said["incident"]
    promised = [(cause.strip(), one) for one in incident["severity"] for cause in one["means"].split(",")]
    for cause, one in (*promised, ("phi_export", incident["breach"])):
        runs = plan.causes.get(cause)
        if runs is None:
            yield "lacking", f"the plan has no [[cause]] {cause}, and the playbook promises what is done"
            continue
        silent = [seat for seat in one["tell"] if not set(seats[seat]) & set(runs.notify)]
        if silent:
            yield "told", f"{cause} is not told to the seat {silent[0]}"
        if runs.notify and runs.within_hours > one["within_hours"]:
            yield "clock", f"{cause} is told within {runs.within_hours:g} hours, and the playbook promises fewer"


def _back(plan, said, seats):
    way, back = said["rollback"], plan.rollback
    left = [part for part in way["brings_back"] if not getattr(back, part)]
    if left:
        yield "whole", f"[rollback] leaves {', '.join(left)} behind"
    if back.authority not in seats[way["authority"]]:
        yield "authority", f"[rollback] lets {back.authority or 'nobody'} decide, and the playbook another seat"
    if back.minutes > way["minutes"]:
        yield "minutes", f"[rollback] takes {back.minutes} minutes, and the playbook promises fewer"
    asked = said["vendor"]
    for name in ("pinned", "acceptance_test"):
        if asked[name] and not getattr(plan.vendor, name):
            yield "vendor", f"[vendor] {name} is false, and the playbook counts on it"
    if plan.vendor.notice_days < asked["notice_days"]:
        yield "vendor", f"[vendor] gives {plan.vendor.notice_days} days of notice, and the playbook counts on more"
