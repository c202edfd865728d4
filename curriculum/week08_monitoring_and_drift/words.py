"""The words of week 8's answers, and how a panel is drawn."""

from __future__ import annotations

import re

import pandas as pd

VERSIONS = {
    "quiet": "usual care goes on",
    "home visits end": "a service of home visits ends on 30 December 2024: who lived by it comes back more; no input changes",
    "the model calls": "from 30 December 2024 the model says who is called, and a nurse's visit comes with each call",
}
CAUSES = {
    "unit at one site": "a laboratory of one site sends a result in another unit under its old name",
    "code renamed": "a result comes under a code that nobody maps, and counts as missing",
    "new analyser": "a new device reads a little higher, for everybody: patients are sorted as before, and the list hardly moves",
    "season": "it is summer, or winter, as every year",
    "home visits end": "something outside the model has changed, and patients come back more",
    "the model helps": "those who are called come back less, because they are called",
    "labels not there yet": "outcomes of the last months are not all known",
    "threshold typo": "the release has set another threshold than was meant",
    "chance": "nothing; with many tests one of them says so",
    "the model has worn out": "the same patients come back as before, and the model sorts them worse",
}
SIGNALS = {
    "discharges": "a week, three towns",
    "discharges_year_before": "in the same week of the year before (2025 only)",
    "score": "mean of the week",
    "flagged": "of 100 who go home, those with a score at or above the threshold",
    "creatinine_quillmere": "median, mg/dL",
    "creatinine_eastbank": "median, mg/dL",
    "haemoglobin": "mean, g/dL",
    "no_sodium": "of 100 discharges, those without a sodium",
    "known": "of 100 outcomes of the week, those that are settled",
    "oe": "returns over promised, all discharges of 26 weeks",
    "oe_hold_out": "the same, of those who drew a ticket and go home; with its interval, `hold_out_low` to `hold_out_high`",
}
NO_SIGNAL = "nothing"
_USUAL = {
    "discharges": (0, 400),
    "score": (0, 0.2),
    "flagged": (0, 60),
    "creatinine_quillmere": (0, 1.5),
    "creatinine_eastbank": (0, 1.5),
}
_USUAL |= {
    "haemoglobin": (13, 14.5),
    "no_sodium": (0, 40),
    "known": (0, 110),
    "oe": (0.4, 1.8),
    "oe_hold_out": (0.4, 1.8),
}


ACTIONS = {
    "retrain": "learn the weights anew, on other rows",
    "recalibrate": "keep the order of patients, move the risks",
    "roll back": "return to the bundle that was good last",
    "mend the feed": "repair what delivers the data, and score again what was scored wrongly",
    "leave": "write down what was looked at and why nothing is done",
}
OWNERS = {
    "on call": "whoever is on call, alone, at any hour: backwards, or nothing",
    "model owner": "who answers for the model; what is new needs a second signature",
    "feed owner": "who answers for the interface or the laboratory system",
    "clinical lead": "who answers for what the wards do with it",
}

ON_TIME = {  # what a monitor must name, and within how many weeks
    "unit at one site": (("creatinine_eastbank",), 3),
    "code renamed": (("no_sodium",), 3),
    "threshold typo": (("flagged",), 3),
    "home visits end": (("oe", "oe_hold_out"), 45),
}
AT_REST = ("new analyser", "chance")  # years in which nobody is to be called
MOST_FALSE = 1  # alarms that are allowed in all years together where nothing had happened yet, or nothing that harms


def drawn(panel, title=""):
    """Draw a panel: a small view for each signal, dotted at the week that the title names. Its alternative text says from where to where each went."""
    from wardround.evaluation import figure

    halves = {
        name: (panel[name].iloc[:26].mean(), panel[name].iloc[-13:].mean())
        for name in SIGNALS
        if panel[name].iloc[:26].notna().any()
    }
    said = ", ".join(f"{name} from {first:.3g} to {last:.3g}" for name, (first, last) in halves.items())
    names = [name for name in SIGNALS if name != "discharges_year_before"]
    named = re.search(r"\d+ [A-Z][a-z]+ \d{4}", title)
    week = pd.Timestamp(named[0]) if named else None

    def draw(axes):
        for one, name in zip(axes, names, strict=True):
            if week is not None:
                one.axvline(week, color="#5F5F5F", linestyle=":", linewidth=1, marker="")
            one.plot(panel.index, panel[name], marker="")
            if name == "discharges":
                one.plot(panel.index, panel.discharges_year_before, marker="")
                there = panel.discharges_year_before.dropna()
                one.annotate(
                    "year before", (there.index[0], there.min()), (0, -12), textcoords="offset points", fontsize=8
                )
            if name == "oe_hold_out":
                one.fill_between(panel.index, panel.hold_out_low, panel.hold_out_high, alpha=0.2)
            low, high = _USUAL[name]
            one.set(
                ylabel=name.replace("_", "\n"),
                xlabel="week",
                ylim=(min(low, panel[name].min()), max(high, 1.05 * panel[name].max())),
            )
            one.set(xticks=panel.index[[0, 76]], xticklabels=["July 24", "Dec 25"])

    says = f"Means of the first half-year and of the last thirteen weeks: {said}."
    return figure(draw, says=says, title=title, size=(9.0, 10.0), grid=(5, 2), table=panel.iloc[::6].round(2))
