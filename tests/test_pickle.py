"""Pickles: the modules that they name, and how those of an earlier version are read."""

import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest
from marks import each_family, exhaustive

from skgauss import GaussianGradientMLE, GaussianImputer

PRIVATE = {"skgauss.density"}  # apart from statistics, which users may pickle themselves


def modules_named_by(pickled):
    """Modules of the package that a pickle imports."""
    strings = [argument for _, argument, _ in pickletools.genops(pickled)]
    return {text for text in strings if isinstance(text, str) and text.startswith("skgauss")}


@pytest.mark.parametrize("window", [None, (-9.0, 9.0)])
@each_family
@pytest.mark.parametrize("n_features", [1, 2])
def test_a_pickle_names_one_private_class(rng, covariance_type, n_features, window):
    X = rng.standard_normal((40, n_features))
    model = GaussianImputer(covariance_type=covariance_type, truncation_limits=window).fit(X)
    pickled = pickle.dumps(model)
    assert modules_named_by(pickled) <= PRIVATE | {"skgauss.imputer", "skgauss.statistics.complete"}
    again = pickle.loads(pickled)
    X[::3, 0] = np.nan
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(again.transform(X), model.transform(X))


@exhaustive
def test_a_pickle_of_intervals_integrates_alike(rng):
    X = rng.standard_normal((60, 5)) @ rng.standard_normal((5, 5))
    model = GaussianGradientMLE(censoring_limits=(-0.5, None)).fit(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))


def test_a_pickle_from_before_the_first_release_is_refused_with_a_sentence():
    pytest.importorskip("numpy", "2", reason="NumPy 2 wrote the file, and NumPy 1 cannot read it")
    pickled = Path(__file__).with_name("pickles") / "before_0_1.pickle"
    with pytest.raises(ValueError, match="Fit the model again"):
        pickle.loads(pickled.read_bytes())
