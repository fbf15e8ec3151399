"""Real data for examples and tests, by scikit-learn's conventions.

A data set is a file ``.csv``, a description ``.rst`` that names source and licence, and a loader
of one line. Nothing here depends on the rest of the package.
"""

from .loaders import load_airquality, load_galton, load_michelson, load_pfas

__all__ = ["load_airquality", "load_galton", "load_michelson", "load_pfas"]
