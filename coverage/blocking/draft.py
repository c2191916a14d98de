"""Analytic margins, quick enough for dragging a blocker and for planning: "draft". The verdict is the Monte Carlo's.

Every source is discounted by z_q standard deviations of its own link against the signal's, so that powers still add
and the optimiser's rows are linear. What both sides share drops out of the difference: the part of the local error
that belongs to the room, and of a construction that both cross, as many crossings as both have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking._draft_kernels import LEAST, Sizes, Theirs, against
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.link_paths import LinkPaths
from quietwing.coverage.blocking.links import LinkModel, PublicLinks
from quietwing.coverage.blocking.montecarlo import Needs, carrier_needs
from quietwing.coverage.propagation import in_parts
from quietwing.coverage.rules import Errors
from quietwing.coverage.scenario import Scenario

__all__ = [
    "MOST_MARGIN_DB",
    "DraftPublic",
    "DraftSignal",
    "against_variance",
    "both_ways_db",
    "carrier_margin_db",
    "draft_margin_db",
    "draft_needs",
    "draft_public",
    "draft_signal",
    "margin_against_db",
    "signal_alone_db",
    "spread_against_db",
    "spread_alone_db",
]

MOST_MARGIN_DB = 200.0  # of a channel nobody hears
CROSSED_OF_A_THREAD = 20_000  # counts of crossed constructions: about 2 ms of work
OCTAVES_A_DB = np.float32(np.log2(10) / 10)
Floats = NDArray[np.float64]
Levels = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class DraftSignal:
    """The public network's strongest sector of each carrier at each point, and how sure that is.

    Attributes
    ----------
    rsrp_dbm : float64 ndarray, shape (carrier, point)
        In the reference bandwidth, inside with the boost of reference signals. [dBm]
    sector_variance : float64 ndarray, shape (carrier, point)
        Of the sector alone. [dB²]
    paths : LinkPaths
        Of carriers, each by its strongest sector.
    """

    rsrp_dbm: Floats
    sector_variance: Floats
    paths: LinkPaths

    def at(self, points: NDArray[np.intp]) -> DraftSignal:
        """The same at some of the points."""
        paths = self.paths.at(slice(None), points)
        return DraftSignal(self.rsrp_dbm[:, points], self.sector_variance[:, points], paths)


def draft_signal(model: LinkModel, public: PublicLinks, *, boosted: bool = True) -> DraftSignal:
    """Strongest sector of each carrier, clear wherever the single-state maps take the path as clear.

    Parameters
    ----------
    model : LinkModel
    public : PublicLinks
    boosted : bool
        In rooms that must be silent: predicted levels count with the boost of reference signals.

    Returns
    -------
    DraftSignal
    """
    points = np.arange(public.los_dbm.shape[1])
    rsrp_dbm = public.rsrp_dbm(model.rules.errors.sight_limit).astype(np.float64)
    if boosted:
        rsrp_dbm += model.boost_db[:, None]
    shape = (len(model.carriers), len(points))
    found = DraftSignal(np.empty(shape), np.empty(shape), LinkPaths.nothing(shape, (), len(model.constructions)))
    for carrier in range(len(model.carriers)):
        sectors = np.flatnonzero(model.sector_carrier == carrier)
        best = sectors[rsrp_dbm[sectors].argmax(axis=0)]
        found.rsrp_dbm[carrier] = rsrp_dbm[best, points]
        found.sector_variance[carrier] = public.sigma_db[best, points].astype(float) ** 2
        found.paths.put(carrier, public.paths.at(best, points))
    return found


def spread_alone_db(
    z: float,
    plain_variance: ArrayLike,
    crossed: NDArray[np.uint8],
    sigma_db: ArrayLike,
    most_db: float,
    walls_db: ArrayLike,
) -> Floats:
    """z standard deviations of one link by which it may be stronger than its median.

    Parameters
    ----------
    z : float
    plain_variance : array_like, shape (...)
        Of everything but constructions. [dB²]
    crossed : uint8 ndarray, shape (..., construction)
    sigma_db : array_like, shape (construction,)
    most_db : float
        Standard deviation of all walls together, at most. [dB]
    walls_db : array_like, shape (...)
        The constructions give back no more than they lose. [dB]

    Returns
    -------
    float64 ndarray, shape (...)
        [dB]
    """
    plain = np.asarray(plain_variance, float)
    walls = (crossed.astype(np.float32) ** 2 @ (np.asarray(sigma_db, np.float32) ** 2)).astype(float)
    capped = z * np.sqrt(plain) + np.asarray(walls_db, float)
    return np.asarray(np.minimum(z * np.sqrt(plain + np.minimum(walls, most_db**2)), capped))


def both_ways_db(ruling_db: ArrayLike, straight_db: ArrayLike, share: ArrayLike) -> Floats:
    """Errors of the way that rules and of the straight ray as one: their powers add, `share` being the latter's.

    Parameters
    ----------
    ruling_db, straight_db : array_like, shape (...)
        By how much each is stronger than its median. [dB]
    share : array_like, broadcastable

    Returns
    -------
    float64 ndarray, shape (...)
        [dB]
    """
    part, ruling, straight = np.asarray(share, float), np.asarray(ruling_db, float), np.asarray(straight_db, float)
    return np.asarray(10 * np.log10((1 - part) * 10 ** (ruling / 10) + part * 10 ** (straight / 10)))


def signal_alone_db(z: float, signal: DraftSignal, model: LinkModel) -> Floats:
    """z standard deviations by which the signal may be stronger than its median, by both ways together.

    Parameters
    ----------
    z : float
    signal : DraftSignal
    model : LinkModel
        Sizes of the errors.

    Returns
    -------
    float64 ndarray, shape (carrier, point)
        [dB]
    """
    found, most_db = np.empty(signal.rsrp_dbm.shape), model.walls_most_db[model.carrier_band]
    paths = signal.paths
    sigma_db = model.construction_sigma_db[:, model.carrier_band]
    for c in range(len(found)):
        plain, size = signal.sector_variance[c] + model.rules.errors.local_db**2, (sigma_db[:, c], float(most_db[c]))
        found[c] = both_ways_db(
            spread_alone_db(z, plain, paths.crossed[c], *size, paths.walls_db[c]),
            spread_alone_db(z, plain, paths.straight_crossed[c], *size, paths.straight_walls_db[c]),
            paths.straight_share[c],
        )
    return found


def spread_against_db(
    z: float,
    signal: DraftSignal,
    crossed: NDArray[np.uint8],
    model: LinkModel,
    rows: NDArray[np.intp] | slice = slice(None),
) -> NDArray[np.float32]:
    """z standard deviations of each blocker's link against the signal's on every carrier.

    Parameters
    ----------
    z : float
    signal : DraftSignal
    crossed : uint8 ndarray, shape (device, point, construction)
        Of the blockers' links.
    model : LinkModel
        Sizes of the errors.
    rows : ndarray or slice
        The points of the signal that `crossed` is given for.

    Returns
    -------
    float32 ndarray, shape (device, carrier, point)
        A construction on both sides moves both alike, so that of one with k crossings on one side and n on the other
        |k − n| times its error is left, each side scaled down to what all walls of a link have at most. Where the
        signal comes two ways, the two add as powers. [dB]
    """
    paths, share = signal.paths, signal.paths.straight_share[:, rows]
    spread = _against_db(z, signal, paths.crossed, paths.walls_db, crossed, model, rows)
    at = np.flatnonzero(share.any(axis=0))
    if len(at):
        of = np.arange(signal.rsrp_dbm.shape[1])[rows][at]
        straight = _against_db(z, signal, paths.straight_crossed, paths.straight_walls_db, crossed[:, at], model, of)
        carrier, column = np.nonzero(share[:, at])  # elsewhere the way that rules is all there is
        part = share[carrier, at[column]]
        for mine, theirs in zip(spread, straight, strict=True):
            mine[carrier, at[column]] = both_ways_db(mine[carrier, at[column]], theirs[carrier, column], part)
    return spread


def against_variance(errors: Errors) -> float:
    """Variance of a difference of two links that belongs to neither mast nor wall: two places, one device. [dB²]"""
    return 2 * errors.own_variance + errors.device_db**2


def _against_db(
    z: float,
    signal: DraftSignal,
    signal_crossed: NDArray[np.uint8],
    signal_walls_db: NDArray[np.float32],
    crossed: NDArray[np.uint8],
    model: LinkModel,
    rows: NDArray[np.intp] | slice,
) -> NDArray[np.float32]:
    """`spread_against_db` with the signal coming one way."""
    of_carrier, variance = model.carrier_band, model.construction_sigma_db**2
    plain = (signal.sector_variance[:, rows] + against_variance(model.rules.errors)).astype(np.float32, "C")
    times = np.moveaxis(signal_crossed[:, rows], 2, 0).astype(np.float32, "C")
    walls = np.zeros_like(plain)
    for often, size in zip(times, variance[:, of_carrier], strict=True):
        walls += often**2 * size[:, None]
    most = model.walls_most_db[of_carrier][:, None]
    times *= np.minimum(most / np.sqrt(np.maximum(walls, LEAST)), np.float32(1))
    theirs = Theirs(times, plain, np.ascontiguousarray(signal_walls_db[:, rows]))
    found = np.empty((len(crossed), *plain.shape), np.float32)
    sizes = Sizes(variance, model.walls_most_db, of_carrier)
    ours = np.ascontiguousarray(crossed)
    at_most = 1 + ours.size // CROSSED_OF_A_THREAD  # a plan asks room by room: threads would take longer to start
    in_parts(partial(against, np.array([z], np.float32), ours, theirs, sizes, found), len(crossed), at_most=at_most)
    return found


def carrier_margin_db(
    needs: Needs,
    carrier: int,
    rsrp_dbm: Floats,
    alone_db: Floats,
    level_dbm: Levels,
    mas_dbm: Levels,
    is_mas: NDArray[np.bool_],
    against_db: Levels,
) -> Floats:
    """How far one carrier is from working at each point, from levels alone.

    Parameters
    ----------
    needs : Needs
    carrier : int
    rsrp_dbm : float64 ndarray, shape (point,)
        Strongest sector, boost included. [dBm]
    alone_db : float64 ndarray, shape (point,)
        `spread_alone_db` of the signal. [dB]
    level_dbm, mas_dbm : ndarray, shape (device, point)
        Every device as interference, and as a managed-access cell of this PLMN; ``-inf``: not. [dBm]
    is_mas : bool ndarray, shape (device,)
    against_db : ndarray, shape (device, point)
        `spread_against_db` of each device. [dB]

    Returns
    -------
    float64 ndarray, shape (point,)
        The largest of three margins: too weak to be heard, denied, captured. Positive: it does not work. [dB]
    """
    quiet = needs.floor[carrier] - rsrp_dbm - alone_db
    noise_dbm = needs.noise[carrier] - alone_db
    jam_dbm = _added_db(noise_dbm, level_dbm - against_db) if len(level_dbm) else noise_dbm
    margin = np.maximum(quiet, jam_dbm - rsrp_dbm - needs.need[carrier])
    if np.isfinite(mas_dbm).any():
        jammed_dbm = _added_db(np.full(len(rsrp_dbm), float(needs.mas_noise[carrier])), level_dbm[~is_mas])
        ahead = mas_dbm - against_db - rsrp_dbm - needs.capture[carrier]
        served = np.minimum(mas_dbm - needs.mas_floor[carrier], mas_dbm - jammed_dbm - needs.mas_gamma[carrier])
        margin = np.maximum(margin, np.minimum(ahead, served).max(axis=0))
    return np.asarray(margin)


def _added_db(noise_dbm: Floats, level_dbm: Levels) -> Floats:
    """Noise and the levels of all devices as powers, one device after the other. [dBm]"""
    power_mw = np.exp2(np.asarray(level_dbm, np.float32) * OCTAVES_A_DB)  # a float32 holds all that is not 0
    return np.asarray(10 * np.log10(10 ** (noise_dbm / 10) + np.add.reduce(power_mw, axis=0, dtype=np.float64)))


@dataclass(frozen=True)
class DraftPublic:
    """The public side of draft margins at some points, the same whatever blockers there are; by `draft_public`.

    Attributes
    ----------
    needs : Needs
    z : float
        Standard deviations of the stated confidence.
    model : LinkModel
        Sizes of the errors.
    signal : DraftSignal
    alone_db : float64 ndarray, shape (carrier, point)
        `signal_alone_db` of it. [dB]
    """

    needs: Needs
    z: float
    model: LinkModel
    signal: DraftSignal
    alone_db: Floats

    def against_db(self, blockers: BlockerLinks) -> NDArray[np.float32]:
        """`spread_against_db` of blockers at the same points, each by itself, shape (device, carrier, point). [dB]"""
        return spread_against_db(self.z, self.signal, blockers.paths.crossed, self.model)


def draft_needs(model: LinkModel, scenario: Scenario) -> Needs:
    """Thresholds of each carrier for margins that add powers, at the grade asked for.

    What a phone with two antennas needs more against a single source counts against any number of sources: how far
    several make up for it is no sum of their powers. Two sources that are alike need that much less than this.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario

    Returns
    -------
    Needs
    """
    needs = carrier_needs(model, scenario)
    return replace(needs, need=needs.need + np.float32(scenario.asked.single_source_db))


def draft_public(model: LinkModel, scenario: Scenario, public: PublicLinks) -> DraftPublic:
    """Make the public side of some points ready for `margin_against_db`."""
    z, signal = float(ndtri(scenario.asked.confidence)), draft_signal(model, public)
    return DraftPublic(draft_needs(model, scenario), z, model, signal, signal_alone_db(z, signal, model))


def draft_margin_db(
    model: LinkModel, scenario: Scenario, public: PublicLinks, blockers: BlockerLinks
) -> NDArray[np.float32]:
    """How far each channel is from working at each point: positive is silenced with the stated confidence.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    public, blockers : PublicLinks, BlockerLinks
        Links at the same points.

    Returns
    -------
    float32 ndarray, shape (channel, point)
        A channel is as good as its best carrier. [dB]

    References
    ----------
    Assumption A29.
    """
    ready = draft_public(model, scenario, public)
    return margin_against_db(model, ready, blockers, ready.against_db(blockers))


def margin_against_db(
    model: LinkModel, public: DraftPublic, blockers: BlockerLinks, against_db: NDArray[np.float32]
) -> NDArray[np.float32]:
    """`draft_margin_db` with what is the same after each gesture at hand.

    Parameters
    ----------
    model : LinkModel
    public, blockers : DraftPublic, BlockerLinks
        At the same points.
    against_db : float32 ndarray, shape (device, carrier, point)
        `DraftPublic.against_db`. [dB]

    Returns
    -------
    float32 ndarray, shape (channel, point)
        [dB]
    """
    signal = public.signal
    margin = np.full((len(model.channels), signal.rsrp_dbm.shape[1]), MOST_MARGIN_DB, np.float32)
    for carrier in np.flatnonzero(public.needs.campable).tolist():
        found = carrier_margin_db(
            public.needs,
            carrier,
            signal.rsrp_dbm[carrier],
            public.alone_db[carrier],
            blockers.level_dbm[:, carrier],
            blockers.mas_dbm[:, carrier],
            blockers.is_mas,
            against_db[:, carrier],
        )
        channel = model.carrier_channel[carrier]
        margin[channel] = np.minimum(margin[channel], found)
    return np.clip(margin, -MOST_MARGIN_DB, MOST_MARGIN_DB)
