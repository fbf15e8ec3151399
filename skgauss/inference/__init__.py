"""How sure an estimate is: standard errors, intervals, tests.

What belongs here reads the likelihood at the maximum of a fit, and around it. How the maximum is
found does not, nor what can be asked of the Gaussian itself.

An interval takes four steps, each in a file:

1. `fitted_point` in ``standard_errors.py`` makes a `FittedPoint` (``point.py``) of what is a
   maximum: the likelihood that was climbed, its means counted from nearer than zero where these are
   far, and, for the sandwich, the covariance of the scores of the rows (``sandwich.py``).
2. `errors_at` there has the standard errors: by formula where the likelihood knows which share of
   the information the data left it, from products with the information where its matrix would be
   too large, and else from the moves of all parameters by the steps whose products are its inverse.
3. `wald` in ``confidence.py`` puts ends about the estimates, on scales that have no bounds.
   `profile` there needs no errors: it has ends by formula, too, or climbs to each of them
   (``profile.py``) from the maximum, which is first polished, as a fall of the likelihood is to be
   told from it. An end at a singular covariance no climb reaches, but ``boundary.py`` does.
4. `FittedPoint.bunch` and `FittedPoint.listed` put numbers as a user sees them.
"""

from .confidence import check_level, wald_ends
from .mcar import mcar_test
from .methods import InferenceMethods
from .point import check_fitted, check_maximum, check_method, likelihood_of
from .ratio import likelihood_ratio_test
from .standard_errors import covariance_of_mean, drawn, moves
from .summary import criteria, rows_and_shares, tabulated
