"""Words, numbers and rules of week 10 that learner code may see: those of the assistant's own settings, as shipped."""

SIGNS = ("heart_rate", "respiratory_rate", "temperature", "saturation", "systolic")
LABELS = {
    "age": "age",
    "heart_rate": "heart rate",
    "respiratory_rate": "respiratory rate",
    "temperature": "temperature",
    "saturation": "oxygen saturation",
    "systolic": "systolic pressure",
}
UNITS = {"heart_rate": "/min", "respiratory_rate": "/min", "temperature": "°C", "saturation": "%", "systolic": "mmHg"}
THRESHOLD = 0.05  # from here on a risk is called high (assumption)
WITHIN = 2.0  # seconds that anybody waits for the model (assumption)
FEED_LATE = 10  # minutes after which the feed counts as late (assumption)
STALE = 150  # minutes after which a vital sign counts as stale (assumption)
NEEDS = ("age", "respiratory_rate", "systolic")  # without one of these there is no risk (assumption)
AT_MOST_MISSING = 1  # of age and the five vital signs (assumption)
# values that score three points in NEWS2 (Royal College of Physicians, oxygen by scale 1), each a reason to look at once;
# the assistant's own settings have one rule more, the shock index
RULES = (
    "respiratory_rate <= 8",
    "respiratory_rate >= 25",
    "saturation <= 91",
    "systolic <= 90",
    "systolic >= 220",
    "heart_rate <= 40",
    "heart_rate >= 131",
    "temperature <= 35.0",
)
# a value outside is to be checked before a risk is given; it is never thrown away (assumption)
PLAUSIBLE = {
    "heart_rate": (30, 220),
    "respiratory_rate": (6, 60),
    "temperature": (33.0, 41.5),
    "saturation": (70, 100),
    "systolic": (60, 260),
}
SAYS = ("risk", "abstains", "silent")
STATES = ("risk", "no answer")
KINDS = ("model", "data", "workflow", "judgement")
NEEDED_PREFETCH = ("patient", "encounter", "vitals")
INPUTS = ("age", *SIGNS)  # what the model is given; whatever else a nurse names, it cannot know
CLOSE = {"heart_rate": 8, "respiratory_rate": 3, "temperature": 0.4, "saturation": 2, "systolic": 12}  # assumption
DESK_VISITS = 90  # visits an hour at one desk for a region (assumption)
LOOKS = 15  # cards an hour that are opened as long as nothing else keeps somebody from it (assumption)
