"""Services that must not be hit: staff radio, alarms, GNSS, radar, and the receivers of base stations."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.cable_links import is_cable
from quietwing.coverage.blocking.links import LinkModel
from quietwing.coverage.blocking.links_at_hand import LinksAtHand
from quietwing.coverage.blocking.networks import reference_khz
from quietwing.coverage.blocking.stray import NOTHING, Radiated, Stray, radiated, stray_into
from quietwing.coverage.blocking.thresholds import noise_dbm
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import (
    ArrayPattern,
    connected_gain_db,
    direction,
    pattern_gain_db,
    piece_eirp_db,
    pieces_of,
    sector_pattern,
)
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import ServiceRow
from quietwing.coverage.trims import Span
from quietwing.sites import PointSet, Sector, known_band, room_of_points, with_storeys

__all__ = [
    "DESENSE_DBM_PER_RB",
    "ProtectedService",
    "base_station_levels_dbm",
    "device_levels_dbm",
    "forbidden_bands",
    "load_protected",
    "protected_services",
    "receiver_levels_dbm",
]

DESENSE_DBM_PER_RB = -122.0  # 1 dB desensitisation: −174 + NF 5 + 10 lg 180 kHz = −116.4, less 6: assumption A51
RB_KHZ = 180.0
CABLE_PIECE_M = 1.0  # of a radiating cable as a mast sees it: coarser than for phones, a mast is far away
BASE_STATIONS = "TDD base stations"
FDD_BASE_STATIONS = "FDD base stations"
# Antenna gain less feeder of a receiving mast: Report ITU-R M.2292 (assumption A51). masts.csv holds EIRP only.
RURAL_GAIN_DBI, OTHER_GAIN_DBI = 15.0, 13.0


@dataclass(frozen=True, slots=True)
class ProtectedService:
    """A row of ``tables/protected.csv``; a note has no band (NaN edges).

    `receiver` is where receivers are looked for: ``outside``, ``overhead`` or nowhere; `staff`: in keep rooms too.
    """

    service: str
    low_mhz: float
    high_mhz: float
    rule: str
    note: str
    receiver: str
    staff: bool
    noise_figure_db: float
    bandwidth_khz: float
    i_over_n_db: float

    @property
    def limit_dbm(self) -> float:
        """What a receiver with an isotropic antenna bears, in its bandwidth. [dBm]"""
        return float(noise_dbm(self.bandwidth_khz, self.noise_figure_db)) + self.i_over_n_db


@cache
def load_protected() -> tuple[ProtectedService, ...]:
    """The shipped list of protected services; sources in the header of the CSV."""
    text = resources.files("quietwing.coverage.blocking.tables").joinpath("protected.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        ProtectedService(
            row["service"],
            float(row["low_mhz"] or "nan"),
            float(row["high_mhz"] or "nan"),
            row["rule"],
            row["note"],
            row["receiver"],
            row["staff"] == "true",
            float(row["noise_figure_db"] or "nan"),
            float(row["bandwidth_khz"] or "nan"),
            float(row["i_over_n_db"] or "nan"),
        )
        for row in rows
    )


def forbidden_bands(model: Model) -> str:
    """Protected services that a model would send on, in words; empty if none."""
    device = Device(id="x", model=model.name, x_m=0.0, y_m=0.0, z_m=0.0)
    hit = [s.service for s in load_protected() if s.rule != "note" and _hits(device, model, s)]
    return ", ".join(hit)


def protected_services(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    each_dbm: NDArray[np.float64] | None = None,
    *,
    at_hand: LinksAtHand | None = None,
) -> tuple[ServiceRow, ...]:
    """What a layout does to each protected service and to the base stations.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Its confidence decides the state of sight to the masts.
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
    each_dbm : ndarray, shape (device, sector), optional
        `device_levels_dbm` of those that are on, where they are at hand. [dBm in 180 kHz]
    at_hand : LinksAtHand, optional
        What devices send is taken from it, and kept there.

    Returns
    -------
    tuple of ServiceRow
    """
    on = tuple(device for device in devices if device.state != "off")
    rows: list[ServiceRow] = []
    for service in load_protected():
        if service.rule == "note":
            rows.append(ServiceRow(service.service, service.note, True))
            continue
        hits = [hit for device in on for hit in _hits(device, catalogue[device.model], service)]
        found = f"{service.low_mhz:g}–{service.high_mhz:g} MHz: {_listed(hits) if hits else 'no device sends there'}"
        rows.append(ServiceRow(service.service, found, not hits))
    if each_dbm is None:
        each_dbm = device_levels_dbm(model, scenario, on, catalogue, at_hand=at_hand)
    return (*rows, *_base_stations(model, on, catalogue, each_dbm))


def base_station_levels_dbm(
    model: LinkModel, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> NDArray[np.float64]:
    """Power of all devices at the receiver of each sector, in one resource block.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    devices : tuple of Device
        Those that are on.
    catalogue : mapping of str to Model

    Returns
    -------
    float64 ndarray, shape (sector,)
        Median; ``-inf`` where nothing is sent and for supplementary downlink. [dBm in 180 kHz]
    """
    each_dbm = device_levels_dbm(model, scenario, devices, catalogue)
    return add_powers_db(np.full(len(model.sectors), -np.inf), *each_dbm)


def device_levels_dbm(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    *,
    at_hand: LinksAtHand | None = None,
) -> NDArray[np.float64]:
    """Power of each device at the receiver of each sector, in one resource block: the louder of its two kinds.

    Parameters
    ----------
    model, scenario, devices, catalogue
        As for `base_station_levels_dbm`.
    at_hand : LinksAtHand, optional
        As for `protected_services`.

    Returns
    -------
    float64 ndarray, shape (device, sector)
        The larger of what `receiver_levels_dbm` gives. [dBm in 180 kHz]
    """
    return np.maximum(*receiver_levels_dbm(model, scenario, devices, catalogue, at_hand=at_hand))


def receiver_levels_dbm(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    *,
    at_hand: LinksAtHand | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of each device at the receiver of each sector, in one resource block, by kind.

    The path is the sector's own turned round: its pattern, the loss outdoors and every element on the ray, or the
    way through the device's room's opening where that is stronger; clear wherever a clear path is likelier than 1
    − q. Jammers send in uplink slots too; managed-access cells keep to the network's slots. An array listens with
    a beam turned to the device. At the uplink of an FDD carrier the path is that of its downlink with the free-space
    loss of the uplink's frequency, and the device's antenna and its walls are those of the downlink (assumed).

    Parameters
    ----------
    model, scenario, devices, catalogue
        As for `base_station_levels_dbm`.
    at_hand : LinksAtHand, optional
        As for `protected_services`.

    Returns
    -------
    on_carrier_dbm : float64 ndarray, shape (device, sector)
        What a jammer sends on a TDD carrier. Median; ``-inf`` elsewhere. [dBm in 180 kHz]
    stray_dbm : float64 ndarray, shape (device, sector)
        Noise and harmonics in the uplink, and what is sent there on purpose if it is an FDD one. ``-inf`` for managed
        access at TDD sectors and where nothing is sent. [dBm in 180 kHz]
    """
    shape = len(devices), len(model.sectors)
    on_carrier_dbm, stray_dbm = np.full(shape, -np.inf), np.full(shape, -np.inf)
    rows = [row for row, device in enumerate(devices) if catalogue[device.model].kind in ("jammer", "mas")]
    if not rows or not model.sectors:
        return on_carrier_dbm, stray_dbm
    tdd = np.array([_is_tdd(sector) for sector in model.sectors], bool)
    cut = {row: pieces_of(devices[row].line_m, CABLE_PIECE_M) for row in rows if is_cable(devices[row], catalogue)}
    places = [cut[row].middle_m if row in cut else np.array([devices[row].line_m[0]]) for row in rows]
    first = np.cumsum([0, *(len(place) for place in places)])
    path_db, masts_m = _mast_path_db(model, scenario, np.concatenate(places))
    widths_khz = np.array([reference_khz(carrier.technology, carrier.band) for carrier in model.carriers])
    sector_mhz = np.array([sector.freq_mhz for sector in model.sectors])
    at_hand, received = at_hand or LinksAtHand(), LinksAtHand()  # the latter of these sectors

    def into_receivers(device: Device, kind: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        sent_dbm = np.full(len(model.carriers), -np.inf)
        if kind.kind == "jammer":
            sent_dbm, _ = at_hand.levels_dbm(device, kind, model.carriers, outside=True)
        per_rb_dbm = (sent_dbm + 10 * np.log10(RB_KHZ / widths_khz))[model.sector_carrier]
        sender = at_hand.radiated(device, kind, model.carriers)
        return np.where(tdd, per_rb_dbm, -np.inf), _stray_per_rb_dbm(sender, model)

    for index, row in enumerate(rows):
        device, kind = devices[row], catalogue[devices[row].model]
        sent = received.of_setting("", device, kind, model.carriers, partial(into_receivers, device, kind))
        if row in cut:
            cable = kind.radiating_cable
            # Sectors beyond the cable's frequencies are held at its ends.
            held_mhz = np.clip(sector_mhz, cable[0].freq_mhz, cable[-1].freq_mhz)
            pieces_db = path_db[:, first[index] : first[index + 1]] + piece_eirp_db(cut[row], cable, held_mhz).T
            way_db = add_powers_db(*pieces_db.T)
        else:
            azimuth_deg, elevation_deg = direction(np.array([device.x_m, device.y_m, device.z_m]), masts_m)
            pattern_db = pattern_gain_db(
                kind.pattern, azimuth_deg, elevation_deg, device.azimuth_deg, device.tilt_deg
            )
            way_db = kind.gain_dbi + pattern_db + path_db[:, first[index]]
        on_carrier_dbm[row], stray_dbm[row] = (sent_dbm + way_db for sent_dbm in sent)
    return on_carrier_dbm, stray_dbm


def _mast_path_db(
    model: LinkModel, scenario: Scenario, towards_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gain from places to each sector's receiver, its antenna included, shape (sector, place), and the masts."""
    # Devices of several models hang at one place: it is looked at once.
    place_m, of_place = np.unique(towards_m, axis=0, return_inverse=True)
    # Each with its room if it is in one, so that its way out through the opening counts.
    site = model.scene.site
    room, storey, building = with_storeys(site, room_of_points(site, place_m)).T
    gain = model.masts.gain(PointSet(place_m, room, storey, building, ("device",) * len(place_m)))
    path_db = gain.where_clear(model.calibration.los(gain, 1.0 - model.rules.errors.sight_limit)).astype(np.float64)
    masts_m = np.array([[sector.x_m, sector.y_m, sector.height_m] for sector in model.sectors])
    for index, sector in enumerate(model.sectors):
        array = sector_pattern(site, sector)
        if isinstance(array, ArrayPattern):  # listens with the beam that is turned to the device, the worst of all
            seen = direction(masts_m[index], place_m)
            path_db[index] += array.ssb_peak_dbi + connected_gain_db(site, sector, *seen)
        else:
            path_db[index] += RURAL_GAIN_DBI if sector.environment == "RMa" else OTHER_GAIN_DBI
    return path_db[:, of_place.ravel()], masts_m


def _is_tdd(sector: Sector) -> bool:
    known = known_band(sector.band)
    return known is not None and known.duplex == "TDD"


def _uplink(sector: Sector) -> tuple[Span, bool] | None:
    """Where a sector listens and whether that is known to be apart from where it sends; None: nowhere."""
    known = known_band(sector.band)
    if known is not None and known.duplex == "SDL":  # nobody listens to phones there
        return None
    # A band not in the table: its uplink is taken to be near, and what is sent on the downlink not to meet it.
    duplex_mhz = None if known is None else known.duplex_mhz
    centre_mhz = sector.freq_mhz - (duplex_mhz or 0)
    half_mhz = sector.bandwidth_mhz / 2
    return (centre_mhz - half_mhz, centre_mhz + half_mhz), duplex_mhz is not None


def _stray_of(sender: Radiated, sector: Sector) -> Stray:
    """What a device sends beside its carriers into the uplink of a sector, in a resource block, conducted."""
    uplink = _uplink(sector)
    if uplink is None or (sender.model.kind == "mas" and _is_tdd(sector)):
        return NOTHING
    span, apart = uplink
    return stray_into(sender, span, RB_KHZ / 1e3, in_band=apart)


def _stray_per_rb_dbm(sender: Radiated, model: LinkModel) -> NDArray[np.float64]:
    """`_stray_of` for each sector, with the free-space loss of the uplink in place of the downlink's."""
    known: dict[object, float] = {}
    found = []
    for sector in model.sectors:
        key = sector.band, sector.freq_mhz, sector.bandwidth_mhz
        if key not in known:
            uplink = _uplink(sector)
            up_mhz = sector.freq_mhz if uplink is None else sum(uplink[0]) / 2
            nearer_db = 20 * float(np.log10(sector.freq_mhz / up_mhz))
            known[key] = _stray_of(sender, sector).level_dbm + nearer_db
        found.append(known[key])
    return np.array(found)


def _base_stations(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    each_dbm: NDArray[np.float64],
) -> list[ServiceRow]:
    """One row per mast whose receiver is desensitised, or one for the worst of all; TDD and FDD apart."""
    level_dbm = add_powers_db(np.full(len(model.sectors), -np.inf), *each_dbm)
    tdd = [index for index, sector in enumerate(model.sectors) if _is_tdd(sector)]
    fdd = [index for index, sector in enumerate(model.sectors) if not _is_tdd(sector)]
    rows = [] if tdd else [ServiceRow(BASE_STATIONS, "no jammer sends on a TDD carrier", True)]
    for name, members in ((BASE_STATIONS, tdd), (FDD_BASE_STATIONS, fdd)):
        masts: dict[tuple[float, float], int] = {}
        for index in members:
            place = (model.sectors[index].x_m, model.sectors[index].y_m)
            if place not in masts or level_dbm[index] > level_dbm[masts[place]]:
                masts[place] = index
        worst = sorted(masts.values(), key=lambda index: (-level_dbm[index], index))
        failing = [index for index in worst if not level_dbm[index] <= DESENSE_DBM_PER_RB]
        if worst and not failing and not np.isfinite(level_dbm[worst[0]]):
            nothing = "no jammer sends on a TDD carrier" if name == BASE_STATIONS else "no device sends towards them"
            rows.append(ServiceRow(name, nothing, True))
            continue
        for index in failing or worst[:1]:
            loudest = devices[int(each_dbm[:, index].argmax())]
            stray = _stray_of(radiated(loudest, catalogue[loudest.model], model.carriers), model.sectors[index])
            why = stray.words if name == FDD_BASE_STATIONS else ""
            assumed = ", a figure that is assumed" if why and stray.assumed else ""
            rows.append(
                ServiceRow(
                    name,
                    f"mast of {model.sectors[index].id}: {_ceiled(level_dbm[index]):.1f} dBm in a resource block "
                    f"(at most {DESENSE_DBM_PER_RB:g})"
                    + (f", most of it {why} of {loudest.id}{assumed}" if why else ""),
                    index not in failing,
                )
            )
    return rows


def _hits(device: Device, model: Model, service: ProtectedService) -> list[str]:
    """The device's bands that overlap a service; edges that only touch do not."""
    if model.kind == "jammer":
        sent = [(band.band, band.low_mhz, band.high_mhz) for band in model.bands]
    elif model.kind == "mas":
        sent = [
            (f"{cell.freq_mhz:g} MHz", cell.freq_mhz - cell.bandwidth_mhz / 2, cell.freq_mhz + cell.bandwidth_mhz / 2)
            for cell in model.mas_carriers
        ]
    else:
        sent = []
    names = [name for name, low, high in sent if low < service.high_mhz and high > service.low_mhz]
    return [f"{device.id} ({name})" for name in dict.fromkeys(names)]


def _listed(hits: list[str]) -> str:
    """The first few by name and how many more."""
    shown = 5
    more = f" and {len(hits) - shown} more" if len(hits) > shown else ""
    return f"overlapped by {', '.join(hits[:shown])}{more}"


def _ceiled(level_dbm: float) -> float:
    """A power rounded up to 0.1 dB, so that a print never says less than the number."""
    return float(np.ceil(level_dbm * 10 - 1e-9) / 10)
