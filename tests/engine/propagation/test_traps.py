"""Mistakes found in other people's code (reference/propagation.md section 6), each with its test."""

from __future__ import annotations

import numpy as np
import pytest

from quietwing.coverage.propagation.building_entry import building_entry_loss_db, o2i_penetration_loss_db
from quietwing.coverage.propagation.constructions import construction_loss_db
from quietwing.coverage.propagation.floors import floor_cap_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db, mast_loss_db
from quietwing.coverage.propagation.slab import layers_loss_db
from quietwing.sites.constructions import Layer, load_constructions

LIBRARY = load_constructions()


def test_trap_1_no_constant_of_37_db_is_added_to_free_space():
    assert free_space_loss_db(1, 2000) == pytest.approx(38.46, abs=0.01)
    near_db, _ = clipped_mast_loss_db("UMi", 2000, 20, 10, 1.5, True)
    assert near_db - free_space_loss_db(np.hypot(20, 8.5), 2000) < 2


def test_trap_2_the_floor_exponent_is_no_whole_number():
    assert floor_cap_db(2) == pytest.approx(33.5, abs=0.05)
    assert floor_cap_db(np.array([2], np.int32)).item() == pytest.approx(33.5, abs=0.05)


def test_trap_3_every_public_function_takes_megahertz():
    # each formula inside takes GHz: handed MHz as they are, these would be some 60 dB out
    assert mast_loss_db("UMa", 2000, 100, 25, 1.5, True) == pytest.approx(78.3, abs=0.1)
    assert building_entry_loss_db(2100, 0.5, "traditional") == pytest.approx(15.0, abs=0.05)
    assert o2i_penetration_loss_db(2100, "low") == pytest.approx(11.9, abs=0.05)
    assert construction_loss_db(LIBRARY["glass_low_e"], 1.0, 2100).item() == pytest.approx(25.63, abs=0.01)


def test_trap_6_metallised_glass_differs_between_releases_of_38901():
    now_db = o2i_penetration_loss_db([900, 3500], "high")
    before_db = o2i_penetration_loss_db([900, 3500], "high", release=18)
    assert ((now_db - before_db > 0.1) & (now_db - before_db < 1)).all()
    assert o2i_penetration_loss_db(900, "low") == o2i_penetration_loss_db(900, "low", release=18)


def test_trap_8_a_wall_is_one_slab_and_not_two_faces():
    assert layers_loss_db((Layer("concrete", 200),), 1.0, 1800).item() == pytest.approx(12.0, abs=0.1)


def test_trap_9_a_stud_partition_is_no_faraday_cage():
    assert all(layer.material != "metal" for layer in LIBRARY["stud_partition"].layers)
    assert construction_loss_db(LIBRARY["stud_partition"], [1.0, 0.5], [763, 1842, 3500]).max() < 6


def test_trap_10_grazing_rays_are_held_at_85_degrees():
    grazing_db = layers_loss_db((Layer("brick", 215),), [np.cos(np.radians(85)), 1e-9, 0.0], [1800])
    assert np.ptp(grazing_db) == 0


@pytest.mark.parametrize("environment", ["UMa", "UMi", "RMa"])
@pytest.mark.parametrize("clear", [True, False])
def test_trap_11_near_a_mast_no_model_goes_below_free_space(environment, clear):
    distance_m = np.array([0, 0.1, 1, 5, 10, 20, 50, 150])
    loss_db, _ = clipped_mast_loss_db(environment, 800, distance_m, 10, 9.5, clear)
    free_db = free_space_loss_db(np.maximum(np.hypot(distance_m, 0.5), 1), 800)
    np.testing.assert_array_less(free_db - 1e-9, loss_db)
