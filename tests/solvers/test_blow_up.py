"""The blow-up: caught, kept finite, named, explained."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_michelson


@pytest.fixture
def light():
    return load_michelson().data


def attributes(model):
    return {name: value for name, value in vars(model).items() if name.endswith("_")}


def assert_all_finite(model):
    for name, value in attributes(model).items():
        if isinstance(value, (float, int, np.ndarray)):
            assert np.isfinite(value).all(), name


CONSTANT = [
    ("gradient", "scale"),
    ("gradient", "log-scale"),
    ("gradient", "covariance"),
    ("coordinate", "scale"),
    ("coordinate", "covariance"),
]


@pytest.mark.parametrize(("solver", "parametrization"), CONSTANT)
def test_the_bound_decides(light, solver, parametrization):
    """From nearby, a rate below the bound converges and one above it does not."""
    near = {"mean_init": 299.85, "covariance_init": 1.01 * light.var(), "max_iter": 5000}
    model = GaussianGradientMLE(solver=solver, parametrization=parametrization, **near)
    bound = (
        GaussianGradientMLE(parametrization=parametrization, solver="closed-form")
        .fit(light)
        .learning_rate_bound_
    )
    model.set_params(learning_rate=0.95 * bound).fit(light)
    assert model.converged_
    model.set_params(learning_rate=1.05 * bound)
    with pytest.warns(ConvergenceWarning, match="is above the largest constant step"):
        model.fit(light)
    assert not model.converged_
    assert model.learning_rate_bound_ == pytest.approx(bound)
    assert_all_finite(model)


@pytest.mark.parametrize(
    ("solver", "rate"),
    [("gradient", 1.0), ("gradient", 1e3), ("gradient", 1e200), ("coordinate", 1e200)],
)
def test_leaving_the_domain(light, solver, rate):
    model = GaussianGradientMLE(solver=solver, learning_rate=rate, mean_init=299, record_path=True)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(light)
    assert model.stop_reason_ == "diverged"
    assert not model.converged_
    assert_all_finite(model)
    # the best iterate is kept, and the path ends before the domain does
    assert model.log_likelihood_ == model.log_likelihood_path_.max()
    assert len(model.mean_path_) == len(model.log_likelihood_path_) == model.n_iter_ + 1
    assert (model.covariance_path_ > 0).all()
    message = str(caught[0].message)
    for part in ("diverged", f"learning_rate={rate:g}", "learning_rate_bound_=0.00618", "natural"):
        assert part in message


def test_a_cycle_is_not_convergence(light):
    """Just above sigma^2 the path ends in a cycle of period two around the maximum."""
    model = GaussianGradientMLE(
        solver="gradient", learning_rate=0.0065, mean_init=299.85, record_path=True, max_iter=20_000
    )
    with pytest.warns(ConvergenceWarning, match="did not converge in max_iter"):
        model.fit(light)
    sigma = np.sqrt(model.covariance_path_.ravel())
    np.testing.assert_allclose(sigma[-1], sigma[-3], rtol=1e-9)
    assert abs(sigma[-1] - sigma[-2]) > 0.01 * light.std()


def test_a_rate_below_the_bound_can_diverge_far_from_the_maximum(light):
    model = GaussianGradientMLE(
        solver="gradient", parametrization="precision", learning_rate=0.01, mean_init=200
    )
    with pytest.warns(ConvergenceWarning, match="That step was a leap.*is below the largest"):
        model.fit(light)
    assert model.stop_reason_ == "diverged"


def way_home(mu, sigma, rate, light):
    """Steps from beyond the data to the maximum, which the bound knows nothing of."""
    return (sigma**2 + (light.mean() - mu) ** 2) / (2 * rate)


def test_no_rate_helps_where_the_first_step_is_a_leap(light):
    """From mean 0, sigma 1: each of nine rates is millions of steps from home."""
    for rate in np.geomspace(1e-8, 1e-2, 9):
        sigma = 1 + rate * (np.mean(light**2) - 1)
        mu = rate * light.mean()
        assert way_home(mu, sigma, rate, light) > 2e7
        model = GaussianGradientMLE(solver="gradient", learning_rate=rate, max_iter=100)
        with pytest.warns(ConvergenceWarning, match="with learning_rate='auto'"):
            model.fit(light)
        assert way_home(model.mean_[0], model.scale_[0], rate, light) > 2e7


@pytest.mark.parametrize("sigma", [0.02, 0.03])
def test_the_way_home_after_a_leap(light, sigma):
    rate, mu = 0.003, 299.8
    model = GaussianGradientMLE(
        solver="gradient",
        learning_rate=rate,
        mean_init=mu,
        covariance_init=sigma**2,
        max_iter=5000,
        record_path=True,
    ).fit(light)
    first = model.mean_path_[1, 0], np.sqrt(model.covariance_path_[1].item())
    assert first[1] > 5 * light.std()
    assert way_home(*first, rate, light) < model.n_iter_ < way_home(*first, rate, light) + 50


@pytest.mark.parametrize("deviations", [0, 1, 3, 10, 20])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_start_as_wide_as_its_distance_is_no_leap(light, deviations, share):
    """Sigma never widens, and k standard deviations cost k^2 steps over the share."""
    distance = deviations * light.std()
    model = GaussianGradientMLE(
        solver="gradient",
        learning_rate=share * light.var(),
        mean_init=light.mean() - distance,
        covariance_init=light.var() + distance**2,
        max_iter=2000,
        record_path=True,
    ).fit(light)
    assert model.covariance_path_.max() <= model.covariance_path_[0] * (1 + 1e-12)
    assert deviations**2 / share <= model.n_iter_ + 1 <= 1.3 * deviations**2 / share + 70


def test_natural_rates_up_to_one_never_leave_the_domain(light):
    for rate in (0.01, 0.5, 1.0):
        model = GaussianGradientMLE(learning_rate=rate, max_iter=5000).fit(light)
        assert model.converged_
        assert model.learning_rate_bound_ == 2.0
    with pytest.warns(ConvergenceWarning, match="diverged"):
        GaussianGradientMLE(learning_rate=1.5).fit(light)


def test_the_certified_values_of_nist(light):
    """Sample standard deviation (divisor n - 1) of Michelson's integers, all digits."""
    for solver in ("natural", "newton", "closed-form"):
        model = GaussianGradientMLE(solver=solver).fit(np.rint(100 * light))
        assert round(model.scale_[0] * np.sqrt(100 / 99) / 100, 16) == 0.0790105478190518
        assert model.mean_[0] / 100 == 299.8524
    for solver in ("natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"):
        model = GaussianGradientMLE(solver=solver, mean_init=299, tol=1e-10).fit(light)
        assert model.scale_[0] * np.sqrt(100 / 99) == pytest.approx(0.0790105478190518, rel=3e-11)
