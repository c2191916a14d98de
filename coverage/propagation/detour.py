"""The detour: the dominant path round what the straight ray must go through.

A path runs straight from portal to portal (`portals`), at most three of them, and bends at each. Its gain relative
to free space over the straight distance d, in dB, is

    − Σ legs: elements crossed (`multiwall`, its floor cap leg by leg)
    − Σ bends: J(v), v = h·√(2/λ·(1/d1 + 1/d2)), h > 0 outside the opening and < 0 where the path passes it straight
    − 20 lg(l/d), l the length of the path
    + wave guiding of legs along a landing (`portal_graph.guided_gain_db`)

The path is drawn tight over the edges of the openings; the elements are those between the portals' middles. Several
bends add as in the Epstein-Peterson construction: each sees its neighbours as ends, except those that the path passes
straight, which are no bends and shorten no arm.
The dominant path is the one with the largest gain, at each frequency by itself. It is added to the direct ray as a
power (`with_detour`). A path that passes all its openings straight is dropped: it is the direct ray, and counted
there.

Not modelled: reflection and scatter, the finite size of small openings (a straight ray through them is free), bends
beyond three, and portals of other buildings between two of one building. J(v) is a knife edge's: beyond some 60° of
turning, and for edges nearer than a wavelength, it is used outside the angles P.526 derives it for.

Reciprocal as long as the ways considered are the same both ways: of the ways that reach a portal over others, only
the best at each of three reference frequencies is kept, so that behind many openings the two directions may differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.kept import Kept
from quietwing.coverage.propagation import _detour_kernels as kernels
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.detour_legs import PointLegs, checked_points, leg_gain, near_legs, point_legs
from quietwing.coverage.propagation.facet_changes import ChangedFacets, changed_facets
from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.portal_graphs import REFERENCE_MHZ, PortalGraph, portal_graph
from quietwing.coverage.propagation.scene import Scene
from quietwing.coverage.propagation.ways import Ways
from quietwing.sites import OutOfRangeError, PointSet

__all__ = [
    "DetourModel",
    "Sender",
    "best_ways",
    "check_freq",
    "crossed_edges",
    "detour_loss_db",
    "detour_model",
    "improve",
    "sender_at",
    "ways_from",
    "with_detour",
]

Floats = NDArray[np.float64]
Gains = NDArray[np.float32]
Ints = NDArray[np.int64]

OWN_TX_PORTALS = 4  # assumed: portals of a transmitter's own room that are tried towards every point
NEAR_TX_PORTALS = 6  # assumed: the same for any others near it
NEAR_TX_VOIDS = 4  # assumed: the same for pieces of voids, where one lies within `NEAR_TX_DB` of the best portal
NEAR_TX_DB = 30.0  # assumed: what a bend and a wall may cost the better one
NEAR_TX_EXITS = 2  # assumed: the same for outer openings, whatever way leads to them
EXITS_OF_A_SIDE = 4  # found by trial: outer openings of each side of the compass tried towards places in the open
FAR_DB = np.float32(300)  # apart: the weaker of two ways adds nothing
POINTS_OF_A_THREAD = 4_000
KEPT_BYTES = 2**30  # of ways from blockers that are kept with a model: one in each of radial's 854 rooms take 0.9 GB


@dataclass(frozen=True, eq=False)
class DetourModel:
    """A scene's portals made ready at some frequencies.

    Attributes
    ----------
    graph : PortalGraph
    freq_mhz : float64 ndarray, shape (freq,)
        [MHz]
    table : LossTable
        The scene's surfaces at the reference frequencies and `freq_mhz` (the frequencies).
    root : float64 ndarray, shape (freq,)
        1/√λ. [m^-0.5]
    hop : float32 ndarray, shape (edge, freq)
        Gain of the legs between two portals over free space, linear.
    notes : tuple of str
        What lies outside the model.
    kept : Kept
        What is known of some places as senders, see `site_detours`: never of another model.
    """

    graph: PortalGraph
    freq_mhz: Floats
    table: LossTable
    root: Floats
    hop: Gains
    notes: tuple[str, ...]
    kept: Kept[bytes, Sender] = field(default_factory=lambda: Kept(KEPT_BYTES, _ways_bytes), repr=False)


def _ways_bytes(known: Sender) -> int:
    return known.ways.nbytes


def detour_model(scene: Scene | PortalGraph, freq_mhz: ArrayLike, like: DetourModel | None = None) -> DetourModel:
    """Make the portals of a scene ready. Keep it: it takes longer than many transmitters.

    Parameters
    ----------
    scene : Scene or PortalGraph
        A graph saves joining the portals anew.
    freq_mhz : array_like, shape (freq,)
        Frequencies, 300 to 7125. [MHz]
    like : DetourModel, optional
        Of the same portals with other windows treated: saves time, changes nothing.

    Returns
    -------
    DetourModel

    Raises
    ------
    OutOfRangeError
        If a frequency is out of range.
    """
    graph = scene if isinstance(scene, PortalGraph) else portal_graph(scene)
    carriers_mhz = np.atleast_1d(np.asarray(freq_mhz, np.float64))
    every_mhz = np.concatenate([REFERENCE_MHZ, carriers_mhz])
    # side by side, for the losses at the carriers' frequencies are known to the scene already
    tables = [graph.scene.loss_table(each).loss_db for each in (REFERENCE_MHZ, carriers_mhz)]
    table = LossTable(np.concatenate(tables, axis=2))
    hop, edges = np.empty((len(graph.origin), len(every_mhz)), np.float32), np.arange(len(graph.origin))
    changed = None
    if like is not None and like.graph.portals is graph.portals and np.array_equal(like.freq_mhz, carriers_mhz):
        changed = changed_facets(like.graph.scene, graph.scene)
    if like is not None and changed is not None:
        hop, edges = like.hop.copy(), np.flatnonzero(crossed_edges(graph, changed))
    _fill_hops(graph, table, edges, hop)
    return DetourModel(graph, carriers_mhz, table, 1 / np.sqrt(wavelength_m(every_mhz)), hop, graph.notes)


def crossed_edges(graph: PortalGraph, changed: ChangedFacets) -> NDArray[np.bool_]:
    """Edges between portals that cross something that changed, shape (edge,)."""
    ends, source_m = graph.ends, graph.portals.source_m
    return changed.crossed_legs(source_m[ends], source_m[graph.origin])


def _fill_hops(graph: PortalGraph, table: LossTable, edges: NDArray[np.intp], hop: Gains) -> None:
    """Gains of some edges, in place."""
    ends, origins, source_m = graph.ends[edges], graph.origin[edges], graph.portals.source_m
    guided_db = np.maximum(graph.guided_db(ends, source_m[origins]), graph.guided_db(origins, source_m[ends]))
    lost_db = element_loss_db(graph.scene.prepared, table, source_m[ends], source_m[origins], paired=True)[0]
    hop[edges] = leg_gain(lost_db, guided_db)


def detour_loss_db(model: DetourModel, tx_m: ArrayLike, points: PointLegs | PointSet | ArrayLike) -> Gains:
    """Loss of the dominant path over free space on the straight line, beside the direct ray.

    Parameters
    ----------
    model : DetourModel
    tx_m : array_like, shape (tx, 3)
        Transmitters. [m]
    points : PointLegs, PointSet or array_like, shape (point, 3)
        Receivers; `PointLegs` save the work that is the same for all transmitters. [m]

    Returns
    -------
    float32 ndarray, shape (tx, point, freq)
        Bends, elements and longer way, less wave guiding; ``inf`` where no detour leads. The same bytes on any
        number of threads and for any part of the transmitters. [dB]

    Raises
    ------
    OutOfRangeError
        If a coordinate is not finite.

    References
    ----------
    Rec. ITU-R P.526-15, eqs. (26) and (31) for each bend, §4.4.1 for several; Rec. ITU-R P.1238-11, table 2, for
    landings. The choice of ways is ours.
    """
    legs = points if isinstance(points, PointLegs) else point_legs(model, points)
    tx = checked_points(tx_m).xyz_m
    loss_db = np.empty((len(tx), len(legs.points), len(model.freq_mhz)), np.float32)
    for index, place in enumerate(tx):
        best = best_ways(model, place, legs)[0][:, len(REFERENCE_MHZ) :]
        with np.errstate(divide="ignore"):  # no way at all: infinite loss is the right answer
            loss_db[index] = -10 * np.log10(best)
    return loss_db


def with_detour(elements_db: Gains, detour_db: Gains) -> Gains:
    """Loss of the direct ray and of the detour together, both over free space on the straight line.

    Parameters
    ----------
    elements_db : float32 ndarray, shape (...)
        Of the direct ray, `multiwall.element_loss_db`. [dB]
    detour_db : float32 ndarray, the same shape
        Of the detour, ``inf`` where there is none. [dB]

    Returns
    -------
    float32 ndarray, shape (...)
        Their power sum as a loss: never more than the direct ray's, and below 0 only where the detour's is: a field
        that nothing stands in the way of is no stronger for what an edge beside it passes. [dB]
    """
    louder_db = np.minimum(elements_db, detour_db, dtype=np.float32)
    # of their difference, not of the losses: hundreds of dB overflow a float32
    with np.errstate(invalid="ignore"):  # two that are infinite
        both = np.asarray(np.fmin(np.abs(elements_db - detour_db), FAR_DB), np.float32)
    both *= np.float32(-np.log2(10) / 10)
    np.exp2(both, out=both)
    both += 1
    np.log10(both, out=both)
    both *= -10
    both += louder_db
    np.minimum(louder_db, 0, out=louder_db)
    return np.asarray(np.maximum(both, louder_db, out=both), np.float32)


class Sender(NamedTuple):
    """A place on a site as a sender: ways to every portal, and how many of them are tried from which portals."""

    ways: Ways
    near: dict[int, int]  # towards every point
    exits: dict[int, int]  # towards places in the open alone


def sender_at(model: DetourModel, place_m: Floats, reached: NDArray[np.bool_] | None = None) -> Sender:
    """What is known of a place as a sender.

    Parameters
    ----------
    model : DetourModel
    place_m : float64 ndarray, shape (3,)
        [m]
    reached : bool ndarray, shape (portal,), optional
        Portals by which the places that will be asked for are reached: the best ways to others may be missing.

    Returns
    -------
    Sender
    """
    # near portals that are no outer openings are tried straight alone
    twice = None if reached is None else reached | model.graph.outer
    ways = ways_from(model, place_m, twice=twice)
    worth = _worth(model, place_m, ways)
    near = _near_portals(model, place_m, worth)
    exits = _exits_by_side(model, worth)
    return Sender(ways, near, {portal: slots for portal, slots in exits.items() if near.get(portal) != slots})


def ways_from(
    model: DetourModel,
    tx_m: Floats,
    *,
    buildings: NDArray[np.intp] | None = None,
    like: Ways | None = None,
    twice: NDArray[np.bool_] | None = None,
) -> Ways:
    """The best ways from one transmitter to every portal.

    Parameters
    ----------
    model : DetourModel
    tx_m : float64 ndarray, shape (3,)
        [m]
    buildings : int ndarray, optional
        Only these are looked at, those of the others are `like`'s: no way leads over portals of two buildings.
    like : Ways, optional
        From the same place, where only what stands on the ways within `buildings`, or to them, changed.
    twice : bool ndarray, shape (portal,), optional
        Portals to which ways over two others are looked for; to all without it.

    Returns
    -------
    Ways
    """
    graph = model.graph
    source_m = graph.portals.source_m
    portals, freqs = len(source_m), len(model.root)
    shape = portals, kernels.SLOTS
    gain, bound = np.zeros((*shape, freqs), np.float32), np.zeros((*shape, kernels.REFERENCES), np.float32)
    before, slot_before, length_m = np.empty(shape, np.int32), np.empty(shape, np.int8), np.empty(shape)
    if not portals:
        return Ways(gain[:, 0], before, bound, before, slot_before, length_m)
    which = np.arange(portals)
    if buildings is not None and like is not None:
        which = np.flatnonzero(np.isin(graph.portals.building, buildings))
        gain[like.way >= 0] = like.gain
        bound, before, slot_before = like.bound.copy(), like.before.copy(), like.slot_before.copy()
        length_m, gain[which], bound[which] = like.length_m.copy(), 0.0, 0.0
    lost_db = element_loss_db(graph.scene.prepared, model.table, tx_m, source_m[which])[0]
    leg = np.zeros((portals, freqs), np.float32)
    leg[which] = leg_gain(lost_db, graph.guided_db(which, np.broadcast_to(tx_m, (len(which), 3))))
    edges = kernels.Edges(graph.into, graph.origin, model.hop)
    slots = kernels.Slots(gain, bound, before, slot_before, length_m)
    over_two = which if twice is None else which[twice[which]]
    kernels.ways(tx_m, graph.compiled, edges, leg, model.root, which, over_two, slots)
    kept = bound.any(axis=2)
    way = np.where(kept, np.cumsum(kept).reshape(shape) - 1, -1).astype(np.int32)
    return Ways(gain[kept], way, bound, before, slot_before, length_m)


def best_ways(
    model: DetourModel, tx_m: Floats, legs: PointLegs, *, choose: bool = False, near: bool = True
) -> tuple[Gains, NDArray[np.int32], Ways]:
    """Gain of the dominant path over free space on the straight line, linear, from one transmitter.

    Without `near` the portals near the transmitter are not tried towards every point.

    Returns
    -------
    gain : float32 ndarray, shape (point, freq)
        0 where no path leads.
    chosen : int32 ndarray, shape (point, freq, 2)
        Last portal and slot, -1 where there is none; empty unless asked for with `choose`.
    ways : Ways
    """
    sender = sender_at(model, tx_m) if near else Sender(ways_from(model, tx_m), {}, {})
    count, freqs = len(legs.points), len(model.root)
    best = np.zeros((count, freqs), np.float32)
    chosen = np.full((count, freqs if choose else 0, 2), -1, np.int32)
    beside = near_legs(model, sorted({*sender.near, *sender.exits}), legs)
    improve(model, tx_m, legs, sender.ways, kernels.Best(best, chosen, 0), beside.of(sender.near, sender.exits))
    return best, chosen, sender.ways


def improve(
    model: DetourModel, tx_m: Floats, legs: PointLegs, ways: Ways, best: kernels.Best, near: kernels.Near
) -> None:
    """Raise gains by what comes over portals near a transmitter and over those of some legs, in place.

    Parameters
    ----------
    model : DetourModel
    tx_m : float64 ndarray, shape (3,)
        [m]
    legs : PointLegs
    ways : Ways
        From `tx_m`.
    best : Best
        The best paths so far.
    near : Near
        To the same points, from `NearLegs.of`.
    """
    known = model.graph.compiled, model.root, kernels.Tried(ways.way, ways.most), ways.compiled, best
    part = partial(kernels.improve, tx_m, near, legs.compiled, *known)
    in_parts(part, len(legs.points), at_most=1 + len(legs.points) // POINTS_OF_A_THREAD)


def _near_portals(model: DetourModel, tx_m: Floats, worth: Floats) -> dict[int, int]:
    """Portals tried towards every point, and how many of the ways to each: the mirror of those a point is reached by.

    They are tried straight from the transmitter, outer openings by any way. Being the same for all points they make
    no step at the open border of two rooms.
    """
    graph = model.graph
    own, outer = graph.candidates(tx_m[None])[2], np.flatnonzero(graph.outer)
    near = dict.fromkeys(_largest(own, worth[:, 0], OWN_TX_PORTALS), 1)
    near |= dict.fromkeys(_largest(np.arange(len(worth)), worth[:, 0], NEAR_TX_PORTALS), 1)
    least = worth.max(initial=0.0) * 10 ** (-NEAR_TX_DB / 10)
    voids = np.flatnonzero(graph.portals.is_kind("void") & (worth[:, 0] > least))
    near |= dict.fromkeys(_largest(voids, worth[:, 0], NEAR_TX_VOIDS), 1)
    exits = dict.fromkeys(_largest(outer, worth.max(axis=1, initial=0.0), NEAR_TX_EXITS), kernels.SLOTS)
    return dict(sorted((near | exits).items()))


def _exits_by_side(model: DetourModel, each: Floats) -> dict[int, int]:
    """Outer openings tried towards every place in the open, and how many of the ways to each.

    What leaves a building leaves it on the side where the place lies, and that is seldom the side where most leaves:
    from a landing most goes out by the nearest windows, and to a place beyond the gable by the window at its end.
    """
    worth = each.max(axis=1, initial=0.0)
    exits = [portal for side in model.graph.exits for portal in _largest(side, worth, EXITS_OF_A_SIDE)]
    return dict.fromkeys(sorted(portal for portal in exits if worth[portal] > 0), kernels.SLOTS)


def _worth(model: DetourModel, tx_m: Floats, ways: Ways) -> Floats:
    """How strongly each way fills its portal, shape (portal, slot)."""
    away_m = np.maximum(np.linalg.norm(model.graph.portals.source_m - tx_m, axis=1), 1.0)
    return np.asarray((ways.bound / away_m[:, None, None] ** 2).max(axis=2, initial=0.0))


def _largest(among: Ints, worth: Floats, most: int) -> list[int]:
    """The members with the largest worth, ties to the smaller number."""
    ranked = among[np.argsort(-worth[among], kind="stable")]
    return [int(portal) for portal in ranked[:most]]


def check_freq(model: DetourModel, freq_mhz: float) -> int:
    """Lane of one of the model's frequencies.

    Raises
    ------
    OutOfRangeError
        If the model was not made ready at it.
    """
    at = np.flatnonzero(model.freq_mhz == freq_mhz)
    if not len(at):
        known = ", ".join(f"{each:g}" for each in model.freq_mhz)
        raise OutOfRangeError(
            f"{freq_mhz:g} MHz is not among the model's frequencies ({known}); make a detour_model with it"
        )
    return int(at[0]) + len(REFERENCE_MHZ)
