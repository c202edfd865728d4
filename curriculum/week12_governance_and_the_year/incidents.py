"""The bank of incidents of Q1: a story, steps in any order, which must come before which, and what nobody should do."""

FIRST = ("stop", "keep", "tell")  # free among each other, and before all else
THEN = ("scope", "cause", "last")
CHAINS = (("scope", "assess"), ("assess", "announce"), ("cause", "fix"), ("fix", "test"))
BEFORE = (*((first, then) for first in FIRST for then in THEN), *CHAINS)

# `last` is what destroys or alters: deleting copies, writing over what was scored
BANK = {
    "export": {
        "story": (
            "Monday, 06:50. The scan of outgoing files rings. The weekly export for the monitoring vendor's dashboard has a column `note_tail` since a release of three weeks ago: the "
            "last line of the note, with names, telephone numbers and dates of birth. Three files have gone out; fourteen people at the vendor can open the dashboard. The early warning itself runs and is "
            "right. The data engineer on call reads this first."
        ),
        "steps": {
            "stop": "Stop the export job, and have the vendor close the dashboard; the early warning and its monitors run on.",
            "keep": "Keep, read-only and with checksums: the three files, the job's log and code version, the vendor's access log.",
            "tell": "Tell the privacy officer what was seen, and at what time.",
            "scope": "List from the kept files whose data left, which fields, on which days, and from the access log who opened them.",
            "assess": "The privacy officer writes the four-factor assessment: what data, who got them, whether they were viewed, what limits the harm.",
            "announce": "Tell the people concerned, in plain words, what left and what they can do.",
            "cause": "Find the change that let the column into the export.",
            "fix": "Take the column out: the export sends only the fields that the agreement names.",
            "test": "Run the scan on the mended export of the three past weeks; then switch it on again, with a name in the log.",
            "last": "Have the vendor delete its copies, and confirm that in writing.",
            "off": "Switch the early warning and all its monitors off until the review is over.",
            "other": "Ask in the engineers' channel, with the file attached, who has seen this before.",
        },
        "never": {
            "off": "The early warning is right: from then on nobody is warned of anything, and nobody would see the next leak.",
            "other": "The channel is a second export: its members have no need of these names, and it keeps what it is sent.",
        },
    },
    "units": {
        "story": (
            "Thursday, 02:10. A nurse at Eastbank calls: three alerts in an hour, for patients who look well. The laboratory's interface sends creatinine in umol/L since an update on Tuesday evening, and the "
            "early warning reads mg/dL. Quillmere's own wards get mg/dL as ever. Some forty patients at Eastbank have been scored on it; two were moved to the step-down unit. The ML engineer on call reads "
            "this first."
        ),
        "steps": {
            "stop": "Put Eastbank on the score of vital signs alone, with a banner; Quillmere's wards keep theirs.",
            "keep": "Keep, read-only: the messages, what went into the score and came out, versions, who saw which alert and what they did.",
            "tell": "Tell the clinical lead and the nurse lead: what was seen, where, since when as far as anybody knows.",
            "scope": "List every patient scored on a wrong value, from the first wrong message on.",
            "assess": "Clinicians look at each of these patients: treated for nothing, moved for nothing, or passed over?",
            "announce": "Tell patients and wards concerned, in plain words, what was wrong and what was done for them.",
            "cause": "Find the change by which the unit reached the score unread.",
            "fix": "Mend the mapping at the interface, with a contract that blocks a value outside what its unit allows.",
            "test": "Replay fifty frozen cases; then give Eastbank its score back, with a name in the log.",
            "last": "Write the corrected scores into charts, marked as corrected, and over the wrong ones in past figures.",
            "off": "Switch the early warning off at both sites until the review is over.",
            "other": "Train the model anew on this week's data, so that it learns the new unit.",
        },
        "never": {
            "off": "Quillmere's wards have a score that is right; switched off, its patients pay for Eastbank's interface.",
            "other": "A model that has learnt umol/L from one site reads the other one wrongly, and nobody sees a fault any more.",
        },
    },
    "vendor": {
        "story": (
            "Wednesday, 09:20. The vendor that drafts discharge summaries has moved to another model over the weekend, without notice. A pharmacist has found two summaries with a dose that stands in no "
            "chart. Both were signed; the patient who went home with one on Monday has been telephoned. Sixty summaries were drafted since Saturday. The vendor's pages for prompts and answers keep two days. The vendor manager reads this first."
        ),
        "steps": {
            "stop": "Take the drafting out of the summary's page; summaries are written by hand, as before it came.",
            "keep": "Keep, before the vendor's two days are over: prompts, answers, model version, charts as they stood, who signed.",
            "tell": "Tell the clinical lead, whose patients have gone home with it, what the pharmacist has seen.",
            "scope": "List all summaries drafted since Saturday, and who has received each.",
            "assess": "Physicians hold each against its chart: which sentences no line supports, and for whom that matters today.",
            "announce": "Call the patients and family doctors concerned, and tell them what is to be taken and what is not.",
            "cause": "Find out which change at the vendor has made the doses, and why our own cases did not see it.",
            "fix": "Have the vendor go back to the pinned version, with notice and an acceptance test from now on.",
            "test": "Run our own forty cases over it; then give the page its drafts back, with a name in the log.",
            "last": "Amend the signed summaries in the record, with who amended them, when and why.",
            "off": "Switch off the log of prompts and answers, so that no more health information lies at the vendor.",
            "other": "Ask the vendor's model which of its sixty summaries were wrong, and mend those.",
        },
        "never": {
            "off": "Without the log nobody can say what was asked and answered: it is the evidence.",
            "other": "Whatever wrote the dose would then say whether it is one. The chart says so, and somebody has to read it.",
        },
    },
}


def drawn(dice):
    """An incident with letters for its steps: ``story``, ``steps`` (letter to text), ``keys`` (letter to key), ``never``."""
    name = sorted(BANK)[int(dice.integers(len(BANK)))]
    one = BANK[name]
    keys = [list(one["steps"])[place] for place in dice.permutation(len(one["steps"]))]
    letters = {chr(65 + place): key for place, key in enumerate(keys)}
    return {
        "name": name,
        "story": one["story"],
        "steps": {letter: one["steps"][key] for letter, key in letters.items()},
        "keys": letters,
        "never": dict(one["never"]),
    }


def broken(steps):
    """Which pairs an order of keys breaks; steps that are not there break none."""
    place = {step: number for number, step in enumerate(steps)}
    return [[first, then] for first, then in BEFORE if first in place and then in place and place[first] > place[then]]
