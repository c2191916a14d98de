"""``quietwing evaluate --contrast`` and ``--explain``, a plan that buys nothing: what a cell would need, printed."""

import json

import pytest
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.coverage.report.contrast_page import CONTRAST_PICTURE
from quietwing.sites import load_site


def run(*arguments: str):
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wing(tmp_path_factory):
    """A wing of a few cells, two channels asked for, no blocker."""
    folder = tmp_path_factory.mktemp("sites") / "wing"
    run("example", "new", folder, "--type", "wing", "--cells", "4", "--storeys", "1", "--area", "urban")
    channels = load_site(folder).channels[:2]
    (folder / "scenario.toml").write_text(f"worlds = 200\ngrid_m = 1.0\nchannels = {json.dumps(channels)}\n", "utf-8")
    return folder


def holes(wing):
    return [room.id for room in load_site(wing).rooms if room.role == "silence"]


def test_the_object_holds_budgets_that_add_up_where_they_are_asked_for(wing):
    text = run("evaluate", wing, "--contrast", "--json")
    assert "NaN" not in text
    assert "Infinity" not in text
    found = json.loads(text)
    assert 0 < len(found["contrast"]) <= 20
    for budget in found["contrast"]:
        value = {line["name"]: line["db"] for line in budget["lines"]}
        needed = sum(value[name] for name in ("public_inside", "js_to_deny", "search_margin", "joint_confidence"))
        assert needed == pytest.approx(budget["needed_dbm"], abs=1e-6)
        short = budget["needed_dbm"] - budget["allowed_dbm"] - budget["offered_db"]
        assert short == pytest.approx(budget["short_db"], abs=1e-6)
        assert budget["room"] in holes(wing)
    assert "contrast" not in json.loads(run("evaluate", wing, "--json"))


def test_a_hole_explained_has_its_budget_below_the_link_budgets(wing):
    room = holes(wing)[0]
    told = run("evaluate", wing, "--explain", room)
    assert told.index("Link budget:") < told.index(f"Contrast budget of {room}")
    for words in ("level needed from blockers inside", "level allowed from blockers outside", "short by"):
        assert words in told


def test_the_summary_says_what_a_cell_would_need_and_the_result_verifies(wing, tmp_path):
    run("evaluate", wing, "--out", tmp_path / "found")
    page = (tmp_path / "found" / "summary.html").read_text("utf-8")
    assert "What a cell would need" in page
    assert f'src="{CONTRAST_PICTURE}"' in page
    assert (tmp_path / "found" / CONTRAST_PICTURE).stat().st_size < 200_000
    run("verify", tmp_path / "found")


@pytest.mark.slow
def test_a_plan_that_buys_nothing_prints_the_budget_of_a_hole(wing, tmp_path):
    asked = ("optimise", wing, "--budget-gbp", "0", "--effort", "quick")
    told = run(*asked, "--out", tmp_path / "plan")
    assert "Contrast budget of" in told
    assert "What a cell would need" in (tmp_path / "plan" / "summary.html").read_text("utf-8")
    assert json.loads(run(*asked, "--json"))["contrast"][0]["room"] in holes(wing)
