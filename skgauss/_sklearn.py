"""Every private name of scikit-learn that the package uses, and what for.

A release of scikit-learn may move them without a word, and this is the file to mend then. Beside
these imports the package relies on ``_validate_params``, which is called around `fit`, and on
attributes of its callbacks (``_init_callback_context``, ``_skl_callbacks``) and of its HTML repr
(``_doc_link_module``, ``_doc_link_template``).
"""

# Validates the parameters of an estimator by its table of constraints, around `fit`.
from sklearn.base import _fit_context as fit_context

# Whether an object is an array of a library that the array API standard covers.
from sklearn.externals.array_api_compat import is_array_api_obj

# The namespace that serves NumPy's arrays, for who knows that an array is one.
from sklearn.externals.array_api_compat import numpy as numpy_namespace

# Where arrays live, which namespace serves them, how they move, and the widest floats there.
from sklearn.utils._array_api import _max_precision_float_dtype as widest_float
from sklearn.utils._array_api import get_namespace, get_namespace_and_device, move_to

# Rows of a table of any library in memory, by their places.
from sklearn.utils._indexing import _safe_indexing as rows_at

# How many threads OpenMP, and so BLAS, may use under the limits of joblib and of containers.
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads as n_threads_allowed

# The kinds of constraints in that table.
from sklearn.utils._param_validation import Interval, StrOptions

# Refuses what no constraint in that table allows.
from sklearn.utils._param_validation import validate_parameter_constraints as check_parameters

# The kind of frame that `set_output` asks a transformer for.
from sklearn.utils._set_output import _get_output_config as output_config

# Weights of a length, a dtype and a sign, in scikit-learn's words where they are not.
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

# Names of the columns of a frame of any library, where all are text.
from sklearn.utils.validation import _get_feature_names as names_of_columns
