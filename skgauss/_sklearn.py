"""Every private name of scikit-learn that the package uses, and its purpose.

A release of scikit-learn may move these names without notice; then only this file has to change.
The package also relies on ``_validate_params``, which scikit-learn calls before `fit`, and on
attributes of its callbacks (``_init_callback_context``, ``_skl_callbacks``) and of its HTML repr
(``_doc_link_module``, ``_doc_link_template``).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

# Whether an object is an array of a library that the array API standard covers.
from sklearn.externals.array_api_compat import is_array_api_obj

# The namespace of NumPy arrays, for code that knows that an array is one of them.
from sklearn.externals.array_api_compat import numpy as numpy_namespace

# The namespace and the device of arrays, a way to move them, and the widest floats of a device.
from sklearn.utils._array_api import _max_precision_float_dtype as widest_float
from sklearn.utils._array_api import get_namespace, get_namespace_and_device, move_to

# Rows, by position, of a table of any library in memory.
from sklearn.utils._indexing import _safe_indexing as rows_at

# The number of threads that joblib and containers allow OpenMP, and thus BLAS, to use.
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads as n_threads_allowed

# The kinds of constraints in the table of an estimator.
from sklearn.utils._param_validation import Interval, StrOptions

# Raises an error for a parameter that violates its constraints in the table.
from sklearn.utils._param_validation import validate_parameter_constraints as check_parameters

# The kind of frame that `set_output` asks a transformer for.
from sklearn.utils._set_output import _get_output_config as output_config

# Validates length, dtype and sign of sample weights, with scikit-learn's error messages.
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

# Names of the columns of a frame of any library, if all of them are strings.
from sklearn.utils.validation import _get_feature_names as names_of_columns

if TYPE_CHECKING:  # scikit-learn has no type hints, so its decorator would make `fit` return Any
    Method = TypeVar("Method", bound=Callable[..., Any])

    def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]: ...
else:
    # A decorator of `fit` that validates the parameters by the estimator's table of constraints.
    from sklearn.base import _fit_context as fit_context
