"""The dominant path of one point and frequency, leg by leg and bend by bend: why the level is what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation import _bend_kernels as kernels
from quietwing.coverage.propagation.detour import DetourModel, best_ways, check_freq
from quietwing.coverage.propagation.detour_legs import point_legs
from quietwing.coverage.propagation.diffraction import knife_edge_loss_db
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M, free_space_loss_db
from quietwing.coverage.propagation.multiwall import COS_MIN, COS_NODES, crossings, element_loss_db

__all__ = ["DetourPath", "PathBend", "PathElement", "PathLeg", "detour_path"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PathElement:
    """One wall, opening or slab a leg crosses.

    Attributes
    ----------
    id : str
        Of the wall, opening or slab.
    constructions : tuple of str
        What is passed, outermost first.
    loss_db : float
        At the angle of the leg. [dB]
    """

    id: str
    constructions: tuple[str, ...]
    loss_db: float


@dataclass(frozen=True, slots=True)
class PathLeg:
    """One straight part of a path.

    Attributes
    ----------
    start, end : str
        ``transmitter``, ``point`` or the id of a portal's opening, slab or building.
    length_m : float
        Between the portals' middles; the path itself cuts the corner at its first and last bend. [m]
    elements : tuple of PathElement
        In order from `start`.
    elements_db : float
        Loss of all elements, floors capped: less than their sum where the cap binds. [dB]
    guided_db : float
        Gain of a landing. [dB]
    """

    start: str
    end: str
    length_m: float
    elements: tuple[PathElement, ...]
    elements_db: float
    guided_db: float


@dataclass(frozen=True, slots=True)
class PathBend:
    """One portal of a path.

    Attributes
    ----------
    id, kind : str
        Of the opening, slab or building; its `PORTAL_KINDS`.
    v : float
        Diffraction parameter, negative where the path passes straight. [1]
    loss_db : float
        J(v). [dB]
    """

    id: str
    kind: str
    v: float
    loss_db: float


@dataclass(frozen=True, slots=True)
class DetourPath:
    """The dominant path between two places at one frequency.

    Attributes
    ----------
    freq_mhz : float
        [MHz]
    legs : tuple of PathLeg
        One more than `bends`.
    bends : tuple of PathBend
    straight_m, length_m : float
        Distance of the ends, and length of the path. [m]
    longer_db : float
        Free-space loss of `length_m` over `straight_m`. [dB]
    loss_db : float
        Over free space on the straight line: legs, bends and the longer way, less guiding. [dB]
    gain_db : float
        Path gain of this path alone, negative. [dB]
    """

    freq_mhz: float
    legs: tuple[PathLeg, ...]
    bends: tuple[PathBend, ...]
    straight_m: float
    length_m: float
    longer_db: float
    loss_db: float
    gain_db: float


def detour_path(
    model: DetourModel, tx_m: ArrayLike, point_m: ArrayLike, freq_mhz: float, *, near: bool = True
) -> DetourPath | None:
    """The dominant path beside the direct ray, for explaining a figure to a person.

    Parameters
    ----------
    model : DetourModel
    tx_m, point_m : array_like, shape (3,)
        [m]
    freq_mhz : float
        One of the model's frequencies. [MHz]
    near : bool
        Whether the portals near the transmitter are tried towards the point, as `detour_loss_db` does between places
        on a site and a mast of the public network does not.

    Returns
    -------
    DetourPath or None
        None where no detour leads. Its `loss_db` is that of `detour_loss_db` to 0.01 dB.

    Raises
    ------
    OutOfRangeError
        If the model was not made at that frequency, or a coordinate is not finite.
    """
    freq = check_freq(model, freq_mhz)
    tx, point = np.asarray(tx_m, np.float64), np.asarray(point_m, np.float64)
    legs_to = point_legs(model, point[None])
    _, chosen, ways = best_ways(model, tx, legs_to, choose=True, near=near)
    portal, slot = (int(each) for each in chosen[0, freq])
    if portal < 0:
        return None
    source_m = model.graph.portals.source_m
    spot, shape = np.empty((2, 3, 3)), ways.before.shape
    start, spots = np.zeros(shape, np.int8), np.empty((*shape, 2, 3))
    place = tuple(point)
    *k_of_bends, path_m = kernels.reach(
        tx, portal, slot, place, model.graph.compiled, ways.before, ways.slot_before, spot, start, spots
    )
    route: list[int] = []
    while portal >= 0:
        route.append(portal)
        portal, slot = int(ways.before[portal, slot]), int(ways.slot_before[portal, slot])
    route.reverse()
    portals = model.graph.portals
    bends = []
    for each, k in zip(route, k_of_bends[3 - len(route) :], strict=True):
        v = float(k * model.root[freq])
        bends.append(PathBend(portals.ids[each], portals.kind[each], v, float(knife_edge_loss_db(v))))
    places = [tx, *(source_m[each] for each in route), point]
    names = ["transmitter", *(portals.ids[each] for each in route), "point"]
    guided_db = _guided_db(model, route, tx, point)
    legs = tuple(
        _leg(model, freq, names[i : i + 2], places[i], places[i + 1], each) for i, each in enumerate(guided_db)
    )
    straight_m = max(float(np.linalg.norm(point - tx)), NEAREST_FREE_SPACE_M)
    length_m = max(float(path_m), straight_m)
    longer_db = float(20 * np.log10(length_m / straight_m))
    loss_db = longer_db + sum(leg.elements_db - leg.guided_db for leg in legs) + sum(b.loss_db for b in bends)
    free_db = float(free_space_loss_db(straight_m, freq_mhz))
    return DetourPath(freq_mhz, legs, tuple(bends), straight_m, length_m, longer_db, loss_db, -free_db - loss_db)


def _guided_db(model: DetourModel, route: list[int], tx_m: Floats, point_m: Floats) -> list[float]:
    """Gain of each leg of a route along a landing."""
    guided_db, source_m = model.graph.guided_db, model.graph.portals.source_m
    portals = np.array(route)
    there = guided_db(portals, np.array([*source_m[portals[1:]], point_m]))
    back = guided_db(portals, np.array([tx_m, *source_m[portals[:-1]]]))
    return [float(back[0]), *np.maximum(there[:-1], back[1:]).tolist(), float(there[-1])]


def _leg(model: DetourModel, freq: int, names: list[str], from_m: Floats, to_m: Floats, guided_db: float) -> PathLeg:
    """One leg with all it crosses."""
    scene = model.graph.scene
    total_db = float(element_loss_db(scene.prepared, model.table, from_m, to_m)[0, 0, freq])
    elements = []
    for facet, cosine, _ in crossings(scene.prepared, from_m, to_m):
        surface = int(scene.facets.surface[facet])
        if not scene.facets.surfaces[surface]:  # an open window
            continue
        node = max((cosine - COS_MIN) / (1 - COS_MIN), 0.0) * (COS_NODES - 1)
        loss_db = float(np.interp(node, np.arange(COS_NODES), model.table.loss_db[surface, :, freq]))
        name = scene.facets.feature_ids[int(scene.facets.feature[facet])]
        elements.append(PathElement(name, scene.facets.surfaces[surface], loss_db))
    length_m = float(np.linalg.norm(to_m - from_m))
    return PathLeg(names[0], names[1], length_m, tuple(elements), total_db, guided_db)
