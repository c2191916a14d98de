"""The two ways of a radiating cable: straight rays of its pieces, and detours of its stations.

Each is one loss for the whole cable, over what it would give with no wall at all, so that `site_ways.links_of` joins
them as those of an antenna. What half of the places couple better than the others plays no part: a way is the same
inside and for spill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.links import LinkModel, incidence_of
from quietwing.coverage.blocking.site_ways import Way, own_building, straight_ways
from quietwing.coverage.equipment import CableLoss, RoutePoint
from quietwing.coverage.propagation import (
    FINE,
    Cut,
    PointLegs,
    SenderDetours,
    cable_gain,
    free_gain_db,
    over_tops,
    pieces_of,
    station_gains_db,
    stations_of,
)
from quietwing.sites import PointSet, scattered

__all__ = ["CableRays", "cable_detours", "cable_rays", "loudest_station"]

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]
Line = Sequence[RoutePoint]

MOST_LOSS_DB = 300.0  # more is nothing, and beyond what single precision adds as powers
LOSSES_AT_A_TIME = 4_000_000  # from the stations to points on one frequency each


@dataclass(frozen=True)
class CableRays:
    """The straight rays of a cable's pieces to some points.

    Attributes
    ----------
    gain_db : float32 ndarray, shape (point, freq)
        Through all elements, over the power fed. [dB]
    elements_db : float32 ndarray, shape (1, point, freq)
        What the elements take of it. [dB]
    way : Way
        Of one transmitter: the same less what the tops spare; its elements are those of the piece heard best.
    """

    gain_db: Levels
    elements_db: Levels
    way: Way


def cable_rays(
    model: LinkModel, line_m: Line, cable: Sequence[CableLoss], points: PointSet, *, strong: bool, cut: Cut = FINE
) -> CableRays:
    """The straight rays of a cable.

    Parameters
    ----------
    model : LinkModel
    line_m : sequence of points
        [m]
    cable : sequence of CableLoss
    points : PointSet
    strong : bool
        For spill, see `cable_losses_db`.
    cut : Cut, optional

    Returns
    -------
    CableRays
    """
    scene, table, freq_mhz = model.scene, model.masts.table, model.masts.freq_mhz
    found = cable_gain(
        scene, table, line_m, cable, points, freq_mhz, strong=strong,
        spared_db=_spared_db(model, line_m, points, cut), of_piece=stations_of(line_m, cut).of_piece, cut=cut,
    )  # fmt: skip
    free_db = free_gain_db(scene, line_m, cable, points, freq_mhz, strong=strong, cut=cut)
    lost_db, loss_db = (
        np.clip(free_db - gain_db, 0.0, MOST_LOSS_DB).astype(np.float32)
        for gain_db in (found.gain_db, found.over_gain_db)
    )
    crossed, walls_db = _strongest_ray(model, pieces_of(line_m, cut=cut).middle_m, found.strongest, points)
    gain_db = np.maximum(found.gain_db, free_db - MOST_LOSS_DB).astype(np.float32)
    return CableRays(gain_db, lost_db[None], Way(loss_db[None], walls_db[None], crossed[None]))


def cable_detours(
    model: LinkModel,
    senders: SenderDetours,
    line_m: Line,
    cable: Sequence[CableLoss],
    places: PointSet | PointLegs,
    cut: Cut = FINE,
) -> Way:
    """The dominant detours of a cable's stations, added as powers.

    Parameters
    ----------
    model : LinkModel
    senders : SenderDetours
        From the places of the cable's `stations_of` with the same `cut`.
    line_m : sequence of points
        [m]
    cable : sequence of CableLoss
    places : PointSet or PointLegs
    cut : Cut, optional

    Returns
    -------
    Way
        Of one transmitter. What it crosses is what the detour of the strongest station crosses.
    """
    freq_mhz, count = model.masts.freq_mhz, len(senders.senders_m)
    points = places.points if isinstance(places, PointLegs) else places
    loss_db = np.empty((1, len(points), len(freq_mhz)), np.float32)
    walls_db = np.zeros_like(loss_db)
    crossed = np.zeros((1, len(points), len(model.constructions)), np.uint8)
    stations = stations_of(line_m, cut)
    incidence, middle = incidence_of(model, senders.model.graph.scene), len(freq_mhz) // 2
    each = max(1, LOSSES_AT_A_TIME // max(1, count * len(freq_mhz)))
    for first in range(0, len(points), each):
        part = np.arange(first, min(first + each, len(points)))
        some = points.some(part)
        legs = places.part(first, first + len(part)) if isinstance(places, PointLegs) else some
        # Coupling and the loss along the cable are the same on both sides of the difference: either coupling does.
        free_db = free_gain_db(model.scene, line_m, cable, some, freq_mhz, strong=True, cut=cut)
        routes = senders.routes(legs, traced=True, at=middle)
        over_db = (
            station_gains_db(model.scene, stations, cable, some, freq_mhz, strong=True) - free_db - routes.loss_db
        )
        total = np.zeros(free_db.shape)
        for station in range(count):
            total += 10 ** (over_db[station] / 10)
        with np.errstate(divide="ignore"):  # no way at all: infinite loss is the right answer
            loss_db[0, part] = -10 * np.log10(total)
        best = over_db[:, :, middle].argmax(axis=0)
        at = np.flatnonzero(np.isfinite(loss_db[0, part, middle]))
        if len(at):
            last = routes.last[best[at], at, 0]
            counted, lost_db = senders.crossed(best[at], at, some.xyz_m, last, incidence)
            crossed[0, part[at]], walls_db[0, part[at]] = counted, lost_db
    return Way(loss_db, walls_db, crossed)


def loudest_station(
    model: LinkModel, senders: SenderDetours, line_m: Line, cable: Sequence[CableLoss], point_m: Floats
) -> int:
    """The station whose detour is heard best at a place, at the middle one of the site's frequencies."""
    place, freq_mhz = scattered(point_m[None]), model.masts.freq_mhz
    given_db = station_gains_db(model.scene, stations_of(line_m), cable, place, freq_mhz, strong=True)
    over_db = given_db - senders.routes(place).loss_db
    return int(over_db[:, 0, len(freq_mhz) // 2].argmax())


def _spared_db(model: LinkModel, line_m: Line, points: PointSet, cut: Cut) -> Levels | None:
    """What the rays of each station are spared over tops, below 0 where they pass close above one, shape (station,
    point, freq); None: nothing of any.
    """
    place_m, freq_mhz = stations_of(line_m, cut).place_m, model.masts.freq_mhz
    spared_db = None
    for station, own in enumerate(own_building(model.scene.site, place_m).tolist()):
        beyond = np.flatnonzero((points.building != own) | (points.building < 0))
        if not len(beyond):
            continue
        tops = over_tops(
            model.scene, model.masts.table, freq_mhz, place_m[station], points.xyz_m[beyond], points.building[beyond],
            from_building=own,
        )  # fmt: skip
        saved_db = tops.relief_db - tops.grazing_db
        if saved_db.any():
            if spared_db is None:
                spared_db = np.zeros((len(place_m), len(points), len(freq_mhz)), np.float32)
            spared_db[station, beyond] = saved_db
    return spared_db


def _strongest_ray(
    model: LinkModel, middle_m: Floats, strongest: NDArray[np.int64], points: PointSet
) -> tuple[NDArray[np.uint8], Levels]:
    """Crossings (point, construction), loss of elements (point, freq) on the ray of each point's strongest piece."""
    crossed = np.zeros((len(points), len(model.constructions)), np.uint8)
    walls_db = np.zeros((len(points), len(model.masts.freq_mhz)), np.float32)
    for piece in np.unique(strongest).tolist():
        here = np.flatnonzero(strongest == piece)
        _, way = straight_ways(model, middle_m[piece : piece + 1], points.some(here))
        crossed[here], walls_db[here] = way.crossed[0], way.walls_db[0]
    return crossed, walls_db
