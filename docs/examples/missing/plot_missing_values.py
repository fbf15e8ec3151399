"""
Days without ozone: missing values
==================================

Ozone, solar radiation, wind and temperature were recorded in New York on 153 days, from
May to September 1973. The ozone is missing on 37 days, the radiation on 7. There are three
ways to a mean and a covariance: drop these days, fill the gaps with column means, or
maximise the likelihood of the observed values.
"""

# %%
# The cube root of the ozone is nearly symmetric, which suits a Gaussian better than
# the long tail of the ozone itself.
import numpy as np
import pandas as pd

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_airquality

air = load_airquality(as_frame=True)
days = air.frame  # with the date
X = air.data.assign(Ozone=np.cbrt(days["Ozone"]))
print(X.isna().sum().to_string())
print("days with all four:", len(X.dropna()))

# %%
# ``fit`` accepts NaN. On the other two tables the same class finds the usual
# mean and covariance.
tables = {
    "complete days": X.dropna(),
    "column means": X.fillna(X.mean()),
    "likelihood": X,
}
models = {name: GaussianGradientMLE().fit(table) for name, table in tables.items()}


def summary(model):
    correlation = model.covariance_ / np.outer(model.scale_, model.scale_)
    return {
        "days used": model.sufficient_statistics_.weight,
        "mean of Ozone^(1/3)": model.mean_[0],
        "its standard deviation": model.scale_[0],
        "correlation with Solar.R": correlation[0, 1],
        "correlation with Wind": correlation[0, 2],
        "correlation with Temp": correlation[0, 3],
        "mean of Temp": model.mean_[3],
    }


table = pd.DataFrame({name: summary(model) for name, model in models.items()})
print(table.round(3).to_string())

# %%
# The three agree on the mean of the ozone, because the days without ozone are as warm as
# the others. They do not agree on how the ozone varies. A column mean does not vary, and
# does not depend on the heat. Filled in 37 times, it reduces the standard deviation by more
# than a tenth, and weakens every correlation. Dropping the days throws away 42 readings of
# wind and temperature, and changes the mean of Temp. The likelihood uses all observed values
# and makes nothing up.
#
# Which one is right?
# -------------------
# We can only see this if we know the truth. So here are draws with means 0, standard
# deviations 1 and a correlation of 0.7. Half of the second feature is missing: by the toss of
# a coin (MCAR), where the first is above its mean (MAR), or where the second itself is (MNAR).
import matplotlib.pyplot as plt

rng = np.random.default_rng(0)
first = rng.standard_normal(20_000)
second = 0.7 * first + np.sqrt(1 - 0.7**2) * rng.standard_normal(20_000)
gaps = {
    "by a coin\n(MCAR)": rng.random(20_000) < 0.5,
    "by the first\n(MAR)": first > 0,
    "by itself\n(MNAR)": second > 0,
}
found = {"complete rows": [], "column means": [], "likelihood": []}
for gap in gaps.values():
    seen = pd.DataFrame({"first": first, "second": np.where(gap, np.nan, second)})
    for way, rows in zip(
        found, (seen.dropna(), seen.fillna(seen.mean()), seen), strict=True
    ):
        fit = GaussianGradientMLE().fit(rows)
        found[way].append([fit.mean_[1], fit.scale_[1], fit.correlation_[0, 1]])

fig, axes = plt.subplots(1, 3, figsize=(5, 4.4), sharey=True, layout="constrained")
truth = {"mean": 0, "deviation": 1, "correlation": 0.7}
for j, (ax, (name, true)) in enumerate(zip(axes, truth.items(), strict=True)):
    ax.axvline(true, color="k", lw=1, label="truth")
    for k, (way, style) in enumerate(zip(found, ["C1v", "C4s", "C0o"], strict=True)):
        values = np.array(found[way])[:, j]
        ax.plot(values, np.arange(3) + 0.15 * (k - 1), style, ms=7, label=way)
    ax.set(title=name, xlim=(true - 1, true + 0.2), xticks=[true - 0.7, true])
    ax.set_xticklabels([f"{true - 0.7:.1g}", true])
    ax.grid(axis="y", color="0.9")
axes[0].set(yticks=range(3), yticklabels=gaps)
axes[0].set_ylim(2.5, -0.5)
axes[0].set_ylabel("half of the second is missing,")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
# sphinx_gallery_thumbnail_number = 2
plt.show()

# %%
# Dropping rows is right only if a coin decides, and filling in column means never is. The
# likelihood is right in the second case as well, which is the usual one: the first feature
# predicts what the missing half would have been. In the third case all are wrong
# (:ref:`missing-at-random`).
#
# What the weather says about the ozone
# -------------------------------------
# ``impute`` returns the conditional mean of each gap, given the weather of the day, and its
# standard deviation. The fit does not use these numbers. Here they are in the units of the
# ozone, through the season.
centre, std = models["likelihood"].impute(X, return_std=True)
low, middle, high = ((centre[:, 0] + k * std[:, 0]) ** 3 for k in (-1, 0, 1))
gap = X["Ozone"].isna()

fig, ax = plt.subplots(figsize=(5, 3.8), layout="constrained")
day = days["Month"] + (days["Day"] - 1) / 31
ax.plot(day, days["Ozone"], ".", color="0.5", label="measured")
ax.errorbar(
    day[gap],
    middle[gap],
    [(middle - low)[gap], (high - middle)[gap]],
    fmt="o",
    ms=4,
    lw=1,
    label="not measured: from the weather, ± 1 deviation",
)
ax.set(xlabel="month of 1973", ylabel="ozone (ppb)", ylim=(0, 200))
ax.legend(loc="upper left")
plt.show()

# %%
# June has the most gaps. Its few days with an ozone value were windy, and wind carries the
# ozone away:
june = days["Month"] == 6
for name, these in {"measured": june & ~gap, "all": june}.items():
    print(
        f"June, {name} ({these.sum()} days): wind {X['Wind'][these].mean():.1f} mph, "
        f"Ozone^(1/3) {centre[these, 0].mean():.2f}"
    )

# %%
# All this relies on one assumption: whether a reading is missing depends on observed
# values, not on the ozone itself. The data cannot tell if this is true. The user guide says
# what happens if it is not (:doc:`/missing_values`).
