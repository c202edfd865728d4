"""What a plan lets into force: a release of the team's own, judged on the past half year, and a vendor's change."""

from __future__ import annotations

import numpy as np

from wardround.evaluation.uncertainty import auroc_value
from wardround.hospital import parameters as sheet

from .models import Risk
from .plan import Plan
from .plan_tables import TIME_TO_TEST, Vendor
from .usual import usual
from .year import Year

WORSE = 0.02  # of AUROC by which a release may rank the past worse than what is in force (assumption)
FEWEST = 40  # windows before a deterioration below which a group's sensitivity says nothing (assumption)


class Gate:
    """Judges releases on the last 26 weeks before the year, whose outcomes are known."""

    def __init__(self, plan: Plan, year: Year):
        self.plan, self.year = plan, year

    def refuses(self, service: str, made: Risk, now: Risk) -> str:
        """Return why a release does not pass, empty if it does."""
        past = usual(self.year)
        if service == "ward":
            rows, outcome = past.windows, np.asarray(past.windows["deteriorates_24h"], dtype=bool)
        else:
            rows, outcome = past.stays, past.stays["readmitted_30d"].to_numpy(dtype=bool)
        risk = np.asarray(made.risk(rows), dtype=float)
        if self.plan.gates.replay:
            before, after = (auroc_value(outcome, score) for score in (np.asarray(now.risk(rows)), risk))
            if after < before - WORSE:
                return f"it ranks the past half year at AUROC {after:.2f}, what is in force at {before:.2f}"
        if service == "ward" and (floor := self.plan.gates.subgroup_floor):
            for group, found in self._sensitivity(rows["race"][outcome], risk[outcome]).items():
                if found < floor:
                    return f"its sensitivity in the recorded group {group} is {found:.2f}, the floor {floor:g}"
        return ""

    def _sensitivity(self, race: np.ndarray, risk: np.ndarray) -> dict[str, float]:
        """Return, by recorded group with enough windows, the share at or above the plan's threshold."""
        ward = self.plan.ward
        found = {}
        for code, group in enumerate(sheet.RACES):
            mine = risk[race == code]
            cut = ward.groups.get("black" if group == "black" else "others", ward.threshold)
            if mine.size >= FEWEST:
                found[group] = float((mine >= cut).mean())
        return found


def kept_out(vendor: Vendor) -> bool:
    """Return whether a vendor's change stays out: by a pin, or by a test that there is time for."""
    return vendor.pinned or (vendor.acceptance_test and vendor.notice_days >= TIME_TO_TEST)
