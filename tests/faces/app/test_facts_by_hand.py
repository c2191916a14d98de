"""What pages say of a verdict made up by hand, and that the stored form of it says the same again."""

import datetime as dt
import json
import math
import re
import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from by_path import module_at
from shapely.affinity import translate

from quietwing.coverage.app import project_panel
from quietwing.coverage.app.facts_of_verdict import CALL, facts_of, limits_in_words, outside_places, sample_files
from quietwing.coverage.app.layout_facts import FACTS, _facts
from quietwing.coverage.app.panel import limit_in_short, limit_in_words
from quietwing.coverage.app.plan_editor.places import Place, places_of, rooms_of
from quietwing.coverage.app.plan_editor.site_plan import spill_field, stack_of
from quietwing.coverage.app.plan_editor.style import CSS, TREATED_COLOUR
from quietwing.coverage.app.project_store import Kept
from quietwing.coverage.app.site_form import FIELD_NAMES, _named
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.report import DEVICE_COLOUR, DOOR_COLOUR, WALL_COLOUR, WINDOW_COLOUR, count_rooms
from quietwing.sites import WingDescription

by_hand = module_at("tests/engine/report/verdict_by_hand.py")
CATALOGUE = read_catalogue()


@pytest.fixture(scope="module")
def verdict():
    site = by_hand.wing()
    models = {"micro_node": "micro_jammer", "mas_node": "mas_node"}
    devices = tuple(replace(one, model=models[one.model]) for one in by_hand.devices(site))
    return by_hand.verdict_of(site, devices=devices, treatments=())


@pytest.fixture(scope="module")
def facts(verdict):
    return facts_of(verdict, CATALOGUE)


# --- Of a verdict.


def test_counts_are_those_of_the_report_at_both_grades(verdict, facts):
    for number, one in enumerate(facts.grades):
        count = count_rooms(verdict, number)
        assert (one.silent, one.quiet, one.holes) == (count.silent, count.quiet_anyway, count.holes + count.unknown)
        assert one.silent + one.quiet + one.holes == facts.silence
        assert one.leaks == facts.silence - one.quiet  # all others are heard with every blocker off


def test_rooms_that_must_be_silent_have_a_state_and_a_chance(verdict, facts):
    assert len(facts.rooms) == facts.silence == sum(room.role == "silence" for room in verdict.site.rooms)
    states = [one.state for one in facts.rooms.values()]
    assert (states.count("silent"), states.count("hole")) == (facts.grades[0].silent, facts.grades[0].holes)
    assert all(bool(one.escape) == (one.state == "hole") for one in facts.rooms.values() if one.chance < 0.9)


def test_the_worst_storey_is_told_first(verdict, facts):
    places = places_of(verdict.site)
    holes = [sum(facts.rooms[room.id].state == "hole" for _, room in rooms_of(verdict.site, place)
                 if room.id in facts.rooms) for place in places]  # fmt: skip
    assert holes[facts.worst] == max(holes) > 0
    assert {cell.storey for cell in facts.cells[: holes[facts.worst]]} == {places[facts.worst].title}


def test_a_channel_no_blocker_sends_on_is_named_with_the_cells_where_it_works(facts):
    assert facts.unreached == (("VF 900 MHz 2G", 0),)


def test_the_limit_broken_outside_is_the_first_place_and_the_home_keeps_it(facts):
    assert [(one.margin_db, one.passed) for one in (facts.outside[0], facts.outside[-1])] == [
        (-3.3, False),
        (4.3, True),
    ]
    margins = [one.margin_db for one in facts.outside]
    assert margins == sorted(margins)
    assert facts.outside[0].channel == "EE 800 MHz 4G"  # the others have 2 and 30 dB more


def test_channels_are_in_words_wherever_spill_is_told(verdict, facts):
    said = " ".join(limits_in_words(verdict)) + facts.grades[0].where
    assert "EE 800 MHz 4G" in said
    assert "EE/B20/LTE" not in said


def test_the_stored_form_comes_back_as_it_was_and_twice_as_the_same_bytes(verdict, facts):
    files = sample_files(verdict, CATALOGUE)
    assert _facts(json.loads(files[FACTS])) == facts
    assert files == sample_files(verdict, CATALOGUE)
    assert json.loads(files["verdict.json"])


def test_nothing_that_arrives_has_no_margin_and_stands_last(verdict):
    spill, grade = verdict.spill, verdict.grades[0].grade
    margin_db = spill.outside["margin_db"].copy()
    margin_db[:, 0] = math.inf
    quiet = replace(spill, outside=spill.outside.assign(margin_db=margin_db))
    assert outside_places(quiet, grade)[-1].margin_db is None


def test_where_a_call_is_nearest_to_failing_it_is_named(verdict):
    spill, grade = verdict.spill, verdict.grades[0].grade
    count = spill.outside.sizes["outside"]
    calls_db = np.full(count, 50.0)
    calls_db[2] = -7.04
    emergency = replace(spill, tier="emergency", outside=spill.outside.assign(
        emergency_margin_db=("outside", calls_db), passed=("outside", calls_db > 0)))  # fmt: skip
    first, *others = outside_places(emergency, grade)
    assert (first.name, first.channel, first.margin_db) == ("ring-2", CALL, -7.1)  # rounded down
    assert all(one.channel != CALL for one in others)


# --- In few words.


@pytest.mark.parametrize(
    ("kept", "margin_db", "words", "short"),
    [
        (None, None, "not known: treat it as exceeded", "not known"),
        (True, None, "kept", "kept"),  # nothing radiates
        (False, None, "exceeded", "exceeded"),
        (True, 2.1, "kept, 2.1 dB left", "kept, 2.1 dB left"),
        (False, -14.1, "exceeded by 14.1 dB", "over by 14.1 dB"),
        (False, 0.5, "exceeded, though not outside (0.5 dB left)", "exceeded"),  # in a keep room
    ],
)
def test_a_limit_in_a_sentence_and_in_a_number(kept, margin_db, words, short):
    one = SimpleNamespace(kept=kept, margin_db=margin_db)
    assert (limit_in_words(one), limit_in_short(one)) == (words, short)


@pytest.mark.parametrize(
    ("title", "file_name"),
    [
        ("Wing A, 2nd try", "Wing-A--2nd-try"),
        ("../../etc/passwd", "------etc-passwd"),  # leads nowhere
        ("Żółw", "---w"),  # letters every disk knows
        ("x" * 99, "x" * 60),
        ("", "HMP-Anywhere"),  # without a name the site's
    ],
)
def test_a_project_is_saved_under_a_plain_name(title, file_name):
    assert (
        project_panel._file_name(SimpleNamespace(project_name=title, site=SimpleNamespace(name="HMP Anywhere")))
        == file_name
    )


def test_a_project_with_no_name_at_all_is_called_project():
    assert project_panel._file_name(SimpleNamespace(project_name="", site=SimpleNamespace(name=""))) == "project"


@pytest.mark.parametrize(
    ("title", "blockers", "then", "words"),
    [
        ("wing", 1, (28, 0, 1), "1 blocker, today 00:01"),
        ("wing", 0, (27, 23, 59), "0 blockers, yesterday 23:59"),  # by the calendar, though two minutes ago
        ("Try 2", 28, (25, 12, 34), "wing, 28 blockers, 3 days ago 12:34"),
    ],
)
def test_a_recent_project_says_its_site_once_how_many_blockers_and_when(title, blockers, then, words, monkeypatch):
    today = SimpleNamespace(today=lambda: dt.date(2026, 11, 28))
    monkeypatch.setattr(project_panel, "dt", SimpleNamespace(datetime=dt.datetime, date=today))
    last_s = dt.datetime(2026, 11, *then).timestamp()
    assert project_panel._about(Kept("p1", title, "wing", blockers, last_s)) == words


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        ("form: cells: 0 is too few", "Cells of one wing on one storey: 0 is too few"),
        ("storeys: 99 is too many; give 6", "Storeys: 99 is too many; give 6"),
        ("no wing fits", "no wing fits"),
    ],
)
def test_a_problem_of_the_form_begins_with_the_label_of_its_field(problem, shown):
    assert _named(problem) == shown


def test_every_label_of_the_form_is_of_a_field_there_is():
    assert set(FIELD_NAMES) <= set(WingDescription.__dataclass_fields__)
    assert len(set(FIELD_NAMES.values())) == len(FIELD_NAMES)  # no two fields are called alike


def test_the_editor_has_the_colours_of_the_report_and_no_brace_is_left_open():
    assert all(colour in CSS for colour in (DEVICE_COLOUR, DOOR_COLOUR, WALL_COLOUR, WINDOW_COLOUR, TREATED_COLOUR))
    assert CSS.count("{") == CSS.count("}")
    assert not re.search(r"\{\w+_COLOUR\}", CSS)


# --- Plans of a site and the site from above.


def test_storeys_come_first_then_yards_and_every_room_is_on_one_plan(verdict):
    site = verdict.site
    yard = replace(site.rooms[0], id="yard-1", building=None, storey=0)
    site = SimpleNamespace(buildings=site.buildings, rooms=(*site.rooms, yard))
    places = places_of(site)
    assert [place.building for place in places] == [0, 0, -1]
    assert places[-1] == Place("Yard yard-1", -1, 0, len(site.rooms) - 1)
    assert sorted(index for place in places for index, _ in rooms_of(site, place)) == list(range(len(site.rooms)))


def moved(site, x_m: float, y_m: float):
    """The buildings of a site somewhere else."""
    there = [translate(one.outline, x_m, y_m) for one in site.buildings]
    return SimpleNamespace(
        buildings=tuple(replace(one, outline=at) for one, at in zip(site.buildings, there, strict=True))
    )


def test_the_stack_rises_by_a_fifth_of_the_width_and_less_for_towers(verdict):
    site, places = verdict.site, places_of(verdict.site)
    west, south, east, north = site.buildings[0].outline.bounds
    stack = stack_of(site, places, {0: 0.5}, {0: "half blocked"})
    assert stack["rise"] == pytest.approx(0.2 * max(east - west, north - south), abs=0.005)
    assert [one["share"] for one in stack["storeys"]] == [0.5, None]
    assert stack["storeys"][1]["title"].endswith(": not worked out yet")
    tower = [replace(places[0], storey=number) for number in range(8)]
    assert stack_of(site, tower, {}, {})["rise"] == pytest.approx(stack["rise"] / 2, abs=0.01)  # 4 of 8 storeys


def test_a_stack_is_the_same_wherever_the_site_lies(verdict):
    """On the National Grid eastings and northings differ by hundreds of kilometres: no width of a site."""
    site, places = verdict.site, places_of(verdict.site)
    assert (
        stack_of(moved(site, 530_000.0, 180_000.0), places, {}, {})["rise"] == stack_of(site, places, {}, {})["rise"]
    )


def test_between_two_places_alike_the_headroom_is_theirs_and_half_way_their_mean(verdict):
    fence = verdict.site.perimeter.outline
    one = outside_places(verdict.spill, verdict.grades[0].grade)[0]
    two = [replace(one, x_m=1000.0, y_m=1000.0, margin_db=-4.0), replace(one, x_m=1020.0, y_m=1000.0, margin_db=8.0)]
    field = spill_field(two, (990.0, 990.0, 1030.0, 1010.0), fence)
    middle = field.values[:, field.values.shape[1] // 2]
    assert np.nanmean(field.values[:, 54:56], axis=1) == pytest.approx(np.full(len(middle), 2.0), abs=0.05)
    assert np.nanmin(field.values) >= -4.0
    assert np.nanmax(field.values) <= 8.0
    assert np.isnan(
        spill_field([replace(two[0], margin_db=None)], (990.0, 990.0, 1030.0, 1010.0), fence).values
    ).all()


def test_the_field_of_a_large_site_takes_megabytes_not_a_hundred(verdict):
    one = outside_places(verdict.spill, verdict.grades[0].grade)[0]
    many = [replace(one, x_m=float(at % 40), y_m=float(at // 40), margin_db=0.0) for at in range(1300)]
    tracemalloc.start()
    spill_field(many, (0.0, 0.0, 40.0, 40.0), verdict.site.perimeter.outline)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10e6
