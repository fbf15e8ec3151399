r"""Likelihood of values known exactly, to an interval, or not at all.

A row with exact part o and interval part c in a box B has the log-likelihood
:math:`\log N(x_o) + \log P(x_c \in B \mid x_o)`. By Fisher's identity its gradient is that of
complete data with the mean and covariance expected at the point, as with missing values:

.. math::

    m = \operatorname{avg} E[y_i \mid x_o, B], \qquad
    S = \operatorname{avg} \left[ (E[y_i] - m)(E[y_i] - m)^T + \operatorname{Cov}[y_i] \right].

Only the E step depends on what is known of a row: rows with intervals enter the same sums.

References
----------
Dempster, Laird and Rubin (1977), JRSS B 39(1), section 4.2, for censored and grouped data;
Heitjan and Rubin (1991), "Ignorability and coarse data", Annals of Statistics 19(4); Burridge
(1981), "A note on maximum likelihood estimation for regression models using grouped data",
JRSS B 43(1), for one feature, whose likelihood has no other stationary point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from .._typing import Array
from .._wording import quoted
from ..conditioning import Conditioner, SingleIntervals, Standardization
from ..gaussian import Diagonal, Full
from ..statistics import IntervalStatistics
from .base import FEW_PARAMETERS, Evaluation, NoMaximumError, cache_latest
from .e_step import excess_error, n_on_a_lattice
from .fixed import NO_FIXED, Fixed
from .information import Information
from .missing import NARROW_INFLATION, ObservedFull
from .missing_diagonal import UncorrelatedLikelihood

# Most intervals of uncorrelated features for which the information costs next to nothing, since
# calling NumPy is most of the work. With more it takes three times as long as an evaluation.
_FEW_INTERVALS = 10_000
# Eigenvalue below which the information of uncorrelated features, from its formula, is rounding.
_INTERVAL_RESOLUTION = 1e-13
# Standard deviation, over the data's, above which open intervals tell nothing.
_UNINFORMATIVE_SCALE = 1e4
_DATA_KIND, _PAGE = "data with values known only to an interval", "detection_limits"


class IntervalDiagonal(UncorrelatedLikelihood):
    """The likelihood of values and intervals of uncorrelated features."""

    data_kind, page = _DATA_KIND, _PAGE
    has_information = True

    def __init__(
        self, statistics: Any, family: Diagonal, ridge: Array | None = None, fixed: Fixed = NO_FIXED
    ):
        s: IntervalStatistics = statistics.by_feature
        self._moments = fixed.moments(statistics, family)
        exact = s.exact
        mean = np.where(exact.observed_weights > 0, exact.mean, s.mean)
        weights = {"weight": s.weight, "informative_weight": s.informative_weight}
        super().__init__(replace(exact, mean=mean, **weights), family, ridge)
        self._singles = SingleIntervals.of(s.lower, s.upper)
        self._weights = s.weights[self._singles.rows] / self.weight
        self._missing_share = 1.0 - s.observed_weights / self.weight
        self.information_is_cheap = len(s.weights) <= _FEW_INTERVALS

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor of the data with each interval replaced by a point in it."""
        mean, variances = self._moments
        if self.ridge is not None:
            variances = variances + self.ridge
        return mean, self.family.root(self.family.project(variances))

    @cached_property
    def _information_of_completed(self) -> Array:
        """The information, in the frame, if all values in intervals were known exactly."""
        share = 1.0 - self._missing_share
        return self.family.blocks(share, 0.0 * share, self.family.project(share))

    @cache_latest
    def information(self, at: Evaluation) -> Information:
        matrix = self._information_of_completed - self.unknown(at)
        matrix += self.family.connection_term(at.natural_gradient)
        return Information(matrix, self.family, _INTERVAL_RESOLUTION)

    def unknown(self, at: Evaluation) -> Array:
        family = self.family
        of_means, across, of_squares = self._score_sums(at.mean, at.factor, True)[3:]
        return family.blocks(of_means, across / math.sqrt(2), family.project(of_squares / 2))

    def _sums(self, mean: Array, factor: Array) -> tuple[Array, Array, float]:
        step, second, value = super()._sums(mean, factor)
        sums = self._score_sums(mean, factor, self.information_is_cheap)
        log_probability, whitened, squares = sums[:3]
        deviations = self.family.standard_deviations(factor)
        step = step + deviations * whitened
        second = second + deviations * deviations * squares
        return step, second, value + float(log_probability.sum())

    @cache_latest
    def _score_sums(self, mean: Array, factor: Array, spread: bool) -> Array:
        """`SingleIntervals.sums` at a point, cached because the information uses them again."""
        deviations = self.family.standard_deviations(factor)
        return self._singles.sums(self._weights, mean, deviations, spread=spread)


class IntervalFull(ObservedFull):
    """The likelihood of values and intervals of correlated features."""

    data_kind, page = _DATA_KIND, _PAGE

    def __init__(
        self, statistics: Any, family: Full, ridge: Array | None = None, fixed: Fixed = NO_FIXED
    ):
        super().__init__(statistics, family, ridge, fixed)
        self._may_spread = statistics.bounds.all_open  # two finite ends bound a variance
        self._fixed = fixed
        self.on_a_lattice = self._parts.total(n_on_a_lattice) > 0

    @cached_property
    def pilot(self) -> Standardization | None:
        """A Gaussian near the maximum, which sets the lattices before the climb.

        It is the guess or, if some rows need a lattice, the point that a few EM steps reach.
        """
        mean, factor = self._fixed.restrict(self).near_maximum if self.on_a_lattice else self.guess
        return Standardization.of(mean, self.family, factor)

    def is_accurate(self, at: Evaluation) -> bool:
        if not self.on_a_lattice:
            return True
        mean, factor = self._scaled(at.mean, at.factor)
        conditioner = Conditioner(factor, mean)
        given = partial(excess_error, conditioner=conditioner, pilot=self.pilot)
        return bool(self._parts.total(given) <= 0)

    def _spreading(self, at: Evaluation) -> np.ndarray:
        """The indices of the features whose variance is too large for open intervals to tell."""
        wide = self.family.standard_deviations(at.factor) > _UNINFORMATIVE_SCALE * self._unit
        return np.flatnonzero(wide & self._may_spread)

    def is_degenerate(self, at: Evaluation) -> bool:
        # Intervals bound the likelihood: it may creep up to its value at a singular covariance.
        narrow = self.inflation(at) > NARROW_INFLATION and not self.bounded
        if narrow or self._spreading(at).size:
            return at.value >= self.value_of_the_guess or super().is_degenerate(at)
        return False

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        spreading = self._spreading(at)
        if not spreading.size:
            return super().no_maximum(at, names)
        return NoMaximumError(
            "the likelihood keeps rising as the variance of "
            f"{quoted([names[j] for j in spreading])} grows without bound. Values known only to "
            "lie above or below a limit do not determine it here.",
            "Collect values that are known exactly or to lie between two limits, or drop these "
            "features.",
        )

    def products(self, at: Evaluation) -> None:
        return None  # the inherited products allow for missing values only

    @cached_property
    def has_information(self) -> bool:
        return self.family.n_parameters <= FEW_PARAMETERS

    @property
    def approximation(self) -> IntervalFull:
        """A copy that approximates integrals over boxes by expectation propagation."""
        return self.changed(pilot=None, has_information=False)
