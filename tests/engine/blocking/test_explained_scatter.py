"""What a link budget says of scatter: the level at the opening, and what it loses further in."""

from dataclasses import replace

import pytest

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.report.link_budget_text import budget_lines
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site

FALLS_OFF = "falls off inside the room"


def test_what_falls_off_inside_a_cell_is_a_line_of_its_own_and_adds_up():
    # C3-05 looks away from EE's mast: all its points get what its own window lets in. One reading alone, so that what
    # it says is the same at every place: of several each point has its own.
    site = load_site("houseblock")
    one = next(level for level in site.outside_levels if level.channel == "EE/B20/LTE")
    asked = Scenario(channels=("EE/B20/LTE",))
    budgets = explain_room(replace(site, outside_levels=(one,)), asked, "C3-05").budgets
    scattered = [budget for budget in budgets if budget.scattered_by]
    assert scattered
    at_window = set()
    for budget in scattered:
        lines = {words: value for words, value, _ in budget_lines(budget)}
        through_dbm = lines[f"instead scattered, through {budget.scattered_by}"]
        assert through_dbm + lines.get(FALLS_OFF, 0.0) == pytest.approx(lines["signal at the phone (S)"], abs=1e-3)
        assert budget.falls_off_db < 1e-3
        at_window.add(round(through_dbm, 3))
    assert len(at_window) == 1
    lost_db = {budget.point: budget.falls_off_db for budget in scattered}
    assert lost_db["window"] == pytest.approx(0, abs=1e-3)
    assert lost_db["bunk"] < lost_db["door"] < -5
