"""How many patients a new model needs before it is worth fitting."""

from __future__ import annotations

from math import ceil, log
from typing import NamedTuple

from .uncertainty import EvaluationError


class SampleSize(NamedTuple):
    """Rows that a new binary prediction model needs.

    Attributes
    ----------
    n, events
        The largest of the three criteria, and the events expected among them.
    events_per_parameter
        Two decimals.
    for_shrinkage, for_optimism, for_risk
        What each criterion asks.
    """

    n: int
    events: float
    events_per_parameter: float
    for_shrinkage: int
    for_optimism: int
    for_risk: int


def development_size(r2: float, parameters: int, prevalence: float, shrinkage: float = 0.9) -> SampleSize:
    """The smallest sample for developing a model of a yes/no outcome.

    Parameters
    ----------
    r2
        Cox-Snell R-squared that is expected, below the most that the prevalence allows: from an earlier model.
    parameters
        Coefficients that are considered, not features: a spline or a category counts several.
    prevalence
        Share with the event, between 0 and 1.
    shrinkage
        The least that is accepted of the coefficients' later worth.

    Raises
    ------
    EvaluationError
        A value outside its range.

    Notes
    -----
    Riley et al., Stat Med 2019;38:1276: (i) a shrinkage of at least 0.9, (ii) an optimism of at most 0.05 in
    Nagelkerke's R-squared, (iii) the overall risk within 0.05. Our own: three formulas of the paper; the package that
    has them (pmsampsize) is R's. Rows must be independent people.
    """
    if not (0 < prevalence < 1 and parameters >= 1 and 0 < shrinkage < 1):
        raise EvaluationError("A prevalence and a shrinkage lie between 0 and 1, and there is at least one parameter.")
    most = 1 - (prevalence**prevalence * (1 - prevalence) ** (1 - prevalence)) ** 2
    if not 0 < r2 < most or r2 >= shrinkage:
        raise EvaluationError(f"A Cox-Snell R-squared of {r2:g} cannot be; at this prevalence it is below {most:.3f}.")
    kept = r2 / (r2 + 0.05 * most)
    asked = (
        ceil(parameters / ((shrinkage - 1) * log(1 - r2 / shrinkage))),
        ceil(parameters / ((kept - 1) * log(1 - r2 / kept))),
        ceil((1.96 / 0.05) ** 2 * prevalence * (1 - prevalence)),
    )
    events = max(asked) * prevalence
    return SampleSize(max(asked), events, round(events / parameters, 2), *asked)
