"""GaussianRegressor: targets given features, under the joint Gaussian of both."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils import Bunch, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from . import inference
from ._sklearn import fit_context
from ._typing import Array
from ._wording import percent
from .density_methods import check_return_std
from .estimator import GaussianGradientMLE
from .fitting import fitted_attributes, input_attributes, replace_fit
from .information_criteria import information_criteria
from .likelihoods import NoMaximumError
from .regression import (
    ConditionalDistribution,
    Estimates,
    Table,
    check_columns,
    check_exact,
    check_finite,
    columns_of_targets,
    errors_of,
    intervals_of,
    limits_of_columns,
    table_of,
    warn_of_limits,
)
from .rows import (
    checked_targets,
    drop_zero_weights,
    feature_names,
    rows_of,
    target_names,
    to_host,
    warn_of_misplaced_ends,
)
from .tables import check_same_order

if TYPE_CHECKING:
    import pandas


# A sentence appended to warnings of the joint fit, on the parameters that they recommend.
_WHOSE_PARAMETERS = (
    " In a regression, set these parameters on its estimator, as in "
    "GaussianRegressor(GaussianGradientMLE(reg_covar=0.1)). covariance_type='diag' does not help "
    "there, since it makes y independent of X."
)
# What to do with the tables that `parse_limits` makes of the features.
_REMEDY_FOR_LIMITS = (
    "pass upper as X, or lower if the text begins with '>', with the limits as censoring_limits of "
    "the estimator. If limits differ between rows, add y as a column to both tables, and use "
    "GaussianGradientMLE().fit(lower, X_upper=upper), whose conditional is the regression"
)


class GaussianRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Linear regression with missing values in X, or missing or censored values in y.

    Features and targets are modelled as jointly Gaussian, and the likelihood of all their observed
    values is maximised. The regression is the conditional distribution of y given X under the
    fitted Gaussian: :math:`\beta = \Sigma_{xx}^{-1} \Sigma_{xy}`, with the residual variance
    :math:`\Sigma_{yy} - \beta^T \Sigma_{xy}`. No row is dropped, and no value is imputed for the
    fit. With gaps in X this is known as full information maximum likelihood (FIML), with a
    detection limit on y as the Tobit model.

    Parameters
    ----------
    estimator : GaussianGradientMLE, default=None
        Estimator of the joint Gaussian. It is cloned, and not fitted itself. None stands for
        ``GaussianGradientMLE()``. Its `censoring_limits` are those of the features, in the order of
        X. Its other arrays, such as `mean_init` and `reg_covar`, continue with the targets. Its
        `covariance_type` must be "full", and `truncation_limits` must be None. So must the
        `support_fraction` of an outlier detector.
    censoring_limits : tuple (lower, upper), default=None
        Limits of y, each None, a number, or one number for each target. A value at or below `lower`
        is known only to be at most that, a value at or above `upper` only to be at least that.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, with two axes if y had two.
    intercept_ : float or ndarray of shape (n_targets,)
        The prediction if all features are 0.
    scale_ : float or ndarray of shape (n_targets,)
        Standard deviations of the residuals, by maximum likelihood: the divisor is the number of
        rows, without a correction for the number of features.
    residual_covariance_ : ndarray of shape (n_targets, n_targets)
        Covariance of the residuals of several targets. Only if y had two axes.
    log_likelihood_ : float
        Average log-likelihood of y given the observed values of X, in nats, over the rows with
        information on y.
    estimator_ : GaussianGradientMLE
        The fitted joint Gaussian of the features, in their order, followed by the targets.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X had names that are all strings.

    See Also
    --------
    sklearn.linear_model.LinearRegression : The same if nothing is missing or censored.
    GaussianImputer : Fills in the gaps of X, for any other regressor.

    Notes
    -----
    If X has no gaps, nothing is assumed about its distribution: the estimates are those of ordinary
    least squares, or of the Tobit model, which assume only that the residuals are Gaussian. If X
    has gaps, it is assumed to be Gaussian too, with values missing at random.

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
    _remedy_for_limits = _REMEDY_FOR_LIMITS

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
        """Set parameters of the regressor and, with the prefix ``estimator__``, of its estimator.

        Parameters
        ----------
        **params : dict
            Parameters, as in ``estimator__solver="newton"``, which replaces an estimator of None.

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
            Features; NaN stands for a missing value. There is no `X_upper`: limits that are the
            same in all rows are `censoring_limits` of `estimator`. If features are known only to
            intervals that differ between rows, fit features and target as one table, with
            `X_upper` of `GaussianGradientMLE`; its `conditional` is the regression.
        y : array-like or Dask array of shape (n_samples,) or (n_samples, n_targets)
            Targets; NaN stands for a missing value.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies: weight k equals k repeats of a row, weight 0 its removal.
        y_upper : array-like or Dask array shaped as y, default=None
            Upper ends: each target is known only to lie between y and y_upper, or known exactly if
            these are equal. NaN in y or in y_upper is an open end, NaN in both a missing value.

        Returns
        -------
        self : object
            The fitted regressor.

        Raises
        ------
        ValueError
            If X, y or a parameter is not valid; if no value of y is known, y is constant, or all
            its values lie at or beyond a limit; or if the likelihood has no maximum. An earlier fit
            is left unchanged.

        Warns
        -----
        ConvergenceWarning, UserWarning
            As in `GaussianGradientMLE.fit`: if the climb did not converge, or a ridge had to be
            added because features are collinear, there are too few rows, or y is a linear
            function of X.
        """
        if y_upper is None:
            warn_of_misplaced_ends(y, sample_weight, "sample_weight", "y_upper")
        validated = copy.copy(self)
        table = table_of(validated, X, y, y_upper, reset=True)
        table.check_ends(sample_weight)
        estimator = self._joint_estimator(validated, table)
        estimator._whose_parameters = _WHOSE_PARAMETERS
        estimator._names_of_table = table.names
        try:
            estimator.fit(table.lower, sample_weight=sample_weight, X_upper=table.upper)
        except NoMaximumError as error:
            cause, remedy = error.args
            raise NoMaximumError(cause, remedy + _WHOSE_PARAMETERS) from None
        conditional = ConditionalDistribution.of(estimator, validated.n_features_in_)
        estimates = conditional.estimates.bunch(table.is_flat)
        fitted = {f"{name}_": each for name, each in estimates.items()}
        fitted["estimator_"] = estimator
        fitted["_columns_of_targets"] = columns_of_targets(y)
        share = table.share_with_targets(sample_weight)
        fitted["log_likelihood_"] = conditional.log_likelihood(estimator, X, sample_weight) / share
        fitted["_weight_with_targets"] = share * estimator.sufficient_statistics_.weight
        if not table.is_flat:
            fitted["residual_covariance_"] = conditional.residual_covariance
        replace_fit(self, input_attributes(validated) | fitted)
        return self

    def _joint_estimator(self, validated: Any, table: Table) -> GaussianGradientMLE:
        """An unfitted estimator of the joint Gaussian, with the limits of features and targets."""
        estimator = GaussianGradientMLE() if self.estimator is None else clone(self.estimator)
        _check_joint(estimator)
        if estimator.warm_start and hasattr(self, "estimator_"):
            replace_fit(estimator, fitted_attributes(self.estimator_))
            del estimator.n_features_in_  # of the rows of that fit, whose names a new fit drops
        own, of_y = estimator.censoring_limits, self.censoring_limits
        names = table.names[: validated.n_features_in_], table.names[validated.n_features_in_ :]
        pairs = list(map(limits_of_columns, (own, of_y), names))
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
        """Predict y by its conditional mean given the observed values of X.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Features; NaN stands for a missing value.
        return_std : bool, default=False
            Whether to return standard deviations too.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions, which ignore the limits of y. A lazy Dask array if X is of Dask.
        y_std : ndarray shaped as `y_mean`
            Standard deviations of y about the predictions: `scale_` for a complete row, larger for
            others. They ignore the errors of the estimates. Only with ``return_std=True``.
        """
        check_is_fitted(self)
        check_return_std(return_std)
        d = self.n_features_in_
        limits = self.estimator_.censoring_limits
        validated = copy.copy(self)
        validated.censoring_limits = limits and tuple(limit[:d] for limit in limits)
        conditional = self._conditional
        # Means and standard deviations are columns of one array, so that Dask returns one too.
        columns = rows_of(validated, X).map(partial(conditional.of_rows, return_std))
        k = len(conditional.coef)
        parts = [columns[:, :k], columns[:, k:]][: 1 + return_std]
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
            Targets. Rows in which a target is missing do not count. A value at a limit counts as
            known exactly, with a warning.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        y_upper : array-like shaped as y, default=None
            Upper ends, as in `fit`. They must equal y, and be NaN where y is NaN.

        Returns
        -------
        score : float
            At most 1; the uniform average over several targets.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If no row has all targets, or if a target is known only to an interval, which has no
            squared error. A score without such rows would favour models that predict the other rows
            well.

        Warns
        -----
        UserWarning
            If targets lie at or beyond `censoring_limits`. Then :math:`R^2` favours models that
            predict the limits over models that predict the true values beyond them.
        """
        check_is_fitted(self)
        self.estimator_._warn_of_omitted_upper(y_upper, "y")
        check_columns(y, self._columns_of_targets)
        for name, numbers in (("y", y), ("sample_weight", sample_weight)):
            check_same_order(X, numbers, name)
        targets = np.asarray(checked_targets(y))
        check_finite(targets, target_names(y, targets, ()), sample_weight)
        sample_weight, X, targets, y_upper = drop_zero_weights(sample_weight, X, targets, y_upper)
        if y_upper is not None:
            check_exact(targets, checked_targets(y_upper, "y_upper"))
        missing = np.isnan(targets)
        known = ~(missing.any(axis=1) if missing.ndim > 1 else missing)
        if not known.any():
            raise ValueError(
                "R^2 needs rows of positive weight in which all targets are known, but there are "
                "none."
            )
        warn_of_limits(targets[known], self.estimator_.censoring_limits)
        predicted = np.asarray(to_host(self.predict(X)))
        check_consistent_length(predicted, targets, sample_weight)
        weights = None if sample_weight is None else np.asarray(to_host(sample_weight))[known]
        return r2_score(targets[known], predicted[known], sample_weight=weights)

    def aic(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        y_upper: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Akaike information criterion of y given X; lower is better.

        Parameters
        ----------
        X, y, y_upper, sample_weight : array-like
            As in `fit`.

        Returns
        -------
        aic : float
            In nats, for all rows together. The parameters are the coefficients, the intercepts and
            the covariance of the residuals.
        """
        return self._information_criteria(X, y, y_upper, sample_weight)[0]

    def bic(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        y_upper: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Bayesian information criterion of y given X; lower is better.

        Parameters
        ----------
        X, y, y_upper, sample_weight : array-like
            As in `fit`.

        Returns
        -------
        bic : float
            In nats, for all rows together, with the parameters of `aic`. Rows without information
            on y are not counted.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If no row has information on y.
        """
        return self._information_criteria(X, y, y_upper, sample_weight)[1]

    def _information_criteria(
        self, X: Any, y: Any, y_upper: Any, sample_weight: Any
    ) -> tuple[float, float]:
        """AIC and BIC of y given X in nats, for all rows together."""
        check_is_fitted(self)
        self.estimator_._warn_of_omitted_upper(y_upper, "y")
        check_columns(y, self._columns_of_targets)
        table = table_of(copy.copy(self), X, y, y_upper, reset=False)
        table.check_ends(sample_weight)
        joint, features = self.estimator_, self.estimator_.marginal(range(self.n_features_in_))
        rows = rows_of(joint, table.lower, sample_weight, table.upper)
        total, n_samples = rows.total(joint._gaussian.sum_of_log_densities)
        given, _ = rows_of(features, X, sample_weight).total(
            features._gaussian.sum_of_log_densities
        )
        n_samples *= table.share_with_targets(sample_weight)
        return information_criteria(total - given, self._n_parameters, n_samples, "y")

    @property
    def _n_parameters(self) -> int:
        """The number of coefficients, intercepts and entries of the residual covariance."""
        d, k = self.n_features_in_, np.size(self.intercept_)
        return k * (d + 1) + k * (k + 1) // 2

    def standard_errors(self) -> Bunch:
        """Standard errors of the estimates, from the observed information.

        Returns
        -------
        errors : Bunch
            `coef`, `intercept` and `scale`, shaped as `coef_`, `intercept_` and `scale_`. NaN for
            estimates that the data do not determine.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If the fit did not converge or has a ridge; or if values are missing or censored and
            the joint Gaussian has more than 2,500 parameters.

        Notes
        -----
        With complete data the variance of a coefficient is that of ordinary least squares, but with
        the maximum likelihood estimate of the residual variance, whose divisor is n.
        """
        check_is_fitted(self)
        return errors_of(self.estimator_, self._conditional).bunch(self._is_flat)

    def confidence_intervals(self, level: float = 0.95, method: Literal["wald"] = "wald") -> Bunch:
        """Confidence intervals of the estimates.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.
        method : {"wald"}, default="wald"
            The estimate plus and minus a multiple of its standard error. The interval of a scale is
            computed for its logarithm.

        Returns
        -------
        intervals : Bunch
            As returned by :meth:`standard_errors`, with the lower and upper ends along a last axis.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `level` is not between 0 and 1, if `method` is not "wald", or for the reasons of
            :meth:`standard_errors`.
        """
        check_is_fitted(self)
        if method != "wald":
            raise ValueError(f"method must be 'wald', got {method!r}.")
        conditional = self._conditional
        errors = errors_of(self.estimator_, conditional)
        return intervals_of(conditional.estimates, errors, level).bunch(self._is_flat)

    def summary(self, level: float = 0.95) -> pandas.DataFrame:
        """Table of the estimates with standard errors, tests and confidence intervals.

        Parameters
        ----------
        level : float, default=0.95
            Probability, between 0 and 1, with which an interval should cover its parameter.

        Returns
        -------
        table : pandas.DataFrame
            A row for the intercept, for each coefficient by the name of its feature, and for the
            scale. With several targets the name of the target comes first. The coefficient of a
            feature called "intercept" or "scale" is "coef of intercept" or "coef of scale". The
            columns are "estimate", "std_error", "z", "p_value", and the ends "lower" and "upper" of
            the interval. z is the estimate divided by its standard error, and the p-value tests
            whether the parameter is 0. Both are NaN for a scale. Printed, it is 80 columns wide.

        Raises
        ------
        ImportError
            If pandas is missing.
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `level` is not between 0 and 1, or for the reasons of :meth:`standard_errors`.
        """
        check_is_fitted(self)
        conditional = self._conditional
        estimate, error = conditional.estimates, errors_of(self.estimator_, conditional)
        z = Estimates(*map(np.divide, estimate, error))._replace(scale=error.scale * np.nan)
        columns = (estimate, error, z, intervals_of(estimate, error, level))
        n = self._weight_with_targets
        heading = [
            f"{inference.counts_line(self.estimator_)} (features and targets)",
            inference.criteria_line(n * self.log_likelihood_, self._n_parameters, n)
            + " (targets given features)",
            f"{percent(level)} intervals by method='wald'",
        ]
        listed = (each.listed for each in columns)
        return inference.report_table(self, self._parameter_names(), heading, *listed)

    @property
    def _conditional(self) -> ConditionalDistribution:
        """The fitted distribution of the targets given the features."""
        return ConditionalDistribution.of(self.estimator_, self.n_features_in_)

    def _parameter_names(self) -> list[str]:
        """Names of the rows of a summary, one target after the other."""
        own = ("intercept", "scale")
        coefs = [f"coef of {name}" if name in own else name for name in feature_names(self)]
        names = [own[0], *coefs, own[1]]
        if self._is_flat:
            return names
        targets = feature_names(self.estimator_)[self.n_features_in_ :]
        return [f"{target}: {name}" for target in targets for name in names]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.estimator is None or self.estimator.solver != "closed-form"
        return tags


def _check_joint(estimator: GaussianGradientMLE) -> None:
    """Refuse an estimator whose parameters do not suit the joint Gaussian of a regression."""
    if estimator.covariance_type != "full":
        raise ValueError(
            f"covariance_type={estimator.covariance_type!r} makes y independent of X. A "
            "regression needs an estimator with covariance_type='full'."
        )
    if estimator.truncation_limits is not None:
        raise ValueError(
            "The truncation_limits of the estimator would truncate the joint distribution of "
            "features and targets, but a truncated regression is conditional on the features. "
            "Leave truncation_limits out. If values of y are only known to lie beyond a limit, "
            "they are censored: use censoring_limits of GaussianRegressor."
        )
    if estimator.fixed_mean is not None or estimator.fixed_covariance is not None:
        raise ValueError(
            "fixed_mean and fixed_covariance of the estimator describe the joint distribution "
            "of features and targets, but a regression estimates the conditional one. Leave "
            "them out."
        )
    if getattr(estimator, "support_fraction", None) is not None:
        raise ValueError(
            "support_fraction of the estimator fits only some of the rows, but a regression "
            "uses all of them. Leave it out. To fit inliers only, find them first by "
            "fit_predict of that estimator on features and targets together."
        )
