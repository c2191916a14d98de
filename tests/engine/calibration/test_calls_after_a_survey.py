"""Cells called silent in which a phone works: a survey takes such calls back (ten made sites in the benchmark)."""

from __future__ import annotations

import numpy as np
import pytest
from by_path import module_at


@pytest.mark.slow
def test_calls_are_wrong_no_more_often_after_a_survey_than_before(monkeypatch):
    benchmark = module_at("benchmarks/survey_sites.py")
    monkeypatch.setattr(benchmark, "LOWER_DB", np.array([20.0, 40.0, 60.0, 80.0]))
    # masts of this site are louder than the list says: by it alone cells seem silent where phones work
    before, wrong_before, after, wrong_after = benchmark.calls(1, worlds=100)
    assert wrong_before / before > 0.1
    assert wrong_after / after <= wrong_before / before / 2
    assert after >= 10
