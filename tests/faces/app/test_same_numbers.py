"""One layout, five faces: map, table, command line, summary and app say the same numbers."""

import csv
import html
import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from quietwing.coverage.app.state import KEY, YOURS, Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import app
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import layout_text
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
from quietwing.sites import load_site, save_site
from quietwing.sites.synthetic import build_wing, describe

ASKED = Scenario(worlds=200, grid_m=1.0)
DEVICES = (
    Device("D1", "room_jammer", -3.4, 1.2, 2.5, 0),
    Device("D2", "micro_jammer", 3.4, 3.6, 2.5, 0),
)


def page(module: str) -> None:
    import importlib

    importlib.import_module(f"quietwing.coverage.app.{module}").show()


def begin() -> None:
    from quietwing.coverage.app.state import session

    session()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A site of its own with a layout, and the result that the command line wrote of it."""
    place = tmp_path_factory.mktemp("same")
    save_site(build_wing(describe(type="wing", cells=4, storeys=1)), place / "site")
    (place / "layout.csv").write_text(layout_text(DEVICES), "utf-8", newline="")
    return place


@pytest.fixture(scope="module")
def told(folder):
    """What the command line says."""
    ran = CliRunner().invoke(
        app,
        ["evaluate", str(folder / "site"), "--layout", str(folder / "layout.csv"), "--worlds", "200", "--grid-m", "1",
         "--out", str(folder / "result"), "--json"],
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def verdict(folder):
    return evaluate(load_site(folder / "site"), ASKED, devices=DEVICES, catalogue=read_catalogue())


def words_of(shown: AppTest) -> str:
    parts = (*shown.text, *shown.markdown, *shown.caption, *shown.success, *shown.warning, *shown.error, *shown.info)
    return "\n".join(part.value for part in parts).replace("\\", "")  # markdown escapes


def opened(module: str, verdict, section: str = "Selected") -> AppTest:
    """A page of a session that has this layout and its verdict."""
    start = AppTest.from_function(begin, default_timeout=60).run()
    own = start.session_state[KEY]
    own.site, own.site_source, own.scenario, own.layout = verdict.site, YOURS, ASKED, Layout(DEVICES)
    own.verdict = verdict
    shown = AppTest.from_function(page, kwargs={"module": module}, default_timeout=60)
    shown.session_state[KEY], shown.session_state["blockers section"] = own, section
    shown.run()
    assert not shown.exception
    return shown


@pytest.mark.slow
def test_map_table_command_line_summary_and_app_say_the_same(folder, told, verdict):
    rooms = told["rooms"]
    assert 0 < rooms["silent"] < rooms["silence"]
    table = list(csv.DictReader((folder / "result" / "rooms.csv").read_text("utf-8").splitlines()))
    states = {row["room"]: row["state"] for row in table if row["role"] == "silence"}
    assert sum(state == "silent" for state in states.values()) == rooms["silent"]
    assert sum(state == "hole" for state in states.values()) == rooms["holes"]
    summary = re.sub(r"<[^>]+>", "", html.unescape((folder / "result" / "summary.html").read_text("utf-8")))
    strict, are = told["grades"]["evidence"]["rooms"]["silent"], "is" if rooms["silent"] == 1 else "are"
    sentence = (
        f"{rooms['silent']} of {rooms['silence']} rooms {are} blocked at planning grade (90 %), {strict} "
        f"at evidence grade (95 %)."
    )
    assert sentence in summary
    (one,) = (each for each in verdict.maps if each.building >= 0)
    on_map = {
        verdict.site.rooms[int(room)].id: int(one.data["state"].values[one.data["room"].values == room][0])
        for room in np.unique(one.data["room"].values)
        if room >= 0
    }
    assert {name: on_map[name] == 0 for name in states} == {
        name: state in ("silent", "quiet anyway") for name, state in states.items()
    }
    blockers, report = (opened(name, verdict) for name in ("blockers_page", "report_page"))
    for page in (blockers, report):
        shown = {metric.label: metric.value for metric in page.metric}
        assert shown["Blocked, planning"] == f"{rooms['silent']} of {rooms['silence']}"
        assert shown["Blocked, evidence"] == f"{strict} of {rooms['silence']}"
        assert shown["Cost"] == f"£{-(-told['cost']['capex_gbp'] // 1):,.0f}"
        assert f"This layout blocks {rooms['silent']} at planning grade and {strict} at evidence" in words_of(page)
    assert sentence in words_of(report)
    margin_db = abs(told["spill"]["worst_margin_db"])
    stricter_db = abs(told["grades"]["evidence"]["spill"]["worst_margin_db"])
    for left_db in (margin_db, stricter_db):
        assert f"{left_db:g} dB" in words_of(report)
        assert f"{left_db:g} dB" in words_of(blockers)
        assert f"{left_db:g} dB" in summary


@pytest.mark.slow
def test_money_is_that_of_the_command_line(told, verdict):
    said = words_of(opened("blockers_page", verdict, "Files"))
    assert f"£{told['cost']['capex_gbp']:,.0f} to buy and install" in said
    assert f"£{told['cost']['whole_life_gbp']:,.0f} over its whole life" in said
