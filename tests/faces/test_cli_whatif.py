"""``quietwing whatif``: a table, one JSON object, a folder; the numbers of `evaluate` in its first row."""

import csv
import html
import io
import json

import pytest
from typer.testing import CliRunner

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import app
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import layout_text
from quietwing.sites import load_site


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def wing(tmp_path_factory):
    """Four cells and a jammer in one of them, two channels, 200 worlds."""
    folder = tmp_path_factory.mktemp("sites") / "wing"
    made = run("example", "new", folder, "--type", "wing", "--cells", "4", "--storeys", "1", "--area", "urban")
    assert made.exit_code == 0, made.stderr
    site = load_site(folder)
    channels = ["EE/B3/GSM", "VF/B20/LTE"]
    assert set(channels) <= set(site.channels)
    (folder / "scenario.toml").write_text(f"worlds = 200\nchannels = {json.dumps(channels)}\n", "utf-8")
    middle = site.rooms[0].outline.centroid
    model = read_catalogue()["micro_jammer"].name
    text = layout_text([Device("J1", model, round(middle.x, 2), round(middle.y, 2), 2.2)])
    (folder / "layout.csv").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def as_json(wing, as_shipped):
    ran = run("whatif", wing, "--json")
    assert ran.exit_code == 0, ran.stderr
    found = json.loads(ran.stdout)
    as_shipped("whatif", found)
    return found


def test_the_first_row_has_the_numbers_of_evaluate(wing, as_json):
    ran = run("evaluate", wing, "--json")
    verdict = json.loads(ran.stdout)
    assert as_json["rooms"]["silence"] == verdict["rooms"]["silence"]
    assert as_json["scenario_id"] == verdict["manifest"]["scenario_id"]
    asked = as_json["grades"][0]
    assert as_json["unchanged"]["cells"][asked] == verdict["rooms"]["silent"]
    assert as_json["unchanged"]["spill"][asked]["passed"] == verdict["spill"]["passed"]


def test_one_object_holds_every_row_sorted(as_json):
    assert list(as_json) == [
        "site", "scenario_id", "as_of", "grades", "rooms", "unchanged", "changes", "seed", "files",
    ]  # fmt: skip
    first, second = as_json["grades"]
    gained = [(-row["gained"][first], -row["gained"][second]) for row in as_json["changes"]]
    assert gained == sorted(gained)
    assert {row["kind"] for row in as_json["changes"]} >= {"rule", "window", "retune", "off", "without"}


def test_the_grade_asked_for_comes_first(wing):
    ran = run("whatif", wing, "--grade", "evidence", "--top", "3", "--json")
    found = json.loads(ran.stdout)
    assert found["grades"] == ["evidence", "planning"]
    assert len(found["changes"]) == 3


def test_the_table_says_what_is_changed_and_what_it_costs(wing):
    ran = run("whatif", wing, "--top", "40")
    assert ran.exit_code == 0, ran.stderr
    assert "rooms this layout blocks" in " ".join(ran.stdout.split())
    for word in ("change", "VF 6 dB lower", "2G switched off", "ask the operator"):
        assert word in " ".join(ran.stdout.split())


def test_a_folder_has_the_table_as_csv_and_as_a_page(wing, tmp_path, as_json):
    out = tmp_path / "out"
    for _ in range(2):  # a second time replaces the first
        ran = run("whatif", wing, "--out", out)
        assert ran.exit_code == 0, ran.stderr
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "summary.html", "whatif.csv"]
    rows = list(csv.DictReader(io.StringIO((out / "whatif.csv").read_text("utf-8"))))
    assert rows[0]["kind"] == "unchanged"
    assert [row["change"] for row in rows[1:]] == [row["name"] for row in as_json["changes"]]
    mesh = next(row for row in rows if row["change"] == "window_mesh on every window")
    assert float(mesh["cost_gbp"]) % 392 == 0  # £140 and £180 × 1.4 a window
    page = (out / "summary.html").read_text("utf-8")
    assert "window_mesh on every window" in page
    assert "OFFICIAL" in page


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--grade", "planing"], "planning"), (["--worlds", "5"], "worlds"), (["--out", "."], "site")],
)
def test_bad_input_is_one_line_and_exit_code_2(wing, monkeypatch, options, words):
    monkeypatch.chdir(wing)
    ran = run("whatif", wing, *options)
    assert ran.exit_code == 2
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.fixture(scope="module")
def shown(wing, tmp_path_factory):
    """What ``evaluate --whatif`` prints, and its folder."""
    folder = tmp_path_factory.mktemp("shown") / "found"
    ran = run("evaluate", wing, "--whatif", "--out", folder)
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout, folder


def test_evaluate_shows_the_same_table_where_it_is_asked_for(as_json, shown):
    told, folder = shown
    assert "What would change the answer:" in told
    assert as_json["changes"][0]["name"] in told
    page = html.unescape((folder / "summary.html").read_text("utf-8"))
    table = list(csv.DictReader(io.StringIO((folder / "whatif.csv").read_text("utf-8"))))
    assert [row["change"] for row in table] == ["unchanged", *(row["name"] for row in as_json["changes"])]
    for row in table:
        assert f"<td>{row['change']}</td>" in page
    assert run("verify", folder).exit_code == 0


def test_the_command_that_a_summary_names_gives_the_same_numbers(wing, as_json, shown, monkeypatch):
    monkeypatch.chdir(shown[1])
    ran = run("whatif", wing, "--layout", "layout.csv", "--scenario", "inputs/scenario.toml", "--json")
    assert json.loads(ran.stdout)["unchanged"] == as_json["unchanged"]
