"""
A sample seen through a window
==============================

A study admits patients whose blood pressure is at least 90. The mean and the standard
deviation of the admitted patients are not those of all patients. But the shape of their
distribution shows from which Gaussian it was cut.
"""

# %%
# We pretend to see only a part of the 442 patients of the diabetes data.
import numpy as np
from sklearn.datasets import load_diabetes

from skgauss import GaussianGradientMLE

LIMIT = 90
pressure = load_diabetes(scaled=False).data[:, [3]]
admitted = pressure[pressure[:, 0] >= LIMIT]

everyone = GaussianGradientMLE().fit(pressure)
naive = GaussianGradientMLE().fit(admitted)
parent = GaussianGradientMLE(truncation_limits=(LIMIT, None)).fit(admitted)
for name, model in [("all", everyone), ("admitted", naive), ("parent", parent)]:
    print(f"{name:10s} mean {model.mean_[0]:6.2f}  deviation {model.scale_[0]:5.2f}")

# %%
# The density of the truncated fit is zero below the limit, and proportional to that of its
# parent above. The picture also shows the parent below the limit.
import matplotlib.pyplot as plt
from scipy.stats import norm

grid = np.linspace(50, 140, 400)
fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
bins = np.arange(60, 140, 5)
ax.hist(pressure, bins, density=True, color="0.9", label="all 442")
share = len(admitted) / len(pressure)
weights = np.full(len(admitted), 1 / len(pressure) / 5)
ax.hist(admitted, bins, weights=weights, color="0.7", label=f"the {len(admitted)} seen")
cut = share * norm(naive.mean_, naive.scale_).pdf(grid)
ax.plot(grid, cut, "C1--", lw=2, label="fitted as if all were seen")
whole = norm(parent.mean_, parent.scale_).pdf(grid)
ax.plot(grid, whole, "C0", lw=2, label="the parent, by likelihood")
ax.axvline(LIMIT, color="k", ls=":", lw=1.2, label=f"limit {LIMIT}")
ax.set(xlabel="blood pressure", ylabel="density")
fig.legend(loc="outside lower center", ncols=2)

# %%
# A sample without a maximum
# --------------------------
# With one limit the standard deviation of the sample must be less than the distance of its
# mean from the limit. Here is the likelihood of the best Gaussian with each standard deviation,
# for a sample on each side of this border and for one on it. If there is no maximum, the
# likelihood rises for ever, to that of the exponential distribution.
from scipy.optimize import minimize_scalar

fig, ax = plt.subplots()
scales = np.geomspace(1, 100, 60)
for deviation in (0.9, 1.0, 1.1):

    def loss(mean, scale, deviation=deviation):
        squares = (deviation**2 + (1 - mean) ** 2) / scale**2
        return 0.5 * squares + np.log(scale) + norm.logcdf(mean / scale)

    best = [
        -minimize_scalar(loss, (-(scale**2), 1), args=(scale,)).fun
        - 0.5 * np.log(2 * np.pi)
        for scale in scales
    ]
    (line,) = ax.semilogx(scales, best, lw=2, label=f"{deviation}")
    if deviation < 1:  # only here is there a maximum
        top = np.argmax(best)
        ax.plot(scales[top], best[top], "*", color=line.get_color(), ms=14)
        ax.annotate(
            "maximum", (scales[top], best[top]), (0, 8), textcoords="offset points"
        )
ax.axhline(-1, color="k", ls=":", lw=1.2)
ax.text(100, -1.005, "exponential distribution", ha="right", va="top")
ax.set(xlabel="standard deviation of the parent", ylabel="log-likelihood")
ax.set_ylim(top=-0.96)
ax.legend(title="coefficient of variation")
plt.show()
