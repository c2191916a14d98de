"""One question to one site from end to end: the single way in for app, command line and batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quietwing.coverage.blocking.calibration import Calibration, calibrate
from quietwing.coverage.blocking.networks import headroom_db, reference_eirp_dbm, strongest_sector
from quietwing.coverage.dims import CHANNEL, POINT, ROOM, SECTOR
from quietwing.coverage.errors import ScenarioError, SiteError
from quietwing.coverage.propagation.mast_gain import MastModel, mast_model
from quietwing.coverage.propagation.path_gain import DETOUR_NOTE
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.results import Leakage, StoreyMap
from quietwing.coverage.scenario import Scenario
from quietwing.sites.fingerprint import fingerprint
from quietwing.sites.model import Sector, Site
from quietwing.sites.points import PointSet
from quietwing.sites.trial_points import map_grid, trial_points

__all__ = ["leakage"]

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
        part = slice(patch.first, patch.first + patch.count_i * patch.count_j)
        points = PointSet(
            grid.xyz_m[part],
            grid.room[part],
            grid.storey[part],
            grid.building[part],
            grid.kind[part],
            (replace(patch, first=0),),
        )
        service, _ = _service(model, calibration, scenario, points, silenced[points.room])
        found.append(_storey_map(site, points, service))
        say("maps", 0.3 + 0.7 * (number + 1) / len(grid.patches))
    return tuple(found)


def _storey_map(site: Site, points: PointSet, service: xr.Dataset) -> StoreyMap:
    patch = points.patches[0]
    building, storey = int(points.building[0]), int(points.storey[0])
    headroom = service["headroom_db"].transpose(CHANNEL, POINT).values
    best = headroom.argmax(axis=0)
    best_db = headroom.max(axis=0)
    shape = (patch.count_j, patch.count_i)
    if building < 0:
        rooms = points.room[points.room >= 0]
        title = f"Yard {site.rooms[int(rooms[0])].id}" if len(rooms) else "Yard"
    else:
        built = site.buildings[building]
        name = built.storeys[storey].name
        title = f"{built.name or built.id}, {f'storey {name}' if name.isdigit() else name}"
    return StoreyMap(
        title=title,
        building=building,
        storey=storey,
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
