"""What a study returns: frozen results whose arrays carry names and units."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector, Site
from quietwing.sites.points import Patch, PointSet

__all__ = ["Leakage", "StoreyMap"]


@dataclass(frozen=True)
class StoreyMap:
    """Leakage over one storey of a building, or one yard, on a regular grid.

    Attributes
    ----------
    title : str
        Building and storey in words.
    building, storey : int
        Index of the building (-1: yard) and number of its storey.
    patch : Patch
        The grid.
    data : Dataset, dims (j, i)
        `headroom_db` of the strongest usable service, `strongest` index of its channel (-1: none), `usable_channels`
        their number, `room` index (-1: none).
    """

    title: str
    building: int
    storey: int
    patch: Patch
    data: xr.Dataset


@dataclass(frozen=True)
class Leakage:
    """The public network inside a site, all blockers off.

    Attributes
    ----------
    site : Site
    scenario : Scenario
    sectors : tuple of Sector
        The sectors that were computed.
    points : PointSet
        Test points.
    at_points : Dataset, dims (channel, point)
        `rsrp_dbm` of the strongest sector, `headroom_db` above the level no phone could use, `usable`.
    by_room : Dataset, dims (channel, room)
        The same at each room's best test point.
    maps : tuple of StoreyMap
        Empty if no maps were asked for.
    notes : tuple of str
        What limits the result, for people.
    scenario_id : str
        Twelve hexadecimal digits of the hash of site and scenario.
    """

    site: Site
    scenario: Scenario
    sectors: tuple[Sector, ...]
    points: PointSet
    at_points: xr.Dataset
    by_room: xr.Dataset
    maps: tuple[StoreyMap, ...]
    notes: tuple[str, ...]
    scenario_id: str
