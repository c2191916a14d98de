"""Analytic limits outside and in keep rooms, for the optimiser and the live drag: "draft". The judge is `spill`.

Outside, each blocker counts with what its link against the signal's may be above its median in the share of worlds
that the tier asks for: the two share errors of walls and of the place. In keep rooms each side counts alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.draft import (
    DraftSignal,
    both_ways_db,
    draft_signal,
    spread_against_db,
    spread_alone_db,
)
from quietwing.coverage.blocking.interference import CALL_LEVEL_DBM, CALL_SINR_DB, carrier_needs_outside
from quietwing.coverage.blocking.links import LinkModel, PublicLinks
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.site_ways import SiteLinks
from quietwing.coverage.blocking.spill_rings import may_fail
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.rules import Tier
from quietwing.coverage.scenario import Scenario

__all__ = [
    "OutsideLimit",
    "call_limit_dbm",
    "counted",
    "device_upper_db",
    "keep_limit_dbm",
    "outside_limit",
    "outside_z",
    "spill_margin_db",
    "upper_against_db",
]

Floats = NDArray[np.float64]
# The median of a sum of sources whose own errors differ lies above the sum of their medians, at most at the mean:
# σ²·ln 10 / 20 dB of σ.
MEAN_OVER_MEDIAN = float(np.log(10) / 20)


@dataclass(frozen=True)
class OutsideLimit:
    """What the blockers together may reach at places outside, and what each counts with.

    Attributes
    ----------
    limit_dbm : float64 ndarray, shape (carrier, point)
        At the median. Every carrier of a channel has the limit of the channel's strongest sector. ``inf``: none.
    by_noise : bool ndarray, shape (carrier, point)
        Whether the noise is the limit: a blocker then counts with its own errors, not those against the signal.
    steeper_db : float
        How much less the lower ratio of the tier asks for than that at the median. [dB]
    capture_dbm : float64 ndarray, shape (carrier, point)
        From which a managed-access cell captures. [dBm]
    signal : DraftSignal or None
        None where nothing is held against it.
    """

    limit_dbm: Floats
    by_noise: NDArray[np.bool_]
    steeper_db: float
    capture_dbm: Floats
    signal: DraftSignal | None

    def at(self, points: NDArray[np.intp]) -> OutsideLimit:
        """The same at some of the places."""
        return replace(
            self,
            limit_dbm=self.limit_dbm[:, points],
            by_noise=self.by_noise[:, points],
            capture_dbm=self.capture_dbm[:, points],
            signal=None if self.signal is None else self.signal.at(points),
        )


def outside_z(scenario: Scenario) -> float:
    """z of the share of worlds in which the lower ratio of the tier holds outside."""
    return float(ndtri(scenario.asked.outside_share))


def counted(outside: OutsidePoints, tier: Tier) -> NDArray[np.bool_]:
    """Which places count: all but the share of each ring that may fail, fixed beforehand as those nearest the fence.

    Parameters
    ----------
    outside : OutsidePoints
    tier : Tier

    Returns
    -------
    bool ndarray, shape (outside,)
        Receptors always count.

    References
    ----------
    Assumptions A25, A56.
    """
    found = np.ones(len(outside), bool)
    ring = np.array(outside.ring, object)
    for name in dict.fromkeys(outside.ring):
        members = np.flatnonzero(ring == name)
        spared = may_fail(name, len(members), tier)
        found[members[np.argsort(outside.distance_m[members], kind="stable")[:spared]]] = False
    return found


def hidden_signal(model: LinkModel, public: PublicLinks) -> DraftSignal:
    """Each carrier's strongest sector outside; where sight is not known it counts as hidden, for it is at stake."""
    seen = (public.fixed_los == 1)[:, None]
    hidden = replace(public, los_dbm=np.where(seen, public.los_dbm, public.nlos_dbm))
    return draft_signal(model, hidden, boosted=False)


def signal_lower_dbm(model: LinkModel, public: PublicLinks, z: float) -> Floats:
    """Each carrier's strongest sector less z standard deviations, shape (carrier, point). [dBm]

    Of two ways the surer one counts alone.
    """
    signal, errors = hidden_signal(model, public), model.rules.errors
    lower = np.empty_like(signal.rsrp_dbm)
    for carrier in range(len(model.carriers)):
        band = model.carrier_band[carrier]
        sigma_db, most_db = model.construction_sigma_db[:, band].astype(float), float(model.walls_most_db[band])
        paths, ways_db = signal.paths.at(carrier), []
        share = paths.straight_share.astype(float)
        for part, crossed in ((1 - share, paths.crossed), (share, paths.straight_crossed)):
            walls = np.minimum((crossed.astype(float) ** 2) @ sigma_db**2, most_db**2)
            variance = signal.sector_variance[carrier] + errors.local_db**2 + walls
            with np.errstate(divide="ignore"):
                ways_db.append(10 * np.log10(part) - z * np.sqrt(variance))
        lower[carrier] = signal.rsrp_dbm[carrier] + np.maximum(*ways_db)
    return lower


def outside_limit(model: LinkModel, scenario: Scenario, public: PublicLinks) -> OutsideLimit:
    """What the blockers together may reach outside on each carrier.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Its tier and the share of worlds it must hold in.
    public : PublicLinks
        Links at the outside points.

    Returns
    -------
    OutsideLimit
    """
    tier, signal = scenario.tier, hidden_signal(model, public)
    needs, z = carrier_needs_outside(model), outside_z(scenario)
    capture_dbm = np.maximum(signal.rsrp_dbm, needs.floor_dbm[:, None])
    if tier.calls:
        limit_dbm = call_limit_dbm(model, signal_lower_dbm(model, public, z))
        return OutsideLimit(limit_dbm, np.ones(limit_dbm.shape, np.bool_), 0.0, capture_dbm, signal)
    limit_dbm = np.empty_like(signal.rsrp_dbm)
    noise_dbm = needs.noise_dbm[:, None] - model.rules.outside.noise_margin_db
    for channel in range(len(model.channels)):
        members = np.flatnonzero(model.carrier_channel == channel)
        limit_dbm[members] = signal.rsrp_dbm[members].max(axis=0) - tier.median_db
    # Either limit is enough; against the noise a blocker's own errors count alone, so it is the better one a little
    # before the two are equal.
    by_noise = limit_dbm - z * np.sqrt(signal.sector_variance) < noise_dbm
    steeper_db = 0.0 if np.isinf(tier.median_db) else tier.median_db - tier.share_db
    return OutsideLimit(np.where(by_noise, noise_dbm, limit_dbm), by_noise, steeper_db, capture_dbm, signal)


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
    Assumptions A20, A27.
    """
    needs = carrier_needs_outside(model)
    lower = signal_lower_dbm(model, public, float(ndtri(scenario.asked.confidence)))
    limit = _room_for_dbm(lower, needs.gamma_db, needs.noise_worst_mw)
    limit[~needs.campable] = -np.inf
    return limit


def _room_for_dbm(lower_dbm: Floats, sinr_db: Floats, noise_mw: Floats) -> Floats:
    """Interference that leaves the signal its SINR above the noise, ``-inf`` where the noise alone is too much."""
    left_mw = 10 ** ((lower_dbm - sinr_db[:, None]) / 10) - noise_mw[:, None]
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(np.maximum(left_mw, 0.0)))


def device_upper_db(model: LinkModel, links: SiteLinks | BlockerLinks, z: float) -> Floats:
    """By how much each device may be stronger than its median, by itself.

    Parameters
    ----------
    model : LinkModel
    links : SiteLinks or BlockerLinks
    z : float

    Returns
    -------
    float64 ndarray, shape (device, carrier, point)
        [dB]
    """
    errors, paths = model.rules.errors, links.paths
    plain = errors.local_db**2 + errors.device_db**2
    by_band = [
        both_ways_db(
            spread_alone_db(z, plain, paths.crossed, *size, paths.walls_db[:, :, band]),
            spread_alone_db(z, plain, paths.straight_crossed, *size, paths.straight_walls_db[:, :, band]),
            paths.straight_share[:, :, band],
        )
        for band in range(len(model.bands))
        for size in [(model.construction_sigma_db[:, band], float(model.walls_most_db[band]))]
    ]
    return np.stack(by_band, axis=1)[:, model.carrier_band]


def upper_against_db(
    model: LinkModel, limit: OutsideLimit, links: SiteLinks | BlockerLinks, z: float
) -> tuple[Floats, Floats]:
    """What each device counts with against the limits outside, and against capture there.

    Parameters
    ----------
    model : LinkModel
    limit : OutsideLimit
    links : SiteLinks or BlockerLinks
        At the same points.
    z : float
        Of the share of worlds.

    Returns
    -------
    power_db, capture_db : float64 ndarray, shape (device, carrier, point)
        To be added to the median levels. The first is the larger of what the median of the sum and what the share of
        worlds asks for. [dB]
    """
    if limit.signal is None:
        raise ValueError("limits without a signal are held by each device alone; use device_upper_db")
    against_db = spread_against_db(z, limit.signal, links.paths.crossed, model).astype(float)
    alone_db = device_upper_db(model, links, z)
    errors = model.rules.errors
    at_median_db = (errors.own_variance + errors.device_db**2) * MEAN_OVER_MEDIAN
    power_db = np.maximum(np.where(limit.by_noise, alone_db, against_db - limit.steeper_db), at_median_db)
    return power_db, against_db


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
