"""How sure an estimate is: standard errors, intervals, tests.

What belongs here reads the likelihood at the maximum of a fit, and around it. How the maximum is
found does not, nor what can be asked of the Gaussian itself.
"""

from .errors import covariance_of_mean, standard_errors
from .intervals import confidence_intervals
from .point import likelihood_of
from .ratio import likelihood_ratio_test
from .table import summary

__all__ = [
    "confidence_intervals",
    "covariance_of_mean",
    "likelihood_of",
    "likelihood_ratio_test",
    "standard_errors",
    "summary",
]
