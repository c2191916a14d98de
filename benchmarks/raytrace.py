"""How much faster our ten bands are than one band of Sionna RT, on the invented wing, in one process.

Run `python benchmarks/raytrace.py` (two minutes; extra ``raytrace``). Sionna RT shoots a million rays from one
transmitter, straight through walls (refraction only, 20 walls at most), and counts them on the same four storeys of
squares of half a metre; each wall is one sheet with the same material. Times are CPU time of all threads per
transmitter, medians of interleaved rounds.
"""

from __future__ import annotations

import sys

import numpy as np
import pathgain
import wing_scene as scene

from quietwing.coverage.errors import QuietwingError
from quietwing.coverage.propagation.multiwall import element_loss_db, prepare
from quietwing.coverage.propagation.raytrace import mesh_of, quads_as_triangles, sionna

ROUNDS = 7
OUR_TX = 100  # so many that each round takes a tenth of a second
RAYS, DEPTH = 1_000_000, 20
BAND = 5  # 2140 MHz
HZ_PER_MHZ = 1e6

Floats = np.ndarray


def traced_scene(rt: object, mitsuba: object, at_m: Floats) -> object:
    """The wing as Sionna RT takes it, with one transmitter."""
    quads, surface = scene.wing_quads()
    freq_mhz = scene.BANDS_MHZ[BAND]
    sheets = []
    for index, (name, ((a, b, c, d), thickness_m)) in enumerate(scene.SURFACES.items()):
        freq_ghz = freq_mhz / 1000
        material = rt.RadioMaterial(
            f"of-{name}",
            thickness=thickness_m,
            relative_permittivity=float(a * freq_ghz**b),
            conductivity=float(c * freq_ghz**d),
        )
        mesh = mesh_of(mitsuba, name, *quads_as_triangles(quads[surface == index]))
        sheets.append(rt.SceneObject(mi_mesh=mesh, name=name, radio_material=material))
    traced = rt.load_scene()
    traced.frequency = freq_mhz * HZ_PER_MHZ
    traced.edit(add=sheets)
    traced.tx_array = rt.PlanarArray(
        num_rows=1, num_cols=1, vertical_spacing=0.5, horizontal_spacing=0.5, pattern="iso", polarization="VH"
    )
    traced.add(rt.Transmitter("tx", position=mitsuba.Point3f(*at_m.tolist())))
    return traced


def squares(places_m: Floats) -> Floats:
    """A flat square of the grid's step about each receiver, shape (place, 4, 3)."""
    half_m = scene.RECEIVER_STEP_M / 2
    ring = half_m * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    return places_m[:, None] + ring


def main() -> None:
    """Print the figures."""
    try:
        rt = sionna()
    except QuietwingError as error:
        print(error)
        return
    import mitsuba

    facets, table, grid = scene.as_facets(*scene.wing_quads()), scene.loss_table(), scene.receivers()
    prepared, bands, tx = prepare(facets), scene.BANDS_MHZ, scene.transmitters(OUR_TX)
    buffer = np.empty((OUR_TX, len(grid), len(bands)), np.float32)
    traced = traced_scene(rt, mitsuba, tx[0])
    surface = mesh_of(mitsuba, "receivers", *quads_as_triangles(squares(grid.xyz_m)))
    solver = rt.RadioMapSolver()

    def theirs() -> Floats:
        found = solver(
            traced, measurement_surface=surface, samples_per_tx=RAYS, max_depth=DEPTH, los=True,
            specular_reflection=False, refraction=True,
        )  # fmt: skip
        return found.path_gain.numpy().reshape(-1, 2).mean(axis=1)  # fetched, or nothing would be computed

    def ours() -> None:
        element_loss_db(prepared, table, tx, grid, freq_mhz=bands, out=buffer)

    def ours_one() -> None:
        element_loss_db(prepared, table, tx[:1], grid, freq_mhz=bands, out=buffer[:1])

    ours()
    gain = theirs()
    reached = gain > 0
    apart_db = -buffer[0, reached, BAND] - 10 * np.log10(gain[reached])
    low, middle, high = np.quantile(apart_db, [0.25, 0.5, 0.75])
    print(f"{len(facets)} quads, {len(grid)} receivers; ours {len(bands)} bands, Sionna RT {RAYS:.0e} rays in one")
    print(f"agreement: {reached.mean():.0%} of receivers reached, ours less theirs median {middle:+.2f} dB, ", end="")
    print(f"quartiles {low:+.2f} to {high:+.2f} dB")
    times = pathgain.interleaved(
        {"ours": (ours, OUR_TX), "one tx": (ours_one, 1), "Sionna RT": (theirs, 1)}, rounds=ROUNDS
    )
    for name, values in times.items():
        print(f"{name:>9}: {np.median(values):9.2f} ms a transmitter (min {min(values):.2f}, max {max(values):.2f})")
    for name in ("ours", "one tx"):
        ratios = [other / own for other, own in zip(times["Sionna RT"], times[name], strict=True)]
        print(f"{name}, ten bands: Sionna RT's one takes {np.median(ratios):.0f} x as long (least {min(ratios):.0f})")


if __name__ == "__main__":
    sys.exit(main())
