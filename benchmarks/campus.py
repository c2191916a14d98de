"""What path gain over the whole campus costs: its masts and 1,000 places for devices over 300,000 points, all bands.

Run `python benchmarks/campus.py`. By `path_gain`, one transmitter at a time: of what comes out only the
strongest gain at each point and band is kept. CPU time counts all threads; memory is the peak of the whole process.
"""

from __future__ import annotations

import resource
import time

import numpy as np

from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites import load_site
from quietwing.sites.trial_point_sets import map_grid

GIB = 2**20  # of the kibibytes that getrusage counts in
POINTS, CANDIDATES = 300_000, 1_000
GRID_M = 0.437  # of the map: the widest spacing that gives so many points
UNDER_CEILING_M = 1.1  # above the points of the map, which are 1.5 m above the floor
AIM_GIB = 2.0


def peak_gib() -> float:
    """Most memory the process has held. [GiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def main() -> None:
    """Print time and memory."""
    began = time.process_time()
    site = load_site("campus")
    scene, points = prepare_scene(site), map_grid(site, GRID_M)
    masts_m = np.unique([(each.x_m, each.y_m, each.height_m) for each in site.sectors], axis=0)
    bands_mhz = np.unique([each.freq_mhz for each in site.sectors])
    indoors = points.xyz_m[points.room >= 0]
    candidates_m = indoors[np.linspace(0, len(indoors) - 1, CANDIDATES).astype(int)] + [0, 0, UNDER_CEILING_M]
    tx_m = np.concatenate([masts_m, candidates_m])
    if len(points) < POINTS:
        raise SystemExit(f"only {len(points)} points; make GRID_M smaller")
    print(f"campus: {len(scene.prepared)} quads, {len(points)} points, {len(bands_mhz)} bands,", end=" ")
    print(f"{len(masts_m)} masts and {len(candidates_m)} candidates")
    print(f"made ready in {time.process_time() - began:.1f} s CPU, {peak_gib():.2f} GiB")

    best_db = np.full((len(points), len(bands_mhz)), -np.inf, np.float32)
    cpu, wall, after_masts = time.process_time(), time.perf_counter(), 0.0
    table = scene.loss_table(bands_mhz)
    for index, place_m in enumerate(tx_m):
        np.maximum(best_db, path_gain(scene, place_m[None], points, bands_mhz, table).values[0], out=best_db)
        if index == len(masts_m) - 1:
            after_masts = time.process_time() - cpu
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    each_ms = 1e3 * (cpu_s - after_masts) / len(candidates_m)
    print(f"{cpu_s:.0f} s CPU, {wall_s:.0f} s by the clock; a mast", end=" ")
    print(f"{1e3 * after_masts / len(masts_m):.0f} ms, a candidate {each_ms:.0f} ms CPU")
    print(f"peak {peak_gib():.2f} GiB (aim {AIM_GIB:g}); all at once would be", end=" ")
    print(f"{4 * len(tx_m) * best_db.size / 2**30:.0f} GiB")
    if not np.isfinite(best_db).all():
        raise SystemExit("a point without any gain")


if __name__ == "__main__":
    main()
