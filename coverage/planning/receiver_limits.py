"""What may not be exceeded at the receivers of base stations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from quietwing.coverage.blocking import DESENSE_DBM_PER_RB, receiver_levels_dbm
from quietwing.coverage.planning.levels import Alive, LimitBlock
from quietwing.coverage.planning.planning_links import PlanningLinks

__all__ = ["receiver_limits"]


def receiver_limits(around: PlanningLinks, alive: Alive) -> Iterator[LimitBlock]:
    """Desensitisation of base stations by jammers on TDD carriers, and by noise and harmonics of every device."""
    plain, bases = around.plain, alive.bases
    devices = tuple(replace(around.bases[base].device, state="planned") for base in bases.tolist())
    on_carrier_dbm, stray_dbm = receiver_levels_dbm(plain, around.scenario, devices, around.catalogue)
    level_dbm = np.maximum(on_carrier_dbm, stray_dbm)
    heard = np.flatnonzero(np.isfinite(level_dbm).any(axis=0))
    if not len(heard):
        return
    modes = len(around.modes.models)
    with np.errstate(invalid="ignore"):
        below_db = np.where(np.isfinite(stray_dbm), level_dbm - stray_dbm, np.inf)
    yield LimitBlock(
        name=tuple(f"receiver of {plain.sectors[sector].id}" for sector in heard.tolist()),
        carrier=plain.sector_carrier[heard].astype(np.int64),
        limit_dbm=np.full(len(heard), DESENSE_DBM_PER_RB),
        level_dbm=np.repeat(level_dbm[:, heard].T[:, :, None], modes, axis=2).astype(np.float32),
        stray_db=below_db[:, heard].T.astype(np.float32),
        bases=bases,
    )
