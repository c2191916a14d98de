"""What one device offers between a room and the places outside: louder in the one, quieter in the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    OutsidePoints,
    blocker_links,
    carrier_levels_dbm,
    forbidden_bands,
    may_fail,
)
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.planning import Spot, buyable_devices, device_at, stands_outdoors
from quietwing.coverage.propagation import direction, pattern_gain_db
from quietwing.coverage.rules import Tier
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet

__all__ = [
    "Offer",
    "Sender",
    "best_offer",
    "counted_places",
    "limit_of_medians_dbm",
    "senders_offered",
    "spots_near",
]

NEAREST_SPOTS = 2  # assumed: of places outside the room so many are tried too
TIED_DB = 0.05
WIDER_MHZ = 0.01  # so that a carrier lies wholly in the probe's band
PROBE = "probe"

Floats = NDArray[np.float64]


class Offer(NamedTuple):
    """A device at the catalogue's power, and the name of its place."""

    device: Device
    spot: str


@dataclass(frozen=True)
class Sender:
    """A model that may be bought.

    Attributes
    ----------
    kind : Model
    inside_dbm, outside_dbm : float64 ndarray, shape (carrier,)
        What it sends at the catalogue's power, antenna gain in it, and inside the body at the phone. [dBm]
    price_gbp : float
        Bought and installed, with a head-end if it needs one, to choose between equal ones.
    """

    kind: Model
    inside_dbm: Floats
    outside_dbm: Floats
    price_gbp: float


def senders_offered(model: LinkModel, catalogue: Mapping[str, Model], scenario: Scenario) -> tuple[Sender, ...]:
    """Models a plan may place, without radiating cables and those that would send where nobody may."""
    found = []
    for name in buyable_devices(catalogue, scenario):
        kind = catalogue[name]
        if kind.radiating_cable or forbidden_bands(kind):
            continue
        inside_dbm, outside_dbm = (
            carrier_levels_dbm(Device(PROBE, name, 0.0, 0.0, 0.0), kind, model.carriers, outside=out)[0]
            for out in (False, True)
        )
        body_db = model.rules.phone.body_loss_db
        paid = [kind, *([catalogue[kind.head_end]] if kind.head_end else [])]
        price_gbp = sum(one.unit_price_gbp + one.install_gbp for one in paid)
        found.append(Sender(kind, inside_dbm + kind.gain_dbi - body_db, outside_dbm + kind.gain_dbi, price_gbp))
    return tuple(found)


def spots_near(spots: Iterable[Spot], room: int, points: PointSet) -> tuple[Spot, ...]:
    """Places in a room, and the two nearest to the middle of its test points that are not in it."""
    middle_m = points.xyz_m.mean(axis=0)
    every = tuple(spots)
    own = [spot for spot in every if spot.room == room]
    others = [spot for spot in every if spot.room != room]
    others.sort(key=lambda spot: float(np.linalg.norm(np.array([spot.x_m, spot.y_m, spot.z_m]) - middle_m)))
    return (*own, *others[:NEAREST_SPOTS])


def limit_of_medians_dbm(data: xr.Dataset, channel: int, tier: Tier, noise_limit_dbm: float) -> Floats:
    """The larger of the public median less the tier's ratio and the noise limit, shape (place,). [dBm]"""
    rsrp_dbm = data["signal_dbm"].transpose("channel", "outside").values[channel]
    return np.asarray(np.maximum(rsrp_dbm - tier.median_db, noise_limit_dbm), float)


def counted_places(data: xr.Dataset, over_db: Floats, tier: Tier) -> NDArray[np.bool_]:
    """Places that count: of each ring all but those that may fail, the worst left out first.

    Parameters
    ----------
    data : Dataset
        Of a spill result.
    over_db : float64 ndarray, shape (place,)
        How far the level is above the limit. [dB]
    tier : Tier

    Returns
    -------
    bool ndarray, shape (place,)
    """
    ring, counted = data["ring"].values, np.isfinite(over_db)
    for name in dict.fromkeys(ring.tolist()):
        members = np.flatnonzero(ring == name)
        worst_first = members[np.argsort(-np.where(np.isfinite(over_db[members]), over_db[members], -np.inf))]
        counted[worst_first[: may_fail(str(name), len(members), tier)]] = False
    return counted


def best_offer(
    model: LinkModel,
    scenario: Scenario,
    senders: tuple[Sender, ...],
    spots: tuple[Spot, ...],
    points: PointSet,
    needed_dbm: Floats,
    limit_dbm: Mapping[int, Floats],
    outside: OutsidePoints,
    data: xr.Dataset,
) -> Offer | None:
    """The model and place with the least shortfall.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    senders : tuple of Sender
    spots : tuple of Spot
    points : PointSet
        Test points of the room.
    needed_dbm : float64 ndarray, shape (point, carrier)
        Level needed there; NaN where it is not asked. [dBm]
    limit_dbm : mapping of int to ndarray, shape (place,)
        Level allowed at each place, for the channel of every carrier that is asked. [dBm]
    outside : OutsidePoints
    data : Dataset
        Of the spill result at these places.

    Returns
    -------
    Offer or None
        The shortfall of a device is that of its worst carrier and point against the place that binds it there.
        Devices loud enough at the catalogue's power come first; between equal ones the cheaper, or the louder of
        those too weak. None where nothing of the catalogue sends on all that is asked.
    """
    asked = np.flatnonzero(~np.isnan(needed_dbm).all(axis=0))
    channels = sorted({int(model.carrier_channel[carrier]) for carrier in asked.tolist()})
    of_channels = np.flatnonzero(np.isin(model.carrier_channel, channels))
    gain_in, gain_out = (_path_gain_db(model, spots, of_channels, where) for where in (points, outside.points))
    tier, ranked = scenario.tier, list[tuple[tuple[bool, int, float, int], Offer]]()
    for sender in senders:
        if not np.isfinite(sender.inside_dbm[asked]).all():
            continue
        for at, spot in enumerate(spots):
            if not (spot.indoors or stands_outdoors(spot, sender.kind)):
                continue
            device = device_at(model.scene.site, spot, sender.kind.name)
            pattern_in, pattern_out = (_pattern_db(sender.kind, device, to) for to in (points, outside.points))
            inside_dbm = gain_in[at] + sender.inside_dbm[of_channels, None] + pattern_in
            outside_dbm = gain_out[at] + sender.outside_dbm[of_channels, None] + pattern_out
            short_db, lacking_db = _shortfall(
                model, of_channels, asked, inside_dbm, outside_dbm, needed_dbm, limit_dbm, data, tier
            )
            if np.isfinite(short_db):
                weak = lacking_db > 0
                last = lacking_db if weak else sender.price_gbp
                order = weak, round(short_db / TIED_DB), last, len(ranked)
                ranked.append((order, Offer(device, spot.id)))
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _shortfall(
    model: LinkModel,
    of_channels: NDArray[np.intp],
    asked: NDArray[np.intp],
    inside_dbm: Floats,
    outside_dbm: Floats,
    needed_dbm: Floats,
    limit_dbm: Mapping[int, Floats],
    data: xr.Dataset,
    tier: Tier,
) -> tuple[float, float]:
    """What one device is short of on its worst carrier, and what its level lacks there; ``-inf``: no place counts."""
    worst = -np.inf, 0.0
    of_channel = model.carrier_channel[of_channels]
    cases = []
    for carrier in asked.tolist():
        channel = int(model.carrier_channel[carrier])
        level_dbm = inside_dbm[int(np.flatnonzero(of_channels == carrier)[0])]
        lacking_db = float(np.nanmax(needed_dbm[:, carrier] - level_dbm))
        over_db = outside_dbm[of_channel == channel].max(axis=0) - limit_dbm[channel]
        cases.append((lacking_db + over_db.max(where=np.isfinite(over_db), initial=-np.inf), lacking_db, over_db))
    for most_db, lacking_db, over_db in sorted(cases, key=lambda case: -case[0]):
        if most_db <= worst[0]:
            break  # not even the places that may fail would make it worse
        counted = counted_places(data, over_db, tier)
        if counted.any():
            worst = max(worst, (float(lacking_db + over_db[counted].max()), lacking_db))
    return worst


def _path_gain_db(model: LinkModel, spots: tuple[Spot, ...], carriers: NDArray[np.intp], points: PointSet) -> Floats:
    """Path gain from each spot, both ways, shape (spot, carrier, point): levels of a probe less what it sends."""
    some = [model.carriers[carrier] for carrier in carriers.tolist()]
    bands = tuple(
        BandPower(
            f"c{number}",
            one.freq_mhz - one.bandwidth_mhz / 2 - WIDER_MHZ,
            one.freq_mhz + one.bandwidth_mhz / 2 + WIDER_MHZ,
            0.0,
        )
        for number, one in enumerate(some)
    )
    probe = Model(PROBE, "jammer", bands)
    devices = tuple(
        Device(f"{PROBE}-{number}", PROBE, spot.x_m, spot.y_m, spot.z_m, spot.storey)
        for number, spot in enumerate(spots)
    )
    sent_dbm = carrier_levels_dbm(Device(PROBE, PROBE, 0.0, 0.0, 0.0), probe, model.carriers, outside=True)[0]
    level_dbm = blocker_links(model, devices, {PROBE: probe}, points, outside=True).level_dbm[:, carriers]
    pattern_db = np.array([_pattern_db(probe, device, points) for device in devices])
    return np.asarray(level_dbm - sent_dbm[carriers, None] - pattern_db[:, None], float)


def _pattern_db(kind: Model, device: Device, points: PointSet) -> Floats:
    """Gain of a device's pattern towards each point."""
    azimuth_deg, elevation_deg = direction(np.array([device.x_m, device.y_m, device.z_m]), points.xyz_m)
    return np.asarray(pattern_gain_db(kind.pattern, azimuth_deg, elevation_deg, device.azimuth_deg, device.tilt_deg))
