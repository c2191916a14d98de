"""One question to one site from end to end: the single way in for app, command line and batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quietwing.coverage.blocking.calibration import Calibration, calibrate
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.evaluate import Judgement, evaluate, silence_points, uncovered_routes
from quietwing.coverage.blocking.links import LinkModel, blocker_links, link_model, public_links
from quietwing.coverage.blocking.networks import headroom_db, reference_eirp_dbm, strongest_sector
from quietwing.coverage.blocking.spill import spill
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.dims import CHANNEL, POINT, ROOM, SECTOR
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError, SiteError
from quietwing.coverage.layout import check_layout
from quietwing.coverage.propagation.mast_gain import MastModel, mast_model
from quietwing.coverage.propagation.path_gain import DETOUR_NOTE
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.results import Leakage, StoreyMap, Verdict, VerdictMap
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites.errors import problems_text
from quietwing.sites.fingerprint import fingerprint
from quietwing.sites.model import Sector, Site
from quietwing.sites.points import Patch, PointSet
from quietwing.sites.trial_points import map_grid, trial_points

__all__ = ["leakage", "run"]

Progress = Callable[[str, float], None]
ROUND_THE_CORNER_NOTE = (
    "where the straight ray meets no opening of a room, the level just outside the room's own opening less 15 dB and "
    "the opening's loss is a lower limit (assumed)"
)


def leakage(
    site: Site, scenario: Scenario | None = None, *, maps: bool = True, progress: Progress | None = None
) -> Leakage:
    """Where the public network leaks into each room, and which channels a phone there could use, all blockers off.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        What is asked; the defaults without it.
    maps : bool
        Whether to compute the maps of every storey too.
    progress : callable, optional
        Called with what is being done and the share done, 0 to 1.

    Returns
    -------
    Leakage

    Raises
    ------
    SiteError
        If the site has no mast.
    ScenarioError
        If the scenario names a channel that no mast of the site has.
    """
    scenario = scenario or Scenario()
    say = progress or (lambda _what, _share: None)
    say("site", 0.0)
    sectors = _wanted_sectors(site, scenario)
    scene = prepare_scene(site)
    say("masts", 0.05)
    model = mast_model(scene, sectors)
    levels = tuple(
        level for level in site.outside_levels if not scenario.channels or level.channel in scenario.channels
    )
    calibration = calibrate(model, levels, scenario.confidence)
    say("rooms", 0.2)
    points = trial_points(site)
    silenced = np.array([room.role == "silence" for room in site.rooms])
    at_points, clipped = _service(model, calibration, scenario, points, silenced[points.room])
    by_room = _best_of_rooms(site, points, at_points)
    say("maps", 0.3)
    storey_maps = _maps(model, calibration, scenario, say) if maps else ()
    say("done", 1.0)
    return Leakage(
        site=site,
        scenario=scenario,
        sectors=sectors,
        points=points,
        at_points=at_points,
        by_room=by_room,
        maps=storey_maps,
        notes=_notes(site, sectors, model, calibration, clipped),
        scenario_id=fingerprint(site, scenario)[:12],
    )


def _wanted_sectors(site: Site, scenario: Scenario) -> tuple[Sector, ...]:
    if not site.sectors:
        raise SiteError("masts.csv: no mast is given; list the masts or let typical ones be placed (example new)")
    unknown = sorted(set(scenario.channels) - set(site.channels))
    if unknown:
        raise ScenarioError(
            f"scenario: channels: {', '.join(unknown)} has no mast on this site "
            f"(masts have {', '.join(site.channels)}); correct the name or add the mast"
        )
    return tuple(sector for sector in site.sectors if not scenario.channels or sector.channel in scenario.channels)


def _service(
    model: MastModel,
    calibration: Calibration,
    scenario: Scenario,
    points: PointSet,
    inside: NDArray[np.bool_],
) -> tuple[xr.Dataset, tuple[str, ...]]:
    """RSRP, headroom and usability per channel × point, and the ranges that were clipped on the way."""
    gain = model.gain(points)
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in model.sectors]) + calibration.offset_db
    level_dbm = eirp_dbm[:, None].astype(np.float32) + gain.where_clear(calibration.sight(gain, scenario.confidence))
    rsrp_dbm = xr.DataArray(level_dbm, dims=(SECTOR, POINT), name="rsrp_dbm", attrs={"units": "dBm"})
    headroom = strongest_sector(headroom_db(rsrp_dbm, model.sectors, inside), model.sectors)
    found = xr.Dataset(
        {
            "rsrp_dbm": strongest_sector(rsrp_dbm, model.sectors).assign_attrs(units="dBm"),
            "headroom_db": headroom.assign_attrs(units="dB"),
            "usable": headroom >= 0,
        }
    )
    return found, gain.notes


def _best_of_rooms(site: Site, points: PointSet, at_points: xr.Dataset) -> xr.Dataset:
    """Each room's best test point per channel; rooms without test points (role ignore) are left out."""
    rooms = np.unique(points.room)
    starts = np.searchsorted(points.room, rooms)  # points come in the order of rooms

    def best(values: xr.DataArray) -> tuple[tuple[str, str], NDArray[np.float32]]:
        return (CHANNEL, ROOM), np.maximum.reduceat(values.transpose(CHANNEL, POINT).values, starts, axis=1)

    return xr.Dataset(
        {name: best(at_points[name]) for name in ("rsrp_dbm", "headroom_db")}
        | {"usable": ((CHANNEL, ROOM), best(at_points["headroom_db"])[1] >= 0)},
        coords={
            CHANNEL: at_points[CHANNEL],
            ROOM: [site.rooms[index].id for index in rooms],
            "role": (ROOM, [site.rooms[index].role for index in rooms]),
            "weight": (ROOM, [site.rooms[index].weight for index in rooms]),
        },
    )


def _maps(model: MastModel, calibration: Calibration, scenario: Scenario, say: Progress) -> tuple[StoreyMap, ...]:
    """One map per building × storey, computed one at a time so that a campus fits in memory."""
    site = model.scene.site
    grid = map_grid(site, scenario.grid_m)
    silenced = np.array([room.role == "silence" for room in site.rooms] + [False])
    found = []
    for number, patch in enumerate(grid.patches):
        points = _part(grid, patch)
        service, _ = _service(model, calibration, scenario, points, silenced[points.room])
        found.append(_storey_map(site, points, service))
        say("maps", 0.3 + 0.7 * (number + 1) / len(grid.patches))
    return tuple(found)


def _part(grid: PointSet, patch: Patch) -> PointSet:
    """The points of one patch as a set of their own."""
    part = slice(patch.first, patch.first + patch.count_i * patch.count_j)
    return PointSet(
        grid.xyz_m[part],
        grid.room[part],
        grid.storey[part],
        grid.building[part],
        grid.kind[part],
        (replace(patch, first=0),),
    )


def _map_title(site: Site, points: PointSet) -> str:
    """Building and storey, or yard, in words."""
    building, storey = int(points.building[0]), int(points.storey[0])
    if building < 0:
        rooms = points.room[points.room >= 0]
        return f"Yard {site.rooms[int(rooms[0])].id}" if len(rooms) else "Yard"
    built = site.buildings[building]
    name = built.storeys[storey].name
    return f"{built.name or built.id}, {f'storey {name}' if name.isdigit() else name}"


def _storey_map(site: Site, points: PointSet, service: xr.Dataset) -> StoreyMap:
    patch = points.patches[0]
    headroom = service["headroom_db"].transpose(CHANNEL, POINT).values
    best = headroom.argmax(axis=0)
    best_db = headroom.max(axis=0)
    shape = (patch.count_j, patch.count_i)
    return StoreyMap(
        title=_map_title(site, points),
        building=int(points.building[0]),
        storey=int(points.storey[0]),
        patch=patch,
        data=xr.Dataset(
            {
                "headroom_db": (("j", "i"), best_db.reshape(shape), {"units": "dB"}),
                "strongest": (("j", "i"), np.where(best_db >= 0, best, -1).reshape(shape)),
                "usable_channels": (("j", "i"), (headroom >= 0).sum(axis=0).reshape(shape)),
                "room": (("j", "i"), points.room.reshape(shape)),
            }
        ),
    )


def _notes(
    site: Site,
    sectors: tuple[Sector, ...],
    model: MastModel,
    calibration: Calibration,
    clipped: tuple[str, ...],
) -> tuple[str, ...]:
    """What limits the result, most important first, each once."""
    assumed = sum(sector.assumed for sector in sectors)
    notes = [DETOUR_NOTE, ROUND_THE_CORNER_NOTE]
    if assumed:
        notes.append(
            f"{assumed} of {len(sectors)} sectors are assumed, not surveyed: measure levels on the site first"
        )
    if not site.outside_levels:
        notes.append("no level was measured on this site: mast levels are arithmetic only; measure before you buy")
    if not calibration.measured.all():
        notes.append(
            "line of sight to a mast whose level was not measured is taken wherever its probability (TR 38.901) "
            "is above 1 − confidence"
        )
    notes.extend(calibration.notes)
    notes.extend(model.scene.extrapolation_notes(model.freq_mhz))
    notes.extend(clipped)
    notes.extend(site.notes)
    return tuple(dict.fromkeys(notes))


def run(
    site: Site,
    scenario: Scenario | None = None,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool = True,
    progress: Progress | None = None,
) -> Verdict:
    """Who still has service in each room with a layout, what spills, and how sure that is.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        What is asked; the defaults without it.
    devices : tuple of Device
        The layout; none: blockers off.
    catalogue : mapping of str to Model, optional
        What the devices and treatments are; the bundled UK-illustrative one without it.
    maps : bool
        Whether to compute the maps of every storey too.
    progress : callable, optional
        Called with what is being done and the share done, 0 to 1.

    Returns
    -------
    Verdict

    Raises
    ------
    SiteError
        If the site has no mast.
    ScenarioError
        If the scenario or the layout names what is not there.
    """
    scenario = scenario or Scenario()
    catalogue = read_catalogue() if catalogue is None else catalogue
    say = progress or (lambda _what, _share: None)
    say("site", 0.0)
    sectors = _wanted_sectors(site, scenario)
    misplaced = check_layout(site, devices)
    if misplaced:
        raise ScenarioError(problems_text(misplaced))
    treatments = resolve_treatments(site, scenario.treatments, catalogue)
    bare = link_model(prepare_scene(site), sectors, scenario.confidence)
    model = bare
    if treatments:
        treated = prepare_scene(treated_site(site, treatments, catalogue))
        model = link_model(treated, sectors, scenario.confidence)
    say("rooms", 0.2)
    points = silence_points(site, trial_points(site))
    judged = evaluate(model, bare, scenario, devices, catalogue, points)
    say("outside", 0.5)
    spilled = spill(model, scenario, devices, catalogue, trial_points(site))
    say("maps", 0.7)
    verdict_maps = _verdict_maps(model, scenario, devices, catalogue, judged, say) if maps else ()
    say("done", 1.0)
    notes = [*_verdict_notes(scenario, devices), *_notes(site, sectors, model.masts, model.calibration, judged.notes)]
    return Verdict(
        site=site,
        scenario=scenario,
        sectors=sectors,
        devices=devices,
        treatments=treatments,
        points=points,
        at_points=judged.at_points,
        by_room=judged.by_room,
        silent=judged.silent,
        protected_at=judged.protected_at,
        together=judged.together,
        spill=spilled,
        uncovered_routes=uncovered_routes(),
        notes=tuple(notes),
        scenario_id=fingerprint(site, scenario, devices, dict(catalogue))[:12],
        maps=verdict_maps,
    )


def _verdict_notes(scenario: Scenario, devices: tuple[Device, ...]) -> list[str]:
    notes = []
    if not scenario.search_margin:
        notes.append("the search margin is switched off: a prisoner who searches finds better spots than assumed")
    if not any(device.state != "off" for device in devices):
        notes.append("no blocker is on")
    return notes


def _verdict_maps(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    judged: Judgement,
    say: Progress,
) -> tuple[VerdictMap, ...]:
    """Per storey: each room's state as judged, and the draft margin of each square."""
    site = model.scene.site
    state = np.full(len(site.rooms) + 1, -1, np.int8)  # the last one is "in no room"
    dead = judged.by_room["protected"].values | judged.by_room["quiet_anyway"].values
    for name, silent in zip(judged.by_room[ROOM].values.tolist(), dead.tolist(), strict=True):
        state[site.room_index[name]] = 0 if silent else 1
    grid = map_grid(site, scenario.grid_m)
    found = []
    for number, patch in enumerate(grid.patches):
        points = _part(grid, patch)
        margin_db = draft_margin_db(
            model, scenario, public_links(model, points), blocker_links(model, devices, catalogue, points)
        ).min(axis=0)
        shape = (patch.count_j, patch.count_i)
        found.append(
            VerdictMap(
                title=_map_title(site, points),
                building=int(points.building[0]),
                storey=int(points.storey[0]),
                patch=points.patches[0],
                data=xr.Dataset(
                    {
                        "state": (("j", "i"), state[points.room].reshape(shape)),
                        "margin_db": (("j", "i"), margin_db.reshape(shape), {"units": "dB"}),
                        "room": (("j", "i"), points.room.reshape(shape)),
                    }
                ),
            )
        )
        say("maps", 0.7 + 0.3 * (number + 1) / len(grid.patches))
    return tuple(found)
