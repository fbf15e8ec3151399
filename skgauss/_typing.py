"""The array type of the internals, float64, and its precision."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)  # relative: the distance from 1 to the next number
