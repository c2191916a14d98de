"""Facts that `benchmarks/mutants.py` found no other test for: each by hand, from levels set as wanted."""

from dataclasses import replace
from math import sqrt
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr
from shapely.geometry import box

from quietwing.coverage.blocking import judging as verdicts
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.emissions import carrier_levels_dbm
from quietwing.coverage.blocking.keep import service_in_rooms
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, link_model, public_links
from quietwing.coverage.blocking.montecarlo import Case, Tally, count_worlds
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.spill_rings import judge_rings, worst_margin
from quietwing.coverage.blocking.spills import spill_outside
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import WorstPlace
from quietwing.sites.model import Building, Room, Sector, Storey
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.trial_point_sets import trial_points

EXACT = {"local_db": 0.0, "device_db": 0.0}  # no error but those a test asks for
STANDARD = load_rules().tier("standard")
NOISE_BEST, NOISE_WORST = -127.22, -123.22  # −173.98 + 10 lg 15 kHz + 5 or 9
PHONE = PointSet(np.array([[3.0, 2.0, 1.5]]), *np.zeros((3, 1), np.int32), ("centre",))


@pytest.fixture(scope="module")
def model(hut) -> LinkModel:
    """The hut with one 4G carrier of 5 MHz: floor −128 dBm, boost 3, search gain 5.

    J/S to deny 6 and search margin 6 at planning grade, so 12 together; 10 and 10 at evidence grade, so 20, and 3
    more against one source alone.
    """
    mast = Sector(
        "m", "EE", "234-30", "B20", "LTE", 798.5, 5.0, 2.5, -600.0, 25.0, 0.0, 0.0, "omni", 58.0, "UMa", 0.0
    )
    return link_model(prepare_scene(hut(sectors=(mast,))), (mast,))


def sized(model: LinkModel, **sizes: float) -> LinkModel:
    """The model with other sizes of errors in its rules."""
    return replace(model, rules=replace(model.rules, errors=replace(model.rules.errors, **sizes)))


PATHS = {"crossed", "walls_db", "straight_share", "straight_crossed", "straight_walls_db"}


def heard(model: LinkModel, points: PointSet, level_dbm: float, **changes) -> PublicLinks:
    """The public signal as wanted, without errors but those asked for."""
    links = public_links(model, points)
    same = np.full((1, len(points)), level_dbm, np.float32)
    plain = replace(
        links,
        los_dbm=same,
        nlos_dbm=same,
        sigma_db=links.sigma_db * 0,
        paths=links.paths._replace(crossed=links.paths.crossed * 0, straight_share=links.paths.straight_share * 0),
    )
    # An array of its own, as a study's are: for any other the kernels are compiled anew.
    sigma_db = np.array(np.broadcast_to(changes.pop("sigma_db", plain.sigma_db), same.shape))
    paths = plain.paths._replace(**{name: changes.pop(name) for name in PATHS & changes.keys()})
    return replace(plain, sigma_db=sigma_db, paths=paths, **changes)


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
        paths=links.paths._replace(crossed=links.paths.crossed * 0, straight_share=links.paths.straight_share * 0),
    )


def works(
    model, level_dbm, jam_dbm=(), cell_dbm=(), sizes=EXACT, worlds=200, margin=True, grade="planning", **changes
) -> float:
    """Share of worlds in which the channel works at one point in the hut."""
    tally = count_worlds(
        sized(model, **sizes),
        Scenario(worlds=worlds, search_margin=margin, grade=grade),
        PHONE,
        heard(model, PHONE, level_dbm, **changes),
        blockers(model, PHONE, jam_dbm, cell_dbm),
    )
    assert tally.usable_at_points[0, 0, 0] == tally.usable_in_rooms[0, 0, 0] == worlds - tally.silent[0].sum()
    return float(tally.usable_at_points[0, 0, 0]) / worlds


# Rooms, world by world


def test_a_phone_works_at_the_floor_itself_and_not_below(model):
    # S = −136 + 3 dB boost = −133 = floor −128 − search gain 5
    assert works(model, -136.0) == 1.0
    assert works(model, -136.01) == 0.0


def test_noise_adds_to_a_jammer_that_is_a_hair_too_weak(model):
    # S = −124.95 + 3 = −121.95, J = −110: J/S = 11.95 < 12, but −110 ⊕ −127.22 = −109.92 and (J ⊕ N)/S = 12.03
    assert works(model, -124.95, jam_dbm=(-110.0,)) == 0.0
    assert works(model, -124.85, jam_dbm=(-110.0,)) == 1.0  # 11.93
    assert works(model, -84.95, jam_dbm=(-70.0,)) == 1.0  # far above the noise 11.95 stays 11.95


def test_a_jammer_one_db_above_what_denies_is_counted(model):
    # S = −100: denied from J = −88 on at planning grade; at evidence grade from −77 on by one source, −80 by two
    assert works(model, -103.0, jam_dbm=(-87.0,)) == 0.0
    assert works(model, -103.0, jam_dbm=(-89.0,)) == 1.0
    assert works(model, -103.0, jam_dbm=(-90.9, -90.9)) == 0.0  # −87.89 together
    assert works(model, -103.0, jam_dbm=(-76.9,), grade="evidence") == 0.0
    assert works(model, -103.0, jam_dbm=(-77.1,), grade="evidence") == 1.0
    assert works(model, -103.0, jam_dbm=(-82.9, -82.9), grade="evidence") == 0.0  # −79.89 together
    assert works(model, -103.0, jam_dbm=(-83.1, -83.1), grade="evidence") == 1.0


def test_a_cell_captures_from_3_db_and_the_search_margin_up(model):
    # S = −100 with its boost: captured from −91 on at planning grade (6), from −87 on at evidence grade (10)
    assert works(model, -103.0, cell_dbm=(-90.9,)) == 0.0
    assert works(model, -103.0, cell_dbm=(-91.1,)) == 1.0
    assert works(model, -103.0, cell_dbm=(-86.9,), grade="evidence") == 0.0
    assert works(model, -103.0, cell_dbm=(-87.1,), grade="evidence") == 1.0
    assert works(model, -103.0, cell_dbm=(-96.9,), margin=False) == 0.0
    assert works(model, -103.0, cell_dbm=(-97.1,), margin=False) == 1.0


def test_a_cell_must_stand_above_the_noise_of_the_worst_phone(model):
    # S = −127.5 above the floor −128, lead 3.3, and J/S far below 6; but SINR −124.2 + 123.22 = −0.98 is below 0
    assert works(model, -130.5, cell_dbm=(-124.2,), margin=False) == 1.0
    assert works(model, -130.5, cell_dbm=(-123.1,), margin=False) == 0.0


@pytest.mark.parametrize("level_dbm", [-131.0, -126.0, -103.0])
def test_a_blocker_that_reaches_nobody_changes_nothing_and_one_that_is_off_reaches_nobody(model, level_dbm):
    scenario, public = Scenario(worlds=400), heard(model, PHONE, level_dbm)

    def usable(jam_dbm=(), cell_dbm=(), blocked=True) -> list:
        found = blockers(model, PHONE, jam_dbm, cell_dbm)
        case = Case(scenario.judged, blocked=blocked)
        return count_worlds(model, scenario, PHONE, public, found, cases=(case,)).usable_at_points.tolist()

    jammed, free = usable((level_dbm + 13.0,)), usable()
    assert jammed < free
    assert usable((level_dbm + 13.0,), (-300.0,)) == jammed
    assert usable((), (-300.0,)) == usable((level_dbm + 13.0,), (level_dbm,), blocked=False) == free


def test_two_cells_of_managed_access_do_not_undo_each_other(model):
    # each −90: together −87, J/S 13, denied anyway; so at evidence grade: −85 each, together −82, J/S 18 is not
    # denied; the capturing one counts only jammers against itself
    assert works(model, -103.0, cell_dbm=(-85.0, -85.0), grade="evidence") == 0.0
    # SINR −0.1 < 0 does not keep the phone, and 18 dB together do not deny
    assert works(model, -103.0, jam_dbm=(-85.0,), cell_dbm=(-85.1,), grade="evidence") == 1.0


def test_the_doubt_of_both_sides_adds_as_variances(model):
    # local errors 5 dB on each side, a quarter of the variance shared: σ = √(2·25·0.75) = 6.12; J/S lies 6.12 above
    # the 12 dB that deny: works in 15.9 %
    jam = (-100.0 + 12 + sqrt(2 * 25 * 0.75),)
    sizes = EXACT | {"local_db": 5.0}
    assert works(model, -103.0, jam_dbm=jam, sizes=sizes, worlds=20_000) == pytest.approx(0.159, abs=0.01)
    # nothing shared: σ = √50 = 7.07, Φ(−6.12/7.07) = 19.3 %
    sizes |= {"local_shared": 0.0}
    assert works(model, -103.0, jam_dbm=jam, sizes=sizes, worlds=20_000) == pytest.approx(0.193, abs=0.01)
    # and the device's own 5 dB: σ = √75 = 8.66, Φ(−6.12/8.66) = 24.0 %
    sizes |= {"device_db": 5.0}
    assert works(model, -103.0, jam_dbm=jam, sizes=sizes, worlds=20_000) == pytest.approx(0.240, abs=0.01)
    # all shared: both sides move alike, never
    assert works(model, -103.0, jam_dbm=jam, sizes=EXACT | {"local_db": 5.0, "local_shared": 1.0}) == 0.0


def test_walls_give_back_no_more_than_they_take(model):
    # the signal lies 1.1 or 0.9 dB below the floor, behind walls that lose 1 dB and are known to several
    behind = {
        "crossed": np.ones((1, 1, len(model.constructions)), np.uint8),
        "walls_db": np.ones((1, 1), np.float32),
    }
    assert works(model, -137.1, worlds=1000, **behind) == 0.0
    assert 0.2 < works(model, -136.9, worlds=1000, **behind) < 0.5


def test_of_two_ways_the_one_through_walls_is_the_stronger_in_some_worlds(model):
    # The signal lies 4 dB below the floor; half of it comes through walls with an error of 7 dB, the most below
    # 1 GHz, that take much: the sum is 4 dB up where the straight part is 10 lg(10^0.4 · 2 − 1) = 6.05 dB up, in
    # Q(6.05/7) = 19.4 % of worlds.
    crossed = np.zeros((1, 1, len(model.constructions)), np.uint8)
    crossed[..., 0] = 3
    assert 3 * float(model.construction_sigma_db[0, 0]) > 7
    sigma_db = 7.0
    part = {
        "straight_share": np.full((1, 1), 0.5, np.float32),
        "straight_crossed": crossed,
        "straight_walls_db": np.full((1, 1), 60.0, np.float32),
    }
    expected = float(ndtr(-6.05 / sigma_db))
    assert works(model, -140.0, worlds=20_000, **part) == pytest.approx(expected, abs=0.01)
    assert 0.15 < expected < 0.35
    assert works(model, -140.0, worlds=2000, **part | {"straight_walls_db": np.full((1, 1), 6.0, np.float32)}) == 0.0
    # and the draft: z σ of each way, powers added; floor −133 − S −137 = 4
    public, z = heard(model, PHONE, -140.0, **part), 1.2816
    ruling_db = z * 4
    straight_db = z * sqrt(4**2 + sigma_db**2)
    both_db = 10 * np.log10((10 ** (ruling_db / 10) + 10 ** (straight_db / 10)) / 2)
    found = draft_margin_db(model, Scenario(), public, blockers(model, PHONE))
    assert found[0, 0] == pytest.approx(4 - both_db, abs=0.02)


def test_sight_comes_as_often_as_its_probability(model):
    chance = np.full((1, 1), 0.1, np.float32)
    quiet = np.full((1, 1), -180.0, np.float32)
    found = works(model, -100.0, worlds=5000, nlos_dbm=quiet, los_probability=chance)
    assert found == pytest.approx(0.1, abs=0.015)


def test_a_jammer_counts_that_denies_a_hidden_mast_though_a_clear_one_is_far_louder(model):
    # S = −110 hidden, −60 in 3 of 100 worlds; J = −95 denies the first by 15 dB, 35 dB short of the second
    chance, clear = np.full((1, 1), 0.03, np.float32), np.full((1, 1), -63.0, np.float32)
    found = works(model, -113.0, jam_dbm=(-95.0,), worlds=5000, los_dbm=clear, los_probability=chance)
    assert found == pytest.approx(0.03, abs=0.008)


# The draft margin and the states of rooms


def test_the_draft_margin_takes_off_the_doubt(model):
    # S = −97, J = −78: (J ⊕ N) − S − 12 = 7; σ = √(3² + 2·0.75·4² + 1²) = 5.83; 90 %: 7 − 1.282·5.83 = −0.47
    sure = {"sigma_db": np.full((1, 1), 3.0, np.float32)}
    public = heard(model, PHONE, -100.0, **sure)
    found = draft_margin_db(model, Scenario(), public, blockers(model, PHONE, jam_dbm=(-78.0,)))
    assert found[0, 0] == pytest.approx(7 - 1.2816 * sqrt(34), abs=0.01)
    two = blockers(model, PHONE, jam_dbm=(-81.01, -81.01))  # powers add, decibels do not
    assert draft_margin_db(model, Scenario(), public, two)[0, 0] == pytest.approx(7 - 1.2816 * sqrt(34), abs=0.01)
    # evidence: 20 dB, 3 dB for what may be one source, and 95 %: −64 + 97 − 23 = 10, 10 − 1.645·5.83 = 0.42
    found = draft_margin_db(model, Scenario(grade="evidence"), public, blockers(model, PHONE, jam_dbm=(-67.0, -67.0)))
    assert found[0, 0] == pytest.approx(-63.99 + 97 - 23 - 1.6449 * sqrt(34), abs=0.02)
    # nobody to deny it: floor −133 + 140 = 7 above S = −140, σ = √(3² + 4²) = 5, 7 − 1.282·5 = 0.59
    faint = heard(model, PHONE, -143.0, **sure)
    assert draft_margin_db(model, Scenario(), faint, blockers(model, PHONE))[0, 0] == pytest.approx(0.59, abs=0.01)


def through(model: LinkModel, jam_dbm: float, theirs: int, ours: int) -> tuple[PublicLinks, BlockerLinks]:
    """A signal of −97 dBm and a jammer, each behind so many crossings of one construction."""
    crossed = np.zeros((1, 1, len(model.constructions)), np.uint8)
    crossed[..., model.constructions.index("brick_215")] = 1
    public = heard(
        model, PHONE, -100.0, sigma_db=np.full((1, 1), 3.0, np.float32), crossed=crossed * np.uint8(theirs),
        walls_db=np.full((1, 1), 90.0, np.float32),
    )  # fmt: skip
    jammer = blockers(model, PHONE, jam_dbm=(jam_dbm,))
    jammer = replace(
        jammer,
        paths=jammer.paths._replace(
            crossed=crossed * np.uint8(ours), walls_db=np.full_like(jammer.paths.walls_db, 90.0)
        ),
    )
    return public, jammer


@pytest.mark.parametrize(
    ("theirs", "ours", "apart_db"),
    # brick below 1 GHz: 4.2 dB a crossing, 7 dB at most for a link
    [(1, 0, 4.2), (0, 1, 4.2), (4, 1, 7 - 4.2), (1, 4, 7 - 4.2), (3, 0, 7.0), (0, 3, 7.0), (2, 2, 0.0), (5, 2, 0.0)],
)
def test_what_both_sides_cross_moves_both_alike(model, theirs, ours, apart_db):
    """What is left is the difference, on the draft's side and in the worlds."""
    public, jammer = through(model, -78.0, theirs, ours)
    spread_db = 1.2816 * sqrt(3**2 + 2 * 0.75 * 4**2 + 1 + apart_db**2)
    assert draft_margin_db(model, Scenario(), public, jammer)[0, 0] == pytest.approx(7 - spread_db, abs=0.02)
    # with so much power that the draft margin is nought, the channel works in one world of ten
    public, jammer = through(model, -78.0 - 7 + spread_db, theirs, ours)
    tally = count_worlds(model, Scenario(worlds=20_000), PHONE, public, jammer)
    assert tally.usable_at_points[0, 0, 0] / 20_000 == pytest.approx(0.10, abs=0.008)


def test_a_signal_gets_back_no_more_than_its_walls_take_also_against_a_jammer(model):
    """σ 7 dB of four crossings, but they take 1 dB."""
    public, jammer = through(model, -78.0, 4, 0)
    public = replace(public, paths=public.paths._replace(walls_db=np.full((1, 1), 1.0, np.float32)))
    spread_db = 1.2816 * sqrt(3**2 + 2 * 0.75 * 4**2 + 1) + 1
    assert draft_margin_db(model, Scenario(), public, jammer)[0, 0] == pytest.approx(7 - spread_db, abs=0.02)


def tally_of(silent_worlds: int, at_evidence: int | None = None) -> Tally:
    """One room, silent in so many of 100 worlds at planning grade, and at evidence grade in as many or as given."""
    counts = (silent_worlds, silent_worlds if at_evidence is None else at_evidence)
    silent = np.stack([np.arange(100)[None, :] < count for count in counts])
    none = np.zeros((2, 1, 1), np.int32)
    return Tally(none, none, silent, np.zeros(1, np.int32), np.zeros((0, 1, 1, 100), bool))


def judged(model, monkeypatch, silent: Tally, quiet: Tally, **asked):
    monkeypatch.setattr(verdicts, "count_worlds", lambda *_, **__: silent)
    links = blockers(model, PHONE, jam_dbm=(-80.0,))
    monkeypatch.setattr(verdicts, "blocker_links", lambda *_, **__: links)
    kinds = {device.model: SimpleNamespace(kind="jammer") for device in links.devices}
    return verdicts.judge_rooms(model, model, Scenario(worlds=100, **asked), links.devices, kinds, PHONE, quiet=quiet)


@pytest.mark.parametrize(
    ("silent", "quiet", "state"),
    # 90 of 100 worlds at planning grade, 95 at evidence grade: called silent, quiet anyway
    [
        (90, 89, ("SF", "FF")),
        (89, 0, ("FF", "FF")),
        (95, 89, ("SF", "SF")),
        (94, 90, ("FT", "FF")),
        (100, 94, ("FT", "SF")),
        (100, 95, ("FT", "FT")),
    ],
)
def test_at_the_confidence_itself_a_room_is_silent_or_quiet(model, monkeypatch, silent, quiet, state):
    found = judged(model, monkeypatch, tally_of(silent), tally_of(quiet))
    for verdict, expected in zip(found.grades, state, strict=True):
        assert bool(verdict.by_room["called_silent"][0]) == (expected[0] == "S")
        assert bool(verdict.by_room["quiet_anyway"][0]) == (expected[1] == "T")


def test_printed_levels_count_the_level_itself(model, monkeypatch):
    planning, evidence = judged(model, monkeypatch, tally_of(90, 50), tally_of(0)).grades
    assert planning.silent_at == {50: 1, 80: 1, 90: 1, 95: 0, 99: 0}
    assert evidence.silent_at == {50: 1, 80: 0, 90: 0, 95: 0, 99: 0}


# What is sent


def test_what_a_jammer_sends_is_its_share_of_the_band_and_of_its_emission(model):
    # 20 dBm over 100 MHz is 20 − 38.24 = −18.24 dBm in 15 kHz; swept −5; sync + min(10 lg(100/1.08), 7) = 7
    for emission, db in (("barrage", 0.0), ("swept", -5.0), ("sync", 7.0)):
        kind = Model("j", "jammer", (BandPower("B20", 750, 850, 20.0),), "omni", 0.0, emission, (798.5,))
        inside, _ = carrier_levels_dbm(Device("d", "j", 0, 0, 1), kind, model.carriers, outside=False)
        outwards, _ = carrier_levels_dbm(Device("d", "j", 0, 0, 1), kind, model.carriers, outside=True)
        assert inside[0] == pytest.approx(-18.24 + db, abs=0.01)
        assert outwards[0] == pytest.approx(-18.24 + max(db, 0.0), abs=0.01)


@pytest.mark.parametrize("trimmed", ["EE/B20", "B20"])
def test_a_trim_adds_and_a_managed_access_cell_is_spread_over_its_elements(model, trimmed):
    """Of a channel as of the whole band."""
    # 10 − 6 dBm over 12·25 elements: 4 − 24.77
    kind = Model(
        "m", "mas", (BandPower("B20", 791, 821, 10.0),), mas_carriers=(MasCarrier("234-30", "LTE", 798.5, 5.0),)
    )
    sent, offered = carrier_levels_dbm(
        Device("d", "m", 0, 0, 1, trim_db=((trimmed, -6.0),)), kind, model.carriers, outside=False
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


def spilt(model, level_dbm, jam_dbm=(), cell_dbm=(), sizes=EXACT, worlds=200, tier="standard", **changes):
    there = outside()
    return spill_outside(
        sized(model, **sizes),
        Scenario(worlds=worlds, spill_tier=tier, grade="evidence"),
        heard(model, there.points, level_dbm, **changes),
        blockers(model, there.points, jam_dbm, cell_dbm),
        there,
    )[0].isel(channel=0, outside=0)


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


def test_outside_the_medians_and_nineteen_differences_of_twenty_count(model):
    # sector error 6 dB, device error 8 dB: S − J = 15 dB with 10 dB. Left: 15 − 20 = −5 dB at the median;
    # 15 − 10 − 1.645·10 = −11.4 dB in 95 % of the worlds, less than the noise allows
    sizes = EXACT | {"device_db": 8.0}
    wide = {"sigma_db": np.full((1, 1), 6.0, np.float32)}
    found = spilt(model, -75.0, jam_dbm=(-90.0,), sizes=sizes, worlds=20_000, **wide)
    assert float(found["signal_dbm"]) == pytest.approx(-75, abs=0.2)
    assert float(found["jam_dbm"]) == pytest.approx(-90, abs=0.2)
    assert float(found["margin_db"]) == pytest.approx(15 - 10 - 16.45, abs=0.4)


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
            sized(model, **EXACT),
            Scenario(worlds=100),
            PHONE,
            heard(model, PHONE, level_dbm),
            blockers(model, PHONE, **given),
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
    umts = link_model(prepare_scene(hut(sectors=(mast,))), (mast,))
    for pilot_dbm, share in ((-89.9, 0.0), (-90.1, 1.0)):
        cell = blockers(umts, PHONE, cell_dbm=(pilot_dbm,))
        loud = replace(cell, level_dbm=cell.level_dbm + np.float32(10.0))
        scenario = Scenario(worlds=100)
        _, good = service_in_rooms(sized(umts, **EXACT), scenario, PHONE, heard(umts, PHONE, -90.0), loud)
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
    assert judge_rings(two_of_forty, STANDARD) == (("20–100 m", 40, 2, 2, True),)
    assert worst_margin(two_of_forty, STANDARD) == (1.0, WorstPlace("p2", "EE/B20/LTE"))
    three_of_forty = ring([-9.0, -4.0, -2.0, *range(1, 38)])
    assert judge_rings(three_of_forty, STANDARD) == (("20–100 m", 40, 3, 2, False),)
    assert worst_margin(three_of_forty, STANDARD) == (-2.0, WorstPlace("p2", "EE/B20/LTE"))
    assert judge_rings(ring([-0.1, *range(39)], "receptor"), STANDARD)[0][3:] == (0, False)
