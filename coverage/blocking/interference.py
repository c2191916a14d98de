"""Links made ready for spill and keep rooms, where service must stay: the worst phone, every blocker heard.

The opposite of denial in each direction (DESIGN §4 "Conservative directions"): noise figure 9 dB, antenna −3 dBi,
4 dB body loss, no boost of reference signals, and no blocker left out because it is weak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._spill_kernels import DB_TO_NEPER, Links, Network
from quietwing.coverage.blocking.blocker_links import BlockerLinks
from quietwing.coverage.blocking.links import LinkModel, PublicLinks
from quietwing.coverage.blocking.montecarlo import WORST_NOISE_FIGURE_DB, draw_worlds
from quietwing.coverage.blocking.networks import reference_khz
from quietwing.coverage.blocking.thresholds import load_thresholds, noise_dbm
from quietwing.coverage.blocking.worlds import NORMAL, Part, normals, uniforms
from quietwing.coverage.propagation.errors_model import LocalErrors, load_local_errors
from quietwing.coverage.scenario import Scenario

__all__ = ["WORST_PHONE_LOSS_DB", "CarrierNeeds", "carrier_needs_outside", "ready"]

WORST_PHONE_LOSS_DB = 7.0  # antenna −3 dBi and 4 dB body loss, CHOICES 20
STREAM_BITS = 40  # as in `montecarlo`: stream and seed share one number


@dataclass(frozen=True, slots=True)
class CarrierNeeds:
    """What the worst phone needs on each carrier, shape (carrier,) each.

    Attributes
    ----------
    noise_dbm : float64 ndarray
        Noise at NF 9 dB in the reference bandwidth. [dBm]
    noise_worst_mw : float64 ndarray
        The same before the losses of the phone: levels around the phone compare with it. [mW]
    floor_dbm, gamma_db : float64 ndarray
        Lowest level of a cell, SINR to keep service.
    campable : bool ndarray
    """

    noise_dbm: NDArray[np.float64]
    noise_worst_mw: NDArray[np.float64]
    floor_dbm: NDArray[np.float64]
    gamma_db: NDArray[np.float64]
    campable: NDArray[np.bool_]


def carrier_needs_outside(model: LinkModel) -> CarrierNeeds:
    """Thresholds of each carrier where service must stay (CHOICES 19, 20, 25)."""
    rows = [load_thresholds()[carrier.technology] for carrier in model.carriers]
    noise = np.array(
        [
            noise_dbm(reference_khz(carrier.technology, carrier.freq_mhz), WORST_NOISE_FIGURE_DB)
            for carrier in model.carriers
        ]
    )
    campable = {sector.channel: sector.campable for sector in model.sectors}
    return CarrierNeeds(
        noise_dbm=noise,
        noise_worst_mw=np.asarray(10 ** ((noise + WORST_PHONE_LOSS_DB) / 10), float),
        floor_dbm=np.array([row.floor_dbm for row in rows]),
        gamma_db=np.array([row.gamma_keep_db for row in rows]),
        campable=np.array([campable[carrier.channel] for carrier in model.carriers], np.bool_),
    )


def ready(
    model: LinkModel,
    scenario: Scenario,
    public: PublicLinks,
    blockers: BlockerLinks,
    room_key: NDArray[np.int64],
    point_key: NDArray[np.int64],
    *,
    stream: int = 0,
    local: LocalErrors | None = None,
) -> tuple[Network, Links, NDArray[np.bool_]]:
    """Draws and links in the order the kernels read them.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Number of worlds and seed.
    public, blockers : PublicLinks, BlockerLinks
        Links at the same points.
    room_key, point_key : int64 ndarray, shape (point,)
        What the local errors of each point belong to.
    stream : int
        Another stream of worlds of the same seed.
    local : LocalErrors, optional
        Other than the defaults.

    Returns
    -------
    network : Network
    links : Links
    unknown : bool ndarray, shape (point, carrier)
        Where a level of either side is NaN. The carrier is taken as without service and without blockers there; the
        caller must count it as failed.
    """
    sizes = local or load_local_errors()
    seed, worlds = scenario.seed + (stream << STREAM_BITS), scenario.worlds
    draws = draw_worlds(model, seed, worlds)
    sight_keys, sight_row = np.unique(public.sight_key, return_inverse=True)
    sight = [uniforms(seed, Part.SIGHT, worlds, int(key)) for key in sight_keys]
    device_draw = [normals(seed, Part.DEVICE, worlds, key) for key in blockers.device_key.tolist()]
    by_carrier = np.argsort(model.sector_carrier, kind="stable")
    by_channel = np.argsort(model.carrier_channel, kind="stable")
    # A channel is named for its band, so all its carriers share the band.
    channel_band = model.carrier_band[by_channel[_starts(model.carrier_channel, len(model.channels))[:-1]]]
    network = Network(
        fixed_sight=public.fixed_sight,
        sight=np.array(sight, np.float32).reshape(len(sight_keys), worlds),
        sector_sigma=public.sigma_db,
        sector_draw=draws.sector,
        sector_key=model.sector_key,
        sigma=model.construction_sigma_db,
        construction_draw=draws.construction,
        band_key=np.array([int(band) for band in model.bands], np.int64),
        band_start=_starts(channel_band, len(model.bands)),
        band_channels=np.argsort(channel_band, kind="stable"),
        channel_start=_starts(model.carrier_channel, len(model.channels)),
        channel_carriers=by_channel,
        carrier_start=_starts(model.sector_carrier, len(model.carriers)),
        carrier_sectors=by_carrier,
        device_factor=np.exp(
            DB_TO_NEPER * sizes.device_db * np.array(device_draw, float).reshape(len(device_draw), worlds)
        ),
        device_key=blockers.device_key,
        seed=seed,
        local_room=sizes.local_room_band_db,
        local_point=sizes.local_point_band_db,
        window=sizes.local_window_db,
        normal=NORMAL,
        room_factor=np.exp(DB_TO_NEPER * sizes.local_room_band_db * NORMAL.astype(float)).astype(np.float32),
        point_factor=np.exp(DB_TO_NEPER * sizes.local_point_band_db * NORMAL.astype(float)).astype(np.float32),
    )
    unknown = _unknown(model, public, blockers)
    unheard = unknown[:, model.sector_carrier]
    links = Links(
        room_key=room_key,
        point_key=point_key,
        los=_known(public.los_dbm.T, unheard),
        nlos=_known(public.nlos_dbm.T, unheard),
        chance=np.ascontiguousarray(public.los_probability.T),
        sight_row=np.ascontiguousarray(sight_row.reshape(public.sight_key.shape).T),
        public_crossed=np.ascontiguousarray(public.crossed.transpose(1, 0, 2)),
        public_walls=np.ascontiguousarray(public.walls_db.T),
        public_share=np.ascontiguousarray(public.straight_share.T),
        public_straight=np.ascontiguousarray(public.straight_crossed.transpose(1, 0, 2)),
        public_straight_walls=np.ascontiguousarray(public.straight_walls_db.T),
        level=_known(blockers.level_dbm.transpose(2, 1, 0), unknown[:, :, None]),
        mas=_known(blockers.mas_dbm.transpose(2, 1, 0), unknown[:, :, None]),
        device_walls=np.ascontiguousarray(blockers.walls_db.transpose(1, 0, 2)),
        device_crossed=np.ascontiguousarray(blockers.crossed.transpose(1, 0, 2)),
        device_share=np.ascontiguousarray(blockers.straight_share.transpose(1, 0, 2)),
        device_straight=np.ascontiguousarray(blockers.straight_crossed.transpose(1, 0, 2)),
        device_straight_walls=np.ascontiguousarray(blockers.straight_walls_db.transpose(1, 0, 2)),
    )
    return network, links, unknown


def _starts(group: NDArray[np.int32], count: int) -> NDArray[np.intp]:
    """Where each group begins once its members stand in order, shape (count + 1,)."""
    return np.searchsorted(np.sort(group, kind="stable"), np.arange(count + 1))


def _known(values: NDArray[np.float32], unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.where(unknown, np.float32(-np.inf), values))


def _unknown(model: LinkModel, public: PublicLinks, blockers: BlockerLinks) -> NDArray[np.bool_]:
    """Whether any level of either side is NaN, shape (point, carrier)."""
    lost = np.isnan(public.los_dbm) | np.isnan(public.nlos_dbm) | np.isnan(public.los_probability)
    jammed = np.isnan(blockers.level_dbm) | np.isnan(blockers.mas_dbm)
    found = np.array(jammed.any(axis=0).T)
    for sector, carrier in enumerate(model.sector_carrier.tolist()):
        found[:, carrier] |= lost[sector]
    return found
