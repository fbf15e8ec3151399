"""Robust: which rows to fit if some of them are outliers.

This room computes how unusual a row is, from its observed values, and chooses the rows that a fit
keeps: it finds a start that outliers do not move, and takes concentration steps from there. The
fit to the rows that are kept is elsewhere.
"""

from .p_values import as_complete, log_p_values
from .start import ROUNDING
from .support import support_of
