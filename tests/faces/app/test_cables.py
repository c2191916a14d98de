"""Radiating cables in the app: placed and moved as a whole, edited in the table, drawn as lines, kept in the file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from bundled import bundled
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.blockers_words import model_in_words
from quietwing.coverage.app.plan_editor.drawing import Look, ground, on_plan, picture
from quietwing.coverage.app.plan_editor.edits import TableEdit, Where, apply, apply_table, table_rows
from quietwing.coverage.app.state import KEY, Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text, parse_layout
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.report.device_marks import DEVICE_COLOUR, device_legend, draw_devices
from quietwing.coverage.report.plan_drawing import new_axes
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.store import result_object
from quietwing.coverage.study import evaluate

CATALOGUE = read_catalogue()
SITE = bundled("houseblock")
GROUND_FLOOR = Where(0, 0)
RUN = Device("C1", "cable_jammer", 8.0, 0.0, 2.7, route_m=((20.0, 0.0, 2.7), (20.0, 1.0, 2.7)))
ONE = Layout((RUN,))


def edited(edit, layout=ONE, model="cable_jammer"):
    return apply(edit, layout, SITE, CATALOGUE, GROUND_FLOOR, model)


def table(cells, layout=ONE, **edit):
    changes = TableEdit({0: cells}, **edit) if cells else TableEdit({}, **edit)
    rows = [device.id for device in layout.devices]
    return apply_table(changes, layout, rows, SITE, CATALOGUE, GROUND_FLOOR, "cable_jammer")


def test_a_click_hangs_a_short_run_that_can_be_judged():
    added = edited({"op": "add", "x": 8.0, "y": 1.5}).devices[-1]
    assert (added.model, added.line_m) == ("cable_jammer", ((8.0, 1.5, 2.7), (13.0, 1.5, 2.7)))
    assert edited({"op": "add", "x": 8.0, "y": 1.5}, model="micro_jammer").devices[-1].route_m == ()


def test_a_run_moves_as_a_whole():
    (moved,) = edited({"op": "move", "id": "C1", "x": 9.0, "y": -0.5}).devices
    assert moved.line_m == ((9.0, -0.5, 2.7), (21.0, -0.5, 2.7), (21.0, 0.5, 2.7))
    with pytest.raises(ScenarioError, match="outside the perimeter"):
        edited({"op": "move", "id": "C1", "x": SITE.perimeter.outline.bounds[2] - 2.0, "y": 0.0})


def test_the_table_shows_and_takes_the_route():
    (row,) = table_rows(ONE.devices)
    assert row["route_m"] == "20 0 2.7; 20 1 2.7"
    (changed,) = table({"route_m": "25 0 2.7"}).devices
    assert changed.route_m == ((25.0, 0.0, 2.7),)
    (other,) = table({"power_dbm": 20}).devices
    assert other == replace(RUN, power_dbm=20.0)
    two = table({}, added=[{"x_m": 8.0, "y_m": 1.5, "route_m": "20 1.5 2.7"}]).devices
    assert two[1].line_m == ((8.0, 1.5, 2.7), (20.0, 1.5, 2.7))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"route_m": ""}, "m.” is empty"),
        ({"route_m": None}, "m.” is empty"),
        ({"route_m": "here and there"}, "“x .m.” is 'here' .expected a number"),
        ({"route_m": "25 0"}, "m.” has '25 0'"),
        ({"route_m": "900 0 2.7"}, "above the 100 m"),
        ({"model": "micro_jammer"}, "feeds no radiating cable"),
        ({"route_m": "<script>alert(1)</script> 0 2.7"}, "“x .m.”"),
    ],
)
def test_a_route_that_cannot_be_is_said_in_words(cells, said):
    with pytest.raises(ScenarioError, match=said):
        table(cells)


def test_the_plan_draws_the_run_and_names_it():
    drafting = Drafting(SITE, Scenario(), CATALOGUE, grid_m=2.0)
    drawn = ground(SITE, drafting.places[0])
    devices = on_plan(SITE, drawn, ONE.devices)
    shown = picture(drawn, Look({}, {}, {}, (), ""), devices, ["cable_jammer"], (), {})
    json.dumps(shown)
    x, y = drawn.origin_m
    assert shown["cables"] == f"M{8 - x} {y + 0.0}L{20 - x} {y + 0.0}L{20 - x} {y - 1.0}"
    assert {"line": "cable", "text": "radiating cable"} in shown["legend"]
    assert "cable of 13 m" in shown["devices"][0]["title"]
    spot = replace(RUN, model="micro_jammer", route_m=())
    plain = picture(drawn, Look({}, {}, {}, (), ""), (spot,), ["micro_jammer"], (), {})
    assert plain["cables"] == ""
    assert not [entry for entry in plain["legend"] if entry.get("line") == "cable"]


def test_the_draft_takes_a_cable_like_any_device():
    drafting = Drafting(SITE, Scenario(), CATALOGUE, grid_m=2.0)
    louder, softer = (drafting.draft(0, (replace(RUN, power_dbm=power),)) for power in (40.0, 0.0))
    margin_db = [{room.room: room.margin_db for room in draft.rooms} for draft in (louder, softer)]
    assert margin_db[0]["A1-landing"] > margin_db[1]["A1-landing"] + 3
    assert all(margin_db[0][room] >= margin_db[1][room] - 1e-3 for room in margin_db[0])
    assert next(room.device for room in louder.rooms if room.room == "A1-landing") == "C1"


def test_maps_and_the_answer_for_machines_hold_the_run(hut):
    run_here = Device("C1", "cable_jammer", 0.5, 2.0, 2.5, route_m=((5.5, 2.0, 2.5),))
    from quietwing.sites.model import Sector

    mast = Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 300.0, 0.0, 25.0, 270.0, 4.0, "omni", 30.0, "UMa")
    verdict = evaluate(
        hut(sectors=(mast,)), Scenario(grid_m=1.0, worlds=100), devices=(run_here,), catalogue=CATALOGUE
    )
    ax = new_axes()
    draw_devices(ax, verdict, verdict.devices)
    lines = [line for line in ax.lines if line.get_color() == DEVICE_COLOUR]
    assert [np.asarray(line.get_xydata()).tolist() for line in lines] == [[[0.5, 2.0], [5.5, 2.0]]]
    assert [entry.get_label() for entry in device_legend(verdict, verdict.devices)] == [
        "cable_jammer",
        "radiating cable",
    ]
    assert [note for note in verdict.notes if note.startswith("radiating cable counts inside")]
    assert not [note for note in verdict.notes if "no detour" in note]
    assert result_object(verdict, CATALOGUE)["devices"][0]["route_m"] == [[5.5, 2.0, 2.5]]


def test_the_picker_says_what_a_cable_costs():
    assert model_in_words(CATALOGUE["cable_jammer"]) == (
        "cable_jammer (jammer on radiating cable, £35 a metre, £9,000, placeholder)"
    )


def test_a_layout_with_a_cable_is_saved_and_opened():
    assert parse_layout(layout_text(ONE.devices), CATALOGUE) == ONE.devices


def page_of_blockers() -> None:
    from quietwing.coverage.app import blockers_page

    blockers_page.show()


def beginning() -> None:
    from quietwing.coverage.app.state import session

    session()


def test_the_page_opens_with_a_cable_on_the_plan():
    own = AppTest.from_function(beginning, default_timeout=60).run().session_state[KEY]
    own.layout = Layout((*own.layout.devices, RUN))
    page = AppTest.from_function(page_of_blockers, default_timeout=120)
    page.session_state[KEY] = own
    page.run()
    assert not page.exception
    assert any("cable_jammer" in option for box in page.selectbox for option in box.options)
