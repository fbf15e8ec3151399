"""A random search for fits with wrong results: ``pytest -m search --seconds 600``.

Case k of a run is drawn from seed + k, so that each can be repeated by itself. Each fit goes
through a list of small checks, which yield complaints.
"""

from collections import defaultdict

import numpy as np
import pytest
from search.fit import LARGEST_CONDITION, Fit
from search.hostile import draw
from search.likelihood import EM_STEPS, EPS, Point, Standardization, interior_maximum
from sklearn.exceptions import ConvergenceWarning

from skgauss.likelihoods import missing

REASONS = {"converged", "max_iter", "diverged", "stalled", "unbounded"}
LENGTHS = [1.0, 0.1, 0.01, 0.001, 0.0001]
FLAT, CURVED = 1e-5, 1e-3  # eigenvalues of the information that are nearly 0, and clearly are not


def is_sentence(text):
    return len(str(text).split()) > 4


# -- checks of a fit that raised an error


def errors_are_refusals(fit):
    if not isinstance(fit.error, ValueError):
        yield f"{type(fit.error).__name__}: {fit.error}"
    elif not is_sentence(fit.error):
        yield f"an error without a sentence: {fit.error!r}"


def refusals_are_due(fit):
    """By default, only a feature without variance is a reason to refuse data."""
    refused = isinstance(fit.error, ValueError) and fit.model.reg_covar == "auto"
    if refused and min(_exact_variances(fit)) > 0:
        yield str(fit.error)


def _exact_variances(fit):
    for column in fit.case.X.T:
        shown = ~np.isnan(column) & (fit.weights > 0)
        values = column[shown, None], fit.weights[shown]
        yield Standardization(*values).exact_moments(*values)[1].item() if shown.any() else 0.0


# -- checks of any other fit


def warnings_are_sentences(fit):
    for warning in fit.warnings:
        if warning.category not in (UserWarning, ConvergenceWarning):
            yield f"{warning.category.__name__}: {warning.message} ({warning.filename})"
        elif not is_sentence(warning.message):
            yield f"a warning without a sentence: {warning.message}"


def verdict_and_warning_agree(fit):
    model = fit.model
    warned = any(warning.category is ConvergenceWarning for warning in fit.warnings)
    converged = model.stop_reason_ == "converged"
    if model.stop_reason_ not in REASONS or model.converged_ != converged or warned == converged:
        yield f"{model.stop_reason_!r}, converged_: {model.converged_}, warned: {warned}"


def attributes_are_finite(fit):
    for name, value in vars(fit.model).items():
        number = name.endswith("_") and isinstance(value, float | np.ndarray)
        if number and not np.isfinite(value).all():
            yield f"{name} = {value}"


def statistics_are_exact(fit):
    """Statistics of complete data must agree with rational arithmetic."""
    statistics = fit.model.sufficient_statistics_
    if not hasattr(statistics, "covariance"):
        return
    frame, kept = fit.frame, fit.weights > 0
    mean, covariance = frame.exact_moments(fit.case.X[kept], fit.weights[kept])
    if statistics.diagonal:
        covariance = np.diag(covariance.diagonal())
    deviations = np.sqrt(covariance.diagonal())
    shift = frame.rows(statistics.mean) - mean + statistics.mean_rounding / frame.unit
    excess = frame.matrix(statistics.covariance) - covariance
    if (np.abs(shift) > 1e-13 * deviations + EPS * np.abs(mean)).any():
        yield f"the mean is {shift / deviations} deviations off"
    if (np.abs(excess) > 1e-13 * np.outer(deviations, deviations)).any():
        yield f"the covariance is off by {excess}"


def likelihood_is_that_of_the_rows(fit):
    if fit.point is None:
        return
    units = fit.data.weights @ (fit.data.seen @ np.log(fit.frame.unit))
    exact = fit.data.share * (fit.point.log_likelihood - units)
    rounding = fit.noise + 10 * EPS * (abs(exact) + abs(units))
    for name, value in (("log_likelihood_", fit.model.log_likelihood_), ("score", fit.score)):
        if not abs(value - exact) <= rounding:
            yield f"{name} = {value!r}, that of the rows is {exact!r}, rounding {rounding:.1g}"


def path_leads_up(fit):
    model, path = fit.model, fit.model.log_likelihood_path_
    if len(path) != model.n_iter_ + 1:
        yield f"{len(path)} values of {model.n_iter_} iterations"
    lowest = np.diff(path).min(initial=0.0)
    rounding = 1e-12 * np.abs(path).max()
    rounding += fit.noise + fit.resolution if fit.point else np.inf
    if model.learning_rate == "auto" and not np.any(model.reg_covar_) and lowest < -rounding:
        yield f"it falls by {-lowest:.3g}"


def converged_is_stationary(fit):
    if not (fit.model.converged_ and fit.point):
        return
    point, diagonal = fit.point, fit.point.score_covariance.diagonal()
    if fit.model.covariance_type == "spherical":
        diagonal = np.full_like(diagonal, diagonal.mean())
    uncorrelated = np.hypot(np.linalg.norm(point.score_mean), np.linalg.norm(diagonal) / 2**0.5)
    norm = point.norm if fit.is_full else uncorrelated
    limit = 1.01 * fit.model.tol + fit.noise + fit.resolution
    if not norm <= limit:
        yield f"the norm is {norm:.3g}, its limit {limit:.3g}"


def converged_is_a_maximum(fit):
    """No small move gains more than the norm allows, not even in the least curved direction."""
    if not (fit.model.converged_ and fit.is_full and fit.point):
        return
    point, tol, rng = fit.point, fit.model.tol, np.random.default_rng(0)
    least = np.linalg.eigh(point.information)[1][:, 0]
    for direction in (least, *rng.standard_normal((3, len(least)))):
        noise = fit.resolution + (0.0 if direction is least else fit.noise)
        for length in (sign * length for length in LENGTHS for sign in (1, -1)):
            gain = point.moved(length * direction / np.linalg.norm(direction)).value - point.value
            allowed = min(2 * tol * abs(length), tol**2 / FLAT) + noise * abs(length)
            if gain > allowed + point.rounding:
                yield f"a move of {length:.2g} gains {gain:.3g} nats"


def flat_is_said_where_it_is(fit):
    if not (fit.model.converged_ and fit.is_full and fit.point):
        return
    least = np.linalg.eigvalsh(fit.point.information)[0]
    said = any("many maxima" in str(warning.message) for warning in fit.warnings)
    if (least < FLAT - fit.noise and not said) or (least > CURVED + fit.noise and said):
        told = "it is flat" if said else "nothing of it"
        yield f"the least eigenvalue of the information is {least:.3g}, the warnings say {told}"


def maximum_is_found(fit):
    """If there is a maximum, "unbounded" is wrong, and the default solver must find it.

    This is not checked if float64 has no mean near enough to it, or a user's start may lead past.
    """
    model = fit.model
    if (fit.point and fit.resolution > model.tol) or model.mean_init is not None:
        return
    default = model.solver == "natural" and model.learning_rate == "auto"
    in_time = model.stop_reason_ != "max_iter" or model.max_iter >= EM_STEPS
    if model.stop_reason_ == "unbounded" or (default and in_time and not model.converged_):
        known = _known_maximum(fit)
        if known:
            yield f"{model.stop_reason_!r} after {model.n_iter_} iterations, {known}"


def _known_maximum(fit):
    if not fit.is_full or not np.isnan(fit.case.X).any():
        return "of a likelihood whose maximum has a closed form"
    found = interior_maximum(Point(fit.data, *fit.data.moments))
    if found is None or found.condition > LARGEST_CONDITION:
        return ""
    least = np.linalg.eigvalsh(found.information)[0]
    return f"maximum of condition {found.condition:.2g}, least eigenvalue {least:.2g}"


OF_ERRORS = [errors_are_refusals, refusals_are_due]
OF_FITS = [
    warnings_are_sentences,
    verdict_and_warning_agree,
    attributes_are_finite,
    statistics_are_exact,
    likelihood_is_that_of_the_rows,
    path_leads_up,
    converged_is_stationary,
    converged_is_a_maximum,
    flat_is_said_where_it_is,
    maximum_is_found,
]


def complaints(case):
    """The first complaint of each check."""
    fit = Fit(case)
    for check in OF_FITS if fit.error is None else OF_ERRORS:
        for complaint in check(fit):
            yield check.__name__, complaint
            break


@pytest.mark.search
def test_search(seeds, monkeypatch):
    found = defaultdict(list)
    for seed in seeds:
        case = draw(seed)
        if seed % 2:  # test products with the information, otherwise used for many features only
            monkeypatch.setattr(missing, "_FEW_PARAMETERS", 0)
        for check, complaint in complaints(case):
            again = f"pytest -m search --seed {seed} --seconds 0"
            found[check].append(f"{complaint}\n    {case}\n    {again}")
        monkeypatch.undo()
    report = [f"{check}: {len(each)} times, first\n    {each[0]}" for check, each in found.items()]
    if report:
        pytest.fail("\n".join(report), pytrace=False)
