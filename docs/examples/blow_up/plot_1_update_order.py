"""
"Update both parameters at once"
================================

The first popular answer: the mean must not move before sigma has used it. So
here are both orders, side by side, for ten thousand pairs of a rate and a
start. The data are Michelson's light speeds, with sigma 0.08, and the proline
content of wines, with sigma 314: one map with a small sigma, one with a large.
"""

# %%
# Two update rules
# ----------------
#
# The recursion uses the data only through their mean and variance, so a whole map of
# climbs runs at once in NumPy.
import numpy as np


def climb(order, mean, variance, mu, sigma, rate, max_iter=2000, tol=1e-6):
    """The last sigma, and the iterations until the maximum: -1 where sigma
    fell to zero or below, -2 where max_iter was not enough."""
    grid = np.broadcast_arrays(mu, sigma, rate)
    mu, sigma, rate = (values.flatten() for values in grid)
    last, outcome = sigma.copy(), np.full(sigma.shape, -2)
    running = np.arange(sigma.size)
    for iteration in range(max_iter + 1):
        gain = ((variance + (mean - mu) ** 2) / sigma**2 - 1) / sigma
        pull = (mean - mu) / sigma**2
        arrived = sigma**2 * (pull**2 + gain**2 / 2) <= tol**2
        mu = mu + rate * pull
        if order == "sequential":  # sigma sees the new mean
            gain = ((variance + (mean - mu) ** 2) / sigma**2 - 1) / sigma
        sigma = np.where(arrived, sigma, sigma + rate * gain)
        outside = ~((sigma > 0) & np.isfinite(sigma))
        outcome[running[arrived]] = iteration
        outcome[running[outside]] = -1
        last[running[~outside]] = sigma[~outside]
        on = ~(arrived | outside)
        running, mu, sigma, rate = running[on], mu[on], sigma[on], rate[on]
    return last.reshape(grid[0].shape), outcome.reshape(grid[0].shape)


def steps_back(order, mean, variance, mu, sigma, rate):
    """The number of steps back after the first step."""
    moved = mu + rate * (mean - mu) / sigma**2
    seen = moved if order == "sequential" else mu
    sigma = sigma + rate * ((variance + (mean - seen) ** 2) / sigma**3 - 1 / sigma)
    return (sigma**2 + (mean - moved) ** 2) / (2 * rate)


# %%
# The maps
# --------
#
# Rates go from a thirtieth of sigma squared to ten times it, and starts from a tenth of
# sigma to five times it. The mean starts at the smallest observation.
from sklearn.datasets import load_wine

from skgauss.datasets import load_michelson

light = load_michelson().data.ravel()
proline = load_wine(as_frame=True).data["proline"].to_numpy()
samples = {"light speed": light, "proline": proline}
orders = ["simultaneous", "sequential"]
share_of_bound = np.geomspace(1 / 30, 10, 100)
share_of_scale = np.geomspace(1 / 10, 5, 100)

maps = {}
for name, x in samples.items():
    rate = x.var() * share_of_bound
    start = x.std() * share_of_scale[:, None]
    for order in orders:
        with np.errstate(all="ignore"):
            end = climb(order, x.mean(), x.var(), x.min(), start, rate)
        maps[name, order] = rate, start, *end

# %%
# Compare sampled points of the maps with the package, whose "gradient" is the
# simultaneous update and "coordinate" the sequential one:
import warnings

from skgauss import GaussianGradientMLE

rng = np.random.default_rng(0)
solvers = {"simultaneous": "gradient", "sequential": "coordinate"}
reasons = {-1: "diverged", -2: "max_iter"}
agreed = 0
for (name, order), (rate, start, _, outcome) in maps.items():
    for i, j in rng.integers(0, 100, size=(25, 2)):
        model = GaussianGradientMLE(
            solver=solvers[order],
            learning_rate=rate[j],
            mean_init=samples[name].min(),
            covariance_init=start[i, 0] ** 2,
            max_iter=2000,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(samples[name].reshape(-1, 1))
        expected = reasons.get(outcome[i, j], "converged")
        agreed += model.stop_reason_ == expected
print(f"{agreed} of 100 sampled points end as in the maps")

# %%
# Blue is a climb that converges; the lighter, the sooner. The maps show two lines:
# the bound, and the starts from which the way back after the first step takes 2000 steps
# (:ref:`leap`).
import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.patches import Patch

BOUNCES, FAR, FELL = range(3)
colours = {
    "bounces around the maximum": "#D55E00",
    "thrown far, on its way back": "0.75",
    "sigma fell to zero or below": "k",
}
fig, axes = plt.subplots(2, 2, figsize=(5, 7.6), layout="constrained")
fig.suptitle("Both orders have the same bound", fontsize="medium", weight="bold")
for ax, (name, order) in zip(axes.flat, maps, strict=True):
    rate, start, sigma, outcome = maps[name, order]
    x = samples[name]
    image = ax.pcolormesh(
        rate,
        start[:, 0],
        np.ma.masked_less(outcome, 0),
        cmap="Blues",
        norm=LogNorm(5, 2000),
    )
    fate = np.where(outcome == -1, FELL, np.where(sigma > 5 * x.std(), FAR, BOUNCES))
    ax.pcolormesh(
        rate,
        start[:, 0],
        np.ma.masked_where(outcome >= 0, fate),
        cmap=ListedColormap(list(colours.values())),
        vmin=BOUNCES,
        vmax=FELL,
    )
    ax.axvline(x.var(), color="k", ls="--", lw=2)
    back = steps_back(order, x.mean(), x.var(), x.min(), start, rate)
    ax.contour(rate, start[:, 0], back, [2000], colors="k", linestyles=":")
    ax.set(xscale="log", yscale="log")
    ax.set_title(f"{name},\n{order}", fontsize="medium")
    ax.set_xlabel("learning rate" if name == "proline" else None)
fig.supylabel("starting sigma", fontsize="medium")
fig.colorbar(
    image,
    ax=axes,
    label="iterations to the maximum",
    orientation="horizontal",
    aspect=40,
)
fig.legend(
    handles=[
        *(Patch(color=colour, label=label) for label, colour in colours.items()),
        plt.Line2D([], [], color="k", ls="--", label=r"bound, $\sigma^2$"),
        plt.Line2D([], [], color="k", ls=":", label="2000 steps back"),
    ],
    loc="outside lower center",
)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_1_update_order_panel.png'
plt.show()

# %%
# How much does the order decide?
# -------------------------------
#
# Count the climbs on each side of the dashed line that reach the maximum, and
# see where the others are.
for (name, order), (_, _, sigma, outcome) in maps.items():
    below = np.broadcast_to(share_of_bound < 1, outcome.shape)
    arrived = outcome >= 0
    others = sigma[below & ~arrived] / samples[name].std()
    print(
        f"{name:11s} {order:12s} arrived: above the bound "
        f"{arrived[~below].mean():.2%}, below {arrived[below].mean():.0%}, "
        f"half of the others beyond {np.median(others):.0f} sigma"
    )

# %%
# The dashed line is in the same place for both orders: at the maximum the cross
# derivative of the log-likelihood vanishes, so that to first order neither update
# affects the other (:doc:`/mathematics` has the proof). The few dots in the lower row, to
# the right of the line, are chaotic climbs that hit the maximum, within the tolerance, by
# chance.
#
# The order does move the lower edge, below which sigma starts so small that the first
# step is a leap to many times the right value. The dotted line predicts this edge: the
# sequential update leaps less if its mean step is right, and farther if that step
# overshoots. A climb from below the edge is not lost, but its way back is long. Only
# beyond four times the bound can sigma fall to zero: with s in units of sigma and c the
# rate as a multiple of the bound, the next s, :math:`s + c\,(s^{-3} - s^{-1})`, is zero
# where :math:`s^4 - c\,s^2 + c = 0`, which has a solution only for :math:`c \ge 4`. Units
# change only the numbers on the axes: the rates of the two rows differ by seven orders of
# magnitude, and yet the rows look alike.
