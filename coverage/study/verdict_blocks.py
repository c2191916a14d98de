"""A verdict in blocks of rooms and of places outside that other processes work out, joined to the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from quietwing.coverage.blocking import (
    OutsideWorlds,
    RoomWorlds,
    judgement_of,
    outside_blocks,
    outside_worlds,
    room_worlds,
    spill_of,
)
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.common import Progress, checked_sectors
from quietwing.coverage.study.judging import Known, Ready, evaluate, make_ready
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import PointSet, Site

__all__ = ["Block", "BlockWorlds", "evaluate_in_blocks", "made_ready", "worked_out"]

BlockWorlds = RoomWorlds | OutsideWorlds


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a verdict: number `index` of `of` blocks of rooms or of places outside."""

    side: Literal["rooms", "outside"]
    index: int
    of: int


def made_ready(site: Site, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model]) -> Ready:
    """A question made ready to be judged, checked as `evaluate` checks it."""
    sectors = checked_sectors(site, scenario, devices)
    treatments = resolve_treatments(site, scenario.treatments, catalogue)
    return make_ready(site, sectors, scenario, treatments, catalogue)


def worked_out(
    ready: Ready, scenario: Scenario, devices: tuple[Device, ...], catalogue: Mapping[str, Model], block: Block
) -> BlockWorlds:
    """What the worlds say of one block.

    Parameters
    ----------
    ready : Ready
        From `made_ready`.
    scenario, devices, catalogue : as for `quietwing.coverage.study.evaluate`
    block : Block

    Returns
    -------
    RoomWorlds or OutsideWorlds
    """
    if block.side == "outside":
        places = outside_blocks(ready.model, devices, catalogue)[block.index]
        return outside_worlds(ready.model, scenario, devices, catalogue, places)
    rooms = np.array_split(np.unique(ready.points.room), block.of)[block.index]
    mine, bare_mine = _of_rooms(ready.points, rooms), _of_rooms(ready.bare_points, rooms)
    if ready.bare_points is ready.points:
        bare_mine = mine
    return room_worlds(ready.model, ready.bare, scenario, devices, catalogue, mine, bare_points=bare_mine)


def evaluate_in_blocks(
    site: Site,
    scenario: Scenario | None = None,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool = True,
    run: Callable[[Sequence[Block]], Iterable[BlockWorlds]],
    blocks: int,
    progress: Progress | None = None,
) -> Verdict:
    """`evaluate` with its rooms and places outside worked out elsewhere.

    Parameters
    ----------
    site, scenario, devices, catalogue, maps, progress : as for `evaluate`
    run : callable
        Gives what `worked_out` finds for each block, in their order.
    blocks : int
        Of rooms; places outside have blocks of their own.

    Returns
    -------
    Verdict
        Equal to that of `evaluate`, whatever the number of blocks.
    """
    scenario = scenario or Scenario()
    catalogue = read_catalogue() if catalogue is None else catalogue
    ready = made_ready(site, scenario, devices, catalogue)
    rooms = max(1, min(blocks, len(np.unique(ready.points.room))))
    outside = len(outside_blocks(ready.model, devices, catalogue))
    asked = [Block("outside", index, outside) for index in range(outside)]
    asked += [Block("rooms", index, rooms) for index in range(rooms)]
    found = []
    for worlds in run(asked):
        found.append(worlds)
        if progress:
            progress("rooms and places outside", 0.7 * len(found) / len(asked))
    known = Known(
        judgement_of(ready.model, scenario, ready.points, [each for each in found if isinstance(each, RoomWorlds)]),
        spill_of(
            ready.model,
            scenario,
            devices,
            catalogue,
            ready.tested,
            [each for each in found if isinstance(each, OutsideWorlds)],
        ),
    )
    return evaluate(
        site, scenario, devices=devices, catalogue=catalogue, maps=maps, progress=progress, known=known, ready=ready
    )


def _of_rooms(points: PointSet, rooms: np.ndarray) -> PointSet:
    """The points of some rooms."""
    return points.some(np.flatnonzero(np.isin(points.room, rooms)))
