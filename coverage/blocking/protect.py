"""Services that must not be hit: staff radio, alarms, GNSS, radar, and the receivers of base stations."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.blocking.cable_links import is_cable
from quietwing.coverage.blocking.emissions import carrier_levels_dbm
from quietwing.coverage.blocking.links import LinkModel, band_number
from quietwing.coverage.blocking.networks import reference_khz
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation.antennas import direction, pattern_gain_db
from quietwing.coverage.propagation.array_pattern import ArrayPattern
from quietwing.coverage.propagation.radiating_cable import piece_eirp_db, pieces_of
from quietwing.coverage.propagation.sector_patterns import connected_gain_db, sector_pattern
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Site
from quietwing.sites.points import PointSet

__all__ = [
    "DESENSE_DBM_PER_RB",
    "ProtectedService",
    "base_station_levels_dbm",
    "device_levels_dbm",
    "forbidden_bands",
    "load_protected",
    "protected_services",
]

DESENSE_DBM_PER_RB = -122.0  # 1 dB desensitisation: −174 + NF 5 + 10 lg 180 kHz = −116.4, less 6 (domain.md §4.3)
RB_KHZ = 180.0
CABLE_PIECE_M = 1.0  # of a radiating cable as a mast sees it: coarser than for phones, a mast is far away
BASE_STATIONS = "TDD base stations"
# Antenna gain less feeder of a receiving mast: Report ITU-R M.2292, domain.md §3.4. masts.csv holds EIRP only.
RURAL_GAIN_DBI, OTHER_GAIN_DBI = 15.0, 13.0
# Bands in which uplink and downlink share the frequency: 3GPP TS 36.101 table 5.5-1, TS 38.101-1 table 5.2-1.
_TDD_BANDS = frozenset(range(33, 54)) | {77, 78, 79, 90, 104}


@dataclass(frozen=True, slots=True)
class ProtectedService:
    """A row of ``tables/protected.csv``; a note has no band (NaN edges)."""

    service: str
    low_mhz: float
    high_mhz: float
    rule: str
    note: str


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
        )
        for row in rows
    )


def forbidden_bands(model: Model) -> str:
    """Protected services that a model would send on, in words; empty if none."""
    device = Device(id="x", model=model.name, x_m=0.0, y_m=0.0, z_m=0.0)
    hit = [s.service for s in load_protected() if s.rule != "note" and _hits(device, model, s)]
    return ", ".join(hit)


def protected_services(
    model: LinkModel, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> tuple[tuple[str, str, bool], ...]:
    """What a layout does to each protected service and to the base stations.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Its confidence decides the state of sight to the masts.
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model

    Returns
    -------
    tuple of tuple
        Service, what was found, passed.
    """
    on = tuple(device for device in devices if device.state != "off")
    rows: list[tuple[str, str, bool]] = []
    for service in load_protected():
        if service.rule == "note":
            rows.append((service.service, service.note, True))
            continue
        hits = [hit for device in on for hit in _hits(device, catalogue[device.model], service)]
        found = f"{service.low_mhz:g}–{service.high_mhz:g} MHz: {_listed(hits) if hits else 'no device sends there'}"
        rows.append((service.service, found, not hits))
    return (*rows, *_base_stations(model, scenario, on, catalogue))


def base_station_levels_dbm(
    model: LinkModel, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> NDArray[np.float64]:
    """Power of all jammers at the receiver of each TDD sector, in one resource block.

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
        Median; ``-inf`` for FDD sectors and where nothing is sent. [dBm in 180 kHz]
    """
    each_dbm = device_levels_dbm(model, scenario, devices, catalogue)
    return add_powers_db(np.full(len(model.sectors), -np.inf), *each_dbm)


def device_levels_dbm(
    model: LinkModel, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> NDArray[np.float64]:
    """Power of each device at the receiver of each TDD sector, in one resource block.

    The path is the sector's own turned round: its pattern, the loss outdoors and every element on the ray, or the
    way through the device's room's opening where that is stronger; clear wherever a clear path is likelier than 1
    − q. Jammers send in uplink slots too; managed-access cells keep to the network's slots. An array listens with
    a beam turned to the device.

    Parameters
    ----------
    model, scenario, devices, catalogue
        As for `base_station_levels_dbm`.

    Returns
    -------
    float64 ndarray, shape (device, sector)
        Median; ``-inf`` for managed access, for FDD sectors and where nothing is sent. [dBm in 180 kHz]
    """
    tdd = np.array([int(band_number(sector.band)) in _TDD_BANDS for sector in model.sectors], bool)
    level_dbm = np.full((len(devices), len(model.sectors)), -np.inf)
    rows = [row for row, device in enumerate(devices) if catalogue[device.model].kind == "jammer"]
    if not rows or not tdd.any():
        return level_dbm
    cut = {row: pieces_of(devices[row].line_m, CABLE_PIECE_M) for row in rows if is_cable(devices[row], catalogue)}
    places = [cut[row].middle_m if row in cut else np.array([devices[row].line_m[0]]) for row in rows]
    first = np.cumsum([0, *(len(place) for place in places)])
    gain = model.masts.gain(_points_in(model.scene.site, np.concatenate(places)))
    path_db = gain.where_clear(model.calibration.sight(gain, 1.0 - model.rules.errors.sight_limit))
    widths_khz = np.array([reference_khz(carrier.technology, carrier.freq_mhz) for carrier in model.carriers])
    masts_m = np.array([[sector.x_m, sector.y_m, sector.height_m] for sector in model.sectors])
    mast_dbi = np.array([RURAL_GAIN_DBI if s.environment == "RMa" else OTHER_GAIN_DBI for s in model.sectors])
    towards_m = np.concatenate(places)
    for index, array in enumerate(sector_pattern(model.scene.site, sector) for sector in model.sectors):
        if isinstance(array, ArrayPattern):  # listens with the beam that is turned to the device, the worst of all
            mast_dbi[index] = array.ssb_peak_dbi
            seen = direction(masts_m[index], towards_m)
            path_db[index] += connected_gain_db(model.scene.site, model.sectors[index], *seen)
    known: dict[tuple[object, ...], NDArray[np.float64]] = {}
    for index, row in enumerate(rows):
        device, kind = devices[row], catalogue[devices[row].model]
        setting = (device.model, device.power_dbm, device.trim_db)
        if setting not in known:
            known[setting], _ = carrier_levels_dbm(device, kind, model.carriers, outside=True)
        sent_dbm = known[setting]
        per_rb_dbm = (sent_dbm + 10 * np.log10(RB_KHZ / widths_khz))[model.sector_carrier]
        if row in cut:
            cable = kind.radiating_cable
            # Sectors beyond the cable's frequencies hear nothing of it: what is sent there is −inf.
            held_mhz = np.clip([s.freq_mhz for s in model.sectors], cable[0].freq_mhz, cable[-1].freq_mhz)
            eirp_db = piece_eirp_db(cut[row], cable, held_mhz)
            pieces_db = path_db[:, first[index] : first[index + 1]] + eirp_db.T
            received_dbm = per_rb_dbm + add_powers_db(*pieces_db.T) + mast_dbi
            level_dbm[row] = np.where(tdd, received_dbm, -np.inf)
            continue
        azimuth_deg, elevation_deg = direction(np.array([device.x_m, device.y_m, device.z_m]), masts_m)
        pattern_db = pattern_gain_db(kind.pattern, azimuth_deg, elevation_deg, device.azimuth_deg, device.tilt_deg)
        received_dbm = per_rb_dbm + kind.gain_dbi + pattern_db + path_db[:, first[index]] + mast_dbi
        level_dbm[row] = np.where(tdd, received_dbm, -np.inf)
    return level_dbm


def _base_stations(
    model: LinkModel, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> list[tuple[str, str, bool]]:
    """One row per mast whose receiver is desensitised, or one for the worst mast of all."""
    level_dbm = base_station_levels_dbm(model, scenario, devices, catalogue)
    masts: dict[tuple[float, float], int] = {}
    for index, sector in enumerate(model.sectors):
        place = (sector.x_m, sector.y_m)
        if place not in masts or level_dbm[index] > level_dbm[masts[place]]:
            masts[place] = index
    worst = sorted(masts.values(), key=lambda index: (-level_dbm[index], index))
    failing = [index for index in worst if not level_dbm[index] <= DESENSE_DBM_PER_RB]
    if not failing and not np.isfinite(level_dbm[worst[0]]):
        return [(BASE_STATIONS, "no jammer sends on a TDD carrier", True)]
    return [
        (
            BASE_STATIONS,
            f"mast of {model.sectors[index].id}: {_ceiled(level_dbm[index]):.1f} dBm in a resource block "
            f"(at most {DESENSE_DBM_PER_RB:g})",
            index not in failing,
        )
        for index in failing or worst[:1]
    ]


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


def _points_in(site: Site, xyz_m: NDArray[np.float64]) -> PointSet:
    """Where devices stand, each with its room if it is in one, so that its way out through the opening counts."""
    whole = np.full((len(xyz_m), 3), -1, np.int32)
    for index, room in enumerate(site.rooms):
        if room.building is None:
            continue
        building = site.building_index[room.building]
        storey = site.buildings[building].storeys[room.storey]
        level = (xyz_m[:, 2] >= storey.floor_m) & (xyz_m[:, 2] <= storey.ceiling_m)
        inside = level & shapely.contains_xy(room.outline, xyz_m[:, 0], xyz_m[:, 1])
        whole[inside] = index, room.storey, building
    return PointSet(xyz_m, whole[:, 0], whole[:, 1], whole[:, 2], ("device",) * len(xyz_m))


def _ceiled(level_dbm: float) -> float:
    """A power rounded up to 0.1 dB, so that a print never says less than the number."""
    return float(np.ceil(level_dbm * 10 - 1e-9) / 10)
