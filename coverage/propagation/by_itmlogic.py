"""The Irregular Terrain Model as `itmlogic` computes it: loaded only when the extra ``terrain`` is asked for."""

from __future__ import annotations

import math

import numpy as np
from itmlogic.misc.qerfi import qerfi
from itmlogic.preparatory_subroutines.qlrpfl import qlrpfl
from itmlogic.preparatory_subroutines.qlrps import qlrps
from itmlogic.statistics.avar import avar
from numpy.typing import NDArray

from quietwing.sites import OutOfRangeError

__all__ = ["itm_loss_db"]

WORST_KWX = 4  # error flag of the model: inputs it does not hold for
DB_PER_NEPER = 20 * np.log10(math.e)


def itm_loss_db(
    freq_mhz: float,
    ground_m: NDArray[np.float64],
    step_m: float,
    heights_m: list[float],
    polarisation: int,
    climate: int,
    permittivity: float,
    conductivity_s_per_m: float,
    surface_n: float,
    shares: list[float],
    variability: int,
) -> float:
    """Hand the values over in itmlogic's own names."""
    # 0: the refractivity is reduced already
    wave_number, curvature, refractivity, impedance = qlrps(
        freq_mhz, 0, surface_n, polarisation, permittivity, conductivity_s_per_m
    )
    path = {
        "fmhz": freq_mhz,
        "hg": heights_m,
        "pfl": [len(ground_m) - 1, step_m, *ground_m.tolist()],
        "wn": wave_number,
        "gme": curvature,
        "ens": refractivity,
        "zgnd": impedance,
        "klimx": climate,
        "mdvarx": variability,
        "kwx": 0,
        "lvar": 5,  # everything is new
    }
    try:
        with np.errstate(all="ignore"):
            path = qlrpfl(path)
            extra_db, path = avar(*qerfi(shares), path)
            loss_db = float(DB_PER_NEPER * np.log(2 * wave_number * path["dist"]) + extra_db)
    except (ArithmeticError, ValueError, IndexError):  # where the model's flags do not reach
        loss_db = float("nan")
    if path["kwx"] >= WORST_KWX or not np.isfinite(loss_db):
        raise OutOfRangeError(
            "a path the model of irregular terrain does not hold for (by its own error flag, or no finite loss); "
            "check the heights of the antennas, the ground and the length of the profile"
        )
    return loss_db
