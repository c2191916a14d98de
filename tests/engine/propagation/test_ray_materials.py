"""Walls as one slab each, for a ray tracer: they lose what the constructions they stand for lose."""

import numpy as np
import pytest

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.materials import load_materials, relative_permittivity
from quietwing.coverage.propagation.ray_materials import SHEET_M, ray_slab
from quietwing.sites.constructions import load_constructions

LIBRARY = load_constructions()
CARRIERS_MHZ = (450.0, 763.0, 947.0, 1842.0, 2655.0, 3500.0)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_each_construction_loses_at_normal_incidence_what_ours_loses(name):
    for freq_mhz in CARRIERS_MHZ:
        ours_db = surface_loss_db([LIBRARY[name]], np.ones(1), [freq_mhz])[0, 0]
        slab = ray_slab([LIBRARY[name]], freq_mhz)
        # one layer keeps its resonances, which ours averages over 5 % of frequency
        assert (slab.loss_db(freq_mhz) if slab else 0.0) == pytest.approx(ours_db, abs=0.5)


def test_one_layer_is_the_material_itself_below_1_ghz_too():
    slab = ray_slab([LIBRARY["concrete_200"]], 763.0)
    row = load_materials()["concrete"]
    assert slab.thickness_m == 0.2
    assert slab.permittivity == pytest.approx(row.a)
    assert slab.conductivity_s_per_m == pytest.approx(row.c * 0.763**row.d)


def test_a_cavity_wall_is_as_thick_as_its_layers_and_a_coating_is_a_sheet():
    cavity = ray_slab([LIBRARY["brick_cavity_block"]], 1842.0)
    assert cavity.thickness_m == pytest.approx(0.2525)
    brick, block = (relative_permittivity(name, 1842.0).real for name in ("brick", "concrete"))
    assert cavity.permittivity == pytest.approx((102.5 * brick + 50 + 100 * block) / 252.5)
    assert ray_slab([LIBRARY["glass_low_e"]], 1842.0).thickness_m == SHEET_M


def test_a_pane_behind_a_mesh_loses_both():
    pane, mesh = LIBRARY["glass_6"], LIBRARY["mesh_12"]
    both = ray_slab([mesh, pane], 763.0).loss_db(763.0)
    assert both == pytest.approx(sum(ray_slab([one], 763.0).loss_db(763.0) for one in (mesh, pane)), abs=0.1)


def test_a_hole_is_not_there():
    assert ray_slab([], 763.0) is None
    assert ray_slab([LIBRARY["open"]], 763.0) is None
    assert ray_slab([LIBRARY["bars"]], 3500.0) is None  # wider than half a wave: no loss


def test_what_no_table_holds_for_is_refused():
    with pytest.raises(OutOfRangeError, match="299 MHz"):
        ray_slab([LIBRARY["brick_215"]], 299.0)
