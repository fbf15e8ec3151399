"""One pass over the rows, block by block: sums of products, one number a row, threads, Dask's tree.

The code here reads every value of X, in any array library. It knows nothing of Gaussians: neither
what the sums are for nor what X may be.
"""

from .array_api import check_no_mask, map_rows_on_device, sums_on_device, to_float64, to_host
from .dask import VALUES, WrongRowError, apply_to_block, map_values, tree_sum
from .infinity import check_no_infinity, told_by_place
from .passes import blas_threads_for_pass, chunk_sums, chunks_of, map_rows
from .sums import Sums, scaled_weights
