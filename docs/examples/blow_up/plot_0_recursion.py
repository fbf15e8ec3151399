"""
The recursion that blows up
===========================

A hundred measurements of the speed of light, one mean and one standard
deviation to find, and the two update rules of every textbook:

.. math::

    \\mu \\leftarrow \\mu + \\gamma\\, \\frac{\\bar x - \\mu}{\\sigma^2}, \\qquad
    \\sigma \\leftarrow \\sigma + \\gamma \\left(
    \\frac{a}{\\sigma^3} - \\frac{1}{\\sigma} \\right), \\qquad
    a = \\frac1n \\sum_i (x_i - \\mu)^2 .

Two numbers decide whether it converges. This example shows one after the other.
"""

# %%
# The innocent rate 0.01, from the innocent start :math:`\mu = 0`,
# :math:`\sigma = 1`:
import numpy as np

from skgauss.datasets import load_michelson

x = load_michelson().data.ravel()


def step(mu, sigma, rate):
    a = np.mean((x - mu) ** 2)
    g_mu = (x.mean() - mu) / sigma**2
    g_sigma = a / sigma**3 - 1 / sigma
    return mu + rate * g_mu, sigma + rate * g_sigma


mu, sigma = 0.0, 1.0
for k in range(4):
    print(f"{k}: mu = {mu:8.4f}  sigma = {sigma:8.4f}")
    mu, sigma = step(mu, sigma, 0.01)

# %%
# After one step sigma is 900. This step is a *leap*: the data lie 300 standard deviations
# of the start away from it, and the slope at the start is :math:`300^2 - 1`. Where sigma is
# large the slope is small, and each later step reduces sigma by about
# :math:`\gamma / \sigma`. The way back takes about
# :math:`(\sigma^2 + (\bar x - \mu)^2) / 2\gamma` steps (:ref:`derivation <leap>`):


def steps_back(mu, sigma, rate):
    return (sigma**2 + (x.mean() - mu) ** 2) / (2 * rate)


for rate in [0.01, 0.005, 0.001, 1e-4, 1e-6]:
    steps = steps_back(*step(0.0, 1.0, rate), rate)
    print(f"rate {rate:5g}: {steps:.1e} iterations to return")

# %%
# So from this start no rate works. The estimator runs the same recursion, number
# for number. It also says what went wrong, and which settings work:
import warnings

from skgauss import GaussianGradientMLE

X = x.reshape(-1, 1)
textbook = GaussianGradientMLE(solver="gradient", learning_rate=0.01)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    textbook.fit(X)
print(caught[0].message)

# %%
# Two numbers decide
# ------------------
#
# *The rate relative to the bound*, which is :math:`\sigma^2` at the maximum. On the left:
# from mean 299.85 and sigma 0.1, close to the maximum. Above the bound sigma never
# settles.
#
# *The way back after the first step*, which is short only if this step is not a leap.
# On the right: at half the bound, from mean 299.8 and sigma 0.03, from mean 299.8 and sigma
# 0.02, and from mean 0 and sigma 1. All three leap; the first two climbs converge when
# predicted.
import matplotlib.pyplot as plt

mle = GaussianGradientMLE().fit(X)
print(f"sigma^2 at the maximum: {mle.covariance_.item():.5f}")


def climb(rate, mu, sigma, max_iter=2000):
    model = GaussianGradientMLE(
        solver="gradient",
        learning_rate=rate,
        mean_init=mu,
        covariance_init=sigma**2,
        max_iter=max_iter,
        record_path=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X)


fig, axes = plt.subplots(3, 2, sharey="col", figsize=(5, 7.6), layout="constrained")
for ax, rate in zip(axes[:, 0], [0.003, 0.006, 0.01], strict=True):
    model = climb(rate, 299.85, 0.1)
    share = rate / model.learning_rate_bound_
    print(f"rate {rate}: {share:.2f} of the bound, {model.stop_reason_}")
    sigmas = np.sqrt(model.covariance_path_.ravel())[:61]
    ax.axhline(mle.scale_[0], color="0.6", lw=1)
    ax.plot(sigmas, ".-", ms=4, lw=0.8, color="C0" if model.converged_ else "C1")
    ax.set(title=f"{share:.2f} of the bound\n", ylabel="sigma", xlim=(-2, 62))

for ax, start in zip(
    axes[:, 1], [(299.8, 0.03), (299.8, 0.02), (0.0, 1.0)], strict=True
):
    model = climb(0.003, *start)
    first = step(*start, 0.003)
    back = steps_back(*first, 0.003)
    print(
        f"mean {start[0]:5}, sigma {start[1]:4}: leaps to {first[1]:.2f}, "
        f"{back:.0f} steps back, {model.stop_reason_} after {model.n_iter_}"
    )
    grey = ax.axhline(mle.scale_[0], color="0.6", lw=1)
    steps = np.arange(model.n_iter_ + 1) + 1
    sigmas = np.sqrt(model.covariance_path_.ravel())
    colour = "C0" if model.converged_ else "C1"
    (path,) = ax.loglog(steps, sigmas, "o-", ms=5, markevery=[0, 1, -1], color=colour)
    if back < model.max_iter:
        predicted = ax.axvline(back, color="k", ls="--", lw=1)
        arrives = path
    far = f"{back:.0f}" if back < 1e6 else f"{back / 1e6:.0f} million"
    ax.set(title=f"leap to {first[1]:.3g}:\n{far} steps back", xlim=(0.8, 4000))
for ax, head in zip(axes[0], ["1. The rate", "2. The first step"], strict=True):
    ax.set_title(head, loc="left", y=1.45, fontweight="bold")
axes[-1, 0].set_xlabel("iteration")
axes[-1, 1].set_xlabel("iteration + 1")
key = {
    "arrives": arrives,
    "does not": path,
    "maximum": grey,
    "predicted end": predicted,
}
fig.legend(key.values(), key, loc="outside lower center", ncols=2)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_0_recursion_panel.png'
plt.show()

# %%
# Sigma is in thousands of km/s.
#
# To avoid a leap, start with a sigma at least as large as the distance from the data. This
# distance should be small: k standard deviations cost about :math:`2k^2` iterations at half
# the bound. The next experiments show what does not help, and :ref:`a later one
# <sphx_glr_auto_examples_blow_up_plot_6_what_works.py>` shows what does.
