"""Robust: which rows to fit where outliers are among them.

What belongs here tells how unusual a row is, by what it shows of its values, and chooses the rows
that a fit keeps: a start that outliers do not move, and concentration steps from there. What the
fit makes of them does not.
"""

from .p_values import as_complete, log_p_values
from .start import ROUNDING
from .support import support_of
