"""Likelihoods: one a file, their interface, whether there is a maximum, and the curvature there.

What belongs here is a function of mean and factor, made of statistics: its value, its
whitened gradient, its information. How it is climbed, and in which coordinates, does not.
"""

from .base import INVOLVED, Evaluation, Likelihood, NoMaximumError, step_to
from .complete import Evaluations, GaussianLikelihood
from .constant_features import ConstantFeatures
from .curvature import CLEAR, CriticalPoint, critical_point
from .escape import leave
from .fixed import Fixed
from .hessian import information_matrix, product_with_minus_hessian
from .information import Information
from .lanczos import Lanczos, Subspace
from .missing import MOST_PARAMETERS
from .regularized import RELATIVE_RIDGE, likelihood_with_ridge, regularized_likelihood
