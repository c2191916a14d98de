"""What the draft takes off each blocker, and decibels that compiled loops turn to and fro: the plain formulas."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from quietwing.coverage.blocking._link_kernels import to_decibels, to_power
from quietwing.coverage.blocking.draft import DraftSignal, spread_against_db
from quietwing.coverage.blocking.link_paths import LinkPaths

Z = 1.2816
OWN_VARIANCE, DEVICE_DB = 12.3, 2.0


def drawn(devices: int, points: int, constructions: int, bands: tuple[int, ...], crossed: float):
    """Links of some blockers and the strongest sectors of some carriers, by lot."""
    rng = np.random.default_rng(7)

    def times(*shape):
        return (rng.integers(1, 6, shape) * (rng.random(shape) < crossed)).astype(np.uint8)

    carriers = len(bands)
    sizes = SimpleNamespace(
        carrier_band=np.array(bands, np.int32),
        construction_sigma_db=rng.uniform(1, 9, (constructions, max(bands) + 1)).astype(np.float32),
        walls_most_db=rng.uniform(5, 10, max(bands) + 1).astype(np.float32),
        rules=SimpleNamespace(errors=SimpleNamespace(own_variance=OWN_VARIANCE, device_db=DEVICE_DB)),
    )
    paths = LinkPaths.nothing((carriers, points), (), constructions)
    paths.crossed[:] = times(carriers, points, constructions)
    paths.walls_db[:] = rng.uniform(0, 30, (carriers, points))
    signal = DraftSignal(np.zeros((carriers, points)), rng.uniform(1, 30, (carriers, points)), paths)
    return sizes, signal, times(devices, points, constructions)


def plain_spread(sizes, signal, ours):
    """The same as written down: |k − n| crossings left of each construction, each side scaled to the most."""
    band = sizes.carrier_band
    variance, most = (
        sizes.construction_sigma_db.astype(float)[:, band].T ** 2,
        sizes.walls_most_db.astype(float)[band],
    )
    ours, theirs = ours.astype(float)[:, None], signal.paths.crossed.astype(float)[None]
    walls_ours, walls_theirs = ((times**2 * variance[:, None]).sum(axis=-1) for times in (ours, theirs))
    scale_ours, scale_theirs = (
        np.minimum(most[:, None] / np.sqrt(np.maximum(walls, 1e-6)), 1) for walls in (walls_ours, walls_theirs)
    )
    left = scale_ours[..., None] * ours - scale_theirs[..., None] * theirs
    plain = signal.sector_variance + 2 * OWN_VARIANCE + DEVICE_DB**2
    capped_db = Z * np.sqrt(plain + scale_ours**2 * walls_ours) + signal.paths.walls_db
    return np.minimum(Z * np.sqrt(plain + (left**2 * variance[:, None]).sum(axis=-1)), capped_db)


@pytest.mark.parametrize(
    ("points", "bands", "crossed"),
    [(130, (0, 0, 1, 2, 2), 0.4), (64, (1, 0, 1), 0.9), (3, (0,), 0.3), (65, (0, 1), 0.0), (0, (0,), 0.5)],
)
def test_what_both_sides_cross_drops_out_carrier_by_carrier(points, bands, crossed):
    sizes, signal, ours = drawn(4, points, 6, bands, crossed)
    found_db = spread_against_db(Z, signal, ours, sizes)
    assert_allclose(found_db, plain_spread(sizes, signal, ours), rtol=2e-6)
    one = np.arange(points)[1::3]
    part_db = spread_against_db(Z, signal, ours[1:2, one], sizes, one)
    assert (part_db == found_db[1:2][:, :, one]).all()  # no bit depends on the other blockers and points


def test_decibels_and_ratios_of_power_turn_into_each_other():
    levels_db = np.concatenate([np.linspace(-378, 378, 1999), [0.0, 3.0103, -3.0103, 10.0]]).astype(np.float32)
    ratio, spare = levels_db.copy(), np.empty_like(levels_db)
    to_power.py_func(ratio, spare)
    assert_allclose(ratio, 10 ** (levels_db.astype(float) / 10), rtol=3e-6 * 378 / 10)
    near = np.abs(levels_db) < 30
    assert_allclose(ratio[near], 10 ** (levels_db[near].astype(float) / 10), rtol=1e-6)
    exact_db = 10 * np.log10(ratio.astype(float))
    to_decibels.py_func(ratio, spare)
    assert_allclose(ratio, exact_db, rtol=1e-6, atol=1e-6)
    nothing = np.zeros(1, np.float32)
    to_decibels.py_func(nothing, spare[:1])
    assert -400 < nothing[0] < -380  # no blocker in this world: far below all else, and a number
