"""The door of this stage: path gain between places on a site.

Free space over the straight line less the loss of every element it crosses, and beyond what is mapped the
second slope of two-ray propagation. With a `DetourModel` the dominant detour is added as a power.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.dims import FREQ, POINT, TX
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.propagation.detour import DetourModel, detour_loss_db, with_detour
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.outdoor import two_ray_extra_db
from quietwing.coverage.propagation.scene import Scene, prepare_scene
from quietwing.sites import PointSet, Site, scattered

__all__ = ["add_two_ray", "path_gain"]


def path_gain(
    site: Site | Scene,
    tx: PointSet | ArrayLike,
    rx: PointSet | ArrayLike,
    freq_mhz: ArrayLike,
    table: LossTable | None = None,
    *,
    detours: DetourModel | None = None,
) -> xr.DataArray:
    """Path gain between isotropic antennas at places on a site.

    Parameters
    ----------
    site : Site or Scene
        A `Scene` (`prepare_scene`) saves preparing the site anew at each call.
    tx : PointSet or array_like, shape (tx, 3)
        Transmitters, z above the ground. [m]
    rx : PointSet or array_like, shape (point, 3)
        Receivers; a `PointSet` with patches (a map grid) takes the fast kernel. [m]
    freq_mhz : array_like, shape (freq,)
        Frequencies, 300 to 7125. [MHz]
    table : LossTable, optional
        ``scene.loss_table(freq_mhz)`` where it is at hand: it takes longer than a transmitter.
    detours : DetourModel, optional
        ``detour_model(scene, freq_mhz)`` of the same site and frequencies: the dominant detour is added to each
        straight ray. Without it the gain is the straight ray's alone.

    Returns
    -------
    DataArray, dims (tx, point, freq), float32
        Path gain, negative. [dB]

    Raises
    ------
    OutOfRangeError
        If a coordinate is not finite, a frequency out of range or `detours` made at others.

    Notes
    -----
    Reciprocal without detours: exchanging `tx` and `rx` exchanges the dimensions and nothing else. The kernel's rules
    for rays through edges and along walls are in `quietwing.coverage.propagation.multiwall`.
    """
    scene = site if isinstance(site, Scene) else prepare_scene(site)
    senders, receivers, used_mhz = _points(tx), _points(rx), np.atleast_1d(np.asarray(freq_mhz, float))
    table = table or scene.loss_table(used_mhz)
    loss_db = element_loss_db(scene.prepared, table, senders.xyz_m, receivers, freq_mhz=used_mhz)
    add_two_ray(scene, senders.xyz_m, receivers.xyz_m, used_mhz, loss_db)
    gain_db = np.negative(loss_db, out=loss_db)
    if detours is not None:
        if not np.array_equal(detours.freq_mhz, used_mhz):
            told = ", ".join(f"{each:g}" for each in detours.freq_mhz)
            raise OutOfRangeError(
                f"detours were made at {told} MHz (expected those of freq_mhz); make a detour_model anew"
            )
        straight_db = element_loss_db(scene.prepared, table, senders.xyz_m, receivers)
        detour_db = detour_loss_db(detours, senders.xyz_m, receivers)
        gain_db = gain_db + (straight_db - with_detour(straight_db, detour_db))
    coords = {
        TX: np.arange(len(senders)),
        POINT: np.arange(len(receivers)),
        "freq_mhz": (FREQ, used_mhz),
        **{f"{axis}_m": (POINT, at_m) for axis, at_m in zip("xyz", receivers.xyz_m.T, strict=True)},
    }
    return xr.DataArray(gain_db, coords, (TX, POINT, FREQ), name="path_gain_db", attrs={"units": "dB"})


def _points(places: PointSet | ArrayLike) -> PointSet:
    points = places if isinstance(places, PointSet) else scattered(np.asarray(places, float))
    if not np.isfinite(points.xyz_m).all():
        raise OutOfRangeError("a point has a coordinate that is not finite (expected metres); correct its position")
    return points


def add_two_ray(
    scene: Scene,
    tx_m: NDArray[np.float64],
    rx_m: NDArray[np.float64],
    freq_mhz: NDArray[np.float64],
    loss_db: NDArray[np.float32],
    rx_mapped: NDArray[np.bool_] | None = None,
) -> None:
    """Add the second slope to the rays that leave what is mapped, in place; `rx_mapped` is `Scene.is_mapped`."""
    mapped = scene.is_mapped(rx_m) if rx_mapped is None else rx_mapped
    for index, place in enumerate(tx_m):
        leave_m = scene.leave_distance_m(place, rx_m, mapped)
        beyond = np.flatnonzero(np.isfinite(leave_m))
        if len(beyond):
            distance_m = np.linalg.norm(rx_m[beyond] - place, axis=1)
            extra_db = two_ray_extra_db(
                distance_m[:, None], leave_m[beyond, None], place[2], rx_m[beyond, 2][:, None], freq_mhz[None, :]
            )
            loss_db[index, beyond] += extra_db.astype(np.float32)
