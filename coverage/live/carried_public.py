"""Links of the public network carried from one treatment of the windows to another.

A way takes what it crosses and nothing else. So where no straight ray to a point crosses a window that differs, no
detour leads there by one and no scatter comes in by one, its link is the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import LinkModel, PublicLinks, public_links
from quietwing.coverage.live.carried_links import at_rows, paths_in_order, rows_of
from quietwing.coverage.propagation import (
    ChangedFacets,
    DetourModel,
    MastModel,
    PointLegs,
    Routes,
    Scene,
    changed_facets,
    changed_legs,
    changed_portals,
    crossed_pairs,
    masts_of,
    point_legs,
)
from quietwing.sites import PointSet

__all__ = ["PublicWays", "carried_public", "public_ways"]

ROUTED = ("loss_db", "last", "treated")


@dataclass(frozen=True)
class PublicWays:
    """Links of the public network at some points, with the detours they were worked out with.

    Attributes
    ----------
    points : PointSet
    legs : PointLegs
        To the points, or to those of the first treatment that was looked at; of `legs_scene`.
    legs_scene : Scene
    routes : Routes
        Of the masts, traced.
    links : PublicLinks
    """

    points: PointSet
    legs: PointLegs
    legs_scene: Scene
    routes: Routes
    links: PublicLinks


def public_ways(model: LinkModel, points: PointSet) -> PublicWays:
    """The public network at some points."""
    detours = model.masts.detours
    legs = point_legs(detours.model, points)
    routes = detours.routes(legs, traced=True)
    return PublicWays(points, legs, model.scene, routes, public_links(model, points, routes))


def carried_public(before: LinkModel, known: PublicWays, after: LinkModel, points: PointSet) -> PublicWays:
    """`public_ways` after a change of window treatment, recomputed only where the change can matter.

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
    if changed is None or not before.calibration.says_as(after.calibration):
        return public_ways(after, points)
    rows, masts = rows_of(points.xyz_m, known.points.xyz_m), np.array(list(masts_of(after.sectors)))
    anew = (rows < 0) | changed.crossed(masts, points).any(axis=0)
    anew |= np.append(_scatter_changed(before.masts, after.masts, changed), False)[points.room]
    detours = after.masts.detours
    portals = changed_portals(before.masts.detours, detours)
    stands, legs = rows_of(points.xyz_m, known.legs.points.xyz_m), known.legs

    def reached_by(pairs: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.append(legs.reached_by(pairs), True)[stands]

    leg = (rows < 0) | reached_by(crossed_pairs(detours.model.graph, legs, changed))
    reached = [leg | reached_by(of_sender[legs.portal]) for of_sender in portals]
    every = np.flatnonzero(np.any(reached, axis=0))
    legs_now = _legs_to(points.some(every), stands[every], known, detours.model)
    routes = _at(known.routes, rows)
    for sender, of_sender in enumerate(portals):
        look = np.flatnonzero(reached[sender])
        found = detours.one(sender).routes(legs_now.some(np.searchsorted(every, look)), traced=True)
        was = rows[look]
        other = (found.loss_db[0] != known.routes.loss_db[sender, was]).any(axis=1)
        other |= (found.last[0] != known.routes.last[sender, was]).any(axis=(1, 2))
        # a detour as strong as before by the same last portal may still cross something else on its way
        other |= np.isin(found.last[0, :, :, 0], np.flatnonzero(of_sender)).any(axis=1)
        anew[look[other]] = True
        for name in ROUTED:
            getattr(routes, name)[sender, look] = getattr(found, name)[0]
    at = np.flatnonzero(anew | leg)
    fresh = public_links(after, points.some(at), _at(routes, at))
    same = known.links.each(lambda values: at_rows(values, rows))
    links = replace(
        same,
        fixed_los=fresh.fixed_los,
        paths=paths_in_order(same.paths, before.constructions, after.constructions),
    )
    for carried, anew_there in zip(links.by_point, fresh.by_point, strict=True):
        carried[:, at] = anew_there
    return replace(known, points=points, routes=routes, links=links)


def _at(routes: Routes, rows: NDArray[np.intp]) -> Routes:
    """The routes to some of the points, a copy."""
    return Routes(*(at_rows(getattr(routes, name), rows) for name in ROUTED))


def _legs_to(points: PointSet, stands: NDArray[np.intp], known: PublicWays, model: DetourModel) -> PointLegs:
    """The last legs to points that stand at some indices of those with known legs, -1 where they do not."""
    changed = changed_facets(known.legs_scene, model.graph.scene)
    if changed is None or (stands < 0).any():
        return point_legs(model, points)
    return changed_legs(model, replace(known.legs.some(stands), points=points), changed)


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
        found[new.behind_room[(old.entering_db != new.entering_db).any(axis=0)]] = True
    return found
