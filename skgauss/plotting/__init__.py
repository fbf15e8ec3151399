"""Plots of fits, as scikit-learn's Display classes.

Importing this room needs no matplotlib; plotting does (``pip install "skgauss[plot]"``).
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
