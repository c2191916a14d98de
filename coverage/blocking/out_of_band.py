"""What noise and harmonics of a layout do to receivers that no data places: GNSS, TETRA, aircraft, alarms.

They are looked for at every point outside the fence (rings and receptors) or 150 m above the buildings, and those
that staff use inside in keep rooms too. The way is the model's own, walls and openings included: that of the device's
carrier nearest in frequency, with the free-space loss and the second slope of the service's frequency (walls and
antenna as on that carrier: assumed). A level above the limit fails, whoever gave the figure; one that is assumed is
called so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.links import LinkModel
from quietwing.coverage.blocking.links_at_hand import LinksAtHand
from quietwing.coverage.blocking.protect import ProtectedService, load_protected
from quietwing.coverage.blocking.stray import Radiated, Stray, radiated, reaches, stray_into
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import add_two_ray, free_space_loss_db
from quietwing.coverage.spill_rows import ServiceRow
from quietwing.coverage.trims import share_spectrum, span_of
from quietwing.sites import PointSet, Site, scattered, trial_points

__all__ = [
    "OVERHEAD_M",
    "Heard",
    "out_of_band_rows",
    "staff_hears",
    "staff_levels_dbm",
    "staff_receivers",
    "stray_heard",
]

OVERHEAD_M = 150.0  # the lowest flight over open country, SERA.5005(f)(2); a helicopter that lands is not looked at
NEAREST_M = 1.0  # of a receiver to a device in a keep room: assumed
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """What all devices together send into each service's band at some points.

    Attributes
    ----------
    level_dbm : float64 ndarray, shape (service, point)
        In the service's bandwidth, isotropic antenna; ``-inf``: nothing. [dBm]
    loudest : int64 ndarray, shape (service, point)
        The device most of it comes from.
    """

    level_dbm: Floats
    loudest: NDArray[np.int64]


def _receivers() -> tuple[ProtectedService, ...]:
    """The services whose receivers are looked for."""
    return tuple(service for service in load_protected() if service.receiver)


def stray_heard(
    model: LinkModel,
    blockers: BlockerLinks,
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    at_hand: LinksAtHand | None = None,
) -> Heard:
    """Noise and harmonics of a layout at some points, in the band of each service with receivers.

    Parameters
    ----------
    model : LinkModel
    blockers : BlockerLinks
        At these points, made with ``outside=True``.
    catalogue : mapping of str to Model
    points : PointSet
    at_hand : LinksAtHand, optional
        What devices send is taken from it, and kept there.

    Returns
    -------
    Heard
        Median, the services in the order of ``tables/protected.csv``.
    """
    total_mw = np.zeros((len(_receivers()), len(points)))
    most_mw, loudest = total_mw.copy(), np.zeros(total_mw.shape, np.int64)
    for index, level_dbm in enumerate(_each_heard(model, blockers, catalogue, points, at_hand)):
        for row in np.flatnonzero(np.isfinite(level_dbm).any(axis=1)).tolist():
            level_mw = 10 ** (level_dbm[row] / 10)
            total_mw[row] += level_mw
            loudest[row] = np.where(level_mw > most_mw[row], index, loudest[row])
            most_mw[row] = np.maximum(most_mw[row], level_mw)
    with np.errstate(divide="ignore"):
        return Heard(10 * np.log10(total_mw), loudest)


def _each_heard(
    model: LinkModel,
    blockers: BlockerLinks,
    catalogue: Mapping[str, Model],
    points: PointSet,
    at_hand: LinksAtHand | None = None,
) -> Iterator[Floats]:
    """As `stray_heard`, of one device after the other, shape (service, point)."""
    services = _receivers()
    centre_mhz = np.array([(service.low_mhz + service.high_mhz) / 2 for service in services])
    at_hand = at_hand or LinksAtHand()
    for index, device in enumerate(blockers.devices):
        kind = catalogue[device.model]
        sent_dbm, _ = at_hand.levels_dbm(device, kind, model.carriers, outside=True)
        sender = at_hand.radiated(device, kind, model.carriers)
        stray_dbm = at_hand.of_setting(
            "services", device, kind, model.carriers, partial(_stray_dbm, sender, services)
        )
        yield np.array(stray_dbm)[:, None] + _gain_db(model, blockers, index, kind, sent_dbm, centre_mhz, points)


def staff_receivers(site: Site) -> tuple[tuple[str, ...], Floats, PointSet]:
    """Receivers that staff use in keep rooms: each in words, the most it bears, and where they are looked for.

    Parameters
    ----------
    site : Site

    Returns
    -------
    names : tuple of str
        Service by service, of each the places in order.
    limit_dbm : float64 ndarray, shape (service × place,)
        In the service's bandwidth, isotropic antenna. [dBm]
    points : PointSet
        The places.
    """
    points, staff = _kept(site, trial_points(site)), [one for one in _receivers() if one.staff]
    names = [f"{one.service} in {site.rooms[room].id}" for one in staff for room in points.room.tolist()]
    return tuple(names), np.repeat([one.limit_dbm for one in staff], len(points)), points


def staff_levels_dbm(
    model: LinkModel, devices: tuple[Device, ...], catalogue: Mapping[str, Model], points: PointSet
) -> Floats:
    """Noise and harmonics of each device at receivers of staff, as `out_of_band_rows` adds them up.

    Parameters
    ----------
    model : LinkModel
    devices : tuple of Device
    catalogue : mapping of str to Model
    points : PointSet
        From `staff_receivers`.

    Returns
    -------
    float64 ndarray, shape (device, service × place)
        Median, in the order of `staff_receivers`. [dBm]
    """
    staff = [one.staff for one in _receivers()]
    at_hand = LinksAtHand(site=LinksAtHand(0))  # several devices may be looked at in one place
    blockers = blocker_links(model, devices, catalogue, points, outside=True, at_hand=at_hand)
    each = [level_dbm[staff].ravel() for level_dbm in _each_heard(model, blockers, catalogue, points, at_hand)]
    return np.array(each).reshape(len(devices), sum(staff) * len(points))


def staff_hears(model: LinkModel, kinds: Iterable[Model], places: int) -> NDArray[np.bool_]:
    """Carriers by whose power devices reach receivers of staff; a device that sends less on them is heard less.

    Parameters
    ----------
    model : LinkModel
    kinds : iterable of Model
        What may be there.
    places : int
        Of each service.

    Returns
    -------
    bool ndarray, shape (service × place, carrier)
        In the order of `staff_receivers`. All carriers where a band that reaches a service holds none of them.
    """
    spans, bands = [span_of(carrier) for carrier in model.carriers], {band for kind in kinds for band in kind.bands}
    found = []
    for service in (one for one in _receivers() if one.staff):
        edges = [
            (band.low_mhz, band.high_mhz)
            for band in bands
            if reaches(band.low_mhz, band.high_mhz, (service.low_mhz, service.high_mhz))
        ]
        in_band = np.array([[share_spectrum(span, each) for span in spans] for each in edges]).reshape(-1, len(spans))
        found.append(in_band.any(axis=0) if in_band.any(axis=1).all() and len(edges) else np.ones(len(spans), bool))
    return np.repeat(np.array(found).reshape(-1, len(spans)), places, axis=0)


def _gain_db(
    model: LinkModel,
    blockers: BlockerLinks,
    index: int,
    kind: Model,
    sent_dbm: Floats,
    freq_mhz: Floats,
    points: PointSet,
) -> Floats:
    """Gain of one device to isotropic receivers at some frequencies, its antenna included, shape (freq, point)."""
    device = blockers.devices[index]
    place_m = np.array([device.x_m, device.y_m, device.z_m])
    nearest_db = kind.gain_dbi - free_space_loss_db(NEAREST_M, freq_mhz)[:, None]
    carrier_mhz = np.array([carrier.freq_mhz for carrier in model.carriers])
    used = np.flatnonzero(np.isfinite(sent_dbm))
    if not len(used):  # no carrier of the site tells what the walls take
        away_m = np.maximum(np.linalg.norm(points.xyz_m - place_m, axis=1), NEAREST_M)
        return np.asarray(kind.gain_dbi - free_space_loss_db(away_m[None, :], freq_mhz[:, None]))
    near = used[np.abs(np.log(carrier_mhz[used][None, :] / freq_mhz[:, None])).argmin(axis=1)]
    gain_db = blockers.level_dbm[index, near].astype(float) - sent_dbm[near, None]
    gain_db += 20 * np.log10(carrier_mhz[near] / freq_mhz)[:, None]
    # Over the ground beyond the map the second slope begins further out at a higher frequency.
    slope_db = np.zeros((1, len(points), 2 * len(freq_mhz)), np.float32)
    add_two_ray(model.scene, place_m[None], points.xyz_m, np.concatenate([carrier_mhz[near], freq_mhz]), slope_db)
    gain_db += (slope_db[0, :, : len(freq_mhz)] - slope_db[0, :, len(freq_mhz) :]).T
    return gain_db if kind.radiating_cable else np.asarray(np.minimum(gain_db, nearest_db))


def _stray_dbm(sender: Radiated, services: Sequence[ProtectedService]) -> tuple[float, ...]:
    """`_stray` of each service, its level."""
    return tuple(_stray(sender, service).level_dbm for service in services)


def _stray(sender: Radiated, service: ProtectedService) -> Stray:
    """What a device sends into a service's bandwidth, conducted."""
    return stray_into(sender, (service.low_mhz, service.high_mhz), service.bandwidth_khz / 1e3)


def out_of_band_rows(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    names: Sequence[str],
    outside: Sequence[Heard],
    *,
    at_hand: LinksAtHand | None = None,
) -> tuple[ServiceRow, ...]:
    """Receivers that no data of the site places, each with the level at the worst place, limit and margin.

    Parameters
    ----------
    model : LinkModel
    devices : tuple of Device
        Those that are on.
    catalogue : mapping of str to Model
    points : PointSet
        Test points of the site, those of keep rooms among them.
    names : sequence of str
        Each place outside in words.
    outside : sequence of Heard
        The places outside in parts, in the order of `names`.
    at_hand : LinksAtHand, optional
        As for `stray_heard`.

    Returns
    -------
    tuple of ServiceRow
        None where no device is on.
    """
    if not devices:
        return ()
    site, services = model.scene.site, _receivers()
    far = Heard(
        np.concatenate([part.level_dbm for part in outside], axis=1),
        np.concatenate([part.loudest for part in outside], axis=1),
    )
    at_hand = at_hand or LinksAtHand()

    def heard_at(places: PointSet, *, straight: bool) -> Heard:
        blockers = blocker_links(model, devices, catalogue, places, outside=True, straight=straight, at_hand=at_hand)
        return stray_heard(model, blockers, catalogue, places, at_hand=at_hand)

    above, above_names = _overhead(site)
    high = heard_at(above, straight=True)
    kept = _kept(site, points)
    kept_names = [f"in {site.rooms[room].id}" for room in kept.room.tolist()]
    near = heard_at(kept, straight=False)
    rows = []
    for row, service in enumerate(services):
        heard, where = (high, above_names) if service.receiver == "overhead" else (far, list(names))
        rows.append(_row(model, devices, catalogue, service, (heard, row, where), inside=False))
        if service.staff and len(kept):
            rows.append(_row(model, devices, catalogue, service, (near, row, kept_names), inside=True))
    return tuple(rows)


def _row(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    service: ProtectedService,
    at: tuple[Heard, int, list[str]],
    *,
    inside: bool,
) -> ServiceRow:
    """One service at the worst of some places."""
    heard, row, names = at
    name = f"{service.service}, out of band" + (", keep rooms" if inside else "")
    level_dbm = heard.level_dbm[row]
    if not np.isfinite(level_dbm).any():
        return ServiceRow(name, "no noise or harmonic reaches its band", True)
    worst = int(level_dbm.argmax())
    device = devices[int(heard.loudest[row, worst])]
    stray = _stray(radiated(device, catalogue[device.model], model.carriers), service)
    margin_db = service.limit_dbm - float(level_dbm[worst])
    level, limit = np.ceil(level_dbm[worst] * 10 - 1e-9) / 10, np.floor(service.limit_dbm * 10 + 1e-9) / 10
    spare = f"{np.floor(margin_db * 10) / 10:.1f} dB to spare" if margin_db >= 0 else f"{-margin_db:.1f} dB too much"
    found = (
        f"{names[worst]}: {level:.1f} dBm in {_width(service.bandwidth_khz)} (at most {limit:.1f}), {spare}, "
        f"most of it {stray.words} of {device.id}"
        + (", a figure that is assumed: ask the maker" if stray.assumed else "")
    )
    return ServiceRow(name, found, margin_db >= 0)


def _width(bandwidth_khz: float) -> str:
    return f"{bandwidth_khz:g} kHz" if bandwidth_khz < 1000 else f"{bandwidth_khz / 1e3:.3g} MHz"


def _overhead(site: Site) -> tuple[PointSet, list[str]]:
    """150 m above the middle of each building, or of the perimeter where there is none."""
    middles = {building.id: building.outline.centroid for building in site.buildings}
    middles = middles or {"the site": site.perimeter.outline.centroid}
    places = np.array([(middle.x, middle.y, OVERHEAD_M) for middle in middles.values()])
    return scattered(places), [f"{OVERHEAD_M:g} m above {name}" for name in middles]


def _kept(site: Site, points: PointSet) -> PointSet:
    """The test points of keep rooms."""
    kept = np.array([room >= 0 and site.rooms[room].role == "keep" for room in points.room.tolist()], bool)
    return points.some(np.flatnonzero(kept))
