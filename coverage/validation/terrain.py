"""Examples of NTIA for paths over terrain, computed by the extra ``terrain``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation import CLIMATES, irregular_terrain_loss_db
from quietwing.coverage.validation.reading import ValidationSetError, read_grid, read_table
from quietwing.coverage.validation.results import SetResult, compared, skipped

__all__ = ["irregular_terrain"]

NAME = "rf-ntia-itm"
TOLERANCE_DB = 0.01  # published to two decimals
COLUMNS = (
    "h_tx__meter", "h_rx__meter", "epsilon", "sigma", "N_0", "f__mhz", "pol", "climate", "time", "location",
    "situation", "mdvar", "A__db",
)  # fmt: skip
PROFILE_HEAD = 2  # number of steps and length of one, then the heights
MOST_PATHS = 1000


def irregular_terrain(root: Path) -> list[SetResult]:
    """Point-to-point losses of the Irregular Terrain Model against NTIA's own (``rf-ntia-itm``)."""
    table = read_table(root, "p2p.csv", COLUMNS)
    profiles = read_grid(root, "pfls.csv", even=False)
    file = f"{root.name}/pfls.csv"
    if len(profiles) != len(table):
        raise ValidationSetError(
            f"{file}: line {profiles[-1][0] if profiles else 1}: is the last of {len(profiles)} profiles (expected "
            f"{len(table)}, one for each row of p2p.csv); give as many profiles as paths"
        )
    if len(table) > MOST_PATHS:
        raise ValidationSetError(
            f"{table.file}: line {table.lines[MOST_PATHS]}: is path {MOST_PATHS + 1}; split the set"
        )
    for line, profile in profiles:
        if len(profile) < PROFILE_HEAD or len(profile) != profile[0] + PROFILE_HEAD + 1:
            raise ValidationSetError(
                f"{file}: line {line}: has {len(profile)} values (expected the number of steps, their length and one "
                f"height more than steps); correct the profile"
            )
    values = {column: table.numbers(column) for column in COLUMNS}
    if find_spec("itmlogic") is None:
        return [skipped(NAME, "itmlogic is not installed; install the extra: pip install 'quietwing[terrain]'")]
    error_db = np.full(len(table), np.nan)
    for k, (_, profile) in enumerate(profiles):
        path = {column: float(value[k]) for column, value in values.items()}
        if path["climate"] not in range(1, len(CLIMATES) + 1):
            continue
        try:
            loss_db = irregular_terrain_loss_db(
                path["f__mhz"],
                profile[PROFILE_HEAD:],
                float(profile[1]),
                path["h_tx__meter"],
                path["h_rx__meter"],
                vertical=path["pol"] == 1,
                climate=CLIMATES[int(path["climate"]) - 1],
                permittivity=path["epsilon"],
                conductivity_s_per_m=path["sigma"],
                refractivity_n=path["N_0"],
                time=path["time"] / 100,
                location=path["location"] / 100,
                situation=path["situation"] / 100,
                variability=int(path["mdvar"]),
            )
        except OutOfRangeError:
            continue
        error_db[k] = loss_db - path["A__db"]
    return [compared(NAME, len(table), error_db, TOLERANCE_DB, note="point to point; area mode is not computed")]
