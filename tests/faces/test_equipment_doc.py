"""docs/equipment.md names every column and key, and nothing that is not there."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.sites.fields import keys_of

TEXT = (Path(__file__).parents[2] / "docs" / "equipment.md").read_text("utf-8")


def first_column(heading: str) -> set[str]:
    section = TEXT.split(f"## `{heading}`")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_column_of_a_layout_and_a_catalogue_is_described():
    assert first_column("layout.csv") == set(keys_of(Device))
    assert first_column("catalogue.csv") == set(keys_of(Model))


def test_every_key_of_a_rules_file_is_described():
    """Those of the grades and tiers once, without the name of the grade or tier."""
    raw, named = tomllib.loads(load_rules().text), first_column("rules.toml")
    told = {part for name in named for part in re.findall(r"[a-zA-Z_]\w*", name)}
    assert {"format", "grades", "tiers"} <= told
    for table in ("errors", "phone", "outside"):
        assert {name for name in named if name.startswith(f"{table}.")} == {f"{table}.{key}" for key in raw[table]}
    for table in (*raw["grades"].values(), *raw["tiers"].values()):
        for key, value in table.items():
            assert key in told
            if isinstance(value, dict) and "value" not in value:
                assert set(value) <= told


def test_every_key_of_a_scenario_is_described():
    assert first_column("scenario.toml") == {field.name for field in fields(Scenario)}
