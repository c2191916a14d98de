"""What lies in a site's folder is read, or named: no file is passed over in silence."""

from __future__ import annotations

import os

import pytest

from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.layout import parse_layout, read_layout
from quietwing.coverage.rules import read_rules
from quietwing.coverage.scenario import ScenarioError, read_scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.sites import SiteError, beside, check, load_site
from quietwing.sites.importers import folder as site_folder
from quietwing.sites.safe_reading import misspelt

BESIDE = ("layout.csv", "catalogue.csv", "scenario.toml")


def put_folder(path):
    path.mkdir()


def put_link_to_nothing(path):
    path.symlink_to("nowhere")


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("put", [put_folder, os.mkfifo, put_link_to_nothing])
def test_a_folder_a_pipe_or_a_dangling_link_in_the_place_of_a_file_is_a_problem(tiny, tmp_path, name, put):
    site = tiny.write(tmp_path / "site")
    put(site / name)
    assert any(problem.startswith(f"{name}: is a ") for problem in check(site).problems)
    with pytest.raises(SiteError, match=f"{name}: is a .*put the file itself here"):
        load_site(site)
    assert beside(str(site), name) == site / name  # its reader is asked, and refuses it too


@pytest.mark.parametrize("put", [put_folder, os.mkfifo, put_link_to_nothing])
def test_a_scenario_or_a_rules_file_that_is_none_is_refused_by_its_reader(tmp_path, put):
    put(tmp_path / "asked.toml")
    for read in (read_scenario, read_rules):
        with pytest.raises(ScenarioError, match=r"asked.toml: is a .*put the file itself here"):
            read(tmp_path / "asked.toml")


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("layuot.csv", "layout.csv"),
        ("Layout.CSV", "layout.csv"),
        ("layouts.csv", "layout.csv"),
        ("layout.csv.txt", "layout.csv"),
        ("layout", "layout.csv"),
        ("catalog.csv", "catalogue.csv"),
        ("Scenario.toml", "scenario.toml"),
        ("senario.toml", "scenario.toml"),
    ],
)
def test_a_misspelt_neighbour_is_a_problem_where_the_file_itself_is_missing(tiny, tmp_path, found, meant):
    site = tiny.write(tmp_path / "site")
    (site / found).write_text("id,model,x_m,y_m,z_m\n")
    assert f"{found}: is not a file of a site; did you mean '{meant}'? Rename or remove it" in check(site).problems


def test_a_second_layout_beside_the_site_is_named_and_no_slip(tiny, tmp_path):
    site = tiny.write(tmp_path / "site")
    for name in ("layout-b.csv", "layout 2.csv", "scenario_2027.toml", "notes.docx"):
        assert misspelt(name, BESIDE) is None
        (site / name).write_text("x")
    report = check(site)
    assert report.ok
    assert "notes.docx: is not a file of a site and is not read" in report.notes


def test_a_layout_that_is_there_under_its_name_makes_a_copy_of_another_name_no_problem(tiny, tmp_path):
    site = tiny.write(tmp_path / "site")
    (site / "layout.csv").write_text("id,model,x_m,y_m,z_m\n")
    (site / "layouts.csv").write_text("id,model,x_m,y_m,z_m\n")
    assert check(site).ok
    assert equipment_of(str(site), None)[0] == ()


@pytest.mark.parametrize("change", ["another-file", "same-size"])
def test_a_file_that_changes_while_the_site_is_read_is_noticed(tiny, tmp_path, monkeypatch, change):
    site = tiny.write(tmp_path / "site")
    parse = site_folder.parse_table

    def parse_while_someone_saves(*args, **kwargs):
        path = site / "walls.geojson"  # read some time ago
        text = path.read_text("utf-8")
        if change == "another-file":
            (site / "new").write_text(text, encoding="utf-8")
            os.replace(site / "new", path)
        else:
            path.write_text(text.replace("w-mid", "w-dim"), encoding="utf-8")
        return parse(*args, **kwargs)

    monkeypatch.setattr(site_folder, "parse_table", parse_while_someone_saves)
    (problem,) = check(site).problems
    assert problem.startswith("walls.geojson: changed while the site was read; ")


def test_a_path_may_be_text_wherever_a_file_is_read(tmp_path):
    (tmp_path / "layout.csv").write_text("id,model,x_m,y_m,z_m\nN1,micro_jammer,1,2,3\n")
    (tmp_path / "catalogue.csv").write_text(catalogue_text(read_catalogue()), "utf-8")
    (tmp_path / "asked.toml").write_text("worlds = 300\n")
    catalogue = read_catalogue(str(tmp_path / "catalogue.csv"))
    assert catalogue == read_catalogue()
    assert [device.id for device in read_layout(str(tmp_path / "layout.csv"), catalogue)] == ["N1"]
    assert read_scenario(str(tmp_path / "asked.toml")).worlds == 300


def test_a_header_that_swallowed_its_row_is_told_which_columns_a_layout_has():
    with pytest.raises(ScenarioError, match=r"is no header .*name the columns: id, model, x_m"):
        parse_layout('"id,model,x_m,y_m,z_m\nN1,micro_jammer,1,2,3"\n', {})


def test_a_folder_of_too_many_files_is_one_line(tiny, tmp_path):
    site = tiny.write(tmp_path / "site")
    for number in range(1001):
        (site / f"picture-{number}.jpg").touch()
    (problem,) = check(site).problems
    assert "limit 1,000" in problem
    assert "give the site's own folder" in problem
