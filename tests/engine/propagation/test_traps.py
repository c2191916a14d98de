"""Mistakes found in other people's code, each with its test."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quietwing.coverage.propagation.building_entry import building_entry_loss_db
from quietwing.coverage.propagation.constructions import construction_loss_db, surface_loss_db
from quietwing.coverage.propagation.floors import floor_cap_db
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.multiwall import crossings, prepare
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db, mast_loss_db
from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.short_range import street_corner_loss_db
from quietwing.coverage.propagation.slab import layers_loss_db
from quietwing.coverage.validation.sets import KNOWN_SETS
from quietwing.sites.constructions import Layer, load_constructions
from quietwing.sites.geojson import parse_layer

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
    assert construction_loss_db(LIBRARY["glass_low_e"], 1.0, 2100).item() == pytest.approx(25.63, abs=0.01)


def test_trap_4_the_two_powers_round_a_corner_add_with_a_minus_sign_each():
    """As printed, 10^(+Lr/10), the sum would be −Lr: a gain."""
    spread_db = 20 * np.log10(4 * np.pi * 900e6 / 2.998e8)
    # 200 m from a crossing of streets 20 m wide the reflected way is shut by 79 dB: the diffracted one is left
    wedge_db = 40 / (2 * np.pi) * (2 * np.arctan(10) - np.pi / 2)
    diffracted_db = 10 * np.log10(200 * 200 * 400) + 2 * wedge_db + spread_db
    assert street_corner_loss_db(900, 200, 200, 20, 20) == pytest.approx(diffracted_db, abs=0.01)
    # at 125 m the reflected way is the louder by 3 dB: together they are 1.8 dB louder than it
    reflected_db = 20 * np.log10(250) + 125**2 * 3.86 / (np.pi / 2) ** 3.5 / 400 + spread_db
    assert reflected_db - street_corner_loss_db(900, 125, 125, 20, 20) == pytest.approx(1.8, abs=0.1)


def test_trap_5_no_prediction_is_held_to_be_a_measurement():
    """The column "Measured field strength" of the P.1812 examples is a prediction. No set here is made of it.

    Whether a set is measured or computed stands in the program; no column of a file says so.
    """
    assert not [known.folder for known in KNOWN_SETS if "1812" in known.folder + known.title + known.source]
    for known in KNOWN_SETS:
        computed = any(word in known.source for word in ("computed", "grid of", "test vectors", "examples of"))
        assert not (computed and "easured" in known.title + known.source), known.folder


def test_trap_7_a_property_called_type_is_not_the_type_of_the_geometry():
    drawn = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[0, 0], [6, 0]]},
        "properties": {"id": "w1", "type": "internal"},
    }
    (read,) = parse_layer(json.dumps({"type": "FeatureCollection", "features": [drawn]})).features
    assert read.properties["type"] == "internal"
    assert read.geometry["type"] == "LineString"


def test_trap_8_elements_are_counted_and_not_the_faces_or_triangles_of_a_mesh(hut, reference):
    scene = prepare_scene(hut())
    assert [round(away_m, 9) for _, _, away_m in crossings(scene.prepared, (3, 2, 1.5), (9, 2, 1.5))] == [3]
    assert len(crossings(scene.prepared, (-3, 2, 1.5), (9, 2, 1.5))) == 2
    # drawn as two triangles a wall counts once, along their common edge too
    a, b, c, d = (0, 0, 0), (4, 0, 0), (4, 0, 4), (0, 0, 4)
    mesh = prepare(reference.facets_of([(a, b, c, c), (a, c, d, d)]))
    for x, z in ((3, 1), (1, 3), (2, 2)):
        assert len(crossings(mesh, (x, -1, z), (x, 1, z))) == 1


def test_trap_8_a_wall_is_one_slab_and_not_two_faces():
    assert layers_loss_db((Layer("concrete", 200),), 1.0, 1800).item() == pytest.approx(12.0, abs=0.1)


def test_trap_9_a_stud_partition_is_no_faraday_cage():
    assert all(layer.material != "metal" for layer in LIBRARY["stud_partition"].layers)
    assert construction_loss_db(LIBRARY["stud_partition"], [1.0, 0.5], [763, 1842, 3500]).max() < 6


def test_trap_10_grazing_rays_are_held_at_85_degrees():
    grazing_db = layers_loss_db((Layer("brick", 215),), [np.cos(np.radians(85)), 1e-9, 0.0], [1800])
    assert np.ptp(grazing_db) == 0


def test_trap_10_along_a_wall_nothing_and_through_a_corner_one_wall_is_crossed(hut):
    site, freq_mhz = hut(), np.array([1842.0])
    brick = [site.constructions["brick_215"]]
    once_db = surface_loss_db(brick, np.sqrt([0.5]), freq_mhz).item()
    for corner in np.array([(0, 0, 1.5), (6, 0, 1.5), (6, 4, 1.5), (0, 4, 1.5)]):
        inward = np.sign(np.array([3, 2, 1.5]) - corner)
        gain_db = path_gain(site, [corner + inward], [corner - inward], freq_mhz).item()
        assert -gain_db == pytest.approx(free_space_loss_db(np.sqrt(8), 1842) + once_db, abs=0.02)
    along_db = path_gain(site, [[3.5, 0.0, 2.5]], [[5.5, 0.0, 2.5]], freq_mhz).item()
    assert along_db == pytest.approx(-free_space_loss_db(2.0, 1842), abs=1e-3)


@pytest.mark.parametrize("environment", ["UMa", "UMi", "RMa"])
@pytest.mark.parametrize("clear", [True, False])
def test_trap_11_near_a_mast_no_model_goes_below_free_space(environment, clear):
    distance_m = np.array([0, 0.1, 1, 5, 10, 20, 50, 150])
    loss_db, _ = clipped_mast_loss_db(environment, 800, distance_m, 10, 9.5, clear)
    free_db = free_space_loss_db(np.maximum(np.hypot(distance_m, 0.5), 1), 800)
    np.testing.assert_array_less(free_db - 1e-9, loss_db)
