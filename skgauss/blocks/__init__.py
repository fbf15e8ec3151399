"""One pass over the rows, block by block: sums of products, one number a row, threads, Dask's tree.

What belongs here touches every value of X, of whichever array library, and knows nothing of
Gaussians: not what the sums are for, and not what X may be.
"""

from .dask import VALUES, WrongRowError, map_values, of_numbered_block, tree_sum
from .passes import blas_threads_for_pass, chunk_sums, chunks_of, map_rows
from .pivot import Sums, pivot_from_sample, scaled_weights, sums_about_the_mean

__all__ = [
    "VALUES",
    "Sums",
    "WrongRowError",
    "blas_threads_for_pass",
    "chunk_sums",
    "chunks_of",
    "map_rows",
    "map_values",
    "of_numbered_block",
    "pivot_from_sample",
    "scaled_weights",
    "sums_about_the_mean",
    "tree_sum",
]
