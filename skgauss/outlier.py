"""GaussianOutlierDetector: finds rows that are improbable under a fitted Gaussian."""

import math
from functools import partial
from numbers import Real
from typing import Any, ClassVar, Literal, Self, Unpack

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import OutlierMixin
from sklearn.utils.metaestimators import available_if

from ._signature import EstimatorParameters, passes_parameters_to
from ._sklearn import Interval, StrOptions
from ._typing import Array
from .density import FittedGaussian
from .estimator import GaussianGradientMLE
from .fitting import FitTask, given_parameters
from .gaussian import make_family
from .robust import ROUNDING, log_p_values, support_of
from .rows import Block, Rows, Window, feature_names, signs, to_host
from .statistics import AnyStatistics

_OUTLIER_LEVEL = 0.05  # probability that a row drawn from the fitted Gaussian is called an outlier


def _allows_partial_fit(detector: Any) -> bool:
    """Whether the parameters allow `partial_fit`; if not, an AttributeError says why."""
    if refusal := _partial_data_refusal(detector, "partial_fit"):
        raise AttributeError(refusal)
    return True


def _partial_data_refusal(detector: Any, method: str) -> str:
    """Sentences on why the parameters rule out a method that does not see all rows, or ""."""
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

    The p-value of a row is the probability that a row drawn from the fitted Gaussian lies at least
    as far from the mean, by Mahalanobis distance. The squared distance of a row that shows k values
    follows the chi-square distribution with k degrees of freedom, so p-values of complete and
    incomplete rows can be compared. With `support_fraction` the fit is robust to outliers. The
    class is a `GaussianGradientMLE` that predicts: all parameters except the last two, and all
    attributes and methods except `score_samples`, are those of that class.

    Parameters
    ----------
    covariance_type, solver, parametrization, learning_rate, n_inner_iter, max_iter, tol, \
mean_init, covariance_init, reg_covar, censoring_limits, truncation_limits, fixed_mean, \
fixed_covariance, warm_start, record_path : optional
        See `GaussianGradientMLE`, also for the defaults.
    contamination : "auto" or float, default="auto"
        "auto": a row is an outlier if its p-value is below 0.05, as it is for one in twenty rows
        drawn from the fitted Gaussian. A float in (0, 0.5]: the share of the rows of `fit`, by
        weight, that are called outliers. These are the rows with the smallest p-values, however
        large. A float requires all rows, so that `partial_fit` and `fit_statistics` refuse it, and
        keeps one number for each row in memory.
    support_fraction : "auto", float or None, default=None
        None fits all rows. Otherwise concentration steps find the rows to fit. Each step fits the
        rows with the largest p-values under the last fit: a float in (0, 1] is their share, by
        weight, of the rows that show values, and "auto" keeps ``(n + d + 1) / 2`` of n rows with d
        features, as `sklearn.covariance.MinCovDet` does. "auto" tolerates outliers in almost half
        of the rows if they are scattered or very far off, but fewer if they lie close together, and
        the fewer the more features there are. A float near 1 tolerates fewer, but gives a more
        efficient estimate. The final fit is to all rows whose p-value is at least 0.025. Nothing is
        drawn at random. The rows must be in memory, with values known exactly or missing, and
        without `truncation_limits`.

    Attributes
    ----------
    offset_ : float
        Logarithm of the p-value below which a row is an outlier.
    support_ : bool ndarray of shape (n_samples,)
        Rows of `fit` to which the Gaussian was fitted. Only with `support_fraction`.

    Raises
    ------
    ValueError
        By `fit`, in addition to the errors of `GaussianGradientMLE`: if `support_fraction` keeps
        too few rows, or rows whose likelihood has no maximum while `reg_covar` is a number; or if
        `support_fraction` is not None and `truncation_limits` are set, X is of Dask, or X holds
        values known only to an interval.

    Warns
    -----
    UserWarning
        By `fit`, with `support_fraction`: if there are few rows; or if a ridge was added because
        the kept rows are collinear, or because more than half of the values of a feature are equal.
        In the last case the ridge is the variance of the feature over all rows.

    See Also
    --------
    GaussianGradientMLE.mahalanobis : The squared distances.
    sklearn.covariance.EllipticEnvelope : A robust fit to complete rows, with random starts.

    Notes
    -----
    The p-values ignore the errors of the estimates. A fit to few rows is closer to these rows than
    to new ones, so it calls more than one in twenty of the new ones outliers. Maximum likelihood is
    not robust either: many outliers among the rows of `fit` widen the Gaussian until it covers
    them. If you have rows that are known to be ordinary, fit those, or else set `support_fraction`.

    Rows near the mean understate the covariance. Each deviation from the mean is therefore
    multiplied by the root of a consistency factor, which depends on the number of values that the
    row shows. `sufficient_statistics_`, `log_likelihood_` and standard errors describe the rows of
    `support_` after this stretch, as if they had not been selected. Standard errors are then too
    small, and a warning says so. The factors assume that missing
    values are missing completely at random. `fixed_mean` and `fixed_covariance` hold in every step.
    `mean_init`, `solver` and the like affect only the final fit.

    A value known only to an interval does not count: the p-value is that of the exact values, and a
    row without any has the p-value 1. With `truncation_limits` distances are measured under the
    Gaussian before truncation. Rows inside the limits do not follow the chi-square distribution,
    so `contamination` must be a float. A row outside, which cannot be observed, has the p-value 0.

    `score` is the average log-likelihood, which does not depend on `contamination`. A search over
    `contamination` needs labels and another score, as in ``GridSearchCV(..., scoring="f1")``.

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

    @passes_parameters_to(GaussianGradientMLE.__init__)
    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        support_fraction: float | Literal["auto"] | None = None,
        **parameters: Unpack[EstimatorParameters],
    ) -> None:
        super().__init__(**parameters)
        self.contamination = contamination
        self.support_fraction = support_fraction

    # The method exists only if no parameter requires all rows at once.
    partial_fit = available_if(_allows_partial_fit)(GaussianGradientMLE.partial_fit)

    def fit_predict(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Array:
        """Fit the Gaussian, and label the outliers among its rows.

        Parameters
        ----------
        X, y, sample_weight, X_upper : optional
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            As returned by `predict`.
        """
        return self.fit(X, y, sample_weight, X_upper).predict(X, X_upper)

    def predict(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Label outliers by -1 and other rows by 1.

        Parameters
        ----------
        X, X_upper : array-like
            As :meth:`score_samples` takes them.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            -1 for an outlier, 1 for any other row. A lazy Dask array if X is of Dask.
        """
        return signs(self.decision_function(X, X_upper))

    def decision_function(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Difference between the log p-value of each row and the threshold; negative for outliers.

        Parameters
        ----------
        X, X_upper : array-like
            As :meth:`score_samples` takes them.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``. A lazy Dask array if X is of Dask.
        """
        return self.score_samples(X, X_upper) - self.offset_

    def score_samples(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Logarithm of the p-value of each row, not of its density.

        Densities of rows that show different features have different units and cannot be compared;
        p-values can.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        log_p_values : ndarray of shape (n_samples,)
            The lower, the more unusual the row; 0 for a row without exact values. It does not
            underflow, however far out a row lies. A lazy Dask array if X is of Dask.
        """
        return self._validated_rows(X, X_upper).map(partial(log_p_values, self._gaussian))

    def _check_parameters(self, method: str) -> None:
        """Refuse parameters for which the threshold or the rows to keep cannot be determined."""
        super()._check_parameters(method)
        if method != "fit" and (refusal := _partial_data_refusal(self, method)):
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
        self, rows: Rows, validated: Any, window: Window | None, task: FitTask
    ) -> tuple[AnyStatistics, Any, dict[str, Any]]:
        """Statistics of the rows to fit, the `reg_covar` for them, and attributes by name.

        With a `support_fraction` these are the rows that concentration steps keep, and the
        attribute is their mask, `support_`.
        """
        if self.support_fraction is None:
            return super()._statistics_to_fit(rows, validated, window, task)
        family = make_family(self.covariance_type, validated.n_features_in_)
        fixed = given_parameters(self, "fixed_mean", "fixed_covariance", family)
        names = feature_names(validated)
        support = support_of(rows, self.support_fraction, self.reg_covar, family, fixed, names)
        for message in support.warnings:
            task.warner.warn(message, UserWarning)
        statistics = support.statistics.labelled(getattr(validated, "feature_names_in_", None))
        return statistics, support.reg_covar, {"support_": support.mask}

    def _finish_fit(
        self, attributes: dict[str, Any], warnings: Any, task: FitTask, rows: Rows | None = None
    ) -> Self:
        offset = self._offset(attributes["_gaussian"], rows)
        return super()._finish_fit(attributes | {"offset_": offset}, warnings, task)

    def _offset(self, gaussian: FittedGaussian, rows: Rows | None) -> float:
        """The log p-value below which a row is an outlier."""
        if self.contamination == "auto":
            return math.log(_OUTLIER_LEVEL)
        assert rows is not None  # other methods than `fit` have no rows, and were refused
        given = rows.sample_weight
        scores_of = log_p_values if given is None else _weighted_log_p_values
        scores = np.asarray(to_host(rows.map(partial(scores_of, gaussian))))
        # In the dtype of a user of Dask, such as a small integer, the sum of weights may overflow.
        weights = np.asarray(1 if given is None else to_host(given), dtype=float)
        weights = np.broadcast_to(weights / weights.max(), scores.shape)
        return _threshold_below(scores, weights, self.contamination)


def _weighted_log_p_values(gaussian: FittedGaussian, block: Block) -> Array:
    """Log p-values of the rows of a weighted fit, (n_rows,).

    Rows of weight 0 may hold infinity, which counts as missing here.
    """
    X = to_host(block.X)
    return log_p_values(gaussian, block._replace(X=np.where(np.isinf(X), np.nan, X)))


def _threshold_below(scores: Array, weights: Array, share: float) -> float:
    """The score half way between the lowest scores, at most a `share` of the weight, and the next.

    Scores and weights have the shape (n_rows,). Scores are at most 0. Those of equal rows may
    differ by rounding, and are on the same side of the threshold.
    """
    order = np.argsort(scores)
    order = order[weights[order] > 0]
    scores, weight = scores[order], np.cumsum(weights[order])
    most = share * weight[-1] * (1 + ROUNDING)
    following = float(scores[np.searchsorted(weight, most, side="right")])
    edge = following * (1 + ROUNDING)
    lower = scores[scores < edge]
    return (float(lower[-1]) + following) / 2 if lower.size else edge
