"""A site and a layout in, the readings to take next out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quietwing.coverage.blocking import link_model, refuse_too_large, silence_points
from quietwing.coverage.calibration.measure_next import choose
from quietwing.coverage.calibration.world_readings import candidate_places, world_readings
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import SiteError
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site, trial_points

__all__ = ["NextReading", "NextReadings", "next_readings"]


@dataclass(frozen=True, slots=True)
class NextReading:
    """One reading to take.

    Attributes
    ----------
    room : str
    channel : str
    x_m, y_m, height_m : float
        Where; height above the ground. [m]
    building, storey : int
    expected_dbm : float
        What the model expects there. [dBm]
    settled : float
        Cells whose call is expected to be settled by it and all before it.
    """

    room: str
    channel: str
    x_m: float
    y_m: float
    height_m: float
    building: int
    storey: int
    expected_dbm: float
    settled: float


@dataclass(frozen=True, slots=True)
class NextReadings:
    """What to read, best first, and where things stand now.

    Attributes
    ----------
    readings : tuple of NextReading
    cells, in_doubt : int
        Cells that must be silent, and those whose call is in doubt.
    confidence : float
        q: a call is settled when its chance is at least q or at most 1 − q.
    """

    readings: tuple[NextReading, ...]
    cells: int
    in_doubt: int
    confidence: float


def next_readings(
    site: Site,
    scenario: Scenario,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    *,
    count: int = 10,
) -> NextReadings:
    """The places and channels whose readings are expected to settle the most cells.

    Parameters
    ----------
    site : Site
        With or without a layer of earlier readings.
    scenario : Scenario
    devices : tuple of Device
        The layout of the verdict.
    catalogue : mapping of str to Model, optional
    count : int

    Returns
    -------
    NextReadings

    Raises
    ------
    SiteError
        If the site has no mast of the scenario's channels.
    ScenarioError
        If the question is too large.
    """
    sectors = tuple(one for one in site.sectors if not scenario.channels or one.channel in scenario.channels)
    if not sectors:
        raise SiteError("masts.csv: no mast is given; list the masts (`quietwing masts import`)")
    refuse_too_large(site, scenario, sectors, sum(device.state != "off" for device in devices))
    model = link_model(prepare_scene(site), sectors, scenario.rules)
    points = silence_points(site, trial_points(site))
    worlds = world_readings(model, scenario, devices, catalogue or {}, points, candidate_places(points))
    q = scenario.asked.confidence
    chosen = choose(worlds, q, count)
    found = []
    for row, reached in zip(chosen.reading, chosen.settled, strict=True):
        at = int(worlds.place[row])
        x_m, y_m, height_m = (round(float(value), 2) for value in worlds.points.xyz_m[at])
        found.append(
            NextReading(
                room=site.rooms[int(worlds.points.room[at])].id,
                channel=worlds.channel[row],
                x_m=x_m,
                y_m=y_m,
                height_m=height_m,
                building=int(worlds.points.building[at]),
                storey=int(worlds.points.storey[at]),
                expected_dbm=round(float(worlds.rsrp_dbm[row].mean()), 1),
                settled=round(reached, 2),
            )
        )
    return NextReadings(tuple(found), len(worlds.silent), chosen.in_doubt, q)
