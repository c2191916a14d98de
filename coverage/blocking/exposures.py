"""Electromagnetic exposure of people in rooms: every blocker, every band, against the ICNIRP reference levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.blocking.emissions import transmissions
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation import power_density_per_w
from quietwing.coverage.spill_rows import ExposureRow
from quietwing.coverage.trims import OnAir, on_air
from quietwing.sites import PointSet, Site

__all__ = ["NEAREST_M", "exposure", "power_density_w_m2", "reference_level_w_m2", "share_of_limit"]

Floats = NDArray[np.float64]

NEAREST_M = 0.2  # assumed: nearer than this nobody stays, and the antenna is no point source
ICNIRP_MHZ = (30.0, 400.0, 2000.0, 300_000.0)


def reference_level_w_m2(freq_mhz: ArrayLike) -> Floats:
    """Reference level of power density for the general public, whole body, averaged over 30 min.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        30 to 300,000. [MHz]

    Returns
    -------
    ndarray, shape (...)
        2 W/m² up to 400 MHz, f/200 up to 2000 MHz, 10 W/m² above. [W/m²]

    Raises
    ------
    OutOfRangeError
        If a frequency is outside the range.

    References
    ----------
    ICNIRP 2020, table 5, general public.
    """
    freq = np.asarray(freq_mhz, np.float64)
    outside = ~((freq >= ICNIRP_MHZ[0]) & (freq <= ICNIRP_MHZ[3]))
    if outside.any():
        raise OutOfRangeError(
            f"no exposure limit for {freq[outside].flat[0]:g} MHz (ICNIRP 2020 table 5 gives 30 MHz to 300 GHz); "
            f"correct the band's edges"
        )
    return np.clip(freq / 200.0, ICNIRP_MHZ[1] / 200.0, ICNIRP_MHZ[2] / 200.0)


def power_density_w_m2(eirp_w: ArrayLike, distance_m: ArrayLike) -> Floats:
    """EIRP/(4πd²) in free space, d held at 0.2 m: 10 W at 1 m give 0.8 W/m².

    Parameters
    ----------
    eirp_w : array_like, shape (...)
        [W]
    distance_m : array_like, broadcastable
        [m]

    Returns
    -------
    ndarray, shape (...)
        [W/m²]
    """
    away_m = np.maximum(np.asarray(distance_m, np.float64), NEAREST_M)
    return np.asarray(np.asarray(eirp_w, np.float64) / (4 * np.pi * away_m**2))


def exposure(
    site: Site, devices: tuple[Device, ...], catalogue: Mapping[str, Model], points: PointSet
) -> tuple[ExposureRow, ...]:
    """Sum over devices and bands of exposure ÷ limit at the worst test point of each room.

    Parameters
    ----------
    site : Site
    devices : tuple of Device
        Those that are off are left out.
    catalogue : mapping of str to Model
    points : PointSet
        Test points of the site's rooms.

    Returns
    -------
    tuple of ExposureRow
        Passed where the sum is at most 1; rooms in the order of the points.

    Notes
    -----
    Antennas at the peak of their pattern, no loss in walls, all devices sending all the time, each with all that its
    trims leave in each band (`transmissions`): an upper limit. A radiating cable counts with all of its length, at
    the coupling that half of its places better.
    """
    total, carriers = np.zeros(len(points)), on_air(site.sectors)
    for device in devices:
        if device.state != "off":
            total += share_of_limit(device, catalogue[device.model], points, carriers)
    rows = []
    for room in dict.fromkeys(points.room.tolist()):
        if room >= 0:
            share = float(total[points.room == room].max())
            rows.append(ExposureRow(site.rooms[room].id, share, share <= 1.0))
    return tuple(rows)


def share_of_limit(device: Device, model: Model, points: PointSet, carriers: Sequence[OnAir]) -> Floats:
    """Exposure by one device ÷ limit at each point, as in `exposure`.

    Parameters
    ----------
    device : Device
    model : Model
        What it is.
    points : PointSet
    carriers : sequence of OnAir
        Of the public network: trims name their channels.

    Returns
    -------
    float64 ndarray, shape (point,)
    """
    # Of a jammer's band the strictest limit, of a node's carrier that of its middle.
    sent = [
        (
            10 ** (one.power_dbm / 10) / 1e3,
            one.low_mhz if model.kind == "jammer" else (one.low_mhz + one.high_mhz) / 2,
        )
        for one in transmissions(device, model, carriers)
    ]
    if not sent:
        return np.zeros(len(points))
    power_w, freq_mhz = np.array(sent).T
    of_limit = power_w / reference_level_w_m2(freq_mhz)
    if model.radiating_cable:
        density = power_density_per_w(device.line_m, model.radiating_cable, points, freq_mhz, NEAREST_M)
        return np.asarray(of_limit @ density)
    away_m = np.linalg.norm(points.xyz_m - np.array([device.x_m, device.y_m, device.z_m]), axis=1)
    return power_density_w_m2(of_limit.sum() * 10 ** (model.gain_dbi / 10), away_m)
