"""Links of blockers kept by a draft: of single ones, and of several side by side as those of a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import BlockerLinks, LinkModel, blocker_links, joined_links
from quietwing.sites import PointSet

__all__ = ["DeviceLinks", "together"]


@dataclass(frozen=True)
class DeviceLinks:
    """Links of some devices to some points, and how sure they are.

    Attributes
    ----------
    links : BlockerLinks
    against_db : float32 ndarray, shape (device, carrier, point)
        `DraftPublic.against_db` of them. [dB]
    """

    links: BlockerLinks
    against_db: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(values.nbytes for values in self.links.arrays) + int(self.against_db.nbytes)

    def one(self, at: int) -> DeviceLinks:
        """One device's part of the same arrays: they go when the last of the devices has gone."""
        one, devices = slice(at, at + 1), (self.links.devices[at],)
        own = BlockerLinks.of_arrays(devices, (values[one] for values in self.links.arrays))
        return DeviceLinks(own, self.against_db[one])

    def apart(self) -> DeviceLinks:
        """The same in arrays of their own: they hold none of other devices."""
        return DeviceLinks(self.links.each(_own), _own(self.against_db))


def _own(values: NDArray[Any]) -> NDArray[Any]:
    return values if values.base is None else values.copy()


def together(model: LinkModel, points: PointSet, parts: Sequence[DeviceLinks]) -> DeviceLinks:
    """Links of single devices as those of a layout: the same arrays as computed in one go."""
    if not parts:
        none = np.empty((0, len(model.carriers), len(points)), np.float32)
        return DeviceLinks(blocker_links(model, (), {}, points), none)
    stacked = joined_links([part.links for part in parts])
    return DeviceLinks(stacked, np.concatenate([part.against_db for part in parts]))
