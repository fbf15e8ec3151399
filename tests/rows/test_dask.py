"""Dask collections: the same fits as in memory, and nothing large comes back."""

import copy
import os
import pickle
import re
import signal
import sys

import callbacks
import numpy as np
import pandas as pd
import pytest
from marks import FAMILIES, each_family, each_value, exhaustive, pairwise
from models import divergence
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError

from skgauss import GaussianGradientMLE, GaussianImputer, GaussianRegressor
from skgauss.rows import dask as daskinput
from skgauss.statistics import dask as scattered

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

from dask.callbacks import Callback  # noqa: E402

# Most tests run in this thread, whether or not the cluster of the last ones is up.
pytestmark = pytest.mark.filterwarnings("ignore:Running on a single-machine scheduler")

PER_ROW = ["score_samples", "mahalanobis", "impute"]


@pytest.fixture
def wine():
    X = load_wine().data
    return X / X.std(axis=0)


@pytest.fixture
def gaps(wine, rng):
    X = wine.copy()
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:60] = wine[:60]  # some blocks are complete, some are not
    return X


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def frame_of(X):
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])


def blocks(X, sizes, columns=-1):
    ends = (*sizes, len(X) - sum(sizes))
    return da.from_array(X, chunks=(ends, columns))


def of_unknown_sizes(X):
    split = da.from_array(X, chunks=(50, -1))
    return split[split[:, 0] != np.inf]


def with_empty_partitions(X):
    frame = dd.from_pandas(frame_of(X), npartitions=3)
    return dd.concat([frame[frame.x0 > np.inf], frame, frame[frame.x0 > np.inf]])


COLLECTIONS = {
    "blocks": lambda X: blocks(X, [50, 60]),
    "one block": lambda X: da.from_array(X),
    "rows": lambda X: blocks(X, 30 * [1]),  # each a block of its own, and the rest one block
    "split features": lambda X: blocks(X, [50, 60], 4),
    "empty blocks": lambda X: blocks(X, [0, 50, 0, 60, 0]),
    "unknown sizes": of_unknown_sizes,
    "unknown sizes, split features": lambda X: of_unknown_sizes(X).rechunk({1: 4}),
    "objects": lambda X: blocks(X.astype(object), [50]),
    "frame": lambda X: dd.from_pandas(frame_of(X), npartitions=4),
    "frame with empty partitions": with_empty_partitions,
}


@pytest.fixture(params=COLLECTIONS)
def collect(request):
    return COLLECTIONS[request.param]


@pytest.mark.parametrize("data", ["wine", "gaps"])
def test_fit_and_score_are_those_in_memory(request, collect, data):
    X = request.getfixturevalue(data)
    model, whole = GaussianGradientMLE().fit(collect(X)), GaussianGradientMLE().fit(X)
    assert divergence(whole, model) < 1e-12
    assert model.sufficient_statistics_.weight == len(X)
    assert model.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-12)
    score = model.score(collect(X))
    assert isinstance(score, float)
    assert score == pytest.approx(whole.score(X), rel=1e-12)


@each_family
@pytest.mark.parametrize("data", ["wine", "gaps"])
def test_every_covariance_type(request, data, covariance_type):
    X = request.getfixturevalue(data)
    split = blocks(X, [50, 60], 4)
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(split)
    whole = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    assert divergence(whole, model) < 1e-12
    for criterion in ("score", "aic", "bic"):
        expected = getattr(whole, criterion)(X)
        assert getattr(model, criterion)(split) == pytest.approx(expected, rel=1e-12)


@pairwise(collect=COLLECTIONS, data=["wine", "gaps"], method=PER_ROW, indirect=["collect"])
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_results_of_rows_are_lazy(request, collect, data, method):
    X = request.getfixturevalue(data)
    model = GaussianGradientMLE().fit(X)
    with Callback(pretask=refuse_to_run):
        result = getattr(model, method)(collect(X))
    expected = getattr(model, method)(X)
    model.fit(X + 1.0)  # what was asked of the fit before stays so
    assert isinstance(result, da.Array)
    assert result.ndim == expected.ndim
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result.compute(), expected, rtol=1e-10)


def refuse_to_run(key, graph, state):
    raise AssertionError(f"{key} was run.")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_impute_keeps_chunks_and_dtype(gaps, dtype):
    X = da.from_array(gaps.astype(dtype), chunks=(40, 5))
    model = GaussianGradientMLE().fit(gaps)
    imputed, std = model.impute(X, return_std=True)
    assert imputed.chunks == std.chunks == X.chunks
    assert imputed.dtype == dtype
    for result, expected in zip((imputed, std), model.impute(gaps, True), strict=True):
        np.testing.assert_allclose(result.compute(), expected, rtol=1e-4, atol=1e-6)
    assert isinstance(GaussianImputer().fit(X).transform(X), da.Array)


WEIGHTS = {
    "numpy": lambda w: w,
    "list": list,
    "alike": lambda w: da.from_array(w, chunks=(50, 60, 68)),
    "otherwise split": lambda w: da.from_array(w, chunks=7),
    "series": lambda w: dd.from_pandas(pd.Series(w), npartitions=3).to_dask_array(lengths=True),
}


@pairwise(covariance_type=FAMILIES, data=["wine", "gaps"], kind=WEIGHTS)
def test_weights(request, rng, data, covariance_type, kind):
    X, weigh = request.getfixturevalue(data), WEIGHTS[kind]
    weights = rng.random(len(X))
    weights[:50] = 0.0  # a whole block
    model = GaussianGradientMLE(covariance_type=covariance_type)
    model.fit(blocks(X, [50, 60]), sample_weight=weigh(weights))
    whole = GaussianGradientMLE(covariance_type=covariance_type).fit(X, sample_weight=weights)
    assert divergence(whole, model) < 1e-12
    score = model.score(blocks(X, [50, 60]), sample_weight=weigh(weights))
    assert score == pytest.approx(whole.score(X, sample_weight=weights), rel=1e-12)


def test_a_column_of_weights(wine, rng):
    frame = frame_of(wine).assign(weight=rng.random(len(wine)))
    parts = dd.from_pandas(frame, npartitions=4)
    names = [name for name in frame if name != "weight"]
    model = GaussianGradientMLE().fit(parts[names], sample_weight=parts["weight"])
    whole = GaussianGradientMLE().fit(frame[names], sample_weight=frame["weight"])
    assert divergence(whole, model) < 1e-12


@pytest.mark.parametrize(
    ("collect", "weights", "message"),
    [
        (COLLECTIONS["frame"], np.ones(178), "does not know how many rows"),
        (COLLECTIONS["frame"], da.ones(178, chunks=89), "2 blocks and X has 4"),
        (COLLECTIONS["unknown sizes"], da.ones(178, chunks=(51, 49, 50, 28)), r"expected \(50,\)"),
        (COLLECTIONS["blocks"], da.ones(177), r"shape == \(177,\), expected \(178,\)!"),
        (COLLECTIONS["blocks"], np.ones(177), r"shape == \(177,\), expected \(178,\)!"),
        (COLLECTIONS["blocks"], da.ones((178, 1)), "must be 1D array or scalar, got 2D"),
        (COLLECTIONS["blocks"], -da.ones(178), "Negative values"),
        (COLLECTIONS["blocks"], da.zeros(178), "at least one non-zero number"),
        (COLLECTIONS["blocks"], da.full(178, np.nan), "sample_weight contains NaN"),
    ],
)
def test_weights_that_are_refused(wine, collect, weights, message):
    with pytest.raises(ValueError, match=message):
        GaussianGradientMLE().fit(collect(wine), sample_weight=weights)


def with_infinity(X):
    X = X.copy()
    X[100, 2] = np.inf
    return X


WRONG = {
    "inf": with_infinity,
    "width": lambda X: X[:, :5],
    "names": lambda X: frame_of(X).rename(columns={"x1": "y"}),
    "order": lambda X: frame_of(X).iloc[:, ::-1],
    "complex": lambda X: X.astype(complex),
    "dates": lambda X: np.full(X.shape, np.datetime64("2026-01-01")),
    "text": lambda X: np.full(X.shape, "a", dtype=object),
    "one dimension": lambda X: X[:, 0],
    "three dimensions": lambda X: X[:, :, None],
    "one row": lambda X: X[:1],
    "no rows": lambda X: X[:0],
    "one row of a frame": lambda X: frame_of(X)[:1],
    "no features": lambda X: X[:, :0],
    "constant": lambda X: np.where(np.arange(X.shape[1]) == 2, 1.0, X),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", *PER_ROW])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_errors_are_those_in_memory(wine, spoil, method):
    X = spoil(wine)
    if isinstance(X, pd.DataFrame):
        split = dd.from_pandas(X, npartitions=2, sort=False)
    else:
        split = da.from_array(X, chunks=(50, *X.shape[1:]))
    model = GaussianGradientMLE().fit(frame_of(wine))
    before = pickle.dumps(model)
    outcomes = [outcome(pickle.loads(before), method, X), outcome(model, method, split)]
    assert outcomes[0] == outcomes[1]
    if outcomes[0]:
        assert pickle.dumps(model) == before


def outcome(model, method, X):
    """The error, or nothing where there was none."""
    try:
        result = getattr(model, method)(X)
        if isinstance(result, da.Array):
            result.compute()
    except (ValueError, TypeError) as error:
        # Neither the values that some messages show, nor how many rows they say there are, nor
        # which block a row is in. Of Dask an infinity or a text is in a row of its block.
        varying = r"\(shape=.*?\)|In block \d+: |in row \d+ counted| of its block"
        kind = ValueError if isinstance(error, ValueError) else TypeError
        return kind, re.sub(varying, "", str(error)).partition("\n")[0]
    return None


def test_too_few_rows_are_told_once_they_are_counted(wine):
    array, frame = of_unknown_sizes(wine), dd.from_pandas(frame_of(wine), npartitions=3)
    model = GaussianGradientMLE()
    for X in (array[array[:, 0] > np.inf], frame[frame.x0 > np.inf]):
        with pytest.raises(ValueError, match=r"Found array with 0 sample.*minimum of 2"):
            model.fit(X)
        assert not hasattr(model, "mean_")


def test_score_of_no_rows(wine):
    X = of_unknown_sizes(wine)
    with pytest.raises(ValueError, match=r"Found array with 0 sample.*minimum of 1"):
        GaussianGradientMLE().fit(wine).score(X[X[:, 0] > np.inf])


def test_an_unknown_number_of_features_is_refused(wine):
    X = da.from_array(wine, chunks=50)
    with pytest.raises(ValueError, match=r"number of features of X is not known"):
        GaussianGradientMLE().fit(X[:, da.ones(13) > 0])


def test_names_are_kept(wine):
    frame = frame_of(wine)
    model = GaussianGradientMLE().fit(dd.from_pandas(frame, npartitions=3))
    assert list(model.feature_names_in_) == list(frame)
    assert model.score(frame) == model.score(dd.from_pandas(frame, npartitions=1))
    assert not hasattr(model.fit(da.from_array(wine)), "feature_names_in_")


def test_columns_of_pandas_own_types(rng):
    frame = pd.DataFrame(rng.integers(0, 9, (60, 2)), columns=["a", "b"]).astype("Int64")
    frame.loc[5, "b"] = pd.NA
    model = GaussianGradientMLE().fit(dd.from_pandas(frame, npartitions=4))
    assert divergence(GaussianGradientMLE().fit(frame), model) < 1e-12


def test_weights_beside_numpy(wine, rng):
    weights = rng.random(len(wine))
    whole = GaussianGradientMLE().fit(wine, sample_weight=weights)
    lazy = da.from_array(weights, chunks=50)
    for given in (lazy, lazy[lazy > -1.0], dd.from_dask_array(lazy)):
        assert divergence(whole, GaussianGradientMLE().fit(wine, sample_weight=given)) < 1e-12


def test_one_weight_for_all_rows_of_a_frame(wine):
    model = GaussianGradientMLE().fit(dd.from_pandas(frame_of(wine), 3), sample_weight=2.0)
    assert model.sufficient_statistics_.weight == 2.0 * len(wine)
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-12


def test_weights_of_other_partitions(wine):
    X = dd.from_pandas(frame_of(wine), npartitions=2)
    weights = da.from_array(np.ones(len(wine)), chunks=(90, 88))
    with pytest.raises(ValueError, match=r"sample_weight\.shape == \(..,\), expected \(89,\)"):
        GaussianGradientMLE().fit(X, sample_weight=weights)


def small_files(frame, folder):
    """Of which Dask makes one block of several, if few columns are asked for."""
    for i, rows in enumerate(np.array_split(np.arange(len(frame)), 4)):
        frame.iloc[rows].to_parquet(folder / f"{i}.parquet")
    return dd.read_parquet(folder)


def test_weights_of_files_that_dask_reads_together(wine, rng, tmp_path):
    """And must read together for both."""
    frame = frame_of(wine).assign(weight=rng.random(len(wine)))
    lazy, names = small_files(frame, tmp_path), ["x2", "x0"]
    whole = GaussianGradientMLE().fit(frame[names], sample_weight=frame["weight"])
    model = GaussianGradientMLE().fit(lazy[names], sample_weight=lazy["weight"])
    assert divergence(whole, model) < 1e-12
    score = model.score(lazy[names], sample_weight=lazy["weight"])
    assert score == pytest.approx(whole.log_likelihood_, rel=1e-12)


def test_scores_go_back_into_the_frame(gaps, tmp_path):
    frame = frame_of(gaps).assign(name="wine")
    lazy, names = small_files(frame, tmp_path), ["x2", "x0"]
    model = GaussianGradientMLE().fit(lazy[names])
    with Callback(pretask=refuse_to_run):
        scored = lazy.map_partitions(
            lambda part: part.assign(score=model.score_samples(part[names]))
        )
    assert scored.npartitions == lazy.npartitions == 4
    for columns in (list(scored.columns), ["x0", "score"]):
        expected = frame.assign(score=model.score_samples(frame[names]))[columns]
        pd.testing.assert_frame_equal(scored[columns].compute(), expected, check_dtype=False)


@pytest.mark.parametrize("add_indicator", [False, True])
def test_a_frame_is_filled_in_by_partitions(gaps, tmp_path, add_indicator):
    frame, names = frame_of(gaps), ["x2", "x0"]
    lazy = small_files(frame, tmp_path)[names]
    imputer = GaussianImputer(add_indicator=add_indicator).set_output(transform="pandas").fit(lazy)
    with Callback(pretask=refuse_to_run):
        filled = lazy.map_partitions(imputer.transform)
    assert filled.npartitions == 4
    pd.testing.assert_frame_equal(filled.compute(), imputer.transform(frame[names]))


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("collect", [COLLECTIONS["blocks"], COLLECTIONS["frame"]])
def test_no_frame_in_memory_is_made_of_rows_of_dask(gaps, collect, container):
    X = collect(gaps)
    imputer = GaussianImputer().fit(gaps[:100]).set_output(transform=container)
    before = pickle.dumps(imputer)
    for method in (imputer.transform, imputer.fit_transform):
        with pytest.raises(ValueError, match=rf"{container} frame, .* gather all rows"):
            method(X)
    assert pickle.dumps(imputer) == before
    imputer.set_output(transform="default")
    assert isinstance(imputer.fit_transform(X), da.Array)


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_rows_and_weights_are_of_one_reading(rng, kind):
    """A source that never gives the same rows twice: each with its own weight."""
    read = []

    def draw(block):
        read.append(block)
        return pd.DataFrame(rng.standard_normal((500, 3)), columns=list("abc"))

    if kind == "array":
        parts = [
            da.from_delayed(dask.delayed(lambda b: draw(b).to_numpy())(k), (500, 3), dtype=float)
            for k in range(3)
        ]
        source = da.concatenate(parts)
        X, weights = source[:, :2], source[:, 0] > 0
    else:
        source = dd.from_map(draw, range(3), meta=pd.DataFrame(columns=list("abc"), dtype=float))
        X, weights = source[["a", "b"]], (source["a"] > 0).astype(float)
    model = GaussianGradientMLE().fit(X, sample_weight=weights)
    assert model.mean_[0] > 0.7  # the mean of the positive half of a Gaussian is 0.8
    assert sorted(read) == [0, 1, 2]


def test_masks_are_not_ignored(wine):
    masked = da.from_array(np.ma.masked_greater(wine, wine.mean()))
    for arrays in ((masked,), (wine, None, masked[:, 0])):
        with pytest.raises(ValueError, match="is a masked array"):
            GaussianGradientMLE().fit(*arrays)
    with pytest.raises(ValueError, match="y is a masked array"):
        GaussianRegressor().fit(wine, masked[:, 0])


def test_columns_of_partitions_in_another_order(wine):
    frame = frame_of(wine[:, :2])
    swapped = dd.from_map(lambda _: frame[["x1", "x0"]], [0], meta=frame[:0])
    np.testing.assert_allclose(GaussianGradientMLE().fit(swapped).mean_, wine[:, :2].mean(axis=0))


@pytest.mark.parametrize("data", ["wine", "gaps"])
def test_partial_fit_of_any_mixture(request, data):
    X = request.getfixturevalue(data)
    model = GaussianGradientMLE().partial_fit(X[:40])
    model.partial_fit(da.from_array(X[40:100], chunks=(25, 7))).partial_fit(X[100:130])
    model.partial_fit(of_unknown_sizes(X[130:]))
    assert divergence(GaussianGradientMLE().fit(X), model) < 1e-11


@each_value(["collect"], collect=COLLECTIONS, data=["wine", "gaps"])
def test_chunks_of_no_rows(request, collect, data):
    X = request.getfixturevalue(data)
    rows = collect(X)
    first = rows.x0 if hasattr(rows, "x0") else rows[:, 0]
    nothing = rows[first.astype(float) > np.inf]
    model = GaussianGradientMLE().partial_fit(nothing, sample_weight=2.0)
    with pytest.raises(NotFittedError, match="no row has a positive weight"):
        model.score(rows)
    model.partial_fit(rows).partial_fit(nothing)
    assert divergence(GaussianGradientMLE().fit(X), model) < 1e-11


def test_a_column_of_weights_of_a_partition_without_rows(wine):
    frame = dd.from_pandas(frame_of(wine).assign(w=2.0), npartitions=3)
    frame = dd.concat([frame[frame.x0 > np.inf], frame])
    model = GaussianGradientMLE().fit(frame.drop(columns="w"), sample_weight=frame.w)
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-12


def test_X_never_comes_back():
    """Neither to the client, nor as the result of a sum."""
    X = da.random.default_rng(0).standard_normal((5_000, 5), chunks=(100, 5))
    returned = []

    def scheduler(graph, keys, **kwargs):
        result = dask.get(graph, keys, **kwargs)
        returned.append(len(pickle.dumps(result)))
        return result

    with dask.config.set(scheduler=scheduler):
        model = GaussianGradientMLE().fit(X)
        model.score(X)
    assert len(returned) == 2
    assert max(returned) < 2_000  # a block has 4,000 bytes, and X fifty blocks


def test_threads(wine):
    with dask.config.set(scheduler="threads"):
        model = GaussianGradientMLE().fit(COLLECTIONS["rows"](wine))
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-12


@pytest.fixture(scope="module")
def cluster():
    """Two processes, which need not import everything anew when one is killed."""
    if sys.platform == "win32":
        pytest.skip("Windows has neither the server that forks nor the signal that kills")
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            silence_logs=50,  # of the worker that is killed on purpose
        ) as cluster,
        distributed.Client(cluster) as client,
        dask.config.set(scheduler="dask.distributed"),
    ):
        yield client


@pytest.fixture
def client(cluster, in_this_thread):
    with dask.config.set(scheduler="dask.distributed"):
        yield cluster


@exhaustive
@pytest.mark.parametrize("data", ["wine", "gaps"])
def test_on_two_processes(request, client, rng, data):
    X = request.getfixturevalue(data)
    weights = rng.random(len(X))
    split = blocks(X, [50, 60])
    model = GaussianGradientMLE().fit(split, sample_weight=weights)
    assert divergence(GaussianGradientMLE().fit(X, sample_weight=weights), model) < 1e-12
    assert model.score(split) == pytest.approx(model.score(X), rel=1e-12)
    np.testing.assert_allclose(model.impute(split).compute(), model.impute(X), rtol=1e-12)
    with pytest.raises(ValueError, match=r"In block \d: Input X contains infinity"):
        model.fit(blocks(with_infinity(X), [50, 60]))


@exhaustive
def test_a_worker_dies_on_the_way(client, wine, tmp_path):
    first_time = tmp_path / "first time"

    def load(block):
        if block == 3 and not first_time.exists():
            first_time.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return wine[20 * block : 20 * (block + 1)]

    parts = [dask.delayed(load)(block) for block in range(9)]
    X = da.concatenate([da.from_delayed(p, (np.nan, 13), dtype=float) for p in parts])
    model = GaussianGradientMLE().fit(X)
    assert first_time.exists()
    assert model.sufficient_statistics_.weight == len(wine)
    assert divergence(GaussianGradientMLE().fit(wine), model) < 1e-12


# Where too many patterns of missing values are held to travel, their rows stay in the blocks.


def let_no_pattern_travel():
    scattered._MAX_ELEMENTS = 0


@pytest.fixture
def scatter(monkeypatch):
    monkeypatch.setattr(scattered, "_MAX_ELEMENTS", 0)


@pytest.mark.usefixtures("scatter")
def test_an_empty_feature_of_scattered_rows_is_a_constant(gaps):
    gaps[:, 1] = np.nan
    imputer = GaussianImputer(keep_empty_features=True)
    whole = clone(imputer).fit(gaps)
    imputer.fit(da.from_array(gaps, chunks=((50, 0, len(gaps) - 50), gaps.shape[1])))
    assert isinstance(imputer.sufficient_statistics_, scattered.ScatteredStatistics)
    assert divergence(whole, imputer) < 1e-12
    assert imputer.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-12)


# A solver never sees blocks, and L-BFGS asks for the likelihood hundreds of times.
@pytest.mark.usefixtures("scatter")
@each_value(up_to=1, collect=COLLECTIONS, solver=["natural", "lbfgs"], indirect=["collect"])
def test_scattered_is_the_fit_in_memory(collect, gaps, rng, solver):
    gaps = gaps[:120, :6]
    weights = rng.random(len(gaps)) if collect is COLLECTIONS["blocks"] else None
    gaps[70] = np.nan  # a row that says nothing
    model = GaussianGradientMLE(solver=solver)
    whole = clone(model).fit(gaps, sample_weight=weights)
    model.fit(collect(gaps), sample_weight=weights)
    assert isinstance(model.sufficient_statistics_, scattered.ScatteredStatistics)
    assert divergence(whole, model) < 1e-12
    for name in ("weight", "mean", "variances", "observed_weights", "together"):
        expected = getattr(whole.sufficient_statistics_, name)
        actual = getattr(model.sufficient_statistics_, name)
        np.testing.assert_allclose(actual, expected, rtol=1e-12)
    assert model.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-12)
    # Of two climbs, each within tol of the maximum.
    assert model.learning_rate_bound_ == pytest.approx(whole.learning_rate_bound_, rel=1e-5)


@pytest.mark.usefixtures("scatter")
def test_errors_of_scattered_rows_far_from_zero(gaps):
    """Which are those of the same rows in memory, near zero."""
    grid = np.round(gaps * 2**10) / 2**10
    far = GaussianGradientMLE().fit(blocks(grid + 1e9, [50, 60]))
    assert isinstance(far.sufficient_statistics_, scattered.ScatteredStatistics)
    near = GaussianGradientMLE(tol=1e-9).fit(grid)
    for name, expected in near.standard_errors().items():
        np.testing.assert_allclose(far.standard_errors()[name], expected, rtol=1e-4, atol=1e-12)


@exhaustive
@pytest.mark.usefixtures("scatter")
def test_scattered_and_other_statistics_add_up(gaps):
    parts = [
        blocks(gaps[:90], [30]),  # scattered
        blocks(gaps[:40], [10]),  # complete
        gaps[90:120],
        blocks(gaps[120:], [5]),
    ]
    whole = GaussianGradientMLE().fit(np.vstack([gaps[:90], gaps[:40], gaps[90:]]))
    for order in ([0, 1, 2, 3], [1, 2, 0, 3], [2, 3, 1, 0]):
        model = GaussianGradientMLE(tol=1e-9)
        for k in order:
            model.partial_fit(parts[k])
        assert divergence(whole, model) < 1e-11
        assert model.sufficient_statistics_.weight == len(gaps) + 40


@pytest.mark.usefixtures("scatter")
def test_a_pickle_leaves_scattered_rows_behind(gaps):
    model = pickle.loads(pickle.dumps(GaussianGradientMLE().fit(blocks(gaps, [50, 60]))))
    assert model.score(gaps) == pytest.approx(model.log_likelihood_, rel=1e-12)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"come from a pickle.* Call fit on all rows again\.$"):
        model.partial_fit(gaps[:5])
    with pytest.raises(ValueError, match=r"come from a pickle"):
        model.fit_statistics(model.sufficient_statistics_)
    assert pickle.dumps(model) == before


def test_no_part_travels_that_is_too_large(rng, monkeypatch):
    """Not even to be added up: what a task of the sum is handed is bounded."""
    monkeypatch.setattr(scattered, "_MAX_ELEMENTS", 100)
    X = rng.standard_normal((400, 3))
    X[rng.random(X.shape) < 0.3] = np.nan
    X[:, 0] = rng.random(400)
    handed, add = [], scattered.bounded_sum

    def watched(parts):
        handed.append([part.rows.size for part in parts if hasattr(part, "rows")])
        return add(parts)

    monkeypatch.setattr(daskinput, "bounded_sum", watched)
    GaussianGradientMLE().fit(blocks(X, [150, 9, 9, 9, 9]))
    sums = [sizes for sizes in handed if len(sizes) > 1]
    assert len(handed) == 7  # six blocks, and their sum
    assert sums
    assert max(map(max, sums)) <= 100


@pytest.mark.usefixtures("scatter")
def test_a_deep_copy_keeps_scattered_rows(gaps):
    model = copy.deepcopy(GaussianGradientMLE().fit(blocks(gaps[:100], [50])))
    assert divergence(GaussianGradientMLE().fit(gaps), model.partial_fit(gaps[100:])) < 1e-11


@exhaustive
@pytest.mark.usefixtures("scatter")
def test_scattered_errors_are_those_in_memory(gaps, rng):
    gaps[:, 3] = np.nan
    with pytest.raises(ValueError, match=r"'feature 3' was never observed"):
        GaussianGradientMLE().fit(blocks(gaps, [50, 60]))
    gaps[:, 3] = 7.1
    gaps[:50, 3] = np.nan  # a whole block
    with pytest.raises(ValueError, match=r"'feature 3' has zero variance"):
        GaussianGradientMLE().fit(blocks(gaps, [50, 60]))
    gaps[:, 3] = rng.standard_normal(len(gaps))
    gaps[90:, 3] = np.nan
    gaps[:90, 4] = np.nan
    with pytest.warns(UserWarning, match=r"'feature 3' and 'feature 4' were never observed in"):
        GaussianGradientMLE().fit(blocks(gaps, [50, 60]))


@pytest.mark.usefixtures("scatter")
def test_scattered_blocks_are_read_twice_and_never_gathered(rng):
    """For the moments, and to be held during the climb; then only sums come back."""
    X = rng.standard_normal((8_000, 6)).cumsum(axis=1)
    X[rng.random(X.shape) < 0.3] = np.nan
    read, returned = [], []

    def load(block):
        read.append(block)
        return X[1000 * block : 1000 * (block + 1)]

    def scheduler(graph, keys, **kwargs):
        result = dask.get(graph, keys, **kwargs)
        returned.append(len(pickle.dumps(result)))
        return result

    parts = [da.from_delayed(dask.delayed(load)(k), (1000, 6), dtype=float) for k in range(8)]
    with dask.config.set(scheduler=scheduler):
        model = GaussianGradientMLE().fit(da.concatenate(parts))
    assert sorted(read) == sorted(2 * list(range(8)))
    # The second is the persisted blocks, which a cluster would keep to itself.
    assert len(returned) > model.n_iter_ + 2
    *sums, information = sorted(returned[:1] + returned[2:])
    assert max(sums) < 2_000
    assert information < 8 * (21 + 6) * 21 + 2_000  # asked for once, of 21 pairs of features
    assert divergence(GaussianGradientMLE().fit(X), model) < 1e-12


class Killer(callbacks.Callback):
    """It kills a process after the third iteration."""

    def __init__(self, pid):
        self.pid = pid

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "iteration" and context.task_id == 2:
            os.kill(self.pid, signal.SIGKILL)


@exhaustive
def test_a_worker_dies_that_holds_scattered_rows(client, gaps):
    client.run(let_no_pattern_travel)
    victims = list(client.run(os.getpid).values())
    model = GaussianGradientMLE().set_callbacks(Killer(victims[0]))
    model.fit(blocks(gaps, [20, 30, 40, 10, 25]))
    assert isinstance(model.sufficient_statistics_, scattered.ScatteredStatistics)
    assert victims[0] not in client.run(os.getpid).values()
    assert divergence(GaussianGradientMLE().fit(gaps), model) < 1e-12


@pytest.mark.parametrize("weights_of_dask", [False, True])
def test_ends_of_rows_without_weight_may_be_crossed(rng, weights_of_dask):
    X = rng.standard_normal((40, 2))
    X_upper, weight = X + 0.5, np.ones(40)
    X_upper[7, 1], weight[7] = X[7, 1] - 1, 0
    there = [da.from_array(each, chunks=(10, 2)) for each in (X, X_upper)]
    weights = da.from_array(weight, chunks=10) if weights_of_dask else weight
    found = GaussianGradientMLE().fit(there[0], sample_weight=weights, X_upper=there[1])
    here = GaussianGradientMLE().fit(X, sample_weight=weight, X_upper=X_upper)
    np.testing.assert_allclose(found.mean_, here.mean_, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"In row 7 of its block, .* 'feature 1'"):
        GaussianGradientMLE().fit(there[0], X_upper=there[1])
