"""Spill: what reaches places outside, which quantile of which side, and what was published of real paths."""

import math
from dataclasses import replace

import numba
import numpy as np
import pytest
from by_path import module_at
from shapely.geometry import LineString, Point

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.spill_rings import worst_margin
from quietwing.coverage.blocking.spills import outside_keys, spill, spill_outside
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Receptor, Wall
from quietwing.sites.points import scattered
from quietwing.sites.trial_point_sets import trial_points

given_levels = module_at("tests/engine/blocking/given_levels.py")
plain_worlds = module_at("tests/engine/blocking/plain_worlds.py")
EE20, EE3, EE3B, JAMMER = given_levels.EE20, given_levels.EE3, given_levels.EE3B, given_levels.JAMMER
CATALOGUE, D1, N9_DBM = given_levels.CATALOGUE, given_levels.D1, given_levels.N9_DBM
places, by_hand, value, sized = given_levels.places, given_levels.by_hand, given_levels.value, given_levels.sized
STANDARD = load_rules().tier("standard")


def test_the_difference_of_both_sides_is_held_at_the_median_and_in_nineteen_worlds_of_twenty(hut):
    # J −120 dBm with a device error of 4 dB, S −80 dBm with a sector error of 8 dB: S − J is 40 dB with
    # √(16 + 64) = 8.94 dB. Standard: 40 − 20 = 20 dB are left at the median, 40 − 10 − 1.645·8.94 = 15.3 dB in 95 %.
    data = by_hand(
        hut, (EE20,), (D1,), places("0–20 m"), -80.0, -120.0, sigma_db=8.0, worlds=40_000, sizes={"device_db": 4.0}
    )
    assert value(data, "jam_dbm") == pytest.approx(-120, abs=0.1)
    assert value(data, "signal_dbm") == pytest.approx(-80, abs=0.2)
    assert value(data, "margin_db") == pytest.approx(40 - 10 - 1.645 * math.sqrt(80), abs=0.25)
    # With 2 dB each the median binds: 40 − 10 − 1.645·2.83 = 25.3 dB are more than 20.
    sure = by_hand(
        hut, (EE20,), (D1,), places("0–20 m"), -80.0, -120.0, sigma_db=2.0, worlds=40_000, sizes={"device_db": 2.0}
    )
    assert value(sure, "margin_db") == pytest.approx(20, abs=0.1)
    # Planning: service tier, 0 dB in 90 %: 40 − 1.282·8.94 = 28.5 dB are less than 40 − 10 at the median.
    looser = by_hand(
        hut, (EE20,), (D1,), places("0–20 m"), -80.0, -120.0, sigma_db=8.0, worlds=40_000, sizes={"device_db": 4.0},
        grade="planning",
    )  # fmt: skip
    assert value(looser, "margin_db") == pytest.approx(40 - 1.282 * math.sqrt(80), abs=0.3)


def test_devices_add_up_as_powers(hut):
    # −110 ⊕ −110 ⊕ −107 = −104.0 dBm
    devices = (D1, replace(D1, id="D2"), replace(D1, id="D3"))
    data = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, [[-110], [-110], [-107]])
    assert value(data, "jam_dbm") == pytest.approx(-103.98, abs=0.01)


def test_sources_far_below_the_strongest_still_count(hut):
    # 30 devices at −131 stand 21 dB below one at −110 dBm, yet together at −131 + 14.8 = −116.2 dBm:
    # −110 ⊕ −116.2 = −109.1 dBm.
    devices = tuple(replace(D1, id=f"D{index}") for index in range(31))
    jam = [[-110.0]] + [[-131.0]] * 30
    data = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, jam)
    assert value(data, "jam_dbm") == pytest.approx(-109.07, abs=0.02)
    # With 4 dB each, nothing shared, the sum of the weak stands at the mean of their powers: 4²·ln 10/20 = 1.84 dB
    # above the sum of their medians, −114.4 dBm. Beside the loud one: −110 ⊕ −114.4 = −108.7 dBm at the median.
    doubt = {"local_db": 4.0, "local_shared": 0.0}
    weak = by_hand(hut, (EE20,), devices[1:], places("0–20 m"), -80.0, jam[1:], sizes=doubt, worlds=20_000)
    assert value(weak, "jam_dbm") == pytest.approx(-116.23 + 1.84, abs=0.15)
    both = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, jam, sizes=doubt, worlds=20_000)
    assert value(both, "jam_dbm") == pytest.approx(-108.65, abs=0.2)


def test_blockers_count_from_60_db_below_the_limit_on(hut):
    # S −80 dBm, limit 20 dB below: blockers count from −160 dBm on, whatever stands beside them.
    devices = tuple(replace(D1, id=f"D{index}") for index in range(41))
    alone = by_hand(hut, (EE20,), devices[:1], places("0–20 m"), -80.0, [[-155.0]])
    faint = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, [[-155.0]] + [[-160.1]] * 40)
    assert value(faint, "jam_dbm") == value(alone, "jam_dbm") == pytest.approx(-155.0, abs=1e-3)
    crowd = by_hand(hut, (EE20,), devices[1:], places("0–20 m"), -80.0, [[-159.9]] * 40)
    assert value(crowd, "jam_dbm") == pytest.approx(-159.9 + 16.02, abs=0.01)
    # As loud as it gets, the crowd left out would have moved the margin of one at the limit by 10 lg(1 + 40e-6) dB.
    strong = by_hand(hut, (EE20,), devices[:1], places("0–20 m"), -80.0, [[-100.0]])
    beside = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, [[-100.0]] + [[-159.9]] * 40)
    assert value(strong, "margin_db") - value(beside, "margin_db") == pytest.approx(0.00018, abs=1e-4)


def test_a_channel_is_as_jammed_as_its_worst_carrier_and_as_strong_as_its_best(hut):
    # B3 has two carriers: S −80 and −95 dBm, J −120 and −104 dBm. J −104 against −80 − 20: 4 dB to spare.
    data = by_hand(hut, (EE3, EE3B), (D1,), places("0–20 m"), [-80, -95], [-120, -104])
    assert value(data, "jam_dbm", "EE/B3/LTE") == pytest.approx(-104, abs=1e-3)
    assert value(data, "signal_dbm", "EE/B3/LTE") == pytest.approx(-80, abs=1e-3)
    assert value(data, "margin_db", "EE/B3/LTE") == pytest.approx(4, abs=1e-3)


def test_supplementary_downlink_counts_though_nobody_camps_on_it(hut):
    sdl = replace(EE20, campable=False)
    data = by_hand(hut, (sdl,), (D1,), places("0–20 m"), -90.0, -105.0)
    assert not data["passed"].values[0]


def some_share(rng, shape):
    """Shares of the straight ray, half of them nothing."""
    return np.where(rng.random(shape) < 0.5, 0, rng.uniform(0, 0.5, shape)).astype(np.float32)


def random_links(hut, seed):
    """Three channels, four sectors, five devices, one of them MAS, at four points, with walls on the way."""
    rng = np.random.default_rng(seed)
    sectors = (EE20, replace(EE20, id="S9", x_m=-400.0), EE3, EE3B)
    devices = (
        *(replace(D1, id=f"D{index}", x_m=0.5 + index) for index in range(4)),
        replace(D1, id="M", model="node"),
    )
    outside = places("0–20 m", "0–20 m", "20–100 m", "receptor")
    model = link_model(prepare_scene(hut(sectors=sectors)), sectors)
    public, blockers = (
        public_links(model, outside.points),
        blocker_links(model, devices, CATALOGUE, outside.points, outside=True),
    )
    shape = blockers.level_dbm.shape
    level = np.where(np.isfinite(blockers.level_dbm), rng.uniform(-130, -90, shape), -np.inf).astype(np.float32)
    public = replace(
        public,
        los_probability=rng.uniform(0, 1, public.los_dbm.shape).astype(np.float32),
        fixed_los=np.array([-1, 1, 0, -1], np.int8),
        paths=public.paths._replace(
            crossed=rng.integers(0, 3, public.paths.crossed.shape).astype(np.uint8),
            straight_share=some_share(rng, public.paths.straight_share.shape),
            straight_crossed=rng.integers(0, 4, public.paths.crossed.shape).astype(np.uint8),
            straight_walls_db=rng.uniform(0, 40, public.paths.walls_db.shape).astype(np.float32),
        ),
    )
    blockers = replace(
        blockers,
        level_dbm=level,
        mas_dbm=np.where(np.isfinite(blockers.mas_dbm), level, -np.inf).astype(np.float32),
        paths=blockers.paths._replace(
            crossed=rng.integers(0, 3, blockers.paths.crossed.shape).astype(np.uint8),
            straight_share=some_share(rng, blockers.paths.straight_share.shape),
            straight_crossed=rng.integers(0, 4, blockers.paths.crossed.shape).astype(np.uint8),
            straight_walls_db=rng.uniform(0, 40, blockers.paths.walls_db.shape).astype(np.float32),
        ),
    )
    return model, public, blockers, outside


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("grade", ["planning", "evidence"])
def test_the_kernel_agrees_with_the_same_thing_in_numpy(hut, seed, grade):
    model, public, blockers, outside = random_links(hut, seed)
    scenario, worlds = Scenario(worlds=400, seed=seed, grade=grade), plain_worlds.Plain(model, 400, seed)
    keys = outside_keys(outside.points)
    # evidence: 20 dB at the median and 10 dB in 95 % of 400 worlds, so 20 may miss; planning: 10, 0 and 40
    rows = {"planning": (10, 0, 40), "evidence": (20, 10, 20)}
    names = (grade, *(name for name in rows if name != grade))
    for name, data in zip(names, spill_outside(model, scenario, public, blockers, outside), strict=True):
        median_db, share_db, may_miss = rows[name]
        for point in range(len(outside)):
            call = np.full(400, -np.inf)
            for index, channel in enumerate(model.channels):
                carriers = np.flatnonzero(model.carrier_channel == index)
                worked = [worlds.outside(public, blockers, point, c, keys[point]) for c in carriers]
                signal = np.max([each[0] for each in worked], axis=0)
                jam = np.max([each[1] for each in worked], axis=0)
                lead = np.max([np.minimum(cell - s, cell + 128) for s, _, cell in worked], axis=0)
                # −3 dBi and 4 dB body: signal and jamming both lose 7 dB against the noise.
                for s, j, _ in worked:
                    sinr = s - 7 - 10 * np.log10(10 ** ((j - 7) / 10) + 10 ** (N9_DBM / 10))
                    call = np.maximum(call, np.minimum(sinr + 3, s + 118))
                left = [np.maximum(signal - below, N9_DBM - 6) - jam for below in (median_db, share_db)]
                margin_db = min(np.median(left[0]), np.sort(left[1])[may_miss])
                assert value(data, "jam_dbm", channel, point) == pytest.approx(np.median(jam), abs=0.01)
                assert value(data, "signal_dbm", channel, point) == pytest.approx(np.median(signal), abs=0.01)
                assert value(data, "margin_db", channel, point) == pytest.approx(margin_db, abs=0.01)
                assert value(data, "capture_probability", channel, point) == pytest.approx(
                    (lead >= 0).mean(), abs=0.003
                )
                if np.isfinite(lead).any():  # 10 % of the worlds may capture at planning grade, 5 % at evidence
                    assert value(data, "capture_margin_db", channel, point) == pytest.approx(
                        -np.sort(lead)[-1 - may_miss], abs=0.01
                    )
            assert data["emergency_probability"].values[point] == pytest.approx((call > 0).mean(), abs=0.003)
            assert data["emergency_margin_db"].values[point] == pytest.approx(np.sort(call)[may_miss], abs=0.02)


def test_bytes_do_not_depend_on_threads_or_on_the_cut(hut):
    model, public, blockers, outside = random_links(hut, 3)
    whole = spill_outside(model, Scenario(worlds=300), public, blockers, outside)[0]
    allowed = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        again = spill_outside(model, Scenario(worlds=300), public, blockers, outside)[0]
    finally:
        numba.set_num_threads(allowed)
    last = OutsidePoints(
        scattered(outside.points.xyz_m[3:]), ("receptor",), ("x",), outside.people[3:], outside.people[3:]
    )
    part = spill_outside(
        model, Scenario(worlds=300),
        public.at(np.arange(3, len(outside))),
        blockers.at(np.arange(3, len(outside))),
        last,
    )[0]  # fmt: skip
    for name in ("jam_dbm", "signal_dbm", "margin_db", "capture_margin_db", "capture_probability"):
        assert whole[name].values.tobytes() == again[name].values.tobytes()
        assert whole[name].values[:, 3:].tobytes() == part[name].values.tobytes()


def test_one_db_more_eirp_is_one_db_more_spill(hut):
    model, public, blockers, outside = random_links(hut, 4)
    before = spill_outside(model, Scenario(worlds=300), public, blockers, outside)[0]
    louder = replace(blockers, level_dbm=blockers.level_dbm + np.float32(1))
    after = spill_outside(model, Scenario(worlds=300), public, louder, outside)[0]
    np.testing.assert_allclose(after["jam_dbm"].values - before["jam_dbm"].values, 1.0, atol=1e-4)
    np.testing.assert_allclose(before["margin_db"].values - after["margin_db"].values, 1.0, atol=1e-4)


@pytest.mark.parametrize("seed", range(5, 11))
def test_a_jammer_added_never_lowers_spill(hut, seed):
    model, public, blockers, outside = random_links(hut, seed)

    def without(device):
        kept = [index for index in range(len(blockers.devices)) if index != device]
        devices = tuple(blockers.devices[index] for index in kept)
        return BlockerLinks.of_arrays(devices, (values[kept] for values in blockers.arrays))

    full = spill_outside(model, Scenario(worlds=300), public, blockers, outside)[0]["jam_dbm"].values
    for device in range(4):
        fewer = spill_outside(model, Scenario(worlds=300), public, without(device), outside)[0]["jam_dbm"].values
        assert (full - fewer >= -1e-4).all()


@pytest.mark.parametrize("side", ["los_dbm", "nlos_dbm", "los_probability", "level_dbm", "mas_dbm"])
def test_what_is_not_known_counts_as_spill(hut, side):
    model, public, blockers, outside = random_links(hut, 12)
    quiet = replace(blockers, level_dbm=blockers.level_dbm - 100, mas_dbm=blockers.mas_dbm - 100)
    kept = replace(public, los_dbm=public.los_dbm * 0 - 70, nlos_dbm=public.los_dbm * 0 - 70)
    assert spill_outside(model, Scenario(worlds=200), kept, quiet, outside)[0]["passed"].values.all()
    lost = quiet if side in ("level_dbm", "mas_dbm") else kept
    broken = getattr(lost, side).copy()
    broken[0, ..., 2] = np.nan  # the first sector, or the first device on every carrier, at the third point
    lost = replace(lost, **{side: broken})
    public, blockers = (kept, lost) if lost.__class__ is BlockerLinks else (lost, quiet)
    data = spill_outside(model, Scenario(worlds=200), public, blockers, outside)[0]
    assert data["passed"].values.tolist() == [True, True, False, True]
    assert not any(np.isnan(data[name].values.astype(float)).any() for name in data.data_vars)
    margin_db, worst = worst_margin(data, STANDARD)
    assert margin_db == -math.inf
    assert worst.how == "is not known"
    unknown = np.isneginf(data["margin_db"].values)
    assert (data["jam_dbm"].values[unknown] == np.inf).all()
    assert (data["capture_probability"].values[unknown] == 1).all()


# ------------------------------------------------------------------ published outcomes, real paths


def median_dbm(hut, device, model, xyz_m, **changes):
    """Received power per element of B20 at some places, medians."""
    site = hut(sectors=(EE20,), **changes)
    links = link_model(prepare_scene(site), (EE20,))
    return blocker_links(links, (device,), {"m": model}, scattered(np.array(xyz_m, float)), outside=True).level_dbm[
        0, 0
    ]


OPEN = {"walls": (), "openings": (), "slabs": (), "rooms": ()}


def test_far_out_spill_falls_by_forty_db_a_decade(hut):
    # Mangaluru (DoT, 2025) saw 35 to 50 dB a decade beyond 900 m. A panel at 20 m, phone at 1.5 m, 806 MHz:
    # break point 4·20·1.5/0.372 = 323 m, so from 900 m to 2.5 km 40 lg(2500/900) = 17.7 dB.
    panel = Model("m", "jammer", (BandPower("B20", 791.0, 821.0, 43.0),))
    near, far = median_dbm(
        hut, Device("D", "m", 3.0, 2.0, 20.0), panel, [[903, 2, 1.5], [2503, 2, 1.5]], **OPEN
    )  # fmt: skip
    per_decade = (near - far) / math.log10(2500 / 900)
    assert 35 < per_decade < 50
    assert per_decade == pytest.approx(40, abs=0.1)


def wall_loss_db(freq_mhz, thickness_m):
    """Concrete at normal incidence by hand: P.2040-3 slab, ε' = 5.24, σ = 0.0462·f^0.7822, mean of |T|² over ±5 %."""
    power = []
    for f_ghz in np.linspace(0.95, 1.05, 41) * freq_mhz / 1e3:
        index = np.sqrt(5.24 - 1j * 17.98 * 0.0462 * f_ghz**0.7822 / f_ghz)
        phase = 2 * np.pi * f_ghz / 0.299792458 * thickness_m * index
        r = (1 - index) / (1 + index)
        power.append(abs((1 - r**2) * np.exp(-1j * phase) / (1 - r**2 * np.exp(-2j * phase))) ** 2)
    return -10 * math.log10(np.mean(power))


def test_contrast_of_one_node_in_a_concrete_cell_by_hand(hut):
    # Cumberland (NTIA, 2018): denied in the cell, below ambient at 6 m and 30 m. Node at (3, 2), 1 m inside it
    # free space over 1 m; 6 m and 30 m outside the south wall 8 m and 32 m of air and one 150 mm concrete wall.
    walls = tuple(
        Wall(name, "A", 0, LineString(line), "concrete_150")
        for name, line in (
            ("s", [(0, 0), (6, 0)]), ("e", [(6, 0), (6, 4)]), ("n", [(6, 4), (0, 4)]), ("w", [(0, 4), (0, 0)])
        )
    )  # fmt: skip
    node = Model("m", "jammer", (BandPower("B20", 791.0, 821.0, 0.0),))
    inside, at_6_m, at_30_m = median_dbm(
        hut, Device("D", "m", 3.0, 2.0, 1.5), node, [[3, 1, 1.5], [3, -6, 1.5], [3, -30, 1.5]],
        walls=walls, openings=(),
    )  # fmt: skip
    # 0 dBm over 30 MHz is −33.0 dBm per 15 kHz; 1 m at 806 MHz loses 30.6 dB.
    assert inside == pytest.approx(-33.01 - 30.57, abs=0.1)
    assert inside - at_6_m == pytest.approx(20 * math.log10(8) + wall_loss_db(806, 0.15), abs=0.3)
    assert at_6_m - at_30_m == pytest.approx(20 * math.log10(32 / 8), abs=0.1)


def test_many_low_power_nodes_hold_a_boundary_that_one_strong_outdoor_jammer_breaks(hut):
    # Both give a phone in the middle of the room, a body before it, at least −78 dBm per element. The nodes of
    # −15 dBm are behind sealed concrete walls; the panel of 40 dBm EIRP has to bring it in from a mast by the fence
    # and lights up the outside.
    walls = tuple(
        replace_wall for replace_wall in (
            Wall("s", "A", 0, LineString([(0, 0), (6, 0)]), "concrete_200"),
            Wall("e", "A", 0, LineString([(6, 0), (6, 4)]), "concrete_200"),
            Wall("n", "A", 0, LineString([(6, 4), (0, 4)]), "concrete_200"),
            Wall("w", "A", 0, LineString([(0, 4), (0, 0)]), "concrete_200"),
        )
    )  # fmt: skip
    near = replace(EE20, y_m=500.0, eirp_dbm=70.0, sigma_db=3.0)
    homes = (Receptor("home", Point(80, 2), "home", 2.4),)
    site = hut(sectors=(near,), walls=walls, openings=(), receptors=homes)
    model = link_model(prepare_scene(site), (near,))
    catalogue = {
        "small": Model("small", "jammer", (BandPower("B20", 791.0, 821.0, -15.0),)),
        "panel": Model("panel", "jammer", (BandPower("B20", 791.0, 821.0, 40.0),)),
    }
    many = tuple(Device(f"N{i}", "small", 0.5 + i, 2.0, 2.5) for i in range(6))
    one = (Device("P", "panel", 30.0, 2.0, 6.0),)
    middle = scattered(np.array([[3.0, 2.0, 1.5]]))
    for layout in (many, one):
        level = blocker_links(model, layout, catalogue, middle).level_dbm[:, 0, 0]
        assert 10 * math.log10((10 ** (level / 10)).sum()) > -78
    asked = Scenario(worlds=300, grade="evidence")
    held = spill(model, asked, many, catalogue, trial_points(site))[0]
    broken = spill(model, asked, one, catalogue, trial_points(site))[0]
    assert all(row[-1] for row in held.rings)
    assert held.worst_margin_db >= 0
    assert not any(row[-1] for row in broken.rings if row[0] in ("0–20 m", "20–100 m", "receptor"))
    assert broken.worst_margin_db < -10
    assert any(row[0] == "1–3 km" for row in broken.rings)
    assert not any(row[0] == "1–3 km" for row in held.rings)


def test_a_band_that_covers_half_a_carrier_spills_onto_it(hut):
    # 791 to 806 MHz reaches half of 801 to 811 MHz: inside it denies nobody, outside it disturbs.
    site = hut(sectors=(EE20,))
    model = link_model(prepare_scene(site), (EE20,))
    half = {"jammer": replace(JAMMER, bands=(BandPower("B20", 791.0, 806.0, 20.0),))}
    found = spill(model, Scenario(worlds=100), (D1,), half, trial_points(site))[0]
    assert np.isfinite(found.outside["jam_dbm"].values).all()


def test_walls_are_passive_and_give_back_no_more_than_they_take(hut):
    # Many walls in a row: an error of 3 dB each would give back hundreds of dB in one world of twenty.
    outside = places("0–20 m")
    model = link_model(prepare_scene(hut(sectors=(EE3,))), (EE3,))
    public = public_links(model, outside.points)
    found = blocker_links(model, (D1,), CATALOGUE, outside.points, outside=True)
    brick = model.constructions.index("brick_215")
    crossed = np.zeros_like(found.paths.crossed)
    crossed[..., brick] = 100
    blockers = replace(
        found,
        level_dbm=np.full_like(found.level_dbm, -130.0),
        paths=found.paths._replace(
            crossed=crossed,
            walls_db=np.full_like(found.paths.walls_db, 160.0),
            straight_share=np.zeros_like(found.paths.straight_share),
        ),
    )
    # 100 crossings of 3 dB are held at 6 dB for all walls together; walls that take 1 dB give back 1 dB at most.
    draws = plain_worlds.Plain(model, 2000, 1, device_db=0.0).construction(brick, 0)
    for lost_db, expected in ((160.0, np.median(6 * draws)), (1.0, np.median(np.minimum(6 * draws, 1)))):
        passive = replace(
            blockers, paths=blockers.paths._replace(walls_db=np.full_like(found.paths.walls_db, lost_db))
        )
        held = spill_outside(sized(model), Scenario(worlds=2000), public, passive, outside)[0]
        assert value(held, "jam_dbm", "EE/B3/LTE") == pytest.approx(-130 + expected, abs=0.01)


def test_what_walls_take_is_the_difference_to_free_space(hut):
    model = link_model(prepare_scene(hut(sectors=(EE20,))), (EE20,))
    bare = link_model(prepare_scene(hut(sectors=(EE20,), **OPEN)), (EE20,))
    there = scattered(np.array([[3.0, -8.0, 1.5], [20.0, 2.0, 1.5], [3.0, 3.0, 1.5]]))
    walled = blocker_links(model, (D1,), CATALOGUE, there, straight=True)
    free = blocker_links(bare, (D1,), CATALOGUE, there, straight=True)
    taken_db = free.level_dbm[0, 0] - walled.level_dbm[0, 0]
    np.testing.assert_allclose(walled.paths.walls_db[0, :, 0], taken_db, atol=1e-3)
