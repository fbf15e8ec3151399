"""One pass over the rows, block by block: sums of products, one number a row, threads, Dask's tree.

What belongs here touches every value of X, of whichever array library, and knows nothing of
Gaussians: not what the sums are for, and not what X may be.
"""

from .array_api import doubles, map_rows_elsewhere, sums_elsewhere, to_host
from .dask import VALUES, WrongRowError, map_values, of_numbered_block, tree_sum
from .passes import blas_threads_for_pass, chunk_sums, chunks_of, map_rows
from .sums import Sums, scaled_weights
