r"""Covariance families: all that depends on `covariance_type` lives in one object.

A family works on *factors*, lower triangular roots L with :math:`\Sigma = L L^T`. For
"full" the factor is a (d, d) matrix, for "diag" the vector of standard deviations, for
"spherical" the one standard deviation, as an array of length one; "diag" and "spherical"
never build a (d, d) array.

Two spaces meet here. *Whitened* quantities are free of units: a deviation z = L^-1 delta,
a symmetric form L^-1 A L^-T. The derivative of a function with respect to Sigma is held
whitened too, as the form U in :math:`\mathrm{d}f = \tfrac12 \langle U, L^{-1}
\mathrm{d}\Sigma\, L^{-T} \rangle`; "spherical" sums it over the features.
"""

from .diagonal import Diagonal, Spherical
from .full import Full

Family = Diagonal | Full


def make_family(covariance_type: str, n_features: int) -> Family:
    """The family of a `covariance_type`; of one feature all are elementwise."""
    if covariance_type == "full" and n_features == 1:
        return Diagonal(1, shape=(1, 1))
    families = {"full": Full, "diag": Diagonal, "spherical": Spherical}
    return families[covariance_type](n_features)
