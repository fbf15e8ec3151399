"""GaussianRegressor: the joint Gaussian of features and targets, asked for one given the other."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils import Bunch, assert_all_finite, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from . import inference
from ._sklearn import fit_context
from ._typing import Array
from .density import FittedGaussian
from .estimator import GaussianGradientMLE
from .fitting import input_attributes, replace_fit
from .rows import (
    Block,
    Intervals,
    beside_targets,
    check_no_infinity,
    check_same_names,
    checked_limits,
    checked_targets,
    feature_names,
    incomplete_rows,
    rows_of,
    target_names,
    to_host,
)

if TYPE_CHECKING:
    import pandas


class GaussianRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Linear regression where values of X are missing, or y is missing or censored.

    Features and targets are taken as jointly Gaussian, and the likelihood of all that was observed
    of them is maximised. The regression is what the fitted Gaussian says of y given X:
    :math:`\beta = \Sigma_{xx}^{-1} \Sigma_{xy}`, with the residual variance
    :math:`\Sigma_{yy} - \beta^T \Sigma_{xy}`. No row is dropped, and no value is filled in to fit
    it. With gaps in X this is known as full information maximum likelihood (FIML), with a detection
    limit on y as the Tobit model.

    Parameters
    ----------
    estimator : GaussianGradientMLE, default=None
        How to fit, not fitted itself; it is cloned. None is ``GaussianGradientMLE()``. Its
        `censoring_limits` are those of the features, in the order of X; `covariance_type` must be
        "full", and `truncation_limits` None.
    censoring_limits : tuple (lower, upper), default=None
        Those of y, each None, a number, or one number for each target: a value at or below `lower`
        is known only to be at most that, a value at or above `upper` only to be at least that.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients; of two axes if y had two.
    intercept_ : float or ndarray of shape (n_targets,)
        What is predicted where all features are 0.
    scale_ : float or ndarray of shape (n_targets,)
        Standard deviations of the residuals, by maximum likelihood: the divisor is the number of
        rows, without a correction for the number of features.
    residual_covariance_ : ndarray of shape (n_targets, n_targets)
        Covariance of the residuals of several targets. Only if y had two axes.
    log_likelihood_ : float
        Average log-likelihood of y given what each row shows of X, in nats, over the rows that tell
        something of y.
    estimator_ : GaussianGradientMLE
        The fitted joint Gaussian: the features in their order, and behind them the targets.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    sklearn.linear_model.LinearRegression : The same where nothing is missing or censored.
    GaussianImputer : Features without gaps, for any other regressor.

    Notes
    -----
    Where X has no gaps, nothing is assumed of its law: the estimates are those of ordinary least
    squares, or of the Tobit model, which only take the residuals as Gaussian. Where X has gaps it
    is taken as Gaussian, too, and its values as missing at random.

    References
    ----------
    Tobin (1958), "Estimation of relationships for limited dependent variables", Econometrica 26(1);
    Little (1992), "Regression with missing X's: a review", Journal of the American Statistical
    Association 87(420).

    Examples
    --------
    >>> from skgauss import GaussianRegressor
    >>> from skgauss.datasets import load_airquality
    >>> air = load_airquality(as_frame=True).frame
    >>> X, y = air[["Solar.R", "Wind", "Temp"]], air["Ozone"]  # with gaps in Solar.R and in Ozone
    >>> model = GaussianRegressor().fit(X, y)
    >>> model.coef_.round(3), round(model.scale_, 2)
    (array([ 0.061, -3.113,  1.661]), 20.91)
    """

    coef_: Array
    intercept_: float | Array
    scale_: float | Array
    residual_covariance_: Array
    log_likelihood_: float
    estimator_: GaussianGradientMLE
    n_features_in_: int

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [GaussianGradientMLE, None],
        "censoring_limits": "no_validation",
    }

    def __init__(
        self, estimator: GaussianGradientMLE | None = None, *, censoring_limits: Any = None
    ):
        self.estimator = estimator
        self.censoring_limits = censoring_limits

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of the estimator too, which None stands for until then.

        Parameters
        ----------
        **params : dict
            Parameters; those of the estimator as ``estimator__solver="newton"``.

        Returns
        -------
        self : object
            The regressor.
        """
        nested = any(name.startswith("estimator__") for name in params)
        if nested and params.get("estimator", self.estimator) is None:
            params = {**params, "estimator": GaussianGradientMLE()}
        super().set_params(**params)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_upper: ArrayLike | None = None,
    ) -> Self:
        """Fit the regression.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Features; NaN stands for a missing value.
        y : array-like or Dask array of shape (n_samples,) or (n_samples, n_targets)
            Targets; NaN stands for a missing value.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies: weight k equals k repeats of a row, weight 0 its removal.
        y_upper : array-like or Dask array shaped as y, default=None
            Upper ends: each target is known only to lie between y and y_upper, and exactly where
            these are equal. NaN in y or in y_upper is an open end, NaN in both a missing value.

        Returns
        -------
        self : object
            The fitted regressor.

        Raises
        ------
        ValueError
            If X, y or a parameter is not valid, no value of y is known, y is constant, or all of it
            lies beyond a limit; or if the likelihood has no maximum. An earlier fit is left as it
            was.

        Warns
        -----
        ConvergenceWarning, UserWarning
            As `GaussianGradientMLE.fit` does: if the climb did not converge, or a ridge had to be
            added because features are collinear, there are too few rows, or y is a linear
            function of X.
        """
        seen = copy.copy(self)
        table = _table(seen, X, y, y_upper, reset=True)
        table.check_ends(sample_weight)
        estimator = self._joint_estimator(seen, table)
        estimator.fit(table.lower, sample_weight=sample_weight, X_upper=table.upper)
        law = _Conditional.of(estimator, seen.n_features_in_)
        fitted = {f"{name}_": each for name, each in law.estimates.bunch(table.is_flat).items()}
        fitted["estimator_"] = estimator
        share = table.share_with_targets(sample_weight)
        fitted["log_likelihood_"] = law.log_likelihood(estimator, X, sample_weight) / share
        fitted["_weight_with_targets"] = share * estimator.sufficient_statistics_.weight
        if not table.is_flat:
            fitted["residual_covariance_"] = law.residual_covariance
        replace_fit(self, input_attributes(seen) | fitted)
        return self

    def _joint_estimator(self, seen: Any, table: _Table) -> GaussianGradientMLE:
        """An unfitted estimator of the joint Gaussian, with the limits of features and targets."""
        estimator = GaussianGradientMLE() if self.estimator is None else clone(self.estimator)
        if estimator.covariance_type != "full":
            raise ValueError(
                f"covariance_type={estimator.covariance_type!r} takes y as independent of X. A "
                "regression needs an estimator with covariance_type='full'."
            )
        if estimator.truncation_limits is not None:
            raise ValueError(
                "The truncation_limits of the estimator are those of the joint law of features and "
                "targets. A truncated regression is conditional on the features, which is another "
                "likelihood. Leave truncation_limits out; a value of y that is only known to lie "
                "beyond a limit is censored: see censoring_limits."
            )
        if estimator.fixed_mean is not None or estimator.fixed_covariance is not None:
            raise ValueError(
                "What fixed_mean and fixed_covariance of the estimator know is of the joint law of "
                "features and targets, of which a regression estimates what is conditional. Leave "
                "them out."
            )
        own, of_y = estimator.censoring_limits, self.censoring_limits
        names = table.names[: seen.n_features_in_], table.names[seen.n_features_in_ :]
        pairs = [
            checked_limits((None, None) if limits is None else limits, "censoring_limits", each)
            for limits, each in zip((own, of_y), names, strict=True)
        ]
        table.check_targets(*pairs[1])
        if own is not None or of_y is not None:
            limits = tuple(map(np.concatenate, zip(*pairs, strict=True)))
            estimator.set_params(censoring_limits=limits)
        return estimator

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Conditional mean of y, given what each row shows of X.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Features; NaN stands for a missing value.
        return_std : bool, default=False
            Whether to return the standard deviations too.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions, without regard to the limits of y. A lazy Dask array where X is of Dask.
        y_std : ndarray shaped as `y_mean`
            Standard deviations of y about them: `scale_` where a row is complete, and more the
            less it shows. The estimates are taken for the truth. Only with ``return_std=True``.
        """
        check_is_fitted(self)
        d = self.n_features_in_
        limits = self.estimator_.censoring_limits
        seen = copy.copy(self)
        seen.censoring_limits = limits and tuple(limit[:d] for limit in limits)
        law = self._law
        # Means and, behind them, deviations: in one array, of which Dask has blocks.
        found, k = rows_of(seen, X).map(partial(law.of_rows, return_std)), len(law.coef)
        parts = [found[:, :k], found[:, k:]][: 1 + return_std]
        mean, *std = (part[:, 0] for part in parts) if self._is_flat else parts
        return (mean, *std) if return_std else mean

    @property
    def _is_flat(self) -> bool:
        """Whether y had one axis."""
        return self.coef_.ndim == 1

    def score(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_upper: ArrayLike | None = None,
    ) -> float:
        """Coefficient of determination :math:`R^2` of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; NaN stands for a missing value.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets. Rows that miss one do not count; a value at a limit counts as that number.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        y_upper : array-like shaped as y, default=None
            Upper ends, as in `fit`. They must be y itself, or NaN where it is.

        Returns
        -------
        score : float
            At most 1; uniform average over several targets.

        Raises
        ------
        ValueError
            If a target is known only to an interval, which has no squared error. To leave such
            rows out would favour who predicts the others.
        """
        if y_upper is not None:
            _check_exact(checked_targets(y), checked_targets(y_upper, "y_upper"))
        predicted, targets = np.asarray(to_host(self.predict(X))), np.asarray(checked_targets(y))
        check_consistent_length(predicted, targets)
        known = ~np.isnan(targets.reshape(len(targets), -1)).any(axis=1)
        weights = None if sample_weight is None else np.asarray(to_host(sample_weight))[known]
        return r2_score(targets[known], predicted[known], sample_weight=weights)

    def aic(self, X: ArrayLike, y: ArrayLike, y_upper: ArrayLike | None = None) -> float:
        """Akaike information criterion of y given X; lower is better.

        Parameters
        ----------
        X, y, y_upper : array-like
            As in `fit`.

        Returns
        -------
        aic : float
            In nats, for all rows together. It counts coefficients, intercepts and the covariance
            of the residuals.
        """
        return self._information_criterion(X, y, y_upper, lambda n_samples: 2.0)

    def bic(self, X: ArrayLike, y: ArrayLike, y_upper: ArrayLike | None = None) -> float:
        """Bayesian information criterion of y given X; lower is better.

        Parameters
        ----------
        X, y, y_upper : array-like
            As in `fit`.

        Returns
        -------
        bic : float
            In nats, for all rows together, as `aic` counts. Rows that tell nothing of y are none.
        """
        return self._information_criterion(X, y, y_upper, math.log)

    def _information_criterion(
        self, X: Any, y: Any, y_upper: Any, price: Callable[[float], float]
    ) -> float:
        """Deviance plus `price`, a function of the number of rows, for each parameter."""
        check_is_fitted(self)
        table = _table(copy.copy(self), X, y, y_upper, reset=False)
        table.check_ends(None)
        joint, n_samples = self.estimator_._total_log_density(table.lower, None, table.upper)
        features = self.estimator_.marginal(range(self.n_features_in_))
        given, _ = features._total_log_density(X)
        n_samples *= table.share_with_targets(None)
        return float(price(n_samples) * self._n_parameters - 2.0 * (joint - given))

    @property
    def _n_parameters(self) -> int:
        """How many coefficients, intercepts and entries of the residual covariance there are."""
        d, k = self.n_features_in_, np.size(self.intercept_)
        return k * (d + 1) + k * (k + 1) // 2

    def standard_errors(self) -> Bunch:
        """Standard errors of the estimates, from the observed information.

        Returns
        -------
        errors : Bunch
            `coef`, `intercept` and `scale`, shaped as `coef_`, `intercept_` and `scale_`. NaN
            where the data do not determine them.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If the fit did not converge or has a ridge; or if values are missing or censored and
            the joint Gaussian has more than 2,500 parameters.

        Notes
        -----
        With complete data the variance of a coefficient is that of ordinary least squares, with
        the maximum likelihood estimate of the residual variance, whose divisor is n.
        """
        check_is_fitted(self)
        return _errors(self.estimator_, self._law).bunch(self._is_flat)

    def confidence_intervals(self, level: float = 0.95, method: Literal["wald"] = "wald") -> Bunch:
        """Confidence intervals of the estimates.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald"}, default="wald"
            The estimate plus and minus a multiple of its standard error; of a scale on the scale of
            its logarithm.

        Returns
        -------
        intervals : Bunch
            As :meth:`standard_errors` returns it, with the lower and the upper end on a last axis.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, `method` is another, or where
            :meth:`standard_errors` has it.
        """
        check_is_fitted(self)
        if method != "wald":
            raise ValueError(f"method must be 'wald', got {method!r}.")
        law = self._law
        errors = _errors(self.estimator_, law)
        return _intervals(law.estimates, errors, level).bunch(self._is_flat)

    def summary(self, level: float = 0.95) -> pandas.DataFrame:
        """Table of the estimates: standard errors, tests, intervals.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.

        Returns
        -------
        table : pandas.DataFrame
            A row for the intercept, each coefficient by the name of its feature, and the scale; of
            several targets with their names before. The columns are "estimate", "std_error", "z",
            "p_value", and the ends "lower" and "upper" of the interval. z is the estimate over its
            error, and the p-value that of no effect; both are NaN for a scale. It prints in 80
            columns, as that of `GaussianGradientMLE` does.

        Raises
        ------
        ImportError
            If pandas is missing.
        ValueError
            If `level` is not between 0 and 1, or where :meth:`standard_errors` has it.
        """
        check_is_fitted(self)
        law = self._law
        estimate, error = law.estimates, _errors(self.estimator_, law)
        z = _Estimates(
            estimate.coef / error.coef, estimate.intercept / error.intercept, error.scale * np.nan
        )
        ends = _intervals(estimate, error, level).listed
        columns = {
            "estimate": estimate.listed,
            "std_error": error.listed,
            "z": z.listed,
            "lower": ends[:, 0],
            "upper": ends[:, 1],
        }
        n = self._weight_with_targets
        heading = [
            f"{inference.rows_and_shares(self.estimator_)} (features and targets)",
            inference.criteria(n * self.log_likelihood_, self._n_parameters, n)
            + " (targets given features)",
            f"{100 * level:.4g} % intervals by method='wald'",
        ]
        return inference.tabulated(self, self._parameter_names(), heading, columns)

    @property
    def _law(self) -> _Conditional:
        """The Gaussian of the targets given the features that the estimator was fitted to."""
        return _Conditional.of(self.estimator_, self.n_features_in_)

    def _parameter_names(self) -> list[str]:
        """Names of the rows of a summary."""
        names = ["intercept", *feature_names(self), "scale"]
        if self._is_flat:
            return names
        targets = feature_names(self.estimator_)[self.n_features_in_ :]
        if not hasattr(self.estimator_, "feature_names_in_"):
            targets = [f"y{k}" for k in range(len(targets))]
        return [f"{target}: {name}" for target in targets for name in names]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.estimator is None or self.estimator.solver != "closed-form"
        return tags


def _check_exact(targets: Any, upper: Any) -> None:
    """Refuse targets in intervals."""
    lower, upper = np.asarray(targets), np.asarray(upper)
    within = ~((lower == upper) | (np.isnan(lower) & np.isnan(upper)))
    if within.any():
        raise ValueError(
            f"{np.count_nonzero(within)} targets are known only to an interval, so that R^2 is not "
            "known. Compare models by aic(X, y, y_upper) or bic(X, y, y_upper), or score the "
            "rows that are known exactly, score(X[exact], y[exact])."
        )


class _Table(NamedTuple):
    """Features and targets as one table, of the library of X, and its upper ends or None."""

    lower: Any
    upper: Any
    names: list[str]
    targets: Any
    targets_upper: Any

    @property
    def is_flat(self) -> bool:
        """Whether the targets have one axis."""
        return self.targets.ndim == 1

    def share_with_targets(self, sample_weight: Any) -> float:
        """Of the weight of all rows, what those have that tell something of a target."""
        ends = [self.targets, self.targets if self.targets_upper is None else self.targets_upper]
        known = np.any([np.isfinite(np.asarray(each)) for each in ends], axis=0)
        weights = None if sample_weight is None else np.asarray(to_host(sample_weight), float)
        return float(np.average(known.reshape(len(known), -1).any(axis=1), weights=weights))

    def check_ends(self, sample_weight: Any) -> None:
        """Refuse infinite targets, and crossed ends, in rows in memory that count."""
        lower, upper = self.targets, self.targets_upper
        if not all(isinstance(each, np.ndarray | None) for each in (lower, upper)):
            return
        counts: Any = slice(None)
        if sample_weight is not None:
            weights = np.asarray(to_host(sample_weight), dtype=np.float64)
            counts = np.flatnonzero(weights) if weights.shape == (len(lower),) else counts
        if upper is None:
            assert_all_finite(lower[counts], allow_nan=True, input_name="y")
            return
        if lower.shape != upper.shape:
            raise ValueError(f"y_upper must have the shape of y, {lower.shape}, got {upper.shape}.")
        low, high = (
            np.where(np.isnan(lower), -np.inf, lower),
            np.where(np.isnan(upper), np.inf, upper),
        )
        wrong = ((low > high) | (low == np.inf) | (high == -np.inf)).reshape(len(lower), -1)
        rows, columns = np.nonzero(wrong[counts])
        if rows.size:
            i, j = np.arange(len(lower))[counts][rows[0]], columns[0]
            ends = (each.reshape(wrong.shape)[i, j] for each in (lower, upper))
            raise ValueError(
                "In row {} the interval of {!r} has its lower end in y at {} and its upper end in "
                "y_upper at {}. The lower end must not be larger, and one of them must be finite "
                "unless the value is missing.".format(
                    i, self.names[len(self.names) - wrong.shape[1] + j], *ends
                )
            )

    def check_targets(self, low: Array, high: Array) -> None:
        """Refuse targets in memory, the last columns, of which nothing can be learnt."""
        if self.upper is not None or not isinstance(self.targets, np.ndarray):
            return
        columns = self.targets.reshape(len(self.targets), -1).T
        for j, (name, values) in enumerate(zip(self.names[-len(low) :], columns, strict=True)):
            known = values[~np.isnan(values)]
            if not known.size:
                raise ValueError(f"No value of {name!r}, which is to be explained, is known.")
            for side, beyond in (("lower", known <= low[j]), ("upper", known >= high[j])):
                if beyond.all():
                    raise ValueError(
                        f"All values of {name!r}, which is to be explained, lie at or beyond their "
                        f"{side} limit, so that nothing bounds it on the other side. Collect rows "
                        "in which it lies within its limits."
                    )
            if (known == known[0]).all():
                raise ValueError(
                    f"{name!r}, which is to be explained, is constant: every value is {known[0]}. "
                    "There is nothing to explain."
                )


def _table(seen: Any, X: Any, y: Any, y_upper: Any, reset: bool) -> _Table:
    """The table of valid rows; sets, or checks, the number and names of the features of `seen`."""
    seen.censoring_limits = None  # which are those of y
    rows: Any = rows_of(seen, X, reset=reset, fewest_rows=2 if reset else 1)
    targets = checked_targets(y)
    names = feature_names(seen)
    names = names + target_names(y, targets, names)
    lower = beside_targets(X, rows.X, targets, names)
    if y_upper is None:
        return _Table(lower, None, names, targets, None)
    check_same_names(y, y_upper, "y")
    targets_upper = checked_targets(y_upper, "y_upper")
    upper = beside_targets(X, rows.X, targets_upper, names)
    return _Table(lower, upper, names, targets, targets_upper)


class _Estimates(NamedTuple):
    """A number for each parameter of a regression, or one for each step or end on a last axis.

    Attributes
    ----------
    coef : ndarray of shape (n_targets, n_features)
    intercept, scale : ndarray of shape (n_targets,)
    """

    coef: Array
    intercept: Array
    scale: Array

    def bunch(self, flat: bool) -> Bunch:
        """The numbers as a user sees them, without the axis of the targets if y had one axis."""
        parts = self._asdict()
        return Bunch(
            **({name: _number(part[0]) for name, part in parts.items()} if flat else parts)
        )

    @property
    def listed(self) -> Array:
        """Intercept, coefficients and scale of one target after the other."""
        rows = (self.intercept[:, None], self.coef, self.scale[:, None])
        return np.concatenate(np.concatenate(rows, axis=1))


def _number(value: Any) -> Any:
    return value if np.ndim(value) else float(value)


class _Conditional(NamedTuple):
    """The law of the targets, the last features of a Gaussian, given the features before."""

    gaussian: FittedGaussian
    coef: Array
    residual_factor: Array

    @classmethod
    def of(cls, estimator: GaussianGradientMLE, n_features: int) -> _Conditional:
        gaussian, d = estimator._fitted_gaussian(), n_features
        of_x, of_y = gaussian.factor[:d, :d], gaussian.factor[d:]
        coef = solve_triangular(of_x, of_y[:, :d].T, lower=True, trans="T").T
        return cls(gaussian, coef, of_y[:, d:])

    @property
    def estimates(self) -> _Estimates:
        d = self.coef.shape[1]
        mean = self.gaussian.mean
        scale = np.linalg.norm(self.residual_factor, axis=1)
        return _Estimates(self.coef, mean[d:] - self.coef @ mean[:d], scale)

    @property
    def residual_covariance(self) -> Array:
        return self.residual_factor @ self.residual_factor.T

    def log_likelihood(self, joint: GaussianGradientMLE, X: Any, sample_weight: Any) -> float:
        """Average of the targets given what each row of the fit shows of X, in nats."""
        k, d = self.coef.shape
        exact = joint.converged_ and not np.any(joint.reg_covar_)
        if exact and joint.sufficient_statistics_.complete:  # which need not be read again
            log_det = 2.0 * np.log(np.abs(np.diag(self.residual_factor))).sum()
            return float(-0.5 * (k * (math.log(2 * math.pi) + 1) + log_det))
        features = joint.marginal(range(d)).score(X, sample_weight=sample_weight)
        return joint.log_likelihood_ - features

    def of_rows(self, with_std: bool, block: Block) -> Array:
        """Conditional means of a block of rows, and behind them, if so asked, deviations."""
        X, intervals = to_host(block.X), block.intervals
        check_no_infinity(X)
        _, intercept, scale = self.estimates
        found = X @ self.coef.T + intercept
        if with_std:
            found = np.hstack((found, np.broadcast_to(scale, found.shape)))
        rows = np.concatenate([np.empty(0, dtype=np.intp), *incomplete_rows(X)])
        if rows.size:
            filled = self.gaussian.impute(self._without_targets(X, rows, intervals))
            parts = filled if with_std else filled[:1]
            found[rows] = np.hstack([part[:, X.shape[1] :] for part in parts])
        return found

    def _without_targets(self, X: Array, rows: np.ndarray, intervals: Intervals | None) -> Block:
        """Some rows, those with intervals among them, and the targets as missing values."""
        n_targets = len(self.coef)

        def beside(values: Array, missing: float) -> Array:
            return np.hstack((values, np.full((len(values), n_targets), missing)))

        if intervals is not None:
            intervals = Intervals(
                np.searchsorted(rows, intervals.rows),
                beside(intervals.lower, -np.inf),
                beside(intervals.upper, np.inf),
            )
        return Block(beside(X[rows], np.nan).astype(np.float64), None, intervals)


def _errors(joint: GaussianGradientMLE, law: _Conditional) -> _Estimates:
    """Standard errors: the delta method, which moves the regression as the joint Gaussian moves."""
    n, d = joint.sufficient_statistics_.weight, law.coef.shape[1]
    precision = joint.marginal(range(d)).precision_
    mean = joint.mean_[:d]
    if joint.sufficient_statistics_.complete:
        inference.check_maximum(joint)
        variances = np.diag(law.residual_covariance) / n
        unit = np.array([*np.diag(precision), 1 + mean @ precision @ mean, 0.5])
        errors = np.sqrt(np.outer(variances, unit))
        return _Estimates(errors[:, :d], errors[:, d], errors[:, d + 1])
    of_mean, of_covariance = inference.moves(joint)
    residual = np.hstack((-law.coef, np.eye(len(law.coef))))
    turned = np.einsum("ti,ijk->tjk", residual, of_covariance)
    coef = np.einsum("tik,ij->tjk", turned[:, :d], precision)
    intercept = residual @ of_mean - np.einsum("tjk,j->tk", coef, mean)
    scale = np.einsum("tjk,tj->tk", turned, residual) / (2 * law.estimates.scale[:, None])
    return _Estimates(*(np.linalg.norm(move, axis=-1) for move in (coef, intercept, scale)))


def _intervals(estimates: _Estimates, errors: _Estimates, level: float) -> _Estimates:
    """Wald's ends on a last axis; of a scale about its logarithm."""
    inference.check_level(level)
    around = partial(inference.wald_ends, level=level)
    scale = estimates.scale
    return _Estimates(
        around(estimates.coef, errors.coef),
        around(estimates.intercept, errors.intercept),
        scale[:, None] * np.exp(around(np.zeros(()), errors.scale / scale)),
    )
