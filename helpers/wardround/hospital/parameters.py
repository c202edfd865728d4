"""The parameter sheet of Quillmere Health as tables.

Every coefficient is an assumption, chosen so that the course's lessons hold; what they produce (readmission, length of
stay, disposition) is compared with published figures in ``tests/test_hospital_world.py``. Log-odds unless said
otherwise. Sources of the targets: HCUP Statistical Briefs 115, 230 and 248, and Rhee et al., JAMA 2017;318:1241.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

KEYS = 14_000  # people of the panel at scale 1; about 8,950 of them meet the hospital in three years
BURN_IN = 52  # weeks simulated before the export begins, so that prior use is known in its first week
EASTBANK_FROM = 104  # Eastbank joins, and its records begin, in this week; its people have a year of past, too
RECORDS_FROM = np.array([0.0, 7.0 * EASTBANK_FROM])  # day from which each site's records are in the export
CAMPAIGN_FROM = 78  # a documentation campaign raises sepsis coding by a fifth
HOLD_OUT_FROM = 104  # from this week a tenth of eligible home discharges get no call, drawn by chance
HOLD_OUT_SHARE = 0.10
CALL_DAY = 1.0  # days from discharge to the care call
OLDER_OXIMETERS = 0.8  # share of contacts measured with the older model
OXIMETER_BIAS = (1.15, 0.40)  # of the mean overreading on dark skin: older model, newer model
ACCESS = 0.72  # of the cost that need would bring, for Black patients
HORIZON = 208  # weeks over which people join the panel
WINDOW_HOURS, MAX_WINDOWS = 8, 90
WINDOW = WINDOW_HOURS / 24  # days
FIRST_DAY = np.datetime64("2022-01-03")  # a Monday
ZONE = ZoneInfo("America/New_York")

QUILLMERE, EASTBANK = 0, 1
RACES = ("white", "black", "hispanic", "asian", "other")
RACE_SHARE = np.array([[0.52, 0.26, 0.14, 0.05, 0.03], [0.68, 0.12, 0.11, 0.07, 0.02]])
RACE_MISSING = np.array([0.06, 0.19])
RACE_DISCORDANT = 0.08
SOCIAL_BY_RACE = np.array([-0.15, 0.45, 0.35, -0.05, 0.10])
INTERPRETER_BY_RACE = np.array([0.05, 0.05, 0.52, 0.50, 0.05])
AGE_POINTS = ((0, 0.30, 0.62, 0.93, 1), (18, 45, 65, 85, 99))
PAYERS = ("medicare", "medicaid", "uninsured", "private")

CONDITIONS = ("htn", "dm", "hf", "cad", "copd", "ckd", "cancer", "dementia", "alcohol", "smi", "af", "liver", "stroke")
_CONDITION_ROWS = {
    "base": (0.42, 0.19, 0.05, 0.11, 0.08, 0.08, 0.05, 0.012, 0.07, 0.025, 0.045, 0.02, 0.035),
    "age": (0.75, 0.45, 0.8, 0.8, 0.5, 0.7, 0.5, 1.3, -0.35, -0.3, 0.9, 0, 0.7),
    "frailty": (0.2, 0.35, 0.7, 0.4, 0.6, 0.6, 0.4, 0.6, 0.4, 0.3, 0.4, 0.7, 0.5),
    "social": (0.1, 0.2, 0.1, 0.05, 0.25, 0.1, 0, 0, 0.4, 0.5, 0, 0.2, 0.1),
    "charlson": (0, 1, 1, 1, 1, 2, 2, 1, 0, 0, 0, 2, 1),
}
CONDITION = {name: np.array(row, dtype=float) for name, row in _CONDITION_ROWS.items()}

# group: weight, offset to acuity, to log length of stay, to readmission
_GROUPS = {
    "heart_failure": (0.030, 0.3, 0.15, 0.56),
    "copd": (0.030, 0.2, 0.05, 0.38),
    "pneumonia": (0.085, 0.2, 0.10, 0.36),
    "coronary": (0.065, 0.2, 0, 0.30),
    "stroke": (0.055, 0.2, 0.20, -0.10),
    "sepsis": (0.064, 0.15, 0.52, 0.32),
    "gut": (0.130, 0, -0.05, 0),
    "kidney": (0.055, 0.1, 0, 0.20),
    "diabetes": (0.025, 0, -0.05, 0.10),
    "alcohol": (0.035, 0, 0, 0.40),
    "mental": (0.008, -0.5, 0.6, 0.50),
    "infection": (0.090, 0, -0.05, -0.10),
    "rhythm": (0.040, -0.3, -0.35, -0.15),
    "injury": (0.090, -0.2, 0.15, -0.35),
    "other": (0.210, -0.1, -0.10, -0.20),
    "planned": (0.0, -0.9, -0.45, -0.90),
    "chemotherapy": (0.0, -0.8, -0.20, -0.30),
}
GROUPS = tuple(_GROUPS)
GROUP = {name: number for number, name in enumerate(GROUPS)}
GROUP_WEIGHT, GROUP_ACUITY, GROUP_LOS, GROUP_RETURN = np.array(list(_GROUPS.values()), dtype=float).T
# multiplier of a group's weight: at least, and per chronic condition
GROUP_PULL = {
    "heart_failure": (1, 9, "hf"),
    "copd": (1, 8, "copd"),
    "coronary": (1, 2, "cad"),
    "stroke": (1, 2, "stroke"),
    "kidney": (1, 2.5, "ckd"),
    "diabetes": (1, 6, "dm"),
    "alcohol": (0.25, 11, "alcohol"),
    "mental": (0.2, 22, "smi"),
    "rhythm": (1, 5, "af"),
}
RETURN_SLOPE = np.array([1.0, 0.55])  # what frailty and the rest weigh in readmission, per site
RETURN_SHAPE = 1 / 0.702  # day = 30 u^shape: 36% within 7 days, 58.5% within 14

DISPOSITIONS = ("home", "home_health", "skilled_nursing", "hospice", "against_advice", "transfer", "died")
HOME, HOME_HEALTH, SNF, HOSPICE, AMA, TRANSFER, DIED = range(7)

VITALS = ("heart_rate", "respiratory_rate", "temperature", "saturation", "systolic", "diastolic")
# analytes of a metabolic panel, a blood count, a liver panel, and single tests
METABOLIC = ("sodium", "potassium", "chloride", "bicarbonate", "urea", "creatinine", "glucose")
COUNT = ("haemoglobin", "haematocrit", "leukocytes", "platelets")
LIVER = ("albumin", "bilirubin")
SINGLE = ("lactate", "troponin")
ANALYTES = (*METABOLIC, *COUNT, *LIVER, *SINGLE)
ANALYTE = {name: number for number, name in enumerate(ANALYTES)}
EMERGENCY_ANALYTES = ("sodium", "creatinine", "haemoglobin", "leukocytes")
# analytes without an equation of their own: mean, SD (a quarter of the reference range), loading on acuity in SD
PLAIN_ANALYTES = {
    "potassium": (4.2, 0.375, 0.2),
    "chloride": (102.0, 2.0, -0.2),
    "bicarbonate": (25.0, 1.75, -0.2),
    "platelets": (250.0, 62.5, -0.2),
    "bilirubin": (0.75, 0.225, 0.2),
}
PANEL_SHARE = {"metabolic": 0.95, "count": 0.80, "liver": 0.50}  # of draws; the liver panel: of stays

RATES = {
    "duplicate_patient": 0.10,
    "duplicate_joined": 0.20,
    "near_miss": 0.006,
    "repeated_line": 0.002,
    "local_code": 0.12,
    "several_codings": 0.30,
    "conditional_reference": 0.01,
    "dangling_reference": 0.002,
    "date_only_discharge": 0.03,
    "analyser_unit_days": 0.25,
    "entered_in_error": 0.005,
    "preliminary_never_final": 0.012,
    "weight_in_pounds": 0.010,
    "glucose_in_mmol": 0.010,
    "fahrenheit_as_celsius": 0.005,
    "device_artefact": 0.003,
    "copied_forward": 0.04,
    "device_clock": 0.02,
    "late_result": 0.03,
    "result_before_collection": 0.005,
    "corrected_result": 0.008,
    "overlapping_stay": 0.02,  # of stays that another one follows; 0.4% of all
    "discharge_before_admission": 0.003,
    "death_as_home": 0.03,
    "impossible_birth_date": 0.0015,
    "wrong_merge": 0.0015,
    "note_with_identifier": 0.22,
    "note_denies_code": 0.03,
}
HL7_WEEKS = 13  # of HL7 messages, the last ones
RENAMED_FROM = 120  # week in which Quillmere's laboratory system renames two tests
RENAMED = {"potassium": ("K-PL", "Potassium, plasma"), "glucose": ("GLU-R", "Glucose, random")}
FACTOR_ONE_FROM = 130  # week from which Quillmere reports sodium in mEq/L: another unit, the same number
UTC_AS_LOCAL = (92, 96)  # weeks in which Quillmere's laboratory interface sent UTC under the local offset
FAULT_FLOOR = 8  # of each kind in any hospital that can hold them: no wrong answer becomes right by chance
