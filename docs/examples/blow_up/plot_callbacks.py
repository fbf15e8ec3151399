"""
A progress bar, and callbacks of your own
=========================================

The estimator supports scikit-learn's callbacks. In every iteration a callback gets the
estimator as it would be if the climb ended there, and may end the climb.
"""

# %%
# A long climb
# ------------
#
# The proline content of wines has a large sigma, so that a rate of 200 is small.
# scikit-learn's progress bar shows how far the climb is:
from sklearn.callback import ProgressBar
from sklearn.datasets import load_wine

from skgauss import GaussianGradientMLE

X = load_wine(as_frame=True).data[["proline"]].to_numpy()
climb = GaussianGradientMLE(
    solver="gradient",
    learning_rate=200,
    mean_init=300,
    covariance_init=150**2,
    max_iter=20_000,
)
climb.set_callbacks(ProgressBar()).fit(X)


# %%
# A callback of your own
# ----------------------
#
# A callback is any object with these four methods. This one keeps the Gaussian of
# some iterations, and stops when a tenth of a millinat is still to gain.
class Watch:
    def __init__(self, iterations, togo):
        self.iterations, self.togo = iterations, togo

    def setup(self, estimator, context):
        self.seen = {}

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "iteration":
            return False
        if context.task_id in self.iterations:
            self.seen[context.task_id] = fitted_estimator
        return fitted_estimator.natural_gradient_norm_**2 / 2 < self.togo

    def teardown(self, estimator, context):
        pass


import warnings

watch = Watch(iterations=(0, 50, 200, 800, 2400), togo=1e-4)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    climb.set_callbacks(watch).fit(X)
print(caught[0].message)

# %%
# The Gaussians that it kept: the density widens first, then moves over.
import matplotlib.pyplot as plt
import numpy as np

fig, ax = plt.subplots()
ax.hist(X, 30, density=True, color="0.9", edgecolor="w", label="data")
grid = np.linspace(0, 1800, 400)
colours = ["0.75", "0.6", "0.4", "0.1", "#0072B2"]  # ever darker, the last in blue
for (iteration, model), colour in zip(watch.seen.items(), colours, strict=True):
    values = np.exp(model.score_samples(grid.reshape(-1, 1)))
    ax.plot(grid, values, color=colour, lw=2, label=f"iteration {iteration}")
ax.set(xlabel="proline (mg/l)", ylabel="density", xlim=(0, 1800))
ax.legend()
plt.show()
