"""Why a phone works in a room, or does not: the link budget of each channel at each test point, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.cable_links import is_cable, nearest_piece_words
from quietwing.coverage.blocking.heard_over import HeardOver
from quietwing.coverage.blocking.links import LinkModel, link_model, public_links
from quietwing.coverage.blocking.montecarlo import Needs, carrier_needs
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.blocking.question_size import refuse_too_large
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.propagation import (
    HELD_OUT,
    DetourPath,
    capped_floor_loss_db,
    construction_loss_db,
    crossings,
    detour_path,
    direction,
    facades_of,
    over_tops,
    path_laws,
    path_states_db,
    prepare_scene,
    sector_gain_db,
    silent_at,
    terrain_effect,
)
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet, Sector, Site, clean, trial_points

__all__ = ["Crossed", "LinkBudget", "RoomBudgets", "explain_room"]


@dataclass(frozen=True, slots=True)
class Crossed:
    """One construction that the straight ray passes. Angle is from the normal."""

    feature: str
    construction: str
    angle_deg: float
    loss_db: float


@dataclass(frozen=True, slots=True)
class LinkBudget:
    """The strongest sector of one channel at one test point, medians only.

    `straight_dbm` = `eirp_dbm` + `pattern_db` − `path_loss_db` − `ground_db` − Σ `crossed` + `floor_cap_db` +
    `over_tops_db` + `calibration_db`, `detour_dbm` the same with the loss of `detour` in place of `crossed` and what
    is taken off it. ``rsrp_dbm`` is their power sum without `over_tops_db` where that is above 0, or `straight_dbm`
    where that is more, unless `scattered_by` names the opening through which scatter brings more; then ``rsrp_dbm``
    is that. Powers are in the reference bandwidth of the carrier.

    Attributes
    ----------
    point : str
        Kind of the test point.
    xyz_m : tuple of float
    channel, sector, environment : str
    path_law : str
        Which model gives `path_loss_db`: ``TR 38.901``, a section of P.1411, or Longley-Rice.
    line_of_sight : bool
        State taken: as measured, else clear wherever likelier than 1 − q.
    los_probability : float
    distance_m : float
        In three dimensions.
    eirp_dbm, pattern_db, path_loss_db, ground_db, calibration_db : float
        `path_loss_db` is that over flat ground, positive; `ground_db` what hills and valleys add to it, 0 where
        Longley-Rice gives the loss over the ground itself.
    crossed : tuple of Crossed
        From the mast inward.
    floor_cap_db : float
        What the saturating curve takes off the sum of several slabs, 0 or more.
    over_tops_db : float
        What the ways over the perimeter's wall and other blocks save of their loss straight through; below 0 where
        the ray passes close above their tops.
    straight_dbm : float
    detour : DetourPath or None
        The dominant way through openings, over roofs or round corners; none beside a ray that crosses nothing.
    detour_dbm : float
        ``-inf`` where there is none.
    scattered_by : str
        Id of the opening, empty where scatter does not rule in the state taken.
    rsrp_dbm : float
    falls_off_db : float
        What of it scatter lost from that opening to the point, 0 or less; 0 where it does not rule.
    boost_db : float
        Counted on the signal for denial, where its level is not measured.
    floor_dbm : float
        Least signal a searching phone camps on, boost included in the signal.
    noise_dbm : float
    need_db : float
        J/S to deny with the search margin.
    jammed_by : tuple of (str, float)
        Devices that send on the carrier and their levels here, strongest first. [dBm]
    heard_over : tuple of (str, str)
        Those of them that are mostly heard by a detour, and over what, in words.
    jam_dbm : float
        Their sum, ``-inf`` without any.
    capture_dbm : float
        Strongest managed-access cell of the PLMN, ``-inf`` without any.
    capture_need_db : float
        By how much it must be stronger than the signal.
    capture_margin_db : float
        Least of that, of its own level and of its clearness from jammers; ``-inf`` without any.
    """

    point: str
    xyz_m: tuple[float, float, float]
    channel: str
    sector: str
    environment: str
    path_law: str
    line_of_sight: bool
    los_probability: float
    distance_m: float
    eirp_dbm: float
    pattern_db: float
    path_loss_db: float
    ground_db: float
    crossed: tuple[Crossed, ...]
    floor_cap_db: float
    over_tops_db: float
    calibration_db: float
    straight_dbm: float
    detour: DetourPath | None
    detour_dbm: float
    scattered_by: str
    rsrp_dbm: float
    falls_off_db: float
    boost_db: float
    floor_dbm: float
    noise_dbm: float
    need_db: float
    jammed_by: tuple[tuple[str, float], ...]
    heard_over: tuple[tuple[str, str], ...]
    jam_dbm: float
    capture_dbm: float
    capture_need_db: float
    capture_margin_db: float

    @property
    def margin_db(self) -> float:
        """How far the medians are from letting the channel work: the largest of quiet, denied and captured."""
        boosted_dbm = self.rsrp_dbm + self.boost_db
        if not math.isfinite(boosted_dbm):
            return math.inf
        against_dbm = float(add_powers_db(self.jam_dbm, self.noise_dbm))
        return max(
            self.floor_dbm - boosted_dbm,
            against_dbm - boosted_dbm - self.need_db,
            self.capture_margin_db,
        )


@dataclass(frozen=True, slots=True)
class RoomBudgets:
    """Every channel at every test point of a room, points in order, channels in order of name."""

    room: str
    budgets: tuple[LinkBudget, ...]

    def nearest_to_working(self) -> tuple[LinkBudget, ...]:
        """The point with the least margin of each channel, least margin first."""
        least: dict[str, LinkBudget] = {}
        for budget in self.budgets:
            if budget.channel not in least or budget.margin_db < least[budget.channel].margin_db:
                least[budget.channel] = budget
        return tuple(sorted(least.values(), key=lambda budget: (budget.margin_db, budget.channel)))


def explain_room(
    site: Site,
    scenario: Scenario,
    room: str,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
) -> RoomBudgets:
    """The link budgets of one room.

    Parameters
    ----------
    site : Site
        With its treatments in the windows.
    scenario : Scenario
        Its operators' actions are counted.
    room : str
        Id of a room with test points.
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
        Of the devices.

    Returns
    -------
    RoomBudgets

    Raises
    ------
    ScenarioError
        If there is no such room, nobody tries a phone in it, or the question is too large.
    """
    points, known = _points_of(site, room), catalogue or {}
    sectors = tuple(s for s in site.sectors if not scenario.channels or s.channel in scenario.channels)
    refuse_too_large(site, scenario, sectors, sum(device.state != "off" for device in devices))
    model = link_model(prepare_scene(site), sectors, scenario.rules, actions=scenario.operator_actions)
    routes = model.masts.detours.routes(points, traced=True)
    public, gain = public_links(model, points, routes), model.masts.gain(points, routes=routes)
    blockers = blocker_links(model, devices, known, points)
    over = HeardOver(model, known, points, blockers, blocker_links(model, devices, known, points, straight=True))
    likely = model.rules.errors.sight_limit
    clear, rsrp_dbm = public.clear(likely), public.rsrp_dbm(likely)
    scattered = np.where(clear, gain.scattered_los, gain.scattered_nlos)  # in the state the level is taken in
    needs = carrier_needs(model, scenario)
    channel_of = np.array([model.channels.index(sector.channel) for sector in model.sectors])
    found = []
    for point in range(len(points)):
        for channel in range(len(model.channels)):
            members = np.flatnonzero(channel_of == channel)
            best = int(members[(rsrp_dbm[members, point] + model.boost_db[members]).argmax()])
            carrier = int(model.sector_carrier[best])
            if not needs.campable[carrier]:
                continue
            found.append(
                _budget(
                    model,
                    points,
                    point,
                    best,
                    needs,
                    clear=bool(clear[best, point]),
                    los_probability=float(public.los_probability[best, point]),
                    scattered=bool(scattered[best, point]),
                    rsrp_dbm=float(rsrp_dbm[best, point]),
                    jammed_by=tuple(
                        (_named(device, known, points.xyz_m[point]), float(level))
                        for device, level in zip(
                            blockers.devices, blockers.level_dbm[:, carrier, point].tolist(), strict=True
                        )
                        if level > -math.inf
                    ),
                    heard_over=tuple(
                        (_named(blockers.devices[device], known, points.xyz_m[point]), words)
                        for device, words in over.words(carrier, point).items()
                    ),
                    capture_dbm=float(blockers.mas_dbm[:, carrier, point].max(initial=-np.inf)),
                    jammers_dbm=blockers.level_dbm[~blockers.is_mas, carrier, point].tolist(),
                )
            )
    return RoomBudgets(room, tuple(found))


def _named(device: Device, catalogue: Mapping[str, Model], point_m: NDArray[np.float64]) -> str:
    """A device's id, and of a radiating cable the place nearest to the phone."""
    return f"{device.id} ({nearest_piece_words(device, point_m)})" if is_cable(device, catalogue) else device.id


def _points_of(site: Site, room: str) -> PointSet:
    """Test points of one room, or an error that says what rooms there are."""
    if room not in site.room_index:
        some = ", ".join(one.id for one in site.rooms[:5])
        raise ScenarioError(f"no room {clean(room)!r} on this site (rooms are named like {some}); correct the id")
    points = trial_points(site)
    kept = np.flatnonzero(points.room == site.room_index[room])
    if not len(kept):
        raise ScenarioError(f"room {room!r} has role ignore: no phone is tried there; choose another room")
    return points.some(kept)


def _budget(
    model: LinkModel,
    points: PointSet,
    point: int,
    index: int,
    needs: Needs,
    *,
    clear: bool,
    los_probability: float,
    scattered: bool,
    rsrp_dbm: float,
    jammed_by: tuple[tuple[str, float], ...],
    heard_over: tuple[tuple[str, str], ...],
    capture_dbm: float,
    jammers_dbm: list[float],
) -> LinkBudget:
    sector = model.sectors[index]
    carrier = int(model.sector_carrier[index])
    mast_m, point_m = np.array([sector.x_m, sector.y_m, sector.height_m]), points.xyz_m[point]
    azimuth_deg, elevation_deg = direction(mast_m, point_m)
    pattern_db = float(sector_gain_db(model.scene.site, sector, azimuth_deg, elevation_deg))
    path_law, path_db, ground_db = _path_db(model, points, point, sector, clear)
    crossed, cap_db = _crossed(model, mast_m, point_m, sector)
    tops = over_tops(
        model.scene,
        model.masts.table,
        model.masts.freq_mhz,
        mast_m,
        points.xyz_m[point : point + 1],
        points.building[point : point + 1],
    )
    over_tops_db = float((tops.relief_db - tops.grazing_db)[0, model.masts.freq_mhz.searchsorted(sector.freq_mhz)])
    eirp_dbm = reference_eirp_dbm(sector)
    offset_db = float(model.calibration.offset_db(points.some(np.array([point])), clear)[index, 0])
    lost_db = path_db + sum(one.loss_db for one in crossed) - cap_db - over_tops_db
    straight_dbm = eirp_dbm + pattern_db - lost_db + offset_db
    detour, detour_dbm = None, -math.inf
    if any(one.loss_db > 0 for one in crossed):  # a clear ray gains nothing by what an edge beside it passes
        detour = detour_path(model.masts.detours.model, mast_m, point_m, sector.freq_mhz, near=False)
    if detour is not None:
        detour_dbm = eirp_dbm + pattern_db - path_db - detour.loss_db + offset_db
    boost_db = float(model.boost_db[index])
    scatter = model.masts.scatter_los if clear else model.masts.scatter_nlos
    floor, through = model.masts.floor, int(scatter.place[index, int(points.room[point])])
    at_opening_dbm = eirp_dbm + offset_db + float(scatter.inside_db[index, int(points.room[point])])
    return LinkBudget(
        point=points.kind[point],
        xyz_m=(float(point_m[0]), float(point_m[1]), float(point_m[2])),
        channel=sector.channel,
        sector=sector.id,
        environment=sector.environment,
        path_law=path_law,
        line_of_sight=clear,
        los_probability=los_probability,
        distance_m=float(np.linalg.norm(point_m - mast_m)),
        eirp_dbm=eirp_dbm,
        pattern_db=pattern_db,
        path_loss_db=path_db - ground_db,
        ground_db=ground_db,
        crossed=crossed,
        floor_cap_db=cap_db,
        over_tops_db=over_tops_db,
        calibration_db=offset_db,
        straight_dbm=straight_dbm,
        detour=detour,
        detour_dbm=detour_dbm,
        scattered_by=floor.site.openings[floor.places[through].opening].id if scattered else "",
        rsrp_dbm=rsrp_dbm,
        falls_off_db=rsrp_dbm - at_opening_dbm if scattered and points.kind[point] != HELD_OUT else 0.0,
        boost_db=boost_db,
        floor_dbm=float(needs.floor[carrier]),
        noise_dbm=float(needs.noise[carrier]),
        need_db=float(needs.need[carrier]),
        jammed_by=tuple(sorted(jammed_by, key=lambda pair: (-pair[1], pair[0]))),
        heard_over=heard_over,
        jam_dbm=float(add_powers_db(*(level for _, level in jammed_by))) if jammed_by else -math.inf,
        capture_dbm=capture_dbm,
        capture_need_db=float(needs.capture[carrier]),
        capture_margin_db=_capture_margin_db(needs, carrier, rsrp_dbm + boost_db, capture_dbm, jammers_dbm),
    )


def _path_db(model: LinkModel, points: PointSet, point: int, sector: Sector, clear: bool) -> tuple[str, float, float]:
    """Which model gives the loss outdoors to one point, the loss, and what of it the ground adds."""
    one = points.some(np.array([point]))
    mast_m = np.array([sector.x_m, sector.y_m, sector.height_m])
    plan_m, height_m = np.hypot(*(one.xyz_m - mast_m)[:, :2].T), one.xyz_m[:, 2]
    site = model.scene.site
    ground = terrain_effect(site, facades_of(model.masts.floor, one), one, mast_m, np.array([sector.freq_mhz]))
    over_db, far = (None, None) if ground is None else (ground.extra_db[:, 0], ground.far(0))
    link = (sector, site.area, plan_m, height_m)
    around: dict[str, Any] = {
        "surroundings": site.surroundings,
        "xy_m": one.xyz_m[:, :2],
        "far": far,
        "bounding": ~silent_at(site, one),
    }
    level, over = (path_states_db(*link, extra_db, **around) for extra_db in (None, over_db))
    (law,) = path_laws(*link, clear, **around)
    flat_db, path_db = (each[0] if clear else each[1] for each in (level, over))
    return law, float(path_db[0]), float((path_db - flat_db)[0])


def _capture_margin_db(
    needs: Needs, carrier: int, rsrp_dbm: float, mas_dbm: float, jammers_dbm: list[float]
) -> float:
    """How surely the strongest managed-access cell captures (assumption A19): stronger, heard, clear of jammers."""
    if mas_dbm == -math.inf:
        return -math.inf
    against_dbm = float(add_powers_db(float(needs.mas_noise[carrier]), *jammers_dbm))
    return min(
        mas_dbm - rsrp_dbm - float(needs.capture[carrier]),
        mas_dbm - float(needs.mas_floor[carrier]),
        mas_dbm - against_dbm - float(needs.mas_gamma[carrier]),
    )


def _crossed(
    model: LinkModel, mast_m: NDArray[np.float64], point_m: NDArray[np.float64], sector: Sector
) -> tuple[tuple[Crossed, ...], float]:
    """Every construction on the straight ray, and what the cap takes off the slabs."""
    facets, known = model.scene.facets, model.scene.site.constructions
    found, slabs = [], []
    for facet, cosine, _ in crossings(model.scene.prepared, mast_m, point_m):
        passed_db = 0.0
        for name in facets.surfaces[int(facets.surface[facet])]:
            loss_db = float(construction_loss_db(known[name], [cosine], [sector.freq_mhz])[0, 0])
            passed_db += loss_db
            angle_deg = math.degrees(math.acos(min(cosine, 1.0)))
            found.append(Crossed(facets.feature_ids[int(facets.feature[facet])], name, angle_deg, loss_db))
        if facets.is_slab[facet] and passed_db > 0:
            slabs.append(passed_db)
    capped_db = float(capped_floor_loss_db(sum(slabs), max(slabs, default=0.0), len(slabs)))
    return tuple(found), sum(slabs) - capped_db
