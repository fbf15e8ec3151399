"""
Grid search over the learning rate
==================================

A learning rate can be searched like any other parameter. A fit that does not
converge does not stop the search: it warns, keeps finite attributes, and is scored
like any other. The curvature of the likelihood predicts the result of the search.
"""

# %%
# Two features of wines, in their own units and standardised, at 16 rates.
import warnings

import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgauss import GaussianGradientMLE

X = load_wine(as_frame=True).data[["alcohol", "total_phenols"]]
start = X.iloc[0].to_numpy()
pipelines = {
    "own units": make_pipeline(
        GaussianGradientMLE(solver="gradient", mean_init=start, max_iter=300)
    ),
    "standardised": make_pipeline(
        StandardScaler(),
        GaussianGradientMLE(solver="gradient", mean_init=1, max_iter=300),
    ),
}
rates = np.geomspace(0.03, 3, 16)
folds = KFold(5, shuffle=True, random_state=0)
grid = {"gaussiangradientmle__learning_rate": rates}
searches = {}
for name, pipeline in pipelines.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        searches[name] = GridSearchCV(pipeline, grid, cv=folds).fit(X)
    scores = searches[name].cv_results_["mean_test_score"]
    good = rates[scores > scores.max() - 0.01]
    bound = searches[name].best_estimator_[-1].learning_rate_bound_
    print(
        f"{name:12s} within 0.01 nats of the best score: rates "
        f"{good.min():.3f} to {good.max():.3f}; bound {bound:.3f}"
    )
    assert np.array_equal(good, rates[: len(good)])
    # Just above the bound a climb bounces, and may score well by chance.
    assert set(rates[rates < bound]) <= set(good)
    assert good.max() < 1.5 * bound

# %%
# Here is the largest rate in own units once more, on each fold:
fastest = pipelines["own units"].set_params(**{next(iter(grid)): rates[-1]})
for learn, _ in folds.split(X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = fastest.fit(X.iloc[learn])[-1]
    print(model.stop_reason_, "after", model.n_iter_, "steps; mean", model.mean_)
    assert model.stop_reason_ == "diverged"
    assert np.array_equal(model.mean_, start)

# %%
# The score is the average log-likelihood of the held-out rows. Score differences have no
# units, and neither has a rate divided by its bound, so that one picture can show both
# searches. Up to the bound the scores differ little; beyond it the climbs do not settle. A
# fit that diverges at its first step keeps its start and gets its score: this is the last
# point of the search in own units.
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
for (name, search), style in zip(searches.items(), ["C0o-", "C2s--"], strict=True):
    scores = search.cv_results_["mean_test_score"]
    bound = search.best_estimator_[-1].learning_rate_bound_
    ax.semilogx(rates / bound, scores - scores.max(), style, ms=4, label=name)
    if name == "own units":
        last = rates[-1] / bound, (scores - scores.max())[-1]
ax.axvspan(1, ax.get_xlim()[1], color="C1", alpha=0.15, lw=0)
ax.text(1.1, -7.5, "above\nthe bound", color="C1", va="top")
ax.annotate(
    "diverged at once:\nthe start is kept",
    last,
    (-60, -8),
    textcoords="offset points",
    ha="right",
    va="top",
    arrowprops={"arrowstyle": "->"},
)
ax.set(xlabel="learning rate / bound", ylabel="held-out nats, less the best")
ax.legend(loc="lower left")
plt.show()

# %%
# So there is nothing to search for here: ``learning_rate_bound_`` is an attribute
# after any fit, and ``learning_rate="auto"`` needs no number at all.
