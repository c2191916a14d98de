"""What was worked out of devices and of a site, kept for the next time it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.emissions import carrier_levels_dbm
from quietwing.coverage.blocking.links import Carrier, LinkModel
from quietwing.coverage.blocking.stray import Radiated, radiated
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.kept import array_bytes
from quietwing.coverage.propagation import PointLegs
from quietwing.sites import PointSet

__all__ = ["LinksAtHand"]

Links = TypeVar("Links")
MOST_BYTES = 2**28  # of one layout: that of houseblock with 164 devices takes 235 MB


class LinksAtHand:
    """What devices send, and what else is kept by a key that holds all it depends on.

    Parameters
    ----------
    most_bytes : int
        What comes after so much is worked out each time.
    site : LinksAtHand, optional
        What is the same of every layout of this site, kept for the next.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, site: LinksAtHand | None = None) -> None:
        self._left_bytes, self._site = most_bytes, site
        self._held: dict[Hashable, Any] = {}

    def of(self, place: Hashable, make: Callable[[], Links]) -> Links:
        """What is known of a place, made when it is asked for first."""
        if place in self._held:
            held: Links = self._held[place]
            return held
        made = make()
        size = array_bytes(made)
        if isinstance(made, PointLegs) and made.kept is not None:
            size += int(made.kept.most)  # it fills while it is used
        if size <= self._left_bytes:
            self._left_bytes -= size
            self._held[place] = made
        return made

    def levels_dbm(
        self, device: Device, kind: Model, carriers: Sequence[Carrier], *, outside: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`carrier_levels_dbm` of a device of the layout, worked out once for all that are set alike."""
        make = partial(carrier_levels_dbm, device, kind, carriers, outside=outside)
        return self.of_setting(("levels", outside), device, kind, carriers, make)

    def radiated(self, device: Device, kind: Model, carriers: Sequence[Carrier]) -> Radiated:
        """`radiated` of a device of the layout, likewise."""
        return self.of_setting("radiated", device, kind, carriers, partial(radiated, device, kind, carriers))

    def of_setting(
        self, what: Hashable, device: Device, kind: Model, carriers: Sequence[Carrier], make: Callable[[], Links]
    ) -> Links:
        """What is the same of all devices that are set alike; a kilobyte each, so it is always held."""
        setting = (what, kind, tuple(carriers), device.power_dbm, device.trim_db)
        if setting not in self._held:
            self._held[setting] = make()
        held: Links = self._held[setting]
        return held

    def of_site(self, what: Callable[[LinkModel, PointSet], Links], model: LinkModel, points: PointSet) -> Links:
        """What a function gives of some points of the site, whatever the layout."""
        make = partial(what, model, points)
        return make() if self._site is None else self._site.of((what, points.xyz_m.tobytes()), make)

    def from_each(
        self, starts: Sequence[Hashable], points: PointSet, make: Callable[[list[int]], Sequence[Links]]
    ) -> list[Links]:
        """What leads from each of some places of the site to some points, whatever stands there.

        `make` is given the indices of those that are not at hand.
        """
        site = self._site
        if site is None:
            return list(make(list(range(len(starts)))))
        keys = [(start, points.xyz_m.tobytes()) for start in starts]
        new = {key: index for index, key in enumerate(keys) if key not in site._held}  # two may stand in one place
        made = dict(zip(new, make(list(new.values())) if new else (), strict=True))
        return [site.of(key, partial(made.__getitem__, key)) for key in keys]
