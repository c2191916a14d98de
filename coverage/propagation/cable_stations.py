"""A radiating cable as a source every few metres: what its ways round corners start from.

A detour costs too much to look for from each half metre. So two metres share one, from the middle of their part of
the run, a *station*, which sends what they send as a single source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.equipment import CableLoss, RoutePoint
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M
from quietwing.coverage.propagation.path_gains import add_two_ray
from quietwing.coverage.propagation.radiating_cable import (
    COUPLING_AT_M,
    FINE,
    POINTS_OF_A_THREAD,
    Cut,
    held_losses_db,
    pieces_of,
    spreading_db,
)
from quietwing.coverage.propagation.scene import Scene
from quietwing.sites import PointSet

__all__ = ["STATION_M", "Stations", "free_gain_db", "station_gains_db", "stations_of"]

# Doors and windows are rarely nearer. On the landings of houseblock and radial both ways together, at places outside
# within 40 dB of the loudest, are within 0.8 dB of stations of 0.25 m at 90 of 100 (1 m: 0.6 dB, 3 m: 1.0 dB).
STATION_M = 2.0
_SHARE_M = COUPLING_AT_M / np.pi  # as in `radiating_cable`
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stations:
    """A cable as a few sources.

    Attributes
    ----------
    place_m : float64 ndarray, shape (station, 3)
        The middle of each one's part of the run. [m]
    along_m : float64 ndarray, shape (station,)
        From where the cable is fed to there. [m]
    length_m : float
        Of each part. [m]
    of_piece : int64 ndarray, shape (piece,)
        The station in whose part the middle of each of the cable's `pieces_of` is.
    """

    place_m: Floats
    along_m: Floats
    length_m: float
    of_piece: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.place_m)


def stations_of(line_m: Sequence[RoutePoint] | ArrayLike, cut: Cut = FINE) -> Stations:
    """A cable's run as sources no further apart than `STATION_M`, equally far along the run.

    Parameters
    ----------
    line_m : sequence of points, shape (point, 3)
        At least two; the first is where the cable is fed. [m]
    cut : Cut, optional
        Where it gives a number of stations, no more than these, however far apart.

    Returns
    -------
    Stations

    Raises
    ------
    OutOfRangeError
        If the line has no length.
    """
    pieces = pieces_of(line_m, cut=cut)
    line = np.asarray(line_m, float).reshape(-1, 3)
    fed_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    count = max(1, int(np.ceil(fed_m[-1] / STATION_M - 1e-9)))
    if cut.stations is not None:
        count = min(count, cut.stations)
    middle_m = fed_m[-1] * (np.arange(count) + 0.5) / count
    place_m = np.stack([np.interp(middle_m, fed_m, axis) for axis in line.T], axis=1)
    of_piece = np.minimum((pieces.along_m * count / fed_m[-1]).astype(np.int64), count - 1)
    return Stations(place_m, middle_m, float(fed_m[-1] / count), of_piece)


def free_gain_db(
    scene: Scene,
    line_m: Sequence[RoutePoint] | ArrayLike,
    cable: Sequence[CableLoss],
    points: PointSet,
    freq_mhz: ArrayLike,
    *,
    strong: bool,
    cut: Cut = FINE,
) -> Floats:
    """`cable_gain` with no wall on any ray.

    Parameters
    ----------
    scene, line_m, cable, points, freq_mhz, strong, cut
        As of `cable_gain`.

    Returns
    -------
    float64 ndarray, shape (point, freq)
        [dB]
    """
    freq = np.atleast_1d(np.asarray(freq_mhz, float))
    pieces = pieces_of(line_m, cut=cut)
    left = _left(pieces.along_m, cable, freq, strong=strong)
    total, mapped = np.zeros((len(points), len(freq))), scene.is_mapped(points.xyz_m)

    def part(begin: int, end: int) -> None:
        here = slice(begin, end)
        xyz_m = points.xyz_m[here]
        spread = 10 ** (spreading_db(pieces, xyz_m) / 10)
        for piece, place_m in enumerate(pieces.middle_m):
            power = spread[piece][:, None] * left[piece]
            total[here] += _second_slope(scene, place_m, xyz_m, mapped[here], freq, power)

    in_parts(part, len(points), at_most=1 + len(points) // POINTS_OF_A_THREAD)
    return np.asarray(10 * np.log10(total, out=total))


def station_gains_db(
    scene: Scene,
    stations: Stations,
    cable: Sequence[CableLoss],
    points: PointSet,
    freq_mhz: ArrayLike,
    *,
    strong: bool,
) -> Floats:
    """What each station gives with no wall on its ray: the power of its part from a single place.

    Parameters
    ----------
    stations : Stations
    scene, cable, points, freq_mhz, strong
        As of `cable_gain`.

    Returns
    -------
    float64 ndarray, shape (station, point, freq)
        Over free space on the straight line from its place, as losses of detours are. [dB]
    """
    freq = np.atleast_1d(np.asarray(freq_mhz, float))
    sent = _SHARE_M * stations.length_m * _left(stations.along_m, cable, freq, strong=strong)
    found, mapped = np.empty((len(stations), len(points), len(freq))), scene.is_mapped(points.xyz_m)
    for station, place_m in enumerate(stations.place_m):
        away_m = np.maximum(np.linalg.norm(points.xyz_m - place_m, axis=1), NEAREST_FREE_SPACE_M)
        found[station] = _second_slope(
            scene, place_m, points.xyz_m, mapped, freq, sent[station] / away_m[:, None] ** 2
        )
    return np.asarray(10 * np.log10(found, out=found))


def _left(along_m: Floats, cable: Sequence[CableLoss], freq_mhz: Floats, *, strong: bool) -> Floats:
    """What the coupling and the cable before a place leave of the power fed, shape (place, freq)."""
    loss_db_per_m, coupling_db = held_losses_db(cable, freq_mhz, strong=strong)
    return np.asarray(10 ** (-(coupling_db + loss_db_per_m * along_m[:, None]) / 10))


def _second_slope(
    scene: Scene, place_m: Floats, xyz_m: Floats, mapped: NDArray[np.bool_], freq_mhz: Floats, power: Floats
) -> Floats:
    """Powers at points, shape (point, freq), less what rays lose beyond their break point outside the map."""
    leaving = np.flatnonzero(~mapped) if scene.is_mapped(place_m[None])[0] else np.arange(len(xyz_m))
    if len(leaving):
        extra_db = np.zeros((1, len(leaving), power.shape[1]), np.float32)
        add_two_ray(scene, place_m[None], xyz_m[leaving], freq_mhz, extra_db, mapped[leaving])
        beyond = np.flatnonzero(extra_db[0].any(axis=1))
        power[leaving[beyond]] *= 10 ** (-extra_db[0, beyond].astype(np.float64) / 10)
    return power
