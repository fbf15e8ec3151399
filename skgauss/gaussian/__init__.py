"""The Gaussian itself: families of covariances, parametrizations, conditioning, linear algebra.

What belongs here is true of a mean and a covariance without any data to fit: factors and
their algebra, theta and the chain rule, the law of some features given others.
"""

from .conditional import Conditioner, hidden_basis
from .diagonal import Diagonal
from .families import Family, family_of, make_family
from .full import Full
from .gaps import Gaps, pieces, sort_patterns
from .inside import drawn_inside
from .linalg import NotPositiveDefiniteError
from .marginals import completed, marginals_of
from .parametrizations import PARAMETRIZATIONS, Parametrization
from .scales import LARGEST_SCALE, SMALLEST_SCALE

__all__ = [
    "LARGEST_SCALE",
    "PARAMETRIZATIONS",
    "SMALLEST_SCALE",
    "Conditioner",
    "Diagonal",
    "Family",
    "Full",
    "Gaps",
    "NotPositiveDefiniteError",
    "Parametrization",
    "completed",
    "drawn_inside",
    "family_of",
    "hidden_basis",
    "make_family",
    "marginals_of",
    "pieces",
    "sort_patterns",
]
