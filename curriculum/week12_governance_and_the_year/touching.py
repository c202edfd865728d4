"""The bank of features of Q2: what each does, which rules touch it, which may be named as well, and who supplies it.

Six are drawn, one of each group. What a code means stands in ``words.py``, with the facts that say so. Which rule
touches which feature is our reading and no legal advice; where two lawyers would differ, either answer is right (``also``):

- ``fda`` of the readmission list, the kidney formula and summaries: support of care, or of its administration? The FDA's
  guidance on risk scores was not read.
- ``s1557`` of a language model's summary or answer: whether it is a tool of decision support, and whether age and sex in
  the text are its inputs, is open.

What supports no decision on care (bills, appointments, parking, letters to insurers) is not named by ``s1557``.
"""

BANK = {
    "in the vendor's record": {
        "ward early warning": (
            "The maker of your certified health record supplies it within the record and runs it in its cloud. Learnt from other hospitals' data, it predicts from vital signs, results and age who will get worse on the ward; the nurse is alerted.",
            {"security", "baa", "onc", "fda", "s1557"},
            set(),
            True,
        ),
        "fall score of the record": (
            "The maker of your certified health record supplies it and runs it in its cloud. It predicts falls from drugs, age and sex, learnt from other hospitals' data; nurses choose precautions by it.",
            {"security", "baa", "onc", "fda", "s1557"},
            set(),
            True,
        ),
    },
    "your own": {
        "readmission list": (
            "Your own model, on your own machines. From diagnoses, past stays, age and sex it ranks whom a nurse calls after discharge.",
            {"security", "s1557"},
            {"fda"},
            False,
        ),
        "triage assistant": (
            "Your own model, on your own machines. From vital signs, age and sex it advises the triage nurse, who has set a level first and keeps the last word.",
            {"security", "fda", "s1557"},
            set(),
            False,
        ),
        "delirium list": (
            "Your own model, on your own machines. From drugs, age and past stays it names whom the ward's nurse looks at for delirium first.",
            {"security", "fda", "s1557"},
            set(),
            False,
        ),
    },
    "a language model's": {
        "summaries of addiction notes": (
            "A vendor's language model, in its cloud, drafts summaries of the addiction clinic's notes, which a law protects beyond HIPAA. The clinic's physician edits and signs each.",
            {"security", "baa", "part2"},
            {"fda", "s1557"},
            True,
        ),
        "letters of the addiction clinic": (
            "A vendor's language model, in its cloud, drafts letters to insurers from the addiction clinic's records of treatment. A clerk sends them once the physician has signed.",
            {"security", "baa", "part2"},
            set(),
            True,
        ),
    },
    "no AI": {
        "sepsis flowchart on paper": (
            "A printed sheet on the wards, drawn by a committee in 2019. It asks for temperature, pulse and whether the patient is over 65, and says when to call a physician. No computer has a part in it.",
            {"s1557"},
            set(),
            False,
        ),
        "kidney formula": (
            "A formula in your laboratory's own system, without any learning. It turns creatinine, age and sex into a filtration rate, by which physicians choose doses.",
            {"security", "s1557"},
            {"fda"},
            False,
        ),
    },
    "for patients": {
        "chatbot on results": (
            "In the portal, a vendor's language model in its cloud tells patients what their own results mean and what to do next. Nobody reads the answers first. Patients of your clinic in California use it.",
            {"security", "baa", "fda", "ab3030"},
            {"s1557"},
            True,
        ),
        "chatbot for visitors in Lisbon": (
            "On the open pages of your clinic in Lisbon a vendor's language model tells visitors about parking, hours and departments. It knows no patient, asks for no name and refuses questions on health.",
            {"art50"},
            set(),
            True,
        ),
    },
    "quiet ones": {
        "coding assistant": (
            "A vendor's software in its cloud proposes billing codes from discharge notes. Coders decide; nobody who treats patients sees it.",
            {"security", "baa"},
            set(),
            True,
        ),
        "no-show list": (
            "Your own model, on your own machines, predicts from past visits and weekday who will not come to an appointment; clerks telephone them. It has neither age nor sex, and no diagnosis.",
            {"security"},
            set(),
            False,
        ),
        "locked backup": (
            "A cloud provider stores an encrypted copy of the early warning's log. It has no key, and cannot read a line.",
            {"security", "baa"},
            set(),
            True,
        ),
        "benchmark table": (
            "A table by Safe Harbor, all eighteen kinds gone and no way known to the hospital back to a person, went to a university for a benchmark. Nothing is decided for anybody by it.",
            set(),
            set(),
            False,
        ),
    },
}

# Why, in a sentence; a code in back-ticks touches or may stand there, and no other does. Shown once the answer is right.
BECAUSE = {
    "ward early warning": "Patients' values (`security`) lie in its maker's cloud (`baa`); the maker of a certified record supplies a prediction (`onc`); it is meant for prevention, so whether it is a device is asked (`fda`), and it supports decisions on care with age as an input (`s1557`).",
    "fall score of the record": "Patients' drugs (`security`) lie in its maker's cloud (`baa`); the maker of a certified record supplies a prediction (`onc`); it is meant to prevent falls, so whether it is a device is asked (`fda`), and nurses choose precautions by age and sex as well (`s1557`).",
    "readmission list": "It holds diagnoses (`security`) on your own machines, so nobody needs an agreement; age and sex decide whom a nurse calls (`s1557`); it is yours and in no certified record; whether a call is care or its administration is open (`fda`).",
    "triage assistant": "It holds vital signs (`security`) on your own machines, so nobody needs an agreement; age and sex are inputs of advice on care (`s1557`), and whether that is a device is asked even where a nurse keeps the last word (`fda`).",
    "delirium list": "It holds drugs and stays (`security`) on your own machines, so nobody needs an agreement; age is an input of whom the nurse looks at first (`s1557`), and software meant for care is asked whether it is a device (`fda`); it is yours and in no certified record.",
    "summaries of addiction notes": "Notes (`security`) of a programme that treats substance use (`part2`) lie in a vendor's cloud (`baa`); whether a summary is support of care (`fda`), and age and sex in its text are inputs (`s1557`), is open.",
    "letters of the addiction clinic": "Records (`security`) of a programme that treats substance use (`part2`) lie in a vendor's cloud (`baa`); a letter to an insurer supports no decision on care and is meant for no treatment.",
    "sepsis flowchart on paper": "It supports a decision on care and asks for age, also without AI (`s1557`); paper is no software, and no electronic information is in it.",
    "kidney formula": "It holds results (`security`) in your own laboratory's system, so nobody needs an agreement; by age and sex it supports decisions on doses, also without AI (`s1557`); whether it is support of care or of its administration is open (`fda`).",
    "chatbot on results": "Results (`security`) lie in a vendor's cloud (`baa`); it tells patients what to do next and supports no professional, which is one of the four criteria (`fda`); nobody licensed reads what is generated for patients in California (`ab3030`); whether it is a tool of decision support is open (`s1557`).",
    "chatbot for visitors in Lisbon": "People in the EU speak with AI, and are told so (`art50`); it knows no patient, and hours and parking support no decision on care.",
    "coding assistant": "Discharge notes (`security`) lie in a vendor's cloud (`baa`); a bill supports no decision on care and is meant for no treatment.",
    "no-show list": "It holds patients' visits (`security`) on your own machines, so nobody needs an agreement; whom a clerk telephones about an appointment is no decision on care, and age and sex are not in it.",
    "locked backup": "A log of patients (`security`) is kept outside, and whoever keeps only what it cannot read, without a key, is a business associate all the same (`baa`); nothing is decided by it.",
    "benchmark table": "By Safe Harbor, with no way known back to a person, it holds no patient's information any more, so nothing has to be kept safe or agreed on; and nothing is decided by it.",
}


def drawn(dice):
    """Six features, in any order: name to ``does``, ``rules``, ``also``, ``vendor``, ``group``, ``because``."""
    chosen = {}
    for group, some in BANK.items():
        name = sorted(some)[int(dice.integers(len(some)))]
        does, rules, also, vendor = some[name]
        chosen[name] = {"does": does, "rules": set(rules), "also": set(also), "vendor": vendor, "group": group, "because": BECAUSE[name]}
    names = list(chosen)
    return {names[place]: chosen[names[place]] for place in dice.permutation(len(names))}
