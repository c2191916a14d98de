"""Compare: layouts side by side say what their verdicts say, on the page, as CSV and as workbook."""

import csv
import io
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.compare_tables import (
    compared,
    comparison_csv,
    comparison_rows,
    comparison_xlsx,
    shown_rows,
)
from quietwing.coverage.app.facts_of_verdict import facts_of
from quietwing.coverage.app.plan_editor.layers import compared as side_by_side
from quietwing.coverage.app.state import Layout, SavedLayout, site_hash
from quietwing.coverage.app.workspace import without_blockers
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.store import result_object
from quietwing.coverage.study import evaluate
from quietwing.sites.files import BUNDLED
from quietwing.sites.synthetic import build_wing, describe

QUESTION = Scenario(worlds=100, grid_m=1.0)
HOSTILE = '=HYPERLINK("http://x","y")'


def page():
    from quietwing.coverage.app.compare_page import show

    show()


def opened():
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    return at


@pytest.fixture(scope="module")
def small():
    return build_wing(describe(type="wing", cells=4, storeys=1))


@pytest.fixture(scope="module")
def devices(small):
    room = small.rooms[0].outline.representative_point()
    return (Device("D1", "micro_jammer", round(room.x, 2), round(room.y, 2), 2.5, 0),)


@pytest.fixture(scope="module")
def two(small, devices):
    return tuple(evaluate(small, QUESTION, devices=placed) for placed in ((), devices))


@pytest.fixture(scope="module")
def columns(two):
    return [compared(name, one, read_catalogue()) for name, one in zip((HOSTILE, "with one"), two, strict=True)]


def test_the_numbers_are_those_of_the_command_line(columns, two):
    rows = {name: values for name, _, values in comparison_rows(columns)}
    for at, verdict in enumerate(two):
        said = result_object(verdict, read_catalogue())
        for number, grade in enumerate(("planning", "evidence")):
            of_grade = said["grades"][grade]
            count = count_rooms(verdict, number)
            assert rows[f"blocked by the layout at {grade} grade"][at] == of_grade["rooms"]["silent"] == count.silent
            assert rows[f"not blocked (a phone may work) at {grade} grade"][at] == of_grade["rooms"]["holes"]
            assert rows[f"headroom to limit at {grade} grade"][at] == of_grade["spill"]["worst_margin_db"]
        assert rows["grade asked for"][at] == said["grade"]
        assert said["rules"]["fingerprint"] in rows["rules"][at]
        assert rows["sectors that are measured"][at] == f"0 of {len(verdict.sectors)}"
        assert rows["bought and installed"][at] == said["cost"]["capex_gbp"]
        assert rows["whole life"][at] == said["cost"]["whole_life_gbp"]


def test_a_hostile_name_is_text_in_csv_and_workbook(columns):
    header = next(csv.reader(io.StringIO(comparison_csv(columns))))
    assert header[2].startswith("'=")
    book = zipfile.ZipFile(io.BytesIO(comparison_xlsx(columns)))
    sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name]
    assert len(sheets) == 4
    assert not any("<f>" in sheet or "hyperlink" in sheet.lower().replace("hyperlinkbase", "") for sheet in sheets)
    assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode()
    assert comparison_xlsx(columns) == comparison_xlsx(columns)


def test_two_layouts_of_one_name_stay_apart(columns):
    twice = [columns[1], columns[1]]
    assert list(shown_rows(twice)[0]) == ["", "with one", "with one (2)"]


def test_no_blockers_and_the_difference_to_the_first_stand_beside_the_layouts(columns, two):
    """With one device more: as many rooms more are blocked as the counts say, and the money is the device's."""
    rows = {row[""]: row for row in shown_rows(columns, off="No blockers", differences=True)}
    first, second = list(rows["devices switched on"])[2], list(rows["devices switched on"])[3]
    assert rows["devices switched on"][f"{second} − {first}"] == "+1"
    spent = columns[1].cost.capex_gbp - columns[0].cost.capex_gbp
    assert rows["bought and installed"][f"{second} − {first}"] == f"+£{-(-spent // 1):,.0f}"
    quiet = int(two[0].by_room["quiet_anyway"].sum())
    assert rows["no signal even without blockers at planning grade"]["No blockers"] == str(quiet)
    assert rows["blocked by the layout at planning grade"]["No blockers"] == "0"
    silence = rows["rooms to be blocked"]["No blockers"]
    assert rows["not blocked (a phone may work) at planning grade"]["No blockers"] == str(int(silence) - quiet)
    # without any device a layout is no blockers: its own column says the same
    assert rows["not blocked (a phone may work) at planning grade"][first] == str(int(silence) - quiet)


def test_a_plan_shows_each_layout_in_its_part(two):
    facts = [facts_of(one, read_catalogue()) for one in two]
    rooms = list(facts[0].rooms)
    off = without_blockers(facts[1])
    look = side_by_side([("No blockers", off), ("with one", facts[1].rooms)], "planning", rooms)
    assert [name for name, _ in look.slices] == ["No blockers", "with one"]
    quiet = two[1].by_room["quiet_probability"].sel(room=rooms).values
    np.testing.assert_allclose([look.slices[0][1][room] for room in rooms], quiet, atol=1e-6)
    silent = two[1].by_room["silent_probability"].sel(room=rooms).values
    np.testing.assert_allclose([look.slices[1][1][room] for room in rooms], silent, atol=1e-6)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_page_opens_on_every_bundled_site(name):
    from quietwing.sites import load_site

    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.site_source = load_site(name), name
    at.run()
    assert not at.exception
    assert at.button(key="compare-run-The current layout")


def test_saved_and_current_layout_are_compared(small, devices, two):
    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.scenario, own.layout = small, QUESTION, Layout()
    own.verdict = two[0]
    at.run()
    at.text_input(key="compare-name").set_value("nothing").run()
    at.button(key="compare-save").click().run()
    own.layout = Layout(devices)
    own.verdict = two[1]
    at.run()
    assert not at.exception
    table = next(
        one.value for one in at.dataframe if "devices switched on" in one.value.get("", []).tolist()
    ).set_index("")
    for number, grade in enumerate(("planning", "evidence")):
        shown = table.loc[f"blocked by the layout at {grade} grade"]
        assert shown["nothing"] == str(count_rooms(two[0], number).silent)
        assert shown["The current layout"] == str(count_rooms(two[1], number).silent)
        assert shown["No blockers"] == "0"
    assert table.loc["devices switched on", "The current layout"] == "1"
    at.button(key="compare-delete").click().run()
    assert own.saved == {}


@pytest.mark.slow
def test_a_layout_without_verdict_is_judged_and_the_current_verdict_comes_back(small, devices, two):
    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.scenario, own.layout = small, QUESTION, Layout()
    own.verdict = two[0]
    own.saved["one"] = SavedLayout("one", Layout(devices), None, site_hash(small))
    at.run()
    at.button(key="compare-run-one").click().run()
    end = time.monotonic() + 60
    while own.saved["one"].verdict is None and time.monotonic() < end:
        time.sleep(0.5)
        at.run()
    at.run()
    assert not at.exception
    assert count_rooms(own.saved["one"].verdict) == count_rooms(two[1])
    assert own.verdict is two[0]


def test_wrong_names_and_empty_choices_are_said(small, two):
    at = opened()
    own = at.session_state["quietwing session"]
    for name in ("", "  ", "The current layout"):
        at.text_input(key="compare-name").set_value(name).run()
        at.button(key="compare-save").click().run()
        assert "missing or taken" in at.error[0].value
    at.text_input(key="compare-name").set_value("a").run()
    at.button(key="compare-save").click().run()
    at.button(key="compare-save").click().run()
    assert "saved already" in at.error[0].value
    at.text_input(key="compare-name").set_value("a\u202eb").run()
    at.button(key="compare-save").click().run()
    assert list(own.saved) == ["a", "a\\u202eb"]  # as it is written into a project file, which opens again
    at.multiselect(key=f"compare-pick-{1 + len(own.saved)}").set_value([]).run()
    assert any("none is chosen" in error.value for error in at.error)


def test_layouts_of_another_site_or_another_question_are_not_set_beside_the_others(small, devices, two):
    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.scenario, own.layout, own.verdict = small, QUESTION, Layout(), two[0]
    for name, asked in (("as now", QUESTION), ("stricter", replace(QUESTION, grade="evidence"))):
        judged = replace(two[1], scenario=asked)
        own.saved[name] = SavedLayout(name, Layout(devices), judged, site_hash(small))
    own.saved["elsewhere"] = SavedLayout("elsewhere", Layout(), two[0], "0" * 12)
    at.run()
    assert not at.exception
    (elsewhere,) = at.warning
    assert "elsewhere belongs to another site" in elsewhere.value
    (info,) = at.info
    assert "stricter (1 devices) was judged for an earlier question: evidence grade (95 %)" in info.value.replace(
        "\\", ""
    )
    for table in (one.value for one in at.dataframe if "" in one.value):
        assert "as now" in table
        assert not {"stricter", "elsewhere"} & {*table}
    assert at.button(key="compare-run-stricter")
