"""Three repairs of the class-balanced model, for lesson 1 to judge: here, so that the lesson does not print what Q1 asks for.

Read it after Q1. It is in no grading box: ``fixtures.py`` loads it when ``three_repairs`` is called.
"""

from __future__ import annotations

from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from wardround.evaluation.calibration import shift


def later_with_repairs(stays):
    """Return Quillmere's stays of the next quarter whose outcome is known, with risks by each repair.

    Adds ``one shift``, ``Platt`` and ``isotonic``, which learn from the watched stays; ``balanced`` becomes ``as it is``,
    and ``risk`` becomes ``week 4's model``.
    """
    watched = stays[stays.period == "watched"]
    later = stays[(stays.period == "next quarter") & stays.whole & (stays.site == "quillmere")]
    repaired = _each_way(watched, later.balanced)
    later = later.rename(columns={"balanced": "as it is", "risk": "week 4's model"})
    return later.assign(**repaired).reset_index(drop=True)


def _each_way(watched, scores):
    places, place = (logit(some.to_numpy()) for some in (watched.balanced, scores))
    line = LogisticRegression(C=1e6).fit(places[:, None], watched.back)
    steps = IsotonicRegression(out_of_bounds="clip", y_min=0.001, y_max=0.999).fit(watched.balanced, watched.back)
    return {
        "one shift": expit(place + shift(watched.back.to_numpy(), places)),
        "Platt": line.predict_proba(place[:, None])[:, 1],
        "isotonic": steps.predict(scores),
    }
