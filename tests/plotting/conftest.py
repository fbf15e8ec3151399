import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def column():
    """One feature, whose sigma^2 of about 0.006 makes a rate of 0.01 unstable."""
    return 5 + 0.08 * np.random.default_rng(0).standard_normal((100, 1))


@pytest.fixture
def table():
    """Three correlated features."""
    rng = np.random.default_rng(1)
    mixing = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [-0.3, 0.5, 2.0]])
    return rng.standard_normal((60, 3)) @ mixing.T + [1.0, -2.0, 3.0]


@pytest.fixture
def frame(table):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(table, columns=["height", "width", "depth"])
