"""What a failed fit says is true, and what it recommends works: each sentence, each remedy."""

import ast
import itertools
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from callbacks import Callback
from marks import each_value, exhaustive
from models import fit_quietly
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine

from skgauss import GaussianGradientMLE
from skgauss._wording import short
from skgauss.datasets import load_airquality, load_michelson
from skgauss.fitting.attempt import Attempt

DOCS = Path(__file__).parents[2] / "docs"
LIGHT = load_michelson().data
IRIS = load_iris(as_frame=True).data
UNIT = (LIGHT - LIGHT.mean()) / LIGHT.std() + 1
PROLINE = load_wine(as_frame=True).data[["proline"]]
AIR = load_airquality().data
WINE = load_wine().data / load_wine().data.std(axis=0)

SITE = "https://skgauss.readthedocs.io/en/stable"
FAR = {"mean_init": 0.0, "covariance_init": 1e6}
NEARBY = {"mean_init": 299.85, "covariance_init": 0.007}


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves, in place of that of the machine; in seconds."""

    class Clock:
        tick = 0.0
        now = 0.0

        def __call__(self):
            self.now += self.tick
            return self.now

    clock = Clock()
    monkeypatch.setattr("time.process_time", clock)
    return clock


@pytest.fixture(autouse=True)
def time_for_words(clock):
    """What is tried does not depend on the speed of the machine."""


@pytest.fixture
def budgets():
    """Of all climbs, that of the user first: how many iterations their trials may take."""
    return []


@pytest.fixture
def climbs(monkeypatch, budgets):
    """The iterations of all climbs, that of the user first."""
    taken = []
    run = Attempt.run

    def counted(attempt, max_iter, observer=None):
        solution = run(attempt, max_iter, observer)
        taken.append(solution.n_iter)
        budgets.append(attempt.budget)
        return solution

    monkeypatch.setattr(Attempt, "run", counted)
    return taken


def gradient(**parameters):
    return GaussianGradientMLE(**{"solver": "gradient"} | parameters)


def warning_of(model, X, method="fit", **metadata):
    """The one warning of a fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(model, method)(X, **metadata)
    (warning,) = caught
    return str(warning.message)


def remedies_in(message, model):
    """What it recommends: iterations, and parameters."""
    found = re.search(r"The fit converges (.*?)\.(?: See|$)", message)
    for remedy in found[1].split("; or ") if found else ():
        told = r"in (\d+) iterations? with (.*?)( \(model is this fitted estimator\))?"
        n_iter, settings, whose = re.fullmatch(told, remedy).groups()
        assert bool(whose) == ("model." in settings)
        yield int(n_iter), eval(f"dict({settings})", {"model": model})


def kinds_in(message, model):
    return [" ".join(settings) for _, settings in remedies_in(message, model)]


FAILURES = {
    "the question's": (gradient(learning_rate=0.01), LIGHT),
    "below the bound": (gradient(learning_rate=0.005), LIGHT),
    "a tiny rate": (gradient(learning_rate=1e-5), LIGHT),
    "sequential": (gradient(learning_rate=0.005, solver="coordinate"), LIGHT),
    "log-scale": (gradient(learning_rate=0.01, parametrization="log-scale"), LIGHT),
    "covariance": (gradient(learning_rate=0.01, parametrization="covariance"), LIGHT),
    "precision": (gradient(learning_rate=0.01, parametrization="precision"), LIGHT),
    "narrow": (gradient(learning_rate=0.005, mean_init=299.8, covariance_init=1e-4), LIGHT),
    "wide": (gradient(learning_rate=0.004, mean_init=299.85, covariance_init=100.0), LIGHT),
    "wide and far": (gradient(parametrization="covariance", learning_rate=8e-5, **FAR), LIGHT),
    "wide, sequential": (
        gradient(solver="coordinate", learning_rate=0.4, covariance_type="diag", **FAR),
        WINE[:, :2],
    ),
    "far too fast": (gradient(learning_rate=1.0, mean_init=299), LIGHT),
    "a little too fast": (gradient(learning_rate=0.0065, **NEARBY), LIGHT),
    "too slow": (gradient(learning_rate=1e-4, mean_init=299.85), LIGHT),
    "too short": (gradient(learning_rate=0.005, mean_init=299, max_iter=15), LIGHT),
    "ridge": (gradient(learning_rate=0.5, reg_covar=1.0), LIGHT),
    "large units": (gradient(learning_rate=0.5), PROLINE),
    "three features": (gradient(learning_rate=0.5), IRIS.iloc[:, :3]),
    "six features": (gradient(learning_rate=0.1, max_iter=300), WINE[:, :6]),
    "seven features": (gradient(learning_rate=0.1, max_iter=300), WINE[:, :7]),
    "four features": (gradient(learning_rate=0.1, covariance_type="diag", mean_init=100), IRIS),
    "spherical": (gradient(learning_rate=0.5, covariance_type="spherical"), IRIS),
    "natural": (GaussianGradientMLE(learning_rate=1.5), LIGHT),
    "line search": (gradient(max_iter=10), LIGHT),
    "quasi-Newton": (gradient(max_iter=10, solver="lbfgs"), IRIS),
    "missing": (gradient(learning_rate=0.5), AIR),
    "missing, too short": (gradient(max_iter=2), AIR),
    "missing, by feature": (gradient(learning_rate=0.05, covariance_type="diag"), AIR),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_every_remedy_works(failure):
    model, X = FAILURES[failure]
    message = warning_of(model, X)
    remedies = list(remedies_in(message, model))
    assert remedies
    for n_iter, settings in remedies:
        again = clone(model).set_params(**settings).fit(X)  # warnings are errors here
        assert again.converged_
        assert again.n_iter_ == n_iter


@pytest.mark.parametrize(
    ("failure", "kinds"),
    {
        "the question's": ["learning_rate mean_init covariance_init", "learning_rate"],
        "below the bound": ["mean_init covariance_init", "learning_rate"],
        "a tiny rate": ["learning_rate mean_init covariance_init", "learning_rate"],
        "precision": [],
        "a little too fast": ["learning_rate", "learning_rate"],
        "too slow": ["learning_rate", "learning_rate"],
        "too short": ["max_iter", "learning_rate"],
        "four features": ["mean_init covariance_init", "learning_rate"],
    }.items(),
)
def test_the_users_own_method_first(failure, kinds):
    model, X = FAILURES[failure]
    assert kinds_in(warning_of(model, X), model) == [*kinds, "solver learning_rate"]


@pytest.mark.parametrize(
    ("failure", "kinds"),
    {
        "natural": ["learning_rate", "learning_rate"],
        "line search": ["mean_init covariance_init", "solver"],
        "quasi-Newton": ["max_iter", "solver"],
        "missing, too short": ["solver max_iter"],
    }.items(),
)
def test_remedies_of_other_solvers(failure, kinds):
    model, X = FAILURES[failure]
    message = warning_of(model, X)
    assert kinds_in(message, model) == kinds
    assert "leap" not in message
    assert ("See" in message) == (X is AIR)


def recursion(mu, sigma, rate, n_steps):
    """The textbook's, in plain Python: mean and sigma of every iterate, the start first."""
    center, variance = LIGHT.mean(), LIGHT.var()
    path = [(mu, sigma)]
    for _ in range(n_steps):
        a = variance + (center - mu) ** 2
        mu, sigma = mu + rate * (center - mu) / sigma**2, sigma + rate * (a / sigma**3 - 1 / sigma)
        path.append((mu, sigma))
    return np.array(path)


def distance(mu, sigma):
    """Of the light speeds, root mean square, in sigmas."""
    return np.sqrt(LIGHT.var() + (LIGHT.mean() - mu) ** 2) / sigma


def norm(mu, sigma):
    """Of the natural gradient."""
    return np.hypot((LIGHT.mean() - mu) / sigma, (distance(mu, sigma) ** 2 - 1) / np.sqrt(2))


def test_all_that_the_question_needs_to_know():
    """To the letter, and its numbers by hand."""
    model = gradient(learning_rate=0.01)
    message = warning_of(model, LIGHT)
    path = recursion(0.0, 1.0, 0.01, 1000)
    nearby = recursion(299.85, np.sqrt(0.007), 0.003, 100)
    n_nearby = np.argmax(norm(*nearby.T) <= 1e-6)
    n_automatic = list(remedies_in(message, model))[1][0]
    assert message == (
        "solver='gradient' did not converge in max_iter=1000 iterations: the natural gradient "
        f"norm is {norm(*path[-1]):.3g}, above tol=1e-06. "
        f"Iteration 1 was a leap: it took the standard deviation from 1 to {path[1, 1]:.0f}, "
        f"since the start lies {distance(0, 1):.0f} of its own standard deviations from the data. "
        "learning_rate=0.01 is above the largest constant step that is stable at the maximum "
        f"for 'scale', learning_rate_bound_={LIGHT.var():.4g}. "
        f"The fit converges in {n_nearby} iterations with learning_rate=0.003, mean_init=299.85, "
        f"covariance_init=0.007; or in {n_automatic} iterations with learning_rate='auto'; or in "
        f"1 iteration with solver='natural', learning_rate='auto'. See {SITE}/blow_up.html."
    )


@exhaustive
def test_a_start_nearby_is_no_answer_copied():
    """It is within a standard deviation of the maximum, and not narrower."""
    for X in (LIGHT, PROLINE, 1e-3 * LIGHT, IRIS.iloc[:, :3]):
        model = gradient(learning_rate=0.9, mean_init=1e4)
        (_, settings), *_ = remedies_in(warning_of(model, X), model)
        X = np.asarray(X)
        assert (np.abs(settings["mean_init"] - X.mean(axis=0)) <= X.std(axis=0) / 2).all()
        assert 1 <= settings["covariance_init"] / X.var(axis=0).max() <= 2


LEAP = re.compile(
    r"Iteration (\d+) was a leap: it took the standard deviation(?: of '(.*?)')? from (\S+) to "
    r"([^ ,]+?)(?:, since (the start|iterate \d+) lies (\S+) of its own standard deviations from "
    r"the data)?\. "
)


def test_a_leap_on_the_way():
    """Seven times the bound, from nearby: the first step makes sigma narrow, the next is a leap."""
    rate = 7 * LIGHT.var()
    (mu, before), (_, after) = recursion(299.85, np.sqrt(0.007), rate, 2)[1:]
    said = (
        f"Iteration 2 was a leap: it took the standard deviation from {before:.3g} to {after:.3g}, "
        f"since iterate 1 lies {distance(mu, before):.3g} of its own standard deviations from "
    )
    model = gradient(learning_rate=rate, **NEARBY)
    message = warning_of(model, LIGHT)
    assert said in message
    # The same words where the path is an attribute, too.
    assert warning_of(model.set_params(record_path=True), LIGHT) == message


def test_a_leap_names_the_feature():
    model = gradient(learning_rate=0.5, covariance_type="diag", record_path=True)
    k, feature, before, after, where, far = LEAP.search(warning_of(model, IRIS)).groups()
    a = (IRIS**2).mean()  # from mean 0, sigma 1
    assert (k, feature, where) == ("1", a.idxmax(), "the start")
    assert (float(before), float(after)) == pytest.approx((1, 1 + 0.5 * (a.max() - 1)), rel=0.005)
    assert float(far) == pytest.approx(np.sqrt(a.max()), rel=0.005)


def test_a_leap_that_no_distance_explains():
    """From the right mean and three quarters of sigma, at a rate of ten times its square."""
    sigma = 0.75 * LIGHT.std()
    model = gradient(learning_rate=10 * sigma**2, mean_init=LIGHT.mean(), covariance_init=sigma**2)
    k, _, _, after, where, _ = LEAP.search(warning_of(model, LIGHT)).groups()
    assert (k, where) == ("1", None)
    assert float(after) == pytest.approx(sigma + 10 * sigma * (1 / 0.75**2 - 1), rel=0.005)


def test_many_steps_make_a_leap():
    message = warning_of(gradient(learning_rate=1e-5), LIGHT)
    sigma = recursion(0.0, 1.0, 1e-5, 1000)[:, 1]
    assert (
        f"The first {sigma.argmax()} iterations took the standard deviation from 1 to "
        f"{sigma.max():.3g}, since the start lies 300 of its own standard deviations from "
    ) in message


@pytest.mark.parametrize("parametrization", ["log-scale", "precision"])
@pytest.mark.parametrize("solver", ["gradient", "coordinate"])
def test_a_leap_out_of_the_domain(solver, parametrization):
    model = gradient(solver=solver, learning_rate=0.01, parametrization=parametrization)
    assert (
        "iteration 1 left the domain (a scale that is not positive, a covariance that is not "
        "positive definite, or a number that is not finite), and the iterate of highest likelihood "
        "was kept. That step was a leap, since the start lies 300 of its own standard deviations "
        "from the data. learning_rate=0.01 is below the largest constant step"
    ) in warning_of(model, LIGHT)


def test_a_leap_out_of_the_domain_from_where_the_mean_was_thrown():
    model = gradient(
        learning_rate=0.01, parametrization="log-scale", mean_init=299.8, covariance_init=1e-4
    )
    delta = LIGHT.mean() - 299.8
    mu = 299.8 + 0.01 * delta / 1e-4
    sigma = 0.01 * np.exp(0.01 * ((LIGHT.var() + delta**2) / 1e-4 - 1))
    assert (
        f"since iterate 1 lies {distance(mu, sigma):.0f} of its own standard deviations"
    ) in warning_of(model, LIGHT)


@pytest.mark.parametrize("failure", ["far too fast", "a little too fast", "too slow", "too short"])
def test_no_leap_is_made_up(failure):
    message = warning_of(*FAILURES[failure])
    assert "leap" not in message
    assert "The first" not in message


def test_a_leap_in_data_with_gaps():
    k, feature, _, _, where, far = LEAP.search(
        warning_of(*FAILURES["missing, by feature"])
    ).groups()
    assert (k, feature, where) == ("1", "feature 3", "the start")
    assert float(far) == pytest.approx(np.sqrt((np.nanmean(AIR**2, axis=0)).max()), rel=0.005)


def test_a_stall():
    """A precision near 1e-16 and a mean near 1e11 have no gradient with digits of both."""
    start = {"mean_init": 3e11, "covariance_init": 1e16}
    message = warning_of(gradient(parametrization="precision", **start), 1e9 * LIGHT)
    assert re.match(
        r"solver='gradient' stalled after \d+ iterations, because its search found no step that "
        r"raises the likelihood noticeably: the natural gradient norm is \S+, above tol=1e-06\. "
        "The fit conv",
        message,
    )


def test_a_saddle_without_a_way_up(monkeypatch):
    """The start, zero correlation, is a saddle by symmetry; a search that fails there says so."""
    whole = [[1.0, 1], [-1, -1], [1, -1], [-1, 1]]
    halves = [[2, np.nan], [-2, np.nan], [np.nan, 2], [np.nan, -2]]
    monkeypatch.setattr("skgauss.solvers.base.leave", lambda *_: None)
    message = warning_of(GaussianGradientMLE(covariance_init=2.5), np.array(whole + 2 * halves))
    assert "below tol=1e-06, but at a saddle point, from which the search found no" in message


def test_nothing_that_was_tried_works(monkeypatch):
    """A row of every pattern: even EM needs more than one iteration."""
    monkeypatch.setattr(Attempt, "budget", 4)
    model = GaussianGradientMLE(learning_rate=1.0, max_iter=1)
    assert "None of the other settings that were tried converged. T" in warning_of(model, AIR)


def test_nothing_was_tried(monkeypatch):
    monkeypatch.setattr(Attempt, "budget", 0)
    message = warning_of(GaussianGradientMLE(learning_rate=1.5), LIGHT)
    assert message.endswith(
        "learning_rate=1.5 is below the largest constant step that is stable at the maximum, "
        "learning_rate_bound_=2. There was no time left to try learning_rate='auto' or "
        "learning_rate=1.0."
    )


@pytest.mark.parametrize(
    ("X", "model"),
    [
        (LIGHT, gradient(learning_rate=0.01)),
        (LIGHT, gradient(learning_rate=0.01, max_iter=5000, mean_init=299.9)),
        (AIR, gradient(learning_rate=0.5, max_iter=50)),
        (np.random.default_rng(0).normal(9, 1, (90, 60)), gradient(learning_rate=0.5)),
    ],
    ids=["one feature", "long", "missing", "many features"],
)
def test_trials_are_bounded(X, model, budgets, climbs):
    """All trials have one budget; a third more is for the rate, two steps are a foretaste."""
    warning_of(model, X)
    assert budgets[0] <= 3000
    assert 0 < sum(climbs[1:]) <= 4 / 3 * budgets[0] + 2


SLOW = gradient(learning_rate=1e-4, **NEARBY, max_iter=50)
DROPPED = {
    "all": [("ignore",)],
    "of a category": [("ignore", "", UserWarning)],
    "of a text": [("error",), ("ignore", "solver=.* did not converge")],
}
SEEN = {
    "always": [("always",)],
    "after the others": [("ignore",), ("always", "solver=")],
    "of another category": [("always",), ("ignore", "", DeprecationWarning)],
    "of another text": [("always",), ("ignore", "diverged")],
    "of some module": [("always",), ("ignore", "", Warning, "elsewhere")],
}


def caught_under(filters, model, X):
    with warnings.catch_warnings(record=True) as caught:
        for settings in filters:
            warnings.filterwarnings(*settings)
        model.fit(X)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("filters", DROPPED)
def test_words_that_nobody_sees_cost_nothing(filters, climbs):
    assert caught_under(DROPPED[filters], clone(SLOW), LIGHT) == []
    assert len(climbs) == 1


@pytest.mark.parametrize("filters", SEEN)
def test_words_that_are_seen_are_all_there(filters, climbs):
    (message,) = caught_under(SEEN[filters], clone(SLOW), LIGHT)
    assert "or in 1 iteration with solver='natural'" in message
    assert len(climbs) > 1


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 100), (1000.0, 200)])
def test_words_cost_a_part_of_the_fit_or_a_moment(seconds, most, clock, climbs, monkeypatch):
    """A millisecond an iteration: a hundred of them, or a fifth of those that a fit took."""
    run = Attempt.run

    def took(attempt, max_iter, observer=None):
        solution = run(attempt, max_iter, observer)
        if not climbs[1:]:
            clock.now += 1e-3 * seconds
            clock.tick = 1e-3
        return solution

    monkeypatch.setattr(Attempt, "run", took)
    message = warning_of(gradient(learning_rate=1e-4, mean_init=[6, 3, 4, 1]), IRIS)
    assert most / 5 < sum(climbs[1:]) < most
    assert "in 1 iteration with solver='natural'" in message


def test_trials_that_were_cut_short(clock, monkeypatch):
    monkeypatch.setattr("skgauss.fitting.warn_once._TIME_UNIT", 1e-9)
    clock.tick = 1e-12
    clock_of_trials = Attempt.run

    def long(attempt, max_iter, observer=None):
        clock.tick = 1e-3 if observer else 0.0
        return clock_of_trials(attempt, max_iter, observer)

    monkeypatch.setattr(Attempt, "run", long)
    message = warning_of(GaussianGradientMLE(learning_rate=1.0, max_iter=2), AIR)
    assert (
        ". There was no time left to try learning_rate='auto', max_iter=200 or learning_rate=0.1. "
        "A larger max_iter may be enough, but takes too long to try here. See"
    ) in message
    assert GaussianGradientMLE(learning_rate="auto").fit(AIR).converged_


@pytest.mark.parametrize("settings", [
    {"solver": "gradient"},
    {"solver": "coordinate", "learning_rate": 0.01},
    {"solver": "lbfgs"},
    {"solver": "newton", "mean_init": 1e4},
])  # fmt: skip
def test_the_climb_that_gives_the_bound_is_a_trial(settings, monkeypatch):
    """It has led to the maximum before there are words, so that no time can be too short."""
    monkeypatch.setattr("skgauss.fitting.warn_once._TIME_UNIT", 1e-9)
    model = GaussianGradientMLE(max_iter=2, **settings)
    words = r"in (\d+) iterations with (solver='natural'.*?)(?:\. |; )"
    found = re.search(words, warning_of(model, AIR))
    remedy = dict(each.split("=") for each in found[2].split(", "))
    remedy = {name: ast.literal_eval(value) for name, value in remedy.items()}
    assert remedy["solver"] == "natural"
    better = clone(model).set_params(**remedy).fit(AIR)
    assert better.converged_
    assert better.n_iter_ == int(found[1])


def test_there_is_time_for_the_best_remedy_over_gaps(clock, monkeypatch):
    """A millisecond an iteration; a fit of so few rows takes about that."""
    run = Attempt.run

    def took(attempt, max_iter, observer=None):
        clock.tick = 1e-3 if observer else 0.0
        return run(attempt, max_iter, observer)

    monkeypatch.setattr(Attempt, "run", took)
    message = warning_of(GaussianGradientMLE(learning_rate=3, max_iter=50), AIR)
    assert "iterations with learning_rate='auto'" in message


@pytest.mark.parametrize(("failure", "written"), [
    ("six features", r"mean_init=\[16\.1, .*\], covariance_init=2\.0;"),
    ("seven features", r"sufficient_statistics_\.mean, .*=2\.0 \(model is this fitted est.*\);"),
])  # fmt: skip
def test_means_are_written_out_up_to_six(failure, written):
    """Of more the mean of the fit is named, and whose it is."""
    model, X = FAILURES[failure]
    assert re.search(written, warning_of(clone(model), X))


@pytest.mark.parametrize("model", [gradient(max_iter=5), gradient(learning_rate=0.5, max_iter=9)])
def test_other_work_on_the_machine_takes_no_time_from_the_trials(model, monkeypatch):
    """On a machine so busy that a second passes between any two looks at the wall's clock."""
    wall = itertools.count()
    monkeypatch.setattr("time.perf_counter", lambda: float(next(wall)))
    assert "iterations with solver='natural'" in warning_of(model, AIR)


def test_the_cheapest_remedy_may_take_all_the_time(clock, monkeypatch):
    """An iteration takes an eighth of what all remedies have, of which half are other groups'."""
    run = Attempt.run

    def took(attempt, max_iter, observer=None):
        clock.tick = 0.02 / 8 if observer else 0.0
        return run(attempt, max_iter, observer)

    monkeypatch.setattr(Attempt, "run", took)
    message = warning_of(gradient(max_iter=5), AIR)
    assert "The fit converges in 5 iterations with solver='natural'. See" in message


def test_a_climb_is_not_repeated_where_there_is_no_time_to(clock, climbs, monkeypatch):
    """What a larger max_iter would do begins with all that the fit did."""
    run = Attempt.run

    def took(attempt, max_iter, observer=None):
        clock.tick = 0.01  # a look at the clock
        return run(attempt, max_iter, observer)

    monkeypatch.setattr(Attempt, "run", took)
    monkeypatch.setattr("skgauss.fitting.warn_once._TIME_UNIT", 0.0)
    model = GaussianGradientMLE(max_iter=1)
    message = warning_of(model, AIR)
    assert climbs == [1]
    assert "A larger max_iter may be enough, but takes too long to try here. See" in message
    assert model.set_params(max_iter=20).fit(AIR).converged_


FAR_BELOW = {
    "scale": (gradient(learning_rate=1e-4, mean_init=299.85), LIGHT),
    "a hundred steps": (gradient(learning_rate=3e-5, **NEARBY, max_iter=100), LIGHT),
    "a few": (gradient(learning_rate=1e-5, **NEARBY, max_iter=5), LIGHT),
    "narrow": (gradient(learning_rate=3e-6, mean_init=299.8, covariance_init=1e-3), LIGHT),
    "coordinate": (gradient(solver="coordinate", learning_rate=3e-5, **NEARBY), LIGHT),
    "inner": (
        gradient(solver="coordinate", learning_rate=3e-5, n_inner_iter=4, mean_init=299.85), LIGHT,
    ),
    "log-scale": (gradient(parametrization="log-scale", learning_rate=1e-4, **NEARBY), LIGHT),
    "covariance": (gradient(parametrization="covariance", learning_rate=5e-6, **NEARBY), LIGHT),
    "precision": (gradient(parametrization="precision", learning_rate=5e-3, max_iter=200), UNIT),
    "tol": (gradient(learning_rate=1e-4, tol=1e-3, mean_init=299.85), LIGHT),
    "ridge": (gradient(learning_rate=1e-4, reg_covar=0.01, **NEARBY, max_iter=200), LIGHT),
    "natural": (GaussianGradientMLE(learning_rate=0.02, mean_init=299.8, max_iter=100), LIGHT),
    "natural, missing": (GaussianGradientMLE(learning_rate=0.01), AIR),
    "diag": (gradient(learning_rate=0.02, covariance_type="diag", max_iter=99), IRIS / IRIS.std()),
    "spherical": (gradient(learning_rate=5e-3, covariance_type="spherical", max_iter=200), IRIS),
    "full": (gradient(learning_rate=1e-3, tol=1e-3, mean_init=3), IRIS.iloc[:, :2]),
}  # fmt: skip


LONG = ["natural, missing", "spherical", "full"]


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=exhaustive if case in LONG else ()) for case in FAR_BELOW],
)
def test_how_long_a_climb_takes_whose_rate_is_far_below_the_bound(case):
    model, X = FAR_BELOW[case]
    message = warning_of(model, X)
    assert f" is 1/{short(model.learning_rate_bound_ / model.learning_rate)} of the larg" in message
    told = re.search(r"At this rate the climb takes about ([\d,]+) iterations\.", message)
    n_iter = int(told[1].replace(",", ""))
    model.set_params(max_iter=2 * n_iter).fit(X)
    assert model.n_iter_ == pytest.approx(n_iter, rel=0.1)


@each_value(
    solver=["gradient", "coordinate"], parametrization=["covariance", "scale"], share=[0.1, 0.5]
)
def test_why_a_climb_below_the_bound_is_slow(solver, parametrization, share):
    """The pace falls to that of the flattest direction: what it promises is the least it takes."""
    X = IRIS.to_numpy()
    model = GaussianGradientMLE(solver=solver, parametrization=parametrization)
    model.set_params(mean_init=X.mean(axis=0), covariance_init=X.var(axis=0).max(), max_iter=100)
    bound = fit_quietly(model, X).learning_rate_bound_
    model.set_params(learning_rate=share * bound, max_iter=300)
    message = warning_of(model, X)
    assert "much steeper in some directions than in others, as with correlated features" in message
    told = re.search(r"At this rate the climb takes about ([\d,]+) iterations or more\.", message)
    if told:
        model.set_params(max_iter=int(0.9 * int(told[1].replace(",", ""))))
        assert fit_quietly(model, X).stop_reason_ == "max_iter"


def test_a_rate_at_the_bound_is_not_slow_for_the_directions():
    """It overshoots in the steepest, of one feature as of many."""
    rate = 0.995 * UNIT.var()
    message = warning_of(gradient(learning_rate=rate, mean_init=1.5, max_iter=300), UNIT)
    assert "below the largest constant step" in message
    assert "steeper" not in message


def test_a_rate_that_is_the_bound_is_not_below_it():
    message = warning_of(gradient(parametrization="log-scale", learning_rate=1.0), 4 * UNIT)
    assert "learning_rate=1 is at the largest constant step" in message


def test_a_start_nearby_hurries_a_search_that_crawls():
    """Far from the data the precision hardly moves, and nothing else tells why."""
    model, X = gradient(parametrization="precision"), 4 * UNIT + 46
    assert "mean_init covariance_init" in kinds_in(warning_of(model, X), model)


def test_a_start_that_a_fit_would_not_take_is_not_recommended():
    """Neither `warm_start` nor `partial_fit` goes by the parameters."""
    model = gradient(learning_rate=0.01, warm_start=True)
    assert "mean_init" not in warning_of(model, LIGHT)
    message = warning_of(model.set_params(learning_rate=0.005), LIGHT)
    assert kinds_in(message, model) == ["learning_rate", "solver learning_rate"]
    model = gradient(learning_rate=0.01)
    assert "mean_init" not in warning_of(model, LIGHT, method="partial_fit")


def test_a_start_that_float64_cannot_hold_is_passed_over():
    """The largest variance of the two would do for the other, but for its size."""
    unit = (LIGHT - LIGHT.mean()) / LIGHT.std()
    model = gradient(learning_rate=1e-3, covariance_type="diag")
    message = warning_of(model, np.hstack([unit, 9.9e149 * unit]))
    assert kinds_in(message, model) == ["solver learning_rate"]


def test_a_callback_is_no_failure(correlated):
    class Stop(Callback):
        def on_fit_task_end(self, estimator, context):
            return context.task_name == "iteration"

    model = gradient(learning_rate=0.01).set_callbacks(Stop())
    assert re.fullmatch(
        r"solver='gradient' was stopped by a callback after 1 iteration: the natural gradient "
        r"norm is \S+, above tol=1e-06\.",
        warning_of(model, correlated),
    )


def test_no_maximum(rng):
    X = rng.standard_normal((6, 5))
    X[rng.random((6, 5)) < 0.2] = np.nan
    message = warning_of(GaussianGradientMLE(), X)
    assert message.endswith(
        " A larger reg_covar helps, and so does covariance_type='diag'. If these features depend "
        "on each other, drop one of them. If the rows are too few, collect more that show them "
        f"together. See {SITE}/missing_values.html."
    )
    assert GaussianGradientMLE(reg_covar=0.1).fit(X).converged_
    assert GaussianGradientMLE(covariance_type="diag").fit(X).converged_
    more = np.vstack((X, rng.standard_normal((60, 5))))
    assert GaussianGradientMLE().fit(more).converged_


@exhaustive
@pytest.mark.parametrize("units", [[1.0], [1e-3, 1.0, 1.0, 1e6, 1.0]])
def test_a_ridge_that_was_tried(rng, units):
    """One number or, where features have units far apart, one for each."""
    X = units * rng.standard_normal((6, 5))
    X[rng.random(X.shape) < 0.2] = np.nan
    settings = check_ridge(GaussianGradientMLE(), X)
    assert np.size(settings["reg_covar"]) == len(units)


@exhaustive
def test_a_ridge_of_many_features(rng):
    X = rng.standard_normal((60, 12)) + rng.standard_normal((60, 1))
    X[rng.random(X.shape) < 0.5] = np.nan
    check_ridge(GaussianGradientMLE(), X)
    units = np.logspace(0, 9, 12)  # one number for each would be too many words
    assert "The fit converges" not in warning_of(GaussianGradientMLE(), X * units)


def test_a_ridge_of_censored_features(rng):
    x = rng.standard_normal((30, 2))
    X = np.column_stack((x, x[:, 0] + 1))
    check_ridge(GaussianGradientMLE(censoring_limits=([0.0, np.nan, np.nan], None)), X)


@pytest.mark.parametrize("seed", [5, 62, 101])
def test_a_ridge_where_a_climb_stalls(seed):
    """Few rows with gaps: a start near the data, the only other setting, stalls there as well."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(3, 8))
    n = int(rng.integers(d + 1, 3 * d))
    X = rng.normal(size=(n, d)) + rng.normal(size=(n, 1))
    X = X if seed % 2 else np.clip(np.round(3 + X), 1, 5)
    X[rng.random(X.shape) < 0.2] = np.nan
    check_ridge(GaussianGradientMLE(), X)


def check_ridge(model, X):
    """The remedy, which works as it promises."""
    message = warning_of(model, X)
    assert model.stop_reason_ in ("unbounded", "stalled")
    ((n_iter, settings),) = remedies_in(message.replace(". A larger", ". See"), model)
    assert list(settings) == ["reg_covar"]
    assert model.set_params(**settings).fit(X).converged_
    assert model.n_iter_ == n_iter
    return settings


def test_no_ridge_is_tried_while_a_stream_waits(rng, monkeypatch):
    monkeypatch.setattr("skgauss.fitting.remedies.likelihood_with_ridge", None)
    X = rng.standard_normal((6, 5))
    X[rng.random((6, 5)) < 0.2] = np.nan
    assert not hasattr(GaussianGradientMLE().partial_fit(X), "mean_")


def seen_apart(rng):
    """Two features, and one row of next to no weight that shows both."""
    X = rng.standard_normal((81, 2))
    X[:40, 1] = X[40:80, 0] = np.nan
    return X, np.append(np.ones(80), 1e-9)


def test_a_flat_maximum(rng):
    X, weights = seen_apart(rng)
    model = GaussianGradientMLE()
    assert warning_of(model, X, sample_weight=weights) == (
        "The likelihood is flat in a direction that moves 'feature 0', 'feature 1': the observed "
        "values do not determine their distribution, and the result is one of many maxima. "
        "Collect rows that show them together, or use covariance_type='diag', which does not need "
        "such rows. If one is constant wherever another is observed, as an indicator of its gaps "
        f"is, drop it. See {SITE}/missing_values.html."
    )
    assert model.converged_
    model.fit(np.vstack((X, rng.standard_normal((20, 2)))))  # warnings are errors here
    model.set_params(covariance_type="diag").fit(X, sample_weight=weights)


@pytest.mark.parametrize("noise", [0, 1e-10, 1e-6, 1e-4, 1e-3])
@pytest.mark.parametrize("unit", [1.0, -1e-100])
def test_an_indicator_of_gaps_is_named_with_the_feature_whose_gaps_it_marks(rng, noise, unit):
    """Where ozone was measured it is constant, or nearly so; without it all is determined.

    The climb ends on a flat maximum, or creeps until `max_iter`.
    """
    indicator = np.isnan(AIR[:, 0]) + noise * rng.standard_normal(len(AIR))
    X = np.column_stack((AIR, unit * indicator))
    message = warning_of(GaussianGradientMLE(max_iter=100), X)
    pair = f"'feature {AIR.shape[1]}' hardly varies in the rows that show 'feature 0', as an"
    assert pair in message
    assert "Drop indicators of gaps, or use covariance_type='diag'" in message
    GaussianGradientMLE().fit(AIR)  # warnings are errors here
    GaussianGradientMLE(covariance_type="diag").fit(X)


def test_no_indicator_is_suspected_where_there_is_none(rng):
    """Neither among rows that show a feature once, nor where a feature varies enough."""
    few = AIR.copy()
    few[:, 3] = np.where(np.arange(len(AIR)) < 2, AIR[:, 3], np.nan)
    noisy = np.column_stack((AIR, np.isnan(AIR[:, 0]) + 0.1 * rng.standard_normal(len(AIR))))
    for X in (AIR, few, noisy):
        assert "indicator" not in warning_of(GaussianGradientMLE(max_iter=1), X)


def test_what_the_data_lack_is_told_once(rng):
    """What the data lack comes first; a flat direction that it explains is not told again."""
    X, _ = seen_apart(rng)
    assert "never observed in the same row" in warning_of(GaussianGradientMLE(), X[:80])
    model = gradient(learning_rate=1e3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X[:80])
    data, climb = (str(warning.message) for warning in caught)
    assert "never observed in the same row" in data
    assert climb.startswith("solver='gradient' diverged")


def test_the_page_of_a_slow_climb_over_gaps():
    message = warning_of(GaussianGradientMLE(max_iter=1), AIR)
    assert message.endswith(f" See {SITE}/missing_values.html.")


def test_the_pages_exist():
    for page in ("blow_up", "missing_values", "detection_limits", "truncation"):
        assert (DOCS / f"{page}.rst").exists()


def test_a_constant_feature_of_a_spherical_fit(rng):
    X = np.column_stack((rng.standard_normal(100), np.full(100, 5.0)))
    model = gradient(learning_rate=10.0, covariance_type="spherical")
    assert "converges in" in warning_of(model, X)


def test_why_a_climb_of_one_feature_is_slow():
    model = gradient(parametrization="log-scale", learning_rate=0.002, **NEARBY, max_iter=400)
    message = warning_of(model, LIGHT)
    assert "much steeper in some directions than in others. The steepest" in message


@pytest.mark.parametrize("failure", ["wide", "wide and far", "wide, sequential"])
def test_a_climb_from_a_wide_start_is_not_slow_for_the_directions(failure):
    """The likelihood is flat there in all of them: no rate that is stable later leads away."""
    model, X = FAILURES[failure]
    message = warning_of(model, X)
    assert "steeper" not in message
    told = (
        r"flat in all directions: the standard deviation.* is still ([\d.]+) times that of the data"
    )
    ratios = model.scale_ / X.std(axis=0)
    assert float(re.search(told, message)[1]) == pytest.approx(ratios.max(), rel=0.01)
    assert ratios.min() > 2
    assert "mean_init covariance_init" in kinds_in(message, model)
