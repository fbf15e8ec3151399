"""
A table of counts is enough
===========================

Measurements are rounded, so that many values repeat. The weight of a row is its
frequency: fitting a table of values and counts gives the same result as fitting all rows.
"""

# %%
# Michelson's hundred light speeds of 1879 take thirty different values.
import numpy as np

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_michelson

speeds = load_michelson().data.ravel()
values, counts = np.unique(speeds, return_counts=True)
print(f"{len(speeds)} measurements, {len(values)} different values")

rows = GaussianGradientMLE().fit(speeds.reshape(-1, 1))
table = GaussianGradientMLE().fit(values.reshape(-1, 1), sample_weight=counts)
print(f"from the rows:  {rows.mean_.item():.6f}, sigma {rows.scale_.item():.6f}")
print(f"from the table: {table.mean_.item():.6f}, sigma {table.scale_.item():.6f}")

# %%
# Without the counts each value would weigh the same:
plain = GaussianGradientMLE().fit(values.reshape(-1, 1))
print(f"no counts:      {plain.mean_.item():.6f}, sigma {plain.scale_.item():.6f}")

# %%
# A weight of zero leaves a row out. Here are the measurements in blocks of twenty, in the
# order of the file. To fit a block, give weight zero to all others:
block = np.arange(100) // 20
for k in range(5):
    one = GaussianGradientMLE().fit(speeds.reshape(-1, 1), sample_weight=block == k)
    print(f"block {k + 1}: {one.mean_.item():.4f}, sigma {one.scale_.item():.4f}")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.bar(values, counts, width=0.008, color="0.75", label="Michelson")
grid = np.linspace(values.min() - 0.1, values.max() + 0.1, 300)
for model, style, label in [
    (table, "-", "values and counts"),
    (plain, "--", "values alone"),
]:
    density = np.exp(model.score_samples(grid.reshape(-1, 1)))
    ax.plot(grid, density * len(speeds) * 0.01, style, lw=2, label=label)
ax.axvline(299.792458, color="k", ls=":", lw=1.2)
ax.annotate(
    "in vacuum", (299.792, 9.6), (-5, 0), textcoords="offset points", ha="right"
)
ax.set(xlabel="speed of light in air (thousand km/s)", ylabel="measurements")
ax.legend()
plt.show()
