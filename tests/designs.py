"""Designs with missing values in which features depend on each other linearly."""

import numpy as np


def one_hot(rng, n, levels):
    """One-hot columns, and the level of each row; each level occurs once in the first rows."""
    level = np.concatenate((np.arange(levels), rng.integers(0, levels, n - levels)))
    return np.eye(levels)[level], level


def total(rng, n, parts):
    """Positive parts, and their sum."""
    values = rng.gamma(2.0, size=(n, parts)) * 10.0 ** rng.uniform(-1, 1)
    return np.column_stack((values, values.sum(axis=1)))


def flag(rng, n):
    """A flag and its complement."""
    flags = (rng.random(n) < rng.uniform(0.1, 0.9)).astype(float)
    return np.column_stack((flags, 1 - flags))


def with_gaps(rng, X, where):
    """X with whole "rows" missing, with single "values" missing, or unchanged."""
    missing = np.zeros(X.shape, dtype=bool)
    if where == "rows":
        missing[rng.random(len(X)) < 0.2] = True
    elif where == "values":
        missing = rng.random(X.shape) < 0.15
    return np.where(missing, np.nan, X)


def together(rng, *groups):
    """The groups side by side with columns in random order, and the columns of each group."""
    X = np.column_stack(groups)
    order = rng.permutation(X.shape[1])
    place = np.argsort(order)
    ends = np.cumsum([group.shape[1] for group in groups])
    return X[:, order], [sorted(each.tolist()) for each in np.split(place, ends[:-1])]
