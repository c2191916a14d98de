"""Spill: what reaches places outside, which quantile of which side, and what was published of real paths."""

import importlib.util
import math
import sys
from dataclasses import fields, replace
from pathlib import Path

import numba
import numpy as np
import pytest
from shapely.geometry import LineString, Point

from quietwing.coverage.blocking.blocker_links import BlockerLinks, blocker_links
from quietwing.coverage.blocking.links import PublicLinks, link_model, public_links
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.spill import outside_keys, spill, spill_outside, worst_margin
from quietwing.coverage.blocking.worlds import Part, normals, uniforms
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.propagation.errors_model import LocalErrors
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Receptor, Wall
from quietwing.sites.points import scattered
from quietwing.sites.trial_points import trial_points


def _given_levels():
    """Levels given by hand, loaded from their path: nothing joins the import path."""
    key = "quietwing_tests_engine_blocking_given_levels"
    if key not in sys.modules:
        spec = importlib.util.spec_from_file_location(key, Path(__file__).with_name("given_levels.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[key] = module
        spec.loader.exec_module(module)
    return sys.modules[key]


given_levels = _given_levels()
EE20, EE3, EE3B, JAMMER = given_levels.EE20, given_levels.EE3, given_levels.EE3B, given_levels.JAMMER
CATALOGUE, D1, SURE, N9_DBM = given_levels.CATALOGUE, given_levels.D1, given_levels.SURE, given_levels.N9_DBM
places, by_hand, value = given_levels.places, given_levels.by_hand, given_levels.value


def test_the_upper_quantile_of_jamming_and_the_lower_of_the_public_signal(hut):
    # A device of 4 dB: J95 = −120 + 1.645·4 = −113.4 dBm. A sector of 8 dB: S5 = −80 − 1.645·8 = −93.2 dBm.
    # Margin −93.2 − 20 + 113.4 = +0.3 dB; with the public quantile flipped it would be 26.6 dB.
    data = by_hand(
        hut, (EE20,), (D1,), places("0–20 m"), -80.0, -120.0, sigma_db=8.0, worlds=40_000,
        local=LocalErrors(0.0, 0.0, 4.0, 20.0),
    )  # fmt: skip
    assert value(data, "jam_dbm") == pytest.approx(-120 + 1.645 * 4, abs=0.1)
    assert value(data, "signal_dbm") == pytest.approx(-80 - 1.645 * 8, abs=0.2)
    assert value(data, "margin_db") == pytest.approx(0.26, abs=0.3)


def test_devices_add_up_as_powers(hut):
    # −110 ⊕ −110 ⊕ −107 = −104.0 dBm
    devices = (D1, replace(D1, id="D2"), replace(D1, id="D3"))
    data = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, [[-110], [-110], [-107]])
    assert value(data, "jam_dbm") == pytest.approx(-103.98, abs=0.01)


def test_sources_far_below_the_strongest_still_count_without_local_errors(hut):
    # 30 devices at −131 stand 21 dB below one at −110 dBm, yet together at −131 + 14.8 = −116.2 dBm:
    # −110 ⊕ −116.2 = −109.1 dBm. At 21 dB the local error of the weak ones is 0, so only the strong one varies.
    devices = tuple(replace(D1, id=f"D{index}") for index in range(31))
    jam = [[-110.0]] + [[-131.0]] * 30
    data = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, jam)
    assert value(data, "jam_dbm") == pytest.approx(-109.07, abs=0.02)
    doubt = LocalErrors(2.8, 2.8, 0.0, 20.0)
    loud = by_hand(hut, (EE20,), devices[:1], places("0–20 m"), -80.0, jam[:1], local=doubt)
    both = by_hand(hut, (EE20,), devices, places("0–20 m"), -80.0, jam, local=doubt)
    weak_mw = 30 * 10**-13.1
    assert value(both, "jam_dbm") == pytest.approx(
        10 * math.log10(10 ** (value(loud, "jam_dbm") / 10) + weak_mw), abs=0.02
    )


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
    model = link_model(prepare_scene(hut(sectors=sectors)), sectors, 0.95)
    public, blockers = (
        public_links(model, outside.points),
        blocker_links(model, devices, CATALOGUE, outside.points, outside=True),
    )
    shape = blockers.level_dbm.shape
    level = np.where(np.isfinite(blockers.level_dbm), rng.uniform(-130, -90, shape), -np.inf).astype(np.float32)
    public = replace(
        public, crossed=rng.integers(0, 3, public.crossed.shape).astype(np.uint8),
        los_probability=rng.uniform(0, 1, public.los_dbm.shape).astype(np.float32),
        fixed_sight=np.array([-1, 1, 0, -1], np.int8),
        straight_share=some_share(rng, public.straight_share.shape),
        straight_crossed=rng.integers(0, 4, public.crossed.shape).astype(np.uint8),
        straight_walls_db=rng.uniform(0, 40, public.walls_db.shape).astype(np.float32),
    )  # fmt: skip
    blockers = replace(
        blockers, level_dbm=level, mas_dbm=np.where(np.isfinite(blockers.mas_dbm), level, -np.inf).astype(np.float32),
        crossed=rng.integers(0, 3, blockers.crossed.shape).astype(np.uint8),
        straight_share=some_share(rng, blockers.straight_share.shape),
        straight_crossed=rng.integers(0, 4, blockers.crossed.shape).astype(np.uint8),
        straight_walls_db=rng.uniform(0, 40, blockers.walls_db.shape).astype(np.float32),
    )  # fmt: skip
    return model, public, blockers, outside


def two_ways(ruling, straight, share):
    """Errors of two ways in dB as that of their powers' sum."""
    return 10 * np.log10((1 - share) * 10 ** (ruling / 10) + share * 10 ** (straight / 10))


def plainly(model, public: PublicLinks, blockers: BlockerLinks, outside, worlds, seed, point, carrier):
    """Signal, jamming and MAS level of every world in numpy, written from DESIGN §4 "Errors"."""
    band, key = int(model.carrier_band[carrier]), int(outside_keys(outside.points)[point])
    number = int(model.bands[band])
    walls = [normals(seed, Part.CONSTRUCTION, worlds, int(name), number) for name in model.construction_key]
    wall_sigma = model.construction_sigma_db[:, band]

    def through(crossed):
        return sum(int(k) * float(sigma) * draw for k, sigma, draw in zip(crossed, wall_sigma, walls, strict=True))

    def local(parts, owner):
        return sum(2.8 * normals(seed, part, worlds, int(owner), key, number).astype(float) for part in parts)

    mine = np.flatnonzero(model.sector_carrier == carrier)
    best = max(max(public.los_dbm[s, point], public.nlos_dbm[s, point]) for s in mine)
    signal = np.full(worlds, -np.inf)
    for s in mine:
        clear = np.full(worlds, public.fixed_sight[s] == 1)
        if public.fixed_sight[s] < 0:
            clear = (
                uniforms(seed, Part.SIGHT, worlds, int(public.sight_key[s, point])) < public.los_probability[s, point]
            )
        level = np.where(clear, public.los_dbm[s, point], public.nlos_dbm[s, point]).astype(float)
        level += public.sigma_db[s, point] * normals(seed, Part.SECTOR, worlds, int(model.sector_key[s]))
        level += two_ways(
            np.minimum(through(public.crossed[s, point]), public.walls_db[s, point]),
            np.minimum(through(public.straight_crossed[s, point]), public.straight_walls_db[s, point]),
            public.straight_share[s, point],
        )
        if max(public.los_dbm[s, point], public.nlos_dbm[s, point]) >= best - 20:
            level += local((Part.PUBLIC_ROOM, Part.PUBLIC_POINT), model.sector_key[s])
        signal = np.maximum(signal, level)
    loudest = blockers.level_dbm[:, carrier, point].max()
    offered = blockers.mas_dbm[:, carrier, point].max()
    jam_mw, cell = np.zeros(worlds), np.full(worlds, -np.inf)
    for d, owner in enumerate(blockers.device_key):
        walled = two_ways(
            np.minimum(through(blockers.crossed[d, point]), blockers.walls_db[d, point, band]),
            np.minimum(through(blockers.straight_crossed[d, point]), blockers.straight_walls_db[d, point, band]),
            blockers.straight_share[d, point, band],
        )
        shared = 1.0 * normals(seed, Part.DEVICE, worlds, int(owner)) + walled
        own = local((Part.DEVICE_ROOM, Part.DEVICE_POINT), owner)
        level, mas = blockers.level_dbm[d, carrier, point], blockers.mas_dbm[d, carrier, point]
        jam_mw += 10 ** ((level + shared + (own if level >= loudest - 20 else 0)) / 10)
        cell = np.maximum(cell, mas + shared + (own if mas >= offered - 20 else 0))
    return signal, 10 * np.log10(jam_mw), cell


@pytest.mark.parametrize("seed", [1, 2])
def test_the_kernel_agrees_with_the_same_thing_in_numpy(hut, seed):
    model, public, blockers, outside = random_links(hut, seed)
    scenario = Scenario(worlds=400, seed=seed)
    data = spill_outside(model, scenario, public, blockers, outside)
    for point in range(len(outside)):
        call = np.full(400, -np.inf)
        for index, channel in enumerate(model.channels):
            carriers = np.flatnonzero(model.carrier_channel == index)
            worked = [plainly(model, public, blockers, outside, 400, seed, point, c) for c in carriers]
            signal = np.max([each[0] for each in worked], axis=0)
            jam_dbm = max(np.quantile(each[1], 0.95) for each in worked)
            lead = np.max([np.minimum(cell - s, cell + 128) for s, _, cell in worked], axis=0)
            # −3 dBi and 4 dB body: signal and jamming both lose 7 dB against the noise.
            noise = 10 * np.log10(10 ** (N9_DBM / 10))
            for s, jam, _ in worked:
                sinr = s - 7 - 10 * np.log10(10 ** ((jam - 7) / 10) + 10 ** (noise / 10))
                call = np.maximum(call, np.minimum(sinr + 3, s + 118))
            assert value(data, "jam_dbm", channel, point) == pytest.approx(jam_dbm, abs=0.01)
            assert value(data, "signal_dbm", channel, point) == pytest.approx(np.quantile(signal, 0.05), abs=0.01)
            assert value(data, "capture_probability", channel, point) == pytest.approx((lead >= 0).mean(), abs=0.003)
        assert data["emergency_probability"].values[point] == pytest.approx((call > 0).mean(), abs=0.003)
        assert data["emergency_margin_db"].values[point] == pytest.approx(np.sort(call)[20], abs=0.02)


def test_bytes_do_not_depend_on_threads_or_on_the_cut(hut):
    model, public, blockers, outside = random_links(hut, 3)
    whole = spill_outside(model, Scenario(worlds=300), public, blockers, outside)
    allowed = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        again = spill_outside(model, Scenario(worlds=300), public, blockers, outside)
    finally:
        numba.set_num_threads(allowed)
    last = OutsidePoints(
        scattered(outside.points.xyz_m[3:]), ("receptor",), ("x",), outside.people[3:], outside.people[3:]
    )
    part = spill_outside(
        model, Scenario(worlds=300),
        replace(
            public, los_dbm=public.los_dbm[:, 3:], nlos_dbm=public.nlos_dbm[:, 3:], sight_key=public.sight_key[:, 3:],
            los_probability=public.los_probability[:, 3:], crossed=public.crossed[:, 3:],
            walls_db=public.walls_db[:, 3:], straight_share=public.straight_share[:, 3:],
            straight_crossed=public.straight_crossed[:, 3:], straight_walls_db=public.straight_walls_db[:, 3:],
        ),
        replace(
            blockers, level_dbm=blockers.level_dbm[:, :, 3:], mas_dbm=blockers.mas_dbm[:, :, 3:],
            crossed=blockers.crossed[:, 3:], walls_db=blockers.walls_db[:, 3:],
            straight_share=blockers.straight_share[:, 3:], straight_crossed=blockers.straight_crossed[:, 3:],
            straight_walls_db=blockers.straight_walls_db[:, 3:],
        ),
        last,
    )  # fmt: skip
    for name in ("jam_dbm", "signal_dbm", "capture_margin_db", "capture_probability"):
        assert whole[name].values.tobytes() == again[name].values.tobytes()
        assert whole[name].values[:, 3:].tobytes() == part[name].values.tobytes()


def test_one_db_more_eirp_is_one_db_more_spill(hut):
    model, public, blockers, outside = random_links(hut, 4)
    before = spill_outside(model, Scenario(worlds=300), public, blockers, outside)
    louder = replace(blockers, level_dbm=blockers.level_dbm + np.float32(1))
    after = spill_outside(model, Scenario(worlds=300), public, louder, outside)
    np.testing.assert_allclose(after["jam_dbm"].values - before["jam_dbm"].values, 1.0, atol=1e-4)


@pytest.mark.parametrize("seed", range(5, 11))
def test_a_jammer_added_never_lowers_spill(hut, seed):
    model, public, blockers, outside = random_links(hut, seed)

    def without(device):
        kept = [index for index in range(len(blockers.devices)) if index != device]
        arrays = {part.name: getattr(blockers, part.name) for part in fields(BlockerLinks) if part.name != "devices"}
        devices = tuple(blockers.devices[index] for index in kept)
        return BlockerLinks(devices, **{name: values[kept] for name, values in arrays.items()})

    full = spill_outside(model, Scenario(worlds=300), public, blockers, outside)["jam_dbm"].values
    for device in range(4):
        fewer = spill_outside(model, Scenario(worlds=300), public, without(device), outside)["jam_dbm"].values
        assert (full - fewer >= -1e-4).all()


@pytest.mark.parametrize("side", ["los_dbm", "nlos_dbm", "los_probability", "level_dbm", "mas_dbm"])
def test_what_is_not_known_counts_as_spill(hut, side):
    model, public, blockers, outside = random_links(hut, 12)
    quiet = replace(blockers, level_dbm=blockers.level_dbm - 100, mas_dbm=blockers.mas_dbm - 100)
    kept = replace(public, los_dbm=public.los_dbm * 0 - 70, nlos_dbm=public.los_dbm * 0 - 70)
    assert spill_outside(model, Scenario(worlds=200), kept, quiet, outside)["passed"].values.all()
    lost = quiet if side in ("level_dbm", "mas_dbm") else kept
    broken = getattr(lost, side).copy()
    broken[0, ..., 2] = np.nan  # the first sector, or the first device on every carrier, at the third point
    lost = replace(lost, **{side: broken})
    public, blockers = (kept, lost) if lost.__class__ is BlockerLinks else (lost, quiet)
    data = spill_outside(model, Scenario(worlds=200), public, blockers, outside)
    assert data["passed"].values.tolist() == [True, True, False, True]
    assert not any(np.isnan(data[name].values.astype(float)).any() for name in data.data_vars)
    margin_db, where = worst_margin(data, "standard")
    assert margin_db == -math.inf
    assert "not known" in where
    unknown = np.isneginf(data["margin_db"].values)
    assert (data["jam_dbm"].values[unknown] == np.inf).all()
    assert (data["capture_probability"].values[unknown] == 1).all()


# ------------------------------------------------------------------ published outcomes, real paths


def median_dbm(hut, device, model, xyz_m, **changes):
    """Received power per element of B20 at some places, medians."""
    site = hut(sectors=(EE20,), **changes)
    links = link_model(prepare_scene(site), (EE20,), 0.95)
    return blocker_links(links, (device,), {"m": model}, scattered(np.array(xyz_m, float)), outside=True).level_dbm[
        0, 0
    ]


OPEN = {"walls": (), "openings": (), "slabs": (), "rooms": ()}


def test_far_out_spill_falls_by_forty_db_a_decade(hut):
    # Mangaluru (domain.md §2.2) saw 35 to 50 dB a decade beyond 900 m. A panel at 20 m, phone at 1.5 m, 806 MHz:
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
    # Cumberland (domain.md §2.1): denied in the cell, below ambient at 6 m and 30 m. Node at (3, 2), 1 m inside it
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
    # Both give the middle of the room at least −75 dBm per element. The nodes of −15 dBm are behind sealed concrete
    # walls; the panel of 40 dBm EIRP has to bring it in from a mast by the fence and lights up the outside.
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
    model = link_model(prepare_scene(site), (near,), 0.95)
    catalogue = {
        "small": Model("small", "jammer", (BandPower("B20", 791.0, 821.0, -15.0),)),
        "panel": Model("panel", "jammer", (BandPower("B20", 791.0, 821.0, 40.0),)),
    }
    many = tuple(Device(f"N{i}", "small", 0.5 + i, 2.0, 2.5) for i in range(6))
    one = (Device("P", "panel", 30.0, 2.0, 6.0),)
    middle = scattered(np.array([[3.0, 2.0, 1.5]]))
    for layout in (many, one):
        level = blocker_links(model, layout, catalogue, middle).level_dbm[:, 0, 0]
        assert 10 * math.log10((10 ** (level / 10)).sum()) > -75
    held = spill(model, Scenario(worlds=300), many, catalogue, trial_points(site))
    broken = spill(model, Scenario(worlds=300), one, catalogue, trial_points(site))
    assert all(row[-1] for row in held.rings)
    assert held.worst_margin_db >= 0
    assert not any(row[-1] for row in broken.rings if row[0] in ("0–20 m", "20–100 m", "receptor"))
    assert broken.worst_margin_db < -10
    assert any(row[0] == "1–3 km" for row in broken.rings)
    assert not any(row[0] == "1–3 km" for row in held.rings)


def test_a_band_that_covers_half_a_carrier_spills_onto_it(hut):
    # 791 to 806 MHz reaches half of 801 to 811 MHz: inside it denies nobody, outside it disturbs.
    site = hut(sectors=(EE20,))
    model = link_model(prepare_scene(site), (EE20,), 0.95)
    half = {"jammer": replace(JAMMER, bands=(BandPower("B20", 791.0, 806.0, 20.0),))}
    found = spill(model, Scenario(worlds=100), (D1,), half, trial_points(site))
    assert np.isfinite(found.outside["jam_dbm"].values).all()


def test_walls_are_passive_and_give_back_no_more_than_they_take(hut):
    # Many walls in a row: their shared error of 5 dB each would give back hundreds of dB in one world of twenty. It
    # is held at the 160 dB they lose, so the sum is at most what it would be without walls.
    outside = places("0–20 m")
    model = link_model(prepare_scene(hut(sectors=(EE3,))), (EE3,), 0.95)
    public = public_links(model, outside.points)
    found = blocker_links(model, (D1,), CATALOGUE, outside.points, outside=True)
    brick = model.constructions.index("brick_215")
    crossed = np.zeros_like(found.crossed)
    crossed[..., brick] = 100
    blockers = replace(
        found,
        level_dbm=np.full_like(found.level_dbm, -250.0),
        crossed=crossed,
        walls_db=np.full_like(found.walls_db, 160.0),
        straight_share=np.zeros_like(found.straight_share),
    )
    held = spill_outside(model, Scenario(worlds=200), public, blockers, outside, local=SURE)
    assert value(held, "jam_dbm", "EE/B3/LTE") == pytest.approx(-90, abs=1e-3)


def test_what_walls_take_is_the_difference_to_free_space(hut):
    model = link_model(prepare_scene(hut(sectors=(EE20,))), (EE20,), 0.95)
    bare = link_model(prepare_scene(hut(sectors=(EE20,), **OPEN)), (EE20,), 0.95)
    there = scattered(np.array([[3.0, -8.0, 1.5], [20.0, 2.0, 1.5], [3.0, 3.0, 1.5]]))
    walled = blocker_links(model, (D1,), CATALOGUE, there, straight=True)
    free = blocker_links(bare, (D1,), CATALOGUE, there, straight=True)
    taken_db = free.level_dbm[0, 0] - walled.level_dbm[0, 0]
    np.testing.assert_allclose(walled.walls_db[0, :, 0], taken_db, atol=1e-3)
