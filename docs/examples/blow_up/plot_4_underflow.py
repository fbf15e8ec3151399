"""
"Follow the gradient of the likelihood itself"
==============================================

The fourth popular answer leaves out the logarithm: the maximum is the same, so
climb the product of the densities, P. But P is a product of as many factors as
there are observations, and the smallest positive float is about 5e-324. Here is
where P gets below it.
"""

# %%
# We compute P of the first n rows, n = 1, 2, ..., for columns of real data. The Gaussian
# is the best one for the whole column: no other gives a larger P on all its rows.
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_michelson

columns = {
    "proline": load_wine(as_frame=True).data["proline"],
    "radius": load_breast_cancer(as_frame=True).data["mean radius"],
    "age": load_diabetes(as_frame=True, scaled=False).data["age"],
}
products = {}
for name, column in columns.items():
    X = column.to_numpy().reshape(-1, 1)
    density = np.exp(GaussianGradientMLE().fit(X).score_samples(X))
    products[name] = np.cumprod(density)
    first = int(np.argmax(products[name] == 0)) + 1
    print(
        f"{name:8s} {len(X)} rows; P after {first - 1} rows "
        f"{products[name][first - 2]:.0e}, after {first} rows "
        f"{products[name][first - 1]}"
    )

# %%
# On all rows P is exactly zero, and so is every derivative of it: the climb does not
# move. With Michelson's light speeds the opposite happens. Their sigma is small, their
# densities are above one, and on ten copies of the data P is infinite:
light = load_michelson().data
model = GaussianGradientMLE().fit(light)
density = np.exp(model.score_samples(np.tile(light, (10, 1))))
with np.errstate(over="ignore"):
    products["light speed, ten times"] = np.cumprod(density)
beyond = products["light speed, ten times"]
print(f"P after 100 rows {beyond[99]:.0e}, after 1000 rows {beyond[-1]}")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
for name, product in products.items():
    within = product[(product > 0) & np.isfinite(product)]
    rows = np.arange(1, len(within) + 1)
    (line,) = ax.plot(rows, np.log10(within), lw=2)
    end, color = np.log10(within[-1]), line.get_color()
    ax.plot(rows[-1], end, "X", ms=9, color=color)
    ax.annotate(
        name.replace(", ", ",\n"),
        (rows[-1], end),
        (0, np.sign(end) * 7),
        textcoords="offset points",
        ha="center",
        va="bottom" if end > 0 else "top",
        color=color,
    )
ax.axhspan(-440, np.log10(5e-324), color="0.88", lw=0)
ax.axhspan(np.log10(1.7e308), 440, color="0.88", lw=0)
ax.text(700, -380, "zero", ha="right", va="center")
ax.text(20, 375, "infinite", va="center")
ax.set(xlabel="rows", ylabel=r"$\log_{10} P$", ylim=(-440, 440))
ax.set_xlim(0, 720)
plt.show()

# %%
# The crosses mark the last row up to which a float can hold P. The logarithm of P is a
# sum, which neither underflows nor overflows. The *average* log-likelihood and its
# gradient have the same size however many rows there are, so that a learning rate means
# the same for ten rows as for a million.
