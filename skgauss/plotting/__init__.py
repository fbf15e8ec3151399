"""Pictures of fits, by scikit-learn's Display conventions.

Importing this needs no matplotlib; plotting does (``pip install "skgauss[plot]"``).
"""

from .gaussian_ellipse import GaussianEllipseDisplay

__all__ = ["GaussianEllipseDisplay"]
