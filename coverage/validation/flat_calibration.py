"""The measured flat once more: what does a calibration of walls and distance gain on an anchor it has not seen?

Wall kinds, one distance exponent and one offset of each anchor are fitted on all anchors but one and judged on that
one, by the same estimation as ``quietwing calibrate`` and with the same local errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.gaussian_fit import Block, Prior, posterior
from quietwing.coverage.propagation import construction_loss_db
from quietwing.coverage.rules import load_rules
from quietwing.sites import Construction, load_constructions

__all__ = ["ASSUMED_WALLS", "AssumedWalls", "CalibratedFlat", "Piece", "calibrated_flat"]

Array = NDArray[np.float64]

LIGHT_WALL_DB = 3.4  # COST 231 final report, chapter 4: L_w1, light wall
EXPONENT_SIGMA = 0.3  # assumed; TR 38.901 table 7.4.1-1 has 1.73 indoors with sight, free space 2
OFFSET_SIGMA_DB = 30.0  # transmit power and antennas are unknown: as good as no prior
READING_SIGMA_DB = 3.0  # assumption A35
HALF_A_DOORWAY_M = 0.46  # what is narrower than 0.92 m parts two rooms
STEEPEST_COS = 0.0872  # 85°, where the loss of a slab is held


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of wall on a ray: how thick it is across, and the cosine of the ray's angle to its normal."""

    thickness_m: float
    cos_incidence: float


@dataclass(frozen=True, slots=True)
class AssumedWalls:
    """What somebody who does not know the flat may take its walls for.

    Attributes
    ----------
    name : str
    kinds : tuple of (float, Construction)
        Each with the thickness from which it counts, ascending from 0. [m]
    """

    name: str
    kinds: tuple[tuple[float, Construction], ...]

    def of(self, piece: Piece) -> int:
        """Which kind a piece of wall is."""
        return max(number for number, (from_m, _) in enumerate(self.kinds) if piece.thickness_m >= from_m)


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedFlat:
    """Errors on the anchors held out, predicted − measured, shape (link,). [dB]"""

    before_db: Array
    after_db: Array
    anchor: NDArray[np.int64]

    def mean_rmse_db(self, error_db: Array) -> float:
        """Mean over the anchors of each one's root mean square error. [dB]"""
        return float(np.mean(self._rmse_db(error_db)))

    def _rmse_db(self, error_db: Array) -> list[float]:
        return [float(np.sqrt(np.mean(error_db[self.anchor == one] ** 2))) for one in np.unique(self.anchor)]

    def in_words(self) -> str:
        """Root mean square error of each anchor before and after."""
        pairs = zip(self._rmse_db(self.before_db), self._rmse_db(self.after_db), strict=True)
        return ", ".join(f"{before:.2f} to {after:.2f}" for before, after in pairs)


def _light_wall() -> Construction:
    return Construction(
        name="light wall", loss_intercept_db=LIGHT_WALL_DB, sigma_db=3.0, source="COST 231, chapter 4"
    )


def _assumed_walls() -> tuple[AssumedWalls, ...]:
    known = load_constructions()
    # half-way between the thicknesses of the library's brick walls, 102, 215 and 330 mm
    brick = ((0.0, known["brick_102"]), (0.16, known["brick_215"]), (0.27, known["brick_330"]))
    return (
        AssumedWalls("light walls of 3.4 dB", ((0.0, _light_wall()),)),
        AssumedWalls("brick by thickness", brick),
        AssumedWalls("concrete of 100 mm", ((0.0, known["concrete_100"]),)),
    )


ASSUMED_WALLS = _assumed_walls()


def calibrated_flat(
    assumed: AssumedWalls,
    outline: shapely.Polygon,
    anchor: NDArray[np.int64],
    cell_m: Array,
    distance_m: Array,
    offset_dbm: Array,
    pieces: list[list[Piece]],
    freq_mhz: float,
) -> CalibratedFlat:
    """Every anchor predicted from all the others, with and without a fit of walls and distance.

    Parameters
    ----------
    assumed : AssumedWalls
    outline : shapely.Polygon
        Of all rooms.
    anchor : int ndarray, shape (link,)
    cell_m : ndarray, shape (link, 3)
    distance_m : ndarray, shape (link,)
    offset_dbm : ndarray, shape (link,)
        Level measured + free-space loss. [dBm]
    pieces : list of list of Piece
        Walls on each link.
    freq_mhz : float

    Returns
    -------
    CalibratedFlat
    """
    kinds = len(assumed.kinds)
    walls, walls_db = np.zeros((len(anchor), kinds)), np.zeros(len(anchor))
    for link, on_ray in enumerate(pieces):
        for piece in on_ray:
            kind = assumed.of(piece)
            walls[link, kind] += 1
            cos = [max(piece.cos_incidence, STEEPEST_COS)]
            walls_db[link] += construction_loss_db(assumed.kinds[kind][1], cos, [freq_mhz])[0, 0]
    base_dbm = offset_dbm + walls_db
    numbers, own = np.unique(anchor, return_inverse=True)
    offsets = np.eye(len(numbers))[own.reshape(-1)]
    design = np.hstack([offsets, -walls, -10 * np.log10(distance_m)[:, None]])
    shared = load_rules().errors
    sigma = [OFFSET_SIGMA_DB] * len(numbers)
    sigma += [np.sqrt(shared.construction_shared) * one.sigma_db for _, one in assumed.kinds] + [EXPONENT_SIGMA]
    lowest = np.full(design.shape[1], -np.inf)
    lowest[len(numbers) : len(numbers) + kinds] = [
        -construction_loss_db(one, [1.0], [freq_mhz])[0, 0] for _, one in assumed.kinds
    ]
    prior = Prior(np.zeros(design.shape[1]), np.diag(np.square(sigma)), lowest)
    room = _rooms(outline, cell_m)
    before_db, after_db = np.empty(len(anchor)), np.empty(len(anchor))
    for one in numbers.tolist():
        out = anchor == one
        blocks = []
        for each in np.unique(room[~out]).tolist():
            mine = np.flatnonzero(~out & (room == each))
            share = np.where(anchor[mine][:, None] == anchor[mine][None], 1.0, shared.local_shared)
            error_db2 = shared.local_db**2 * share + READING_SIGMA_DB**2 * np.eye(len(mine))
            blocks.append(Block(design[mine], base_dbm[mine], error_db2))
        fitted = posterior(prior, blocks).mean[len(numbers) :]
        left_dbm = base_dbm - design[:, len(numbers) :] @ fitted
        before_db[out] = base_dbm[~out].mean() - base_dbm[out]
        after_db[out] = left_dbm[~out].mean() - left_dbm[out]
    return CalibratedFlat(before_db, after_db, anchor)


def _rooms(outline: shapely.Polygon, cell_m: Array) -> NDArray[np.intp]:
    """The room each cell lies in or next to: what is left of the flat when doorways are shut."""
    core = outline.buffer(-HALF_A_DOORWAY_M)
    parts = [part for part in getattr(core, "geoms", [core]) if not part.is_empty] or [outline]
    places = shapely.points(cell_m[:, :2])
    return np.asarray(np.argmin([shapely.distance(part, places) for part in parts], axis=0), np.intp)
