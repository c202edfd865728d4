"""Measuring a model as a hospital must: and showing it so that everybody can read it."""

from .expected import expected_auroc, expected_brier, expected_calibration, expected_ratio
from .figures import Figure, FigureError, direct_label, figure, intervals, lines, palette
from .uncertainty import Estimate, EvaluationError, auroc, auroc_difference, auroc_value, bootstrap, wilson

__all__ = [
    "Estimate",
    "EvaluationError",
    "Figure",
    "FigureError",
    "auroc",
    "auroc_difference",
    "auroc_value",
    "bootstrap",
    "direct_label",
    "expected_auroc",
    "expected_brier",
    "expected_calibration",
    "expected_ratio",
    "figure",
    "intervals",
    "lines",
    "palette",
    "wilson",
]
