"""What may not be exceeded at the receivers of base stations, and of staff in keep rooms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    DESENSE_DBM_PER_RB,
    receiver_levels_dbm,
    staff_hears,
    staff_levels_dbm,
    staff_receivers,
)
from quietwing.coverage.equipment import Device
from quietwing.coverage.planning.known_levels import Known
from quietwing.coverage.planning.levels import Alive, LimitBlock
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.coverage.planning.profiles import written_device

__all__ = ["receiver_limits", "staff_receiver_limits"]

BASES_AT_A_TIME = 64  # looked at together, to bound memory


def receiver_limits(around: PlanningLinks, alive: Alive) -> Iterator[LimitBlock]:
    """Desensitisation of base stations by jammers on TDD carriers, and by noise and harmonics of every device."""
    plain, bases = around.plain, alive.bases
    on_carrier_dbm, stray_dbm = receiver_levels_dbm(
        plain, around.scenario, _untrimmed(around, bases.tolist()), around.catalogue
    )
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


def staff_receiver_limits(around: PlanningLinks, alive: Alive, known: Known) -> Iterator[LimitBlock]:
    """Noise and harmonics of every device at the receivers of staff in keep rooms, as the verdict adds them up.

    Rows that what stands exceeds by itself are left out: no plan mends them. Windows count as untreated.
    """
    plain, names, limit_dbm, points = around.plain, *staff_receivers(around.plain.scene.site)
    if not len(points) or not len(alive.bases):
        return

    def levels_dbm(bases: NDArray[np.intp], _rows: NDArray[np.intp]) -> NDArray[np.float32]:
        devices = _untrimmed(around, bases.tolist())
        return staff_levels_dbm(plain, devices, around.catalogue, points)[None].astype(np.float32)

    every = np.arange(len(names))
    standing = np.array([index for index, base in enumerate(around.bases) if base.existing], np.intp)
    there_dbm = levels_dbm(standing, every)[0]
    heard = staff_hears(plain, around.catalogue.values(), len(points))
    kept = np.flatnonzero((10 ** (there_dbm / 10)).sum(axis=0) <= 10 ** (limit_dbm / 10))
    for group in np.split(alive.bases, range(BASES_AT_A_TIME, len(alive.bases), BASES_AT_A_TIME)):
        bases = np.intersect1d(group, alive.bases)
        if not len(bases):
            continue
        level_dbm = known.staff.of(bases, every, levels_dbm)[0][:, kept]
        yield LimitBlock(
            name=tuple(names[row] for row in kept.tolist()),
            carrier=np.full(len(kept), -1),
            limit_dbm=limit_dbm[kept],
            level_dbm=np.repeat(level_dbm.T[:, :, None], len(around.modes.models), axis=2),
            heard=heard[kept],
            bases=bases,
            part="staff",
        )


def _untrimmed(around: PlanningLinks, bases: list[int]) -> tuple[Device, ...]:
    """Bases as a plan writes them where nothing is trimmed, and what stands as it is."""
    nothing = np.zeros(len(around.plain.carriers))
    return tuple(
        replace(one.device if one.existing else written_device(around, base, nothing, str(base)), state="planned")
        for base, one in ((base, around.bases[base]) for base in bases)
    )
