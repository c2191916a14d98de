"""The page of file formats and the names `sites` holds of tables that live to its right."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from quietwing.sites.checks import ARRAY_PATTERNS, PATTERNS
from quietwing.sites.geojson import MOST_FEATURES, MOST_MEMBERS, MOST_VERTICES
from quietwing.sites.plan_checks import MOST_CROSSINGS
from quietwing.sites.schemas import formats_md
from quietwing.sites.tables_csv import MOST_CELLS, MOST_COLUMNS
from quietwing.sites.toml_text import MOST_TOML_KEYS

ROOT = Path(__file__).parents[2]


def test_the_page_of_formats_is_the_one_the_classes_make():
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert page == formats_md(), "run: python -m quietwing.sites.schemas > docs/formats.md"


def test_the_page_states_each_limit_that_is_enforced():
    page = formats_md()
    tables, drawings = (MOST_CELLS, MOST_COLUMNS, MOST_TOML_KEYS), (MOST_CROSSINGS, MOST_FEATURES, MOST_VERTICES)
    for constant in (*tables, *drawings, MOST_MEMBERS):
        assert f"| {constant:,} |" in page


@pytest.mark.parametrize("key", ["construction", "freq_mhz", "rsrp_dbm", "mesh_bonded", "floor_m", "heights_m"])
def test_the_page_names_every_kind_of_key(key):
    assert f"`{key}`" in formats_md()


def test_antenna_patterns_are_those_of_the_engine():
    table = files("quietwing.coverage.propagation.tables").joinpath("antennas.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in table.splitlines() if not line.startswith("#"))
    assert tuple(row["pattern"] for row in rows) == PATTERNS


def test_antenna_arrays_are_those_of_the_engine():
    table = files("quietwing.coverage.propagation.tables").joinpath("arrays.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in table.splitlines() if not line.startswith("#"))
    assert tuple(row["pattern"] for row in rows) == ARRAY_PATTERNS
