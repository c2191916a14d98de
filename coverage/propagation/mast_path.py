"""From a mast to a place as if the site's own buildings were not there: the median loss in both states of sight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.outdoor import NEAREST_M, clipped_mast_loss_db
from quietwing.sites.model import Sector

__all__ = ["path_states_db"]

Array = NDArray[np.float64]


def path_states_db(
    sector: Sector, distance_2d_m: Array, height_m: Array, over_db: Array | None = None
) -> tuple[Array, Array, tuple[str, ...]]:
    """Median loss with and without line of sight, never below free space.

    Parameters
    ----------
    sector : Sector
    distance_2d_m : ndarray, shape (point,)
        Distance in plan. [m]
    height_m : ndarray, shape (point,)
        Height of each point above the ground. [m]
    over_db : ndarray, shape (point,), optional
        What the ground adds to both states, see `terrain_path`. [dB]

    Returns
    -------
    los_db, nlos_db : ndarray, shape (point,)
        Loss between isotropic antennas. [dB]
    notes : tuple of str
        Ranges that were left.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.4.1-1, clipped as in `clipped_mast_loss_db`.
    """
    states: list[Array] = []
    notes: list[str] = []
    for clear in (True, False):
        loss_db, clipped = clipped_mast_loss_db(
            sector.environment, sector.freq_mhz, distance_2d_m, sector.height_m, height_m, clear
        )
        states.append(loss_db)
        notes += clipped
    if over_db is not None:
        distance_m = np.hypot(distance_2d_m, sector.height_m - height_m)
        free_db = free_space_loss_db(np.maximum(distance_m, NEAREST_M), sector.freq_mhz)
        states = [np.maximum(loss_db + over_db, free_db) for loss_db in states]
    return states[0], states[1], tuple(dict.fromkeys(notes))
