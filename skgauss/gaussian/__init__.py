"""The Gaussian itself: families of covariances, parametrizations, conditioning, linear algebra.

What belongs here is true of a mean and a covariance without any data to fit: factors and
their algebra, theta and the chain rule, the law of some features given others, or given intervals.
"""

from .coarsened import Coarsened, CoarseRows, Frame, coarse_rows, coarsened, independent
from .conditional import Conditioner, hidden_basis
from .diagonal import Diagonal
from .families import Family, family_of, make_family, type_of
from .full import Full
from .gaps import Gaps, pieces, sort_patterns
from .inside import drawn_inside
from .linalg import NotPositiveDefiniteError
from .marginals import completed, marginals_of
from .pairs import pairs_of
from .parametrizations import PARAMETRIZATIONS, Parametrization
from .scales import LARGEST_SCALE, SMALLEST_SCALE

__all__ = [
    "LARGEST_SCALE",
    "PARAMETRIZATIONS",
    "SMALLEST_SCALE",
    "CoarseRows",
    "Coarsened",
    "Conditioner",
    "Diagonal",
    "Family",
    "Frame",
    "Full",
    "Gaps",
    "NotPositiveDefiniteError",
    "Parametrization",
    "coarse_rows",
    "coarsened",
    "completed",
    "drawn_inside",
    "family_of",
    "hidden_basis",
    "independent",
    "make_family",
    "marginals_of",
    "pairs_of",
    "pieces",
    "sort_patterns",
    "type_of",
]
