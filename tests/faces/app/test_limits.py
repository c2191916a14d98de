"""Limits on the page Report: pass or fail of each, the same as the report's."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from shapely.geometry import box
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.facts_of_verdict import facts_of, outside_places
from quietwing.coverage.app.plan_editor.places import places_of
from quietwing.coverage.app.plan_editor.site_plan import site_picture
from quietwing.coverage.app.report_limits import limits_csv, points_in_words
from quietwing.coverage.app.state import KEY, Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.report.spill_map import points_that_pass
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import KeepRow, ServiceRow
from quietwing.coverage.study import evaluate
from quietwing.sites.model import Room, Sector, Site

ROOT = Path(__file__).parents[3]


def page_of_limits() -> None:
    from quietwing.coverage.app import report_page

    report_page.show()


def opened(verdict: Verdict | None, site: Site | None = None) -> AppTest:
    """The page with a session that has this verdict of its layout."""

    def begin() -> None:
        from quietwing.coverage.app.state import session

        session()

    page = AppTest.from_function(begin, default_timeout=60).run()
    own = page.session_state[KEY]
    own.site = site or own.site
    if verdict is not None:
        own.site, own.scenario, own.layout = verdict.site, verdict.scenario, Layout(verdict.devices)
        own.verdict = verdict
    shown = AppTest.from_function(page_of_limits, default_timeout=60)
    shown.session_state[KEY] = own
    return shown.run()


@pytest.fixture(scope="module")
def loud(hut) -> Verdict:
    """The hut as a cell and an office that must keep EE, with one strong jammer in the cell."""
    mast = Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 300.0, 0.0, 25.0, 270.0, 4.0, "omni", 60.0, "UMa")
    catalogue = read_catalogue()
    jammer = next(name for name, model in catalogue.items() if model.kind == "jammer")
    rooms = (
        Room("A-01", "A", 0, box(0, 0, 3, 4), "silence"),
        Room("office", "A", 0, box(3, 0, 6, 4), "keep", operators=("EE",)),
    )
    device = Device("J1", jammer, 1.5, 2.0, 2.5, 0, 30.0)
    site = hut(sectors=(mast,), rooms=rooms)
    return evaluate(site, Scenario(grid_m=1.0, worlds=100), devices=(device,), catalogue=catalogue)


def test_without_a_verdict_the_page_offers_to_work_it_out(hut):
    page = opened(None, hut())
    assert not page.exception
    assert page.button(key="report run").label == "Full assessment"
    assert any("not been assessed" in info.value for info in page.info)
    assert not page.dataframe


@pytest.mark.slow
def test_every_limit_is_named_with_pass_or_fail(loud):
    page = opened(loud)
    assert not page.exception
    labels = [tab.label for tab in page.tabs]
    assert {"Spill over the fence", "Rooms that keep service", "Protected services and 999"} <= set(labels)
    assert "Exposure of people" in labels
    assert any("999 can be called on some network at" in text.value for text in page.text)
    assert loud.spill is not None
    said = page.error[0].value if not loud.spill.passed else page.success[0].value
    assert ("Spill limit exceeded at planning grade" in said) is not loud.spill.passed
    assert any("at evidence grade, standard limit:" in text.value for text in page.text)
    assert any("below the public network in half of simulations" in caption.value for caption in page.caption)
    rings = next(table.value for table in page.dataframe if "Ring or receptor" in table.value)
    assert list(rings["Points over the limit"]) == [
        points_in_words(row.failing, row.points, row.may_fail) for row in loud.spill.rings
    ]
    assert list(rings["Result"]) == ["pass" if row[-1] else "FAIL" for row in loud.spill.rings]
    # a share of a ring may be over the limit: of a single place that is no failure
    places = next(table.value for table in page.dataframe if "Place" in table.value)
    over = sum(not place.passed for place in outside_places(loud.spill, loud.grades[0].grade))
    assert sorted(places["Limit"]) == ["kept"] * (len(places) - over) + ["over"] * over
    assert 0 < over < len(places)


@pytest.mark.slow
def test_what_fails_stands_at_the_top_of_its_table(loud):
    services = (
        ServiceRow("radar", "clear", True),
        ServiceRow("TETRA", "disturbed", False),
        ServiceRow("GNSS", "clear", True),
    )
    rooms = KeepRow("clinic", "EE", 0.99, True), KeepRow("office", "EE", 0.4, False)
    asked = replace(loud.grades[0], spill=replace(loud.spill, protected=services, keep_rooms=rooms))
    page = opened(replace(loud, grades=(asked, *loud.grades[1:])))
    of_rooms, of_services = (
        next(table.value for table in page.dataframe if column in table.value)
        for column in ("Has service with", "What was found")
    )
    assert of_services["Service"].tolist() == ["TETRA", "radar", "GNSS"]
    assert of_services["What was found"].tolist() == ["disturbed", "clear", "clear"]
    assert of_services["Result"].tolist() == ["FAIL", "pass", "pass"]
    assert list(zip(of_rooms["Room"], of_rooms["Result"], strict=True)) == [("office", "FAIL"), ("clinic", "pass")]


@pytest.mark.slow
def test_places_pass_and_fail_as_on_the_map_and_the_worst_stands_first(loud):
    assert loud.spill is not None
    grade = loud.grades[0].grade
    places = outside_places(loud.spill, grade)
    assert sum(place.passed for place in places) == int(points_that_pass(loud.spill, grade).sum())
    failing = [place.margin_db for place in places if not place.passed]
    assert failing == sorted(failing)
    plain = site_picture(loud.site, places_of(loud.site), facts_of(loud, read_catalogue()), {})
    assert sum(point["over"] for point in plain["site"]["points"]) == len(failing)
    assert not loud.spill.passed
    assert {place.channel for place in places} == {"EE 800 MHz 4G"}
    # the verdict's worst place is the worst that counts: a few points of each ring may be over the limit
    there = [place.margin_db for place in places if place.name == loud.spill.worst.place]
    assert loud.spill.worst_margin_db in there


@pytest.mark.slow
def test_where_only_999_counts_places_fail_as_their_rings_do(loud):
    scenario = Scenario(grid_m=1.0, worlds=100, spill_tier="emergency")
    spill = evaluate(loud.site, scenario, devices=loud.devices, catalogue=read_catalogue()).spill
    assert spill is not None
    places = outside_places(spill, scenario.asked)
    failing = [place for place in places if not place.passed]
    assert len(failing) == sum(row[2] for row in spill.rings) > 0
    assert places[0] in failing
    assert places[0].channel.startswith("999")
    assert min(place.margin_db for place in places) == places[0].margin_db < 0


@pytest.mark.slow
def test_the_csv_holds_every_limit(loud):
    rows = list(csv.DictReader(io.StringIO(limits_csv(loud))))
    assert {row["grade"] for row in rows} == {"planning", "evidence"}
    assert {row["result"] for row in rows} <= {"pass", "FAIL"}
    for one in loud.grades:
        spill = one.spill
        assert spill is not None
        mine = [row["result"] for row in rows if row["grade"] == one.grade.name]
        assert len(mine) == sum(map(len, (spill.rings, spill.keep_rooms, spill.protected, spill.exposure)))
        assert ("FAIL" in mine) is not spill.passed
