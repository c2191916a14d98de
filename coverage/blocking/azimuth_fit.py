"""Azimuths nobody knows, found from levels measured on the site: an empty `azimuth_deg` in ``masts.csv``.

This is the one door from sectors and readings to masts that look somewhere: maps, verdict, plan and checker use it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.calibration import Calibration, calibrate
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.propagation import (
    MastModel,
    PortalGraph,
    Scene,
    direction,
    is_directional,
    mast_model,
    sector_gain_db,
    with_sectors,
)
from quietwing.sites import MOST_UNKNOWN_AZIMUTHS, READINGS_PER_AZIMUTH, OutsideLevel, Sector, SiteError, scattered

__all__ = ["calibrated_masts"]

Array = NDArray[np.float64]
FULL_TURN_DEG = 360
TIE_DB2 = 1e-6  # sums of squares this near are equal: gains are known to about 1e-5 dB
AS_GOOD_DB = 1.0  # more residual than that of the best azimuth: no reading tells them apart, assumed


@dataclass(frozen=True, slots=True)
class _Fit:
    """What the readings of one channel say: an azimuth for each of its unknown sectors."""

    azimuth_deg: tuple[int, ...]
    residual_db: float
    as_good: tuple[int, ...]


def calibrated_masts(
    scene: Scene,
    sectors: tuple[Sector, ...],
    levels: tuple[OutsideLevel, ...],
    confidence: float,
    graph: PortalGraph | None = None,
    like: MastModel | None = None,
) -> tuple[MastModel, Calibration]:
    """The masts of a site, every one with an azimuth, and what measured levels say of them.

    Parameters
    ----------
    scene : Scene
    sectors : tuple of Sector
        At least one. Where `azimuth_deg` is empty and the pattern is not the same all round, it is fitted.
    levels : tuple of OutsideLevel
        Of the channels of `sectors`.
    confidence : float
        The scenario's q, see `calibrate`.
    graph : PortalGraph, optional
        See `mast_model`; azimuths are fitted on its site.
    like : MastModel, optional
        See `mast_model`.

    Returns
    -------
    model : MastModel
        Its `sectors` hold the fitted azimuths.
    calibration : Calibration
        Its notes name them.

    Raises
    ------
    SiteError
        If the readings of a channel do not tell where its sector looks.

    Notes
    -----
    Over whole degrees the least Σ (r − mean r)² with r = level read − level of the strongest sector of the channel:
    the mean is the one offset of the channel. All readings are taken in one state of sight, the one that leaves less.
    Ties go to the smallest azimuth. Two unknown sectors of a channel are looked for together.
    """
    unknown: dict[str, list[int]] = {}
    for index, sector in enumerate(sectors):
        if sector.azimuth_deg is None and is_directional(scene.site, sector):
            unknown.setdefault(sector.channel, []).append(index)
    if not unknown:
        model = mast_model(scene, sectors, graph, like)
        return model, calibrate(model, levels, confidence)
    # Readings were taken without meshes and films: one azimuth for all treatments of a site.
    measured = mast_model(scene if graph is None else graph.scene, sectors, graph, like)
    found = list(sectors)
    notes = []
    for channel, members in unknown.items():
        read = tuple(level for level in levels if level.channel == channel)
        fit = _fitted(measured, channel, members, read)
        for index, azimuth_deg, as_good in zip(members, fit.azimuth_deg, fit.as_good, strict=True):
            found[index] = replace(sectors[index], azimuth_deg=float(azimuth_deg))
            notes.append(
                f"azimuth of {sectors[index].id} was not known: {azimuth_deg}° fitted from {len(read)} readings of "
                f"{channel}, residual {fit.residual_db:.1f} dB; {as_good} of 360 whole degrees explain them within "
                f"{AS_GOOD_DB:g} dB of that"
            )
    turned = tuple(found)
    model = with_sectors(measured, turned) if graph is None else mast_model(scene, turned, graph, like)
    calibration = calibrate(model, levels, confidence)
    return model, replace(calibration, notes=(*notes, *calibration.notes))


def _fitted(model: MastModel, channel: str, unknown: list[int], read: tuple[OutsideLevel, ...]) -> _Fit:
    """The azimuths of the unknown sectors of a channel, or an error that says what to do."""
    names = ", ".join(model.sectors[index].id for index in unknown)
    advice = "give azimuth_deg in masts.csv, or measure at more places round the mast"
    places = {(level.x_m, level.y_m, level.height_m) for level in read}
    needed = READINGS_PER_AZIMUTH * len(unknown)
    if len(unknown) > MOST_UNKNOWN_AZIMUTHS or len(places) < needed:
        raise SiteError(
            f"masts.csv: {names}: azimuth_deg is empty and {channel} was measured at {len(places)} places (expected "
            f"{needed} or more, for at most {MOST_UNKNOWN_AZIMUTHS} unknown sectors of a channel); {advice}"
        )
    xyz_m = np.array([[level.x_m, level.y_m, level.height_m] for level in read])
    read_dbm = np.array([level.rsrp_dbm for level in read])
    gain = model.gain(scattered(xyz_m, "measured"))
    turned_db = [_turned_db(model, index, xyz_m) for index in unknown]
    known = [i for i, sector in enumerate(model.sectors) if sector.channel == channel and i not in unknown]
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in model.sectors])[:, None]
    best: tuple[float, tuple[int, ...], Array, list[Array], Array] | None = None
    for state_db in (gain.los_db, gain.nlos_db):
        rsrp_dbm = eirp_dbm + state_db
        others_dbm = rsrp_dbm[known].max(axis=0, initial=-np.inf)
        choices_dbm = [rsrp_dbm[index] + turned for index, turned in zip(unknown, turned_db, strict=True)]
        left_db2 = _left_db2(read_dbm, others_dbm, choices_dbm)
        least = float(left_db2.min())
        if best is None or least < best[0] - TIE_DB2:
            first = int(np.flatnonzero(left_db2 <= least + TIE_DB2)[0])  # both azimuths in order: the smallest first
            at = tuple(int(one) for one in np.unravel_index(first, left_db2.shape))
            best = least, at, left_db2, choices_dbm, others_dbm
    assert best is not None
    least, at, left_db2, choices_dbm, others_dbm = best
    _check_told(model, channel, unknown, at, left_db2, choices_dbm, others_dbm, advice)
    worst_db2 = len(read) * (np.sqrt(least / len(read)) + AS_GOOD_DB) ** 2
    as_good = [left_db2 if len(at) == 1 else left_db2.take(at[1 - axis], 1 - axis) for axis in range(len(at))]
    return _Fit(at, float(np.sqrt(least / len(read))), tuple(int((one <= worst_db2).sum()) for one in as_good))


def _turned_db(model: MastModel, index: int, xyz_m: Array) -> Array:
    """What turning a sector to each whole degree adds to its gain all round, shape (degree, reading). [dB]"""
    site, sector = model.scene.site, model.sectors[index]
    seen = direction(np.array([sector.x_m, sector.y_m, sector.height_m]), xyz_m)
    all_round_db = sector_gain_db(site, sector, *seen)
    each = (sector_gain_db(site, replace(sector, azimuth_deg=float(a)), *seen) for a in range(FULL_TURN_DEG))
    return np.array([gain_db - all_round_db for gain_db in each])


def _left_db2(read_dbm: Array, others_dbm: Array, choices_dbm: list[Array]) -> Array:
    """Sum of squared residuals about their mean for each azimuth, or each pair of azimuths."""

    def left(predicted_dbm: Array) -> Array:
        residual_db = read_dbm - predicted_dbm
        return np.asarray(((residual_db - residual_db.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1))

    first = np.maximum(choices_dbm[0], others_dbm)
    if len(choices_dbm) == 1:
        return left(first)
    return np.array([left(np.maximum(one, choices_dbm[1])) for one in first])


def _check_told(
    model: MastModel,
    channel: str,
    unknown: list[int],
    at: tuple[int, ...],
    left_db2: Array,
    choices_dbm: list[Array],
    others_dbm: Array,
    advice: str,
) -> None:
    """Each sector must be the one that was read at three places, and not every azimuth may explain them."""
    levels = np.array([choice[azimuth] for choice, azimuth in zip(choices_dbm, at, strict=True)])
    strongest = np.concatenate([levels, others_dbm[None]]).argmax(axis=0)
    for number, index in enumerate(unknown):
        heard = int((strongest == number).sum())
        row = left_db2 if len(at) == 1 else left_db2.take(at[1 - number], 1 - number)
        equal = int((row <= left_db2.min() + TIE_DB2).sum())
        if heard < READINGS_PER_AZIMUTH or equal > FULL_TURN_DEG // 2:
            raise SiteError(
                f"masts.csv: {model.sectors[index].id}: azimuth_deg is empty and the readings of {channel} do not "
                f"tell it (it is the strongest sector at {heard} of them, {equal} of 360 azimuths explain them "
                f"equally); {advice}"
            )
