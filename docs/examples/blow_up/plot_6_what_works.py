"""
What works, and why
===================

The recursion that blows up, and six cures, on the same data: a
hundred light speeds. Each climb stops when the natural gradient norm is below
1e-6, or after 1000 iterations.
"""

# %%
import warnings

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgauss import GaussianGradientMLE
from skgauss.datasets import load_michelson

X = load_michelson().data
near = {"mean_init": X[0].item(), "covariance_init": 0.1**2}
climbs = {
    "the question: rate 0.01": GaussianGradientMLE(
        solver="gradient", learning_rate=0.01
    ),
    "near start, rate 0.01": GaussianGradientMLE(
        solver="gradient", learning_rate=0.01, **near
    ),
    "near start, rate 0.003": GaussianGradientMLE(
        solver="gradient", learning_rate=0.003, **near
    ),
    "near start, rate 0.01, log scale": GaussianGradientMLE(
        solver="gradient",
        learning_rate=0.01,
        parametrization="log-scale",
        **near,
    ),
    "line search": GaussianGradientMLE(solver="gradient"),
    "standardised, rate 0.5": make_pipeline(
        StandardScaler(),
        GaussianGradientMLE(
            solver="gradient",
            learning_rate=0.5,
            mean_init=3,
            covariance_init=9,
        ),
    ),
    "natural gradient, rate 0.5": GaussianGradientMLE(learning_rate=0.5),
    "natural gradient": GaussianGradientMLE(),
}
models = {}
for name, estimator in climbs.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(X)
    model = estimator[-1] if hasattr(estimator, "steps") else estimator
    models[name] = model
    print(
        f"{name:33s}{model.stop_reason_:10s}{model.n_iter_:4d} iterations, "
        f"bound {model.learning_rate_bound_:.4g}"
    )

# %%
# The pictures group the climbs by their start: far away, at mean 0 and sigma 1, or near. The
# climb on standardised data starts elsewhere, and is left out.
import matplotlib.pyplot as plt

panels = {
    "from far away": {
        "the question: rate 0.01": "C1-",
        "line search": "C2-",
        "natural gradient, rate 0.5": "C5-",
        "natural gradient": "C0-",
    },
    "from a near start": {
        "near start, rate 0.01": "C1.",
        "near start, rate 0.003": "C0-",
        "near start, rate 0.01, log scale": "C2-",
    },
}
maximum = models["natural gradient"].log_likelihood_
fig, axes = plt.subplots(2, 1, figsize=(5, 7), sharex=True, layout="constrained")
for ax, (title, styles) in zip(axes, panels.items(), strict=True):
    for name, style in styles.items():
        togo = np.maximum(maximum - models[name].log_likelihood_path_, 1e-14)
        label = name.removeprefix("near start, ")
        ax.loglog(np.arange(len(togo)) + 1, togo, style, ms=2, lw=2, label=label)
    ax.set(title=title, ylabel="nats still to gain", ylim=(1e-13, None))
    ax.legend(loc="lower left" if ax is axes[1] else "center right")
axes[1].set_xlabel("iteration + 1")
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_6_what_works_panel.png'
plt.show()

# %%
# The two orange climbs fail, each because of one of the two numbers: the first leaps away,
# and needs 45 million steps to return; the second is above the bound, and moves around the
# maximum for ever. The others converge:
#
# A step below the bound, and a start without a leap
#     From a start without a leap, any rate below ``learning_rate_bound_``, here
#     :math:`\sigma^2 = 0.0062`, contracts towards the maximum. A start does not leap if its
#     sigma is at least its distance from the data. This distance should be small.
# The log scale
#     The bound becomes :math:`\min(1, 2\sigma^2)`, here twice as large, and no
#     step can make sigma negative. But steps of the mean still depend on the units of
#     the data. And a leap does not get smaller: from mean 0 and sigma 1 the rate
#     0.01 would multiply sigma by :math:`e^{900}`, which overflows.
# A line search
#     ``learning_rate="auto"`` measures the curvature along the way and shortens
#     any step that does not gain. It needs no good start.
# Standardised data
#     In units of sigma the bound for one column is one, so that the rate 0.5 works.
# The natural gradient
#     The gradient times the inverse Fisher information does not depend on units. The
#     bound is two whatever the data; with rate one, the default, one step is
#     the closed form. With a rate between one and two, a step from a far start can make
#     the covariance indefinite; up to one it cannot.
