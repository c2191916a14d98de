"""The multi-wall sum in plain float64 numpy, ray by ray over all quads: what the kernels must reproduce.

Written from the rules in `multiwall`'s docstring and from `Facets` alone; shares no code with the kernels.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quietwing.sites.facet_arrays import Facets
from quietwing.sites.points import Patch, scattered

DEGENERATE_M2 = 1e-12
BOX_MARGIN = 1e-9


def facets_of(corner_m, surface=None, is_slab=None, building=None, surfaces=None, line_m=None):
    """Quads (n, 4, 3) as `Facets`; supporting lines are the ordered corner pairs unless given."""
    corner_m = np.asarray(corner_m, float).reshape(-1, 4, 3)
    n = len(corner_m)
    ring = np.stack([corner_m, np.roll(corner_m, -1, axis=1)], axis=2) if line_m is None else line_m
    ordered = [sorted(map(tuple, pair)) for quad in ring.tolist() for pair in quad]
    surface = np.zeros(n, np.int32) if surface is None else np.asarray(surface, np.int32)
    return Facets(
        corner_m=corner_m,
        edge_m=np.array(ordered, float).reshape(n, 4, 2, 3),
        surface=surface,
        is_slab=np.zeros(n, bool) if is_slab is None else np.asarray(is_slab, bool),
        building=np.zeros(n, np.int32) if building is None else np.asarray(building, np.int32),
        feature=np.arange(n, dtype=np.int32),
        surfaces=tuple((f"s{k}",) for k in range(int(surface.max(initial=0)) + 1 if surfaces is None else surfaces)),
        feature_ids=tuple(f"f{k}" for k in range(n)),
    )


def patch_points(*patches):
    """A `PointSet` of patches given as (origin, step_i, step_j, count_i, count_j)."""
    made, xyz, first = [], [], 0
    for origin, step_i, step_j, count_i, count_j in patches:
        o, di, dj = (np.array(v, float) for v in (origin, step_i, step_j))
        i, j = np.arange(count_i)[None, :, None], np.arange(count_j)[:, None, None]
        xyz.append((o + i * di + j * dj).reshape(-1, 3))
        made.append(Patch(tuple(o), tuple(di), tuple(dj), count_i, count_j, first))
        first += count_i * count_j
    return replace(scattered(np.concatenate(xyz), "grid"), patches=tuple(made))


def cross(a, b):
    """Vector products of (3,) or (n, 3): those of `numpy.cross`, which takes four to eight times as long."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]).T


def plane(edges):
    """Normal (unnormalised, first non-zero component positive) and offset from the supporting lines."""
    along = edges[:, 1] - edges[:, 0]
    crosses = np.array([cross(along[k], along[(k + 1) % 4]) for k in range(4)])
    sizes = np.linalg.norm(crosses, axis=1)
    k = next(k for k in range(4) if sizes[k] > sizes.max() / 4)
    normal, point = crosses[k], edges[k, 0]
    if next(c for c in normal if c != 0) < 0:
        normal = -normal
    return normal, normal[0] * point[0] + normal[1] * point[1] + normal[2] * point[2]


def side(normal, offset, p):
    """Signed distance times the normal's length of points (..., 3)."""
    return normal[0] * p[..., 0] + normal[1] * p[..., 1] + normal[2] * p[..., 2] - offset


def area_m2(corners):
    return np.linalg.norm(cross(corners[2] - corners[0], corners[3] - corners[1])) / 2


def meets_box(corners, margin_m, o, d):
    """Whether the segments o, o + d (n, 3) meet the box around a quad."""
    inverse = np.where(np.abs(d) > 1e-30, 1 / np.where(d == 0, 1, d), 1e30)
    near, far = ((bound - o) * inverse for bound in (corners.min(axis=0) - margin_m, corners.max(axis=0) + margin_m))
    enter, leave = np.minimum(near, far).max(axis=1), np.maximum(near, far).min(axis=1)
    return np.maximum(enter, 0) <= np.minimum(leave, 1)


def crossed(facets, w, o, r):
    """Whether each ray from o (3,) to r (n, 3) crosses quad w, and the cosine of incidence."""
    none = np.zeros(len(r), bool), np.ones(len(r))
    corners, edges = facets.corner_m[w], facets.edge_m[w]
    if area_m2(corners) <= DEGENERATE_M2:
        return none
    normal, offset = plane(edges)
    so, sr = side(normal, offset, o), side(normal, offset, r)
    hit = (so >= 0) != (sr >= 0)
    d = r - o
    m = np.stack(
        [
            o[1] * r[:, 2] - o[2] * r[:, 1],
            o[2] * r[:, 0] - o[0] * r[:, 2],
            o[0] * r[:, 1] - o[1] * r[:, 0],
        ],
        axis=1,
    )
    centre = corners.mean(axis=0)
    for a, b in edges:
        if (a == b).all():
            continue  # the repeated corner of a triangle
        u, n = b - a, cross(a, b)
        v = u[0] * m[:, 0] + u[1] * m[:, 1] + u[2] * m[:, 2] + n[0] * d[:, 0] + n[1] * d[:, 1] + n[2] * d[:, 2]
        along_normal = cross(a - centre, b - centre) @ normal > 0
        seen_left = along_normal if so < 0 else not along_normal  # as seen flying from o to r
        moved = cross(d, u)  # change of v as the ray moves along x, y, z
        for axis in range(3):
            v = np.where(v == 0, moved[:, axis], v)
        hit &= (v > 0) == seen_left
    hit &= meets_box(corners, BOX_MARGIN * (1 + np.abs(facets.corner_m).max()), o, d)
    length = np.linalg.norm(d, axis=1)
    cosine = np.abs(d @ normal) / np.where(length > 0, length, 1) / np.linalg.norm(normal)
    return hit, cosine


def crossing_counts(facets, tx, r, group, n_groups):
    """Counts (tx, point, group)."""
    counts = np.zeros((len(tx), len(r), n_groups), int)
    for t, o in enumerate(tx):
        for w in range(len(facets)):
            if group[facets.surface[w]] >= 0:
                counts[t, :, group[facets.surface[w]]] += crossed(facets, w, o, r)[0]
    return counts


def interpolated(nodes, rows, cosine):
    """Loss (n, lane) between the two nearest of the uniform nodes, clamped at the ends."""
    at = np.clip((cosine - nodes[0]) / (nodes[1] - nodes[0]), 0, len(nodes) - 1)
    k = np.minimum(at.astype(int), len(nodes) - 2)
    share = (at - k)[:, None]
    return rows[k] * (1 - share) + rows[k + 1] * share


def element_loss_db(facets, nodes, loss_db, tx, r, freq_mhz=None, skip_building=-2):
    """Loss (tx, point, lane) with the floor cap, float64."""
    loss_db = loss_db.astype(float)
    total = np.zeros((len(tx), len(r), loss_db.shape[2]))
    for t, o in enumerate(tx):
        walls, slabs, dearest = (np.zeros(total.shape[1:]) for _ in range(3))
        n = np.zeros(len(r))
        for w in range(len(facets)):
            rows = loss_db[facets.surface[w]]
            if facets.building[w] == skip_building or not rows.any():
                continue
            hit, cosine = crossed(facets, w, o, r)
            loss = np.where(hit[:, None], interpolated(nodes, rows, cosine), 0)
            if facets.is_slab[w]:
                slabs += loss
                dearest = np.maximum(dearest, loss)
                n += hit
            else:
                walls += loss
        ceiling = 18.3 * n ** ((n + 2) / (n + 1) - 0.46)
        capped = np.minimum(slabs, np.maximum(ceiling[:, None], dearest))
        total[t] = walls + np.where(n[:, None] >= 2, capped, slabs)
        if freq_mhz is not None:
            distance = np.maximum(np.linalg.norm(r - o, axis=1), 0.1)
            total[t] += 20 * np.log10(4 * np.pi * distance[:, None] * np.array(freq_mhz) * 1e6 / 299_792_458)
    return total


def clearance_m(facets, o, r):
    """Shortest distance of each ray from o to r (n, 3) to a supporting line, and of its ends to a plane."""
    nearest = np.full(len(r), np.inf)
    d = r - o
    for w in range(len(facets)):
        normal, offset = plane(facets.edge_m[w])
        for p in (o, r):
            nearest = np.minimum(nearest, np.abs(side(normal, offset, p)) / np.linalg.norm(normal))
        for a, b in facets.edge_m[w]:
            common = cross(d, b - a)
            length = np.maximum(np.linalg.norm(common, axis=1), 1e-300)
            nearest = np.minimum(nearest, np.abs((common * (a - o)).sum(axis=1)) / length)
    return nearest


def random_quads(rng, count, size_m=10.0, whole_metres=False, decimals=None):
    """Plane parallelograms and trapezoids in a cube; on a grid many rays meet edges and corners exactly."""
    at, u, v = (rng.uniform(low, size_m, (count, 3)) for low in (0, -size_m, -size_m))
    u, v = u / 2, v / 2
    if whole_metres or decimals is not None:
        at, u, v = (np.round(each, decimals or 0) for each in (at, u, v))
    if whole_metres:
        flat = rng.integers(0, 3, count)
        u[np.arange(count), flat] = v[np.arange(count), flat] = 0  # upright and level quads
    share = np.where(rng.random(count) < 0.3, 2.0, 1.0)[:, None]
    return np.stack([at, at + share * u, at + u + v, at + v], axis=1)
