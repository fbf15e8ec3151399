"""
Outliers among rows with missing values
=======================================

An anomaly is a row that the Gaussian of the others would hardly ever draw. How rare is
rare enough? ``GaussianOutlierDetector`` draws the line at a p-value, which means the
same for a complete row and for a row with a single observed value.
"""

# %%
# The data are New York's air in the summer of 1973. On 37 of 153 days the ozone was not
# measured. Its logarithm is closer to a normal distribution than the ozone itself.
import numpy as np

from skgauss import GaussianOutlierDetector
from skgauss.datasets import load_airquality

air = load_airquality(as_frame=True).data
days = air[["Temp", "Ozone"]].assign(Ozone=np.log(air["Ozone"]))
measured = days["Ozone"].notna()

detector = GaussianOutlierDetector().fit(days)
outlier = detector.predict(days) == -1
print(f"outliers: {outlier[measured].sum()} of {measured.sum()} days with ozone,")
print(f"{outlier[~measured].sum()} of {(~measured).sum()} days without")

# %%
# The p-value of a day is the probability that a day drawn from the fitted Gaussian lies at
# least as far from the mean, by Mahalanobis distance. The squared distance follows the
# chi-square distribution, with two degrees of freedom if both values were observed, and
# with one if only the temperature was. The threshold is the p-value 0.05: one ordinary day
# in twenty lies beyond it by chance. Here it is as a distance, in standard
# deviations:
from scipy.stats import chi2

threshold = np.exp(detector.offset_)
for n_values in (1, 2):
    distance = np.sqrt(chi2.isf(threshold, n_values))
    print(f"p = {threshold:.2f} with {n_values} shown: {distance:.2f}")
distances = np.sqrt(detector.mahalanobis(days[outlier & ~measured]))
print("outliers without ozone:", *distances.round(2))

# %%
# The outliers without ozone lie between these two thresholds: by the threshold of
# complete days, none of them would be an outlier. scikit-learn's ``EllipticEnvelope``
# cannot judge days with missing values at all:
from sklearn.covariance import EllipticEnvelope

envelope = EllipticEnvelope(contamination=0.05, random_state=0)
try:
    envelope.fit(days)
except ValueError as error:
    print(str(error).splitlines()[0])
envelope.fit(days[measured])

# %%
# Inside the shaded regions a day is ordinary. The region of ``EllipticEnvelope`` comes from
# a robust fit. Its border always leaves one complete day in twenty outside, however
# ordinary these days are.
import matplotlib.pyplot as plt
import pandas as pd

temperature, ozone = np.linspace(48, 116, 200), np.geomspace(0.75, 4000, 200)
MISSING = 0.45  # where days without ozone are drawn


def decisions(model, log_ozone):
    """Positive where a day is ordinary, for every temperature and some logs of ozone."""
    grid = np.meshgrid(temperature, log_ozone)
    rows = pd.DataFrame({"Temp": grid[0].ravel(), "Ozone": grid[1].ravel()})
    return model.decision_function(rows).reshape(grid[0].shape)


def draw(ax, model, shown):
    """Draw the days that are judged, and the region in which days are ordinary."""
    found = model.predict(days[shown]) == -1
    height = np.exp(days["Ozone"]).fillna(MISSING)[shown]
    decision = decisions(model, np.log(ozone))
    ax.contourf(temperature, ozone, decision, [0, np.inf], colors="C0", alpha=0.15)
    ax.contour(temperature, ozone, decision, [0], colors="C0", linewidths=2)
    for which, style in [
        (~found, {"color": "0.35", "marker": "o", "s": 12, "label": "ordinary"}),
        (found, {"color": "C1", "marker": "X", "s": 55, "label": "outlier"}),
    ]:
        ax.scatter(
            days["Temp"][shown][which], height[which], linewidths=0, zorder=3, **style
        )
    ax.axhline(0.7, color="k", lw=0.8)
    ax.set(yscale="log", ylim=(0.3, 4000), ylabel="ozone (ppb)")
    ax.set_yticks([MISSING, 1, 10, 100, 1000], ["missing", "1", "10", "100", "1000"])
    ax.minorticks_off()


fig, axes = plt.subplots(2, sharex=True, figsize=(5, 7.6), layout="constrained")
everything = np.ones(len(days), dtype=bool)
for ax, model, shown in [
    (axes[0], detector, everything),
    (axes[1], envelope, measured),
]:
    draw(ax, model, shown)
    ax.set_title(f"{type(model).__name__}:\n{shown.sum()} of {len(days)} days judged")
inside = decisions(detector, [np.nan])[0] >= 0
axes[0].fill_between(temperature, 0.3, 0.7, inside, color="C0", alpha=0.15, linewidth=0)
for edge in temperature[inside][[0, -1]]:
    axes[0].plot([edge, edge], [0.3, 0.7], color="C0", lw=2)
axes[0].text(88, 1.7, "beyond the line:\np < 0.05", color="C0")
axes[0].legend(loc="upper left", handletextpad=0.1, borderpad=0)
axes[1].text(80, MISSING, "37 days not judged", ha="center", va="center")
axes[1].set(xlabel="temperature (°F)")
# sphinx_gallery_thumbnail_path = 'auto_examples/missing/images/sphx_glr_plot_anomaly_detection_panel.png'
plt.show()

# %%
# In a pipeline
# -------------
# The detector is trained on the cell nuclei of benign breast tumours only, with a tenth of
# the values removed, and then judges other tumours. A power transform brings each
# feature close to a normal distribution. It keeps the gaps.
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X = X.filter(like="mean ")
X = X.mask(np.random.default_rng(0).random(X.shape) < 0.1)
train, unseen = train_test_split(X[y == 1], test_size=0.5, random_state=0)
tumours = {"benign, learned": train, "benign, unseen": unseen, "malignant": X[y == 0]}

for contamination in ("auto", 0.05):
    pipeline = make_pipeline(
        PowerTransformer(), GaussianOutlierDetector(contamination=contamination)
    ).fit(train)
    print(f"contamination={contamination!r}, p = {np.exp(pipeline[-1].offset_):.3f}")
    for name, rows in tumours.items():
        print(f"  {name:15s} outliers: {np.mean(pipeline.predict(rows) == -1):.1%}")

# %%
# With ``"auto"`` more than one benign tumour in twenty is beyond the threshold: tumours
# have heavier tails than a Gaussian, and new tumours differ more than the training rows.
# With a number for ``contamination``, the threshold is the p-value below which this share of
# the training rows lies.
#
# ``score_samples`` is the logarithm of the p-value, however small it is.
log_p = {
    name: pipeline.score_samples(rows) / np.log(10) for name, rows in tumours.items()
}
threshold = pipeline[-1].offset_ / np.log(10)
bins = threshold / 2 * np.arange(14, -1, -1)
fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
shown = [np.maximum(log_p[name], bins[0]) for name in ("benign, unseen", "malignant")]
ax.hist(shown, bins, color=["C0", "C1"], label=["benign, unseen", "malignant"])
ax.axvline(threshold, color="k", ls="--")
ax.text(threshold - 0.2, 80, f"outliers:\np < {10**threshold:.3f}", ha="right")
ax.set(xlabel="p-value", ylabel="tumours")
ax.set_xticks(
    [bins[:2].mean(), -9, -6, -3, 0],
    ["less", "$10^{-9}$", "$10^{-6}$", "$10^{-3}$", "1"],
)
ax.legend(loc="upper left", bbox_to_anchor=(0.08, 1))
plt.show()

# %%
# Outliers in the training data
# -----------------------------
# Three rows in ten come from elsewhere, and a tenth of the values is missing. The
# likelihood of all rows widens the Gaussian until it covers both kinds. With
# ``support_fraction="auto"`` only the rows count that agree with the majority.
rng = np.random.default_rng(0)
rows = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 500)
strange = np.arange(500) < 150
rows[strange] += [4, -3]
rows[rng.random(rows.shape) < 0.1] = np.nan

fig, ax = plt.subplots(figsize=(5, 4.4), layout="constrained")
for color, which in [("0.35", ~strange), ("C1", strange)]:
    ax.scatter(*rows[which].T, s=8, color=color, linewidths=0)
for style, share in [("--", None), ("-", "auto")]:
    robust = GaussianOutlierDetector(support_fraction=share).fit(rows)
    found = robust.predict(rows) == -1
    shares = f"{found[strange].mean():.0%} of the strange, {found[~strange].mean():.0%} of the others"
    print(f"support_fraction={share!r}: outliers are {shares}")
    x, y = np.meshgrid(np.linspace(-4, 7, 200), np.linspace(-7, 4, 200))
    decision = robust.decision_function(np.column_stack((x.ravel(), y.ravel())))
    ax.contour(
        x,
        y,
        decision.reshape(x.shape),
        [0],
        colors="C0",
        linestyles=style,
        linewidths=2,
    )
ax.text(-3.6, -6.7, "solid: support_fraction='auto'\ndashed: None", color="C0")
plt.show()
