"""Analytic margins, quick enough for dragging a blocker: "draft". The verdict is the Monte Carlo's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking.calibration import sight_probability_limit
from quietwing.coverage.blocking.links import BlockerLinks, LinkModel, PublicLinks
from quietwing.coverage.blocking.montecarlo import Needs, carrier_needs
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.propagation.errors_model import LocalErrors, load_local_errors
from quietwing.coverage.scenario import Scenario

__all__ = ["MOST_MARGIN_DB", "draft_margin_db"]

MOST_MARGIN_DB = 200.0  # of a channel nobody hears
Floats = NDArray[np.float32]


def draft_margin_db(model: LinkModel, scenario: Scenario, public: PublicLinks, blockers: BlockerLinks) -> Floats:
    """How far each channel is from working at each point: positive is silenced with the stated confidence.

    The largest of three margins, each with z_q standard deviations of the strongest source of each side: too weak to
    be heard, denied, captured. A channel is as good as its best carrier.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    public, blockers : PublicLinks, BlockerLinks
        Links at the same points.

    Returns
    -------
    float32 ndarray, shape (channel, point)
        [dB]

    References
    ----------
    CHOICES 29. State of sight: clear wherever likelier than 1 − q, as in the leakage map.
    """
    needs, z = carrier_needs(model, scenario), float(ndtri(scenario.confidence))
    local = load_local_errors()
    count = public.los_dbm.shape[1]
    clear = np.where(
        public.fixed_sight[:, None] >= 0,
        public.fixed_sight[:, None] == 1,
        public.los_probability >= sight_probability_limit(scenario.confidence),
    )
    level_dbm = np.where(clear, public.los_dbm, public.nlos_dbm)
    margin = np.full((len(model.channels), count), MOST_MARGIN_DB, np.float32)
    for carrier in np.flatnonzero(needs.campable).tolist():
        sectors = np.flatnonzero(model.sector_carrier == carrier)
        found = _carrier_margin_db(model, needs, carrier, sectors, level_dbm, public, blockers, z, local)
        channel = model.carrier_channel[carrier]
        margin[channel] = np.minimum(margin[channel], found)
    return np.clip(margin, -MOST_MARGIN_DB, MOST_MARGIN_DB)


def _carrier_margin_db(
    model: LinkModel,
    needs: Needs,
    carrier: int,
    sectors: NDArray[np.intp],
    level_dbm: Floats,
    public: PublicLinks,
    blockers: BlockerLinks,
    z: float,
    local: LocalErrors,
) -> NDArray[np.float64]:
    """The margin of one carrier, shape (point,)."""
    points = np.arange(level_dbm.shape[1])
    best = sectors[level_dbm[sectors].argmax(axis=0)]
    signal_dbm = level_dbm[best, points] + needs.boost[carrier]
    sigma_db = model.construction_sigma_db[:, model.carrier_band[carrier]]
    local_variance = local.local_room_band_db**2 + local.local_point_band_db**2
    walls = public.crossed[best, points].astype(np.float32)
    own_variance = public.sigma_db[best] ** 2 + local_variance
    spread_db = np.sqrt(own_variance + ((walls * sigma_db) ** 2).sum(axis=1))
    margin: NDArray[np.float64] = needs.floor[carrier] - signal_dbm - z * spread_db
    if not len(blockers.devices):
        with np.errstate(invalid="ignore"):
            denied = needs.noise[carrier] - signal_dbm - needs.need[carrier] - z * spread_db
        return np.asarray(np.maximum(margin, denied))
    level = blockers.level_dbm[:, carrier]
    loudest = level.argmax(axis=0)
    jam_dbm = add_powers_db(*level)
    blocker_walls = blockers.crossed[loudest, points].astype(np.float32)
    # A construction on both sides moves both alike, so it is left out of either (CHOICES 29).
    apart = np.where((walls > 0) & (blocker_walls > 0), 0.0, 1.0)
    both_db = np.sqrt(
        own_variance
        + local_variance
        + local.device_db**2
        + ((walls * sigma_db) ** 2 * apart).sum(axis=1)
        + ((blocker_walls * sigma_db) ** 2 * apart).sum(axis=1)
    )
    against_dbm = add_powers_db(jam_dbm, needs.noise[carrier])
    margin = np.maximum(margin, against_dbm - signal_dbm - needs.need[carrier] - z * both_db)
    cell_dbm = blockers.mas_dbm[:, carrier].max(axis=0)
    if np.isfinite(cell_dbm).any():
        jammers = level[~blockers.is_mas]
        jammed_dbm = add_powers_db(*jammers, needs.mas_noise[carrier])
        captured = np.minimum(
            cell_dbm - signal_dbm - needs.capture[carrier] - z * both_db,
            np.minimum(cell_dbm - needs.mas_floor[carrier], cell_dbm - jammed_dbm - needs.mas_gamma[carrier]),
        )
        margin = np.maximum(margin, captured)
    return margin
