"""Loss of every wall, opening and slab a straight ray crosses: the multi-wall sum.

What counts as crossed (the compiled kernels, `crossings` and the reference in the tests share these rules and
their float64 expressions, so that all count the same):

1. A quad's plane goes through its supporting lines; its normal is canonical (first non-zero component
   positive). A point is on the positive side if its signed distance is 0 or more, transmitter and receiver
   alike. A quad can be crossed only if the two are on different sides: a ray along a wall crosses nothing.
2. A ray o->r passes an edge's supporting line (a, b) on the side of the sign of
   ``v = ((a-o) x (b-o)) . (r-o)``, evaluated as ``(b-a).(o x r) + (a x b).(r-o)``. Exchanging o and r flips v
   bit for bit, so the loss is reciprocal. On which side of a->b the quad lies is told by its own centroid.
   Quads are half-open: a ray that meets the line exactly, v = 0, is judged as if moved a hair along +x (along
   +y, +z where +x keeps it on the line). All quads that share a line share (a, b) and hence v, so that a ray
   through a joint crosses coplanar neighbours, T-joints, the walls of a corner or the corner of a room once.
   Both rules are blind for a ray within rounding of a quad's plane, so it must also meet the quad's box.
3. Hits are never merged: two quads drawn in one place both count. Quads without area are never crossed.
4. Of n >= 2 slabs crossed, the loss is the smaller of their sum and the larger of
   18.3 n^((n+2)/(n+1) - 0.46) dB and the dearest slab, lane by lane. Slabs without any loss are not crossed.

A lane is one frequency, or whatever else is summed along the ray. The kernels add 16 lanes at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import scipy.constants
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation import _kernels
from quietwing.coverage.propagation._groups import Losses, Patches, Quads, Taken
from quietwing.coverage.propagation._lanes import LANES
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.floors import floor_cap_db
from quietwing.coverage.propagation.prepared_facets import PreparedFacets, check_finite, prepare
from quietwing.sites import OutOfRangeError, PointSet

__all__ = [
    "COS_MIN",
    "COS_NODES",
    "LossTable",
    "PreparedFacets",
    "cos_nodes",
    "crossing_counts",
    "crossings",
    "element_loss_db",
    "prepare",
    "straight_rays",
]

Floats = NDArray[np.float64]

COS_NODES = 256
COS_MIN = float(np.cos(np.radians(85)))  # incidence is capped at 85 degrees (assumption A7)
NO_BUILDING = -2  # -1 is "in the open"
MOST_SLABS = 64  # the ceiling is tabulated up to here
PATCH_POINTS = 8192  # larger patches are cut by rows: sums of 8192 receivers stay in a 1 MB cache
PATCH_GAP_M = 1e-9  # points and patch are the same numbers but for rounding
CEILING_DB: NDArray[np.float32] = floor_cap_db(np.arange(MOST_SLABS + 1)).astype(np.float32)
NO_LOSSES, NO_COUNTS = np.empty((0, 0, 0), np.float32), np.empty((0, 0, 0), np.int16)
RAY_BLOCK = 128  # scattered points of one task
RAYS_OF_A_THREAD = 50_000  # below some milliseconds of work, waking a second thread may cost more than it does


@dataclass(frozen=True, eq=False)
class LossTable:
    """Loss of each surface by angle and lane.

    Attributes
    ----------
    loss_db : float32 ndarray, shape (surface, COS_NODES, lane)
        Loss at `cos_nodes`; linear between them, incidence capped at 85 degrees. [dB]
    """

    loss_db: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.loss_db.ndim != 3 or self.loss_db.shape[1] != COS_NODES or self.loss_db.shape[2] < 1:
            raise ValueError(
                f"a loss table of shape {self.loss_db.shape}; expected (surface, {COS_NODES}, lane); "
                f"evaluate the losses at cos_nodes()"
            )

    @cached_property
    def lossy(self) -> NDArray[np.bool_]:
        """Whether each surface loses anything."""
        return np.asarray(self.loss_db.any(axis=(1, 2)))

    @cached_property
    def blocks(self) -> NDArray[np.float32]:
        """The losses by 16 lanes as the kernels read them, shape (block, surface, cosine, lane); calls share them."""
        surfaces, _, lanes = self.loss_db.shape
        found = _aligned_zeros((-(-lanes // LANES), surfaces, COS_NODES, LANES))
        for number, block in enumerate(found):
            part = self.loss_db[:, :, number * LANES : (number + 1) * LANES]
            block[:, :, : part.shape[2]] = part
        return found


def cos_nodes() -> Floats:
    """Cosines of incidence at which a `LossTable` is evaluated, shape (COS_NODES,)."""
    return np.linspace(COS_MIN, 1.0, COS_NODES)


def element_loss_db(
    prepared: PreparedFacets,
    table: LossTable,
    tx_m: ArrayLike,
    points: PointSet | ArrayLike,
    *,
    freq_mhz: ArrayLike | None = None,
    skip_building: int = NO_BUILDING,
    out: NDArray[np.float32] | None = None,
    paired: bool = False,
) -> NDArray[np.float32]:
    """Loss of all elements on the straight rays from transmitters to points, slabs capped (rule 4).

    Parameters
    ----------
    prepared : PreparedFacets
        The site.
    table : LossTable
        One row for each surface of the site.
    tx_m : array_like, shape (tx, 3)
        Transmitters. [m]
    points : PointSet or array_like, shape (point, 3)
        Receivers. A set made of patches takes the fast road. [m]
    freq_mhz : array_like, shape (lane,), optional
        Adds the free-space loss at these frequencies, over 0.1 m at least. [MHz]
    skip_building : int
        Elements of this building are not there.
    out : float32 ndarray, shape (tx, point, lane), optional
        Buffer to reuse: touching fresh memory takes longer than the sums.
    paired : bool
        One transmitter for each point, and one row of the result: shape (1, point, lane).

    Returns
    -------
    float32 ndarray, shape (tx, point, lane)
        Loss, positive; `out` where given. The same bytes on any number of threads, and for any part of the
        transmitters. [dB]

    Raises
    ------
    OutOfRangeError
        If a coordinate is not finite.

    References
    ----------
    Rec. ITU-R P.525-4, eq. (3), for free space.
    """
    lanes = table.loss_db.shape[2]
    if len(table.loss_db) != prepared.surfaces:
        raise ValueError(
            f"a loss table of {len(table.loss_db)} surfaces for a site of {prepared.surfaces}; "
            f"make one row for each of Facets.surfaces"
        )
    lane_db = None if freq_mhz is None else _first_metre_db(freq_mhz, lanes)
    active = table.lossy[prepared.surface] & (prepared.building != skip_building)
    return _sum(prepared, table, tx_m, points, active, CEILING_DB, lane_db, out, paired)


def crossing_counts(
    prepared: PreparedFacets,
    tx_m: ArrayLike,
    points: PointSet | ArrayLike,
    group: ArrayLike,
    n_groups: int,
    *,
    building: int | None = None,
    paired: bool = False,
) -> NDArray[np.int16]:
    """How many quads of each group of surfaces each ray crosses, open holes included, without floor cap.

    Parameters
    ----------
    prepared, tx_m, points, paired
        As for `element_loss_db`.
    group : array_like of int, shape (surface,)
        Group of each surface, below `n_groups`; negative: not counted.
    n_groups : int
        Number of groups.
    building : int, optional
        Only elements of this building are there.

    Returns
    -------
    int16 ndarray, shape (tx, point, group)

    Raises
    ------
    OutOfRangeError
        If a coordinate is not finite.
    """
    of_surface = np.asarray(group, np.int64)
    if of_surface.shape != (prepared.surfaces,) or of_surface.max(initial=-1) >= n_groups or n_groups < 1:
        raise ValueError(
            f"groups of shape {of_surface.shape} up to {of_surface.max(initial=-1)}; "
            f"expected {prepared.surfaces} numbers below {n_groups}"
        )
    table = _counting_table(of_surface.tobytes(), n_groups)
    active = (of_surface >= 0)[prepared.surface]
    if building is not None:
        active &= prepared.building == building
    no_cap = np.empty(0, np.float32)
    return _sum(prepared, table, tx_m, points, active, no_cap, None, None, paired).astype(np.int16)


def straight_rays(
    prepared: PreparedFacets,
    table: LossTable,
    tx_m: ArrayLike,
    points: PointSet | ArrayLike,
    freq_mhz: ArrayLike | None = None,
    *,
    paired: bool = False,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int16]]:
    """`element_loss_db` with the free-space loss and without, and `crossing_counts` of each surface.

    The same as those three, but each ray is traced once.

    Parameters
    ----------
    prepared, table, tx_m, points, freq_mhz, paired
        As for `element_loss_db`.

    Returns
    -------
    loss_db, elements_db : float32 ndarray, shape (tx, point, lane)
        With and without free space; the same where no frequencies are given. [dB]
    counted : int16 ndarray, shape (tx, point, surface)
    """
    surfaces = prepared.surfaces
    if isinstance(points, PointSet) and points.patches and not paired:  # a patch is not traced ray by ray
        loss_db = element_loss_db(prepared, table, tx_m, points, freq_mhz=freq_mhz)
        bare_db = element_loss_db(prepared, table, tx_m, points)
        if not surfaces:
            return loss_db, bare_db, np.zeros((*bare_db.shape[:2], 0), np.int16)
        return loss_db, bare_db, crossing_counts(prepared, tx_m, points, np.arange(surfaces), surfaces)
    xyz = points.xyz_m if isinstance(points, PointSet) else _positions(points, "a point")
    lanes = table.loss_db.shape[2]
    shape = 1 if paired else len(_positions(tx_m, "a transmitter")), len(xyz)
    counted, every = np.zeros((*shape, surfaces), np.int16), np.ones(len(prepared), np.bool_)
    if freq_mhz is None:
        bare_db = _sum(prepared, table, tx_m, xyz, every, CEILING_DB, None, None, paired, counted=counted)
        return bare_db, bare_db, counted
    bare_db, lane_db = np.empty((*shape, lanes), np.float32), _first_metre_db(freq_mhz, lanes)
    loss_db = _sum(prepared, table, tx_m, xyz, every, CEILING_DB, lane_db, None, paired, bare_db, counted)
    return loss_db, bare_db, counted


def _first_metre_db(freq_mhz: ArrayLike, lanes: int) -> Floats:
    """Free-space loss over 1 m at the frequency of each lane. [dB]"""
    freq = np.asarray(freq_mhz, np.float64)
    if freq.shape != (lanes,) or not (np.isfinite(freq) & (freq > 0)).all():
        raise OutOfRangeError(f"frequencies {freq.tolist()} MHz for {lanes} lanes; give one above 0 for each lane")
    return np.asarray(20 * np.log10(4 * np.pi * freq * 1e6 / scipy.constants.c))


def _counting_table(of_surface: bytes, n_groups: int) -> LossTable:
    """One for each crossing of a surface, in the lane of its group."""
    one_hot = (np.frombuffer(of_surface, np.int64)[:, None] == np.arange(n_groups)).astype(np.float32)
    return LossTable(np.repeat(one_hot[:, None, :], COS_NODES, axis=1))


def crossings(prepared: PreparedFacets, tx_m: ArrayLike, point_m: ArrayLike) -> list[tuple[int, float, float]]:
    """What one ray crosses, in order: index in `Facets`, cosine of incidence, distance from `tx_m` in metres.

    Plain numpy with the same rules: for explaining a figure to a person.
    """
    o, r = _positions(tx_m, "the transmitter")[0], _positions(point_m, "the point")[0]
    facet = prepared.facet
    normal, offset = facet[:, :3], facet[:, 3]
    so, sr = (normal[:, 0] * p[0] + normal[:, 1] * p[1] + normal[:, 2] * p[2] - offset for p in (o, r))
    (dx, dy, dz), (ox, oy, oz), (rx, ry, rz) = r - o, o, r
    mx, my, mz = oy * rz - oz * ry, oz * rx - ox * rz, ox * ry - oy * rx
    e = facet[:, 4:32].reshape(-1, 4, 7)
    v = e[..., 0] * mx + e[..., 1] * my + e[..., 2] * mz + e[..., 3] * dx + e[..., 4] * dy + e[..., 5] * dz
    for moved in (
        dy * e[..., 2] - dz * e[..., 1], dz * e[..., 0] - dx * e[..., 2], dx * e[..., 1] - dy * e[..., 0]
    ):  # fmt: skip
        v = np.where(v == 0, moved, v)
    left = (e[..., 6] > 0) != (so >= 0)[:, None]
    inside = ((v > 0) == left) | (e[..., 6] == 0)
    inverse = np.array([1.0 / x if abs(x) > 1e-30 else 1e30 for x in r - o])
    ends = np.sort((facet[:, 32:].reshape(-1, 2, 3) - o) * inverse, axis=1)
    meets = np.maximum(ends[:, 0].max(axis=1), 0) <= np.minimum(ends[:, 1].min(axis=1), 1)
    hit = np.flatnonzero(((so >= 0) != (sr >= 0)) & inside.all(axis=1) & meets)
    share = so[hit] / (so[hit] - sr[hit])
    distance_m = float(np.linalg.norm(r - o))
    cosine = np.abs(so[hit] - sr[hit]) / (prepared.size[hit, 0] * distance_m)
    order = np.lexsort((prepared.original[hit], share))
    return [(int(prepared.original[hit[k]]), float(cosine[k]), float(share[k] * distance_m)) for k in order]


def _sum(
    prepared: PreparedFacets,
    table: LossTable,
    tx_m: ArrayLike,
    points: PointSet | ArrayLike,
    active: NDArray[np.bool_],
    ceiling: NDArray[np.float32],
    lane_db: Floats | None,
    out: NDArray[np.float32] | None,
    paired: bool,
    bare_db: NDArray[np.float32] = NO_LOSSES,
    counted: NDArray[np.int16] = NO_COUNTS,
) -> NDArray[np.float32]:
    """Run the kernel that fits the points over blocks of 16 lanes; `bare_db`, `counted`: see `Taken`."""
    tx = _positions(tx_m, "a transmitter")
    xyz = _positions(points.xyz_m if isinstance(points, PointSet) else points, "a point")
    lanes = table.loss_db.shape[2]
    senders = 1 if paired else len(tx)
    shape = senders, len(xyz), lanes
    if paired and len(tx) != len(xyz):
        raise ValueError(f"{len(tx)} transmitters for {len(xyz)} points; give one for each point")
    if out is None:
        out = np.empty(shape, np.float32)
    elif out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise ValueError(f"an output buffer of {out.dtype} {out.shape}; give contiguous float32 {shape}")
    if 0 in shape:
        return out
    tile_m, grid = (
        _tiles(points) if isinstance(points, PointSet) and not paired else (np.empty((0, 9)), np.empty((0, 4)))
    )
    per_cosine = (COS_NODES - 1) / (1 - COS_MIN)
    lookup = np.array([per_cosine, COS_MIN * per_cosine])
    lane = np.zeros((len(table.blocks), LANES), np.float32)
    if lane_db is not None:
        lane.reshape(-1)[:lanes] = lane_db
    free, lossy = lane_db is not None, active
    if len(counted):
        lossy = active & table.lossy[prepared.surface]
    quads = Quads(
        prepared.facet, prepared.size, prepared.surface, active, lossy, prepared.box, prepared.span, prepared.trees
    )
    at_most = 1 + senders * len(xyz) // RAYS_OF_A_THREAD
    if len(grid):
        patches = Patches(tile_m, grid, xyz)
        for number, block in enumerate(table.blocks):
            first = number * LANES
            losses = Losses(lookup, block, ceiling, lane[number], free)
            within = (out, first, min(LANES, lanes - first))
            in_parts(
                partial(_kernels.raster, tx, patches, quads, losses, *within), len(tx) * len(grid), at_most=at_most
            )
        return out

    losses = Losses(lookup, table.blocks, ceiling, lane, free)
    taken = Taken(out, bare_db, counted)
    trace = partial(_kernels.per_ray, tx, xyz, quads, losses, taken, RAY_BLOCK, paired)
    in_parts(trace, senders * -(-len(xyz) // RAY_BLOCK), at_most=at_most)
    return out


def _aligned_zeros(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Zeros that start on a cache line, so that a row of 16 lanes is one line."""
    count = int(np.prod(shape))
    raw = np.zeros(count + LANES, np.float32)
    skip = -(raw.ctypes.data // 4) % LANES
    return raw[skip : skip + count].reshape(shape)


def _tiles(points: PointSet) -> tuple[Floats, NDArray[np.int64]]:
    """Patches cut to at most `PATCH_POINTS`: origin and steps; counts, first point and points to a row."""
    tile_m: list[Floats] = []
    grid: list[tuple[int, int, int, int]] = []
    expected = 0
    for patch in points.patches:
        origin, di, dj = (np.array(v, np.float64) for v in (patch.origin_m, patch.step_i_m, patch.step_j_m))
        ni, nj = patch.count_i, patch.count_j
        corners = [(0, 0), (ni - 1, 0), (0, nj - 1), (ni - 1, nj - 1)]
        if patch.first != expected or patch.first + ni * nj > len(points):
            raise ValueError("patches do not follow each other in their point set; keep the order they had")
        for i, j in corners:
            gap = points.xyz_m[patch.first + j * ni + i] - (origin + i * di + j * dj)
            if np.abs(gap).max() > PATCH_GAP_M:
                raise ValueError("a patch does not lie where its points are; build both from one formula")
        expected += ni * nj
        wide = min(ni, PATCH_POINTS)
        tall = max(1, PATCH_POINTS // wide)
        for j in range(0, nj, tall):
            for i in range(0, ni, wide):
                tile_m.append(np.concatenate([origin + i * di + j * dj, di, dj]))
                grid.append((min(wide, ni - i), min(tall, nj - j), patch.first + j * ni + i, ni))
    if points.patches and expected != len(points):
        raise ValueError(f"patches hold {expected} of {len(points)} points; give patches for all or none")
    return np.array(tile_m, np.float64).reshape(-1, 9), np.array(grid, np.int64).reshape(-1, 4)


def _positions(xyz_m: ArrayLike, what: str) -> Floats:
    xyz = np.ascontiguousarray(xyz_m, np.float64)
    if xyz.ndim not in (1, 2) or xyz.shape[-1] != 3:
        raise ValueError(f"{what} given as an array of shape {xyz.shape}; expected (n, 3): x, y, z in metres")
    xyz = xyz.reshape(-1, 3)
    check_finite(xyz, what)
    return xyz
