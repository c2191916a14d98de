"""``--out``: a result never costs a user a file, a command refused leaves nothing, a changed page is found."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.cli import app
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import layout_text
from quietwing.coverage.result_folder import LEAKAGE_FILES
from quietwing.sites import load_site

pytestmark = pytest.mark.usefixtures("few_moves")
MANIFEST = "manifest.json"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A wing of a few cells with a managed-access node and one channel asked for, so that a run takes a second."""
    folder = tmp_path_factory.mktemp("sites") / "wing"
    done = run("example", "new", folder, "--type", "wing", "--cells", "4", "--storeys", "1", "--area", "urban")
    assert done.exit_code == 0, done.stderr
    site = load_site(folder)
    (folder / "scenario.toml").write_text(
        f"worlds = 100\ngrid_m = 1.0\nchannels = {json.dumps(site.channels[:1])}\nbudget_gbp = 0\neffort = 'quick'\n",
        "utf-8",
    )
    middle = site.buildings[0].outline.centroid
    (folder / "layout.csv").write_text(
        layout_text([Device("N1", "mas_node", round(middle.x, 2), round(middle.y, 2), 2.2)]), "utf-8"
    )
    return folder


@pytest.fixture
def wing(made, tmp_path, monkeypatch):
    """A copy of the wing's folder, beside which the commands run."""
    shutil.copytree(made, tmp_path / "wing")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "wing"


@pytest.fixture
def no_work(monkeypatch):
    """Whatever is computed now is computed too early."""
    for name in ("evaluate", "leakage", "optimise"):
        monkeypatch.setattr(f"quietwing.coverage.study.{name}", lambda *_a, **_k: pytest.fail("computed"))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


COMMANDS = ("leakage", "evaluate", "optimise")


def refused(words, *arguments):
    ran = run(*arguments)
    assert ran.exit_code == 2, ran.output
    (line,) = ran.stderr.strip().splitlines()
    assert words in line
    assert ran.stdout == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_the_sites_own_folder_is_refused_before_any_work(wing, no_work, monkeypatch, command):
    before = contents(wing)
    refused("is the folder of a site (it holds site.toml); give another --out", command, "wing", "--out", "wing")
    monkeypatch.chdir(wing)
    refused("is the folder of a site", command, ".", "--out", ".")
    assert contents(wing) == before


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_an_inputs_folder_of_the_users_is_refused_before_any_work(wing, no_work, monkeypatch, command):
    (wing.parent / "out" / "inputs").mkdir(parents=True)
    (wing.parent / "out" / "inputs" / "survey-2026.csv").write_text("mine")
    before = contents(wing.parent)
    words = "because of inputs/survey-2026.csv: quietwing replaces only files that it wrote itself"
    refused(words, command, wing, "--out", "out")
    monkeypatch.chdir("out")
    refused(words, command, wing, "--out", ".")
    assert contents(wing.parent) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_of_the_users_is_refused_before_any_work(wing, no_work, command):
    (wing.parent / "summary.html").write_text("mine")
    before = contents(wing.parent)
    refused("because of summary.html: ", command, wing, "--out", ".")
    assert contents(wing.parent) == before


def test_a_picture_of_the_users_is_refused_though_it_is_found_late(wing):
    (wing.parent / "out").mkdir()
    (wing.parent / "out" / "spill.png").write_text("mine")
    refused("because of spill.png: ", "evaluate", wing, "--out", "out")
    assert contents(wing.parent / "out") == {"spill.png": b"mine"}
    assert sorted(path.name for path in wing.parent.iterdir()) == ["out", "wing"]


def test_a_price_that_cannot_be_is_found_before_any_work_and_its_file_named(wing, no_work):
    models = read_catalogue()
    (wing / "catalogue.csv").write_text(catalogue_text(models), "utf-8")
    text = (wing / "catalogue.csv").read_text("utf-8")
    life = f"{models['mas_node'].technology_life_years:g}"
    lines = [
        line.replace(f",{life},", ",0.001,", 1) if line.startswith("mas_node,") else line
        for line in text.splitlines()
    ]
    (wing / "catalogue.csv").write_text("\n".join(lines) + "\n", "utf-8")
    assert read_catalogue(wing / "catalogue.csv")["mas_node"].technology_life_years == 0.001
    refused("catalogue.csv: mas_node: technology_life_years is 0.001", "evaluate", wing, "--out", "a/out")
    assert [path.name for path in wing.parent.iterdir()] == ["wing"]


@pytest.mark.slow
def test_a_result_is_written_over_an_earlier_one_and_verify_knows_every_file(wing):
    out = wing.parent / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    first = run("evaluate", wing, "--out", "out")
    assert first.exit_code == 0, first.output
    before = contents(out)
    listed = json.loads(before[MANIFEST])["files"]
    assert {*listed, MANIFEST, "notes.txt"} == set(before)
    assert {"summary.html", "spill.png", "verdict.json", "inputs/site/site.toml"} <= set(listed)
    again = run("evaluate", wing, "--out", "out")
    assert again.exit_code == 0, again.output
    assert contents(out) == before
    for name in ("summary.html", "spill.png", next(name for name in listed if name.startswith("margin-01"))):
        (out / name).write_bytes(before[name] + b" ")
        checked = run("verify", "out")
        assert checked.exit_code == 2
        assert checked.stderr == f"error: {name}: changed since it was written; write the result anew\n"
        refused(f"because of {name}: ", "leakage", wing, "--out", "out")
        (out / name).write_bytes(before[name])
    other = run("leakage", wing, "--out", "out")
    assert other.exit_code == 0, other.output
    left = contents(out)
    assert left["notes.txt"] == b"mine"
    assert {*json.loads(left[MANIFEST])["files"], MANIFEST, "notes.txt"} == set(left)
    assert {"summary.html", *LEAKAGE_FILES} <= set(left)
    assert not {"inputs/scenario.toml", "verdict.json", "spill.png"} & set(left)
    checked = run("verify", "out", "--json")
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout) == {"result": "out", "ok": True, "problems": [], "inputs_kept": False}
    assert "it keeps no inputs to compute it again from" in run("verify", "out").stdout
    (out / "leakage.csv").unlink()
    assert run("verify", "out").stderr == "error: leakage.csv: missing; write the result anew\n"


@pytest.mark.slow
def test_a_plan_is_written_over_a_verdict_and_over_itself(wing):
    out = wing.parent / "out"
    assert run("evaluate", wing, "--out", "out").exit_code == 0
    for _ in range(2):
        planned = run("optimise", wing, "--out", "out")
        assert planned.exit_code == 0, planned.output
        found = contents(out)
        assert {*json.loads(found[MANIFEST])["files"], MANIFEST} == set(found)
        assert {"plan.json", "summary.html", "inputs/asked.toml"} <= set(found)
    assert run("verify", "out").exit_code == 0
