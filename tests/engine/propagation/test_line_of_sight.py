"""The state of a mast's path: drawn per mast and façade, and settled by geometry where the obstacles are known."""

import numpy as np
import pytest
from shapely.geometry import LineString, box

from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.propagation.facades import IN_THE_OPEN, facades_of
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.opening_floor import opening_floor
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.sites.model import Opening, Room, Sector, Wall
from quietwing.sites.points import PointSet, scattered


def mast(**changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 798.5,
        "bandwidth_mhz": 5.0, "x_m": 3.0, "y_m": -60.0, "height_m": 25.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


@pytest.fixture
def two_sided(hut):
    """A room to the south and one to the north, each with a window."""
    return hut(
        rooms=(Room("S", "A", 0, box(0, 0, 6, 2), "silence"), Room("N", "A", 0, box(0, 2, 6, 4), "silence")),
        walls=(*hut().walls, Wall("middle", "A", 0, LineString([(0, 2), (6, 2)]), "brick_215")),
        openings=(
            hut().openings[0],
            Opening("w2", "north", "window", LineString([(2, 4), (3, 4)]), 1.0, 2.0, "glass_6", "open", "bars"),
        ),
    )


def in_rooms() -> PointSet:
    """Two points in each room."""
    xyz_m = np.array([[1, 1, 0.3], [5, 1.9, 2.2], [1, 3, 1.5], [5, 2.1, 0.5]])
    zero = np.zeros(4, np.int32)
    return PointSet(xyz_m, np.array([0, 0, 1, 1], np.int32), zero, zero, ("centre",) * 4)


def uma(distance_m: float) -> float:
    """TR 38.901, table 7.4.2-1, below 13 m."""
    return 18 / distance_m + np.exp(-distance_m / 63) * (1 - 18 / distance_m)


def test_the_probability_is_that_at_the_facade_a_room_looks_through(two_sided):
    gain = mast_model(prepare_scene(two_sided), (mast(),)).gain(in_rooms())
    south, north = np.hypot(0.5, 60.0), np.hypot(0.5, 64.0)  # middles of the windows, 2.5 m from the west
    np.testing.assert_allclose(gain.los_probability[0], [uma(south)] * 2 + [uma(north)] * 2, rtol=1e-6)


def test_one_owner_per_mast_and_facade_named_for_good(two_sided):
    sectors = (mast(), mast(id="m2", environment="RMa"), mast(id="m3", x_m=500.0))
    keys = public_links(link_model(prepare_scene(two_sided), sectors), in_rooms()).los_key
    assert (keys[0] == keys[1]).all()  # one mast
    assert [keys[0, 0], keys[0, 2]] == [keys[0, 1], keys[0, 3]]
    assert len({keys[0, 0], keys[0, 2], keys[2, 0], keys[2, 2]}) == 4
    alone = public_links(link_model(prepare_scene(two_sided), sectors[:1]), in_rooms()).los_key
    assert (alone[0] == keys[0]).all()


def test_points_in_the_open_have_no_facade(two_sided):
    found = facades_of(opening_floor(two_sided), scattered(np.array([[0.0, -10.0, 1.5]])))
    assert found.names == ()
    assert found.of_point.tolist() == [IN_THE_OPEN]


def test_where_mast_and_room_stand_on_the_map_geometry_decides_and_the_walls_are_on_the_ray(two_sided):
    scene = prepare_scene(two_sided)
    near = mast(y_m=-25.0, environment="UMi", height_m=10.0)  # the fence is 30 m away
    gain = mast_model(scene, (near,)).gain(in_rooms())
    assert (gain.los_probability == 1).all()
    beyond = mast_model(scene, (mast(y_m=-35.0, environment="UMi", height_m=10.0),)).gain(in_rooms())
    assert (beyond.los_probability < 1).all()
