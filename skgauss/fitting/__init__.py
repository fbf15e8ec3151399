"""Around a climb: validation, the start, callbacks, attributes, and what a failed fit tells.

What belongs here serves an estimator before and after its climb. What can be asked of a
fitted Gaussian does not, nor does the climb itself.
"""

from .._wording import DOCUMENTATION_URL
from .advice import words_of
from .attempt import Attempt, Outcome
from .attributes import (
    input_attributes,
    input_of_statistics,
    iterate_attributes,
    law_attributes,
    replace_fit,
    solution_attributes,
)
from .callbacks import FitTask
from .start import given_parameters, start_of
from .validation import check_labels, check_together, checked_statistics, of_type
