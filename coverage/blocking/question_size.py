"""What a question may hold at most, counted before anything is worked out: sectors, devices and worlds at places."""

from __future__ import annotations

import bisect
from collections import Counter

from quietwing.coverage.blocking.outside import outside_points
from quietwing.coverage.blocking.world_memory import refuse_too_many_worlds
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.propagation import refuse_too_many_portals
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Sector, Site, trial_points

__all__ = [
    "MOST_DEVICE_LINKS",
    "MOST_LEVEL_SUMS",
    "MOST_LINK_WORLDS",
    "MOST_ON_THE_AIR",
    "MOST_SECTOR_LINKS",
    "WORLDS_OF_ANY",
    "count_places",
    "refuse_too_large",
]

MOST_SECTOR_LINKS = 6_000_000  # sectors × places, assumed: about two minutes of a core and 2 GiB
MOST_DEVICE_LINKS = 24_000_000  # devices × places, assumed: 1,800 on the bundled campus, about five minutes of a core
MOST_ON_THE_AIR = 4_000  # devices, assumed: over twice the rooms of the bundled campus
MOST_LEVEL_SUMS = 50_000_000_000  # of levels of one channel by twos, assumed: about two minutes of a core and 2 GiB
MOST_LINK_WORLDS = 10_000_000_000  # worlds × links, assumed: about two minutes of a core
WORLDS_OF_ANY = 2_000  # a question within the other limits may have them: a share of 90 % is known to 0.7 % by them


def count_places(site: Site) -> int:
    """Places that a verdict looks at: test points of rooms, and places outside where service must stay."""
    return len(trial_points(site)) + len(outside_points(site))


def refuse_too_large(site: Site, scenario: Scenario, sectors: tuple[Sector, ...], devices: int = 0) -> None:
    """Refuse a question that one computer would not answer in reasonable time or memory.

    Parameters
    ----------
    site : Site
    scenario : Scenario
        Its number of worlds.
    sectors : tuple of Sector
        Those asked for.
    devices : int
        On the air.

    Raises
    ------
    ScenarioError
        With the count, the limit, and how many would do.
    OutOfRangeError
        If the openings of a building are too many; see `refuse_too_many_portals`.
    """
    refuse_too_many_portals(site)
    places = count_places(site)
    links = len(sectors) * places
    if links > MOST_SECTOR_LINKS:
        raise ScenarioError(
            f"masts.csv: {len(sectors):,} sectors are asked for at {places:,} places, {links:,} links "
            f"(limit {MOST_SECTOR_LINKS:,}); keep the nearest {MOST_SECTOR_LINKS // places:,}, or name fewer channels"
        )
    _refuse_too_many_levels(site, sectors, places)
    fewer = min(MOST_ON_THE_AIR, MOST_DEVICE_LINKS // max(places, 1))
    if devices > fewer:
        raise ScenarioError(
            f"layout: {devices:,} devices on the air (limit {fewer:,} at the {places:,} places of this site); "
            f"take {fewer:,} at most, or split the site"
        )
    links += devices * places
    most = max(MOST_LINK_WORLDS // max(links, 1) // 100 * 100, WORLDS_OF_ANY)
    if scenario.worlds > most:
        raise ScenarioError(
            f"scenario: worlds is {scenario.worlds:,}: {len(sectors):,} sectors and {devices:,} devices at "
            f"{places:,} places are {links:,} links (limit {MOST_LINK_WORLDS:,} worlds × links); "
            f"ask for {most:,} at most"
        )
    rooms = sum(room.role == "silence" for room in site.rooms)
    refuse_too_many_worlds(rooms, sectors, devices, scenario.worlds)


def _refuse_too_many_levels(site: Site, sectors: tuple[Sector, ...], places: int) -> None:
    """Refuse levels of the channels asked for that cannot all be held against each other and against each place."""
    wanted = {sector.channel for sector in sectors}
    levels = Counter(level.channel for level in site.outside_levels if level.channel in wanted)

    def sums(count: int) -> int:
        return count**2 * (count + places)

    if sum(map(sums, levels.values())) > MOST_LEVEL_SUMS:
        (channel, count), most = levels.most_common(1)[0], MOST_LEVEL_SUMS // len(levels)
        fewer = bisect.bisect_right(range(count), most, key=sums) - 1
        raise ScenarioError(
            f"outside_levels.csv: {levels.total():,} levels, {count:,} of them of {channel} "
            f"(limit {fewer:,} of each at the {places:,} places of this site); keep those nearest the buildings, or "
            f"one for each few metres"
        )
