"""All parameters of a fit in one table."""

from __future__ import annotations

from typing import Any

from .._sklearn import check_pandas_support
from .confidence import check_level, wald
from .errors import errors_at
from .point import Point


def summary(estimator: Any, level: float) -> Any:
    """See `GaussianGradientMLE.summary`."""
    pandas = check_pandas_support(f"{type(estimator).__name__}.summary")
    check_level(level)
    at = Point(estimator)
    errors = errors_at(at)
    intervals = at.listed(wald(at, errors.observed, level))
    return pandas.DataFrame(
        {
            "estimate": at.listed(at.estimate),
            "std_error": at.listed(at.in_units(errors.observed)),
            "lower": intervals[:, 0],
            "upper": intervals[:, 1],
            "missing_information": at.listed(errors.missing_information),
        },
        index=at.parameter_names,
    )
