"""The Gaussian itself: families of covariances, parametrizations, linear algebra.

What belongs here is true of a mean and a covariance without any data: factors and their algebra,
theta and the chain rule. What rows say of each other's values does not: that is `conditioning`.
"""

from .diagonal import Diagonal
from .full import Family, Full, make_family
from .linalg import LARGEST_SCALE, SMALLEST_SCALE, NotPositiveDefiniteError
from .pairs import pairs_of
from .parametrizations import PARAMETRIZATIONS, Parametrization
