"""How lists of masts begin, places written as figures, and how far masts may be from a site."""

from __future__ import annotations

import math

import pytest
from by_path import module_at

from quietwing.sites import load_site
from quietwing.sites.errors import SiteError
from quietwing.sites.surveys.grid_reference import osgb_m
from quietwing.sites.surveys.mast_import import import_masts
from quietwing.sites.surveys.mast_rows import MOST_TITLE_ROWS, mast_head, mast_rows

X, Y = 400_000, 300_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return load_site(module_at("tests/places/tiny_site.py").write(tmp_path_factory.mktemp("tiny")))


def listed(tmp_path, *lines: str):
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


# --- Places.


@pytest.mark.parametrize(
    ("written", "place_m"),
    [
        ("424971 565142", (424_971, 565_142)),
        (" 424971 , 565142 ", (424_971, 565_142)),
        ("424971;565142", (424_971, 565_142)),
        ("424971/565142", (424_971, 565_142)),
        ("424971.5, 565142.25", (424_971.5, 565_142.25)),
        ("447000 1141000", (447_000, 1_141_000)),  # Lerwick lies north of 1,000 km
        ("010000 005000", (10_000, 5_000)),  # Scilly: figures begin with 0
        # By letters: the middle of a square of 10 km, 1 km and 1 m.
        ("NZ26", (425_000, 565_000)),
        ("nz 24 65", (424_500, 565_500)),
        ("NZ 24971 65142", (424_971.5, 565_142.5)),
        ("HU 47 41", (447_500, 1_141_500)),
    ],
)
def test_a_place_is_read_as_letters_or_as_easting_and_northing(written, place_m):
    assert osgb_m(written) == place_m


@pytest.mark.parametrize(
    "written",
    [
        "24971 65142",  # 5 figures are within a square that is not named
        "4249710 565142",
        "424971 56514200",
        "424971565142",
        "-424971 565142",
        "424971 565142 m",
        "424971",
        "NZ 24971 6514",  # an odd number of figures
        "NI 2497 6514",  # the letter I is not in use
        "AA 2497 6514",  # far out in the Atlantic
        "54.97, -1.61",
        "",
    ],
)
def test_what_is_neither_is_no_place(written):
    assert osgb_m(written) is None


@pytest.mark.parametrize("column", ["NGR", "Grid Reference", "grid_ref", "SiteNGR", "OSGB"])
def test_figures_in_a_column_of_grid_references_are_the_place_of_a_mast(site, tmp_path, column):
    path = listed(
        tmp_path,
        f"id,{column},plmn,tech,earfcn",
        f'A1,"{X + 500}, {Y + 20}",23430,LTE,6225',
        f"A2,{X - 300} {Y},23430,LTE,6225",
        "A3,somewhere,23430,LTE,6225",
    )
    found = import_masts(path, site)
    assert [(one.sector.x_m, one.sector.y_m) for one in found.sectors] == [
        (X - 300, Y),
        (X + 500, Y + 20),
    ]  # nearest first
    assert ("no place that can be read", 1) in found.left_out


def test_figures_in_columns_of_their_own_rule_over_a_grid_reference(site, tmp_path):
    path = listed(tmp_path, "id,x,y,ngr,plmn,tech,earfcn", f'A1,{X + 500},{Y},"{X} {Y}",23430,LTE,6225')
    (one,) = import_masts(path, site).sectors
    assert (one.sector.x_m, one.sector.y_m) == (X + 500, Y)


# --- Titles above the header.


HEADER = "Site ID,Easting,Northing,PLMN,Tech,EARFCN"
ROW = f"A1,{X + 500},{Y},23430,LTE,6225"


@pytest.mark.parametrize(
    "titles",
    [
        (),
        ("Network export, week 12",),  # two cells
        ("Exported by the planning team", "", "Week 12,,,,,"),
        (",,,,,", "Confidential,,,,,"),
        tuple(f"note {number}" for number in range(MOST_TITLE_ROWS - 1)),
    ],
)
def test_the_header_is_the_first_row_with_three_columns(titles, tmp_path):
    path = listed(tmp_path, *titles, HEADER, ROW)
    head = mast_head(path)
    assert head.columns == tuple(HEADER.split(","))
    assert head.rows == (tuple(ROW.split(",")),)
    assert head.proposed == {
        "id": "Site ID",
        "x": "Easting",
        "y": "Northing",
        "plmn": "PLMN",
        "technology": "Tech",
        "arfcn": "EARFCN",
    }
    (row,) = mast_rows(path)
    assert (row["x"], row["y"]) == (str(X + 500), str(Y))


@pytest.mark.parametrize(
    "titles",
    [
        tuple(f"note {number}" for number in range(MOST_TITLE_ROWS)),  # one row more than is looked through
        ("Export,week 12,2026",),  # three cells look like a header
    ],
)
def test_a_header_that_is_not_found_is_refused_with_what_stands_there(titles, tmp_path):
    with pytest.raises(SiteError, match=rf"its header says no place .*it has: {titles[0].split(',')[0]}.*--mapping"):
        list(mast_rows(listed(tmp_path, *titles, HEADER, ROW)))


def test_a_list_of_two_columns_keeps_its_first_row_as_header(tmp_path):
    """Nothing has three columns: the first row counts, whatever it says."""
    (row,) = mast_rows(listed(tmp_path, "lat,lon", "54.9,-1.6"))
    assert row == {"lat": "54.9", "lon": "-1.6"}


def test_short_rows_lack_what_they_do_not_say_and_empty_ones_are_passed_over(tmp_path):
    rows = list(mast_rows(listed(tmp_path, HEADER, ROW, "", f"A2,{X},{Y}", "")))
    assert [row["id"] for row in rows] == ["A1", "A2"]
    assert "plmn" not in rows[1]


@pytest.mark.parametrize("content", ["", "\n\n", ",,,\n"])
def test_a_list_of_nothing_is_empty(content, tmp_path):
    (tmp_path / "list.csv").write_text(content, "utf-8")
    with pytest.raises(SiteError, match="is empty"):
        list(mast_rows(tmp_path / "list.csv"))


# --- How far.


@pytest.mark.parametrize("radius_m", [100, 100.0, 250.5, 40_000])
def test_masts_are_taken_up_to_the_radius_from_the_edge_of_the_site(site, tmp_path, radius_m):
    """Measured from the middle: the radius and half the diagonal of the perimeter."""
    outline = site.perimeter.outline
    west, south, east, north = outline.bounds
    reach_m = radius_m + math.hypot(east - west, north - south) / 2
    x, y = outline.centroid.x, outline.centroid.y
    rows = [
        f"A{number},{x + away_m:.1f},{y:.1f},23430,LTE,6225"
        for number, away_m in ((1, reach_m - 1), (2, reach_m + 1))
    ]
    found = import_masts(listed(tmp_path, HEADER, *rows), site, radius_m=radius_m)
    (one,) = found.sectors
    assert one.sector.x_m == pytest.approx(x + reach_m - 1, abs=0.1)
    assert found.left_out == ((f"farther than {radius_m:g} m", 1),)


@pytest.mark.parametrize("radius_m", [0, -100, 99.9, 40_000.1, math.inf, -math.inf, math.nan, True, "5 km", None])
def test_a_radius_beyond_its_ends_is_refused_before_the_list_is_read(site, tmp_path, radius_m):
    with pytest.raises(SiteError, match=r"^--radius: is .* \(expected 100 to 40000 m\); give how far masts may be$"):
        import_masts(tmp_path / "missing.csv", site, radius_m=radius_m)
