"""Bad input: an error that names the culprit, and the earlier fit as it was."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
from callbacks import Callback
from marks import each_family
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from skgauss import GaussianGradientMLE, GaussianImputer, SufficientStatistics

GOOD = np.random.default_rng(0).standard_normal((20, 3))


def with_entry(value):
    X = GOOD.copy()
    X[7, 1] = value
    return X


BAD_X = {
    "NaN only": (GOOD * [1, np.nan, 1], ValueError, "'feature 1' was never observed"),
    "NaN and inf": (with_entry(np.inf) * [1, 1, np.nan], ValueError, "contains infinity"),
    "inf": (with_entry(np.inf), ValueError, "Input X contains infinity"),
    "-inf and inf": (np.array([[np.inf], [-np.inf], [1.0]]), ValueError, "contains infinity"),
    "inf in float32": (with_entry(np.inf).astype(np.float32), ValueError, "contains infinity"),
    "strings": (np.array([["a", "b"], ["c", "d"]]), ValueError, "not numbers in 'column 0'"),
    "complex": (GOOD + 1j, ValueError, "Complex data not supported"),
    "empty": (np.empty((0, 3)), ValueError, "0 sample"),
    "no features": (np.empty((5, 0)), ValueError, "0 feature"),
    "one row": (GOOD[:1], ValueError, "1 sample"),
    "one dimension": (GOOD[:, 0], ValueError, "Expected 2D array"),
    "sparse": (sparse.csr_matrix(GOOD), TypeError, "[Ss]parse"),
    "constant": (np.c_[GOOD, np.ones(20)], ValueError, "'feature 3' has zero variance"),
    "overflow": (with_entry(1e200), ValueError, "variance of 'feature 1' is larger than float64"),
    "unit too small": (with_entry(1.0) * [1, 1e-155, 1], ValueError, "Choose another unit"),
    "dates": (GOOD.astype("datetime64[D]"), (ValueError, TypeError), "numbers|dtype|datetime"),
    "ragged": ([[1, 2], [3]], ValueError, "Row 1 of X, counted from 0, has 1 values"),
}

BAD_WEIGHTS = {
    "all zero": (np.zeros(20), "at least one non-zero"),
    "negative": (np.r_[-1.0, np.ones(19)], "[Nn]egative"),
    "NaN": (np.r_[np.nan, np.ones(19)], "sample_weight contains NaN"),
    "wrong length": (np.ones(19), "sample_weight.shape"),
    "two columns": (np.ones((20, 2)), "1D array or scalar"),
}

BAD_PARAMETERS = {
    "mean_init shape": ({"mean_init": [0.0, 0.0]}, r"mean_init must be .* shape \(3,\)"),
    "mean_init NaN": ({"mean_init": [0.0, np.nan, 0.0]}, "mean_init contains NaN"),
    "mean_init absurd": ({"mean_init": 1e200}, "start is not a finite number"),
    "covariance_init shape": ({"covariance_init": np.eye(2)}, r"shape \(3, 3\)"),
    "covariance_init vector": ({"covariance_init": np.ones(3)}, r"shape \(3, 3\)"),
    "covariance_init inf": ({"covariance_init": np.inf}, "covariance_init contains inf"),
    "covariance_init indefinite": (
        {"covariance_init": [[1, 2, 0], [2, 1, 0], [0, 0, 1]]},
        "covariance_init must be positive definite",
    ),
    "covariance_init zero": ({"covariance_init": 0.0}, "covariance_init must be positive, got 0"),
    "covariance_init lopsided": (
        {"covariance_init": [[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]]},
        "must be symmetric",
    ),
    "variances negative": (
        {"covariance_type": "diag", "covariance_init": [1, -1, 1]},
        "must be positive definite",
    ),
    "variance as array": (
        {"covariance_type": "spherical", "covariance_init": [1.0]},
        "covariance_init must be",
    ),
    "rate for lbfgs": ({"solver": "lbfgs", "learning_rate": 0.1}, "has no effect with"),
    "rate for newton": ({"solver": "newton", "learning_rate": 0.1}, "solver='newton', which takes"),
    "rate for the closed form": ({"solver": "closed-form", "learning_rate": 1.0}, "no effect"),
}

BY_THE_TABLE = [
    {"covariance_type": "tied"},
    {"solver": "sgd"},
    {"parametrization": "variance"},
    {"learning_rate": 0.0},
    {"learning_rate": -0.1},
    {"learning_rate": np.inf},
    {"learning_rate": "fast"},
    {"n_inner_iter": 0},
    {"max_iter": 0},
    {"max_iter": 1.5},
    {"tol": -1e-3},
    {"reg_covar": -1e-3},
    {"reg_covar": "always"},
    {"warm_start": "yes"},
    {"record_path": None},
]


@pytest.fixture
def fitted():
    return GaussianGradientMLE(record_path=True).fit(pd.DataFrame(GOOD, columns=list("abc")))


def assert_untouched(model, before):
    after = vars(model)
    assert after.keys() == before.keys()
    for name, value in before.items():
        if name.endswith("_") and name != "sufficient_statistics_":
            np.testing.assert_array_equal(after[name], value)


@pytest.mark.parametrize("case", BAD_X)
def test_bad_X(fitted, case):
    X, error, message = BAD_X[case]
    before = copy.deepcopy(vars(fitted))
    with pytest.raises(error, match=message):
        fitted.fit(X)
    assert_untouched(fitted, before)


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights(fitted, case):
    weights, message = BAD_WEIGHTS[case]
    before = copy.deepcopy(vars(fitted))
    with pytest.raises(ValueError, match=message):
        fitted.fit(GOOD, sample_weight=weights)
    assert_untouched(fitted, before)


@pytest.mark.parametrize("case", BAD_PARAMETERS)
def test_bad_parameters(case):
    parameters, message = BAD_PARAMETERS[case]
    with pytest.raises(ValueError, match=message):
        GaussianGradientMLE(**parameters).fit(GOOD)


@pytest.mark.parametrize("parameters", BY_THE_TABLE, ids=str)
def test_parameters_against_the_table(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"The '{name}' parameter"):
        GaussianGradientMLE(**parameters).fit(GOOD)


def test_the_error_on_infinity_begins_as_scikit_learns_does():
    from sklearn.covariance import EmpiricalCovariance

    with pytest.raises(ValueError, match="infinity") as theirs:
        EmpiricalCovariance().fit(with_entry(np.inf))
    with pytest.raises(ValueError, match="infinity") as ours:
        GaussianGradientMLE().fit(with_entry(np.inf))
    name = "GaussianGradientMLE"
    assert str(ours.value).startswith(
        str(theirs.value).replace("EmpiricalCovariance", name).strip()
    )
    assert str(ours.value).endswith("The first is inf in 'feature 1', in row 7 counted from 0.")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("how", ["complete", "gaps", "limits", "ends"])
def test_where_an_infinity_is_and_what_helps_where_it_is_a_logarithm(rng, how, weighted):
    table = pd.DataFrame(np.exp(rng.normal(size=(60, 3))), columns=["lead", "zinc", "tin"])
    table = table.set_index(rng.permutation(60))
    table.iloc[17:20, 1] = 0.0
    if how == "gaps":
        table.iloc[3::7, 0] = np.nan
    with np.errstate(divide="ignore"):
        logs = np.log(table)
    weights = np.ones(60)
    weights[17] = weighted is False
    limit = -4.0
    model = GaussianGradientMLE(censoring_limits=(-2.0, None) if how == "limits" else None)
    row = 18 if weighted else 17
    where = f"is -inf in 'zinc', in row {row} counted from 0"
    if how == "ends":
        where = (
            f"In row {row}, counted from 0, the interval of 'zinc' has its lower end in X at -inf"
        )
    with pytest.raises(ValueError, match=rf"{where}.*\. If it is the logarithm of 0"):
        model.fit(
            logs,
            sample_weight=weights if weighted else None,
            X_upper=logs if how == "ends" else None,
        )
    below = logs == -np.inf
    by_ends = GaussianGradientMLE().fit(
        logs.mask(below), X_upper=logs.mask(below, limit), sample_weight=weights
    )
    by_limits = GaussianGradientMLE(censoring_limits=(limit, None)).fit(
        logs.mask(below, limit), sample_weight=weights
    )
    np.testing.assert_allclose(by_ends.mean_, by_limits.mean_, rtol=1e-9)


@pytest.mark.parametrize("method", ["score", "score_samples", "mahalanobis", "aic", "bic"])
def test_bad_X_for_scoring(method):
    model = GaussianGradientMLE().fit(GOOD)
    for X, error, message in (
        (with_entry(-np.inf), ValueError, "Input X contains infinity"),
        (GOOD[:, :2], ValueError, re.escape("X has 2 features, but GaussianGradientMLE")),
        (sparse.csr_matrix(GOOD), TypeError, "[Ss]parse"),
    ):
        with pytest.raises(error, match=message):
            getattr(model, method)(X)


@each_family
def test_far_away_is_not_an_error(covariance_type):
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(GOOD)
    assert model.score_samples(np.full((1, 3), 1e200))[0] == -np.inf
    X, weights = np.vstack([GOOD, np.full(3, 1e200)]), np.r_[np.ones(20), 0.0]
    assert model.score(X, sample_weight=weights) == pytest.approx(model.score(GOOD))


def test_numbers_as_arrays_without_dimension():
    model = GaussianGradientMLE(
        mean_init=np.array(2), covariance_init=np.array(3.0), reg_covar=np.float32(0.5),
        record_path=True,
    ).fit(GOOD)  # fmt: skip
    np.testing.assert_array_equal(model.mean_path_[0], [2, 2, 2])


@pytest.mark.parametrize("n_samples", [0, -1])
def test_bad_number_of_draws(n_samples):
    with pytest.raises(ValueError, match="at least 1"):
        GaussianGradientMLE().fit(GOOD).sample(n_samples)


class FailingAtTheEnd(Callback):
    """It fails when all is done."""

    def on_fit_task_end(self, estimator, context):
        raise RuntimeError("no")


def test_a_failing_callback_leaves_the_earlier_fit(fitted):
    fitted.set_callbacks(FailingAtTheEnd())
    before = copy.deepcopy(vars(fitted))
    with pytest.raises(RuntimeError, match="no"):
        fitted.fit(10 * GOOD)
    assert_untouched(fitted, before)


def test_a_warning_turned_into_an_error_leaves_the_earlier_fit(fitted):
    fitted.set_params(solver="gradient", max_iter=1)
    before = copy.deepcopy(vars(fitted))
    with pytest.raises(ConvergenceWarning):  # warnings are errors in this suite
        fitted.fit(10 * GOOD)
    assert_untouched(fitted, before)


def test_warm_start_from_another_shape():
    model = GaussianGradientMLE(warm_start=True).fit(GOOD)
    for change, X in (({}, GOOD[:, :2]), ({"covariance_type": "diag"}, GOOD)):
        with pytest.raises(ValueError, match=r"warm_start=True needs .* or set warm_start=False"):
            model.set_params(**change).fit(X)
        assert copy.deepcopy(model).set_params(warm_start=False).fit(X).converged_


@pytest.mark.parametrize(
    "parameter", ["mean_init", "covariance_init", "reg_covar", "fixed_mean", "fixed_covariance"]
)
@pytest.mark.parametrize("estimator", [GaussianGradientMLE, GaussianImputer])
def test_labels_of_a_parameter_are_those_of_the_features(parameter, estimator):
    """Numbers of pandas are taken by place, never as those of another feature."""
    names, others = list("abc"), list("cab")
    frame = pd.DataFrame(GOOD, columns=names)
    value = pd.Series([1.0, 2.0, 3.0], index=names)
    if parameter in ("covariance_init", "fixed_covariance"):
        value = pd.DataFrame(np.diag(value), index=names, columns=names)
        moved = value.loc[others, others]
    else:
        moved = value.loc[others]
    expected = estimator(**{parameter: value.to_numpy()}).fit(frame)
    for X, given in ((frame, value), (GOOD, value)):
        model = estimator(**{parameter: given}).fit(X)
        np.testing.assert_allclose(model.mean_, expected.mean_, rtol=1e-12)
        np.testing.assert_allclose(model.covariance_, expected.covariance_, rtol=1e-9, atol=1e-15)
    model = estimator(**{parameter: moved})
    statistics = SufficientStatistics(20, frame.mean(), frame.cov(ddof=0))
    told = re.escape(f"{parameter} must be the features 'a', 'b', 'c', in this order, got 'c', 'a'")
    for fit, data in (
        (model.fit, frame),
        (model.partial_fit, frame),
        (model.fit_statistics, statistics),
    ):
        with pytest.raises(ValueError, match=told):
            fit(data)


@pytest.mark.parametrize(
    "value", [{"a": 1}, [1, "b"], [[1], [2, 3]], [1j, 2.0], np.ones(2) + 1j], ids=str
)
@pytest.mark.parametrize(
    "parameter", ["fixed_mean", "fixed_covariance", "mean_init", "covariance_init", "reg_covar"]
)
def test_a_parameter_that_is_no_array_of_numbers_is_named(rng, parameter, value):
    with pytest.raises(
        ValueError, match=f"^{parameter} must be an array of numbers.*, got "
    ) as caught:
        GaussianGradientMLE(**{parameter: value}).fit(rng.standard_normal((20, 2)))
    assert ("in the order of the features" in str(caught.value)) == isinstance(value, dict)


@pytest.mark.parametrize("parameter", ["fixed_mean", "mean_init", "reg_covar"])
def test_a_dict_of_numbers_is_to_be_listed(rng, parameter):
    X = pd.DataFrame(rng.standard_normal((20, 2)), columns=["a", "b"])
    by_name = {"b": 2.0, "a": 1.0}
    with pytest.raises(ValueError, match="in the order of the features") as caught:
        GaussianGradientMLE(**{parameter: by_name}).fit(X)
    remedy = f"[{parameter}[feature] for feature in X.columns]"
    assert f"such as {remedy}, got" in str(caught.value)
    listed = eval(remedy, {parameter: by_name, "X": X})
    model, same = (
        GaussianGradientMLE(solver="gradient", record_path=True, **{parameter: value}).fit(X)
        for value in (listed, np.array([1.0, 2.0]))
    )
    np.testing.assert_array_equal(model.covariance_path_, same.covariance_path_)


def test_a_dict_of_dicts_has_no_list_of_numbers():
    by_name = {"a": {"a": 1.0, "b": 0.5}, "b": {"a": 0.5, "b": 1.0}}
    with pytest.raises(ValueError, match="in the order of the features, got"):
        GaussianGradientMLE(fixed_covariance=by_name).fit(
            pd.DataFrame(np.eye(2), columns=["a", "b"])
        )


def test_a_subclass_may_take_any_keywords():
    class Named(GaussianGradientMLE):
        def __init__(self, *, title="", **others):
            super().__init__(**others)
            self.title = title

    assert Named(title="heights", max_iter=5).fit(GOOD).converged_
    with pytest.raises(ValueError, match="The 'tol' parameter"):
        GaussianGradientMLE(tol="small").fit(GOOD)
