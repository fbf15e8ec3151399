"""Marks and parametrizations: which of many combinations always run, and which only on request."""

from functools import partial
from itertools import combinations, product

import pytest

exhaustive = pytest.mark.exhaustive
simulation = pytest.mark.simulation
FAMILIES = ["full", "diag", "spherical"]
each_family = pytest.mark.parametrize("covariance_type", FAMILIES)


def covering(strength, *factors):
    """A few combinations, which contain every choice of values of any `strength` factors.

    Each combination adds the largest number of choices that those before it do not contain.

    >>> covering(2, "ab", "xy", "01")
    [('a', 'x', '0'), ('a', 'y', '1'), ('b', 'x', '1'), ('b', 'y', '0')]
    """

    shown = {row: set(combinations(enumerate(row), strength)) for row in product(*factors)}
    unseen = set().union(*shown.values())
    chosen = []
    while unseen:
        chosen.append(max(shown, key=lambda row: len(unseen & shown[row])))
        unseen -= shown[chosen[-1]]
    return chosen


def covered(strength, indirect=(), up_to=None, **factors):
    """Parametrize by the product of the factors; cases not needed to cover it are `exhaustive`.

    With `up_to` a large product is cut to cases with every choice of any `up_to` factors.
    """
    always = covering(strength, *factors.values())
    asked = product(*factors.values()) if up_to is None else covering(up_to, *factors.values())
    cases = [
        pytest.param(*row, marks=() if row in always else exhaustive, id="-".join(map(str, row)))
        for row in dict.fromkeys([*always, *asked])
    ]
    return pytest.mark.parametrize(tuple(factors), cases, indirect=indirect)


# For faults that need two values together: each pair of values is in a case that always runs.
pairwise = partial(covered, 2)
# For values that do not interact: each value is in a case that always runs.
each_value = partial(covered, 1)
