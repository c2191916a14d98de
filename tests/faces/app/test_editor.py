"""What gestures and tables do to a layout, and what the plan's script is given: no browser needed, none trusted."""

import base64
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundled import bundled
from shapely.geometry import box

from quietwing.coverage.app.layout_facts import LayoutFacts, OutsidePlace, stored_sample
from quietwing.coverage.app.plan_editor import script
from quietwing.coverage.app.plan_editor.drawing import Field, Scale, field_values, ground, on_plan, picture
from quietwing.coverage.app.plan_editor.edits import (
    MOST_DEVICES,
    TableEdit,
    Where,
    apply,
    apply_table,
    copied_to_storeys,
    new_id,
    replaced,
    table_rows,
    treat_rooms,
    windows_by_room,
)
from quietwing.coverage.app.plan_editor.layers import (
    STRONGEST,
    best_blocker,
    difference,
    estimated,
    margin,
    margin_in_words,
    signal,
    usable_channels,
)
from quietwing.coverage.app.plan_editor.places import places_of
from quietwing.coverage.app.plan_editor.site_plan import site_picture, spill_field, stack_of
from quietwing.coverage.app.state import Layout, Session
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text, parse_layout, read_layout
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.report.plan_marks import short_names
from quietwing.coverage.report.words import channel_in_words
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.sites import beside, load_site
from quietwing.sites.model import Room, Site
from quietwing.sites.points import Patch

CATALOGUE = read_catalogue()
SITE = bundled("houseblock")
EXAMPLE = Path(__file__).parents[3] / "sites" / "examples" / "houseblock" / "layout.csv"
OWN = Layout(read_layout(EXAMPLE, CATALOGUE))
GROUND_FLOOR = Where(0, 0)
WINDOWS = windows_by_room(SITE)


def edited(edit: dict, layout: Layout = OWN, model: str = "micro_jammer", where: Where = GROUND_FLOOR) -> Layout:
    return apply(edit, layout, SITE, CATALOGUE, where, model)


@pytest.fixture(scope="module")
def drafting() -> Drafting:
    return Drafting(SITE, Scenario(), CATALOGUE, grid_m=2.0)


def stored_sample_facts() -> LayoutFacts:
    """What the first screen says of houseblock."""
    own = Session(SITE, "houseblock", read_scenario(beside("houseblock", "scenario.toml")), CATALOGUE, Path(), OWN)
    facts = stored_sample(own)
    assert facts is not None
    return facts


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
        (TableEdit({0: {"x_m": None}}), "^Row 1, A1-M1: “x .m.” is missing"),
        (TableEdit({0: {"z_m": 8.0}}), "storey 2"),
        (TableEdit({0: {"storey": 1.5}}), "^Row 1, A1-M1: “Storey” is 1.5"),
        (TableEdit({0: {"model": "mas_nod"}}), "did you mean 'mas_node'"),
        (TableEdit({0: {"power_dbm": 60}}), "can give"),
        (TableEdit({3: {"azimuth_deg": 400}}, deleted=[0]), "^Row 3, B1-M2: “Azimuth .°.” is 400"),
        (TableEdit({0: {"id": "A1-M2"}}), "stands twice"),
        (TableEdit({0: {"id": "a2-m1"}}), "another storey"),
        (TableEdit({0: {"id": ""}}), "^Row 1: “Blocker” is missing"),
        (TableEdit({0: {"trim_db": "B99:-3"}}), "B99"),
        (TableEdit({1: {"id": "two\nlines"}}, [{"id": "new"}]), f"Row {len(SHOWN) + 1}, new: “x .m.” is missing"),
        (TableEdit({}, [{"id": "new", "x_m": 1, "y_m": 1, "model": "window_film"}]), "film for windows"),
    ],
)
def test_wrong_cells_are_named(edit, said):
    with pytest.raises(ScenarioError, match=said):
        tabled(edit)


# --- one device, changed as a whole ---


def test_a_property_is_changed_and_nothing_else():
    new = replaced(OWN, SITE, "A1-M1", power_dbm=12.5, azimuth_deg=90.0, state="off")
    assert new.devices[0] == replace(OWN.devices[0], power_dbm=12.5, azimuth_deg=90.0, state="off")
    assert new.devices[1:] == OWN.devices[1:]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"power_dbm": 90.0}, r"^A1-M1: device: power_dbm: is 90.0 \(expected a number from -60 to 60\)"),
        ({"z_m": 8.0}, "storey"),
        ({"trim_db": (("B99", -3.0),)}, "B99"),
    ],
)
def test_a_property_that_cannot_be_is_refused_in_words(changes, said):
    def change() -> None:  # a trim is checked where the catalogue is at hand
        parse_layout(layout_text(replaced(OWN, SITE, "A1-M1", **changes).devices), CATALOGUE, "layout")

    with pytest.raises(ScenarioError, match=said):
        change()


def test_a_blocker_is_copied_to_every_storey_at_its_height_over_the_floor():
    """houseblock's storeys are 3 m apart: 2.7 m on the ground floor is 5.7, 8.7 and 11.7 m above the ground."""
    one = Layout((Device("X", "micro_jammer", 6.5, 3.4, 2.7, 0, power_dbm=10.0),))
    new = copied_to_storeys(one, SITE, "X")
    assert [(each.storey, each.z_m) for each in new.devices] == [(0, 2.7), (1, 5.7), (2, 8.7), (3, 11.7)]
    assert {(each.x_m, each.y_m, each.power_dbm) for each in new.devices} == {(6.5, 3.4, 10.0)}
    assert copied_to_storeys(new, SITE, "X") == new  # those that hang there already are no second time copied
    with pytest.raises(ScenarioError, match="hangs in no building"):
        copied_to_storeys(Layout((Device("Y", "micro_jammer", 30.0, -30.0, 4.0, 0),)), SITE, "Y")


# --- what the script is given ---


def drawn(drafting: Drafting, place: int = 0, layout: Layout = OWN, layer=None, site: Site = SITE):
    draft = drafting.draft(place, layout.devices, layout.treatments)
    below = ground(site, places_of(site)[place])
    look = estimated(draft) if layer is None else layer(site, draft)
    here = on_plan(site, below, layout.devices)
    models = [device.model for device in layout.devices]
    return draft, picture(below, look, here, models, layout.treatments, {"ack": "", "select": "", "message": ""})


def tenths(text: str) -> np.ndarray:
    """What the script reads: tenths as 16-bit numbers, the least: nothing there."""
    found = np.frombuffer(base64.b64decode(text), "<i2").astype(float)
    return np.where(found == -32768, np.nan, found / 10)


def test_plans_stand_in_the_order_of_drafts_with_their_titles(drafting):
    for name, drafts in (("houseblock", drafting.places), ("campus", None)):
        site = SITE if name == "houseblock" else load_site(name)
        drafts = drafts or Drafting(site, Scenario(), CATALOGUE, grid_m=5.0).places
        assert [(one.title, one.building, one.storey) for one in places_of(site)] == [
            (one.title, one.building, one.storey) for one in drafts
        ]


def test_the_picture_is_plain_json_of_modest_size(drafting):
    _, plain = drawn(drafting)
    text = json.dumps(plain, allow_nan=False)
    assert len(text) < 150_000
    assert len(plain["devices"]) == 7
    here = {room.id for room in SITE.rooms if room.building == SITE.buildings[0].id and room.storey == 0}
    assert {room["id"] for room in plain["rooms"]} == here


def test_states_of_the_plan_are_those_of_the_estimate(drafting):
    draft, plain = drawn(drafting)
    words = {"dead zone": "o-dead", "marginal": "o-near", "hole": "o-hole"}
    states = {room["id"]: room["state"] for room in plain["rooms"]}
    assert all(states[room.room] == words[room.state] for room in draft.rooms)
    assert {states[room] for room in set(states) - {room.room for room in draft.rooms}} == {"other"}
    assert plain["byRoom"] == {room.room: room.margin_db for room in draft.rooms}
    assert plain["field"]["ramp"] == "quiet"  # bright is where a phone works, as on every layer


def test_devices_show_on_their_own_storey_only():
    places = places_of(SITE)
    assert {device.storey for device in on_plan(SITE, ground(SITE, places[1]), OWN.devices)} == {1}
    assert on_plan(SITE, ground(SITE, places[4]), OWN.devices) == ()


def test_names_on_a_plan_are_short_and_none_stands_twice():
    assert short_names(("A1-M1", "B2-16-ceiling", "A1-landing-end-1", "A1-landing-end-2")) == {
        "A1-M1": "A1-M1",
        "B2-16-ceiling": "B2-16-ceiling",
        "A1-landing-end-1": "A1-landing-e… 1",
        "A1-landing-end-2": "A1-landing-e… 2",
    }


def test_a_plan_far_from_the_origin_is_drawn_near_it(drafting):
    _, plain = drawn(drafting)
    assert plain["origin"]["x"] <= plain["extents"]["x0"] + 3.0 + 1.0
    patch = Patch((5e5, 2e5, 1.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 2, 2, 0)
    scale = Scale("m", 0.0, 1.0, "level", ())
    given = field_values(scale, Field(patch, np.array([[1.0, 2.0], [3.0, np.nan]])), (499_990.0, 199_990.0))
    # the grid's first square is 10 m east and north of the plan's corner, and y runs down on a screen
    assert given["grid"]["matrix"] == [1.0, -0.0, 0.0, -1.0, 9.5, -9.5]
    np.testing.assert_array_equal(tenths(given["field"]["values"]), [1.0, 2.0, 3.0, np.nan])


def test_the_margin_is_sent_square_by_square_in_rooms_to_be_blocked(drafting):
    draft, plain = drawn(drafting, layer=margin)
    assert (plain["grid"]["width"], plain["grid"]["height"]) == (draft.patch.count_i, draft.patch.count_j)
    sent = tenths(plain["field"]["values"]).reshape(draft.data["margin_db"].shape)
    silence = [room.role == "silence" for room in SITE.rooms] + [False]
    shown = np.array(silence)[draft.data["room"].values]
    np.testing.assert_allclose(sent[shown], draft.data["margin_db"].values[shown], atol=0.051)
    assert np.isnan(sent[~shown]).all()
    assert plain["field"]["line"] == 0.0
    assert plain["field"]["ticks"][0] == [-20.0, "−20"]
    assert "below 0 a phone may work" in plain["field"]["title"]


def test_the_signal_is_the_strongest_sector_of_the_channel_whatever_blockers_there_are(drafting):
    draft = drafting.draft(0, OWN.devices)
    channels, levels = drafting.levels(0)
    look = signal(SITE, draft, channels, levels, channels[0])
    strongest = signal(SITE, draft, channels, levels, STRONGEST)
    shown = ~np.isnan(look.grid.values)
    assert shown.any()
    assert (look.grid.values[shown] == levels[0][shown]).all()
    assert (strongest.grid.values[shown] >= look.grid.values[shown]).all()
    np.testing.assert_array_equal(strongest.grid.values[shown], levels.max(axis=0)[shown])
    assert look.scale.title == f"RSRP, {channel_in_words(channels[0])}, blockers off [dBm]"
    again, same = drafting.levels(0)
    assert again == channels
    np.testing.assert_array_equal(same, levels)


def test_usable_channels_are_those_with_a_margin_below_zero(drafting):
    draft = drafting.draft(0, OWN.devices)
    look = usable_channels(SITE, draft, True)
    shown = ~np.isnan(look.grid.values)
    assert ((look.grid.values[shown] > 0) == (draft.data["margin_db"].values[shown] < 0)).all()
    off = usable_channels(SITE, drafting.draft(0, ()), False)
    assert (off.grid.values[shown] >= look.grid.values[shown]).all()  # blockers never make a channel usable


def test_best_blocker_colours_devices_as_their_areas(drafting):
    draft, plain = drawn(drafting, layer=best_blocker)
    colours = {device["id"]: device["colour"] for device in plain["devices"]}
    assert len(set(colours.values())) > 3
    assert len(plain["devices"]) == 7
    assert draft.devices == tuple(device.id for device in OWN.devices)
    areas = plain["field"]["classes"]
    for device in plain["devices"]:
        index = draft.devices.index(device["id"])
        assert areas.get(str(index), device["colour"]) == device["colour"]
    _, silent = drawn(drafting, layout=Layout(), layer=best_blocker)
    assert any("no blocker sends" in entry["text"] for entry in silent["legend"])


def test_a_difference_is_that_of_the_margins_and_counts_both_ways(drafting):
    now, before = drafting.draft(0, OWN.devices), drafting.draft(0, OWN.devices[1:])
    look = difference(SITE, now, before, "against one less")
    shown = ~np.isnan(look.grid.values)
    moved_db = now.data["margin_db"].values - before.data["margin_db"].values
    np.testing.assert_array_equal(look.grid.values[shown], moved_db[shown])
    gained = sum(a.margin_db > 0 >= b.margin_db for a, b in zip(now.rooms, before.rooms, strict=True))
    assert look.aria.startswith(f"On this storey, against one less: {gained} room")
    assert look.aria.endswith(" newly blocked, 0 no longer blocked.")
    assert look.scale.low < look.scale.high  # blue, where more is blocked, stands right as on every scale of quiet


def test_margins_are_rounded_down():
    assert [margin_in_words(value) for value in (6.9, -3.1, 0.0, 200.0)] == ["+6 dB", "−4 dB", "+0 dB", "no signal"]


def test_spill_between_places_is_near_the_nearest_and_nothing_within_the_fence():
    fence = box(0, 0, 40, 40)
    places = (
        OutsidePlace("a", "r", "EE", -5.0, 0.0, False, 50.0, 20.0),
        OutsidePlace("b", "r", "EE", 15.0, 0.0, True, -10.0, 20.0),
        OutsidePlace("c", "r", "EE", None, 0.0, True, 20.0, 55.0),
    )
    found = spill_field(places, (-20.0, -20.0, 60.0, 60.0), fence)
    step = found.patch.step_i_m[0]

    def at(x: float, y: float) -> float:
        return float(found.values[int((y + 20) / step), int((x + 20) / step)])

    assert at(50, 20) == pytest.approx(-5.0, abs=0.1)
    assert at(-10, 20) == pytest.approx(15.0, abs=0.1)
    assert math.isnan(at(20, 20))
    assert -5.0 <= np.nanmin(found.values) <= np.nanmax(found.values) <= 15.0


def test_the_site_shows_fence_buildings_masts_homes_and_what_is_over_the_limit():
    places = places_of(SITE)
    plain = site_picture(SITE, places, None, {"ack": ""})
    json.dumps(plain, allow_nan=False)
    assert [one["place"] for one in plain["site"]["buildings"]] == [0, 4]  # the first storey of each
    assert {one["name"] for one in plain["site"]["homes"]} == {receptor.id for receptor in SITE.receptors}
    assert sum(int(one["title"].split()[-2]) for one in plain["site"]["masts"]) == len(SITE.sectors)
    assert plain["field"] is None  # nothing is known of spill
    sample = stored_sample_facts()
    facts = replace(sample, grades=(replace(sample.grades[0], kept=True), *sample.grades[1:]))
    over = sum(not place.passed for place in facts.outside)
    known = site_picture(SITE, places, facts, {"ack": ""})
    assert sum(point["over"] for point in known["site"]["points"]) == over > 0
    allowed = {"symbol": "over", "text": f"Place over the limit ({over}, within what the limit allows)"}
    assert allowed in known["legend"]
    assert not sample.grades[0].kept  # a receiver in a keep room
    broken = site_picture(SITE, places, sample, {"ack": ""})
    assert {"symbol": "over", "text": f"Place over the limit ({over})"} in broken["legend"]
    drafted = site_picture(SITE, places, None, {"ack": ""}, facts.outside)  # the same places by the quick estimate
    assert drafted["field"]["values"] == known["field"]["values"]
    assert "quick estimate" in drafted["field"]["title"]
    assert "by the quick estimate" in drafted["aria"]


def test_the_stack_has_every_storey_with_its_share():
    stack = stack_of(SITE, places_of(SITE), {1: 0.25}, {1: "16 of 64 rooms blocked"})
    assert [(one["place"], one["storey"], one["share"]) for one in stack["storeys"]][:3] == [
        (0, 0, None), (1, 1, 0.25), (2, 2, None)
    ]  # fmt: skip
    assert stack["storeys"][1]["title"] == "houseblock, 1st floor: 16 of 64 rooms blocked"


def test_a_site_with_hostile_names_reaches_the_script_as_text_only(drafting):
    nasty = "<img src=x onerror=alert(1)>"
    rooms = (*SITE.rooms[:1], replace(SITE.rooms[1], name=nasty), *SITE.rooms[2:])
    _, plain = drawn(drafting, site=replace(SITE, rooms=rooms))
    assert json.loads(json.dumps(plain)) == plain
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
        assert way not in script().replace("http://www.w3.org/2000/svg", ""), way


def test_the_script_is_of_modest_size():
    assert script().count("\n") <= 2000


def test_a_yard_is_drawn_with_its_own_fence():
    yard = Room("Y1", None, 0, SITE.rooms[0].outline.buffer(2.0).envelope, "silence")
    site = replace(SITE, rooms=(*SITE.rooms, yard))
    below = ground(site, places_of(site)[-1])
    assert below.place.title == "Yard Y1"
    assert [room["id"] for room in below.rooms] == ["Y1"]
    assert below.walls.count("M") == 1
