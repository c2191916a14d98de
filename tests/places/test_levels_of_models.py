"""Storeys of building models by hand: heights above sea level, floors in one storey, walls cut like a plan."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from shapely.geometry import box

from quietwing.sites.errors import SiteError
from quietwing.sites.importers.ifc_storeys import heights_of, levels_of
from quietwing.sites.importers.ifc_unnamed import _cut, _holes, is_unnamed
from quietwing.sites.importers.plan_parts import Marker, Report


class Model:
    """A model of storeys alone: elements of some kinds, each from its bottom to its top."""

    def __init__(self, *storeys):
        self.reaches: dict[int, tuple[float, float]] = {}
        self.numbers = itertools.count(1)
        self.elements: list = []
        self.storeys = [self.storey(*one) for one in storeys]

    def storey(self, elevation, elements, name=None):
        parts = [self.element(kind, low, high) for kind, low, high in elements if kind != "IfcSpace"]
        spaces = [self.element(kind, low, high) for kind, low, high in elements if kind == "IfcSpace"]
        number = next(self.numbers)
        return SimpleNamespace(
            Name=name,
            Elevation=elevation,
            ContainsElements=[SimpleNamespace(RelatedElements=parts)] if parts else None,
            IsDecomposedBy=[SimpleNamespace(RelatedObjects=spaces)] if spaces else None,
            id=lambda: number,
        )

    def element(self, kind, low, high):
        number = next(self.numbers)
        self.reaches[number] = (low, high)
        made = SimpleNamespace(is_a=lambda asked: asked == kind, id=lambda: number, kind=kind)
        self.elements.append(made)
        return made

    def by_type(self, kind):
        return self.storeys if kind == "IfcBuildingStorey" else [one for one in self.elements if one.kind == kind]


def walls(*floors, count=3, height_m=2.7, kind="IfcWall"):
    return [(kind, floor, floor + height_m) for floor in floors for _ in range(count)]


def heights(model, unit_m=1.0):
    report = Report()
    return heights_of(model, unit_m, model.reaches, report, "m.ifc"), [guess.what for guess in report.guesses]


def levels(model, unit_m=1.0, **others):
    report = Report()
    found = levels_of(model, unit_m, model.reaches, report, "m.ifc", **others)
    return [(one.name, one.floor_m, one.height_m) for one in found], [guess.what for guess in report.guesses]


# --- The ground.


@pytest.mark.parametrize(
    ("elevations", "feet", "lift_m", "datum_m"),
    [
        ((0.0, 3.0), (0.0, 3.0), 0, 0),
        ((0.0, 3.0), (52.4, 55.4), 52.4, 0),  # the site is placed above sea level, storeys go by the building
        ((71.3, 74.3), (71.3, 74.3), 0, 71.3),  # both above sea level
        ((71.3, 74.3), (0.0, 3.0), -71.3, 71.3),  # the shapes by the building, the storeys above sea level
        ((0.0, 3.0), (0.1, 3.1), 0, 0),  # walls stand on the screed
        ((0.0, 3.0), (1.7, 4.7), 0, 0),  # less than a storey
        ((0.0, 3.0), (1.9, 4.9), 1.9, 0),
        ((-6.0, 0.0), (-6.0, 0.0), 0, 0),  # two basements
        ((-20.0, 0.0), (-20.0, 0.0), 0, 0),
        ((-20.1, 0.0), (-20.1, 0.0), 0, -20.1),
        ((3.0, 6.0), (3.0, 6.0), 0, 0),
        ((3.1, 6.1), (3.1, 6.1), 0, 3.1),
        ((None, None), (50.0, 53.0), 0, 0),  # no elevation tells anything
        ((None, 3.0), (52.4, 55.4), 52.4, 0),
    ],
)
def test_heights_are_laid_on_the_ground(elevations, feet, lift_m, datum_m):
    model = Model(*((elevation, walls(foot)) for elevation, foot in zip(elevations, feet, strict=True)))
    found, said = heights(model)
    assert found == pytest.approx((lift_m, datum_m))
    assert bool(said) == bool(lift_m or datum_m)
    if said:
        assert f": {lift_m + datum_m:.2f} m taken off" in said[0]


def test_one_parapet_that_stands_elsewhere_moves_no_building():
    model = Model((0.0, [*walls(0.0, count=4), ("IfcWall", 9.0, 10.0)]), (3.0, walls(3.0)), (6.0, walls(6.0)))
    assert heights(model)[0] == (0, 0)


def test_elevations_are_in_the_unit_of_the_model_and_shapes_in_metres():
    assert heights(Model((71_300.0, walls(71.3))), 0.001)[0] == pytest.approx((0, 71.3))


def test_slabs_and_storeys_without_walls_tell_no_height():
    """A foundation at −40 m that holds no wall is not the ground."""
    assert heights(Model((-40.0, [("IfcSlab", -40.0, -39.0)]), (0.0, walls(0.0))))[0] == (0, 0)
    assert heights(Model())[0] == (0, 0)


# --- Storeys.


def test_a_storey_is_as_high_as_the_next_is_above_it_and_the_last_as_its_walls():
    found, said = levels(Model((3.0, walls(3.0, height_m=2.5), "First"), (0.0, walls(0.0), "Ground")))
    assert found == [("Ground", 0, 3), ("First", 3, 2.5)]
    assert said == []


def test_a_landing_between_two_floors_is_no_storey_and_its_parts_go_to_the_one_below():
    model = Model((0.0, walls(0.0), "A"), (1.5, walls(1.5), "landing"), (3.0, walls(3.0), "B"))
    found, said = levels(model)
    assert [name for name, *_ in found] == ["A", "B"]
    assert said == ["nobody walks on it, or it is too low: its parts belong to A, each at its own height"]
    held = levels_of(model, 1.0, model.reaches, Report(), "m.ifc")
    landing = model.storeys[1].id()
    assert [landing in level.ids for level in held] == [True, False]


def test_where_storeys_have_spaces_those_without_are_walked_by_nobody():
    space = ("IfcSpace", 0.0, 2.5)
    found, _ = levels(Model((-3.0, walls(-3.0), "pit"), (0.0, [*walls(0.0), space], "A"), (3.0, walls(3.0), "roof")))
    assert found == [("A", 0, 3)]


def test_a_storey_of_no_possible_height_is_taken_3_m_high():
    found, said = levels(Model((0.0, walls(0.0), "hall"), (25.0, walls(25.0), "top")))
    assert found == [("hall", 0, 3), ("top", 25, 2.7)]
    assert said == ["height of 25.00 m is none of a storey; 3 m assumed"]


def test_two_storeys_of_one_name_have_two_names():
    assert [name for name, *_ in levels(Model((0.0, walls(0.0), "A"), (3.0, walls(3.0), "A")))[0]] == ["A", "A-2"]


def test_a_storey_without_elevation_stands_where_its_shapes_do():
    assert levels(Model((None, walls(4.2), "A")))[0] == [("A", 4.2, 2.7)]


def test_more_storeys_than_a_building_has_are_refused():
    with pytest.raises(SiteError, match=r"holds 32 storeys \(limit 31\); export one building alone"):
        levels(Model(*((3.0 * number, walls(3.0 * number)) for number in range(32))))


def test_without_storeys_there_is_one_as_high_as_its_shapes():
    model = Model()
    model.element("IfcWall", 1.0, 4.0)
    assert levels(model) == ([("G", 1, 3)], ["holds no storeys: one of 3.00 m assumed"])
    with pytest.raises(SiteError, match="holds no storeys and no shapes"):
        levels(Model())


# --- All in one storey.


@pytest.mark.parametrize("kind", ["IfcWall", "IfcBuildingElementProxy"])
def test_walls_one_above_the_other_in_one_storey_are_storeys(kind):
    found, said = levels(Model((0.0, walls(0.0, 3.0, 6.1, kind=kind))))
    assert found == [("G", 0, 3), ("1", 3, 3.1), ("2", 6.1, 2.7)]
    assert said == ["keeps all in one storey; walls stand on 3 floors, one above the other: taken as storeys"]


@pytest.mark.parametrize(
    "upper",
    [
        walls(3.0, count=2),  # two walls are no floor
        walls(3.0, height_m=1.7),  # parapets
        walls(1.7),  # steps in the ground, less than a storey
        [("IfcSlab", 3.0, 6.0)] * 3,
    ],
)
def test_what_stands_above_the_walls_and_is_no_floor_makes_no_storey(upper):
    found, _ = levels(Model((0.0, [*walls(0.0), *upper], "A")))
    assert [name for name, *_ in found] == ["A"]


def test_the_lowest_floor_is_the_storeys_own_where_walls_stand_near_it():
    """Walls that reach 10 cm below the floor stand on it; beyond 90 cm they stand on a floor of their own."""
    assert levels(Model((0.0, walls(-0.1, 3.0))))[0][0] == ("G", 0, 3)
    assert levels(Model((0.0, walls(-1.0, 3.0))))[0][0] == ("G", -1, 4)


# --- Cut like a plan.


def block(west, south, low, east, north, high) -> np.ndarray:
    """The twelve triangles of a box."""
    corners = np.array(list(itertools.product((west, east), (south, north), (low, high))), dtype=float)
    sides = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    return np.array([corners[list(three)] for a, b, c, d in sides for three in ((a, b, c), (a, c, d))])


WALL = block(0, 0, 0, 5, 0.3, 2.7)


@pytest.mark.parametrize(("height_m", "walls"), [(-0.1, 0), (0.01, 1), (1.3, 1), (2.69, 1), (2.8, 0)])
def test_a_wall_is_cut_between_its_foot_and_its_top(height_m, walls):
    assert [part.area for part in _cut(WALL, height_m)] == [pytest.approx(5 * 0.3)] * walls


def test_a_plane_through_corners_cuts_as_one_just_above():
    """Two boxes one upon the other, cut where they meet: the upper one."""
    stacked = np.concatenate([block(0, 0, 0, 5, 0.3, 1.3), block(0, 0, 1.3, 5, 0.2, 2.7)])
    (part,) = _cut(stacked, 1.3)
    assert part.area in (pytest.approx(5 * 0.2), pytest.approx(5 * 0.3))


def test_a_slab_and_a_block_as_wide_as_a_room_are_no_walls():
    mesh = np.concatenate([WALL, block(0, 1, 1.2, 5, 9, 1.4), block(10, 0, 0, 13, 3, 2.7)])
    (part,) = _cut(mesh, 1.3)
    assert part.bounds == pytest.approx((0, 0, 5, 0.3))


def test_a_leaning_wall_is_cut_where_it_is_at_that_height():
    """Its top is moved by 1 m: at half its height it has moved by half."""
    leaning = WALL.copy()
    leaning[:, :, 1] += leaning[:, :, 2] / 2.7
    (part,) = _cut(leaning, 1.35)
    assert part.bounds == pytest.approx((0, 0.5, 5, 0.8), abs=1e-3)


def test_a_mesh_of_nothing_is_cut_into_nothing():
    assert _cut(np.empty((0, 3, 3)), 1.3) == []


def pierced(low, high, west=2.0, east=3.0) -> np.ndarray:
    """The wall with a hole from one height to another."""
    boxes = [block(0, 0, 0, west, 0.3, 2.7), block(east, 0, 0, 5, 0.3, 2.7)]
    boxes += [block(west, 0, 0, east, 0.3, low)] if low > 0 else []
    return np.concatenate([*boxes, block(west, 0, high, east, 0.3, 2.7)])


@pytest.mark.parametrize(
    ("kind", "low", "high", "solid_m", "hollow_m"), [("window", 0.9, 2.1, 0.3, 1.3), ("door", 0, 2.1, 2.35, 1.3)]
)
def test_a_hole_is_a_window_above_a_sill_and_a_door_below_a_lintel(kind, low, high, solid_m, hollow_m):
    mesh = pierced(low, high)
    (found,) = _holes(kind, _cut(mesh, solid_m), _cut(mesh, hollow_m), [])
    assert (found.kind, found.construction) == (kind, {"window": "glass_double", "door": "timber_door"}[kind])
    assert found.shape.bounds == pytest.approx((2, 0, 3, 0.3), abs=0.02)


@pytest.mark.parametrize(("wide_m", "holes"), [(0.32, 0), (0.4, 1), (1.0, 1)])
def test_a_hole_narrower_than_35_cm_is_none(wide_m, holes):
    """Ducts and sockets. The wall round it is taken 1 cm wider on each side."""
    mesh = pierced(0.9, 2.1, 2, 2 + wide_m)
    assert len(_holes("window", _cut(mesh, 0.3), _cut(mesh, 1.3), [])) == holes


@pytest.mark.parametrize(("away_m", "holes"), [(0.05, 0), (0.5, 1)])
def test_a_hole_where_a_window_is_known_is_that_window(away_m, holes):
    known = Marker("W1", "window", box(3 + away_m, 0, 4, 0.3), "glass_double")
    mesh = pierced(0.9, 2.1)
    assert len(_holes("window", _cut(mesh, 0.3), _cut(mesh, 1.3), [known])) == holes


def test_a_wall_without_holes_has_no_window():
    assert _holes("window", [box(0, 0, 5, 0.3)], [box(0, 0, 5, 0.3)], []) == []
    assert _holes("window", [], [box(0, 0, 5, 0.3)], []) == []
    (whole,) = _holes("window", [box(0, 0, 5, 0.3)], [], [])
    assert shapely.equals(whole.shape, box(0, 0, 5, 0.3))


@pytest.mark.parametrize(
    ("kinds", "unnamed"),
    [
        ((), False),
        (("IfcBuildingElementProxy",), True),
        (("IfcWall",), True),  # with neither layers nor openings
        (("IfcWall", "IfcDoor"), False),
        (("IfcWall", "IfcWindow"), False),
        (("IfcWall", "IfcOpeningElement"), False),
        (("IfcWall", "IfcMaterialLayerSet"), False),
        (("IfcBuildingElementProxy", "IfcDoor"), True),
        (("IfcCurtainWall", "IfcDoor"), False),
    ],
)
def test_a_model_is_unnamed_where_walls_have_no_name_or_nothing_in_them(kinds, unnamed):
    assert is_unnamed(SimpleNamespace(by_type=lambda kind: [kind] * (kind in kinds))) == unnamed
