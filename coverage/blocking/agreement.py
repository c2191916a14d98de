"""Levels measured on a site against the leakage map: bias, RMSE and residuals by channel and room, nothing fitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.calibration import Calibration, sector_levels_dbm
from quietwing.coverage.dims import READING
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation import MastModel
from quietwing.coverage.results import Agreement, Comparison
from quietwing.sites import Measurements, PointSet, Reading, Site, locate

__all__ = ["agreement", "compare"]

STATE_NOTE = (
    "each reading is compared in the state of sight the leakage map shows there (as set by outside_levels.csv, else "
    "line of sight wherever its probability is above 1 − confidence); the state that explains a reading better is "
    "not looked for, and nothing is fitted"
)
UNHEARD_NOTE = (
    "what was too weak to be read is not in the file: where channels fade into the noise the bias comes out too high"
)

Key = tuple[str | None, str | None]


def agreement(residual_db: NDArray[np.float64], channel: str | None = None, room: str | None = None) -> Agreement:
    """Bias, RMSE and range of some residuals.

    Parameters
    ----------
    residual_db : ndarray, shape (reading,)
        Measured − modelled, finite, at least one. [dB]
    channel, room : str, optional
        What the readings have in common.

    Returns
    -------
    Agreement
        Bias = mean of the residuals, RMSE = root of the mean of their squares. [dB]
    """
    return Agreement(
        channel,
        room,
        len(residual_db),
        float(np.mean(residual_db)),
        float(np.sqrt(np.mean(np.square(residual_db)))),
        float(np.min(residual_db)),
        float(np.max(residual_db)),
    )


def compare(model: MastModel, calibration: Calibration, measured: Measurements, confidence: float) -> Comparison:
    """Each reading beside the level the leakage map would show at its place.

    The modelled level is that of the strongest sector of the channel, with the offsets and in the state of sight of
    the map. Readings of channels that `model` does not hold are left out with a note.

    Parameters
    ----------
    model : MastModel
        The masts that were computed.
    calibration : Calibration
        What ``outside_levels.csv`` says of them.
    measured : Measurements
        Checked against the site of `model`.
    confidence : float
        The scenario's q, for the state of sight.

    Returns
    -------
    Comparison
    """
    site = model.scene.site
    of_channel: dict[str, list[int]] = defaultdict(list)
    for index, sector in enumerate(model.sectors):
        of_channel[sector.channel].append(index)
    lines = [line for line, reading in enumerate(measured.readings) if reading.channel in of_channel]
    used = tuple(measured.readings[line] for line in lines)
    points = locate(site, used)
    there = _modelled(model, calibration, points, [of_channel[reading.channel] for reading in used], confidence)
    measured_dbm = np.array([reading.rsrp_dbm for reading in used], float)
    residual_db = measured_dbm - there.rsrp_dbm
    units_dbm, units_db = {"units": "dBm"}, {"units": "dB"}
    found = xr.Dataset(
        {
            "measured_dbm": (READING, measured_dbm, units_dbm),
            "modelled_dbm": (READING, there.rsrp_dbm, units_dbm),
            "residual_db": (READING, residual_db, units_db),
            "clear": (READING, there.clear),
            "los_probability": (READING, there.los_probability),
        },
        coords={
            "channel": (READING, np.array([reading.channel for reading in used], object)),
            "room": (READING, np.array([site.rooms[r].id if r >= 0 else "" for r in points.room.tolist()], object)),
            "line": (READING, np.array(lines, int)),
        },
    )
    channels, rooms = found["channel"].values.tolist(), found["room"].values.tolist()
    good = np.isfinite(residual_db)
    return Comparison(
        measurements=measured,
        points=points,
        at_readings=found,
        overall=agreement(residual_db[good]) if good.any() else None,
        by_channel=_grouped(residual_db, good, lambda row: (channels[row], None)),
        by_room=_grouped(residual_db, good, lambda row: (None, rooms[row])),
        by_room_and_channel=_grouped(residual_db, good, lambda row: (channels[row], rooms[row])),
        notes=_notes(site, calibration, measured, used, int(np.count_nonzero(~good)), there.notes),
    )


@dataclass(frozen=True, slots=True)
class _Modelled:
    """Of the strongest sector of each reading's channel: level [dBm] and state of sight, shape (reading,)."""

    rsrp_dbm: NDArray[np.float64]
    clear: NDArray[np.bool_]
    los_probability: NDArray[np.float32]
    notes: tuple[str, ...]


def _modelled(
    model: MastModel, calibration: Calibration, points: PointSet, members: list[list[int]], confidence: float
) -> _Modelled:
    """What the map would show at each point, `members` being the sectors of the channel read there."""
    if not len(points):
        return _Modelled(np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.float32), ())
    gain = model.gain(points)
    rsrp_dbm = sector_levels_dbm(model, calibration, gain, points, confidence)
    strongest = np.array([rows[int(rsrp_dbm[rows, at].argmax())] for at, rows in enumerate(members)], int)
    at = np.arange(len(points))
    return _Modelled(
        rsrp_dbm[strongest, at].astype(float),
        calibration.los(gain, confidence)[strongest, at],
        gain.los_probability[strongest, at],
        gain.notes,
    )


def _grouped(
    residual_db: NDArray[np.float64], good: NDArray[np.bool_], key_of: Callable[[int], Key]
) -> tuple[Agreement, ...]:
    """Agreement of the readings of each key, in order of room and channel, what lies in no room last."""
    rows: dict[Key, list[int]] = defaultdict(list)
    for row in np.flatnonzero(good).tolist():
        rows[key_of(row)].append(row)
    keys = sorted(rows, key=lambda key: (key[1] == "", key[1] or "", key[0] or ""))
    return tuple(agreement(residual_db[rows[key]], *key) for key in keys)


def _notes(
    site: Site,
    calibration: Calibration,
    measured: Measurements,
    used: tuple[Reading, ...],
    unreached: int,
    clipped: tuple[str, ...],
) -> tuple[str, ...]:
    """What limits the comparison, most important first, each once."""
    notes = [STATE_NOTE, UNHEARD_NOTE]
    if calibration.measured.any():
        known = {(level.channel, level.x_m, level.y_m, level.height_m) for level in site.outside_levels}
        again = sum((one.channel, one.x_m, one.y_m, one.height_m) in known for one in used)
        notes.append(
            f"outside_levels.csv sets the level of {np.count_nonzero(calibration.measured)} of "
            f"{len(calibration.measured)} sectors, as in the map; {again} of {len(used)} readings were taken at its "
            f"places, so they do not test the model there"
        )
    left_out = sorted({reading.channel for reading in measured.readings} - {reading.channel for reading in used})
    if left_out:
        notes.append(f"readings of channels that were not asked for are left out: {', '.join(left_out)}")
    if unreached:
        notes.append(f"{unreached} readings lie where the model has no signal at all; they have no residual")
    twice = len(used) - len(set(used))
    if twice:
        notes.append(f"{twice} readings stand in the file more than once and count each time")
    return tuple(dict.fromkeys([*notes, *clipped]))
