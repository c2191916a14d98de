"""The measured flat once more: what does a calibration of walls and distance gain on an anchor it has not seen?

Wall kinds, one distance exponent and one offset of each anchor are fitted on all anchors but one and judged on that
one, by the same estimation as ``quietwing calibrate`` and with the same local errors.

What one anchor sees of a wall kind is not the kind: it looks through a few pieces of it only, and its hundred cells
look through the same ones. So each anchor has its own deviation from every kind and from the exponent, as large as
the prior of the kind itself; two anchors that disagree then say little, however many cells each of them has.
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
# Deviation of one anchor from what is common to all, as a multiple of the prior's sigma: walls of one kind differ
# from each other as much as kinds differ from the book (assumed).
OWN_SHARE = 1.0
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the shifts found, the one that did best on anchors held out within the fit
# Anchors of a fit from which one is held out again: the fits within need two, to tell kind from anchor.
LEAST_INNER = 3
# Of shifts that no anchor could test: near the best share the gain is flat, and what is lost where they are wrong is
# not. On thirty made flats (`benchmarks/flat_anchors.py 3`) the mean gains 0.19 dB in place of 0.20, and 27 % of the
# anchors get worse by more than 0.05 dB in place of 29 %.
UNTESTED_SHARE = 0.75


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
    walls, walls_db = _crossed(assumed, pieces, freq_mhz)
    _, own = np.unique(anchor, return_inverse=True)
    sigma = [np.sqrt(load_rules().errors.construction_shared) * one.sigma_db for _, one in assumed.kinds]
    survey = _Survey(
        anchor=own.reshape(-1),
        room=_rooms(outline, cell_m),
        base_dbm=offset_dbm + walls_db,
        slopes=np.hstack([-walls, -10 * np.log10(distance_m)[:, None]]),
        sigma=np.array([*sigma, EXPONENT_SIGMA]),
        lowest=np.array([*(-construction_loss_db(k, [1.0], [freq_mhz])[0, 0] for _, k in assumed.kinds), -np.inf]),
    )
    before_db, after_db = np.empty(len(anchor)), np.empty(len(anchor))
    for one in np.unique(survey.anchor).tolist():
        out = survey.anchor == one
        fitted = survey.fitted(~out)
        before_db[out] = survey.error_db(np.zeros(len(fitted)), ~out, out)
        after_db[out] = survey.error_db(survey.share(~out) * fitted, ~out, out)
    return CalibratedFlat(before_db, after_db, anchor)


@dataclass(frozen=True, slots=True, eq=False)
class _Survey:
    """Links of all anchors as a linear problem: shifts of wall kinds (dB a wall) and of the exponent.

    Attributes
    ----------
    anchor, room : int ndarray, shape (link,)
    base_dbm : ndarray, shape (link,)
        Level measured + loss assumed. [dBm]
    slopes : ndarray, shape (link, shift)
        Change of the level by one unit of each shift.
    sigma, lowest : ndarray, shape (shift,)
        Prior of each shift, and the bound it must not pass: no wall that gains.
    """

    anchor: NDArray[np.intp]
    room: NDArray[np.intp]
    base_dbm: Array
    slopes: Array
    sigma: Array
    lowest: Array

    def fitted(self, kept: NDArray[np.bool_]) -> Array:
        """The likeliest shifts, common to all anchors, by some of the links."""
        anchors, shifts = np.unique(self.anchor[kept]), len(self.sigma)
        offset = self.anchor[:, None] == anchors
        own = (offset[:, :, None] * self.slopes[:, None, :]).reshape(len(self.anchor), -1)
        design = np.hstack([offset, self.slopes, own])
        own_sigma = np.tile(OWN_SHARE * self.sigma, len(anchors))
        sigma = np.concatenate([np.full(len(anchors), OFFSET_SIGMA_DB), self.sigma, own_sigma])
        lowest = np.full(len(sigma), -np.inf)
        common = slice(len(anchors), len(anchors) + shifts)
        lowest[common] = self.lowest
        errors, blocks = load_rules().errors, []
        for each in np.unique(self.room[kept]).tolist():
            mine = np.flatnonzero(kept & (self.room == each))
            share = np.where(self.anchor[mine][:, None] == self.anchor[mine][None], 1.0, errors.local_shared)
            error_db2 = errors.local_db**2 * share + READING_SIGMA_DB**2 * np.eye(len(mine))
            blocks.append(Block(design[mine], self.base_dbm[mine], error_db2))
        return posterior(Prior(np.zeros(len(sigma)), np.diag(np.square(sigma)), lowest), blocks).mean[common]

    def error_db(self, shift: Array, known: NDArray[np.bool_], out: NDArray[np.bool_]) -> Array:
        """Predicted − measured level of some links; the offset is the mean of the links that are known. [dB]"""
        left_dbm = self.base_dbm - self.slopes @ shift
        return np.asarray(left_dbm[known].mean() - left_dbm[out])

    def share(self, kept: NDArray[np.bool_]) -> float:
        """How much of the shifts to believe: what predicted anchors best that were held out within the fit.

        Nothing, where no share makes their root mean square error smaller by more than the standard error of that
        gain. With fewer than three anchors nothing can be held out, and three quarters are believed.
        """
        anchors = np.unique(self.anchor[kept]).tolist()
        if len(anchors) < LEAST_INNER:
            return UNTESTED_SHARE
        gain_db = np.empty((len(anchors), len(SHARES)))
        for row, one in enumerate(anchors):
            out = kept & (self.anchor == one)
            fitted = self.fitted(kept & ~out)
            rmse_db = [np.sqrt(np.mean(self.error_db(part * fitted, kept & ~out, out) ** 2)) for part in SHARES]
            gain_db[row] = rmse_db[0] - np.array(rmse_db)
        mean_db, spread_db = gain_db.mean(axis=0), gain_db.std(axis=0, ddof=1)
        sure = mean_db > spread_db / np.sqrt(len(anchors))
        return SHARES[int(np.where(sure, mean_db, 0.0).argmax())]


def _crossed(assumed: AssumedWalls, pieces: list[list[Piece]], freq_mhz: float) -> tuple[Array, Array]:
    """Walls of each kind on each link, and what they cost in all. [dB]"""
    walls, walls_db = np.zeros((len(pieces), len(assumed.kinds))), np.zeros(len(pieces))
    for link, on_ray in enumerate(pieces):
        for piece in on_ray:
            kind = assumed.of(piece)
            walls[link, kind] += 1
            cos = [max(piece.cos_incidence, STEEPEST_COS)]
            walls_db[link] += construction_loss_db(assumed.kinds[kind][1], cos, [freq_mhz])[0, 0]
    return walls, walls_db


def _rooms(outline: shapely.Polygon, cell_m: Array) -> NDArray[np.intp]:
    """The room each cell lies in or next to: what is left of the flat when doorways are shut."""
    core = outline.buffer(-HALF_A_DOORWAY_M)
    parts = [part for part in getattr(core, "geoms", [core]) if not part.is_empty] or [outline]
    places = shapely.points(cell_m[:, :2])
    return np.asarray(np.argmin([shapely.distance(part, places) for part in parts], axis=0), np.intp)
