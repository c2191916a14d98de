"""docs/equipment.md names every column and key, and nothing that is not there."""

import re
from dataclasses import fields
from pathlib import Path

from quietwing.coverage.catalogue import CatalogueRow
from quietwing.coverage.layout import LayoutRow
from quietwing.coverage.scenario import Scenario

TEXT = (Path(__file__).parents[2] / "docs" / "equipment.md").read_text("utf-8")


def first_column(heading: str) -> set[str]:
    section = TEXT.split(f"## `{heading}`")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_column_of_a_layout_and_a_catalogue_is_described():
    assert first_column("layout.csv") == {field.name for field in fields(LayoutRow)}
    assert first_column("catalogue.csv") == {field.name for field in fields(CatalogueRow)}


def test_every_key_of_a_scenario_is_described():
    assert first_column("scenario.toml") == {field.name for field in fields(Scenario)}
