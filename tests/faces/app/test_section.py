"""The section along a line: where it meets floors, walls, windows and rooms of a wing whose measures are known.

The wing, two storeys of 3 m each: cells 3.8 m deep at −5.3…−1.5 m and 1.5…5.3 m, a landing between them, and walls
at −5.3, −1.5, 1.5 and 5.3 m. Windows stand 0.7…1.7 m and 3.1…4.1 m along it, sills at 1 m, heads at 2 m.
"""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.coverage.app.blockers_state import BLOCKERS, SIGNALS, Desk
from quietwing.coverage.app.plan_editor.cut import along, beside, cut
from quietwing.coverage.app.plan_editor.places import places_of
from quietwing.coverage.app.section_part import LEVEL, MARGIN, NETWORK, section_picture, take_section
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.live.drafted import blocker_levels_dbm
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Patch
from quietwing.sites.synthetic import build_wing, describe

SITE = build_wing(describe(type="wing", cells=4, storeys=2, fence_distance_m=700, name="small-wing"))
PLACES = places_of(SITE)
CATALOGUE = read_catalogue()
JAMMER = Device("J1", "room_jammer", -3.0, 1.2, 2.7)
ACROSS = ((-6.3, 1.2), (6.7, 1.2))  # 13 m, through the windows of A1-01 and A1-03: 1 m outside, 10.6 m within, 1.4 m


def test_a_line_across_cuts_each_room_where_the_plan_says():
    """The outer wall stands −5.3 − (−6.3) = 1 m along, the landing −1.5 + 6.3 = 4.8 m to 1.5 + 6.3 = 7.8 m."""
    found = cut(SITE, PLACES, ACROSS)
    assert found.length_m == pytest.approx(13.0)
    assert found.places == (0, 1)
    ground = {room.name: (room.from_m, room.to_m) for room in found.rooms if room.place == 0}
    assert set(ground) == {"A1-01", "A1-landing", "A1-03"}
    assert ground["A1-01"] == pytest.approx((1.0, 4.8))
    assert ground["A1-landing"] == pytest.approx((4.8, 7.8))
    assert ground["A1-03"] == pytest.approx((7.8, 11.6))
    above = next(room for room in found.rooms if room.name == "A2-01")
    assert (above.floor_m, above.ceiling_m) == (3.0, 6.0)
    assert found.heights_m == (0.0, 6.0)


def test_walls_stand_where_they_are_crossed_with_the_windows_and_doors_met_there():
    """y = 1.2 m is in the windows (0.7 to 1.7 m), and at the end of the doors (0.4 to 1.2 m)."""
    walls = sorted(cut(SITE, PLACES, ACROSS).walls, key=lambda one: (one.base_m, one.from_m))
    assert [one.from_m for one in walls] == pytest.approx(2 * [1.0, 4.8, 7.8, 11.6])
    assert [(one.base_m, one.top_m) for one in walls] == 4 * [(0.0, 3.0)] + 4 * [(3.0, 6.0)]
    assert walls[0].gaps_m == (("window", 1.0, 2.0),)
    assert walls[4].gaps_m == (("window", 4.0, 5.0),)  # 3 m of floor and 1 m of sill
    assert walls[1].gaps_m == (("door", 0.0, 2.0),)
    closed = cut(SITE, PLACES, ((-6.3, 2.0), (6.7, 2.0))).walls  # past every window and door
    assert all(not one.gaps_m for one in closed)


def test_floors_and_roof_are_cut_over_the_building_alone():
    floors = cut(SITE, PLACES, ACROSS).floors
    assert [(one.level_m, one.kind) for one in floors] == [(0.0, "floor"), (3.0, "floor"), (6.0, "roof")]
    assert all((one.from_m, one.to_m) == pytest.approx((1.0, 11.6)) for one in floors)


def test_a_slanting_line_is_as_long_as_the_way_it_goes():
    """3 m east and 4 m north within the landing and beyond: √(3² + 4²) = 5 m; x = 1.5 m after 5 · 2.5/3 m."""
    found = cut(SITE, PLACES, ((-1.0, 0.5), (2.0, 4.5)))
    assert found.length_m == pytest.approx(5.0)
    ground = {room.name: (room.from_m, room.to_m) for room in found.rooms if room.place == 0}
    assert ground["A1-landing"] == pytest.approx((0.0, 5 * 2.5 / 3))
    assert ground["A1-04"] == pytest.approx((5 * 2.5 / 3, 5.0))


def test_a_line_along_a_wall_shows_the_wall_and_a_line_beside_the_site_nothing():
    inner = cut(SITE, PLACES, ((-1.5, 1.0), (-1.5, 4.0))).walls
    assert any((one.from_m, one.to_m) == pytest.approx((0.0, 3.0)) for one in inner)
    beyond = cut(SITE, PLACES, ((100.0, 0.0), (110.0, 0.0)))
    assert beyond.rooms == beyond.walls == beyond.floors == ()


def test_a_step_has_the_level_of_the_nearest_square_of_its_own_room():
    """A1-01 is cut over 3.8 m: 8 steps of 0.475 m, whose middles lie at x = −5.3 + 0.475 · (n + ½).

    Squares of a metre stand at x = −4.8, −3.8, −2.8, −1.8 with 10, 20, 30, 40 dB, and the landing's first, nearer to
    the last steps, with 99: the room's own count alone. Borders at −4.3, −3.3, −2.3 fall in steps 2.1, 4.2 and 6.3.
    """
    of = cut(SITE, PLACES, ACROSS)
    room = next(one for one in of.rooms if one.name == "A1-01")
    index, landing = SITE.room_index["A1-01"], SITE.room_index["A1-landing"]
    patch = Patch((-4.8, 1.2, 1.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 5, 1, 0)
    rooms = np.array([[index, index, index, index, landing]])
    values = np.array([[10.0, 20.0, 30.0, 40.0, 99.0]])
    assert along(of, room, patch, rooms, values) == (10, 10, 20, 20, 30, 30, 40, 40)
    assert along(of, room, patch, np.full_like(rooms, landing), values) == (None,) * 8


def test_blockers_by_the_line_stand_at_their_distance_along_it():
    """J1 at x = −3 m on the line's y: 3.3 m along; one 2 m aside is left out."""
    ((device, at_m),) = beside(cut(SITE, PLACES, ACROSS), (JAMMER, replace(JAMMER, id="J2", y_m=3.2)))
    assert device.id == "J1"
    assert at_m == pytest.approx(3.3)


def test_levels_of_blockers_add_as_powers_on_the_best_carrier_of_a_channel():
    """Two of −90 dBm make −87 dBm; a cell of −80 dBm on the channel's other carrier is more; no blocker: nothing."""
    model = SimpleNamespace(channels=("a", "b"), carrier_channel=np.array([0, 0, 1]))
    level = np.array([[[-90.0], [-np.inf], [-np.inf]], [[-90.0], [-np.inf], [-np.inf]]])
    cell = np.full_like(level, -np.inf)
    found = blocker_levels_dbm(model, SimpleNamespace(level_dbm=level, mas_dbm=cell))
    assert found[0, 0] == pytest.approx(-90 + 10 * math.log10(2), abs=1e-4)
    assert found[1, 0] == -np.inf
    cell[0, 1, 0] = -80.0
    assert blocker_levels_dbm(model, SimpleNamespace(level_dbm=level, mas_dbm=cell))[0, 0] == pytest.approx(-80.0)


# --- On the page.


def desk() -> Desk:
    scenario = Scenario(worlds=100, grid_m=1.0, channels=("EE/B1/LTE",), equipment=("room_jammer",))
    return Desk(SITE, scenario, CATALOGUE)


def line(x0=-6.3, y0=1.2, x1=6.7, y1=1.2) -> dict[str, object]:
    return {"x0": x0, "y0": y0, "x1": x1, "y1": y1}


def drawn(at: Desk, devices=(JAMMER,), page=BLOCKERS):
    """The section once every storey's estimate is at hand."""
    found, waiting = section_picture(at, page, (devices, ()))
    while waiting:
        at.draft(waiting[0], devices, ())
        found, waiting = section_picture(at, page, (devices, ()))
    return found


def test_the_section_says_what_the_plan_says_at_the_same_square():
    at = desk()
    take_section(at, "section", line())
    first, waiting = section_picture(at, BLOCKERS, ((JAMMER,), ()))
    assert waiting == (0, 1)
    assert first["note"] == "2 storeys still being worked out"
    assert not any(room["known"] for room in first["rooms"])  # its walls stand at once
    found = drawn(at)
    json.dumps(found)  # plain values
    assert found["note"] == ""
    draft = at.draft(0, (JAMMER,), ())
    margins = draft.data["margin_db"].values[draft.data["room"].values == SITE.room_index["A1-01"]]
    said = next(room for room in found["rooms"] if room["name"] == "A1-01")["values"]
    assert all(np.abs(margins - value).min() <= 0.05 + 1e-6 for value in said)
    assert found["quantity"] == MARGIN
    assert "dB" in found["field"]["title"]


def test_the_quantity_follows_the_layer_until_another_is_chosen():
    at = desk()
    take_section(at, "section", line())
    at.layers[BLOCKERS] = "Signal"
    signal = drawn(at)
    assert signal["quantity"] == NETWORK
    assert "RSRP" in signal["field"]["title"]
    assert "[dBm]" in signal["field"]["title"]
    take_section(at, "quantity", {"quantity": LEVEL})
    level = drawn(at)
    assert level["quantity"] == LEVEL
    at_home, away = ([value for room in level["rooms"] if room["name"] == name for value in room["values"]]
                     for name in ("A1-01", "A2-03"))  # fmt: skip
    assert max(at_home) > max(away)  # the jammer's own cell against one across the landing, a storey up
    off = drawn(at, (), SIGNALS)
    assert off["quantities"] == [MARGIN, NETWORK]  # no blocker, no level of one
    take_section(at, "section", {"off": True})
    assert section_picture(at, BLOCKERS, ((JAMMER,), ())) == (None, ())


def test_while_a_blocker_is_held_the_section_stays_and_says_so():
    at = desk()
    take_section(at, "section", line())
    before = drawn(at)
    assert section_picture(at, BLOCKERS, None) == ({**before, "note": "As before this move"}, ())


@pytest.mark.parametrize(
    "edit",
    [line(x1=-6.3), line(x0=math.nan), line(y1="far"), line(x0=True), line(x1=9e6), {}],
    ids=["a point", "nan", "text", "a truth", "too long", "nothing"],
)
def test_what_is_no_line_is_refused_in_words(edit):
    at = desk()
    with pytest.raises(ScenarioError, match="draw the line again"):
        take_section(at, "section", edit)
    assert at.section.line_m is None
