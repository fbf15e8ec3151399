"""A regression, as the law of the last features of a Gaussian given the others.

What belongs here serves `GaussianRegressor`: the table of features and targets, the law of the
targets, how sure it is. What a joint Gaussian can be asked by itself does not.
"""

from .joint_table import (
    Table,
    check_columns,
    check_exact,
    check_finite,
    columns_of_targets,
    table_of,
    warn_of_limits,
)
from .law import ConditionalLaw, Estimates, errors_of, intervals_of
