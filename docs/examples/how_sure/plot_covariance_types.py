"""
Full, diagonal or spherical
===========================

The three types allow any ellipse, an ellipse along the axes, or a circle.
A full covariance needs the most parameters, and the information criteria say
whether the data support them.
"""

# %%
# Length and width of the petals of one species of iris, in cm.
from sklearn.datasets import load_iris

from skgauss import GaussianGradientMLE

iris = load_iris(as_frame=True)
X = iris.data.loc[iris.target == 1, ["petal length (cm)", "petal width (cm)"]]
models = {}
for covariance_type in ["full", "diag", "spherical"]:
    model = GaussianGradientMLE(covariance_type=covariance_type).fit(X)
    models[covariance_type] = model
    print(
        f"{covariance_type:10s} log-likelihood {model.log_likelihood_:6.3f} nats, "
        f"AIC {model.aic(X):6.1f}, BIC {model.bic(X):6.1f}"
    )

# %%
# Each ellipse lies at two standard deviations, and contains 86 percent of its Gaussian: in
# two dimensions this is less than the 95 percent of one feature.
import matplotlib.pyplot as plt

from skgauss import GaussianEllipseDisplay

fig, ax = plt.subplots(figsize=(5, 4.2), layout="constrained")
ax.plot(*X.to_numpy().T, ".", color="0.5")
styles = {
    "full": ("C0", "-", (5.3, 1.6)),
    "diag": ("C1", "--", (5.3, 1.1)),
    "spherical": ("C2", ":", (4.85, 1.9)),
}
for covariance_type, (colour, line, place) in styles.items():
    model = models[covariance_type]
    style = {"facecolor": "none", "edgecolor": colour, "ls": line, "lw": 2}
    GaussianEllipseDisplay.from_estimator(model, n_std=2, ax=ax, ellipse_kwargs=style)
    ax.text(*place, f"{covariance_type}\nBIC {model.bic(X):.1f}", color=colour)
ax.set_aspect("equal")
ax.set(title="Each ellipse holds 86 % of its Gaussian", ylim=(0.55, 2.25))
ax.set_xlim(2.9, 6.2)
ax.get_legend().remove()
plt.show()

# %%
# Long petals are wide petals. The full covariance describes this. By both criteria, where
# lower is better, this is worth the one parameter more than the diagonal has.
