"""Public patients that come with installed libraries, so that published figures can be met without copying data."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd
from scipy.special import expit


def cancers() -> pd.DataFrame:
    """750 people of the decision-curve tutorial, 105 with cancer: ``cancer``, ``cancerpredmarker``, ``famhistory``."""
    return pd.read_csv(str(files("dcurves") / "data" / "df_binary.csv"))


def birth_weights() -> tuple[np.ndarray, np.ndarray]:
    """Low birth weight (Hosmer and Lemeshow), 189 births, 59 low; and the risks of the usual logistic model.

    statsmodels' copy has a mother of 106 pounds where R's ``MASS::birthwt`` has 105; the published figures are R's.
    """
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    births = pd.read_csv(str(files("statsmodels") / "genmod" / "tests" / "results" / "stata_lbw_glm.csv"))
    births.loc[births["id"] == 76, "lwt"] = 105
    model = smf.glm("low ~ age + lwt + C(race) + smoke + ptl + ht + ui", births, family=sm.families.Binomial())
    return births["low"].to_numpy(), model.fit().fittedvalues.to_numpy()


def on_the_logit_scale(risk: np.ndarray, times: float = 1, plus: float = 0) -> np.ndarray:
    """The risks with their logit stretched and shifted."""
    return expit(times * np.log(risk / (1 - risk)) + plus)
