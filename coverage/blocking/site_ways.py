"""The two ways from a place on a site to its points, and the link that they make together.

Straight ray and dominant detour add as powers, each with the errors of what it crosses. A detour's way is one for all
frequencies there: that of the middle one of the site's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.blocking._way_kernels import Bands, Found, OneWay, both_ways
from quietwing.coverage.blocking.link_paths import LinkPaths
from quietwing.coverage.blocking.links import LinkModel, crossings, incidence_of
from quietwing.coverage.propagation import PointLegs, SenderDetours, element_loss_db, over_tops, with_detour
from quietwing.sites import PointSet, Site, band_number

__all__ = ["SiteLinks", "Way", "detour_ways", "links_of", "own_building", "straight_ways"]

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Way:
    """One way each from some transmitters to some points.

    Attributes
    ----------
    loss_db : float32 ndarray, shape (tx, point, freq)
        Over free space on the straight line, ``inf`` where no way leads. [dB]
    walls_db : float32 ndarray, shape (tx, point, freq)
        What its elements lose. [dB]
    crossed : uint8 ndarray, shape (tx, point, construction)
    """

    loss_db: Levels
    walls_db: Levels
    crossed: NDArray[np.uint8]

    @property
    def each(self) -> list[tuple[NDArray[Any], ...]]:
        """Of each transmitter, in the order of the fields."""
        return list(zip(self.loss_db, self.walls_db, self.crossed, strict=True))

    def of(self, tx: NDArray[np.intp]) -> Way:
        """From some of the transmitters."""
        return Way(self.loss_db[tx], self.walls_db[tx], self.crossed[tx])

    def some(self, tx: int, points: NDArray[np.intp]) -> Way:
        """From one transmitter to some of the points."""
        return Way(self.loss_db[[tx]][:, points], self.walls_db[[tx]][:, points], self.crossed[[tx]][:, points])


@dataclass(frozen=True)
class SiteLinks:
    """Links from some transmitters to some points.

    Attributes
    ----------
    loss_db : float32 ndarray, shape (tx, point, freq)
        Both ways together, over free space. [dB]
    paths : LinkPaths
        By band.
    """

    loss_db: Levels
    paths: LinkPaths


def straight_ways(
    model: LinkModel, tx_m: Floats, points: PointSet, traced: tuple[Levels, NDArray[np.uint8]] | None = None
) -> tuple[Levels, Way]:
    """The straight rays, or over the top of the perimeter's wall and of other blocks where that costs less.

    Parameters
    ----------
    model : LinkModel
    tx_m : float64 ndarray, shape (tx, 3)
        [m]
    points : PointSet
    traced : tuple of ndarray, optional
        What the rays lose (`element_loss_db`) and cross (`crossings`), where it is at hand.

    Returns
    -------
    elements_db : float32 ndarray, shape (tx, point, freq)
        What all elements on the rays lose. [dB]
    way : Way
        The same less what the tops spare and with what those that are cleared by little cost: within the building
        of the transmitter nothing.
    """
    if traced is None:
        elements_db = element_loss_db(model.scene.prepared, model.masts.table, tx_m, points)
        traced = elements_db, crossings(model, tx_m, points)
    elements_db, crossed = traced
    way = Way(elements_db.copy(), elements_db.copy(), crossed)
    incidence, own = incidence_of(model, model.scene), own_building(model.scene.site, tx_m)
    for index, place in enumerate(tx_m):
        beyond = np.flatnonzero((points.building != own[index]) | (points.building < 0))
        if not len(beyond):
            continue
        tops = over_tops(
            model.scene, model.masts.table, model.masts.freq_mhz, place, points.xyz_m[beyond],
            points.building[beyond], every_db=elements_db[index, beyond], from_building=int(own[index]),
        )  # fmt: skip
        for one in tops.obstacles:
            at = beyond[one.at]
            less_db = np.where(one.over, one.through_db, one.through_db - one.loss_db)
            way.walls_db[index, at] = np.maximum(way.walls_db[index, at] - less_db, 0.0)
            counted = one.counted(model.scene, place, points.xyz_m[beyond]) @ incidence
            here, over = crossed[index, at], one.over[:, one.over.shape[1] // 2, None]
            crossed[index, at] = here - np.minimum(here, counted * over).astype(np.uint8)
        way.loss_db[index, beyond] = tops.straight_db(elements_db[index, beyond])
    return elements_db, way


def own_building(site: Site, tx_m: Floats) -> NDArray[np.int64]:
    """The building each transmitter is in, over, or under, -1 for none; the first of several. Shape (tx,)."""
    outlines = shapely.STRtree([built.outline for built in site.buildings])
    ends, members = outlines.query(shapely.points(tx_m[:, :2]), predicate="intersects")
    own = np.full(len(tx_m), -1)
    own[ends[::-1]] = members[::-1]
    return own


def detour_ways(
    model: LinkModel,
    detours: SenderDetours,
    places: PointSet | PointLegs,
    beside: tuple[Levels, Way] | None = None,
    floor: Levels | None = None,
) -> Way:
    """The dominant detours of senders, on the site that these belong to; `floor` as of `SenderDetours.routes`.

    What one crosses is left out where `links_of` will not ask for it beside the straight rays of `straight_ways`.
    """
    middle = len(detours.model.freq_mhz) // 2
    routes = detours.routes(places, traced=True, at=middle, floor=floor)
    points = places.points if isinstance(places, PointLegs) else places
    crossed = np.zeros((len(detours.senders_m), len(points), len(model.constructions)), np.uint8)
    walls_db = np.zeros_like(routes.loss_db)
    wanted = np.isfinite(routes.loss_db[:, :, middle])
    if beside is not None:
        elements_db, straight = beside
        wanted &= (elements_db[:, :, middle] > 0) & (routes.loss_db[:, :, middle] < straight.loss_db[:, :, middle])
    sender, at = np.nonzero(wanted)
    if len(sender):
        last = routes.last[sender, at, 0]
        found = detours.crossed(sender, at, points.xyz_m, last, incidence_of(model, detours.model.graph.scene))
        crossed[sender, at], walls_db[sender, at] = found
    return Way(routes.loss_db, walls_db, crossed)


def links_of(model: LinkModel, elements_db: Levels, straight: Way, detour: Way | None, *, outside: bool) -> SiteLinks:
    """Both ways together.

    Parameters
    ----------
    model : LinkModel
    elements_db, straight : ndarray, Way
        From `straight_ways`.
    detour : Way or None
        None: the straight ray alone.
    outside : bool
        For spill: the straight ray counts beside the detour however weak its median is.

    Returns
    -------
    SiteLinks
    """
    # Of sectors that are switched off too: what one carrier does not send changes nothing for the others of its band.
    freq = np.searchsorted(model.masts.freq_mhz, [sector.freq_mhz for sector in model.as_read.sectors])
    band_of = np.array([band_number(sector.band) for sector in model.as_read.sectors])
    of_band = [np.unique(freq[band_of == band]) for band in model.bands]
    loss_db, detour_db = straight.loss_db, np.full_like(straight.loss_db, np.inf)
    if detour is not None:
        # a clear ray gains nothing: what passes an edge beside it is the same wave
        np.copyto(detour_db, detour.loss_db, where=elements_db > 0)
        # over a top the less of the two, not their sum: a detour may go over the same
        loss_db = np.minimum(with_detour(np.maximum(elements_db, loss_db), detour_db), loss_db)
    links, freqs, constructions = loss_db.shape[:2], loss_db.shape[2], straight.crossed.shape[2]
    every = math.prod(links)
    bands = Bands(
        np.cumsum([0, *map(len, of_band)]), np.concatenate(of_band), freqs // 2, model.construction_sigma_db,
        model.walls_most_db,
    )  # fmt: skip

    def one(way: Way, loss_db: Levels) -> OneWay:
        lost = (loss_db.reshape(every, freqs), way.walls_db.reshape(every, freqs))
        return OneWay(*lost, way.crossed.reshape(every, constructions))

    levels = [np.empty((every, len(of_band)), np.float32) for _ in range(3)]
    found = Found(np.empty((every, constructions), np.uint8), *levels)
    both_ways(one(straight, straight.loss_db), one(detour or straight, detour_db), bands, outside, found)
    crossed, walls_db, share, straight_walls_db = (values.reshape(*links, values.shape[1]) for values in found)
    return SiteLinks(loss_db, LinkPaths(crossed, walls_db, share, straight.crossed, straight_walls_db))
