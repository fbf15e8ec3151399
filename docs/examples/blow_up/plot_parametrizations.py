"""
Four ways to write the same Gaussian
====================================

A Gaussian of one feature has a mean and a second parameter: its standard
deviation, the logarithm of the standard deviation, its variance or its precision.
The likelihood is the same, but the gradient differs, and so does the path to the
maximum.
"""

# %%
# The data are the petal lengths of 150 irises. All climbs start at mean 3 and sigma 3.
# Each uses half of its own largest stable rate.
import numpy as np
from sklearn.datasets import load_iris

from skgauss import GaussianGradientMLE

X = load_iris(as_frame=True).data[["petal length (cm)"]]
climbs = {}
for parametrization in ["scale", "log-scale", "covariance", "precision"]:
    model = GaussianGradientMLE(
        solver="gradient",
        parametrization=parametrization,
        mean_init=3,
        covariance_init=3**2,
        record_path=True,
    )
    bound = model.fit(X).learning_rate_bound_
    climbs[parametrization] = model.set_params(learning_rate=bound / 2).fit(X)
    print(
        f"{parametrization:10s} bound {bound:.3f}, at half of it "
        f"{model.n_iter_:3d} iterations to the maximum"
    )

# %%
# Here are the paths on the same map of the average log-likelihood, which is lightest at the
# maximum:
import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm

mean, variance = X.to_numpy().mean(), X.to_numpy().var()
mu = np.linspace(2.8, 4.2, 200)
sigma = np.linspace(0.9, 3.2, 200)[:, None]
a = variance + (mean - mu) ** 2
below = np.log(sigma) + a / (2 * sigma**2) - np.log(variance) / 2 - 0.5

levels, norm = np.geomspace(0.003, 1, 6), LogNorm(0.003, 10)

fig, axes = plt.subplots(
    2, 2, figsize=(5, 4.8), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, model) in zip(axes.flat, climbs.items(), strict=True):
    ax.contourf(
        mu, sigma.ravel(), below, levels, cmap="Blues", norm=norm, extend="both"
    )
    path = np.sqrt(model.covariance_path_.ravel())
    ax.plot(model.mean_path_, path, "o-", color="#D55E00", ms=3, lw=1, label="path")
    ax.plot(mean, np.sqrt(variance), "*", color="w", mec="k", ms=13, label="maximum")
    ax.set_title(f"{name}: {model.n_iter_} steps", fontsize="medium")
fig.supxlabel("mean (cm)", fontsize="medium")
fig.supylabel("sigma (cm)", fontsize="medium")
axes[0, 0].legend(loc="upper right", frameon=True)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_parametrizations_panel.png'
plt.show()
