"""How fast the multi-wall kernels are on the invented wing, against plain numpy in the same process.

Run `python benchmarks/pathgain.py`. Times are CPU time per transmitter, medians of interleaved rounds:
wall-clock on shared cores swings by a factor of three, ratios of CPU times do not. Both sides run on one
thread: the waiting threads of OpenBLAS would otherwise double numpy's time and heat the core under ours.
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
    LossTable,
    crossing_counts,
    element_loss_db,
    prepare,
)
from quietwing.sites.facets import Facets

ROUNDS = 5
CHUNK = 4096
RASTER_TX, RAY_TX, NUMPY_TX = 50, 10, 1  # so many that each round takes some tenths of a second

Floats = np.ndarray


def numpy_form(facets: Facets) -> tuple[Floats, ...]:
    """Unit normal and offset of each quad, and the two coordinates that are 0-1 inside it."""
    origin = facets.corner_m[:, 0]
    e1, e2 = facets.corner_m[:, 1] - origin, facets.corner_m[:, 3] - origin
    normal = np.cross(e1, e2)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    u, v = e1 / (e1**2).sum(axis=1, keepdims=True), e2 / (e2**2).sum(axis=1, keepdims=True)
    return normal, (normal * origin).sum(axis=1), u, -(u * origin).sum(axis=1), v, -(v * origin).sum(axis=1)


def numpy_loss_db(
    form: tuple[Floats, ...], surface: Floats, table: Floats, o: Floats, points: Floats
) -> tuple[Floats, Floats]:
    """Free space plus all quads on each ray, and the number of quads: float64, all quads against all rays."""
    normal, offset, u, u0, v, v0 = form
    total, crossed = np.empty((len(points), len(scene.BANDS_MHZ))), np.empty(len(points), int)
    lane_db = 20 * np.log10(4 * np.pi * scene.BANDS_MHZ * 1e6 / scipy.constants.c)
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
        at = np.maximum((cosine - COS_MIN) * ((COS_NODES - 1) / (1 - COS_MIN)), 0)
        node = np.minimum(at.astype(int), COS_NODES - 2)
        low = table[surface[quad], node]
        loss = low + (at - node)[:, None] * (table[surface[quad], node + 1] - low)
        free_space = 20 * np.log10(distance)[:, None] + lane_db
        for band in range(len(lane_db)):
            summed = np.bincount(ray, loss[:, band], len(d))
            total[k : k + CHUNK, band] = free_space[:, band] + summed
        crossed[k : k + CHUNK] = np.bincount(ray, minlength=len(d))
    return total, crossed


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


def main() -> None:
    """Print the figures."""
    facets = scene.as_facets(*scene.wing_quads())
    prepared, table, grid = prepare(facets), scene.loss_table(), scene.receivers()
    tx, bands = scene.transmitters(RASTER_TX), scene.BANDS_MHZ
    form, table64 = numpy_form(facets), table.loss_db.astype(float)
    buffer = np.empty((RASTER_TX, len(grid), len(bands)), np.float32)
    print(f"{len(facets)} quads, {len(grid)} receivers, {len(bands)} bands")

    no_slab = prepare(scene.as_facets(*scene.wing_quads(), slabs=()))  # numpy has no floor cap
    ours = element_loss_db(no_slab, table, tx[:2], grid, freq_mhz=bands)
    counts = crossing_counts(no_slab, tx[:2], grid, np.zeros(len(scene.SURFACES), int), 1)
    theirs = [numpy_loss_db(form, facets.surface, table64, o, grid.xyz_m) for o in tx[:2]]
    gap = np.abs(ours - np.array([loss for loss, _ in theirs]))
    same = all((counts[t, :, 0] == crossed).all() for t, (_, crossed) in enumerate(theirs))
    print(f"agreement with numpy: crossings {'equal' if same else 'DIFFER'}, ", end="")
    print(f"p99.9 {np.quantile(gap, 0.999):.1e} dB, most {gap.max():.1e} dB; {counts.mean():.2f} crossings a ray")

    def raster(form_of_points: object = grid, count: int = RASTER_TX) -> None:
        element_loss_db(prepared, table, tx[:count], form_of_points, freq_mhz=bands, out=buffer[:count])

    times = interleaved(
        {
            "raster": (raster, RASTER_TX),
            "per ray": (lambda: raster(grid.xyz_m, RAY_TX), RAY_TX),
            "one tx": (lambda: raster(grid, 1), 1),
            "numpy": (lambda: numpy_loss_db(form, facets.surface, table64, tx[0], grid.xyz_m), NUMPY_TX),
        }
    )
    median = {name: float(np.median(values)) for name, values in times.items()}
    for name, values in times.items():
        ratios = [reference / value for reference, value in zip(times["numpy"], values, strict=True)]
        print(f"{name:>8}: {median[name]:9.3f} ms a transmitter (min {min(values):.3f})", end="")
        print(f" = {median[name] * 1e6 / len(grid):8.0f} ns a ray, {np.median(ratios):6.0f} x numpy", end="")
        print(f" (least {min(ratios):.0f})")

    exponents(tx[:20], table)
    first_call()


def exponents(tx: Floats, table: LossTable) -> None:
    """Print how CPU time grows with transmitters, receivers and wings."""
    prepared, bands = prepare(scene.prison(1)), scene.BANDS_MHZ

    def runs(cases: dict[float, tuple[object, Floats, object]]) -> dict[float, float]:
        buffers = {size: np.empty((len(o), len(p), 10), np.float32) for size, (_, o, p) in cases.items()}
        calls = {
            str(size): (
                (lambda s=size, c=case: element_loss_db(c[0], table, c[1], c[2], freq_mhz=bands, out=buffers[s])),
                1,
            )
            for size, case in cases.items()
        }
        return {float(name): float(np.median(values)) for name, values in interleaved(calls).items()}

    def show(what: str, times: dict[float, float]) -> None:
        sizes, cpu = np.log(list(times)), np.log(list(times.values()))
        print(f"exponent of {what}: {(cpu[-1] - cpu[0]) / (sizes[-1] - sizes[0]):.2f}", end="  (")
        print(", ".join(f"{size:g}: {ms:.2f} ms" for size, ms in times.items()), end=")\n")

    grid = scene.receivers()
    show("transmitters", runs({n: (prepared, scene.transmitters(n), grid) for n in (10, 40, 160)}))
    show("receivers", runs({len(p): (prepared, tx, p) for p in map(scene.receivers, (1.0, 0.5, 0.25))}))
    wings = {n: (prepare(scene.prison(n)), tx[:4], scene.receivers(wings=n)) for n in (1, 3, 10)}
    show("wings (quads and receivers both)", runs(wings))


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
