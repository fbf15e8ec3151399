"""Gaussians within boxes: the probability of a box, and the moments inside it."""

from .base import BoxMoments

__all__ = ["BoxMoments"]
