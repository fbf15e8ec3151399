"""Gaussians within boxes: the probability of a box, and the moments inside it.

Code here takes a Gaussian and one box of intervals per row, for many rows at a time. It does not
know where the intervals come from, or what the moments are used for.
"""

from .base import Boxes, BoxMoments, slices
from .draws import draw_in_each, draw_within
from .expectation_propagation import expectation_propagation
from .integration import MIN_LATTICE_VARIABLES, box_moments, box_scores
from .lattice import N_POINTS, Lattice
from .univariate import INTERVALS_IN_CACHE, of_square, univariate_moments
