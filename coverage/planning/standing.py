"""Where devices could stand, and where those that are there stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from shapely import Point

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.planning.cable_runs import cable_runs, line_of, line_of_device
from quietwing.coverage.planning.costing import cost
from quietwing.coverage.planning.levels import Candidates
from quietwing.coverage.planning.places import Spot, room_at
from quietwing.coverage.planning.planning_links import Base
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.sites import Site

__all__ = [
    "affordable",
    "device_at",
    "prices_of",
    "runs_of_cable",
    "some_candidates",
    "stands_outdoors",
    "too_near",
    "where_stands",
]


def runs_of_cable(
    site: Site, catalogue: Mapping[str, Model], allowed: list[str], existing: tuple[Device, ...]
) -> list[tuple[Spot, str]]:
    """A place for each radiating cable along each run it is long enough for: what is heard depends on the cable."""
    standing = {line_of_device(device) for device in existing}
    return [
        (Spot(run.id, *run.line_m[0], run.storey, -1, run.building, True, run.line_m[1:]), name)
        for run in (cable_runs(site) if allowed else ())
        if line_of(run.line_m) not in standing
        for name in allowed
        if route_length_m(run.line_m) <= catalogue[name].longest_m
    ]


def stands_outdoors(spot: Spot, model: Model) -> bool:
    """Roofs and poles take managed access and what is made for the open; small indoor gear does nothing there."""
    return not spot.indoors and (model.kind == "mas" or model.pattern != "omni")


def device_at(site: Site, spot: Spot, model: str) -> Device:
    """A device at catalogue power; in the open it looks at the nearest building."""
    azimuth_deg = 0.0
    if not spot.indoors and site.buildings:
        middles = [building.outline.centroid for building in site.buildings]
        nearest = min(middles, key=lambda middle: np.hypot(middle.x - spot.x_m, middle.y - spot.y_m))
        azimuth_deg = (
            round(float(np.degrees(np.arctan2(nearest.x - spot.x_m, nearest.y - spot.y_m))) % 360.0, 1) % 360.0
        )
    return Device(
        id=spot.id, model=model, x_m=spot.x_m, y_m=spot.y_m, z_m=spot.z_m, storey=spot.storey, azimuth_deg=azimuth_deg
    )


def where_stands(site: Site, device: Device) -> tuple[int, int]:
    """Building and room of a device that stands, -1 where there is none."""
    place, room = Point(device.x_m, device.y_m), room_at(site, device.x_m, device.y_m, device.z_m)
    for index, building in enumerate(site.buildings):
        if building.outline.covers(place) and device.z_m <= building.storeys[-1].ceiling_m:
            return index, room
    return -1, room


def too_near(spots: tuple[Spot, ...], candidates: Candidates, spacing_m: float) -> NDArray[np.int64]:
    """Pairs of positions nearer to each other than new devices may be, and of cables along one run."""
    places = np.unique(candidates.position[~candidates.existing])
    alike: dict[tuple[float, ...], list[int]] = {}
    for place in places.tolist():
        if spots[place].route_m:
            spot = spots[place]
            alike.setdefault(line_of(((spot.x_m, spot.y_m, spot.z_m), *spot.route_m)), []).append(place)
    same = [pair for members in alike.values() for pair in combinations(members, 2)]
    pairs = np.array(same, np.int64).reshape(-1, 2)
    if spacing_m <= 0 or len(places) < 2:
        return pairs
    xyz_m = np.array([(spots[place].x_m, spots[place].y_m, spots[place].z_m) for place in places.tolist()])
    away_m = np.linalg.norm(xyz_m[:, None] - xyz_m[None, :], axis=2)
    one, other = np.nonzero(np.triu(away_m < spacing_m, 1))
    near = np.stack([places[one], places[other]], axis=1).astype(np.int64)
    return np.unique(np.concatenate([pairs, near]), axis=0) if len(pairs) else near


def some_candidates(candidates: Candidates, rows: NDArray[np.int64]) -> Candidates:
    return Candidates(
        id=tuple(candidates.id[row] for row in rows.tolist()),
        base=candidates.base[rows],
        position=candidates.position[rows],
        trim_db=candidates.trim_db[rows],
        cost_pence=candidates.cost_pence[rows],
        is_mas=candidates.is_mas[rows],
        head_end=candidates.head_end[rows],
        room=candidates.room[rows],
        mode=candidates.mode[rows],
        existing=candidates.existing[rows],
    )


def prices_of(
    site: Site, bases: list[Base], catalogue: Mapping[str, Model], scenario: Scenario
) -> tuple[dict[int, int], dict[str, int]]:
    """Pence of each base and of each kind of head-end, on the scenario's budget basis."""
    scenario = replace(scenario, operator_actions=())  # they are paid once, not with each device
    pence: dict[int, int] = {}
    heads: dict[str, int] = {}
    for index, base in enumerate(bases):
        if base.existing:
            pence[index] = 0
            if catalogue[base.device.model].head_end:
                heads.setdefault(catalogue[base.device.model].head_end, 0)
            continue
        for line in cost(site, (base.device,), (), catalogue, scenario).lines:
            pounds = (
                line.whole_life_gbp if scenario.budget_basis == "whole_life" else line.price_gbp + line.install_gbp
            )
            if line.kind == "head_end":
                heads[line.model] = round(pounds * 100)
            else:
                pence[index] = pence.get(index, 0) + round(pounds * 100)
    return pence, heads


def affordable(
    bases: list[Base],
    pence: dict[int, int],
    head_pence: dict[str, int],
    there: Mapping[str, int],
    catalogue: Mapping[str, Model],
    budget_gbp: float,
) -> tuple[list[Base], dict[int, int], list[str]]:
    """What stands, and what the budget buys with the first head-end it needs; the prices of these; models left out.

    All of it where it buys nothing: then money is what is missing.
    """

    def needed(index: int) -> int:
        head_end = catalogue[bases[index].device.model].head_end
        return pence[index] + (head_pence[head_end] if head_end and not there.get(head_end, 0) else 0)

    kept = [index for index, base in enumerate(bases) if base.existing or needed(index) <= budget_gbp * 100 + 0.5]
    if all(bases[index].existing for index in kept):
        return bases, pence, []
    bought = [bases[index] for index in kept]
    names = {base.device.model for base in bought}
    dear = dict.fromkeys(base.device.model for base in bases if base.device.model not in names)
    return bought, {new: pence[index] for new, index in enumerate(kept)}, list(dear)
