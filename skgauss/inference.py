r"""What the curvature of the likelihood at the maximum says: how sure the estimate is.

In the frame of the maximum the mean moves by :math:`L p` and the covariance by
:math:`\sqrt2\, L V L^T`. The inverse of the observed information there, over the weight of the
rows, is the covariance of the estimate. Written as :math:`M^T M`, each row of M is a step in the
frame, and the variance of any parameter is the sum of the squares of its moves by these
steps: the delta method, for all parameters alike.

References
----------
Efron and Hinkley (1978), "Assessing the accuracy of the maximum likelihood estimator: observed
versus expected Fisher information", Biometrika 65(3); Kenward and Molenberghs (1998),
"Likelihood based frequentist inference when data are missing at random", Statistical Science
13(3), for why it is the observed that serves; Orchard and Woodbury (1972) for what is missing.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from scipy.special import lambertw
from scipy.stats import chi2, norm
from sklearn.utils import Bunch
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils.parallel import Parallel, delayed

from ._typing import Array
from ._wording import capped
from .blocks import threads
from .fitting import feature_names
from .gaussian import Family, NotPositiveDefiniteError, family_of, linalg
from .likelihoods import Evaluation, Likelihood, information_matrix, likelihood_with_ridge
from .profile import Correlation, Mean, Parameter, Scale, profile_end

_MOST_PARAMETERS = 2500  # of which the matrix of their information is formed
_NOTHING = 1e-8  # an eigenvalue of the information that is none, however exact
_MOVED = 1e-4  # by a direction without information: a parameter that it leaves open
_NO_LOSS = 1e-6  # of nats, by a larger model that is at its maximum
_SAME = 1e-9  # relative difference of statistics that is the rounding of another order of rows


class Parameters(NamedTuple):
    """A number for each parameter of a Gaussian, or one for each step or end on another axis.

    Relative numbers are free of units: of a mean in standard deviations, of the logarithm of a
    scale, of a covariance in products of standard deviations, of a correlation as it is.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
    covariance : ndarray of shape (n_features, n_features) or, if uncorrelated, (n_features,)
    correlation : ndarray of shape (n_features, n_features) or, if uncorrelated, (0, 0)
    """

    mean: Array
    scale: Array
    covariance: Array
    correlation: Array

    def map(self, function: Callable[[Array], Array]) -> Parameters:
        return Parameters(*map(function, self))


def standard_errors(estimator: Any) -> Bunch:
    """See `GaussianGradientMLE.standard_errors`."""
    at = _Point(estimator)
    return at.bunch(at.in_units(_errors(at).observed), itself=0.0)


def confidence_intervals(estimator: Any, level: float, method: str, n_jobs: int | None) -> Bunch:
    """See `GaussianGradientMLE.confidence_intervals`."""
    if method not in ("wald", "profile"):
        raise ValueError(f"method must be 'wald' or 'profile', got {method!r}.")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}.")
    at = _Point(estimator)
    if method == "wald":
        return at.bunch(_wald(at, _errors(at).observed, level), itself=(1.0, 1.0))
    found = at.bunch(_profile(at, level, n_jobs), itself=(1.0, 1.0))
    if at.family.correlated:
        del found["covariance"]  # of which only the variances have a profile here
    return found


def summary(estimator: Any, level: float) -> Any:
    """See `GaussianGradientMLE.summary`."""
    pandas = check_pandas_support(f"{type(estimator).__name__}.summary")
    at = _Point(estimator)
    errors = _errors(at)
    intervals = at.listed(_wald(at, errors.observed, level))
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


def likelihood_of(estimator: Any) -> Likelihood:
    """The likelihood that was climbed, ridge included, from what a fit keeps."""
    d = len(estimator.mean_)
    family = family_of(estimator.covariance_, d)
    ridge = np.full(d, estimator.reg_covar_)
    return likelihood_with_ridge(estimator.sufficient_statistics_, family, ridge)


def likelihood_ratio_test(smaller: Any, larger: Any) -> Bunch:
    """Test whether data need the covariances of a larger model.

    Under the smaller model the statistic, twice the nats by which all rows together are
    likelier under the larger, is nearly chi-squared, the more so the more rows there are.

    Parameters
    ----------
    smaller, larger : GaussianGradientMLE
        Fits of the same data: "spherical" is nested in "diag", and "diag" in "full".

    Returns
    -------
    result : Bunch
        `statistic`, the `degrees_of_freedom`, by how many parameters the models differ, and the
        `p_value`.

    Raises
    ------
    ValueError
        If the models are not nested, the data not the same, or one of the fits is no maximum.

    References
    ----------
    Wilks (1938), "The large-sample distribution of the likelihood ratio for testing composite
    hypotheses", The Annals of Mathematical Statistics 9(1).

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianGradientMLE, likelihood_ratio_test
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> X[:, 1] += X[:, 0]
    >>> models = [GaussianGradientMLE(covariance_type=t).fit(X) for t in ("diag", "full")]
    >>> test = likelihood_ratio_test(*models)
    >>> print(test.degrees_of_freedom, round(test.statistic, 2), f"{test.p_value:.0e}")
    3 58.26 1e-12
    """
    for each in (smaller, larger):
        _check_maximum(each)
    _check_same_data(smaller, larger)
    families = [family_of(each.covariance_, len(each.mean_)) for each in (smaller, larger)]
    added = families[1].n_parameters - families[0].n_parameters
    if added <= 0:
        raise ValueError(
            "The smaller model must be nested in the larger and have fewer parameters: 'spherical' "
            f"in 'diag' in 'full'. These have {families[0].n_parameters} and "
            f"{families[1].n_parameters} parameters."
        )
    gain = larger.log_likelihood_ - smaller.log_likelihood_
    if gain < -_NO_LOSS:
        raise ValueError(
            "The larger model is less likely than the smaller, so that its fit is not the highest "
            "maximum. Fit it again from the smaller: mean_init=smaller.mean_ and "
            "covariance_init=np.diag(smaller.scale_**2)."
        )
    statistic = max(2 * larger.sufficient_statistics_.weight * gain, 0.0)
    p_value = float(chi2.sf(statistic, added))
    return Bunch(statistic=statistic, degrees_of_freedom=added, p_value=p_value)


class _Point:
    """A fit at which errors are asked for, and the way from them to what a user sees."""

    def __init__(self, estimator: Any):
        _check_maximum(estimator)
        self.estimator = estimator
        self.likelihood = likelihood_of(estimator)
        self.family: Family = self.likelihood.family
        self.names = feature_names(estimator)
        scale, covariance = estimator.scale_, np.asarray(estimator.covariance_)
        self.estimate = (
            Parameters(estimator.mean_, scale, covariance, estimator.correlation_)
            if self.family.correlated
            else Parameters(estimator.mean_, scale, scale * scale, np.empty((0, 0)))
        )

    @cached_property
    def evaluation(self) -> Evaluation:
        return self.likelihood.evaluate(self.estimator.mean_, self.estimator._factor)

    def check_size(self) -> None:
        """Refuse what the matrix of the information would be too large for."""
        n_parameters = self.family.n_parameters
        if n_parameters > _MOST_PARAMETERS:
            raise ValueError(
                f"This takes the information of all {n_parameters} parameters as one matrix, "
                f"which is not formed of more than {_MOST_PARAMETERS}. Fit fewer features, or "
                "use covariance_type='diag'."
            )

    def in_units(self, relative: Parameters) -> Parameters:
        """Errors in the units of the parameters."""
        scale = self.estimate.scale
        products = np.outer(scale, scale) if self.family.correlated else scale * scale
        return Parameters(
            scale * relative.mean,
            scale * relative.scale,
            products * relative.covariance,
            relative.correlation,
        )

    def bunch(self, values: Parameters, itself: Any) -> Bunch:
        """As a user sees them, and what is to be said of a feature's correlation with itself."""
        family, ends = self.family, np.shape(itself)
        covariance = values.covariance
        if not family.correlated:
            covariance = covariance[: self.n_scales].reshape(family.shape + ends)
        found = {
            "mean": values.mean,
            "scale": values.scale,
            "covariance": covariance if np.ndim(covariance) else float(covariance),
        }
        if len(family.shape) == 2:
            d = family.n_features
            correlation = values.correlation if family.correlated else np.empty((d, d, *ends))
            correlation[np.diag_indices(d)] = itself
            found["correlation"] = correlation
        return Bunch(**found)

    def listed(self, values: Parameters) -> Array:
        """Means, scales and correlations one after the other, each of them once."""
        pairs = values.correlation[np.triu_indices(len(values.correlation), 1)]
        return np.concatenate((values.mean, values.scale[: self.n_scales], pairs))

    @property
    def parameter_names(self) -> list[str]:
        """Of that list."""
        names = self.names
        of_scales = names if self.n_scales == len(names) else ["every feature"]
        pairs = combinations(names if self.family.correlated else [], 2)
        return (
            [f"mean of {name}" for name in names]
            + [f"sd of {name}" for name in of_scales]
            + [f"correlation of {one} and {two}" for one, two in pairs]
        )

    @property
    def n_scales(self) -> int:
        """How many scales there are to estimate."""
        return self.family.n_features // self.family.multiplicity


class _Errors(NamedTuple):
    """Relative standard errors: of what was observed, and had every value been."""

    observed: Parameters
    complete: Parameters

    @property
    def missing_information(self) -> Parameters:
        """The share of the information that is missing, all of it where no error is finite."""
        ratios = (c / o for c, o in zip(self.complete, self.observed, strict=True))
        with np.errstate(invalid="ignore"):  # of a feature's correlation with itself
            return Parameters(*(np.clip(1 - np.nan_to_num(r) ** 2, 0.0, 1.0) for r in ratios))


def _errors(at: _Point) -> _Errors:
    """Relative standard errors; NaN, and a warning, where the data leave a parameter open."""
    one = _of_one_complete_row(at)
    rows = float(at.estimator.sufficient_statistics_.weight)
    complete = one.map(lambda error: error / math.sqrt(rows))
    weight = at.likelihood.weight
    if at.likelihood.shares is None:
        observed = _from_information(at).map(lambda error: error / math.sqrt(weight))
    else:
        of_means, of_scales = (1 / np.sqrt(share * weight) for share in at.likelihood.shares)
        observed = Parameters(
            one.mean * of_means,
            one.scale * of_scales,
            one.covariance * of_scales,
            complete.correlation,  # of correlated features only complete data have shares
        )
    _warn_of(
        at.parameter_names,
        np.isnan(at.listed(observed)),
        "The data do not determine the",
        "The likelihood is flat there, and the standard error is NaN. Collect rows that show "
        "these features together, or use covariance_type='diag'.",
    )
    return _Errors(observed, complete)


def _of_one_complete_row(at: _Point) -> Parameters:
    """Relative standard errors from one row without gaps, in closed form."""
    d, multiplicity = at.family.n_features, at.family.multiplicity
    correlation = at.estimate.correlation
    return Parameters(
        np.ones(d),
        np.full(d, math.sqrt(0.5 / multiplicity)),
        np.sqrt(1 + correlation**2)
        if at.family.correlated
        else np.full(d, math.sqrt(2 / multiplicity)),
        1 - correlation**2,
    )


def _from_information(at: _Point) -> Parameters:
    """The same from the matrix of the information, for an average of the rows."""
    at.check_size()
    with threads.blas_threads_for(at.family.n_parameters**3):
        matrix = information_matrix(at.likelihood, at.evaluation)
        resolution = max(_NOTHING, at.evaluation.natural_gradient_norm)
        steps, flat = _steps(matrix, resolution)
        errors = _lengths(at, steps)
        if not len(flat):
            return errors
        moved = _lengths(at, flat)
        return Parameters(
            *(np.where(m > _MOVED, np.nan, e) for m, e in zip(moved, errors, strict=True))
        )


def _steps(matrix: Array, resolution: float) -> tuple[Array, Array]:
    """M with ``M.T @ M`` the inverse of the information, and directions in which there is none.

    Raises
    ------
    ValueError
        If the information says that the point is no maximum.
    """
    with suppress(NotPositiveDefiniteError):
        root = linalg.cholesky(matrix)
        if linalg.condition(float(np.abs(matrix).sum(axis=0).max()), root) * resolution < 1:
            return linalg.invert_lower(root), np.empty((0, len(matrix)))
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -resolution:
        raise ValueError(
            "The fit is no maximum: the likelihood rises from there. Fit again with a smaller tol."
        )
    seen = values > resolution
    return vectors[:, seen].T / np.sqrt(values[seen])[:, None], vectors[:, ~seen].T


def _lengths(at: _Point, steps: Array) -> Parameters:
    """How far some steps together move each parameter, by the relative measure."""
    family = at.family
    mean, covariance = family.relative_moves(at.estimator._factor, steps)
    scale, correlation = covariance / 2, np.empty((len(steps), 0, 0))
    if family.correlated:
        scale = np.einsum("kii->ki", scale)
        both = scale[:, :, None] + scale[:, None, :]
        correlation = covariance - at.estimate.correlation * both
    moves = Parameters(mean, scale, covariance, correlation)
    return moves.map(lambda move: np.sqrt(np.einsum("k...,k...->...", move, move)))


def _wald(at: _Point, errors: Parameters, level: float) -> Parameters:
    """Ends of intervals, from errors on the scales on which no interval leaves the domain."""
    quantile = norm.isf((1 - level) / 2)
    estimate, units = at.estimate, at.in_units(errors)

    def around(center: Array, error: Array) -> Array:
        half = quantile * error
        return np.stack((center - half, center + half), axis=-1)

    scale = estimate.scale[:, None] * np.exp(around(np.zeros(()), errors.scale))
    covariance = scale * scale
    correlation = estimate.correlation.copy()
    if at.family.correlated:
        variances, covariance = covariance, around(estimate.covariance, units.covariance)
        covariance[np.diag_indices(len(variances))] = variances
        np.fill_diagonal(correlation, 0.0)
    z_error = errors.correlation / (1 - correlation**2)
    correlation = np.tanh(around(np.arctanh(correlation), z_error))
    return Parameters(around(estimate.mean, units.mean), scale, covariance, correlation)


def _profile(at: _Point, level: float, n_jobs: int | None) -> Parameters:
    """Ends of intervals at which the likelihood has fallen by what the level allows."""
    deviance = float(chi2.isf(1 - level, 1))
    if at.likelihood.shares is not None:
        return _profile_in_closed_form(at, deviance, *at.likelihood.shares)
    at.check_size()
    scale = at.estimate.scale
    one, two = pairs = np.triu_indices(len(at.estimate.correlation), 1)
    profiled: list[Parameter] = [Mean(j, s) for j, s in enumerate(scale.tolist())]
    profiled += [Scale(j) for j in range(at.n_scales)]
    profiled += [Correlation(*pair) for pair in zip(one.tolist(), two.tolist(), strict=True)]
    nats = deviance / (2 * at.likelihood.weight)
    maximum = at.evaluation
    _ = maximum.score_covariance  # formed here, once for all threads
    with threads.blas_threads_for(at.family.n_parameters**3):
        ends = Parallel(n_jobs=n_jobs, prefer="threads")(
            # A likelihood remembers its last information, and is therefore not shared.
            delayed(profile_end)(copy.copy(at.likelihood), maximum, each, sign, nats)
            for each in profiled
            for sign in (-1, 1)
        )
    ends = np.reshape(ends, (-1, 2))
    _warn_of(
        at.parameter_names,
        np.isnan(ends).any(axis=1),
        "An end of the profile interval was not found of the",
        "It is NaN. Use method='wald'.",
    )
    mean, scales, correlations = np.split(ends, np.cumsum((len(scale), at.n_scales)))
    scales = scales + np.zeros((len(scale), 1))
    correlation = np.zeros((*at.estimate.correlation.shape, 2))
    correlation[pairs] = correlation[pairs[::-1]] = correlations
    return Parameters(mean, scales, scales * scales, correlation)


def _profile_in_closed_form(
    at: _Point, deviance: float, of_means: Array | float, of_scales: Array | float
) -> Parameters:
    """The same where the curvature has a closed form: the profile then has one, too.

    With a weight n of the values a mean moves by t standard deviations at a deviance of n log(1 +
    t^2), the inverse of a squared scale to y times itself at n (y - 1 - log y), and Fisher's z of
    a correlation by x at 2 n log cosh x.
    """
    values = at.family.multiplicity * np.asarray(of_scales) * at.likelihood.weight
    shown = np.asarray(of_means) * at.likelihood.weight
    estimate, signs = at.estimate, np.array([-1.0, 1.0])
    moved = np.sqrt(values / shown * np.expm1(deviance / values)) * estimate.scale
    branches = [lambertw(-np.exp(-1 - deviance / values), k).real for k in (-1, 0)]
    ratios = np.sqrt(-np.stack(branches, axis=-1))
    scales = estimate.scale[:, None] / ratios
    correlation = np.arctanh(np.where(estimate.correlation == 1.0, 0.0, estimate.correlation))
    turned = np.arccosh(np.exp(deviance / (2 * at.likelihood.weight)))
    return Parameters(
        estimate.mean[:, None] + moved[:, None] * signs,
        scales,
        scales * scales,
        np.tanh(correlation[..., None] + turned * signs),
    )


def _warn_of(names: list[str], which: Any, before: str, after: str) -> None:
    """A warning that names the parameters which a sentence is about."""
    if which.any():
        named = capped([names[k] for k in np.flatnonzero(which)])
        warnings.warn(f"{before} {named}. {after}", stacklevel=5)  # at the caller of a method


def _check_maximum(estimator: Any) -> None:
    """Refuse what is no maximum of the likelihood of the data."""
    estimator._check_fitted()
    if not estimator.converged_:
        raise ValueError(
            f"This fit stopped as {estimator.stop_reason_!r}. Only a maximum of the likelihood has "
            "standard errors, intervals and tests. Fit with solver='natural' and a larger "
            "max_iter; where there is no maximum, with covariance_type='diag' or fewer features."
        )
    if np.any(estimator.reg_covar_):
        raise ValueError(
            "This fit has a ridge (see reg_covar_), and is no maximum of the likelihood of the "
            "data, which alone has standard errors, intervals and tests. Fit with "
            "reg_covar=0.0; where there is no maximum without a ridge, with "
            "covariance_type='diag', more rows or fewer features."
        )


def _check_same_data(one: Any, two: Any) -> None:
    """Refuse fits to different data, as far as features by themselves tell."""
    a, b = (each.sufficient_statistics_.by_feature for each in (one, two))
    same = feature_names(one) == feature_names(two) and all(
        np.allclose(x, y, rtol=_SAME, atol=0.0)
        for x, y in [
            (a.weight, b.weight),
            (a.observed_weights, b.observed_weights),
            (a.variances, b.variances),
            (np.sqrt(a.variances), np.sqrt(a.variances) + np.abs(a.mean - b.mean)),
        ]
    )
    if not same:
        raise ValueError(
            "The two models were fitted to different data. Fit both to the same rows, with the "
            "same weights."
        )
