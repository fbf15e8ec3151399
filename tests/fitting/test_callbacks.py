"""scikit-learn's callbacks: one subtask an iteration, and no cost when none is set."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.callback import CallbackContext, ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgauss import GaussianGradientMLE, SufficientStatistics


class Recorder:
    """Keeps what the hooks were told."""

    def __init__(self, stop_after=None, score_on=None):
        self.stop_after = stop_after
        self.score_on = score_on
        self.begun, self.ended, self.torn_down = [], [], 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.torn_down += 1

    def on_fit_task_begin(self, estimator, context, *, X=None, fitted_estimator=None):
        self.begun.append((context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X=None, metadata=None, fitted_estimator=None):
        rows = X if self.score_on is None else self.score_on
        score = None if fitted_estimator is None else fitted_estimator.score(rows)
        self.ended.append((context.task_name, context.task_id, score))
        return self.stop_after is not None and context.task_id + 1 == self.stop_after


@pytest.mark.parametrize(
    "solver", ["natural", "gradient", "coordinate", "lbfgs", "newton", "closed-form"]
)
def test_one_subtask_an_iteration(correlated, solver):
    recorder = Recorder()
    model = GaussianGradientMLE(solver=solver).set_callbacks(recorder).fit(correlated)
    iterations = [("iteration", k) for k in range(model.n_iter_)]
    assert recorder.begun == [("fit", 0), *iterations]
    assert [end[:2] for end in recorder.ended] == [*iterations, ("fit", 0)]
    scores = [end[2] for end in recorder.ended]
    np.testing.assert_allclose(scores[:-1], model.log_likelihood_path_[1:], rtol=1e-10)
    assert recorder.torn_down == 1


@pytest.mark.parametrize("solver", ["gradient", "lbfgs"])
def test_a_callback_may_stop(correlated, solver):
    model = GaussianGradientMLE(solver=solver).set_callbacks(Recorder(stop_after=3))
    with pytest.warns(ConvergenceWarning, match="stopped by a callback after 3 iterations"):
        model.fit(correlated)
    assert (model.stop_reason_, model.n_iter_, model.converged_) == ("callback", 3, False)


def test_every_begin_has_an_end_when_a_climb_diverges(correlated):
    recorder = Recorder()
    model = GaussianGradientMLE(solver="gradient", learning_rate=2.0).set_callbacks(recorder)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(correlated)
    assert sorted(recorder.begun) == sorted(end[:2] for end in recorder.ended)


def test_teardown_after_an_error():
    recorder = Recorder()
    model = GaussianGradientMLE().set_callbacks(recorder)
    with pytest.raises(ValueError, match="infinity"):
        model.fit([[np.inf], [1.0], [2.0]])
    assert recorder.torn_down == 1


@pytest.mark.parametrize("method", ["partial_fit", "fit_statistics"])
def test_other_ways_to_fit(correlated, method):
    data = correlated if method == "partial_fit" else SufficientStatistics.from_array(correlated)
    recorder = Recorder(score_on=correlated)
    model = GaussianGradientMLE(solver="gradient").set_callbacks(recorder)
    getattr(model, method)(data)
    iterations = [("iteration", k) for k in range(model.n_iter_)]
    assert recorder.begun == [(method, 0), *iterations]
    assert [end[:2] for end in recorder.ended] == [*iterations, (method, 0)]
    scores = [end[2] for end in recorder.ended]
    np.testing.assert_allclose(scores[:-1], model.log_likelihood_path_[1:], rtol=1e-10)
    assert recorder.torn_down == 1


def test_rows_that_are_held_have_no_fitted_estimator(correlated):
    recorder = Recorder()
    model = GaussianGradientMLE().set_callbacks(recorder)
    model.partial_fit(correlated[:2])
    assert recorder.ended == [("partial_fit", 0, None)]
    model.partial_fit(correlated[2:])
    assert recorder.ended[-1][2] is not None
    assert recorder.torn_down == 2


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_progress_bar_of_chunks(correlated, capsys, method):
    model = GaussianGradientMLE(solver="gradient").set_callbacks(ProgressBar())
    for chunk in np.array_split(correlated, 3):
        getattr(model, method)(chunk)
        printed = capsys.readouterr().out
        assert f"GaussianGradientMLE - {method}" in printed
        assert "100%" in printed


def test_progress_bar_of_a_pipeline(correlated, capsys):
    pipeline = make_pipeline(StandardScaler(), GaussianGradientMLE(solver="gradient"))
    pipeline.set_callbacks(ProgressBar(max_propagation_depth=2)).fit(correlated)
    assert "GaussianGradientMLE" in capsys.readouterr().out


@pytest.mark.skipif(
    sklearn.__version__ == "1.9.0", reason="its monitor takes no functions among several scorers"
)
def test_scoring_monitor(correlated):
    def log_likelihood(estimator, X, y, sample_weight=None):
        return estimator.score(X, sample_weight=sample_weight)

    monitor = ScoringMonitor(scoring={"log_likelihood": log_likelihood})
    model = GaussianGradientMLE(solver="gradient").set_callbacks(monitor)
    model.fit(correlated, y=np.zeros(len(correlated)))  # the monitor skips fits without y
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "iteration"]
    scores = [row["log_likelihood"] for row in rows]
    np.testing.assert_allclose(scores, model.log_likelihood_path_[1:], rtol=1e-10)


def test_what_a_callback_sees_is_whole(correlated):
    """A refit on another width or on named columns: the iterates fit their own data."""
    model = GaussianGradientMLE(solver="gradient").fit(correlated)
    recorder = Recorder()
    model.set_callbacks(recorder)
    model.fit(correlated[:, :2])
    frame = pd.DataFrame(correlated, columns=["a", "b", "c"])
    model.fit(frame)
    assert recorder.ended[-1][2] == pytest.approx(model.score(frame))


def test_no_subtask_without_callbacks(correlated, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("a subtask was made")

    monkeypatch.setattr(CallbackContext, "subcontext", fail)
    assert GaussianGradientMLE(solver="gradient").fit(correlated).converged_
