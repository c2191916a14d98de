"""What to read next: readings that hang together with cells in doubt, and none that tell what is known."""

import numpy as np
import pytest

from quietwing.coverage.calibration.measure_next import chances_after, choose, settled
from quietwing.coverage.calibration.world_readings import WorldReadings
from quietwing.sites import scattered

WORLDS = 4000


def world(levels, silent) -> WorldReadings:
    levels = np.array(levels, np.float32)
    points = scattered(np.zeros((len(levels), 3)), "measured")
    names = tuple(f"EE/B{k}/LTE" for k in range(len(levels)))
    return WorldReadings(np.arange(len(levels)), names, levels, points, np.array(silent), np.arange(len(silent)))


@pytest.fixture(scope="module")
def drawn():
    """Two masts of 8 dB: four cells hang on the first, one on the second, and one is known."""
    rng = np.random.default_rng(5)
    first, second, other = 8 * rng.standard_normal((3, WORLDS))
    cells = [first < 0] * 4 + [second < 0, np.ones(WORLDS, bool)]
    return world([-90 + second, -90 + first, -90 + other], cells), first, second


def test_the_reading_that_most_cells_hang_on_comes_first(drawn):
    worlds, _, _ = drawn
    found = choose(worlds, 0.9, count=3)
    assert found.in_doubt == 5
    assert found.reading[:2] == (1, 0)
    assert list(found.settled) == sorted(found.settled)
    assert 1 < found.settled[0] <= 6


def test_what_is_settled_is_counted_as_arithmetic_says(drawn):
    worlds, _, _ = drawn
    # 8 dB of mast, 3 dB of reading: R² = 64/73; a call is settled where |z| > 1.2816 · √(9/73) / √(64/73) = 0.481
    expected = 1 + 4 * 2 * 0.3153
    assert choose(worlds, 0.9, count=1).settled[0] == pytest.approx(expected, abs=0.15)


def test_a_reading_settles_the_cells_that_hang_on_it_and_no_other(drawn):
    worlds, _, _ = drawn
    low = chances_after(worlds, (1,), np.array([-110.0]))
    high = chances_after(worlds, (1,), np.array([-70.0]))
    assert (low[:4] > 0.95).all()
    assert (high[:4] < 0.05).all()
    assert low[4] == pytest.approx(0.5, abs=0.06)
    assert settled(np.array([0.95, 0.5, 0.05]), 0.9).tolist() == [True, False, True]


def test_where_nothing_is_in_doubt_nothing_is_proposed():
    worlds = world([np.zeros(100)], [np.ones(100, bool)])
    assert choose(worlds, 0.9).reading == ()


def test_ten_chosen_readings_settle_more_than_ten_drawn_by_lot():
    rng = np.random.default_rng(8)
    masts = 8 * rng.standard_normal((12, WORLDS))
    margin = rng.uniform(-1, 1, (30, 12)) @ masts * (rng.random((30, 1)) + 0.2) / 2
    readings = np.repeat(masts, 8, axis=0) + 4 * rng.standard_normal((96, WORLDS))
    worlds = world(readings, margin < 0)
    ours = choose(worlds, 0.9).reading

    def count(picks) -> float:
        found = []
        for draw in range(20):
            read = readings[list(picks), draw] + 3 * rng.standard_normal(len(picks))
            found.append(settled(chances_after(worlds, tuple(picks), read), 0.9).sum())
        return float(np.median(found))

    lot = np.median([count(rng.choice(96, 10, replace=False)) for _ in range(10)])
    assert count(ours) > lot
