"""Slabs and stacks of layers: against Sionna RT, against themselves, and against energy."""

from __future__ import annotations

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.constants import epsilon_0, speed_of_light

from quietwing.coverage.propagation.constructions import load_constructions
from quietwing.coverage.propagation.materials import (
    extrapolated,
    load_materials,
    relative_permittivity,
)
from quietwing.coverage.propagation.slab import (
    COS_INCIDENCE_MIN,
    DEEPEST_LOSS_DB,
    capped_cos_incidence,
    layers_loss_db,
    slab_coefficients,
    slab_reflection_db,
    slab_transmission_db,
    stack_coefficients,
)
from quietwing.sites.constructions import MATERIALS, Layer
from quietwing.sites.errors import OutOfRangeError

DATA = Path(__file__).parents[2] / "data"
DEEPEST_COMPARED_DB = -60  # the reference is in single precision
CARRIERS_MHZ = np.array([800.0, 1800.0, 2100.0, 2600.0, 3500.0, 3800.0])

# P.2040-3 computed by another hand: loss at normal incidence and at 60°
GOLDEN = {
    ("concrete", 150): ([5.3, 9.2, 10.2, 11.8, 14.6, 15.5], [6.2, 10.1, 11.3, 13.0, 15.9, 16.8]),
    ("concrete", 200): ([7.3, 12.0, 13.3, 15.3, 19.0, 20.2], [7.7, 12.9, 14.4, 16.7, 20.6, 21.9]),
    ("concrete", 300): ([9.8, 17.1, 19.1, 22.3, 27.8, 29.5], [10.7, 18.6, 20.7, 24.2, 30.1, 32.0]),
    ("brick", 102.5): ([2.5, 3.7, 3.0, 3.8, 3.5, 3.3], [2.8, 3.7, 4.2, 3.7, 4.1, 4.3]),
    ("brick", 215): ([5.2, 5.5, 5.6, 6.0, 6.2, 6.2], [5.6, 6.7, 6.7, 6.9, 7.1, 7.2]),
    ("plasterboard", 12.5): ([0.3, 0.8, 0.9, 1.1, 1.4, 1.4], [0.4, 1.1, 1.3, 1.6, 1.9, 1.9]),
    ("glass", 6): ([0.2, 1.3, 1.6, 2.1, 2.8, 3.0], [0.4, 1.6, 1.8, 2.1, 2.5, 2.6]),
    ("wood", 44): ([0.6, 0.7, 0.6, 0.7, 1.4, 1.4], [1.0, 1.6, 1.5, 1.2, 1.6, 1.9]),
}

polarisations = st.sampled_from(["TE", "TM"])
cosines = st.floats(0.05, 1)
carriers = st.floats(300, 7125)
layers = st.builds(Layer, st.sampled_from(MATERIALS), st.floats(0.1, 600))
stacks = st.lists(layers, min_size=1, max_size=5)


def read_rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def compare_with_sionna(rows: list[dict[str, str]]) -> None:
    column = {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key != "material"}
    conductivity = column["sigma_S_per_m"] / (2 * np.pi * column["f_GHz"] * 1e9 * epsilon_0)
    given_slab = (
        column["eps_r"] - 1j * conductivity,
        column["thickness_m"],
        np.cos(np.radians(column["theta_deg"])),
        column["f_GHz"] * 1e3,
    )
    for name, coefficient_db in (("T", slab_transmission_db), ("R", slab_reflection_db)):
        for polarisation in ("TE", "TM"):
            expected_db = column[f"{name}_{polarisation}_dB"]
            compared = expected_db > DEEPEST_COMPARED_DB
            assert compared.sum() > 0.9 * len(rows)
            actual_db = coefficient_db(*given_slab, polarisation)
            assert_allclose(actual_db[compared], expected_db[compared], rtol=0, atol=0.02)


def test_slab_agrees_with_sionna_rt_at_all_angles():
    compare_with_sionna(read_rows(DATA / "p2040_slab_sionna.csv"))


@pytest.mark.skipif("QUIETWING_DATA" not in os.environ, reason="QUIETWING_DATA names no folder of data sets")
def test_slab_agrees_with_sionna_in_the_data_folder():
    compare_with_sionna(read_rows(Path(os.environ["QUIETWING_DATA"]) / "rf-sionna-p2040/slab_reference.csv"))


def test_materials_are_those_of_sionna_rt():
    published = {
        row["material"]: row
        for row in read_rows(DATA / "p2040_materials_sionna.csv")
        if float(row["f_min_GHz"]) <= 1.0
    }
    published["air"] = published["vacuum"]
    for name, ours in load_materials().items():
        theirs = [float(published[name][key]) for key in ("f_min_GHz", "f_max_GHz", "a", "b", "c", "d")]
        assert [ours.f_min_ghz, ours.f_max_ghz, ours.a, ours.b, ours.c, ours.d] == theirs, name


def test_sites_know_the_names_of_the_materials():
    assert set(MATERIALS) == set(load_materials())


@pytest.mark.parametrize(("material", "thickness_mm"), GOLDEN)
def test_averaged_losses_are_those_of_the_reference(material, thickness_mm):
    layer = Layer(material, thickness_mm)
    normal_db, oblique_db = GOLDEN[material, thickness_mm]
    assert_allclose(layers_loss_db((layer,), [1.0, 0.5], CARRIERS_MHZ), [normal_db, oblique_db], atol=0.2)


def test_concrete_has_the_permittivity_of_p2040():
    assert relative_permittivity("concrete", 1000) == pytest.approx(5.24 - 1j * 17.975 * 0.0462, abs=1e-3)


def test_air_is_one_at_every_frequency():
    assert_allclose(relative_permittivity("air", [300, 1000, 7125]), 1)


@pytest.mark.parametrize("material", ["concrete", "brick", "plasterboard", "metal"])
def test_below_one_gigahertz_the_law_is_stretched_and_says_so(material):
    assert_allclose(extrapolated(material, [300, 763, 999.9, 1000, 3500]), [True, True, True, False, False])
    row = load_materials()[material]
    imaginary = row.c * 0.763**row.d / (2 * np.pi * 0.763e9 * epsilon_0)
    assert relative_permittivity(material, 763) == pytest.approx(row.a - 1j * imaginary)


@pytest.mark.parametrize("material", ["wood", "glass", "air"])
def test_wood_and_glass_reach_below_one_gigahertz(material):
    assert not extrapolated(material, [300, 763]).any()


@pytest.mark.parametrize("freq_mhz", [299.9, 7125.1, 0.8, np.nan])
def test_outside_the_mobile_bands_raises(freq_mhz):
    with pytest.raises(OutOfRangeError, match=r"300 to 7125 MHz\); correct"):
        relative_permittivity("wood", freq_mhz)
    with pytest.raises(OutOfRangeError, match=r"300 to 7125 MHz\); correct"):
        layers_loss_db((Layer("wood", 44),), 1.0, freq_mhz)


@pytest.mark.parametrize("freq_mhz", [300, 7125])
def test_range_ends_are_inside(freq_mhz):
    assert np.isfinite(relative_permittivity("concrete", freq_mhz))
    assert np.isfinite(layers_loss_db((Layer("concrete", 200),), 1.0, freq_mhz)).all()


def test_an_unknown_material_is_named_with_what_there_is():
    with pytest.raises(OutOfRangeError, match=r"no material 'mud' \(the table holds air, concrete"):
        relative_permittivity("mud", 800)


def through(stack, cos, freq_mhz, polarisation):
    """Field coefficients T and R of layers of named materials."""
    etas = [relative_permittivity(layer.material, freq_mhz) for layer in stack]
    return stack_coefficients(etas, [layer.thickness_mm / 1e3 for layer in stack], cos, freq_mhz, polarisation)


@given(layer=layers, cos=cosines, freq_mhz=carriers, polarisation=polarisations)
def test_a_stack_of_one_is_the_slab(layer, cos, freq_mhz, polarisation):
    eta = relative_permittivity(layer.material, freq_mhz)
    slab = slab_coefficients(eta, layer.thickness_mm / 1e3, cos, freq_mhz, polarisation)
    stack = through((layer,), cos, freq_mhz, polarisation)
    assert_allclose(stack, slab, rtol=0, atol=1e-9)


@given(layer=layers, cos=cosines, freq_mhz=carriers, polarisation=polarisations, share=st.floats(0.01, 0.99))
def test_a_cut_through_a_layer_changes_nothing(layer, cos, freq_mhz, polarisation, share):
    cut = tuple(Layer(layer.material, part * layer.thickness_mm) for part in (share, 1 - share))
    assert_allclose(
        through(cut, cos, freq_mhz, polarisation),
        through((layer,), cos, freq_mhz, polarisation),
        rtol=0,
        atol=1e-9,
    )


@given(stack=stacks, cos=cosines, freq_mhz=carriers, polarisation=polarisations)
def test_a_wall_passes_as_much_from_either_side(stack, cos, freq_mhz, polarisation):
    there, _ = through(stack, cos, freq_mhz, polarisation)
    back, _ = through(stack[::-1], cos, freq_mhz, polarisation)
    assert_allclose(np.abs(there), np.abs(back), rtol=1e-6, atol=1e-12)


@given(stack=stacks, cos=cosines, freq_mhz=carriers, polarisation=polarisations)
def test_a_wall_sends_on_no_more_than_it_receives(stack, cos, freq_mhz, polarisation):
    transmitted, reflected = through(stack, cos, freq_mhz, polarisation)
    assert np.abs(transmitted) ** 2 + np.abs(reflected) ** 2 <= 1 + 1e-9


@given(
    eta=st.floats(1, 12),
    thickness_m=st.floats(0, 0.5),
    cos=cosines,
    freq_mhz=carriers,
    polarisation=polarisations,
)
def test_without_loss_nothing_is_lost(eta, thickness_m, cos, freq_mhz, polarisation):
    transmitted, reflected = slab_coefficients(eta, thickness_m, cos, freq_mhz, polarisation)
    assert np.abs(transmitted) ** 2 + np.abs(reflected) ** 2 == pytest.approx(1)


def test_te_and_tm_are_not_mixed_up():
    brewster = np.arctan(np.sqrt(4.0))  # a lossless slab reflects no TM at Brewster's angle
    _, te = slab_coefficients(4.0, 0.01, np.cos(brewster), 3000, "TE")
    _, tm = slab_coefficients(4.0, 0.01, np.cos(brewster), 3000, "TM")
    assert np.abs(tm) < 1e-12
    assert np.abs(te) > 0.3


@pytest.mark.parametrize("polarisation", ["TE", "TM"])
def test_a_slab_of_no_thickness_passes_everything(polarisation):
    transmitted, reflected = slab_coefficients(5 - 1j, 0.0, 0.7, 1800, polarisation)
    assert transmitted == pytest.approx(1)
    assert np.abs(reflected) < 1e-12


def test_no_layers_and_layers_of_air_lose_nothing():
    assert_allclose(layers_loss_db((), [1, 0.5], CARRIERS_MHZ), 0)
    assert_allclose(layers_loss_db((Layer("air", 500),), [1, 0.5], CARRIERS_MHZ), 0, atol=1e-9)


def test_metal_and_thick_concrete_stay_finite_without_a_warning():
    thick = (Layer("concrete", 3000), Layer("metal", 3), Layer("concrete", 3000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss_db = layers_loss_db(thick, [1, 0.5, 0], [300, 1800, 7125])
        for polarisation in ("TE", "TM"):
            transmitted, reflected = through(thick, 0.5, 3500, polarisation)
    assert_allclose(loss_db, DEEPEST_LOSS_DB)
    assert np.isfinite(transmitted)
    assert np.abs(reflected) < 1


def test_a_metal_sheet_of_a_skin_depth_loses_what_it_should():
    skin_m = 1 / np.sqrt(np.pi * 1.8e9 * 4e-7 * np.pi * 1e7)
    once = slab_transmission_db(relative_permittivity("metal", 1800), 3 * skin_m, 1.0, 1800, "TE")
    twice = slab_transmission_db(relative_permittivity("metal", 1800), 6 * skin_m, 1.0, 1800, "TE")
    assert once - twice == pytest.approx(3 * 20 * np.log10(np.e), abs=0.1)


def test_the_average_is_of_power_over_polarisations_and_41_steps():
    layer, cos, carrier_mhz = Layer("concrete", 150), 0.6, 1800.0
    powers = [
        np.abs(through((layer,), cos, step * carrier_mhz, polarisation)[0]) ** 2
        for step in np.linspace(0.95, 1.05, 41)
        for polarisation in ("TE", "TM")
    ]
    expected_db = -10 * np.log10(np.mean(powers))
    assert layers_loss_db((layer,), cos, carrier_mhz).item() == pytest.approx(expected_db, abs=1e-9)


def passed_by_matrices(stack, cos, freq_mhz, polarisation):
    """|T|² by characteristic matrices (Born and Wolf, Principles of Optics, 1.6.2) in numpy's own complex numbers."""
    outer = cos if polarisation == "TE" else 1 / cos
    matrix = np.broadcast_to(np.eye(2, dtype=complex), (len(freq_mhz), 2, 2))
    for layer in stack:
        eta = relative_permittivity(layer.material, freq_mhz)
        inside = np.sqrt(eta - (1 - cos**2))
        phase = 2 * np.pi * freq_mhz * 1e6 / speed_of_light * layer.thickness_mm / 1e3 * inside
        across = inside if polarisation == "TE" else eta / inside
        rows = [
            [np.cos(phase), 1j * np.sin(phase) / across],
            [1j * np.sin(phase) * across, np.cos(phase)],
        ]
        matrix = matrix @ np.moveaxis(np.array(rows), 2, 0)
    (a, b), (c, d) = np.moveaxis(matrix, 0, 2)
    return np.abs(2 * outer / ((a + b * outer) * outer + c + d * outer)) ** 2


def test_losses_of_all_constructions_are_those_of_characteristic_matrices():
    carriers_mhz, cosines = np.linspace(700, 3800, 7), np.cos(np.radians([0, 30, 60, 84]))
    steps_mhz = (carriers_mhz[:, None] * np.linspace(0.95, 1.05, 41)).ravel()
    for name, construction in load_constructions().items():
        found_db = layers_loss_db(construction.layers, cosines, carriers_mhz)
        for cos, line_db in zip(cosines, found_db, strict=True):
            powers = [passed_by_matrices(construction.layers, cos, steps_mhz, one) for one in ("TE", "TM")]
            expected_db = -10 * np.log10(np.mean(powers, axis=0).reshape(-1, 41).mean(axis=1))
            assert_allclose(line_db, np.clip(expected_db, 0, DEEPEST_LOSS_DB), rtol=0, atol=1e-9, err_msg=name)


def test_beyond_85_degrees_the_loss_is_that_of_85():
    brick = (Layer("brick", 215),)
    assert pytest.approx(np.cos(np.radians(85))) == COS_INCIDENCE_MIN
    at_85, at_89, along = layers_loss_db(brick, np.cos(np.radians([85, 89, 90])).clip(0), [1800]).ravel()
    assert at_85 == at_89 == along
    assert layers_loss_db(brick, np.cos(np.radians(84)), 1800).item() < at_85


def test_a_cosine_a_rounding_above_one_is_one():
    assert capped_cos_incidence(1 + 1e-12) == 1
    assert capped_cos_incidence(0.0) == COS_INCIDENCE_MIN


@pytest.mark.parametrize("cos", [-0.1, 1.1, np.nan])
def test_a_cosine_that_is_none_raises(cos):
    with pytest.raises(OutOfRangeError, match="expected 0 to 1"):
        layers_loss_db((Layer("brick", 215),), cos, 1800)
    with pytest.raises(OutOfRangeError, match="expected above 0"):
        slab_coefficients(4.0, 0.1, cos, 1800, "TE")


@given(stack=stacks, cos=cosines, freq_mhz=carriers)
def test_no_wall_amplifies(stack, cos, freq_mhz):
    loss_db = layers_loss_db(stack, cos, freq_mhz)
    assert loss_db.shape == (1, 1)
    assert 0 <= loss_db.item() <= DEEPEST_LOSS_DB


def test_a_stack_takes_permittivities_per_frequency():
    eta = relative_permittivity("glass", CARRIERS_MHZ)
    transmitted, _ = stack_coefficients([eta], [0.006], np.ones((3, 1)), CARRIERS_MHZ, "TM")
    assert transmitted.shape == (3, len(CARRIERS_MHZ))
    alone, _ = slab_coefficients(eta, 0.006, 1.0, CARRIERS_MHZ, "TM")
    assert_allclose(transmitted, np.tile(alone, (3, 1)), atol=1e-12)
