"""The ten tables behind Q5: three sound cohorts, seven flawed ones, and which is shown as which.

Who knows this knows the answer: the grading box holds the tables and not this file.
"""

from hashlib import sha256

import numpy as np
import pandas as pd
from wardround.course.given import secret
from wardround.records import cohort as _cohort

_DAY = pd.Timedelta(days=1)


def _draw(texts, salt=""):
    """A number from 0 to 1 for each text, the same on every machine."""
    return np.array([int.from_bytes(sha256(f"{salt} {text}".encode()).digest()[:6]) / 2**48 for text in texts])


def shown(hospital, names):
    """Names by the names under which a hospital shows them."""
    order = np.argsort(_draw(names, hospital.checksum + secret(hospital)))
    return {f"table {n}": names[place] for n, place in enumerate(order, 1)}


def made(hospital, names):
    """Cohort, contacts and end of data, by name: three sound ones, then the flawed."""
    contacts = hospital.warehouse.contacts
    end = _cohort.data_end(contacts)
    followed = _followed(hospital, contacts, end)
    sound = followed[followed.whole].drop(columns="whole").reset_index(drop=True)
    half = end - 182 * _DAY
    told = contacts[contacts.known_at <= half]
    earlier = _followed(hospital, told, half)
    earlier = earlier[earlier.whole].drop(columns="whole").reset_index(drop=True)
    mixed = sound.iloc[np.argsort(_draw(sound.contact_id, "mixed"))].assign(site=lambda rows: "one of two")
    tables = [(sound, contacts, end), (earlier, told, half), (mixed, contacts, end)]
    for spoil in (_doubled, _with_dead, _backwards, _too_recent, _events_only, _first_only, _with_moves):
        tables.append((spoil(sound, followed, contacts).reset_index(drop=True), contacts, end))
    return dict(zip(names, tables, strict=True))


def _followed(hospital, contacts, end):
    found = _cohort.outcomes(contacts, hospital.warehouse.deaths, end)
    stays = contacts.set_index("contact_id")[["discharged_at", "disposition"]]
    rows = found.join(stays, on="contact_id")
    return rows[["contact_id", "person_id", "discharged_at", "disposition", "state", "day", "whole"]]


def _doubled(sound, followed, contacts):
    often = contacts[contacts.kind.eq("emergency")].groupby("person_id").size()
    return pd.concat([sound, sound[sound.person_id.map(often).fillna(0) > 3]])


def _with_dead(sound, followed, contacts):
    dead = contacts[contacts.disposition.eq("died") & contacts.discharged_at.le(sound.discharged_at.max())]
    return pd.concat([sound, dead.assign(state="neither", day=np.nan)[sound.columns]])


def _backwards(sound, followed, contacts):
    """The nearest other stay of the person, before or after."""
    rows = sound.sort_values(["person_id", "discharged_at"])
    gap = (rows.groupby("person_id").discharged_at.shift(1) - rows.discharged_at) / _DAY
    near = gap.ge(-30) & rows.state.eq("neither")
    return rows.assign(state=rows.state.mask(near, "readmitted"), day=rows.day.mask(near, gap))


def _too_recent(sound, followed, contacts):
    rows = followed.assign(state=followed.state.replace("not_observable", "neither"))
    return rows.drop(columns="whole")


def _events_only(sound, followed, contacts):
    return sound[sound.day.notna()]


def _first_only(sound, followed, contacts):
    return sound.sort_values("discharged_at").drop_duplicates("person_id")


def _with_moves(sound, followed, contacts):
    own = contacts[contacts.kind.eq("inpatient") & contacts.hospital.ne("elsewhere")]
    own = own.sort_values(["person_id", "admitted_at"])
    gap = own.groupby("person_id").admitted_at.shift(-1) - own.discharged_at
    moved = own[own.disposition.eq("transfer") & (gap <= _DAY) & own.discharged_at.le(sound.discharged_at.max())]
    return pd.concat([sound, moved.assign(state="readmitted", day=0.0)[sound.columns]])
