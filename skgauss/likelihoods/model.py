"""What determines a likelihood, apart from its ridge."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..rows import Window
from .fixed import NO_FIXED, Fixed


class Model(NamedTuple):
    """The data, the Gaussians among which the best one is sought, and what is known of it."""

    statistics: Any  # those of the data
    family: Any  # that of the covariances; none of its parameters is marked as known
    fixed: Fixed = NO_FIXED  # the known parameters
    window: Window | None = None  # that through which the data were seen
    names: Sequence[str] = ()  # of the features, for messages
