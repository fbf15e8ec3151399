"""The one array type of the internals, float64, and how finely that resolves."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EPS = float(np.finfo(np.float64).eps)  # relative, the distance of 1 from the next number
