"""Imputer and detector have the parameters of the Gaussian, followed by their own."""

import inspect
from typing import get_type_hints

import pytest

from skgauss import GaussianGradientMLE, GaussianImputer, GaussianOutlierDetector
from skgauss._signature import EstimatorParameters

OF_IMPUTER = dict.fromkeys(["keep_empty_features", "sample_posterior"], False)
OF_IMPUTER |= {"random_state": None, "add_indicator": False}
OF_DETECTOR = {"contamination": "auto", "support_fraction": None}


@pytest.mark.parametrize(
    ("role", "own"), [(GaussianImputer, OF_IMPUTER), (GaussianOutlierDetector, OF_DETECTOR)]
)
def test_parameters_are_those_of_the_model(role, own):
    parameters = GaussianGradientMLE(tol=1e-3).get_params()
    assert role(**parameters).get_params() == parameters | own
    shared = inspect.signature(GaussianGradientMLE).parameters
    assert list(inspect.signature(role).parameters) == [*shared, *own]
    with pytest.raises(TypeError, match=rf"{role.__name__}\.__init__\(\) .* 'max_iterations'"):
        role(max_iterations=3)


def test_type_checkers_see_the_parameters_of_the_model():
    shared = get_type_hints(GaussianGradientMLE.__init__)
    assert shared.pop("return") is type(None)
    assert get_type_hints(EstimatorParameters) == shared
