"""An estate read from results on disk: counts and money are theirs, and what was changed is refused."""

import csv
import json
import re

import pytest
from openpyxl import load_workbook

from quietwing.coverage.errors import QuietwingError, ScenarioError
from quietwing.coverage.estate_store import read_estate
from quietwing.coverage.planning import with_split
from quietwing.coverage.report import estate_object, write_estate
from quietwing.coverage.result_folder import hash_of, versions

VERSIONS = {"inputs": {"site": "a" * 64}, "versions": versions(), "site_notes": [], "seed": 1, "stream": 0}


def rooms(silence, silent, quiet):
    return {
        "silence": silence,
        "silent": silent,
        "quiet_anyway": quiet,
        "holes": silence - silent - quiet,
        "unknown": 0,
    }


def put_result(folder, site, fingerprint, capex_gbp, planning, evidence, *, passed=True, name="plan.json"):
    """A result as `optimise --out` leaves it, as far as an estate reads it."""
    spill = {"tier": "service", "passed": passed, "worst_margin_db": 1.5 if passed else -0.5, "where": None}
    spoken = {
        "site": site,
        "grade": "planning",
        "rules": {"name": "default", "fingerprint": "0f"},
        "grades": {
            "planning": {"rooms": planning, "spill": spill},
            "evidence": {"rooms": evidence, "spill": spill},
        },
        "cost": {"capex_gbp": capex_gbp, "whole_life_gbp": 2 * capex_gbp, "npv_gbp": capex_gbp, "illustrative": None},
        "binding": "=money",
    }
    folder.mkdir(parents=True)
    (folder / name).write_text(json.dumps(spoken))
    inputs = {"site": fingerprint * 64, "scenario": "", "rules": "", "catalogue": ""}
    manifest = {"format": 1, **VERSIONS, "inputs": inputs, "files": {name: hash_of(folder / name)}}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def results(tmp_path):
    at = tmp_path / "results"
    put_result(at / "north-1", "North", "a", 1000.0, rooms(10, 4, 2), rooms(10, 1, 2))
    put_result(at / "north-2", "North", "a", 3000.0, rooms(10, 8, 2), rooms(10, 5, 2))
    put_result(at / "deep" / "south-1", "South", "b", 2000.0, rooms(20, 9, 0), rooms(20, 0, 0))
    put_result(at / "south-loud", "South", "b", 100.0, rooms(20, 20, 0), rooms(20, 20, 0), passed=False)
    return at


def test_each_site_has_its_cells_and_those_that_leak_without_blockers(results):
    found = read_estate(results)
    assert [(site.name, site.cells, site.leaking["planning"]) for site in found.sites] == [
        ("North", 10, 8),
        ("South", 20, 20),
    ]
    assert [plan.folder for plan in found.chosen] == ["north-2", "deep/south-1"]


def test_results_of_other_code_are_named_before_sites_are_compared(results, request):
    assert read_estate(results).notes == ()
    request.getfixturevalue("other_physics")
    (said,) = read_estate(results).notes
    assert said.startswith("4 of 4 results: made by other code of quietwing (")


@pytest.mark.parametrize(
    ("budget_gbp", "chosen", "cells"),
    [(999.99, [None, None], 0), (2999, [None, "deep/south-1"], 9), (3000, ["north-1", "deep/south-1"], 13),
     (5000, ["north-2", "deep/south-1"], 17)],
)  # fmt: skip
def test_a_budget_buys_most_cells_and_nothing_that_breaks_a_limit(results, budget_gbp, chosen, cells):
    # £3,000 is also the price of North's 8 cells: 4 + 9 of two sites are more. South's 20 break a limit.
    found = with_split(read_estate(results), budget_gbp)
    assert [plan and plan.folder for plan in found.chosen] == chosen
    assert found.split.cells == cells


def test_grade_and_basis_are_those_asked_for(results):
    found = with_split(read_estate(results, grade="evidence", basis="whole_life"), 6000)
    assert [plan and plan.folder for plan in found.chosen] == ["north-2", None]  # twice £3,000; South has none
    assert found.split.cells == 5
    with pytest.raises(ScenarioError, match="choose one of planning, evidence"):
        read_estate(results, grade="Planning")


def test_files_say_what_the_result_says_and_are_the_same_bytes_twice(results, tmp_path):
    found = with_split(read_estate(results), 5000)
    first, second = (write_estate(found, tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    rows = list(csv.reader((tmp_path / "one" / "estate.csv").open(encoding="utf-8")))
    total = rows[-1]
    assert total[:6] == ["all sites", "30", "28", "28", "17", "5"]
    assert (total[8], total[9]) == ("5000.0", "294.12")  # 5000 / 17
    assert rows[1][-1] == "'=money"
    sheet = load_workbook(tmp_path / "one" / "estate.xlsx")["Estate"]
    last = [cell.value for cell in list(sheet.rows)[-1]]
    assert last[:6] == ["all sites", 30, 28, 28, 17, 5]
    spoken = json.loads((tmp_path / "one" / "estate.json").read_text("utf-8"))
    assert spoken == estate_object(found)
    assert spoken["split"]["curve"][-1] == {"spent_gbp": 5000.0, "cells": 17}


def test_a_verdict_counts_where_there_is_no_plan(tmp_path):
    put_result(tmp_path / "r" / "judged", "West", "c", 0.0, rooms(5, 2, 1), rooms(5, 0, 1), name="verdict.json")
    assert read_estate(tmp_path / "r").sites[0].leaking == {"planning": 4, "evidence": 4}


def test_every_result_that_was_changed_is_named_in_one_error(results):
    for name in ("north-1", "south-loud"):
        path = results / name / "plan.json"
        path.write_text(path.read_text().replace('"silent": ', '"silent":  '))
    with pytest.raises(ScenarioError) as error:
        read_estate(results)
    assert re.findall(r"^(\S+): is not as its", str(error.value), re.M) == [
        "north-1/plan.json",
        "south-loud/plan.json",
    ]


def test_a_result_of_millions_of_values_is_refused_by_name(results):
    """Its manifest agrees with it: 8 MB of text that would take some 200 MB."""
    path = results / "north-1" / "plan.json"
    path.write_text('{"x": [' + "[]," * 2_100_000 + "0]}")
    manifest = json.loads((path.parent / "manifest.json").read_text())
    (path.parent / "manifest.json").write_text(json.dumps(manifest | {"files": {"plan.json": hash_of(path)}}))
    told = r"^north-1/plan\.json: holds about 4,200,002 values \(limit 4,000,000\); write the result anew$"
    with pytest.raises(ScenarioError, match=told):
        read_estate(results)


@pytest.mark.parametrize(
    ("counts", "cost_gbp", "place"),
    [
        (rooms(10, 9, 2), 1000.0, "grades.planning.rooms"),
        (rooms(10, -1, 2), 1000.0, "grades.planning.rooms.silent"),
        (rooms(10, 4, 2), -1.0, "cost.capex_gbp"),
        (rooms(10, 4, 2), 1e300, "cost.capex_gbp"),
        (rooms(10, 4, 2), float("nan"), "cost.capex_gbp"),
    ],
)
def test_figures_that_cannot_be_are_refused_by_place_though_the_manifest_agrees(tmp_path, counts, cost_gbp, place):
    put_result(tmp_path / "r" / "north", "North", "a", cost_gbp, counts, rooms(10, 1, 2))
    with pytest.raises(ScenarioError) as error:
        read_estate(tmp_path / "r")
    assert str(error.value) == f"north/plan.json: cannot be read at {place}; write the result anew"


@pytest.mark.parametrize("there", ["nowhere", "empty"])
def test_a_folder_without_results_is_one_line(tmp_path, there):
    (tmp_path / "empty").mkdir()
    with pytest.raises(QuietwingError) as error:
        read_estate(tmp_path / there)
    assert len(str(error.value).splitlines()) == 1
