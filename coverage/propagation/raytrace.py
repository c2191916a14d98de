"""Path gain by ray tracing: Sionna RT behind the door's signature, as a second opinion and never as the verdict.

Every facet of the scene is a mid-plane already, and becomes one sheet with the slab of its surface (`ray_materials`):
a wall drawn as a solid would be crossed twice. Rays start in all directions at once, 10^5 to 10^8 of them, and at
every sheet one of transmission and reflection is drawn by its share of the power. What passes a small square about a
receiver, turned to the transmitter, is its received power: an average over the square, not one point of a fading
pattern, and a random sample, which `samples` makes less noisy.

Diffraction is left out. Facets are pieces: Sionna RT takes the seam of two pieces of one wall, and the corner where
two walls meet, for open edges, and lets power bend through them into the building. (Its radio map on a mesh, release
2.2, drops what bends at edges more than a metre away besides.)

Sionna RT is the extra ``raytrace``; nothing of it is imported before a gain is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.dims import FREQ, POINT, TX
from quietwing.coverage.errors import OutOfRangeError, QuietwingError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation.free_space import NEAREST_FREE_SPACE_M
from quietwing.coverage.propagation.materials import check_freq_mhz
from quietwing.coverage.propagation.model_range import within
from quietwing.coverage.propagation.ray_materials import RaySlab, ray_slab
from quietwing.coverage.propagation.scene import Scene, prepare_scene
from quietwing.sites import PointSet, Site

__all__ = ["ABSENT", "mesh_of", "quads_as_triangles", "raytraced_path_gain", "sionna"]

Floats = NDArray[np.float64]

ABSENT = "Sionna RT is not installed; pip install 'quietwing[raytrace]', and LLVM for it (apt install libllvm19)"
NO_LLVM = (
    "Sionna RT is installed but finds no LLVM 15 or newer to compute with; apt install libllvm19, "
    "or name the library in DRJIT_LIBLLVM_PATH"
)
NAME = "the ray tracer"
HZ_PER_MHZ = 1e6
SAMPLES = (1e3, 1e9)
DEPTH = (0.0, 100.0)
SQUARE_M = (0.01, 5.0)
ROUND_RAYS = 5_000_000  # at a time: each ray keeps some hundred bytes
ROUND_STEP = 997  # rays start on a lattice that another number of them lays elsewhere
SQUARE_OF_DISTANCE = 0.25  # nearer than four sides the square shrinks: over it the distance must hardly change


def sionna() -> Any:
    """Sionna RT itself, or one line on what to install.

    Returns
    -------
    module

    Raises
    ------
    QuietwingError
        If Sionna RT, or the LLVM library it computes with, is not installed.
    """
    try:
        return import_module("sionna.rt")
    except ModuleNotFoundError as error:
        raise QuietwingError(ABSENT) from error
    except ImportError as error:  # what it raises without LLVM
        raise QuietwingError(NO_LLVM) from error


def raytraced_path_gain(
    site: Site | Scene,
    tx: PointSet | ArrayLike,
    rx: PointSet | ArrayLike,
    freq_mhz: ArrayLike,
    *,
    samples: int = 1_000_000,
    seed: int = 1,
    max_depth: int = 12,
    refraction: bool = True,
    reflection: bool = True,
    square_m: float = 0.5,
) -> xr.DataArray:
    """Path gain between isotropic antennas by shooting and bouncing rays.

    Parameters
    ----------
    site : Site or Scene
    tx : PointSet or array_like, shape (tx, 3)
        Transmitters, z above the ground. [m]
    rx : PointSet or array_like, shape (point, 3)
        Receivers, 0.1 m or more from every transmitter. [m]
    freq_mhz : array_like, shape (freq,)
        Frequencies, 300 to 7125. [MHz]
    samples : int
        Rays from each transmitter, 1e3 to 1e9, in rounds of 5e6. At distance d a square of side a is met by
        a²·samples/(4π·d²) of them.
    seed : int
        What is drawn at each sheet. Sums are taken in no fixed order: the same seed repeats to rounding.
    max_depth : int
        Most sheets a ray meets, 0 to 100.
    refraction, reflection : bool
        Whether rays go through sheets and are thrown back by them.
    square_m : float
        Side of the square about a receiver, 0.01 to 5; at most a quarter of the distance. [m]

    Returns
    -------
    DataArray, dims (tx, point, freq), float32
        Path gain, negative; ``-inf`` where no ray arrived. Both polarisations in equal parts are sent and all that
        arrives is counted, as the slab losses of `path_gain` are. [dB]

    Raises
    ------
    QuietwingError
        If Sionna RT is not installed.
    OutOfRangeError
        If a value is outside its range or a receiver stands on a transmitter.

    Notes
    -----
    Of a sheet that reflects nearly all (coated glass, foil, steel) few rays come through, each at full strength:
    without reflection every ray goes through and is weakened, and a straight path costs no luck.

    There is no ground but the site's own slabs and no second slope beyond the map. Several floors add up without the
    ceiling of `multiwall`.

    References
    ----------
    Sionna RT 2.2 (NVIDIA, Apache-2.0), `RadioMapSolver` on a mesh.
    """
    freq = np.atleast_1d(check_freq_mhz(freq_mhz))
    senders, receivers = _positions(tx), _positions(rx)
    within(float(samples), SAMPLES, "number of rays", "", NAME)
    within(float(max_depth), DEPTH, "depth", "", NAME)
    within(square_m, SQUARE_M, "side of a square", "m", NAME)
    away_m = np.linalg.norm(receivers[None] - senders[:, None], axis=2)
    if (away_m < NEAREST_FREE_SPACE_M).any():
        raise OutOfRangeError(
            f"a receiver {away_m.min():.3g} m from a transmitter ({NAME} takes {NEAREST_FREE_SPACE_M:g} m and more); "
            f"move it"
        )
    rt = sionna()
    scene = site if isinstance(site, Scene) else prepare_scene(site)
    middle_m = receivers.mean(axis=0) if len(receivers) else np.zeros(3)  # single precision: keep numbers small
    places, of_place = np.unique(receivers, axis=0, return_inverse=True)  # squares over each other count once
    tracer = _Tracer(rt, scene, middle_m)
    ways = {
        "max_depth": int(max_depth),
        "refraction": refraction,
        "specular_reflection": reflection,
        "diffraction": False,
    }
    gain = np.zeros((len(senders), len(receivers), len(freq)))
    for at, carrier_mhz in enumerate(freq.tolist()):
        tracer.tune(carrier_mhz)
        for index, sender in enumerate(senders):
            if len(places):
                gain[index, :, at] = tracer.gain(sender, places, square_m, samples, seed, ways)[of_place.reshape(-1)]
    with np.errstate(divide="ignore"):  # no ray arrived
        gain_db = (10 * np.log10(gain)).astype(np.float32)
    return xr.DataArray(
        gain_db,
        dims=(TX, POINT, FREQ),
        coords={
            TX: np.arange(len(senders)),
            POINT: np.arange(len(receivers)),
            "freq_mhz": (FREQ, freq),
            "x_m": (POINT, receivers[:, 0]),
            "y_m": (POINT, receivers[:, 1]),
            "z_m": (POINT, receivers[:, 2]),
        },
        name="path_gain_db",
        attrs={"units": "dB"},
    )


class _Tracer:
    """A scene in Sionna's form: one mesh and one material for each surface that loses anything at any frequency."""

    def __init__(self, rt: Any, scene: Scene, middle_m: Floats) -> None:
        self.rt, self.scene, self.middle_m = rt, scene, middle_m
        self.mitsuba = import_module("mitsuba")
        self.traced: Any = None

    def tune(self, freq_mhz: float) -> None:
        """Build the scene for one frequency: a surface may lose nothing at another."""
        rt, facets = self.rt, self.scene.facets
        self.traced = rt.load_scene()
        self.traced.frequency = freq_mhz * HZ_PER_MHZ
        by_name = self.scene.site.constructions
        sheets = []
        for surface, names in enumerate(facets.surfaces):
            slab = ray_slab([by_name[name] for name in names], freq_mhz)
            quads = facets.corner_m[facets.surface == surface]
            if slab is not None and len(quads):
                sheets.append(self._sheet(f"surface-{surface}", quads, slab))
        if sheets:
            self.traced.edit(add=sheets)
        self.traced.tx_array = rt.PlanarArray(
            num_rows=1, num_cols=1, vertical_spacing=0.5, horizontal_spacing=0.5, pattern="iso", polarization="VH"
        )

    def gain(
        self, sender_m: Floats, places_m: Floats, square_m: float, samples: int, seed: int, ways: dict[str, Any]
    ) -> Floats:
        """Received over sent power at each place, 0 where no ray arrived: the mean of as many rounds as it takes."""
        if "tx" in self.traced.transmitters:
            self.traced.remove("tx")
        at = self.mitsuba.Point3f(*(sender_m - self.middle_m).tolist())
        self.traced.add(self.rt.Transmitter("tx", position=at))
        quads_m = _facing(sender_m, places_m, square_m) - self.middle_m
        squares = mesh_of(self.mitsuba, "squares", *quads_as_triangles(quads_m))
        total = np.zeros(len(places_m))
        rounds = -(-int(samples) // ROUND_RAYS)
        for k in range(rounds):
            found = self.rt.RadioMapSolver()(
                self.traced,
                measurement_surface=squares,
                samples_per_tx=int(samples) // rounds + ROUND_STEP * k,
                seed=int(seed) * ROUND_STEP + k,
                los=True,
                **ways,
            )
            total += np.asarray(found.path_gain.numpy(), float).reshape(-1, 2).mean(axis=1)
        return total / rounds

    def _sheet(self, name: str, quads_m: Floats, slab: RaySlab) -> Any:
        """One surface of the scene."""
        material = self.rt.RadioMaterial(
            f"material-{name}",
            thickness=slab.thickness_m,
            relative_permittivity=slab.permittivity,
            conductivity=slab.conductivity_s_per_m,
        )
        mesh = mesh_of(self.mitsuba, name, *quads_as_triangles(quads_m - self.middle_m))
        return self.rt.SceneObject(mi_mesh=mesh, name=name, radio_material=material)


def quads_as_triangles(quads_m: Floats) -> tuple[Floats, NDArray[np.uint32]]:
    """Corners and triangles of convex quads.

    Parameters
    ----------
    quads_m : ndarray, shape (quad, 4, 3)
        In ring order. [m]

    Returns
    -------
    tuple of ndarray
        Corners, shape (4·quad, 3), and indices into them, shape (2·quad, 3). Triangles without area are left out of
        quads that repeat a corner.
    """
    first = np.arange(len(quads_m), dtype=np.uint32)[:, None] * 4
    corners = quads_m.reshape(-1, 3)
    faces = (
        np.stack([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])], axis=1).reshape(-1, 3).astype(np.uint32)
    )
    a, b, c = (corners[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return corners, faces[area > 0]


def mesh_of(mitsuba: Any, name: str, corners_m: Floats, faces: NDArray[np.uint32]) -> Any:
    """A mesh as Mitsuba takes it."""
    mesh = mitsuba.Mesh(name, len(corners_m), len(faces))
    parameters = mitsuba.traverse(mesh)
    parameters["vertex_positions"] = corners_m.astype(np.float32).ravel()
    parameters["faces"] = faces.ravel()
    parameters.update()
    return mesh


def _facing(sender_m: Floats, places_m: Floats, square_m: float) -> Floats:
    """Squares about places, turned to the sender, shape (place, 4, 3). [m]"""
    ray = places_m - sender_m
    away_m = np.linalg.norm(ray, axis=1, keepdims=True)
    ray = ray / away_m
    steep = np.abs(ray[:, 2:]) > 0.9
    across = np.cross(ray, np.where(steep, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(across, ray)
    half_m = np.minimum(square_m, SQUARE_OF_DISTANCE * away_m) / 2
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.stack([places_m + half_m * (i * across + j * up) for i, j in signs], axis=1)


def _positions(places: PointSet | ArrayLike) -> Floats:
    xyz = places.xyz_m if isinstance(places, PointSet) else np.asarray(places, float).reshape(-1, 3)
    if not np.isfinite(xyz).all():
        raise OutOfRangeError("a point has a coordinate that is not finite (expected metres); correct its position")
    return np.asarray(xyz, np.float64)
