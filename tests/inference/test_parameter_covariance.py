"""The covariance of the estimates, against closed forms, standard errors and lavaan."""

import numpy as np
import pandas as pd
import pytest
from marks import each_family, simulation
from models import fitted
from numpy.testing import assert_allclose

from skgauss.datasets import load_airquality

# R 4.2.2, lavaan 0.6-14, airquality[c("Ozone", "Solar.R")], missing="fiml",
# information="observed": vcov of the means, the variances and the covariance, and the estimates.
OF_LAVAAN = np.array([
    [9.028554139, 6.614173472, 2.166030170, -0.2927503461, 8.785594311],
    [6.614173472, 54.87490626642, -0.08178733389, 1.65489486116, 0.7899947780],
    [2.166030170, -0.08178733389, 19820.9245375345, 13338.88171, 17841.40590],
    [-0.2927503461, 1.65489486116, 13338.88171, 883349.3498, 108982.6884],
    [8.785594311, 0.78999477797, 17841.4059036393, 108982.6884, 79561.01781],
])  # fmt: skip
VARIANCES, COVARIANCE = np.array([1076.1870495483, 8042.7075569403]), 1007.9321883855


def test_what_lavaan_prints():
    """Carried from covariances to standard deviations and the correlation."""
    X = load_airquality(as_frame=True).data[["Ozone", "Solar.R"]]
    one, two = deviations = np.sqrt(VARIANCES)
    correlation = COVARIANCE / (one * two)
    moves = np.eye(5)
    moves[2:4, 2:4] = np.diag(0.5 / deviations)
    moves[4, 2:] = *(-0.5 * correlation / VARIANCES), 1 / (one * two)
    table = fitted(X).parameter_covariance()
    of_one, of_two = np.sqrt(np.diag(table)), np.sqrt(np.diag(moves @ OF_LAVAAN @ moves.T))
    assert_allclose(of_one, of_two, rtol=1e-6)
    scaled = (moves @ OF_LAVAAN @ moves.T) / np.outer(of_two, of_two)
    assert_allclose(table / np.outer(of_one, of_one), scaled, atol=1e-6)


@each_family
@pytest.mark.parametrize("gaps", [False, True])
def test_its_rows_are_those_of_the_summary(correlated, gappy, covariance_type, gaps):
    X = pd.DataFrame(gappy if gaps else correlated, columns=list("abc"))
    model = fitted(X, covariance_type)
    table, summary = model.parameter_covariance(), model.summary()
    assert list(table.index) == list(table.columns) == list(summary.index)
    assert_allclose(np.sqrt(np.diag(table)), summary["std_error"], rtol=1e-12)
    assert_allclose(table, table.T, rtol=1e-12)
    assert np.linalg.eigvalsh(table)[0] > 0


def test_complete_data_in_closed_form(correlated):
    """Means apart from all else; scales as Anderson (2003), section 3.4, has the variances."""
    table = fitted(correlated).parameter_covariance().to_numpy()
    n, S = len(correlated), np.cov(correlated.T, ddof=0)
    assert_allclose(table[:3, :3], S / n, rtol=1e-6)
    assert_allclose(table[:3, 3:], 0, atol=1e-15)
    deviations = np.sqrt(np.diag(S))
    assert_allclose(table[3:6, 3:6], S**2 / (2 * n * np.outer(deviations, deviations)), rtol=1e-6)


def test_a_contrast_is_a_fit_of_the_difference(correlated):
    """Of complete rows, in which the difference is a feature like any other."""
    table = fitted(correlated).parameter_covariance().to_numpy()
    contrast = np.array([1.0, -1.0, 0.0])
    errors = fitted(correlated @ contrast[:, None]).standard_errors()
    assert contrast @ table[:3, :3] @ contrast == pytest.approx(errors.mean[0] ** 2, rel=1e-6)


def test_weights_are_repeats(gappy):
    twice = fitted(gappy, sample_weight=np.full(len(gappy), 2.0)).parameter_covariance()
    assert_allclose(2 * twice, fitted(gappy).parameter_covariance(), atol=1e-10)


def test_what_the_data_leave_open(rng):
    """Two features that no row shows together."""
    X = rng.standard_normal((60, 3))
    X[:30, 0] = X[30:, 1] = np.nan
    with pytest.warns(UserWarning, match="never observed in the same row"):
        model = fitted(X)
    with pytest.warns(UserWarning, match="do not determine the correlation of") as caught:
        table = model.parameter_covariance()
    assert caught[0].filename == __file__
    name = "correlation of feature 0 and feature 1"
    assert table.loc[name].isna().all()
    assert table.drop(index=name, columns=name).notna().all(axis=None)


def test_it_is_not_formed_of_too_many(rng):
    model = fitted(rng.standard_normal((200, 71)))
    with pytest.raises(ValueError, match="formed for at most 2500"):
        model.parameter_covariance()


@simulation
def test_estimates_from_samples_vary_so(rng):
    """Of 2,000 fits to 200 rows with gaps, all parameters: the covariance within its error."""
    truth = np.array([[1.0, 0.6], [0.6, 2.0]])
    draws, tables = [], []
    for _ in range(2000):
        X = rng.multivariate_normal([0, 1], truth, size=200)
        X[rng.random(X.shape) < 0.2] = np.nan
        model = fitted(X)
        draws.append(model.summary()["estimate"].to_numpy())
        tables.append(model.parameter_covariance().to_numpy())
    expected, found = np.mean(tables, axis=0), np.cov(np.transpose(draws))
    unit = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs((found - expected) / unit).max() < 4 * np.sqrt(2 / 2000)
