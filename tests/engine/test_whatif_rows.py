"""A row of what would change the answer, from shares of worlds written by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.coverage.rules import load_rules
from quietwing.coverage.study.whatif_rows import _row, _shares

PLANNING, EVIDENCE = (load_rules().grade(name) for name in ("planning", "evidence"))
Q = PLANNING.confidence
SPILL = SimpleNamespace(worst_margin_db=-3.2, passed=False), SimpleNamespace(worst_margin_db=np.inf, passed=True)


def row(shares, quiet, grades=(PLANNING, EVIDENCE)):
    each = [np.array(shares, float) for _ in grades], [np.array(quiet, float) for _ in grades]
    return _row(grades, *each, SPILL[: len(grades)], "masts measured", "measured", "3 of 4", 1200.0, "a note")


@pytest.mark.parametrize(
    ("shares", "quiet", "cells", "mean_cells"),
    [
        ([1.0, Q, Q - 0.01, 0.0], [0, 0, 0, 0], 2, 1 + 2 * Q - 0.01),  # the confidence itself is enough
        ([1.0, 1.0], [0.0, Q], 1, 1.0),  # quiet anyway: nobody's gain
        ([1.0, 1.0], [0.0, Q - 0.01], 2, 2.0),
        ([0.5, 0.5], [0.0, 0.0], 0, 1.0),  # no cell is called silent, and one is in the mean
    ],
)
def test_cells_are_called_silent_with_the_confidence_and_counted_in_the_mean(shares, quiet, cells, mean_cells):
    found = row(shares, quiet, (PLANNING,))
    assert found.cells == {"planning": cells}
    assert found.mean_cells["planning"] == pytest.approx(mean_cells)


def test_a_stricter_grade_calls_fewer_silent_in_the_same_worlds():
    between = (PLANNING.confidence + EVIDENCE.confidence) / 2
    assert row([between, 1.0], [0.0, 0.0]).cells == {"planning": 2, "evidence": 1}


def test_spill_stands_by_grade_and_nothing_is_gained_before_all_rows_are_there():
    found = row([1.0], [0.0])
    assert found.spill == {"planning": (-3.2, False), "evidence": (np.inf, True)}
    assert found.gained == {"planning": 0, "evidence": 0}
    assert (found.cost_gbp, found.note) == (1200.0, "a note")


def test_a_share_is_of_all_worlds():
    silent = np.array([[[1, 1, 0, 1], [0, 0, 0, 0]]], bool)  # one grade, two rooms, four worlds
    assert _shares(SimpleNamespace(silent=silent)).tolist() == [[0.75, 0.0]]
