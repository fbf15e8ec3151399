"""
Galton's classes: rounded heights
=================================

In 1886 Galton put the heights of 928 children and their parents in a table with classes one
inch wide: the first correlation. Everybody computes with the midpoints of the classes. But
a class is an interval, and the outermost classes have only one end.
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
# subtracted in 1898. It adds nothing to the covariance of two heights, whose roundings are
# independent, and so it weakens their correlation. The likelihood of the classes allows for
# this by itself. Here are the cells with two ends, in classes of one, two and four inches.
import matplotlib.pyplot as plt

closed = lower.notna().all(axis=1) & upper.notna().all(axis=1)
cells, weights = lower[closed], count[closed]
print(f"\n{weights.sum():.0f} children in a cell with two ends")
widths = np.array([1, 2, 4])
fits = {"midpoints": [], "likelihood of classes": []}
for width in widths:
    low = cells.min() + (cells - cells.min()) // width * width
    naive = GaussianGradientMLE().fit(low + width / 2, sample_weight=weights)
    honest = GaussianGradientMLE().fit(low, X_upper=low + width, sample_weight=weights)
    for models, model in zip(fits.values(), (naive, honest), strict=True):
        models.append(model)

fig, axes = plt.subplots(1, 2, figsize=(5, 4.6), layout="constrained")
found = {}
for (name, models), style in zip(fits.items(), ["C1v:", "C0o-"], strict=True):
    found["variance", name] = np.array([model.covariance_[0, 0] for model in models])
    found["correlation", name] = np.array(
        [model.correlation_[0, 1] for model in models]
    )
    axes[0].plot(widths, found["variance", name], style, label=name)
    axes[1].plot(widths, found["correlation", name], style)
sheppard = found["variance", "midpoints"] - widths**2 / 12
axes[0].plot(widths, sheppard, "kx", ms=9, label="midpoints, less width²/12")
titles = ["variance of parents\n(square inches)", "correlation of\nparent and child"]
for ax, title in zip(axes, titles, strict=True):
    ax.set(title=title, xlabel="class width (inches)", xticks=widths, ylim=(0, None))
fig.legend(loc="outside lower center")
# sphinx_gallery_thumbnail_path = 'auto_examples/limits/images/sphx_glr_plot_galton_panel.png'
plt.show()

# %%
# With a width of four inches there are only three classes. Then the likelihood, too, finds a
# weaker correlation, but it loses only a tenth while the midpoints lose a third.
for (what, name), values in found.items():
    print(f"{what:12s} {name:22s}", values.round(3))
