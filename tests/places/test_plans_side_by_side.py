"""Storeys of one drawing by hand: plans beside each other, windows of layouts, and layers that name storeys."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from shapely.affinity import translate
from shapely.geometry import box

from quietwing.sites.importers.dxf_content import DxfContent
from quietwing.sites.importers.dxf_storeys import _move_upon, by_layer, by_view, side_by_side, views_of
from quietwing.sites.importers.plan_mapping import PlanMapping, Use
from quietwing.sites.importers.plan_parts import Marker, PlanRoom, Report
from quietwing.sites.importers.plan_storey import Drawn

# A hut of 10 × 6 m with walls of 30 cm and one of 10 cm across it at x = 4 m: no two of its corners are alike.
HUT = (
    (0, 0, 10, 0.3),
    (0, 5.7, 10, 6),
    (0, 0.3, 0.3, 5.7),
    (9.7, 0.3, 10, 5.7),
    (4, 0.3, 4.1, 5.7),
)


def huts(*places, areas=HUT) -> Drawn:
    """The hut at several places, as filled walls."""
    drawn = Drawn("G")
    drawn.solids = [(translate(box(*area), *place), "open") for place in places for area in areas]
    return drawn


def bounds(drawn) -> tuple[float, ...]:
    return tuple(float(edge) for edge in shapely.total_bounds(drawn.extent))


def read(drawn, *titles) -> tuple[list[Drawn], list[str]]:
    report = Report()
    return side_by_side(drawn, titles, report, "plan.dxf"), [guess.what for guess in report.guesses]


# --- Beside each other.


def test_plans_are_storeys_from_the_lowest_up_each_laid_on_the_lowest():
    drawn = huts((0, 0), (20, 0), (40, 0))
    found, said = read(drawn, ((5, -2), "First floor"), ((25, -2), "Ground floor"), ((45, -2), "2nd floor"))
    assert [one.name for one in found] == ["G", "1", "2"]
    assert [bounds(one) for one in found] == [pytest.approx((20, 0, 30, 6))] * 3
    assert said == ["3 plans side by side: taken as storeys by the names beside them"]


@pytest.mark.parametrize(("apart_m", "storeys"), [(3.7, 0), (3.9, 2)])
def test_two_plans_are_at_least_380_cm_apart(apart_m, storeys):
    drawn = huts((0, 0), (10 + apart_m, 0))
    found, _ = read(drawn, ((5, -2), "Ground floor"), ((15 + apart_m, -2), "First floor"))
    assert len(found) == storeys


def test_one_plan_is_no_storeys_whatever_it_is_called():
    assert read(huts((0, 0)), ((5, -2), "Ground floor"), ((5, 8), "First floor")) == ([], [])


def test_plans_may_stand_one_above_the_other_on_the_sheet():
    found, _ = read(huts((0, 0), (0, 20)), ((5, 18), "First floor"), ((5, -2), "Ground floor"))
    assert [bounds(one) for one in found] == [pytest.approx((0, 0, 10, 6))] * 2


def test_of_two_titles_beside_a_plan_the_nearer_names_it():
    titles = [((5, -1), "Ground floor"), ((5, -3), "Second floor"), ((25, -1), "First floor"), ((25, 9), "Basement")]
    found, _ = read(huts((0, 0), (20, 0)), *titles)
    assert [bounds(one) for one in found] == [pytest.approx((0, 0, 10, 6))] * 2
    # With the farther titles the right one would be the basement and lowest.
    turned, _ = read(huts((0, 0), (20, 0)), *[(at, said) for at, said in titles if at[1] in (-3, 9)])
    assert [bounds(one) for one in turned] == [pytest.approx((20, 0, 30, 6))] * 2


@pytest.mark.parametrize(("away_m", "storeys"), [(14.9, 2), (15.1, 0)])
def test_a_title_names_a_plan_up_to_15_m_away(away_m, storeys):
    found, _ = read(huts((0, 0), (40, 0)), ((5, -2), "Ground floor"), ((45, -away_m), "First floor"))
    assert len(found) == storeys


def test_a_plan_without_a_title_among_others_is_left_out_and_said():
    found, said = read(huts((0, 0), (20, 0), (60, 0)), ((5, -2), "Ground floor"), ((25, -2), "First floor"))
    assert len(found) == 2
    assert said[0] == "no storey's name stands beside what is drawn here: left out"


def test_a_title_that_names_no_storey_names_no_plan():
    found, said = read(huts((0, 0), (20, 0)), ((5, -2), "Section A-A"), ((25, -2), "First floor"))
    assert found == []
    assert said[0].startswith("2 plans of one size stand side by side")


def test_two_plans_of_one_storey_are_two_buildings_of_it():
    """Ground floors of two houses in a row above their first floors."""
    titles = [
        ((5, -2), "Ground floor"),
        ((25, -2), "Ground floor"),
        ((5, 18), "First floor"),
        ((25, 18), "1st floor"),
    ]
    found, _ = read(huts((0, 0), (20, 0), (0, 20), (20, 20)), *titles)
    assert [bounds(one) for one in found] == [pytest.approx((0, 0, 30, 6))] * 2
    assert [len(one.solids) for one in found] == [10, 10]


@pytest.mark.parametrize(("wide_m", "said"), [(10.0, True), (10.25, True), (10.4, False), (14.0, False)])
def test_plans_without_titles_are_said_where_they_are_of_one_size(wide_m, said):
    other = [(west, south, east + (wide_m - 10 if east == 10 else 0), north) for west, south, east, north in HUT]
    drawn = huts((0, 0))
    drawn.solids += huts((20, 0), areas=other).solids
    found, words = read(drawn)
    assert found == []
    assert [word.startswith("2 plans of one size") for word in words] == ([True] if said else [])


def test_a_legend_too_small_for_a_plan_is_none():
    drawn = huts((0, 0), (20, 0))
    drawn.solids.append((box(60, 0, 64, 0.3), "open"))  # 4 m of wall in the legend
    found, said = read(drawn, ((5, -2), "Ground floor"), ((25, -2), "First floor"), ((62, -1), "Second floor"))
    assert len(found) == 2
    assert not any("left out" in word for word in said)


def test_everything_of_a_storey_moves_with_its_walls():
    drawn = huts((0, 0), (20, 0))
    drawn.faces = [(np.array([[(1, 1), (3, 1)], [(21, 1), (23, 1)]], dtype=float), "brick_215")]
    drawn.markers = [Marker("door", "door", box(24, 2, 24.1, 3), "timber_door")]
    drawn.rooms = [PlanRoom("G-a", box(1, 1, 3, 3), "silence"), PlanRoom("G-b", box(21, 1, 23, 3), "silence")]
    drawn.voids = [box(26, 2, 27, 3)]
    drawn.outline = [box(0, 0, 10, 6), box(20, 0, 30, 6)]
    drawn.names = [((2, 2), "Cell 1"), ((22, 2), "Cell 11")]
    lower, upper = read(drawn, ((5, -2), "Ground floor"), ((25, -2), "First floor"))[0]
    assert [ends.tolist() for ends, _ in upper.faces] == [ends.tolist() for ends, _ in lower.faces]
    assert (lower.markers, lower.voids) == ([], [])
    assert upper.markers[0].shape.bounds == pytest.approx((4, 2, 4.1, 3))
    assert upper.voids[0].equals(box(6, 2, 7, 3))
    assert ([room.id for room in lower.rooms], [room.id for room in upper.rooms]) == (["G-a"], ["1-b"])
    assert upper.rooms[0].outline.equals(lower.rooms[0].outline)
    assert upper.outline[0].equals(box(0, 0, 10, 6))
    assert (lower.names, upper.names) == ([((2, 2), "Cell 1")], [((2, 2), "Cell 11")])


# --- How one storey lies on another.


@pytest.mark.parametrize(
    ("above", "move"),
    [
        (huts((20, 0)), (-20, 0)),
        (huts((0, 0)), (0, 0)),
        (huts((17, -33)), (-17, 33)),
        # The left part alone, 4.1 m wide, shares the west corners.
        (huts((20, 0), areas=[(0, 0, 4.1, 0.3), (0, 5.7, 4.1, 6), (0, 0.3, 0.3, 5.7), (4, 0.3, 4.1, 5.7)]), (-20, 0)),
        # The right part alone, from the wall across to the east wall, shares the east corners.
        (huts((20, 0), areas=[(4, 0, 10, 0.3), (4, 5.7, 10, 6), (9.7, 0.3, 10, 5.7), (4, 0.3, 4.1, 5.7)]), (-20, 0)),
    ],
)
def test_a_storey_lies_where_its_walls_stand_on_those_below(above, move):
    assert _move_upon(huts((0, 0)), above) == pytest.approx(move)


def test_a_storey_that_stands_out_all_round_lies_by_its_middle():
    """A hut with a gallery of 1 m all round: its inner walls stand on the walls below."""
    gallery = [*HUT, (-1, -1, 11, -0.9), (-1, 6.9, 11, 7), (-1, -0.9, -0.9, 6.9), (10.9, -0.9, 11, 6.9)]
    assert _move_upon(huts((0, 0)), huts((30, 5), areas=gallery)) == pytest.approx((-30, -5))


# --- Windows of layouts.


def test_each_layout_that_shows_walls_of_its_own_is_a_storey():
    drawn = huts((0, 0), (0, 20))
    lower, upper = by_view(drawn, [(-1000, -1000, 11000, 7000), (-1000, 19000, 11000, 27000)], 0.001)
    assert (lower.name, upper.name) == ("G", "1")
    assert bounds(lower) == bounds(upper) == pytest.approx((0, 0, 10, 6))


@pytest.mark.parametrize("views", [[], [(-1, -1, 11, 7)], [(-1, -1, 11, 7), (-1, -1, 11, 9)]])
def test_one_window_or_two_of_the_same_walls_are_no_storeys(views):
    assert by_view(huts((0, 0), (0, 20)), views, 1.0) == []


def test_a_window_on_nothing_is_no_storey():
    (only,) = by_view(huts((0, 0)), [(-1, -1, 11, 7), (50, 50, 60, 60)], 1.0)
    assert only.name == "G"


def viewport(number=2, height=8.0, wide=3.0, high=2.0, centre=(5.0, 3.0)):
    told = {"id": number, "view_height": height}
    place = SimpleNamespace(x=centre[0], y=centre[1])
    dxf = SimpleNamespace(get=told.get, view_height=height, width=wide, height=high, view_center_point=place)
    return SimpleNamespace(dxf=dxf)


def layout(name, *views):
    return SimpleNamespace(name=name, query=lambda _: views)


def test_a_layout_shows_what_its_largest_window_does():
    """A window 3 by 2 on paper that shows 8 of the model in height shows 12 in width."""
    document = SimpleNamespace(
        layouts=[
            layout("Model", viewport()),
            layout("A1", viewport(1, 500), viewport(), viewport(3, 4.0, centre=(50, 50))),
            layout("empty"),
            layout("flat", viewport(2, 8.0, 3.0, 0.0), viewport(2, 0.0), viewport(2, centre=(np.nan, 0))),
        ]
    )
    assert views_of(document) == [(-1.0, -1.0, 11.0, 7.0)]


# --- Layers.


def content(*layers, texts=()) -> DxfContent:
    """A line on each layer."""
    paths = [(layer, str(number), [(0.0, 0.0), (1.0, 0.0)], False) for number, layer in enumerate(layers)]
    inserts = [(f"{layer}-DOOR", "9", "door", np.zeros((4, 2))) for layer in layers if "WALL" not in layer]
    every = Counter([*layers, *(layer for _, _, layer in texts), *(one[0] for one in inserts)])
    return DxfContent(paths=paths, inserts=inserts, texts=list(texts), layers=every)


def test_layers_of_walls_that_name_storeys_are_storeys_lowest_first():
    drawing = content("L1-WALL", "L0-WALL", "A-WALL", texts=[((0, 0), "Cell", "L1-ROOM"), ((0, 0), "Yard", "ROOM")])
    lower, upper = by_layer(drawing, PlanMapping())
    assert [one[0] for one in lower.paths] == ["L0-WALL", "A-WALL"]
    assert [one[0] for one in upper.paths] == ["L1-WALL", "A-WALL"]
    assert [said for _, said, _ in lower.texts] == ["Yard"]
    assert [said for _, said, _ in upper.texts] == ["Cell", "Yard"]


def test_doors_on_a_layer_of_one_storey_belong_to_it():
    lower, upper = by_layer(content("EG_WALL", "1.OG_WALL", "1.OG"), PlanMapping())
    assert (len(lower.inserts), len(upper.inserts)) == (0, 1)


@pytest.mark.parametrize(
    "layers",
    [
        ("A-WALL", "B-WALL"),
        ("L1-WALL", "A-WALL"),
        ("L1-WALL", "L1-WALL-FIRE"),  # one storey twice
        ("L0-WALL", "L1-FURN"),  # furniture makes no storey
        ("10 year plan WALL", "EG&G WALL", "FF&E WALL"),
    ],
)
def test_layers_that_name_fewer_than_two_storeys_of_walls_name_none(layers):
    assert by_layer(content(*layers), PlanMapping()) == []


def test_what_a_mapping_takes_for_walls_counts_as_walls():
    mapping = PlanMapping(layers={"L1-X": Use("walls"), "L2-X": Use("walls")})
    assert by_layer(content("L1-X", "L2-X"), PlanMapping()) == []
    assert len(by_layer(content("L1-X", "L2-X"), mapping)) == 2
