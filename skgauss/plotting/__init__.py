"""Pictures of fits, by scikit-learn's Display conventions.

Importing this needs no matplotlib; plotting does (``pip install "skgauss[plot]"``).
"""

from .confidence import IntervalDisplay
from .convergence import ConvergenceDisplay
from .gaussian_ellipse import GaussianEllipseDisplay
from .likelihood_path import LikelihoodPathDisplay
from .qq import QQDisplay

__all__ = [
    "ConvergenceDisplay",
    "GaussianEllipseDisplay",
    "IntervalDisplay",
    "LikelihoodPathDisplay",
    "QQDisplay",
]
