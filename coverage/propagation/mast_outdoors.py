"""What the masts send to each point of a site past everything that stands on it: loss outdoors and pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.propagation.antennas import direction
from quietwing.coverage.propagation.facades import Facades, facades_of
from quietwing.coverage.propagation.mast_path import mast_los_probability, path_states_db
from quietwing.coverage.propagation.opening_floor import OpeningFloor
from quietwing.coverage.propagation.scene import Scene
from quietwing.coverage.propagation.sector_patterns import sector_gain_db
from quietwing.coverage.propagation.terrain_path import OFF_THE_GRID, terrain_effect
from quietwing.sites import PointSet, Sector, Site

__all__ = ["Outdoors", "masts_of", "outdoors_of", "silent_at"]

Array = NDArray[np.float64]
Gains = NDArray[np.float32]
EYE_HEIGHT_M = 1.5


@dataclass(frozen=True, slots=True)
class Outdoors:
    """What comes to each point past everything that stands on the site, from `MastModel.outdoors`.

    The same whatever is in the site's windows.

    Attributes
    ----------
    los_db, nlos_db : float64 ndarray, shape (sector, point)
        Pattern − loss outdoors. [dB]
    los_probability : float32 ndarray, shape (sector, point)
    notes : tuple of str
        Ranges that were clipped.
    """

    los_db: Array
    nlos_db: Array
    los_probability: Gains
    notes: tuple[str, ...]

    def at(self, points: NDArray[np.intp]) -> Outdoors:
        """To some of the points."""
        return Outdoors(self.los_db[:, points], self.nlos_db[:, points], self.los_probability[:, points], self.notes)


def masts_of(sectors: tuple[Sector, ...]) -> Mapping[tuple[float, float, float], NDArray[np.int_]]:
    """Indices of the sectors at each antenna position, positions in order of first appearance."""
    found: dict[tuple[float, float, float], list[int]] = {}
    for index, sector in enumerate(sectors):
        found.setdefault((sector.x_m, sector.y_m, sector.height_m), []).append(index)
    return {place: np.array(indices) for place, indices in found.items()}


def silent_at(site: Site, points: PointSet) -> NDArray[np.bool_]:
    """Points in rooms that must be silent; elsewhere the public level bounds what blockers may do, shape (point,)."""
    return np.array([*(room.role == "silence" for room in site.rooms), False])[points.room]


def outdoors_of(scene: Scene, floor: OpeningFloor, sectors: tuple[Sector, ...], points: PointSet) -> Outdoors:
    """What comes to points past everything that stands on the site.

    Parameters
    ----------
    scene : Scene
    floor : OpeningFloor
        Of the site.
    sectors : tuple of Sector
    points : PointSet

    Returns
    -------
    Outdoors
    """
    shape = (len(sectors), len(points))
    los_db, nlos_db, clear_probability = np.empty(shape), np.empty(shape), np.empty(shape, np.float32)
    notes: set[str] = set()
    site = scene.site
    facades, unknown = facades_of(floor, points), 0
    silent = silent_at(site, points)
    for mast_m, indices in masts_of(sectors).items():
        here = [sectors[index] for index in indices]
        mast = np.array(mast_m)
        used_mhz, freq_of = np.unique([sector.freq_mhz for sector in here], return_inverse=True)
        distance_2d_m = np.hypot(*(points.xyz_m[:, :2] - mast[:2]).T)
        azimuth_deg, elevation_deg = direction(mast, points.xyz_m)
        ground = terrain_effect(site, facades, points, mast, used_mhz)
        if ground is not None:
            notes.update(ground.notes)
            unknown += not ground.known
        states: dict[tuple[str, float, tuple[float, float] | None], tuple[Array, Array]] = {}
        chances: dict[str, Array] = {}
        for index, sector, freq in zip(indices.tolist(), here, freq_of.tolist(), strict=True):
            key = (sector.environment, sector.freq_mhz, sector.corner_m)
            if key not in states:
                over_db = None if ground is None else ground.extra_db[:, freq]
                *both, clipped = path_states_db(
                    sector,
                    site.area,
                    distance_2d_m,
                    points.xyz_m[:, 2],
                    over_db,
                    surroundings=site.surroundings,
                    xy_m=points.xyz_m[:, :2],
                    far=None if ground is None else ground.far(freq),
                    bounding=~silent,
                )
                states[key] = both[0], both[1]
                notes.update(clipped)
            if sector.environment not in chances:
                chance = _los_probability(scene, facades, sector, mast, points, distance_2d_m)
                chances[sector.environment] = chance if ground is None else np.where(ground.blocked, 0.0, chance)
            pattern_db = sector_gain_db(site, sector, azimuth_deg, elevation_deg)
            for into, loss_db in zip((los_db, nlos_db), states[key], strict=True):
                into[index] = pattern_db - loss_db
            clear_probability[index] = chances[sector.environment]
    if unknown:
        notes.add(OFF_THE_GRID.format(unknown, len(masts_of(sectors))))
    return Outdoors(los_db, nlos_db, clear_probability, tuple(sorted(notes)))


def _los_probability(
    scene: Scene, facades: Facades, sector: Sector, mast: Array, points: PointSet, distance_2d_m: Array
) -> Array:
    """Probability of a clear path: one value per façade × storey, at the middle of the façade.

    Points in the open have their own. Where mast and point both stand on the map, geometry decides.
    """
    environment = sector.environment
    chance = np.asarray(mast_los_probability(environment, distance_2d_m, points.xyz_m[:, 2]), float)
    for facade, away_m in enumerate(np.hypot(*(facades.middle_m - mast[:2]).T).tolist()):
        here = facades.of_point == facade
        storeys = scene.site.buildings[int(points.building[here.argmax()])].storeys
        for number in np.unique(points.storey[here]).tolist():
            eye_m = storeys[number].floor_m + EYE_HEIGHT_M
            chance[here & (points.storey == number)] = mast_los_probability(environment, away_m, eye_m)
    mapped = scene.mapped
    if shapely.intersects_xy(mapped, mast[0], mast[1]):  # all that stands between is drawn, and on the ray
        chance[shapely.intersects_xy(mapped, points.xyz_m[:, 0], points.xyz_m[:, 1])] = 1.0
    return chance
