"""Signatures of what hands its parameters on."""

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any


def handing_on_to(parent: Callable[..., None]) -> Callable[[Any], Any]:
    """Decorate an ``__init__`` whose ``**parameters`` go to `parent`: its signature has them all.

    There scikit-learn, and whoever asks for help, reads their names.
    """

    def decorate(init: Any) -> Any:
        named = [p for p in signature(init).parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
        init.__signature__ = Signature([*signature(parent).parameters.values(), *named])
        return init

    return decorate
