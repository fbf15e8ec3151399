"""
Less than 0.1: detection limits
===============================

Nine chemicals were measured in the blood of 198 people. If there was less than 0.1 ng/mL,
the laboratory reported only "<0.1". How are the chemicals correlated? There are three
answers: a number in place of "<0.1", dropping the people, or the likelihood of what is known.
"""

# %%
# The likelihood uses the results as they are: a number, or an interval without a lower
# end. We take logarithms, which are nearly Gaussian.
import numpy as np
import pandas as pd

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_pfas

pfas = load_pfas(as_frame=True)
print(pfas.frame.head(4).to_string(index=False))
print("\nbelow the limit, of 198:", pfas.data.isna().sum().to_dict())
print("people with no result below it:", len(pfas.data.dropna()))

# %%
# Four substances were measured in nearly everybody. So they can show how good an answer
# is: take them as the truth, and pretend that the limit of the laboratory was higher. A limit
# of 1 or 2 ng/mL hides all values below it, and each method must do with the rest.
measured = ["PFHxS", "n-PFOA", "n-PFOS", "Sm-PFOS"]
X = np.log(pfas.data_upper[measured])


def half(X, limit):
    return GaussianGradientMLE().fit(X.where(limit < X, limit - np.log(2)))


def over_root_two(X, limit):
    return GaussianGradientMLE().fit(X.where(limit < X, limit - np.log(2) / 2))


def dropped(X, limit):
    return GaussianGradientMLE().fit(X[(limit < X).all(axis=1)])


def likelihood(X, limit):
    return GaussianGradientMLE(censoring_limits=(limit, None)).fit(X)


ways = {
    "LOD/2": half,
    "LOD/√2": over_root_two,
    "rows dropped": dropped,
    "likelihood": likelihood,
}
limits = [0.2, 0.5, 1.0, 2.0]
blunt = {way: [fit(X, np.log(limit)) for limit in limits] for way, fit in ways.items()}
hidden = [(np.log(limit) >= X).mean() for limit in limits]
print(pd.DataFrame(hidden, limits).round(2).to_string())

# %%
# The grey line is the fit to all results, before any was hidden.
import matplotlib.pyplot as plt

truth = GaussianGradientMLE().fit(X)
shown = {
    "standard deviation\nof log Sm-PFOS": lambda model: model.scale_[3],
    "correlation\nwith log PFHxS": lambda model: model.correlation_[0, 3],
}
styles = {"LOD/2": "s--", "LOD/√2": "^--", "rows dropped": "v:", "likelihood": "o-"}
colours = {"LOD/2": "C4", "LOD/√2": "C1", "rows dropped": "C3", "likelihood": "C0"}
fig, axes = plt.subplots(1, 2, figsize=(5, 4.6), sharey=True, layout="constrained")
for ax, (title, value) in zip(axes, shown.items(), strict=True):
    ax.axhline(value(truth), color="0.6", lw=2, label="truth: nothing hidden")
    for way, models in blunt.items():
        values = [value(model) for model in models]
        ax.plot(limits, values, styles[way], color=colours[way], label=way)
    ax.set(title=title, xlabel="limit (ng/mL)", ylim=(0, None), xticks=[0, 1, 2])
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
# sphinx_gallery_thumbnail_path = 'auto_examples/limits/images/sphx_glr_plot_detection_limits_panel.png'
plt.show()

# %%
# With a limit of 2 ng/mL three quarters of the Sm-PFOS values are hidden. The likelihood, too,
# has lost a part of the correlation by then, since these logarithms are not quite Gaussian. The
# other methods have lost much more.
#
# Now we use the results as they are, with the limit of 0.1. Sb-PFOA is left out, because it was
# below the limit in 92 % of the people. Each point is a pair of the other eight.
substances = [name for name in pfas.feature_names if name != "Sb-PFOA"]
lower, upper = np.log(pfas.data[substances]), np.log(pfas.data_upper[substances])
honest = GaussianGradientMLE().fit(lower, X_upper=upper)
pairs = np.triu_indices(len(substances), 1)
known = honest.correlation_[pairs]

fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
for way, value in {
    "LOD/2": np.log(0.1 / 2),
    "LOD/√2": np.log(0.1 / np.sqrt(2)),
}.items():
    naive = GaussianGradientMLE().fit(lower.fillna(value)).correlation_[pairs]
    ax.plot(known, naive - known, styles[way][0], color=colours[way], label=way, ms=6)
ax.axhline(0, color="C0", lw=2)
ax.text(0.1, 0.001, "likelihood", color="C0", va="bottom")
ax.set(xlabel="correlation, by likelihood", ylabel="change of the correlation")
ax.set_title("A number in the place of <0.1\nweakens nearly every correlation")
ax.legend(loc="lower left")
plt.show()

# %%
# A number in the place of "<0.1" weakens nearly every correlation.
#
# ``impute`` returns a number, too, with its standard deviation. It uses the other substances:
# a person with much PFDA and n-PFOS is likely to have more PFUnDA, whether below the limit or
# not.
filled, std = honest.impute(lower, return_std=True, X_upper=upper)
x, y = substances.index("n-PFOS"), substances.index("PFUnDA")
gap = lower["PFUnDA"].isna().to_numpy()

fig, ax = plt.subplots(figsize=(5, 4.4), layout="constrained")
ax.plot(filled[~gap, x], filled[~gap, y], ".", color="0.6", label="measured")
ax.errorbar(
    filled[gap, x],
    filled[gap, y],
    std[gap, y],
    fmt="o",
    ms=3,
    lw=0.8,
    label="below the limit: imputed, ± 1 deviation",
)
ax.axhline(np.log(0.1), color="k", lw=0.8, label="limit")
ax.axhline(np.log(0.05), color="C1", ls="--", label="LOD/2")
ax.set(xlabel="log n-PFOS", ylabel="log PFUnDA")
ax.legend(loc="upper left")
plt.show()

# %%
# The conditional mean of a value below the limit is below the limit as well. One standard
# deviation added to it may exceed the limit, since the conditional distribution is not
# symmetric. With LOD/2 all blue dots would be on the dashed line.
