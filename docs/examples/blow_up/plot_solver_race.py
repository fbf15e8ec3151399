"""
Solvers raced on ill-conditioned data
=====================================

The data are ten standardised features of breast tumours. Radius, perimeter and area
measure almost the same thing, which makes the likelihood a long narrow ridge: steep
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
# All climbs start at mean one and three times the identity as covariance.
start = {"mean_init": 1.0, "covariance_init": 3.0, "max_iter": 3000}
bound = GaussianGradientMLE(solver="closed-form").fit(X).learning_rate_bound_
solvers = {
    "natural": {},
    "constant rate": {"solver": "gradient", "learning_rate": bound / 2},
    "gradient, line search": {"solver": "gradient"},
    "coordinate, line search": {"solver": "coordinate"},
    "natural, rate 0.5": {"learning_rate": 0.5},
    "L-BFGS": {"solver": "lbfgs"},
}
print(f"the constant rate, half of its bound: {bound / 2:.1e}")
runs = {}
for name, options in solvers.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs[name] = GaussianGradientMLE(**options, **start).fit(X)
    run = runs[name]
    print(f"{name:24s} {run.stop_reason_:10s} after {run.n_iter_:4d} iterations")

# %%
# The marker at the end of a curve shows why it ended: a disc for converged, a
# triangle for out of iterations.
import matplotlib.pyplot as plt

from skgauss import ConvergenceDisplay

fig, ax = plt.subplots(figsize=(5, 5.2), layout="constrained")
ConvergenceDisplay.from_estimator(runs, ax=ax)
ax.set_xscale("symlog", linthresh=1)
ax.set(xlim=(-0.1, 6000), xticks=[0, 1, 10, 100, 1000], ylabel="Nats still to gain")
ax.get_legend().remove()
fig.legend(loc="outside lower center", ncols=1)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_solver_race_panel.png'
plt.show()

# %%
# The constant rate must not exceed the bound of the steepest direction, and is then
# very slow along the flattest. L-BFGS learns the curvature on its way. The natural
# gradient already contains it: neither units nor correlations slow it down.
