"""Some values of a row given its others, under a known Gaussian.

What belongs here is the law of what is missing, or known only to an interval, given what is known
exactly, the density of the latter, and draws. How many rows say it, and with which weights, does
not.
"""

from .alone import Alone
from .draws import drawn_inside
from .incomplete import drawn_rows, scores_of_rows
from .intervals import (
    Coarsened,
    CoarseRows,
    Score,
    Standardization,
    coarse_rows,
    coarsened,
)
from .lattice_points import lattice_of_window
from .missing import Conditioner, hidden_basis
from .observed import completed, marginals_of
from .patterns import MissingPatterns, batches, sort_patterns
from .scores import score_moments
