"""Analytic limits outside and in keep rooms, for the optimiser and the live drag: "draft". The judge is `spill`.

Every blocker counts with z standard deviations of its own link above its median, the signal with as many below
(CHOICES 29); z is that of 95 %, for which the limits outside hold.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking.blocker_links import BlockerLinks
from quietwing.coverage.blocking.draft import both_ways_db, draft_signal, spread_alone_db
from quietwing.coverage.blocking.interference import carrier_needs_outside
from quietwing.coverage.blocking.links import LinkModel, PublicLinks
from quietwing.coverage.blocking.outside import RECEPTOR, OutsidePoints
from quietwing.coverage.blocking.spill import (
    BELOW_NOISE_DB,
    CALL_LEVEL_DBM,
    CALL_SINR_DB,
    DOUBT_PERCENT,
    MAY_FAIL_PERCENT,
    TIERS_DB,
)
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.propagation.errors_model import load_local_errors
from quietwing.coverage.scenario import Scenario

__all__ = ["call_limit_dbm", "counted", "device_upper_db", "keep_limit_dbm", "outside_limit_dbm", "spill_margin_db"]

Floats = NDArray[np.float64]


def quantile_z() -> float:
    """z of the share of worlds in which limits outside hold."""
    return float(ndtri(1 - DOUBT_PERCENT / 100))


def counted(outside: OutsidePoints, tier: str) -> NDArray[np.bool_]:
    """Which places count: all but the share of each ring that may fail, fixed beforehand as those nearest the fence.

    Parameters
    ----------
    outside : OutsidePoints
    tier : str

    Returns
    -------
    bool ndarray, shape (outside,)
        Receptors always count.

    References
    ----------
    DESIGN §5; CHOICES 25.
    """
    found = np.ones(len(outside), bool)
    ring = np.array(outside.ring, object)
    for name in dict.fromkeys(outside.ring):
        members = np.flatnonzero(ring == name)
        spared = 0 if name == RECEPTOR else len(members) * MAY_FAIL_PERCENT[tier] // 100
        found[members[np.argsort(outside.distance_m[members], kind="stable")[:spared]]] = False
    return found


def signal_lower_dbm(model: LinkModel, scenario: Scenario, public: PublicLinks, z: float) -> Floats:
    """Each carrier's strongest sector less z standard deviations, shape (carrier, point). [dBm]

    Where sight is not known the sector counts as hidden: the signal that is at stake is the weaker one. Of two ways
    the surer one counts alone.
    """
    seen = (public.fixed_sight == 1)[:, None]
    hidden = replace(public, los_dbm=np.where(seen, public.los_dbm, public.nlos_dbm))
    signal = draft_signal(model, scenario, hidden)
    lower = np.empty_like(signal.level_dbm)
    for carrier in range(len(model.carriers)):
        sigma_db = model.construction_sigma_db[:, model.carrier_band[carrier]].astype(float)
        share, ways_db = signal.straight_share[carrier], []
        for part, crossed in ((1 - share, signal.crossed[carrier]), (share, signal.straight_crossed[carrier])):
            variance = signal.plain_variance[carrier] + (crossed.astype(float) ** 2) @ sigma_db**2
            with np.errstate(divide="ignore"):
                ways_db.append(10 * np.log10(part) - z * np.sqrt(variance))
        lower[carrier] = signal.level_dbm[carrier] + np.maximum(*ways_db)
    return lower


def outside_limit_dbm(model: LinkModel, scenario: Scenario, public: PublicLinks) -> Floats:
    """What the blockers together may reach outside on each carrier.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Its tier.
    public : PublicLinks
        Links at the outside points.

    Returns
    -------
    float64 ndarray, shape (carrier, point)
        Every carrier of a channel has the limit of the channel's strongest sector. ``inf``: none. [dBm]

    References
    ----------
    CHOICES 25, 28, 29.
    """
    lower = signal_lower_dbm(model, scenario, public, quantile_z())
    if scenario.spill_tier == "emergency":
        return call_limit_dbm(model, lower)
    noise = carrier_needs_outside(model).noise_dbm[:, None]
    limit = np.empty_like(lower)
    for channel in range(len(model.channels)):
        members = np.flatnonzero(model.carrier_channel == channel)
        limit[members] = np.maximum(
            lower[members].max(axis=0) - TIERS_DB[scenario.spill_tier], noise[members[0]] - BELOW_NOISE_DB
        )
    return limit


def call_limit_dbm(model: LinkModel, lower_dbm: Floats) -> Floats:
    """So much that a 999 call stays possible on the carrier best for it at each point; no limit on the others.

    Parameters
    ----------
    model : LinkModel
    lower_dbm : float64 ndarray, shape (carrier, point)
        `signal_lower_dbm`.

    Returns
    -------
    float64 ndarray, shape (carrier, point)
        A point where no call is possible to begin with has no limit: no layout passes there. [dBm]
    """
    needs = carrier_needs_outside(model)
    gsm = np.array([carrier.technology == "GSM" for carrier in model.carriers])
    sinr = np.where(gsm, needs.gamma_db, CALL_SINR_DB)
    level = np.maximum(needs.floor_dbm, CALL_LEVEL_DBM)
    limit = _room_for_dbm(lower_dbm, sinr, needs.noise_worst_mw)
    limit[(lower_dbm < level[:, None]) | ~needs.campable[:, None]] = -np.inf
    best = limit.argmax(axis=0)
    points = np.arange(limit.shape[1])
    found = np.full_like(limit, np.inf)
    possible = np.isfinite(limit[best, points])
    found[best[possible], points[possible]] = limit[best, points][possible]
    return found


def keep_limit_dbm(model: LinkModel, scenario: Scenario, public: PublicLinks) -> Floats:
    """What the blockers together may reach in a keep room so that the carrier still serves there.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Its confidence is the share of worlds asked for.
    public : PublicLinks

    Returns
    -------
    float64 ndarray, shape (carrier, point)
        ``-inf`` where it does not serve to begin with. [dBm]

    References
    ----------
    CHOICES 20, 27.
    """
    needs = carrier_needs_outside(model)
    lower = signal_lower_dbm(model, scenario, public, float(ndtri(scenario.confidence)))
    limit = _room_for_dbm(lower, needs.gamma_db, needs.noise_worst_mw)
    limit[~needs.campable] = -np.inf
    return limit


def _room_for_dbm(lower_dbm: Floats, sinr_db: Floats, noise_mw: Floats) -> Floats:
    """Interference that leaves the signal its SINR above the noise, ``-inf`` where the noise alone is too much."""
    left_mw = 10 ** ((lower_dbm - sinr_db[:, None]) / 10) - noise_mw[:, None]
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(np.maximum(left_mw, 0.0)))


def device_upper_db(model: LinkModel, blockers: BlockerLinks, z: float) -> Floats:
    """By how much each device may be stronger than its median.

    Parameters
    ----------
    model : LinkModel
    blockers : BlockerLinks
    z : float

    Returns
    -------
    float64 ndarray, shape (device, carrier, point)
        [dB]
    """
    local = load_local_errors()
    plain = local.local_room_band_db**2 + local.local_point_band_db**2 + local.device_db**2
    by_band = [
        both_ways_db(
            spread_alone_db(z, plain, blockers.crossed, sigma_db, blockers.walls_db[:, :, band]),
            spread_alone_db(z, plain, blockers.straight_crossed, sigma_db, blockers.straight_walls_db[:, :, band]),
            blockers.straight_share[:, :, band],
        )
        for band, sigma_db in enumerate(model.construction_sigma_db.T)
    ]
    return np.stack(by_band, axis=1)[:, model.carrier_band]


def spill_margin_db(limit_dbm: Floats, upper_dbm: Floats) -> Floats:
    """How far the sum of all blockers stays below each limit.

    Parameters
    ----------
    limit_dbm : float64 ndarray, shape (...)
    upper_dbm : float64 ndarray, shape (device, ...)
        Upper quantile of each device's level.

    Returns
    -------
    float64 ndarray, shape (...)
        Negative fails; ``inf`` where nothing is on the air. [dB]
    """
    total = add_powers_db(*upper_dbm) if len(upper_dbm) else np.full(np.shape(limit_dbm), -np.inf)
    with np.errstate(invalid="ignore"):
        margin = limit_dbm - total
    return np.where(np.isneginf(total), np.inf, margin)
