"""A frontier's folder: every plan in it is judged and priced again, and a lie with new hashes does not stand.

The site is that of `four_cells`: each room takes a jammer of its own, of £1,538.40 on the landing and £1,572.00 in a
cell.
"""

import csv
import hashlib
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from by_path import module_at
from typer.testing import CliRunner

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import app
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.frontier_store import holds_frontier, verify_frontier_folder, write_frontier_result
from quietwing.coverage.store import MANIFEST
from quietwing.coverage.study import evaluate
from quietwing.coverage.study.frontier_run import frontier

CATALOGUE = read_catalogue()


four_cells = module_at("tests/engine/planning/four_cells.py")
LANDING_GBP, CELL_GBP = 1538.40, 1572.00


@pytest.fixture(scope="module")
def found():
    site = four_cells.four_cells(60.0)
    rooms = tuple(replace(room, weight=1.0) if room.role == "silence" else room for room in site.rooms)
    budgets = (1_600.0, 1_600.4, 5_000.0)
    question = replace(four_cells.MOST, budget_gbp=None)
    return frontier(replace(site, rooms=rooms), question, budgets, least_cost_of=(2, 0.6), catalogue=CATALOGUE)


@pytest.fixture(scope="module")
def written(found, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("frontier") / "out"
    write_frontier_result(found, folder, CATALOGUE)
    return folder


@pytest.fixture
def folder(written, tmp_path) -> Path:
    """A copy to change."""
    shutil.copytree(written, tmp_path / "out")
    return tmp_path / "out"


def told_otherwise(folder: Path, name: str, old: str, new: str) -> None:
    """A file with another word, and a manifest in step with it, as somebody who means to deceive would."""
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), "utf-8")
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["files"] = {one: hashlib.sha256((folder / one).read_bytes()).hexdigest() for one in manifest["files"]}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def plans_of(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("plan-*/plan.json"))


def test_an_honest_frontier_is_judged_and_priced_again_plan_by_plan(found, written):
    judged = []

    def counted(*what, **further):
        judged.append(further["devices"])
        return evaluate(*what, **further)

    assert holds_frontier(written)
    assert verify_frontier_folder(written, counted) == ()
    # £1,600 and £1,600.40 buy no more than the least cost of two rooms, £5,000 one cell more than that of three
    assert plans_of(written) == ["plan-001538", "plan-004682", "plan-005000"]
    assert len(judged) == 3
    ran = CliRunner().invoke(app, ["verify", str(written)])
    assert ran.exit_code == 0, ran.output
    assert "every file is as it was written, and computing it again gives the same" in ran.stdout


def test_a_point_of_least_cost_is_the_cheapest_plan_found(found):
    """0.6 of five rooms are three: the landing's price and two cells'.

    Two rooms take two devices in the planning model; made as strong as the limits allow, the one of the landing
    silences a cell beside it too.
    """
    least = [point for point in found.points if point.result.asked.objective == "least_cost"]
    assert [point.spent_gbp for point in least] == pytest.approx([LANDING_GBP, LANDING_GBP + 2 * CELL_GBP])
    assert [(point.result.asked.target_rooms, point.result.asked.target_share) for point in least] == [
        (2, None),
        (None, 0.6),
    ]


def test_a_cell_more_in_a_plan_the_object_or_the_table_is_found(folder):
    name = plans_of(folder)[0]
    spoken = json.loads((folder / name / "plan.json").read_text("utf-8"))
    silent = spoken["grades"]["planning"]["rooms"]["silent"]
    told_otherwise(folder, f"{name}/plan.json", f'"silent": {silent},', f'"silent": {silent + 1},')
    faults = verify_frontier_folder(folder, evaluate)
    assert f"{name}: plan.json: {silent + 1} rooms are blocked at planning grade, computed again {silent}" in faults


def test_a_cheaper_plan_than_its_devices_is_found(folder):
    name = plans_of(folder)[0]
    spent = json.loads((folder / name / "plan.json").read_text("utf-8"))["cost"]["capex_gbp"]
    told_otherwise(folder, f"{name}/plan.json", f'"capex_gbp": {spent}', f'"capex_gbp": {spent - 100:.2f}')
    told_otherwise(folder, f"{name}/bill_of_materials.csv", f"{spent:.2f}", f"{spent - 100:.2f}")
    faults = verify_frontier_folder(folder, evaluate)
    assert any(fault.startswith(f"{name}: plan.json: capex_gbp is {spent - 100:.2f}, computed") for fault in faults)


def test_another_count_in_the_object_or_the_table_is_found(folder):
    point = json.loads((folder / "frontier.json").read_text("utf-8"))["points"][-1]
    cells, budget = point["silent"]["planning"], point["budget_gbp"]
    rows = list(csv.reader(io.StringIO((folder / "frontier.csv").read_text("utf-8"))))
    old = ",".join(rows[-1])
    rows[-1][rows[0].index("silent_planning")] = str(cells + 1)
    told_otherwise(folder, "frontier.csv", old, ",".join(rows[-1]))
    faults = verify_frontier_folder(folder, evaluate)
    assert faults == (f"frontier.csv: £{budget:,.2f}: silent_planning is {cells + 1}, computed again {cells}",)
    text = (folder / "frontier.json").read_text("utf-8")
    spoken = json.loads(text)
    spoken["points"][-1]["silent"]["planning"] += 1
    told_otherwise(folder, "frontier.json", text, json.dumps(spoken))
    faults = verify_frontier_folder(folder, evaluate)
    wrong = f"is {cells + 1}, computed again {cells}"
    assert faults == (
        f"frontier.json: £{budget:,.2f}: silent.planning {wrong}",
        f"frontier.csv: £{budget:,.2f}: silent_planning {wrong}",
    )


def test_a_changed_byte_or_input_is_found_before_any_work(folder):
    (folder / "inputs" / "strange.csv").write_text("x", "utf-8")
    assert verify_frontier_folder(folder, never) == ("inputs/strange.csv: not of this result; remove it",)
    (folder / "inputs" / "strange.csv").unlink()
    told_otherwise(folder, "inputs/asked.toml", "worlds = 200", "worlds = 100")
    assert verify_frontier_folder(folder, never) == (
        "inputs: asked is not the one the manifest names; write the result anew",
    )
    (folder / "frontier.png").write_bytes(b"x")
    assert verify_frontier_folder(folder, never) == (
        "frontier.png: changed since it was written; write the result anew",
    )


def never(*_what, **_further):
    pytest.fail("nothing is computed of what cannot be read")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"format": ' + "9" * 5000 + "}", "\ufeff{}", "null"])
def test_a_plan_that_cannot_be_read_is_named_with_its_folder(folder, text):
    for name in plans_of(folder):
        old = (folder / name / "plan.json").read_text("utf-8")
        told_otherwise(folder, f"{name}/plan.json", old, text)
    faults = verify_frontier_folder(folder, never)
    for name in plans_of(folder):
        assert any(fault.startswith(f"{name}: plan.json: ") for fault in faults)


def test_a_folder_of_before_plans_named_their_search_is_refused_by_name(folder):
    for name in plans_of(folder):
        spoken = json.loads((folder / name / "plan.json").read_text("utf-8"))
        old = (folder / name / "plan.json").read_text("utf-8")
        del spoken["found_by"]
        told_otherwise(folder, f"{name}/plan.json", old, json.dumps(spoken))
    faults = verify_frontier_folder(folder, never)
    for name in plans_of(folder):
        assert f"{name}: plan.json: 'found_by' is missing or wrong; write the result anew" in faults


def test_a_layout_that_cannot_be_read_is_named_with_its_folder(folder):
    name = plans_of(folder)[0]
    told_otherwise(folder, f"{name}/layout.csv", "id,model", "id,modl")
    faults = verify_frontier_folder(folder, evaluate)
    assert any(fault.startswith(f"{name}: layout.csv: ") for fault in faults)


@pytest.fixture(scope="module")
def judged_once():
    """Verdicts of layouts: the same for each lie."""
    known = {}

    def judge(site, scenario, **further):
        key = (further["devices"], scenario)
        if key not in known:
            known[key] = evaluate(site, scenario, **further)
        return known[key]

    return judge


def lied(value, key=None):
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if key == "status":
        return "optimal"
    if isinstance(value, str):
        return value + " All of it is proven."
    if value is None and key == "chosen_from":
        return "highest"
    if key == "unmet":
        return [{"cells": 4, "share": None, "most_gbp": 5e3, "proven": True, "nearest_cells": 3, "nearest_gbp": 1e3}]
    if isinstance(value, list):
        return [*value, value[-1] if value else 1.0]
    return 1.0 if value is None else value + 1


def test_a_frontier_of_other_code_says_so_where_its_figures_differ(folder, judged_once, other_physics):
    assert verify_frontier_folder(folder, judged_once) == ()
    told_otherwise(folder, "frontier.csv", "4682.40", "4682.41")
    said = verify_frontier_folder(folder, judged_once)
    assert len(said) > 1
    assert said[-1].startswith("versions: made by other code of quietwing (")


@pytest.mark.parametrize(
    "keys",
    [
        *(("points", 1, "silent", grade) for grade in ("planning", "evidence")),
        ("points", 1, "spill", "planning", "margin_db"),
        ("points", 1, "spill", "evidence", "kept"),
        *(("points", -1, key) for key in ("status", "scenario_id")),
        *(("points", -1, key) for key in ("silent_on_worlds_of_choice", "spent_gbp", "found_for_gbp", "knee")),
        *(("points", -1, "further", key) for key in ("cells", "gbp", "per_cell_gbp")),
        ("headline", 0),
        ("notes", 0),
        *((key,) for key in ("site", "as_of", "grades", "budget_basis", "knee_gbp")),
        *((key,) for key in ("chosen_from", "unmet", "given_judged", "searched_apart")),
        *((key,) for key in ("interrupted", "missing_gbp", "seed", "headline", "strange")),
        ("rooms", "silence"),
    ],
    ids=str,
)
def test_every_figure_and_word_of_the_object_is_held(folder, judged_once, keys):
    text = (folder / "frontier.json").read_text("utf-8")
    spoken = json.loads(text)
    held = spoken
    for key in keys[:-1]:
        held = held[key]
    held[keys[-1]] = lied(held[keys[-1]] if keys[-1] != "strange" else None, keys[-1])
    told_otherwise(folder, "frontier.json", text, json.dumps(spoken, indent=1, ensure_ascii=False) + "\n")
    faults = verify_frontier_folder(folder, judged_once)
    in_words = ("chosen_from", "unmet", "searched_apart")
    said = "notes" if keys[-1] in in_words else str(keys[-1]).split("_gbp")[0]
    assert any(fault.startswith("frontier.json") and said in fault for fault in faults)


def test_the_object_is_held_as_it_is_written(folder, judged_once):
    text = (folder / "frontier.json").read_text("utf-8")
    told_otherwise(folder, "frontier.json", text, text + " ")
    assert verify_frontier_folder(folder, judged_once) != ()


@pytest.mark.parametrize(
    ("key", "value"), [("budget_gbp", -1.0), ("target_rooms", -1), ("target_rooms", 10**11), ("target_share", 2.0)]
)
def test_a_point_that_no_scenario_could_ask_is_refused(folder, key, value):
    text = (folder / "frontier.json").read_text("utf-8")
    spoken = json.loads(text)
    spoken["points"][0][key] = value
    told_otherwise(folder, "frontier.json", text, json.dumps(spoken))
    with pytest.raises(
        ScenarioError, match=rf"frontier.json: cannot be read \(points.0.{key}.*write the result anew"
    ):
        verify_frontier_folder(folder, never)


def test_a_table_that_is_no_csv_is_said(folder):
    text = (folder / "frontier.csv").read_text("utf-8")
    told_otherwise(folder, "frontier.csv", text, "x" * 200_000)
    (said,) = (one for one in verify_frontier_folder(folder, evaluate) if one.startswith("frontier.csv"))
    assert "is no CSV" in said


def test_budgets_are_chosen_without_one_in_the_scenario(found, tmp_path, judged_once):
    """Against the real `prepare`, which refuses a question without a budget."""
    chosen = frontier(found.site, found.asked, auto=2, catalogue=CATALOGUE)
    assert len(chosen.points) == 2
    assert chosen.points[0].budget_gbp < chosen.points[1].budget_gbp
    write_frontier_result(chosen, tmp_path / "chosen", CATALOGUE)
    assert verify_frontier_folder(tmp_path / "chosen", judged_once) == ()
