"""
Does a Gaussian fit at all?
===========================

Standard errors, p-values, and all that is said of a value below a limit rest on one
assumption: that the rows are Gaussian. Here are three ways to look. One is for any
number of features, one for a single feature, and one for a few.
"""

# %%
# Four chemicals in the blood of 198 people, in ng/mL. Nearly everybody had enough of
# them to be measured. The few results below the limit count as missing here.
import numpy as np

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_pfas

blood = load_pfas(as_frame=True).data[["PFHxS", "n-PFOA", "n-PFOS", "Sm-PFOS"]]
tables = {"the concentrations": blood, "their logarithms": np.log(blood)}
models = {name: GaussianGradientMLE().fit(X) for name, X in tables.items()}
print("missing:", blood.isna().sum().to_dict())

# %%
# Any number of features
# ----------------------
# How far does each row lie from the mean, by Mahalanobis distance? Of a Gaussian the
# squared distances follow the chi-square distribution. ``QQDisplay`` draws them in
# order, against where those of a Gaussian sample would lie on the whole. The band holds
# 95 percent of such samples, and rows outside it are orange. A row with a missing value
# is held to the distribution of the values that it shows.
import matplotlib.pyplot as plt

from skgauss import QQDisplay

fig, axes = plt.subplots(2, 1, figsize=(5, 7), layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    QQDisplay.from_estimator(model, tables[name], ax=ax)
    ax.set_title(name)
    ax.set_ylabel("of the rows")
axes[0].set_xlabel(None)
# sphinx_gallery_thumbnail_path = 'auto_examples/how_sure/images/sphx_glr_plot_does_it_fit_panel.png'
plt.show()

# %%
# The concentrations are far from Gaussian: most people lie close to the mean, and a few
# lie very far out. Their logarithms come near. The tail is still somewhat heavy: the last
# rows lie at the upper edge of the band, and one lies beyond. So the mean and the
# correlations of the logarithms are worth reporting. The p-value of an outlier is not to
# be taken to its last digit.
#
# A single feature
# ----------------
# The fitted curve over a histogram. Here is what the same two fits say of one chemical,
# by its marginal Gaussian:
from scipy.stats import norm

fig, axes = plt.subplots(2, 1, figsize=(5, 6), layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    one = model.marginal(["n-PFOS"])
    values = tables[name]["n-PFOS"].dropna()
    ax.hist(values, 30, density=True, color="0.8")
    density = norm(one.mean_, one.scale_)
    grid = np.linspace(*density.ppf([0.0001, 0.9999]), 300)
    ax.plot(grid, density.pdf(grid), "C0", lw=2)
    ax.set(title=name, ylabel="density")
axes[0].set_xlabel("n-PFOS (ng/mL)")
axes[1].set_xlabel("log n-PFOS")
plt.show()

# %%
# The first curve gives much of its weight to concentrations below zero.
#
# A few features
# --------------
# Each pair, with the ellipses of its Gaussian. A cloud that is bent, or split in two,
# shows here and nowhere else.
from skgauss import GaussianEllipseDisplay

names = ["PFHxS", "n-PFOA", "n-PFOS"]
model, X = models["their logarithms"], tables["their logarithms"]
fig, axes = plt.subplots(3, 3, figsize=(5, 5), layout="constrained", sharex="col")
for i, below in enumerate(names):
    for j, left in enumerate(names):
        ax = axes[i, j]
        if i == j:
            one = model.marginal([left])
            ax.hist(X[left].dropna(), 20, density=True, color="0.8")
            grid = np.linspace(*ax.get_xlim(), 100)
            ax.plot(grid, norm(one.mean_, one.scale_).pdf(grid), "C0", lw=2)
            ax.set_yticks([])
        elif i > j:
            GaussianEllipseDisplay.from_estimator(
                model, X, features=(left, below), ax=ax, scatter_kwargs={"s": 4}
            )
            ax.get_legend().remove()
        else:
            ax.axis("off")
            ax.text(0.5, 0.5, f"{model.correlation_[i, j]:.2f}", ha="center")
        ax.set(xlabel=left if i == 2 else None, ylabel=below if j == 0 else None)
fig.suptitle("1, 2 and 3 sigma, and the correlations", fontsize="medium")
plt.show()
