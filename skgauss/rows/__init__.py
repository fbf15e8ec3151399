"""Rows: where X lies: in memory, in another array library, with Dask; limits and weights.

The code here validates rows and turns them, where they lie, into statistics or into one number
each. The way of X:

    X -> rows_of -> Rows, which are `ArrayRows` (inputs.py) or `DaskRows` (dask.py)
      -> Block (block.py), made by a `Reader` (censoring.py) if values may be in intervals
      -> Summarize (summarize.py), with a `Window` (window.py) if rows are truncated
      -> Statistics, of the room `statistics`
"""

from ..blocks import to_host
from .array_api import has_finite_sum, signs, squared_distances, sum_and_weight
from .block import Block, Intervals, coarse_intervals, incomplete_rows
from .censoring import check_not_crossed, rounded_alike, warn_of_misplaced_ends
from .check_limits import checked_limits
from .dask import check_stays_lazy
from .feature_names import feature_index, feature_indices, feature_names, values_given
from .inputs import Rows, rows_of
from .rounding import at_or_above, at_or_below, to_float64_at_limits
from .summarize import Summarize
from .targets import checked_targets, drop_zero_weights, join_targets, target_names
from .window import Truncation, Window
