"""The data are what their sources published, and come as scikit-learn's do."""

import re
import sys

import numpy as np
import pandas as pd
import pytest

from skgauss import datasets

LOADERS = [getattr(datasets, name) for name in datasets.__all__]
loaders = pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)


@loaders
def test_bunch(load):
    bunch = load()
    assert bunch.data.dtype == float
    assert bunch.data.shape[1] == len(bunch.feature_names)
    assert bunch.frame is None
    rows, features = bunch.data.shape
    for said in (rf":Rows: {rows}\b", rf":Features: {features}\b", "Source: .", "Licence: ."):
        assert re.search(said, bunch.DESCR), said


@loaders
def test_as_frame(load):
    """The same numbers in data frames, and the file as it stands."""
    arrays, frames = load(), load(as_frame=True)
    for key in {"data", "data_upper"} & set(arrays):
        assert list(frames[key].columns) == arrays.feature_names
        np.testing.assert_array_equal(frames[key], arrays[key])
    pd.testing.assert_frame_equal(frames.frame, pd.read_csv(arrays.filename))
    assert set(arrays.feature_names) <= set(frames.frame.columns)


def test_michelson():
    """NIST's certified values."""
    y = np.rint(100 * datasets.load_michelson().data)  # the integers that were measured
    assert y.mean() / 100 == 299.8524
    assert round(y.std(ddof=1) / 100, 16) == 0.0790105478190518


def test_airquality():
    """The counts and means that R's summary(airquality) prints."""
    air = datasets.load_airquality().data
    assert air.shape == (153, 4)
    assert np.isnan(air).sum(axis=0).tolist() == [37, 7, 0, 0]
    assert np.nanmean(air, axis=0) == pytest.approx([42.13, 185.9, 9.958, 77.88], abs=0.05)


def test_pfas():
    """Each value is a result in tenths, or below the limit."""
    pfas = datasets.load_pfas(as_frame=True)
    below = (pfas.frame[pfas.feature_names] == "<0.1").to_numpy()
    np.testing.assert_array_equal(np.isnan(pfas.data), below)
    upper = pfas.data_upper.to_numpy()
    np.testing.assert_array_equal(upper[~below], pfas.data.to_numpy()[~below])
    np.testing.assert_array_equal(upper, np.where(below, pfas.detection_limits, upper))
    assert (upper >= pfas.detection_limits).all()
    assert f"result of 0.1, of which there are {(pfas.data == 0.1).sum().sum()}," in pfas.DESCR
    assert (np.abs(10 * upper - np.rint(10 * upper)) < 1e-12).all()
    for name, count in zip(pfas.feature_names, below.sum(axis=0), strict=True):
        (row,) = (line for line in pfas.DESCR.splitlines() if line.startswith(f"`{name}`"))
        assert int(row.split()[-1]) == count


def test_galton():
    """The totals of the table, and the regression that it is known for."""
    galton = datasets.load_galton()
    count, lower, upper = galton.sample_weight, galton.data, galton.data_upper
    assert count.sum() == 928
    parents = [14, 23, 66, 78, 211, 219, 183, 68, 43, 19, 4]
    children = [5, 7, 32, 59, 48, 117, 138, 120, 167, 99, 64, 41, 17, 14]
    for ends, totals in zip(upper.T, (parents, children), strict=True):
        classes = np.unique(ends)  # sorted; NaN, the class without upper end, is the last
        found = [count[np.isclose(ends, end, equal_nan=True)].sum() for end in classes]
        assert found == totals
    width = (upper - lower)[np.isfinite(upper - lower)]
    np.testing.assert_allclose(width, 1, rtol=1e-13)
    # R's data set Galton has the middle of a class, and the end of one that has one end only.
    middle = np.nanmean([lower, upper], axis=0)
    slope, intercept = np.polyfit(*middle.T, 1, w=np.sqrt(count))
    assert [intercept, slope] == pytest.approx([23.94153, 0.64629], abs=5e-6)


@loaders
def test_what_it_gives_is_ones_own(load):
    """To change it changes no later one."""
    first = load()
    first.data[:] = 0
    assert (load().data != 0).any()


def test_a_frame_without_pandas_is_refused_with_a_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install \"skgauss\[examples\]\""):
        datasets.load_airquality(as_frame=True)
