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
# The ellipses lie at one, two and three standard deviations. In two dimensions
# they hold less than the 68, 95 and 99.7 percent of one feature, see the legend.
import matplotlib.pyplot as plt

from skgauss import GaussianEllipseDisplay

fig, axes = plt.subplots(1, 3, sharex=True, sharey=True, figsize=(10, 3.8))
for ax, (covariance_type, model) in zip(axes, models.items(), strict=True):
    GaussianEllipseDisplay.from_estimator(model, X, ax=ax)
    ax.set_title(f"{covariance_type}, BIC {model.bic(X):.1f}")
    ax.set_aspect("equal")
    ax.label_outer()
    ellipses = ax.get_legend()
    ellipses.remove()
labels = [text.get_text() for text in ellipses.get_texts()]
fig.legend(ellipses.legend_handles, labels, loc="outside lower center", ncols=3)
plt.show()

# %%
# Long petals are wide petals. The full covariance follows that, and both criteria,
# lower being better, find it worth its one parameter more than the diagonal.
