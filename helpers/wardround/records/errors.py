"""What may go wrong while records are read, each as one sentence: what happened, where, and how to mend it."""

from __future__ import annotations


class RecordsError(ValueError):
    """An export cannot be read, or does not hold what was asked of it."""


class ViewError(RecordsError):
    """A ViewDefinition cannot be understood, or meets data that it forbids."""
