"""Import of libraries that only some methods need."""

from importlib import import_module
from typing import Any


def imported(module: str, caller: str, extra: str) -> Any:
    """The imported `module`, which `caller` needs and the package's `extra` installs."""
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise ImportError(
            f'{caller} requires {library}. Install it with: pip install "skgauss[{extra}]"'
        ) from error
