"""What plans share and no library for pictures is needed for: colours, short names, corners of a grid, openings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites import Patch, Site

__all__ = [
    "DEVICE_COLOUR",
    "DOOR_COLOUR",
    "HOLE_COLOUR",
    "QUIET_COLOUR",
    "UNKNOWN_COLOUR",
    "WALL_COLOUR",
    "WINDOW_COLOUR",
    "OfStorey",
    "openings_of",
    "plan_corners",
    "short_names",
]

# Blocked calm, leaks loud: the colours of assumption A59, told apart with any colour vision.
QUIET_COLOUR, HOLE_COLOUR, UNKNOWN_COLOUR = "#12436D", "#F46A25", "#E5E5E5"
WALL_COLOUR, WINDOW_COLOUR, DOOR_COLOUR = "#1a1a1a", "#2A9DF4", "#8a5a2b"
DEVICE_COLOUR = "#FFDD00"
LONGEST_NAME = 13  # letters beside a mark: A1-14-ceiling


class OfStorey(Protocol):
    """A storey of a building, or a yard (building -1)."""

    @property
    def building(self) -> int:
        """Index of the building, -1 for a yard."""

    @property
    def storey(self) -> int:
        """Number of the storey."""


def short_names(ids: Iterable[str]) -> dict[str, str]:
    """What is drawn beside devices; tables hold the whole id.

    Parameters
    ----------
    ids : iterable of str

    Returns
    -------
    dict of str to str
        At most 13 letters and a mark that some are left out, no name twice.
    """
    names = {each: each if len(each) <= LONGEST_NAME else f"{each[: LONGEST_NAME - 1]}…" for each in ids}
    said = Counter(names.values())
    turn: Counter[str] = Counter()
    for each, name in names.items():
        if said[name] > 1:
            turn[name] += 1
            names[each] = f"{name} {turn[name]}"
    return names


def plan_corners(patch: Patch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Plan corners of the squares around the grid's points, shape (count_j + 1, count_i + 1)."""
    i = np.arange(patch.count_i + 1)[None, :] - 0.5
    j = np.arange(patch.count_j + 1)[:, None] - 0.5
    x = patch.origin_m[0] + i * patch.step_i_m[0] + j * patch.step_j_m[0]
    y = patch.origin_m[1] + i * patch.step_i_m[1] + j * patch.step_j_m[1]
    return x, y


def openings_of(
    site: Site, storey: OfStorey, kinds: tuple[str, ...], only: frozenset[str] | None = None
) -> list[NDArray[np.float64]]:
    """Plan lines of a storey's openings of some kinds, all or only those named."""
    building = site.buildings[storey.building].id if storey.building >= 0 else None
    walls = {wall.id for wall in site.walls if wall.building == building and wall.storey == storey.storey}
    return [
        shapely.get_coordinates(opening.line)
        for opening in site.openings
        if opening.wall in walls and opening.kind in kinds and (only is None or opening.id in only)
    ]
