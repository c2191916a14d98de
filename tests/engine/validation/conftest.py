"""A folder of validation sets made of the small copies in ``tests/data`` and of sets worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from quietwing.coverage.validation import SetResult, validate

COPIES = {
    "rf-sionna-p2040/slab_reference.csv": "p2040_slab_sionna.csv",
    "rf-crc-p2109/validation.csv": "p2109_crc.csv",
    "rf-3gpp-38901/pycraf_reference.csv": "tr38901_pycraf.csv",
    "rf-crc-p1411/reference.csv": "p1411_crc.csv",
    "rf-ntia-p2108/HeightGainTerminalCorrectionModelTestData.csv": "p2108_height_gain_ntia.csv",
    "rf-ntia-p2108/TerrestrialStatisticalModelTestData.csv": "p2108_terrestrial_ntia.csv",
    "rf-ntia-p2108/AeronauticalStatisticalModelTestData.csv": "p2108_slant_ntia.csv",
    "rf-ntia-itm/p2p.csv": "itm_p2p_ntia.csv",
    "rf-ntia-itm/pfls.csv": "itm_profiles_ntia.csv",
}

# Two rooms of 4 × 4 m side by side with 10 cm of wall between them, joined by a door opening at the top.
LAYOUT_M = [(0, 0), (4, 0), (4, 3), (4.1, 3), (4.1, 0), (8.1, 0), (8.1, 4), (0, 4), (0, 0)]
WALL = shapely.box(4, 0, 4.1, 3)
ANCHORS_M = {"1": (0.5, 0.5, 2.0), "2": (7.5, 0.5, 2.5), "3": (4.05, 3.5, 2.2)}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_flat(folder: Path) -> None:
    """Levels of an exact world: free space, 3.4 dB for the wall between the rooms, −50 dBm at 1 m."""
    write(folder / "layout.csv", "x,y\n" + "".join(f"{x},{y}\n" for x, y in LAYOUT_M))
    write(folder / "anchors.csv", "id,x,y,z\n" + "".join(f"{k},{x},{y},{z}\n" for k, (x, y, z) in ANCHORS_M.items()))
    rows = ["ts,x,y,heading,rssi_1,rssi_2,rssi_3"]
    for x in np.arange(0.25, 8.1, 0.5):
        for y in np.arange(0.25, 3, 0.5):
            levels = []
            for ax, ay, az in ANCHORS_M.values():
                apart_m = np.sqrt((x - ax) ** 2 + (y - ay) ** 2 + (1.3 - az) ** 2)
                walled = shapely.intersection(shapely.LineString([(x, y), (ax, ay)]), WALL).length > 0.03
                levels.append(f"{-50 - 20 * np.log10(apart_m) - 3.4 * walled:.6f}")
            rows += [f"0,{x},{y},0,{','.join(levels)}"] * 3
    write(folder / "calibration_df.csv", "\n".join(rows) + "\n")


def write_hall(folder: Path, name: str = "geo") -> None:
    """A hall in which the level falls exactly as in free space; the last beacon is heard once in four times."""
    beacons = [(0.0, 0.0), (20.0, 0.0), (10.0, 15.0), (5.0, 5.0)]
    write(folder / f"dep/{name}.csv", "id,x,y\n" + "".join(f"B{k},{x},{y}\n" for k, (x, y) in enumerate(beacons)))
    places, levels = [], []
    for x, y in [(3.0, 4.0), (12.0, 9.0), (17.0, 2.0)]:
        for again in range(4):
            row = [-60 - 20 * np.log10(np.hypot(x - bx, y - by)) for bx, by in beacons]
            row[3] = row[3] - 30 if again == 0 else 100
            places.append(f"{x},{y}")
            levels.append(",".join(f"{level:.6f}" for level in row))
    write(folder / f"rss/{name}_crd.csv", "\n".join(places) + "\n")
    write(folder / f"rss/{name}_rss.csv", "\n".join(levels) + "\n")


def write_sets(folder: Path) -> Path:
    """Every known set that can be made here."""
    data = Path(__file__).parents[2] / "data"
    for name, copy in COPIES.items():
        write(folder / name, (data / copy).read_text(encoding="utf-8"))
    write_flat(folder / "rf-ble-flat-wut")
    write_hall(folder / "rf-ble-uji")
    write(folder / "rf-measured-tables/concrete_nist_ir6055.csv", "f_GHz,attenuation_dB_per_mm\n1,0.133\n2,0.185\n")
    return folder


@pytest.fixture
def sets(tmp_path) -> Path:
    """A folder with every known set that can be made here."""
    return write_sets(tmp_path / "sets")


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> tuple[SetResult, ...]:
    """What is found of these sets as they are."""
    return validate(write_sets(tmp_path_factory.mktemp("judged") / "sets"))
