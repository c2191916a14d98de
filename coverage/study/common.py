"""What all studies share: the sectors asked for, places of the maps, notes on what limits a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Integral, Real

from quietwing.coverage.blocking import Calibration, check_actions, refuse_too_large
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError, SiteError
from quietwing.coverage.layout import RADIATES, check_layout
from quietwing.coverage.propagation import MastModel
from quietwing.coverage.scenario import Scenario
from quietwing.sites import MOST_ADVISED, Patch, PointSet, Sector, Site, clean, did_you_mean, problems_text, shown

__all__ = [
    "Progress",
    "check_arguments",
    "check_limits",
    "checked_sectors",
    "is_stream",
    "limits_of",
    "map_title",
    "points_of",
    "wanted_sectors",
]

Progress = Callable[[str, float], None]
MOST_STREAMS = 1_000_000
WAYS_NOTE = "detours through openings, over roofs and round corners are counted, reflections within the site are not"


def wanted_sectors(site: Site, scenario: Scenario, devices: tuple[Device, ...] = ()) -> tuple[Sector, ...]:
    """The sectors of the scenario's channels, before any operator's action.

    The actions are checked here, and that the question is not too large with these devices.
    """
    if not site.sectors:
        raise SiteError("masts.csv: no mast is given; list the masts or let typical ones be placed (example new)")
    problems = check_actions(site, scenario)
    unknown = sorted(set(scenario.channels) - set(site.channels))
    strangers = tuple(
        f"scenario: channels: {shown(name)} has no mast on this site; "
        f"{did_you_mean(name, site.channels) if number < MOST_ADVISED else 'correct it'}"
        for number, name in enumerate(unknown)
    )
    problems = (*strangers, *problems)
    if problems:
        raise ScenarioError(problems_text(problems))
    sectors = tuple(sector for sector in site.sectors if not scenario.channels or sector.channel in scenario.channels)
    refuse_too_large(site, scenario, sectors, sum(device.state != "off" for device in devices))
    return sectors


def checked_sectors(site: Site, scenario: Scenario, devices: tuple[Device, ...]) -> tuple[Sector, ...]:
    """`wanted_sectors` of a question whose devices all stand on the site: the door of every study of a layout."""
    sectors = wanted_sectors(site, scenario, devices)
    misplaced = check_layout(site, devices)
    if misplaced:
        raise ScenarioError(problems_text(misplaced))
    return sectors


def points_of(grid: PointSet, patch: Patch) -> PointSet:
    """The points of one patch as a set of their own."""
    where = slice(patch.first, patch.first + patch.count_i * patch.count_j)
    return PointSet(
        grid.xyz_m[where],
        grid.room[where],
        grid.storey[where],
        grid.building[where],
        grid.kind[where],
        (replace(patch, first=0),),
    )


def map_title(site: Site, points: PointSet) -> str:
    """Building and storey, or yard, in words."""
    building, storey = int(points.building[0]), int(points.storey[0])
    if building < 0:
        rooms = points.room[points.room >= 0]
        return f"Yard {site.rooms[int(rooms[0])].id}" if len(rooms) else "Yard"
    return site.buildings[building].storey_in_words(storey)


def limits_of(
    site: Site,
    sectors: tuple[Sector, ...],
    model: MastModel,
    calibration: Calibration,
    clipped: tuple[str, ...],
) -> tuple[str, ...]:
    """What limits the result, most important first, each once."""
    assumed = sum(sector.assumed for sector in sectors)
    notes = [WAYS_NOTE]
    if assumed:
        notes.append(
            f"{assumed} of {len(sectors)} sectors are assumed, not surveyed: measure levels on the site first"
        )
    if not site.outside_levels:
        notes.append("no level was measured on this site: mast levels are arithmetic only; measure before you buy")
    if not calibration.los_known.all():
        notes.append(
            "line of sight to a mast whose level was not measured is taken wherever its probability (TR 38.901) "
            "is above 1 − confidence"
        )
    notes.extend(calibration.notes)
    notes.extend(model.scene.extrapolation_notes(model.freq_mhz))
    notes.extend(clipped)
    notes.extend(site.notes)
    return tuple(dict.fromkeys(notes))


def is_stream(value: object) -> bool:
    """Whether a value numbers a stream of worlds."""
    return not isinstance(value, bool) and isinstance(value, Integral) and 0 <= int(value) < MOST_STREAMS


def check_arguments(
    site: object, scenario: object, devices: object = (), catalogue: object = None, stream: object = 0
) -> None:
    """Refuse what is no site, scenario, device, catalogue or stream, before anything is computed from it.

    Raises
    ------
    ScenarioError
        With the name of each argument and what it should be.
    """

    def refused(argument: str, value: object, expected: str) -> str:
        return f"{argument}: is of type {type(value).__name__} (expected {expected}); give that"

    problems = []
    if not isinstance(site, Site):
        problems.append(refused("site", site, "a Site, as load_site returns it"))
    if not isinstance(scenario, Scenario | None):
        problems.append(refused("scenario", scenario, "a Scenario or None"))
    if not isinstance(catalogue, Mapping | None):
        problems.append(refused("catalogue", catalogue, "a dict of models, as read_catalogue returns it, or None"))
    if not is_stream(stream):
        problems.append(
            f"stream: is {shown(stream)} (expected a whole number from 0 to {MOST_STREAMS - 1}); give one"
        )
    if not isinstance(devices, tuple | list):
        problems.append(refused("devices", devices, "a tuple of Device"))
    else:
        strange = [device for device in devices if not isinstance(device, Device)]
        problems += [refused("devices", device, "Device") for device in strange[:1]]
        known = {device.id: device.model for device in devices if isinstance(device, Device)}
        if isinstance(catalogue, Mapping):
            problems += [
                f"devices: {clean(name)}: {shown(model)} is no blocker of the catalogue; "
                f"{did_you_mean(model, [key for key, each in catalogue.items() if each.kind in RADIATES])}"
                for name, model in known.items()
                if model not in catalogue or catalogue[model].kind not in RADIATES
            ]
    if problems:
        raise ScenarioError(problems_text(tuple(problems)))


def check_limits(time_limit_s: float | None, gap: float | None = None) -> None:
    """Refuse a limit of a search that no search could keep.

    Raises
    ------
    ScenarioError
        With both.
    """
    problems = []
    strange = [each for each in (time_limit_s, gap) if not isinstance(each, Real | None)]
    if strange:
        raise ScenarioError(
            f"time limit or gap: is of type {type(strange[0]).__name__} (expected a number); give one"
        )
    if time_limit_s is not None and not time_limit_s >= 0:  # nan too
        problems.append(f"time limit: is {time_limit_s:g} (expected seconds from 0 on); give a time, or leave it out")
    if gap is not None and not 0 <= gap <= 1:
        problems.append(f"gap: is {gap:g} (expected a share from 0 to 1); write 0.05 for 5 %, or leave it out")
    if problems:
        raise ScenarioError("\n".join(problems))
