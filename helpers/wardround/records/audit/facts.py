"""What the checks look at: an export's events with their times as bounds, its values, its people, its sites."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from ..export import Hospital
from ..moments import boundary
from ..store import Progress
from ..tables import instants
from .gather import TIMES, gather
from .register import NotJudged

CLINICAL = frozenset(
    {
        *("Observation", "Condition", "Encounter", "Procedure", "DiagnosticReport", "MedicationRequest"),
        *("MedicationAdministration", "Immunization", "AllergyIntolerance", "DocumentReference"),
    }
)
DIRECTORY = frozenset({"Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Bundle"})
_AHEAD = pd.Timedelta(days=366)
_STRAY_SHARE, _STRAY_GAP, _ENOUGH = 0.001, pd.Timedelta(days=60), 50


def bounds(raw: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the earliest and the latest instant that times as written may stand for; missing where they are none.

    A bare date is a day in some zone, so ``2024-04-30`` may be any instant of 50 hours: what is said to be wrong by
    these bounds is wrong in every zone.
    """
    array = pa.array(raw, pa.large_string(), from_pandas=True)
    low = instants(array).to_pandas().set_axis(raw.index)
    high = low.copy()
    rest = raw[low.isna() & raw.notna()]
    texts = rest.unique()
    for side, up in ((low, False), (high, True)):
        edges = instants(pa.array([boundary(text, up, "dateTime") for text in texts], pa.large_string()))
        side[rest.index] = look_up(rest, edges.to_pandas().set_axis(texts))
    return low, high


def look_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Return the value of each key, missing where there is none; ``map`` would do if no table were ever empty."""
    return values.reindex(keys).set_axis(keys.index)


class Facts:
    """An opened export, gathered (see :mod:`.gather`)."""

    def __init__(self, hospital: Hospital, progress: Progress):
        self.hospital, self.tables, self.store = hospital, hospital.tables, hospital._store
        found = gather(self.store, progress)
        self.events, self.loose, self.sorts, self.codings = found[:4]
        self.identifiers, self.links, self._others = found[4:]
        self._place_sites()
        for name in TIMES:
            self.events[f"{name}_low"], self.events[f"{name}_high"] = bounds(self.events[name])

    def _place_sites(self) -> None:
        """Give events without a site of their own that of their encounter."""
        events = self.events
        visits = events[(events["kind"] == "Encounter") & events["key"].notna()].drop_duplicates("key", keep="last")
        where = events["encounter"].map(visits.set_index("key")["site"].astype(object))
        events["site"] = events["site"].astype(object).where(events["site"].notna(), where)

    def of(self, *kinds: str) -> pd.DataFrame:
        """Return the events of some resource types; NotJudged is the caller's business."""
        return self.events[self.events["kind"].isin(kinds)]

    @cached_property
    def clinical(self) -> pd.DataFrame:
        """Events that happen to a patient."""
        return self.events[self.events["kind"].isin(CLINICAL)]

    @cached_property
    def standing(self) -> pd.DataFrame:
        """Clinical events that were not withdrawn."""
        kept = self.clinical["status"].astype(object) != "entered-in-error"
        return self.clinical.loc[kept, [name for name in self.clinical if name not in ("concept", "systems")]]

    @cached_property
    def encounters(self) -> pd.DataFrame:
        """Encounters by key, with ``class_code``."""
        visits = self.of("Encounter")
        visits = visits[visits["key"].notna()].drop_duplicates("key", keep="last").set_index("key", drop=False)
        classes = self.tables.encounters.drop_duplicates("encounter_key").set_index("encounter_key")["class_code"]
        return visits.assign(class_code=classes.reindex(visits.index))

    @cached_property
    def people(self) -> pd.DataFrame:
        """Patients by key, with bounds of birth and death."""
        people = self.tables.patients
        people = people[people["patient_key"].notna()].set_index("patient_key", drop=False)
        born, died = bounds(people["birth_date"]), bounds(people["deceased_raw"])
        return people.assign(born_low=born[0], born_high=born[1], died_low=died[0], died_high=died[1])

    @cached_property
    def values(self) -> pd.DataFrame:
        """Every measured value: laboratory, vital signs and other Observations in one frame, a row per value."""
        labs = self.tables.labs.rename(columns={"lab_key": "key"}).assign(group="laboratory")
        vitals = self.tables.vitals.rename(columns={"vital_key": "key"}).assign(group="vital-signs")
        others = self._others.rename(columns={"vital_key": "key"}).assign(group="other")
        both = vitals["key"].isin(labs["key"]) & vitals["key"].notna()
        shared = [name for name in labs.columns if name in vitals.columns and name in others.columns]
        parts = [part for part in (labs[shared], vitals.loc[~both, shared], others[shared]) if len(part)]
        values = pd.concat(parts, ignore_index=True) if parts else labs[shared]
        local = values["local_system"].fillna("") + "|" + values["local_code"]
        values["code"] = values["loinc"].fillna(local).fillna(values["text"])
        values["label"] = values["unit"].fillna(values["unit_text"]).fillna("")
        sites = self.of("Observation").drop_duplicates("key", keep="last").set_index("key")["site"]
        values["site"] = values["key"].map(sites)
        values["source"] = values["device"].fillna(values["performer"])
        return values.assign(kind="Observation")

    @cached_property
    def measured(self) -> pd.DataFrame:
        """Values with a number that were not withdrawn."""
        values = self.values
        return values[values["value"].notna() & (values["status"] != "entered-in-error") & values["code"].notna()]

    @cached_property
    def repeated(self) -> pd.DataFrame:
        """Resources that stand on several lines: ``kind``, ``key``, ``size``, ``nunique`` (different contents)."""
        index = self.store.index.select(["kind", "key"]).to_pandas()
        held = index[index["key"].notna() & index.duplicated(keep=False)]
        wanted = np.zeros(len(index), dtype=bool)
        wanted[held.index] = True
        held = held.assign(line=[hash(line) for line in self.store.lines(wanted)])
        return held.groupby(["kind", "key"], observed=True, sort=False)["line"].agg(["size", "nunique"]).reset_index()

    @cached_property
    def site_names(self) -> dict[str, str]:
        """Organizations' names by id."""
        found = {}
        for one in self.hospital.resources("Organization"):
            if isinstance(one.get("id"), str) and isinstance(one.get("name"), str):
                found[one["id"]] = one["name"]
        return found

    def site_name(self, site: object) -> str:
        """Return a site in words."""
        return self.site_names.get(site, site) if isinstance(site, str) and site else "no site named"

    @cached_property
    def last_instant(self) -> pd.Timestamp | None:
        """The export's own last moment, or None where too few events have times.

        A few events (one in a thousand) that stand more than 60 days after all others are taken for wrong years, not
        for the end of the export.
        """
        moments = np.sort(self.standing["start_low"].dropna().dt.tz_localize(None).to_numpy())
        if len(moments) < _ENOUGH:
            return None
        few = max(1, int(len(moments) * _STRAY_SHARE))
        tail = moments[-few - 1 :]
        gaps = np.flatnonzero(np.diff(tail) > _STRAY_GAP.to_numpy())
        last = tail[gaps[0]] if len(gaps) else moments[-1]
        return pd.Timestamp(last, tz="UTC")

    def calendar(self) -> None:
        """Raise NotJudged where days of this export are no days of a calendar.

        Data sets without names often move each patient's times by years of its own (MIMIC's lie after 2100). Then what
        happens to one patient still has its order, and what happens on one day to all patients means nothing.
        """
        moments = self.standing["start_low"].dropna()
        if len(moments) and moments.median() > pd.Timestamp.now("UTC") + _AHEAD:
            raise NotJudged(
                f"Most times lie in the future (half of them after {moments.median():%Y}): they were moved, probably "
                "for each patient by years of its own. Silent days, thin months, codes that come and go, and the end "
                "of this export were not judged; orders of time within one patient were."
            )
