"""Memory that the worlds of a verdict take, so that too many are refused with a number before the work begins."""

from __future__ import annotations

import numba

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.rules import GRADES
from quietwing.sites import Sector

__all__ = ["MOST_WORLD_BYTES", "refuse_too_many_worlds", "world_bytes"]

MOST_WORLD_BYTES = 6 * 2**30  # assumed: what a computer of 8 GiB can give
_FLOAT, _DOUBLE = 4, 8
_CASES = 2  # blockers on and off, judged in one go
_FEWEST = 100  # worlds of a scenario, at least


def world_bytes(rooms: int, sectors: tuple[Sector, ...], devices: int) -> int:
    """Memory of one world: what is drawn once, what each room keeps, and what each thread works with.

    Parameters
    ----------
    rooms : int
        That must be silent.
    sectors : tuple of Sector
    devices : int

    Returns
    -------
    int
        Bytes, some of them counted twice: two bands of a device are worked out only where both are near.
    """
    bands = len({sector.band for sector in sectors})
    carriers = len({(sector.channel, sector.freq_mhz) for sector in sectors})
    sources = len({(sector.operator, sector.x_m, sector.y_m) for sector in sectors})
    drawn = _FLOAT * (len(sectors) + devices)
    kept = len(GRADES) * _CASES * rooms
    of_thread = _FLOAT * (sources + 2 * devices) * (bands + 1) + 2 * _DOUBLE * carriers
    return drawn + kept + of_thread * numba.get_num_threads()


def refuse_too_many_worlds(rooms: int, sectors: tuple[Sector, ...], devices: int, worlds: int) -> None:
    """Refuse a question whose worlds would not fit into memory.

    Parameters
    ----------
    rooms, sectors, devices : as for `world_bytes`
    worlds : int

    Raises
    ------
    ScenarioError
        If they take more than `MOST_WORLD_BYTES`; it says how many worlds do not.
    """
    one = world_bytes(rooms, sectors, devices)
    if one * worlds <= MOST_WORLD_BYTES:
        return
    most = MOST_WORLD_BYTES // one // 100 * 100
    fix = f"ask for {most:,} at most" if most >= _FEWEST else "take fewer devices or split the site"
    raise ScenarioError(
        f"worlds is {worlds:,}: with {devices:,} devices and {len(sectors):,} sectors they take "
        f"{one * worlds / 2**30:.1f} GiB (limit {MOST_WORLD_BYTES / 2**30:g} GiB); {fix}"
    )
