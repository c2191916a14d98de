"""Levels measured on the site take the place of the mast arithmetic: one offset and one state of sight per antenna.

All carriers of an antenna go the same way, so a reading of one tells the level of the others of its channel. The
state of sight belongs to the mast: it holds for every sector there, whatever its channel. A level is sure where it
was read, and less so away from there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.kriging import Kriged, krige
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.propagation import MastGain, MastModel, Shadowing, is_directional, shadowing
from quietwing.sites import OutsideLevel, PointSet, Sector, Site, scattered

__all__ = [
    "MEASURED_SIGMA_DB",
    "Calibration",
    "ReadSectors",
    "calibrate",
    "los_by_rule",
    "los_probability_limit",
    "sector_levels_dbm",
]

MEASURED_SIGMA_DB = 3.0  # error of a reading where it was taken, assumption A35

Antenna = tuple[object, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReadSectors:
    """Sectors that were read at the same places and are shadowed alike.

    Attributes
    ----------
    sectors : intp ndarray, shape (read sector,)
        Their indices.
    field : Kriged
        Residuals with and without line of sight, shape (2, read sector, reading).
    """

    sectors: NDArray[np.intp]
    field: Kriged


@dataclass(frozen=True, slots=True)
class Calibration:
    """What measured levels say of each sector.

    Attributes
    ----------
    los_offset_db, nlos_offset_db : float64 ndarray, shape (sector,)
        Mean over the site of what is added to the levels of the sector in each state of sight; 0 where its channel
        was not measured. [dB]
    unread_sigma_db : float64 ndarray, shape (sector,)
        How well the level is known without readings. [dB]
    read : tuple of ReadSectors
        The sectors that are `measured`, each once.
    measured : bool ndarray, shape (sector,)
        Whether the level rests on a reading of the sector's own antenna in its channel.
    los_known : bool ndarray, shape (sector,)
        Whether readings tell the state of sight of the sector's mast; it then holds everywhere.
    clear : bool ndarray, shape (sector,)
        That state.
    notes : tuple of str
    """

    los_offset_db: Array
    nlos_offset_db: Array
    unread_sigma_db: Array
    read: tuple[ReadSectors, ...]
    measured: NDArray[np.bool_]
    los_known: NDArray[np.bool_]
    clear: NDArray[np.bool_]
    notes: tuple[str, ...]

    def los(self, gain: MastGain, confidence: float) -> NDArray[np.bool_]:
        """State of sight for each sector × point: as readings tell, else by `los_by_rule`."""
        return np.where(self.los_known[:, None], self.clear[:, None], los_by_rule(gain, confidence))

    def only(self, kept: NDArray[np.intp]) -> Calibration:
        """What is known of some of the sectors, by index."""
        place = {index: row for row, index in enumerate(kept.tolist())}
        read = []
        for one in self.read:
            rows = np.array([row for row, index in enumerate(one.sectors.tolist()) if index in place], np.intp)
            if len(rows):
                sectors = np.array([place[index] for index in one.sectors[rows].tolist()], np.intp)
                read.append(ReadSectors(sectors, one.field.only(rows)))
        return Calibration(
            los_offset_db=self.los_offset_db[kept],
            nlos_offset_db=self.nlos_offset_db[kept],
            unread_sigma_db=self.unread_sigma_db[kept],
            read=tuple(read),
            measured=self.measured[kept],
            los_known=self.los_known[kept],
            clear=self.clear[kept],
            notes=self.notes,
        )

    def offset_db(self, points: PointSet, clear: bool) -> NDArray[np.float32]:
        """What is added to the level of each sector at some points in one state of sight.

        Parameters
        ----------
        points : PointSet
            Each counts at its own place in plan, indoors too.
        clear : bool

        Returns
        -------
        float32 ndarray, shape (sector, point)
            Not to be written to. Where several readings of an antenna differ, near to what was read close by. [dB]
        """
        mean_db = (self.los_offset_db if clear else self.nlos_offset_db).astype(np.float32)
        found_db = np.broadcast_to(mean_db[:, None], (len(mean_db), len(points)))
        state = 0 if clear else 1
        for one in self.read:
            if one.field.weight[state].any():
                found_db = found_db if found_db.flags.writeable else found_db.copy()
                found_db[one.sectors] = one.field.residual_db(points.xyz_m[:, :2], state)
        return found_db

    def sigma_db(self, points: PointSet) -> NDArray[np.float32]:
        """How well the level of each sector is known at some points, as a standard deviation.

        Parameters
        ----------
        points : PointSet
            Each counts at its own place in plan, indoors too.

        Returns
        -------
        float32 ndarray, shape (sector, point)
            Not to be written to. That of the readings as `Kriged.variance_db2` spreads it, never below the error of
            one reading (readings of a day share their instrument, assumed) and never above what it is without. [dB]
        """
        unread_db = self.unread_sigma_db.astype(np.float32)[:, None]
        found_db = np.broadcast_to(unread_db, (len(unread_db), len(points)))
        for one in self.read:
            found_db = found_db if found_db.flags.writeable else found_db.copy()
            variance_db2 = np.maximum(one.field.variance_db2(points.xyz_m[:, :2]), MEASURED_SIGMA_DB**2)
            found_db[one.sectors] = np.minimum(unread_db[one.sectors], np.sqrt(variance_db2))
        return found_db

    def says_as(self, other: Calibration) -> bool:
        """Whether another one says the same of all levels, to the last bit."""
        return len(self.read) == len(other.read) and all(map(np.array_equal, self._values(), other._values()))

    def _values(self) -> list[NDArray[Any]]:
        """All numbers in it, in order."""
        read = [
            array
            for one in self.read
            for array in (one.sectors, one.field.xy_m, one.field.inverse, one.field.mean_db, one.field.weight)
        ]
        same = [self.los_offset_db, self.nlos_offset_db, self.unread_sigma_db, self.measured, self.los_known]
        return [*same, self.clear, *read]


def los_by_rule(gain: MastGain, confidence: float) -> NDArray[np.bool_]:
    """Line of sight wherever it is likelier than the doubt the scenario allows, 1 − q.

    A clear path in one world of twenty makes a phone usable in one world of twenty: at q = 95 % the room could not
    be called silent, so the single-state leakage map shows it. The Monte Carlo draws the state instead.
    """
    return gain.los_probability >= los_probability_limit(confidence)


def los_probability_limit(confidence: float) -> float:
    """Probability of line of sight from which the single-state maps take the path as clear."""
    return 1.0 - confidence


def sector_levels_dbm(
    model: MastModel, calibration: Calibration, gain: MastGain, points: PointSet, confidence: float
) -> NDArray[np.float32]:
    """Level of every sector at every point in the one state of sight the leakage map shows.

    Parameters
    ----------
    model : MastModel
    calibration : Calibration
    gain : MastGain
        Of `model` at `points`.
    points : PointSet
    confidence : float
        The scenario's q, see `los_by_rule`.

    Returns
    -------
    float32 ndarray, shape (sector, point)
        In each sector's reference bandwidth. [dBm]
    """
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in model.sectors], np.float32)[:, None]
    clear = calibration.los(gain, confidence)
    rsrp_dbm = eirp_dbm + gain.where_clear(clear)
    if calibration.los_known.any():
        rsrp_dbm += np.where(clear, calibration.offset_db(points, True), calibration.offset_db(points, False))
    return rsrp_dbm


def calibrate(model: MastModel, levels: tuple[OutsideLevel, ...], confidence: float) -> Calibration:
    """Offsets and states of sight from levels measured outdoors on the site.

    Parameters
    ----------
    model : MastModel
        The masts.
    levels : tuple of OutsideLevel
        May be empty; levels of channels without a mast are noted and left out.
    confidence : float
        The scenario's q, for the state of sight at the places of the readings.

    Returns
    -------
    Calibration

    Notes
    -----
    A level belongs to the antenna of its channel that is predicted strongest there, which sends on one or more
    carriers; the reading is of the strongest. A mast's state of sight is the one that leaves less: the smaller sum,
    over its antennas that were read, of their mean residuals squared. Each antenna's residuals, spread by `krige`,
    are the offset of all its carriers, each to its own prediction. No other sector of the channel can be above what
    was read, in either state: its offset is at most the smallest residual in that state and never above 0.
    """
    return _with_layer(model, _of_levels(model, levels, confidence))


def _of_levels(model: MastModel, levels: tuple[OutsideLevel, ...], confidence: float) -> Calibration:
    """What the levels alone say; see `calibrate`."""
    sectors = model.sectors
    sigma_db = np.array([sector.sigma_db for sector in sectors])
    nobody, offset_db = np.zeros(len(sectors), np.bool_), np.zeros((2, len(sectors)))
    if not levels:
        return Calibration(offset_db[0], offset_db[1], sigma_db, (), nobody, nobody, nobody, ())
    places = scattered(np.array([[level.x_m, level.y_m, level.height_m] for level in levels]), "measured")
    gain, read_dbm = model.gain(places), np.array([level.rsrp_dbm for level in levels])
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in sectors])[:, None]
    by_state_dbm = eirp_dbm + np.stack([gain.los_db, gain.nlos_db])
    of_antenna, of_channel = _antennas(model.scene.site, sectors), defaultdict(list)
    for index, sector in enumerate(sectors):
        of_channel[sector.channel].append(index)
    heard = _heard(levels, of_antenna, of_channel, eirp_dbm + gain.where_clear(los_by_rule(gain, confidence)))
    residual_db = {
        antenna: read_dbm[at] - by_state_dbm[:, of_antenna[antenna]][:, :, at].max(axis=1)
        for antenna, at in heard.items()
    }
    los_known, clear = _los_state(sectors, of_antenna, residual_db)
    for place, level in enumerate(levels):
        members = of_channel.get(level.channel, [])
        above_db = level.rsrp_dbm - by_state_dbm[:, members, place]
        offset_db[:, members] = np.minimum(offset_db[:, members], above_db)
    read = _read_sectors(sectors, of_antenna, heard, residual_db, places.xyz_m, clear)
    measured = nobody.copy()
    for one in read:
        measured[one.sectors] = True
        offset_db[:, one.sectors] = one.field.mean_db
    unknown = sorted({level.channel for level in levels} - set(of_channel))
    notes = [f"levels measured on the site set {np.count_nonzero(measured)} of {len(sectors)} sectors"]
    if unknown:
        notes.append(f"measured levels without a mast of their channel are not used: {', '.join(unknown)}")
    return Calibration(offset_db[0], offset_db[1], sigma_db, read, measured, los_known, clear, tuple(notes))


def _with_layer(model: MastModel, found: Calibration) -> Calibration:
    """With what ``calibration.toml`` says of sectors that no level sets."""
    layer = model.scene.site.calibration
    shifts = {} if layer is None else {one.id: one for one in layer.sectors}
    offset_db = np.stack([found.los_offset_db, found.nlos_offset_db])
    sigma_db, measured = found.unread_sigma_db.copy(), found.measured.copy()
    los_known, clear = found.los_known.copy(), found.clear.copy()
    count = 0
    for index, sector in enumerate(model.sectors):
        one = shifts.get(sector.id)
        if one is None or found.measured[index]:
            continue
        count += 1
        offset_db[:, index] = one.shift_db
        # readings of a day share their instrument: no level is surer than one reading
        sigma_db[index] = min(sigma_db[index], max(one.sigma_db, MEASURED_SIGMA_DB))
        measured[index] = one.read
        if one.clear is not None and not los_known[index]:
            los_known[index], clear[index] = True, one.clear
    if layer is None or not count:
        return found if layer is None else replace(found, notes=(*found.notes, layer.note))
    return replace(
        found,
        los_offset_db=offset_db[0],
        nlos_offset_db=offset_db[1],
        unread_sigma_db=sigma_db,
        measured=measured,
        los_known=los_known,
        clear=clear,
        notes=(*found.notes, layer.note),
    )


def _read_sectors(
    sectors: tuple[Sector, ...],
    of_antenna: dict[Antenna, list[int]],
    heard: dict[Antenna, list[int]],
    residual_db: dict[Antenna, Array],
    xyz_m: Array,
    clear: NDArray[np.bool_],
) -> tuple[ReadSectors, ...]:
    """The residuals of each antenna spread over the site; those read at the same places share the arithmetic."""
    alike: dict[tuple[bytes, Shadowing], list[Antenna]] = defaultdict(list)
    for antenna, at in heard.items():
        index = of_antenna[antenna][0]
        mast, there_m = sectors[index], xyz_m[at].mean(axis=0)
        away_m = float(np.hypot(there_m[0] - mast.x_m, there_m[1] - mast.y_m))
        alike[xyz_m[at, :2].tobytes(), shadowing(mast, bool(clear[index]), away_m, float(there_m[2]))].append(antenna)
    found = []
    for (_, fading), antennas in alike.items():
        of_row = [antenna for antenna in antennas for _ in of_antenna[antenna]]
        left_db = np.stack([residual_db[antenna] for antenna in of_row], axis=1)
        field = krige(xyz_m[heard[antennas[0]], :2], left_db, fading, MEASURED_SIGMA_DB)
        members = [index for antenna in antennas for index in of_antenna[antenna]]
        found.append(ReadSectors(np.array(members, np.intp), field))
    return tuple(found)


def _antennas(site: Site, sectors: tuple[Sector, ...]) -> dict[Antenna, list[int]]:
    """The carriers of one channel on each antenna: same place, azimuth, tilt and pattern."""
    found: dict[Antenna, list[int]] = defaultdict(list)
    for index, sector in enumerate(sectors):
        looks_deg = sector.azimuth_deg if is_directional(site, sector) else None
        place = (sector.x_m, sector.y_m, sector.height_m)
        found[sector.channel, place, looks_deg, sector.tilt_deg, sector.pattern].append(index)
    return found


def _heard(
    levels: tuple[OutsideLevel, ...],
    of_antenna: dict[Antenna, list[int]],
    of_channel: dict[str, list[int]],
    predicted_dbm: Array,
) -> dict[Antenna, list[int]]:
    """The readings of each antenna that was read, `predicted_dbm` of shape (sector, reading)."""
    antenna_of = {index: antenna for antenna, members in of_antenna.items() for index in members}
    found: dict[Antenna, list[int]] = defaultdict(list)
    for place, level in enumerate(levels):
        members = of_channel.get(level.channel, [])
        if members:
            found[antenna_of[members[int(np.argmax(predicted_dbm[members, place]))]]].append(place)
    return found


def _los_state(
    sectors: tuple[Sector, ...], of_antenna: dict[Antenna, list[int]], residual_db: dict[Antenna, Array]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which sectors stand on a mast whose readings tell its state of sight, and that state; shapes (sector,)."""
    left_db2: dict[tuple[float, float], Array] = defaultdict(lambda: np.zeros(2))
    for antenna, of_state_db in residual_db.items():
        first = sectors[of_antenna[antenna][0]]
        left_db2[first.x_m, first.y_m] += of_state_db.mean(axis=1) ** 2
    clear = {mast: los_db2 <= nlos_db2 for mast, (los_db2, nlos_db2) in left_db2.items()}
    masts = [(sector.x_m, sector.y_m) for sector in sectors]
    return np.array([mast in clear for mast in masts]), np.array([bool(clear.get(mast)) for mast in masts])
