"""Rings and receptors: where spill is counted."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, box

from quietwing.coverage.blocking.outside import most_eirp_dbm, outside_points
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.errors import SiteError
from quietwing.sites.model import Perimeter, Receptor

NODE = Model("node", "jammer", (BandPower("B20", 791.0, 821.0, 20.0), BandPower("B3", 1805.0, 1877.0, 27.0)))


def of_ring(found, name):
    return np.array([ring == name for ring in found.ring])


def test_each_ring_holds_the_points_of_its_grid(hut):
    # The fence is 66 m × 64 m. A ring of width w between a and b holds 260·w + π(b² − a²) square metres:
    # 0–20 m: 5,200 + 1,257 = 6,457 m² / 100 = 65 points; 20–100 m: 20,800 + 30,159 = 50,959 / 625 = 82;
    # 100 m–1 km: 234,000 + 3,110,177 = 3,344,177 / 10,000 = 334. The edges of a grid take or give a tenth.
    found = outside_points(hut())
    for name, expected in (("0–20 m", 65), ("20–100 m", 82), ("100 m–1 km", 334)):
        assert of_ring(found, name).sum() == pytest.approx(expected, rel=0.1)
    assert (found.points.xyz_m[:, 2] == 1.5).all()


def test_rings_are_told_by_the_distance_to_the_fence(hut):
    site = hut()
    found = outside_points(site, 40.0)
    away_m = shapely.distance(shapely.points(found.points.xyz_m[:, :2]), site.perimeter.outline)
    np.testing.assert_allclose(found.distance_m, away_m)
    for name, inner_m, outer_m in (("0–20 m", 0, 20), ("20–100 m", 20, 100), ("100 m–1 km", 100, 1000)):
        there_m = away_m[of_ring(found, name)]
        assert there_m.min() > inner_m
        assert there_m.max() <= outer_m


@pytest.mark.parametrize(("eirp_dbm", "expected"), [(-np.inf, False), (30.0, False), (30.1, True)])
def test_gear_above_one_watt_is_looked_for_to_three_kilometres(hut, eirp_dbm, expected):
    found = outside_points(hut(), eirp_dbm)
    assert of_ring(found, "1–3 km").any() == expected
    assert (found.distance_m.max() > 1000) == expected


def test_a_receptor_stands_at_1_5_m_and_at_each_storey_given(hut):
    homes = (
        Receptor("home", Point(100, 0), "home", 2.4, (4.5, 1.5)),
        Receptor("road", Point(0, 60), "road", 5.0, (3.0,)),
    )
    found = outside_points(hut(receptors=homes))
    there = of_ring(found, "receptor")
    assert found.points.xyz_m[there].tolist() == [[100, 0, 1.5], [100, 0, 4.5], [0, 60, 1.5], [0, 60, 3.0]]
    assert found.people[there].tolist() == [2.4, 2.4, 5.0, 5.0]
    assert found.people[~there].sum() == 0
    assert found.name[-1] == "road at 3 m"


def test_moving_the_site_moves_the_points(hut):
    moved = Perimeter("fence", box(970, -30, 1036, 34), 5.2, "open")
    here, there = outside_points(hut()), outside_points(hut(perimeter=moved))
    np.testing.assert_allclose(there.points.xyz_m - here.points.xyz_m, [[1000, 0, 0]] * len(here), atol=1e-9)


def test_places_are_named_for_people(hut):
    found = outside_points(hut())
    east = int(np.argmin(np.hypot(found.points.xyz_m[:, 0] - 46, found.points.xyz_m[:, 1] - 2)))
    assert found.name[east].endswith("m outside, east")


def test_a_perimeter_in_wrong_units_is_refused_before_it_fills_memory(hut):
    huge = Perimeter("fence", box(0, 0, 9e5, 9e5), 5.2, "open")
    with pytest.raises(SiteError, match=r"points outside .at most 20000.; check its coordinates"):
        outside_points(hut(perimeter=huge))


def test_the_strongest_band_of_any_device_that_is_on_decides():
    node = Device("D1", "node", 0.0, 0.0, 2.0)
    strong = replace(node, id="D2", power_dbm=43.0)
    models = {"node": NODE, "panel": replace(NODE, name="panel", gain_dbi=10.0)}
    assert most_eirp_dbm((node,), models, ()) == 27.0
    assert most_eirp_dbm((node, strong), models, ()) == 43.0
    assert most_eirp_dbm((node, replace(strong, state="off")), models, ()) == 27.0
    assert most_eirp_dbm((replace(node, model="panel"),), models, ()) == 37.0
    assert most_eirp_dbm((), models, ()) == -np.inf
