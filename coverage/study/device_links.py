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
    """One device's links to several sets of points.

    Attributes
    ----------
    links : tuple of BlockerLinks
        Of one device, one for each set.
    against_db : tuple of float32 ndarray, shape (1, carrier, point)
        `DraftPublic.against_db` of each. [dB]
    """

    links: tuple[BlockerLinks, ...]
    against_db: tuple[Levels, ...]

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        of_links = sum(int(getattr(one, name).nbytes) for one in self.links for name in LINK_ARRAYS)
        return of_links + sum(int(each.nbytes) for each in self.against_db)


def one_of(links: Sequence[BlockerLinks], against_db: Sequence[Levels], at: int) -> DeviceLinks:
    """One device's part, in arrays of its own."""
    own = tuple(
        replace(
            each,
            devices=(each.devices[at],),
            **{name: getattr(each, name)[at : at + 1].copy() for name in LINK_ARRAYS},
        )
        for each in links
    )
    return DeviceLinks(own, tuple(each[at : at + 1].copy() for each in against_db))


def together(model: LinkModel, points: PointSet, links: Sequence[BlockerLinks]) -> BlockerLinks:
    """Links of single devices as those of a layout: the same arrays as computed in one go."""
    if not links:
        return blocker_links(model, (), {}, points)
    return replace(
        links[0],
        devices=tuple(device for one in links for device in one.devices),
        **{name: np.concatenate([getattr(one, name) for one in links]) for name in LINK_ARRAYS},
    )
