"""Maps of a survey: what stands where on them, read back from the figure."""

from __future__ import annotations

import pytest
from shapely.geometry import box

from quietwing.coverage.report.survey_maps import MOST_STOREYS, mast_figure, places_figure
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
