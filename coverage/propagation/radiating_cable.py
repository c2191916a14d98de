"""A radiating cable as a transmitter: many weak sources in a row, added as powers.

Along a straight cable the level at 2 m is the coupling loss below the power in the cable, and it falls by 10 dB a
decade of distance. That holds near the middle of a long straight run and nowhere else. So the cable
is cut into short pieces; each piece radiates its share of the power that is left in the cable there, goes down by
20 dB a decade and through the walls on its own ray, and the pieces add as powers. The share is such that an endless
straight cable gives exactly the coupling loss at 2 m. Near the cable the sum goes down by 10 dB a decade, far beyond
its length by 20, past its ends and round its bends by what lies between, without a seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.equipment import CableLoss, RoutePoint
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.path_gains import add_two_ray
from quietwing.coverage.propagation.scene import Scene
from quietwing.sites import PointSet

__all__ = [
    "COUPLING_AT_M",
    "FINE",
    "CableGain",
    "Cut",
    "Pieces",
    "cable_gain",
    "cable_length_m",
    "cable_losses_db",
    "held_losses_db",
    "piece_eirp_db",
    "pieces_of",
    "power_density_per_w",
    "radiated_db",
    "spreading_db",
]

COUPLING_AT_M = 2.0  # IEC 61196-4: the distance a coupling loss is measured at
NEAREST_M = 0.5  # assumed: nearer than this the cable's own field is no wave yet, and the level rises no more
# Distances within a piece are exact; what it crosses is that of its middle. On houseblock the loudest cable is then
# within 0.5 dB of pieces of 0.2 m at 95 of 100 points inside, 1.0 dB outside; with pieces of 1 m it is 0.9 and 2.3.
PIECE_M = 0.5
_SHARE = COUPLING_AT_M / np.pi  # ∫dz/r² along an endless line at distance d is π/d: at 2 m the sum is 1
_NEPER = np.float32(np.log(10) / 10)
_FLOATS_AT_A_TIME = 20_000_000
POINTS_OF_A_THREAD = 2_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cut:
    """Into how many parts a cable is cut, however long it is; without a number the length of a part is bounded alone.

    Attributes
    ----------
    pieces : int, optional
        At most; one more for each bend.
    stations : int, optional
        At most, see `cable_stations`.
    """

    pieces: int | None = None
    stations: int | None = None


FINE = Cut()


@dataclass(frozen=True)
class Pieces:
    """A cable cut into short straight pieces.

    Attributes
    ----------
    start_m, end_m : float64 ndarray, shape (piece, 3)
        [m]
    along_m : float64 ndarray, shape (piece,)
        From where the cable is fed to the middle of each piece. [m]
    """

    start_m: Floats
    end_m: Floats
    along_m: Floats

    def __len__(self) -> int:
        return len(self.along_m)

    @property
    def middle_m(self) -> Floats:
        """Where each piece's ray starts, shape (piece, 3). [m]"""
        return (self.start_m + self.end_m) / 2

    @property
    def length_m(self) -> Floats:
        """Length of each piece. [m]"""
        return np.asarray(np.linalg.norm(self.end_m - self.start_m, axis=1))


@dataclass(frozen=True)
class CableGain:
    """A cable at some points.

    Attributes
    ----------
    gain_db : float64 ndarray, shape (point, freq)
        Level at an isotropic antenna over power into the cable. [dB]
    over_gain_db : float64 ndarray, shape (point, freq)
        The same with what its rays are spared. [dB]
    strongest : int64 ndarray, shape (point,)
        The piece that is heard best there, in the mean over the bands.
    """

    gain_db: Floats
    over_gain_db: Floats
    strongest: NDArray[np.int64]


def pieces_of(line_m: Sequence[RoutePoint] | ArrayLike, piece_m: float = PIECE_M, cut: Cut = FINE) -> Pieces:
    """A cable's run in pieces no longer than `piece_m`, equally long between two bends.

    Parameters
    ----------
    line_m : sequence of points, shape (point, 3)
        At least two; the first is where the cable is fed. [m]
    piece_m : float
        [m]
    cut : Cut, optional
        Where it gives a number of pieces, longer ones for the sake of it.

    Returns
    -------
    Pieces

    Raises
    ------
    OutOfRangeError
        If the line has no length.
    """
    line = np.asarray(line_m, float).reshape(-1, 3)
    run_m = np.linalg.norm(np.diff(line, axis=0), axis=1)
    if not (np.isfinite(line).all() and run_m.sum() > 0):
        raise OutOfRangeError(f"a radiating cable through {len(line)} points has no length; give it a second place")
    if cut.pieces is not None:
        piece_m = max(piece_m, float(run_m.sum()) / cut.pieces)
    starts, ends, along = [], [], []
    fed_m = 0.0
    for begin, end, length_m in zip(line[:-1], line[1:], run_m.tolist(), strict=True):
        count = int(np.ceil(length_m / piece_m - 1e-9))
        cuts = begin + (end - begin) * np.linspace(0, 1, count + 1)[:, None]
        starts.append(cuts[:-1])
        ends.append(cuts[1:])
        along.append(fed_m + length_m * (np.arange(count) + 0.5) / max(count, 1))
        fed_m += length_m
    return Pieces(np.concatenate(starts), np.concatenate(ends), np.concatenate(along))


def cable_length_m(line_m: Sequence[RoutePoint] | ArrayLike) -> float:
    """Length of a cable through some points, 0 for a single one. [m]"""
    line = np.asarray(line_m, float).reshape(-1, 3)
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def cable_losses_db(cable: Sequence[CableLoss], freq_mhz: ArrayLike, *, strong: bool) -> tuple[Floats, Floats]:
    """Longitudinal and coupling loss at frequencies between those given, on straight lines between them.

    Parameters
    ----------
    cable : sequence of CableLoss
        By rising frequency.
    freq_mhz : array_like, shape (freq,)
        [MHz]
    strong : bool
        For spill: what half of the places couple better than. Else what 95 of 100 places do, for denial.

    Returns
    -------
    loss_db_per_m, coupling_db : float64 ndarray, shape (freq,)

    Raises
    ------
    OutOfRangeError
        If a frequency lies outside those given: nothing is extrapolated.
    """
    freq = np.atleast_1d(np.asarray(freq_mhz, float))
    given = np.array([row.freq_mhz for row in cable])
    outside = ~((freq >= given.min(initial=np.inf)) & (freq <= given.max(initial=-np.inf)))
    if outside.any():
        span = f"{given.min():g} to {given.max():g} MHz" if len(given) else "nothing"
        raise OutOfRangeError(
            f"no loss of the radiating cable at {freq[outside][0]:g} MHz (radiating_cable covers {span}); "
            f"add an item for this frequency to the catalogue"
        )
    loss = np.interp(freq, given, [row.loss_db_per_100m for row in cable]) / 100
    coupling = [row.coupling_50_db if strong else row.coupling_95_db for row in cable]
    return np.asarray(loss), np.asarray(np.interp(freq, given, coupling))


def held_losses_db(cable: Sequence[CableLoss], freq_mhz: ArrayLike, *, strong: bool) -> tuple[Floats, Floats]:
    """`cable_losses_db`, at frequencies outside those given that of the nearest one.

    The catalogue holds all of a model's bands within its cable's frequencies, and only the centre of a carrier that
    overlaps a band for spill may lie beyond.
    """
    held = np.clip(np.atleast_1d(np.asarray(freq_mhz, float)), cable[0].freq_mhz, cable[-1].freq_mhz)
    return cable_losses_db(cable, held, strong=strong)


def spreading_db(pieces: Pieces, points_m: Floats, nearest_m: float = NEAREST_M) -> Floats:
    """What each piece gives a point, over what an endless straight cable gives 2 m away, shape (piece, point).

    Parameters
    ----------
    pieces : Pieces
    points_m : float64 ndarray, shape (point, 3)
        [m]
    nearest_m : float
        Distance square to a piece below which the level rises no more. [m]

    Returns
    -------
    float64 ndarray, shape (piece, point)
        10 lg of (2/π) ∫dz/r² over the piece: exact, so that cutting a piece in two changes no sum. [dB]
    """
    way = pieces.end_m - pieces.start_m
    length_m = pieces.length_m
    unit = way / length_m[:, None]
    x, y, z = points_m.T[:, None, :] - pieces.start_m.T[:, :, None]  # axis by axis: sums over three are slow
    first = x * unit[:, :1] + y * unit[:, 1:2] + z * unit[:, 2:]
    away2 = np.maximum(x**2 + y**2 + z**2 - first**2, nearest_m**2)
    away = np.sqrt(away2)
    last = length_m[:, None] - first
    # The angle the piece is seen under, without the difference of two nearly equal ones for a piece far ahead.
    angle = np.arctan2(length_m[:, None] * away, away2 - first * last)
    return np.asarray(10 * np.log10(_SHARE * angle / away))


def cable_gain(
    scene: Scene,
    table: LossTable,
    line_m: Sequence[RoutePoint] | ArrayLike,
    cable: Sequence[CableLoss],
    points: PointSet,
    freq_mhz: ArrayLike,
    *,
    strong: bool,
    spared_db: NDArray[np.float32] | None = None,
    of_piece: NDArray[np.int64] | None = None,
    cut: Cut = FINE,
) -> CableGain:
    """Level of a cable over the power fed into it: its pieces, each through the walls on its own ray.

    Parameters
    ----------
    scene : Scene
    table : LossTable
        Of the scene, at `freq_mhz`.
    line_m : sequence of points, shape (point, 3)
        The cable's run. [m]
    cable : sequence of CableLoss
        See `held_losses_db`.
    points : PointSet
    freq_mhz : array_like, shape (freq,)
        [MHz]
    strong : bool
        See `cable_losses_db`.
    spared_db : float32 ndarray, shape (station, point, freq), optional
        What rays are spared of their elements' loss over the tops of what stands on them. [dB]
    of_piece : int64 ndarray, shape (piece,), optional
        Whose ray each piece's is like (`cable_stations`), with `spared_db`.
    cut : Cut, optional

    Returns
    -------
    CableGain
    """
    freq = np.atleast_1d(np.asarray(freq_mhz, float))
    loss_db_per_m, coupling_db = held_losses_db(cable, freq, strong=strong)
    pieces = pieces_of(line_m, cut=cut)
    middle_m = pieces.middle_m
    total = np.zeros((len(points), len(freq)))
    over = total if spared_db is None else total.copy()
    sums = _Sums(total, over, np.full(len(points), -np.inf), np.zeros(len(points), np.int64))
    each = max(1, _FLOATS_AT_A_TIME // max(1, len(points) * len(freq)))
    for first in range(0, len(pieces), each):
        part = slice(first, first + each)
        lost_db = element_loss_db(scene.prepared, table, middle_m[part], points)
        less_db = None
        if spared_db is not None and of_piece is not None:
            less_db = np.minimum(spared_db[of_piece[part]], lost_db)
        add_two_ray(scene, middle_m[part], points.xyz_m, freq, lost_db)
        some = Pieces(pieces.start_m[part], pieces.end_m[part], pieces.along_m[part])
        spread_db = spreading_db(some, points.xyz_m)
        _add_up(sums, first, spread_db, loss_db_per_m * some.along_m[:, None], lost_db, less_db)
    with np.errstate(divide="ignore"):
        gain_db, over_gain_db = (10 * np.log10(one) - coupling_db for one in (sums.total, sums.total_over))
    return CableGain(gain_db, over_gain_db, sums.strongest)


@dataclass(frozen=True)
class _Sums:
    """Powers of the pieces so far, without and with what rays are spared, and the one heard best, by point."""

    total: Floats
    total_over: Floats
    best_db: Floats
    strongest: NDArray[np.int64]


def _add_up(
    sums: _Sums,
    first: int,
    spread_db: Floats,
    fed_db: Floats,
    lost_db: NDArray[np.float32],
    less_db: NDArray[np.float32] | None,
) -> None:
    """Add pieces from the one numbered `first` on, (piece, point[, band]) each, in place."""

    def part(begin: int, end: int) -> None:
        here = slice(begin, end)
        total, over, best_db = sums.total[here], sums.total_over[here], sums.best_db[here]
        for row in range(len(spread_db)):
            gain_db = (spread_db[row, here, None] - lost_db[row, here] - fed_db[row]).astype(np.float32)
            total += np.exp(_NEPER * gain_db)
            if less_db is not None:
                gain_db += less_db[row, here]
                over += np.exp(_NEPER * gain_db)
            mean_db = gain_db.mean(axis=1)
            sums.strongest[here][mean_db > best_db] = first + row
            np.maximum(best_db, mean_db, out=best_db)

    in_parts(part, spread_db.shape[1], at_most=1 + spread_db.shape[1] // POINTS_OF_A_THREAD)


def piece_eirp_db(pieces: Pieces, cable: Sequence[CableLoss], freq_mhz: ArrayLike, *, strong: bool = True) -> Floats:
    """What each piece radiates as a source of its own, over the power fed into the cable, shape (piece, freq).

    Parameters
    ----------
    pieces : Pieces
        As seen from so far away that each is a point.
    cable : sequence of CableLoss
    freq_mhz : array_like, shape (freq,)
        [MHz]
    strong : bool
        See `cable_losses_db`.

    Returns
    -------
    float64 ndarray
        EIRP of a piece: (4π/λ)² · (2 m/π) · its length · 10^(−(L_c + α·z)/10). [dB]
    """
    freq = np.atleast_1d(np.asarray(freq_mhz, float))
    loss_db_per_m, coupling_db = cable_losses_db(cable, freq, strong=strong)
    per_m_db = 10 * np.log10(_SHARE * (4 * np.pi / wavelength_m(freq)) ** 2) - coupling_db
    length_db = 10 * np.log10(pieces.length_m)
    return np.asarray(per_m_db + length_db[:, None] - loss_db_per_m * pieces.along_m[:, None])


def radiated_db(cable: Sequence[CableLoss], length_m: float, freq_mhz: float) -> float:
    """All that a cable radiates, over the power fed into it, on the strong side. [dB]

    Parameters
    ----------
    cable : sequence of CableLoss
    length_m : float
        [m]
    freq_mhz : float
        [MHz]

    Returns
    -------
    float
    """
    pieces = pieces_of(((0.0, 0.0, 0.0), (length_m, 0.0, 0.0)))
    each_db = piece_eirp_db(pieces, cable, freq_mhz)
    return float(10 * np.log10((10 ** (each_db / 10)).sum()))


def power_density_per_w(
    line_m: Sequence[RoutePoint],
    cable: Sequence[CableLoss],
    points: PointSet,
    freq_mhz: ArrayLike,
    nearest_m: float,
) -> Floats:
    """Power density near a cable for a watt fed into it, no loss in walls, shape (freq, point).

    Parameters
    ----------
    line_m : sequence of points
        [m]
    cable : sequence of CableLoss
    points : PointSet
    freq_mhz : array_like, shape (freq,)
        [MHz]
    nearest_m : float
        Nearer than this the level rises no more. [m]

    Returns
    -------
    float64 ndarray
        Received power over the aperture λ²/4π of an isotropic antenna, at the coupling that half of the places
        better. [W/m² per W]
    """
    freq = np.atleast_1d(np.asarray(freq_mhz, float))
    pieces = pieces_of(line_m)
    loss_db_per_m, coupling_db = cable_losses_db(cable, freq, strong=True)
    left = 10 ** (-(coupling_db[:, None] + loss_db_per_m[:, None] * pieces.along_m) / 10)
    received = left @ 10 ** (spreading_db(pieces, points.xyz_m, nearest_m) / 10)
    return np.asarray(received * (4 * np.pi / wavelength_m(freq) ** 2)[:, None])
