"""GaussianGradientMLE: validate -> summarize -> maximize -> attributes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from inspect import signature
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning

from ._sklearn import Interval, StrOptions, check_parameters, fit_context
from ._typing import Array, Limit
from ._wording import capped
from .blocks import threads
from .density import FittedGaussian
from .density_methods import GaussianDensity
from .fitting import (
    DOCUMENTATION_URL,
    Attempt,
    FitTask,
    Outcome,
    check_labels,
    check_together,
    checked_statistics,
    convert_for,
    copy_to_fit,
    derived_attributes,
    fit_warnings,
    given_parameters,
    input_of_statistics,
    iterate_attributes,
    replace_fit,
    row_attributes,
    solution_attributes,
    start_of,
)
from .gaussian import MIN_ROWS, PARAMETRIZATIONS, Family, make_family
from .inference import InferenceMethods
from .likelihoods import Model, NoMaximumError, regularized_likelihood
from .rows import (
    Rows,
    Summarize,
    Window,
    feature_indices,
    feature_names,
    rows_of,
    values_given,
    warn_of_misplaced_ends,
)
from .solvers import SOLVERS, Objective, learning_rate_bound
from .statistics import AnyStatistics


class _RecordedPathAttribute:
    """An attribute of fits with a recorded path; for other fits it raises an error that says so."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, estimator: Any, owner: type) -> Any:
        if estimator is None:
            return self
        raise AttributeError(f"Only a model fitted with record_path=True has {self._name}.")


class GaussianGradientMLE(CallbackSupportMixin, InferenceMethods, GaussianDensity):
    r"""Gaussian density fitted by climbing its likelihood.

    Maximises the average log-likelihood of a Gaussian over its mean and covariance by gradient
    ascent, coordinate ascent, natural gradient ascent, L-BFGS or Newton's method, or by the closed
    form. The data are read once. A solver iterates on their sufficient statistics, so that an
    iteration costs the same for a thousand rows as for a billion.

    A constant step is stable only below :math:`2 / \lambda_{\max}(-H)`, where H is the Hessian of
    the log-likelihood at the maximum. With one feature and sigma as the parameter this is
    :math:`\sigma^2`. Every fit reports the bound as `learning_rate_bound_`. If the start is far
    from the data, the first step is a leap at any rate. The warning of a failed fit says which of
    the two was the reason, and recommends settings that were tried and work.

    Parameters
    ----------
    covariance_type : {"full", "diag", "spherical"}, default="full"
        Any covariance matrix, independent features, or one variance for all features.
    solver : {"natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"}
        The default, "natural", steps along the inverse Fisher information times the gradient.
        Neither units nor correlations slow it down. If values are missing, it accelerates these
        steps by up to twenty quasi-Newton steps, and then takes Newton steps. "gradient" steps
        along the plain gradient, in mean and covariance together. "coordinate" updates the mean,
        then the covariance, in turn. "lbfgs" is L-BFGS from SciPy. "newton" divides the gradient by
        the observed information, within a trust region, and takes EM steps far from the maximum.
        "closed-form" computes the maximum directly, for complete data and for independent features
        with gaps.
    parametrization : {"scale", "log-scale", "covariance", "precision"}, default="scale"
        Parameter that "gradient", "coordinate" and "lbfgs" use for the covariance. "scale": the
        standard deviation, or the lower Cholesky factor of a full covariance. "log-scale": the
        same with the logarithm of its diagonal. "covariance": the variance or covariance matrix.
        "precision": its inverse. The other solvers ignore it.
    learning_rate : "auto" or float, default="auto"
        A float is the constant step, used exactly as given, in the units of the data. With "auto"
        "natural" starts from 1, and "gradient" and "coordinate" take Barzilai-Borwein steps with a
        line search. "lbfgs", "newton" and "closed-form" require "auto".
    n_inner_iter : int, default=1
        Number of steps that "coordinate" takes on one block, mean or covariance, before the other.
        1 is the sequential update. The other solvers ignore it.
    max_iter : int, default=1000
        Largest number of iterations.
    tol : float, default=1e-6
        Largest natural gradient norm that counts as converged. Half its square estimates the gain
        in nats per observation that is left. Rounding, amplified by the condition number of the
        correlations, may keep the norm above `tol`. Then a fit that reaches the limit of rounding
        counts as converged. If values are missing, a norm below `tol` is not enough; see
        `converged_`.
    mean_init : float or array-like of shape (n_features,), default=None
        Mean to start from; None is 0. If neither `mean_init` nor `covariance_init` is given,
        "natural" and "newton" with ``learning_rate="auto"`` start at a guess from the data if there
        is no closed form, that is, with missing values, intervals or truncation.
    covariance_init : float or array-like shaped as `covariance_`, default=None
        Covariance to start from. None is the identity, and a float a multiple of it.
    reg_covar : "auto", float or array-like of shape (n_features,), default="auto"
        Ridge r_j in the penalty :math:`-\frac12 \sum_j r_j (\Sigma^{-1})_{jj}`. On complete data it
        adds r_j to the j-th variance of the maximum. If n_j of n rows show an independent feature,
        it adds r_j n / n_j. With `truncation_limits` it adds to the variance of the truncated
        distribution. "auto": 0, the exact maximum likelihood estimate, if it exists. If it does not
        because of too few rows or collinear features, 1e-6 times each variance, with a warning. 0.0
        never adds a ridge. If values are missing, features count as collinear if they are so in all
        rows that show them, and these are more rows than features. Whether fewer rows are too few,
        and whether intervals allow a maximum, only the climb can show. If there is none, it stops
        as "unbounded", without a ridge.
    censoring_limits : tuple (lower, upper), default=None
        Each None, a number, or one number for each feature, with NaN for a feature without a limit;
        or a dict or a pandas Series with limits by name. A value at or below `lower` is known only
        to be at most that, a value at or above `upper` only to be at least that. Examples are the
        detection limits of a laboratory and the saturation of a sensor. They apply to exact values
        of X in every method. A value within two units in the last place of a limit, as logarithms
        of two libraries may be, counts as at the limit, unless it has few binary digits, such as 3
        or 0.5. For a float32 column the limit is rounded to float32. All methods of a fitted model
        use the limits of its fit.
    truncation_limits : tuple (lower, upper), default=None
        Rows are observed only if every feature lies between its limits, which are given in the same
        forms as `censoring_limits`. The Gaussian before truncation is fitted. A row outside the
        limits is an error. Missing values and values known only to an interval lie between the
        limits, too.
    fixed_mean : float or array-like of shape (n_features,), default=None
        The mean, if it is known and only the covariance about it is to be estimated.
    fixed_covariance : float or array-like shaped as `covariance_`, default=None
        The covariance, if it is known and only the mean is to be estimated. A float is a multiple
        of the identity. Fixed parameters do not count in `aic` and `bic`, and their standard errors
        are 0.
    warm_start : bool, default=False
        Whether to start from the last fit.
    record_path : bool, default=False
        Whether to keep all iterates, in `mean_path_` and `covariance_path_`.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean.
    covariance_ : ndarray of shape (n_features, n_features) or (n_features,), or float
        Covariance matrix, variances or variance, depending on `covariance_type`.
    scale_ : ndarray of shape (n_features,)
        Standard deviations.
    log_likelihood_ : float
        Average log-likelihood of the data at the result, in nats, without the penalty.
    log_likelihood_path_ : ndarray of shape (`n_iter_` + 1,)
        The same for every iterate. The first is the start, which may be a guess; see `mean_init`.
    mean_path_ : ndarray of shape (`n_iter_` + 1, n_features)
        The mean of every iterate, start included. Only with ``record_path=True``.
    covariance_path_ : ndarray of shape (`n_iter_` + 1, ...)
        The covariance of every iterate, shaped as `covariance_`. Only with ``record_path=True``.
    n_iter_ : int
        Number of iterations.
    converged_ : bool
        Whether the result is a maximum of the likelihood: the natural gradient norm is at most
        `tol` and, if values are missing or known only to an interval, the curvature of the
        likelihood confirms it. For a truncated sample, the moments inside the limits must equal
        those of the data, to within `tol` standard deviations. A saddle does not count, nor does a
        nearly flat slope far from its maximum.
    stop_reason_ : str
        "converged"; "max_iter"; "diverged", with the iterate of highest likelihood as the result;
        "stalled", if no step gained more than rounding, or many steps in a row gained almost
        nothing at a nearly singular covariance; "unbounded", if a climb on incomplete data leads to
        no maximum with a nonsingular covariance, or one on a truncated sample to no maximum at all;
        or "callback", if a callback stopped the fit.
    natural_gradient_norm_ : float
        :math:`\sqrt{g_\mu^T \Sigma g_\mu + 2 \operatorname{tr}(G \Sigma G \Sigma)}` at
        the result. It has no units.
    learning_rate_bound_ : float
        Largest constant step that is stable at the maximum, for the parametrization. For "natural"
        it is 2, except on truncated samples, where it may be smaller or larger.
    reg_covar_ : float or ndarray of shape (n_features,)
        The ridge that was used.
    sufficient_statistics_ : SufficientStatistics, or statistics by pattern or by feature
        Weight, mean and covariance of the data. If values are missing, the same by pattern, or by
        feature if `covariance_type` is not "full". They include rows with values known only to an
        interval. If they are large, those of Dask stay on the workers, in blocks.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X had names that are all strings.

    See Also
    --------
    sklearn.mixture.GaussianMixture : A mixture of Gaussians, fitted by EM.
    sklearn.covariance.EmpiricalCovariance : The closed form, with shrunk relatives.
    scipy.stats.multivariate_normal : The density of a known Gaussian.

    References
    ----------
    Anderson (2003), An Introduction to Multivariate Statistical Analysis, chapter 3;
    Amari (1998), "Natural gradient works efficiently in learning", Neural Computation
    10(2).

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE
    >>> X = np.array([[1.0], [2.0], [3.0], [6.0]])
    >>> model = GaussianGradientMLE(
    ...     solver="gradient", learning_rate=0.5, mean_init=1, record_path=True
    ... ).fit(X)
    >>> model.mean_.round(3), model.scale_.round(3)
    (array([3.]), array([1.871]))
    >>> round(model.learning_rate_bound_, 12)  # sigma^2
    3.5
    >>> model.mean_path_[:3].ravel()
    array([1.        , 2.        , 2.02768166])
    """

    # The HTML repr in a notebook links to the estimator's page in the API reference.
    _doc_link_module = "skgauss"
    _doc_link_template = DOCUMENTATION_URL + "/generated/skgauss.{estimator_name}.html"

    # Whether features that are constant, or never observed, are accepted instead of refused.
    _keeps_constants = False

    log_likelihood_: float
    log_likelihood_path_: Array
    mean_path_: Array = _RecordedPathAttribute()  # type: ignore[assignment]
    covariance_path_: Array = _RecordedPathAttribute()  # type: ignore[assignment]
    n_iter_: int
    converged_: bool
    stop_reason_: str
    natural_gradient_norm_: float
    learning_rate_bound_: float
    reg_covar_: float | Array
    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "covariance_type": [StrOptions({"full", "diag", "spherical"})],
        "solver": [StrOptions(set(SOLVERS))],
        "parametrization": [StrOptions(set(PARAMETRIZATIONS))],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "n_inner_iter": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "mean_init": ["array-like", Real, None],
        "covariance_init": ["array-like", Real, None],
        "reg_covar": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left"), "array-like"],
        "censoring_limits": "no_validation",
        "truncation_limits": "no_validation",
        "fixed_mean": ["array-like", Real, None],
        "fixed_covariance": ["array-like", Real, None],
        "warm_start": ["boolean"],
        "record_path": ["boolean"],
    }

    def __init__(
        self,
        *,
        covariance_type: Literal["full", "diag", "spherical"] = "full",
        solver: Literal[
            "natural", "newton", "gradient", "coordinate", "lbfgs", "closed-form"
        ] = "natural",
        parametrization: Literal["scale", "log-scale", "covariance", "precision"] = "scale",
        learning_rate: float | Literal["auto"] = "auto",
        n_inner_iter: int = 1,
        max_iter: int = 1000,
        tol: float = 1e-6,
        mean_init: float | ArrayLike | None = None,
        covariance_init: float | ArrayLike | None = None,
        reg_covar: float | ArrayLike | Literal["auto"] = "auto",
        censoring_limits: tuple[Limit, Limit] | None = None,
        truncation_limits: tuple[Limit, Limit] | None = None,
        fixed_mean: float | ArrayLike | None = None,
        fixed_covariance: float | ArrayLike | None = None,
        warm_start: bool = False,
        record_path: bool = False,
    ) -> None:
        self.covariance_type = covariance_type
        self.solver = solver
        self.parametrization = parametrization
        self.learning_rate = learning_rate
        self.n_inner_iter = n_inner_iter
        self.max_iter = max_iter
        self.tol = tol
        self.mean_init = mean_init
        self.covariance_init = covariance_init
        self.reg_covar = reg_covar
        self.censoring_limits = censoring_limits
        self.truncation_limits = truncation_limits
        self.fixed_mean = fixed_mean
        self.fixed_covariance = fixed_covariance
        self.warm_start = warm_start
        self.record_path = record_path

    # scikit-learn reads the signature at every fit, and would compute it anew each time.
    __init__.__signature__ = signature(__init__)  # type: ignore[attr-defined]

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Self:
        """Fit the Gaussian.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data, at least two rows; NaN stands for a value that is missing at random.
            Blocks of Dask are summarised by the workers that hold them. If scikit-learn's array API
            dispatch is on, X stays on its device.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies: weight k equals k repeats of a row, weight 0 its removal.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends: each value is known only to lie between X and X_upper, or known exactly if
            these are equal. -inf or NaN in X, and inf or NaN in X_upper, are open ends; NaN in both
            is a missing value. None means X itself.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, a parameter or a combination of parameters is not valid, or if the
            likelihood has no maximum. An earlier fit is left unchanged.
        TypeError
            If X is sparse.

        Warns
        -----
        ConvergenceWarning
            If the climb did not converge; see `stop_reason_`. The settings that it recommends were
            tried, in at most 3,000 iterations, or 200 if values are missing.
        UserWarning
            If ``reg_covar="auto"`` had to add a ridge, or if the maximum is not unique
            because features were never observed together.
        """
        self._check_parameters("fit")
        warn_of_misplaced_ends(X, y, "y", "X_upper")
        task = FitTask(self, "fit", X, y, sample_weight, X_upper)
        # The number and names of the new features are set on a copy, in case the fit fails.
        validated = copy_to_fit(self)
        nothing_known = self.fixed_mean is None and self.fixed_covariance is None
        min_rows = MIN_ROWS if nothing_known else 1
        rows = rows_of(validated, X, sample_weight, X_upper, reset=True, min_rows=min_rows)
        task.begin()
        window = Window.of(self.truncation_limits, feature_names(validated))
        statistics, reg_covar, of_rows = self._statistics_to_fit(rows, validated, window, task)
        attributes, warnings = self._maximize(statistics, validated, window, task, reg_covar)
        return self._finish_fit(attributes | of_rows, warnings, task, rows)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Self:
        """Add rows to the data, and continue from the current estimate.

        The result does not depend on how the data are split into chunks: it is that of one `fit` to
        all of them, to within `tol`. With ``reg_covar="auto"`` no ridge is added here. While there
        are too few rows for a maximum, they are only summarised, and methods such as `score` raise
        an error that says so.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            The new rows; NaN stands for a value that is missing at random. There may be no rows.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies of the new rows; all may be 0.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If X or a parameter is not valid, or if `covariance_type` was changed to "full" and the
            earlier rows were summarised without the products of features. The estimator is left
            unchanged.
        TypeError
            If X is sparse.

        Warns
        -----
        ConvergenceWarning
            If the climb did not converge; see `stop_reason_`.
        UserWarning
            If the maximum is not unique because features were never observed together, or if
            earlier rows came with `X_upper` and these come without it.
        """
        self._check_parameters("partial_fit")
        warn_of_misplaced_ends(X, y, "y", "X_upper")
        task = FitTask(self, "partial_fit", X, y, sample_weight, X_upper)
        validated = copy_to_fit(self, keep_names=True)
        first = not hasattr(self, "sufficient_statistics_")
        rows = rows_of(
            validated, X, sample_weight, X_upper, reset=first, min_rows=0, require_weight=False
        )
        self._warn_of_omitted_upper(X_upper)
        task.begin()
        window = Window.of(self.truncation_limits, feature_names(validated))
        statistics, _, _ = self._statistics_to_fit(rows, validated, window, task)
        if not first:
            if self._seen_through != (window and window.ends):
                raise ValueError(
                    "truncation_limits differ from those of the earlier rows, and all rows must "
                    "have the same limits. Set the earlier limits again, or call fit on rows that "
                    "share the new ones."
                )
            statistics = convert_for(self.sufficient_statistics_, self.covariance_type) + statistics
        # "auto" adds no ridge here, even if there is no maximum yet, since more rows may come.
        ridge = 0.0 if isinstance(self.reg_covar, str) else self.reg_covar
        try:
            fitted = self._maximize(statistics, validated, window, task, ridge, resume=True)
        except NoMaximumError as error:
            held = {"sufficient_statistics_": statistics, "_waiting_for": error.cause}
            task.end(None)
            replace_fit(self, row_attributes(validated, window) | held)
            return self
        return self._finish_fit(*fitted, task)

    # To a type checker sum() may be 0, as it is of no statistics. Such a sum is refused.
    @fit_context(prefer_skip_nested_validation=True)
    def fit_statistics(self, statistics: AnyStatistics | Literal[0]) -> Self:
        """Fit the Gaussian to data that were summarised elsewhere.

        Parameters
        ----------
        statistics : SufficientStatistics, or `sufficient_statistics_` of a fitted model
            Statistics of all rows; those of parts of the data can be added by ``+``. Statistics of
            a model with `truncation_limits` treat missing values as intervals between these limits,
            so the estimator must have the same limits.

        Returns
        -------
        self : object
            The estimator, fitted as by `fit`. The features have names if the statistics come from
            frames with names.

        Raises
        ------
        ValueError
            If the likelihood has no maximum, if no data can have these statistics, if mean and
            covariance name different features, or if ``covariance_type="full"`` and there are only
            variances.
        TypeError
            If `statistics` has another type.

        Warns
        -----
        ConvergenceWarning
            If the climb did not converge; see `stop_reason_`.

        Examples
        --------
        >>> import numpy as np
        >>> from skgauss import GaussianGradientMLE, SufficientStatistics
        >>> chunks = np.array_split(np.arange(12.0).reshape(6, 2) ** 2, 3)
        >>> total = sum(SufficientStatistics.from_array(chunk) for chunk in chunks)
        >>> GaussianGradientMLE(covariance_type="diag").fit_statistics(total).mean_
        array([36.66666667, 47.66666667])
        """
        self._check_parameters("fit_statistics")
        task = FitTask(self, "fit_statistics")
        statistics = checked_statistics(statistics, self.covariance_type)
        validated = copy_to_fit(self)
        input_of_statistics(validated, statistics)
        task.begin()
        window = Window.of(self.truncation_limits, feature_names(validated))
        fitted = self._maximize(statistics, validated, window, task, self.reg_covar)
        return self._finish_fit(*fitted, task)

    def marginal(self, features: int | str | ArrayLike) -> GaussianGradientMLE:
        """The marginal Gaussian of some of the features.

        Parameters
        ----------
        features : int, str, or array-like of int, str or bool
            The features to keep, in this order, by index or name; or a mask of all features.

        Returns
        -------
        model : GaussianGradientMLE
            It has the methods of a fitted Gaussian, such as densities, distances, imputations and
            draws, the attributes `mean_`, `covariance_`, `scale_`, `precision_` and `correlation_`,
            and the names of its features. It has no attributes of a climb or of data. For standard
            errors of these features use the original estimator. `censoring_limits` are those of its
            features, and other parameters have their defaults. With `truncation_limits` it is the
            marginal of the Gaussian before truncation.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there is no such feature, one is given twice, or none is left.

        See Also
        --------
        conditional : The Gaussian of some features given values of others.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skgauss import GaussianGradientMLE
        >>> iris = load_iris(as_frame=True).data
        >>> petal = GaussianGradientMLE().fit(iris).marginal(
        ...     ["petal width (cm)", "petal length (cm)"]
        ... )
        >>> petal
        <Gaussian with means petal width (cm) 1.199, petal length (cm) 3.758>
        >>> petal.mean_.round(3), petal.correlation_[0].round(3)
        (array([1.199, 3.758]), array([1.   , 0.963]))
        """
        gaussian = self._fitted_gaussian()
        kept = feature_indices(self, features)
        return self._derived_estimator(kept, gaussian.marginal(kept), {})

    def conditional(self, given: Mapping[int | str, float]) -> GaussianGradientMLE:
        """The conditional Gaussian of all other features given values of some.

        Parameters
        ----------
        given : dict or pandas Series
            The values of the given features, by index or name.

        Returns
        -------
        model : GaussianGradientMLE
            As returned by :meth:`marginal`, with the other features in their order. For standard
            errors fit a `GaussianRegressor` of these features on the given ones.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there is no such feature, one is given twice, none is left, or a value is not a
            finite number.

        See Also
        --------
        marginal : The Gaussian of some features, whatever the values of the others.
        impute : Conditional means of the missing values of each row.

        References
        ----------
        Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 2.5.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skgauss import GaussianGradientMLE
        >>> iris = load_iris(as_frame=True).data
        >>> long = GaussianGradientMLE().fit(iris).conditional({"petal length (cm)": 6.0})
        >>> long.marginal("petal width (cm)")
        <Gaussian with means petal width (cm) 2.131 given petal length (cm)=6>
        >>> long.feature_names_in_[-1], long.mean_[-1:].round(2), long.scale_[-1:].round(2)
        ('petal width (cm)', array([2.13]), array([0.21]))
        """
        gaussian = self._fitted_gaussian()
        known, values = values_given(self, given)
        kept = [j for j in range(len(self.mean_)) if j not in known]
        names = feature_names(self)
        named = {names[j]: value for j, value in zip(known, values.tolist(), strict=True)}
        return self._derived_estimator(kept, gaussian.conditional(known, values, kept), named)

    def _derived_estimator(
        self, kept: list[int], gaussian: FittedGaussian, given: dict[str, float]
    ) -> GaussianGradientMLE:
        """A marginal or conditional estimator, which has a Gaussian without a fit to data.

        `kept` are the indices of its features, and `given` holds the values of others by name.
        """
        attributes = derived_attributes(gaussian, self, kept, given)
        derived = GaussianGradientMLE(
            covariance_type=gaussian.family.covariance_type,
            censoring_limits=attributes["_limits_of_fit"],
        )
        replace_fit(derived, attributes)
        return derived

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Parameters, or features and means if the Gaussian is a marginal or conditional one."""
        if self._given is None:
            return super().__repr__(N_CHAR_MAX)
        names = getattr(self, "feature_names_in_", [""] * len(self.mean_))
        means = [
            f"{name} {mean:.4g}".lstrip() for name, mean in zip(names, self.mean_, strict=True)
        ]
        given = [f"{name}={value:g}" for name, value in self._given.items()]
        return f"<Gaussian with means {capped(means)}{' given ' * bool(given)}{capped(given)}>"

    def _maximize(
        self,
        statistics: AnyStatistics,
        validated: Any,
        window: Window | None,
        task: FitTask,
        reg_covar: Any,
        resume: bool = False,
    ) -> tuple[dict[str, Any], list[tuple[str, type[Warning]]]]:
        """The fitted attributes by name, and the texts and categories of warnings.

        They result from a climb of the likelihood of `statistics`, of rows seen through `window`,
        if any. `validated` has the number and names of features. With `resume` the climb starts
        from the last fit, if possible.

        Raises
        ------
        NoMaximumError
            If the data show that the likelihood has no maximum, or if a climb with `resume` does.
        """
        names = feature_names(validated)
        if hasattr(validated, "feature_names_in_"):
            check_labels(self, names)
        family = make_family(self.covariance_type, validated.n_features_in_)
        with _blas_threads(statistics, window, family):
            fixed = given_parameters(self, "fixed_mean", "fixed_covariance", family)
            model = Model(statistics, family, fixed, window, names)
            likelihood, ridge, data_warning = regularized_likelihood(
                model, reg_covar, keep_constants=self._keeps_constants
            )
            constant = row_attributes(validated, window) | {
                "reg_covar_": ridge,
                "sufficient_statistics_": statistics,
            }
            parametrization = PARAMETRIZATIONS[self.parametrization](likelihood.family)
            objective = Objective(likelihood, parametrization)
            start = start_of(self, likelihood, resume)
            is_set = not (resume or self.warm_start)
            attempt = Attempt(self, objective, start, is_set, task.warner)
            observer = task.observer(lambda at: constant | iterate_attributes(at, likelihood))
            solution = attempt.run(self.max_iter, observer)
            likelihood = solution.likelihood
            if resume and solution.stop_reason == "unbounded":
                raise likelihood.no_maximum(solution.evaluation, names)
            bound, by_default = learning_rate_bound(
                objective, attempt.solver, solution, attempt.by_default
            )
            attributes = constant | solution_attributes(
                solution, likelihood, record_path=self.record_path
            )
            attributes["learning_rate_bound_"] = bound
            outcome = Outcome(attempt, solution, by_default, bound, statistics, names)
            return attributes, task.warner.new_texts(fit_warnings(outcome, data_warning))

    def _validate_params(self) -> None:
        """Refuse invalid parameters. scikit-learn calls this; defaults need no check."""
        given = {
            name: getattr(self, name)
            for name, default in _defaults(type(self)).items()  # type: ignore[arg-type]
            if getattr(self, name) is not default
        }
        check_parameters(self._parameter_constraints, given, type(self).__name__)

    def _check_parameters(self, method: str) -> None:
        """Refuse valid parameters, or an earlier fit, that do not suit the method or each other."""
        check_together(self)
        if method == "partial_fit" and self._given is not None:
            raise ValueError(
                "A marginal or conditional Gaussian holds no rows to which others could be added. "
                "Call partial_fit on the fitted model that it comes from."
            )

    def _statistics_to_fit(
        self, rows: Rows, validated: Any, window: Window | None, task: FitTask
    ) -> tuple[AnyStatistics, Any, dict[str, Any]]:
        """Statistics of the rows to fit, the `reg_covar` for them, and attributes by name.

        `validated` has the feature names. In this class all rows are fitted, and there are no
        attributes.
        """
        diagonal = self.covariance_type != "full"
        statistics = rows.summarize(Summarize(diagonal, feature_names(validated), window))
        labelled = statistics.labelled(getattr(validated, "feature_names_in_", None))
        return labelled, self.reg_covar, {}

    def _unconverged_note(self, gaussian: FittedGaussian, stop_reason: str) -> str:
        """Sentences, after a space, on the use of an unconverged fit; empty in this class."""
        return ""

    def _finish_fit(
        self,
        attributes: dict[str, Any],
        warnings: list[tuple[str, type[Warning]]],
        task: FitTask,
        rows: Rows | None = None,
    ) -> Self:
        """The estimator itself with the result of a fit, after callbacks and warnings.

        `rows` are those of `fit`, which are not needed again in this class.
        """
        task.end(attributes)
        for message, category in warnings:
            if category is ConvergenceWarning:
                message += self._unconverged_note(
                    attributes["_gaussian"], attributes["stop_reason_"]
                )
            message += self._whose_parameters
            task.warner.warn(message, category)
        replace_fit(self, attributes)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Independent features have a closed form with gaps, too.
        tags.input_tags.allow_nan = self.solver != "closed-form" or self.covariance_type != "full"
        # Not array_api_support, which promises attributes in the library of X. Ours are float64
        # arrays on the host, although methods take rows of any library.
        return tags


@cache
def _defaults(kind: type) -> dict[str, Any]:
    """The parameters of a class of estimators and their defaults."""
    parameters = signature(kind).parameters.items()
    return {name: each.default for name, each in parameters if each.kind is not each.VAR_KEYWORD}


def _blas_threads(
    statistics: AnyStatistics, window: Window | None, family: Family
) -> AbstractContextManager[None]:
    """A context that sets the number of BLAS threads for a climb.

    A climb on complete data multiplies a few covariance matrices at most. Such a product takes d^3
    multiplications, and the number of parameters is about d^2 if the covariance is full.
    """
    multiplications = int(family.n_all**1.5)
    products_only = statistics.complete and window is None
    if products_only and multiplications <= threads.NEGLIGIBLE_MULTIPLICATIONS:
        return nullcontext()
    return threads.blas_threads_for(multiplications)
