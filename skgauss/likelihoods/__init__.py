"""Likelihoods, one per file, their interface, whether a maximum exists, and the curvature there.

A likelihood is a function of mean and factor, computed from statistics: its value, its whitened
gradient and its information. How a solver climbs it, and in which coordinates, belongs elsewhere.
"""

from .base import INVOLVED_SHARE, Evaluation, Likelihood, NoMaximumError, step_to
from .complete import Evaluations, GaussianLikelihood
from .curvature import CLEAR_EIGENVALUE, CriticalPoint, critical_point
from .escape import leave
from .fixed import Fixed
from .hessian import information_matrix, product_with_minus_hessian
from .information import MAX_PARAMETERS, Information
from .lanczos import Lanczos, Subspace
from .model import Model
from .regularized import RELATIVE_RIDGE, likelihood_with_ridge, regularized_likelihood
