"""Functions of the package, and files, that one default fit enters: ``python entered.py``."""

import sys
from pathlib import Path

import numpy as np

import skgauss
from skgauss import GaussianGradientMLE

PACKAGE = str(Path(skgauss.__file__).parent)


def entered(function):
    """Pairs of file and function."""
    found = set()

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            found.add((code.co_filename, code.co_qualname))

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return found


def main():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 3))
    fits = {
        "complete": ({}, X),
        "gaps": ({}, np.where(rng.random(X.shape) < 0.2, np.nan, X)),
        "intervals": ({"censoring_limits": (-1, None)}, X),
        "window": ({"truncation_limits": (-1, None)}, X[(X > -1).all(axis=1)]),
    }
    for name, (parameters, rows) in fits.items():
        model = GaussianGradientMLE(**parameters)
        model.fit(rows)  # for the first time: what is made once does not count
        found = entered(lambda model=model, rows=rows: model.fit(rows))
        print(f"{name:12}{len(found):5} functions{len({file for file, _ in found}):5} files")


if __name__ == "__main__":
    main()
