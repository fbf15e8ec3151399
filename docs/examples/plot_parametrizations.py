"""
Four ways to write the same Gaussian
====================================

A Gaussian of one feature has a mean and a second parameter: its standard
deviation, the logarithm of that, its variance or its precision. The likelihood
is the same, the gradient is not, and neither is the way to the maximum.
"""

# %%
# Petal lengths of 150 irises, and the same start for all: mean 3, sigma 3. Each
# climb takes half of its own largest stable rate.
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
# The paths, on the average log-likelihood over mean and sigma:
import matplotlib.pyplot as plt

mean, variance = X.to_numpy().mean(), X.to_numpy().var()
mu = np.linspace(2.8, 4.2, 200)
sigma = np.linspace(0.9, 3.2, 200)[:, None]
a = variance + (mean - mu) ** 2
surface = -np.log(2 * np.pi) / 2 - np.log(sigma) - a / (2 * sigma**2)

fig, ax = plt.subplots(figsize=(8, 5.5))
top = surface.max()
levels = top - np.geomspace(0.003, 2, 12)[::-1]
ax.contour(mu, sigma.ravel(), surface, levels, colors="0.8", linewidths=1)
markers = ["o", "s", "^", "D"]
for marker, (name, model) in zip(markers, climbs.items(), strict=True):
    path = np.sqrt(model.covariance_path_.ravel())
    label = f"{name}, {model.n_iter_} iterations"
    ax.plot(model.mean_path_, path, "-", marker=marker, ms=4, lw=1.2, label=label)
ax.plot(mean, np.sqrt(variance), "k*", ms=15, zorder=3)
ax.annotate("maximum", (mean, np.sqrt(variance)), (8, -14), textcoords="offset points")
ax.set(xlabel="mean (cm)", ylabel="sigma (cm)", xlim=(2.8, 4.2), ylim=(0.9, 3.2))
ax.legend(loc="lower right")
plt.show()
