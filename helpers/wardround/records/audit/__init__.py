"""What is wrong with an export: weeks 1 and 2 of the course as one report on *any* FHIR R4 export.

``audit(hospital)`` looks at what :func:`wardround.records.read_export` opened and returns an :class:`Audit`. It judges
by what the export itself says, by check digits, and by limits that stand in ``limits.py`` as our assumptions; it knows
no seed and no truth, and says what it could not judge.
"""

from .register import CHECKS, Check
from .report import html, keep, terminal, writable
from .run import Audit, audit

__all__ = ["CHECKS", "Audit", "Check", "audit", "html", "keep", "terminal", "writable"]
