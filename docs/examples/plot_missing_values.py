"""
Days without ozone: missing values
==================================

New York, May to September 1973: ozone, solar radiation, wind and temperature on 153
days. On 37 of them nobody knows the ozone, on 7 the radiation. Three ways to a mean
and a covariance: drop those days, fill the gaps with column means, or maximise the
likelihood of what was observed.
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
# ``fit`` takes NaN as it is. On the other two tables the same class finds the usual
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
# The three agree on the mean of the ozone, because the days without it are as warm as
# the others. They do not agree on how the ozone varies. A column mean has no
# deviation, and none that goes with the heat: filled in 37 times, it takes more than a
# tenth off the standard deviation, and weakens every correlation. To drop the days
# throws away 42 readings of wind and temperature, and the mean of Temp moves. The
# likelihood uses all that there is and makes nothing up.
import matplotlib.pyplot as plt

from skgauss import GaussianEllipseDisplay

gap = X["Ozone"].isna()
drawn = {
    "complete days": X,
    "column means": tables["column means"],
    "likelihood": pd.DataFrame(models["likelihood"].impute(X), columns=X.columns),
}
fig, axes = plt.subplots(
    1, 3, sharex=True, sharey=True, figsize=(10, 4.2), layout="constrained"
)
for ax, (name, model) in zip(axes, models.items(), strict=True):
    GaussianEllipseDisplay.from_estimator(
        model, tables[name], features=("Temp", "Ozone"), n_std=(1, 2), ax=ax
    )
    ax.get_legend().remove()
    made = drawn[name][gap]
    (filled,) = ax.plot(made["Temp"], made["Ozone"], "x", color="C1", ms=5)
    ax.set(title=name, xlabel="temperature (°F)", ylabel="cube root of ozone (ppb)")
    ax.label_outer()
fig.legend([filled], ["ozone not measured: filled in"], loc="outside lower center")
plt.show()

# %%
# The ellipses hold 39 and 86 percent of a Gaussian's days. The crosses of the third
# panel are conditional means, given the weather of the day. They took no part in the
# fit: ``impute`` computes them afterwards, with the standard deviation of each. Here
# they are in the units of the ozone, through the season.
centre, std = models["likelihood"].impute(X, return_std=True)
low, middle, high = ((centre[:, 0] + k * std[:, 0]) ** 3 for k in (-1, 0, 1))

fig, ax = plt.subplots(figsize=(9, 3.8))
date = pd.to_datetime({"year": 1973, "month": days["Month"], "day": days["Day"]})
ax.plot(date, days["Ozone"], ".", color="0.45", label="measured")
ax.errorbar(
    date[gap],
    middle[gap],
    [(middle - low)[gap], (high - middle)[gap]],
    fmt="x",
    color="C1",
    ms=5,
    lw=1,
    label="not measured: from the weather, ± 1 conditional standard deviation",
)
ax.set(ylabel="ozone (ppb)", ylim=(0, 190))
ax.legend(loc="upper left")
plt.show()

# %%
# June has the most gaps. Its few days with ozone were windy, and wind carries the
# ozone away:
june = days["Month"] == 6
for name, these in {"measured": june & ~gap, "all": june}.items():
    print(
        f"June, {name} ({these.sum()} days): wind {X['Wind'][these].mean():.1f} mph, "
        f"Ozone^(1/3) {centre[these, 0].mean():.2f}"
    )

# %%
# All this leans on one assumption: that whether a reading is missing depends on what
# was observed, not on the ozone itself. The data cannot tell. The user guide says
# what happens where it fails (:doc:`/missing_values`).
