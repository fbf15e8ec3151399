"""How often intervals and tests of few rows are right, for docs/how_sure.rst.

Draws many tables from a known Gaussian and counts in how many of them an interval of 95 percent
covers the truth, or a test at 5 percent does not reject it. An end that was not found counts as a
miss. Fits without a maximum, and climbs that stopped before they reached one, are counted apart.
For one complete feature, for the test of both means, and for a regression on complete features, the
distributions of Student, chi-squared and F give the same shares exactly; the last line says how far
the counts are from them. Run it, for ten minutes on one core, with::

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python tests/benchmarks/how_sure.py > coverage.txt
"""

import math
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, f, norm, t

from skgauss import GaussianGradientMLE, GaussianRegressor, likelihood_ratio_test

ROWS = [5, 10, 20, 50]
LEVEL = 0.95
CORRELATION = 0.7
METHODS = ["wald", "profile", "sandwich"]
COEF = [1.0, -0.5]
NO_MAXIMUM, STOPPED = "no maximum", "stopped early"


class Setting(NamedTuple):
    """Tables of one kind, and the parameters whose intervals are counted."""

    name: str
    n_tables: int
    draw: Callable[..., np.ndarray]  # rows, given a generator and their number
    parts: dict[tuple[str, Any], float]  # names in the Bunch and places there, with the truth
    limit: float | None = None
    means: bool = False  # whether all means are tested together

    def fit(self, X: np.ndarray) -> Any:
        return GaussianGradientMLE(censoring_limits=_limits(self.limit)).fit(X)

    def answers(self, model: Any, X: np.ndarray) -> dict[tuple[str, str], bool]:
        """Which intervals cover the truth."""
        found = {
            method: model.confidence_intervals(LEVEL, method, **_rows(method, X))
            for method in METHODS
        }
        right = {}
        if self.means:
            smaller = GaussianGradientMLE(fixed_mean=0.0).fit(X)
            test = likelihood_ratio_test(smaller, model)
            right["both means", "by ratio"] = test.p_value > 1 - LEVEL
        for (part, place), truth in self.parts.items():
            for method, intervals in found.items():
                lower, upper = intervals[part][place]
                right[part, method] = lower <= truth <= upper  # False if an end was not found
        return right


class Regression(NamedTuple):
    """Tables whose last column is regressed on the others; Wald's intervals are counted."""

    name: str
    n_tables: int
    draw: Callable[..., np.ndarray]
    limit: float | None = None  # of the target

    def fit(self, X: np.ndarray) -> Any:
        return GaussianRegressor(censoring_limits=_limits(self.limit)).fit(X[:, :-1], X[:, -1])

    def answers(self, model: Any, X: np.ndarray) -> dict[tuple[str, str], bool]:
        """Which intervals cover the truth."""
        found = model.confidence_intervals(LEVEL)
        lower, upper = found.coef[-1]
        right = {("slope", "wald"): lower <= COEF[-1] <= upper}
        lower, upper = found.scale
        return right | {("scale", "wald"): lower <= 1 <= upper}


def _limits(limit):
    return None if limit is None else (limit, None)


def _rows(method, X):
    return {"X": X} if method == "sandwich" else {}


def of_one(rng, n):
    return rng.standard_normal((n, 1))


def of_two(rng, n):
    return rng.multivariate_normal([0, 0], [[1, CORRELATION], [CORRELATION, 1]], n)


def with_gaps(rng, n):
    X = of_two(rng, n)
    X[rng.random(n) < 0.3, 1] = np.nan
    return X


def of_regression(rng, n):
    X = of_two(rng, n)
    return np.column_stack((X, X @ COEF + rng.standard_normal(n)))


def of_regression_with_gaps(rng, n):
    table = of_regression(rng, n)
    table[rng.random(n) < 0.3, 1] = np.nan
    return table


SD_OF_TARGET = math.sqrt(1 + COEF[0] ** 2 + COEF[1] ** 2 + 2 * CORRELATION * COEF[0] * COEF[1])

ONE = {("mean", 0): 0.0, ("scale", 0): 1.0}
SECOND = {("mean", 1): 0.0, ("scale", 1): 1.0}
BOTH = {("correlation", (0, 1)): CORRELATION}
SETTINGS = [
    Setting("one feature", 1500, of_one, ONE),
    Setting("two features", 1500, of_two, BOTH, means=True),
    Setting("one feature, 30 % below a limit", 1000, of_one, ONE, limit=norm.ppf(0.3)),
    Setting("second feature 30 % missing", 500, with_gaps, SECOND | BOTH, means=True),
    Regression("regression on both", 1500, of_regression),
    Regression("on both, second 30 % missing", 500, of_regression_with_gaps),
    Regression("on both, 30 % below a limit", 500, of_regression, SD_OF_TARGET * norm.ppf(0.3)),
]


def main():
    print("percent of tables where the 95 %\ninterval or the 5 % test is right\n")
    line("number of rows", ROWS)
    off = 0.0
    for setting in SETTINGS:
        columns = [counted(setting, n) for n in ROWS]
        print(f"\n{setting.name}")
        for part, method in columns[0][0]:
            shares = [share[part, method] for share, _ in columns]
            name = {"scale": "sd"}.get(part, part) if method in ("wald", "by ratio") else ""
            line(f" {name:12}{method}", [f"{100 * share:.0f}" for share in shares])
            if exact := EXACT.get((setting.name, part, method)):
                right = np.array([exact(n) for n in ROWS])
                errors = np.sqrt(right * (1 - right) / setting.n_tables)
                off = max(off, *np.abs((shares - right) / errors))
        line(f" {NO_MAXIMUM}, of {setting.n_tables}", [lost[NO_MAXIMUM] for _, lost in columns])
        if any(lost[STOPPED] for _, lost in columns):
            line(f" {STOPPED}", [lost[STOPPED] for _, lost in columns])
    print(f"\n{len(EXACT) * len(ROWS)} exact shares are known, and are")
    print(f"at most {off:.1f} standard errors away")


def line(name, numbers):
    print(f"{name:21}" + "".join(f"{number:>3}" for number in numbers), flush=True)


def counted(setting, n):
    """The share of right answers, by parameter and method, and how many tables have none."""
    rng = np.random.default_rng(n)
    given, lost = [], Counter()
    for _ in range(setting.n_tables):
        X = setting.draw(rng, n)
        try:
            model = setting.fit(X)
        except ValueError:
            lost[NO_MAXIMUM] += 1
            continue
        climb = getattr(model, "estimator_", model)
        if climb.converged_:
            given.append(setting.answers(model, X))
        else:
            lost[NO_MAXIMUM if climb.stop_reason_ == "unbounded" else STOPPED] += 1
    return {key: np.mean([answer[key] for answer in given]) for key in given[0]}, lost


# Exact shares, given the number of rows. The estimates of one feature are independent: the mean by
# its standard error is t, and n times the estimated variance by the true one is chi-squared.


def mean_by_wald(n):
    return _of_t(norm.ppf((1 + LEVEL) / 2) / math.sqrt(n), n)


def mean_by_profile(n):
    return _of_t(math.sqrt(math.expm1(chi2.ppf(LEVEL, 1) / n)), n)


def _of_t(deviations, n):
    """The share of means that are off by at most so many estimated standard deviations."""
    return 1 - 2 * t.sf(deviations * math.sqrt(n - 1), n - 1)


def slope_by_wald(n):
    freedom = n - len(COEF) - 1
    return 1 - 2 * t.sf(norm.ppf((1 + LEVEL) / 2) * math.sqrt(freedom / n), freedom)


def sd_by_wald(n, n_means=1):
    log = norm.ppf((1 + LEVEL) / 2) / math.sqrt(2 * n)
    return _of_chi2(-log, log, n, n_means)


def sd_of_residuals_by_wald(n):
    return sd_by_wald(n, n_means=len(COEF) + 1)


def sd_by_profile(n):
    def above(log):
        return n * (math.expm1(-2 * log) + 2 * log) - chi2.ppf(LEVEL, 1)

    return _of_chi2(brentq(above, -9, 0), brentq(above, 0, 9), n)


def _of_chi2(lowest, highest, n, n_means=1):
    """The share of estimated deviations whose interval, as moves of the logarithm, covers 1."""
    return np.diff(chi2.cdf(n * np.exp(-2 * np.array([highest, lowest])), n - n_means))[0]


def both_means(n):
    """By Hotelling's T^2: the statistic is n log(1 + T^2 / (n - 1))."""
    squared = (n - 1) * math.expm1(chi2.ppf(LEVEL, 2) / n)
    return f.cdf(squared * (n - 2) / (2 * (n - 1)), 2, n - 2)


EXACT = {
    ("one feature", "mean", "wald"): mean_by_wald,
    ("one feature", "mean", "profile"): mean_by_profile,
    ("one feature", "scale", "wald"): sd_by_wald,
    ("one feature", "scale", "profile"): sd_by_profile,
    ("two features", "both means", "by ratio"): both_means,
    ("regression on both", "slope", "wald"): slope_by_wald,
    ("regression on both", "scale", "wald"): sd_of_residuals_by_wald,
}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
