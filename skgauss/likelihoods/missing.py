r"""Likelihood of the observed values where others are missing (at random).

Let :math:`\hat y_i` be row i completed by its conditional mean, and :math:`C_i` the conditional
covariance of its missing values given the observed ones. By Fisher's identity the gradient is that
of complete data with the mean m and covariance S that are expected at the point:

.. math::

    m = \operatorname{avg} \hat y_i, \qquad
    S = \operatorname{avg} \left[ (\hat y_i - m)(\hat y_i - m)^T + C_i \right],

    u = L^{-1} (m - \mu), \qquad U = L^{-1} S L^{-T} + u u^T - I.

Computing m and S is the E step of EM. Moving to them is the M step, which is the natural gradient
step of rate 1.

References
----------
Dempster, Laird and Rubin (1977), JRSS B 39(1); Little and Rubin (2019), Statistical Analysis
with Missing Data, section 11.2; Xu and Jordan (1996), "On convergence properties of the EM
algorithm for Gaussian mixtures", Neural Computation 8(1), for EM as a gradient method.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from .._typing import EPS, Array
from .._wording import quoted
from ..conditioning import Conditioner, Standardization
from ..gaussian import MIN_SCALE, Family, Full, NotPositiveDefiniteError, linalg
from ..statistics import (
    AvailableMoments,
    IncompleteStatistics,
    IntervalStatistics,
    ScatteredStatistics,
)
from .base import (
    DEGENERATE_CONDITION,
    SINGULAR_CONDITION,
    Evaluation,
    Likelihood,
    NoMaximumError,
    Products,
    after_em_steps,
    cache_latest,
)
from .contradiction import is_highest_where_singular
from .e_step import (
    completed_sums,
    information_sums,
    missing_values,
    parts_of,
    sums_of_complete_rows,
)
from .fixed import NO_FIXED, Fixed
from .information import MAX_PARAMETERS, Information
from .monotone import monotone_maximum, too_few_together
from .products import products_at

ObservedStatistics = (
    IncompleteStatistics | AvailableMoments | IntervalStatistics | ScatteredStatistics
)

# Complete rows per feature that a climb needs to start at their moments.
_COMPLETE_ROWS_PER_FEATURE = 2
_N_EM_STEPS = 20  # from the guess; a singular covariance must have a higher value than these reach
# Variance inflation above which a climb is over, if there is certainly no maximum because rows are
# too few. It is one over the share of the variances that the ridge of "auto" is.
_CERTAIN_INFLATION = 1e6
NARROW_INFLATION = 1e8  # variance inflation above which a climb may lead to an infinite likelihood
_MAX_INFLATION = 1e14  # variance inflation above which too few digits are left to go on
_FEW_PARAMETERS = 150  # most parameters whose information matrix costs less than products with it
# Variance inflation above which products with the information are too rough.
_BLURRED_INFLATION = 1e3
_SUM_ROUNDINGS = 30  # roundings that pile up in a sum over rows or a product with the precision


class Expected(NamedTuple):
    """The result of an E step at a point."""

    mean: Array  # (n_features,), the m of this module's docstring
    step: Array  # m minus the mean of the point, with digits that m loses far from 0
    covariance: Array  # S of this module's docstring, before the family projects it
    value: float  # the average log-likelihood, in nats, of a row in which something was observed


class ObservedLikelihood(Likelihood):
    """The likelihood of the observed values of data with missing values.

    A ridge, (n_features,), is added to the variances of the completed data.
    """

    reference = 0.0
    data_kind = "data with missing values (NaN)"
    page = "missing_values"

    def __init__(self, statistics: ObservedStatistics, family: Family, ridge: Array | None = None):
        self.family = family
        self.ridge = ridge
        self.weight = statistics.informative_weight
        # Rows without any value count only as observations of log-likelihood 0.
        self._share = self.weight / statistics.weight
        self._observed_share = statistics.observed_weights / self.weight
        self._available_mean = statistics.mean

    @abstractmethod
    def _expect(self, mean: Array, factor: Array) -> Expected:
        """The result of the E step at a point, without the ridge."""

    def evaluate(self, mean: Array, factor: Array) -> Evaluation:
        family = self.family
        if not np.minimum.reduce(family.diagonal(factor)) > MIN_SCALE:
            raise NotPositiveDefiniteError
        expected = self._expect(mean, factor)
        value, covariance = expected.value, expected.covariance
        if self.ridge is not None:
            value -= 0.5 * family.trace_inverse(factor, self.ridge)
            covariance = family.add_ridge(covariance, self.ridge)
        covariance = family.project(covariance)
        # The difference of the means is 0 for a step that float64 cannot resolve. The covariance
        # needs the step with all its digits.
        score_mean = family.solve(factor, expected.mean - mean)
        relative = family.whiten_symmetric(factor, covariance)
        form = family.multiplicity * (relative - family.identity)
        form += family.outer(family.solve(factor, expected.step))
        if not (math.isfinite(value) and np.isfinite(form).all()):
            raise NotPositiveDefiniteError
        completed = expected.mean, covariance
        return Evaluation(
            mean, factor, value, score_mean, family, lambda: form, completed, expected.value
        )

    def log_likelihood(self, at: Evaluation) -> float:
        assert at.log_likelihood is not None
        return self._share * at.log_likelihood

    def expected_maximum(self, at: Evaluation) -> tuple[Array, Array]:
        mean, covariance = at.expected
        return mean, self.family.root(covariance)

    def is_degenerate(self, at: Evaluation) -> bool:
        # Far from the data a covariance may be ill-conditioned, too, but there it is not narrower
        # than the data, or less likely than the guess. Above `SINGULAR_CONDITION` the comparison
        # with the guess is only rounding.
        if (
            at.condition <= DEGENERATE_CONDITION
            or self.inflation(at) <= NARROW_INFLATION
            or self.bounded
        ):
            return False
        return at.condition > SINGULAR_CONDITION or at.value >= self.value_of_the_guess

    def _nearly_related(self, at: Evaluation, names: Sequence[str]) -> str:
        """The quoted names of the features in the linear relation that holds most nearly."""
        features = linalg.linear_relation(self.family.square(at.factor), linalg.SHARPENING_WEIGHT)
        return quoted([names[j] for j in features])

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        return NoMaximumError(
            "the likelihood keeps rising as the covariance becomes singular, in the direction of "
            f"{self._nearly_related(at, names)}. Either these features depend on each other "
            "linearly in the rows that show them, or too few rows show them together.",
            "A larger reg_covar helps, and so does covariance_type='diag'. If these features "
            "depend on each other, drop one of them. If the rows are too few, collect more that "
            "show them together.",
        )

    def rounding_limit(self, at: Evaluation) -> float:
        return EPS * min(at.condition, DEGENERATE_CONDITION)

    def rounding_of_the_value(self, at: Evaluation) -> float:
        return _SUM_ROUNDINGS * EPS * (1 + abs(at.value) + math.sqrt(at.condition))


class ObservedFull(ObservedLikelihood):
    """The likelihood of correlated features with missing values.

    Rows are taken relative to an origin, in units of standard deviations.
    """

    family: Full

    def __init__(
        self,
        statistics: IncompleteStatistics | ScatteredStatistics,
        family: Full,
        ridge: Array | None = None,
        fixed: Fixed = NO_FIXED,
    ):
        super().__init__(statistics, family, ridge)
        self._mean_is_known = fixed.mean is not None  # then a regression needs one row less
        self._statistics = statistics
        self._origin = statistics.origin
        self._available_mean, variances = fixed.moments(statistics, family)
        self._unit = np.sqrt(variances if ridge is None else variances + ridge)
        scaling = Standardization(self._origin, self._unit)
        self._parts = statistics.keep(partial(parts_of, scaling=scaling))

    @cached_property
    def nested_maximum(self) -> tuple[Array, Array] | None:
        """The mean and the factor at the maximum if gaps are nested, else None.

        It is not called `maximum`, since the solver "closed-form" would then serve some data with
        gaps and refuse others.
        """
        if self.ridge is not None or not self._statistics.nested:
            return None
        assert isinstance(self._statistics, IncompleteStatistics)
        return monotone_maximum(self._statistics, self._unit, self.family)

    @cached_property
    def _too_few_together(self) -> list[int]:
        """The indices of features that too few rows show together for a maximum.

        They are found only if gaps are nested. Otherwise the list is empty.
        """
        if self.ridge is not None or not self._statistics.nested:
            return []
        assert isinstance(self._statistics, IncompleteStatistics)
        return too_few_together(self._statistics, self._mean_is_known)

    def is_degenerate(self, at: Evaluation) -> bool:
        if self._contradicted(at):
            return True
        if not self._too_few_together:
            return super().is_degenerate(at)
        # The climb goes on until it has used what the rows tell about the other directions.
        narrow = self.inflation(at) > _CERTAIN_INFLATION and at.value >= self.value_of_the_guess
        return narrow or super().is_degenerate(at)

    def no_maximum(self, at: Evaluation, names: Sequence[str]) -> NoMaximumError:
        if self._contradicted(at):
            return NoMaximumError(
                f"rows that each show only some of {self._nearly_related(at, names)} contradict "
                "each other: no covariance has all the correlations that they imply. The "
                "likelihood keeps rising towards a singular covariance, where it is finite.",
                "A larger reg_covar helps, and so do covariance_type='diag' and rows that show all "
                "of these features together.",
            )
        if not self._too_few_together:
            return super().no_maximum(at, names)
        return NoMaximumError(
            f"too few rows show {quoted([names[j] for j in self._too_few_together])} together: no "
            "more rows than features, so they lie on a hyperplane. The likelihood rises without "
            "bound as the covariance becomes singular across it, and no other row prevents this, "
            "since the missing values are monotone.",
            "A larger reg_covar helps, and so do covariance_type='diag' and more rows that show "
            "these features together.",
        )

    def _contradicted(self, at: Evaluation) -> bool:
        """Whether rows contradict each other, so that a singular covariance has the highest value.

        False if the covariance at the point is not nearly singular, if some EM steps from the guess
        reach a higher value, or with a ridge, which rules this out.
        """
        if self.ridge is not None or not is_highest_where_singular(self, at, self._unit):
            return False
        return at.value >= self._value_after_em

    @cached_property
    def _value_after_em(self) -> float:
        """The value, as `Evaluation.value`, that some EM steps from the guess reach."""
        with suppress(NotPositiveDefiniteError):
            return self.evaluate(*after_em_steps(self, _N_EM_STEPS)).value
        return -math.inf

    def is_known_to_be_maximum(self, at: Evaluation) -> bool:
        # Only the closed form itself: where the likelihood is flat, a climb may end far from it.
        return self.nested_maximum is not None and at.factor is self.nested_maximum[1]

    def rounding_limit(self, at: Evaluation) -> float:
        limit = super().rounding_limit(at)
        if self.is_known_to_be_maximum(at):  # where the gradient is only rounding
            return max(limit, at.natural_gradient_norm)
        return limit

    @cached_property
    def guess(self) -> tuple[Array, Array]:
        """The mean and the factor at the maximum if gaps are nested, or those of the data.

        The latter are moments of the complete rows if these are many and the value is higher there,
        else moments of each feature by itself.
        """
        if self.nested_maximum is not None:
            return self.nested_maximum
        apart = self._available_mean, np.diag(self._unit)
        together = self._moments_of_complete_rows()
        if together is None:
            return apart
        likelihood = self.approximation or self
        with suppress(NotPositiveDefiniteError):
            if likelihood.evaluate(*together).value >= likelihood.evaluate(*apart).value:
                return together
        return apart

    def _moments_of_complete_rows(self) -> tuple[Array, Array] | None:
        """The mean and the factor of complete rows; None if these are too few or collinear."""
        d = len(self._unit)
        complete = self._parts.total(partial(sums_of_complete_rows, n_features=d))
        if not complete.weight >= _COMPLETE_ROWS_PER_FEATURE * d:
            return None
        mean = complete.first / complete.weight
        covariance = complete.second / complete.weight - np.outer(mean, mean)
        with suppress(NotPositiveDefiniteError):
            factor = self.family.root(covariance)
            if self.family.correlation_condition(covariance, factor) < DEGENERATE_CONDITION:
                return self._origin + self._unit * mean, self._unit[:, None] * factor
        return None

    @cached_property
    def bounded(self) -> bool:
        felt = self.ridge is not None and (self.ridge * DEGENERATE_CONDITION > self._unit**2).all()
        return bool(felt) or self._statistics.in_general_position

    def inflation(self, at: Evaluation) -> float:
        _, factor = self._scaled(at.mean, at.factor)
        return float((linalg.invert_lower(factor) ** 2).sum(axis=0).max())

    @property
    def has_information(self) -> bool:
        return self.family.n_parameters <= MAX_PARAMETERS

    @cache_latest
    def information(self, at: Evaluation) -> Information:
        mean, factor = self._scaled(at.mean, at.factor)
        conditioner = Conditioner(factor, mean)
        given = partial(information_sums, conditioner=conditioner, pilot=self.pilot)
        sums = self._parts.total(given)
        curvature = 2 * self._whitened_ridge(at) - at.score_covariance
        return Information.from_sums(sums / self.weight, curvature, self.family)

    @cache_latest
    def products(self, at: Evaluation) -> Products | None:
        mean, factor = self._scaled(at.mean, at.factor)
        own = Standardization(mean, self.family.standard_deviations(factor))
        conditioner = Conditioner(factor / own.unit[:, None])
        if (
            self.family.n_parameters <= _FEW_PARAMETERS
            or conditioner.inflation > _BLURRED_INFLATION
        ):
            return None
        given = partial(missing_values, scaling=own, conditioner=conditioner, weight=self.weight)
        hidden = self._parts.map(given)
        return products_at(hidden, conditioner.root, self._whitened_ridge(at), at)

    def _whitened_ridge(self, at: Evaluation) -> Array | float:
        """The ridge whitened by the factor of a point, (n_features, n_features); 0 without one."""
        if self.ridge is None:
            return 0.0
        return self.family.whiten_symmetric(at.factor, np.diag(self.ridge))

    def unknown(self, at: Evaluation) -> Array:
        family, gradient = self.family, at.natural_gradient
        completed = np.eye(family.n_parameters) + family.connection_term(
            family.pack_frame(gradient)
        )
        return completed - self.information(at).matrix

    def _scaled(self, mean: Array, factor: Array) -> tuple[Array, Array]:
        """The mean and the factor of a point, relative to the origin and in units of the data."""
        return (mean - self._origin) / self._unit, factor / self._unit[:, None]

    def _expect(self, mean: Array, factor: Array) -> Expected:
        scaled_mean, scaled_factor = self._scaled(mean, factor)
        conditioner = Conditioner(scaled_factor, scaled_mean)
        if not conditioner.inflation < _MAX_INFLATION:
            raise NotPositiveDefiniteError
        given = partial(completed_sums, conditioner=conditioner, pilot=self.pilot)
        sums = self._parts.total(given)
        step = sums.first / self.weight
        covariance = sums.second / self.weight - np.outer(step, step)
        deviance = self.family.log_det(scaled_factor) + sums.deviance / self.weight
        value = -0.5 * deviance
        covariance *= self._unit
        covariance *= self._unit[:, None]
        expected = self._origin + self._unit * step
        return Expected(expected, self._unit * (step - scaled_mean), covariance, value)
