"""How sure an estimate is: standard errors, intervals, tests.

What belongs here reads the likelihood at the maximum of a fit, and around it. How the maximum is
found does not, nor what can be asked of the Gaussian itself.
"""

from .confidence import check_level, confidence_intervals, wald_ends
from .mcar import mcar_test
from .methods import InferenceMethods
from .parameter_covariance import moves, parameter_covariance
from .point import check_fitted, check_maximum, check_method, likelihood_of
from .ratio import likelihood_ratio_test
from .standard_errors import covariance_of_mean, drawn, standard_errors
from .summary import criteria, rows_and_shares, summary, tabulated

__all__ = [
    "InferenceMethods",
    "check_fitted",
    "check_level",
    "check_maximum",
    "check_method",
    "confidence_intervals",
    "covariance_of_mean",
    "criteria",
    "drawn",
    "likelihood_of",
    "likelihood_ratio_test",
    "mcar_test",
    "moves",
    "parameter_covariance",
    "rows_and_shares",
    "standard_errors",
    "summary",
    "tabulated",
    "wald_ends",
]
