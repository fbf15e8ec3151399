"""GaussianOutlierDetector: rows that a fitted Gaussian would hardly ever draw."""

import math
from functools import partial
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import OutlierMixin
from sklearn.utils.metaestimators import available_if

from ._signature import handing_on_to
from ._sklearn import Interval, StrOptions
from ._typing import Array
from .density import FittedGaussian
from .estimator import GaussianGradientMLE
from .fitting import FitTask, given_parameters
from .gaussian import make_family
from .robust import ROUNDING, log_p_values, support_of
from .rows import Block, Rows, Window, feature_names, signs, to_host
from .statistics import AnyStatistics

_OUTLIER_LEVEL = 0.05  # probability with which a row of the fitted Gaussian is called an outlier


def _takes_chunks(detector: Any) -> bool:
    """Whether the parameters allow `partial_fit`; if not, an AttributeError says why."""
    if refusal := _refusal_of_parts(detector, "partial_fit"):
        raise AttributeError(refusal)
    return True


def _refusal_of_parts(detector: Any, method: str) -> str:
    """Sentences on why a method without all rows at hand cannot serve the parameters, or none."""
    share, support = detector.contamination, detector.support_fraction
    if share != "auto":
        asks, instead = f"contamination={share} is a share of", "contamination='auto'"
    elif support is not None:
        asks, instead = f"support_fraction={support!r} chooses among", "support_fraction=None"
    else:
        return ""
    return f"{asks} all rows, but {method} does not see all rows. Use {instead}, or call fit."


class GaussianOutlierDetector(OutlierMixin, GaussianGradientMLE):
    """Find outliers by their p-values under a fitted Gaussian.

    The p-value of a row is the probability that a row of the fitted Gaussian lies at least as far
    from the mean, by Mahalanobis distance. The squared distance of a row that shows k values
    follows the chi-square distribution with k degrees of freedom, so that a row with missing
    values is held to the same standard as a complete one. Outliers among the rows of `fit` do not
    matter with `support_fraction`. It is a `GaussianGradientMLE` that predicts: all parameters but
    two, and all attributes and methods but `score_samples`, are those of that class.

    Parameters
    ----------
    covariance_type, solver, parametrization, learning_rate, n_inner_iter, max_iter, tol, \
mean_init, covariance_init, reg_covar, censoring_limits, truncation_limits, fixed_mean, \
fixed_covariance, warm_start, record_path : optional
        See `GaussianGradientMLE`; so are the defaults.
    contamination : "auto" or float, default="auto"
        "auto": a row is an outlier if its p-value is below 0.05, as that of one in twenty rows
        of the fitted Gaussian is. A float in (0, 0.5]: the share of the rows of `fit`, by
        weight, that are called outliers, those with the smallest p-values, however large these
        are. That takes all rows, which `partial_fit` and `fit_statistics` do not have, and
        one number for each in memory.
    support_fraction : "auto", float or None, default=None
        None fits all rows. Else concentration steps find the rows to fit: each step fits those
        with the largest p-values under the last fit, which are this share of the rows that show
        something, by weight. "auto" is ``(n + d + 1) / 2`` of n rows of d features, as
        `sklearn.covariance.MinCovDet` has it, and stands almost half of the rows being outliers.
        A float in (0, 1] near 1 is more efficient, and stands fewer. At the end all rows count
        whose p-value is at least 0.025. Nothing is drawn at random. It takes rows in memory, whose
        values are known exactly or missing, and no `truncation_limits`.

    Attributes
    ----------
    offset_ : float
        Logarithm of the p-value below which a row is an outlier.
    support_ : bool ndarray of shape (n_samples,)
        Which rows of `fit` the Gaussian was fitted to. Only with `support_fraction`.

    Raises
    ------
    ValueError
        By `fit`, beside what `GaussianGradientMLE` raises: if `support_fraction` keeps too few
        rows, or rows without a maximum while `reg_covar` is a number; or if it is not None and
        `truncation_limits` are set, or X is of Dask or holds values known only to an interval.

    Warns
    -----
    UserWarning
        By `fit`, with `support_fraction`: if rows are few, or a ridge was added because the rows
        kept are collinear, or because more than half of the values of a feature are equal. The
        ridge of the latter is the variance of the feature over all rows.

    See Also
    --------
    GaussianGradientMLE.mahalanobis : The squared distances.
    sklearn.covariance.EllipticEnvelope : A robust fit to complete rows, from random starts.

    Notes
    -----
    The p-values take the fitted Gaussian for the truth. A fit to few rows is nearer to these
    rows than to new ones, of which it calls more than one in twenty outliers. Maximum likelihood
    is not robust either: many outliers among the rows of `fit` widen the Gaussian until it covers
    them. Fit rows that are known to be ordinary where you have such, or set `support_fraction`.

    Rows near the mean understate the covariance. Each deviation from the mean is therefore
    multiplied by the root of the consistency factor of as many values as the row shows. What tells
    of the data, as `sufficient_statistics_`, `log_likelihood_` and standard errors do, is of the
    rows of `support_`, so stretched, as if nobody had chosen them. With missing values the factors
    are right where these are missing completely at random. What is fixed stays so in every step.
    `mean_init`, `solver` and the like are for the last fit only.

    A value known only to an interval does not count: the p-value is that of the values known
    exactly, and a row that shows no value has the p-value 1. With `truncation_limits` the
    distances are those from the Gaussian that the rows were cut from. Rows inside a window do
    not follow the chi-square distribution, so that `contamination` must be a float then. A row
    outside, which cannot have been seen, has the p-value 0.

    `score` is the average log-likelihood, which does not know of `contamination`. To search for the
    latter takes labels and another score, as in ``GridSearchCV(..., scoring="f1")``.

    References
    ----------
    Wilks (1963), "Multivariate statistical outliers", Sankhya A 25(4); Rousseeuw and Van Driessen
    (1999), "A fast algorithm for the minimum covariance determinant estimator", Technometrics
    41(3); Hubert, Rousseeuw and Verdonck (2012), "A deterministic algorithm for robust location
    and scatter", Journal of Computational and Graphical Statistics 21(3), for the start.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianOutlierDetector
    >>> X = np.random.default_rng(0).standard_normal((1000, 2))
    >>> detector = GaussianOutlierDetector().fit(X)
    >>> rows = np.array([[0.5, 1.0], [2.2, 0.0], [2.2, np.nan], [np.nan, np.nan]])
    >>> np.exp(detector.score_samples(rows)).round(2)  # p-values
    array([0.5 , 0.09, 0.03, 1.  ])
    >>> detector.predict(rows)
    array([ 1,  1, -1,  1])

    Three in ten of the rows are shifted:

    >>> X[:300] += 5
    >>> robust = GaussianOutlierDetector(support_fraction="auto").fit(X)
    >>> bool(robust.support_[:300].any()), robust.scale_.round(1)
    (False, array([1.1, 1. ]))
    >>> print(f"{(robust.predict(X[:300]) == -1).mean():.0%}")
    100%
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GaussianGradientMLE._parameter_constraints,
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "support_fraction": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="right"), None],
    }

    @handing_on_to(GaussianGradientMLE.__init__)
    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        support_fraction: float | Literal["auto"] | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(**parameters)
        self.contamination = contamination
        self.support_fraction = support_fraction

    # There is such a method only where the parameters ask for no share of all rows.
    partial_fit = available_if(_takes_chunks)(GaussianGradientMLE.partial_fit)

    def fit_predict(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Array:
        """Fit the Gaussian, and tell the outliers among its rows.

        Parameters
        ----------
        X, y, sample_weight, X_upper : optional
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            As `predict` returns them.
        """
        return self.fit(X, y, sample_weight, X_upper).predict(X, X_upper)

    def predict(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Tell outliers from other rows.

        Parameters
        ----------
        X, X_upper : array-like
            As :meth:`score_samples` takes them.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            -1 for an outlier, 1 for any other row. A lazy Dask array where X is of Dask.
        """
        return signs(self.decision_function(X, X_upper))

    def decision_function(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """By how much the log p-value of each row exceeds the threshold; negative for outliers.

        Parameters
        ----------
        X, X_upper : array-like
            As :meth:`score_samples` takes them.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``. A lazy Dask array where X is of Dask.
        """
        return self.score_samples(X, X_upper) - self.offset_

    def score_samples(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Logarithm of the p-value of each row, and not of its density.

        Densities of rows that show different features are in different units and do not
        compare; p-values do.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        log_p_values : ndarray of shape (n_samples,)
            The lower, the more unusual the row; 0 for a row that shows nothing. It does not
            underflow, however far out a row lies. A lazy Dask array where X is of Dask.
        """
        return self._rows_asked(X, X_upper).map(partial(log_p_values, self._gaussian))

    def _check_parameters(self, method: str) -> None:
        """Refuse parameters with which a threshold, or the rows to keep, cannot be told.

        What every estimator refuses is refused, too.
        """
        super()._check_parameters(method)
        if method != "fit" and (refusal := _refusal_of_parts(self, method)):
            raise ValueError(refusal)
        if method == "partial_fit" and hasattr(self, "support_"):
            raise ValueError(
                "The last fit kept only some rows, by support_fraction, and stretched their "
                "deviations, so other rows cannot be added to them. Call fit on all rows, or start "
                "again in chunks with sklearn.base.clone(detector).partial_fit(X)."
            )
        limits = () if self.truncation_limits is None else self.truncation_limits
        truncated = any(limit is not None for limit in limits)
        if truncated and self.support_fraction is not None:
            raise ValueError(
                "support_fraction assumes that distances follow a chi-square distribution, but "
                "those of rows inside truncation_limits do not. Use support_fraction=None."
            )
        if truncated and self.contamination == "auto":
            raise ValueError(
                "contamination='auto' is a level of the chi-square distribution, which distances "
                "of rows inside truncation_limits do not follow. Set contamination to the share "
                "of the rows to call outliers, as in contamination=0.05."
            )

    def _statistics_to_fit(
        self, rows: Rows, seen: Any, window: Window | None, task: FitTask
    ) -> tuple[AnyStatistics, Any, dict[str, Any]]:
        """Statistics of the rows to fit, the `reg_covar` for them, and attributes by name.

        With a `support_fraction` they are the rows that concentration steps keep, and the attribute
        is the mask of them.
        """
        if self.support_fraction is None:
            return super()._statistics_to_fit(rows, seen, window, task)
        family = make_family(self.covariance_type, seen.n_features_in_)
        fixed = given_parameters(self, "fixed_mean", "fixed_covariance", family)
        names = feature_names(seen)
        support = support_of(rows, self.support_fraction, self.reg_covar, family, fixed, names)
        for message in support.warnings:
            task.warner.warn(message, UserWarning)
        statistics = support.statistics.labelled(getattr(seen, "feature_names_in_", None))
        return statistics, support.reg_covar, {"support_": support.mask}

    def _attributes_of_rows(
        self, gaussian: FittedGaussian, rows: Rows | None, sample_weight: Any
    ) -> dict[str, Any]:
        """The threshold `offset_` by name, which is a log p-value, from the rows of `fit`."""
        if self.contamination == "auto":
            return {"offset_": math.log(_OUTLIER_LEVEL)}
        assert rows is not None  # which only `fit` has, and other methods are refused
        scores_of = log_p_values if sample_weight is None else _scores_of_weighted
        scores = np.asarray(to_host(rows.map(partial(scores_of, gaussian))))
        # A fit takes weights of dtypes in which they may not add up, such as small integers.
        weights = np.asarray(1 if sample_weight is None else to_host(sample_weight), dtype=float)
        weights = np.broadcast_to(weights / weights.max(), scores.shape)
        return {"offset_": _threshold_below(scores, weights, self.contamination)}


def _scores_of_weighted(gaussian: FittedGaussian, block: Block) -> Array:
    """Log p-values of the rows of a weighted fit, (n_rows,).

    Rows without a weight may hold infinity, which counts as missing here.
    """
    X = to_host(block.X)
    return log_p_values(gaussian, block._replace(X=np.where(np.isinf(X), np.nan, X)))


def _threshold_below(scores: Array, weights: Array, share: float) -> float:
    """The score half way between the lowest ones, a share of the weight at most, and the next.

    Scores and weights have the shape (n_rows,). Scores are negative; those of equal rows may differ
    by rounding, and stay together.
    """
    order = np.argsort(scores)
    order = order[weights[order] > 0]
    scores, weight = scores[order], np.cumsum(weights[order])
    most = share * weight[-1] * (1 + ROUNDING)
    following = float(scores[np.searchsorted(weight, most, side="right")])
    edge = following * (1 + ROUNDING)
    lower = scores[scores < edge]
    return (float(lower[-1]) + following) / 2 if lower.size else edge
