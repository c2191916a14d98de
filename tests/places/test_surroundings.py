"""Houses between masts and site, and the crossing a small cell's street leads to: read, refused, kept on all ways."""

from __future__ import annotations

import dataclasses
import re

import pytest

from quietwing.sites import check, load_site, save_geopackage, save_site
from quietwing.sites.fingerprints import fingerprint
from quietwing.sites.model import Surroundings
from quietwing.sites.site_toml import site_toml_text

HOUSES = "\n[surroundings]\nroof_m = 8\nrow_spacing_m = 40.5\nstreet_width_m = 16\n"


def changed(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def with_houses(folder, table=HOUSES):
    changed(folder / "site.toml", "\n[[buildings]]", f"{table}\n[[buildings]]")
    return folder


def with_street_masts(folder, *crossings, environment="street", height_m=6):
    """The two masts below the roofs, each with what stands in its columns of the crossing."""
    header, *rows = (folder / "masts.csv").read_text("utf-8").splitlines()
    rows = [
        re.sub(r",\d+,(\d+),6,", rf",{height_m},\1,6,", row).replace("UMa", environment) + f",{crossing}"
        for row, crossing in zip(rows, crossings, strict=True)
    ]
    (folder / "masts.csv").write_text("\n".join([f"{header},corner_x_m,corner_y_m", *rows, ""]), "utf-8")
    return folder


@pytest.fixture
def full(folder):
    """All three lengths, and one mast of two that names a crossing."""
    return with_street_masts(with_houses(folder), "400500.25,300100", ",")


def test_what_is_given_is_read_and_the_rest_is_unknown(full, tmp_path):
    site = load_site(full)
    assert site.surroundings == Surroundings(roof_m=8.0, row_spacing_m=40.5, street_width_m=16.0)
    assert [sector.corner_m for sector in site.sectors] == [(400500.25, 300100.0), None]
    changed(full / "site.toml", "roof_m = 8\nrow_spacing_m = 40.5\n", "")
    assert load_site(full).surroundings == Surroundings(street_width_m=16.0)


def test_written_again_it_is_the_same_in_folder_and_geopackage(full, tmp_path):
    site = load_site(full)
    save_site(site, tmp_path / "a")
    save_geopackage(site, tmp_path / "site.gpkg")
    save_site(load_site(tmp_path / "site.gpkg"), tmp_path / "b")
    assert load_site(tmp_path / "a") == load_site(tmp_path / "site.gpkg") == site
    for file in ("site.toml", "masts.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_site_without_them_is_written_and_named_as_before(folder, tmp_path):
    site = load_site(folder)
    assert "surroundings" not in site_toml_text(site)
    save_site(site, tmp_path / "a")
    assert (tmp_path / "a" / "masts.csv").read_text("utf-8").splitlines()[0].endswith(",campable,assumed")
    assert fingerprint(load_site(with_houses(folder))) != fingerprint(site)


def test_every_length_and_both_coordinates_name_the_site(full):
    site = load_site(full)
    first, second = site.sectors
    around = [dataclasses.replace(site.surroundings, **{name: 30.0}) for name in ("roof_m", "row_spacing_m")]
    others = [dataclasses.replace(site, surroundings=each) for each in around]
    for name in ("corner_x_m", "corner_y_m"):
        moved = dataclasses.replace(first, **{name: getattr(first, name) + 1.0})
        others.append(dataclasses.replace(site, sectors=(moved, second)))
    assert len({fingerprint(each) for each in (site, *others)}) == 5


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("roof_m = 3", r"site.toml: surroundings: roof_m is 3 \(expected a number above 3 to 100\)"),
        ("roof_m = -8", r"roof_m is -8 \(expected a number above 3 to 100\)"),
        ("roof_m = nan", r"roof_m is nan .*finite"),
        ('roof_m = "high"', r"roof_m is 'high' \(expected a number above 3 to 100\)"),
        ("roof_m = 8000", r"roof_m is 8000 .*millimetres: write 8"),
        ("row_spacing_m = 0", r"row_spacing_m is 0 \(expected a number from 5 to 500\)"),
        ("street_width_m = 1", r"street_width_m is 1 \(expected a number from 2 to 100\)"),
        ("roofs_m = 8", r"unknown key 'roofs_m'; did you mean 'roof_m'"),
        ("trees_m = 8", r"unknown key 'trees_m'; leave it out \(known: roof_m, row_spacing_m, street_width_m\)"),
        ("row_spacing_m = 20\nstreet_width_m = 20", r"street_width_m is 20 \(expected less than row_spacing_m, 20"),
    ],
)
def test_lengths_that_cannot_be_are_one_clear_problem(folder, table, problem):
    (found,) = check(with_houses(folder, f"\n[surroundings]\n{table}\n")).problems
    assert re.search(problem, found)


def test_a_table_that_is_none_or_has_another_name_is_told(folder):
    changed(folder / "site.toml", 'area = "rural"', 'area = "rural"\nsurroundings = 8')
    (found,) = check(folder).problems
    assert re.search(r"site.toml: surroundings: is 8 \(expected a table\); write \[surroundings\]", found)
    changed(folder / "site.toml", "surroundings = 8", "")
    (found,) = check(with_houses(folder, "\n[surrounding]\nroof_m = 8\n")).problems
    assert "did you mean 'surroundings'" in found


@pytest.mark.parametrize(
    ("crossing", "problem"),
    [
        ("400500,", r"masts.csv: m1: corner_y_m is missing \(expected both .* or none\); give it"),
        (",300000", r"masts.csv: m1: corner_x_m is missing"),
        ("400500,300000", r"masts.csv: m1: its crossing .* is where the mast stands; give the middle"),
        ("4e9,300000", r"corner_x_m is 4000000000.0 .expected a number from -10,000,000"),
    ],
)
def test_half_a_crossing_or_one_under_the_mast_is_a_problem(folder, crossing, problem):
    (found,) = check(with_street_masts(with_houses(folder), crossing, ",")).problems
    assert re.search(problem, found)


def test_a_crossing_that_is_of_no_use_is_a_note(folder):
    with_street_masts(folder, "400500,300100", ",")
    assert any("m1: its crossing is not used: give street_width_m" in note for note in check(folder).notes)
    changed(folder / "masts.csv", "street", "UMi")
    assert any("no mast of the environment street" in note for note in check(with_houses(folder)).notes)


@pytest.mark.parametrize(
    ("environment", "height_m", "table", "note"),
    [
        ("street", 8, "", None),
        ("street", 16, "", r"stands 16 m high in a street .* up to 15 m, assumed"),
        ("street", 16, "roof_m = 20", None),
        ("street", 9, "roof_m = 8", r"stands 9 m high in a street .* up to 8 m, roof_m of the site"),
        ("roofs", 9, "roof_m = 8", None),
        ("roofs", 8, "roof_m = 8", r"stands 8 m high above roofs of 8 m .* correct height_m or roof_m"),
        ("roofs", 8, "", None),
    ],
)
def test_masts_stand_on_their_side_of_the_roofs(folder, environment, height_m, table, note):
    """A note, no problem: `roof_m` is a mean."""
    with_street_masts(with_houses(folder, f"\n[surroundings]\n{table}\n"), ",", ",", environment=environment,
                      height_m=height_m)  # fmt: skip
    report = check(folder)
    assert report.ok
    told = [each for each in report.notes if each.startswith("masts: m1")]
    assert len(told) == (note is not None)
    assert note is None or re.search(note, told[0])
