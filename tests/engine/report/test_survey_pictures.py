"""Maps of a survey: what stands where on them, read back from the figure."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from matplotlib.image import imread
from shapely.geometry import box

from quietwing.coverage.calibration import NextReading, NextReadings
from quietwing.coverage.report.survey_maps import (
    AROUND_M,
    LONGER_PX,
    MOST_STOREYS,
    mast_figure,
    next_readings_figure,
    places_figure,
    readings_figure,
    storey_picture,
    storeys_figure,
)
from quietwing.coverage.report.survey_tables import next_readings_csv
from quietwing.sites import Reading
from quietwing.sites.model import Building, Sector, Storey

USUAL = {
    "band": "B20", "technology": "LTE", "freq_mhz": 806.0, "bandwidth_mhz": 10.0, "height_m": 25.0, "tilt_deg": 6.0,
    "pattern": "sector_65", "eirp_dbm": 60.0, "environment": "UMa", "sigma_db": 8.0,
}  # fmt: skip


def sector(name: str, operator: str, x_m: float, y_m: float, azimuth_deg: float | None = 90.0, **changes) -> Sector:
    more = {"plmn": "234-30", "x_m": x_m, "y_m": y_m, "azimuth_deg": azimuth_deg}
    return Sector(**(USUAL | {"id": name, "operator": operator} | more | changes))


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_places_of_one_spot_share_a_dot_and_each_storey_is_a_plan_of_its_own(hut):
    site = hut(buildings=(Building("A", box(0, 0, 6, 4), tuple(Storey(str(n), 3.0 * n, 3.0) for n in range(2))),))
    places = [("1", 1.0, 2.0, 0, 0), ("2", 1.0, 2.0, 0, 0), ("3", 1.0, 2.0, 0, 1), ("4", -9.0, 0.0, -1, 0)]
    outside, ground, first = places_figure(site, places, "where").axes
    assert [ax.get_title() for ax in (outside, ground, first)] == ["outside", "A, ground floor", "A, 1st floor"]
    assert [words(ax) for ax in (outside, ground, first)] == [["4"], ["1, 2"], ["3"]]
    (dot,) = ground.lines
    assert (list(dot.get_xdata()), list(dot.get_ydata())) == ([1.0], [2.0])
    assert len(ground.patches) == 1  # the hut's only room is on the ground floor
    assert len(first.patches) == 0


def test_a_survey_of_a_tower_shows_a_dozen_storeys_and_one_of_nothing_the_outside(hut):
    storeys = tuple(Storey(f"L{n}", 3.0 * n, 3.0) for n in range(14))
    site = hut(buildings=(Building("A", box(0, 0, 6, 4), storeys),))
    tall = places_figure(site, [(str(n), 1.0, 1.0, 0, n) for n in range(14)], "t")
    assert [ax.get_title() for ax in tall.axes] == [f"A, L{n}" for n in range(MOST_STOREYS)]
    assert [ax.get_title() for ax in places_figure(site, [], "t").axes] == ["outside"]


def test_masts_stand_east_and_north_of_the_middle_and_point_where_they_look(hut):
    """The hut's fence runs from −30 to 36 and −30 to 34 m: its middle is 3 m east, 2 m north."""
    masts = [
        sector("a", "EE", 1003.0, 2.0, 0.0),
        sector("b", "EE", 1003.0, 2.0, 90.0),
        sector("c", "O2", 3.0, -498.0, None),
        sector("d", "O2", 3.0, -498.0, 0.0, pattern="omni"),
    ]
    (ax,) = mast_figure(hut(), masts).axes
    assert [group.get_label() for group in ax.collections] == ["EE: 1 mast", "O2: 1 mast"]
    assert [group.get_offsets().tolist() for group in ax.collections] == [[[1000.0, 0.0]], [[0.0, -500.0]]]
    reach_m = 1150.0  # 15 % beyond the farthest
    assert ax.get_xlim() == pytest.approx((-reach_m, reach_m))
    ends = [(line.get_xdata()[1], line.get_ydata()[1]) for line in ax.lines]
    assert ends == [pytest.approx((1000.0, 69.0)), pytest.approx((1069.0, 0.0))]  # 6 % of the reach, north and east
    assert words(ax) == ["500 m", "1,000 m"]
    assert ax.get_title() == "Masts around hut (OFFICIAL): 4 sectors"


@pytest.mark.parametrize(
    ("away_m", "rings"),
    [
        (0.0, ["50 m", "100 m"]),
        (400.0, ["100 m", "200 m", "300 m", "400 m"]),
        (2000.0, ["500 m", "1,000 m", "1,500 m", "2,000 m"]),
    ],
)
def test_rings_stand_at_round_distances(hut, away_m, rings):
    (ax,) = mast_figure(hut(), [sector("a", "EE", 3.0, 2.0 + away_m)]).axes
    assert words(ax) == rings
    assert [circle.radius for circle in ax.patches if hasattr(circle, "radius")] == [
        float(ring.split()[0].replace(",", "")) for ring in rings
    ]


def test_levels_stand_as_squares_where_they_were_read(hut):
    day = dt.date(2026, 11, 20)
    readings = [
        Reading("EE/B20/LTE", 1.0, 2.0, 1.5, -101.4, day),
        Reading("EE/B20/LTE", 5.0, 2.0, 1.5, -90.0, day),
        Reading("EE/B20/LTE", -9.0, 0.0, 1.5, -80.0, day),
    ]
    outside, ground, scale = readings_figure(hut(), readings).axes
    assert (outside.get_title(), ground.get_title()) == ("outside", "A, Ground")
    squares = ground.collections[-1]
    assert squares.get_offsets().tolist() == [[1.0, 2.0], [5.0, 2.0]]
    assert squares.get_array().tolist() == [-101.4, -90.0]
    assert [words(ax) for ax in (outside, ground)] == [["-80"], ["-101", "-90"]]
    assert scale.get_ylim() == pytest.approx((-102.4, -79.0))  # one scale for every storey


def test_a_site_is_drawn_with_walls_windows_and_doors(hut):
    (ax,) = storeys_figure(hut()).axes
    walls, windows, doors = ax.collections
    assert len(walls.get_segments()) == 4
    assert [line.tolist() for line in windows.get_segments()] == [[[2.0, 0.0], [3.0, 0.0]]]
    assert [line.tolist() for line in doors.get_segments()] == [[[4.0, 4.0], [5.0, 4.0]]]


def test_a_pixel_of_a_storey_is_a_place(hut):
    """6 × 4 m and as much again around it: the longer side has all its pixels."""
    drawn = storey_picture(hut(), 0, 0, [(1.0, 1.0), (5.0, 3.0)])
    wide, tall = 6 + 2 * AROUND_M, 4 + 2 * AROUND_M
    assert (drawn.width_px, drawn.height_px) == (LONGER_PX, round(LONGER_PX * tall / wide))
    assert drawn.place_m(drawn.width_px / 2, drawn.height_px / 2) == pytest.approx((3.0, 2.0))
    assert imread(io.BytesIO(drawn.png)).shape[:2] == (drawn.height_px, drawn.width_px)
    assert drawn.png != storey_picture(hut(), 0, 0).png  # the way walked is drawn


def test_what_to_read_next_is_a_map_and_a_table_with_the_same_numbers(hut):
    one = NextReading("A-01", "EE/B20/LTE", 1.0, 2.0, 1.5, 0, 0, -101.5, 0.4)
    two = NextReading("a, b", "O2/B8/GSM", 400123.25, 2.0, 1.5, 0, 0, -90.0, 0.9)
    found = NextReadings((one, two), 1, 1, 0.9)
    assert next_readings_csv(found).splitlines() == [
        "number,channel,x,y,height_m,room,expected_dbm,rsrp_dbm,date",
        "1,EE/B20/LTE,1.0,2.0,1.5,A-01,-101.5,,",
        '2,O2/B8/GSM,400123.25,2.0,1.5,"a, b",-90,,',
    ]
    (ax,) = next_readings_figure(hut(), found).axes
    assert words(ax) == ["1", "2"]
