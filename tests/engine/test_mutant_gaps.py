"""Facts that `benchmarks/mutants.py` found no other test for: each by hand, from levels set as wanted."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr
from shapely.geometry import box

from quietwing.coverage.blocking import evaluate as verdicts
from quietwing.coverage.blocking.blocker_links import BlockerLinks, blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.emissions import carrier_levels_dbm
from quietwing.coverage.blocking.keep import service_in_rooms
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, link_model, public_links
from quietwing.coverage.blocking.montecarlo import Tally, count_worlds
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.spill import judge_rings, spill_outside, worst_margin
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.errors_model import LocalErrors
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Room, Sector, Storey
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.trial_points import trial_points

EXACT = LocalErrors(0.0, 0.0, 0.0, 20.0)
NOISE_BEST, NOISE_WORST = -127.22, -123.22  # −173.98 + 10 lg 15 kHz + 5 or 9
PHONE = PointSet(np.array([[3.0, 2.0, 1.5]]), *np.zeros((3, 1), np.int32), ("centre",))


@pytest.fixture(scope="module")
def model(hut) -> LinkModel:
    """The hut with one 4G carrier: floor −128 dBm, boost 3, J/S to deny 10, search margin 10, search gain 5."""
    mast = Sector(
        "m", "EE", "234-30", "B20", "LTE", 798.5, 5.0, 2.5, -600.0, 25.0, 0.0, 0.0, "omni", 58.0, "UMa", 0.0
    )
    return link_model(prepare_scene(hut(sectors=(mast,))), (mast,), 0.95)


def heard(model: LinkModel, points: PointSet, level_dbm: float, **changes) -> PublicLinks:
    """The public signal as wanted, without errors but those asked for."""
    links = public_links(model, points)
    same = np.full((1, len(points)), level_dbm, np.float32)
    plain = replace(
        links, los_dbm=same, nlos_dbm=same, sigma_db=np.zeros_like(same), crossed=links.crossed * 0,
        straight_share=links.straight_share * 0,
    )  # fmt: skip
    sigma_db = np.broadcast_to(changes.pop("sigma_db", plain.sigma_db), same.shape)
    return replace(plain, sigma_db=sigma_db, **changes)


def blockers(model: LinkModel, points: PointSet, jam_dbm=(), cell_dbm=()) -> BlockerLinks:
    """Jammers and managed-access cells received as wanted."""
    level = np.array([*jam_dbm, *cell_dbm], np.float32)
    cell = np.array([-np.inf] * len(jam_dbm) + list(cell_dbm), np.float32)
    shaped = np.ones((len(level), 1, len(points)), np.float32)
    devices = tuple(Device(f"d{k}", "any", 0.5, 0.5, 1) for k in range(len(level)))
    links = blocker_links(model, devices, {"any": Model("any", "jammer")}, points)
    return replace(
        links,
        level_dbm=level[:, None, None] * shaped,
        mas_dbm=cell[:, None, None] * shaped,
        is_mas=np.isfinite(cell),
        crossed=links.crossed * 0,
        straight_share=links.straight_share * 0,
    )


def works(model, level_dbm, jam_dbm=(), cell_dbm=(), local=EXACT, worlds=200, margin=True, **changes) -> float:
    """Share of worlds in which the channel works at one point in the hut."""
    tally = count_worlds(
        model,
        Scenario(worlds=worlds, search_margin=margin),
        PHONE,
        heard(model, PHONE, level_dbm, **changes),
        blockers(model, PHONE, jam_dbm, cell_dbm),
        local=local,
    )
    assert tally.usable_at_points[0, 0] == tally.usable_in_rooms[0, 0] == worlds - tally.silent.sum()
    return float(tally.usable_at_points[0, 0]) / worlds


# Rooms, world by world


def test_a_phone_works_at_the_floor_itself_and_not_below(model):
    # S = −136 + 3 dB boost = −133 = floor −128 − search gain 5
    assert works(model, -136.0) == 1.0
    assert works(model, -136.01) == 0.0


def test_noise_adds_to_a_jammer_that_is_a_hair_too_weak(model):
    # S = −132.95 + 3 = −129.95, J = −110: J/S = 19.95 < 20, but −110 ⊕ −127.22 = −109.92 and (J ⊕ N)/S = 20.03
    assert works(model, -132.95, jam_dbm=(-110.0,)) == 0.0
    assert works(model, -132.85, jam_dbm=(-110.0,)) == 1.0  # 19.93
    assert works(model, -92.95, jam_dbm=(-70.0,)) == 1.0  # far above the noise 19.95 stays 19.95


def test_a_jammer_one_db_above_what_denies_is_counted(model):
    # S = −100: denied from J = −80 on
    assert works(model, -103.0, jam_dbm=(-79.0,)) == 0.0
    assert works(model, -103.0, jam_dbm=(-81.0,)) == 1.0
    assert works(model, -103.0, jam_dbm=(-82.9, -82.9)) == 0.0  # −79.89 together


def test_a_cell_captures_from_3_db_and_the_search_margin_up(model):
    # S = −100 with its boost: captured from −87 on, denied from −80 on
    assert works(model, -103.0, cell_dbm=(-86.9,)) == 0.0
    assert works(model, -103.0, cell_dbm=(-87.1,)) == 1.0
    assert works(model, -103.0, cell_dbm=(-96.9,), margin=False) == 0.0
    assert works(model, -103.0, cell_dbm=(-97.1,), margin=False) == 1.0


def test_a_cell_must_stand_above_the_noise_of_the_worst_phone(model):
    # S = −127.5 above the floor −128, lead 3.3, and J/S far below 10; but SINR −124.2 + 123.22 = −0.98 is below 0
    assert works(model, -130.5, cell_dbm=(-124.2,), margin=False) == 1.0
    assert works(model, -130.5, cell_dbm=(-123.1,), margin=False) == 0.0


def test_two_cells_of_managed_access_do_not_undo_each_other(model):
    # each −85: together −82, J/S 18 and not denied; the capturing one counts only jammers against itself
    assert works(model, -103.0, cell_dbm=(-85.0, -85.0)) == 0.0
    assert works(model, -103.0, jam_dbm=(-85.0,), cell_dbm=(-85.1,)) == 1.0  # SINR −0.1 < 0


def test_the_doubt_of_both_sides_adds_as_variances(model):
    # local errors 3 and 4 dB on each side: σ = √(2·25) = 7.07; J/S lies 7.07 above what denies: works in 15.9 %
    local = LocalErrors(3.0, 4.0, 0.0, 20.0)
    assert works(model, -103.0, jam_dbm=(-72.93,), local=local, worlds=20_000) == pytest.approx(0.159, abs=0.01)
    # and the device's own 5 dB: σ = √75 = 8.66, 20.7 %
    local = LocalErrors(3.0, 4.0, 5.0, 20.0)
    assert works(model, -103.0, jam_dbm=(-72.93,), local=local, worlds=20_000) == pytest.approx(0.207, abs=0.01)


def test_walls_give_back_no_more_than_they_take(model):
    # the signal lies 1.1 or 0.9 dB below the floor, behind walls that lose 1 dB and are known to several
    behind = {
        "crossed": np.ones((1, 1, len(model.constructions)), np.uint8),
        "walls_db": np.ones((1, 1), np.float32),
    }
    assert works(model, -137.1, worlds=1000, **behind) == 0.0
    assert 0.2 < works(model, -136.9, worlds=1000, **behind) < 0.5


def test_of_two_ways_the_one_through_walls_is_the_stronger_in_some_worlds(model):
    # The signal lies 6 dB below the floor; half of it comes through one construction with an error of σ that takes
    # much: the sum is 6 dB up where the straight part is 10 lg(10^0.6 · 2 − 1) = 8.44 dB up, in Q(8.44/σ) of worlds.
    crossed = np.zeros((1, 1, len(model.constructions)), np.uint8)
    crossed[..., 0] = 3
    sigma_db = 3 * float(model.construction_sigma_db[0, 0])
    part = {
        "straight_share": np.full((1, 1), 0.5, np.float32),
        "straight_crossed": crossed,
        "straight_walls_db": np.full((1, 1), 60.0, np.float32),
    }
    expected = float(ndtr(-8.44 / sigma_db))
    assert works(model, -142.0, worlds=20_000, **part) == pytest.approx(expected, abs=0.01)
    assert 0.15 < expected < 0.35
    assert works(model, -142.0, worlds=2000, **part | {"straight_walls_db": np.full((1, 1), 8.4, np.float32)}) == 0.0
    # and the draft: z σ of each way, powers added; floor −133 − S −139 = 6
    public, z = heard(model, PHONE, -142.0, **part), 1.645
    ruling_db = z * sqrt(2 * 2.8**2)
    straight_db = z * sqrt(2 * 2.8**2 + sigma_db**2)
    both_db = 10 * np.log10((10 ** (ruling_db / 10) + 10 ** (straight_db / 10)) / 2)
    found = draft_margin_db(model, Scenario(), public, blockers(model, PHONE))
    assert found[0, 0] == pytest.approx(6 - both_db, abs=0.02)


def test_sight_comes_as_often_as_its_probability(model):
    chance = np.full((1, 1), 0.1, np.float32)
    quiet = np.full((1, 1), -180.0, np.float32)
    found = works(model, -100.0, worlds=5000, nlos_dbm=quiet, los_probability=chance)
    assert found == pytest.approx(0.1, abs=0.015)


# The draft margin and the states of rooms


def test_the_draft_margin_takes_off_the_doubt(model):
    # S = −97, J = −70: (J ⊕ N) − S − 20 = 7; σ = √(3² + 2·2.8² + 2·2.8² + 1²) = 6.43; 7 − 1.645·6.43 = −3.58
    public = heard(model, PHONE, -100.0, sigma_db=np.full((1, 1), 3.0, np.float32))
    found = draft_margin_db(model, Scenario(), public, blockers(model, PHONE, jam_dbm=(-70.0,)))
    assert found[0, 0] == pytest.approx(-3.58, abs=0.01)
    two = blockers(model, PHONE, jam_dbm=(-73.01, -73.01))  # powers add, decibels do not
    assert draft_margin_db(model, Scenario(), public, two)[0, 0] == pytest.approx(-3.58, abs=0.01)
    # nobody to deny it: floor −133 + 140 = 7 above S = −140, σ = √(3² + 2·2.8²) = 4.97, 7 − 8.17
    faint = heard(model, PHONE, -143.0, sigma_db=np.full((1, 1), 3.0, np.float32))
    assert draft_margin_db(model, Scenario(), faint, blockers(model, PHONE))[0, 0] == pytest.approx(-1.17, abs=0.01)


def through(model: LinkModel, jam_dbm: float, theirs: int, ours: int) -> tuple[PublicLinks, BlockerLinks, float]:
    """A signal of −97 dBm and a jammer, each behind so many crossings of one construction, and its error [dB]."""
    crossed = np.zeros((1, 1, len(model.constructions)), np.uint8)
    crossed[..., 0] = 1
    public = heard(
        model, PHONE, -100.0, sigma_db=np.full((1, 1), 3.0, np.float32), crossed=crossed * np.uint8(theirs),
        walls_db=np.full((1, 1), 90.0, np.float32),
    )  # fmt: skip
    jammer = blockers(model, PHONE, jam_dbm=(jam_dbm,))
    jammer = replace(jammer, crossed=crossed * np.uint8(ours), walls_db=np.full_like(jammer.walls_db, 90.0))
    return public, jammer, float(model.construction_sigma_db[0, 0])


@pytest.mark.parametrize(("theirs", "ours"), [(4, 1), (1, 4), (3, 0), (0, 3), (2, 2)])
def test_as_many_crossings_as_both_sides_have_move_both_alike(model, theirs, ours):
    """What is left is the difference, on the draft's side and in the worlds: CHOICES 14."""
    public, jammer, sigma_db = through(model, -70.0, theirs, ours)
    spread_db = 1.645 * sqrt(3**2 + 4 * 2.8**2 + 1 + ((theirs - ours) * sigma_db) ** 2)
    assert draft_margin_db(model, Scenario(), public, jammer)[0, 0] == pytest.approx(7 - spread_db, abs=0.02)
    # with so much power that the draft margin is nought, the channel works in one world of twenty
    public, jammer, _ = through(model, -70.0 - 7 + spread_db, theirs, ours)
    tally = count_worlds(model, Scenario(worlds=20_000), PHONE, public, jammer)
    assert tally.usable_at_points[0, 0] / 20_000 == pytest.approx(0.05, abs=0.005)


def test_a_signal_gets_back_no_more_than_its_walls_take_also_against_a_jammer(model):
    """σ 15 dB and more of four crossings, but they take 6 dB."""
    public, jammer, _ = through(model, -70.0, 4, 0)
    public = replace(public, walls_db=np.full((1, 1), 6.0, np.float32))
    spread_db = 1.645 * sqrt(3**2 + 4 * 2.8**2 + 1) + 6
    assert draft_margin_db(model, Scenario(), public, jammer)[0, 0] == pytest.approx(7 - spread_db, abs=0.02)


def tally_of(silent_worlds: int) -> Tally:
    silent = np.arange(100)[None, :] < silent_worlds
    none = np.zeros((1, 1), np.int32)
    return Tally(none, none, silent, np.zeros(1, np.int32))


@pytest.mark.parametrize(("silent", "quiet", "state"), [(95, 94, "PF"), (94, 0, "FF"), (100, 95, "FT")])
def test_at_the_confidence_itself_a_room_is_protected_or_quiet(model, silent, quiet, state):
    rooms = verdicts._by_room(model, Scenario(worlds=100), tally_of(silent), tally_of(quiet))
    assert bool(rooms["protected"][0]) == (state[0] == "P")
    assert bool(rooms["quiet_anyway"][0]) == (state[1] == "T")


def test_printed_levels_count_the_level_itself(model, monkeypatch):
    found = iter((tally_of(95), tally_of(0)))
    monkeypatch.setattr(verdicts, "count_worlds", lambda *_, **__: next(found))
    judged = verdicts.evaluate(model, model, Scenario(worlds=100), (), {}, PHONE)
    assert judged.protected_at == {50: 1, 80: 1, 95: 1, 99: 0}


# What is sent


def test_what_a_jammer_sends_is_its_share_of_the_band_and_of_its_emission(model):
    # 20 dBm over 100 MHz is 20 − 38.24 = −18.24 dBm in 15 kHz; swept −5; sync + min(10 lg(100/1.08), 7) = 7
    for emission, db in (("barrage", 0.0), ("swept", -5.0), ("sync", 7.0)):
        kind = Model("j", "jammer", (BandPower("B20", 750, 850, 20.0),), "omni", 0.0, emission, (798.5,))
        inside, _ = carrier_levels_dbm(Device("d", "j", 0, 0, 1), kind, model.carriers, outside=False)
        outwards, _ = carrier_levels_dbm(Device("d", "j", 0, 0, 1), kind, model.carriers, outside=True)
        assert inside[0] == pytest.approx(-18.24 + db, abs=0.01)
        assert outwards[0] == pytest.approx(-18.24 + max(db, 0.0), abs=0.01)


def test_a_trim_adds_and_a_managed_access_cell_is_spread_over_its_elements(model):
    # 10 − 6 dBm over 12·25 elements: 4 − 24.77
    kind = Model(
        "m", "mas", (BandPower("B20", 791, 821, 10.0),), mas_carriers=(MasCarrier("234-30", "LTE", 798.5, 5.0),)
    )
    sent, offered = carrier_levels_dbm(
        Device("d", "m", 0, 0, 1, trim_db=(("EE/B20", -6.0),)), kind, model.carriers, outside=False
    )
    assert sent[0] == offered[0] == pytest.approx(-20.77, abs=0.01)


# Test points


def test_a_point_upstairs_stands_on_its_own_floor(hut):
    tower = Building("A", box(0, 0, 6, 4), (Storey("Ground", 0.0, 3.0), Storey("First", 3.2, 6.2)))
    site = hut(buildings=(tower,), rooms=(Room("A-11", "A", 1, box(0, 0, 6, 4), "silence"),), openings=())
    points = trial_points(site)
    assert [float(z) for z, kind in zip(points.xyz_m[:, 2], points.kind, strict=True) if kind == "centre"] == [
        pytest.approx(3.5),
        pytest.approx(4.7),
        pytest.approx(5.4),
    ]


# Outside


def outside(count: int = 1) -> OutsidePoints:
    xyz_m = np.array([[100.0 + k, 0.0, 1.5] for k in range(count)])
    return OutsidePoints(
        scattered(xyz_m), ("20–100 m",) * count, tuple(f"p{k}" for k in range(count)), np.zeros(count), xyz_m[:, 0]
    )


def spilt(model, level_dbm, jam_dbm=(), cell_dbm=(), local=EXACT, worlds=200, tier="standard", **changes):
    there = outside()
    return spill_outside(
        model,
        Scenario(worlds=worlds, spill_tier=tier),
        heard(model, there.points, level_dbm, **changes),
        blockers(model, there.points, jam_dbm, cell_dbm),
        there,
        local=local,
    ).isel(channel=0, outside=0)


@pytest.mark.parametrize(
    ("tier", "limit_dbm"), [("strict", NOISE_WORST - 6), ("standard", -95.0 - 20), ("service", -95.0 - 10)]
)
def test_the_limit_of_each_tier(model, tier, limit_dbm):
    found = spilt(model, -95.0, jam_dbm=(-110.0,), tier=tier)
    assert float(found["limit_dbm"]) == pytest.approx(limit_dbm, abs=0.02)
    assert float(found["margin_db"]) == pytest.approx(limit_dbm + 110, abs=0.02)
    assert bool(found["passed"]) == (tier == "service")
    faint = spilt(model, -140.0, jam_dbm=(-110.0,), tier=tier)  # where there is no service noise alone is the limit
    assert float(faint["limit_dbm"]) == pytest.approx(NOISE_WORST - 6, abs=0.02)


def test_outside_the_signal_counts_low_and_the_blockers_high(model):
    # sector error 4 dB: −95 − 1.645·4 = −101.58; device error 3 dB: −110 + 1.645·3 = −105.07
    wide = LocalErrors(0.0, 0.0, 3.0, 20.0)
    found = spilt(
        model, -95.0, jam_dbm=(-110.0,), local=wide, worlds=20_000, sigma_db=np.full((1, 1), 4.0, np.float32)
    )
    assert float(found["signal_dbm"]) == pytest.approx(-101.58, abs=0.2)
    assert float(found["jam_dbm"]) == pytest.approx(-105.07, abs=0.2)


def test_outside_all_blockers_are_added_and_a_cell_as_strong_as_the_network_captures(model):
    found = spilt(model, -95.0, jam_dbm=(-120.0, -120.0))
    assert float(found["jam_dbm"]) == pytest.approx(-120 + 3.01, abs=0.01)
    assert float(spilt(model, -95.0, cell_dbm=(-94.9,))["capture_probability"]) == 1.0
    assert float(spilt(model, -95.0, cell_dbm=(-95.1,))["capture_probability"]) == 0.0
    assert float(spilt(model, -95.0, cell_dbm=(-96.0,))["capture_margin_db"]) == pytest.approx(1.0, abs=0.01)


def test_an_emergency_call_needs_minus_3_db_over_jamming_and_the_worst_phones_noise(model):
    # N before 7 dB of losses −116.22, J −110.6, together −109.55: SINR −2.65 at S = −112.2, −3.45 at −113
    assert float(spilt(model, -112.2, jam_dbm=(-110.6,))["emergency_probability"]) == 1.0
    assert float(spilt(model, -113.0, jam_dbm=(-110.6,))["emergency_probability"]) == 0.0
    assert float(spilt(model, -118.1)["emergency_probability"]) == 0.0  # below −118 dBm there is no call


def test_a_kept_room_has_the_worst_phone_in_it(model):
    # LTE needs SINR 0 over −123.22 + 7 = −116.22, no boost; a cell as strong as the network takes the phone away
    def served(level_dbm, **given):
        _, good = service_in_rooms(
            model,
            Scenario(worlds=100),
            PHONE,
            heard(model, PHONE, level_dbm),
            blockers(model, PHONE, **given),
            local=EXACT,
        )
        return good.mean()

    assert served(-116.1) == 1.0
    assert served(-116.3) == 0.0
    assert served(-90.0, jam_dbm=(-90.1,)) == 1.0
    assert served(-90.0, jam_dbm=(-89.9,)) == 0.0
    assert served(-90.0, cell_dbm=(-89.9,)) == 0.0


def test_a_3g_phone_in_a_kept_room_is_taken_away_by_a_cell_through_which_it_could_still_hear(hut):
    # pilot of the cell −89.9 against −90; its whole carrier, 10 dB more, leaves SINR −10.1, and −15 would do
    mast = Sector(
        "m", "EE", "234-30", "B1", "UMTS", 2150.0, 5.0, 2.5, -600.0, 25.0, 0.0, 0.0, "omni", 58.0, "UMa", 0.0
    )
    umts = link_model(prepare_scene(hut(sectors=(mast,))), (mast,), 0.95)
    for pilot_dbm, share in ((-89.9, 0.0), (-90.1, 1.0)):
        cell = blockers(umts, PHONE, cell_dbm=(pilot_dbm,))
        loud = replace(cell, level_dbm=cell.level_dbm + np.float32(10.0))
        scenario = Scenario(worlds=100)
        _, good = service_in_rooms(umts, scenario, PHONE, heard(umts, PHONE, -90.0), loud, local=EXACT)
        assert good.mean() == share


def ring(margins_db, name="20–100 m") -> xr.Dataset:
    count = len(margins_db)
    margin = np.array([margins_db], float)
    return xr.Dataset(
        {
            "margin_db": (("channel", "outside"), margin),
            "capture_margin_db": (("channel", "outside"), np.full((1, count), np.inf)),
            "emergency_margin_db": ("outside", np.full(count, np.inf)),
            "passed": ("outside", margin[0] >= 0),
        },
        coords={
            "channel": ["EE/B20/LTE"],
            "ring": ("outside", np.array([name] * count, object)),
            "name": ("outside", np.array([f"p{k}" for k in range(count)], object)),
        },
    )


def test_one_point_of_a_ring_in_twenty_may_fail_and_no_receptor():
    two_of_forty = ring([-9.0, -4.0, *range(1, 39)])
    assert judge_rings(two_of_forty, "standard") == (("20–100 m", 40, 2, 2, True),)
    assert worst_margin(two_of_forty, "standard") == (1.0, "p2: EE/B20/LTE")
    three_of_forty = ring([-9.0, -4.0, -2.0, *range(1, 38)])
    assert judge_rings(three_of_forty, "standard") == (("20–100 m", 40, 3, 2, False),)
    assert worst_margin(three_of_forty, "standard") == (-2.0, "p2: EE/B20/LTE")
    assert judge_rings(ring([-0.1, *range(39)], "receptor"), "standard")[0][3:] == (0, False)
