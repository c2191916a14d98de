"""The two ways from a place on a site to its points, and the link that they make together.

Straight ray and dominant detour add as powers, each with the errors of what it crosses. A detour's way is one for all
frequencies there: that of the middle one of the site's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.links import LinkModel, crossings, incidence_of, straight_matters
from quietwing.coverage.propagation.detour import with_detour
from quietwing.coverage.propagation.multiwall import element_loss_db
from quietwing.coverage.propagation.sender_detour import SenderDetours
from quietwing.sites.points import PointSet

__all__ = ["SiteLinks", "Way", "detour_ways", "links_of", "straight_ways"]

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Way:
    """One way each from some transmitters to some points.

    Attributes
    ----------
    loss_db : float32 ndarray, shape (tx, point, lane)
        Over free space on the straight line, ``inf`` where no way leads. [dB]
    walls_db : float32 ndarray, shape (tx, point, lane)
        What its elements lose: of the straight ray the same. [dB]
    crossed : uint8 ndarray, shape (tx, point, construction)
    """

    loss_db: Levels
    walls_db: Levels
    crossed: NDArray[np.uint8]

    def some(self, tx: int, points: NDArray[np.intp]) -> Way:
        """From one transmitter to some of the points."""
        return Way(self.loss_db[[tx]][:, points], self.walls_db[[tx]][:, points], self.crossed[[tx]][:, points])


@dataclass(frozen=True)
class SiteLinks:
    """Links from some transmitters to some points.

    Attributes
    ----------
    loss_db : float32 ndarray, shape (tx, point, lane)
        Both ways together, over free space. [dB]
    crossed : uint8 ndarray, shape (tx, point, construction)
        By the way that rules.
    walls_db : float32 ndarray, shape (tx, point, band)
        What all elements on it lose, on the band's carrier that loses most. [dB]
    straight_share : float32 ndarray, shape (tx, point, band)
        As in `PublicLinks`, the largest of the band's carriers.
    straight_crossed, straight_walls_db : ndarray
        The same of the straight ray.
    """

    loss_db: Levels
    crossed: NDArray[np.uint8]
    walls_db: Levels
    straight_share: Levels
    straight_crossed: NDArray[np.uint8]
    straight_walls_db: Levels


def straight_ways(model: LinkModel, tx_m: Floats, points: PointSet) -> Way:
    """The straight rays."""
    lost_db = element_loss_db(model.scene.prepared, model.masts.table, tx_m, points)
    return Way(lost_db, lost_db, crossings(model, tx_m, points))


def detour_ways(model: LinkModel, detours: SenderDetours, points: PointSet) -> Way:
    """The dominant detours."""
    routes = detours.routes(points, traced=True)
    crossed = np.zeros((len(detours.senders_m), len(points), len(model.constructions)), np.uint8)
    walls_db = np.zeros_like(routes.loss_db)
    middle = routes.loss_db.shape[2] // 2
    sender, at = np.nonzero(np.isfinite(routes.loss_db[:, :, middle]))
    if len(sender):
        last = routes.last[sender, at, middle]
        found = detours.crossed(sender, at, points.xyz_m, last, incidence_of(model, model.scene))
        crossed[sender, at], walls_db[sender, at] = found
    return Way(routes.loss_db, walls_db, crossed)


def links_of(model: LinkModel, straight: Way, detour: Way | None, *, outside: bool) -> SiteLinks:
    """Both ways together.

    Parameters
    ----------
    model : LinkModel
    straight : Way
    detour : Way or None
        None: the straight ray alone.
    outside : bool
        For spill: the straight ray counts beside the detour however weak its median is.

    Returns
    -------
    SiteLinks
    """
    lane = np.searchsorted(model.masts.freq_mhz, [carrier.freq_mhz for carrier in model.carriers])
    of_band = [np.unique(lane[model.carrier_band == band]) for band in range(len(model.bands))]

    def by_band(values: Levels) -> Levels:
        return np.stack([values[:, :, lanes].max(axis=2) for lanes in of_band], axis=2)

    straight_walls_db = by_band(straight.walls_db)
    if detour is None:
        return SiteLinks(
            straight.loss_db, straight.crossed, straight_walls_db, np.zeros_like(straight_walls_db),
            straight.crossed, straight_walls_db,
        )  # fmt: skip
    loss_db = with_detour(straight.loss_db, detour.loss_db)
    middle = loss_db.shape[2] // 2
    ruled = detour.loss_db[:, :, middle] < straight.loss_db[:, :, middle]
    of_lane = np.where(ruled[:, :, None], 10 ** ((loss_db - straight.loss_db) / 10), np.float32(0))
    share = by_band(of_lane.astype(np.float32))
    for band in range(len(of_band)):
        sigma_db = np.broadcast_to(model.construction_sigma_db[:, band], (len(share), len(model.constructions)))
        share[:, :, band] *= straight_matters(
            share[:, :, band], straight.crossed, straight_walls_db[:, :, band], sigma_db, outside=outside
        )
    return SiteLinks(
        loss_db=loss_db,
        crossed=np.where(ruled[:, :, None], detour.crossed, straight.crossed),
        walls_db=by_band(np.where(ruled[:, :, None], detour.walls_db, straight.walls_db)),
        straight_share=share,
        straight_crossed=straight.crossed,
        straight_walls_db=straight_walls_db,
    )
