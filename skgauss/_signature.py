"""The signature of a constructor that passes parameters on to another one."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

Init = TypeVar("Init", bound=Callable[..., None])


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
