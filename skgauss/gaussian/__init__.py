"""The Gaussian itself: families of covariances, parametrizations, linear algebra.

Nothing here sees data: there are factors and their algebra, theta and the chain rule. The
distribution of some values of a row given the others is in `conditioning`.
"""

from .base import MIN_ROWS
from .diagonal import Diagonal
from .full import Family, Full, make_family
from .linalg import MAX_SCALE, MIN_SCALE, NotPositiveDefiniteError
from .parametrizations import PARAMETRIZATIONS, Parametrization
