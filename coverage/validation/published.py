"""Published figures that bound ours from one side: they can show that a loss is absurd, not that it is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quietwing.coverage.propagation import FREQ_MAX_MHZ, FREQ_MIN_MHZ, MHZ_PER_GHZ, construction_loss_db, sigma_db
from quietwing.coverage.validation.reading import read_table
from quietwing.coverage.validation.results import SetResult, compared, skipped
from quietwing.sites import load_constructions

__all__ = ["office_links", "wet_concrete"]

CONSTRUCTION, THICKNESS_MM = "concrete_200", 200.0  # of `sites/tables/constructions.toml`
LEAST_SIGMA_DB = 5.0  # the set's README: the library must carry at least so much uncertainty for concrete


def wet_concrete(root: Path) -> list[SetResult]:
    """200 mm of concrete never loses more than NIST measured on wet concrete (``rf-measured-tables``).

    The error is how far ours lies above that bound, 0 where it lies below; the library's sigma of concrete must be
    5 dB or more, since dry and wet differ by that much and more.
    """
    name = "rf-measured-tables"
    table = read_table(root, "concrete_nist_ir6055.csv", ["f_GHz", "attenuation_dB_per_mm"])
    freq_mhz = table.numbers("f_GHz") * MHZ_PER_GHZ
    bound_db = table.numbers("attenuation_dB_per_mm") * THICKNESS_MM
    inside = (freq_mhz >= FREQ_MIN_MHZ) & (freq_mhz <= FREQ_MAX_MHZ)
    construction = load_constructions()[CONSTRUCTION]
    if not inside.any():
        return [skipped(name, "no row at a frequency the engine computes")]
    loss_db = construction_loss_db(construction, [1.0], freq_mhz[inside])[0]
    sigma = float(sigma_db(construction, freq_mhz[inside]).min())
    complaints = [] if sigma >= LEAST_SIGMA_DB else [f"sigma of concrete is {sigma:g} dB (needed {LEAST_SIGMA_DB:g})"]
    excess_db = np.maximum(loss_db - bound_db[inside], 0.0)
    gap_db = bound_db[inside] - loss_db
    note = f"ours lies {gap_db.min():.0f} to {gap_db.max():.0f} dB below wet concrete, sigma {sigma:g} dB"
    return [compared(name, int(inside.sum()), excess_db, 0.0, complaints=complaints, note=note)]


def office_links(root: Path) -> list[SetResult]:
    """Six office links at 868 MHz: a summary without places, which cannot be computed link by link."""
    return [
        skipped(
            "rf-lora-siegen",
            "a summary without positions, nothing to compute; its fitted models reach RMSE 10 to 12 dB at 868 MHz",
        )
    ]
