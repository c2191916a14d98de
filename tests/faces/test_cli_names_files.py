"""Each message of a command names the file its problem stands in, and no option hides what is wrong in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_path import module_at
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.rules import load_rules, read_rules
from quietwing.coverage.scenario import read_scenario
from quietwing.coverage.study.common import check_limits


@pytest.fixture
def site(tmp_path) -> Path:
    tiny = module_at("tests/places/tiny_site.py")
    return tiny.write(tmp_path / "site")


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("evaluate", 'channels = ["EE/B99/LTE"]'),
        ("evaluate", 'comms_room = "<b>"'),
        ("evaluate", '[[treatments]]\nmodel = "window_mesh"\nrooms = ["nowhere*"]'),
        ("optimise", 'equipment = ["none"]'),
    ],
)
def test_what_the_engine_finds_wrong_with_a_scenario_names_its_file(site, command, asked):
    (site / "scenario.toml").write_text(f"budget_gbp = 1000\n{asked}\n")
    answered = CliRunner().invoke(app, [command, str(site), "--grid-m", "5"])
    assert answered.exit_code == 2
    assert answered.stderr.startswith("error: scenario.toml: ")
    elsewhere = site.parent / "asked.toml"
    (site / "scenario.toml").rename(elsewhere)
    answered = CliRunner().invoke(app, [command, str(site), "--scenario", str(elsewhere)])
    assert answered.stderr.startswith("error: asked.toml: ")


@pytest.mark.parametrize("worlds", ["nan", "inf", "9" * 5000, '"many"'])
def test_what_is_no_number_in_a_file_is_refused_though_an_option_takes_its_place(tmp_path, worlds):
    path = tmp_path / "asked.toml"
    path.write_text(f"worlds = {worlds}\n")
    for options in ({}, {"worlds": 500}):
        with pytest.raises(ScenarioError, match=r"^asked\.toml: "):
            read_scenario(path, **options)


@pytest.mark.parametrize("worlds", ["1e300", "9" * 400, "true", "99.5"])
def test_a_number_of_no_worlds_is_refused(tmp_path, worlds):
    path = tmp_path / "asked.toml"
    path.write_text(f"worlds = {worlds}\n")
    with pytest.raises(ScenarioError, match=r"^asked\.toml: worlds: "):
        read_scenario(path)


def test_an_option_takes_the_place_of_a_right_number(tmp_path):
    path = tmp_path / "asked.toml"
    path.write_text("worlds = 300\nseed = 7\n")
    assert read_scenario(path, worlds=500).worlds == 500


@pytest.mark.parametrize("seconds", [float("nan"), -1.0, float("-inf")])
def test_a_time_limit_that_is_no_time_is_refused(site, seconds):
    with pytest.raises(ScenarioError, match="time limit: is "):
        check_limits(seconds)
    for command in (["optimise", str(site), "--budget-gbp", "1000"], ["frontier", str(site), "--budgets", "1000"]):
        answered = CliRunner().invoke(app, [*command, f"--time-limit={seconds}"])
        assert answered.exit_code == 2
        assert "time limit: is " in answered.stderr


def test_a_gap_is_a_share():
    for gap in (float("nan"), -0.1, 5.0):
        with pytest.raises(ScenarioError, match="gap: is "):
            check_limits(None, gap)
    check_limits(0.0, 0.05)
    check_limits(float("inf"), 0.0)


def test_a_rules_file_whose_format_is_true_is_of_no_format(tmp_path):
    """Python takes true for 1."""
    path = tmp_path / "own.toml"
    path.write_text(load_rules().text.replace("format = 1", "format = true", 1), "utf-8")
    with pytest.raises(ScenarioError, match=r"^own\.toml: format: is true .expected 1.; write format = 1"):
        read_rules(path)


@pytest.mark.parametrize("command", ["verify", "estate"])
def test_a_path_that_no_disk_can_hold_is_bad_input(command):
    answered = CliRunner().invoke(app, [command, "x" * 300])
    assert answered.exit_code == 2
    (line,) = answered.stderr.splitlines()
    assert line.startswith("error: xxx")
