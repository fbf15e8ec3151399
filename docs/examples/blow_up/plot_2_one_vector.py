"""
"Put mu and sigma squared in one vector"
========================================

The second popular answer: differentiate with respect to the variance instead,
and treat both parameters as one vector. That changes the curvature at the
maximum, and with it the largest stable rate: from :math:`\\sigma^2` to
:math:`\\min(2\\sigma^2, 4\\sigma^4)`. This is larger for some data, and
smaller for others.
"""

# %%
# Both columns are from Fisher's irises: sepal width, whose variance is below
# 1/4, and petal length, whose variance is above.
import warnings

import numpy as np
from sklearn.datasets import load_iris

from skgauss import GaussianGradientMLE

iris = load_iris(as_frame=True).data
trials = {"sepal width (cm)": 0.16, "petal length (cm)": 4.0}
fits = {}
for name, rate in trials.items():
    X = iris[[name]]
    for parametrization in ["scale", "covariance"]:
        model = GaussianGradientMLE(
            solver="gradient",
            parametrization=parametrization,
            learning_rate=rate,
            mean_init=X.iloc[0].to_numpy(),
            covariance_init=1.2 * X.var(ddof=0).item(),
            record_path=True,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits[name, parametrization] = model.fit(X)
        print(
            f"{name:18s} rate {rate:4}  {parametrization:10s} "
            f"bound {model.learning_rate_bound_:.3f}  {model.stop_reason_}"
        )

# %%
# On the first column the rate converges with sigma, but not with sigma squared; on the
# second it is the other way round.
import matplotlib.pyplot as plt

labels = {"scale": r"$(\mu, \sigma)$", "covariance": r"$(\mu, \sigma^2)$"}
fig, axes = plt.subplots(2, 1, figsize=(5, 5), layout="constrained")
for (name, parametrization), model in fits.items():
    ax = axes[list(trials).index(name)]
    path = np.sqrt(model.covariance_path_.ravel())[:41]
    style = "o-" if parametrization == "scale" else "s--"
    ax.plot(path, style, ms=3, lw=1, label=labels[parametrization])
    ax.set(title=f"{name}, rate {trials[name]}", ylabel="sigma (cm)")
axes[1].set_xlabel("iteration")
axes[0].legend()
plt.show()

# %%
# The two bounds compared
# -----------------------
#
# They cross where :math:`4\sigma^4 = \sigma^2`, at a variance of 1/4. The stars are the two
# rates above: each lies below one bound and above the other.
variance = np.geomspace(1e-2, 30, 400)
fig, ax = plt.subplots()
ax.loglog(variance, variance, label=r"$\theta = (\mu, \sigma)$")
bound = np.minimum(2 * variance, 4 * variance**2)
ax.loglog(variance, bound, "--", label=r"$\theta = (\mu, \sigma^2)$")
ax.axvline(0.25, color="0.6", lw=1)
ax.text(0.28, 3e-4, "variance 1/4")
for name, rate in trials.items():
    v = iris[name].var(ddof=0)
    (star,) = ax.plot(v, rate, "k*", ms=11)
    text = f"{name.removesuffix(' (cm)')},\nrate {rate}"
    ax.annotate(text, (v, rate), (-9, 4), textcoords="offset points", ha="right")
star.set_label("rate tried above")
# sphinx_gallery_thumbnail_number = 2
ax.set(xlabel="variance of the data", ylabel="largest stable rate")
ax.legend()
plt.show()
