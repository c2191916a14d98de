"""The command line: tables to stdout, messages to stderr, exit codes that scripts can trust."""

import json
import pkgutil
from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.coverage.cli.options import NOT_ASKED
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.study import leakage
from quietwing.coverage.study.common import WAYS_NOTE
from quietwing.sites import load_site


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


ASKED = {  # an unusual value of each key of a scenario; a file's is what the scenario is made of
    "grade": "evidence", "rules": "ours.toml", "confidence": 0.8, "grid_m": 2.0, "seed": 7, "worlds": 300,
    "channels": ("EE/B20/LTE", "VF/B8/LTE"), "search_margin": False, "likely_capture": True, "spill_tier": "strict",
    "treatments": "treatments.csv", "budget_gbp": 9000.0, "budget_basis": "whole_life", "objective": "least_cost",
    "target_rooms": 3, "target_share": 0.5, "target_named": ("A1-01",), "target_wing": ("A", "B"),
    "equipment": ("micro_jammer",), "treat_with": ("none",), "horizon_years": 5, "discount_rate": 0.05,
    "live_prison_multiplier": 1.2, "comms_room": "core1-hall", "spacing_m": 4.0, "effort": "quick",
}  # fmt: skip
TERMINALS = {
    "leakage": "leakage_terminal.question",
    "evaluate": "verdict_terminal.layout_question",
    "whatif": "whatif_terminal.layout_question",
    "optimise": "plan_terminal.layout_question",
    "frontier": "frontier_terminal.layout_question",
}


def words_of(key: str, value: object) -> list[str]:
    """A key of a scenario as the terminal is given it."""
    flag = f"--{'channel' if key == 'channels' else key.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    return [word for each in (value if isinstance(value, tuple) else (value,)) for word in (flag, str(each))]


@pytest.mark.parametrize("command", TERMINALS)
def test_every_key_of_a_scenario_is_an_option_that_reaches_the_question(command, tmp_path, monkeypatch):
    assert {each.name for each in fields(Scenario)} == {*ASKED, "format", "operator_actions"}
    keys = [key for key in ASKED if key not in NOT_ASKED[command]]
    changing = {
        "grade",
        "rules",
        "confidence",
        "grid_m",
        "channels",
        "seed",
        "worlds",
        "search_margin",
        "likely_capture",
    }
    assert changing | ({"spill_tier", "treatments"} if command != "leakage" else set()) <= {*keys}
    place = f"quietwing.coverage.cli.{TERMINALS[command]}"
    real, found = pkgutil.resolve_name(place.replace("_terminal.", "_terminal:")), []

    def noted(*arguments):
        found.append(real(*arguments)[1])
        raise KeyboardInterrupt

    monkeypatch.setattr(place, noted)
    monkeypatch.chdir(tmp_path)
    Path("ours.toml").write_text(load_rules().text, "utf-8")
    Path("treatments.csv").write_text("opening,model\nA1-01-window,window_mesh\n", "utf-8")
    budgets = ["--budgets", "9000"] if command == "frontier" else []
    ran = run(command, "houseblock", *budgets, *chain(*(words_of(key, ASKED[key]) for key in keys)))
    assert ran.exit_code == 130, ran.stderr
    read = {"rules": found[0].rules.name, "treatments": "treatments.csv"}
    assert {key: read.get(key, getattr(found[0], key)) for key in keys} == {key: ASKED[key] for key in keys}
    assert found[0].treatments == ((TreatmentWish("window_mesh", ("A1-01",)),) if "treatments" in keys else ())


def test_version():
    assert run("--version").stdout.startswith("quietwing 0.")


def test_check_of_a_good_site_counts_every_feature():
    ran = run("check", "houseblock", "--json")
    assert ran.exit_code == 0
    found = json.loads(ran.stdout)
    assert found["ok"]
    assert found["problems"] == []
    for counts in found["features"].values():
        assert counts["in"] == counts["used"] + counts["dropped"]
    assert found["features"]["rooms"]["used"] == len(load_site("houseblock").rooms)


@pytest.mark.slow
def test_leakage_says_the_same_in_json_table_and_python(as_shipped):
    site = load_site("houseblock")
    channel = "VF/B20/LTE"
    ran = run("leakage", "houseblock", "--channel", channel, "--json")
    assert ran.exit_code == 0, ran.stderr
    found = json.loads(ran.stdout)
    as_shipped("leakage", found)
    result = leakage(site, Scenario(channels=(channel,)), maps=False)
    silence = result.by_room["role"].values == "silence"
    holes = int((result.by_room["usable"].values.any(axis=0) & silence).sum())
    assert found["rooms"]["holes"] == holes
    assert found["rooms"]["silence"] == found["rooms"]["holes"] + found["rooms"]["quiet_anyway"]
    assert found["notes"][0] == WAYS_NOTE
    table = run("leakage", "houseblock", "--channel", channel)
    assert f"{holes} of {silence.sum()}" in table.stdout
    assert f"note: {WAYS_NOTE}" in table.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("leakage", "housblock"), "houseblock"),
        (("leakage", "houseblock", "--grid-m", "99"), "grid_m"),
        (("leakage", "houseblock", "--confidence", "95"), "confidence"),
        (("leakage", "houseblock", "--channel", "EE/B99/LTE"), "EE/B99/LTE"),
        (("leakage", "houseblock", "--scenario", "nowhere.toml"), "nowhere.toml"),
        (("leakage", "houseblock", "--measured", "nowhere.csv"), "nowhere.csv"),
        (("evaluate", "houseblock", "--layout", "nowhere.csv"), "nowhere.csv"),
        (("evaluate", "houseblock", "--worlds", "3"), "worlds"),
        (("evaluate", "houseblock", "--spill-tier", "lax"), "spill_tier"),
        (("evaluate", "houseblock", "--grade", "evidense"), "did you mean 'evidence'"),
        (("optimise", "houseblock", "--grade", "strict"), "option grade"),
        (("leakage", "houseblock", "--rules", "nowhere.toml"), "nowhere.toml: no such rules file"),
        (("evaluate", "houseblock", "--explain", "Z9-99"), "Z9-99"),
        (("verify", "nowhere"), "manifest.json"),
        (("check", "http://example.org/site"), "http"),
        (("check", "/vsicurl/x"), "vsicurl"),
        (("example", "copy", "pentonville", "x"), "pentonville"),
        (("example", "new", "x", "--type", "castle"), "type"),
        (("example", "new", "x", "--cells", "7000"), "cells"),
        (("example", "new", "x", "--from", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert ran.exit_code == 2
    assert words in ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.splitlines()) <= 20
    assert list(tmp_path.iterdir()) == []


def test_an_option_nobody_knows_is_exit_2():
    assert run("leakage", "houseblock", "--budgt", "3").exit_code == 2


def test_a_full_or_forbidden_disk_is_exit_5(tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device", "out")

    monkeypatch.setattr("quietwing.coverage.report.write", fail)
    monkeypatch.chdir(tmp_path)
    channel = load_site("houseblock").channels[0]
    ran = run("leakage", "houseblock", "--channel", channel, "--grid-m", "5", "--out", "out")
    assert ran.exit_code == 5
    assert "No space left" in ran.stderr


def test_an_interrupt_is_exit_130(monkeypatch):
    def stop(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("quietwing.coverage.study.leakage", stop)
    ran = run("leakage", "houseblock")
    assert ran.exit_code == 130
    assert "interrupted" in ran.stderr


def test_an_output_that_is_a_file_is_refused_before_any_work(tmp_path):
    (tmp_path / "out").write_text("mine")
    ran = run("leakage", "houseblock", "--out", str(tmp_path / "out"))
    assert ran.exit_code == 2
    assert (tmp_path / "out").read_text() == "mine"


def test_a_wing_of_twenty_lines_becomes_a_site(tmp_path):
    lines = tmp_path / "wing.toml"
    lines.write_text('name = "my wing"\ntype = "wing"\nwings = 1\ncells = 8\nstoreys = 2\narea = "urban"\n', "utf-8")
    folder = tmp_path / "wing"
    assert run("example", "new", str(folder), "--from", str(lines), "--storeys", "3").exit_code == 0
    site = load_site(folder)
    assert site.name == "my wing"
    assert len(site.buildings[0].storeys) == 3
    assert all(sector.assumed for sector in site.sectors)
    assert run("example", "new", str(folder)).exit_code == 2  # never over something that is there
    assert run("check", str(folder)).exit_code == 0


def test_check_reads_layout_scenario_and_catalogue_too(tmp_path):
    """It said "no problems found" over a layout.csv that every other command refuses."""
    site = tmp_path / "mine"
    assert run("example", "copy", "houseblock", str(site)).exit_code == 0
    assert run("check", str(site)).exit_code == 0
    with (site / "layout.csv").open("a", encoding="utf-8") as layout:
        layout.write("J9,no_such_model,0,0,2.5,0,20,0,0,planned,,\n")
    with (site / "scenario.toml").open("a", encoding="utf-8") as scenario:
        scenario.write("\nworldz = 5\n")
    ran = run("check", str(site))
    assert ran.exit_code == 2
    told = ran.stderr.splitlines()
    assert told[0].startswith("2 problems in ")
    assert told[1].startswith("scenario.toml: worldz: unknown setting")
    assert told[2].startswith("layout.csv: line 30, J9: model 'no_such_model'")
    found = json.loads(run("check", str(site), "--json").stdout)
    assert found["problems"] == told[1:]
    (site / "walls.geojson").unlink()  # the problems of the site itself come first
    told = run("check", str(site)).stderr.splitlines()
    assert told[1].startswith("walls.geojson: is missing")
    assert told[-1].startswith("layout.csv: line 30, J9")


def test_check_of_what_is_no_site_is_one_problem(tmp_path):
    ran = run("check", str(tmp_path / "none"), "--json")
    assert ran.exit_code == 2
    assert "does not exist" in json.loads(ran.stdout)["problems"][0]


def test_a_copy_of_a_bundled_site_is_the_site(tmp_path):
    assert run("example", "copy", "houseblock", str(tmp_path / "mine")).exit_code == 0
    assert load_site(tmp_path / "mine") == load_site("houseblock")
    assert not [path for path in (tmp_path / "mine").iterdir() if path.name.startswith("_")]


def test_a_geopackage_is_a_site_too(tmp_path):
    package = tmp_path / "radial.gpkg"
    assert run("example", "copy", "radial", str(package)).exit_code == 0
    assert load_site(package) == load_site("radial")
    assert run("example", "copy", "radial", str(package)).exit_code == 2  # never over something that is there
    assert run("example", "copy", str(package), str(tmp_path / "folder")).exit_code == 0
    assert load_site(tmp_path / "folder") == load_site("radial")


def test_a_scenario_in_the_site_folder_is_used(tmp_path):
    folder = tmp_path / "mine"
    run("example", "copy", "houseblock", str(folder))
    channel = load_site("houseblock").channels[0]
    Path(folder / "scenario.toml").write_text(f'seed = 77\nchannels = ["{channel}"]\n', "utf-8")
    found = json.loads(run("leakage", str(folder), "--json").stdout)
    assert found["seed"] == 77
