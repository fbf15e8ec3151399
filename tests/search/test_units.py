"""A random search for fits that another unit changes: ``pytest -m search --seconds 600``."""

import time
import warnings
from collections import defaultdict

import numpy as np
import pytest
from search.units import draw

from skgauss.likelihoods import NoMaximumError


def complaints(seed):
    """What a fit in a unit says that the default one of the same rows denies."""
    data, unit, parameters = draw(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain = data.fit(covariance_type=parameters["covariance_type"])
        except NoMaximumError:
            return
        try:
            model = data.fit(unit, **parameters)
        except Exception as error:
            yield f"{type(error).__name__}: {error}"
            return
    free = parameters["solver"] in ("natural", "newton")
    if plain.converged_ and model.stop_reason_ == "unbounded":
        yield "'unbounded', and there is a maximum"
    elif free and model.stop_reason_ != plain.stop_reason_:
        yield f"{model.stop_reason_!r}, and {plain.stop_reason_!r} at unit 1"
    elif model.converged_ and not np.allclose(model.scale_ / unit, plain.scale_, rtol=1e-3):
        yield f"deviations {model.scale_ / unit}, and {plain.scale_} at unit 1"


@pytest.mark.search
def test_search(request):
    first, seconds = (request.config.getoption(name) for name in ("--seed", "--seconds"))
    found = defaultdict(list)
    seed, end = first, time.monotonic() + seconds
    while seed == first or time.monotonic() < end:
        for complaint in complaints(seed):
            found[complaint.split(",")[0]].append((seed, complaint, draw(seed)[1:]))
        seed += 1
    assert not found, f"{seed - first} cases: {dict(found)}"
