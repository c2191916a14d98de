"""Over terrain by the optional itmlogic: the examples of NTIA, and what is refused before it is asked."""

from __future__ import annotations

import csv
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.irregular_terrain import (
    CLIMATES,
    irregular_terrain_loss_db,
    profile_height_m,
)

DATA = Path(__file__).parents[2] / "data"
FLAT = np.full(100, 50.0)
PATH = {"freq_mhz": 800, "ground_m": FLAT, "spacing_m": 100, "h_tx_m": 30, "h_rx_m": 1.5, "vertical": True}

needs_itmlogic = pytest.mark.skipif(find_spec("itmlogic") is None, reason="itmlogic (extra terrain) is not installed")


def rows_of(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return list(csv.reader(line for line in lines if not line.startswith("#")))


@needs_itmlogic
def test_losses_are_those_of_ntia():
    header, *paths = rows_of("itm_p2p_ntia.csv")
    profiles = rows_of("itm_profiles_ntia.csv")
    assert len(paths) == len(profiles) == 2
    for values, profile in zip(paths, profiles, strict=True):
        row = dict(zip(header, map(float, values), strict=True))
        steps, spacing_m, *ground_m = map(float, profile)
        assert len(ground_m) == steps + 1
        loss_db = irregular_terrain_loss_db(
            row["f__mhz"], ground_m, spacing_m, row["h_tx__meter"], row["h_rx__meter"],
            vertical=row["pol"] == 1, climate=CLIMATES[int(row["climate"]) - 1], permittivity=row["epsilon"],
            conductivity_s_per_m=row["sigma"], refractivity_n=row["N_0"], time=row["time"] / 100,
            location=row["location"] / 100, situation=row["situation"] / 100, variability=int(row["mdvar"]),
        )  # fmt: skip
        assert loss_db == pytest.approx(row["A__db"], abs=0.01)


@needs_itmlogic
def test_a_hill_in_the_way_costs():
    hill = FLAT.copy()
    hill[45:55] += 80
    assert irregular_terrain_loss_db(**(PATH | {"ground_m": hill})) > irregular_terrain_loss_db(**PATH) + 10


@needs_itmlogic
def test_what_the_model_flags_as_beyond_it_raises():
    with pytest.raises(OutOfRangeError, match=r"does not hold for .*; check"):
        irregular_terrain_loss_db(**(PATH | {"spacing_m": 0.1}))


@needs_itmlogic
def test_any_path_gives_a_loss_or_an_error_of_ours():
    rng = np.random.default_rng(5)
    for _ in range(200):
        ground_m = np.cumsum(rng.normal(0, 10 ** rng.uniform(-1, 2), rng.integers(3, 80)))
        try:
            loss_db = irregular_terrain_loss_db(
                10 ** rng.uniform(1.31, 4.3), ground_m, 10 ** rng.uniform(-1, 4), 10 ** rng.uniform(-0.3, 3.4),
                10 ** rng.uniform(-0.3, 3.4), vertical=True, climate=CLIMATES[rng.integers(7)],
                time=rng.uniform(0.01, 0.99), variability=int(rng.integers(4)) + 10,
            )  # fmt: skip
        except OutOfRangeError:
            continue
        assert np.isfinite(loss_db)


def test_refractivity_is_reduced_to_the_middle_of_the_path():
    ground_m = np.arange(101.0)
    ground_m[:10] = ground_m[91:] = 1e6
    assert profile_height_m(ground_m) == pytest.approx(50)


def test_without_itmlogic_there_is_no_loss_and_no_other_harm(monkeypatch):
    for name in ("itmlogic", "itmlogic.misc", "itmlogic.misc.qerfi"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "quietwing.coverage.propagation.by_itmlogic", raising=False)
    with pytest.raises(ModuleNotFoundError, match="itmlogic"):
        irregular_terrain_loss_db(**PATH)


@pytest.mark.parametrize(
    "changed",
    [
        {"freq_mhz": 19},
        {"freq_mhz": np.nan},
        {"ground_m": [1, 2]},
        {"ground_m": [[1, 2, 3]]},
        {"ground_m": [1, np.nan, 3]},
        {"spacing_m": 0},
        {"spacing_m": 1e6},
        {"h_tx_m": 0.4},
        {"h_rx_m": 3001},
        {"climate": "lunar"},
        {"permittivity": 1},
        {"conductivity_s_per_m": 0},
        {"refractivity_n": 200},
        {"ground_m": [4000, 4000, 4000]},
        {"time": 1},
        {"location": 0},
        {"variability": 4},
        {"variability": 40},
    ],
)
def test_outside_the_range_of_the_model_raises_before_it_is_asked(changed):
    with pytest.raises(OutOfRangeError, match="; "):
        irregular_terrain_loss_db(**(PATH | changed))
