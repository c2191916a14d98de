"""Links of single blockers kept by a draft, and of several of them as those of a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_links import BlockerLinks, blocker_links
from quietwing.coverage.blocking.links import LinkModel
from quietwing.sites.points import PointSet

__all__ = ["DeviceLinks", "one_of", "together"]

LINK_ARRAYS = tuple(part.name for part in fields(BlockerLinks) if part.name != "devices")  # by device
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class DeviceLinks:
    """One device's links to some points, and how sure they are.

    Attributes
    ----------
    links : BlockerLinks
        Of one device.
    against_db : float32 ndarray, shape (1, carrier, point)
        `DraftPublic.against_db` of them. [dB]
    """

    links: BlockerLinks
    against_db: Levels

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(int(getattr(self.links, name).nbytes) for name in LINK_ARRAYS) + int(self.against_db.nbytes)


def one_of(links: BlockerLinks, against_db: Levels, at: int) -> DeviceLinks:
    """One device's part, in arrays of its own."""
    own = replace(
        links,
        devices=(links.devices[at],),
        **{name: getattr(links, name)[at : at + 1].copy() for name in LINK_ARRAYS},
    )
    return DeviceLinks(own, against_db[at : at + 1].copy())


def together(model: LinkModel, points: PointSet, links: Sequence[BlockerLinks]) -> BlockerLinks:
    """Links of single devices as those of a layout: the same arrays as computed in one go."""
    if not links:
        return blocker_links(model, (), {}, points)
    return replace(
        links[0],
        devices=tuple(device for one in links for device in one.devices),
        **{name: np.concatenate([getattr(one, name) for one in links]) for name in LINK_ARRAYS},
    )
