"""Which encounter of the export stands for which stay or visit of the world, and under which Patient record it lies."""

from __future__ import annotations

import numpy as np

from .chart import Chart
from .entries import EMER, IMP
from .keys import ids
from .patients import Patients
from .world import World


class Contacts:
    """Ids of the export by position in the world; None (or -1) for what the export does not hold.

    Attributes
    ----------
    last, first : arrays of int
        Position in ``chart.encounters`` of a stay's last and first inpatient encounter (they differ after a move).
    stay, earlier, stay_patient : arrays of str
        Last and first encounter of a stay (``earlier`` only after a move), and the Patient record of the last.
    visit, visit_patient : arrays of str
        Encounter and Patient record of an emergency visit.
    """

    def __init__(self, world: World, chart: Chart, patients: Patients):
        encounters = chart.encounters
        names = np.array([*ids("Encounter", encounters["bits"]), None], dtype=object)
        subjects = np.array([*ids("Patient", patients.subject(encounters)), None], dtype=object)
        place = np.arange(encounters["row"].size)
        self.first = np.full(world.stays["row"].size, -1)
        self.last = self.first.copy()
        inpatient = encounters["cls"] == IMP
        self.first[encounters["stay"][inpatient][::-1]] = place[inpatient][::-1]
        self.last[encounters["stay"][inpatient]] = place[inpatient]
        self.stay, self.stay_patient = names[self.last], subjects[self.last]
        self.earlier = np.where(self.first == self.last, None, names[self.first])
        at_desk = np.full(world.visits["row"].size, -1)
        desk = encounters["cls"] == EMER
        at_desk[encounters["visit"][desk]] = place[desk]
        self.visit, self.visit_patient = names[at_desk], subjects[at_desk]
        self.emergency = np.full(world.stays["row"].size, None, dtype=object)
        led = world.visits["stay"] >= 0
        self.emergency[world.visits["stay"][led]] = self.visit[led]
