"""How much memory a function takes."""

import tracemalloc


def peak(function):
    """Bytes that Python and NumPy hold at once, at most."""
    tracemalloc.start()
    function()
    largest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return largest
