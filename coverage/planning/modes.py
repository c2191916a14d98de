"""Treatments a plan may buy, as modes of rooms, and the public network in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import LinkModel, PublicLinks, link_model, public_links
from quietwing.coverage.equipment import Model, Treatment
from quietwing.coverage.planning.costing import cost, treatment_capex_gbp
from quietwing.coverage.propagation import OpeningFloor, Outdoors, prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import treated_site
from quietwing.sites import PointSet, Sector, Site, opening_places

__all__ = ["Modes", "meets_own_opening", "mode_links", "prepare_modes"]


@dataclass(frozen=True)
class Modes:
    """The site in each mode, as if every room that can be were in it.

    Attributes
    ----------
    names : tuple of tuple of str
        Models put into each window, nothing in mode 0.
    models : tuple of LinkModel
        One a mode, with the same order of constructions.
    windows : dict of int to tuple of str
        Windows in the outer wall of each room that can be treated.
    cost_pence : int64 ndarray, shape (room, mode)
        -1: the room cannot be in it.
    """

    names: tuple[tuple[str, ...], ...]
    models: tuple[LinkModel, ...]
    windows: dict[int, tuple[str, ...]]
    cost_pence: NDArray[np.int64]

    @cached_property
    def floors(self) -> OpeningFloor:
        """Which openings each room uses; treatments do not change them."""
        return self.models[0].masts.floor

    def treatments(self, room: int, mode: int) -> tuple[Treatment, ...]:
        """What a room's mode puts into which window."""
        return tuple(Treatment(window, name) for window in self.windows.get(room, ()) for name in self.names[mode])


def prepare_modes(
    site: Site,
    sectors: tuple[Sector, ...],
    catalogue: Mapping[str, Model],
    scenario: Scenario,
    given: tuple[Treatment, ...],
    buyable: tuple[str, ...],
    bare: LinkModel,
) -> Modes:
    """Make a site ready in every mode.

    Parameters
    ----------
    site : Site
        With the treatments `given` in place.
    sectors : tuple of Sector
    catalogue : mapping of str to Model
    scenario : Scenario
    given : tuple of Treatment
        Their windows are not treated again.
    buyable : tuple of str
        Meshes and films that may be bought: each alone, and each mesh with each film.
    bare : LinkModel
        Of the site without any treatment and operator action.

    Returns
    -------
    Modes
    """
    base = prepare_scene(site, like=bare.scene)
    windows = _treatable(site, given)
    meshes = [name for name in buyable if catalogue[name].kind == "mesh"]
    films = [name for name in buyable if catalogue[name].kind == "film"]
    names: list[tuple[str, ...]] = [(), *((name,) for name in meshes), *((name,) for name in films)]
    names += [(mesh, film) for mesh in meshes for film in films]
    if not windows:
        names = [()]
    scenes = [base]
    for mode in names[1:]:
        every = tuple(Treatment(window, name) for group in windows.values() for window in group for name in mode)
        scenes.append(prepare_scene(treated_site(site, every, catalogue), like=base))
    used = {name for scene in scenes for surface in scene.facets.surfaces for name in surface}
    pence = np.full((len(site.rooms), len(names)), -1, np.int64)
    pence[:, 0] = 0
    for room, group in windows.items():
        for number, treated in enumerate(names[1:], 1):
            bought = tuple(Treatment(window, name) for window in group for name in treated)
            pence[room, number] = _pence(site, bought, catalogue, scenario)
    return Modes(
        names=tuple(names),
        models=tuple(
            # portals joined alike, so that ways through treated and plain windows can be mixed
            link_model(
                scene,
                sectors,
                scenario.rules,
                also=used,
                graph=bare.graph,
                like=bare,
                actions=scenario.operator_actions,
            )
            for scene in scenes
        ),
        windows=windows,
        cost_pence=pence,
    )


def _pence(site: Site, bought: tuple[Treatment, ...], catalogue: Mapping[str, Model], scenario: Scenario) -> int:
    """What treatments cost on the scenario's budget basis."""
    if scenario.budget_basis == "whole_life":
        alone = replace(scenario, operator_actions=())
        return round(cost(site, (), bought, catalogue, alone).whole_life_gbp * 100)
    return round(sum(treatment_capex_gbp(site, one, catalogue, scenario) for one in bought) * 100)


def _treatable(site: Site, given: tuple[Treatment, ...]) -> dict[int, tuple[str, ...]]:
    """Windows and hatches in the outer wall of each silence room, where none is treated yet."""
    done = {treatment.opening for treatment in given}
    found: dict[int, list[str]] = {}
    for place in opening_places(site):
        opening = site.openings[place.opening]
        room = max(place.rooms)
        if place.outer and room >= 0 and opening.kind in ("window", "hatch") and site.rooms[room].role == "silence":
            found.setdefault(room, []).append(opening.id)
    return {room: tuple(group) for room, group in found.items() if not done & set(group)}


def meets_own_opening(
    floors: OpeningFloor, room: int, from_m: NDArray[np.float64], to_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether straight rays from one place pass through a window of the room itself, shape (point,)."""
    used = floors.of_room[room]
    if used is None or used.borrowed:
        return np.zeros(len(to_m), np.bool_)
    return floors.meets(used, from_m, to_m)


def mode_links(modes: Modes, mode: int, points: PointSet, outdoors: Outdoors | None = None) -> PublicLinks:
    """The public network at points of rooms, each room alone being in the mode.

    Where a ray or a detour comes in by the room's own window the treated site holds; where it comes in by a
    neighbour's, that window counts as untreated, since it may be.

    Parameters
    ----------
    modes : Modes
    mode : int
    points : PointSet
    outdoors : Outdoors, optional
        To these points, where it is at hand: the same in every mode.

    Returns
    -------
    PublicLinks
    """
    plain = modes.models[0]
    outdoors = outdoors or plain.masts.outdoors(points)
    if mode == 0:
        return public_links(plain, points, outdoors=outdoors)
    treated = modes.models[mode]
    masts = treated.masts
    detours = replace(plain.masts.detours, treated=masts.detours)
    corner = replace(
        plain,
        masts=replace(
            plain.masts,
            detours=detours,
            floor=masts.floor,
            entry_db=masts.entry_db,
            scatter_los=masts.scatter_los,
            scatter_nlos=masts.scatter_nlos,
        ),
    )
    window = replace(treated, masts=replace(masts, detours=detours), calibration=plain.calibration)
    routes = detours.routes(points, traced=True)
    own = np.zeros((len(plain.sectors), len(points)), bool)
    places = [(sector.x_m, sector.y_m, sector.height_m) for sector in plain.sectors]
    rooms = np.unique(points.room)
    for mast in dict.fromkeys(places):
        sectors = [index for index, place in enumerate(places) if place == mast]
        for room in rooms.tolist():
            members = np.flatnonzero(points.room == room)
            met = meets_own_opening(modes.floors, room, np.array(mast), points.xyz_m[members])
            own[np.ix_(np.array(sectors), members)] = met
    around = public_links(corner, points, routes, outdoors)
    at = np.flatnonzero(own.any(axis=0))
    if not len(at):
        return around
    alike = outdoors.at(at) if masts.sectors == plain.masts.sectors else None  # turned otherwise by measured levels
    met, through = own[:, at], public_links(window, points.some(at), routes.at(at), alike)

    def filled(elsewhere: NDArray[Any], here: NDArray[Any]) -> NDArray[Any]:
        whole = elsewhere.copy()
        whole[:, at] = np.where(met, here, elsewhere[:, at])
        return whole

    paths = around.paths.each(np.copy)
    paths.put((slice(None), at), through.paths.where(met, around.paths.at(slice(None), at)))
    return replace(
        around,
        los_dbm=filled(around.los_dbm, through.los_dbm),
        nlos_dbm=filled(around.nlos_dbm, through.nlos_dbm),
        paths=paths,
        scattered=filled(around.scattered, through.scattered),
    )
