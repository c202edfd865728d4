"""Measuring a model as a hospital must: and showing it so that everybody can read it."""

from .figures import Figure, FigureError, direct_label, figure, lines, palette

__all__ = ["Figure", "FigureError", "direct_label", "figure", "lines", "palette"]
