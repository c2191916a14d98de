"""A measured hall without walls: does the level fall as in free space? (``rf-ble-uji``)"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation import NEAREST_M, free_space_loss_db
from quietwing.coverage.validation.reading import MissingFileError, ValidationSetError, read_grid, read_table
from quietwing.coverage.validation.results import SetResult, measured, skipped
from quietwing.sites import clean

__all__ = ["measured_halls"]

Array = NDArray[np.float64]

NAME = "rf-ble-uji"
OPEN_HALL = "geo"  # the laboratory; the library is full of bookshelves, which free space knows nothing of
TOLERANCE_DB = 3.2  # asked of the model, as by the set's README: RMSE of free space and one offset
NOT_HEARD = 100.0  # as the set marks it
LEAST_HEARD = 0.3  # of the samples at a place; below, the mean is that of the lucky ones
FREQ_MHZ = 2440.0  # middle of the Bluetooth band; the offset takes up what it is off
MOST_HALLS = 20


def measured_halls(root: Path) -> list[SetResult]:
    """RMSE of free space and one offset in each hall; the open one alone is judged."""
    folder = root / "dep"
    halls = sorted(path.stem for path in folder.glob("*.csv")) if folder.is_dir() else []
    if not halls:
        raise MissingFileError(f"{root.name}/dep has no table of beacons")
    if len(halls) > MOST_HALLS:
        raise ValidationSetError(f"{root.name}/dep: has {len(halls)} halls (limit {MOST_HALLS}); split the set")
    results = [_hall(root, OPEN_HALL) if OPEN_HALL in halls else skipped(NAME, f"no hall {OPEN_HALL}")]
    return results + [_hall(root, hall) for hall in halls if hall != OPEN_HALL]


def _hall(root: Path, hall: str) -> SetResult:
    name = NAME if hall == OPEN_HALL else f"{NAME}/{clean(hall, 40)}"
    distance_m, level_dbm = _links(root, hall)
    if len(level_dbm) < 2:
        return skipped(name, "too few links that were heard")
    # heights are not in the files: nearer than 1 m in plan the height decides, so the distance is held there
    offset_dbm = level_dbm + free_space_loss_db(np.maximum(distance_m, NEAREST_M), FREQ_MHZ)
    error_db = offset_dbm.mean() - offset_dbm
    if hall != OPEN_HALL:
        rmse_db = np.sqrt(np.mean(error_db**2))
        return skipped(
            name,
            f"not an open hall: free space and one offset {rmse_db:.2f} dB over {len(error_db)} links, not judged",
        )
    return measured(name, len(error_db), error_db, TOLERANCE_DB)


def _links(root: Path, hall: str) -> tuple[Array, Array]:
    """Distance in plan and mean level of each beacon at each place where it is heard often enough."""
    beacons = read_table(root, f"dep/{hall}.csv", ["id", "x", "y"])
    beacon_m = np.stack([beacons.numbers("x"), beacons.numbers("y")], axis=1)
    places, levels = read_grid(root, f"rss/{hall}_crd.csv"), read_grid(root, f"rss/{hall}_rss.csv")
    for file, rows, width in (("crd", places, 2), ("rss", levels, len(beacons))):
        if rows and len(rows[0][1]) != width:
            raise ValidationSetError(
                f"{root.name}/rss/{hall}_{file}.csv: line {rows[0][0]}: has {len(rows[0][1])} values "
                f"(expected {width}); give the set's own file"
            )
    if len(places) != len(levels):
        raise ValidationSetError(
            f"{root.name}/rss/{hall}_rss.csv: line {levels[-1][0] if levels else 1}: is the last of {len(levels)} "
            f"rows (expected {len(places)} as in {hall}_crd.csv); give files of one measurement"
        )
    if not places:
        return np.empty(0), np.empty(0)
    at_m, group = np.unique(np.array([row for _, row in places]), axis=0, return_inverse=True)
    level_dbm = np.array([row for _, row in levels])
    heard = level_dbm != NOT_HEARD
    group = group.reshape(-1)
    count, sum_dbm = np.zeros((2, len(at_m), len(beacon_m)))
    np.add.at(count, group, heard)
    np.add.at(sum_dbm, group, np.where(heard, level_dbm, 0.0))
    often = count > LEAST_HEARD * np.bincount(group)[:, None]
    mean_dbm = sum_dbm / np.maximum(count, 1)
    distance_m = np.linalg.norm(at_m[:, None] - beacon_m[None], axis=2)
    return distance_m[often], mean_dbm[often]
