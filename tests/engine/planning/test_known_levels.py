"""Levels in the rows of a model: worked out once in all searches, and the same as if worked out each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from numpy.testing import assert_array_equal

from quietwing.coverage.planning import limits
from quietwing.coverage.planning.known_levels import Known, LastShares, RowLevels
from quietwing.coverage.planning.planning_inputs import WorkedOut, prepare_inputs
from quietwing.coverage.planning.prepared import margin_confidence
from quietwing.coverage.planning.search_space import room_levels, search_space
from quietwing.sites.synthetic import build_wing, describe

four = module_at("tests/engine/planning/four_cells.py")


@pytest.fixture
def asked():
    """Spots and rows that were asked for, and how: every level tells mode, spot and row."""
    pairs: list[tuple[int, int]] = []

    def ask(spots, rows):
        pairs.extend((spot, row) for spot in spots.tolist() for row in rows.tolist())
        return _exact(spots, rows)

    return pairs, ask


def _exact(spots, rows):
    mode = np.arange(3)
    return (mode[:, None, None] * 1e4 + spots[None, :, None] * 100.0 + rows[None, None, :]).astype(np.float32)


@pytest.mark.parametrize("most_bytes", [2**20, 200, 0])
def test_levels_in_rows_are_the_same_whatever_was_asked_before_and_however_little_is_kept(asked, most_bytes):
    _, ask = asked
    levels, rng = RowLevels(most_bytes), np.random.default_rng(7)
    for _ in range(60):
        spots = np.sort(rng.choice(12, rng.integers(1, 6), replace=False))
        rows = np.sort(rng.choice(40, rng.integers(1, 20), replace=False))
        assert_array_equal(levels.of(spots, rows, ask), _exact(spots, rows))
        assert levels.held_bytes == sum(known.nbytes for _, known in levels.spots.values()) <= most_bytes


def test_no_level_is_worked_out_twice_for_spots_that_are_asked_for_together(asked):
    pairs, ask = asked
    levels, spots = RowLevels(), np.array([2, 5, 9])
    for rows in ([3, 4, 8], [3, 4, 8], [1, 4, 8], [1, 3, 4, 7, 8]):
        levels.of(spots, np.array(rows), ask)
    assert sorted(pairs) == sorted((spot, row) for spot in spots.tolist() for row in (1, 3, 4, 7, 8))


@pytest.mark.parametrize("most_bytes", [2**20, 200, 0])
def test_shares_are_the_same_whatever_was_asked_last_and_only_new_members_are_asked_for(most_bytes):
    """Shares tell the set of candidates, the row and the member."""
    rng, few, many, new = np.random.default_rng(7), object(), object(), []
    shares, last, every = LastShares(most_bytes), (None, set()), 0

    def exact(candidates, members):
        return np.arange(5.0)[:, None] + 10.0 * members + 1e4 * (candidates is many)

    for _ in range(60):
        candidates = few if rng.random() < 0.8 else many
        members = rng.permutation(12)[: rng.integers(0, 7)]

        def ask(some, candidates=candidates):
            new.extend(some.tolist())
            return (exact(candidates, some), tuple("abcde")) if len(some) else (np.zeros((0, 0)), ())

        share, name = shares.of(candidates, members, ask)
        assert share.shape[1] == len(members)
        if len(members):
            assert_array_equal(share, exact(candidates, members))
            assert name == tuple("abcde")
        held = last[1] if candidates is last[0] else set()
        every += len(set(members.tolist()) - held)
        if share.nbytes <= most_bytes:
            last = candidates, set(members.tolist())
        elif candidates is not last[0]:
            last = candidates, set()
        assert shares.share.nbytes <= most_bytes
    assert len(new) == every


@pytest.fixture(scope="module")
def wing():
    """Cells on two storeys, with the levels in them; one of them, behind an open window, keeps its service."""
    site = build_wing(describe("test", type="wing", cells=24, storeys=2, fence_distance_m=100.0))
    strong = replace(four.EE20, eirp_dbm=48.0, y_m=-200.0)
    kept = replace(site.rooms[0], role="keep", operators=("EE",))
    openings = tuple(replace(one, state="open") if one.id == "A1-01-window" else one for one in site.openings)
    site = replace(site, rooms=(kept, *site.rooms[1:]), openings=openings, sectors=(strong, four.O2_8))
    scenario = replace(four.MOST, treat_with=("window_mesh",))
    inputs = prepare_inputs(site, site.sectors, scenario, four.CATALOGUE, (), np.zeros(len(site.rooms), bool))
    return inputs, room_levels(inputs, margin_confidence(inputs.scenario))


def test_the_next_search_works_out_no_level_that_the_one_before_did(wing, monkeypatch):
    monkeypatch.setattr(limits, "FEW_ROWS", 10)  # as on a large site
    inputs, inside = wing
    calls: list[str] = []
    worked_out = limits._upper_by_mode

    def counted(*args):
        calls.append("levels")
        return worked_out(*args)

    monkeypatch.setattr(limits, "_upper_by_mode", counted)
    first = search_space(inputs, inside)
    assert calls
    assert any(name.startswith("keep room") for name in first.limits.name)
    assert inputs.known.rows.spots
    calls.clear()
    second = search_space(inputs, inside)
    assert not calls
    anew = search_space(replace(inputs, worked_out=WorkedOut(quiet=inputs.worked_out.quiet)), inside)
    for other in (second, anew):
        assert other.limits.name == first.limits.name
        assert_array_equal(other.limits.share, first.limits.share)
        assert_array_equal(other.limits.forbidden, first.limits.forbidden)


def test_a_further_row_of_a_model_is_worked_out_alone(wing, monkeypatch):
    inputs, inside = wing
    around, known = inside.around, Known()
    count = int(np.isfinite(known.limits_outside(around, inputs.outside)[2].limit_dbm).sum())
    alive = limits.Alive(np.arange(len(around.bases)))
    few, more = np.zeros(count, bool), np.zeros(count, bool)
    few[:: count // 10], more[:: count // 10], more[3] = True, True, True
    places: list[int] = []
    worked_out = limits._upper_by_mode

    def counted(around, used, points, *rest):
        places.append(len(points))
        return worked_out(around, used, points, *rest)

    monkeypatch.setattr(limits, "_upper_by_mode", counted)
    list(limits.outside_limits(around, inputs.outside, alive, known, few))
    places.clear()
    blocks = list(limits.outside_limits(around, inputs.outside, alive, known, more))
    assert places
    assert set(places) == {1}
    whole = limits.outside_limits(around, inputs.outside, alive, Known(), more)
    for block, expected in zip(blocks, whole, strict=True):
        assert block.name == expected.name
        assert_array_equal(block.level_dbm, expected.level_dbm)
