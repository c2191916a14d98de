"""What readings at some places say of others: ordinary kriging, by hand."""

import numpy as np
import pytest

from quietwing.coverage.blocking.kriging import krige
from quietwing.coverage.propagation.shadowing_model import Shadowing

FADING = Shadowing(sigma_db=6.0, correlation_m=50.0)
ERROR_DB = 3.0


def kriged(*readings: tuple[float, float]):
    """Residuals [dB] at places along a line [m]."""
    xy_m = np.array([[x_m, 0.0] for x_m, _ in readings])
    return krige(xy_m, np.array([[[residual_db for _, residual_db in readings]]]), FADING, ERROR_DB)


def line(*x_m: float) -> np.ndarray:
    return np.array([[x, 0.0] for x in x_m])


def test_one_residual_holds_everywhere_and_its_doubt_grows():
    """Two places differ by the difference of their fading: 2·36·(1 − exp(−d/50)), on top of the reading's 9 dB²."""
    found = kriged((0.0, -7.0))
    assert found.residual_db(line(0.0, 20.0, 5000.0), 0)[0] == pytest.approx([-7.0, -7.0, -7.0])
    distance_m = np.array([0.0, 20.0, 60.0, 200.0])
    assert found.variance_db2(line(*distance_m)) == pytest.approx(9 + 72 * (1 - np.exp(-distance_m / 50)))


def test_readings_at_one_place_are_averaged_with_their_errors():
    found = kriged((0.0, -2.0), (0.0, 4.0))
    assert found.residual_db(line(0.0, 300.0), 0)[0] == pytest.approx([1.0, 1.0])
    assert found.variance_db2(line(0.0)) == pytest.approx(9 / 2)


def test_readings_far_apart_tell_the_mean_and_far_from_both_the_fading_is_left():
    found = kriged((0.0, 6.0), (1e5, -2.0))
    # at a reading 36/45 of its 4 dB from the mean of 2; 36 − 36²/45 + (1 − 36/45)²·45/2 = 8.1 dB²
    assert found.residual_db(line(0.0, 1e5, 5e4), 0)[0] == pytest.approx([5.2, -1.2, 2.0])
    assert found.variance_db2(line(0.0, 5e4)) == pytest.approx([8.1, 36 + 45 / 2])


def test_many_readings_near_each_other_count_as_few():
    """Ten at one place and one far away: the mean is not drawn to the ten as by eleven equal shares."""
    found = kriged(*[(0.0, 10.0)] * 10, (1e5, 0.0))
    # variances of what each place tells of the mean: 36 + 9/10 and 36 + 9
    assert float(found.mean_db[0, 0]) == pytest.approx(10 * 45 / (45 + 36.9))


def test_ordinary_kriging_is_the_best_unbiased_sum_of_the_readings():
    """By Lagrange's multiplier, one point at a time: another road to the same numbers."""
    rng = np.random.default_rng(1)
    xy_m, residual_db = rng.uniform(0.0, 200.0, (6, 2)), rng.normal(0.0, 6.0, 6)
    found = krige(xy_m, residual_db[None, None], FADING, ERROR_DB)

    def shared(one, other):
        return 36 * np.exp(-np.hypot(*(one - other)) / 50)

    system = np.ones((7, 7))
    system[:6, :6] = [[shared(a, b) + 9 * (i == j) for j, b in enumerate(xy_m)] for i, a in enumerate(xy_m)]
    system[6, 6] = 0
    for point_m in rng.uniform(-50.0, 250.0, (5, 2)):
        to_point = np.append([shared(place_m, point_m) for place_m in xy_m], 1.0)
        solved = np.linalg.solve(system, to_point)
        assert found.residual_db(point_m[None], 0)[0, 0] == pytest.approx(solved[:6] @ residual_db)
        assert found.variance_db2(point_m[None])[0] == pytest.approx(36 - solved @ to_point)
