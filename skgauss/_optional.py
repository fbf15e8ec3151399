"""Libraries that only some methods need."""

from importlib import import_module
from typing import Any


def imported(module: str, caller: str, extra: str) -> Any:
    """The module of a library that `caller` needs, and that `extra` of the package brings.

    Raises
    ------
    ImportError
        If it is missing. The message names all three.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise ImportError(
            f'{caller} requires {library}. Install it with: pip install "skgauss[{extra}]"'
        ) from error
