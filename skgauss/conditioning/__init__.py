"""Some values of a row given its others, under a known Gaussian.

Code here finds the distribution of values that are missing or known only to an interval, given the
exact values of the same row, the density of the exact values, and draws. Averages over a data set
belong in `likelihoods`.
"""

from .draws import drawn_inside, drawn_rows
from .intervals import Coarsened, CoarseRows, Score, coarse_rows, coarsened
from .lattice_points import error_on_most_points, lattice_of_step, lattice_of_window, suits_window
from .missing import Conditioner, hidden_basis
from .observed import completed, marginals_of
from .patterns import MissingPatterns, batches, sort_equal, sort_patterns
from .row_scores import scores_of_rows
from .scores import score_moments
from .single_intervals import SingleIntervals, are_intervals
from .standardization import Standardization
