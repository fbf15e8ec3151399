"""No tuned number decides an answer: each is doubled and halved, and the fits stay the same."""

import ast
import importlib
import pkgutil
import sys
import threading
from functools import cache
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from sklearn import config_context

import skgauss
from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    likelihood_ratio_test,
    mcar_test,
)

# Mathematics, the format of float64, and counts that are part of an answer's definition.
FACTS = {
    "skgauss.boxes.bivariate_trivariate._ROOT_2PI",
    "skgauss.boxes.base.LOG_ROOT_2PI",
    "skgauss.boxes.interval._ROOT_HALF",
    "skgauss.boxes.interval._ROOT_HALF_PI",
    "skgauss.density._LOG_2_PI",
    "skgauss._typing.EPS",
    "skgauss.blocks.passes._EXACT_INTEGERS",
    "skgauss.rows.array_api._DLPACK_CPU",
    "skgauss.robust.start._SD_OVER_MAD",
    "skgauss.robust.concentration._KEPT_LEVEL",  # probability of the tail that reweighting cuts off
    "skgauss.outlier._OUTLIER_LEVEL",  # the default definition of an outlier
    "skgauss.boxes.integration.MIN_LATTICE_VARIABLES",  # boxes of fewer features have formulas
}
# Modules whose numbers affect only how an answer looks.
LOOKS = ("skgauss.plotting", "skgauss.inference.printed_table", "skgauss._wording")


def tuned():
    """Module and name of every constant of the package that may be tuned."""
    for info in pkgutil.walk_packages(skgauss.__path__, "skgauss."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            path = f"{info.name}.{name}"
            constant = name.strip("_").isupper() and number and not is_imported(module, name)
            if constant and path not in FACTS and not path.startswith(LOOKS):
                yield path


def test_no_name_stands_for_two_numbers():
    """Each idea is tuned in one place, and no constant has the name of another."""
    names = [path.rpartition(".")[2] for path in (*tuned(), *FACTS)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@cache
def imports_of(module):
    """Names that a module imports; the modules that define them are checked themselves."""
    tree = ast.parse(Path(module.__file__).read_text())
    taken = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return {each.name for node in taken for each in node.names}


def is_imported(module, name):
    return name in imports_of(module)


def move(monkeypatch, path, factor):
    """Multiply a number by a factor wherever the package reads it."""
    home, name = path.rsplit(".", 1)
    old = getattr(sys.modules[home], name)
    new = type(old)(old * factor)
    for module in list(sys.modules.values()):
        ours = getattr(module, "__name__", "").startswith("skgauss")
        if ours and name in vars(module) and (module.__name__ == home or is_imported(module, name)):
            monkeypatch.setattr(module, name, new)


def sample():
    """Complete rows of four features, and the same with gaps."""
    rng = np.random.default_rng(0)
    root = np.array([[1, 0, 0, 0], [0.5, 0.8, 0, 0], [-0.3, 0.2, 0.9, 0], [0.1, 0.4, 0.3, 0.7]])
    X = rng.standard_normal((60, 4)) @ root.T + [1, 2, 3, 4]
    return X, np.where(rng.random(X.shape) < 0.2, np.nan, X)


def estimates(model):
    return np.concatenate([model.mean_, np.ravel(model.covariance_)])


def complete():
    X, _ = sample()
    rate = {"learning_rate": 0.2, "max_iter": 2000, "tol": 1e-9}
    yield estimates(GaussianGradientMLE().fit(X))
    yield estimates(GaussianGradientMLE(solver="gradient", **rate).fit(X))
    for solver in ("coordinate", "lbfgs", "newton"):
        yield estimates(GaussianGradientMLE(solver=solver, tol=1e-9).fit(X))
    yield estimates(GaussianGradientMLE().fit(da.from_array(X, chunks=(20, 4))))


def gaps():
    X, gaps = sample()
    model = GaussianGradientMLE(tol=1e-9).fit(gaps)
    yield estimates(model)
    yield model.standard_errors().mean
    yield model.standard_errors(method="sandwich", X=gaps).covariance
    yield model.impute(gaps)
    yield model.score_samples(gaps)
    yield estimates(GaussianGradientMLE(covariance_type="diag", tol=1e-9).fit(gaps))
    X[:30, 3] = X[:20, 2] = np.nan
    yield estimates(GaussianGradientMLE(tol=1e-9).fit(X))
    yield GaussianImputer().fit_transform(gaps)
    yield GaussianOutlierDetector(support_fraction=0.7).fit(gaps).score_samples(gaps)


def inference():
    _, gaps = sample()
    fit = GaussianGradientMLE(tol=1e-9).fit
    yield fit(gaps[:, :2]).confidence_intervals(method="profile").scale
    yield mcar_test(fit(gaps)).statistic
    smaller = GaussianGradientMLE(tol=1e-9, covariance_type="diag").fit(gaps)
    yield likelihood_ratio_test(smaller, fit(gaps)).statistic


def ends():
    """Profile ends at a singular covariance, and EM's, accurate to about 1e-4 by design."""
    X, _ = sample()
    X[:, 2] += 2 * X[:, 0] - X[:, 1]
    X[::2, 0] = X[1::2, 1] = np.nan  # never seen together
    fit = GaussianGradientMLE(tol=1e-9).fit
    with pytest.warns(UserWarning, match="never observed in the same row"):
        apart = fit(X[:, :3])
    yield apart.confidence_intervals(method="profile").correlation[0, 1]


def intervals():
    X, _ = sample()
    for kind in ("full", "diag"):
        censored = GaussianGradientMLE(
            covariance_type=kind, censoring_limits=(0.5, 3.5), tol=1e-8
        ).fit(X)
        yield estimates(censored)
        yield censored.standard_errors().mean
    rounded = np.floor(4 * X[:, :1]) / 4
    yield estimates(GaussianGradientMLE(tol=1e-9).fit(rounded, X_upper=rounded + 0.25))


def windows():
    X, gaps = sample()
    X, gaps = (each[(X > 0).all(axis=1), :2] for each in (X, gaps))
    for kind, rows in (("full", X), ("diag", X), ("diag", gaps)):
        model = GaussianGradientMLE(
            covariance_type=kind, truncation_limits=(0, None), tol=1e-8
        ).fit(rows)
        yield estimates(model)
        yield model.standard_errors().mean


def devices():
    """Rows of another array library, which are summed on their device."""
    xp = pytest.importorskip("array_api_strict")
    X, _ = sample()
    with config_context(array_api_dispatch=True):
        yield estimates(GaussianGradientMLE().fit(xp.asarray(X)))


def wide():
    """So many features that Hessian products, not the matrix, are used to check for a maximum."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 26)) + rng.standard_normal((80, 1))
    X[rng.random(X.shape) < 0.05] = np.nan
    yield estimates(GaussianGradientMLE(tol=1e-9).fit(X))


def lattices():
    """Boxes in five features, whose probabilities are lattice sums accurate to about 1e-3."""
    X, _ = sample()
    X = np.column_stack([X, X[:, 0] - X[::-1, 1]])[:20]
    yield estimates(GaussianGradientMLE(censoring_limits=(X.mean(axis=0), None)).fit(X))


# How far the answers may change, in units of the data; the fastest fits come first.
PRECISION = {
    devices: 1e-6,
    windows: 1e-5,
    wide: 1e-5,
    complete: 1e-6,
    inference: 1e-5,
    intervals: 1e-5,
    gaps: 1e-5,
    ends: 5e-4,
    lattices: 2e-3,
}


def answers(kind):
    return [np.ravel(answer) for answer in kind()]


@cache
def as_they_are(kind):
    """The answers of a kind of fit, and the functions of the package that all its threads call."""
    entered = set()

    def note(frame, event, _):
        if event == "call" and frame.f_globals.get("__name__", "").startswith("skgauss"):
            entered.add((frame.f_globals["__name__"], frame.f_code))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        return answers(kind), entered
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def readers(kind, path):
    """The functions that a kind of fit calls and that read the constant."""
    home, name = path.rsplit(".", 1)
    return {
        code
        for module, code in as_they_are(kind)[1]
        if name in code.co_names and (module == home or is_imported(sys.modules[module], name))
    }


def kinds_for(path):
    """A few kinds of fits, which call every function that any kind calls to read the constant."""
    seen = set()
    for kind in PRECISION:
        if found := readers(kind, path) - seen:
            seen |= found
            yield kind


@pytest.mark.exhaustive
@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("path", sorted(tuned()))
def test_no_answer_depends_on_a_tuned_number(monkeypatch, scipy_array_api, path, factor):
    kinds = list(kinds_for(path))
    if not kinds:
        pytest.skip("no fit of this module reads it")
    expected = [as_they_are(kind)[0] for kind in kinds]
    move(monkeypatch, path, factor)
    for kind, whole in zip(kinds, expected, strict=True):
        for found, answer in zip(answers(kind), whole, strict=True):
            np.testing.assert_allclose(found, answer, rtol=PRECISION[kind], atol=PRECISION[kind])
