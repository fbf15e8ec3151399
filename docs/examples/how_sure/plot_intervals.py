"""
How sure: intervals with and without the incomplete days
========================================================

In the air quality data of New York, the ozone or the radiation is missing on 42 of 153 days. What
does it cost to drop these days? And when does an interval need more than a standard error?
"""

# %%
# We compare the intervals from all days with those from the complete days alone. Wind and
# temperature have no missing values, and yet they lose most: whoever drops a day also drops its
# wind and temperature.
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
# A standard error describes the parabola that touches the log-likelihood at its maximum. Here are
# ten days in May, seven of which have an ozone value. The ends of the profile intervals at many
# levels trace the profile likelihood: for each value of the parameter, the likelihood with the best
# values of all other parameters.
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
# The values below the grey line form the 95 % interval, and the dots are its ends. The likelihood
# of the mean falls more slowly than the parabola, especially on the side of low values. For the
# correlation Wald's curve is bent, too, since it is a parabola on the scale of Fisher's z, and it is
# closer to the likelihood.
#
# How often do they cover the truth?
# ----------------------------------
# We draw 150 tables with sixty rows and two features with a correlation of 0.7. A third of the
# second feature is missing. The intervals should miss the truth 2.5 times in a hundred on each side.
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
# With sixty rows the two methods hardly differ: on the logarithmic scale, and on that of Fisher's z,
# Wald's parabola is nearly right. Only the standard deviation shows a difference. If its intervals
# miss, they usually lie too low, since maximum likelihood divides by n. The profile interval reaches
# farther up, and its misses are better balanced. With so few tables, differences of two in a hundred
# may be chance. See also :doc:`/how_sure`.
