"""The playbook's linter: it holds twelve decisions against what was built, the rules, and each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from wardround.operations.report_lint import Finding, Linted, made

from .checks_built import BUILT
from .checks_rules import RULES
from .held import Held

Check = Callable[[Held], Iterator[str]]
CHECKS: dict[str, Check] = {check.__name__.replace("_", " "): check for check in (*BUILT, *RULES)}
UNREADABLE = "cannot be read"


def lint(held: Held) -> Linted:
    """Make every check; what cannot be read comes first, and a check that lacks something is listed as not made."""
    found = made(CHECKS, held, "what was built cannot be read")
    unread = tuple(Finding(UNREADABLE, str(one)) for one in held.read.mistakes)
    return replace(found, findings=unread + found.findings)
