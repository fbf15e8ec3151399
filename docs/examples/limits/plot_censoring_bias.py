"""
What a naive limit does: a simulation
=====================================

We draw from a known Gaussian, and 30 or 60 percent of the values are below a detection
limit. If you replace them by half the limit, or drop their rows, you get an answer, too.
But it is wrong, and more data do not make it better.
"""

# %%
# There are two concentrations, whose logarithms are Gaussian with mean 0, standard deviation 1
# and a correlation of 0.7. We draw 25 samples of 800 rows. Both have the same limit.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from skgauss import GaussianGradientMLE

covariance = np.array([[1.0, 0.7], [0.7, 1.0]])
n_samples, n_rows = 25, 800


def half(X, limit):
    return GaussianGradientMLE().fit(np.where(limit < X, X, limit - np.log(2)))


def over_root_two(X, limit):
    return GaussianGradientMLE().fit(np.where(limit < X, X, limit - np.log(2) / 2))


def dropped(X, limit):
    return GaussianGradientMLE().fit(X[(limit < X).all(axis=1)])


def likelihood(X, limit):
    return GaussianGradientMLE(censoring_limits=(limit, None)).fit(X)


ways = {
    "LOD/2": half,
    "LOD/√2": over_root_two,
    "rows dropped": dropped,
    "likelihood": likelihood,
}


def error(model):
    """Of the means, the variances and the correlation."""
    means, variances = model.mean_, model.covariance_.diagonal() - 1
    return np.array([*means, *variances, model.correlation_[0, 1] - 0.7])


# %%
# The error of each way, averaged over the samples, is its bias.
quantities = ["mean 1", "mean 2", "variance 1", "variance 2", "correlation"]
shares = [0.3, 0.6]
errors = {}
print(" " * 27, *(f"{name:>11s}" for name in quantities))
for share in shares:
    rng = np.random.default_rng(0)
    samples = rng.multivariate_normal([0, 0], covariance, (n_samples, n_rows))
    for way, fit in ways.items():
        each = np.array([error(fit(X, norm.ppf(share))) for X in samples])
        errors[way, share] = each.mean(axis=0), each.std(axis=0)
        bias = " ".join(f"{value:11.3f}" for value in each.mean(axis=0))
        print(f"{share:.0%} censored, {way:13s} {bias}")

# %%
# LOD is the limit of detection. Each bar extends one standard deviation of the samples to
# both sides. It is hardly wider than its marker: the error is bias, not chance.
marks = {"LOD/2": "s", "LOD/√2": "^", "rows dropped": "v", "likelihood": "o"}
colours = {"LOD/2": "C4", "LOD/√2": "C1", "rows dropped": "C3", "likelihood": "C0"}
fig, axes = plt.subplots(
    2, 1, figsize=(5, 7), sharey=True, sharex=True, layout="constrained"
)
for ax, share in zip(axes, shares, strict=True):
    ax.axvline(0, color="k", lw=0.8, label="truth")
    for k, way in enumerate(ways):
        bias, spread = errors[way, share]
        ax.errorbar(
            bias,
            np.arange(5) + 0.18 * (k - 1.5),
            xerr=spread,
            fmt=marks[way],
            color=colours[way],
            ms=6,
            lw=1.5,
            label=way,
        )
    ax.set(title=f"{share:.0%} below the limit of detection (LOD)")
    ax.set(yticks=range(5), yticklabels=quantities)
axes[1].set_xlabel("estimate - truth, where sigma is 1")
axes[0].invert_yaxis()
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
# sphinx_gallery_thumbnail_path = 'auto_examples/limits/images/sphx_glr_plot_censoring_bias_panel.png'
plt.show()

# %%
# Only the likelihood has no bias anywhere. Half the limit has little bias for the mean and the
# variance while few values are hidden. This is luck: the factor one half suits this standard
# deviation, and no other. The correlation is too small nevertheless. Dropping rows is the
# worst, since only rows with large values remain.
#
# With more rows the bars get shorter, but the markers stay where they are.
