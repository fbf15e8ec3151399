"""Gradient-based maximum likelihood for a Gaussian, as a scikit-learn estimator."""

from .estimator import GaussianGradientMLE

__version__ = "0.1.0"

__all__ = ["GaussianGradientMLE", "__version__"]
