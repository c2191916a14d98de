"""Several blockers in the hand, an antenna turned, a façade treated at once: what they do to a layout."""

import math
from functools import cache

import pytest

from quietwing.coverage.app.plan_editor.edits import Where, windows_by_room
from quietwing.coverage.app.plan_editor.group_edits import apply_gesture, facade_rooms
from quietwing.coverage.app.state import Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.sites import load_site

CATALOGUE = read_catalogue()
GROUND_FLOOR = Where(0, 0)


@cache
def site():
    return load_site("houseblock")


def hung(*places: tuple[float, float], **common) -> Layout:
    return Layout(
        tuple(Device(f"B{n}", "micro_jammer", x, y, 2.7, **common) for n, (x, y) in enumerate(places, start=1))
    )


def after(edit: dict, layout: Layout, model: str = "micro_jammer") -> Layout:
    return apply_gesture(edit, layout, site(), CATALOGUE, GROUND_FLOOR, model)


def places(layout: Layout) -> list[tuple[float, float]]:
    return [(one.x_m, one.y_m) for one in layout.devices]


THREE = ((2.0, 0.5), (5.0, -0.5), (14.0, 0.0))


def test_a_shift_moves_the_selected_ones_by_the_same_way_and_no_other():
    moved = after({"op": "shift", "id": "B1", "ids": ["B1", "B3"], "dx": 1.0, "dy": -0.25}, hung(*THREE))
    assert places(moved) == [(3.0, 0.25), (5.0, -0.5), (15.0, -0.25)]


def test_a_cable_goes_with_its_blocker():
    cable = Device("C1", "cable_jammer", 2.0, 0.0, 2.7, route_m=((7.0, 0.0, 2.7),))
    moved = after({"op": "shift", "ids": ["C1"], "dx": 1.0, "dy": 0.0}, Layout((cable,)))
    assert moved.devices[0].route_m == ((8.0, 0.0, 2.7),)


def test_others_line_up_with_the_one_clicked_last():
    row = after({"op": "arrange", "how": "row", "ids": ["B2", "B1", "B3"]}, hung(*THREE))
    assert places(row) == [(2.0, -0.5), (5.0, -0.5), (14.0, -0.5)]
    column = after({"op": "arrange", "how": "column", "ids": ["B2", "B1"]}, hung(*THREE))
    assert places(column) == [(5.0, 0.5), (5.0, -0.5), (14.0, 0.0)]


def test_spread_puts_the_middle_one_half_way_and_leaves_the_outermost():
    """From 2 to 14 m: the middle one at 8 m; how far north it hangs is its own."""
    spread = after({"op": "arrange", "how": "spread", "ids": ["B3", "B1", "B2"]}, hung(*THREE))
    assert places(spread) == [(2.0, 0.5), (8.0, -0.5), (14.0, 0.0)]


def test_copies_hang_a_metre_to_the_east_under_free_names_and_are_planned():
    two = after({"op": "copy", "ids": ["B1", "B2"]}, hung(*THREE, state="existing"))
    assert [(one.id, one.x_m, one.y_m, one.state) for one in two.devices[3:]] == [
        ("B4", 3.0, 0.5, "planned"),
        ("B5", 6.0, -0.5, "planned"),
    ]
    assert two.devices[:3] == hung(*THREE, state="existing").devices


def test_several_are_removed_in_one_step():
    assert [one.id for one in after({"op": "remove", "ids": ["B3", "B1"]}, hung(*THREE)).devices] == ["B2"]


def test_an_antenna_is_turned_clockwise_from_north_and_no_further_than_round():
    turned = after({"op": "turn", "id": "B2", "azimuth": 365.0}, hung(*THREE))
    assert [one.azimuth_deg for one in turned.devices] == [0.0, 5.0, 0.0]


def test_a_facade_is_all_windows_in_line_on_that_storey_or_on_all():
    """Both arms of the T and what lies between them have one south side, four storeys high."""
    (window,) = windows_by_room(site())["A1-01"]
    here = facade_rooms(site(), window, every_storey=False)
    outlines = {room.id: room.outline.centroid for room in site().rooms}
    assert {outlines[room].y > 0 for room in here} == {outlines["A1-01"].y > 0}  # one side of the wing
    assert {site().rooms[site().room_index[room]].storey for room in here} == {0}
    every = facade_rooms(site(), window, every_storey=True)
    storey_of = {room.id: room.storey for room in site().rooms}
    assert {storey_of[room] for room in every} == {0, 1, 2, 3}
    assert {room for room in every if storey_of[room] == 0} == set(here)


def test_a_facade_is_treated_and_cleared_in_one_gesture():
    (window,) = windows_by_room(site())["A1-01"]
    rooms = facade_rooms(site(), window, every_storey=False)
    treated = after({"op": "treat", "opening": window, "reach": "facade"}, Layout(), model="window_mesh")
    openings = {opening for room in rooms for opening in windows_by_room(site())[room]}
    assert {one.opening for one in treated.treatments} == openings
    assert {one.model for one in treated.treatments} == {"window_mesh"}
    assert after({"op": "untreat", "opening": window, "reach": "facade"}, treated).treatments == ()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"op": "shift", "ids": ["B1", "nobody"], "dx": 0.0, "dy": 0.0}, "no device 'nobody'"),
        ({"op": "shift", "ids": "B1", "dx": 0.0, "dy": 0.0}, "no blockers"),
        ({"op": "shift", "ids": [], "dx": 0.0, "dy": 0.0}, "no blockers"),
        ({"op": "shift", "ids": ["B1"], "dx": math.nan, "dy": 0.0}, "expected a number"),
        ({"op": "shift", "ids": ["B1"], "dx": 5000.0, "dy": 0.0}, "outside the perimeter"),
        ({"op": "arrange", "ids": ["B1", "B2"], "how": "spread"}, "select 3 or more"),
        ({"op": "arrange", "ids": ["B1", "B2"], "how": "circle"}, "nothing to do"),
        ({"op": "turn", "id": "B1", "azimuth": "north"}, "expected a number"),
        ({"op": "turn", "id": "B1", "azimuth": True}, "expected a number"),
        ({"op": "treat", "opening": "nothing", "reach": "facade"}, "no window"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(edit, said):
    with pytest.raises(ScenarioError, match=said):
        after(edit, hung(*THREE))


def test_a_single_gesture_still_does_what_it_did():
    assert places(after({"op": "move", "id": "B1", "x": 3.0, "y": 0.0}, hung(*THREE)))[0] == (3.0, 0.0)
