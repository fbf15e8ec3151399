"""Gaussians within boxes: the probability of a box, and the moments inside it.

What belongs here knows a Gaussian and intervals for some of its features, many rows at a time.
Which data have intervals, what is known beside them, and what likelihood wants the moments
does not.
"""

from .base import BoxMoments
from .moments import box_moments

__all__ = ["BoxMoments", "box_moments"]
