"""
A climb on the map of its likelihood
====================================

With one feature the log-likelihood is a landscape over two numbers, and a climb is
a path on it. ``record_path=True`` keeps the path, and a display draws it.
"""

# %%
# The data are Michelson's light speeds in thousands of km/s. All climbs have the same start
# near the data, with four learning rates, the last above the bound.
import warnings

import matplotlib.pyplot as plt

from skgauss import GaussianGradientMLE, LikelihoodPathDisplay
from skgauss.datasets import load_michelson

X = load_michelson().data
keys = {}
fig, axes = plt.subplots(
    2, 2, figsize=(5, 6.4), sharex=True, sharey=True, layout="constrained"
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
    arrives = f"{model.n_iter_} steps" if model.converged_ else "for ever"
    ax.set_title(f"rate {rate}:\n{arrives}", fontsize="medium")
    ax.set(xlabel="mean\n(1000 km/s)", ylabel=None, xticks=[299.75, 299.9])
    ax.set_yticks([0.05, 0.08, 0.12], ["0.05", "0.08", "0.12"])
    ax.label_outer()
    display.colorbar_.remove()  # one for all, and one legend
    legend = ax.get_legend()
    labels = [text.get_text() for text in legend.get_texts()]
    keys |= dict(zip(labels, legend.legend_handles, strict=True))
    legend.remove()
below = fig.colorbar(display.contours_, ax=axes, orientation="horizontal", aspect=40)
below.set_label("nats below the maximum")
fig.supylabel("sigma (1000 km/s)", fontsize="medium")
fig.legend(keys.values(), keys, loc="outside lower center", ncols=2)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_likelihood_path_panel.png'
plt.show()

# %%
# Longer steps need fewer iterations, up to a point. The hatched region is where a
# maximum would be unstable at this rate. It grows with the rate. At 0.006 it almost
# reaches the star, and the climb oscillates before it settles. At 0.008 it contains
# the star, and the climb gets there but bounces up and down for ever.
