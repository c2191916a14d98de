"""How the CPU time of path gain grows, how near it is to its bound, and what detour and antenna add.

Run `python benchmarks/scaling.py`. One thread, medians of interleaved rounds, as in `pathgain.py`. These figures
stand beside the ratios there and are no gates.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numba
import numpy as np
import wing_scene as scene
from numba import njit
from pathgain import ROUNDS, Floats, interleaved

from quietwing.coverage.propagation._lanes import ROW_BYTES, add_loss
from quietwing.coverage.propagation.antennas import direction, pattern_gain_db
from quietwing.coverage.propagation.detour import detour_loss_db, detour_model, with_detour
from quietwing.coverage.propagation.detour_legs import point_legs
from quietwing.coverage.propagation.multiwall import COS_NODES, LossTable, crossing_counts, element_loss_db, prepare
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites import load_site
from quietwing.sites.trial_point_sets import map_grid

TX = 20  # of each round
RUN = 8  # receivers behind one wall in a row
ROWS = len(scene.SURFACES) * COS_NODES
SITE, GRID_M = "houseblock", 1.0  # the detour needs a whole site with rooms and doors
DETOUR_TX = 4

Runs = dict[str, tuple[Callable[[], object], int]]


def medians(runs: Runs) -> dict[str, float]:
    """Median CPU time of each call. [ms]"""
    return {name: float(np.median(values)) for name, values in interleaved(runs, ROUNDS).items()}


@njit
def _additions(sums_at: int, table_at: int, receiver: Floats, node: Floats, share: Floats) -> None:
    """Nothing but the additions: one interpolated row of 16 lanes to the sums of one receiver after the other."""
    for k in range(len(receiver)):
        add_loss(sums_at + receiver[k] * ROW_BYTES, table_at + node[k] * ROW_BYTES, share[k])


def against_the_bound(table: LossTable) -> None:
    """Print the time per transmitter, with an antenna, and of the additions, the distances and the writing alone."""
    prepared, grid, bands, tx = prepare(scene.prison(1)), scene.receivers(), scene.BANDS_MHZ, scene.transmitters(TX)
    buffer = np.empty((TX, len(grid), len(bands)), np.float32)
    nothing = LossTable(np.zeros_like(table.loss_db))
    every = np.zeros(len(scene.SURFACES), int)
    crossed = int(crossing_counts(prepared, tx, grid, every, 1).sum()) // TX
    rng = np.random.default_rng(1)
    runs, within = crossed // RUN + 1, np.arange(crossed) % RUN
    receiver = RUN * rng.integers(0, len(grid) // RUN, runs).repeat(RUN)[:crossed] + within
    node = rng.integers(0, ROWS - RUN, runs).repeat(RUN)[:crossed] + within
    sums, share = np.zeros((len(grid), 16), np.float32), rng.random(crossed, np.float32)
    rows = np.zeros((ROWS + 1, 16), np.float32)

    def additions() -> None:
        for _ in range(TX):
            _additions(sums.ctypes.data, rows.ctypes.data, receiver, node, share)

    def direct(of: LossTable) -> None:
        element_loss_db(prepared, of, tx, grid, freq_mhz=bands, out=buffer)

    def with_antenna() -> None:
        direct(table)
        for index, place in enumerate(tx):
            azimuth_deg, elevation_deg = direction(place, grid.xyz_m)
            pattern_db = pattern_gain_db("sector_65", azimuth_deg, elevation_deg, 120.0, 3.0)
            np.subtract(buffer[index], pattern_db.astype(np.float32)[:, None], out=buffer[index])

    ms = medians(
        {
            "direct": (lambda: direct(table), TX),
            "no walls": (lambda: direct(nothing), TX),
            "additions": (additions, TX),
            "antenna": (with_antenna, TX),
        }
    )
    bound = ms["additions"] + ms["no walls"]
    print(f"{crossed / len(grid):.2f} crossings a ray, slabs included")
    print(f"direct: {ms['direct']:.3f} ms a transmitter, {ms['direct'] / bound:.1f} x the bound of {bound:.3f} ms")
    print(f"  of the bound: additions {ms['additions']:.3f} ms, distances and writing {ms['no walls']:.3f} ms")
    print(f"with an antenna pattern (numpy, beside the kernel): {ms['antenna']:.3f} ms a transmitter")


def with_the_detour() -> None:
    """Print what the dominant path round takes beside the direct ray, on a whole site."""
    site = prepare_scene(load_site(SITE))
    points, bands = map_grid(site.site, GRID_M), scene.BANDS_MHZ
    rng = np.random.default_rng(1)
    tx = points.xyz_m[rng.choice(np.flatnonzero(points.room >= 0), DETOUR_TX, replace=False)] + [0.1, 0.07, 1.0]
    table, model = site.loss_table(bands), detour_model(site, bands)
    legs = point_legs(model, points)
    buffer = np.empty((DETOUR_TX, len(points), len(bands)), np.float32)

    def direct() -> Floats:
        return element_loss_db(site.prepared, table, tx, points, out=buffer)

    ms = medians(
        {
            "direct": (direct, DETOUR_TX),
            "detour": (lambda: with_detour(direct(), detour_loss_db(model, tx, legs)), DETOUR_TX),
        }
    )
    print(f"{SITE}, {len(site.prepared)} quads, {len(points)} points, {len(model.graph.portals)} portals:", end=" ")
    print(f"direct {ms['direct']:.2f} ms a transmitter, with the detour {ms['detour']:.1f} ms", end=" ")
    print(f"({ms['detour'] / ms['direct']:.0f} x)")


def exponents(table: LossTable) -> None:
    """Print how CPU time grows with transmitters, receivers, quads and wings: fits of log time on log size."""
    bands, grid, tx = scene.BANDS_MHZ, scene.receivers(), scene.transmitters(TX)
    wing = prepare(scene.prison(1))

    def fitted(what: str, cases: dict[int, tuple[object, Floats, object]]) -> None:
        buffers = {size: np.empty((len(o), len(p), len(bands)), np.float32) for size, (_, o, p) in cases.items()}

        def call(size: int, of: tuple[object, Floats, object]) -> tuple[Callable[[], object], int]:
            return lambda: element_loss_db(of[0], table, of[1], of[2], freq_mhz=bands, out=buffers[size]), 1

        ms = medians({str(size): call(size, of) for size, of in cases.items()})
        slope = np.polyfit(np.log([int(size) for size in ms]), np.log(list(ms.values())), 1)[0]
        print(f"exponent of {what}: {slope:.2f}  (" + ", ".join(f"{n}: {t:.1f} ms" for n, t in ms.items()) + ")")

    fitted("transmitters", {n: (wing, scene.transmitters(n), grid) for n in (10, 40, 160)})
    fitted("points", {len(p): (wing, tx, p) for p in map(scene.receivers, (1.0, 0.5, 0.25))})
    drawn = [scene.as_facets(*scene.wing_quads(detail=each)) for each in ("walls", "cells", "doors", "panes")]
    fitted("quads, the same walls drawn finer", {len(each): (prepare(each), tx, grid) for each in drawn})
    wings = {n: (prepare(scene.prison(n)), tx[:4], scene.receivers(wings=n)) for n in (1, 3, 10)}
    fitted("wings (quads and points both, rays cross more)", wings)


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # read when numpy is loaded, so start afresh
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}))
    numba.set_num_threads(1)
    losses = scene.loss_table()
    against_the_bound(losses)
    with_the_detour()
    exponents(losses)
