"""A regression, as the conditional distribution of the last features of a Gaussian.

This room serves `GaussianRegressor`: it has the table of features and targets, the distribution of
the targets given the features, and its standard errors, but no methods of the joint Gaussian.
"""

from .conditional import ConditionalDistribution, Estimates, errors_of, intervals_of
from .joint_table import (
    Table,
    check_columns,
    check_finite,
    columns_of_targets,
    limits_of_columns,
    table_of,
)
from .r_squared import check_exact, warn_of_limits
