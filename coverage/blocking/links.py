"""Median levels of both sides at every point, and what each link's errors belong to.

Public side and blockers stand in the same reference bandwidths, carrier by carrier, so that they can be compared:
GSM carrier, UMTS carrier, LTE or NR element.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.cable_links import is_cable, with_cables
from quietwing.coverage.blocking.calibration import Calibration, calibrate
from quietwing.coverage.blocking.emissions import carrier_levels_dbm
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation.antennas import direction, pattern_gain_db
from quietwing.coverage.propagation.constructions import sigma_db
from quietwing.coverage.propagation.facades import facades_of
from quietwing.coverage.propagation.mast_detour import Routes
from quietwing.coverage.propagation.mast_gain import HELD_OUT, MastModel, ScatterFloor, mast_model, masts_of
from quietwing.coverage.propagation.multiwall import LossTable, crossing_counts, element_loss_db
from quietwing.coverage.propagation.opening_floor import RoomOpenings
from quietwing.coverage.propagation.over_tops import over_tops
from quietwing.coverage.propagation.path_gain import path_gain
from quietwing.coverage.propagation.portal_graph import PortalGraph
from quietwing.coverage.propagation.scene import Scene
from quietwing.sites.model import Sector
from quietwing.sites.points import PointSet
from quietwing.sites.points import scattered as scattered_points

__all__ = [
    "BlockerLinks",
    "Carrier",
    "LinkModel",
    "PublicLinks",
    "blocker_links",
    "crossings",
    "link_model",
    "public_links",
]

Levels = NDArray[np.float32]
LIKELY = 0.5  # probability from which a drawn state of sight is taken as clear, to say what rules a link
GAINS_AT_A_TIME = 20_000_000  # of devices alike, between two places on one frequency each


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier of one operator's network: the sectors on it are compared with each other and with a MAS cell."""

    channel: str
    plmn: str
    technology: str
    freq_mhz: float
    bandwidth_mhz: float
    band: str


@dataclass(frozen=True)
class LinkModel:
    """A site's links made ready.

    Attributes
    ----------
    scene : Scene
    masts : MastModel
    calibration : Calibration
    carriers : tuple of Carrier
        In the order of their sectors' first appearance.
    channels : tuple of str
        In order of name.
    bands : tuple of str
        Band numbers; errors are drawn by band, B28 and n28 being one.
    sector_carrier, carrier_channel, carrier_band : int32 ndarray
        Index of each sector's carrier, each carrier's channel and band.
    constructions : tuple of str
        Names of all constructions of the site's surfaces, sorted.
    construction_sigma_db : float32 ndarray, shape (construction, band)
    sector_key, construction_key : int64 ndarray
        What draws are keyed by: stable under leaving out sectors or adding constructions.
    """

    scene: Scene
    masts: MastModel
    calibration: Calibration
    carriers: tuple[Carrier, ...]
    channels: tuple[str, ...]
    bands: tuple[str, ...]
    sector_carrier: NDArray[np.int32]
    carrier_channel: NDArray[np.int32]
    carrier_band: NDArray[np.int32]
    constructions: tuple[str, ...]
    construction_sigma_db: Levels
    sector_key: NDArray[np.int64]
    construction_key: NDArray[np.int64]

    @property
    def sectors(self) -> tuple[Sector, ...]:
        """The sectors, in the order of every `sector` dimension."""
        return self.masts.sectors

    @property
    def graph(self) -> PortalGraph:
        """How the portals are joined."""
        return self.masts.detours.model.graph


@dataclass(frozen=True)
class PublicLinks:
    """The public network at each point.

    Attributes
    ----------
    los_dbm, nlos_dbm : float32 ndarray, shape (sector, point)
        Level in the reference bandwidth in both states of sight, calibration included, no boost. [dBm]
    los_probability : float32 ndarray, shape (sector, point)
    fixed_sight : int8 ndarray, shape (sector,)
        -1 drawn in each world, 0 NLOS, 1 LOS as measured.
    sight_key : int64 ndarray, shape (sector, point)
        Owner of the draw: mast × façade.
    sigma_db : float32 ndarray, shape (sector,)
        Error common to a sector over the whole site. [dB]
    crossed : uint8 ndarray, shape (sector, point, construction)
        How often each construction is crossed.
    walls_db : float32 ndarray, shape (sector, point)
        What all elements on the link lose: passive walls give back no more, so their errors never add more. [dB]
    scattered : bool ndarray, shape (sector, point)
        Whether scatter rules the link, in the state of sight that is measured or else likelier.
    notes : tuple of str
    """

    los_dbm: Levels
    nlos_dbm: Levels
    los_probability: Levels
    fixed_sight: NDArray[np.int8]
    sight_key: NDArray[np.int64]
    sigma_db: Levels
    crossed: NDArray[np.uint8]
    walls_db: Levels
    scattered: NDArray[np.bool_]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class BlockerLinks:
    """Blocking devices at each point; devices that are off are left out.

    Attributes
    ----------
    devices : tuple of Device
    level_dbm : float32 ndarray, shape (device, carrier, point)
        Received power in the carrier's reference bandwidth, emission kind included; ``-inf`` where nothing. [dBm]
    mas_dbm : float32 ndarray, shape (device, carrier, point)
        Level of the MAS cell that offers this carrier's PLMN, ``-inf`` elsewhere. [dBm]
    is_mas : bool ndarray, shape (device,)
    crossed : uint8 ndarray, shape (device, point, construction)
    walls_db : float32 ndarray, shape (device, point, band)
        What all elements on the link lose, on the band's carrier that loses most. [dB]
    device_key : int64 ndarray, shape (device,)
    """

    devices: tuple[Device, ...]
    level_dbm: Levels
    mas_dbm: Levels
    is_mas: NDArray[np.bool_]
    crossed: NDArray[np.uint8]
    walls_db: Levels
    device_key: NDArray[np.int64]


def stable_key(text: str) -> int:
    """A number for a name that is the same in every run."""
    return zlib.crc32(text.encode("utf-8"))


def band_number(band: str) -> str:
    """``B28`` and ``n28`` are one band for errors: 28."""
    return band.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def link_model(
    scene: Scene,
    sectors: tuple[Sector, ...],
    confidence: float,
    *,
    also: Collection[str] = (),
    graph: PortalGraph | None = None,
) -> LinkModel:
    """Make a site's links ready.

    Parameters
    ----------
    scene : Scene
        The site, treated or not.
    sectors : tuple of Sector
        At least one.
    confidence : float
        The scenario's q, for the state of sight at the places of readings.
    also : collection of str
        Further constructions to count crossings of, so that several models of a site agree in their order.
    graph : PortalGraph, optional
        Of the same site, whatever is in its windows: its portals are joined as there.

    Returns
    -------
    LinkModel
    """
    masts = mast_model(scene, sectors, graph)
    asked = {sector.channel for sector in sectors}
    levels = tuple(level for level in scene.site.outside_levels if level.channel in asked)
    carriers: dict[Carrier, int] = {}
    of_sector = []
    for sector in sectors:
        carrier = Carrier(
            sector.channel,
            sector.plmn,
            sector.technology,
            sector.freq_mhz,
            sector.bandwidth_mhz,
            band_number(sector.band),
        )
        of_sector.append(carriers.setdefault(carrier, len(carriers)))
    channels = tuple(sorted(asked))
    bands = tuple(sorted({carrier.band for carrier in carriers}, key=int))
    lowest_mhz = [min(carrier.freq_mhz for carrier in carriers if carrier.band == band) for band in bands]
    names = tuple(sorted({name for surface in scene.facets.surfaces for name in surface} | set(also)))
    by_name = scene.site.constructions
    sigmas = [sigma_db(by_name[name], np.array(lowest_mhz)) for name in names]
    return LinkModel(
        scene=scene,
        masts=masts,
        calibration=calibrate(masts, levels, confidence),
        carriers=tuple(carriers),
        channels=channels,
        bands=bands,
        sector_carrier=np.array(of_sector, np.int32),
        carrier_channel=np.array([channels.index(carrier.channel) for carrier in carriers], np.int32),
        carrier_band=np.array([bands.index(carrier.band) for carrier in carriers], np.int32),
        constructions=names,
        construction_sigma_db=np.array(sigmas, np.float32).reshape(len(names), len(bands)),
        sector_key=np.array([stable_key(sector.id) for sector in sectors], np.int64),
        construction_key=np.array([stable_key(name) for name in names], np.int64),
    )


def public_links(model: LinkModel, points: PointSet, routes: Routes | None = None) -> PublicLinks:
    """Levels of all sectors at some points and what their errors belong to.

    Parameters
    ----------
    model : LinkModel
    points : PointSet
    routes : Routes, optional
        The traced detours to these points, where they are at hand.

    Returns
    -------
    PublicLinks
    """
    gain = model.masts.gain(points, traced=True, routes=routes)
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in model.sectors]) + model.calibration.offset_db
    sent_dbm = eirp_dbm.astype(np.float32)[:, None]
    fixed = np.where(model.calibration.measured, model.calibration.clear.astype(np.int8), np.int8(-1))
    likely = np.where(fixed[:, None] >= 0, fixed[:, None] == 1, gain.los_probability >= LIKELY)
    crossed, walls_db = _public_crossings(model, points)
    for clear, scattered, scatter in (
        (True, gain.scattered_los, model.masts.scatter_los),
        (False, gain.scattered_nlos, model.masts.scatter_nlos),
    ):
        _replace_scattered(model, points, scattered & (likely == clear), scatter, crossed, walls_db)
    ruled = np.where(likely, gain.scattered_los, gain.scattered_nlos)
    _replace_detoured(model, points, gain.detoured & ~ruled, gain.routes, crossed, walls_db)
    return PublicLinks(
        los_dbm=sent_dbm + gain.los_db,
        nlos_dbm=sent_dbm + gain.nlos_db,
        los_probability=gain.los_probability,
        fixed_sight=fixed.astype(np.int8),
        sight_key=_sight_keys(model, points),
        sigma_db=model.calibration.sigma_db.astype(np.float32),
        crossed=crossed,
        walls_db=walls_db,
        scattered=ruled,
        notes=gain.notes,
    )


def blocker_links(
    model: LinkModel,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    outside: bool = False,
) -> BlockerLinks:
    """Levels of all blockers at some points and what their errors belong to.

    Parameters
    ----------
    model : LinkModel
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
    points : PointSet
    outside : bool
        For spill: any overlap of band and carrier counts, and no emission kind is below barrage (CHOICES 3, 18).
        Inside, a carrier counts as jammed only if it lies wholly within the band.

    Returns
    -------
    BlockerLinks
    """
    on = tuple(device for device in devices if device.state != "off")
    shape = (len(on), len(model.carriers), len(points))
    level_dbm, mas_dbm = np.full(shape, -np.inf, np.float32), np.full(shape, -np.inf, np.float32)
    tx_m = np.array([[device.x_m, device.y_m, device.z_m] for device in on]).reshape(-1, 3)
    freq_mhz, table = model.masts.freq_mhz, model.masts.table
    lane = np.searchsorted(freq_mhz, [carrier.freq_mhz for carrier in model.carriers])
    sent = [carrier_levels_dbm(device, catalogue[device.model], model.carriers, outside=outside) for device in on]
    alike: dict[tuple[int, ...], list[int]] = {}
    for index, powers in enumerate(sent):
        if is_cable(on[index], catalogue):
            continue
        heard = np.isfinite(powers[0]) | np.isfinite(powers[1])
        alike.setdefault(tuple(np.unique(lane[heard]).tolist()), []).append(index)
    for lanes, members in alike.items():
        if not lanes:  # heard on none of the carriers
            continue
        used_table = LossTable(np.ascontiguousarray(table.loss_db[:, :, list(lanes)]))
        each = max(1, GAINS_AT_A_TIME // max(len(lanes) * len(points), 1))
        for first in range(0, len(members), each):
            part = members[first : first + each]
            gains_db = path_gain(model.scene, tx_m[part], points, freq_mhz[list(lanes)], used_table).values
            for index, gain_db in zip(part, gains_db, strict=True):
                device, kind, (sent_dbm, offered_dbm) = on[index], catalogue[on[index].model], sent[index]
                used = np.flatnonzero(np.isfinite(sent_dbm) | np.isfinite(offered_dbm))
                azimuth_deg, elevation_deg = direction(tx_m[index], points.xyz_m)
                pattern_db = pattern_gain_db(
                    kind.pattern, azimuth_deg, elevation_deg, device.azimuth_deg, device.tilt_deg
                )
                received_db = gain_db.T[np.searchsorted(lanes, lane[used])] + pattern_db + kind.gain_dbi
                received_db = received_db.astype(np.float32)
                level_dbm[index, used] = sent_dbm[used, None] + received_db
                mas_dbm[index, used] = offered_dbm[used, None] + received_db
    lost_db = element_loss_db(model.scene.prepared, table, tx_m, points)
    of_band = [np.unique(lane[model.carrier_band == band]) for band in range(len(model.bands))]
    links = BlockerLinks(
        devices=on,
        level_dbm=level_dbm,
        mas_dbm=mas_dbm,
        is_mas=np.array([catalogue[device.model].kind == "mas" for device in on], np.bool_),
        crossed=crossings(model, tx_m, points),
        walls_db=np.stack([lost_db[:, :, lanes].max(axis=2) for lanes in of_band], axis=2),
        device_key=np.array([stable_key(device.id) for device in on], np.int64),
    )
    return with_cables(model, links, sent, catalogue, points, outside=outside)


def _incidence(model: LinkModel, scene: Scene) -> NDArray[np.float32]:
    """How often each surface of a scene holds each construction, shape (surface, construction)."""
    surfaces = scene.facets.surfaces
    table = np.zeros((len(surfaces), len(model.constructions)), np.float32)
    for row, surface in enumerate(surfaces):
        for name in surface:
            table[row, model.constructions.index(name)] += 1
    return table


def crossings(model: LinkModel, tx_m: NDArray[np.float64], points: PointSet) -> NDArray[np.uint8]:
    """Crossings of each construction, shape (tx, point, construction)."""
    surfaces = len(model.scene.facets.surfaces)
    found = np.zeros((len(tx_m), len(points), len(model.constructions)), np.uint8)
    if not surfaces:
        return found
    table = _incidence(model, model.scene)
    for index in range(len(tx_m)):
        counted = crossing_counts(
            model.scene.prepared, tx_m[index : index + 1], points, np.arange(surfaces), surfaces
        )
        found[index] = np.minimum(counted[0].astype(np.float32) @ table, 255)
    return found


def _public_crossings(model: LinkModel, points: PointSet) -> tuple[NDArray[np.uint8], Levels]:
    """Crossings of each sector's straight ray and what they lose; sectors of one mast share their ray."""
    places = [(sector.x_m, sector.y_m, sector.height_m) for sector in model.sectors]
    masts = list(dict.fromkeys(places))
    mast = [masts.index(place) for place in places]
    lane = np.searchsorted(model.masts.freq_mhz, [sector.freq_mhz for sector in model.sectors])
    walls_db = np.empty((len(places), len(points)), np.float32)
    crossed = crossings(model, np.array(masts), points)[mast]
    incidence = _incidence(model, model.scene)
    for index, place in enumerate(masts):
        tx_m = np.array(place)
        lost_db = element_loss_db(model.scene.prepared, model.masts.table, tx_m[None], points)[0]
        rows = [row for row, of_sector in enumerate(mast) if of_sector == index]
        lossy = model.scene, model.masts.table, model.masts.freq_mhz
        tops = over_tops(*lossy, tx_m, points.xyz_m, points.building, every_db=lost_db.copy())
        for one in tops.obstacles:
            less_db = np.where(one.over, one.through_db, one.through_db - one.loss_db)
            lost_db[one.at] = np.maximum(lost_db[one.at] - less_db, 0.0)
            counted = one.counted(model.scene, tx_m, points.xyz_m) @ incidence
            for row in rows:
                here = crossed[row, one.at]
                crossed[row, one.at] = here - np.minimum(here, counted * one.over[:, lane[row], None])
        for row in rows:
            walls_db[row] = lost_db[:, lane[row]]
    return crossed, walls_db


def _replace_detoured(
    model: LinkModel,
    points: PointSet,
    detoured: NDArray[np.bool_],
    routes: Routes,
    crossed: NDArray[np.uint8],
    walls_db: Levels,
) -> None:
    """Where the detour is stronger, the link crosses what that crosses."""
    sectors, at = np.nonzero(detoured)
    if not len(sectors):
        return
    mast_of = np.empty(len(model.sectors), np.intp)
    for number, indices in enumerate(masts_of(model.sectors).values()):
        mast_of[indices] = number
    band = np.searchsorted(model.masts.freq_mhz, [sector.freq_mhz for sector in model.sectors])[sectors]
    mast = mast_of[sectors]
    last, by_treated = routes.last[mast, at, band], routes.treated[mast, at, band]
    for ways, of in (
        (model.masts.detours, np.flatnonzero(~by_treated)),
        (model.masts.detours.treated, np.flatnonzero(by_treated)),
    ):
        if ways is None or not len(of):
            continue
        incidence = _incidence(model, ways.model.graph.scene)
        found = ways.crossed(mast[of], at[of], points.xyz_m, last[of], band[of], incidence)
        crossed[sectors[of], at[of]], walls_db[sectors[of], at[of]] = found


def _replace_scattered(
    model: LinkModel,
    points: PointSet,
    scattered: NDArray[np.bool_],
    scatter: ScatterFloor,
    crossed: NDArray[np.uint8],
    walls_db: Levels,
) -> None:
    """Where scatter rules, the link crosses its opening and the door behind; a hand held out crosses nothing."""
    sectors, at = np.nonzero(scattered)
    if not len(sectors):
        return
    crossed[sectors, at], walls_db[sectors, at] = 0, 0.0
    inside = np.array([kind != HELD_OUT for kind in points.kind], np.bool_)[at]
    sectors, at = sectors[inside], at[inside]
    masts, floor = model.masts, model.masts.floor
    openings, column = floor.site.openings, {name: index for index, name in enumerate(model.constructions)}
    of_place = np.zeros((len(floor.places), len(column)), np.uint8)
    for index, place in enumerate(floor.places):
        for name in openings[place.opening].passed_constructions:
            of_place[index, column[name]] += 1
    lane = np.searchsorted(masts.freq_mhz, [sector.freq_mhz for sector in model.sectors])[sectors]
    room = points.room[at]
    through = scatter.place[sectors, room]
    passed, lost_db = of_place[through], masts.entry_db[through, lane]
    for index in np.unique(room).tolist():
        used = floor.of_room[index]
        if used is not None and used.borrowed:
            links = np.flatnonzero(room == index)
            within_db, within = _within(model, used)
            passed[links] += within[lane[links]]
            lost_db[links] += within_db[lane[links]]
    crossed[sectors, at], walls_db[sectors, at] = passed, lost_db


def _within(model: LinkModel, used: RoomOpenings) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Loss between a borrowed opening and the room, shape (band,), and what is crossed, (band, construction)."""
    masts, floor = model.masts, model.masts.floor
    within_db, door_db = masts.within_loss_db(used), floor.door_loss_db(used, masts.freq_mhz)
    straight = crossings(model, floor.inside_m[[used.places[0]]], scattered_points(np.array([used.middle_m])))[0, 0]
    found = np.repeat(straight[None], len(within_db), axis=0)
    for band in np.flatnonzero(door_db <= within_db).tolist():
        easiest = min(used.doors, key=lambda door: float(floor.opening_loss_db(door, masts.freq_mhz)[band]))
        found[band] = [easiest.passed_constructions.count(name) for name in model.constructions]
    return within_db, found


def _sight_keys(model: LinkModel, points: PointSet) -> NDArray[np.int64]:
    """One owner per mast × façade, a number of its own; points in the open are one façade of their own."""
    facades = facades_of(model.masts.floor, points)
    names = (*facades.names, "open")  # IN_THE_OPEN is the last
    masts = [f"{sector.x_m:.3f}|{sector.y_m:.3f}" for sector in model.sectors]
    keys = {mast: np.array([stable_key(f"{mast}|{name}") for name in names], np.int64) for mast in set(masts)}
    return np.array([keys[mast][facades.of_point] for mast in masts], np.int64).reshape(len(masts), len(points))
