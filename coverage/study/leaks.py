"""Where the public network leaks into each room, all blockers off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    LinkModel,
    compare,
    headroom_db,
    judged_without,
    link_model,
    sector_levels_dbm,
    silence_points,
    strongest_sector,
)
from quietwing.coverage.dims import CHANNEL, POINT, ROOM, SECTOR
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.results import GradeVerdict, Leakage, StoreyMap
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.common import Progress, check_arguments, limits_of, map_title, points_of, wanted_sectors
from quietwing.sites import Measurements, PointSet, Site, fingerprint, map_grid, trial_points

__all__ = ["leakage"]

ROUNDING = 1e-9  # 1 − 0.95 is a little above 0.05


def leakage(
    site: Site,
    scenario: Scenario | None = None,
    *,
    maps: bool = True,
    measured: Measurements | None = None,
    progress: Progress | None = None,
) -> Leakage:
    """Where the public network leaks into each room, and which channels a phone there could use, all blockers off.

    This is the network of today: treatments and operators' actions of the scenario are not counted. `run` without
    devices counts them.

    Parameters
    ----------
    site : Site
        A checked site with at least one mast.
    scenario : Scenario, optional
        What is asked; the defaults without it.
    maps : bool
        Whether to compute the maps of every storey too.
    measured : Measurements, optional
        Levels read on the site, to hold beside the model; nothing is fitted and no other result moves.
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
        If the scenario names a channel or sector that no mast of the site has.
    """
    check_arguments(site, scenario)
    scenario = scenario or Scenario()
    say = progress or (lambda _what, _share: None)
    say("site", 0.0)
    sectors = wanted_sectors(site, scenario)
    scene = prepare_scene(site)
    say("masts", 0.05)
    model = link_model(scene, sectors, scenario.rules)
    say("rooms", 0.2)
    points = trial_points(site)
    silenced = np.array([room.role == "silence" for room in site.rooms])
    at_points, clipped = _service(model, scenario, points, silenced[points.room])
    grades = judged_without(model, scenario, silence_points(site, points))
    by_room = _with_worlds(_best_of_rooms(site, points, at_points), grades[0])
    confidence = 1.0 - scenario.rules.errors.sight_limit
    comparison = None if measured is None else compare(model.masts, model.calibration, measured, confidence)
    say("maps", 0.3)
    storey_maps = _maps(model, scenario, say) if maps else ()
    say("done", 1.0)
    return Leakage(
        site=site,
        scenario=scenario,
        sectors=model.sectors,
        points=points,
        at_points=at_points,
        by_room=by_room,
        grades=grades,
        maps=storey_maps,
        notes=(*_left_out(scenario), *limits_of(site, sectors, model.masts, model.calibration, clipped)),
        scenario_id=fingerprint(site, scenario)[:12],
        measured=comparison,
    )


def _left_out(scenario: Scenario) -> tuple[str, ...]:
    """What a scenario asks for that is not the network of today."""
    many = len(scenario.operator_actions)
    if not many:
        return ()
    whose = f"{many} operator actions are" if many > 1 else "operator action is"
    return (f"this is the network of today: the scenario's {whose} not counted here, but in every verdict",)


def _service(
    model: LinkModel,
    scenario: Scenario,
    points: PointSet,
    inside: NDArray[np.bool_],
) -> tuple[xr.Dataset, tuple[str, ...]]:
    """RSRP, headroom and usability per channel × point, and the ranges that were clipped on the way."""
    gain, confidence = model.masts.gain(points), 1.0 - scenario.rules.errors.sight_limit
    by_sector_dbm = sector_levels_dbm(model.masts, model.calibration, gain, points, confidence)
    rsrp_dbm = xr.DataArray(by_sector_dbm, dims=(SECTOR, POINT), name="rsrp_dbm", attrs={"units": "dBm"})
    above_db = headroom_db(rsrp_dbm, model.sectors, inside, grade=scenario.asked, boost_db=model.boost_db)
    headroom = strongest_sector(above_db, model.sectors)
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


def _with_worlds(rooms: xr.Dataset, judged: GradeVerdict) -> xr.Dataset:
    """Rooms that must be silent as the worlds judge them: the same as a verdict with every blocker off.

    In a room that is not silent a channel is usable if it is in more worlds than the grade allows, or else is the
    likeliest of all.
    """
    found = rooms.copy()
    works = rooms["usable"].any(CHANNEL).values
    chance = np.where(rooms["usable"].values, 1.0, 0.0)
    silent = np.where(works, 0.0, 1.0)
    usable = rooms["usable"].values.copy()
    row_of = {name: row for row, name in enumerate(rooms[ROOM].values.tolist())}
    in_worlds = judged.by_room["usable_probability"].transpose(CHANNEL, ROOM).values
    hole = ~judged.by_room["quiet_anyway"].values
    for column, name in enumerate(judged.by_room[ROOM].values.tolist()):
        row, share = row_of[name], in_worlds[:, column]
        often = share > 1.0 - judged.grade.confidence + ROUNDING
        often = often if often.any() or not len(share) else share == share.max()
        usable[:, row] = often & hole[column]
        chance[:, row] = share
        silent[row] = judged.by_room["silent_probability"].values[column]
    found["usable"] = ((CHANNEL, ROOM), usable)
    found["usable_probability"] = ((CHANNEL, ROOM), chance)
    found["silent_probability"] = (ROOM, silent)
    return found


def _maps(model: LinkModel, scenario: Scenario, say: Progress) -> tuple[StoreyMap, ...]:
    """One map per building × storey, computed one at a time so that a campus fits in memory."""
    site = model.scene.site
    grid = map_grid(site, scenario.grid_m)
    silenced = np.array([room.role == "silence" for room in site.rooms] + [False])
    found = []
    for number, patch in enumerate(grid.patches):
        points = points_of(grid, patch)
        service, _ = _service(model, scenario, points, silenced[points.room])
        found.append(_storey_map(site, points, service))
        say("maps", 0.3 + 0.7 * (number + 1) / len(grid.patches))
    return tuple(found)


def _storey_map(site: Site, points: PointSet, service: xr.Dataset) -> StoreyMap:
    patch = points.patches[0]
    headroom = service["headroom_db"].transpose(CHANNEL, POINT).values
    best = headroom.argmax(axis=0)
    best_db = headroom.max(axis=0)
    shape = (patch.count_j, patch.count_i)
    return StoreyMap(
        title=map_title(site, points),
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
