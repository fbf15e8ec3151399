"""Gradient-based maximum likelihood for a Gaussian, as a scikit-learn estimator."""

from .estimator import GaussianGradientMLE
from .imputer import GaussianImputer
from .patterns import IncompleteStatistics
from .plotting import ConvergenceDisplay, GaussianEllipseDisplay, LikelihoodPathDisplay
from .statistics import SufficientStatistics

__version__ = "0.1.0"

__all__ = [
    "ConvergenceDisplay",
    "GaussianEllipseDisplay",
    "GaussianGradientMLE",
    "GaussianImputer",
    "IncompleteStatistics",
    "LikelihoodPathDisplay",
    "SufficientStatistics",
    "__version__",
]
