"""Links of blockers kept by a draft: of single ones, and of several side by side as those of a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import BlockerLinks, LinkModel, blocker_links
from quietwing.sites import PointSet

__all__ = ["DeviceLinks", "together"]

LINK_ARRAYS = tuple(part.name for part in fields(BlockerLinks) if part.name != "devices")  # by device


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
        return sum(int(getattr(self.links, name).nbytes) for name in LINK_ARRAYS) + int(self.against_db.nbytes)

    def one(self, at: int) -> DeviceLinks:
        """One device's part of the same arrays: they go when the last of the devices has gone."""
        own = {name: getattr(self.links, name)[at : at + 1] for name in LINK_ARRAYS}
        devices = (self.links.devices[at],)
        return DeviceLinks(replace(self.links, devices=devices, **own), self.against_db[at : at + 1])

    def apart(self) -> DeviceLinks:
        """The same in arrays of their own: they hold none of other devices."""
        own: dict[str, Any] = {name: _own(getattr(self.links, name)) for name in LINK_ARRAYS}
        return DeviceLinks(replace(self.links, **own), _own(self.against_db))


def _own(values: NDArray[Any]) -> NDArray[Any]:
    return values if values.base is None else values.copy()


def together(model: LinkModel, points: PointSet, parts: Sequence[DeviceLinks]) -> DeviceLinks:
    """Links of single devices as those of a layout: the same arrays as computed in one go."""
    if not parts:
        none = np.empty((0, len(model.carriers), len(points)), np.float32)
        return DeviceLinks(blocker_links(model, (), {}, points), none)
    links = [part.links for part in parts]
    stacked = replace(
        links[0],
        devices=tuple(device for one in links for device in one.devices),
        **{name: np.concatenate([getattr(one, name) for one in links]) for name in LINK_ARRAYS},
    )
    return DeviceLinks(stacked, np.concatenate([part.against_db for part in parts]))
