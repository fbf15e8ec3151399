"""Signatures of what hands its parameters on."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any


def handing_on_to(parent: Callable[..., None]) -> Callable[[Any], Any]:
    """Decorate an ``__init__`` whose ``**parameters`` go to `parent`: its signature has them all.

    There scikit-learn, and whoever asks for help, reads their names.
    """

    def decorate(init: Any) -> Any:
        named = [p for p in signature(init).parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
        names = {*signature(parent).parameters, *(each.name for each in named)}

        @wraps(init)
        def checked(self: Any, **parameters: Any) -> None:
            for name in parameters.keys() - names:  # which the parent would take for its own
                owner = type(self).__name__
                raise TypeError(f"{owner}.__init__() got an unexpected keyword argument {name!r}")
            init(self, **parameters)

        checked.__signature__ = Signature(  # type: ignore[attr-defined]
            [*signature(parent).parameters.values(), *named]
        )
        return checked

    return decorate
