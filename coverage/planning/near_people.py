"""Power near people: a plan's devices are raised no further than exposure allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import share_of_limit
from quietwing.coverage.equipment import Device, Model
from quietwing.sites import PointSet

__all__ = ["lift_within_exposure"]

Floats = NDArray[np.float64]


def lift_within_exposure(
    lift_db: Floats,
    step_db: float,
    lifted: Callable[[int, float], Device],
    catalogue: Mapping[str, Model],
    points: PointSet,
) -> Floats:
    """Take back as much of a lift as exposure at the points asks for.

    Parameters
    ----------
    lift_db : float64 ndarray, shape (device,)
        By how much each device is to be raised, 0 for one that stands. [dB]
    step_db : float
        At a time. [dB]
    lifted : callable
        A device, by its number, with a lift.
    catalogue : mapping of str to Model
    points : PointSet
        Test points of rooms, where the sum over all devices stays at the limit or below (`exposure`). A point that is
        above it without any lift stays so.

    Returns
    -------
    float64 ndarray, shape (device,)
        [dB]
    """
    lift_db = lift_db.copy()

    def share_of(at: int) -> Floats:
        device = lifted(at, float(lift_db[at]))
        return share_of_limit(device, catalogue[device.model], points)

    share = np.array([share_of(at) for at in range(len(lift_db))])
    beyond_help = np.zeros(len(points), bool)
    while len(share):
        total = np.where(beyond_help, 0.0, share.sum(axis=0))
        worst = int(total.argmax())
        if total[worst] <= 1:
            return lift_db
        raised = np.where(lift_db > 0, share[:, worst], -1.0)
        at = int(raised.argmax())
        if raised[at] < 0:
            beyond_help[worst] = True
            continue
        lift_db[at] = max(lift_db[at] - step_db, 0.0)
        share[at] = share_of(at)
    return lift_db
