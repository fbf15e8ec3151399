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
"""

# %%
# The innocent rate 0.01, from the innocent start :math:`\mu = 0`,
# :math:`\sigma = 1`:
import numpy as np

x = np.loadtxt("../michelson1879.csv", skiprows=1)
rate, mu, sigma = 0.01, 0.0, 1.0
for step in range(4):
    print(f"{step}: mu = {mu:8.4f}  sigma = {sigma:8.4f}")
    a = np.mean((x - mu) ** 2)
    g_mu = (x.mean() - mu) / sigma**2
    g_sigma = a / sigma**3 - 1 / sigma
    mu, sigma = mu + rate * g_mu, sigma + rate * g_sigma

# %%
# One step, and sigma is 900. Each later step takes off about
# :math:`\gamma / \sigma`, so the way back takes some
# :math:`\sigma^2 / 2\gamma` steps:
print(f"{sigma**2 / (2 * rate):.1e} iterations to come back")

# %%
# The estimator runs the same recursion, number for number. It also says what
# went wrong:
import warnings

from skgauss import GaussianGradientMLE

X = x.reshape(-1, 1)
textbook = GaussianGradientMLE(
    solver="gradient", learning_rate=0.01, max_iter=4, record_path=True
)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    textbook.fit(X)
print("sigma:", np.sqrt(textbook.covariance_path_.ravel()))
print(caught[0].message)

# %%
# A better start is not enough
# ----------------------------
#
# Start at the first observation and sigma = 0.1, close to the answer. The mean
# is found at once. But above the bound, which is :math:`\sigma^2` at the
# maximum, sigma never comes to rest.
import matplotlib.pyplot as plt

mle = GaussianGradientMLE().fit(X)
print(f"sigma^2 at the maximum: {mle.covariance_.item():.5f}")

fig, axes = plt.subplots(1, 3, sharey=True, figsize=(9, 3.6))
for ax, rate in zip(axes, [0.003, 0.006, 0.01], strict=True):
    model = GaussianGradientMLE(
        solver="gradient",
        learning_rate=rate,
        mean_init=float(x[0]),
        covariance_init=0.1**2,
        max_iter=200,
        record_path=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    path = np.sqrt(model.covariance_path_.ravel())[:61]
    share = rate / model.learning_rate_bound_
    print(f"rate {rate}: {share:.2f} of the bound, {model.stop_reason_}")
    ax.axhline(mle.scale_[0], color="0.6", lw=1)
    ax.plot(path, ".-", ms=4, lw=0.8)
    ax.set(xlabel="iteration")
    ax.set_title(f"rate {rate} = {share:.2f} of the bound", fontsize=11)
axes[0].set_ylabel("sigma (thousand km/s)")
plt.show()

# %%
# What to do about it is :ref:`the last experiment
# <sphx_glr_auto_examples_blow_up_plot_6_what_works.py>`; first, what does not
# help.
