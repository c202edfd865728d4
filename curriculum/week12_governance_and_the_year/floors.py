"""Week 12's floors: what a plan's years are held against, and which years anybody may practise on. No answers.

Set on 32 hospitals that no check flies. Drawn from them nine at a time, the reference plan holds all floors in each of
2,000 draws, a plan with twelve of its signals on the wards in 98 of 100, the published plan ``restraint`` in 2 or 3
(it misses silence or notices), doing nothing in none (it misses benefit, wrong data, silence and notices). With twenty
years it is 100, 100, half a draw, and none.
"""

PUBLIC = (1, 2, 3)  # seeds of the years to practise on
AXES = ("benefit", "harm", "burden", "equity", "resilience")

# name: (axis, the number, whether the plan's own or less doing nothing's, "at least" or "at most", the floor, in words)
FLOORS = {
    "benefit": ("benefit", "ward_averted", "less", "at least", 1.0, "deteriorations averted, more than by doing nothing"),
    "calls": ("benefit", "list_averted", "less", "at least", -2.0, "readmissions averted by the list, beside doing nothing"),
    "no score": ("harm", "needed_without_score", "own", "at most", 60.0, "of 1,000 windows before a deterioration, those without a score"),
    "wrong data": ("harm", "ward_wrong_data", "share", "at most", 0.6, "scores on wrong data, as a share of doing nothing's"),
    "burden": ("burden", "alerts_a_responder", "own", "at most", 1.0, "alerts for each that a shift can answer"),
    "equity": ("equity", "worst_sensitivity", "less", "at least", -10.0, "of 1,000 events in the worst-served group, those seen, beside doing nothing"),
    "silence": ("resilience", "silent_patient_weeks", "share", "at most", 0.4, "patient-weeks on a fault that nobody had noticed, as a share of doing nothing's"),
    "false stops": ("resilience", "false_stop_weeks", "own", "at most", 3.0, "weeks in which a service was off with nothing wrong"),
    "restraint": ("resilience", "changes_for_nothing", "own", "at most", 10.0, "changes made where no cause was found"),
    "notices": ("governance", "told_in_time", "own", "at least", 60.0, "of 100 incidents, those of which somebody was told in time"),
}
WIDEST = {"benefit": 60.0, "harm": 250.0, "burden": 3.0, "equity": 600.0, "resilience": 2500.0}  # a range, at most
