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
# The curves hold 39, 86 and 99 percent of each Gaussian: one, two and three
# standard deviations in two dimensions.
