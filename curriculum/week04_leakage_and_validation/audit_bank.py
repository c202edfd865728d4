"""The bank behind Q2: features that somebody proposes, what each is made of, and when that is written.

Which is usable, and why the others are not, stands in ``keys.py`` alone. A card says everything that is needed; the name
of a feature promises nothing.
"""

# name, what it is, what it comes from and when that is written; cards of one cause stand together
CARDS = (
    (
        ("days_in_hospital", "days from admission to discharge", "admission and discharge messages; the second is sent when the patient leaves, mostly in the afternoon"),
        ("left_with", "where the patient went: home, home care, nursing home", "registered at the desk when the patient leaves the ward"),
        ("first_week_visits", "visits to the outpatient clinic in the seven days after discharge", "clinic calendar, the same evening"),
        ("follow_up_kept", "whether the follow-up appointment was kept", "clinic calendar; the appointment lies 7 to 14 days after discharge"),
        ("stays_in_table", "inpatient stays of this person in the research table, 2022 to 2024", "counted when the table was made, in December 2024"),
        ("weight_loss", "first weight of the stay minus the last one", "ward scale; patients are weighed each morning at 06:00, and once more at the door when they leave"),
        ("call_made", "whether a nurse called the patient at home", "call list; calls are made within two days after discharge"),
        ("haemoglobin_near", "the haemoglobin nearest to discharge, at most three days before or after it", "laboratory system; results are issued an hour after the sample"),
    ),
    (
        ("sodium_drawn", "last sodium whose sample was drawn before 08:00", "laboratory system, by time of collection; the round at 07:30 is issued at about 09:00"),
        ("culture_growth", "growth in the blood culture taken on the day of admission", "laboratory system; reported when it is final, after five days, half of the stays being shorter than three"),
        ("drg", "diagnosis-related group of this stay", "set by coders from the documents of the stay, nine days after discharge in the middle"),
        ("sepsis_reviewed", "sepsis in the first two days of this stay, by chart review", "surveillance team; reviews the charts of a month in the following month"),
        ("summary_words", "number of words on the first day of the stay in the discharge summary", "signed four days after discharge in the middle"),
        ("stays_elsewhere", "stays in other hospitals in the year before this admission", "payers' claims; a claim reaches us about 120 days after the stay it is for"),
        ("tumour_stage", "stage of the tumour that was removed on the second day", "pathology report, signed six days after the operation in the middle"),
    ),
    (
        ("code_count", "number of diagnosis codes dated on the day of admission or before", "billing system; coders enter them after discharge with the date of admission, and more when the next stay is coded"),
        ("present_on_admission", "pressure injury marked as present on admission", "the mark is set at final coding, weeks after discharge; its date is that of admission"),
        ("heart_failure_onset", "heart failure with an onset before this admission", "problem list; an onset date may be entered at any later visit, for any day in the past"),
        ("downtime_vitals", "highest pulse in the night before discharge, from the paper used while the system was down", "typed in up to three days later, under the time at which it was measured"),
        ("late_note", "a note of the day of admission that mentions falls", "clinical notes by their date; a note may be written days later and dated back to the day that it is about"),
    ),
    (
        ("payer_on_file", "payer in the master record", "one value a patient, as it stood on the night of the export in December 2024; a change replaces the old value"),
        ("zip_on_file", "ZIP of the address in the master record", "one value a patient, as it stood on the night of the export in December 2024; a move replaces it"),
        ("medicines_now", "number of medicines on the current medication list", "one list a patient, as it stood on the night of the export in December 2024; each visit brings it up to date"),
        ("smoker", "smoking status in the social history", "one value a patient, as it stood on the night of the export in December 2024; each visit overwrites it"),
        ("weight_on_file", "weight in the master record", "one value a patient, the newest, as it stood on the night of the export in December 2024"),
        ("has_family_doctor", "a family doctor in the master record", "one value a patient, as it stood on the night of the export in December 2024"),
    ),
    (
        ("ward_rate", "readmissions of 100 stays on this ward, over the whole table", "computed once from the column `readmitted`, this stay included"),
        ("zip_rate", "readmissions of 100 stays from this ZIP, over the whole table", "computed once from the column `readmitted`, this stay included"),
        ("ten_alike", "how many of the ten most similar stays of the table came back", "computed from age, diagnosis, laboratory values and the column `readmitted`; a stay is among its own ten"),
        ("pilot_score", "risk by the pilot's model", "the model was trained on these very stays, with the column `readmitted`"),
        ("diagnosis_weight", "weight of evidence of the admission diagnosis", "logarithm of readmitted over not readmitted for each diagnosis, over the whole table, this stay included"),
        ("audit_group", "low, middle or high risk", "case managers sorted all stays at the yearly audit, with a list of who had come back beside them"),
    ),
    (
        ("encounter_number", "number of the encounter, as a number", "given one after the other at admission"),
        ("record_number", "medical record number, as a number", "given at the first visit ever"),
        ("wristband", "number on the wristband", "printed at admission, next number of the roll"),
        ("row", "place of the row in the warehouse table", "rows are kept in the order in which they were loaded, each night that day's admissions"),
        ("name_code", "the first eight digits of a hash of the name, as a number", "registration, at admission"),
    ),
    (
        ("vital_sets", "sets of vital signs charted from 08:00 yesterday to 08:00 today, by time of entry", "nursing chart, at entry"),
        ("lactate_ordered", "whether lactate was ordered in this stay before 08:00", "order entry, at the minute of the order"),
        ("case_manager", "whether somebody has asked the case manager to see the patient, before 08:00", "order entry, at the minute of the request"),
        ("nurse_worry", "whether the night nurse ticked *I am worried* at the handover of 07:00", "handover form, at 07:00"),
        ("night_orders", "orders entered for this patient between midnight and 06:00 today", "order entry, at the minute of each order"),
        ("albumin_not_asked", "whether nobody has ordered an albumin in this stay, up to 08:00", "order entry, at the minute of each order"),
        ("consultations", "consultations of specialists requested in this stay, up to 08:00", "order entry, at the minute of each request"),
    ),
    (
        ("age", "whole years at admission", "birth date from registration, checked with the insurance card at admission"),
        ("stays_before", "discharges from our sites in the 365 days before this admission", "discharge messages, each sent when the patient left"),
        ("visits_before", "emergency visits to our sites in the 182 days before this arrival", "arrival messages, each sent at the desk"),
        ("days_so_far", "days from admission to 08:00 today", "admission message and the clock"),
        ("haemoglobin_issued", "last haemoglobin issued before 08:00", "laboratory system, by the time at which the result was released"),
        ("previous_drg", "diagnosis-related group of the stay before this one, if its coding was final before this admission", "billing system, by the time at which coding was closed; else missing"),
        ("interpreter", "need of an interpreter", "asked and entered by registration at this admission; each admission keeps its own answer"),
        ("elective", "elective admission", "registration, at admission; never changed afterwards"),
        ("distance", "miles from the address given at this admission to the hospital", "registration, at admission; each admission keeps its own address"),
        ("asked_on", "day of the week on which the question is asked", "the clock"),
        ("sodium_issued", "lowest sodium of this stay among those released before 08:00", "laboratory system, by the time at which the result was released"),
    ),
)  # fmt: skip
