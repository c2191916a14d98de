"""Drafts prepared ahead: the same bytes as worked out when asked for, and never in the way of a gesture."""

import functools
import gc
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from bundled import bundled

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.layout import read_layout
from quietwing.coverage.live import drafting as study_drafting
from quietwing.coverage.live import drafts_ahead, kept_links
from quietwing.coverage.live.drafting import DEVICES_AT_A_TIME, Drafting
from quietwing.coverage.live.drafts_ahead import DraftsAhead
from quietwing.coverage.propagation.portal_graphs import portal_graph
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.errors import QuietwingError

CATALOGUE = read_catalogue()
SITE = bundled("houseblock")
LAYOUT = read_layout(Path(__file__).parents[2] / "sites" / "examples" / "houseblock" / "layout.csv", CATALOGUE)
DEVICES = (replace(LAYOUT[0], state="off"), *LAYOUT[1:7])
SCENARIO = Scenario(channels=("EE/n78/NR", "O2/B28/LTE", "VF/B3/LTE"))  # of 33: what is held here knows no channel
MESH = (Treatment("A1-05-window", "window_mesh"), Treatment("A2-05-window", "window_mesh"))
LONG_S = 60.0


@pytest.fixture(scope="module", autouse=True)
def joined_once():
    """How the openings of the site as it stands are joined is the same for every draft: once for all of them."""
    of_site = functools.cache(lambda: portal_graph(prepare_scene(SITE)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            study_drafting, "portal_graph", lambda scene: of_site() if scene.site is SITE else portal_graph(scene)
        )
        yield


def new() -> Drafting:
    return Drafting(SITE, SCENARIO, CATALOGUE, grid_m=3.0)


@cache
def anew(place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]) -> list[bytes | object]:
    return content(new().draft(place, devices, treatments))


def content(draft) -> list[bytes | object]:
    return [*(draft.data[name].values.tobytes() for name in ("margin_db", "channel", "device", "room")), draft.rooms]


def test_a_step_takes_a_few_devices_and_cables_one_by_one_at_the_end(monkeypatch):
    drafting, taken = new(), []
    run = ((DEVICES[1].x_m + 5.0, DEVICES[1].y_m, 2.5),)
    cables = tuple(replace(DEVICES[1], id=name, model="cable_jammer", z_m=2.5, route_m=run) for name in "CD")
    devices = (*cables, *DEVICES[: 2 + DEVICES_AT_A_TIME])
    anew = drafting._links_anew
    monkeypatch.setattr(
        drafting, "_links_anew", lambda key, some, *about: taken.append(len(some)) or anew(key, some, *about)
    )
    while drafting.prepare(0, devices):
        pass
    assert taken == [DEVICES_AT_A_TIME, 1, 1, 1]
    assert drafting._kept.missing(((), 0), devices[:2]) == ()


@pytest.mark.parametrize("treatments", [(), MESH], ids=["untreated", "treated"])
@pytest.mark.parametrize("steps", [1, 2, 99])
def test_a_prepared_draft_has_the_bytes_of_one_that_is_not(steps, treatments):
    drafting = new()
    drafting.draft(0, DEVICES)
    done = 0
    while done < steps and drafting.prepare(1, DEVICES, treatments):
        done += 1
    moved = (*DEVICES[:-1], replace(DEVICES[-1], x_m=DEVICES[-1].x_m + 1.0))
    for devices in (DEVICES, moved):
        assert content(drafting.draft(1, devices, treatments)) == anew(1, devices, treatments)


def test_when_all_is_prepared_a_draft_works_out_no_link(monkeypatch):
    drafting = new()
    drafting.draft(0, DEVICES)
    assert not drafting.at_hand(1, DEVICES)
    steps = 1
    while drafting.prepare(1, DEVICES):
        steps += 1
    assert steps == 1 + -(-(len(DEVICES) - 1) // DEVICES_AT_A_TIME)  # the public side, then device by device
    assert drafting.at_hand(1, DEVICES)
    for name in ("blocker_links", "public_ways", "carried_public", "carried_links"):
        monkeypatch.delattr(f"quietwing.coverage.live.drafting.{name}")
    drafting.draft(1, DEVICES)


def test_nothing_is_prepared_that_would_drive_out_what_is_in_use(monkeypatch):
    drafting = new()
    drafting.draft(0, DEVICES)
    monkeypatch.setattr(kept_links, "KEPT_BYTES", drafting._kept._links.used)
    drafting._kept._links.most = drafting._kept._links.used
    assert drafting.prepare(1, DEVICES)  # the public side
    assert not drafting.prepare(1, DEVICES)
    on = DEVICES[1:]
    assert drafting._kept.known(((), 0), on) == on
    assert not drafting._kept.known(((), 1), on)


def test_what_is_out_of_use_is_dropped_before_what_is_prepared(monkeypatch):
    """A blocker dragged about leaves links and detours behind at every place it has been."""
    drafting, still = new(), DEVICES[:2]
    drafting.draft(0, DEVICES[:3])
    while drafting.prepare(1, DEVICES[:3]):
        pass
    links, detours = drafting._kept._links, drafting._detours._detours
    monkeypatch.setattr(kept_links, "KEPT_BYTES", links.used * 1.5)
    links.most, detours.most = links.used * 1.5, detours.used * 1.5
    for step in range(12):
        moved = (*still, replace(DEVICES[2], x_m=DEVICES[2].x_m + 0.1 * step))
        drafting.draft(0, moved)
        assert drafting._kept.known(((), 1), still) == still[1:]  # the first is off
        assert (1, still[1]) in drafting._detours._detours
        drafting.prepare(1, moved)
    assert links.used <= links.most
    assert detours.used <= detours.most


def test_detours_are_kept_within_bounds_those_in_use_the_longest(monkeypatch):
    drafting = new()
    drafting.draft(0, DEVICES[:3])
    detours = drafting._detours._detours
    detours.most = detours.used
    for step in range(1, 4):
        drafting.draft(0, (*DEVICES[:2], replace(DEVICES[2], x_m=DEVICES[2].x_m + step)))
    assert [device.x_m for _, device in drafting._detours._detours] == [DEVICES[1].x_m, DEVICES[2].x_m + 3]
    sizes = [sum(part.nbytes for part in vars(way).values()) for _, way in drafting._detours._detours.values()]
    assert sum(sizes) == detours.used <= detours.most
    detours.most = 1
    assert content(drafting.draft(0, DEVICES, MESH)) == anew(0, DEVICES, MESH)
    assert len(drafting._detours._detours) == 1


def test_the_other_storeys_of_the_building_are_prepared_the_nearest_first(monkeypatch):
    monkeypatch.setattr(drafts_ahead, "REST_S", 0.0)
    drafting, asked = new(), []
    drafting.draft(1, DEVICES)
    prepare = drafting.prepare
    monkeypatch.setattr(drafting, "prepare", lambda place, *about: asked.append(place) or prepare(place, *about))
    ahead = DraftsAhead(drafting)
    ahead.beside(1, DEVICES)
    assert ahead.wait(LONG_S)
    assert list(dict.fromkeys(asked)) == [0, 2, 3]  # places 4 and 5 are another building's
    assert all(drafting.at_hand(place, DEVICES) for place in range(4))
    assert not drafting.at_hand(4, DEVICES)
    assert not ahead.step()


def test_gestures_beside_it_get_the_same_bytes(monkeypatch):
    """Drafts asked for in the middle of the preparation of others, under treatments that come and go."""
    monkeypatch.setattr(drafts_ahead, "REST_S", 0.0)
    drafting = new()
    ahead = DraftsAhead(drafting)
    drafting.draft(0, DEVICES)
    for step, (place, treatments) in enumerate([(0, ()), (1, MESH), (2, ()), (0, MESH), (3, MESH), (1, ())]):
        moved = (*DEVICES[:-1], replace(DEVICES[-1], x_m=DEVICES[-1].x_m + 0.5 * step))
        found = drafting.draft(place, moved, treatments)
        ahead.beside(place, moved, treatments)
        assert content(found) == anew(place, moved, treatments), (step, place)
    assert ahead.wait(LONG_S)


def test_a_draft_waits_for_the_step_under_way(monkeypatch):
    drafting, entered, on = new(), threading.Event(), threading.Event()
    ground = drafting._ground

    def slow(*about):
        entered.set()
        on.wait(LONG_S)
        return ground(*about)

    drafting.draft(1, ())  # what all places share is there
    monkeypatch.setattr(drafting, "_ground", slow)
    threads = [threading.Thread(target=act, args=(0, ())) for act in (drafting.prepare, drafting.draft)]
    threads[0].start()
    assert entered.wait(LONG_S)
    entered.clear()
    threads[1].start()
    assert not entered.wait(0.2)
    on.set()
    for thread in threads:
        thread.join(LONG_S)
    assert entered.is_set()
    assert drafting.at_hand(0, ())


def test_no_step_while_gestures_follow_each_other(monkeypatch):
    drafting, steps = new(), []
    monkeypatch.setattr(drafting, "prepare", lambda *about: steps.append(about))
    ahead = DraftsAhead(drafting)
    drafting.draft(0, ())
    ahead._wish = ([1], (), ())
    assert ahead.step()
    assert not steps
    drafting.asked_s = time.monotonic() - drafts_ahead.REST_S
    assert ahead.step()
    assert len(steps) == 1
    assert not ahead.step()


def test_a_storey_that_has_no_draft_does_not_end_it(monkeypatch):
    monkeypatch.setattr(drafts_ahead, "REST_S", 0.0)
    drafting, asked = new(), []

    def refused(place, devices, treatments):
        asked.append(place)
        raise QuietwingError("no")

    monkeypatch.setattr(drafting, "prepare", refused)
    ahead = DraftsAhead(drafting)
    ahead.beside(0, ())
    assert ahead.wait(LONG_S)
    assert asked == [1, 2, 3]


def test_it_ends_with_the_session_that_holds_the_drafts():
    drafting = new()
    ahead = DraftsAhead(drafting)
    drafting.asked_s = time.monotonic() + LONG_S  # it waits, and waits
    ahead.beside(0, DEVICES)
    thread, gone = ahead._thread, weakref.ref(drafting)
    assert thread in threading.enumerate()
    assert thread.daemon
    del drafting, ahead
    for _ in range(100):  # the thread holds them while it looks
        gc.collect()
        thread.join(0.05)
        if not thread.is_alive():
            break
    assert not thread.is_alive()
    assert gone() is None


ENDING = """
import atexit
import time
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.live import drafts_ahead
from quietwing.coverage.live.drafting import Drafting
from quietwing.sites import load_site
drafts_ahead.REST_S = 0.0
atexit.register(time.sleep, 1.0)  # the app waits so for its janitor
channels = ("EE/n78/NR", "O2/B28/LTE", "VF/B3/LTE")
drafting = Drafting(load_site("houseblock"), Scenario(channels=channels), read_catalogue(), grid_m=1.0)
drafting.draft(0, ())
ahead = drafts_ahead.DraftsAhead(drafting)
ahead.beside(0, ())
while drafting._at_work.acquire(blocking=False):  # until a step is under way
    drafting._at_work.release()
print("ending")
"""


def test_a_program_ends_in_the_middle_of_a_step_without_a_word():
    done = subprocess.run(
        [sys.executable, "-P", "-c", ENDING], capture_output=True, text=True, timeout=LONG_S, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ending\n", "")


def test_the_storey_that_is_looked_at_comes_first_where_its_links_were_put_away():
    """Its estimate is on the screen, and the next gesture shall not wait for what memory was too short for."""
    drafting = new()
    drafting.draft(0, DEVICES)
    assert drafting.put_away(((), 0))
    assert not drafting.at_hand(0, DEVICES)
    used = []
    ahead = DraftsAhead(drafting, lambda _: False, used=lambda _, key: used.append(key))  # no room for any other
    ahead.beside(0, DEVICES)
    assert ahead.wait(LONG_S)
    assert drafting.at_hand(0, DEVICES)
    assert set(used) == {((), 0)}
    assert set(drafting.held) == {((), 0)}
    assert content(drafting.draft(0, DEVICES)) == anew(0, DEVICES, ())
