"""
"Use automatic differentiation"
===============================

The fifth popular answer suspects the formulas. So let a machine compute the
derivatives: PyTorch if it is installed, otherwise central finite differences of
the log-likelihood.
"""

# %%
import numpy as np

from skgauss.datasets import load_michelson

x = load_michelson().data.ravel()

try:
    import torch
except ImportError:
    torch = None


def by_formula(mu, sigma):
    a = np.mean((x - mu) ** 2)
    return (x.mean() - mu) / sigma**2, a / sigma**3 - 1 / sigma


def by_torch(mu, sigma):
    theta = torch.tensor([mu, sigma], dtype=torch.float64, requires_grad=True)
    density = torch.distributions.Normal(theta[0], theta[1])
    density.log_prob(torch.from_numpy(x)).mean().backward()
    return tuple(theta.grad.tolist())


def log_likelihood(mu, sigma):
    z = (x - mu) / sigma
    return -np.mean(z**2) / 2 - np.log(sigma) - np.log(2 * np.pi) / 2


def by_differences(mu, sigma, h=1e-6):
    along_mu = log_likelihood(mu + h, sigma) - log_likelihood(mu - h, sigma)
    along_sigma = log_likelihood(mu, sigma + h) - log_likelihood(mu, sigma - h)
    return along_mu / (2 * h), along_sigma / (2 * h)


name, by_machine = (
    ("finite differences", by_differences)
    if torch is None
    else (f"PyTorch {torch.__version__}", by_torch)
)
within = "rounding" if torch else "the error of the differences"
print(name)
for point in [(299.85, 0.1), (299.8, 0.05), (299.9, 1.0)]:
    formula, machine = (
        np.array(by_formula(*point)),
        np.array(by_machine(*point)),
    )
    error = np.linalg.norm(formula - machine) / np.linalg.norm(formula)
    print(f"at {point}: {machine}, relative difference {error:.1e}")
    assert error < (1e-11 if torch else 1e-7)

print("the same gradient, to", within)

# %%
# So the blow-up is the same, too:


def climb(gradient, rate, mu=299.85, sigma=0.1, steps=40):
    path = [sigma]
    for _ in range(steps):
        g_mu, g_sigma = gradient(mu, sigma)
        mu, sigma = mu + rate * g_mu, sigma + rate * g_sigma
        path.append(sigma)
    return np.array(path)


import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 2, figsize=(5, 4.2), sharey=True, layout="constrained")
fig.suptitle("The same path by either gradient", fontsize="medium", weight="bold")
sides = {0.003: "below the bound", 0.007: "above the bound"}
for ax, (rate, side) in zip(axes, sides.items(), strict=True):
    ax.plot(climb(by_formula, rate), "-", lw=1, color="0.4", label="the formulas")
    ax.plot(climb(by_machine, rate), "C1o", ms=5, mfc="none", label=name)
    ax.axhline(x.std(), color="0.6", lw=1, zorder=0)
    ax.set(title=f"rate {rate},\n{side}", xlabel="iteration")
    difference = np.abs(climb(by_formula, rate) - climb(by_machine, rate)).max()
    print(f"rate {rate}: the paths differ by {difference:.1e} at most")
    assert difference < (1e-12 if torch else 1e-6)
axes[0].set_ylabel("sigma (thousand km/s)")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
# sphinx_gallery_thumbnail_path = 'auto_examples/blow_up/images/sphx_glr_plot_5_autodiff_panel.png'
plt.show()

# %%
# The bound is :math:`\sigma^2` = 0.0062, however the derivative is computed. Automatic
# differentiation saves work if formulas are long, but it does not choose a step length.
