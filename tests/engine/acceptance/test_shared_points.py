"""Points of a walk test by storey: in proportion to the cells, none left out, and all of them used."""

from __future__ import annotations

import pytest

from quietwing.coverage.acceptance.walk_plan import _shares


@pytest.mark.parametrize(
    ("cells", "count", "shares"),
    [
        ((10, 10, 10), 59, (20, 20, 19)),  # 19.67 each: two of three are rounded up
        ((30, 10), 59, (44, 15)),  # 44.25 and 14.75: the larger remainder has the point
        ((1, 2, 3), 6, (1, 2, 3)),
        ((500, 1), 59, (59, 1)),  # 0.12 of a point: one all the same, beyond the 59
        ((7,), 59, (59,)),
    ],
)
def test_the_largest_remainders_are_rounded_up(cells, count, shares):
    of_storey = {("A", storey): list(range(many)) for storey, many in enumerate(cells)}
    assert _shares(of_storey, count) == {("A", storey): many for storey, many in enumerate(shares)}


def test_storeys_come_in_order_of_building_and_height_however_they_were_met():
    met = {("B", 0): [1], ("A", 1): [2], ("A", 0): [3], ("", 0): [4]}
    assert list(_shares(met, 4)) == [("", 0), ("A", 0), ("A", 1), ("B", 0)]
