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
import matplotlib.pyplot as plt

maximum = runs["natural"].log_likelihood_
styles = ["-", "--", "-.", "-", "--", "-"]
fig, ax = plt.subplots(figsize=(9, 4.8))
for (name, run), style in zip(runs.items(), styles, strict=True):
    togo = np.maximum(maximum - run.log_likelihood_path_, 1e-13)
    ax.loglog(np.arange(len(togo)) + 1, togo, style, label=name)
ax.set(xlabel="iteration + 1", ylabel="nats still to gain", ylim=(1e-13, 1e3))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
# The constant rate must not exceed the bound of the steepest direction, and then
# takes for ever along the flattest. L-BFGS learns the curvature on its way. The
# natural gradient knows it: neither units nor correlations slow it down.
