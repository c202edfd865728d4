"""Words, numbers and signs of week 9 that learner code may see."""

WORLDS = ("as it is", "support at home, unrecorded")
FORTY = 40  # calls a week in three towns
CAUSE, PROXY = "cause", "proxy"
UNITS = ("log-odds", "probability")
PARTS = ("fewer", "low", "high")
TIMES = 1.55  # what a list of forty must avert, as a multiple of the care managers' own
