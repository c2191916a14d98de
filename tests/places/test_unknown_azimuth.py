"""An empty azimuth in ``masts.csv``: allowed where enough levels were measured to find it, else a problem."""

from __future__ import annotations

import re

import pytest

from quietwing.sites import check, load_site, save_geopackage, save_site

LEVEL = "EE/B20/LTE,{x},{y},1.5,-80,2026-10-01\n"


@pytest.fixture
def unknown(folder):
    """The tiny site, nobody knows where its first mast looks; four places where it was measured."""
    masts = (folder / "masts.csv").read_text("utf-8")
    (folder / "masts.csv").write_text(masts.replace("25,270,6,", "25,,6,"), "utf-8")
    places = [(399_990, 300_003), (400_020, 299_980), (400_020, 300_030), (399_980, 300_030)]
    rows = "".join(LEVEL.format(x=x, y=y) for x, y in places)
    (folder / "outside_levels.csv").write_text("channel,x,y,height_m,rsrp_dbm,date\n" + rows, "utf-8")
    return folder


def changed(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_an_unknown_azimuth_stays_unknown_on_disk_and_in_a_geopackage(unknown, tmp_path):
    site = load_site(unknown)
    assert [sector.azimuth_deg for sector in site.sectors] == [None, 120.0]
    save_site(site, tmp_path / "a")
    assert load_site(tmp_path / "a") == site
    assert ",25,,6,sector_65," in (tmp_path / "a" / "masts.csv").read_text("utf-8")
    save_geopackage(site, tmp_path / "site.gpkg")
    assert load_site(tmp_path / "site.gpkg") == site


def test_all_azimuths_unknown_survive_a_geopackage_too(unknown, tmp_path):
    changed(unknown / "masts.csv", "20,120,6,sector_65", "20,,6,omni")
    site = load_site(unknown)
    save_geopackage(site, tmp_path / "site.gpkg")
    assert load_site(tmp_path / "site.gpkg") == site


def test_with_fewer_than_three_places_it_is_a_problem(unknown):
    levels = unknown / "outside_levels.csv"
    levels.write_text("".join(levels.read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    assert re.search(
        r"masts.csv: m1: azimuth_deg is empty and .* of EE/B20/LTE at 2 places \(expected 3 or more.*or measure",
        check(unknown).problems[0],
    )
    changed(unknown / "masts.csv", "sector_65", "omni")
    assert check(unknown).ok


def test_readings_at_one_place_count_once(unknown):
    levels = unknown / "outside_levels.csv"
    lines = levels.read_text("utf-8").splitlines(keepends=True)
    again = [lines[2].replace("-80", "-81"), lines[2].replace("-80", "-82")]
    levels.write_text("".join([*lines[:3], *again]), "utf-8")
    assert "at 2 places" in check(unknown).problems[0]


def test_two_unknown_sectors_of_a_channel_need_twice_as_many_and_three_are_too_many(unknown):
    masts = unknown / "masts.csv"
    row = masts.read_text("utf-8").splitlines()[1]
    masts.write_text(masts.read_text("utf-8") + row.replace("m1", "m3") + "\n", "utf-8")
    assert "at 4 places (expected 6 or more" in check(unknown).problems[0]
    masts.write_text(masts.read_text("utf-8") + row.replace("m1", "m4") + "\n", "utf-8")
    found = check(unknown).problems[0]
    assert re.search(r"m1: azimuth_deg is empty in 3 sectors of EE/B20/LTE \(expected at most 2\); give", found)


def test_an_antenna_file_that_is_the_same_all_round_needs_no_azimuth(unknown):
    (unknown / "outside_levels.csv").unlink()
    rows = "".join(f"{angle} 0\n" for angle in range(360))
    (unknown / "antennas").mkdir()
    text = f"NAME flat\nHORIZONTAL 360\n{rows}VERTICAL 360\n{rows}"
    (unknown / "antennas" / "flat.msi").write_text(text, "utf-8")
    changed(unknown / "masts.csv", "25,,6,sector_65", "25,,0,file:flat.msi")
    assert check(unknown).ok
