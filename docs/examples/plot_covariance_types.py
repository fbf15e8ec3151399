"""
Full, diagonal or spherical
===========================

Three shapes of the same density: any ellipse, an ellipse along the axes, a circle.
A full covariance needs the most parameters, and the information criteria tell
whether the data pay for them.
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
# Each ellipse lies at two standard deviations, and holds 86 percent of its Gaussian: in two
# dimensions that is less than the 95 percent of one feature.
import matplotlib.pyplot as plt

from skgauss import GaussianEllipseDisplay

fig, ax = plt.subplots(figsize=(5, 4.2), layout="constrained")
ax.plot(*X.to_numpy().T, ".", color="0.5", label="petals")
styles = [("C0", "-"), ("C1", "--"), ("C2", ":")]
for (colour, line), (covariance_type, model) in zip(
    styles, models.items(), strict=True
):
    label = f"{covariance_type}, BIC {model.bic(X):.1f}"
    style = {
        "facecolor": "none",
        "edgecolor": colour,
        "ls": line,
        "lw": 2,
        "label": label,
    }
    GaussianEllipseDisplay.from_estimator(model, n_std=2, ax=ax, ellipse_kwargs=style)
ax.set_aspect("equal")
ax.get_legend().remove()
fig.legend(loc="outside lower center", ncols=2)
plt.show()

# %%
# Long petals are wide petals. The full covariance follows that, and both criteria,
# lower being better, find it worth its one parameter more than the diagonal.
