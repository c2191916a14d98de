"""Storeys as people in the United Kingdom call them: the ground floor is number 0, the 1st floor the one above it."""

import pytest
from shapely.geometry import box

from quietwing.sites.model import Building, Storey


@pytest.mark.parametrize(
    ("number", "called", "words"),
    [
        (0, "1", "A wing, ground floor"),
        (1, "2", "A wing, 1st floor"),
        (2, "3", "A wing, 2nd floor"),
        (3, "4", "A wing, 3rd floor"),
        (4, "5", "A wing, 4th floor"),
        (11, "12", "A wing, 11th floor"),
        (21, "22", "A wing, 21st floor"),
        (1, "Landing", "A wing, Landing"),
    ],
)
def test_a_storey_is_called_by_its_name_or_its_level(number, called, words):
    storeys = [Storey(str(at + 1), 3.0 * at, 3.0) for at in range(number)]
    building = Building("a", box(0, 0, 10, 10), (*storeys, Storey(called, 3.0 * number, 3.0)), name="A wing")
    assert building.storey_in_words(number) == words
