"""A class that pickles of development versions before 0.1.0 name, and nothing else."""

from typing import Any


class Frame:
    """Refuses to be loaded from a pickle of a development version."""

    def __new__(cls, *_: Any) -> "Frame":
        raise ValueError(
            "This pickle was made by a development version of skgauss before 0.1.0, which this one "
            "does not read. Fit the model again."
        )
