"""The draft of what spills: the base is the verdict's own number, and a blocker moves it by what its power moves."""

import math
from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking import spill
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.live import Drafting, spill_drafts
from quietwing.coverage.scenario import Scenario
from quietwing.sites import trial_points
from quietwing.sites.synthetic import build_wing, describe

CATALOGUE = read_catalogue()
SITE = build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=20, name="small-wing"))
SCENARIO = Scenario(worlds=200, grid_m=3.0, channels=("EE/B1/LTE", "O2/B8/GSM"), spill_tier="service")
JAMMER = Device("J1", "room_jammer", 0.0, 2.4, 2.7, power_dbm=10.0)
OTHER = Device("J2", "room_jammer", 3.0, 1.2, 2.7, power_dbm=10.0)


def ready(devices, scenario=SCENARIO, treatments=()) -> Drafting:
    drafting = Drafting(SITE, scenario, CATALOGUE, grid_m=3.0)
    while drafting.spill.prepare(devices, treatments, drafting.model):
        pass
    return drafting


def judged(drafting, devices) -> tuple[float, str]:
    first = spill(drafting.model(), SCENARIO, devices, CATALOGUE, trial_points(SITE))[0]
    return first.worst_margin_db, first.worst


@pytest.fixture(scope="module")
def both() -> Drafting:
    return ready((JAMMER, OTHER))


def test_the_draft_of_the_base_is_what_the_verdict_finds(both):
    found = both.spill.draft((JAMMER, OTHER))
    margin_db, worst = judged(both, (JAMMER, OTHER))
    assert 0 <= found.margin_db - margin_db < 0.1 + 1e-9  # the verdict's is rounded down to 0.1 dB
    assert found.worst == worst


def test_three_db_more_power_of_the_only_blocker_cost_three_db_everywhere():
    """Its median rises by 3 dB, the limit and what it is sure of stay: each margin falls by 3 dB."""
    drafting = ready((JAMMER,))
    before = drafting.spill.draft((JAMMER,))
    after = drafting.spill.draft((replace(JAMMER, power_dbm=13.0),))
    assert before.margin_db - after.margin_db == pytest.approx(3.0, abs=1e-3)
    with np.errstate(invalid="ignore"):  # where no blocker is heard before or after
        change = before.data["margin_db"].values - after.data["margin_db"].values
    finite = np.isfinite(change)
    assert finite.any()
    np.testing.assert_allclose(np.sort(np.unique(np.round(change[finite], 3)))[-1], 3.0)


def test_a_second_alike_blocker_at_the_same_place_costs_3_01_db():
    """10 · log10 2 = 3.01 dB: powers add."""
    drafting = ready((JAMMER,))
    one = drafting.spill.draft((JAMMER,)).margin_db
    two = drafting.spill.draft((JAMMER, replace(JAMMER, id="J9"))).margin_db
    assert one - two == pytest.approx(10 * math.log10(2), abs=1e-3)


@pytest.mark.parametrize("x_m", [1.0, 3.0, 4.5])
def test_a_blocker_that_moved_is_drafted_within_a_db_and_a_half_of_its_verdict(both, x_m):
    moved = (replace(JAMMER, x_m=x_m), OTHER)
    margin_db, _ = judged(both, moved)
    assert both.spill.draft(moved).margin_db == pytest.approx(margin_db, abs=1.5)


def test_without_any_blocker_nothing_is_left_to_limit_and_one_that_is_off_is_none(both):
    assert both.spill.draft(()).margin_db == math.inf
    off = replace(OTHER, state="off")
    assert both.spill.draft((JAMMER, off)).margin_db == both.spill.draft((JAMMER,)).margin_db


def test_nothing_is_said_before_a_base_is_at_hand_nor_of_what_only_the_verdict_judges(monkeypatch):
    drafting = Drafting(SITE, SCENARIO, CATALOGUE, grid_m=3.0)
    assert drafting.spill.draft((JAMMER,)) is None
    assert drafting.spill.prepare((JAMMER,), (), drafting.model)
    assert drafting.spill.draft((JAMMER,)) is None  # half of it is no answer
    calls = Drafting(SITE, replace(SCENARIO, spill_tier="emergency"), CATALOGUE, grid_m=3.0)
    assert not calls.spill.prepare((JAMMER,), (), calls.model)
    monkeypatch.setattr(spill_drafts, "MOST_DEVICES", 1)
    assert not drafting.spill.prepare((JAMMER, OTHER), (), drafting.model)


def test_a_base_serves_layouts_that_differ_in_a_few_blockers_and_is_judged_anew_for_others(both):
    many = tuple(replace(OTHER, id=f"N{number}", y_m=1.0 + 0.1 * number) for number in range(9))
    assert not both.spill.prepare((replace(JAMMER, x_m=1.0), OTHER), (), both.model)
    assert both.spill.prepare((JAMMER, OTHER, *many), (), both.model)
    assert both.spill.draft((JAMMER, OTHER)) is not None  # the old base serves meanwhile


def test_what_was_put_away_is_judged_anew():
    drafting = ready((JAMMER,))
    drafting.draft(0, (JAMMER,))
    assert drafting.spill.nbytes > 0
    assert drafting.put_away(((), 0))
    assert drafting.spill.draft((JAMMER,)) is None
    assert drafting.spill.nbytes == 0
