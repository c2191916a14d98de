"""Links made ready for spill and keep rooms, where service must stay, for the worst phone.

The opposite of denial in each direction (assumption A48): noise figure 9 dB, antenna −3 dBi,
4 dB body loss, no boost of reference signals, and blockers left out only far below the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._spill_kernels import Limits
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.links import LinkModel, PublicLinks
from quietwing.coverage.blocking.networks import reference_khz
from quietwing.coverage.blocking.thresholds import load_thresholds, noise_dbm
from quietwing.coverage.rules import Grade
from quietwing.coverage.scenario import Scenario

__all__ = [
    "CALL_LEVEL_DBM",
    "CALL_SINR_DB",
    "WORST_PHONE_LOSS_DB",
    "CarrierNeeds",
    "carrier_needs_outside",
    "kernel_limits",
    "known_links",
]

CALL_SINR_DB = -3.0  # of a 999 call: assumption A28
CALL_LEVEL_DBM = -118.0  # assumption A28
WORST_PHONE_LOSS_DB = 7.0  # antenna −3 dBi and 4 dB body loss, assumption A20


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
    """Thresholds of each carrier where service must stay (assumptions A19, A20, A25)."""
    rows = [load_thresholds()[carrier.technology] for carrier in model.carriers]
    noise = np.array(
        [
            noise_dbm(reference_khz(carrier.technology, carrier.band), model.rules.outside.noise_figure_db)
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


def kernel_limits(model: LinkModel, scenario: Scenario, grades: Sequence[Grade]) -> Limits:
    """What places outside must keep at each grade."""
    needs, tiers = carrier_needs_outside(model), [scenario.rules.tier(grade.tier) for grade in grades]
    gsm = np.array([carrier.technology == "GSM" for carrier in model.carriers])
    first = [int(np.argmax(model.carrier_channel == channel)) for channel in range(len(model.channels))]

    def worlds(share: float) -> int:
        return int(np.floor(share * scenario.worlds + 1e-9))

    return Limits(
        campable=needs.campable,
        noise_worst=needs.noise_worst_mw,
        cell_floor=needs.floor_dbm,
        call_sinr=np.where(gsm, needs.gamma_db, CALL_SINR_DB),
        call_level=np.maximum(needs.floor_dbm, CALL_LEVEL_DBM),
        noise_limit=needs.noise_dbm[first] - model.rules.outside.noise_margin_db,
        median_db=np.array([tier.median_db for tier in tiers]),
        share_db=np.array([tier.share_db for tier in tiers]),
        may_miss=np.array([worlds(1 - grade.outside_share) for grade in grades], np.int64),
        may_capture=np.array([worlds(grade.captured_outside) for grade in grades], np.int64),
    )


def known_links(
    model: LinkModel, public: PublicLinks, blockers: BlockerLinks
) -> tuple[PublicLinks, BlockerLinks, NDArray[np.bool_]]:
    """Links without what is not known, and where that was.

    Parameters
    ----------
    model : LinkModel
    public, blockers : PublicLinks, BlockerLinks
        Links at the same points.

    Returns
    -------
    public : PublicLinks
    blockers : BlockerLinks
    unknown : bool ndarray, shape (point, carrier)
        Where a level of either side is NaN. The carrier is taken as without service and without blockers there; the
        caller must count it as failed.
    """
    unknown = _unknown(model, public, blockers)
    if not unknown.any():
        return public, blockers, unknown
    unheard, unblocked = unknown[:, model.sector_carrier].T, unknown.T[None]
    nothing = np.float32(-np.inf)
    public = replace(
        public,
        los_dbm=np.where(unheard, nothing, public.los_dbm),
        nlos_dbm=np.where(unheard, nothing, public.nlos_dbm),
    )
    blockers = replace(
        blockers,
        level_dbm=np.where(unblocked, nothing, blockers.level_dbm),
        mas_dbm=np.where(unblocked, nothing, blockers.mas_dbm),
    )
    return public, blockers, unknown


def _unknown(model: LinkModel, public: PublicLinks, blockers: BlockerLinks) -> NDArray[np.bool_]:
    """Whether any level of either side is NaN, shape (point, carrier)."""
    lost = np.isnan(public.los_dbm) | np.isnan(public.nlos_dbm) | np.isnan(public.los_probability)
    jammed = np.isnan(blockers.level_dbm) | np.isnan(blockers.mas_dbm)
    found = np.array(jammed.any(axis=0).T)
    for sector, carrier in enumerate(model.sector_carrier.tolist()):
        found[:, carrier] |= lost[sector]
    return found
