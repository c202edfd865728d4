"""What week 12 hands out in words: rules by code, the plan that is mended, the plan that is reviewed. No answers."""

AS_OF = "As of November 2026, of sources read then; no legal advice. Verify before you rely on it."

RULES = {
    "security": "HIPAA Security Rule, 45 CFR 164.302-318: whoever creates, receives, keeps or sends electronic health information as a covered entity, or for one. In force.",
    "baa": "Business associate agreement, 45 CFR 164.504(e): an outside party creates, receives, keeps or transmits health information for you, readable to it or not. In force.",
    "part2": "42 CFR Part 2: records of programmes that treat substance use. In force; compliance date 16 February 2026.",
    "onc": "31 source attributes, 45 CFR 170.315(b)(11): the developer of a certified health record discloses them for predictive support that it supplies. In force as far as we read; a proposal of 29 December 2025 would remove it.",
    "fda": "Device or not, FD&C Act 520(o)(1)(E): software meant for prevention, diagnosis or treatment is asked whether it is a device; support of professionals is none if it meets all four criteria. In force; that the answer is written down is our own rule.",
    "s1557": "45 CFR 92.210: a provider or plan with federal money that uses a tool which supports decisions on patients' care and has race, colour, national origin, sex, age or disability as an input. Since 1 May 2025; enforcement unsettled.",
    "ab3030": "California AB 3030: messages of generative AI on clinical matters to patients of a facility, clinic or practice in California, which no licensed or certified provider has reviewed. In force since 1 January 2025.",
    "art50": "EU AI Act, Article 50: people in the EU are told that they speak with AI. Applies since 2 August 2026.",
    "security_new": "HIPAA Security Rule, proposal of 6 January 2025: multi-factor sign-in, encryption always. Proposed; not final in what we read, to July 2026.",
    "annex3": "EU AI Act, duties for high-risk systems of Annex III. From 2 December 2027.",
    "colorado": "Colorado SB 26-189: consequential decisions that automation materially influences; what it exempts was not read. From 1 January 2027.",
}
FACTS = {  # of each code the entries of curriculum/facts.toml that say so, with source and day; which feature it touches is our reading
    "security": ("security-who", "addressable"),
    "baa": ("ciphertext", "agreement-limits"),
    "part2": ("part-2",),
    "onc": ("source-attributes",),
    "fda": ("cds-device",),
    "s1557": ("section-1557",),
    "ab3030": ("state-ai",),
    "art50": ("ai-act-dates",),
    "security_new": ("security-proposal",),
    "annex3": ("ai-act-dates",),
    "colorado": ("state-ai",),
}
NOT_YET = ("security_new", "annex3", "colorado")

# As many a project ships it: the threshold of Youden's index, no contract, and whatever drifts is trained anew.
START = """name = "mine"
unknown = ["retrain"]

[ward]
model = "quillmere"
threshold = 0.016
policy = "fixed"
alerts_a_shift = 2

[list]
model = "reference"
calls_a_week = 16
threshold = 0.14

[[monitor]]
service = "ward"
signal = "input_drift"
limit = 0.5
owner = "ml_engineer"
then = ["retrain"]

[[monitor]]
service = "ward"
signal = "alerts"
limit = 2.0
owner = "nurse_lead"
then = ["pause"]
"""

# Q5: contracts and eyes are there, and one table of it costs the year
REVIEWED = """name = "reviewed"
unknown = ["log"]

[ward]
model = "quillmere"
threshold = 0.04
policy = "capacity"
alerts_a_shift = 2

[list]
model = "reference"
calls_a_week = 16
threshold = 0.14

[contracts]
value_contract = "pass"
freshness = "pass"
time_order = "pass"
unknown_codes = "pass"
duplicates = "each"

[staff]
above_capacity = "highest"

[[monitor]]
service = "ward"
signal = "value_contract"
limit = 0.01
owner = "data_engineer"
then = ["log"]

[[monitor]]
service = "ward"
signal = "rows"
limit = 0.4
owner = "data_engineer"
then = ["log"]

[[monitor]]
service = "ward"
signal = "alerts"
limit = 2.0
owner = "nurse_lead"
then = ["log"]

[[monitor]]
service = "ward"
signal = "unanswered"
limit = 0.65
owner = "nurse_lead"
then = ["investigate"]

[[cause]]
name = "unit_change"
then = ["fallback", "fix_feed", "backfill", "replay"]
notify = ["clinical_lead"]
within_hours = 24
authority = "data_engineer"

[[cause]]
name = "surge"
then = ["top_k", "log"]
notify = ["nurse_lead"]
within_hours = 24
authority = "operations"
"""
