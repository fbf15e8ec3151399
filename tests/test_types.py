"""The code of the README passes a type checker, and `fit` returns the type of the estimator."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.exhaustive  # a type checker reads the whole package

README = Path(__file__).parent.parent / "README.md"


USERS = """
from typing import assert_type

import numpy as np
from skgauss import (
    GaussianGradientMLE,
    GaussianImputer,
    GaussianOutlierDetector,
    GaussianRegressor,
    IntervalDisplay,
    SufficientStatistics,
)

X = np.eye(3)
model = assert_type(GaussianGradientMLE().fit(X), GaussianGradientMLE)
assert_type(model.partial_fit(X).score(X), float)
parts = [SufficientStatistics.from_array(X)]
assert_type(GaussianGradientMLE().fit_statistics(sum(parts)), GaussianGradientMLE)
assert_type(GaussianImputer(tol=1e-3).fit(X), GaussianImputer)
GaussianImputer(max_iterations=3)  # type: ignore[call-arg]
GaussianOutlierDetector(tol="small")  # type: ignore[arg-type]
assert_type(GaussianOutlierDetector().fit(X), GaussianOutlierDetector)
assert_type(GaussianRegressor().fit(X, X[0]), GaussianRegressor)
display = IntervalDisplay.from_estimator(model, method=["wald", "profile"])
display.ax_.set_title(display.figure_.get_label())
"""


def check_types(code, tmp_path):
    pytest.importorskip("mypy")
    script = tmp_path / "user.py"
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=README.parent)
    assert done.returncode == 0, done.stdout


def test_a_fit_keeps_its_type(tmp_path):
    """It does although scikit-learn, whose decorators and base classes we use, has no types."""
    check_types(USERS, tmp_path)


def test_the_code_of_the_readme_has_the_types_that_it_is_given(tmp_path):
    if not README.exists():
        pytest.skip("the README is not part of the sdist")
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    check_types("\n".join(code), tmp_path)
