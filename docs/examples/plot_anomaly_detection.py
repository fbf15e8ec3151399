"""
Anomaly detection in a pipeline
===============================

A Gaussian of what is normal tells how unusual something else is. Here it learns
the cell nuclei of benign breast tumours only, and is then shown both kinds.
"""

# %%
# Thirty features, most of them skewed: a power transform brings each near to a
# normal distribution, and the Gaussian learns their correlations. Half of the
# benign rows are kept for the test.
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer

from skgauss import GaussianGradientMLE

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
benign, malignant = X[y == 1], X[y == 0]
train, unseen = train_test_split(benign, test_size=0.5, random_state=0)

detector = make_pipeline(PowerTransformer(), GaussianGradientMLE()).fit(train)
scores = {
    "benign, unseen": detector.score_samples(unseen),
    "malignant": detector.score_samples(malignant),
}
truth = np.repeat([0, 1], [len(unseen), len(malignant)])
unusual = -np.concatenate(list(scores.values()))
print(f"area under the ROC curve: {roc_auc_score(truth, unusual):.3f}")

# %%
# A threshold that raises an alarm for one benign row in twenty of the training half:
threshold = np.quantile(detector.score_samples(train), 0.05)
for name, log_density in scores.items():
    print(f"{name:15s} flagged: {np.mean(log_density < threshold):.0%}")

# %%
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
bins = np.linspace(-250, 20, 55)
for (name, log_density), hatch in zip(scores.items(), ["", "///"], strict=True):
    shown = np.clip(log_density, bins[0], bins[-1])
    ax.hist(shown, bins, alpha=0.65, label=name, hatch=hatch, edgecolor="w")
ax.axvline(threshold, color="k", ls="--", lw=1.2)
ax.annotate(
    "threshold",
    (threshold, 0.95),
    (-6, 0),
    xycoords=("data", "axes fraction"),
    textcoords="offset points",
    ha="right",
)
ax.set(xlabel="log-density (nats); the first bar holds all below", ylabel="rows")
ax.legend(loc="upper left", bbox_to_anchor=(0.02, 0.85))
plt.show()

# %%
# The share of *unseen* benign rows that raise an alarm is above one in twenty: the
# Gaussian learned 495 parameters from 178 rows, and fits those better than new
# ones. A diagonal covariance has 60 parameters. It keeps its promise on new rows,
# and finds fewer of the malignant ones, because it knows of no correlations:
simple = make_pipeline(PowerTransformer(), GaussianGradientMLE(covariance_type="diag"))
simple.fit(train)
threshold = np.quantile(simple.score_samples(train), 0.05)
for name, rows in {"benign, unseen": unseen, "malignant": malignant}.items():
    print(f"{name:15s} flagged: {np.mean(simple.score_samples(rows) < threshold):.0%}")
