"""Synthetic and bundled sites: what is drawn closes, tiles, turns, and comes out the same every time."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter, defaultdict
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from shapely import Point

from quietwing.sites import check, load_site, save_site
from quietwing.sites.bundled import BUNDLED, write_all
from quietwing.sites.errors import SiteError
from quietwing.sites.geometry import facets
from quietwing.sites.model import Site
from quietwing.sites.openings import opening_places
from quietwing.sites.synthetic import WingDescription, build_wing, describe, description_toml, read_description
from quietwing.sites.trial_point_sets import trial_points

EXAMPLES = files("quietwing.sites.examples")
VARIANTS = {
    "houseblock": WingDescription(),
    "one wing off a core": WingDescription(wings=1, cells=4, storeys=2),
    "two wings, turned": WingDescription(wings=2, cells=6, storeys=2, bearing_deg=33.3),
    "four wings, turned": WingDescription(wings=4, cells=6, storeys=2, bearing_deg=271.5),
    "radial": WingDescription(type="radial", cells=10),
    "three spurs, turned": WingDescription(type="radial", wings=3, cells=8, storeys=3, bearing_deg=12.25),
    "wing": WingDescription(type="wing"),
    "wing, turned": WingDescription(type="wing", cells=12, storeys=2, bearing_deg=200.0),
}


@pytest.fixture(scope="module", params=[*BUNDLED, *VARIANTS])
def site(request: pytest.FixtureRequest) -> Site:
    return BUNDLED[request.param]() if request.param in BUNDLED else build_wing(VARIANTS[request.param])


def cells(site: Site) -> list[str]:
    """Ids of prison cells: only theirs end in a number."""
    return [room.id for room in site.rooms if room.id.split("-")[-1].isdigit()]


# ------------------------------------------------------------------ counts


@pytest.mark.parametrize(
    ("name", "count"),
    [("houseblock", 3 * 20 * 4), ("radial", 4 * 50 * 4), ("campus", 6 * 3 * 20 * 4)],
)
def test_each_bundled_site_has_its_number_of_cells(name, count):
    assert len(cells(BUNDLED[name]())) == count


def test_cells_are_named_by_wing_storey_and_number():
    names = cells(BUNDLED["houseblock"]())
    assert {"A1-01", "A2-14", "C4-20"} <= set(names)
    assert Counter(name[:2] for name in names) == {f"{wing}{storey}": 20 for wing in "ABC" for storey in "1234"}
    assert "B3-17" in cells(BUNDLED["radial"]())
    assert "HB5-C4-20" in cells(BUNDLED["campus"]())


def test_campus_has_six_blocks_two_yards_and_twelve_masts():
    campus = BUNDLED["campus"]()
    assert sum(building.id.startswith("HB") for building in campus.buildings) == 6
    assert [room.role for room in campus.rooms if room.building is None] == ["silence", "silence"]
    assert len({(sector.x_m, sector.y_m) for sector in campus.sectors}) == 12
    distance_m = [np.hypot(sector.x_m, sector.y_m) for sector in campus.sectors]
    assert_allclose([min(distance_m), max(distance_m)], [700.0, 6000.0], atol=1.0)
    assert_allclose(campus.perimeter.outline.area, 600.0 * 450.0)


def test_only_houseblock_is_measured_with_every_channel_at_three_places():
    block, radial, campus = (BUNDLED[name]() for name in ("houseblock", "radial", "campus"))
    places = defaultdict(set)
    for level in block.outside_levels:
        places[level.channel].add((level.x_m, level.y_m))
    assert sorted(places) == list(block.channels)
    assert {len(each) for each in places.values()} == {3}
    assert not radial.outside_levels
    assert not campus.outside_levels
    assert {sector.sigma_db for sector in (*block.sectors, *radial.sectors, *campus.sectors)} == {8.0}


def test_houseblock_levels_are_those_of_the_edge_of_a_uk_town():
    # Per element -80 to -106 dBm by band, GSM about -65 dBm in 200 kHz: 38.901 medians at 1 to 2.5 km.
    for level in BUNDLED["houseblock"]().outside_levels:
        low, high = (-72, -62) if level.channel.endswith("GSM") else (-108, -79)
        assert low <= level.rsrp_dbm <= high


def test_houseblock_levels_are_read_outdoors_near_the_building():
    site = BUNDLED["houseblock"]()
    for level in site.outside_levels:
        distance_m = site.buildings[0].outline.distance(shapely.Point(level.x_m, level.y_m))
        assert 4.5 <= distance_m <= 5.5
        assert level.height_m == 1.5


# ------------------------------------------------------------------ geometry of every site


def test_rooms_tile_every_floor_and_voids_are_left_open(site):
    floors = {(slab.building, slab.level_m): slab.outline for slab in site.slabs if slab.kind == "floor"}
    for building in site.buildings:
        for number, storey in enumerate(building.storeys):
            rooms = [room for room in site.rooms if room.building == building.id and room.storey == number]
            total_m2 = sum(room.outline.area for room in rooms)
            floor = floors[building.id, storey.floor_m]
            # A stair has no floor but is a room on every storey; an atrium is a room on the ground only.
            stairs = [room.outline for room in rooms if room.id.endswith("stair")]
            covered = shapely.union_all([floor, *stairs])
            assert_allclose(total_m2, covered.area, rtol=1e-6)
            assert_allclose(shapely.union_all([room.outline for room in rooms]).area, total_m2, rtol=1e-6)


def test_every_cell_has_one_door_to_a_room_and_one_window_to_the_open(site):
    found = defaultdict(list)
    index = site.room_index
    for place in opening_places(site):
        for room in place.rooms:
            found[room].append((site.openings[place.opening].kind, place.outer))
    for name in cells(site):
        assert sorted(found[index[name]]) == [("door", False), ("window", True)]


def test_walls_of_a_storey_share_corners_bit_for_bit_and_never_run_along_each_other(site):
    storeys = defaultdict(list)
    for wall in site.walls:
        storeys[wall.building, wall.storey].append(wall.line)
    for lines in storeys.values():
        ends = np.unique(np.concatenate([shapely.get_coordinates(line) for line in lines]), axis=0)
        gaps = [(ends[shift:] - ends[:-shift]) for shift in (1, 2, 3)]
        # Sorted by x: vertices that nearly coincide would be neighbours.
        assert all((np.hypot(gap[:, 0], gap[:, 1]) > 0.05).all() for gap in gaps)
        tree = shapely.STRtree(lines)
        for a, b in zip(*tree.query(lines, predicate="intersects"), strict=True):
            if a < b:
                assert shapely.intersection(lines[a], lines[b]).length < 1e-3


def test_every_wall_ends_on_another_wall(site):
    storeys = defaultdict(list)
    for wall in site.walls:
        storeys[wall.building, wall.storey].append(wall.line)
    for lines in storeys.values():
        for line, end in itertools.product(lines, (0, -1)):
            point = shapely.get_point(line, end)
            others = [other for other in lines if other is not line]
            assert shapely.distance(point, shapely.union_all(others)) < 2e-6


def test_openings_lie_on_their_wall_and_below_the_ceiling(site):
    walls = {wall.id: wall for wall in site.walls}
    for opening in site.openings:
        wall = walls[opening.wall]
        assert all(shapely.distance(shapely.points(xy), wall.line) < 2e-3 for xy in opening.line.coords)
        storey = site.buildings[site.building_index[wall.building]].storeys[wall.storey]
        assert 0 <= opening.sill_m < opening.head_m <= storey.height_m


def test_ids_are_unique_in_each_layer(site):
    for layer in (site.buildings, site.walls, site.openings, site.slabs, site.rooms, site.positions, site.sectors):
        assert max(Counter(item.id for item in layer).values(), default=1) == 1


def test_the_perimeter_holds_every_building_and_no_receptor(site):
    outline = site.perimeter.outline
    assert all(outline.contains(building.outline) for building in site.buildings)
    assert not any(outline.contains(receptor.point) for receptor in site.receptors)


def test_outlines_are_valid_and_counter_clockwise(site):
    outlines = [item.outline for item in (*site.buildings, *site.slabs, *site.rooms, site.perimeter)]
    assert all(outline.is_valid and outline.exterior.is_ccw for outline in outlines)


# ------------------------------------------------------------------ turning


@pytest.mark.parametrize("kind", ["houseblock", "radial", "wing"])
@pytest.mark.parametrize("bearing_deg", [90.0, 180.0, 37.0, 341.25])
def test_a_bearing_turns_the_site_and_keeps_all_distances(kind, bearing_deg):
    straight = build_wing(WingDescription(type=kind, cells=6, storeys=2))
    turned = build_wing(WingDescription(type=kind, cells=6, storeys=2, bearing_deg=bearing_deg))
    a, b = (np.concatenate([shapely.get_coordinates(wall.line) for wall in s.walls]) for s in (straight, turned))
    angle = np.radians(bearing_deg)
    clockwise = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert_allclose(b, a @ clockwise, atol=1e-6)
    assert_allclose(
        np.linalg.norm(a[:, None] - a[None], axis=2), np.linalg.norm(b[:, None] - b[None], axis=2), atol=2e-6
    )


@pytest.mark.parametrize("bearing_deg", [17.0, 33.3, 160.0, 298.7])
def test_a_turned_site_falls_into_the_same_pieces(bearing_deg):
    def areas_m2(kind: str, turn_deg: float) -> np.ndarray:
        site = build_wing(WingDescription(type=kind, cells=6, storeys=2, bearing_deg=turn_deg))
        corners = facets(site).corner_m
        across = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        areas = np.linalg.norm(across, axis=1) / 2
        return np.sort(areas[areas > 1e-3])  # files hold 1 µm: slivers of that width are rounding

    for kind in ("houseblock", "radial", "wing"):
        assert_allclose(areas_m2(kind, bearing_deg), areas_m2(kind, 0.0), rtol=1e-4)


# ------------------------------------------------------------------ dimensions


def test_radial_spurs_are_as_long_as_public_texts_say_and_open_to_the_roof():
    site = BUNDLED["radial"]()
    cell = site.rooms[site.room_index["B3-17"]].outline
    width_m, depth_m = cell.bounds[2] - cell.bounds[0], cell.bounds[3] - cell.bounds[1]
    # 13 × 7 ft clear between half of 457 mm partitions, of a 600 mm outer wall and a 457 mm front wall.
    assert_allclose(width_m, 2.13 + 0.457, atol=0.01)
    assert_allclose(depth_m, 3.96 + 0.600 / 2 + 0.457 / 2, atol=0.01)
    spur = [room.outline for room in site.rooms if room.id.startswith("B1-")]
    assert shapely.union_all(spur).bounds[2] - shapely.union_all(spur).bounds[0] >= 60.0
    upper = [slab for slab in site.slabs if slab.kind == "floor" and slab.level_m > 0]
    assert len(upper) == 3
    assert all(len(slab.outline.interiors) == 1 for slab in upper)
    middle = shapely.Point(*site.rooms[site.room_index["B1-atrium"]].outline.centroid.coords)
    assert not any(slab.outline.contains(middle) for slab in upper)
    assert_allclose(site.buildings[0].outline.distance(site.perimeter.outline.exterior), 12.0)


def test_houseblock_is_made_as_the_design_says():
    site = BUNDLED["houseblock"]()
    windows = [opening for opening in site.openings if opening.id.endswith("window") and opening.id[0] in "ABC"]
    assert {(window.construction, window.state) for window in windows} == {("glass_low_e", "sealed")}
    assert site.constructions["glass_low_e"].loss_intercept_db == 25.4
    assert site.constructions["glass_low_e"].loss_slope_db_per_ghz == 0.11
    for name in ("precast_sandwich_foil", "foil_roof"):
        assert site.constructions[name].max_loss_db == 40.0
    west, south, east, north = site.buildings[0].outline.bounds
    fence = site.perimeter.outline.bounds
    assert_allclose([west - fence[0], south - fence[1], fence[2] - east, fence[3] - north], [90, 100, 80, 60])


def test_keep_rooms_and_silent_landings_are_there():
    for name in BUNDLED:
        roles = defaultdict(set)
        for room in BUNDLED[name]().rooms:
            roles[room.role].add(room.id.split("-")[-1])
        assert roles["keep"] & {"control"}
        assert roles["silence"] & {"landing", "atrium"}


# ------------------------------------------------------------------ descriptions

TWENTY_LINES = """\
name = "north wing"
type = "houseblock"
wings = 2
cells = 12
storeys = 3
storey_height_m = 2.9
cell_width_m = 2.5
cell_depth_m = 4.0
corridor_m = 2.6
outer_wall = "precast_sandwich"
cell_wall = "concrete_200"
floor = "concrete_250"
roof = "metal_deck_roof"
window = "glass_double"
window_state = "shut"
grille = "bars"
cell_names = "N{wing}{storey}-{n:02d}"
bearing_deg = 25.0
fence_distance_m = 45
area = "urban"
"""


def test_twenty_lines_of_toml_are_a_site(tmp_path):
    assert TWENTY_LINES.count("\n") == 20
    (tmp_path / "wing.toml").write_text(TWENTY_LINES)
    site = build_wing(read_description(tmp_path / "wing.toml"))
    assert len(cells(site)) == 2 * 12 * 3
    assert {wall.construction for wall in site.walls} == {"precast_sandwich", "concrete_200"}
    assert all(sector.assumed for sector in site.sectors)
    assert len(trial_points(site)) > 72


def test_a_description_written_is_read_back_equal(tmp_path):
    for description in VARIANTS.values():
        (tmp_path / "wing.toml").write_text(description_toml(description))
        assert read_description(tmp_path / "wing.toml") == description
        assert description_toml(description).count("\n") <= 20


def test_a_type_brings_its_usual_values_unless_others_are_given():
    assert WingDescription(type="radial").outer_wall == "brick_600"
    assert WingDescription(type="radial", outer_wall="brick_330").outer_wall == "brick_330"
    assert describe(type="radial").window_state == "open"
    assert WingDescription().window_state == "sealed"


def test_all_problems_of_a_description_come_together_with_the_nearest_name(tmp_path):
    text = 'storys = 4\ncells = 7\nwindow = "glas_6"\narea = "town"\nstoreys = 99\n'
    (tmp_path / "wing.toml").write_text(text)
    with pytest.raises(SiteError) as caught:
        read_description(tmp_path / "wing.toml")
    assert len(caught.value.problems) == 5
    assert all(problem.startswith("wing.toml: ") for problem in caught.value.problems)
    assert "did you mean 'storeys'?" in str(caught.value)
    assert "did you mean 'glass_6'?" in str(caught.value)
    assert "even" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"type": "wing", "wings": 3}, "wings"),
        ({"type": "radial", "wings": 1}, "wings"),
        ({"cell_names": "cell-{n}"}, "cell_names"),
        ({"cell_names": "{wing}{storey}-{n.__class__}"}, "cell_names"),
        ({"cell_names": "{wing}{storey}-{n!r}"}, "cell_names"),
        ({"cell_names": "{wing}{storey}-{n:>999999999}"}, "cell_names"),
        ({"cell_names": "{wing}{storey}-{n"}, "cell_names"),
        ({"window_width_m": 2.4}, "window_width_m"),
        ({"window_sill_m": 2.5}, "window_height_m"),
        ({"bearing_deg": 360.0}, "bearing_deg"),
        ({"cells": float("nan")}, "cells"),
        ({"cell_width_m": float("inf")}, "cell_width_m"),
        ({"fence": "hedge"}, "fence"),
    ],
)
def test_a_description_that_cannot_be_built_names_its_key(values, key):
    with pytest.raises(SiteError, match=f"^description: {key}: "):
        describe(**values)


@pytest.mark.parametrize("content", [b"cells = ", b"\xff\xfe", b"cells = 4\ncells = 6\n"])
def test_a_file_that_is_not_toml_says_so(tmp_path, content):
    (tmp_path / "wing.toml").write_bytes(content)
    with pytest.raises(SiteError, match=r"^wing\.toml: (not valid TOML|is UTF-16)"):
        read_description(tmp_path / "wing.toml")


def test_a_missing_description_says_so(tmp_path):
    with pytest.raises(SiteError, match="no such file"):
        read_description(tmp_path / "absent.toml")


def test_equal_descriptions_give_equal_sites():
    assert build_wing(WingDescription(cells=4, storeys=1)) == build_wing(WingDescription(cells=4, storeys=1))
    wider = replace(WingDescription(cells=4, storeys=1), cell_width_m=2.6)
    assert build_wing(wider) != build_wing(WingDescription(cells=4, storeys=1))


@st.composite
def descriptions(draw: st.DrawFn) -> WingDescription:
    kind = draw(st.sampled_from(["houseblock", "radial", "wing"]))
    fewest, most = {"houseblock": (1, 4), "radial": (2, 4), "wing": (1, 1)}[kind]
    width_m = draw(st.floats(1.8, 6))
    return WingDescription(
        type=kind,
        wings=draw(st.integers(fewest, most)),
        cells=2 * draw(st.integers(1, 6)),
        storeys=draw(st.integers(1, 3)),
        cell_width_m=width_m,
        cell_depth_m=draw(st.floats(2, 8)),
        corridor_m=draw(st.floats(1.6, 10)),
        landing_m=draw(st.floats(0.8, 3)),
        void_m=draw(st.floats(2, 12)),
        window_width_m=draw(st.floats(0.3, 1)) * (width_m - 0.2),
        bearing_deg=draw(st.floats(0, 359.9)),
        fence_distance_m=draw(st.floats(8, 200)),
        area=draw(st.sampled_from(["rural", "suburban", "urban"])),
    )


@settings(max_examples=25, deadline=None)
@given(description=descriptions())
def test_any_description_within_its_ranges_is_a_site_without_problems(description):
    site = build_wing(description)
    with tempfile.TemporaryDirectory() as folder:
        save_site(site, Path(folder) / "site")
        report = check(Path(folder) / "site")
        assert report.problems == ()
        assert report.dropped == ()
        assert load_site(Path(folder) / "site") == site


def test_typical_masts_stand_outside_even_a_large_fence(tmp_path):
    wide = WingDescription(
        type="houseblock", wings=4, cells=12, cell_width_m=6, corridor_m=10, area="urban", fence_distance_m=200
    )
    site = build_wing(wide)
    outline = site.perimeter.outline
    assert len({(sector.x_m, sector.y_m) for sector in site.sectors}) == 4
    assert not [sector for sector in site.sectors if outline.distance(Point(sector.x_m, sector.y_m)) < 30 - 0.1]
    save_site(site, tmp_path / "site")
    (tmp_path / "site/masts.csv").unlink()
    read = load_site(tmp_path / "site")
    assert len(read.sectors) == len(site.sectors)
    assert not [note for note in read.notes if "inside the perimeter" in note]


# ------------------------------------------------------------------ folders


def test_regenerated_folders_equal_the_committed_ones_byte_for_byte(tmp_path):
    write_all(tmp_path)
    for name in BUNDLED:
        for written in sorted((tmp_path / name).iterdir()):
            assert EXAMPLES.joinpath(name, written.name).read_bytes() == written.read_bytes(), written.name


@pytest.mark.parametrize("name", list(BUNDLED))
def test_a_bundled_folder_reads_back_as_it_was_drawn_and_has_no_problem(name):
    report = check(name)
    assert report.problems == ()
    assert report.dropped == ()
    assert load_site(name) == BUNDLED[name]()


def test_bundled_folders_stay_small():
    sizes = {name: [path.stat().st_size for path in Path(str(EXAMPLES / name)).iterdir()] for name in BUNDLED}
    assert max(itertools.chain(*sizes.values())) < 2e6
    assert sum(sizes["houseblock"]) < 1e6
    assert sum(sizes["campus"]) < 6e6


@pytest.mark.parametrize("name", list(BUNDLED))
def test_each_bundled_site_says_invented_and_its_licence(name):
    readme = EXAMPLES.joinpath(name, "README.md").read_text("utf-8")
    assert "Invented" in readme
    assert "MIT" in readme
    assert "invented" in BUNDLED[name]().marking
