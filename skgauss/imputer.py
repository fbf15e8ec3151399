"""GaussianImputer: a fitted Gaussian as a transformer that fills in missing values."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Unpack

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state

from ._signature import EstimatorParameters, passes_parameters_to
from ._typing import Array
from ._wording import DOCUMENTATION_URL, each_of, warn_caller
from .density import FittedGaussian
from .estimator import GaussianGradientMLE
from .inference import draw_gaussian
from .rows import Block, check_stays_lazy, feature_names, rows_of, to_host
from .statistics import has_missing
from .tables import is_dask


class GaussianImputer(OneToOneFeatureMixin, TransformerMixin, GaussianGradientMLE):
    """Fill in missing values by their conditional means under a fitted Gaussian.

    The Gaussian maximises the likelihood of all observed values, so that no row is dropped and no
    value is imputed for the fit. A value known only to an interval, for instance below one of the
    `censoring_limits`, is replaced by its conditional mean within the interval. A column that is
    constant in `fit` is filled in by its constant. Neither such a column nor one without any values
    counts in the likelihood, `aic` or `bic`, except with ``covariance_type="spherical"``, where it
    shares the variance of the others. The class is a `GaussianGradientMLE` that transforms. All its
    attributes and methods, and all parameters but the last four, are those of that class.

    Parameters
    ----------
    covariance_type, solver, parametrization, learning_rate, n_inner_iter, max_iter, tol, \
mean_init, covariance_init, reg_covar, censoring_limits, truncation_limits, fixed_mean, \
fixed_covariance, warm_start, record_path : optional
        See `GaussianGradientMLE`, also for the defaults.
    keep_empty_features : bool, default=False
        Whether to keep features that were never observed in `fit`, and fill them in by 0, or by
        `fixed_mean` if that is set. Otherwise `transform` drops them with a warning, as
        `sklearn.impute.SimpleImputer` does.
    sample_posterior : bool, default=False
        Whether to fill in random draws instead of means, for proper multiple imputation. Each call
        of `transform` draws the parameters from a Gaussian about the estimate with the covariance
        of `parameter_covariance`, and then each value from its conditional distribution given its
        row, within its interval if it has one. Draw for instance twenty tables, each with its own
        seed, analyse each of them, and combine the results by Rubin's rules. The fit must have
        converged. A ridge in it counts as prior information.
    random_state : int, RandomState instance or None, default=None
        Seed or generator of the draws. With an int each call of `transform` makes the same draws.
        For another table set another int by ``imputer.set_params(random_state=1)``, without a new
        fit.
    add_indicator : bool, default=False
        Whether to append indicator columns of missing values, as `sklearn.impute.MissingIndicator`
        does, for the features with missing values in `fit`.

    Attributes
    ----------
    indicator_ : MissingIndicator
        Indicator of the features with missing values in `fit`; it names the appended columns.

    See Also
    --------
    GaussianGradientMLE.impute : The same for a fitted Gaussian, with standard deviations.
    sklearn.impute.IterativeImputer : Imputation by a regression for each feature in turn.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, chapters 4 and 11; Rubin
    (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3, for the rules.

    Examples
    --------
    >>> import numpy as np
    >>> from skgauss import GaussianImputer
    >>> X = np.array([[1.0, 2.0], [2.0, 4.1], [3.0, 5.9], [4.0, np.nan]])
    >>> GaussianImputer().fit_transform(X).round(2)
    array([[1. , 2. ],
           [2. , 4.1],
           [3. , 5.9],
           [4. , 7.9]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GaussianGradientMLE._parameter_constraints,
        "keep_empty_features": ["boolean"],
        "sample_posterior": ["boolean"],
        "random_state": ["random_state"],
        "add_indicator": ["boolean"],
    }

    @passes_parameters_to(GaussianGradientMLE.__init__)
    def __init__(
        self,
        *,
        keep_empty_features: bool = False,
        sample_posterior: bool = False,
        random_state: int | np.random.RandomState | None = None,
        add_indicator: bool = False,
        **parameters: Unpack[EstimatorParameters],
    ) -> None:
        super().__init__(**parameters)
        self.keep_empty_features = keep_empty_features
        self.sample_posterior = sample_posterior
        self.random_state = random_state
        self.add_indicator = add_indicator

    # A feature that is constant, perhaps only in one fold, is filled in by its constant.
    _keeps_constants = True

    @property
    def indicator_(self) -> Any:
        """The indicator, fitted to one row that misses every feature with gaps in `fit`."""
        from sklearn.impute import MissingIndicator  # here, since this import is slow

        row = np.where(has_missing(self._statistics_as_given), np.nan, 0.0)[None]
        return MissingIndicator(error_on_new=False).fit(row)

    def fit_transform(
        self,
        X: ArrayLike,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        X_upper: ArrayLike | None = None,
    ) -> Array:
        """Fit the Gaussian, and fill in missing values of the same data.

        Parameters
        ----------
        X, y, sample_weight, X_upper : optional
            As in `fit`.

        Returns
        -------
        X_imputed : ndarray
            As returned by `transform`.
        """
        check_stays_lazy(self, X)
        return self.fit(X, y, sample_weight, X_upper).transform(X, X_upper)

    def transform(self, X: ArrayLike, X_upper: ArrayLike | None = None) -> Array:
        """Fill in missing values, and values known only to an interval.

        Parameters
        ----------
        X : array-like, Dask array or Dask DataFrame of shape (n_samples, n_features)
            Data; NaN stands for a missing value.
        X_upper : array-like, Dask array or Dask DataFrame shaped as X, default=None
            Upper ends of intervals, as in `fit`.

        Returns
        -------
        X_imputed : ndarray of shape (n_samples, n_features) or (n_samples, n_features + \
n_features_with_missing)
            X with its exact values unchanged. ``add_indicator=True`` appends columns that are 1
            where a value was missing and 0 elsewhere. A lazy Dask array if X is of Dask.

        Raises
        ------
        NotFittedError
            If the imputer is not fitted.
        ValueError
            If X is not valid; if X is of Dask and `set_output` asks for a frame, which would gather
            all rows in memory; or with ``sample_posterior=True``, if X is of Dask, the fit did not
            converge, or the data do not determine its parameters.
        """
        check_stays_lazy(self, X)
        self._check_fitted()
        self._warn_of_omitted_upper(X_upper, method="transform")
        fill, kept = self._fill(X), self._is_kept
        if not kept.all():
            names = feature_names(self)
            dropped = each_of([names[j] for j in np.flatnonzero(~kept).tolist()])
            filling = "0" if self.fixed_mean is None else "fixed_mean"
            warn_caller(
                f"{dropped} had no values in fit and is dropped. Set keep_empty_features=True to "
                f"keep it, filled with {filling}."
            )
        if self.add_indicator or not kept.all():
            marked = self.indicator_.features_ if self.add_indicator else []
            fill = partial(_filled_and_marked, fill, np.flatnonzero(kept), marked)
        return rows_of(self, X, X_upper=X_upper).map(fill)

    def _fill(self, X: Any) -> Callable[[Block], np.ndarray]:
        """The function that fills in a block, by means or by draws under drawn parameters.

        It returns the rows, (n_rows, n_features), in their dtype if that is floating.
        """
        if not self.sample_posterior:
            return partial(_imputed, self._fitted_gaussian())
        if is_dask(X):
            raise ValueError(
                "sample_posterior=True fills in random draws, but Dask would draw again each time "
                "it computes a block. Pass X.compute(), or compute its partitions one at a time."
            )
        random_state = check_random_state(self.random_state)
        draw = partial(draw_gaussian(self, random_state).draw_hidden, random_state=random_state)
        return partial(_drawn_but_constants, draw, self._constants)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features; by default those seen in `fit`.

        Returns
        -------
        feature_names_out : ndarray of str
            The names of the features that are kept, followed by those of `indicator_`.
        """
        names = super().get_feature_names_out(input_features)
        if not self.add_indicator:
            return names[self._is_kept]
        return np.concatenate((names[self._is_kept], self.indicator_.get_feature_names_out(names)))

    @property
    def _constants(self) -> Array:
        """The value of each feature that is constant in `fit`, NaN for the others, (n_features,).

        With a fixed mean or covariance no feature counts as constant, since it has a variance then.
        """
        family = self._gaussian.family
        known = family.mean_is_known or family.covariance_is_known
        constant = (self._statistics_as_given.by_feature.variances == 0) & (not known)
        return np.where(constant, self.mean_, np.nan)

    @property
    def _is_kept(self) -> np.ndarray:
        """Whether `transform` returns a feature, bool of shape (n_features,)."""
        return self.keep_empty_features | (self._statistics_as_given.observed_weights > 0)

    def _unconverged_note(self, gaussian: FittedGaussian, stop_reason: str) -> str:
        """Sentences, after a space, on what `transform` fills in if a fit did not converge."""
        if np.allclose(gaussian.correlation, np.eye(gaussian.family.n_features), atol=1e-8):
            return " Meanwhile, transform fills every gap with mean_, whatever else a row shows."
        note = " Meanwhile, transform fills gaps with conditional means under this last iterate"
        if stop_reason != "unbounded" or self.truncation_limits is not None:
            return f"{note}."  # a ridge does not end a climb that widens in a window
        return (
            f"{note}, which may be further off than the means of the columns. A search chooses "
            f"reg_covar: see {DOCUMENTATION_URL}/missing_values.html#small-tables."
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _imputed(gaussian: FittedGaussian, block: Block) -> np.ndarray:
    """The rows of a block with conditional means filled in, (n_rows, n_features)."""
    return gaussian.impute(block, with_std=False)[0]


def _drawn_but_constants(
    draw: Callable[[Block], np.ndarray], constants: Array, block: Block
) -> np.ndarray:
    """The rows of a block, filled in by `constants` where they are not NaN, otherwise by draws.

    If a value is known to lie in an interval without the constant, its nearer end is filled in.
    """
    filled, missing = draw(block), np.isnan(to_host(block.X))
    known = np.tile(constants, (len(filled), 1))
    if block.intervals is not None:
        rows, lower, upper = block.intervals
        known[rows] = np.clip(constants, lower, upper)
    return np.where(missing & ~np.isnan(known), known, filled).astype(filled.dtype)


def _filled_and_marked(
    fill: Callable[[Block], np.ndarray], kept: np.ndarray, features: ArrayLike, block: Block
) -> np.ndarray:
    """The imputed rows, (n_rows, n_kept), and to their right an indicator of each of `features`.

    The indicator is 1 where the value of the feature was missing, otherwise 0.
    """
    block = block.on_host
    missing = np.isnan(block.X)
    if block.intervals is not None:
        rows, lower, upper = block.intervals
        missing[rows] = np.isinf(lower) & np.isinf(upper)
    return np.hstack((fill(block)[:, kept], missing[:, features]))
