"""The link budget names the way that is the louder one in the state of sight its level is taken in."""

import dataclasses

import pytest

from quietwing.coverage.blocking.explain import LinkBudget, explain_room
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector


def mast() -> Sector:
    """110 m before the hut's window: UMa gives sight a probability of 0.31 there."""
    return Sector(
        id="m1", operator="EE", plmn="234-30", band="B20", technology="LTE", freq_mhz=798.5, bandwidth_mhz=5.0,
        x_m=2.5, y_m=-110.0, height_m=25.0, azimuth_deg=0.0, tilt_deg=0.0, pattern="omni", eirp_dbm=58.0,
        environment="UMa",
    )  # fmt: skip


def bunk(hut, confidence: float) -> LinkBudget:
    """The phone in the bunk: its straight ray meets 215 mm of brick, the window beside it has bars alone."""
    site = dataclasses.replace(hut(), sectors=(mast(),))
    (found,) = (
        one for one in explain_room(site, Scenario(confidence=confidence), "A-01").budgets if one.point == "bunk"
    )
    assert 0.05 < found.los_probability < 0.4
    assert [one.construction for one in found.crossed] == ["brick_215"]
    return found


def test_a_straight_ray_with_sight_is_not_called_scattered_because_the_likelier_state_is(hut):
    # with sight 12.5 dB less is scattered towards the window, and the brick loses 5
    found = bunk(hut, 0.95)
    assert found.line_of_sight
    assert found.scattered_by == ""
    assert found.rsrp_dbm == pytest.approx(float(add_powers_db(found.straight_dbm, found.detour_dbm)), abs=0.01)


@pytest.mark.parametrize("confidence", [0.95, 0.6], ids=["with sight", "without sight"])
def test_scatter_is_named_where_it_brings_more_than_straight_ray_and_detour(hut, confidence):
    site = dataclasses.replace(hut(), sectors=(mast(),))
    for one in explain_room(site, Scenario(confidence=confidence), "A-01").budgets:
        others_dbm = float(add_powers_db(one.straight_dbm, one.detour_dbm))
        assert bool(one.scattered_by) == (one.rsrp_dbm > others_dbm + 0.01)
