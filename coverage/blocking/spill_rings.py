"""Places outside ring by ring: how many fail, how many may, and the smallest margin that counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.outside import RECEPTOR
from quietwing.coverage.dims import CHANNEL, OUTSIDE
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.rules import Tier
from quietwing.coverage.spill_rows import RingRow, WorstPlace

__all__ = ["MARGINS", "judge_rings", "may_fail", "worst_margin"]

MARGINS = ("margin_db", "capture_margin_db")


def judge_rings(data: xr.Dataset, tier: Tier) -> tuple[RingRow, ...]:
    """Count the points of each ring that fail.

    Parameters
    ----------
    data : Dataset
        From `spill_outside`.
    tier : Tier

    Returns
    -------
    tuple of RingRow
        Rings from the fence outwards, receptors last, none of which may fail.
    """
    rows = []
    for ring, members in _members(data).items():
        failing = int(np.count_nonzero(~data["passed"].values[members]))
        allowed = may_fail(ring, len(members), tier)
        rows.append(RingRow(ring, len(members), failing, allowed, failing <= allowed))
    return tuple(rows)


def worst_margin(data: xr.Dataset, tier: Tier) -> tuple[float, WorstPlace]:
    """The smallest margin that counts, not rounded, and where it is.

    The points of a ring that may fail are left out, the worst first: a negative margin is a ring that does not pass.

    Parameters
    ----------
    data : Dataset
        From `spill_outside`.
    tier : Tier

    Returns
    -------
    margin_db : float
        Of power, of capture or in the emergency tier of a 999 call, whichever is smallest. ``inf`` where nothing on
        the air reaches any point. [dB]
    worst : WorstPlace
        Empty where nothing does.
    """
    power_db, capture_db = (data[name].transpose(CHANNEL, OUTSIDE).values for name in MARGINS)
    of_channel = np.minimum(power_db, capture_db)
    of_point = of_channel.min(axis=0)
    call_db = data["emergency_margin_db"].values if tier.calls else np.full(len(of_point), np.inf)
    worst, at = np.inf, -1
    for ring, members in _members(data).items():
        order = members[np.argsort(np.minimum(of_point, call_db)[members], kind="stable")]
        counts = order[may_fail(ring, len(members), tier)]
        if min(of_point[counts], call_db[counts]) < worst:
            worst, at = float(min(of_point[counts], call_db[counts])), int(counts)
    if at < 0:
        return worst, WorstPlace()
    place = str(data["name"].values[at])
    if call_db[at] <= of_point[at]:
        return worst, WorstPlace(place, how="999 calls")
    channel = int(of_channel[:, at].argmin())
    named = str(data[CHANNEL].values[channel])
    if np.isneginf(worst):
        return worst, WorstPlace(place, named, "is not known")
    if capture_db[channel, at] < power_db[channel, at]:
        return worst, WorstPlace(place, named, "captured by managed access")
    return worst, WorstPlace(place, named)


def _members(data: xr.Dataset) -> dict[str, NDArray[np.intp]]:
    """Indices of the points of each ring in order of first appearance."""
    ring = data["ring"].values
    return {str(name): np.flatnonzero(ring == name) for name in dict.fromkeys(ring.tolist())}


def may_fail(ring: str, count: int, tier: Tier) -> int:
    """How many points of a ring may fail: a receptor never."""
    return 0 if ring == RECEPTOR else int(np.floor(count * tier.may_fail + 1e-9))
