"""What searches of one site share: money changes none of it, and it is worked out once."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.blocking import LinksAtHand, blocker_link_model, judging, links_at_hand, spills
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.kept import array_bytes
from quietwing.coverage.planning import attempts, prepared
from quietwing.coverage.planning.attempts import judge as judged_anew
from quietwing.coverage.planning.planning_inputs import PlanningInputs, WorkedOut
from quietwing.coverage.propagation import point_legs
from quietwing.sites import trial_points

four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, MOST = four_cells.CATALOGUE, four_cells.MOST
site = four_cells.site  # fixture


@pytest.fixture
def ready(site):
    return prepared.prepare(site, site.sectors, MOST, CATALOGUE)


def test_less_money_shares_what_was_worked_out_and_inputs_hold_their_fields_alone(ready):
    poor = ready.inputs_for(replace(MOST, budget_gbp=100.0))
    assert poor.worked_out is ready.inputs.worked_out
    assert poor.kept is ready.inputs.kept
    assert set(vars(poor)) == {field.name for field in fields(poor)}
    assert poor.scenario.budget_gbp == 100.0


def test_a_layout_is_judged_once_for_all_budgets_and_as_if_judged_anew(ready, monkeypatch):
    rich, poor = ready.inputs_for(MOST), ready.inputs_for(replace(MOST, budget_gbp=100.0))
    stream = prepared.REPORTING_STREAM
    first = prepared.judge(rich, (), (), None, stream)
    afresh = judged_anew(rich, (), (), None, stream)
    assert first.attempt == afresh.attempt
    assert first.judged.by_room.identical(afresh.judged.by_room)
    monkeypatch.setattr(prepared, "judged_anew", lambda *_a: pytest.fail("judged twice"))
    assert prepared.judge(poor, (), (), None, stream) is first
    assert prepared.judge_outside(poor, (), (), stream) is first.every_spill
    assert ready.known((), (), stream, poor.scenario) is first
    assert ready.known((), (), prepared.CHOOSING_STREAM, poor.scenario) is None


def test_points_are_told_of_where_a_plan_is_reported_and_not_where_it_is_chosen(ready):
    reported, chosen = (
        prepared.judge(ready.inputs, (), (), None, stream).judged
        for stream in (prepared.REPORTING_STREAM, prepared.CHOOSING_STREAM)
    )
    assert {"margin_db", "rsrp_dbm"} <= set(reported.at_points)
    assert {"usable_probability"} == set(chosen.at_points)


def test_windows_and_streams_one_after_another_are_judged_as_each_by_itself(ready):
    """What was treated last, and the worlds without any blocker, are at hand: never those of others."""
    mesh = (Treatment("A1-01-window", "window_mesh"),)
    asked = [(windows, stream) for windows in ((), mesh, ()) for stream in (0, 1, 0)]
    seen = set()
    for windows, stream in asked:
        shared = judged_anew(ready.inputs, (), windows, None, stream)
        alone = judged_anew(replace(ready.inputs, worked_out=WorkedOut()), (), windows, None, stream)
        for one, other in zip(shared.judged.grades, alone.judged.grades, strict=True):
            assert one.by_room.identical(other.by_room)
        assert shared.attempt == alone.attempt
        seen.add(tuple(shared.judged.by_room["silent_probability"].values.tolist()))
    assert len(seen) == 4  # both windows and both streams tell
    assert {*ready.inputs.worked_out.quiet} == {0, 1}


def test_layouts_judged_with_one_memo_are_judged_as_each_by_itself(ready):
    one = Device("one", "micro_jammer", 2.0, 1.5, 1.5, power_dbm=0.0)
    noisy = CATALOGUE | {"micro_jammer": replace(CATALOGUE["micro_jammer"], out_of_band_dbc=-10.0)}
    model, points, at_hand = ready.inputs.bare, trial_points(ready.inputs.site), LinksAtHand()
    tested, seen = judging.silence_points(ready.inputs.site, points), set()
    for devices, catalogue in (
        ((one,), CATALOGUE), ((replace(one, power_dbm=-20.0),), CATALOGUE), ((replace(one, x_m=5.0),), CATALOGUE),
        ((one,), noisy),
    ):  # fmt: skip
        for stream in (0, 1):
            rooms, alone = (
                judging.judge_rooms(model, model, MOST, devices, catalogue, tested, stream=stream, at_hand=memo)
                for memo in (at_hand, None)
            )
            assert rooms.at_points.identical(alone.at_points)
            assert rooms.by_room.identical(alone.by_room)
            mine, its = (
                spills.spill(model, MOST, devices, catalogue, points, stream=stream, at_hand=memo)[0]
                for memo in (at_hand, None)
            )
            assert mine.outside.identical(its.outside)
            assert mine.protected == its.protected
            seen.add((mine.worst_margin_db, mine.protected))
    assert len(seen) == 8  # layouts, catalogues and streams tell


def test_what_is_the_same_of_every_layout_is_traced_once_for_one_set_of_treatments(ready, monkeypatch):
    one = Device("one", "micro_jammer", 2.0, 1.5, 1.5, power_dbm=0.0)
    other = Device("other", "micro_jammer", 5.0, 1.5, 1.5, power_dbm=0.0)
    mesh = (Treatment("A1-01-window", "window_mesh"),)
    asked = [((one,), ()), ((replace(one, power_dbm=-20.0), other), ()), ((other, replace(other, id="twin")), mesh)]
    alone = [
        judged_anew(replace(ready.inputs, worked_out=WorkedOut()), devices, windows, None, 0)
        for devices, windows in asked
    ]
    rays, detours, places = [], [], []

    def noted_rays(model, tx_m, *rest):
        rays.append(tx_m[:, 0].tolist())
        return real_rays(model, tx_m, *rest)

    def noted_detours(model, senders, legs, beside, floor):
        if floor is None:  # in the rooms devices of other powers are heard by other ways
            detours.append(senders.senders_m[:, 0].tolist())
        return real_detours(model, senders, legs, beside, floor)

    def noted_places(model, points):
        places.append(points)
        return real_places(model, points)

    real_rays, real_places = blocker_link_model._traced, judging.public_links
    real_detours = blocker_link_model.detour_ways
    monkeypatch.setattr(blocker_link_model, "_traced", noted_rays)
    monkeypatch.setattr(blocker_link_model, "detour_ways", noted_detours)
    monkeypatch.setattr(judging, "public_links", noted_places)
    for (devices, windows), before in zip(asked, alone, strict=True):
        found = judged_anew(ready.inputs, devices, windows, None, 0)
        assert found.attempt == before.attempt
        assert found.judged.at_points.identical(before.judged.at_points)
        for mine, its in zip(found.every_spill, before.every_spill, strict=True):
            assert mine.outside.identical(its.outside)
            assert mine.protected == its.protected
    outside, in_rooms, overhead = 2, 1, 1  # places outside in two blocks
    everywhere = in_rooms + outside + overhead
    assert rays == [[2.0]] * everywhere + [[5.0]] * everywhere * 2  # with the mesh anew, once
    assert detours == [[2.0]] * outside + [[5.0]] * outside * 2
    assert len(places) == 2  # one set of treatments each


def test_what_devices_of_a_layout_send_is_worked_out_once_for_those_set_alike(ready, monkeypatch):
    one = Device("one", "micro_jammer", 2.0, 1.5, 1.5, power_dbm=0.0)
    devices = one, replace(one, id="alike", x_m=5.0), replace(one, id="less", power_dbm=-20.0)
    alone = replace(ready.inputs, worked_out=WorkedOut())
    asked = []

    def noted(name):
        real = getattr(links_at_hand, name)

        def made(device, *rest, **how):
            asked.append((name, device.id, how.get("outside", True)))
            return real(device, *rest, **how)

        return made

    for name in ("carrier_levels_dbm", "radiated"):
        monkeypatch.setattr(links_at_hand, name, noted(name))
    for stream in (0, 1):
        attempts.judge(alone, devices, (), None, stream)
    levels = [("carrier_levels_dbm", name, outside) for name in ("one", "less") for outside in (True, False)]
    assert sorted(asked) == sorted([*levels, ("radiated", "one", True), ("radiated", "less", True)])


def test_ways_that_were_looked_at_ahead_are_not_traced_again_for_a_plan_with_these_devices(ready, monkeypatch):
    one = Device("one", "micro_jammer", 2.0, 1.5, 1.5, power_dbm=0.0)
    other = Device("other", "micro_jammer", 5.0, 1.5, 1.5, power_dbm=0.0)
    devices = replace(one, id="louder", power_dbm=3.0), other
    before = attempts.judged_outside(replace(ready.inputs, worked_out=WorkedOut()), devices, (), 0)
    assert attempts.LookOutside((one,), ()).answer({PlanningInputs: ready.inputs}.__getitem__) is None
    rays, real_rays = [], blocker_link_model._traced

    def noted_rays(model, tx_m, points, freqs):
        rays.append((tx_m[:, 0].tolist(), len(points)))
        return real_rays(model, tx_m, points, freqs)

    monkeypatch.setattr(blocker_link_model, "_traced", noted_rays)
    found = attempts.judged_outside(ready.inputs, devices, (), 0)
    for mine, its in zip(found, before, strict=True):
        assert mine.outside.identical(its.outside)
    assert [at for at, places in rays if places > 1] == [[5.0]] * 2  # two blocks of places outside


def test_what_was_judged_outside_first_is_not_judged_there_again_with_the_rooms(ready, monkeypatch):
    one = (Device("one", "micro_jammer", 2.0, 1.5, 1.5, power_dbm=0.0),)
    outside = prepared.judge_outside(ready.inputs, one, (), 0)
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "spill", lambda *_a, **_k: pytest.fail("judged twice"))
        whole = prepared.judge(ready.inputs, one, (), None, 0)
    assert whole.every_spill is outside
    other = prepared.judge(ready.inputs, one, (), None, 1)
    assert other.every_spill[0].worst_margin_db != outside[0].worst_margin_db  # other worlds


def test_what_does_not_fit_is_worked_out_each_time():
    small, large = np.zeros(10), np.zeros(1000)
    at_hand = LinksAtHand(most_bytes=100)
    made = []

    def make(what):
        made.append(len(what))
        return what

    for _ in range(2):
        assert at_hand.of("large", lambda: make(large)) is large
        assert at_hand.of("small", lambda: make(small)) is small
    assert made == [1000, 10, 1000]


def test_legs_count_with_all_that_they_may_keep(ready):
    model, points = ready.inputs.bare.masts.detours.model, trial_points(ready.inputs.site)
    legs = point_legs(model, points, keep=True)
    every_bytes = array_bytes(legs) + 4 * len(model.graph.portals) * len(points) * len(model.root)
    assert len(model.graph.portals)
    for most_bytes, fits in ((every_bytes, True), (every_bytes - 1, False)):
        at_hand = LinksAtHand(most_bytes)
        assert at_hand.of("legs", lambda: legs) is legs
        assert (at_hand.of("legs", lambda: None) is legs) == fits
