"""
"It converges if the gradient norm is at most one"
==================================================

The third popular answer is a guarantee: keep the length of the gradient below
one along the path, and gradient ascent must converge. Here is a climb on real
data whose gradient is below 0.001 at every step, and which goes back and forth
between two points for ever.
"""

# %%
# The proline content of 178 wines has a large sigma, and so a small gradient:
# derivatives with respect to sigma are in nats per mg/l. The rate is five
# percent above :math:`\sigma^2`, and the start is next to the maximum.
import warnings

import numpy as np
from sklearn.datasets import load_wine

from skgauss import GaussianGradientMLE

X = load_wine(as_frame=True).data[["proline"]]
mean, variance = X.mean().item(), X.var(ddof=0).item()
model = GaussianGradientMLE(
    solver="gradient",
    learning_rate=1.05 * variance,
    mean_init=mean,
    covariance_init=1.02 * variance,
    max_iter=20_000,
    record_path=True,
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    model.fit(X)
sigma = np.sqrt(model.covariance_path_.ravel())
gradient = variance / sigma**3 - 1 / sigma
print(f"sigma at the maximum   {np.sqrt(variance):.3f}")
print(f"iterations             {model.n_iter_}, {model.stop_reason_}")
print(f"largest gradient norm  {np.abs(gradient).max():.5f}")
assert np.abs(gradient).max() < 0.001
print(f"the last four sigmas   {sigma[-4:]}")

# %%
# The last ten thousand iterates take only two values:
even, odd = sigma[-10_000::2], sigma[-9_999::2]
print(f"spread of the even iterates {np.ptp(even):.1e}, of the odd {np.ptp(odd):.1e}")

# %%
import matplotlib.pyplot as plt

fig, (upper, lower) = plt.subplots(
    2, 1, figsize=(5, 5), sharex=True, layout="constrained"
)
upper.axhline(np.sqrt(variance), color="0.6", lw=1)
upper.plot(sigma[:80], ".-", ms=4, lw=0.5, color="#D55E00")
upper.set(ylabel="sigma (mg/l)", title="sigma ends in a cycle of period two,")

lower.semilogy(np.abs(gradient[:80]), ".", ms=4, color="#D55E00")
lower.axhline(1, color="k", ls="--")
lower.text(79, 0.7, "the guarantee requires: below one", ha="right", va="top")
lower.set(xlabel="iteration", ylabel="gradient norm")
lower.set_title("and the gradient is small all the time")
plt.show()

# %%
# The reason is that the length of the gradient has units, here nats per mg/l, so that a
# change of units can satisfy any bound on it. The rate times the *second* derivative at
# the maximum decides: if it is above two, a step ends farther from the maximum than it
# started. Here sigma and the rate are in units in which sigma is 1 at the maximum:
shares = np.linspace(0.9, 1.5, 500)
s = np.full(shares.shape, 1.1)
for _ in range(2000):
    s = s + shares * (1 / s**3 - 1 / s)
orbit = []
for _ in range(64):
    s = s + shares * (1 / s**3 - 1 / s)
    orbit.append(s.copy())

fig, ax = plt.subplots()
ax.plot(shares, np.array(orbit).T, ".", ms=1.2, mew=0, color="#0072B2")
ax.axvline(1, color="k", ls="--", lw=1, label="bound")
ax.set(xlabel=r"learning rate / $\sigma^2$")
ax.set(ylabel="sigma after 2000 steps and later", ylim=(0.7, 1.8))
ax.legend(loc="upper left")
# sphinx_gallery_thumbnail_number = 2
plt.show()

# %%
# Below the dashed line the climb ends at a point; above it in a cycle of two, then of
# four, then in no pattern at all.
