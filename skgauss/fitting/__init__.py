"""What a fit does around its climb: validation, the start, callbacks, attributes, warnings.

The climb itself is in `solvers`, and what a fitted Gaussian computes is in `density`.
"""

from .._wording import DOCUMENTATION_URL
from .advice import fit_warnings
from .attempt import Attempt, Outcome
from .attributes import (
    copy_to_fit,
    derived_attributes,
    fitted_attributes,
    input_attributes,
    input_of_statistics,
    iterate_attributes,
    replace_fit,
    row_attributes,
    solution_attributes,
)
from .callbacks import FitTask
from .start import given_parameters, start_of
from .validation import check_labels, check_together, checked_statistics, convert_for
