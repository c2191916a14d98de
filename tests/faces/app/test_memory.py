"""What the quick estimates of all sessions may take together, and what goes when a site is left."""

import time
import weakref
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import memory
from quietwing.coverage.app.blockers_state import Desk
from quietwing.coverage.app.state import Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.kept import array_bytes
from quietwing.coverage.live import drafts_ahead
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.sites import load_site
from quietwing.sites.files import BUNDLED
from quietwing.sites.synthetic import build_wing, describe

CATALOGUE = read_catalogue()
JAMMERS = (Device("J1", "room_jammer", 0.0, 2.4, 2.7), Device("J2", "micro_jammer", 3.0, 2.4, 2.7))
QUICK = Scenario(worlds=100, grid_m=1.0, channels=("EE/B1/LTE", "O2/B20/LTE"))


@cache
def wing():
    return build_wing(describe(type="wing", cells=4, storeys=3, name="small-wing"))


@pytest.fixture
def two(monkeypatch):
    """Drafts of two sessions on a wing of three storeys, which nobody else shares the memory with."""
    monkeypatch.setattr(memory, "_counted", weakref.WeakSet())
    made = [Drafting(wing(), QUICK, CATALOGUE) for _ in range(2)]
    for each in made:
        memory.count_in(each)
    return made


def margins(drafting: Drafting, place: int, devices=JAMMERS) -> bytes:
    return drafting.draft(place, devices).data["margin_db"].values.tobytes()


def held(drafting: Drafting) -> list[int]:
    return sorted(place for _, place in drafting.held)


def test_within_the_limits_nothing_goes(two):
    drafting, _ = two
    margins(drafting, 0)
    assert not memory.put_old_away(drafting, ((), 0))
    assert memory.has_room(drafting)


def test_what_was_in_use_longest_ago_goes_first_and_comes_back_the_same(two, monkeypatch):
    drafting, _ = two
    before = [margins(drafting, place) for place in range(3)]
    margins(drafting, 0)
    monkeypatch.setattr(memory, "MOST_OF_ONE_BYTES", drafting.nbytes - 1)
    assert memory.put_old_away(drafting, ((), 0))
    assert held(drafting) == [0, 2]
    assert drafting.put_away_places == {1}
    assert margins(drafting, 1) == before[1]
    assert drafting.put_away_places == set()


def test_a_session_that_holds_more_than_its_share_gives_first(two, monkeypatch):
    small, large = two
    margins(small, 0)  # in use longest ago
    for place in range(3):
        margins(large, place)
    monkeypatch.setattr(memory, "AT_WORK_S", 0.0)
    monkeypatch.setattr(memory, "MOST_OF_ALL_BYTES", small.nbytes + large.nbytes - 1)
    memory.put_old_away(large, ((), 2))
    assert held(small) == [0]
    assert held(large) == [1, 2]


def test_the_storey_in_hand_stays_however_little_memory_there_is(two, monkeypatch):
    drafting, other = two
    margins(other, 0)
    margins(drafting, 0)
    margins(drafting, 1)
    monkeypatch.setattr(memory, "MOST_OF_ALL_BYTES", 0)
    monkeypatch.setattr(memory, "MOST_AT_WORK_BYTES", 0)
    memory.put_old_away(drafting, ((), 1))
    assert (held(drafting), held(other)) == ([1], [])
    assert not memory.has_room(drafting)


def test_an_idle_session_gives_before_a_storey_is_worked_out_not_after(two, monkeypatch):
    """There is room for the two storeys there are and half of a third: for a third one of them goes."""
    busy, idle = two
    margins(idle, 0)
    margins(busy, 0)
    ((_, size),) = busy.held.values()
    monkeypatch.setattr(memory, "storey_bytes", lambda *_: size)
    monkeypatch.setattr(memory, "MOST_OF_ALL_BYTES", busy.nbytes + idle.nbytes + size // 2)
    memory.make_room(busy, ((), 1), JAMMERS)
    assert (held(busy), held(idle)) == ([], [0])  # a hand was there a minute ago at most
    margins(busy, 0)
    monkeypatch.setattr(memory, "AT_WORK_S", 0.0)
    memory.make_room(busy, ((), 1), JAMMERS)
    assert (held(busy), held(idle)) == ([0], [])


def test_the_storey_before_goes_before_the_next_is_worked_out_and_what_both_share_stays(two, monkeypatch):
    drafting, _ = two
    margins(drafting, 0)
    monkeypatch.setattr(memory, "MOST_OF_ONE_BYTES", 1)
    memory.make_room(drafting, ((), 1), JAMMERS)
    assert held(drafting) == []
    monkeypatch.delattr("quietwing.coverage.live.drafting.link_model")  # nothing of the site is worked out anew
    margins(drafting, 1)
    assert held(drafting) == [1]


def test_a_storey_stays_where_its_windows_are_treated(two, monkeypatch):
    """Links under other treatments are carried over from those there are."""
    drafting, _ = two
    margins(drafting, 0)
    monkeypatch.setattr(memory, "MOST_OF_ONE_BYTES", 1)
    window = next(each for each in wing().openings if each.kind == "window")
    memory.make_room(drafting, ((Treatment(window.id, "window_mesh"),), 0), JAMMERS)
    assert held(drafting) == [0]


@pytest.mark.slow
@pytest.mark.parametrize("name", BUNDLED)
def test_what_a_storey_will_take_is_known_before_about(name):
    site, (devices, catalogue) = load_site(name), equipment_of(name, None)
    drafting = Drafting(site, Scenario(), catalogue)
    expected = memory.storey_bytes(drafting, ((), 0), devices)
    drafting.draft(0, devices)
    assert expected == pytest.approx(drafting.nbytes, rel=0.3)
    ((_, size),) = drafting.held.values()
    assert memory.storey_bytes(drafting, ((), 0), devices) == pytest.approx(0, abs=0.3 * size)


def test_a_blocker_that_was_dragged_about_leaves_nothing_behind_when_memory_is_short(two, monkeypatch):
    drafting, _ = two
    key, before = ((), 0), margins(drafting, 0)
    moved = (replace(JAMMERS[0], x_m=0.5), JAMMERS[1])
    margins(drafting, 0, moved)
    memory.put_old_away(drafting, key, moved)
    assert drafting._kept.missing(key, JAMMERS) == ()  # there is room: undo finds it
    monkeypatch.setattr(memory, "MOST_OF_ONE_BYTES", drafting.nbytes - 1)
    memory.put_old_away(drafting, key, moved)
    assert drafting._kept.missing(key, (*JAMMERS, *moved)) == JAMMERS[:1]
    assert {device for _, device in drafting._detours._detours} == set(moved)
    assert drafting.nbytes < memory.MOST_OF_ONE_BYTES
    assert margins(drafting, 0) == before


def test_an_array_that_stands_in_two_places_counts_once():
    shared, own = np.zeros(1000), np.zeros(10)
    assert array_bytes((shared, (shared, own)), shared) == shared.nbytes + own.nbytes


def test_a_look_at_what_is_known_is_a_gesture_that_work_beside_it_waits_for():
    desk = Desk(wing(), QUICK, CATALOGUE)
    first = desk.draft(0, JAMMERS, ())
    desk.drafting.asked_s = 0.0
    assert desk.draft(0, JAMMERS, ()) is first
    assert time.monotonic() - desk.drafting.asked_s < drafts_ahead.REST_S


def test_of_two_at_work_none_takes_the_storey_the_other_has_in_hand(two, monkeypatch):
    one, other = two
    margins(other, 0)
    margins(one, 0)
    monkeypatch.setattr(memory, "MOST_OF_ALL_BYTES", 0)
    memory.put_old_away(one, ((), 0))
    assert (held(one), held(other)) == ([0], [0])
    monkeypatch.setattr(memory, "AT_WORK_S", 0.0)  # the other has gone for a coffee
    memory.put_old_away(one, ((), 0))
    assert (held(one), held(other)) == ([0], [])
    assert other.nbytes == 0  # what all its storeys share has gone too


def script() -> None:
    from quietwing.coverage.app.blockers_state import desk, leave_old_site
    from quietwing.coverage.app.device_panel import device_panel
    from quietwing.coverage.app.state import session

    leave_old_site()
    at = desk()
    for device in session().layout.devices[:1]:
        device_panel(at, device)


def test_a_site_that_is_left_leaves_nothing_behind():
    """Nor do the fields that were shown of it, which Streamlit keeps until the session ends."""
    page = AppTest.from_function(script, default_timeout=60).run()
    assert page.selectbox  # the fields of a blocker
    left = weakref.ref(page.session_state["blockers desk"].drafting)
    page.session_state["kept while results last"] = {"picture of the old site": b""}
    own = page.session_state["quietwing session"]
    own.site, own.layout = wing(), Layout()
    page.run()
    assert left() is None
    assert page.session_state["blockers desk"].site is wing()
    assert "kept while results last" not in page.session_state
