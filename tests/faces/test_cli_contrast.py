"""``quietwing evaluate --contrast`` and ``--explain``, a plan that buys nothing: what a cell would need, printed."""

import hashlib
import html
import json
import re
import shutil

import pytest
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.coverage.report.contrast_page import CONTRAST_PICTURE
from quietwing.coverage.report.contrast_text import contrast_object, contrast_rows, worst_rows
from quietwing.coverage.store import read_budgets
from quietwing.sites import load_site


def run(*arguments: str):
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wing(tmp_path_factory):
    """A wing of a few cells, two channels asked for, no blocker."""
    folder = tmp_path_factory.mktemp("sites") / "wing"
    run("example", "new", folder, "--type", "wing", "--cells", "6", "--storeys", "1", "--area", "urban")
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


@pytest.fixture(scope="module")
def kept(wing, tmp_path_factory):
    """The folder of a result with budgets."""
    folder = tmp_path_factory.mktemp("kept") / "found"
    run("evaluate", wing, "--out", folder)
    return folder


def test_the_summary_says_what_a_cell_would_need_and_the_result_verifies(kept):
    page = (kept / "summary.html").read_text("utf-8")
    assert "What a room would need" in page
    assert f'src="{CONTRAST_PICTURE}"' in page
    assert (kept / CONTRAST_PICTURE).stat().st_size < 200_000
    run("verify", kept)


def test_the_summary_names_the_command_that_shows_what_would_change_the_answer(kept):
    page = (kept / "summary.html").read_text("utf-8")
    assert "quietwing whatif SITE --layout layout.csv --scenario inputs/scenario.toml" in page
    assert not (kept / "whatif.csv").exists()


def test_the_file_holds_the_lines_that_the_page_shows_and_gives_them_back(kept, wing):
    spoken = json.loads((kept / "verdict.json").read_text("utf-8"))["contrast"]
    budgets = read_budgets(kept)
    assert [contrast_object(one) for one in budgets] == spoken
    assert 0 < len(budgets) <= 5
    page = html.unescape((kept / "summary.html").read_text("utf-8"))
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    for words, value, unit in contrast_rows(budgets[0]):
        at = cells.index(words)
        assert cells[at + 1].split() in ([value, unit], [value]), words
    for row in worst_rows(budgets):
        assert "|".join(row) in "|".join(cells)
    assert f"{len(budgets)} of the {len(holes(wing))} rooms that are not blocked were looked at." in page


def test_budgets_are_computed_again_when_a_result_is_verified(kept, tmp_path):
    """A line touched up, and its hash with it, does not stand."""
    folder = tmp_path / "found"
    shutil.copytree(kept, folder)
    spoken = json.loads((folder / "verdict.json").read_text("utf-8"))
    spoken["contrast"][0]["lines"][0]["db"] -= 1.0
    text = json.dumps(spoken, indent=1, ensure_ascii=False) + "\n"
    (folder / "verdict.json").write_text(text, "utf-8")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"]["verdict.json"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    ran = CliRunner().invoke(app, ["verify", str(folder)])
    assert ran.exit_code == 2
    assert "verdict.json: computed again it differs" in ran.stderr


@pytest.mark.slow
def test_a_plan_that_buys_nothing_prints_the_budget_of_a_hole(wing, tmp_path):
    asked = ("optimise", wing, "--budget-gbp", "0", "--effort", "quick")
    told = run(*asked, "--out", tmp_path / "plan")
    assert "Contrast budget of" in told
    assert "What a room would need" in (tmp_path / "plan" / "summary.html").read_text("utf-8")
    assert json.loads(run(*asked, "--json"))["contrast"][0]["room"] in holes(wing)
