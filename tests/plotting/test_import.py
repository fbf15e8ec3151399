import sys

import pytest

import skgauss
from skgauss import GaussianGradientMLE, plotting


@pytest.mark.parametrize("name", plotting.__all__)
def test_displays_are_top_level_names(name):
    assert getattr(skgauss, name) is getattr(plotting, name)
    assert name in skgauss.__all__


@pytest.mark.parametrize("name", plotting.__all__)
def test_a_missing_matplotlib_is_named_with_the_extra(monkeypatch, table, name):
    model = GaussianGradientMLE(record_path=True).fit(table)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    data = [table] if name == "QQDisplay" else []  # which is nothing without rows
    with pytest.raises(ImportError, match=rf'{name}.*matplotlib.*"skgauss\[plot\]"'):
        getattr(plotting, name).from_estimator(model, *data)
