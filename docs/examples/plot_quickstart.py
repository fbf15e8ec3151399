"""
Climbing to the speed of light
==============================

In 1879 Michelson measured the speed of light a hundred times. The mean and the standard
deviation of his measurements maximise a Gaussian likelihood, and have a well-known closed
form. Here we climb to this maximum instead, with several solvers, and see one setting fail:
a constant rate of 0.01 looks small, but the variance of these data, which is also the
largest rate that is stable at the maximum, is 0.0062. (From a start far from the data, the
first step is a leap at any rate; this start is near enough.)
"""

# %%
# The data, in thousands of km/s, are one of NIST's statistical reference data sets: their
# mean and standard deviation are certified to 15 digits.

import math
import warnings

import matplotlib.pyplot as plt
import numpy as np

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_michelson

CERTIFIED_MEAN = 299.8524
CERTIFIED_SD = 0.0790105478190518  # with divisor n - 1

X = load_michelson().data

# %%
# The ways to fit
# ---------------
# The textbook's recursion starts at mean 299 and sigma 1. This sigma is larger than the
# distance from the data, so that no step from there is a leap. The recursion uses a constant
# rate, and moves both parameters at once ("gradient") or sigma after the mean
# ("coordinate"). "auto" chooses each step itself.

start = {"mean_init": 299, "covariance_init": 1, "record_path": True}
models = {
    "closed-form": GaussianGradientMLE(solver="closed-form"),
    "natural, auto": GaussianGradientMLE(solver="natural", record_path=True),
    "lbfgs": GaussianGradientMLE(solver="lbfgs", **start),
    "gradient, auto": GaussianGradientMLE(solver="gradient", **start),
}
for rate in (0.01, 0.005):
    for solver in ("gradient", "coordinate"):
        models[f"{solver}, {rate}"] = GaussianGradientMLE(
            solver=solver, learning_rate=rate, **start
        )


def sigmas(model):
    return np.sqrt(model.covariance_path_.ravel())


def what_happens(model):
    if model.converged_:
        return f"settles at {model.scale_[0]:.4f} by iteration {model.n_iter_}"
    late = sigmas(model)[-500:]
    return f"bounces between {late.min():.3f} and {late.max():.3f} for ever"


# %%
# Eight fits
# ----------
# The natural gradient norm is zero at the maximum, and has no units: half its square is
# about what is still to gain, in nats per observation. A constant rate must be below the
# bound.

print(f"{'natural':>39}")
print("solver     rate  bound    gradient norm  sigma")
said = {}
for name, model in models.items():
    with warnings.catch_warnings(record=True) as said[name]:
        warnings.simplefilter("always")
        model.fit(X)
    solver, _, rate = name.partition(", ")
    bound = f"{model.learning_rate_bound_:.4f}" if rate else ""
    print(
        f"{solver:<11}{rate:<6}{bound:<7}{model.natural_gradient_norm_:>15.1g}  "
        f"{what_happens(model)}"
    )

# %%
# With the rate 0.01 both orders of updating fail, and with 0.005 both converge, so the order
# does not matter here. The warning says what does:

print("\nConvergenceWarning:", said["gradient, 0.01"][0].message)

# %%
# Against the certified values
# ----------------------------
# NIST divides by n - 1, maximum likelihood by n. A number like 299.85 is not stored exactly,
# and its rounding error, up to 2.8e-14, leaves about 13 correct digits of sigma. In steps
# of 10 km/s the measurements are integers, and all certified digits are correct.

to_sample_sd = math.sqrt(len(X) / (len(X) - 1))
exact = models["closed-form"]
in_integers = GaussianGradientMLE().fit(np.rint(100 * X))
print(f"\nmean               {exact.mean_[0]:.12f}")
print(f"         certified {CERTIFIED_MEAN:.12f}")
print(f"sd                 {exact.scale_[0] * to_sample_sd:.16f}")
print(f"sd, from integers  {in_integers.scale_[0] * to_sample_sd / 100:.16f}")
print(f"         certified {CERTIFIED_SD:.16f}")

# %%
# The blow-up
# -----------
# With both constant rates sigma falls, slowly while it is large. Then the rate 0.005
# converges, while 0.01 overshoots for ever.
# :ref:`sphx_glr_auto_examples_blow_up_plot_likelihood_path.py` draws such paths on the map
# of their likelihood.

plt.rcParams["font.size"] = 12
figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ways = {
    "gradient, 0.01": ("rate 0.01:\nbounces", "#D55E00", (92, 0.2)),
    "gradient, 0.005": ("rate 0.005: arrives", "#0072B2", (120, 0.68)),
    "gradient, auto": ("rate auto", "#009E73", (12, 0.09)),
}
for name, (label, color, place) in ways.items():
    path = sigmas(models[name])[:300]
    ax.semilogy(path, "o-", markevery=[-1], color=color)
    ax.text(*place, label, color=color)
ax.axhline(exact.scale_[0], color="0.6", lw=1, zorder=0)
ax.text(0, 0.93 * exact.scale_[0], "maximum", color="0.4", va="top")
ax.set(xlabel="iteration", ylabel="sigma (1000 km/s)", xlim=(-10, 290))
ax.set_yticks([0.05, 0.1, 0.2, 0.5, 1], ["0.05", "0.1", "0.2", "0.5", "1"])
ax.minorticks_off()
ax.set_title("The bound of the rate is 0.0062")
figure.savefig("quickstart.png", dpi=150)
print("\nThe picture is in quickstart.png")
