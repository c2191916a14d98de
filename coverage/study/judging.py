"""A layout judged from end to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    Judgement,
    LinkModel,
    action_in_words,
    action_name,
    blocker_links,
    draft_margin_db,
    judge_rooms,
    link_model,
    public_links,
    silence_points,
    spill,
    uncovered_routes,
)
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.dims import ROOM
from quietwing.coverage.equipment import ASSUMED_HARMONICS_DBC, ASSUMED_OUT_OF_BAND_DBC, Device, Model, Treatment
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation import prepare_scene, silent_at
from quietwing.coverage.results import SpillResult, Verdict, VerdictMap
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.common import (
    Progress,
    check_arguments,
    checked_sectors,
    limits_of,
    map_title,
    points_of,
)
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites import PointSet, Sector, Site, clean, fingerprint, map_grid, trial_points

__all__ = ["Known", "Ready", "evaluate", "make_ready", "margin_map", "storey_grids", "with_maps"]

MOST_MAP_LEVELS = 24_000_000  # devices × carriers × points that stand in memory together: 0.9 GB


@dataclass(frozen=True)
class Ready:
    """A site made ready to be judged.

    Attributes
    ----------
    bare, model : LinkModel
        Without and with treatments and operator actions; the same where there are none.
    tested : PointSet
        All test points, with the treatments.
    points, bare_points : PointSet
        Those of rooms that must be silent, with and without the treatments.
    """

    bare: LinkModel
    model: LinkModel
    tested: PointSet
    points: PointSet
    bare_points: PointSet


@dataclass(frozen=True)
class Known:
    """What the worlds said of a layout, at every grade: its rooms, and what it spills."""

    judged: Judgement
    spilled: tuple[SpillResult, ...]


def make_ready(
    site: Site,
    sectors: tuple[Sector, ...],
    scenario: Scenario,
    treatments: tuple[Treatment, ...],
    catalogue: Mapping[str, Model],
    bare: LinkModel | None = None,
) -> Ready:
    """Make a site with its treatments and operator actions ready to be judged.

    Parameters
    ----------
    site : Site
    sectors : tuple of Sector
        Before any operator's action.
    scenario : Scenario
        Its rules and operator actions.
    treatments : tuple of Treatment
        As from `resolve_treatments`.
    catalogue : mapping of str to Model
    bare : LinkModel, optional
        Of the same site and sectors, where it is at hand.

    Returns
    -------
    Ready
    """
    bare = bare or link_model(prepare_scene(site), sectors, scenario.rules)
    model, actions = bare, scenario.operator_actions
    if treatments or actions:
        treated = bare.scene
        if treatments:
            treated = prepare_scene(treated_site(site, treatments, catalogue), like=bare.scene)
        model = link_model(treated, sectors, scenario.rules, graph=bare.graph, like=bare, actions=actions)
    bare_points = silence_points(site, trial_points(site))
    tested = trial_points(model.scene.site)
    points = silence_points(model.scene.site, tested) if treatments else bare_points
    return Ready(bare, model, tested, points, bare_points)


def evaluate(
    site: Site,
    scenario: Scenario | None = None,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool = True,
    stream: int = 0,
    progress: Progress | None = None,
    known: Known | None = None,
    ready: Ready | None = None,
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
    stream : int
        Another stream of worlds of the same seed: a plan is chosen on one and reported on another.
    progress : callable, optional
        Called with what is being done and the share done, 0 to 1.
    known : Known, optional
        Rooms and spill of this very layout on these very worlds, where they are at hand: only the rest is worked out.
    ready : Ready, optional
        The site with the scenario's treatments and actions, where it is at hand.

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
    catalogue = read_catalogue() if catalogue is None else catalogue
    check_arguments(site, scenario, devices, catalogue, stream)
    scenario = scenario or Scenario()
    say = progress or (lambda _what, _share: None)
    say("site", 0.0)
    sectors = checked_sectors(site, scenario, devices)
    treatments = resolve_treatments(site, scenario.treatments, catalogue)
    ready = ready or make_ready(site, sectors, scenario, treatments, catalogue)
    model, points = ready.model, ready.points
    if known is None:
        known = _judged(ready, scenario, devices, catalogue, stream, say)
    judged, spilled = known.judged, known.spilled
    say("maps", 0.7)
    drawn: list[VerdictMap] = []
    storeys = storey_grids(site, scenario) if maps else ()
    for storey in storeys:
        drawn.append(margin_map(model, scenario, devices, catalogue, storey))
        say("maps", 0.7 + 0.3 * len(drawn) / len(storeys))
    say("done", 1.0)
    limits = limits_of(site, model.sectors, model.masts, model.calibration, judged.notes)
    verdict = Verdict(
        site=site,
        scenario=scenario,
        sectors=model.sectors,
        devices=devices,
        treatments=treatments,
        points=points,
        at_points=judged.at_points,
        grades=tuple(replace(rooms, spill=outside) for rooms, outside in zip(judged.grades, spilled, strict=True)),
        uncovered_routes=uncovered_routes(),
        notes=(*_verdict_notes(site, scenario, devices, catalogue), *limits),
        scenario_id=fingerprint(site, scenario, devices, dict(catalogue))[:12],
        stream=stream,
        measured=int(model.calibration.measured.sum()),
    )
    return with_maps(verdict, tuple(drawn))


def storey_grids(site: Site, scenario: Scenario) -> tuple[PointSet, ...]:
    """The squares of each map: every storey's, and every yard's.

    Parameters
    ----------
    site : Site
    scenario : Scenario
        Its grid.

    Returns
    -------
    tuple of PointSet
        One patch each.
    """
    grid = map_grid(site, scenario.grid_m)
    return tuple(points_of(grid, patch) for patch in grid.patches)


def margin_map(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
) -> VerdictMap:
    """One storey: the draft margin of each square that must be silent, and whose room it is in.

    Parameters
    ----------
    model : LinkModel
        ``Ready.model``.
    scenario, devices, catalogue : as for `evaluate`
    points : PointSet
        One of `storey_grids`.

    Returns
    -------
    VerdictMap
        Without `state`: no room need have been judged. `with_maps` adds it.
    """
    levels = sum(device.state != "off" for device in devices) * len(model.carriers)
    silent = np.flatnonzero(silent_at(model.scene.site, points))
    margin_db = np.full(len(points), np.nan, np.float32)
    for few in _few_at_a_time(silent, levels):
        some = points.some(few)
        margin_db[few] = draft_margin_db(
            model, scenario, public_links(model, some), blocker_links(model, devices, catalogue, some)
        ).min(axis=0)
    patch = points.patches[0]
    shape = (patch.count_j, patch.count_i)
    return VerdictMap(
        title=map_title(model.scene.site, points),
        building=int(points.building[0]),
        storey=int(points.storey[0]),
        patch=patch,
        data=xr.Dataset(
            {
                "margin_db": (("j", "i"), margin_db.reshape(shape), {"units": "dB"}),
                "room": (("j", "i"), points.room.reshape(shape)),
            }
        ),
    )


def with_maps(verdict: Verdict, maps: tuple[VerdictMap, ...]) -> Verdict:
    """A verdict with the maps of every storey, as `evaluate` gives it.

    Parameters
    ----------
    verdict : Verdict
    maps : tuple of VerdictMap
        From `margin_map`, of the same layout.

    Returns
    -------
    Verdict
    """
    site, by_room = verdict.site, verdict.by_room
    state = np.full(len(site.rooms) + 1, -1, np.int8)  # the last one is "in no room"
    dead = by_room["called_silent"].values | by_room["quiet_anyway"].values
    for name, silent in zip(by_room[ROOM].values.tolist(), dead.tolist(), strict=True):
        state[site.room_index[name]] = 0 if silent else 1
    judged = (each.data.assign(state=(("j", "i"), state[each.data["room"].values])) for each in maps)
    return replace(verdict, maps=tuple(replace(each, data=data) for each, data in zip(maps, judged, strict=True)))


def _judged(
    ready: Ready,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    stream: int,
    say: Progress,
) -> Known:
    """Rooms and spill of a layout."""
    say("rooms", 0.2)
    judged = judge_rooms(
        ready.model,
        ready.bare,
        scenario,
        devices,
        catalogue,
        ready.points,
        bare_points=ready.bare_points,
        stream=stream,
        progress=lambda done: say("rooms", 0.2 + 0.3 * done),
    )
    say("outside", 0.5)
    spilled = spill(
        ready.model,
        scenario,
        devices,
        catalogue,
        ready.tested,
        stream=stream,
        progress=lambda done: say("outside", 0.5 + 0.2 * done),
    )
    return Known(judged, spilled)


def _verdict_notes(
    site: Site, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]
) -> list[str]:
    notes = [
        f"counted as done, and only the operator can do it: {action_name(action, number)} "
        f"({clean(action_in_words(site.sectors, action))})"
        for number, action in enumerate(scenario.operator_actions, 1)
    ]
    if not scenario.search_margin:
        notes.append("the search margin is switched off: a prisoner who searches finds better spots than assumed")
    if not any(device.state != "off" for device in devices):
        notes.append("no blocker is on")
    if any(device.route_m for device in devices if device.state != "off"):
        notes.append(
            "radiating cable counts inside with the coupling that 95 of 100 places along it better, outside with "
            "that of half of them; no measurement in a prison is public"
        )
    names = dict.fromkeys(device.model for device in devices if device.state != "off")
    assumed = [name for name in names if None in (catalogue[name].out_of_band_dbc, catalogue[name].harmonics_dbc)]
    if assumed:
        notes.append(
            f"noise beside the bands ({ASSUMED_OUT_OF_BAND_DBC:g} dBc) or harmonics ({ASSUMED_HARMONICS_DBC:g} dBc) "
            f"of {', '.join(assumed)} are assumed; ask the maker, and write out_of_band_dbc and harmonics_dbc into "
            f"the catalogue"
        )
    return notes


def _few_at_a_time(points: NDArray[np.intp], levels: int) -> list[NDArray[np.intp]]:
    """Points of a map in parts whose levels, so many at each point, fit into memory."""
    if not len(points):
        return []
    return np.array_split(points, min(len(points), -(-len(points) * levels // MOST_MAP_LEVELS) or 1))
