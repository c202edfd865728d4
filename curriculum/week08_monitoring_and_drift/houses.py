"""The slice of lesson 2: four houses live through the same weeks, with the same patients, and hear the same bell.

A policy of the hospital sees what its systems recorded, no risks. What came of it is counted by the known risks, which is
why this is in no box.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from wardround.hospital import DEFAULT_SEED, Policy, Settings, simulate
from wardround.hospital.incidents import AnalyserUnit, HaemoglobinOffset
from wardround.records.features import GROUPS

ANSWERS = ("nothing", "pause", "retrain", "contract")
FIRST = 7  # weeks of usual care before the flight; its week 1 is the hospital's eighth
WEEKS = 16
CALLS = 16  # a week
ANALYSER = FIRST + 4  # from this week on haemoglobin reads higher
UNIT = (FIRST + 8, FIRST + 14)  # weeks 8 to 13 of the flight: creatinine in umol/L
LEVEL = 0.01
REVIEW = 4  # weeks after an alarm until the new values are the reference
HIGHEST = 20  # mg/dL; a creatinine above it is not used by "contract"
WATCHED = ["age", "los_days", "stays_before", "emergency_before", "charlson", "haemoglobin"]
WATCHED += ["sodium", "albumin", "creatinine", "urea", "leukocytes", "glucose"]
INPUTS = [*WATCHED, "interpreter", "htn", "dm", "cad", "ckd", "af"]
GROUP_NAMES = np.array([*GROUPS, "chemotherapy"], dtype=object)


def learn(rows, back):
    """Learn a model of the form of week 4's from stays and whether they came back; ``predict_proba`` takes stays."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    steps = (FunctionTransformer(_columns), SimpleImputer(), StandardScaler())
    return make_pipeline(*steps, LogisticRegression(C=0.01, max_iter=1000)).fit(rows, back.astype(bool))


def _columns(rows):
    return np.hstack([rows[INPUTS].to_numpy(float), rows["group"].to_numpy()[:, None] == GROUP_NAMES])


class House(Policy):
    """Calls by a model, looks at twelve numbers each Monday, and answers the bell in one of the four ways."""

    begins = FIRST + 1

    def __init__(self, answer, before, line):
        self.answer, self.line = answer, line
        self.model = learn(before, before.back)
        self.usual = before.loc[before.home, WATCHED].to_dict("series")  # what each week is compared with
        self.seen, self.log = [], []  # inputs of each day's list; what was decided each week
        self.low, self.until = set(), {}  # inputs that were low last week; those that rang, and their review's end

    def decide(self, feed):
        """A Monday: close reviews that are over, listen, answer."""
        self.week = feed.week - FIRST
        for name in [name for name, end in self.until.items() if end == self.week]:
            self.usual[name] = pd.concat(self.seen[-7 * REVIEW :])[name]
            del self.until[name]
        heard = self.rings() if self.seen else set()
        self.until |= dict.fromkeys(heard, self.week + REVIEW)
        if heard and self.answer == "retrain":
            known = feed.stays[feed.stays.readmitted_30d.notna()]
            self.model = learn(known, known.readmitted_30d)
        off = self.answer == "pause" and bool(self.until)
        self.log.append({"week": self.week, "bell": ", ".join(sorted(heard)), "off": off})
        return Settings(call=self.risk, call_from=np.inf if off else self.line, calls_a_week=CALLS)

    def rings(self):
        """The inputs whose KS test has been below the level in two weeks running."""
        last = pd.concat(self.seen[-7:])
        low = {name for name in WATCHED if name not in self.until and self._p(last[name].dropna(), name) < LEVEL}
        both, self.low = low & self.low, low
        return both

    def _p(self, values, name):
        return ks_2samp(self.usual[name].dropna(), values, method="asymp").pvalue if len(values) else 1.0

    def risk(self, rows):
        """The score of whoever leaves today; the values are kept as the model saw them."""
        if self.answer == "contract":
            rows = rows.assign(creatinine=rows.creatinine.where(rows.creatinine <= HIGHEST))
        found = self.model.predict_proba(rows)[:, 1]
        self.seen.append(rows[WATCHED].assign(listed=100.0 * (found >= self.line), week=self.week))
        return found


def flown(before, line, offset, seed=DEFAULT_SEED):
    """Fly the four houses.

    Parameters
    ----------
    before : DataFrame
        Stays from which the model in use is learnt.
    line : float
        The score from which on somebody is called.
    offset : float
        What the new analyser reads higher, g/dL.

    Returns
    -------
    dict
        ``calls``: one row a call, ``house week averted`` (by known risks); ``log``: one row a week, ``house week bell off``;
        ``seen``: one row a patient who goes home, ``house week listed`` (0 or 100) and the inputs.
    """
    happens = (HaemoglobinOffset(ANALYSER, offset=offset), AnalyserUnit(*UNIT, site="quillmere"))
    told = {"calls": {}, "log": {}, "seen": {}}
    for answer in ANSWERS:
        house = House(answer, before, line)
        stays = simulate(seed, FIRST + WEEKS + 1, policy=house, incidents=happens).stays
        told["calls"][answer] = _calls(stays)
        told["log"][answer], told["seen"][answer] = pd.DataFrame(house.log), pd.concat(house.seen)
    return {name: pd.concat(tables, names=["house"]).reset_index(0) for name, tables in told.items()}


def _calls(stays):
    """Those called in the flight's weeks, and by how much the call lowered their known risk."""
    rows = pd.DataFrame({name: stays[name] for name in ("admit", "discharge", "called", "p0", "p1", "eligible_home")})
    begins, ends = 7 * (FIRST + 1), 7 * (FIRST + WEEKS + 1)
    rows = rows[rows.eligible_home & rows.called & (rows.admit >= begins) & (rows.discharge < ends)]
    return pd.DataFrame({"week": (rows.discharge // 7).astype(int) - FIRST, "averted": rows.p0 - rows.p1})
