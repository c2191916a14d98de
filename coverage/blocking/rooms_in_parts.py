"""Rooms judged so many at a time as fit into memory; what the worlds say of one room depends on no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.links import LinkModel, public_links
from quietwing.coverage.blocking.montecarlo import Case, Tally, count_worlds
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet

__all__ = ["MOST_LEVELS", "count_in_parts", "joined", "levels_of_a_point", "parts_of"]

MOST_LEVELS = 24_000_000  # devices × carriers × points that stand in memory together: 0.9 GB with what they cross
LEVELS_OF_A_SECTOR = 12  # a sector at a point takes the memory of so many of them (assumed)


def count_in_parts(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    stream: int = 0,
    cases: Sequence[Case] = (),
    most_levels: int = MOST_LEVELS,
) -> Tally:
    """The worlds of all rooms, so many rooms at a time as fit into memory.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
    points : PointSet
        Test points, those of one room together.
    stream, cases : as for `count_worlds`
    most_levels : int
        That stand in memory together.

    Returns
    -------
    Tally
    """
    on = tuple(device for device in devices if device.state != "off")
    found = []
    for part in parts_of(points, levels_of_a_point(model, on), most_levels):
        public, blockers = public_links(model, part), blocker_links(model, on, catalogue, part)
        found.append(count_worlds(model, scenario, part, public, blockers, stream=stream, cases=cases))
    return joined(found)


def parts_of(points: PointSet, per_point: int, most_levels: int) -> Iterator[PointSet]:
    """Points cut between rooms so that the levels of a part fit into memory; all of them where few are heard."""
    most = max(1, most_levels // max(1, per_point))
    if len(points) <= most:
        yield points
        return
    ends = [*(np.flatnonzero(np.diff(points.room)) + 1).tolist(), len(points)]
    first = 0
    for end, after in zip(ends, [*ends[1:], None], strict=True):
        if after is None or after - first > most:
            yield points.some(np.arange(first, end))
            first = end


def levels_of_a_point(model: LinkModel, devices: tuple[Device, ...]) -> int:
    """How much of `MOST_LEVELS` one point takes."""
    return len(devices) * len(model.carriers) + LEVELS_OF_A_SECTOR * len(model.sectors)


def joined(tallies: list[Tally]) -> Tally:
    """The worlds of parts as those of the whole."""
    if len(tallies) == 1:
        return tallies[0]
    return Tally(
        np.concatenate([one.usable_at_points for one in tallies], axis=1),
        np.concatenate([one.usable_in_rooms for one in tallies], axis=1),
        np.concatenate([one.silent for one in tallies], axis=1),
        np.concatenate([one.rooms for one in tallies]),
        np.concatenate([one.usable for one in tallies], axis=1),
    )
