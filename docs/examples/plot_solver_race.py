"""
Solvers raced on ill-conditioned data
=====================================

Ten features of breast tumours, standardised. Radius, perimeter and area are almost
the same thing three times, which makes the likelihood a long narrow ridge: steep
across, nearly flat along.
"""

# %%
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from skgauss import GaussianGradientMLE

X = StandardScaler().fit_transform(load_breast_cancer().data[:, :10])
print(f"condition number of the correlations: {np.linalg.cond(X.T @ X):.0f}")

# %%
# One start for all: mean one, the covariance three times the identity.
start = {"mean_init": 1.0, "covariance_init": 3.0, "max_iter": 3000}
bound = GaussianGradientMLE(solver="closed-form").fit(X).learning_rate_bound_
solvers = {
    f"gradient, constant rate {bound / 2:.1e}": {
        "solver": "gradient",
        "learning_rate": bound / 2,
    },
    "gradient, line search": {"solver": "gradient"},
    "coordinate, line search": {"solver": "coordinate"},
    "L-BFGS": {"solver": "lbfgs"},
    "natural, rate 0.5": {"learning_rate": 0.5},
    "natural": {},
}
runs = {}
for name, options in solvers.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs[name] = GaussianGradientMLE(**options, **start).fit(X)
    run = runs[name]
    print(f"{name:32s} {run.stop_reason_:10s} after {run.n_iter_:4d} iterations")

# %%
# A marker at the end of a curve tells why it ended: a disc for converged, a
# triangle for out of iterations.
import matplotlib.pyplot as plt

from skgauss import ConvergenceDisplay

fig, ax = plt.subplots(figsize=(8.5, 5))
ConvergenceDisplay.from_estimator(runs, ax=ax)
ax.set_xscale("symlog", linthresh=1)
ax.set_xlim(left=0)
ax.set_ylim(top=10 * ax.get_ylim()[1])
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)
plt.show()

# %%
# The constant rate must not exceed the bound of the steepest direction, and then
# takes for ever along the flattest. L-BFGS learns the curvature on its way. The
# natural gradient knows it: neither units nor correlations slow it down.
