"""Reference values of standards the engine computes with: slabs, building entry, masts, floors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from quietwing.coverage.propagation import (
    HZ_PER_GHZ,
    MHZ_PER_GHZ,
    RMA_BUILDING_HEIGHT_M,
    RMA_STREET_WIDTH_M,
    BuildingClass,
    Polarisation,
    building_entry_loss_db,
    floor_cap_db,
    load_materials,
    los_probability,
    mast_loss_db,
    slab_reflection_db,
    slab_transmission_db,
)
from quietwing.coverage.validation.reading import Table, ValidationSetError, read_table
from quietwing.coverage.validation.results import SetResult, compared, evaluated
from quietwing.sites import Environment

__all__ = ["building_entry", "floors", "masts", "slabs"]

Array = NDArray[np.float64]

SLAB_TOLERANCE_DB = 0.02
DEEPEST_COMPARED_DB = -60.0  # the reference is in single precision
ENTRY_TOLERANCE_DB = 1e-6
URBAN_TOLERANCE_DB = 1e-4
RURAL_TOLERANCE_DB = 0.01  # PL1 at the break point in plan, as the table reads; pycraf takes its distance in 3D
CHANCE_TOLERANCE = 1e-4
FLOOR_TOLERANCE_DB = 0.05  # published to one decimal
FLOORS_DB = (18.3, 33.5, 43.6, 51.0, 57.1)  # COST 231 final report, chapter 4: one to five floors

ENTRY_COLUMNS = (
    "freqency (GHz)",  # as the origin spells it
    "probability (%)",
    "building type",
    "elevation angle (deg)",
    "building entry loss (dB)",
)
BUILDING_CLASSES: dict[float, BuildingClass] = {1.0: "traditional", 2.0: "thermally_efficient"}
ENVIRONMENTS: tuple[Environment, ...] = ("UMa", "UMi", "RMa")
POLARISATIONS: tuple[Polarisation, ...] = ("TE", "TM")


def slabs(root: Path) -> list[SetResult]:
    """Transmission and reflection of single slabs against Sionna RT (``rf-sionna-p2040``).

    Where the engine's own table holds a material at a frequency its permittivity is taken, else the one of the row.
    """
    columns = ("f_GHz", "eps_r", "sigma_S_per_m", "thickness_m", "theta_deg")
    values = [f"{coefficient}_{each}_dB" for coefficient in "TR" for each in POLARISATIONS]
    table = read_table(root, "slab_reference.csv", ["material", *columns, *values])
    f_ghz, eps, conductivity, thickness_m, theta_deg = (table.numbers(column) for column in columns)
    if np.any(f_ghz <= 0):
        line = table.lines[int(np.argmax(f_ghz <= 0))]
        raise ValidationSetError(f"{table.file}: line {line}: f_GHz is not above 0; correct the value")
    expected_db = np.stack([table.numbers(column) for column in values], axis=1)
    eta = eps - 1j * conductivity / (2 * np.pi * f_ghz * HZ_PER_GHZ * epsilon_0)
    own = load_materials()
    for k, name in enumerate(table.words("material").tolist()):
        row = own.get(name)
        if row is not None and row.f_min_ghz <= f_ghz[k] <= row.f_max_ghz:
            eta[k] = row.permittivity(f_ghz[k : k + 1] * MHZ_PER_GHZ)[0]

    def model(part: slice) -> Array:
        slab = (eta[part], thickness_m[part], np.cos(np.radians(theta_deg[part])), f_ghz[part] * MHZ_PER_GHZ)
        passed = [slab_transmission_db(*slab, each) for each in POLARISATIONS]
        return np.stack([*passed, *(slab_reflection_db(*slab, each) for each in POLARISATIONS)], axis=1)

    error_db = (evaluated(model, len(table)) - expected_db)[expected_db > DEEPEST_COMPARED_DB]
    note = f"{expected_db.size - error_db.size} values of {DEEPEST_COMPARED_DB:g} dB and less left out"
    return [compared("rf-sionna-p2040", len(table), error_db, SLAB_TOLERANCE_DB, note=note)]


def building_entry(root: Path) -> list[SetResult]:
    """Building entry loss against the grid of CRC Canada (``rf-crc-p2109``)."""
    table = read_table(root, "validation.csv", ENTRY_COLUMNS)
    f_ghz, percent, kind, elevation_deg, expected_db = (table.numbers(column) for column in ENTRY_COLUMNS)
    error_db = np.full(len(table), np.nan)
    for code, name in BUILDING_CLASSES.items():
        chosen = np.flatnonzero(kind == code)

        def model(part: slice, chosen: NDArray[np.intp] = chosen, name: BuildingClass = name) -> Array:
            k = chosen[part]
            return building_entry_loss_db(f_ghz[k] * MHZ_PER_GHZ, percent[k] / 100, name, elevation_deg[k])

        error_db[chosen] = evaluated(model, len(chosen))[:, 0] - expected_db[chosen]
    return [compared("rf-crc-p2109", len(table), error_db, ENTRY_TOLERANCE_DB)]


def masts(root: Path) -> list[SetResult]:
    """Path loss and probability of sight of TR 38.901 against pycraf (``rf-3gpp-38901``)."""
    columns = ("f_GHz", "d2d_m", "h_bs_m", "h_ut_m", "pl_los_dB", "pl_nlos_dB", "p_los")
    table = read_table(root, "pycraf_reference.csv", ["scenario", "W_m", "h_bldg_m", *columns])
    scenario = table.words("scenario")
    usual = np.isin(table.numbers("W_m", blank=RMA_STREET_WIDTH_M), RMA_STREET_WIDTH_M)
    usual &= np.isin(table.numbers("h_bldg_m", blank=RMA_BUILDING_HEIGHT_M), RMA_BUILDING_HEIGHT_M)
    urban = np.isin(scenario, ENVIRONMENTS[:2])
    rural = scenario == "RMa"
    left_out = int(np.count_nonzero(~urban & ~(rural & usual)))
    note = f"{left_out} rows of other scenarios, streets or buildings left out" if left_out else ""
    return [
        _mast_result("rf-3gpp-38901", table.rows(urban), URBAN_TOLERANCE_DB, note),
        _mast_result("rf-3gpp-38901/RMa", table.rows(rural & usual), RURAL_TOLERANCE_DB, note),
    ]


def floors() -> list[SetResult]:
    """The saturating curve of several floors against its five published values; needs no file."""
    error_db = floor_cap_db(np.arange(1, len(FLOORS_DB) + 1)) - np.array(FLOORS_DB)
    return [compared("cost231-floors", len(FLOORS_DB), error_db, FLOOR_TOLERANCE_DB)]


def _mast_result(name: str, table: Table, tolerance_db: float, note: str) -> SetResult:
    """With sight, without, and how likely sight is."""
    scenario = table.words("scenario")
    columns = ("f_GHz", "d2d_m", "h_bs_m", "h_ut_m", "pl_los_dB", "pl_nlos_dB", "p_los")
    f_ghz, away_m, mast_m, terminal_m, los_db, nlos_db, chance = (table.numbers(column) for column in columns)
    error_db: list[Array] = []
    chance_error = [np.zeros(0)]
    for environment in ENVIRONMENTS:
        chosen = np.flatnonzero(scenario == environment)
        for sight, expected_db in ((True, los_db), (False, nlos_db)):

            def model(
                part: slice,
                chosen: NDArray[np.intp] = chosen,
                environment: Environment = environment,
                sight: bool = sight,
            ) -> Array:
                k = chosen[part]
                return mast_loss_db(environment, f_ghz[k] * MHZ_PER_GHZ, away_m[k], mast_m[k], terminal_m[k], sight)

            error_db.append(evaluated(model, len(chosen))[:, 0] - expected_db[chosen])

        def likely(part: slice, chosen: NDArray[np.intp] = chosen, environment: Environment = environment) -> Array:
            k = chosen[part]
            return los_probability(environment, away_m[k], terminal_m[k])

        chance_error.append(evaluated(likely, len(chosen))[:, 0] - chance[chosen])
    worst = np.abs(np.concatenate(chance_error)).max(initial=0.0)
    complaints = []
    if not worst <= CHANCE_TOLERANCE:
        complaints.append(f"a probability of sight is off by {worst:.2g} (allowed {CHANCE_TOLERANCE:g})")
    return compared(name, len(table), np.concatenate(error_db), tolerance_db, complaints=complaints, note=note)
