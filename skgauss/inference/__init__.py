"""How sure an estimate is: standard errors, intervals, tests.

This room examines the likelihood at and around the maximum of a fit. It neither searches for that
maximum nor computes properties of the Gaussian itself.

A confidence interval takes four steps:

1. `fitted_point` in ``standard_errors.py`` makes a `FittedPoint` (``point.py``) from a fit that is
   at a maximum. It holds the likelihood that was climbed, with means counted from near the
   estimates if these are far from zero. For the sandwich, it also holds the covariance of the
   scores of the rows (``sandwich.py``).
2. `errors_at` there computes the standard errors: in closed form if `Likelihood.shares` has one, by
   products with the information if its matrix would be too large, otherwise from its inverse.
3. `wald` in ``confidence.py`` computes the ends from estimates and errors, on unbounded scales.
   `profile` there needs no errors. It uses a closed form, or climbs to each end (``profile.py``)
   from the maximum, which is polished first. A climb cannot reach an end at a singular
   covariance; ``boundary.py`` finds it.
4. `FittedPoint.bunch` and `FittedPoint.listed` arrange the numbers as users see them.
"""

from .checks import check_fitted, check_maximum, check_method
from .confidence import check_level, wald_ends
from .mcar import mcar_test
from .methods import InferenceMethods
from .point import likelihood_of
from .posterior import draw_gaussian
from .ratio import likelihood_ratio_test
from .standard_errors import covariance_of_mean, moves
from .summary import counts_line, criteria_line, report_table
