"""`quietwing import` of drawings: a checked site with its mapping and report, one line a problem, edits kept."""

import json
import shutil
from pathlib import Path

import pytest
from by_path import module_at
from typer.testing import CliRunner

from quietwing.coverage.app.site_files import open_upload
from quietwing.coverage.cli import app
from quietwing.sites import DrawingChoices, SiteError, check, load_site

pytestmark = pytest.mark.usefixtures("forked_readers")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def drawn():
    for name in ("ezdxf", "ifcopenshell", "pypdfium2"):
        pytest.importorskip(name)
    return module_at("tests/places/drawn_plans.py")


def run(*arguments):
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def lines_of(ran):
    assert ran.exit_code == 2
    assert "Traceback" not in ran.stderr
    return ran.stderr.splitlines()


@pytest.mark.parametrize("kind", ["dxf", "ifc", "indoor", "pdf"])
def test_a_drawing_becomes_a_folder_that_passes_its_check(kind, drawn, tmp_path):
    plan = {
        "dxf": lambda: drawn.dxf_plan(tmp_path / "plan.dxf"),
        "ifc": lambda: drawn.ifc_plan(tmp_path / "plan.ifc"),
        "indoor": lambda: drawn.indoor_plan(tmp_path / "plan"),
        "pdf": lambda: drawn.pdf_plan(tmp_path / "plan.pdf"),
    }[kind]()
    site = tmp_path / "site"
    ran = run(plan, "-o", site, *(["--scale", "1:100"] if kind == "pdf" else []))
    assert ran.exit_code == 0, ran.stderr
    report = check(site)
    assert report.ok
    assert any(note.startswith("no masts given") for note in report.notes)
    assert not any("is not a file of a site" in note for note in report.notes)
    assert not (site / "masts.csv").exists()
    assert {path.name for path in site.glob("import-*")} == {
        f"import-{name}" for name in ("mapping.toml", *(f"report.{end}" for end in ("csv", "md")), "manifest.json")
    }
    assert load_site(site).name == "plan"
    assert load_site(site).sectors  # typical ones, until the real ones are given


def test_counts_and_options_come_through(drawn, tmp_path):
    plans = [drawn.dxf_plan(tmp_path / f"{name}.dxf", insunits=0) for name in ("ground", "first")]
    site = tmp_path / "site"
    options = ("--unit", "mm", "--storey-height", "3.4", "--name", "Wing A", "--crs", "EPSG:27700", "--json")
    ran = run(*plans, "-o", site, *options)
    assert ran.exit_code == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert [storey["floor_m"] for storey in told["counts"]["storeys"]] == [0, 3.4]
    assert [storey["windows"] for storey in told["counts"]["storeys"]] == [2, 2]
    made = load_site(site)
    assert (made.name, made.crs) == ("Wing A", "EPSG:27700")


def test_equal_drawings_give_equal_bytes(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    for name in ("one", "two"):
        assert run(plan, "-o", tmp_path / name).exit_code == 0
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_importing_again_keeps_what_was_changed_and_says_so(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    site = tmp_path / "site"
    assert run(plan, "-o", site).exit_code == 0
    assert "exists" in lines_of(run(plan, "-o", site))[0]
    rooms = json.loads((site / "rooms.geojson").read_text("utf-8"))
    rooms["features"][1]["properties"]["role"] = "keep"
    (site / "rooms.geojson").write_text(json.dumps(rooms), "utf-8")
    mapping = site / "import-mapping.toml"
    mapping.write_text(mapping.read_text("utf-8").replace('"by thickness"', '"brick_600"'), "utf-8")
    ran = run(plan, "-o", site, "--overwrite")
    assert ran.exit_code == 0, ran.stderr
    assert "kept as changed since the import" in ran.stderr
    made = load_site(site)
    assert {wall.construction for wall in made.walls} == {"brick_600"}
    assert sorted(room.role for room in made.rooms) == ["keep", "silence"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--unit", "furlong"), "choose one of mm, cm, m, in, ft, dm"),
        (("--mapping", "none.toml"), "none.toml: "),
        (("--storey-height", "0.5"), "expected 1.8 to 20 m"),
        (("--unit", "m"), "give --unit mm"),
    ],
)
def test_a_wrong_option_is_one_line_and_nothing_is_written(options, says, drawn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    (line,) = lines_of(run(plan, "-o", "site", *options))
    assert says in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.dxf"]


def test_options_of_drawings_are_refused_for_a_site(tmp_path):
    assert "is no drawing" in lines_of(run("houseblock", "-o", tmp_path / "site", "--unit", "mm"))[0]


def test_drawings_of_different_kinds_are_no_storeys(drawn, tmp_path):
    plans = drawn.dxf_plan(tmp_path / "a.dxf"), drawn.pdf_plan(tmp_path / "b.pdf")
    assert "are no drawings of one kind" in lines_of(run(*plans, "-o", tmp_path / "site"))[0]


def test_a_drawing_is_no_site_and_the_command_that_reads_it_is_named(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    (problem,) = check(plan).problems
    assert problem.endswith("`quietwing import` reads a DXF")


def test_a_dwg_is_told_by_its_first_bytes(tmp_path):
    (tmp_path / "plan.dxf").write_bytes(b"AC1032" + bytes(100))
    (line,) = lines_of(run(tmp_path / "plan.dxf", "-o", tmp_path / "site"))
    assert "is a DWG, expected DXF" in line


def test_an_upload_of_a_drawing_opens_with_typical_masts_and_leaves_nothing(drawn, tmp_path):
    plan = drawn.dxf_plan(tmp_path / "plan.dxf")
    folder = tmp_path / "session"
    folder.mkdir()
    brought = open_upload("Block A.dxf", plan.read_bytes(), folder)
    assert len(brought.site.rooms) == 2
    assert all(sector.assumed for sector in brought.site.sectors)
    assert brought.counts["storeys"][0]["doors"] == 1
    pdf = drawn.pdf_plan(tmp_path / "plan.pdf").read_bytes()
    assert len(open_upload("a.pdf", pdf, folder, DrawingChoices(scale="1:100")).site.rooms) == 2
    indoor = drawn.indoor_plan(tmp_path / "indoor", degrees=False)
    packed = shutil.make_archive(str(tmp_path / "indoor"), "zip", indoor)
    assert len(open_upload("x.zip", Path(packed).read_bytes(), folder).site.buildings[0].storeys) == 2
    with pytest.raises(SiteError, match="give --scale"):
        open_upload("a.pdf", pdf, folder)
    assert list(folder.iterdir()) == []
