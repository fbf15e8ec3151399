"""
Regression with gaps and a detection limit
==========================================

How does the ozone in the air depend on sun, wind and warmth? In New York in 1973 a quarter of the
days have no ozone reading, and some have no reading of the sun. Here we also assume an instrument
that cannot measure less than 30 ppb, which hides the lower half of the rest. ``GaussianRegressor``
uses everything that is left.
"""

# %%
# The response is the logarithm of the ozone. A value at the limit is known only to lie below it.
import matplotlib.pyplot as plt
import numpy as np

from skgauss import GaussianRegressor
from skgauss.datasets import load_airquality

air = load_airquality(as_frame=True).frame
X, ozone = air[["Solar.R", "Wind", "Temp"]], np.log(air["Ozone"])
limit = np.log(30)
measured = ozone.clip(lower=limit)
model = GaussianRegressor(censoring_limits=(limit, None)).fit(X, measured)
print(model.summary())

# %%
# Three naive ways need complete rows. They use the limit as the value, or half the limit, or drop
# the days below it. Since the true values of these days are known, a fit to all values shows
# what each way should find.
shown = X.notna().all(axis=1) & ozone.notna()
below = measured == limit
ways = {
    "all values": GaussianRegressor().fit(X, ozone),
    "likelihood": model,
    "limit as value": GaussianRegressor().fit(X[shown], measured[shown]),
    "half the limit": GaussianRegressor().fit(
        X[shown], measured.mask(below, np.log(15))[shown]
    ),
    "days dropped": GaussianRegressor().fit(X[shown & ~below], ozone[shown & ~below]),
}

# %%
# By how much does the ozone change with ten degrees more, and with ten miles an hour more wind? The
# bars are 95 % intervals. With the limit as a value, or with the days below it dropped, half of the
# effect of the warmth is lost, and the intervals do not contain the estimate from all values.
fig, axes = plt.subplots(1, 2, figsize=(5, 3), sharey=True, layout="constrained")
colors = ["k", "C0", "C1", "C1", "C1"]
for ax, name, title in zip(
    axes, ["Temp", "Wind"], ["+10 °F", "+10 mph wind"], strict=True
):
    for row, (way, color) in enumerate(zip(ways, colors, strict=True)):
        table = ways[way].summary().loc[name]
        low, middle, high = np.exp(
            10 * table[["lower", "estimate", "upper"]].to_numpy()
        )
        ax.plot([low, high], [row, row], color=color, lw=3, alpha=0.5)
        ax.plot(middle, row, "o", color=color)
        if not row:
            ax.axvline(middle, color="k", lw=1, ls=":")
    ax.set(title=title, xlabel="ozone times")
    ax.axvline(1, color="0.8", lw=1, zorder=0)
axes[0].set(yticks=range(len(ways)), yticklabels=ways)
axes[0].invert_yaxis()
plt.show()

# %%
# Here are the fits with the data, at the mean of sun and wind. The hollow days were below the limit;
# the fit of the blue line did not use their values.
fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
ax.plot(air["Temp"][~below], air["Ozone"][~below], ".", color="0.5", label="measured")
ax.plot(
    air["Temp"][below],
    air["Ozone"][below],
    "o",
    mfc="none",
    color="0.7",
    label="hidden",
)
ax.axhline(30, color="0.5", lw=1, ls="--")
warmth = np.linspace(57, 97, 50)
weather = X.mean().to_frame().T.loc[[0] * 50].assign(Temp=warmth)
for way, style in {
    "all values": "k:",
    "likelihood": "C0",
    "limit as value": "C1",
}.items():
    ax.plot(warmth, np.exp(ways[way].predict(weather)), style, label=way)
ax.text(57, 32, "limit", color="0.4", fontsize=9)
ax.set(xlabel="temperature (°F)", ylabel="ozone (ppb)", yscale="log", ylim=(4, 200))
ax.legend(fontsize=9)
plt.show()

# %%
# ``predict`` accepts days with gaps, and returns the standard deviation of the logarithm of the
# ozone. It is larger for a day without a reading of the sun, and largest for a day without any
# reading.
days = X.iloc[[0, 4]].copy()
days.loc[999] = np.nan
mean, std = model.predict(days, return_std=True)
print(days.assign(mean=mean.round(2), std=std.round(2)).to_string())

# %%
# The page :doc:`/regression` explains the assumptions, with a simulation in which the truth is known.
