"""Code systems and the codes Quillmere uses, with their displays.

ICD-10-CM: billable leaves of the April 2026 release, checked with the package simple-icd-10-cm 1.5.0. LOINC and RxNorm
as listed in the project's fact sheet; this material contains content from LOINC (http://loinc.org), copyright
Regenstrief Institute, Inc. and the LOINC Committee, and publicly available data of the U.S. National Library of
Medicine. ICD-10-PCS is a code set of CMS. CPT and SNOMED CT are left out: their licences do not allow a course to
ship them.
"""

from __future__ import annotations

import orjson

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
QUILLMERE_BASE, EASTBANK_BASE = "http://quillmere.example.org", "http://eastbank.example.org"
SITE_BASE = (QUILLMERE_BASE, EASTBANK_BASE)
HTEST = {"system": TERMINOLOGY + "v3-ActReason", "code": "HTEST", "display": "test health data"}

ICD10 = {
    "A04.72": "Enterocolitis due to Clostridium difficile, not specified as recurrent",
    "A08.4": "Viral intestinal infection, unspecified",
    "A41.9": "Sepsis, unspecified organism",
    "B34.9": "Viral infection, unspecified",
    "C18.9": "Malignant neoplasm of colon, unspecified",
    "C34.90": "Malignant neoplasm of unspecified part of unspecified bronchus or lung",
    "C50.919": "Malignant neoplasm of unspecified site of unspecified female breast",
    "C61": "Malignant neoplasm of prostate",
    "D64.9": "Anemia, unspecified",
    "E10.10": "Type 1 diabetes mellitus with ketoacidosis without coma",
    "E11.10": "Type 2 diabetes mellitus with ketoacidosis without coma",
    "E11.22": "Type 2 diabetes mellitus with diabetic chronic kidney disease",
    "E11.649": "Type 2 diabetes mellitus with hypoglycemia without coma",
    "E11.65": "Type 2 diabetes mellitus with hyperglycemia",
    "E11.9": "Type 2 diabetes mellitus without complications",
    "E86.0": "Dehydration",
    "E87.1": "Hypo-osmolality and hyponatremia",
    "E87.5": "Hyperkalemia",
    "E87.6": "Hypokalemia",
    "F03.90": "Unspecified dementia, unspecified severity, without behavioral disturbance, psychotic disturbance, "
    "mood disturbance, and anxiety",
    "F10.20": "Alcohol dependence, uncomplicated",
    "F10.239": "Alcohol dependence with withdrawal, unspecified",
    "F20.9": "Schizophrenia, unspecified",
    "F32.A": "Depression, unspecified",
    "G45.9": "Transient cerebral ischemic attack, unspecified",
    "G93.41": "Metabolic encephalopathy",
    "I10": "Essential (primary) hypertension",
    "I11.0": "Hypertensive heart disease with heart failure",
    "I13.0": "Hypertensive heart and chronic kidney disease with heart failure and stage 1 through stage 4 chronic "
    "kidney disease, or unspecified chronic kidney disease",
    "I21.3": "ST elevation (STEMI) myocardial infarction of unspecified site",
    "I21.4": "Non-ST elevation (NSTEMI) myocardial infarction",
    "I21.9": "Acute myocardial infarction, unspecified",
    "I25.10": "Atherosclerotic heart disease of native coronary artery without angina pectoris",
    "I26.99": "Other pulmonary embolism without acute cor pulmonale",
    "I35.0": "Nonrheumatic aortic (valve) stenosis",
    "I47.10": "Supraventricular tachycardia, unspecified",
    "I48.0": "Paroxysmal atrial fibrillation",
    "I48.91": "Unspecified atrial fibrillation",
    "I50.22": "Chronic systolic (congestive) heart failure",
    "I50.23": "Acute on chronic systolic (congestive) heart failure",
    "I50.32": "Chronic diastolic (congestive) heart failure",
    "I50.33": "Acute on chronic diastolic (congestive) heart failure",
    "I50.9": "Heart failure, unspecified",
    "I61.9": "Nontraumatic intracerebral hemorrhage, unspecified",
    "I63.9": "Cerebral infarction, unspecified",
    "J06.9": "Acute upper respiratory infection, unspecified",
    "J15.9": "Unspecified bacterial pneumonia",
    "J18.9": "Pneumonia, unspecified organism",
    "J44.0": "Chronic obstructive pulmonary disease with (acute) lower respiratory infection",
    "J44.1": "Chronic obstructive pulmonary disease with (acute) exacerbation",
    "J44.9": "Chronic obstructive pulmonary disease, unspecified",
    "J69.0": "Pneumonitis due to inhalation of food and vomit",
    "J96.01": "Acute respiratory failure with hypoxia",
    "K40.90": "Unilateral inguinal hernia, without obstruction or gangrene, not specified as recurrent",
    "K56.609": "Unspecified intestinal obstruction, unspecified as to partial versus complete obstruction",
    "K57.92": "Diverticulitis of intestine, part unspecified, without perforation or abscess without bleeding",
    "K70.30": "Alcoholic cirrhosis of liver without ascites",
    "K74.60": "Unspecified cirrhosis of liver",
    "K80.20": "Calculus of gallbladder without cholecystitis without obstruction",
    "K81.0": "Acute cholecystitis",
    "K85.90": "Acute pancreatitis without necrosis or infection, unspecified",
    "K92.2": "Gastrointestinal hemorrhage, unspecified",
    "L03.90": "Cellulitis, unspecified",
    "M16.11": "Unilateral primary osteoarthritis, right hip",
    "M17.11": "Unilateral primary osteoarthritis, right knee",
    "M54.50": "Low back pain, unspecified",
    "N10": "Acute pyelonephritis",
    "N17.9": "Acute kidney failure, unspecified",
    "N18.30": "Chronic kidney disease, stage 3 unspecified",
    "N18.31": "Chronic kidney disease, stage 3a",
    "N18.32": "Chronic kidney disease, stage 3b",
    "N18.4": "Chronic kidney disease, stage 4 (severe)",
    "N18.6": "End stage renal disease",
    "N20.0": "Calculus of kidney",
    "N39.0": "Urinary tract infection, site not specified",
    "R07.9": "Chest pain, unspecified",
    "R10.9": "Unspecified abdominal pain",
    "R41.82": "Altered mental status, unspecified",
    "R42": "Dizziness and giddiness",
    "R50.9": "Fever, unspecified",
    "R51.9": "Headache, unspecified",
    "R53.1": "Weakness",
    "R55": "Syncope and collapse",
    "R65.20": "Severe sepsis without septic shock",
    "S01.01XA": "Laceration without foreign body of scalp, initial encounter",
    "S06.0X0A": "Concussion without loss of consciousness, initial encounter",
    "S22.39XA": "Fracture of one rib, unspecified side, initial encounter for closed fracture",
    "S42.201A": "Unspecified fracture of upper end of right humerus, initial encounter for closed fracture",
    "S72.001A": "Fracture of unspecified part of neck of right femur, initial encounter for closed fracture",
    "S93.401A": "Sprain of unspecified ligament of right ankle, initial encounter",
    "Z51.11": "Encounter for antineoplastic chemotherapy",
    "Z51.5": "Encounter for palliative care",
    "Z86.73": "Personal history of transient ischemic attack (TIA), and cerebral infarction without residual deficits",
}
# principal diagnosis of each group, equally likely where listed once
PRINCIPAL = {
    "heart_failure": ("I50.23", "I50.33", "I50.9", "I11.0", "I13.0"),
    "copd": ("J44.1", "J44.1", "J44.0"),
    "pneumonia": ("J18.9", "J18.9", "J15.9", "J69.0"),
    "coronary": ("I21.4", "I21.4", "I21.3", "I21.9", "I25.10"),
    "stroke": ("I63.9", "I63.9", "I63.9", "G45.9", "I61.9"),
    "sepsis": ("J18.9", "N39.0", "L03.90", "N10"),  # the infection; A41.9 stands before it where a coder saw sepsis
    "gut": ("K92.2", "K85.90", "K56.609", "K57.92", "K81.0"),
    "kidney": ("N17.9", "N17.9", "E87.1", "E87.5", "E86.0"),
    "diabetes": ("E11.65", "E11.65", "E11.10", "E10.10", "E11.649"),
    "alcohol": ("F10.239", "F10.239", "F10.20"),
    "mental": ("F20.9", "F32.A"),
    "infection": ("N39.0", "L03.90", "N10", "A04.72", "B34.9"),
    "rhythm": ("I48.91", "I48.0", "I47.10"),
    "injury": ("S72.001A", "S22.39XA", "S42.201A", "S06.0X0A"),
    "other": ("R55", "R41.82", "I26.99", "D64.9", "R53.1", "G93.41", "M54.50"),
    "planned": ("M17.11", "M16.11", "K80.20", "K40.90", "I35.0"),
    "chemotherapy": ("Z51.11",),
}
PROBLEM = {
    "htn": ("I10",),
    "dm": ("E11.9", "E11.65", "E11.22"),
    "hf": ("I50.22", "I50.32", "I50.9"),
    "cad": ("I25.10",),
    "copd": ("J44.9",),
    "ckd": ("N18.30", "N18.31", "N18.32", "N18.4", "N18.6"),
    "cancer": ("C18.9", "C34.90", "C50.919", "C61"),
    "dementia": ("F03.90",),
    "alcohol": ("F10.20",),
    "smi": ("F20.9",),
    "af": ("I48.91",),
    "liver": ("K74.60", "K70.30"),
    "stroke": ("Z86.73",),
}
VISIT_REASONS = (
    *("R07.9", "R10.9", "M54.50", "J06.9", "S93.401A", "R51.9", "S01.01XA", "N39.0", "R42", "A08.4"),
    *("R55", "R50.9", "L03.90", "N20.0", "R53.1"),
)

# analyte: LOINC, display, unit, low, high, decimals, local code and name at Eastbank
LAB = {
    "sodium": ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 135, 145, 0, "NA", "Sodium"),
    "potassium": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.5, 5.0, 1, "K", "Potassium"),
    "chloride": ("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L", 98, 106, 0, "CL", "Chloride"),
    "bicarbonate": ("1963-8", "Bicarbonate [Moles/volume] in Serum or Plasma", "mmol/L", 22, 29, 0, "CO2", "CO2"),
    "urea": ("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", 7, 20, 0, "BUN", "Urea nitrogen"),
    "creatinine": ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.6, 1.3, 2, "CREA", "Creatinine"),
    "glucose": ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 70, 99, 0, "GLU", "Glucose"),
    "haemoglobin": ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12.0, 17.5, 1, "HGB", "Hemoglobin"),
    "haematocrit": (
        *("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count"),
        *("%", 36, 50, 1, "HCT", "Hematocrit"),
    ),
    "leukocytes": (
        "6690-2",
        "Leukocytes [#/volume] in Blood by Automated count",
        "10*3/uL",
        4.0,
        11.0,
        1,
        "WBC",
        "WBC",
    ),
    "platelets": (
        "777-3",
        "Platelets [#/volume] in Blood by Automated count",
        "10*3/uL",
        150,
        400,
        0,
        "PLT",
        "Platelets",
    ),
    "albumin": ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 3.5, 5.0, 1, "ALB", "Albumin"),
    "bilirubin": (
        "1975-2",
        "Bilirubin.total [Mass/volume] in Serum or Plasma",
        "mg/dL",
        0.3,
        1.2,
        1,
        "TBIL",
        "Bilirubin",
    ),
    "lactate": ("32693-4", "Lactate [Moles/volume] in Blood", "mmol/L", 0.5, 2.0, 1, "LACT", "Lactate"),
    "troponin": (
        "10839-9",
        "Troponin I.cardiac [Mass/volume] in Serum or Plasma",
        "ng/mL",
        0,
        0.04,
        3,
        "TNI",
        "Troponin",
    ),
}
PANEL = {
    "metabolic": ("24321-2", "Basic metabolic 2000 panel - Serum or Plasma", "Basic metabolic panel"),
    "count": ("58410-2", "CBC panel - Blood by Automated count", "Complete blood count"),
}
VITAL = {
    "heart_rate": ("8867-4", "Heart rate", "/min", "beats/minute"),
    "respiratory_rate": ("9279-1", "Respiratory rate", "/min", "breaths/minute"),
    "temperature": ("8310-5", "Body temperature", "Cel", "C"),
    "saturation": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%", "%"),
    "systolic": ("8480-6", "Systolic blood pressure", "mm[Hg]", "mmHg"),
    "diastolic": ("8462-4", "Diastolic blood pressure", "mm[Hg]", "mmHg"),
}
BODY = {
    "weight": ("29463-7", "Body weight", "kg", "kg"),
    "height": ("8302-2", "Body height", "cm", "cm"),
}
CULTURE = ("600-7", "Bacteria identified in Blood by Culture")
GROWTH = ("Escherichia coli", "Staphylococcus aureus", "Klebsiella pneumoniae", "Streptococcus pneumoniae")
ANTIBIOTICS = ("ceftriaxone", "vancomycin", "azithromycin")
BLOOD_PRESSURE = ("85354-9", "Blood pressure panel with all children optional")
SATURATION_PARENT = ("2708-6", "Oxygen saturation in Arterial blood")

# drug: RxNorm ingredient, dose text. Ingredients marked `read` or confirmed by a public list in the fact sheet only.
DRUG = {
    "furosemide": ("4603", "40 mg by mouth once a day"),
    "aspirin": ("1191", "81 mg by mouth once a day"),
    "warfarin": ("11289", "5 mg by mouth once a day"),
    "spironolactone": ("9997", "25 mg by mouth once a day"),
    "lisinopril": ("29046", "10 mg by mouth once a day"),
    "ceftriaxone": ("2193", "1 g intravenously every 24 hours"),
    "metoprolol": ("6918", "50 mg by mouth twice a day"),
    "atorvastatin": ("83367", "40 mg by mouth once a day"),
    "metformin": ("6809", "500 mg by mouth twice a day"),
    "apixaban": ("1364430", "5 mg by mouth twice a day"),
    "amlodipine": ("17767", "5 mg by mouth once a day"),
    "losartan": ("52175", "50 mg by mouth once a day"),
    "pantoprazole": ("40790", "40 mg by mouth once a day"),
    "acetaminophen": ("161", "650 mg by mouth every 6 hours as needed"),
    "clopidogrel": ("32968", "75 mg by mouth once a day"),
    "prednisone": ("8640", "40 mg by mouth once a day"),
    "oxycodone": ("7804", "5 mg by mouth every 6 hours as needed"),
    "azithromycin": ("18631", "500 mg by mouth once a day"),
    "vancomycin": ("11124", "1 g intravenously every 12 hours"),
    "heparin": ("5224", "5,000 units under the skin every 8 hours"),
    "enoxaparin": ("67108", "40 mg under the skin once a day"),
    "albuterol": ("435", "2.5 mg by nebulizer every 4 hours as needed"),
    "potassium chloride": ("8591", "20 mEq by mouth once a day"),
    "insulin glargine": ("274783", "10 units under the skin at bedtime"),
    "ondansetron": ("26225", "4 mg intravenously every 8 hours as needed"),
}
HOME_DRUGS = {
    "htn": ("amlodipine", "losartan"),
    "dm": ("metformin", "insulin glargine"),
    "hf": ("furosemide", "spironolactone", "lisinopril"),
    "cad": ("aspirin", "atorvastatin", "metoprolol"),
    "copd": ("albuterol",),
    "af": ("apixaban",),
    "stroke": ("clopidogrel",),
}
WARD_DRUGS = {
    "heart_failure": ("furosemide", "potassium chloride"),
    "copd": ("prednisone", "albuterol", "azithromycin"),
    "pneumonia": ("ceftriaxone", "azithromycin", "vancomycin"),
    "coronary": ("aspirin", "heparin", "atorvastatin"),
    "stroke": ("aspirin", "atorvastatin"),
    "sepsis": ("ceftriaxone", "vancomycin"),
    "gut": ("pantoprazole", "ondansetron"),
    "kidney": ("potassium chloride",),
    "diabetes": ("insulin glargine",),
    "infection": ("ceftriaxone", "vancomycin"),
    "rhythm": ("metoprolol", "apixaban"),
    "injury": ("oxycodone", "enoxaparin"),
    "planned": ("oxycodone", "enoxaparin"),
    "chemotherapy": ("ondansetron",),
}
WARD_SHARE = 0.85  # of a group's stays in which each of its drugs is ordered
# a drug that told sepsis from other infections by itself would give the truth away
WARD_SHARES = {("sepsis", "vancomycin"): 0.45, ("pneumonia", "vancomycin"): 0.15, ("infection", "vancomycin"): 0.15}
EVERYONE_DRUGS = ("acetaminophen", "enoxaparin")
# procedure: ICD-10-PCS, display
PROCEDURE = {
    "transfusion": (
        "30233N1",
        "Transfusion of Nonautologous Red Blood Cells into Peripheral Vein, Percutaneous Approach",
    ),
    "dialysis": ("5A1D70Z", "Performance of Urinary Filtration, Intermittent, Less than 6 Hours Per Day"),
    "catheter": ("4A023N7", "Measurement of Cardiac Sampling and Pressure, Left Heart, Percutaneous Approach"),
    "knee": ("0SRC0J9", "Replacement of Right Knee Joint with Synthetic Substitute, Cemented, Open Approach"),
    "gallbladder": ("0FT44ZZ", "Resection of Gallbladder, Percutaneous Endoscopic Approach"),
    "endoscopy": ("0DJ08ZZ", "Inspection of Upper Intestinal Tract, Via Natural or Artificial Opening Endoscopic"),
    "ventilation": ("5A1945Z", "Respiratory Ventilation, 24-96 Consecutive Hours"),
    "detoxification": ("HZ2ZZZZ", "Detoxification Services for Substance Abuse Treatment"),
}


def concept(system: str, code: str, display: str, text: str | None = None) -> dict:
    """Return a CodeableConcept of one coding and its text."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": text or display}


def term(system: str, code: str, display: str) -> dict:
    """Return a CodeableConcept of an HL7 code system given by its short name."""
    return {"coding": [{"system": TERMINOLOGY + system, "code": code, "display": display}]}


def fixed(part: dict | list) -> orjson.Fragment:
    """Return a part that no fault touches, written once instead of once a resource."""
    return orjson.Fragment(orjson.dumps(part))
