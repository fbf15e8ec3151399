"""
A climb on the map of its likelihood
====================================

With one feature the log-likelihood is a landscape over two numbers, and a climb is
a path on it. ``record_path=True`` keeps the path, a display draws it.
"""

# %%
# Michelson's light speeds, thousands of km/s, from one start near the data and
# with four learning rates, the last above the bound.
import warnings

import matplotlib.pyplot as plt

from skgauss import GaussianGradientMLE, LikelihoodPathDisplay
from skgauss.datasets import load_michelson

X = load_michelson().data
fig, axes = plt.subplots(
    2, 2, figsize=(9, 8), sharex=True, sharey=True, layout="constrained"
)
for ax, rate in zip(axes.flat, [0.0005, 0.003, 0.006, 0.008], strict=True):
    model = GaussianGradientMLE(
        solver="gradient",
        learning_rate=rate,
        mean_init=299.75,
        covariance_init=0.15**2,
        max_iter=200,
        record_path=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    display = LikelihoodPathDisplay.from_estimator(
        model, ax=ax, mean_limits=(299.7, 299.98), scale_limits=(0.05, 0.17)
    )
    ax.set_title(f"rate {rate}: {model.stop_reason_} after {model.n_iter_}")
    ax.locator_params(axis="x", nbins=4)
    ax.label_outer()
    if ax is not axes[0, 1]:  # one colour bar and one legend serve all
        display.colorbar_.remove()
    if ax is not axes[1, 1]:
        ax.get_legend().remove()
plt.show()

# %%
# A longer step takes fewer iterations, up to a point. The hatched region is where a
# maximum would be unstable at that rate. It rises with the rate. At 0.006 it has
# almost reached the star, and the climb rings before it settles. At 0.008 it has
# swallowed the star, and the climb arrives there only to bounce up and down for ever.
