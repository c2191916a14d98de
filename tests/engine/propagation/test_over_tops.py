"""What stands on the ray from a mast is counted once: the perimeter's wall or its top, a block or its roof."""

import dataclasses

import numpy as np
import pytest
from shapely.geometry import LineString, box

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.diffraction import fresnel_v, knife_edge_loss_db
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.multiwall import element_loss_db
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.top_paths import over_tops
from quietwing.coverage.report.link_budget_text import budget_lines
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Perimeter, Sector, Slab, Storey, Wall
from quietwing.sites.points import PointSet, scattered

FENCE = box(-30, -30, 36, 34)
FREQ_MHZ = 798.5
MAST_M = np.array([2.5, -600.0, 25.0])


def mast(**changes) -> Sector:
    row = {
        "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": FREQ_MHZ,
        "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -600.0, "height_m": 25.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 58.0, "environment": "UMa",
    }  # fmt: skip
    return Sector(**(row | changes))


def window() -> PointSet:
    """A phone in the window of the ground floor that looks to the mast."""
    zero = np.zeros(1, np.int32)
    return PointSet(np.array([[2.5, 0.1, 1.5]]), zero, zero, zero, ("window",))


def walled(hut, construction, height_m=5.2):
    return hut(perimeter=Perimeter("fence", FENCE, height_m, construction))


def edge_db(top_m: float, freq_mhz: float = FREQ_MHZ) -> float:
    """Knife edge of the wall at y = −30 for the window, by hand."""
    slope = 23.5 / 600.1
    ray_m = 1.5 + slope * 30.1
    stretch = np.hypot(1, slope)
    return float(knife_edge_loss_db(fresnel_v(top_m - ray_m, 570 * stretch, 30.1 * stretch, freq_mhz)))


@pytest.mark.parametrize("construction", ["steel_cell_door", "perimeter_concrete", "brick_215"])
def test_a_wall_before_the_ground_floor_costs_its_top_and_what_passes_through_once(hut, construction):
    site = walled(hut, construction)
    scene = prepare_scene(site)
    free = mast_model(prepare_scene(hut()), (mast(),)).gain(window())
    over = mast_model(scene, (mast(),)).gain(window())
    cosine = 600.1 / np.hypot(600.1, 23.5)
    slab_db = float(
        surface_loss_db([site.constructions[construction]], np.array([cosine]), np.array([FREQ_MHZ]))[0, 0]
    )
    edge = 10 ** (-edge_db(5.2) / 20)
    by_hand_db = min(slab_db, -10 * np.log10(edge**2 + 10 ** (-slab_db / 10) * (1 - edge) ** 2))
    assert free.los_db[0, 0] - over.los_db[0, 0] == pytest.approx(by_hand_db, abs=0.1)
    assert free.nlos_db[0, 0] - over.nlos_db[0, 0] == pytest.approx(by_hand_db, abs=0.1)
    assert by_hand_db <= slab_db


def test_a_mesh_fence_passes_its_share_of_what_the_edge_takes_and_rules(hut):
    site = walled(hut, "weld_mesh_fence")
    scene = prepare_scene(site)
    table = scene.loss_table([FREQ_MHZ])
    found = over_tops(scene, table, np.array([FREQ_MHZ]), MAST_M, window().xyz_m, window().building)
    cosine = 600.1 / np.hypot(600.1, 23.5)
    mesh = site.constructions["weld_mesh_fence"]
    mesh_db = float(surface_loss_db([mesh], np.array([cosine]), np.array([FREQ_MHZ]))[0, 0])
    # a thin sheet without loss: |e + (1 - e) t|² with the real part of t the power that it passes, e² + |t|² (1 - e²)
    edge, passed = 10 ** (-edge_db(5.2) / 10), 10 ** (-mesh_db / 10)
    by_hand_db = -10 * np.log10(edge + passed * (1 - edge))
    assert 0 < by_hand_db < mesh_db
    assert found.relief_db[0, 0] == pytest.approx(mesh_db - by_hand_db, abs=0.02)
    assert not found.obstacles[0].over.any()


def test_a_ray_above_the_wall_an_open_perimeter_and_a_mast_within_see_no_edge(hut):
    freq = np.array([FREQ_MHZ])
    for site, mast_m in (
        (walled(hut, "brick_457", 2.0), (2.5, -600.0, 25.0)),
        (hut(), (2.5, -600.0, 25.0)),
        (walled(hut, "brick_457"), (2.5, -20.0, 8.0)),
    ):
        scene = prepare_scene(site)
        found = over_tops(scene, scene.loss_table(freq), freq, np.array(mast_m), window().xyz_m, window().building)
        assert not found.relief_db.any()


def test_the_way_over_never_saves_more_than_the_wall_costs(hut):
    scene = prepare_scene(walled(hut, "brick_457"))
    freq = np.array([703.0, FREQ_MHZ, 3500.0])
    table = scene.loss_table(freq)
    rng = np.random.default_rng(5)
    xyz_m = rng.uniform((-60, -60, 0.3), (60, 60, 7), (400, 3))
    for mast_m in rng.uniform((-700, -700, 1), (700, 700, 40), (20, 3)):
        found = over_tops(scene, table, freq, mast_m, xyz_m, np.zeros(len(xyz_m), np.int32))
        fence_alone = prepare_scene(
            dataclasses.replace(scene.site, buildings=(), walls=(), openings=(), slabs=(), rooms=())
        )
        alone_db = element_loss_db(fence_alone.prepared, fence_alone.loss_table(freq), mast_m, scattered(xyz_m))[0]
        assert (found.relief_db >= 0).all()
        assert (found.relief_db <= alone_db + 1e-3).all()


def test_the_error_of_the_wall_is_left_out_where_the_signal_goes_over_it(hut):
    for construction, crossed in (("steel_cell_door", 0), ("weld_mesh_fence", 1)):
        model = link_model(prepare_scene(walled(hut, construction)), (mast(),))
        links = public_links(model, window())
        assert links.paths.crossed[0, 0, model.constructions.index(construction)] == crossed


def test_the_budget_says_so_and_adds_up(hut):
    site = dataclasses.replace(walled(hut, "steel_cell_door"), sectors=(mast(),))
    found = next(one for one in explain_room(site, Scenario(), "A-01").budgets if one.point == "window")
    assert found.over_tops_db > 3
    lost_db = found.path_loss_db + sum(one.loss_db for one in found.crossed) - found.floor_cap_db - found.over_tops_db
    assert found.straight_dbm == pytest.approx(found.eirp_dbm + found.pattern_db - lost_db, abs=1e-6)
    assert any("over the perimeter and other blocks" in words for words, _, _ in budget_lines(found))


def with_block(hut, *, plan: bool):
    """A block of steel, 9 m high, 20 m before the hut's window; without a plan it has an outline alone."""
    outline = box(-20, -30, 26, -20)
    corners = list(outline.exterior.coords)
    walls = tuple(
        Wall(f"b{k}", "B", 0, LineString([corners[k], corners[k + 1]]), "steel_cell_door") for k in range(4)
    )
    roof = Slab("b-roof", "B", outline, 9.0, "steel_cell_door", "roof")
    bare = hut()
    return hut(
        buildings=(*bare.buildings, Building("B", outline, (Storey("hall", 0.0, 9.0),))),
        walls=(*bare.walls, *walls) if plan else bare.walls,
        slabs=(*bare.slabs, roof) if plan else bare.slabs,
    )


def test_a_block_between_is_its_walls_or_the_way_over_its_roof_and_never_both(hut):
    free = mast_model(prepare_scene(hut()), (mast(),)).gain(window())
    found = mast_model(prepare_scene(with_block(hut, plan=True)), (mast(),)).gain(window())
    # 9 m high from 20.1 to 30.1 m before the phone at 1.5 m; the mast at 25 m sees its far edge
    slope_rx, slope_tx = (9 - 1.5) / 20.1, (9 - 25) / 570
    meet_m = (1.5 - 25 + slope_rx * 600.1) / (slope_tx + slope_rx)  # from the mast
    over_m = 25 + slope_tx * meet_m - (25 - 23.5 * meet_m / 600.1)
    edge = 10 ** (-float(knife_edge_loss_db(fresnel_v(over_m, meet_m, 600.1 - meet_m, FREQ_MHZ))) / 20)
    steel = hut().constructions["steel_cell_door"]
    cosine = 600.1 / np.hypot(600.1, 23.5)
    through_db = 2 * float(surface_loss_db([steel], np.array([cosine]), np.array([FREQ_MHZ]))[0, 0])
    by_hand_db = -10 * np.log10(edge**2 + 10 ** (-through_db / 10) * (1 - edge) ** 2)
    assert 15 < by_hand_db < through_db - 10
    # TR 38.901 stays as it was in both states, and the block is taken off once
    assert free.los_db[0, 0] - found.los_db[0, 0] == pytest.approx(by_hand_db, abs=0.2)
    scattered_db = found.nlos_db[0, 0] if found.scattered_nlos[0, 0] else -np.inf
    assert found.nlos_db[0, 0] == pytest.approx(max(free.nlos_db[0, 0] - by_hand_db, scattered_db), abs=0.2)


def test_behind_a_block_in_the_open_its_roof_is_not_counted_twice(hut):
    """Places in the open have detours over roofs as well: the stronger of the two ways counts, not both."""
    behind = scattered(np.array([[2.5, -10.0, 1.5]]))
    model = mast_model(prepare_scene(with_block(hut, plan=True)), (mast(),))
    free, found = mast_model(prepare_scene(hut()), (mast(),)).gain(behind), model.gain(behind)
    detour_db = float(model.detours.routes(behind).loss_db[0, 0, 0])
    table, freq = model.table, np.array([FREQ_MHZ])
    tops = over_tops(model.scene, table, freq, MAST_M, behind.xyz_m, behind.building)
    straight_db = float(element_loss_db(model.scene.prepared, table, MAST_M, behind.xyz_m)[0, 0, 0])
    ways_db = [straight_db - float(tops.relief_db[0, 0]), detour_db]
    assert free.los_db[0, 0] - found.los_db[0, 0] == pytest.approx(min(ways_db), abs=0.1)


def test_a_block_without_a_plan_stands_in_the_clutter_of_38_901_alone(hut):
    free = mast_model(prepare_scene(hut()), (mast(),)).gain(window())
    found = mast_model(prepare_scene(with_block(hut, plan=False)), (mast(),)).gain(window())
    np.testing.assert_allclose(found.los_db, free.los_db, atol=0.01)
    np.testing.assert_allclose(found.nlos_db, free.nlos_db, atol=0.01)


def upright(x_m: float, y_m: float, low_m: float, high_m: float, step_m: float = 0.02) -> PointSet:
    """Places one above the other in the open."""
    z_m = np.arange(low_m, high_m, step_m)
    return scattered(np.column_stack([np.full(len(z_m), x_m), np.full(len(z_m), y_m), z_m]))


def lost_db(hut, site, points) -> np.ndarray:
    """What a site takes from the median with line of sight, over the bare hut's, at some places."""
    return (
        mast_model(prepare_scene(hut()), (mast(),)).gain(points).los_db[0]
        - (mast_model(prepare_scene(site), (mast(),)).gain(points).los_db[0])
    )


@pytest.mark.parametrize("construction", ["steel_cell_door", "perimeter_concrete", "brick_215", "weld_mesh_fence"])
def test_across_the_edge_of_a_walls_shadow_the_level_has_no_step(hut, construction):
    """From deep shadow to clear of the wall at y = −30, which is seen at the top from 4.6 m up at y = −12."""
    points = upright(2.5, -12.0, 0.5, 9.0)
    loss_db = lost_db(hut, walled(hut, construction, 5.2), points)
    assert np.abs(np.diff(loss_db)).max() < 0.2
    assert loss_db[0] > 2
    assert loss_db[-1] == pytest.approx(0, abs=0.01)
    assert loss_db.min() > -0.01


def test_a_clear_ray_near_an_opaque_top_pays_the_knife_edge_and_gains_nothing(hut):
    points = upright(2.5, -12.0, 0.5, 9.0)
    loss_db = lost_db(hut, walled(hut, "steel_cell_door", 5.2), points)
    z_m = points.xyz_m[:, 2]
    ray_m = z_m + (25 - z_m) / 588 * 18  # over the wall, 18 m before the places and 570 m from the mast
    edge_db = knife_edge_loss_db(fresnel_v(5.2 - ray_m, 570, 18, FREQ_MHZ))
    # what the edge takes from the wave goes through the door of steel: under 0.1 dB
    np.testing.assert_allclose(loss_db[ray_m > 5.2], edge_db[ray_m > 5.2], atol=0.1)
    at_grazing = np.abs(ray_m - 5.2).argmin()
    assert loss_db[at_grazing] == pytest.approx(6.0, abs=0.1)
    assert loss_db[ray_m > 6.8].max() == pytest.approx(0, abs=0.01)  # v = −0.78 is 1.4 m over the top


def test_a_fence_takes_no_more_from_a_ray_above_it_than_from_one_through_it(hut):
    points = upright(2.5, -12.0, 4.7, 6.5)
    through_db = lost_db(hut, walled(hut, "weld_mesh_fence", 5.2), upright(2.5, -12.0, 0.5, 0.51))
    assert 0 < lost_db(hut, walled(hut, "weld_mesh_fence", 5.2), points).max() <= through_db[0] + 0.05


def test_across_the_edge_of_a_blocks_shadow_the_level_has_no_step(hut):
    """Behind the block of steel, 9 m high to y = −20: there are detours over its roof and round its corners too."""
    points = upright(2.5, -12.0, 6.0, 12.0)
    loss_db = lost_db(hut, with_block(hut, plan=True), points)
    assert np.abs(np.diff(loss_db)).max() < 0.2
    assert loss_db.min() > -0.01
    z_m = points.xyz_m[:, 2]
    ray_m = z_m + (25 - z_m) / 588 * 8  # over the far edge, 8 m before the places
    assert loss_db[np.abs(ray_m - 9).argmin()] == pytest.approx(6.0, abs=0.3)
    assert loss_db[ray_m > 10.5].max() == pytest.approx(0, abs=0.01)


def test_over_a_building_drawn_as_an_outline_alone_a_clear_ray_loses_nothing(hut):
    points = upright(2.5, -12.0, 6.0, 12.0, 0.5)
    np.testing.assert_allclose(lost_db(hut, with_block(hut, plan=False), points), 0, atol=0.01)


def test_across_the_edge_of_a_corners_shadow_the_level_has_no_step(hut):
    """Past the block's corner at (26, −30), seen over the diagonal, so that no other corner is near the ray."""
    x_m = np.arange(38.0, 56.0, 0.02)
    points = scattered(np.column_stack([x_m, np.full(len(x_m), -12.0), np.full(len(x_m), 1.5)]))
    seen = mast(x_m=-400.0, y_m=-400.0)
    free, found = (
        mast_model(prepare_scene(site), (seen,)).gain(points) for site in (hut(), with_block(hut, plan=True))
    )
    loss_db = free.los_db[0] - found.los_db[0]
    assert np.abs(np.diff(loss_db)).max() < 0.2
    assert loss_db[0] > 12
    assert loss_db.min() > -0.01
    # the ray over (26, −30) reaches y = −12 at x = −400 + 426·388/370; beside it the clearance is across the ray
    before_m, length_m = np.hypot(426, 370), np.hypot(x_m + 400, 388)
    clear_m = (370 * (x_m + 400) - 426 * 388) / length_m
    assert loss_db[np.abs(clear_m).argmin()] == pytest.approx(6.0, abs=0.2)
    clear = clear_m > 0
    v = fresnel_v(-clear_m[clear], before_m, length_m[clear] - before_m, FREQ_MHZ)
    np.testing.assert_allclose(loss_db[clear], knife_edge_loss_db(v), atol=0.1)
