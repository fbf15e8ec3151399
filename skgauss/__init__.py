"""Gradient-based maximum likelihood for a Gaussian, as a scikit-learn estimator."""

from .estimator import GaussianGradientMLE
from .imputer import GaussianImputer
from .inference import likelihood_ratio_test, mcar_test
from .outlier import GaussianOutlierDetector
from .plotting import (
    ConvergenceDisplay,
    GaussianEllipseDisplay,
    IntervalDisplay,
    LikelihoodPathDisplay,
    QQDisplay,
)
from .regressor import GaussianRegressor
from .statistics import IncompleteStatistics, SufficientStatistics
from .tables import parse_limits

__version__ = "0.1.0"

__all__ = [
    "ConvergenceDisplay",
    "GaussianEllipseDisplay",
    "GaussianGradientMLE",
    "GaussianImputer",
    "GaussianOutlierDetector",
    "GaussianRegressor",
    "IncompleteStatistics",
    "IntervalDisplay",
    "LikelihoodPathDisplay",
    "QQDisplay",
    "SufficientStatistics",
    "__version__",
    "likelihood_ratio_test",
    "mcar_test",
    "parse_limits",
]
