"""What a reader may say of the eight cases. It knows nobody's answer."""

from __future__ import annotations

import pandas as pd

CASES = range(1, 9)


def whole(said):
    """Return a rating as a dictionary, case to bool; ``...`` as it is."""
    if said is ...:
        return ...
    told = said.to_dict() if isinstance(said, pd.Series) else said
    if not isinstance(told, dict):
        raise ValueError(f"A rating is a dictionary such as {{1: True, 2: False, …}}; here is a {type(told).__name__}.")
    if missing := [case for case in CASES if case not in told]:
        raise ValueError(f"Eight cases, each True or False: {', '.join(map(str, missing))} not rated yet.")
    if odd := [case for case in CASES if not isinstance(told[case], bool) and told[case] not in (0, 1)]:
        raise ValueError(f"Case {odd[0]} is rated {told[odd[0]]!r}; say True (see now) or False (can wait).")
    return {case: bool(told[case]) for case in CASES}
