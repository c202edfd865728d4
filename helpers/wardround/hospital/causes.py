"""The cause graph of the hospital as data: which variable acts on which, and what may be seen of it.

Drawn from the equations of this room; ``tests/test_hospital_causes.py`` changes causes in the model and looks at what
moves. A variable without an arrow to the outcome may predict it all the same.
"""

from __future__ import annotations

LATENT, RECORDED, PROXY, CLINICIANS, LATER = "latent", "recorded cause", "proxy", "reveals clinicians", "written later"

# name, kind, meaning
VARIABLES = (
    ("frailty", LATENT, "how little a person can bear"),
    ("social_risk", LATENT, "how hard life makes it to stay well"),
    ("brittleness", LATENT, "how easily a person falls ill again"),
    ("instability", LATENT, "how unsettled the illness is at discharge"),
    ("support", LATENT, "help at home; it does something only where an incident says so"),
    ("admission_acuity", LATENT, "how ill the patient is on admission"),
    ("ward_acuity", LATENT, "how ill the patient is in a window of eight hours"),
    ("ward_breath", LATENT, "how much breathing costs in a window"),
    ("kidney", LATENT, "how the kidneys fare during a stay"),
    ("door_acuity", LATENT, "how ill the patient is at the emergency desk"),
    ("sepsis", LATENT, "sepsis, on admission or begun on the ward"),
    ("race", LATENT, "true race, of which registration holds a version"),
    ("skin_tone", LATENT, "a crude stand-in: race"),
    ("true_saturation", LATENT, "oxygen saturation of the blood"),
    ("age", RECORDED, "age"),
    ("diagnosis_group", RECORDED, "main diagnosis"),
    ("chronic_conditions", PROXY, "thirteen chronic conditions"),
    ("interpreter", RECORDED, "needs an interpreter; in Patient.communication, not in the usual features"),
    ("disposition", RECORDED, "where the patient goes: against advice, skilled nursing, home"),
    ("care_call", RECORDED, "a care manager's call after discharge"),
    ("site", RECORDED, "Quillmere General or Eastbank"),
    ("payer", PROXY, "who pays"),
    ("prior_stays", PROXY, "admissions in the year before"),
    ("prior_emergency", PROXY, "emergency visits in the half year before"),
    ("length_of_stay", PROXY, "days in hospital"),
    ("lace", PROXY, "the LACE index"),
    ("laboratory", PROXY, "haemoglobin, sodium, albumin, creatinine at discharge"),
    ("vital_signs", PROXY, "what monitors display"),
    ("zip", PROXY, "ZIP code area: means nothing"),
    ("displayed_saturation", PROXY, "what the oximeter displays"),
    ("measured_when", CLINICIANS, "how often values are taken"),
    ("suspicion", CLINICIANS, "somebody suspects sepsis"),
    ("orders", CLINICIANS, "cultures and antibiotics are ordered"),
    ("assigned_level", CLINICIANS, "emergency severity index as assigned"),
    ("alert", CLINICIANS, "a model's alert"),
    ("nurse_response", RECORDED, "a nurse came after an alert"),
    ("cost", LATER, "cost of a year: need, times access"),
    ("claims_code", LATER, "a coder's sepsis code"),
    ("clinical_label", LATER, "sepsis by surveillance criteria"),
    ("billing_status", LATER, "whether the bill was adjusted"),
    ("no_show", LATER, "missed follow-up appointment"),
    ("code_count", LATER, "number of codes, back-dated ones included"),
    ("deterioration", "outcome", "the patient gets worse on the ward"),
    ("death", "outcome", "death in hospital"),
    ("readmission", "outcome", "unplanned readmission within 30 days"),
    ("critical_care", "outcome", "critical care within 12 hours of triage"),
)

_ARROWS = {
    "age": "frailty chronic_conditions payer disposition deterioration death length_of_stay",
    "race": "social_risk interpreter skin_tone cost",
    "social_risk": "frailty payer chronic_conditions disposition readmission prior_stays prior_emergency",
    "frailty": (
        "chronic_conditions diagnosis_group admission_acuity ward_acuity ward_breath length_of_stay disposition "
        "laboratory readmission prior_stays prior_emergency death payer cost"
    ),
    "brittleness": "prior_stays prior_emergency readmission",
    "chronic_conditions": (
        "prior_emergency code_count diagnosis_group lace care_call laboratory cost prior_stays disposition death "
        "ward_breath"
    ),
    "diagnosis_group": (
        "admission_acuity length_of_stay readmission laboratory ward_breath sepsis disposition care_call vital_signs"
    ),
    "admission_acuity": (
        "ward_acuity ward_breath length_of_stay laboratory disposition death readmission orders door_acuity"
    ),
    "length_of_stay": "lace disposition sepsis",
    "prior_stays": "care_call",
    "prior_emergency": "lace",
    "lace": "care_call",
    "payer": "care_call",
    "instability": "readmission",
    "interpreter": "readmission",
    "disposition": "readmission care_call",
    "site": "readmission length_of_stay social_risk frailty race prior_stays",
    "care_call": "readmission",
    "support": "readmission care_call",
    "ward_acuity": "vital_signs laboratory measured_when suspicion deterioration true_saturation",
    "ward_breath": "vital_signs true_saturation measured_when deterioration",
    "kidney": "laboratory deterioration",
    "sepsis": "ward_acuity suspicion orders death claims_code clinical_label vital_signs disposition",
    "suspicion": "measured_when",
    "nurse_response": "deterioration",
    "alert": "nurse_response",
    "vital_signs": "alert",
    "laboratory": "alert",
    "deterioration": "death",
    "skin_tone": "displayed_saturation",
    "true_saturation": "displayed_saturation",
    "door_acuity": "assigned_level critical_care vital_signs laboratory",
    "readmission": "billing_status no_show code_count",
}

# cause, effect, where it holds
CAUSES = tuple(
    (cause, effect, "only where the incident UnmeasuredSupport says so" if cause == "support" else "always")
    for cause, effects in _ARROWS.items()
    for effect in effects.split()
)
