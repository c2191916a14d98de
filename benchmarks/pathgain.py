"""How fast the multi-wall kernels are on the invented wing, against plain numpy and Open3D in the same process.

Run `python benchmarks/pathgain.py`. Open3D is compared where it is installed (`pip install open3d`; the program does
not need it). Times are CPU time per transmitter, medians of interleaved rounds: wall-clock on shared cores swings by
a factor of three, ratios of CPU times do not. All run on one thread: the waiting threads of OpenBLAS would otherwise
double numpy's time and heat the core under ours. How the time grows is in `scaling.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numba
import numpy as np
import scipy.constants
import wing_scene as scene

from quietwing.coverage.propagation.multiwall import (
    COS_MIN,
    COS_NODES,
    crossing_counts,
    element_loss_db,
    prepare,
)
from quietwing.sites.facet_arrays import Facets

ROUNDS = 5
CHUNK = 4096
RASTER_TX, RAY_TX, OPEN3D_TX, NUMPY_TX = 50, 10, 4, 1  # so many that each round takes some tenths of a second

Floats = np.ndarray


def numpy_form(facets: Facets) -> tuple[Floats, ...]:
    """Unit normal and offset of each quad, and the two coordinates that are 0-1 inside it."""
    origin = facets.corner_m[:, 0]
    e1, e2 = facets.corner_m[:, 1] - origin, facets.corner_m[:, 3] - origin
    normal = np.cross(e1, e2)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    u, v = e1 / (e1**2).sum(axis=1, keepdims=True), e2 / (e2**2).sum(axis=1, keepdims=True)
    return normal, (normal * origin).sum(axis=1), u, -(u * origin).sum(axis=1), v, -(v * origin).sum(axis=1)


def summed_db(surface: Floats, table: Floats, ray: Floats, cosine: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Free space plus the loss of each crossing of a surface by a ray, and the number of crossings of each ray."""
    lane_db = 20 * np.log10(4 * np.pi * scene.BANDS_MHZ * 1e6 / scipy.constants.c)
    at = np.maximum((cosine - COS_MIN) * ((COS_NODES - 1) / (1 - COS_MIN)), 0)
    node = np.minimum(at.astype(int), COS_NODES - 2)
    low = table[surface, node]
    loss = low + (at - node)[:, None] * (table[surface, node + 1] - low)
    total = 20 * np.log10(distance)[:, None] + lane_db
    for band in range(len(lane_db)):
        total[:, band] += np.bincount(ray, loss[:, band], len(distance))
    return total, np.bincount(ray, minlength=len(distance))


def numpy_loss_db(
    form: tuple[Floats, ...], surface: Floats, table: Floats, o: Floats, points: Floats
) -> tuple[Floats, Floats]:
    """Free space plus all quads on each ray, and the number of quads: float64, all quads against all rays."""
    normal, offset, u, u0, v, v0 = form
    total, crossed = np.empty((len(points), len(scene.BANDS_MHZ))), np.empty(len(points), int)
    so, uo, vo = offset - normal @ o, u @ o + u0, v @ o + v0
    for k in range(0, len(points), CHUNK):
        d = points[k : k + CHUNK] - o
        distance = np.sqrt((d * d).sum(axis=1))
        across = d @ normal.T
        with np.errstate(divide="ignore", invalid="ignore"):
            t = so / across
            a, b = uo + t * (d @ u.T), vo + t * (d @ v.T)
        hit = (t > 0) & (t < 1) & (a >= 0) & (a <= 1) & (b >= 0) & (b <= 1)
        ray, quad = np.nonzero(hit)
        cosine = np.abs(across[ray, quad]) / distance[ray]
        part = slice(k, k + CHUNK)
        total[part], crossed[part] = summed_db(surface[quad], table, ray, cosine, distance)
    return total, crossed


def open3d_loss_db(facets: Facets, table: Floats) -> Callable[[Floats, Floats], tuple[Floats, Floats]] | None:
    """The same by Embree in Open3D, all hits listed and summed in numpy; None, and a line, without Open3D.

    Each quad is two triangles. Its rays run on behind the receiver; what they hit there is left out of the sums.
    """
    try:
        import open3d
    except ImportError as error:
        print(f"no comparison with Open3D: {error}")
        return None
    triangles = (4 * np.arange(len(facets))[:, None] + np.array([0, 1, 2, 0, 2, 3])).reshape(-1, 3)
    caster = open3d.t.geometry.RaycastingScene(nthreads=1)
    caster.add_triangles(
        open3d.core.Tensor(facets.corner_m.reshape(-1, 3).astype(np.float32)),
        open3d.core.Tensor(triangles.astype(np.uint32)),
    )
    normal = numpy_form(facets)[0]

    def loss_db(o: Floats, points: Floats) -> tuple[Floats, Floats]:
        d = points - o
        distance = np.sqrt((d * d).sum(axis=1))
        rays = np.concatenate([np.broadcast_to(o, d.shape), d], axis=1).astype(np.float32)
        listed = caster.list_intersections(open3d.core.Tensor(rays), nthreads=1)
        before = listed["t_hit"].numpy() < 1
        ray = listed["ray_ids"].numpy()[before].astype(np.int64)
        quad = listed["primitive_ids"].numpy()[before].astype(np.int64) // 2
        cosine = np.abs((d[ray] * normal[quad]).sum(axis=1)) / distance[ray]
        return summed_db(facets.surface[quad], table, ray, cosine, distance)

    return loss_db


def cpu_ms(run: Callable[[], object], per: int) -> float:
    """CPU time of one call, all threads, shared out over `per`. [ms]"""
    start = time.process_time()
    run()
    return (time.process_time() - start) * 1e3 / per


def interleaved(runs: dict[str, tuple[Callable[[], object], int]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """CPU times of several calls, in turns, after one call each to warm up."""
    for run, _ in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (run, per) in runs.items():
            times[name].append(cpu_ms(run, per))
    return times


def agreement(name: str, ours: Floats, counts: Floats, theirs: list[tuple[Floats, Floats]]) -> None:
    """Print how far losses and crossings of another road are from the kernel's."""
    gap = np.abs(ours - np.array([loss for loss, _ in theirs]))
    differ = sum(int((counts[t, :, 0] != crossed).sum()) for t, (_, crossed) in enumerate(theirs))
    same = "equal" if not differ else f"of {differ} rays in {counts[..., 0].size} DIFFER"
    print(f"agreement with {name}: crossings {same}, p99.9 {np.quantile(gap, 0.999):.1e} dB, most {gap.max():.1e} dB")


def main() -> None:
    """Print the figures."""
    facets = scene.as_facets(*scene.wing_quads())
    prepared, table, grid = prepare(facets), scene.loss_table(), scene.receivers()
    tx, bands = scene.transmitters(RASTER_TX), scene.BANDS_MHZ
    form, table64 = numpy_form(facets), table.loss_db.astype(float)
    buffer = np.empty((RASTER_TX, len(grid), len(bands)), np.float32)
    embree = open3d_loss_db(facets, table64)
    print(f"{len(facets)} quads, {len(grid)} receivers, {len(bands)} bands")

    no_slab = prepare(scene.as_facets(*scene.wing_quads(), slabs=()))  # numpy has no floor cap
    ours = element_loss_db(no_slab, table, tx[:2], grid, freq_mhz=bands)
    counts = crossing_counts(no_slab, tx[:2], grid, np.zeros(len(scene.SURFACES), int), 1)
    print(f"{counts.mean():.2f} crossings a ray")
    plain = [numpy_loss_db(form, facets.surface, table64, o, grid.xyz_m) for o in tx[:2]]
    agreement("numpy", ours, counts, plain)
    if embree is not None:
        agreement("Open3D", ours, counts, [embree(o, grid.xyz_m) for o in tx[:2]])

    def raster(form_of_points: object = grid, count: int = RASTER_TX) -> None:
        element_loss_db(prepared, table, tx[:count], form_of_points, freq_mhz=bands, out=buffer[:count])

    runs: dict[str, tuple[Callable[[], object], int]] = {
        "raster": (raster, RASTER_TX),
        "per ray": (lambda: raster(grid.xyz_m, RAY_TX), RAY_TX),
        "one tx": (lambda: [raster(grid, 1) for _ in range(RAY_TX)], RAY_TX),
        "numpy": (lambda: numpy_loss_db(form, facets.surface, table64, tx[0], grid.xyz_m), NUMPY_TX),
    }
    if embree is not None:
        runs["Open3D"] = (lambda: [embree(o, grid.xyz_m) for o in tx[:OPEN3D_TX]], OPEN3D_TX)
    times = interleaved(runs)
    for name, values in times.items():
        ms = float(np.median(values))
        print(f"{name:>8}: {ms:9.3f} ms a transmitter (min {min(values):.3f})", end="")
        print(f" = {ms * 1e6 / len(grid):8.0f} ns a ray", end="")
        for other in ("numpy", "Open3D"):
            if other in times and name not in ("numpy", "Open3D"):
                ratios = [reference / value for reference, value in zip(times[other], values, strict=True)]
                print(f", {np.median(ratios):6.1f} x {other} (least {min(ratios):.1f})", end="")
        print()
    first_call()


def first_call() -> None:
    """Print how long the first call takes in a new process, without and with compiled code on disk."""
    code = (
        "import time; s = time.process_time(); import numpy as np, wing_scene as w\n"
        "from quietwing.coverage.propagation.multiwall import element_loss_db, prepare\n"
        "p = prepare(w.as_facets(*w.wing_quads())); i = time.process_time()\n"
        "for points in (w.receivers(), w.receivers(wings=1).xyz_m):\n"
        "    element_loss_db(p, w.loss_table(), w.transmitters(1), points, freq_mhz=w.BANDS_MHZ)\n"
        "print(f'{i - s:.2f} s import and scene, {time.process_time() - i:.2f} s first calls')"
    )
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as cache:
        for what in ("no cache", "with cache"):
            environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
            shown = subprocess.run(
                [sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, text=True, check=True
            )
            print(f"{what}: {shown.stdout.strip()} (CPU; raster and per ray)")


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # read when numpy is loaded, so start afresh
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}))
    numba.set_num_threads(1)
    main()
