"""Gaussians within boxes: the probability of a box, and the moments inside it.

What belongs here knows a Gaussian and intervals for some of its features, many rows at a time.
Which data have intervals, what is known beside them, and what likelihood wants the moments
does not.
"""

from .base import BoxMoments, slices
from .draws import draw_in_each, draw_within
from .expectation_propagation import expectation_propagation
from .integration import FEWEST_OF_LATTICE, box_moments, box_scores
from .lattice import N_POINTS, Lattice
from .univariate import IN_CACHE, of_square, univariate_moments
