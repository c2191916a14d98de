"""A plan as a folder: read back it is the same plan, and neither a changed byte nor a lie with new hashes stands."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quietwing.coverage import study
from quietwing.coverage.batch import plan_batch, run_batch
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import app
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text, read_layout
from quietwing.coverage.plan_store import holds_plan, read_plan, verify_plan_folder, write_plan
from quietwing.coverage.planning.places import plan_spots
from quietwing.coverage.planning.plan import PlanResult
from quietwing.coverage.result_folder import PLAN_FILES
from quietwing.coverage.results import Verdict
from quietwing.coverage.rules import load_rules, parse_rules
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.store import MANIFEST, scenario_text, write_result
from quietwing.coverage.study import evaluate, optimise
from quietwing.coverage.treatments import read_treatments
from quietwing.sites import load_site, save_site
from quietwing.sites.fingerprints import fingerprint
from quietwing.sites.model import Sector, Site
from quietwing.sites.synthetic import build_wing, describe

CATALOGUE = read_catalogue()
SCENARIO = Scenario(
    grade="evidence",
    worlds=200,
    effort="quick",
    spill_tier="service",
    equipment=("micro_jammer",),
    treat_with=("window_mesh",),
    budget_gbp=5300.0,
)
OLD = Device("old", "micro_jammer", 3.0, 3.6, 2.8, power_dbm=-30.0, state="existing")
EE20 = Sector(
    id="ee", operator="EE", plmn="234-30", band="B20", technology="LTE", freq_mhz=798.5, bandwidth_mhz=5.0,
    x_m=2.5, y_m=-600.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=0.0, pattern="omni", eirp_dbm=34.0,
    environment="UMa", sigma_db=3.0,
)  # fmt: skip
O2_8 = replace(
    EE20, id="o2", operator="O2", plmn="234-10", band="B8", freq_mhz=941.3, bandwidth_mhz=10.0, x_m=-400.0, y_m=500.0
)


@pytest.fixture(scope="module")
def site() -> Site:
    """Four cells and a landing behind foil-faced walls; a mesh and a jammer silence a cell with a broken window."""
    wing = build_wing(
        describe(
            "test", type="wing", cells=4, storeys=1, outer_wall="precast_sandwich_foil",
            cell_wall="precast_sandwich_foil", roof="foil_roof", window="glass_low_e", window_state="sealed",
            fence_distance_m=250.0,
        )
    )  # fmt: skip
    broken = ("A1-01-window", "A1-02-window")
    openings = tuple(replace(o, state="open") if o.id in broken else o for o in wing.openings)
    rooms = tuple(replace(room, weight=3.0) if room.id == "A1-01" else room for room in wing.rooms)
    return replace(wing, sectors=(EE20, O2_8), openings=openings, rooms=rooms)


@pytest.fixture(scope="module")
def result(site) -> PlanResult:
    return optimise(site, SCENARIO, devices=(OLD,), catalogue=CATALOGUE)


@pytest.fixture(scope="module")
def written(result, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plans") / "plan"
    write_plan(result, folder, catalogue=CATALOGUE)
    return folder


@pytest.fixture(scope="module")
def evaluated_once() -> Callable[..., Verdict]:
    """`evaluate` that keeps its verdicts: what is changed in a copy leaves what is computed again as it was."""
    known: dict[str, Verdict] = {}

    def evaluated(site, scenario, **others) -> Verdict:
        asked = fingerprint(site, scenario, others)
        if asked not in known:
            known[asked] = evaluate(site, scenario, **others)
        return known[asked]

    return evaluated


@pytest.fixture
def folder(written, evaluated_once, monkeypatch, tmp_path) -> Path:
    """A copy to change, which `verify` computes again once for all of its tests."""
    monkeypatch.setattr(study, "evaluate", evaluated_once)
    shutil.copytree(written, tmp_path / "plan")
    return tmp_path / "plan"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hashed_anew(folder: Path) -> None:
    """The manifest brought in step with what lies in the folder, as somebody who means to deceive would."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def told_otherwise(folder: Path, change: Callable[[dict], object]) -> None:
    """``plan.json`` with another word, and a manifest that fits."""
    spoken = json.loads((folder / "plan.json").read_text("utf-8"))
    change(spoken)
    (folder / "plan.json").write_text(json.dumps(spoken, indent=1, ensure_ascii=False) + "\n", "utf-8")
    hashed_anew(folder)


def verify(folder: Path):
    return CliRunner().invoke(app, ["verify", str(folder)])


# --- Written and read.


def test_rules_of_ones_own_are_kept_for_verdict_and_question(result, tmp_path):
    text = load_rules().text.replace("confidence = { value = 0.90,", "confidence = { value = 0.85,")
    ours = parse_rules(text, "ours.toml")
    asked, judged = (replace(one, rules=ours) for one in (result.asked, result.verdict.scenario))
    mine = replace(result, asked=asked, verdict=replace(result.verdict, scenario=judged))
    write_plan(mine, tmp_path / "plan", catalogue=CATALOGUE)
    assert (tmp_path / "plan" / "inputs" / "rules.toml").read_text("utf-8") == text
    assert read_plan(tmp_path / "plan")[1] == asked
    told = json.loads((tmp_path / "plan" / "plan.json").read_text("utf-8"))
    assert (told["rules"]["name"], list(told["grades"])) == ("ours.toml", ["planning", "evidence"])


def test_the_plan_is_worth_keeping(result):
    """A device that stands, some bought, a mesh, a hole, several attempts: each has its place in the files."""
    plan = result.plan
    assert [device.state for device in plan.devices][:2] == ["existing", "planned"]
    assert plan.treatments
    assert plan.holes
    assert plan.claimed
    assert len(plan.attempts) > 2
    assert any(device.trim_db for device in plan.devices)


def test_a_plan_read_back_is_the_same_plan(result, written):
    plan, asked, catalogue = read_plan(written)
    assert plan == result.plan
    assert asked == SCENARIO
    assert catalogue == CATALOGUE
    assert holds_plan(written)


def test_a_plan_that_buys_nothing_is_read_back_too(site, tmp_path):
    """Its margin outside is without end, which JSON has no number for."""
    found = optimise(site, replace(SCENARIO, budget_gbp=0.0), catalogue=CATALOGUE, maps=False)
    write_plan(found, tmp_path / "plan", catalogue=CATALOGUE)
    assert found.plan.devices == ()
    assert read_plan(tmp_path / "plan")[0] == found.plan
    assert "Infinity" not in (tmp_path / "plan" / "plan.json").read_text("utf-8")
    assert verify_plan_folder(tmp_path / "plan", evaluate) == ()


def test_equal_plans_give_equal_bytes(site, written, tmp_path):
    again = optimise(site, SCENARIO, devices=(OLD,), catalogue=CATALOGUE)
    write_plan(again, tmp_path / "again", catalogue=CATALOGUE)
    assert contents(tmp_path / "again") == contents(written)


def test_verify_says_that_a_true_plan_stands(written):
    ran = verify(written)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "every file is as it was written, and computing it again gives the same" in ran.stdout


def test_files_that_every_plan_has_are_named_ahead(written):
    assert set(PLAN_FILES) <= set(contents(written))


def test_a_verdict_over_a_plan_leaves_no_plan_and_the_users_own_plan_makes_none(result, folder):
    write_result(result.verdict, folder, catalogue=CATALOGUE)
    assert not {"plan.json", "holes.csv", "inputs/asked.toml"} & set(contents(folder))
    (folder / "plan.json").write_text("{}")
    assert not holds_plan(folder)


def test_the_folder_of_an_evaluation_holds_no_plan(tmp_path):
    assert not holds_plan(tmp_path)
    with pytest.raises(ScenarioError, match=r"plan\.json: cannot be read"):
        read_plan(tmp_path)


@pytest.mark.parametrize("name", ["houseblock", "radial", "campus", "test"])
def test_a_layout_says_every_place_that_a_plan_may_use_to_the_last_digit(site, tmp_path, name):
    """Else a plan that stands there is not the one whose fingerprint its manifest holds, and does not verify."""
    where = site if name == "test" else load_site(name)
    devices = tuple(
        Device(f"D{number}", "micro_jammer", spot.x_m, spot.y_m, spot.z_m, spot.storey)
        for number, spot in enumerate(plan_spots(where))
    )
    (tmp_path / "layout.csv").write_text(layout_text(devices), "utf-8")
    again = read_layout(tmp_path / "layout.csv", CATALOGUE)
    assert [one for one, other in zip(devices, again, strict=True) if fingerprint(one) != fingerprint(other)] == []


def evaluated(site: Path, plan: Path, treatments: Path, *options: str):
    """What ``evaluate`` says of a plan's layout with a file of treatments."""
    words = ["evaluate", site, "--layout", plan / "layout.csv", "--treatments", treatments, *options]
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("scenario", ["asked", "scenario"])  # without the treatments bought, and with them
def test_a_plans_layout_and_treatments_repeat_its_verdict_to_the_byte(written, tmp_path, scenario):
    assert "window_mesh,yes" in (written / "treatments.csv").read_text("utf-8")
    options = "--scenario", str(written / f"inputs/{scenario}.toml")
    ran = evaluated(
        written / "inputs/site", written, written / "treatments.csv", *options, "--out", str(tmp_path / "out")
    )
    assert ran.exit_code == 0, ran.stderr
    names = [f"{name}.csv" for name in ("rooms", "escapes", "spill", "layout", "inputs/catalogue")]
    names += ["verdict.json", "inputs/scenario.toml"]
    told, again = contents(written), contents(tmp_path / "out")
    assert {name: again[name] for name in names} == {name: told[name] for name in names}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "A1-05-window,window_mesh",
            "treatments.csv: line 2, window_mesh: opening 'A1-05-window' is no window; did you",
        ),
        (
            "A1-04-window,window_mash",
            "treatments.csv: line 2, window_mash: model 'window_mash' is not in the catalogue",
        ),
        ("A1-04-window,micro_jammer", "is a jammer (expected a mesh or film"),
        ("A1-04-window", "treatments.csv: line 2: "),
        (
            "A1-04-window,window_mesh\nA1-04-window,window_mesh",
            "line 3, window_mesh: window 'A1-04-window' has the mesh",
        ),
    ],
)
def test_a_wrong_row_of_treatments_is_one_line_with_its_file_and_row(written, tmp_path, text, says):
    (tmp_path / "treatments.csv").write_text(f"opening,model\n{text}\n", "utf-8")
    ran = evaluated(written / "inputs/site", written, tmp_path / "treatments.csv")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert says in ran.stderr
    ran = evaluated(written / "inputs/site", written, tmp_path / "treatment.csv")
    assert (ran.exit_code, "treatment.csv: no such file; did you mean 'treatments.csv'?" in ran.stderr) == (2, True)


def test_a_file_of_treatments_means_its_windows_and_no_other(site, tmp_path):
    """A wish of a scenario is for all windows of a room, so half of them cannot be asked for."""
    window = next(each for each in site.openings if each.id == "A1-04-window")
    two = replace(site, openings=(*site.openings, replace(window, id="A1-04-other")))
    file, wish = tmp_path / "treatments.csv", (TreatmentWish("window_mesh", ("A1-04",)),)
    file.write_text("opening,model\nA1-04-window,window_mesh\n", "utf-8")
    assert read_treatments(file, site, (), CATALOGUE) == read_treatments(file, site, wish, CATALOGUE) == wish
    with pytest.raises(ScenarioError, match="window 'A1-04-other' lacks the 'window_mesh'"):
        read_treatments(file, two, (), CATALOGUE)
    other = dict(CATALOGUE, mesh=replace(CATALOGUE["window_mesh"], name="mesh"))
    with pytest.raises(ScenarioError, match="has the mesh 'mesh' already \\(scenario\\)"):
        read_treatments(file, site, (TreatmentWish("mesh", ("A1-04",)),), other)


# --- Changed.


@pytest.mark.parametrize(
    "name",
    [
        "plan.json",
        "holes.csv",
        "bill_of_materials.csv",
        "layout.csv",
        "treatments.csv",
        "inputs/asked.toml",
        "verdict.json",
    ],
)
def test_one_changed_byte_is_found_and_its_file_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    at = next(place for place in range(len(content) // 2, len(content)) if chr(content[place]).isdigit())
    content[at] = ord("1") if content[at] != ord("1") else ord("2")
    (folder / name).write_bytes(content)
    ran = verify(folder)
    assert ran.exit_code == 2
    assert ran.stderr.strip().splitlines() == [f"error: {name}: changed since it was written; write the result anew"]


def chosen(plan: dict) -> dict:
    return plan["attempts"][plan["chosen"]]


LIES: dict[str, tuple[Callable[[dict], object], str]] = {
    "one room more": (
        lambda plan: plan["claimed"].append({"room": "A1-02", "reserve_db": 0.0}),
        "claimed room A1-02: EE/B20/LTE works at",
    ),
    "an unknown room": (
        lambda plan: plan["claimed"][0].update(room="A9-99"), "claimed room A9-99: the site has no such room"
    ),
    "value": (lambda plan: plan.update(value=99.0), "value: the plan says 99.0, what it is judged by is"),
    "bound": (lambda plan: plan.update(bound=1.0), "bound and gap are 1.0 and None"),
    "status": (lambda plan: plan.update(status="infeasible"), "status is infeasible, but the plan does what is"),
    "capex": (lambda plan: plan["cost"].update(capex_gbp=1.0), "capex: the plan says £1.00, its parts cost £"),
    "rooms judged": (
        lambda plan: chosen(plan).update(rooms_judged=5), "rooms blocked in the simulations it was chosen on"
    ),
    "slack": (lambda plan: chosen(plan).update(slack_db=20.0), "limits are moved by 20 dB"),
    "another attempt": (lambda plan: plan.update(chosen=0), "rooms blocked in the simulations it was chosen on"),
    "a window": (
        lambda plan: plan["treatments"][0].update(opening="A1-99-window"), "window A1-99-window: the site has no such"
    ),
    "seed": (lambda plan: plan.update(seed=7), "seed: the plan says 7, the scenario 1"),
    "the present value": (
        lambda plan: plan["cost"].update(npv_gbp=1.0), "net present value: the plan says £1.00, its parts cost £"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_lie_with_a_manifest_that_fits_is_caught_by_the_checker(folder, name):
    change, expected = LIES[name]
    told_otherwise(folder, change)
    ran = verify(folder)
    assert ran.exit_code == 2
    assert expected in ran.stderr


def test_a_hole_left_out_of_plan_and_table_is_caught_by_the_checker(folder):
    (folder / "holes.csv").write_text("room,reason\n", "utf-8", newline="")
    told_otherwise(folder, lambda plan: plan.update(holes=[]))
    ran = verify(folder)
    assert ran.exit_code == 2
    assert "room A1-02 is blocked in 0.0 % of simulations only and is missing among those not blocked" in ran.stderr


REPEATED: dict[str, Callable[[dict], object]] = {
    "a stronger model": lambda plan: plan["devices"][1].update(model="room_jammer"),
    "a device less": lambda plan: plan["devices"].pop(),
    "the budget": lambda plan: plan.update(budget_gbp=1e6),
    "over budget": lambda plan: plan.update(over_budget=True),
    "the site": lambda plan: plan.update(site="another"),
    "the notes": lambda plan: plan.update(notes=[]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_what_plan_json_repeats_of_other_files_must_be_what_they_say(folder, name):
    told_otherwise(folder, REPEATED[name])
    ran = verify(folder)
    assert ran.exit_code == 2
    assert "plan.json" in ran.stderr


@pytest.mark.parametrize("name", ["holes.csv", "bill_of_materials.csv", "treatments.csv"])
def test_a_table_that_is_not_the_plans_is_found_though_its_hash_fits(folder, name):
    lines = (folder / name).read_text("utf-8").splitlines(keepends=True)
    (folder / name).write_text("".join(lines[:1] + lines[2:]), "utf-8", newline="")
    hashed_anew(folder)
    assert any(problem.startswith(f"{name}: ") for problem in verify_plan_folder(folder, evaluate))


def test_another_question_is_found_though_its_hash_fits(folder):
    """The plan was asked for £5,300; a folder that says £3,000 was asked for is over budget."""
    (folder / "inputs" / "asked.toml").write_text(scenario_text(replace(SCENARIO, budget_gbp=3000.0)), "utf-8")
    hashed_anew(folder)
    assert any(problem.startswith("over budget: £") for problem in verify_plan_folder(folder, evaluate))


@pytest.mark.parametrize("key", [
    "status", "value", "gap", "bound", "rooms_model", "claimed", "holes", "attempts", "chosen",
    "candidates", "seed", "reproducible", "treatments", "cost", "plan_notes", "found_by",
])  # fmt: skip
def test_a_missing_key_is_one_clear_line(folder, key):
    told_otherwise(folder, lambda plan: plan.pop(key))
    with pytest.raises(ScenarioError) as refused:
        read_plan(folder)
    assert str(refused.value) == f"plan.json: {key!r} is missing or wrong; write the result anew"
    ran = verify(folder)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.strip() == f"error: {refused.value}"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"treatments": 3}', '{"treatments": [7]}', "null"])
def test_what_is_no_plan_is_one_clear_line(folder, text):
    (folder / "plan.json").write_text(text, "utf-8")
    hashed_anew(folder)
    ran = verify(folder)
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error: plan.json: ")
    assert len(ran.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(("key", "value"), [
    ("value", float("nan")), ("attempts", [3]), ("attempts", []), ("seed", [1]), ("cost", []), ("rooms_model", "4"),
    ("status", "splendid"), ("claimed", [{"room": "A1-01"}]), ("holes", [{"room": "A1-01", "why": "?"}]),
    ("treatments", [{"opening": "A1-01-window", "model": "window_mesh"}]),
    ("chosen", "1"), ("chosen", None), ("value", "six"), ("bound", "x"),
    ("claimed", [{"room": "A1-01", "reserve_db": "much"}]),
    ("holes", [{"room": "A1-02", "kind": "too weak", "channel": "EE", "limit": "", "missing_db": 1.0,
                "needs_gbp": None, "silent_probability": None}]),
])  # fmt: skip
def test_a_value_of_the_wrong_kind_is_told_and_no_traceback(folder, key, value):
    told_otherwise(folder, lambda plan: plan.update({key: value}))
    ran = verify(folder)
    assert ran.exit_code == 2, ran.exception
    assert ran.stderr.startswith("error: ")


# --- In a batch.


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def swept(site, tmp_path_factory, forked_workers):
    """Two budgets in one batch, and its folder."""
    home = tmp_path_factory.mktemp("batch")
    place = home / "wing"
    save_site(site, place)
    (place / "layout.csv").write_text(layout_text([OLD]), "utf-8")
    (place / "scenario.toml").write_text(scenario_text(SCENARIO), "utf-8")
    text = f"site = '{place}'\nmode = 'optimise'\n[set]\nbudget_gbp = [0.0, 5300.0]\n"
    (home / "sweep.toml").write_text(text, "utf-8")
    items = plan_batch(home / "sweep.toml")
    assert run_batch(items, home / "results").exit_code == 0
    return items, home / "results"


@pytest.mark.slow
def test_a_batch_of_plans_has_the_rows_that_the_study_gives(swept):
    items, results = swept
    values = []
    for item, row in zip(items, rows(results / "summary.csv"), strict=True):
        plan = optimise(item.site, item.scenario, devices=item.devices, catalogue=item.catalogue, maps=False).plan
        assert float(row["budget_gbp"]) == item.scenario.budget_gbp
        assert row["status"] == plan.status
        told = [float(row[key]) if row[key] else None for key in ("value", "bound", "gap")]
        assert told == [plan.value, plan.bound, plan.gap]
        for key in ("capex_gbp", "opex_gbp_per_year", "whole_life_gbp", "npv_gbp"):
            assert row[key] == f"{getattr(plan.cost, key):.2f}"
        assert read_plan(results / "items" / item.id)[0] == plan
        values.append(plan.value)
    assert values == [0.0, 4.0]  # the planning model takes A1-01, of weight 3, for blocked too


@pytest.mark.slow
def test_a_batch_of_plans_gives_the_same_bytes_with_two_workers(swept, tmp_path):
    items, results = swept
    assert run_batch(items, tmp_path / "two", workers=2).exit_code == 0
    assert contents(tmp_path / "two") == contents(results)


@pytest.mark.slow
def test_every_plan_of_a_batch_verifies(swept):
    items, results = swept
    assert [verify_plan_folder(results / "items" / item.id, evaluate) for item in items] == [()] * len(items)
