"""Masts further off than TR 38.901 reaches: the Irregular Terrain Model over the ground, P.2108 round the phone.

Longley and Rice know no buildings, so the state without sight has the clutter of Rec. ITU-R P.2108 at the phone's
end. Section 3.1 speaks of a path that ends at the top of the clutter, and so the path to a phone below it does. No
other path of a mast has clutter added: TR 38.901 and P.1411 hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.clutter import (
    HEIGHT_GAIN_MHZ,
    STREET_WIDTH_M,
    ClutterType,
    clutter_height_m,
    height_gain_clutter_loss_db,
    terrestrial_clutter_loss_db,
)
from quietwing.coverage.propagation.irregular_terrain import irregular_terrain_loss_db
from quietwing.sites import OutOfRangeError, Surroundings

__all__ = ["FAR", "FAR_FROM_M", "FAR_LAWS", "NO_FAR", "FarLoss", "far_loss_db"]

Array = NDArray[np.float64]

FAR_FROM_M = 5000.0  # no scenario of TR 38.901 ends nearer, table 7.4.1-1
OPEN: ClutterType = "open"
CLUTTER: dict[str, ClutterType] = {"urban": "urban", "suburban": "suburban", "rural": OPEN}  # by `area` of the site
MEDIAN = 0.5
VERTICAL = True  # as in `terrain_path`
FAR_LAWS = {True: "Longley-Rice", False: "Longley-Rice and the clutter of P.2108"}
FAR = (
    "terrain: beyond the range of TR 38.901 {} ({:g} m with sight, {:g} m without) the loss is that over the ground "
    "itself (Longley-Rice), without sight with the clutter of P.2108"
)
NO_FAR = (
    "terrain: paths beyond TR 38.901's range that the Irregular Terrain Model does not hold for (antennas 0.5 to "
    "3000 m above the ground, 20 to 20,000 MHz, or by its own flag): the formula of TR 38.901 goes on"
)
OPEN_ABOVE = "terrain: P.2108 has no clutter of open country above 3000 MHz: that of 3000 MHz is taken"


@dataclass(frozen=True, slots=True)
class FarLoss:
    """Loss over the ground to some places; NaN where it is not known.

    Attributes
    ----------
    los_db, nlos_db : float64 ndarray, shape (point,)
        Between isotropic antennas, with and without line of sight. [dB]
    """

    los_db: Array
    nlos_db: Array


def far_loss_db(
    ground_m: Array,
    spacing_m: float,
    freq_mhz: Array,
    h_tx_m: float,
    h_rx_m: float,
    area: str,
    surroundings: Surroundings,
) -> tuple[Array, Array, tuple[str, ...]]:
    """Median loss from a mast over the ground, in both states of sight.

    Parameters
    ----------
    ground_m : ndarray, shape (step,)
        Height of the ground above the sea from the mast to the place, at equal steps. [m]
    spacing_m : float
        [m]
    freq_mhz : ndarray, shape (freq,)
        [MHz]
    h_tx_m, h_rx_m : float
        Heights above the ground. [m]
    area : {"rural", "suburban", "urban"}
        Of the site: open, suburban or urban clutter.
    surroundings : Surroundings
        Of the site: the clutter of towns is as high as its roofs, and its streets as wide, where they are known.

    Returns
    -------
    los_db, nlos_db : ndarray, shape (freq,)
        NaN where the model does not hold. [dB]
    notes : tuple of str

    References
    ----------
    ITM as in `irregular_terrain`, single message mode, medians. Clutter: Rec. ITU-R P.2108-1, section 3.1 to 3 GHz on
    a path to the clutter's top, section 3.2 (median) above it on the path to the place; in open country, of which
    section 3.2 does not speak, section 3.1 as at 3 GHz. None for a place as high as the clutter.
    """
    kind = CLUTTER[area]
    town = kind != OPEN
    top_m = surroundings.roof_m if town and surroundings.roof_m is not None else clutter_height_m(kind)
    street_m = STREET_WIDTH_M if surroundings.street_width_m is None else surroundings.street_width_m
    los_db, nlos_db = np.full(len(freq_mhz), np.nan), np.full(len(freq_mhz), np.nan)
    notes: set[str] = set()

    def over_db(freq: float, above_m: float) -> float:
        return irregular_terrain_loss_db(freq, ground_m, spacing_m, h_tx_m, above_m, vertical=VERTICAL)

    for index, freq in enumerate(freq_mhz.tolist()):
        try:
            seen_db = over_db(freq, h_rx_m)
            if h_rx_m >= top_m:
                hidden_db = seen_db
            elif freq > HEIGHT_GAIN_MHZ[1] and town:
                length_m = spacing_m * (len(ground_m) - 1)
                hidden_db = seen_db + float(terrestrial_clutter_loss_db(freq, length_m, MEDIAN))
            else:
                held_mhz = min(freq, HEIGHT_GAIN_MHZ[1])
                notes |= {OPEN_ABOVE} if freq > held_mhz else set()
                around_db = float(height_gain_clutter_loss_db(held_mhz, h_rx_m, kind, top_m, street_m))
                hidden_db = over_db(freq, top_m) + around_db
        except OutOfRangeError:
            notes.add(NO_FAR)
            continue
        los_db[index], nlos_db[index] = seen_db, hidden_db
    return los_db, nlos_db, tuple(sorted(notes))
