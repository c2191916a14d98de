"""A site on disk: what is read rightly, what is written, and that nothing is lost between the two."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys

import pytest

from quietwing.sites import SiteError, check, load_site, save_geopackage, save_site

pytestmark = pytest.mark.usefixtures("forked_readers")


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_feature_of_a_site_is_used(folder):
    report = check(folder)
    assert report.ok
    assert report.notes == ()
    assert report.features["walls"] == (5, 5, 0)
    assert report.features["masts"] == (2, 2, 0)
    site = load_site(folder)
    assert (len(site.walls), len(site.openings), len(site.sectors)) == (5, 2, 2)
    assert [opening.state for opening in site.openings] == ["open", "shut"]


def test_write_read_write_gives_the_same_bytes(rich, tmp_path):
    save_site(rich, tmp_path / "a")
    save_site(load_site(tmp_path / "a"), tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_site_read_back_differs_by_less_than_a_micrometre(rich, tmp_path):
    save_site(rich, tmp_path / "a")
    again = load_site(tmp_path / "a")
    assert dataclasses.replace(again, positions=()) == dataclasses.replace(rich, positions=())
    assert again.positions[1].point.distance(rich.positions[1].point) < 1e-6


@pytest.mark.parametrize("crs", ["EPSG:27700", "EPSG:2157", "local"])
def test_a_geopackage_gives_the_same_site(rich, tmp_path, crs):
    site = dataclasses.replace(rich, crs=crs)
    save_geopackage(site, tmp_path / "site.gpkg")
    assert load_site(tmp_path / "site.gpkg") == site


@pytest.mark.parametrize("name", ["houseblock", "radial", "campus"])
def test_a_bundled_site_survives_both_ways(name, tmp_path):
    site = load_site(name)
    save_site(site, tmp_path / name)
    save_geopackage(site, tmp_path / "site.gpkg")
    assert load_site(tmp_path / name) == site
    assert load_site(tmp_path / "site.gpkg") == site
    report = check(name)
    assert report.ok
    assert all(found == used + dropped for found, used, dropped in report.features.values())


def test_a_geopackage_is_read_with_the_triggers_gdal_and_qgis_write(rich, tmp_path):
    import sqlite3

    save_geopackage(rich, tmp_path / "site.gpkg")
    connection = sqlite3.connect(tmp_path / "site.gpkg")
    triggers = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0]
    connection.close()
    assert triggers > 0
    assert check(tmp_path / "site.gpkg").ok


def test_a_read_only_geopackage_and_folder_are_read(rich, tmp_path):
    home = tmp_path / "locked"
    home.mkdir()
    save_geopackage(rich, home / "site.gpkg")
    (home / "site.gpkg").chmod(stat.S_IRUSR)
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert load_site(home / "site.gpkg") == rich
    finally:
        home.chmod(stat.S_IRWXU)


def test_writing_refuses_a_folder_with_something_in_it(rich, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("keep")
    with pytest.raises(SiteError, match="not empty; choose another folder"):
        save_site(rich, tmp_path / "a")
    assert sorted(os.listdir(tmp_path / "a")) == ["mine.txt"]
    with pytest.raises(SiteError, match=r"ends in \.gpkg"):
        save_geopackage(rich, tmp_path / "site.txt")


def test_overwriting_keeps_other_files_and_leaves_no_old_layer(rich, tmp_path):
    save_site(rich, tmp_path / "a")
    (tmp_path / "a" / "layout.csv").write_text("id\n")
    save_site(dataclasses.replace(rich, positions=()), tmp_path / "a", overwrite=True)
    names = sorted(os.listdir(tmp_path / "a"))
    assert "layout.csv" in names
    assert "positions.geojson" not in names
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_a_write_that_fails_leaves_what_was_there(rich, tmp_path, monkeypatch):
    save_site(rich, tmp_path / "a")
    before = contents(tmp_path / "a")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_site(dataclasses.replace(rich, positions=()), tmp_path / "a", overwrite=True)
    assert contents(tmp_path / "a") == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_local_grids_carry_no_crs_member_and_british_ones_its_urn(rich, tmp_path):
    save_site(dataclasses.replace(rich, crs="local"), tmp_path / "local")
    save_site(rich, tmp_path / "british")
    assert "crs" not in json.loads((tmp_path / "local" / "walls.geojson").read_text(encoding="utf-8"))
    stated = json.loads((tmp_path / "british" / "walls.geojson").read_text(encoding="utf-8"))["crs"]
    assert stated == {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    assert load_site(tmp_path / "local").crs == "local"


def test_reading_a_folder_opens_its_own_files_only_and_never_gdal(folder):
    """Every file opened after the imports stands in the folder, also where a layer names other files."""
    (folder / "slabs.geojson").write_text(
        "<OGRVRTDataSource><SrcDataSource>/etc/hostname</SrcDataSource></OGRVRTDataSource>"
    )
    script = (
        "import os, sys\n"
        "from quietwing.sites import check\n"
        "check('houseblock')\n"
        "opened = []\n"
        "def hook(event, args):\n"
        "    if event == 'open' and not isinstance(args[0], int):\n"  # an int is a file that was opened before
        "        opened.append(str(args[0]))\n"
        "sys.addaudithook(hook)\n"
        "report = check(sys.argv[1])\n"
        "print(len(report.problems), 'pyogrio' in sys.modules, 'osgeo' in sys.modules)\n"
        "print([path for path in opened if not os.path.realpath(path).startswith(os.path.realpath(sys.argv[1]))])\n"
    )
    result = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["1 False False", "[]"]
