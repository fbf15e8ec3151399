"""What tests are run for, and which of many combinations only when asked for."""

from functools import partial
from itertools import combinations, product

import pytest

exhaustive = pytest.mark.exhaustive
simulation = pytest.mark.simulation
FAMILIES = ["full", "diag", "spherical"]
each_family = pytest.mark.parametrize("covariance_type", FAMILIES)


def covering(strength, *factors):
    """Few of all combinations, in which any `strength` factors take all their values together.

    The next one is always the first of those that show most of what was not seen yet.

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
    """Parametrize by the product of the factors; what need not run to cover it is `exhaustive`.

    Of a large product only as much as shows any `up_to` values together, if that is given.
    """
    always = covering(strength, *factors.values())
    asked = product(*factors.values()) if up_to is None else covering(up_to, *factors.values())
    cases = [
        pytest.param(*row, marks=() if row in always else exhaustive, id="-".join(map(str, row)))
        for row in dict.fromkeys([*always, *asked])
    ]
    return pytest.mark.parametrize(tuple(factors), cases, indirect=indirect)


# A fault that needs two values to meet shows in the cases that always run.
pairwise = partial(covered, 2)
# For values that cannot meet: each is seen.
each_value = partial(covered, 1)
