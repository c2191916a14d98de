"""Links of blockers carried from one treatment of the windows to another: few rays cross a window that changed.

A straight ray takes what it crosses and nothing else, and blockers' detours count in a draft as if no window were
treated. So where no straight ray from a blocker crosses a window that differs, its link is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    BlockerLinks,
    DraftPublic,
    LinkModel,
    LinkPaths,
    Way,
    blocker_links,
    is_cable,
    spread_against_db,
)
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import FINE, Cut, changed_facets, pieces_of, stations_of
from quietwing.sites import PointSet

__all__ = ["at_rows", "carried_against_db", "carried_links", "crossed_in_order", "paths_in_order", "rows_of"]

Scalar = TypeVar("Scalar", bound=np.generic)


def carried_links(
    before: LinkModel,
    known: BlockerLinks,
    known_points: PointSet,
    after: LinkModel,
    points: PointSet,
    catalogue: Mapping[str, Model],
    detours: Callable[[NDArray[np.intp]], Way],
    cut: Cut = FINE,
) -> BlockerLinks:
    """Blocker links after a change of window treatment, recomputed only where the change can matter.

    Parameters
    ----------
    before : LinkModel
        Of `known`.
    known : BlockerLinks
        Of the devices, none of them off.
    known_points : PointSet
    after : LinkModel
        The same site with other windows treated; its scene made `like` that of `before`.
    points : PointSet
    catalogue : mapping of str to Model
    detours : callable
        Gives those of the devices to some of `points`, by index; the same as went into `known`.
    cut : Cut, optional
        Of radiating cables, the same as went into `known`.

    Returns
    -------
    BlockerLinks
    """
    rows = rows_of(points.xyz_m, known_points.xyz_m)
    changed = changed_facets(before.scene, after.scene)
    if changed is None:
        every = detours(np.arange(len(points)))
        return blocker_links(after, known.devices, catalogue, points, detours=every, cut=cut)
    anew = (rows < 0) | changed.crossed(_senders_m(known.devices, catalogue, cut), points).any(axis=0)
    at = np.flatnonzero(anew)
    fresh = blocker_links(after, known.devices, catalogue, points.some(at), detours=detours(at), cut=cut)
    same = known.paths.each(lambda values: at_rows(values, rows))
    paths = paths_in_order(same, before.constructions, after.constructions)
    paths.put((slice(None), at), fresh.paths)
    level_dbm, mas_dbm = (at_rows(values, rows, axis=2) for values in (known.level_dbm, known.mas_dbm))
    level_dbm[:, :, at], mas_dbm[:, :, at] = fresh.level_dbm, fresh.mas_dbm
    return replace(fresh, level_dbm=level_dbm, mas_dbm=mas_dbm, paths=paths)


def carried_against_db(
    before: DraftPublic,
    known: BlockerLinks,
    known_db: NDArray[np.float32],
    rows: NDArray[np.intp],
    after: DraftPublic,
    links: BlockerLinks,
) -> NDArray[np.float32]:
    """`DraftPublic.against_db` after a change of window treatment, recomputed only where the change can matter.

    Parameters
    ----------
    before : DraftPublic
    known : BlockerLinks
        Of the same devices as `links`.
    known_db : float32 ndarray, shape (device, carrier, point)
        Of `before` and `known`. [dB]
    rows : int ndarray, shape (point,)
        Where each point stands among those before, -1 where it does not.
    after : DraftPublic
    links : BlockerLinks

    Returns
    -------
    float32 ndarray, shape (device, carrier, point)
        [dB]
    """
    alike = np.array_equal(before.model.construction_sigma_db, after.model.construction_sigma_db)
    crossed = links.paths.crossed
    if not alike or known.paths.crossed.shape[2] != crossed.shape[2]:
        return after.against_db(links)
    differs = (rows < 0) | (at_rows(known.paths.crossed, rows) != crossed).any(axis=(0, 2))
    signals = ((one.rsrp_dbm, one.sector_variance, *one.paths) for one in (before.signal, after.signal))
    for was, now in zip(*signals, strict=True):
        differs |= (at_rows(was, rows) != now).any(axis=(0, *range(2, now.ndim)))
    at, found = np.flatnonzero(differs), at_rows(known_db, rows, axis=2)
    found[:, :, at] = spread_against_db(after.z, after.signal, crossed[:, at], after.model, at)
    return found


def rows_of(xyz_m: NDArray[np.float64], known_m: NDArray[np.float64]) -> NDArray[np.intp]:
    """Where each of some points stands among known ones, -1 where it does not; shapes (point, 3). [m]"""
    both = min(len(xyz_m), len(known_m))
    head = _alike(xyz_m[:both], known_m[:both])  # mostly a few in the middle have come or gone
    tail = _alike(xyz_m[::-1][: both - head], known_m[::-1][: both - head])
    end = len(known_m) - tail
    place = {tuple(xyz): head + row for row, xyz in enumerate(known_m[head:end].tolist())}
    middle = [tuple(xyz) for xyz in xyz_m[head : len(xyz_m) - tail].tolist()]
    for xyz in (each for each in middle if each not in place):
        at = np.flatnonzero((known_m == xyz).all(axis=1))
        place[xyz] = int(at[-1]) if len(at) else -1
    return np.concatenate(
        [
            np.arange(head),
            np.array([place[xyz] for xyz in middle], np.intp),
            np.arange(end, len(known_m)),
        ]
    )


def _alike(xyz_m: NDArray[np.float64], known_m: NDArray[np.float64]) -> int:
    """How many of the first places are the same; as many of both."""
    differs = np.flatnonzero((xyz_m != known_m).any(axis=1))
    return int(differs[0]) if len(differs) else len(xyz_m)


def at_rows(values: NDArray[Scalar], rows: NDArray[np.intp], axis: int = 1) -> NDArray[Scalar]:
    """A copy of the values at some indices of one axis, in the order of memory whatever these are."""
    if np.array_equal(rows, np.arange(values.shape[axis])):
        return values.copy()
    return np.take(values, rows, axis)


def paths_in_order(paths: LinkPaths, names: tuple[str, ...], wanted: tuple[str, ...]) -> LinkPaths:
    """The paths with `crossed_in_order` of both."""
    return paths._replace(
        crossed=crossed_in_order(paths.crossed, names, wanted),
        straight_crossed=crossed_in_order(paths.straight_crossed, names, wanted),
    )


def crossed_in_order(
    crossed: NDArray[np.uint8], names: tuple[str, ...], wanted: tuple[str, ...]
) -> NDArray[np.uint8]:
    """Crossings by construction, a copy with the constructions in another order or other ones among them.

    Parameters
    ----------
    crossed : uint8 ndarray, shape (tx, point, construction)
    names : tuple of str
        Its constructions.
    wanted : tuple of str
        Those of the answer; one that `names` does not have is crossed nowhere.

    Returns
    -------
    uint8 ndarray, shape (tx, point, construction)
    """
    if names == wanted:
        return crossed.copy()
    found = np.zeros((*crossed.shape[:2], len(wanted)), np.uint8)
    for column, name in enumerate(wanted):
        if name in names:
            found[:, :, column] = crossed[:, :, names.index(name)]
    return found


def _senders_m(devices: tuple[Device, ...], catalogue: Mapping[str, Model], cut: Cut) -> NDArray[np.float64]:
    """All places that send, every piece of a cable and every station for itself, shape (sender, 3). [m]"""
    places = []
    for device in devices:
        if is_cable(device, catalogue):
            places += [pieces_of(device.line_m, cut=cut).middle_m, stations_of(device.line_m, cut).place_m]
        else:
            places.append(np.array([[device.x_m, device.y_m, device.z_m]]))
    return np.concatenate(places)
