"""What links cross on their paths, the same for both sides, for drafts and for the compiled loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._kinds import F3, U3

__all__ = ["LinkPaths"]


class LinkPaths(NamedTuple):
    """What some links cross by the path that rules, and by the straight ray where another path rules.

    The first two dimensions are link (sector, carrier or device) and point, in kernels point and link. A device's
    losses have a third one, band; those of a sector, which sends on one, have it in kernels alone.

    Attributes
    ----------
    crossed : uint8 ndarray, shape (link, point, construction)
        How often each construction is crossed by the path that rules: straight ray, detour or scatter.
    walls_db : float32 ndarray, shape (link, point) or (link, point, band)
        What all elements on it lose, on the band's carrier that loses most: passive walls give back no more, so
        their errors never add more. [dB]
    straight_share : float32 ndarray, shape as `walls_db`
        Of the median power, what comes by the straight ray where another path rules, the largest of the band's
        carriers: through more walls it is the less sure of the two, and the stronger one in some worlds. 0 where it
        rules itself, never matters or lies 20 dB below (assumption A15).
    straight_crossed, straight_walls_db : ndarray
        As `crossed` and `walls_db`, of the straight ray.
    """

    crossed: U3
    walls_db: F3
    straight_share: F3
    straight_crossed: U3
    straight_walls_db: F3

    @classmethod
    def nothing(cls, links: tuple[int, ...], bands: tuple[int, ...], constructions: int) -> LinkPaths:
        """Of links that cross nothing, to be filled in."""
        crossed, walls_db = np.zeros((*links, constructions), np.uint8), np.zeros((*links, *bands), np.float32)
        return cls(crossed, walls_db, walls_db.copy(), crossed.copy(), walls_db.copy())

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All of them."""
        return self.crossed, self.walls_db, self.straight_share, self.straight_crossed, self.straight_walls_db

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> LinkPaths:
        """Every array changed alike."""
        return LinkPaths._make(map(change, self.arrays))

    def at(self, *index: Any) -> LinkPaths:
        """Some of the links, or some of their points."""
        return self.each(lambda values: values[index])

    def put(self, index: Any, other: LinkPaths) -> None:
        """Write others in the place of some of the links, or of some of their points."""
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            mine[index] = theirs

    def where(self, own: NDArray[np.bool_], other: LinkPaths) -> LinkPaths:
        """These at some links and points, shape (link, point), and `other` elsewhere."""
        return LinkPaths._make(
            np.where(own if mine.ndim == own.ndim else own[..., None], mine, theirs)
            for mine, theirs in zip(self.arrays, other.arrays, strict=True)
        )
