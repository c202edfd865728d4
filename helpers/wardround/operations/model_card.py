"""A model card made of what a release holds, and of what only a person can say: the rest is listed as not known.

The attributes are the 31 source attributes of a predictive decision support intervention (45 CFR 170.315(b)(11)(iv)(B),
HTI-1) in short words of ours. Own code: MLflow has no such card, and a template that is filled in by hand goes stale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from markdown_it import MarkdownIt  # Rich brings it

from wardround.operations.bundle import Bundle
from wardround.operations.ledger import Line

# Words in a feature's name that point to one of the nine variables of attribute 12.
NINE = {
    "race": "race", "ethnic": "ethnicity", "language": "language", "orientation": "sexual orientation",
    "gender": "gender identity", "sex": "sex", "female": "sex", "birth": "date of birth",
    "age": "date of birth (as age)",
    "housing": "social determinants", "deprivation": "social determinants", "health_status": "health status",
}  # fmt: skip


class Attribute(NamedTuple):
    """One of the 31: its key, its group, what it asks, and who must say it where nothing else does."""

    key: str
    group: str
    asks: str
    who: str


def _of(group: str, *rows: tuple[str, str, str]) -> list[Attribute]:
    return [Attribute(key, group, asks, who) for key, asks, who in rows]


ATTRIBUTES = (
    *_of(
        "Details and output",
        ("developer", "developer, and how to reach them", "the developer"),
        ("funding", "who paid for the technical work", "the developer"),
        ("value", "the value that is produced", "the developer"),
        ("output_type", "prediction, classification, recommendation, evaluation or analysis", "the developer"),
    ),
    *_of(
        "Purpose",
        ("intended_use", "intended use", "the clinical owner"),
        ("population", "intended patients", "the clinical owner"),
        ("users", "intended users", "the clinical owner"),
        ("role", "whether it informs, augments or replaces a decision", "the clinical owner"),
    ),
    *_of(
        "Out of scope",
        ("cautions", "tasks, situations and patients it is cautioned against", "the clinical owner"),
        ("risks", "known risks, inappropriate settings and uses, limits", "the clinical owner and the developer"),
    ),
    *_of(
        "Development and inputs",
        ("training_criteria", "who was in the training data and who was not", "the developer"),
        ("nine_variables", "which demographic, social and health-status variables are inputs", "the developer"),
        ("training_representative", "how the training data represent people by demographic group", "the developer"),
        ("relevance", "how the training data fit the place of use", "the developer and the site"),
    ),
    *_of(
        "Fairness in development",
        ("fair_approach", "approach to a fair output", "the developer"),
        ("bias_approach", "approaches to find, reduce or remove bias", "the developer"),
    ),
    *_of(
        "External validation",
        ("external_data", "on whose data", "who validated it"),
        ("external_party", "by whom", "who validated it"),
        ("external_representative", "how those data represent people by demographic group", "who validated it"),
        ("external_process", "how it was done", "who validated it"),
    ),
    *_of(
        "Measured performance",
        ("test_validity", "validity on test data of the same source", "the developer"),
        ("test_fairness", "fairness on test data of the same source", "the developer"),
        ("external_validity", "validity on external data", "who validated it"),
        ("external_fairness", "fairness on external data", "who validated it"),
        ("outcomes", "evaluations of its effect on outcomes", "the clinical owner"),
    ),
    *_of(
        "Maintenance",
        ("monitor_validity", "how and how often validity is watched", "the operations owner"),
        ("local_validity", "validity in local data", "the site"),
        ("monitor_fairness", "how and how often fairness is watched", "the operations owner"),
        ("local_fairness", "fairness in local data", "the site"),
    ),
    *_of(
        "Updates",
        ("update", "how and how often it is updated", "the operations owner"),
        ("correction", "how often performance is corrected when a risk shows", "the operations owner"),
    ),
)  # fmt: skip


class Entry(NamedTuple):
    """An attribute with what is known of it, and from where; ``text`` is empty where nobody has said it."""

    attribute: Attribute
    text: str
    source: str


class ModelCard(NamedTuple):
    """The card: its release, and an entry for each of the 31 attributes, in their order."""

    bundle: Bundle
    released: Line | None
    entries: tuple[Entry, ...]

    @property
    def missing(self) -> list[Attribute]:
        """Attributes that nobody has said."""
        return [entry.attribute for entry in self.entries if not entry.text]

    def markdown(self) -> str:
        """Return the card as Markdown; what anybody wrote is text in it, never markup."""
        bundle, groups = self.bundle, dict.fromkeys(one.group for one in ATTRIBUTES)
        when = f"released {self.released.at} by {_text(self.released.actor)}" if self.released else "not released"
        lines = [f"# {_text(bundle.name)}, version {bundle.version}", ""]
        lines += [f"Bundle `{bundle.digest[:12]}`, {when}. Threshold {bundle.policy.threshold}.", ""]
        known = len(self.entries) - len(self.missing)
        lines += [f"{known} of {len(self.entries)} source attributes are known; {len(self.missing)} are not.", ""]
        for group in groups:
            lines += [f"## {group}", "", "| asked | said | from |", "| --- | --- | --- |"]
            for attribute, text, source in self.entries:
                if attribute.group == group:
                    said = _text(text) if text else f"**not known**: {attribute.who} must say"
                    lines.append(f"| {attribute.asks} | {said} | {_text(source)} |")
            lines.append("")
        return "\n".join(lines)

    def html(self) -> str:
        """Return the card as a page of its own that needs no network."""
        body = MarkdownIt("commonmark", {"html": False}).enable("table").render(self.markdown())
        title = f"Model card, version {self.bundle.version}"
        return (
            f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>\n'
            "<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
            "color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%}td,th{border:1px solid #767676;"
            "padding:.4rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}td:first-child{width:30%}</style></head>\n"
            f"<body><main>\n{body}</main></body>\n</html>\n"
        )


def model_card(
    bundle: Bundle,
    *,
    run: Mapping[str, Any] | None = None,
    evaluation: Mapping[str, str] | None = None,
    said: Mapping[str, str] | None = None,
    released: Line | None = None,
) -> ModelCard:
    """Make the card of a bundle.

    Parameters
    ----------
    run
        The run's ``data.metrics``: those named ``test_…`` and ``external_…`` are shown, with ``fairness`` in the name
        under fairness.
    evaluation
        Results kept from an evaluation, and
    said
        what persons said, each by an attribute's key. What was kept goes before what was said, and that before the run.
    released
        The line of the log that released it.

    Raises
    ------
    KeyError
        A key that is no attribute's.
    """
    evaluation, said = dict(evaluation or {}), dict(said or {})
    keys = {attribute.key for attribute in ATTRIBUTES}
    if unknown := sorted({*evaluation, *said} - keys):
        raise KeyError(f"{', '.join(unknown)} is no source attribute; they are {', '.join(sorted(keys))}.")
    held = {**_of_bundle(bundle), **_of_metrics(run or {})}
    roads = ((evaluation, "kept evaluation"), (said, "said by a person"), (held, "the release"))
    entries = []
    for attribute in ATTRIBUTES:
        text, source = next(((road[attribute.key], name) for road, name in roads if road.get(attribute.key)), ("", ""))
        entries.append(Entry(attribute, str(text), source))
    return ModelCard(bundle, released, tuple(entries))


def _of_bundle(bundle: Bundle) -> dict[str, str]:
    found = {
        name: what
        for name in bundle.features
        for word, what in NINE.items()
        if word == name or (len(word) > 3 and word in name) or word in name.split("_")
    }
    inputs = ", ".join(f"{name} ({what})" for name, what in found.items())
    everything = f"all {len(bundle.features)} inputs: {', '.join(bundle.features)}"
    return {
        "value": "a probability from 0 to 1, and an alert from the threshold on",
        "output_type": "prediction",
        "nine_variables": f"{inputs or 'none by name'}; {everything}",
    }


def _of_metrics(metrics: Mapping[str, Any]) -> dict[str, str]:
    shown: dict[str, list[str]] = {}
    for name, value in sorted(metrics.items()):
        where = name.split("_")[0]
        if where in ("test", "external"):
            key = f"{where}_{'fairness' if 'fairness' in name else 'validity'}"
            shown.setdefault(key, []).append(f"{name.removeprefix(where + '_')} {value:.3g}")
    return {key: "; ".join(said) for key, said in shown.items()}


def _text(value: str) -> str:
    """Anything as text in a Markdown table."""
    return re.sub(r"([\\`*_\[\]<>|&#~!])", r"\\\1", " ".join(str(value).split()))
