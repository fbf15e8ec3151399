"""Tables: what users pass as X, y or statistics, its names and labels, and its values as numbers.

The code here knows frames of every library, lists, and text with limits. It tells what cannot be
read as numbers, with a remedy. It knows nothing of rows, weights and intervals.
"""

from .frames import check_same_names, check_same_order, column_dtypes, column_names, like
from .kinds import check_table, is_dask, is_dask_frame, is_in_other_library
from .labels import as_table, axis_labels, check_distinct_names, column_labels
from .numbers import READ, as_numbers, is_converted_silently, is_number, numbers_of_parameter
from .parse_limits import parse_limits
