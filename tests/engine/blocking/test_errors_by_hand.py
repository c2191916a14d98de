"""Errors of links in 20,000 worlds: how wide each is, and what two links share, recovered from the compiled loops."""

import math
from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from numba import njit

from quietwing.coverage.blocking._link_kernels import Local, device_power, own_error, room_errors, strongest_sector
from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.world_links import draw_worlds, kernel_links, kernel_network
from quietwing.coverage.propagation.scene import prepare_scene

given_levels = module_at("tests/engine/blocking/given_levels.py")
EE20, EE3, D1, CATALOGUE = given_levels.EE20, given_levels.EE3, given_levels.D1, given_levels.CATALOGUE
O2 = replace(EE20, id="O2", operator="O2", plmn="234-10")  # on the same mast, of another operator
FAR = replace(EE20, id="S9", operator="VF", plmn="234-15", x_m=-400.0, freq_mhz=816.0)
WORLDS = 20_000
NEAR = 0.02  # of a correlation: three times 1/√20,000


@njit
def _worked_out(net, links, room_key, signal, device):
    """Signal (point, carrier, world) and error of each device (point, device, band, world), each point a room."""
    worlds, bands, sources = net.los_draw.shape[1], len(net.band_key), len(net.source_key)
    for p in range(len(room_key)):
        spare, error = np.empty(worlds, np.float32), np.empty(worlds, np.float32)
        other, room = np.empty(worlds, np.float32), np.empty((bands, worlds), np.float32)
        room_errors(room, spare, room_key[p], net)
        own, known = np.empty((sources, bands + 1, worlds), np.float32), np.zeros((sources, bands + 1), np.bool_)
        local = Local(room_key[p], room, own, known)
        for c in range(signal.shape[1]):
            strongest_sector(signal[p, c], error, other, spare, p, c, local, net, links)
        for d in range(device.shape[1]):
            mine, known_of = np.empty((bands + 1, worlds), np.float32), np.zeros(bands + 1, np.bool_)
            for band in range(bands):
                own_error(mine, known_of, band, net.device_key[d], room_key[p], net.band_key[band], net)
                device_power(error, other, spare, mine[band], p, d, band, room, net, links)
                for w in range(worlds):
                    device[p, d, band, w] = 10 * math.log10(error[w])


def worked_out(model, devices=(), crossed=None, points=2, sigma_db=0.0, seed=4, share=0.0, straight=None):
    """Levels of sectors of 0 dBm and errors of devices, both (point, ..., carrier, world).

    `crossed` (point, construction) is on every link's way; `share` of a blocker's power comes through `straight`.
    """
    places = given_levels.places(*["0–20 m"] * points).points
    public, blockers = public_links(model, places), blocker_links(model, devices, CATALOGUE, places, outside=True)
    nothing = np.zeros((points, len(model.constructions)), np.uint8) if crossed is None else crossed
    flat = np.zeros_like(public.los_dbm)
    public = replace(
        public,
        los_dbm=flat,
        nlos_dbm=flat,
        sigma_db=flat + np.float32(sigma_db),
        paths=public.paths._replace(
            walls_db=flat + 500,
            crossed=np.broadcast_to(nothing, public.paths.crossed.shape).copy(),
            straight_share=flat,
        ),
    )
    blockers = replace(
        blockers,
        paths=blockers.paths._replace(
            crossed=np.broadcast_to(nothing, blockers.paths.crossed.shape).copy(),
            walls_db=np.full_like(blockers.paths.walls_db, 500),
            straight_share=np.full_like(blockers.paths.straight_share, share),
            straight_crossed=np.broadcast_to(
                nothing if straight is None else straight, blockers.paths.crossed.shape
            ).copy(),
            straight_walls_db=np.full_like(blockers.paths.walls_db, 500),
        ),
    )
    links, los_keys = kernel_links(public, blockers)
    net = kernel_network(model, seed, WORLDS, los_keys, blockers.device_key, boosted=False)
    signal = np.empty((points, len(model.carriers), WORLDS), np.float32)
    device = np.empty((points, len(devices), len(model.bands), WORLDS), np.float32)
    _worked_out(net, links, np.arange(1, points + 1), signal, device)
    return signal, device[:, :, model.carrier_band]


def correlation(one, other) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def model_of(hut, *sectors, **sizes):
    return given_levels.sized(link_model(prepare_scene(hut(sectors=sectors)), sectors), **sizes)


# ------------------------------------------------------------------ walls


def test_walls_of_a_link_are_no_surer_than_one_wall_and_no_less_sure_than_6_db(hut):
    """0 to 6 crossings of two constructions at 806 and 1850 MHz: √Σ(kσ)², at most 7 dB below 1 GHz and 6 dB above."""
    model = model_of(hut, EE20, EE3)
    concrete, brick = (model.constructions.index(name) for name in ("concrete_200", "brick_215"))
    times = [(k, m) for k in range(7) for m in range(7)]
    crossed = np.zeros((len(times), len(model.constructions)), np.uint8)
    crossed[:, concrete], crossed[:, brick] = np.array(times).T
    signal, device = worked_out(model, (D1,), crossed, len(times))
    by_hand = {
        # concrete 7 dB and brick 4.2 dB below 1 GHz, 5 and 3 dB above
        (0, 0): (0.0, 0.0),
        (0, 1): (4.2, 3.0),
        (1, 0): (7.0, 5.0),
        (1, 1): (7.0, math.sqrt(25 + 9)),  # √(49 + 17.6) = 8.2 is held at 7; 5.83
        (0, 2): (7.0, 6.0),  # 8.4 is held at 7; 2 · 3 = 6
        (2, 0): (7.0, 6.0),  # 14 and 10 are held
        (6, 6): (7.0, 6.0),  # 49 and 35 are held
    }
    for row, (k, m) in enumerate(times):
        low = min(math.hypot(7.0 * k, 4.2 * m), 7.0)
        high = min(math.hypot(5.0 * k, 3.0 * m), 6.0)
        assert by_hand.get((k, m), (low, high)) == pytest.approx((low, high))
        for side in (signal[row], device[row, 0]):  # the public network and a blocker alike
            assert side.std(axis=1) == pytest.approx([low, high], rel=0.02)
            assert abs(side.mean(axis=1)).max() < 0.15


def test_a_construction_keeps_its_share_where_the_sum_is_scaled_down(hut):
    # 2 · concrete and 1 · brick at 1850 MHz: 10 and 3 dB, scaled to 6: 5.75 and 1.72 dB; with concrete alone 0.958
    model = model_of(hut, EE20, EE3)
    concrete, brick = (model.constructions.index(name) for name in ("concrete_200", "brick_215"))
    crossed = np.zeros((3, len(model.constructions)), np.uint8)
    crossed[0, concrete], crossed[0, brick], crossed[1, concrete], crossed[2, brick] = 2, 1, 1, 1
    both, of_concrete, of_brick = worked_out(model, (), crossed, 3)[0][:, 1]
    assert correlation(both, of_concrete) == pytest.approx(10 / math.hypot(10, 3), abs=NEAR)
    assert correlation(both, of_brick) == pytest.approx(3 / math.hypot(10, 3), abs=NEAR)


def test_the_errors_of_both_ways_of_a_blocker_add_as_powers(hut):
    """A third of the power through concrete: 10 lg(2/3 · 10^(a/10) + 1/3 · 10^(b/10)) in every world."""
    model = model_of(hut, EE20, EE3)
    wall = np.zeros((2, len(model.constructions)), np.uint8)
    wall[:, model.constructions.index("concrete_200")] = 1
    clear, walled, both = (
        worked_out(model, (D1,), **ways)[1].astype(float)
        for ways in ({}, {"crossed": wall}, {"straight": wall, "share": 1 / 3})
    )
    by_hand = 10 * np.log10(2 / 3 * 10 ** (clear / 10) + 1 / 3 * 10 ** (walled / 10))
    np.testing.assert_allclose(both, by_hand, atol=1e-5)
    assert np.abs(both - clear).max() > 1


def test_a_damp_wall_is_damp_at_every_band_and_for_both_sides(hut):
    model = model_of(hut, EE20, EE3)
    crossed = np.zeros((2, len(model.constructions)), np.uint8)
    crossed[:, model.constructions.index("brick_215")] = 1
    signal, device = worked_out(model, (D1,), crossed)
    assert correlation(signal[0, 0], signal[0, 1]) == pytest.approx(0.7, abs=NEAR)  # between bands
    assert correlation(device[0, 0, 0], device[0, 0, 1]) == pytest.approx(0.7, abs=NEAR)
    np.testing.assert_allclose(signal[0], device[0, 0], atol=1e-4)  # one wall, one error
    np.testing.assert_allclose(signal[0], signal[1], atol=1e-4)  # wherever it is crossed
    draws = draw_worlds(model, 4, WORLDS).construction
    assert correlation(draws[0, 0], draws[1, 0]) == pytest.approx(0, abs=NEAR)
    assert draws.std(axis=2) == pytest.approx(np.ones(draws.shape[:2]), abs=0.02)


# ------------------------------------------------------------------ sectors


def test_what_shadows_one_carrier_of_a_mast_shadows_the_others(hut):
    model = model_of(hut, EE20, EE3, O2, FAR)
    signal = worked_out(model, sigma_db=8.0)[0][0]
    assert signal.std(axis=1) == pytest.approx([8.0] * 4, rel=0.02)
    of = {carrier.plmn + carrier.band: signal[index] for index, carrier in enumerate(model.carriers)}
    assert correlation(of["234-3020"], of["234-303"]) == pytest.approx(0.8, abs=NEAR)  # one operator's mast
    assert correlation(of["234-3020"], of["234-1020"]) == pytest.approx(0.0, abs=NEAR)  # another operator's on it
    assert correlation(of["234-3020"], of["234-1520"]) == pytest.approx(0.0, abs=NEAR)  # another mast


# ------------------------------------------------------------------ local errors


def test_local_errors_are_4_db_a_quarter_of_them_the_rooms(hut):
    model = model_of(hut, EE20, EE3, FAR, local_db=4.0)
    signal, device = worked_out(model, (D1, replace(D1, id="D2")))
    ee20, ee3, far = signal[0]
    one, other = device[0]
    for level in (ee20, ee3, far, *one[:2], *other[:2]):
        assert level.std() == pytest.approx(4.0, rel=0.02)
    # two sources in one room at one band: public and public, public and blocker, blocker and blocker
    assert correlation(ee20, far) == pytest.approx(0.25, abs=NEAR)
    assert correlation(ee20, one[0]) == pytest.approx(0.25, abs=NEAR)
    assert correlation(ee3, one[1]) == pytest.approx(0.25, abs=NEAR)
    assert correlation(one[0], other[0]) == pytest.approx(0.25, abs=NEAR)
    # one source at two bands: half; two sources at two bands: half of a quarter
    assert correlation(ee20, ee3) == pytest.approx(0.5, abs=NEAR)
    assert correlation(one[0], one[1]) == pytest.approx(0.5, abs=NEAR)
    assert correlation(ee20, one[1]) == pytest.approx(0.125, abs=NEAR)
    # nothing between rooms
    for here, there in zip((*signal[0], *device[0, :, 0]), (*signal[1], *device[1, :, 0]), strict=True):
        assert correlation(here, there) == pytest.approx(0, abs=NEAR)


def test_a_device_errs_by_1_db_everywhere_alike(hut):
    model = model_of(hut, EE20, EE3, device_db=1.0)
    _, device = worked_out(model, (D1, replace(D1, id="D2")))
    assert device[0, 0, 0].std() == pytest.approx(1.0, rel=0.02)
    assert correlation(device[0, 0, 0], device[1, 0, 1]) == pytest.approx(1.0, abs=1e-4)
    assert correlation(device[0, 0, 0], device[0, 1, 0]) == pytest.approx(0.0, abs=NEAR)
