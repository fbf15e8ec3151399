"""Akaike's and the Bayesian information criterion, by which models of the same rows compare.

References
----------
Akaike (1974), "A new look at the statistical model identification", IEEE Transactions on Automatic
Control 19(6); Schwarz (1978), "Estimating the dimension of a model", The Annals of Statistics 6(2).
"""

import math


def information_criteria(
    log_likelihood: float, n_parameters: int, n_samples: float, name: str = "X"
) -> tuple[float, float]:
    """AIC and BIC of all rows together, in nats: the deviance and a penalty on the parameters.

    `log_likelihood` is the sum over all rows. `n_samples` is the weight of the rows with values of
    X, or of the table called `name`.
    """
    if not n_samples > 0:
        raise ValueError(f"No value of {name} is known, so there is nothing to compare models by.")
    deviance = -2.0 * float(log_likelihood)
    return deviance + 2.0 * n_parameters, deviance + math.log(n_samples) * n_parameters
