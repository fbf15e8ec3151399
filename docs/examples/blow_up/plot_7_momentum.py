"""
Momentum, Adam, minibatches, clipping
=====================================

These are what people try next. The same two numbers govern all four: the largest step that
is stable at the maximum, and the leap at the start. Each remedy improves at most one of
them, and leaves the other unchanged or makes it worse.
"""

# %%
# The gradient is that of the *average* log-likelihood. Each rule is a function that
# returns the step, and keeps its memory in a dictionary.
import numpy as np

from skgauss.datasets import load_michelson

x = load_michelson().data.ravel()
maximum = np.array([x.mean(), x.std()])
bound = x.var()


def gradient(theta, rows=x):
    mu, sigma = theta
    a = np.mean((rows - mu) ** 2)
    return np.array([(rows.mean() - mu) / sigma**2, a / sigma**3 - 1 / sigma])


def plain(g, rate, memory):
    return rate * g


def momentum(g, rate, memory, beta=0.9):
    memory["v"] = beta * memory.get("v", 0) + g
    return rate * memory["v"]


def clipped(g, rate, memory, longest=1):
    return rate * g * min(1, longest / np.linalg.norm(g))


def adam(g, rate, memory, beta1=0.9, beta2=0.999, eps=1e-8):
    k = memory["k"] = memory.get("k", 0) + 1
    memory["m"] = beta1 * memory.get("m", 0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0) + (1 - beta2) * g**2
    m, v = memory["m"] / (1 - beta1**k), memory["v"] / (1 - beta2**k)
    return rate * m / (np.sqrt(v) + eps)


def climb(rule, rate, start, n_steps, batches=None):
    """All iterates, up to the first that leaves the domain."""
    path, memory = [np.array(start, dtype=float)], {}
    for _ in range(n_steps):
        rows = x if batches is None else next(batches)
        path.append(path[-1] + rule(gradient(path[-1], rows), rate, memory))
        if path[-1][1] <= 0:
            break
    return np.array(path)


# %%
# The bound
# ---------
# We start next to the maximum, where no step is a leap, with rates below and above
# :math:`\sigma^2`. Momentum multiplies the bound by :math:`1 + \beta`, here by 1.9
# (Polyak 1964). Clipping never affects a short step, so that the bound does not change.
beside = maximum * [1, 1.02]
for share in (0.95, 1.05, 1.85, 1.95):
    print(f"rate {share} of sigma^2:", end="")
    for rule in (plain, momentum, clipped):
        path = climb(rule, share * bound, beside, 3000)
        arrives = np.abs(path[-1] - maximum).max() < 1e-6
        print(f"  {rule.__name__} {'arrives' if arrives else 'bounces'}", end="")
    print()

# %%
# The leap
# --------
# We start from mean 0 and sigma 1, at half the bound. The plain step throws sigma to 271.
# Momentum continues in this direction, ten times as far. A clipped step, or one of Adam's,
# is about as long as the rate, however steep the slope. So there is no leap, and the
# distance of 300 takes at least 300 / rate steps, that is a hundred thousand.
far = {
    rule: climb(rule, 0.003, (0, 1), 500) for rule in (plain, momentum, clipped, adam)
}
for rule, path in far.items():
    print(
        f"{rule.__name__:9s} first sigma {path[1, 1]:7.3f}, after 500 {path[-1, 1]:8.3f}"
    )

# %%
# Momentum can leap even if the plain step does not: from sigma 0.1 and mean 299.85 the rate 0.006
# is below both bounds. But the velocity is a sum of ten gradients, and soon sigma is negative.
for rule in (plain, momentum):
    path = climb(rule, 0.006, (299.85, 0.1), 3000)
    print(f"{rule.__name__:9s} {len(path) - 1} steps, last sigma {path[-1, 1]:.4f}")

# %%
# Adam's rate has the unit of the data, and not that of their square. It must be small relative to
# sigma. With a rate of 0.1, which is more than sigma itself, 3000 steps do not converge:
for rate in (0.003, 0.1):
    late = climb(adam, rate, (299.85, 0.1), 3000)[-500:, 1]
    print(f"Adam, rate {rate}: sigma from {late.min():.4f} to {late.max():.4f}")

# %%
# Minibatches
# -----------
# Each step uses the gradient of a few rows, drawn anew. Let the rate be :math:`c\,\sigma^2`,
# with m of n rows in a batch. The mean then moves around the maximum for ever, with a
# standard deviation of :math:`\sigma \sqrt{c / (2 - c)} \sqrt{(1/m)(n - m)/(n - 1)}`.
# Only a smaller rate makes this cloud smaller. For ten rows, here it is in units of sigma:
n, m = len(x), 10
for share in (0.2, 0.05):
    rng = np.random.default_rng(0)
    batches = (rng.choice(x, m, replace=False) for _ in range(20_000))
    path = climb(plain, share * bound, beside, 20_000, batches)[2000:]
    predicted = np.sqrt(share / (2 - share) * (n - m) / (n - 1) / m)
    print(f"c = {share}: {path[:, 0].std() / x.std():.3f}, predicted {predicted:.3f}")

# %%
# Above: 1.3 times the bound, from a start next to the maximum. Below: the leap.
import matplotlib.pyplot as plt

styles = {"plain": "C1-", "momentum": "C0-", "clipped": "C3--", "adam": "C2-"}
fig, axes = plt.subplots(2, 1, figsize=(5, 7), layout="constrained")
for rule in (plain, clipped, momentum):
    path = climb(rule, 1.3 * bound, beside, 60)
    axes[0].plot(path[:, 1], styles[rule.__name__], label=rule.__name__)
axes[0].set_title("1.3 of the bound: momentum raises it,\nclipping does not")
axes[0].set_ylabel("sigma (1000 km/s)")
for rule, path in far.items():
    label = {"adam": "Adam"}.get(rule.__name__, rule.__name__)
    axes[1].loglog(
        np.arange(1, 502), path[:, 1], styles[rule.__name__], lw=2, label=label
    )
axes[1].axhline(maximum[1], color="0.6", lw=1)
axes[1].set_title("from far away: clipping and Adam\ndo not leap, and hardly move")
axes[1].set(xlabel="iteration + 1", ylabel="sigma (1000 km/s)")
axes[0].set_ylim(0.065, 0.118)
for ax in axes:
    ax.legend(ncols=2)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_7_momentum_panel.png'
plt.show()

# %%
# If PyTorch is installed, its optimizers take the same paths:
try:
    import torch
except ImportError:
    print("PyTorch is not installed here")
else:
    optimizers = {
        momentum: lambda theta: torch.optim.SGD([theta], lr=0.003, momentum=0.9),
        adam: lambda theta: torch.optim.Adam([theta], lr=0.003),
    }
    for rule, make in optimizers.items():
        theta = torch.tensor([299.85, 0.1], dtype=torch.float64, requires_grad=True)
        optimizer = make(theta)
        for _ in range(100):
            optimizer.zero_grad()
            normal = torch.distributions.Normal(theta[0], theta[1])
            (-normal.log_prob(torch.from_numpy(x)).mean()).backward()
            optimizer.step()
        ours = climb(rule, 0.003, (299.85, 0.1), 100)[-1]
        difference = np.abs(theta.detach().numpy() - ours).max()
        print(f"{rule.__name__:9s} differs by {difference:.0e} from PyTorch's")
        assert difference < 1e-9

# %%
# So a better rule does not avoid the two numbers. The natural gradient does, because it
# uses the curvature: :ref:`sphx_glr_auto_examples_blow_up_plot_6_what_works.py`.
