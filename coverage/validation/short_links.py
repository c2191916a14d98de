"""Reference values of the short outdoor links of P.1411 and of the clutter of P.2108."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation import (
    MHZ_PER_GHZ,
    ClutterType,
    Neighbourhood,
    StreetEnvironment,
    TownSize,
    below_roofs_loss_db,
    height_gain_clutter_loss_db,
    near_street_loss_db,
    over_roofs_loss_db,
    roof_screens_loss_db,
    slant_clutter_loss_db,
    street_corner_loss_db,
    terrestrial_clutter_loss_db,
)
from quietwing.coverage.validation.reading import MissingFileError, Table, read_table
from quietwing.coverage.validation.results import SetResult, compared, evaluated

__all__ = ["clutter", "streets"]

Array = NDArray[np.float64]
Method = Callable[[Table, str], Array]

STREET_TOLERANCE_DB = 1e-6
CLUTTER_TOLERANCE_DB = 0.1  # published to one decimal
M_PER_KM = 1e3

ENVIRONMENTS: dict[str, StreetEnvironment] = {
    "URBAN_HIGH_RISE": "urban_high_rise",
    "URBAN_LOW_RISE_OR_SUBURBAN": "urban_low_rise",
    "RESIDENTIAL": "residential",
}
NEIGHBOURHOODS: dict[str, Neighbourhood] = {
    "SUBURBAN": "suburban",
    "URBAN": "urban",
    "DENSE_URBAN_HIGH_RISE": "dense_urban_high_rise",
}
TOWNS: dict[str, TownSize] = {
    "MEDIUM_SIZED_CITY_OR_SUBURAN_CENTRE": "medium_city_or_suburb",  # as the origin spells it
    "MEDIUM_SIZED_CITY_OR_SUBURBAN_CENTRE": "medium_city_or_suburb",
    "METROPOLITAN_CENTRE": "metropolitan",
}
CLUTTER: dict[float, ClutterType] = {
    1: "water",
    2: "open",
    3: "suburban",
    4: "urban",
    5: "trees",
    6: "dense_urban",
}


def streets(root: Path) -> list[SetResult]:
    """Short links in and over streets against CRC Canada (``rf-crc-p1411``), rows without a warning."""
    table = read_table(root, "reference.csv", ["method", "f_GHz", "env", "path", "L_dB", "warn"])
    method = table.words("method")
    unwarned = table.numbers("warn", blank=0.0) == 0
    errors: list[Array] = []
    counts: list[str] = []
    for section, model in _METHODS.items():
        chosen = (method == section) & unwarned
        for env in sorted(set(table.words("env")[chosen].tolist())):
            rows = table.rows(chosen & (table.words("env") == env))
            for path in sorted(set(rows.words("path").tolist())):
                some = rows.rows(rows.words("path") == path)
                errors.append(model(some, env if not path else f"{env} {path}") - some.numbers("L_dB"))
        counts.append(f"{section}: {np.count_nonzero(chosen)}")
    compared_rows = sum(len(each) for each in errors)
    note = f"rows by section {', '.join(counts)}; {len(table) - compared_rows} with a warning or of others left out"
    error_db = np.concatenate(errors) if errors else np.empty(0)
    return [compared("rf-crc-p1411", compared_rows, error_db, STREET_TOLERANCE_DB, note=note)]


def clutter(root: Path) -> list[SetResult]:
    """Clutter loss against the test vectors of NTIA (``rf-ntia-p2108``); rows marked as errors must raise."""
    errors: list[Array] = []
    complaints: list[str] = []
    rows = refusals = 0
    absent: list[str] = []
    for file, result, columns, model in _CLUTTER_FILES:
        try:
            table = read_table(root, file, [*columns, "rtn", result])
        except MissingFileError:
            absent.append(file)
            continue
        values = np.stack([table.numbers(column) for column in columns], axis=1)
        found_db = np.full(len(table), np.nan)
        for k, row in enumerate(values.tolist()):
            found_db[k] = _tried(model, row)
        wrong = table.numbers("rtn") != 0
        accepted = np.flatnonzero(wrong & np.isfinite(found_db))
        complaints += [f"{file} line {table.lines[k]} should have been refused" for k in accepted[:3]]
        errors.append((found_db - table.numbers(result))[~wrong])
        rows += len(table)
        refusals += int(np.count_nonzero(wrong))
    if len(absent) == len(_CLUTTER_FILES):
        raise MissingFileError(f"{root.name}: none of {', '.join(absent)} is there")
    said = [f"{refusals} rows must be refused and are" if not complaints else f"{refusals} rows must be refused"]
    said += [f"{file} is not there" for file in absent]
    error_db = np.concatenate(errors)
    note = "; ".join(said)
    return [compared("rf-ntia-p2108", rows, error_db, CLUTTER_TOLERANCE_DB, complaints=complaints, note=note)]


def _tried(model: Callable[..., Array], row: list[float]) -> float:
    """The value, or nan where the model refuses the row."""
    try:
        with np.errstate(all="ignore"):
            return float(model(*row))
    except OutOfRangeError:
        return float("nan")


def _along_streets(table: Table, state: str) -> Array:
    return _site_general(below_roofs_loss_db, table, state)


def _over_roofs(table: Table, state: str) -> Array:
    return _site_general(over_roofs_loss_db, table, state)


def _site_general(
    loss_db: Callable[[Array, Array, StreetEnvironment, bool], Array], table: Table, state: str
) -> Array:
    env, _, path = state.partition(" ")
    f_mhz, away_m = table.numbers("f_GHz") * MHZ_PER_GHZ, table.numbers("d_m")
    if env not in ENVIRONMENTS or path not in ("LOS", "NLOS"):
        return np.full(len(table), np.nan)
    return evaluated(lambda k: loss_db(f_mhz[k], away_m[k], ENVIRONMENTS[env], path == "LOS"), len(table))[:, 0]


def _round_corner(table: Table, state: str) -> Array:
    f_mhz = table.numbers("f_GHz") * MHZ_PER_GHZ
    x1, x2, w1, w2, alpha_rad = (table.numbers(name) for name in ("x1_m", "x2_m", "w1_m", "w2_m", "alpha_rad"))
    corner_deg = np.degrees(alpha_rad)
    return evaluated(
        lambda k: street_corner_loss_db(f_mhz[k], x1[k], x2[k], w1[k], w2[k], corner_deg[k]), len(table)
    )[:, 0]


def _over_rows(table: Table, state: str) -> Array:
    f_mhz = table.numbers("f_GHz") * MHZ_PER_GHZ
    names = ("d_m", "h1_m", "h2_m", "hr_m", "l_m", "b_m", "w_m", "phi_deg")
    away, h1, h2, roof, length, spacing, width, angle = (table.numbers(name) for name in names)
    if state not in TOWNS:
        return np.full(len(table), np.nan)

    def model(k: slice) -> Array:
        heights_m = (h1[k], h2[k], roof[k])
        return roof_screens_loss_db(
            f_mhz[k], away[k], *heights_m, length[k], spacing[k], width[k], angle[k], TOWNS[state]
        )

    return evaluated(model, len(table))[:, 0]


def _near_street(table: Table, state: str) -> Array:
    f_mhz = table.numbers("f_GHz") * MHZ_PER_GHZ
    away_m, share, width_m = table.numbers("d_m"), table.numbers("p_percent") / 100, table.numbers("w_m")
    if state not in NEIGHBOURHOODS:
        return np.full(len(table), np.nan)
    return evaluated(
        lambda k: near_street_loss_db(f_mhz[k], away_m[k], NEIGHBOURHOODS[state], share[k], width_m[k]), len(table)
    )[:, 0]


def _terrestrial(f_ghz: float, away_km: float, percent: float) -> Array:
    return terrestrial_clutter_loss_db(f_ghz * MHZ_PER_GHZ, away_km * M_PER_KM, percent / 100)


def _height_gain(f_ghz: float, height_m: float, street_m: float, clutter_m: float, code: float) -> Array:
    if code not in CLUTTER:
        raise OutOfRangeError(f"clutter of type {code:g} (known: 1 to 6); correct it")
    return height_gain_clutter_loss_db(f_ghz * MHZ_PER_GHZ, height_m, CLUTTER[code], clutter_m, street_m)


def _slant(f_ghz: float, elevation_deg: float, percent: float) -> Array:
    return slant_clutter_loss_db(f_ghz * MHZ_PER_GHZ, elevation_deg, percent / 100)


_METHODS: dict[str, Method] = {
    "4.1.1": _along_streets,
    "4.1.3.1": _round_corner,
    "4.2.1": _over_roofs,
    "4.2.2.1": _over_rows,
    "4.3.1": _near_street,
}

_CLUTTER_FILES: tuple[tuple[str, str, tuple[str, ...], Callable[..., Array]], ...] = (
    (
        "HeightGainTerminalCorrectionModelTestData.csv",
        "A_h__db",
        ("f__ghz", "h__meter", "w_s__meter", "R__meter", "clutter_type"),
        _height_gain,
    ),
    ("TerrestrialStatisticalModelTestData.csv", "L_ctt__db", ("f__ghz", "d__km", "p"), _terrestrial),
    ("AeronauticalStatisticalModelTestData.csv", "L_ces__db", ("f__ghz", "theta_deg", "p"), _slant),
)
