"""
Galton's classes: rounded heights
=================================

In 1886 Galton put 928 children and their parents in a table with classes one inch wide:
the first correlation. The midpoints of the classes are what everybody computes with. But
a class is an interval, and the outermost have one end only.
"""

# %%
# Each row is a cell of the table, with the number of children in it.
import numpy as np

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_galton

galton = load_galton(as_frame=True)
print(galton.frame.head(4).to_string(index=False))

lower, upper, count = galton.data, galton.data_upper, galton.sample_weight
midpoints = lower.where(lower.notna(), upper - 1) + 0.5  # a guess, for the outermost

classes = GaussianGradientMLE().fit(lower, X_upper=upper, sample_weight=count)
middle = GaussianGradientMLE().fit(midpoints, sample_weight=count)
print("\n           parent             child              correlation")
for name, model in {"midpoints": middle, "classes": classes}.items():
    each = zip(model.mean_, model.scale_, strict=True)
    moments = "   ".join(f"{mean:.3f} ± {scale:.3f}" for mean, scale in each)
    print(f"{name:10s} {moments}    {model.correlation_[0, 1]:.4f}")

# %%
# Rounding adds a twelfth of the squared width to the variance of midpoints, which Sheppard
# took off again in 1898. The likelihood of the classes does so by itself. Here are the
# parents, whose outermost classes hold few, in classes of one, two and four inches.
import matplotlib.pyplot as plt

parents = lower["parent"].dropna()
parents = parents[upper["parent"].notna()]
weights = count[parents.index]
print(f"\n{weights.sum():.0f} children whose parents are in a class with two ends")
widths = [1, 2, 4]
variances = {
    "midpoints": [],
    "midpoints, less width²/12": [],
    "likelihood of classes": [],
}
for width in widths:
    low = parents.min() + (parents - parents.min()) // width * width
    low = low.to_numpy()[:, None]
    model = GaussianGradientMLE()
    naive = model.fit(low + width / 2, sample_weight=weights).covariance_.item()
    honest = model.fit(
        low, X_upper=low + width, sample_weight=weights
    ).covariance_.item()
    found = naive, naive - width**2 / 12, honest
    for values, value in zip(variances.values(), found, strict=True):
        values.append(value)
    print(f"width {width}: " + ", ".join(f"{value:.3f}" for value in found))

fig, ax = plt.subplots(figsize=(6.4, 3.8))
for (name, values), style in zip(
    variances.items(), ["C1v:", "kx", "C0o-"], strict=True
):
    ax.plot(widths, values, style, label=name)
ax.set(
    xlabel="width of the classes (inches)", ylabel="variance of parents", xticks=widths
)
ax.set(ylim=(0, None))
ax.legend(loc="lower left")
plt.show()

# %%
# The ellipses of the two, over the table. The correlation of the classes is larger, since the
# rounding of the one height has nothing to do with that of the other: it adds to the variances
# and not to the covariance.
from matplotlib.patches import Rectangle

from skgauss import GaussianEllipseDisplay

fig, ax = plt.subplots(figsize=(6.4, 5.2))
corners = midpoints - 0.5
for (parent, child), n in zip(corners.to_numpy(), count, strict=True):
    shade = str(1 - 0.7 * np.sqrt(n / count.max()))
    ax.add_patch(Rectangle((parent, child), 1, 1, color=shade, lw=0, zorder=0))
outlines = [(classes, "C0", "classes", "-"), (middle, "C1", "midpoints", "--")]
for model, colour, name, line in outlines:
    style = {"edgecolor": colour, "facecolor": "none", "label": name, "ls": line}
    GaussianEllipseDisplay.from_estimator(model, n_std=2, ax=ax, ellipse_kwargs=style)
ax.set(
    xlabel="mid-height of the parents (inches)", ylabel="height of the child (inches)"
)
ax.set(xlim=(62.5, 74.5), ylim=(60, 75.5))
ax.legend(loc="upper left")
plt.show()
