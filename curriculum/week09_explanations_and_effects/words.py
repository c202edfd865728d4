"""Words, numbers and signs of week 9 that learner code may see."""

WORLDS = ("as it is", "support at home, unrecorded")
FORTY = 40  # calls a week in three towns
CAUSE, PROXY = "cause", "proxy"
UNITS = ("log-odds", "probability")
