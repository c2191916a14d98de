"""Power near people: a plan keeps to the limits of exposure, and is raised no further than they allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import share_of_limit
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.trims import OnAir
from quietwing.sites import PointSet

__all__ = ["exposure_of", "lift_within_exposure", "places_over"]

Floats = NDArray[np.float64]


def exposure_of(
    devices: Iterable[Device], catalogue: Mapping[str, Model], points: PointSet, carriers: Sequence[OnAir]
) -> Floats:
    """Exposure by each device ÷ limit at each point, shape (device, point).

    Parameters
    ----------
    devices : iterable of Device
    catalogue : mapping of str to Model
    points : PointSet
    carriers : sequence of OnAir
        Of the public network, for the trims.

    Returns
    -------
    float64 ndarray, shape (device, point)
    """
    found = [share_of_limit(device, catalogue[device.model], points, carriers) for device in devices]
    return np.array(found).reshape(len(found), len(points))


def places_over(share: Floats, standing: NDArray[np.bool_], points: PointSet, most: float) -> NDArray[np.intp]:
    """Of each room the point where all devices together are furthest above the limit.

    Parameters
    ----------
    share : float64 ndarray, shape (device, point)
        As of `exposure_of`.
    standing : bool ndarray, shape (device,)
        Devices that stand and stay. Where these are above the limit by themselves no plan helps.
    points : PointSet
        Test points of rooms.
    most : float
        Sum that is at the limit.

    Returns
    -------
    intp ndarray
        Ascending.
    """
    total = np.where(share[standing].sum(axis=0) > most, 0.0, share.sum(axis=0))
    over = np.flatnonzero((total > most) & (points.room >= 0))
    worst = over[np.argsort(-total[over], kind="stable")]
    return np.sort(worst[np.unique(points.room[worst], return_index=True)[1]])


def lift_within_exposure(
    lift_db: Floats,
    step_db: float,
    lifted: Callable[[int, float], Device],
    catalogue: Mapping[str, Model],
    points: PointSet,
    carriers: Sequence[OnAir],
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
    carriers : sequence of OnAir
        As for `exposure_of`.

    Returns
    -------
    float64 ndarray, shape (device,)
        [dB]
    """
    lift_db = lift_db.copy()

    def device(at: int) -> Device:
        return lifted(at, float(lift_db[at]))

    share = exposure_of(map(device, range(len(lift_db))), catalogue, points, carriers)
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
        share[at] = exposure_of([device(at)], catalogue, points, carriers)[0]
    return lift_db
