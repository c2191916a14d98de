"""The least a room gets of a mast: what is scattered onto its openings, as it falls off behind them.

Before a façade the scattered field comes from a half circle of azimuths, denser towards the mast (`angular_spread`).
Behind an opening a place gets the waves that reach it through there, bent at the edges, and the diffuse field of the
room (`aperture_field`). Several openings of a room add as powers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.angular_spread import concentration
from quietwing.coverage.propagation.aperture_field import HALF_CIRCLE_FLUX, aperture_share
from quietwing.coverage.propagation.opening_floor import OpeningFloor
from quietwing.sites import PointSet

__all__ = ["HELD_OUT", "BehindOpenings", "ScatterFloor", "behind_openings", "no_scatter"]

HELD_OUT = "window-out"  # the test point of a hand held out of a window


@dataclass(frozen=True, slots=True)
class BehindOpenings:
    """Points of rooms with openings of their own: one row for each point × opening, points ascending.

    Attributes
    ----------
    point, place : intp ndarray, shape (row,)
        Indices of the point and into ``OpeningFloor.places``.
    seen_deg : float64 ndarray, shape (row,)
        Azimuth of the opening's middle from the point, told as in ``OpeningFloor.bearing_deg``. [deg]
    share : float64 ndarray, shape (row, freq)
        Power that comes straight through over that before, were it alike from all sides. [1]
    diffuse : float64 ndarray, shape (row,)
        Of the room, as ``OpeningFloor.diffuse``. [1]
    """

    point: NDArray[np.intp]
    place: NDArray[np.intp]
    seen_deg: NDArray[np.float64]
    share: NDArray[np.float64]
    diffuse: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScatterFloor:
    """What scatter brings into each room in one state of sight.

    Attributes
    ----------
    inside_db : float32 ndarray, shape (sector, room)
        Just behind the room's strongest opening, ``-inf`` without any; in all of a room that borrows one. [dB]
    before_db : float32 ndarray, shape (sector, room)
        In a hand held out of them. [dB]
    place : int32 ndarray, shape (sector, room)
        The outer opening that passes most, an index into ``floor.places``; -1 where there is none.
    entering_db : float32 ndarray, shape (sector, place)
        Just behind each outer opening. [dB]
    behind_room : int32 ndarray, shape (place,)
        The room behind it.
    mast : int32 ndarray, shape (sector,)
        A row of `bearing_deg`.
    bearing_deg : float64 ndarray, shape (mast, place)
        As ``OpeningFloor.bearing_deg``. [deg]
    width_deg : float64 ndarray, shape (sector,)
        Spread of what is scattered about that. [deg]
    freq : int32 ndarray, shape (sector,)
        A column of ``BehindOpenings.share``.
    """

    inside_db: NDArray[np.float32]
    before_db: NDArray[np.float32]
    place: NDArray[np.int32]
    entering_db: NDArray[np.float32]
    behind_room: NDArray[np.int32]
    mast: NDArray[np.int32]
    bearing_deg: NDArray[np.float64]
    width_deg: NDArray[np.float64]
    freq: NDArray[np.int32]

    def some(self, sectors: NDArray[np.intp]) -> ScatterFloor:
        """The same of some of the sectors."""
        of_sector = ("inside_db", "before_db", "place", "entering_db", "mast", "width_deg", "freq")
        rows: dict[str, NDArray[Any]] = {name: getattr(self, name)[sectors] for name in of_sector}
        return replace(self, **rows)

    def at(self, points: PointSet, behind: BehindOpenings) -> NDArray[np.float32]:
        """The least gain at some points, shape (sector, point). [dB]

        Never above that just behind the room's strongest opening. It is that within 0.1 m of it.
        """
        if not self.inside_db.shape[1]:
            return np.full((len(self.inside_db), len(points)), -np.inf, np.float32)
        held_out = np.array([kind == HELD_OUT for kind in points.kind], np.bool_)
        least_db = np.where(held_out, self.before_db[:, points.room], self.inside_db[:, points.room])
        least_db = np.where(points.room >= 0, least_db, np.float32(-np.inf))
        if not len(behind.point):
            return least_db
        at = np.unique(behind.point)
        row_of = np.searchsorted(at, behind.point)
        strongest_db = self.inside_db[:, self.behind_room]
        with np.errstate(invalid="ignore"):  # nothing of nothing
            part = np.where(np.isfinite(strongest_db), 10.0 ** ((self.entering_db - strongest_db) / 10), 0.0)
        denser: dict[tuple[int, float], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        for sector, (mast, width_deg) in enumerate(zip(self.mast.tolist(), self.width_deg.tolist(), strict=True)):
            if (mast, width_deg) not in denser:
                bearing_deg = self.bearing_deg[mast]
                flux = np.minimum(HALF_CIRCLE_FLUX * concentration(width_deg, bearing_deg, 0.0), 1.0)
                towards = concentration(width_deg, bearing_deg[behind.place], behind.seen_deg)
                denser[mast, width_deg] = towards, behind.diffuse * flux[behind.place]
            towards, diffuse = denser[mast, width_deg]
            share = np.minimum(behind.share[:, self.freq[sector]] * towards + diffuse, 1.0)
            power = np.bincount(row_of, part[sector, behind.place] * share)
            with np.errstate(divide="ignore"):
                least_db[sector, at] += (10 * np.log10(np.minimum(power, 1.0))).astype(np.float32)
        return least_db


def no_scatter(
    floor: OpeningFloor,
    masts: Mapping[tuple[float, float, float], NDArray[np.int_]],
    width_deg: Sequence[float],
    freq: ArrayLike,
) -> ScatterFloor:
    """Nothing scattered into any room, to be filled in.

    Parameters
    ----------
    floor : OpeningFloor
    masts : mapping of (float, float, float) to int ndarray
        Sectors at each antenna position.
    width_deg, freq : array_like, shape (sector,)
        As in `ScatterFloor`.

    Returns
    -------
    ScatterFloor
    """
    sectors = len(width_deg)
    mast = np.empty(sectors, np.int32)
    for number, indices in enumerate(masts.values()):
        mast[indices] = number
    rooms, places = (sectors, len(floor.of_room)), (sectors, len(floor.places))
    return ScatterFloor(
        inside_db=np.full(rooms, -np.inf, np.float32),
        before_db=np.full(rooms, -np.inf, np.float32),
        place=np.full(rooms, -1, np.int32),
        entering_db=np.full(places, -np.inf, np.float32),
        behind_room=np.array([max(place.rooms) for place in floor.places], np.int32),
        mast=mast,
        bearing_deg=np.array([floor.bearing_deg(np.array(mast_m)) for mast_m in masts]),
        width_deg=np.array(width_deg, np.float64),
        freq=np.array(freq, np.int32),
    )


def behind_openings(floor: OpeningFloor, points: PointSet, freq_mhz: NDArray[np.float64]) -> BehindOpenings:
    """Which points stand behind which openings of their own room, and what comes through to them.

    Parameters
    ----------
    floor : OpeningFloor
    points : PointSet
    freq_mhz : ndarray, shape (freq,)
        [MHz]

    Returns
    -------
    BehindOpenings
    """
    own = [() if used is None or used.borrowed else used.places for used in floor.of_room]
    rooms = np.where([kind == HELD_OUT for kind in points.kind], -1, points.room)
    counts = np.array([*(len(places) for places in own), 0], np.intp)[rooms]
    first = np.cumsum([0, *(len(places) for places in own)])[rooms]
    point = np.repeat(np.arange(len(points)), counts)
    number = np.arange(len(point)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.array([index for places in own for index in places], np.intp)[first[point] + number]
    into = floor.into[place]
    away_m = points.xyz_m[point] - floor.centre_m[place]
    depth_m = (away_m[:, :2] * into).sum(axis=1)
    across_m = into[:, 0] * away_m[:, 1] - into[:, 1] * away_m[:, 0]
    share = aperture_share(floor.size_m[place], depth_m, across_m, away_m[:, 2], freq_mhz)
    seen_deg = np.degrees(np.arctan2(-across_m, np.maximum(depth_m, 0.0)))
    return BehindOpenings(point, place, seen_deg, share, floor.diffuse[place])
