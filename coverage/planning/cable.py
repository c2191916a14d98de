"""Where all cable runs to, and how much of it a device needs; a radiating one runs along its own route."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.tables.cable_cells import route_length_m
from quietwing.sites import Room, Site, clean, did_you_mean, shown

__all__ = ["CommsRoom", "cable_m", "comms_room", "comms_room_problem", "radiating_m"]

_ROUNDING_DIGITS = 6  # a run of 10 m and a float's last digit is no 11 m


@dataclass(frozen=True, slots=True)
class CommsRoom:
    """The place all cable runs to.

    Attributes
    ----------
    x_m, y_m, z_m : float
        Metres of the site's grid; z above the ground. [m]
    note : str
        How it was assumed; empty where the scenario names it.
    """

    x_m: float
    y_m: float
    z_m: float
    note: str = ""


def comms_room(site: Site, scenario: Scenario) -> CommsRoom:
    """The comms room: the scenario's, else the first keep room, else amid the largest building or the perimeter.

    Parameters
    ----------
    site : Site
    scenario : Scenario
        Its `comms_room`.

    Returns
    -------
    CommsRoom
        The centroid of a room at its storey's ceiling, of a building at its ground storey's ceiling, of a yard or
        the perimeter at the ground.

    Raises
    ------
    ScenarioError
        If the site has no room of that name.
    """
    if scenario.comms_room:
        problem = comms_room_problem(site, scenario)
        if problem:
            raise ScenarioError(f"scenario: comms_room: {problem}")
        return _in_room(site, site.rooms[site.room_index[scenario.comms_room]], "")
    advice = "assumed; name it as comms_room in the scenario"
    keep = next((room for room in site.rooms if room.role == "keep"), None)
    if keep is not None:
        return _in_room(site, keep, f"cable runs to {clean(keep.id)}, the first keep room of the site ({advice})")
    if site.buildings:
        largest = max(site.buildings, key=lambda building: building.outline.area)
        middle = largest.outline.centroid
        note = f"cable runs to the middle of {clean(largest.id)}, the largest building ({advice})"
        return CommsRoom(middle.x, middle.y, largest.storeys[0].ceiling_m, note)
    middle = site.perimeter.outline.centroid
    return CommsRoom(middle.x, middle.y, 0.0, f"cable runs to the middle of the perimeter ({advice})")


def comms_room_problem(site: Site, scenario: Scenario) -> str:
    """What is wrong with the scenario's comms room, and what to do; empty if nothing."""
    name = scenario.comms_room
    if not name or name in site.room_index:
        return ""
    return f"{shown(name)} is no room of the site; {did_you_mean(name, site.room_index)}"


def _in_room(site: Site, room: Room, note: str) -> CommsRoom:
    middle = room.outline.centroid
    if room.building is None:
        return CommsRoom(middle.x, middle.y, 0.0, note)
    storeys = site.buildings[site.building_index[room.building]].storeys
    return CommsRoom(middle.x, middle.y, storeys[room.storey].ceiling_m, note)


def cable_m(site: Site, device: Device, scenario: Scenario) -> float:
    """Length of a device's own cable to the comms room, in whole metres.

    Cable follows walls and risers, so it is |dx| + |dy| + |dz|, rounded up (assumed).

    Parameters
    ----------
    site : Site
    device : Device
    scenario : Scenario
        Its `comms_room`.

    Returns
    -------
    float
        Length. [m]

    Raises
    ------
    ScenarioError
        If the site has no room that the scenario's `comms_room` names.
    """
    room = comms_room(site, scenario)
    run_m = abs(device.x_m - room.x_m) + abs(device.y_m - room.y_m) + abs(device.z_m - room.z_m)
    return float(math.ceil(round(run_m, _ROUNDING_DIGITS)))


def radiating_m(device: Device) -> float:
    """Radiating cable that a device needs: its run, in whole metres as cable is bought. [m]"""
    return float(math.ceil(round(route_length_m(device.line_m), _ROUNDING_DIGITS)))
