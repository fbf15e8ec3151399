"""Checks of the input of a fit other than rows: parameters, their labels, statistics."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._wording import quoted
from ..blocks import check_no_mask, to_host
from ..statistics import AnyStatistics, SufficientStatistics
from ..tables import axis_labels

_PER_FEATURE = ("mean_init", "covariance_init", "reg_covar", "fixed_mean", "fixed_covariance")
_WITHOUT_RATE = ("lbfgs", "newton", "closed-form")


def check_together(estimator: Any) -> None:
    """Raise a ValueError if parameters, each of them valid, contradict each other.

    A rate without effect is refused because a search over such rates would still report a best one.
    """
    if estimator.learning_rate != "auto" and estimator.solver in _WITHOUT_RATE:
        raise ValueError(
            f"learning_rate={estimator.learning_rate!r} has no effect with "
            f"solver={estimator.solver!r}, which takes no learning rate. Use learning_rate='auto', "
            "or solver='gradient', 'coordinate' or 'natural'."
        )
    for block in ("mean", "covariance"):
        fixed = getattr(estimator, f"fixed_{block}") is not None
        if fixed and getattr(estimator, f"{block}_init") is not None:
            raise ValueError(
                f"{block}_init and fixed_{block} are both set, but a known {block} needs no start. "
                "Set only one of them."
            )
    automatic = isinstance(estimator.reg_covar, str)
    if estimator.fixed_covariance is not None and not automatic and np.any(estimator.reg_covar):
        raise ValueError(
            "reg_covar and fixed_covariance are both set, but reg_covar is added only to an "
            "estimated covariance. Set only one of them."
        )


def check_labels(estimator: Any, names: Sequence[str]) -> None:
    """Raise a ValueError if text labels of a parameter are not the feature names, in their order.

    The numbers of the parameter are taken by position, and would belong to other features.
    """
    for parameter in _PER_FEATURE:
        axes = axis_labels(getattr(estimator, parameter))
        for labels in axes:
            if labels != tuple(names) and all(isinstance(label, str) for label in labels):
                raise ValueError(
                    f"The labels of {parameter} must be the features {quoted(names)}, in this "
                    f"order, got {quoted(labels)}. With names = list(X.columns), "
                    f"{parameter}.loc[{', '.join(['names'] * len(axes))}] is in this order."
                )


def checked_statistics(statistics: Any, covariance_type: str) -> AnyStatistics:
    """The statistics that a user gave, checked and in the form that the covariance type needs."""
    if not isinstance(statistics, AnyStatistics):
        raise TypeError(
            "fit_statistics needs statistics, such as SufficientStatistics.from_array(X) or the "
            f"sufficient_statistics_ of a model, got {type(statistics).__name__}. Use fit for "
            "data."
        )
    if isinstance(statistics, SufficientStatistics):
        statistics = _checked_numbers(statistics)
    return convert_for(statistics, covariance_type)


def convert_for(statistics: AnyStatistics, covariance_type: str) -> AnyStatistics:
    """The statistics in the form that the covariance type needs."""
    if covariance_type != "full":
        return statistics.by_feature
    if statistics.diagonal:
        raise ValueError(
            "covariance_type='full' needs covariances, but the statistics hold variances only. Use "
            "covariance_type='diag' or 'spherical', or summarise all rows again with their "
            "covariances."
        )
    return statistics


def _checked_numbers(statistics: SufficientStatistics) -> SufficientStatistics:
    """A checked copy of the statistics in float64, since a user may have set any numbers."""
    s = statistics
    check_no_mask(s.mean, "mean")
    check_no_mask(s.covariance, "covariance")
    values = s.weight, s.mean, s.covariance, s.mean_rounding
    weight, mean, covariance, rounding = (np.array(to_host(v), dtype=np.float64) for v in values)
    d = mean.size
    if mean.ndim != 1 or covariance.shape not in ((d,), (d, d)):
        raise ValueError(
            "Statistics need a mean of shape (n_features,) and a covariance of shape (n_features, "
            f"n_features) or, with diagonal=True, (n_features,), got {mean.shape} and "
            f"{covariance.shape}."
        )
    if not all(np.isfinite(v).all() for v in (weight, mean, covariance)) or weight < 0:
        raise ValueError("Statistics must be finite, and their weight must not be negative.")
    if covariance.ndim == 2 and not np.allclose(covariance, covariance.T, rtol=1e-10, atol=0.0):
        raise ValueError("The covariance of the statistics must be symmetric.")
    checked = SufficientStatistics(float(weight), mean, covariance, rounding, labels=s.labels)
    if (checked.variances < 0).any():
        raise ValueError(
            "The variances of the statistics, on the diagonal of their covariance, must not be "
            "negative."
        )
    return checked
