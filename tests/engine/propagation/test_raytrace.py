"""Sionna RT behind the door: analytic limits, and one line where it is absent."""

import sys

import numpy as np
import pytest
from shapely.geometry import LineString

from quietwing.coverage.errors import OutOfRangeError, QuietwingError
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.materials import relative_permittivity
from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.raytrace import quads_as_triangles, raytraced_path_gain, sionna
from quietwing.coverage.propagation.slab import slab_transmission_db
from quietwing.sites.geometry import facets
from quietwing.sites.model import Wall

try:
    sionna()
    ABSENT = ""
except QuietwingError as error:
    ABSENT = str(error)

needs_sionna = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)
RAYS = 10**6
STRAIGHT = {"samples": RAYS, "reflection": False}


@pytest.fixture(scope="module")
def one_wall(hut):
    """A wall of 40 m in the yz plane and nothing else; the storey is 3 m high."""

    def build(construction):
        wall = Wall("screen", "A", 0, LineString([(3, -20), (3, 20)]), construction)
        return hut(walls=(wall,), openings=(), slabs=())

    return build


def test_without_sionna_one_line_says_what_to_install(monkeypatch, hut):
    monkeypatch.setitem(sys.modules, "sionna.rt", None)
    with pytest.raises(QuietwingError, match=r"pip install 'quietwing\[raytrace\]'") as told:
        raytraced_path_gain(hut(), [[3, 2, 1.5]], [[9, 2, 1.5]], [2100])
    assert len(str(told.value).splitlines()) == 1
    assert "LLVM" in str(told.value)


def test_without_llvm_one_line_says_so(monkeypatch):
    def no_llvm(_name):
        raise ImportError("the LLVM backend could not be initialised")

    monkeypatch.setattr("quietwing.coverage.propagation.raytrace.import_module", no_llvm)
    with pytest.raises(QuietwingError, match=r"no LLVM 15 or newer.*; apt install") as told:
        sionna()
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"samples": 10}, "number of rays 10"),
        ({"max_depth": -1}, "depth -1"),
        ({"square_m": 0}, "side of a square 0 m"),
        ({"rx": [[3, 2, 1.55]]}, "0.05 m from a transmitter"),
        ({"rx": [[3, 2, np.nan]]}, "not finite"),
        ({"freq_mhz": [200]}, "200 MHz"),
    ],
)
def test_what_is_out_of_range_is_refused_before_any_ray(hut, changed, told):
    given = {"tx": [[3, 2, 1.5]], "rx": [[9, 2, 1.5]], "freq_mhz": [2100]} | changed
    with pytest.raises(OutOfRangeError, match=told):
        raytraced_path_gain(hut(), **given)


def test_each_wall_becomes_one_sheet_of_its_own_area(hut):
    """A solid would be crossed twice: every quad is two triangles of one plane, and none is added."""
    quads = facets(hut()).corner_m
    corners, faces = quads_as_triangles(quads)
    assert len(faces) == 2 * len(quads)
    a, b, c = (corners[faces[:, k]] for k in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    expected = np.linalg.norm(np.cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]), axis=1) / 2
    np.testing.assert_allclose(areas.reshape(-1, 2).sum(axis=1), expected)


@needs_sionna
def test_in_the_open_it_is_free_space(hut):
    places = [[0, -10, 1.5], [3, -13, 1.5], [0, -5, 6.5], [0, 2, 1.5]]
    traced = raytraced_path_gain(
        hut(walls=(), openings=(), slabs=()), [[0, -20, 1.5]], places, [800, 3500], samples=10**7
    )
    distance_m = np.linalg.norm(np.array(places) - [0, -20, 1.5], axis=1)
    expected = free_space_loss_db(distance_m[:, None], np.array([800.0, 3500.0]))
    np.testing.assert_allclose(-traced.values[0], expected, atol=0.1)
    assert traced.dims == ("tx", "point", "freq")
    assert traced.dtype == np.float32
    assert traced.attrs["units"] == "dB"


@needs_sionna
def test_the_labels_are_those_of_the_door(hut):
    asked = ([[3, 2, 1.5], [1, 1, 1]], [[9, 2, 1.5], [9, 3, 1.5], [9, 2, 1.5]], [763, 2100])
    traced = raytraced_path_gain(hut(), *asked, samples=10**5)
    door = path_gain(hut(), *asked)
    assert traced.dims == door.dims
    assert traced.name == door.name
    for name in door.coords:
        np.testing.assert_array_equal(traced[name], door[name])
    assert np.isfinite(traced).all()
    np.testing.assert_allclose(traced[:, 0], traced[:, 2])  # a place asked for twice


@needs_sionna
@pytest.mark.parametrize("freq_mhz", [763.0, 2100.0])
@pytest.mark.parametrize("across_m", [0.0, 8.0])
def test_one_layer_costs_its_slab_at_its_angle(one_wall, freq_mhz, across_m):
    a, b = [0.0, 0.0, 1.5], [6.0, across_m, 1.5]
    length_m = float(np.hypot(6, across_m))
    traced = raytraced_path_gain(one_wall("brick_215"), [a], [b], [freq_mhz], samples=10**7, reflection=False)
    eta = relative_permittivity("brick", freq_mhz)
    passed = [10 ** (slab_transmission_db(eta, 0.215, 6 / length_m, freq_mhz, p) / 10) for p in ("TE", "TM")]
    expected = free_space_loss_db(length_m, freq_mhz) - 10 * np.log10(np.mean(passed))
    assert -float(traced[0, 0, 0]) == pytest.approx(float(expected), abs=0.5)


@needs_sionna
@pytest.mark.parametrize("construction", ["concrete_200", "brick_cavity_block", "glass_low_e", "mesh_12"])
def test_a_wall_costs_what_the_door_says(one_wall, construction):
    site = one_wall(construction)
    asked = ([[0, 0, 1.5]], [[6, 0, 1.5]], [763, 2100])
    traced = raytraced_path_gain(site, *asked, **STRAIGHT)
    np.testing.assert_allclose(traced.values, path_gain(site, *asked).values, atol=0.5)


@needs_sionna
@pytest.mark.slow
def test_a_room_of_rays_is_reciprocal(hut):
    a, b = [[2.5, 1.6, 1.4]], [[2.4, -7.0, 1.5]]  # both see each other well within the open window
    there = raytraced_path_gain(hut(), a, b, [763, 2100], samples=3 * RAYS)
    back = raytraced_path_gain(hut(), b, a, [763, 2100], samples=3 * RAYS)
    np.testing.assert_allclose(there.values, back.values, atol=0.5)


@needs_sionna
def test_walls_that_throw_back_add_power_and_none_passes_without_refraction(hut):
    inside = ([[1.5, 1.0, 1.4]], [[4.4, 3.0, 1.6]], [2100])
    straight = raytraced_path_gain(hut(), *inside, **STRAIGHT)
    assert (raytraced_path_gain(hut(), *inside, samples=RAYS) - straight).item() > 1.0
    out = ([[3, 2, 1.5]], [[9, 2, 1.5]], [2100])
    assert np.isneginf(raytraced_path_gain(hut(), *out, refraction=False, **STRAIGHT)).all()


@needs_sionna
def test_the_same_seed_repeats_and_another_one_draws_anew(hut):
    asked = ([[1.5, 1.0, 1.4]], [[4.4, 3.0, 1.6], [9.0, 2.0, 1.5]], [2100])
    first, again, other = (raytraced_path_gain(hut(), *asked, samples=10**5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_allclose(first, again, atol=1e-3)
    assert np.abs((first - other).values).max() > 1e-3
