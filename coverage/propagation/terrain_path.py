"""Terrain loss between a mast and the site: the loss over its profile less that over flat ground.

TR 38.901 knows flat ground alone. Both states of sight get the same difference, once per mast × façade × storey. Over
a kilometre and more it is that of the Irregular Terrain Model, nearer that of Rec. ITU-R P.526 (Bullington). No
clutter is added (P.2108): TR 38.901 has it. Beyond its range the loss over the ground itself takes its place
(`far_path`). The ray's angle at the site stays that over flat ground.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.diffraction import EARTH_M, bullington_loss_db
from quietwing.coverage.propagation.facades import IN_THE_OPEN, Facades
from quietwing.coverage.propagation.far_path import FAR_FROM_M, FarLoss, far_loss_db
from quietwing.coverage.propagation.irregular_terrain import FREQ_MHZ, TERMINAL_M, irregular_terrain_loss_db
from quietwing.sites import OutOfRangeError, PointSet, Site, Terrain

__all__ = ["OFF_THE_GRID", "Profile", "TerrainEffect", "ground_profile", "terrain_effect", "terrain_extra_db"]

Array = NDArray[np.float64]

ITM_FROM_M = 1000.0  # the model is for paths of 1 to 2000 km; NTIA Report 82-100
EYE_HEIGHT_M = 1.5
LEAST_STEPS, MOST_STEPS = 20, 500
SQUARE_M = 100.0  # points in the open share the ground of their square, assumed
VERTICAL = True  # masts send at ±45°, assumed vertical: over ground the two differ by little at these frequencies
OFF_THE_GRID = "terrain: {} of {} masts have unknown ground on the way to the site: for them it is taken as flat"
NO_ITM = "terrain: paths the Irregular Terrain Model does not hold for are taken as over one edge (P.526 Bullington)"
SHORT = f"terrain: paths shorter than {ITM_FROM_M:g} m are taken as over one edge (P.526 Bullington)"
LEVEL = (
    "terrain: the ground between masts and site is counted; rays still arrive at the angle they have over flat ground"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """The ground from a mast to a place.

    Attributes
    ----------
    ground_m : float64 ndarray, shape (point,)
        Height above the sea at equal steps, ends included. [m]
    spacing_m : float
        [m]
    """

    ground_m: Array
    spacing_m: float

    @property
    def length_m(self) -> float:
        """From end to end. [m]"""
        return self.spacing_m * (len(self.ground_m) - 1)

    def blocks(self, h_tx_m: float, h_rx_m: float) -> bool:
        """Whether the ground, on an Earth of 4/3 its radius, stands in the line between two antennas above it."""
        away_m = self.spacing_m * np.arange(1, len(self.ground_m) - 1)
        left_m = self.length_m - away_m
        ray_m = (self.ground_m[0] + h_tx_m) * left_m + (self.ground_m[-1] + h_rx_m) * away_m
        top_m = self.ground_m[1:-1] + away_m * left_m / (2 * EARTH_M)
        return bool((top_m > ray_m / self.length_m).any())


@dataclass(frozen=True, slots=True)
class TerrainEffect:
    """What the ground does to the paths from one mast.

    Attributes
    ----------
    extra_db : float64 ndarray, shape (point, freq)
        Loss over that over flat ground, below 0 where an end stands high; 0 where nothing is known. [dB]
    far_los_db, far_nlos_db : float64 ndarray, shape (point, freq)
        Loss itself in both states of sight, to points beyond the range of a scenario of TR 38.901; NaN to others, and
        where nothing is known. [dB]
    blocked : bool ndarray, shape (point,)
        The ground stands in the line of sight.
    known : bool
        The ground is known all the way to every point in a building.
    notes : tuple of str
    """

    extra_db: Array
    far_los_db: Array
    far_nlos_db: Array
    blocked: NDArray[np.bool_]
    known: bool
    notes: tuple[str, ...]

    def far(self, freq: int) -> FarLoss:
        """Loss over the ground at one frequency, for points beyond the range of TR 38.901."""
        return FarLoss(self.far_los_db[:, freq], self.far_nlos_db[:, freq])


def ground_profile(terrain: Terrain, from_m: tuple[float, float], to_m: tuple[float, float]) -> Profile | None:
    """The ground between two places, nothing where any of it is not known or they stand in one place.

    Parameters
    ----------
    terrain : Terrain
    from_m, to_m : tuple of float
        In the site's coordinates. [m]

    Returns
    -------
    Profile or None
        At steps of about one cell, 20 to 500 of them.
    """
    length_m = math.dist(from_m, to_m)
    if length_m <= 0:
        return None
    cell_m = min(terrain.step_east_m, terrain.step_south_m)
    steps = int(np.clip(math.ceil(length_m / cell_m), LEAST_STEPS, MOST_STEPS))
    ground_m = terrain.height_m(
        *(np.linspace(start, end, steps + 1) for start, end in zip(from_m, to_m, strict=True))
    )
    return Profile(ground_m, length_m / steps) if np.isfinite(ground_m).all() else None


def terrain_extra_db(profile: Profile, freq_mhz: Array, h_tx_m: float, h_rx_m: float) -> tuple[Array, str]:
    """Loss over a profile less that over flat ground of the same length, medians.

    Parameters
    ----------
    profile : Profile
    freq_mhz : ndarray, shape (freq,)
        [MHz]
    h_tx_m, h_rx_m : float
        Heights above the ground, held in the model's range of 0.5 to 3000. [m]

    Returns
    -------
    extra_db : ndarray, shape (freq,)
        [dB]
    note : str
        Which range was left, empty if none.

    References
    ----------
    ITM as in `irregular_terrain`, single message mode, medians; nearer than 1 km Rec. ITU-R P.526-15, section 4.5.1.
    """
    above_tx_m, above_rx_m = (float(np.clip(height_m, *TERMINAL_M)) for height_m in (h_tx_m, h_rx_m))
    flat_m = np.full(len(profile.ground_m), float(profile.ground_m.mean()))
    held_mhz = np.clip(freq_mhz, *FREQ_MHZ)
    note = SHORT
    if profile.length_m >= ITM_FROM_M:
        try:
            over_db, flat_db = (
                [
                    irregular_terrain_loss_db(
                        freq, ground_m, profile.spacing_m, above_tx_m, above_rx_m, vertical=VERTICAL
                    )
                    for freq in held_mhz.tolist()
                ]
                for ground_m in (profile.ground_m, flat_m)
            )
        except OutOfRangeError:
            note = NO_ITM
        else:
            return np.array(over_db) - np.array(flat_db), ""
    over, flat = (
        bullington_loss_db(ground_m, profile.spacing_m, above_tx_m, above_rx_m, freq_mhz)
        for ground_m in (profile.ground_m, flat_m)
    )
    return over - flat, note


def terrain_effect(
    site: Site, facades: Facades, points: PointSet, mast_m: Array, freq_mhz: Array
) -> TerrainEffect | None:
    """What the ground does to the paths from one mast; nothing on a site without heights.

    Parameters
    ----------
    site : Site
    facades : Facades
        Of the points.
    points : PointSet
    mast_m : ndarray, shape (3,)
        Height above the mast's own ground. [m]
    freq_mhz : ndarray, shape (freq,)
        [MHz]

    Returns
    -------
    TerrainEffect or None
    """
    if site.terrain is None:
        return None
    extra_db, blocked = np.zeros((len(points), len(freq_mhz))), np.zeros(len(points), np.bool_)
    far_los_db, far_nlos_db = np.full_like(extra_db, np.nan), np.full_like(extra_db, np.nan)
    is_far = np.hypot(*(points.xyz_m[:, :2] - mast_m[:2]).T) > FAR_FROM_M
    known, notes = True, {LEVEL}
    for members, place_m, height_m in _ends(site, facades, points):
        profile = ground_profile(site.terrain, (float(mast_m[0]), float(mast_m[1])), place_m)
        if profile is None:
            known &= facades.of_point[members[0]] == IN_THE_OPEN
            continue
        extra_db[members], note = terrain_extra_db(profile, freq_mhz, float(mast_m[2]), height_m)
        blocked[members] = profile.blocks(float(mast_m[2]), height_m)
        notes |= {note} - {""}
        distant = members[is_far[members]]
        if len(distant):
            far_los_db[distant], far_nlos_db[distant], left = far_loss_db(
                profile.ground_m,
                profile.spacing_m,
                freq_mhz,
                float(mast_m[2]),
                height_m,
                site.area,
                site.surroundings,
            )
            notes |= set(left)
    return TerrainEffect(extra_db, far_los_db, far_nlos_db, blocked, known, tuple(sorted(notes)))


def _ends(
    site: Site, facades: Facades, points: PointSet
) -> Iterator[tuple[NDArray[np.intp], tuple[float, float], float]]:
    """Points that share a path, where it ends and how high above the ground there."""
    for facade, middle_m in enumerate(facades.middle_m.tolist()):
        here = np.flatnonzero(facades.of_point == facade)
        storeys = site.buildings[int(points.building[here[0]])].storeys
        for number in np.unique(points.storey[here]).tolist():
            yield (
                here[points.storey[here] == number],
                (middle_m[0], middle_m[1]),
                storeys[number].floor_m + EYE_HEIGHT_M,
            )
    outside = np.flatnonzero(facades.of_point == IN_THE_OPEN)
    # rounded, so that a point has the same ground whoever is asked about beside it
    square = np.floor(points.xyz_m[outside, :2] / SQUARE_M) * SQUARE_M + SQUARE_M / 2
    ends, of_point = np.unique(
        np.column_stack([square, points.xyz_m[outside, 2].round(1)]), axis=0, return_inverse=True
    )
    for index, (x_m, y_m, z_m) in enumerate(ends.tolist()):
        yield outside[of_point.ravel() == index], (x_m, y_m), z_m
