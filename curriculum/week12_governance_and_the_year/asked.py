"""How week 12's questions are put to an answer; what comes back is plain data. Nothing here knows what is right."""

import math

LONGEST = 60_000  # letters of a plan


def steps(first_day, letters):
    """The letters of an order, as given; ``problem`` says what cannot be read."""
    given = [str(one).strip().upper() for one in first_day]
    unknown = [one for one in given if one not in letters]
    twice = sorted({one for one in given if given.count(one) > 1})
    if unknown:
        problem = f"{unknown[0]!r} is no letter of the list"
    else:
        problem = f"{twice[0]} stands there twice" if twice else ""
    return {"steps": given, "problem": problem}


def rules(touched, features, codes):
    """Of each feature the codes, sorted; ``problem`` says what cannot be read."""
    found, problem = {}, ""
    for name, named in touched.items():
        if named is ...:
            continue
        if name not in features:
            problem = problem or f"{name!r} is no feature of the table"
        elif isinstance(named, str) or not isinstance(named, (set, list, tuple, frozenset, dict)):
            problem = problem or f"{name}: write a set of codes, such as {{'baa'}}, or set() for none"
        else:
            named = sorted({str(code) for code in named})
            unknown = [code for code in named if code not in codes]
            problem = problem or (f"{name}: {unknown[0]!r} is no code of the list" if unknown else "")
            found[name] = named
    return {"rules": found, "problem": problem}


def text(plan):
    """A plan's text as plain data; flown or compared where no learner code is."""
    if len(plan) > LONGEST:
        raise ValueError(f"a plan of {len(plan):,} letters is there; at most {LONGEST:,}")
    return {"plan": plan}


PARTS = ("signal", "words", "changed", "difference", "because")


def reviewed(review, numbers):
    """An after-action review as plain data; ``problem`` says what cannot be read."""
    lacking = [name for name in PARTS if review.get(name, ...) is ...]
    told = {name: review[name] for name in PARTS if name not in lacking}
    problem = f"the review lacks {', '.join(lacking)}" if lacking else ""
    for name in ("signal", "words", "changed", "because"):
        if not problem and not isinstance(told[name], str):
            problem = f"`{name}` must be a text"
    if not problem:
        gaps = told["difference"]
        right = isinstance(gaps, dict) and set(gaps) == set(numbers)
        right = right and all(isinstance(one, (int, float)) and math.isfinite(one) for one in gaps.values())
        told["difference"] = {name: float(one) for name, one in gaps.items()} if right else {}
        problem = "" if right else f"`difference` must hold a number for each of {', '.join(numbers)}"
    return {**told, "problem": problem}
