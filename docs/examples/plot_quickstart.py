"""
Climbing to the speed of light
==============================

In 1879 Michelson measured the speed of light a hundred times. The mean and the standard
deviation of his measurements are the maximum of a Gaussian likelihood, and everybody knows
them in closed form. Here we climb to that maximum instead, in all the ways the package
knows, and see one way fail: a constant step of 0.01 looks small, but the variance of these
data, and with it the largest step that is stable at the maximum, is 0.0062. (A start far
from the data makes the first step a leap, at any rate; this one is near enough.)
"""

# %%
# The data, in thousands of km/s, are one of NIST's statistical reference data sets: their
# mean and standard deviation are certified to 15 digits.

import math
import time
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
# The question's recursion starts at mean 299 and sigma 1, which is wider than its distance
# from the data, so that no step from there is a leap. It moves by a constant step, both
# parameters at once ("gradient") or sigma after the mean ("coordinate").

start = {"mean_init": 299, "covariance_init": 1, "record_path": True}
models = {
    "closed form": GaussianGradientMLE(solver="closed-form"),
    "natural": GaussianGradientMLE(solver="natural"),
    "lbfgs": GaussianGradientMLE(solver="lbfgs", **start),
    "gradient, auto": GaussianGradientMLE(solver="gradient", **start),
}
for rate in (0.01, 0.005):
    for order, solver in (("simultaneous", "gradient"), ("sequential", "coordinate")):
        models[f"{order}, {rate}"] = GaussianGradientMLE(
            solver=solver, learning_rate=rate, **start
        )


def timed_fit(model):
    """Seconds, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        began = time.perf_counter()
        model.fit(X)
        return time.perf_counter() - began, [str(warning.message) for warning in caught]


# %%
# Eight fits
# ----------

print(
    f"{'way of fitting':<20} {'mean':>10} {'sigma':>9} {'iterations':>10} "
    f"{'ms':>6} {'gradient':>9}  stopped"
)
said = {}
timed_fit(models["closed form"])  # the first fit of a process also loads libraries
for name, model in models.items():
    seconds, said[name] = timed_fit(model)
    print(
        f"{name:<20} {model.mean_[0]:>10.6f} {model.scale_[0]:>9.6f} {model.n_iter_:>10} "
        f"{1e3 * seconds:>6.1f} {model.natural_gradient_norm_:>9.1e}  {model.stop_reason_}"
    )

# %%
# With the step of 0.01 both orders of updating fail, with 0.005 both converge: the order
# is not what matters. The package says what does:

too_fast = models["simultaneous, 0.01"]
print("\nConvergenceWarning:", *said["simultaneous, 0.01"])

# %%
# Against the certified values
# ----------------------------
# NIST divides by n - 1, maximum likelihood by n. A number like 299.85 is not stored exactly,
# and its rounding error, up to 2.8e-14, leaves some 13 digits of sigma to the data. In steps
# of 10 km/s the measurements are integers: then all certified digits are there.

to_sample_sd = math.sqrt(len(X) / (len(X) - 1))
exact = models["closed form"]
in_integers = GaussianGradientMLE().fit(np.rint(100 * X))
print(f"\nmean               {exact.mean_[0]:.12f}")
print(f"         certified {CERTIFIED_MEAN:.12f}")
print(f"sd                 {exact.scale_[0] * to_sample_sd:.16f}")
print(f"sd, from integers  {in_integers.scale_[0] * to_sample_sd / 100:.16f}")
print(f"         certified {CERTIFIED_SD:.16f}")

# %%
# The paths
# ---------
# With either constant rate mean and sigma move together, slowly while sigma is large. Then
# 0.005 settles, while 0.01 overshoots in sigma, for ever.

mean, sd_ml = exact.mean_[0], exact.scale_[0]
means = np.linspace(298.93, 300.12, 300)
sigmas = np.geomspace(0.03, 1.6, 300)
M, S = np.meshgrid(means, sigmas)
log_likelihood = (
    -0.5 * np.log(2 * np.pi) - np.log(S) - (sd_ml**2 + (mean - M) ** 2) / (2 * S**2)
)
nats_to_gain = exact.log_likelihood_ - log_likelihood

figure, axes = plt.subplots(figsize=(8, 5.5), layout="constrained")
levels = np.geomspace(0.01, 100, 9)
axes.contourf(
    M, S, nats_to_gain, levels, norm="log", cmap="Blues_r", alpha=0.6, extend="both"
)
for name, color in (
    ("simultaneous, 0.01", "#D55E00"),
    ("simultaneous, 0.005", "#009E73"),
    ("gradient, auto", "#000000"),
):
    model = models[name]
    sigma_path = np.sqrt(model.covariance_path_.ravel())
    label = f"{name}: {model.stop_reason_} after {model.n_iter_}"
    axes.plot(model.mean_path_, sigma_path, "o-", color=color, ms=3, lw=1, label=label)
axes.plot(299, 1, "k^", ms=9, label="start")
axes.plot(
    mean, sd_ml, "*", color="#F0E442", mec="black", ms=16, label="maximum", zorder=5
)
axes.set(
    yscale="log",
    xlim=(means[0], means[-1]),
    ylim=(sigmas[0], sigmas[-1]),
    xlabel="mean (1000 km/s)",
    ylabel="sigma (1000 km/s)",
    title="Gradient ascent on Michelson's data: stable below a step of "
    f"{too_fast.learning_rate_bound_:.4f}",
)
axes.legend(loc="lower left", framealpha=0.95)
figure.savefig("quickstart.png", dpi=150)
print("\nThe picture is in quickstart.png")
