"""Which carrier of each operator is held to its limit in a room that must keep service."""

from __future__ import annotations

import numpy as np

from quietwing.coverage.blocking import demanding_points, keep_limit_dbm, public_links
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.sites import trial_points

__all__ = ["keep_choice"]


def keep_choice(around: PlanningLinks) -> tuple[dict[tuple[int, str], int], tuple[str, ...]]:
    """The carrier that each operator named for a keep room is held to there: the one with most room for blockers.

    Parameters
    ----------
    around : PlanningLinks

    Returns
    -------
    chosen : dict
        Carrier by room and operator.
    notes : tuple of str
        Operators that do not serve the room to begin with.
    """
    site, plain = around.plain.scene.site, around.plain
    points = demanding_points(plain, trial_points(site))
    chosen: dict[tuple[int, str], int] = {}
    notes = []
    if not len(points):
        return {}, ()
    limit_dbm = keep_limit_dbm(plain, around.scenario, public_links(plain, points))
    for room in np.unique(points.room).tolist():
        worst_dbm = limit_dbm[:, points.room == room].min(axis=1)
        for operator in dict.fromkeys(site.rooms[room].operators):
            mine = [c for c, carrier in enumerate(plain.carriers) if carrier.channel.split("/")[0] == operator]
            best = max(mine, key=lambda c: (worst_dbm[c], -c), default=-1)
            if best < 0 or np.isneginf(worst_dbm[best]):
                notes.append(
                    f"{operator} does not serve {site.rooms[room].id} with {around.scenario.asked.confidence:.0%} to "
                    f"begin with: no plan can keep that"
                )
            else:
                chosen[room, operator] = best
    return chosen, tuple(notes)
