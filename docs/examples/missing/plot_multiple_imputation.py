"""
Twenty tables instead of one: multiple imputation
=================================================

A gap that is filled in with its mean is no measurement: the table looks surer, and calmer, than
the data are. Each of twenty tables filled in with draws could have been the complete one. What
they disagree about is what is not known.
"""

# %%
# In New York, how often does a day exceed 70 ppb of ozone? Of the days without a gap the answer is
# known. Half of the warm ones lose their ozone here, as if the instrument had run hot: missing at
# random, for the temperature is always recorded. The Gaussian fits the cube root of the ozone.
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
# ``sample_posterior=True`` draws the parameters first, from the law of their estimate, and then the
# ozone of each day from its law given the wind, the sun and the temperature of the day. To draw with
# the estimated parameters alone would hide that these are not known either. A seed is a table:
imputer = GaussianImputer(sample_posterior=True).fit(table)
tables = [imputer.set_params(random_state=k).transform(table)[:, 0] for k in range(20)]
shares, variances = np.transpose([share(ozone) for ozone in tables])

# %%
# Rubin's rules put the analyses together. The estimate is their mean. Its variance is the mean of
# their variances, and the variance between them beside it.
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
# Without so many warm days the share is too small. Filled in with means it is too small as well: a
# mean is pulled towards the middle, so that fewer of them exceed a high level, and the interval
# takes each for a measurement. The twenty tables, one tick each, come nearer to the truth, and
# their interval says what the gaps cost. For means, correlations and regressions no tables are
# needed: the estimator itself and ``GaussianRegressor`` have the likelihood of what was observed,
# and its errors. Draws are for analyses that these do not make.
