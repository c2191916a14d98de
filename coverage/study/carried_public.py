"""Links of the public network carried from one treatment of the windows to another.

A way takes what it crosses and nothing else. So where no straight ray to a point crosses a window that differs, no
detour leads there by one and no scatter comes in by one, its link is the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.links import LinkModel, PublicLinks, public_links
from quietwing.coverage.propagation.changed_facets import ChangedFacets, changed_facets
from quietwing.coverage.propagation.mast_gain import MastModel, masts_of
from quietwing.coverage.propagation.sender_detour import Routes, changed_portals
from quietwing.coverage.study.carried_links import BY_CONSTRUCTION, crossed_in_order, rows_of
from quietwing.sites.points import PointSet

__all__ = ["PublicWays", "carried_public", "public_ways"]

OF_PUBLIC = (
    "los_dbm", "nlos_dbm", "los_probability", "sight_key", "walls_db", "straight_share", "straight_walls_db",
    "scattered",
)  # fmt: skip
CALIBRATED = ("offset_db", "sigma_db", "measured", "clear")
ROUTED = ("loss_db", "last", "treated")


@dataclass(frozen=True)
class PublicWays:
    """Links of the public network at some points, with the detours they were worked out with.

    Attributes
    ----------
    points : PointSet
    routes : Routes
        Of the masts, traced.
    links : PublicLinks
    """

    points: PointSet
    routes: Routes
    links: PublicLinks


def public_ways(model: LinkModel, points: PointSet) -> PublicWays:
    """The public network at some points."""
    routes = model.masts.detours.routes(points, traced=True)
    return PublicWays(points, routes, public_links(model, points, routes))


def carried_public(before: LinkModel, known: PublicWays, after: LinkModel, points: PointSet) -> PublicWays:
    """What `public_ways` gives with the windows treated otherwise, worked out only where it may differ.

    Parameters
    ----------
    before : LinkModel
        Of `known`.
    known : PublicWays
    after : LinkModel
        The same site and sectors with other windows treated, made `like` the one before.
    points : PointSet

    Returns
    -------
    PublicWays
        Its notes are those before.
    """
    changed = changed_facets(before.scene, after.scene)
    levels = ((getattr(before.calibration, name), getattr(after.calibration, name)) for name in CALIBRATED)
    if changed is None or not all(np.array_equal(*pair) for pair in levels):
        return public_ways(after, points)
    rows, masts = rows_of(points.xyz_m, known.points.xyz_m), np.array(list(masts_of(after.sectors)))
    anew = (rows < 0) | changed.crossed(masts, points).any(axis=0)
    anew |= np.append(_scatter_changed(before.masts, after.masts, changed), False)[points.room]
    portals = changed_portals(before.masts.detours, after.masts.detours)
    leg, portal = _ends_changed(after, changed, portals, points)
    look = np.flatnonzero(anew | leg | portal)
    found = after.masts.detours.routes(points.some(look), traced=True)
    was = _at(known.routes, rows[look])
    other = (found.loss_db != was.loss_db).any(axis=(0, 2)) | (found.last != was.last).any(axis=(0, 2, 3))
    # a detour as strong as before by the same last portal may still cross something else on its way
    by_changed = np.isin(found.last[..., 0], np.flatnonzero(portals)).any(axis=(0, 2))
    at = look[anew[look] | leg[look] | other | by_changed]
    routes = _at(known.routes, rows)
    for name in ROUTED:
        getattr(routes, name)[:, look] = getattr(found, name)
    fresh = public_links(after, points.some(at), _at(routes, at))
    links = known.links
    same: dict[str, Any] = {name: getattr(links, name)[:, rows] for name in OF_PUBLIC}
    for name in BY_CONSTRUCTION:
        same[name] = crossed_in_order(getattr(links, name)[:, rows], before.constructions, after.constructions)
    for name, values in same.items():
        values[:, at] = getattr(fresh, name)
    return PublicWays(points, routes, replace(fresh, **same, notes=links.notes))


def _at(routes: Routes, rows: NDArray[np.intp]) -> Routes:
    """The routes to some of the points, a copy."""
    return Routes(*(getattr(routes, name)[:, rows] for name in ROUTED))


def _ends_changed(
    model: LinkModel, changed: ChangedFacets, portals: NDArray[np.bool_], points: PointSet
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Points to which a last leg of a detour crosses what changed; points reached by a portal that did."""
    graph = model.graph
    _, first, portal = graph.candidates(points.xyz_m)
    order = np.argsort(portal, kind="stable")
    point, portal = np.repeat(np.arange(len(points)), np.diff(first))[order], portal[order]
    leg = changed.crossed_legs(portal, graph.portals.source_m[portal], points.xyz_m[point])
    found = np.zeros((2, len(points)), np.bool_)
    found[0, point[leg]] = True
    found[1, point[portals[portal]]] = True
    return found[0], found[1]


def _scatter_changed(before: MastModel, after: MastModel, changed: ChangedFacets) -> NDArray[np.bool_]:
    """Rooms into which scatter comes otherwise than before, shape (room,)."""
    floor, openings = after.floor, after.scene.site.openings
    other = [
        opening.passed_constructions != known.passed_constructions
        for opening, known in zip(openings, before.scene.site.openings, strict=True)
    ]
    found = np.zeros(len(floor.of_room), np.bool_)
    for room, used in enumerate(floor.of_room):
        if used is not None:
            found[room] = any(other[floor.places[place].opening] for place in used.places)
            if used.borrowed and not found[room]:
                found[room] = changed.crossed(floor.inside_m[used.places[0]], np.array([used.middle_m])).any()
    for old, new in ((before.scatter_los, after.scatter_los), (before.scatter_nlos, after.scatter_nlos)):
        for name in ("inside_db", "before_db", "place"):
            found |= (getattr(old, name) != getattr(new, name)).any(axis=0)
    return found
