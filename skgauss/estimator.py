"""GaussianGradientMLE: validate -> summarize -> maximize -> attributes."""

from __future__ import annotations

import copy
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
from ._typing import Array
from ._wording import capped
from .blocks import threads
from .density import GIVEN, SEEN_THROUGH, WAITING, FittedGaussian
from .density_methods import GaussianDensity
from .fitting import (
    DOCUMENTATION_URL,
    Attempt,
    FitTask,
    Outcome,
    check_labels,
    check_together,
    checked_statistics,
    given_parameters,
    input_attributes,
    input_of_statistics,
    iterate_attributes,
    law_attributes,
    of_type,
    replace_fit,
    solution_attributes,
    start_of,
    words_of,
)
from .gaussian import PARAMETRIZATIONS, Family, make_family
from .inference import InferenceMethods
from .likelihoods import NoMaximumError, regularized_likelihood
from .rows import (
    Rows,
    Summarize,
    Window,
    checked_limits,
    feature_indices,
    feature_names,
    rows_of,
    values_given,
    warn_of_misplaced_ends,
)
from .solvers import SOLVERS, Objective, learning_rate_bound
from .statistics import AnyStatistics

# A limit of all features: none, a number, one for each, or some by name.
Limit = float | ArrayLike | Mapping[str, float] | None


class _OfRecordedPath:
    """An attribute of fits with a recorded path, which says how to have it where it is missing."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, estimator: Any, owner: type) -> Any:
        if estimator is None:
            return self
        raise AttributeError(f"Only a model fitted with record_path=True has {self._name}.")


class GaussianGradientMLE(CallbackSupportMixin, InferenceMethods, GaussianDensity):
    r"""Gaussian density fitted by climbing its likelihood.

    Maximises the average log-likelihood of a Gaussian over its mean and covariance by
    gradient ascent, coordinate ascent, natural gradient ascent, L-BFGS or Newton's method, or
    takes the closed form. The data are read once; what a solver iterates on are their sufficient
    statistics, so that an iteration costs the same for a thousand rows as for a billion.

    A constant step is stable only below :math:`2 / \lambda_{\max}(-H)`, H the Hessian of
    the log-likelihood at the maximum: with one feature and sigma as the parameter, below
    :math:`\sigma^2`. Every fit reports that number as `learning_rate_bound_`. From a start
    far from the data the first step is a leap, at any rate. A fit that failed says which of
    the two it was, and settings that it has found to work.

    Parameters
    ----------
    covariance_type : {"full", "diag", "spherical"}, default="full"
        Any covariance matrix, independent features, or one variance for all features.
    solver : {"natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"}
        The default, "natural", steps along the inverse Fisher information times the gradient,
        which no unit and no correlation slows down. Where values are missing it accelerates
        these steps, and after twenty quasi-Newton steps takes Newton's. "gradient" moves all
        of theta along the plain gradient. "coordinate" moves the mean, then the covariance,
        in turn. "lbfgs" is scipy's. "newton" divides the gradient by the observed information,
        in a trust region, and takes EM steps far from the maximum. "closed-form" goes to the
        maximum at once, of complete data and of independent features with gaps.
    parametrization : {"scale", "log-scale", "covariance", "precision"}, default="scale"
        What "gradient", "coordinate" and "lbfgs" move beside the mean. "scale": the
        standard deviation, the lower Cholesky factor of a full covariance. "log-scale":
        the same with the logarithm of its diagonal. "covariance": the variance or
        covariance matrix. "precision": its inverse. The other solvers ignore it.
    learning_rate : "auto" or float, default="auto"
        A float is that constant step, exactly, in the units of the data. With "auto"
        "natural" starts from 1, "gradient" and "coordinate" take Barzilai-Borwein steps
        safeguarded by a line search. "lbfgs", "newton" and "closed-form" take no other value.
    n_inner_iter : int, default=1
        "coordinate": steps on one block before the other. 1 is the sequential update.
        The other solvers ignore it.
    max_iter : int, default=1000
        Largest number of iterations.
    tol : float, default=1e-6
        Largest natural gradient norm that counts as converged. Half its square estimates
        the nats per observation still to gain. Where rounding, which the condition number
        of the correlations amplifies, does not let the norm fall that far, converged means
        having reached that limit. Where values are missing a norm below `tol` is not enough;
        see `converged_`.
    mean_init : float or array-like of shape (n_features,), default=None
        Mean to start from; None is 0. With neither this nor `covariance_init` "natural" and
        "newton", of an automatic rate, start at a guess from the data where there is no closed
        form: with missing values, intervals or truncation.
    covariance_init : float or array-like shaped as `covariance_`, default=None
        Covariance to start from; None is the identity, a float a multiple of it.
    reg_covar : "auto", float or array-like of shape (n_features,), default="auto"
        r_j in the penalty :math:`-\frac12 \sum_j r_j (\Sigma^{-1})_{jj}`, which adds r_j
        to the j-th variance of the maximiser. That is of complete data; where n_j of n rows show an
        independent feature it adds r_j n / n_j, and inside `truncation_limits` it adds to the
        variance of what is seen. "auto": 0, the exact maximum likelihood
        estimate, wherever it exists; 1e-6 times each variance, and a warning, where it
        does not because of too few rows or collinear features. 0.0 insists on the estimate.
        Where values are missing, features are collinear if they are so in all rows that show them,
        and in more rows than features. Whether such rows are too few, and all that concerns
        intervals, only the climb can tell, which then stops as "unbounded", and no ridge is added.
    censoring_limits : tuple (lower, upper), default=None
        Each None, a number, or one number for each feature, NaN for one without a limit; a dict
        or a pandas Series gives them by name. A value
        at or below `lower` is known only to be at most that, a value at or above `upper` only to
        be at least that: the detection limits of a laboratory, the saturation of a sensor. They
        apply wherever the estimator is handed X, to values that are known exactly. A value that
        differs from a limit only in its last two places, as another library's logarithm does, is
        at it, unless it is one of few binary digits, such as 3 or 0.5. In a column of float32 the
        limit is what float32 makes of it.
    truncation_limits : tuple (lower, upper), default=None
        Rows are seen only where every feature lies between its limits, which are given as those of
        `censoring_limits` are. What is fitted is the Gaussian that they were cut from; a row
        outside is an error. What is missing or known only to an interval lies between them, too.
    fixed_mean : float or array-like of shape (n_features,), default=None
        The mean, where it is known and only the covariance is to be estimated, about it.
    fixed_covariance : float or array-like shaped as `covariance_`, default=None
        The covariance, where it is known and only the mean is to be estimated; a float is a
        multiple of the identity. What is fixed does not count as a parameter in `aic` and `bic`,
        and its standard errors are 0.
    warm_start : bool, default=False
        Start from the last fit.
    record_path : bool, default=False
        Keep every iterate, in `mean_path_` and `covariance_path_`.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean.
    covariance_ : ndarray of shape (n_features, n_features) or (n_features,), or float
        Covariance matrix, variances or variance, by `covariance_type`.
    scale_ : ndarray of shape (n_features,)
        Standard deviations.
    log_likelihood_ : float
        Average log-likelihood of the data at the result, in nats, without the penalty.
    log_likelihood_path_ : ndarray of shape (`n_iter_` + 1,)
        The same for every iterate, the start first, which may be a guess; see `mean_init`.
    mean_path_ : ndarray of shape (`n_iter_` + 1, n_features)
        Every mean, the start first. Only with ``record_path=True``.
    covariance_path_ : ndarray of shape (`n_iter_` + 1, ...)
        Every covariance, shaped as `covariance_`. Only with ``record_path=True``.
    n_iter_ : int
        Iterations.
    converged_ : bool
        Whether the result is a maximum of the likelihood: the natural gradient norm is at most
        `tol` and, where values are missing or known only to an interval, the curvature of the
        likelihood confirms it; of a truncated sample the moments inside the window are those of
        the data, to `tol` of their deviations. A saddle does not count, nor does a slope that is
        nearly flat while its maximum is far.
    stop_reason_ : str
        "converged"; "max_iter"; "diverged", which keeps the iterate of highest likelihood;
        "stalled", when no step gained more than rounding, or many in a row next to nothing where
        the covariance is nearly singular; "unbounded", when the climb on
        incomplete data leads to no maximum at a regular covariance, or that on a truncated sample
        to none at all; "callback", when one asked.
    natural_gradient_norm_ : float
        :math:`\sqrt{g_\mu^T \Sigma g_\mu + 2 \operatorname{tr}(G \Sigma G \Sigma)}` at
        the result, free of units.
    learning_rate_bound_ : float
        Largest constant step that is stable at the maximum, for the parametrization; 2
        for "natural", but for truncated samples, of which that may be less or more.
    reg_covar_ : float or ndarray of shape (n_features,)
        The ridge that was used.
    sufficient_statistics_ : SufficientStatistics, or statistics by pattern or by feature
        Weight, mean and covariance of the data. Where values are missing, the same by pattern,
        or by feature if `covariance_type` is not "full", with the rows beside that hold values
        known only to an interval; of more rows than should travel, blocks of Dask that hold them.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    sklearn.mixture.GaussianMixture : Several Gaussians, by EM.
    sklearn.covariance.EmpiricalCovariance : The closed form, and shrunk relatives.
    scipy.stats.multivariate_normal : The density of a Gaussian that is known.

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

    # The page that the HTML repr of a notebook links to, which docs/api.rst generates.
    _doc_link_module = "skgauss"
    _doc_link_template = DOCUMENTATION_URL + "/generated/skgauss.{estimator_name}.html"

    # Whether features that do not vary, or were never observed, are fitted without a maximum.
    _keeps_constants = False

    log_likelihood_: float
    log_likelihood_path_: Array
    mean_path_: Array = _OfRecordedPath()  # type: ignore[assignment]
    covariance_path_: Array = _OfRecordedPath()  # type: ignore[assignment]
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

    # Kept here, as scikit-learn asks for it at every fit, and it would be worked out each time.
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
            Blocks of Dask are summarised where they lie. Where scikit-learn dispatches on
            the library of X, X stays on its device.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like or Dask array of shape (n_samples,), default=None
            Frequencies: weight k equals k repeats of a row, weight 0 its removal.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends: each value is known only to lie between X and X_upper, and exactly
            where these are equal. -inf or NaN in X, inf or NaN in X_upper are open ends; NaN in
            both is a missing value. None means X itself.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X, a parameter or a combination of parameters is not valid, or if the
            likelihood has no maximum. An earlier fit is left as it was.
        TypeError
            If X is sparse.

        Warns
        -----
        ConvergenceWarning
            If the climb did not converge; see `stop_reason_`. What it recommends was tried
            before, in at most 3,000 iterations, 200 where values are missing.
        UserWarning
            If ``reg_covar="auto"`` had to add a ridge, or if the maximum is not unique
            because features were never observed together.
        """
        self._check_parameters("fit")
        warn_of_misplaced_ends(X, y, "y", "X_upper")
        task = FitTask(self, "fit", X, y, sample_weight, X_upper)
        # Names and width are those of the new data only once the fit has succeeded.
        seen = copy.copy(self)
        nothing_known = self.fixed_mean is None and self.fixed_covariance is None
        fewest = 2 if nothing_known else 1  # fewer do not tell mean and covariance
        rows = rows_of(seen, X, sample_weight, X_upper, reset=True, fewest_rows=fewest)
        task.begin()
        window = Window.of(self.truncation_limits, feature_names(seen))
        statistics, reg_covar, of_rows = self._statistics_to_fit(rows, seen, window, task)
        attributes, warnings = self._maximize(statistics, seen, window, task, reg_covar)
        return self._adopt(attributes | of_rows, warnings, task, rows, sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Self:
        """Add rows to the data, and go on from the current estimate.

        Any split of data into chunks ends where one `fit` of all of them does, as near as
        `tol` asks. While the rows are too few for a maximum, as with ``reg_covar="auto"`` no
        ridge is added here, they are remembered and nothing is fitted; the densities then say
        so.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            The new rows, which may be none; NaN stands for a value that is missing at random.
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
            If X or a parameter is not valid, or if `covariance_type` became "full" and the rows
            before were summarised without the products of features. The estimator is left
            as it was.
        TypeError
            If X is sparse.

        Warns
        -----
        ConvergenceWarning
            If the climb did not converge; see `stop_reason_`.
        UserWarning
            If the maximum is not unique because features were never observed together, or if rows
            before came with `X_upper` and these come without it.
        """
        self._check_parameters("partial_fit")
        warn_of_misplaced_ends(X, y, "y", "X_upper")
        task = FitTask(self, "partial_fit", X, y, sample_weight, X_upper)
        seen = copy.copy(self)
        first = not hasattr(self, "sufficient_statistics_")
        if first and hasattr(self, "mean_"):
            raise ValueError(
                "A marginal or conditional Gaussian holds no rows to which others could be added. "
                "Call partial_fit on the fitted model that it comes from."
            )
        rows = rows_of(
            seen, X, sample_weight, X_upper, reset=first, fewest_rows=0, some_weight=False
        )
        self._warn_of_forgotten(X_upper)
        task.begin()
        window = Window.of(self.truncation_limits, feature_names(seen))
        statistics, _, _ = self._statistics_to_fit(rows, seen, window, task)
        if not first:
            if getattr(self, SEEN_THROUGH) != (window and window.ends):
                raise ValueError(
                    "truncation_limits differ from those of the earlier rows, and all rows must "
                    "have the same limits. Set the earlier limits again, or call fit on rows that "
                    "share the new ones."
                )
            statistics = of_type(self.sufficient_statistics_, self.covariance_type) + statistics
        # Where rows are too few "auto" adds no ridge here, as more of them may come.
        ridge = 0.0 if isinstance(self.reg_covar, str) else self.reg_covar
        try:
            fitted = self._maximize(statistics, seen, window, task, ridge, resume=True)
        except NoMaximumError as error:
            held = {
                "sufficient_statistics_": statistics,
                SEEN_THROUGH: window and window.ends,
                WAITING: error.cause,
            }
            task.end(None)
            replace_fit(self, input_attributes(seen) | held)
            return self
        return self._adopt(*fitted, task)

    # To a type checker every sum() may be 0. That of no statistics is, and is refused.
    @fit_context(prefer_skip_nested_validation=True)
    def fit_statistics(self, statistics: AnyStatistics | Literal[0]) -> Self:
        """Fit the Gaussian to data that were summarised elsewhere.

        Parameters
        ----------
        statistics : SufficientStatistics, or what a model has in `sufficient_statistics_`
            Of all rows; statistics of parts add up. Those of a model with `truncation_limits`
            hold what was missing as values inside these limits, and go with the same ones.

        Returns
        -------
        self : object
            The fitted estimator, as `fit` would leave it. The features have names if the
            statistics were made of frames that have them.

        Raises
        ------
        ValueError
            If the likelihood has no maximum, the statistics cannot be those of any rows, mean
            and covariance name other features, or variances are all they hold and
            ``covariance_type="full"``.
        TypeError
            If they are no statistics.

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
        seen = copy.copy(self)
        input_of_statistics(seen, statistics)
        task.begin()
        window = Window.of(self.truncation_limits, feature_names(seen))
        fitted = self._maximize(statistics, seen, window, task, self.reg_covar)
        return self._adopt(*fitted, task)

    def marginal(self, features: int | str | ArrayLike) -> GaussianGradientMLE:
        """The Gaussian of some of the features, whatever the others are.

        Parameters
        ----------
        features : int, str, or array-like of int, str or bool
            The features to keep, in this order, by index or name; or a mask of all features.

        Returns
        -------
        model : GaussianGradientMLE
            What a fitted Gaussian can be asked it can be asked, too: densities, distances,
            imputations, draws. It has `mean_`, `covariance_`, `scale_`, `precision_`,
            `correlation_` and the names of its features, and no attribute that tells of a climb
            or of data: how sure it is, the estimator that it comes from tells of these features.
            `censoring_limits` are those of its features, other parameters the defaults.
            With `truncation_limits` it is the marginal of the Gaussian that the rows were cut
            from.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there is no such feature, one is given twice, or none is left.

        See Also
        --------
        conditional : The Gaussian of some features where others are known.

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
        return self._law(kept, gaussian.marginal(kept), {})

    def conditional(self, given: Mapping[int | str, float]) -> GaussianGradientMLE:
        """The Gaussian of all other features where some are known.

        Parameters
        ----------
        given : dict or pandas Series
            From features, by index or name, to their values.

        Returns
        -------
        model : GaussianGradientMLE
            As :meth:`marginal` returns it, of the other features in their order. How sure its means
            are a `GaussianRegressor` tells, of these features on those given.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there is no such feature, one is given twice, none is left, or a value is no finite
            number.

        See Also
        --------
        marginal : The Gaussian of some features, whatever the others are.
        impute : The conditional means of rows that miss other values each.

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
        return self._law(kept, gaussian.conditional(known, values, kept), named)

    def _law(
        self, kept: list[int], gaussian: FittedGaussian, given: dict[str, float]
    ) -> GaussianGradientMLE:
        """A marginal or conditional estimator, which is fitted to no data, but has its Gaussian.

        `kept` are the indices of its features, and `given` the values of others by name.
        """
        limits = self.censoring_limits
        if limits is not None:
            limits = checked_limits(limits, "censoring_limits", feature_names(self))
            limits = tuple(limit[kept] for limit in limits)
        covariance_type = gaussian.family.covariance_type
        law = GaussianGradientMLE(covariance_type=covariance_type, censoring_limits=limits)
        replace_fit(law, law_attributes(gaussian, self, kept, given))
        return law

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Parameters, or features and means where the Gaussian is a marginal or conditional one."""
        if not hasattr(self, GIVEN):
            return super().__repr__(N_CHAR_MAX)
        names = getattr(self, "feature_names_in_", [""] * len(self.mean_))
        means = [
            f"{name} {mean:.4g}".lstrip() for name, mean in zip(names, self.mean_, strict=True)
        ]
        given = [f"{name}={value:g}" for name, value in getattr(self, GIVEN).items()]
        return f"<Gaussian with means {capped(means)}{' given ' * bool(given)}{capped(given)}>"

    def _maximize(
        self,
        statistics: AnyStatistics,
        seen: Any,
        window: Window | None,
        task: FitTask,
        reg_covar: Any,
        resume: bool = False,
    ) -> tuple[dict[str, Any], list[tuple[str, type[Warning]]]]:
        """The attributes by name that a climb led to, and the texts and categories of warnings.

        It climbs the likelihood of statistics that were seen through a window. `seen` has what
        validation of X left, and where a climb may `resume`, `start_of` says.

        Raises
        ------
        NoMaximumError
            If the data show that the likelihood has no maximum, or a climb that may `resume` does.
        """
        names = feature_names(seen)
        if hasattr(seen, "feature_names_in_"):
            check_labels(self, names)
        family = make_family(self.covariance_type, seen.n_features_in_)
        with _blas_threads(statistics, window, family):
            fixed = given_parameters(self, "fixed_mean", "fixed_covariance", family)
            keep = self._keeps_constants
            likelihood, ridge, of_data = regularized_likelihood(
                reg_covar, statistics, family, names, window, fixed, keep_constants=keep
            )
            constant = input_attributes(seen) | {
                "reg_covar_": ridge,
                "sufficient_statistics_": statistics,
                SEEN_THROUGH: window and window.ends,
            }
            parametrization = PARAMETRIZATIONS[self.parametrization](likelihood.family)
            objective = Objective(likelihood, parametrization)
            start = start_of(self, likelihood, resume)
            is_set = not (resume or self.warm_start)
            attempt = Attempt(self, objective, start, is_set, task.warner)
            observer = task.observer(lambda at: constant | iterate_attributes(at, likelihood))
            solution = attempt.run(self.max_iter, observer)
            if resume and solution.stop_reason == "unbounded":
                raise likelihood.no_maximum(solution.evaluation, names)
            bound = learning_rate_bound(objective, attempt.solver, solution)
            attributes = constant | solution_attributes(
                solution, likelihood, record_path=self.record_path
            )
            attributes["learning_rate_bound_"] = bound
            outcome = Outcome(attempt, solution, bound, statistics, names)
            return attributes, task.warner.worded(words_of(outcome, of_data))

    def _validate_params(self) -> None:
        """Refuse invalid parameters, as scikit-learn asks for; defaults need not be looked at."""
        given = {
            name: getattr(self, name)
            for name, default in _defaults(type(self)).items()  # type: ignore[arg-type]
            if getattr(self, name) is not default
        }
        check_parameters(self._parameter_constraints, given, type(self).__name__)

    def _check_parameters(self, method: str) -> None:
        """Refuse parameters, each valid, that contradict each other or the method called."""
        check_together(self)

    def _statistics_to_fit(
        self, rows: Rows, seen: Any, window: Window | None, task: FitTask
    ) -> tuple[AnyStatistics, Any, dict[str, Any]]:
        """Statistics of the rows to fit, the `reg_covar` for them, and attributes by name.

        `seen` has the names of their features. Here all rows are fitted, and there are no
        attributes.
        """
        diagonal = self.covariance_type != "full"
        statistics = rows.summarize(Summarize(diagonal, feature_names(seen), window))
        labelled = statistics.labelled(getattr(seen, "feature_names_in_", None))
        return labelled, self.reg_covar, {}

    def _use_of(self, gaussian: FittedGaussian) -> str:
        """A sentence, after a space, on what an unconverged fit is used for; it is empty here."""
        return ""

    def _attributes_of_rows(
        self, gaussian: FittedGaussian, rows: Rows | None, sample_weight: Any
    ) -> dict[str, Any]:
        """Fitted attributes by name that take the rows of `fit` once more; here there are none."""
        return {}

    def _adopt(
        self,
        attributes: dict[str, Any],
        warnings: list[tuple[str, type[Warning]]],
        task: FitTask,
        rows: Rows | None = None,
        sample_weight: Any = None,
    ) -> Self:
        """The estimator itself, with the result of a fit once callbacks and user are told of it."""
        gaussian = attributes["_gaussian"]
        attributes.update(self._attributes_of_rows(gaussian, rows, sample_weight))
        task.end(attributes)
        for message, category in warnings:
            if category is ConvergenceWarning:
                message += self._use_of(gaussian)
            message += self._whose_parameters
            task.warner.warn(message, category)
        replace_fit(self, attributes)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Independent features have a closed form with gaps, too.
        tags.input_tags.allow_nan = self.solver != "closed-form" or self.covariance_type != "full"
        # Not array_api_support, which promises attributes of the library of X. Ours are
        # float64 on the host, and take rows of any library.
        return tags


@cache
def _defaults(kind: type) -> dict[str, Any]:
    """The parameters of a class of estimators and their defaults."""
    parameters = signature(kind).parameters.items()
    return {name: each.default for name, each in parameters if each.kind is not each.VAR_KEYWORD}


def _blas_threads(
    statistics: AnyStatistics, window: Window | None, family: Family
) -> AbstractContextManager[None]:
    """A context with the threads of BLAS that suit a climb.

    The largest work of a climb on complete data is a few products of covariances.
    """
    multiplications = int(family.n_parameters**1.5)
    products_only = statistics.complete and window is None
    if products_only and multiplications <= threads.NEXT_TO_NOTHING:
        return nullcontext()
    return threads.blas_threads_for(multiplications)
