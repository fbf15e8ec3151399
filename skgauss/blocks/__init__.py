"""One pass over the rows, block by block: sums of products, one number a row, threads, Dask's tree.

What belongs here touches every value of X, of whichever array library, and knows nothing of
Gaussians: not what the sums are for, and not what X may be.
"""

from .passes import Sums, blas_threads_for, chunk_sums, chunks_of, map_rows, sums_about_the_mean
from .tree import VALUES, each, tree_sum

__all__ = [
    "VALUES",
    "Sums",
    "blas_threads_for",
    "chunk_sums",
    "chunks_of",
    "each",
    "map_rows",
    "sums_about_the_mean",
    "tree_sum",
]
