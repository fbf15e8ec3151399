"""
How sure: intervals with and without the incomplete days
========================================================

The air of New York again, of which 42 of 153 days miss the ozone or the radiation. What does it
cost to drop them? And when does an interval need more than a standard error?
"""

# %%
# The intervals of all days against those of the complete days alone. Nothing was missing of wind and
# temperature, and yet they lose most: to drop a day is to drop what was read on it.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skgauss import GaussianGradientMLE, IntervalDisplay
from skgauss.datasets import load_airquality

days = load_airquality(as_frame=True).data
X = days.assign(Ozone=np.cbrt(days["Ozone"]))
models = {
    "all days": GaussianGradientMLE().fit(X),
    "complete days": GaussianGradientMLE().fit(X.dropna()),
}
errors = pd.DataFrame(
    {name: model.summary()["std_error"] for name, model in models.items()}
)
print(errors.round(3).to_string())

fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
IntervalDisplay.from_estimator(models, ax=ax)
plt.show()

# %%
# A profile that is not a parabola
# --------------------------------
# A standard error describes the parabola that touches the log-likelihood at its maximum. Of ten days
# in May, seven have an ozone. The ends of the profile intervals of many levels draw the likelihood
# itself: what the best of all other parameters makes of each value of this one.
ten = GaussianGradientMLE().fit(X[20:30])
levels = np.linspace(0.1, 0.99, 15)
found = {
    method: [ten.confidence_intervals(level, method=method) for level in levels]
    for method in ("wald", "profile")
}

from scipy.stats import chi2

fig, axes = plt.subplots(1, 2, figsize=(5, 4), sharey=True, layout="constrained")
border = chi2.ppf(0.95, 1)
names = ["mean of cube\nroot of ozone", "its correlation\nwith Temp"]
parts = {"mean": 0, "correlation": (0, 3)}
for ax, name, (part, place) in zip(axes, names, parts.items(), strict=True):
    for method, style in [("wald", "C1--"), ("profile", "C0-")]:
        label = {"wald": "Wald: parabola", "profile": "profile: likelihood"}[method]
        ends = np.array([each[part][place] for each in found[method]])
        curve = np.concatenate((ends[::-1, 0], ends[:, 1]))
        height = chi2.ppf(np.concatenate((levels[::-1], levels)), 1)
        ax.plot(curve, height, style, label=label)
        interval = ten.confidence_intervals(0.95, method=method)[part][place]
        ax.plot(interval, [border, border], style[:2] + "o", ms=7)
    ax.axhline(border, color="0.6", lw=1, zorder=0)
    ax.set(xlabel=name)
axes[0].set_ylabel("twice the nats below the maximum")
axes[0].set_yticks([0, 2, border, 6], ["0", "2", "95 %", "6"])
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
plt.show()

# %%
# Below the grey line lie the values of the 95 % interval, and the dots are its ends. The likelihood of the mean falls more
# slowly than the parabola, on the side of low values above all. Wald's curve of the correlation is
# bent too, since it is a parabola on the scale of Fisher's z, and comes nearer.
#
# How often do they cover the truth?
# ----------------------------------
# Two features with a correlation of 0.7, sixty rows, a third of the second missing; 150 such
# tables, whose intervals should miss the truth 2.5 times in a hundred on either side.
rng = np.random.default_rng(0)
truth = {"mean": 0.0, "scale": 1.0, "correlation": 0.7}
parts = {"mean": 1, "scale": 1, "correlation": (0, 1)}
misses = {(part, method): np.zeros(2) for part in parts for method in found}
n_tables = 150
for _ in range(n_tables):
    table = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=60)
    table[rng.random(60) < 1 / 3, 1] = np.nan
    model = GaussianGradientMLE().fit(table)
    for method in found:
        intervals = model.confidence_intervals(method=method)
        for part, place in parts.items():
            lower, upper = intervals[part][place]
            misses[part, method] += [upper < truth[part], lower > truth[part]]
coverage = pd.DataFrame(misses, index=["too low", "too high"]).T / n_tables
coverage["covered"] = 1 - coverage.sum(axis=1)
print(coverage.round(3).to_string())

# %%
# At sixty rows the two hardly differ: on the logarithmic scale, and that of Fisher's z, Wald's
# parabola is nearly right. The standard deviation shows a difference. Its intervals, when they miss,
# lie too low, since maximum likelihood divides by n. The profile reaches farther up, and is the
# better balanced of the two. The shares are of so few tables that two in a hundred may be chance.
# :doc:`/how_sure` says more.
