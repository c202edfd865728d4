"""The one error a person who builds or opens a hospital may see."""

from __future__ import annotations


class HospitalError(ValueError):
    """One sentence: what happened, where, and how to mend it."""
