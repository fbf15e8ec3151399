"""The types of the internals' arrays, of float64, and of what limits may be; the precision."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)  # relative: the distance from 1 to the next number
# The lower or the upper limits of the features: none, a number, one for each, or some by name.
Limit = float | ArrayLike | Mapping[str, float] | None
