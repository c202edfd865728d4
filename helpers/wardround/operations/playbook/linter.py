"""The playbook's linter: it holds twelve decisions against what was built, the rules, and each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wardround.operations.report_lint import Finding, Linted
from wardround.operations.report_reading import NotChecked

from .checks_built import BUILT
from .checks_rules import RULES
from .held import Held

Check = Callable[[Held], Iterator[str]]
CHECKS: dict[str, Check] = {check.__name__.replace("_", " "): check for check in (*BUILT, *RULES)}
UNREADABLE = "cannot be read"


def lint(held: Held) -> Linted:
    """Make every check; what cannot be read comes first, and a check that lacks something is listed as not made."""
    findings = [Finding(UNREADABLE, str(one)) for one in held.read.mistakes]
    not_made: list[tuple[str, str]] = []
    for kind, check in CHECKS.items():
        try:
            findings.extend(Finding(kind, sentence) for sentence in check(held))  # kept, if it ends in NotChecked
        except NotChecked as why:
            not_made.append((kind, str(why)))
        except Exception as trouble:  # a learner's file may hold anything, and the page must be written all the same
            not_made.append((kind, f"what was built cannot be read ({type(trouble).__name__})"))
    return Linted(tuple(findings), tuple(not_made), len(CHECKS) - len(not_made))
