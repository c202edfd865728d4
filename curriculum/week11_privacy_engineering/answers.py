"""The bank behind Q6: what a vendor is asked, what it answers, and what would settle it. It is in no box; the vendor is invented.

Twelve gates, each with an answer that passes and one or two that do not. Ten gates are drawn: three pass, four offer something else in place of what was
asked (another clause, a certificate of another thing), three are words.
"""

from __future__ import annotations

PASS, FAIL = "pass", "fail"

# gate: (asked, an answer that passes, answers that do not: (says, next question, whether it answers something else))
GATES = {
    "agreement": (
        "Which endpoints and features does the business associate agreement list?",
        "Schedule B lists /v1/codes and /v1/notes. Previews, connectors and new features are out until a signed amendment lists them.",
        (
            (
                "We sign an agreement with every customer; that makes our whole platform compliant.",
                "Which endpoints and features does the schedule list by name, and which are out?",
                True,
            ),
            (
                "You hold the key, we store ciphertext only. So we are no business associate, and need no agreement.",
                "Will you sign as a business associate for the ciphertext that you store?",
                True,
            ),
        ),
    ),
    "training": (
        "Are our data used for training, fine-tuning or product improvement?",
        "No: clause 7 forbids all three. To opt in you would have to sign a form of its own.",
        (
            (
                "With zero retention there is nothing that we could train on.",
                "Which clause forbids training, fine-tuning and product improvement by itself?",
                True,
            ),
            (
                "Never for foundation models. De-identified usage helps us to improve the service.",
                "Where do we permit you to de-identify for your own ends, and by which method is it done?",
                False,
            ),
        ),
    ),
    "retention": (
        "How long is what kept, store by store?",
        "Requests: not kept. Abuse logs: none, approved for your account. Backups: 7 days. Caches: 1 hour. Embeddings: none are made.",
        (
            (
                "Data are never kept for longer than is necessary.",
                "How many days, for requests, abuse logs, backups, caches and embeddings each?",
                False,
            ),
            (
                "None of it is used for training, so retention does not matter.",
                "Training aside: how many days does each store keep, from abuse logs to embeddings?",
                True,
            ),
        ),
    ),
    "attributes": (
        "Please hand over the 31 source attributes of the model.",
        "Annex C has all 31, with dates. Two say 'not done': validity and fairness in local data, since we have none of yours.",
        (
            (
                "They are about to be abolished, so we have stopped providing them.",
                "Will you write them into our contract, whatever becomes of the rule?",
                False,
            ),
            (
                "The product is FDA cleared, which covers all of that.",
                "Cleared as which device for which use, and where does it state validity in local data?",
                True,
            ),
        ),
    ),
    "local": (
        "How shall we know before go-live how it performs on our patients?",
        "By eight weeks in silence on your stream. You hold the outcomes and compute the figures, and may walk away.",
        (
            (
                "It reaches an AUROC of 0.91 in 1.2 million patients of forty hospitals.",
                "Will you run in silence on our stream first, with the outcomes in our hands?",
                True,
            ),
        ),
    ),
    "change": (
        "What notice have we of a change of model or prompt, and can we stay on a version?",
        "A version stays for twelve months by its name. Changes are told 30 days ahead, with results on your own test set.",
        (
            (
                "You always have the best: our models are improved continuously.",
                "Can we stay on a named version, for how long, and how many days ahead are changes told?",
                False,
            ),
        ),
    ),
    "incident": (
        "When are we told of an incident or a breach?",
        "Within 24 hours of discovery, by telephone to your privacy officer. Logs are preserved, and you may have them.",
        (
            (
                "Within 60 days, which is what the law requires.",
                "Within how many hours of discovery, who is told, and what do you preserve for us?",
                True,
            ),
        ),
    ),
    "readers": (
        "Which people read our content?",
        "Nobody, unless you open a ticket. Then two named engineers in Ohio, for its time; you may see the log.",
        (
            (
                "Everybody with access has signed a confidentiality agreement.",
                "Who can read content, where and in which cases, and may we see the log?",
                True,
            ),
        ),
    ),
    "removal": (
        "How are our data de-identified, and who can turn it back?",
        "By expert determination of May 2026, attached. Codes are random, and the crosswalk stays with you.",
        (
            (
                "Record numbers are hashed with SHA-256, which cannot be reversed.",
                "Which of the two methods do you claim, and who could hash all possible numbers?",
                True,
            ),
        ),
    ),
    "regions": (
        "In which regions are our data processed and stored?",
        "Virginia and Ohio, backups among it; support elsewhere sees no content. Clause 11.",
        (
            (
                "On a cloud that is secure to the highest standards worldwide.",
                "Which regions, for processing, backups and support, and in which clause?",
                False,
            ),
        ),
    ),
    "partners": (
        "Which sub-processors see our data, and which of theirs?",
        "Four, and two of theirs: annex D, by name and purpose. Changes 30 days ahead; you may object.",
        (
            (
                "Only partners whom we trust, under contract.",
                "Which ones, by name and purpose, and theirs; and may we object to a new one?",
                False,
            ),
        ),
    ),
    "logs": (
        "Can we export who called what?",
        "Yes: each call with its user, template and model version, as FHIR AuditEvent, within five minutes.",
        (
            (
                "Logs can be provided by our support team on request.",
                "Can we export them ourselves, in which form, how late, and with the user behind each call?",
                False,
            ),
        ),
    ),
}
BESIDE_THE_POINT = (
    "May we have your latest SOC 2 report?",
    "Which hospitals can we call as references?",
    "Does all your staff have a yearly HIPAA training?",
)
PASSES, OTHERS, WORDS = 3, 4, 3


def drawn(dice):
    """Return ``answers`` (a table), ``follow_ups`` by letter, and ``right``: answer to its word and the letters that fit."""
    import pandas as pd

    gates = dice.permutation(sorted(GATES)).tolist()
    wrong = {
        gate: {other: [one for one in GATES[gate][2] if one[2] == other] for other in (True, False)} for gate in gates
    }
    kinds = {}
    for other, count in ((False, WORDS), (True, OTHERS)):
        free = [gate for gate in gates if gate not in kinds and wrong[gate][other]]
        kinds |= dict.fromkeys(sorted(free, key=lambda gate: bool(wrong[gate][not other]))[:count], other)
    kinds |= dict.fromkeys([gate for gate in gates if gate not in kinds][:PASSES])
    order = [gate for gate in dice.permutation(sorted(kinds)).tolist()]
    said, nexts = {}, {}
    for gate in order:
        if kinds[gate] is None:
            said[gate] = GATES[gate][1]
        else:
            some = wrong[gate][kinds[gate]]
            said[gate], nexts[gate], _ = some[int(dice.integers(len(some)))]
    texts = dice.permutation([*nexts.values(), *BESIDE_THE_POINT]).tolist()
    letters = {text: "abcdefghijklm"[place] for place, text in enumerate(texts)}
    names = {gate: f"A{number}" for number, gate in enumerate(order, 1)}
    table = pd.DataFrame(
        {"answer": [names[g] for g in order], "asked": [GATES[g][0] for g in order], "says": [said[g] for g in order]}
    )
    right = {names[g]: [FAIL, [letters[nexts[g]]], kinds[g]] if g in nexts else [PASS, [None], None] for g in order}
    return {
        "answers": table,
        "follow_ups": {letter: text for text, letter in letters.items()},
        "right": right,
        "beside": sorted(letters[text] for text in BESIDE_THE_POINT),
    }
