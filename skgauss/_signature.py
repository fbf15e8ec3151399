"""The signature of a constructor that passes parameters on to another one."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, Literal, TypedDict, TypeVar

from numpy.typing import ArrayLike

from ._typing import Limit

Init = TypeVar("Init", bound=Callable[..., None])


class EstimatorParameters(TypedDict, total=False):
    """The parameters of a `GaussianGradientMLE`, for the type checker of those who pass them on."""

    covariance_type: Literal["full", "diag", "spherical"]
    solver: Literal["natural", "newton", "gradient", "coordinate", "lbfgs", "closed-form"]
    parametrization: Literal["scale", "log-scale", "covariance", "precision"]
    learning_rate: float | Literal["auto"]
    n_inner_iter: int
    max_iter: int
    tol: float
    mean_init: float | ArrayLike | None
    covariance_init: float | ArrayLike | None
    reg_covar: float | ArrayLike | Literal["auto"]
    censoring_limits: tuple[Limit, Limit] | None
    truncation_limits: tuple[Limit, Limit] | None
    fixed_mean: float | ArrayLike | None
    fixed_covariance: float | ArrayLike | None
    warm_start: bool
    record_path: bool


def passes_parameters_to(parent: Callable[..., None]) -> Callable[[Init], Init]:
    """Decorate an ``__init__`` that passes ``**parameters`` to `parent`: its signature lists all.

    scikit-learn and ``help`` read the names of the parameters from the signature.
    """

    def decorate(init: Any) -> Any:
        named = [p for p in signature(init).parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
        names = {*signature(parent).parameters, *(each.name for each in named)}

        @wraps(init)
        def checked(self: Any, **parameters: Any) -> None:
            for name in parameters.keys() - names:  # else the error would name the parent
                owner = type(self).__name__
                raise TypeError(f"{owner}.__init__() got an unexpected keyword argument {name!r}")
            init(self, **parameters)

        checked.__signature__ = Signature(  # type: ignore[attr-defined]
            [*signature(parent).parameters.values(), *named]
        )
        return checked

    return decorate
