"""Statistics: all that a likelihood sees of the rows, and monoids under ``+``.

The code here holds the data once they are summarised: of complete rows, by pattern of missing
values, with intervals, feature by feature, or left in blocks of Dask. It knows neither how rows are
read nor how statistics are used.
"""

from .by_feature import AvailableMoments, has_missing
from .complete import (
    SufficientStatistics,
    of_sums,
    pairwise_sum,
    summarize,
    valid_weights,
    weight_scale,
)
from .dask import AnyStatistics, ScatteredStatistics, bounded_sum
from .incomplete import IncompleteStatistics, summarize_incomplete
from .intervals import IntervalStatistics, summarize_intervals
