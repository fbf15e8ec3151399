"""The textbook's EM for missing values, a Python loop over patterns, as a peer of the fits."""

import numpy as np


def sorted_by_pattern(X):
    """Observed and missing features of each pattern, and its observed values."""
    missing = np.isnan(X)
    _, of_row = np.unique(missing, axis=0, return_inverse=True)
    order = np.argsort(of_row.ravel(), kind="stable")
    cuts = np.flatnonzero(np.diff(of_row.ravel()[order])) + 1
    for rows in np.split(order, cuts):
        o, m = np.flatnonzero(~missing[rows[0]]), np.flatnonzero(missing[rows[0]])
        yield o, m, X[np.ix_(rows, o)]


def em_iteration(groups, mean, covariance):
    """The next mean and covariance."""
    d = len(mean)
    first, second, n = np.zeros(d), np.zeros((d, d)), 0
    for o, m, rows in groups:
        completed = np.zeros((len(rows), d))
        completed[:, o] = rows - mean[o]
        regression = np.linalg.solve(covariance[np.ix_(o, o)], covariance[np.ix_(o, m)])
        completed[:, m] = completed[:, o] @ regression
        first += completed.sum(axis=0)
        second += completed.T @ completed
        residual = covariance[np.ix_(m, m)] - covariance[np.ix_(m, o)] @ regression
        second[np.ix_(m, m)] += len(rows) * residual
        n += len(rows)
    step = first / n
    return mean + step, second / n - np.outer(step, step)


def textbook_em(X, tol):
    """Mean and covariance, once no parameter moves by more than `tol` deviations or their products.

    From the moments of each feature. 1e-4 is what programs for multiple imputation ask for.
    """
    groups = list(sorted_by_pattern(X))
    mean, covariance = np.nanmean(X, axis=0), np.diag(np.nanvar(X, axis=0))
    change = np.inf
    while change > tol:
        before, units = (mean, covariance), np.sqrt(covariance.diagonal())
        mean, covariance = em_iteration(groups, mean, covariance)
        moved = np.abs(mean - before[0]) / units
        turned = np.abs(covariance - before[1]) / np.outer(units, units)
        change = max(moved.max(), turned.max())
    return mean, covariance
