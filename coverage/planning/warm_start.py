"""A layout made before, in the planning model of now: its devices as candidates, its windows as modes of rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from quietwing.coverage.blocking import carrier_levels_dbm
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.planning.cable_runs import line_of_device
from quietwing.coverage.planning.milp import Selection
from quietwing.coverage.planning.modes import Modes
from quietwing.coverage.planning.planning_inputs import PlanningInputs
from quietwing.coverage.planning.profiles import Wish, candidate_id
from quietwing.coverage.planning.rows import PlanModel
from quietwing.coverage.planning.search_space import RoomLevels

__all__ = ["WarmStart", "as_warm_start", "selected"]

LIKE_DB = 1e-6  # two trims of one channel that differ by less are one


@dataclass(frozen=True)
class WarmStart:
    """A layout as something to begin a search with.

    Attributes
    ----------
    wishes : tuple of Wish
        For a candidate each: what is bought.
    ids : tuple of str
        Of these candidates.
    modes : tuple of int
        Of each room.
    """

    wishes: tuple[Wish, ...]
    ids: tuple[str, ...]
    modes: tuple[int, ...]


def as_warm_start(
    inputs: PlanningInputs, inside: RoomLevels, devices: Iterable[Device], treatments: tuple[Treatment, ...]
) -> WarmStart | None:
    """Put a layout into the words of planning inputs.

    Parameters
    ----------
    inputs : PlanningInputs
    inside : RoomLevels
    devices : iterable of Device
        Those bought.
    treatments : tuple of Treatment
        Those bought.

    Returns
    -------
    WarmStart or None
        None where a device hangs or points as no candidate can, or windows are treated as no room's mode has it.
    """
    modes = _modes_of(inputs.modes, len(inputs.site.rooms), treatments)
    if modes is None:
        return None
    bases = {
        (line_of_device(base.device), base.device.model): index
        for index, base in enumerate(inputs.bases)
        if not base.existing
    }
    wishes = []
    for device in devices:
        base = bases.get((line_of_device(device), device.model))
        wish = None if base is None else _wish(inputs, base, device, modes)
        if wish is None:
            return None
        wishes.append(wish)
    return WarmStart(tuple(wishes), tuple(candidate_id(inside.around, wish) for wish in wishes), modes)


def _modes_of(modes: Modes, rooms: int, treatments: tuple[Treatment, ...]) -> tuple[int, ...] | None:
    """The mode that each room is in with these treatments, if there is one."""
    left = set(treatments)
    found = [0] * rooms
    for room, windows in modes.windows.items():
        own = {one for one in left if one.opening in windows}
        possible = np.flatnonzero(modes.cost_pence[room] >= 0).tolist()
        mode = next((mode for mode in possible if set(modes.treatments(room, mode)) == own), None)
        if mode is None:
            return None
        found[room] = mode
        left -= own
    return None if left else tuple(found)


def _wish(inputs: PlanningInputs, base: int, device: Device, modes: tuple[int, ...]) -> Wish | None:
    """A device as a candidate, if it stands and sends as one can."""
    plain, as_base, kind = inputs.modes.models[0], inputs.bases[base].device, inputs.catalogue[device.model]
    alike = replace(as_base, id=device.id, power_dbm=device.power_dbm, trim_db=device.trim_db)
    if replace(device, storey=as_base.storey) != alike:
        return None
    channel = plain.carrier_channel
    trim_db = np.full(int(channel.max(initial=-1)) + 1, np.nan)
    for outside in (False, True):
        sent, of_base = (
            carrier_levels_dbm(one, kind, plain.carriers, outside=outside)[0] for one in (device, as_base)
        )
        for at, level_dbm, full_dbm in zip(channel.tolist(), sent.tolist(), of_base.tolist(), strict=True):
            if np.isneginf(level_dbm) and np.isneginf(full_dbm):
                continue
            step_db = level_dbm - full_dbm
            if not (np.isnan(trim_db[at]) or abs(trim_db[at] - step_db) < LIKE_DB):
                return None
            trim_db[at] = step_db
    room = inputs.spots[inputs.bases[base].spot].room
    return Wish(base, modes[room] if room in inputs.modes.windows else 0, 0, np.nan_to_num(trim_db, nan=0.0))


def selected(model: PlanModel, warm_start: WarmStart) -> Selection | None:
    """A warm_start layout as a selection.

    Parameters
    ----------
    model : PlanModel
        Of a search space with the layout's wishes among its candidates.
    warm_start : WarmStart

    Returns
    -------
    Selection or None
        None where a limit forbids one of its devices.
    """
    candidates = model.candidates
    number = {name: at for at, name in enumerate(candidates.id)}
    if not number.keys() >= set(warm_start.ids):
        return None
    modes = np.array(warm_start.modes)
    stands = candidates.existing & (
        (candidates.room < 0) | (modes[np.maximum(candidates.room, 0)] == candidates.mode)
    )
    every = {*(number[name] for name in warm_start.ids), *np.flatnonzero(stands).tolist()}
    return Selection(tuple(sorted(every)), warm_start.modes)
