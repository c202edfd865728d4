"""What the lists say: the share on them, of those who go home, by site, in standard errors of your plan."""


def outputs(house, week):
    """After a release: against the one before, on the same patients. Else: two weeks running, against the promise."""
    now, before = house.listed(week), house.listed(week - 1)
    if now.empty:
        return
    released, state = house.told("deploy", week).get("released"), house.standing()
    if released and (over := state.proposals[released].over):
        yield from far(house, now, house.share_on_list(over, now), "by the release before")
    elif len(before) and before["digest"].iloc[0] == now["digest"].iloc[0]:
        digest = now["digest"].iloc[0]
        promised = house.once(f"promised {digest}", lambda: house.share_on_list(digest, house.reference()))
        already = {signal for signal, _ in far(house, before, promised, "")}
        yield from (one for one in far(house, now, promised, "in the year before") if one[0] in already)


def far(house, rows, usual, what):
    for site, there in rows.groupby("site"):
        share, expected = there["on_list"].mean(), usual[site]
        spread = (expected * (1 - expected) / len(there)) ** 0.5
        if abs(share - expected) > house.plan["outputs"]["limit"] * spread:
            yield f"on the list, {site}", f"{100 * share:.0f} of 100 who go home, {100 * expected:.0f} {what}"
