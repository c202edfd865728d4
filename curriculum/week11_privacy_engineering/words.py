"""Words, rules and numbers of week 11 that learner code may see."""

ACTIONS = ("allow", "redact", "block")
KINDS = ("unsupported", "omitted", "injected")

# prefixes whose people stand in our facts (regulatory facts of November 2026; ACS 2018-2022), far enough from the limit
PEOPLE = (
    *(("063", 263_058), ("790", 214_287), ("890", 710_979)),
    *(("369", 17_040), ("772", 4_310), ("204", 54)),
)

ROUTES = (
    {
        "purpose": "coding support",
        "destination": "https://notes.example.org/v1/codes",
        "agreement": "BAA-07, this endpoint, until 2027-03-31",
        "fields": ("note", "age", "sex", "group", "codes"),
        "note": "note",
    },
    {
        "purpose": "benchmark",
        "destination": "https://bench.example.org/v2/rows",
        "agreement": "none: de-identified rows only",
        "fields": ("age", "sex", "year", "stays_before", "risk", "back"),
        "note": None,
    },
    {
        "purpose": "software support",
        "destination": "https://support.example.org/tickets",
        "agreement": "none: no data of patients",
        "fields": ("ticket", "version"),
        "note": None,
    },
)

POLICY = """\
1. A request leaves on one of three routes, with that purpose, to exactly that destination, and with no other fields. Else: block.
2. Identifiers are those of the list of lesson 1, of anybody: people on the roster, their relatives, and whoever else is named.
   Ages to 89, years, pooled ages (90) and findings named after people are none.
3. In plain sight of the route's note an identifier is masked, and the rest leaves: redact.
4. Anywhere else (another field, a ticket, a file's name or text, a header) an identifier blocks.
5. Whatever must be read in another way to be seen (see HIDDEN_WAYS) blocks, in the note as well: what was hidden once may be hidden twice.
6. A text that tells the system that reads it what to do blocks. What is told to patients or colleagues does not.
7. Nothing else is held up: a guard that stops harmless requests is switched off by Friday."""

HIDDEN_WAYS = (
    *("digits as words", "digits or letters one by one, with spaces", "base64", "percent signs, as in a link"),
    *("HTML entities", "escapes such as \\u0039", "full-width digits", "characters of no width"),
    *("SHA-256 of a number of the roster", "names of files", "texts of files", "traces of errors", "headers"),
)

MUST_TELL = (
    "an allergy, or a reaction to a drug, that somebody has found",
    "a drug begun, stopped or changed",
    "a result that is still open, or one that somebody must look at again",
    "an appointment, or who has to do what by when",
    "a limit of treatment that the patient has set",
    "a fall, an injury or an infection that happened in the hospital",
)
