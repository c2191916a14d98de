"""Linear Gaussian estimation by hand, and against the formula written out."""

import numpy as np
import pytest

from quietwing.coverage.gaussian_fit import Block, Prior, posterior, unlikelihood


def one(mean: float, sigma: float, lowest: float = -np.inf) -> Prior:
    return Prior(np.array([mean]), np.array([[sigma**2]]), np.array([lowest]))


def read(*residual_db: float, sigma: float) -> Block:
    count = len(residual_db)
    return Block(np.ones((count, 1)), np.array(residual_db), sigma**2 * np.eye(count))


def test_one_reading_pulls_by_its_share_of_the_variance():
    found = posterior(one(0, 3), [read(6.0, sigma=4)])  # 6 · 9/(9 + 16), variance 9 · 16/25
    assert found.mean == pytest.approx([2.16])
    assert found.sigma == pytest.approx([2.4])


def test_without_readings_the_prior_stays():
    found = posterior(one(1.5, 3), [])
    assert found.mean == pytest.approx([1.5])
    assert found.sigma == pytest.approx([3])


def test_four_readings_count_as_one_of_half_the_error():
    many, few = posterior(one(0, 3), [read(6, 6, 6, 6, sigma=4)]), posterior(one(0, 3), [read(6, sigma=2)])
    assert many.mean == pytest.approx(few.mean)
    assert many.sigma == pytest.approx(few.sigma)


def test_readings_that_share_their_whole_error_are_one():
    both = Block(np.ones((2, 1)), np.array([6.0, 6.0]), 16 * np.ones((2, 2)) + 1e-9 * np.eye(2))
    assert posterior(one(0, 3), [both]).mean == pytest.approx([2.16], abs=1e-4)


def test_no_parameter_leaves_its_bound_and_the_others_take_up_the_rest():
    prior = Prior(np.zeros(2), np.diag([9.0, 9.0]), np.array([-1.0, -np.inf]))
    block = Block(np.ones((1, 2)), np.array([-20.0]), np.eye(1))
    found = posterior(prior, [block])
    assert found.mean[0] == pytest.approx(-1.0)
    assert found.mean[1] == pytest.approx(-19 * 9 / 10)  # alone, with 19 dB left to explain


def test_it_is_the_formula_of_the_textbook():
    rng = np.random.default_rng(3)
    half = rng.standard_normal((5, 5))
    prior = Prior(rng.standard_normal(5), half @ half.T + np.eye(5), np.full(5, -np.inf))
    design, residual = rng.standard_normal((12, 5)), rng.standard_normal(12)
    noise = np.diag(rng.uniform(1, 4, 12))
    found = posterior(
        prior, [Block(design[:7], residual[:7], noise[:7, :7]), Block(design[7:], residual[7:], noise[7:, 7:])]
    )
    gain = prior.covariance @ design.T @ np.linalg.inv(design @ prior.covariance @ design.T + noise)
    np.testing.assert_allclose(found.mean, prior.mean + gain @ (residual - design @ prior.mean), atol=1e-9)
    np.testing.assert_allclose(found.covariance, prior.covariance - gain @ design @ prior.covariance, atol=1e-9)


def test_what_is_not_read_and_hangs_together_with_nothing_stays_as_it_was():
    prior = Prior(np.zeros(3), np.array([[4.0, 2.0, 0], [2.0, 4.0, 0], [0, 0, 7.0]]), np.full(3, -np.inf))
    found = posterior(prior, [Block(np.array([[1.0, 0, 0]]), np.array([3.0]), np.eye(1))])
    assert found.mean == pytest.approx([2.4, 1.2, 0])  # the second moves with the first by its correlation
    assert found.covariance[2, 2] == pytest.approx(7)


def test_what_is_made_least_is_the_prior_s_part_and_the_readings():
    """A shift of 2 dB known to 8 dB, and two readings of 5 dB error that it leaves 3 and −1 dB from."""
    prior = Prior(np.zeros(1), np.array([[64.0]]), np.full(1, -np.inf))
    readings = [Block(np.ones((1, 1)), np.array([left]), np.array([[25.0]])) for left in (3.0, -1.0)]
    assert unlikelihood(prior, readings, np.array([2.0])) == pytest.approx(4 / 64 + 9 / 25 + 1 / 25)
