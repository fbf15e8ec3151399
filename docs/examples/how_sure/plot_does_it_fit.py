"""
Does a Gaussian fit at all?
===========================

Standard errors, p-values, and every statement about values below a limit rest on one
assumption: that the rows are Gaussian. Here are three ways to check it, for any
number of features, for a single feature, and for a few.
"""

# %%
# The data are four chemicals in the blood of 198 people, in ng/mL. Nearly everybody had
# enough of them to be measured. The few results below the limit count as missing here.
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
# How far does each row lie from the mean, by Mahalanobis distance? For a Gaussian the
# squared distances follow the chi-square distribution. ``QQDisplay`` draws them in
# order, against the values expected for a Gaussian sample. At each point the band contains 95
# percent of all Gaussian samples. Rows outside it are orange. For a row with missing values
# the distribution is that of its observed values.
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
# lie very far out. Their logarithms are much closer to Gaussian. The tail is still somewhat
# heavy: the last rows lie at the upper edge of the band, and one lies beyond it. So the mean
# and the correlations of the logarithms are worth reporting, but the p-value of an outlier is
# only approximate.
#
# A single feature
# ----------------
# For a single feature, draw the fitted curve over a histogram. Here are the marginal Gaussians
# of one chemical, from the same two fits:
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
# For a few features, draw each pair with the ellipses of its Gaussian. Only this picture
# shows a cloud that is bent, or split in two.
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
