"""What was worked out of a layout, kept for the same layout in other worlds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from quietwing.coverage.kept import array_bytes

__all__ = ["LinksAtHand"]

Links = TypeVar("Links")
MOST_BYTES = 2**28  # of one layout: that of houseblock with 164 devices takes 235 MB


class LinksAtHand:
    """What reaches the places at which one layout is judged, and what came of it, however often it is asked for.

    Parameters
    ----------
    most_bytes : int
        What comes after so much is worked out each time.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left_bytes = most_bytes
        self._held: dict[Hashable, Any] = {}

    def of(self, place: Hashable, make: Callable[[], Links]) -> Links:
        """What is known of a place, made when it is asked for first."""
        if place in self._held:
            held: Links = self._held[place]
            return held
        made = make()
        size = array_bytes(made)
        if size <= self._left_bytes:
            self._left_bytes -= size
            self._held[place] = made
        return made
