"""Where pickles of development versions before 0.1.0 look for a class; nothing else is here."""

from typing import Any


class Frame:
    """What such pickles hold, which this version does not read."""

    def __new__(cls, *_: Any) -> "Frame":
        raise ValueError(
            "This pickle was made by a development version of skgauss before 0.1.0, which this one "
            "does not read. Fit the model again."
        )
