"""
New digits from a Gaussian
==========================

A Gaussian over all pixels of an image describes which pixels darken together. Draws
from it are new images. The covariance type decides how much it can describe.
"""

# %%
# The images have 8 by 8 pixels, some of which are white in every image. With a constant
# pixel the likelihood has no maximum, and the estimator says so:
import numpy as np
from sklearn.datasets import load_digits

from skgauss import GaussianGradientMLE

images, digit = load_digits(return_X_y=True)
try:
    GaussianGradientMLE().fit(images[digit == 3])
except ValueError as error:
    print(error)

# %%
# A ridge of 0.25, half a grey level squared, makes the problem well posed. We fit one
# Gaussian for each digit, and draw three images from each:
fits = {
    kind: [
        GaussianGradientMLE(covariance_type=kind, reg_covar=0.25).fit(
            images[digit == k]
        )
        for k in range(10)
    ]
    for kind in ["full", "diag"]
}

# %%
import matplotlib.pyplot as plt

panels = {
    "three images of each digit": [images[digit == k][:3] for k in range(10)],
    'draws, covariance_type="full"': [
        fit.sample(3, random_state=k) for k, fit in enumerate(fits["full"])
    ],
    'draws, covariance_type="diag"': [
        fit.sample(3, random_state=k) for k, fit in enumerate(fits["diag"])
    ],
}
fig, axes = plt.subplots(3, 1, figsize=(5, 5.4), layout="constrained")
for ax, (title, draws) in zip(axes, panels.items(), strict=True):
    tiles = np.pad(np.reshape(draws, (10, 3, 8, 8)), ((0, 0), (0, 0), (1, 1), (1, 1)))
    ax.imshow(tiles.transpose(1, 2, 0, 3).reshape(30, 100), "Greys", vmin=0, vmax=16)
    ax.set_title(title)
    ax.axis("off")
# sphinx_gallery_thumbnail_path = 'auto_examples/how_sure/images/sphx_glr_plot_digits_panel.png'
plt.show()

# %%
# The diagonal Gaussian has the right mean and the right spread of every pixel, but its
# draws are noise, because strokes are correlations. The same densities also classify an
# image, by the highest of the ten. Half of the images are for training, half for testing:
learn = np.arange(len(images)) % 2 == 0
for kind in ["full", "diag"]:
    log_density = []
    for k in range(10):
        model = GaussianGradientMLE(covariance_type=kind, reg_covar=0.25)
        model.fit(images[learn & (digit == k)])
        log_density.append(model.score_samples(images[~learn]))
    read = np.argmax(log_density, axis=0)
    print(f"{kind}: {np.mean(read == digit[~learn]):.1%} read correctly")
