"""An invented four-storey prison wing of 2 530 quads, its materials, receivers and transmitters.

90 x 18 m, four storeys of 3 m. Along y: cells (0-4), gallery (4-6), atrium open to the roof (6-12), gallery
(12-14), cells (14-18); 30 cells of 2 x 4 m on each side of each storey between x 15 and 75, service rooms at
both ends. Every cell has a door of 0.8 x 2 m and a window of 1 x 1 m, each a quad in a hole of its wall.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import scipy.constants
from numpy.typing import NDArray

from quietwing.coverage.propagation.multiwall import LossTable, cos_nodes
from quietwing.sites.facet_arrays import Facets
from quietwing.sites.points import Patch, PointSet

Floats = NDArray[np.float64]

STOREYS, STOREY_M = 4, 3.0
BANDS_MHZ = np.array([763.0, 806, 947, 1474, 1842, 2140, 2355, 2442, 2655, 3500])
RECEIVER_STEP_M, RECEIVER_HEIGHT_M = 0.5, 1.37

# Rec. ITU-R P.2040-3, Table 3: a, b, c, d; single layers, thickness in metres assumed.
SURFACES = {
    "concrete_slab": ((5.24, 0.0, 0.0462, 0.7822), 0.20),
    "brick_outside": ((3.91, 0.0, 0.0238, 0.16), 0.30),
    "brick_inside": ((3.91, 0.0, 0.0238, 0.16), 0.15),
    "wood_door": ((1.99, 0.0, 0.0047, 1.0718), 0.05),
    "glass_window": ((6.31, 0.0, 0.0036, 1.3394), 0.012),
    "concrete_roof": ((5.24, 0.0, 0.0462, 0.7822), 0.10),
}
SLAB, OUTSIDE, INSIDE, DOOR, WINDOW, ROOF = range(6)


class _Scene:
    """Collects quads."""

    def __init__(self) -> None:
        self.quads: list[list[tuple[float, float, float]]] = []
        self.surface: list[int] = []

    def wall(self, start: tuple[float, float], end: tuple[float, float], z0: float, z1: float, of: int) -> None:
        (x0, y0), (x1, y1) = start, end
        self.quads.append([(x0, y0, z0), (x1, y1, z0), (x1, y1, z1), (x0, y0, z1)])
        self.surface.append(of)

    def floor(self, x0: float, x1: float, y0: float, y1: float, z: float, of: int = SLAB) -> None:
        self.quads.append([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)])
        self.surface.append(of)

    def pierced(
        self, x: tuple[float, float], y: float, z: tuple[float, float], hole: tuple[float, float, float, float],
        of: int, filling: int, panes: tuple[int, int] = (1, 1),
    ) -> None:  # fmt: skip
        """A wall along x with one filled hole: left, right, sill, lintel, filling in so many panes."""
        u0, u1, v0, v1 = hole
        self.wall((x[0], y), (u0, y), *z, of)
        self.wall((u1, y), (x[1], y), *z, of)
        if v0 > z[0]:
            self.wall((u0, y), (u1, y), z[0], v0, of)
        self.wall((u0, y), (u1, y), v1, z[1], of)
        across, up = np.linspace(u0, u1, panes[0] + 1), np.linspace(v0, v1, panes[1] + 1)
        for (ua, ub), (va, vb) in itertools.product(itertools.pairwise(across), itertools.pairwise(up)):
            self.wall((ua, y), (ub, y), va, vb, filling)


def _storeys() -> Iterator[tuple[float, float]]:
    for storey in range(STOREYS):
        yield storey * STOREY_M, (storey + 1) * STOREY_M


def wing_quads(offset_y_m: float = 0.0, detail: str = "doors") -> tuple[Floats, NDArray[np.int32]]:
    """Corners (quad, 4, 3) in metres and surface (quad,) of one wing.

    `detail` draws the same walls of the cells coarser or finer: ``walls`` in one piece (386 quads), ``cells`` cell by
    cell (1 090), ``doors`` with doors and windows (2 530), ``panes`` with six panes in each (4 930).
    """
    scene = _Scene()
    panes = (2, 3) if detail == "panes" else (1, 1)
    for z0, z1 in _storeys():
        for front_y, rear_y in ((4.0, 0.0), (14.0, 18.0)):
            for x in np.arange(15.0, 76.0, 2.0):
                scene.wall((x, min(front_y, rear_y)), (x, max(front_y, rear_y)), z0, z1, INSIDE)
            if detail == "walls":
                scene.wall((15, front_y), (75, front_y), z0, z1, INSIDE)
                scene.wall((15, rear_y), (75, rear_y), z0, z1, OUTSIDE)
            for x in np.arange(15.0, 75.0, 2.0) if detail != "walls" else ():
                if detail == "cells":
                    scene.wall((x, front_y), (x + 1.1, front_y), z0, z1, INSIDE)
                    scene.wall((x + 1.1, front_y), (x + 2, front_y), z0, z1, DOOR)
                    scene.wall((x, rear_y), (x + 2, rear_y), z0, z1, OUTSIDE)
                    continue
                door = (x + 0.6, x + 1.4, z0, z0 + 2.0)
                scene.pierced((x, x + 2), front_y, (z0, z1), door, INSIDE, DOOR, panes)
                window = (x + 0.5, x + 1.5, z0 + 1.2, z0 + 2.2)
                scene.pierced((x, x + 2), rear_y, (z0, z1), window, OUTSIDE, WINDOW, panes)
            scene.floor(15, 75, min(front_y, rear_y), max(front_y, rear_y), z0)
        scene.floor(15, 75, 4, 6, z0)
        scene.floor(15, 75, 12, 14, z0)
        if z0 == 0:
            scene.floor(15, 75, 6, 12, z0)
        for xa, xb, gable, inner in ((0.0, 15.0, 0.0, 15.0), (75.0, 90.0, 90.0, 75.0)):
            scene.floor(xa, xb, 0, 18, z0)
            scene.wall((gable, 0), (gable, 18), z0, z1, OUTSIDE)
            for y, of in ((0.0, OUTSIDE), (18.0, OUTSIDE), (6.0, INSIDE), (12.0, INSIDE)):
                scene.wall((xa, y), (xb, y), z0, z1, of)
            for x, (y0, y1) in itertools.product((xa + 5, xa + 10), ((0, 6), (12, 18))):
                scene.wall((x, y0), (x, y1), z0, z1, INSIDE)
            for (y0, y1), of in (((4, 8), INSIDE), ((10, 14), INSIDE), ((8, 10), DOOR)):
                scene.wall((inner, y0), (inner, y1), z0, z1, of)
    scene.floor(0, 90, 0, 18, STOREYS * STOREY_M, ROOF)
    quads = np.array(scene.quads)
    quads[..., 1] += offset_y_m
    return quads, np.array(scene.surface, np.int32)


def as_facets(
    quads: Floats,
    surface: NDArray[np.int32],
    building: NDArray[np.int32] | None = None,
    slabs: tuple[int, ...] = (SLAB, ROOF),
) -> Facets:
    """Quads as `Facets`: supporting lines are the ordered corner pairs."""
    ring = np.stack([quads, np.roll(quads, -1, axis=1)], axis=2)
    flat = ring.reshape(-1, 2, 3)
    swap = [tuple(a) > tuple(b) for a, b in flat.tolist()]
    flat[swap] = flat[swap][:, ::-1]
    zeros = np.zeros(len(quads), np.int32)
    return Facets(
        corner_m=quads,
        edge_m=flat.reshape(-1, 4, 2, 3),
        surface=surface,
        is_slab=np.isin(surface, slabs),
        building=zeros if building is None else building,
        feature=zeros,
        surfaces=tuple((name,) for name in SURFACES),
        feature_ids=("wing",),
    )


def prison(wings: int) -> Facets:
    """Copies of the wing every 40 m along y."""
    parts = [wing_quads(40.0 * k) for k in range(wings)]
    building = np.repeat(np.arange(wings, dtype=np.int32), len(parts[0][0]))
    return as_facets(np.concatenate([q for q, _ in parts]), np.concatenate([s for _, s in parts]), building)


def slab_loss_db(name: str, cosine: Floats, freq_mhz: Floats) -> Floats:
    """Loss of one P.2040 layer, mean power of TE and TM, shape (cosine, frequency). [dB]"""
    (a, b, c, d), thickness_m = SURFACES[name]
    freq_ghz = freq_mhz / 1000
    eta = a * freq_ghz**b - 1j * 17.98 * c * freq_ghz**d / freq_ghz
    cosine = cosine[:, None]
    root = np.sqrt(eta - (1 - cosine**2))
    phase = 2 * np.pi * thickness_m * freq_mhz * 1e6 / scipy.constants.c * root
    power = 0.0
    for reflected in ((cosine - root) / (cosine + root), (eta * cosine - root) / (eta * cosine + root)):
        passed = (1 - reflected**2) * np.exp(-1j * phase) / (1 - reflected**2 * np.exp(-2j * phase))
        power = power + np.abs(passed) ** 2 / 2
    return -10 * np.log10(power)


def loss_table() -> LossTable:
    """Losses of the six surfaces in the ten bands."""
    rows = [slab_loss_db(name, cos_nodes(), BANDS_MHZ) for name in SURFACES]
    return LossTable(np.array(rows, np.float32))


def receivers(step_m: float = RECEIVER_STEP_M, wings: int = 1) -> PointSet:
    """A grid on every storey, 25 920 points at 0.5 m, moved a little off all wall planes."""
    count_i, count_j = round(90 / step_m), round(18 / step_m)
    patches, xyz = [], []
    for wing, storey in itertools.product(range(wings), range(STOREYS)):
        origin = np.array(
            [step_m / 2 + 0.013, step_m / 2 + 0.011 + 40.0 * wing, storey * STOREY_M + RECEIVER_HEIGHT_M]
        )
        di, dj = np.array([step_m, 0, 0]), np.array([0, step_m, 0])
        i, j = np.arange(count_i)[None, :, None], np.arange(count_j)[:, None, None]
        xyz.append((origin + i * di + j * dj).reshape(-1, 3))
        first = len(patches) * count_i * count_j
        patches.append(Patch(tuple(origin), tuple(di), tuple(dj), count_i, count_j, first))
    xyz_m = np.concatenate(xyz)
    none = np.full(len(xyz_m), -1, np.int32)
    return PointSet(xyz_m, none, none, none, ("grid",) * len(xyz_m), tuple(patches))


def transmitters(count: int, seed: int = 1) -> Floats:
    """Places under the ceilings of the wing."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0.1, 89.9, count), rng.uniform(0.1, 17.9, count)
    z = rng.integers(0, STOREYS, count) * STOREY_M + rng.uniform(2.2, 2.8, count)
    return np.stack([x, y, z], axis=1)
