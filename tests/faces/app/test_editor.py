"""What gestures and tables do to a layout, and what the plan's script is given: no browser needed, none trusted."""

import json
import math
import subprocess
from dataclasses import replace
from importlib import resources
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from quietwing.coverage.app.plan_editor.drawing import borders, ground, on_plan, picture
from quietwing.coverage.app.plan_editor.edits import (
    MOST_DEVICES,
    TableEdit,
    Where,
    apply,
    apply_table,
    new_id,
    table_rows,
    treat_rooms,
    windows_by_room,
)
from quietwing.coverage.app.plan_editor.views import best_blocker, change, dead_zones, margin, margin_in_words
from quietwing.coverage.app.state import Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.report.device_marks import short_names
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.drafting import Drafting
from quietwing.sites import load_site
from quietwing.sites.model import Room, Site
from quietwing.sites.points import Patch

CATALOGUE = read_catalogue()
SITE = load_site("houseblock")
EXAMPLE = Path(__file__).parents[3] / "sites" / "examples" / "houseblock" / "layout.csv"
OWN = Layout(read_layout(EXAMPLE, CATALOGUE))
GROUND_FLOOR = Where(0, 0)
WINDOWS = windows_by_room(SITE)


def edited(edit: dict, layout: Layout = OWN, model: str = "micro_jammer", where: Where = GROUND_FLOOR) -> Layout:
    return apply(edit, layout, SITE, CATALOGUE, where, model)


@pytest.fixture(scope="module")
def drafting() -> Drafting:
    return Drafting(SITE, Scenario(), CATALOGUE, grid_m=2.0)


# --- gestures ---


def test_a_click_adds_the_chosen_model_below_the_ceiling():
    new = edited({"op": "add", "x": 6.504, "y": 3.401})
    added = new.devices[-1]
    assert new.devices[:-1] == OWN.devices
    assert (added.id, added.model, added.x_m, added.y_m, added.z_m) == ("B1", "micro_jammer", 6.5, 3.4, 2.7)
    assert edited({"op": "add", "x": 6.5, "y": 3.4}, where=Where(0, 2)).devices[-1].z_m == pytest.approx(8.7)


def test_new_ids_are_free_whatever_their_case():
    assert new_id(["B1", "b2", "B4"]) == "B3"
    assert new_id([]) == "B1"


def test_a_drag_changes_the_place_and_nothing_else():
    old = OWN.devices[2]
    new = edited({"op": "move", "id": old.id, "x": 1.004, "y": -12.0}).devices
    assert new[2] == replace(old, x_m=1.0, y_m=-12.0)
    assert (*new[:2], *new[3:]) == (*OWN.devices[:2], *OWN.devices[3:])


def test_delete_takes_one_away():
    new = edited({"op": "delete", "id": "A1-M1"})
    assert [device.id for device in new.devices] == [d.id for d in OWN.devices if d.id != "A1-M1"]


def test_a_clicked_window_treats_all_windows_of_its_room_and_back():
    (opening,) = WINDOWS["A1-01"]
    treated = edited({"op": "treat", "opening": opening}, model="window_mesh")
    assert treated.treatments == (Treatment(opening, "window_mesh"),)
    both = edited({"op": "treat", "opening": opening}, treated, model="window_film")
    assert {one.model for one in both.treatments} == {"window_mesh", "window_film"}
    assert edited({"op": "untreat", "opening": opening}, both).treatments == ()


def test_another_mesh_takes_the_place_of_a_mesh():
    two = CATALOGUE | {"other_mesh": replace(CATALOGUE["window_mesh"], name="other_mesh")}
    first = treat_rooms(OWN, SITE, two, {"A1-01": {"window_mesh": True}, "A1-02": {"window_mesh": True}})
    second = treat_rooms(first, SITE, two, {"A1-01": {"other_mesh": True}})
    assert [one.model for one in second.treatments] == ["other_mesh", "window_mesh"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"op": "add", "x": 5000, "y": 0}, "outside the perimeter"),
        ({"op": "add", "x": math.nan, "y": 0}, "expected metres"),
        ({"op": "add", "x": math.inf, "y": 0}, "expected metres"),
        ({"op": "add", "x": True, "y": 0}, "expected metres"),
        ({"op": "add", "x": "1", "y": 0}, "expected metres"),
        ({"op": "add", "x": 1}, "expected metres"),
        ({"op": "add", "x": 1e300, "y": 0}, "nowhere on a site"),
        ({"op": "move", "id": "nobody", "x": 1, "y": 1}, "no device 'nobody'"),
        ({"op": "move", "id": ["A1-M1"], "x": 1, "y": 1}, "no device"),
        ({"op": "move", "id": "A1-M1", "x": 23.3, "y": 0}, "stands where"),
        ({"op": "delete", "id": None}, "no device"),
        ({"op": "treat", "opening": "nothing"}, "no window"),
        ({"op": "explode"}, "no gesture"),
        ({}, "no gesture"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(edit, said):
    with pytest.raises(ScenarioError, match=said):
        edited(edit)


@pytest.mark.parametrize(("op", "model"), [("add", "window_mesh"), ("add", "mas_head_end"), ("add", "nothing")])
def test_only_blockers_are_placed(op, model):
    with pytest.raises(ScenarioError, match="no blocker"):
        edited({"op": op, "x": 1, "y": 1}, model=model)


def test_only_meshes_and_films_go_into_windows():
    with pytest.raises(ScenarioError, match="no mesh or film"):
        edited({"op": "treat", "opening": WINDOWS["A1-01"][0]}, model="mas_node")
    with pytest.raises(ScenarioError, match="no window in an outer wall"):
        treat_rooms(OWN, SITE, CATALOGUE, {"nowhere": {"window_mesh": True}})


def test_there_is_an_end_to_adding():
    many = Layout(tuple(Device(f"D{n}", "micro_jammer", n * 0.01, 0.0, 2.7) for n in range(MOST_DEVICES)))
    with pytest.raises(ScenarioError, match=f"{MOST_DEVICES} devices at most"):
        edited({"op": "add", "x": 6.5, "y": 3.4}, many)


def test_a_problem_that_was_there_before_stops_nobody():
    strayed = Layout((*OWN.devices, Device("far", "micro_jammer", 9000.0, 0.0, 2.7)))
    assert len(edited({"op": "add", "x": 6.5, "y": 3.4}, strayed).devices) == len(strayed.devices) + 1


def test_a_device_in_a_yard_hangs_on_a_pole_and_indoors_on_its_storey():
    open_air = edited({"op": "add", "x": 30.0, "y": -30.0}, where=Where(-1, 0)).devices[-1]
    assert (open_air.z_m, open_air.storey) == (4.0, 0)
    indoors = edited({"op": "add", "x": 6.5, "y": 3.4}, where=Where(-1, 0)).devices[-1]
    assert (indoors.z_m, indoors.storey) == (4.0, 1)


# --- tables ---

SHOWN = [device.id for device in OWN.devices if device.storey == 0]


def tabled(edit: TableEdit, layout: Layout = OWN) -> Layout:
    return apply_table(edit, layout, SHOWN, SITE, CATALOGUE, GROUND_FLOOR, "micro_jammer")


def test_rows_are_the_devices():
    row = table_rows(OWN.devices[:1])[0]
    assert (row["id"], row["x_m"], row["storey"]) == ("A1-M1", 11.3, 0)
    assert row["trim_db"].startswith("EE/B20/LTE:-2.5; EE/B3/GSM:-0.5")


def test_an_untouched_table_changes_nothing():
    assert tabled(TableEdit({})) == OWN


def test_cells_change_their_device_only():
    new = tabled(TableEdit({0: {"x_m": 12.0, "power_dbm": 1}, 2: {"state": "off"}}))
    assert new.devices[0] == replace(OWN.devices[0], x_m=12.0, power_dbm=1.0)
    assert new.devices[2].state == "off"
    assert new.devices[3:] == OWN.devices[3:]


def test_an_emptied_power_is_the_catalogues():
    assert tabled(TableEdit({0: {"power_dbm": None, "trim_db": ""}})).devices[0].power_dbm is None


def test_rows_are_added_with_what_they_leave_open_and_removed():
    new = tabled(TableEdit({}, [{"x_m": 6.5, "y_m": 3.4}], [0, 1]))
    assert [device.id for device in new.devices] == [*[device.id for device in OWN.devices[2:]], "B1"]
    assert (new.devices[-1].model, new.devices[-1].z_m) == ("micro_jammer", 2.7)


def test_a_renamed_device_keeps_its_place_in_the_list():
    assert tabled(TableEdit({1: {"id": "north"}})).devices[1].id == "north"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (TableEdit({0: {"x_m": 99999}}), "outside the perimeter"),
        (TableEdit({0: {"x_m": None}}), "x_m"),
        (TableEdit({0: {"z_m": 8.0}}), "storey 2"),
        (TableEdit({0: {"storey": 1.5}}), "storey"),
        (TableEdit({0: {"model": "mas_nod"}}), "did you mean 'mas_node'"),
        (TableEdit({0: {"power_dbm": 60}}), "can give"),
        (TableEdit({0: {"azimuth_deg": 400}}), "azimuth_deg"),
        (TableEdit({0: {"id": "A1-M2"}}), "stands twice"),
        (TableEdit({0: {"id": "a2-m1"}}), "another storey"),
        (TableEdit({0: {"id": ""}}), "id"),
        (TableEdit({0: {"trim_db": "B99:-3"}}), "B99"),
        (TableEdit({}, [{"id": "new"}]), "x_m"),
        (TableEdit({}, [{"id": "new", "x_m": 1, "y_m": 1, "model": "window_film"}]), "film for windows"),
    ],
)
def test_wrong_cells_are_named(edit, said):
    with pytest.raises(ScenarioError, match=said):
        tabled(edit)


# --- what the script is given ---


def drawn(drafting: Drafting, place: int = 0, layout: Layout = OWN, view=None, site: Site = SITE):
    draft = drafting.draft(place, layout.devices, layout.treatments)
    below = ground(site, drafting.places[place])
    look = dead_zones(draft, None) if view is None else view(site, draft)
    here = on_plan(site, below, layout.devices)
    models = [device.model for device in layout.devices]
    return draft, picture(below, look, here, models, layout.treatments, {"ack": "", "select": "", "message": ""})


def test_the_picture_is_plain_json_of_modest_size(drafting):
    _, plain = drawn(drafting)
    text = json.dumps(plain, allow_nan=False)
    assert len(text) < 150_000
    assert len(plain["devices"]) == 7
    here = {room.id for room in SITE.rooms if room.building == SITE.buildings[0].id and room.storey == 0}
    assert {room["id"] for room in plain["rooms"]} == here


def test_states_of_the_map_are_those_of_the_draft(drafting):
    draft, plain = drawn(drafting)
    words = {"dead zone": "dead", "marginal": "marginal", "hole": "hole"}
    states = {room["id"]: room["state"] for room in plain["rooms"]}
    assert all(states[room.room] == words[room.state] for room in draft.rooms)
    assert {states[room] for room in set(states) - {room.room for room in draft.rooms}} == {"other"}


def test_devices_show_on_their_own_storey_only(drafting):
    below = ground(SITE, drafting.places[1])
    assert {device.storey for device in on_plan(SITE, below, OWN.devices)} == {1}
    staff = ground(SITE, drafting.places[4])
    assert on_plan(SITE, staff, OWN.devices) == ()


def test_names_on_a_plan_are_short_and_none_stands_twice():
    bought = ("B2-16-B2-16-window-window", "A1-landing-A1-end-window-window", "A1-landing-A1-end-window-middle")
    assert short_names(("A1-M1", *bought)) == {
        "A1-M1": "A1-M1",
        bought[0]: "B2-16-window",
        bought[1]: "A1-landing-… 1",
        bought[2]: "A1-landing-… 2",
    }


def test_a_plan_far_from_the_origin_is_drawn_near_it(drafting):
    moved = Patch((5e5, 2e5, 1.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 2, 2, 0)
    lines = borders(moved, np.array([[0, 1], [0, 1]]), np.ones((2, 2), bool))
    assert lines.tolist() == [
        [[500000.5, 199999.5], [500000.5, 200000.5]],
        [[500000.5, 200000.5], [500000.5, 200001.5]],
    ]
    _, plain = drawn(drafting)
    assert plain["origin"]["x"] <= plain["extents"]["x0"] + 3.0 + 1.0


def test_margin_view_has_one_pixel_a_square_and_the_zero_line(drafting):
    draft, plain = drawn(drafting, view=margin)
    assert (plain["image"]["width"], plain["image"]["height"]) == (draft.patch.count_i, draft.patch.count_j)
    assert plain["image"]["href"].startswith("data:image/png;base64,")
    assert plain["lines"].startswith("M")
    assert any("−20 dB" in entry["text"] for entry in plain["legend"])


def test_best_blocker_view_colours_devices_as_their_areas(drafting):
    draft, plain = drawn(drafting, view=best_blocker)
    colours = {device["id"]: device["colour"] for device in plain["devices"]}
    assert len(set(colours.values())) > 3
    assert len(plain["devices"]) == 7
    assert draft.devices == tuple(device.id for device in OWN.devices)
    _, silent = drawn(drafting, layout=Layout(), view=best_blocker)
    assert any("no blocker sends" in entry["text"] for entry in silent["legend"])


def test_change_counts_both_ways(drafting):
    draft = drafting.draft(0, OWN.devices)
    rooms = [room.room for room in draft.rooms]
    before = dict.fromkeys(rooms, False) | {rooms[0]: True}
    now = dict.fromkeys(rooms, False) | {rooms[1]: True, rooms[2]: True}
    look = change(draft, before, now, "then and now")
    assert look.aria == "then and now: 2 cells turned into dead zones, 1 into holes."
    assert [look.states[room] for room in rooms[:3]] == ["lost", "gained", "gained"]


def test_margins_are_rounded_down():
    assert [margin_in_words(value) for value in (6.9, -3.1, 0.0, 200.0)] == ["+6 dB", "−4 dB", "+0 dB", "no signal"]


def test_a_site_with_hostile_names_reaches_the_script_as_text_only(drafting):
    nasty = "<img src=x onerror=alert(1)>"
    rooms = (*SITE.rooms[:1], replace(SITE.rooms[1], name=nasty), *SITE.rooms[2:])
    _, plain = drawn(drafting, site=replace(SITE, rooms=rooms))
    assert json.loads(json.dumps(plain)) == plain
    script = "".join(
        resources.files("quietwing.coverage.app.plan_editor").joinpath(name).read_text("utf-8")
        for name in ("shapes.js", "editor.js")
    )
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "http:",
        "https:",
    ):
        assert way not in script.replace("http://www.w3.org/2000/svg", ""), way


@pytest.mark.skipif(which("node") is None, reason="no node to read the script with")
def test_the_script_is_a_module(tmp_path):
    own = resources.files("quietwing.coverage.app.plan_editor")
    script = tmp_path / "editor.mjs"
    script.write_text("".join(own.joinpath(name).read_text("utf-8") for name in ("shapes.js", "editor.js")), "utf-8")
    assert subprocess.run(["node", "--check", str(script)], capture_output=True).returncode == 0


def test_a_yard_is_drawn_with_its_own_fence():
    yard = Room("Y1", None, 0, SITE.rooms[0].outline.buffer(2.0).envelope, "silence")
    site = replace(SITE, rooms=(*SITE.rooms, yard))
    drafting = Drafting(site, Scenario(), CATALOGUE, grid_m=3.0)
    below = ground(site, drafting.places[-1])
    assert [room["id"] for room in below.rooms] == ["Y1"]
    assert below.walls.count("M") == 1
