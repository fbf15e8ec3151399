"""
Twenty tables instead of one: multiple imputation
=================================================

A gap that is filled in with its mean is not a measurement: the table looks more certain, and varies
less, than the data do. Instead, fill in twenty tables with draws. Each of them could have been the
complete one, and their differences show what is not known.
"""

# %%
# How often does the ozone in New York exceed 70 ppb? For the days without a gap the answer is
# known. Here we remove the ozone of half of the warm days, as if the instrument had run hot. It is
# missing at random, because the temperature is always recorded. The Gaussian fits the cube root of
# the ozone.
import numpy as np
from scipy.stats import norm, t

from skgauss import GaussianImputer
from skgauss.datasets import load_airquality

days = load_airquality(as_frame=True).data.dropna().reset_index(drop=True)
days["Ozone"] = np.cbrt(days["Ozone"])
level = np.cbrt(70)
rng = np.random.default_rng(0)
removed = (days["Temp"] > 75) & (rng.random(len(days)) < 0.5)
table = days.assign(Ozone=days["Ozone"].mask(removed))
print(f"{len(days)} days, {removed.sum()} of them without ozone")


def share(ozone):
    """The share of days above the level, and its variance."""
    p = (ozone > level).mean()
    return p, p * (1 - p) / len(ozone)


# %%
# ``sample_posterior=True`` first draws the parameters from the distribution of their estimate, and
# then the ozone of each day from its distribution given the wind, the sun and the temperature of the
# day. Draws with the estimated parameters alone would ignore that these are uncertain, too. Each seed
# gives one table:
imputer = GaussianImputer(sample_posterior=True).fit(table)
tables = [imputer.set_params(random_state=k).transform(table)[:, 0] for k in range(20)]
shares, variances = np.transpose([share(ozone) for ozone in tables])

# %%
# Rubin's rules combine the analyses. The estimate is their mean. Its variance is the mean of
# their variances, plus the variance between them.
within, between = variances.mean(), (1 + 1 / len(tables)) * shares.var(ddof=1)
freedom = (len(tables) - 1) * (1 + within / between) ** 2
half = t.ppf(0.975, freedom) * np.sqrt(within + between)
means = GaussianImputer().fit_transform(table)[:, 0]
ways = {
    "all values": share(days["Ozone"]),
    "rows dropped": share(table["Ozone"].dropna()),
    "filled with means": share(means),
}
ends = {
    name: (p, norm.ppf(0.975) * np.sqrt(variance))
    for name, (p, variance) in ways.items()
}
ends["twenty draws"] = shares.mean(), half
for name, (p, reach) in ends.items():
    print(f"{name:18s} {p:.3f}, {p - reach:.3f} to {p + reach:.3f}")
print(f"share of the variance from the gaps: {between / (within + between):.2f}")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
for k, (name, (p, reach)) in enumerate(ends.items()):
    ax.errorbar(
        p, k, xerr=reach, fmt="o", color="C1" if name == "twenty draws" else "C0"
    )
ax.plot(shares, np.full(20, 3.3), "|", color="C1", ms=9)
ax.axvline(ends["all values"][0], color="0.7", zorder=0)
ax.set(yticks=range(len(ends)), yticklabels=ends, ylim=(3.7, -0.5))
ax.set(xlabel="share of days above 70 ppb, 95 % interval")
plt.show()

# %%
# If rows are dropped, many warm days are missing, and the share is too small. With means filled in
# it is too small as well: conditional means vary less than the ozone, so that fewer of them exceed a
# high level, and the interval treats each as a measurement. The twenty tables, one tick each, come
# closer to the truth, and their interval includes the cost of the gaps. For means, correlations and
# regressions no tables are needed: the estimator itself and ``GaussianRegressor`` use the likelihood
# of the observed values, and have its errors. Draws are for other analyses.
