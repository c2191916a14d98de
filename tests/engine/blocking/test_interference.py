"""The worst phone outside, worlds that may miss a limit, levels nobody knows, and weak rays that still matter."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks
from quietwing.coverage.blocking.interference import carrier_needs_outside, kernel_limits, known_links
from quietwing.coverage.blocking.link_paths import LinkPaths
from quietwing.coverage.blocking.link_ways import crossed_of, incidence_of, straight_matters
from quietwing.coverage.blocking.links import PublicLinks
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario

RULES = load_rules()
CARRIERS = tuple(
    SimpleNamespace(channel=f"EE/{band}/{technology}", technology=technology, freq_mhz=freq_mhz, band=band)
    for band, technology, freq_mhz in (("B20", "LTE", 801.0), ("B8", "GSM", 940.0), ("B1", "UMTS", 2140.0))
)
MODEL = SimpleNamespace(
    carriers=CARRIERS,
    rules=RULES,
    sectors=tuple(SimpleNamespace(channel=one.channel, campable=one.technology != "UMTS") for one in CARRIERS),
    channels=tuple(sorted(one.channel for one in CARRIERS)),  # B1, B20, B8
    carrier_channel=np.array([1, 2, 0]),
    sector_carrier=np.array([0, 1, 2]),
)


# --- The worst phone.


@pytest.mark.parametrize(("carrier", "bandwidth_khz"), [(0, 15.0), (1, 200.0), (2, 3840.0)])
def test_noise_of_the_worst_phone_is_k_t_b_and_9_db(carrier, bandwidth_khz):
    thermal_dbm = -173.975 + 10 * math.log10(1e3 * bandwidth_khz)  # kT at 290 K in 1 Hz: −173.975 dBm
    needs = carrier_needs_outside(MODEL)
    assert needs.noise_dbm[carrier] == pytest.approx(thermal_dbm + 9, abs=0.01)
    # Its antenna of −3 dBi and 4 dB of body: levels around it compare with 7 dB more.
    assert 10 * np.log10(needs.noise_worst_mw[carrier]) == pytest.approx(thermal_dbm + 16, abs=0.01)


def test_only_what_a_phone_may_camp_on_is_service():
    assert carrier_needs_outside(MODEL).campable.tolist() == [True, True, False]


def test_a_999_call_needs_minus_3_db_but_2g_what_2g_needs_and_no_call_below_its_level():
    found = kernel_limits(MODEL, Scenario(worlds=1000), [RULES.grade("planning")])
    assert found.call_sinr.tolist() == [-3.0, 9.0, -3.0]
    assert found.call_level.tolist() == [-118.0, -108.0, -115.0]  # −118 dBm, or the carrier's own floor above it


def test_limits_by_noise_are_6_db_below_it_channel_by_channel():
    found = kernel_limits(MODEL, Scenario(worlds=1000), [RULES.grade("planning")])
    noise_dbm = carrier_needs_outside(MODEL).noise_dbm
    assert found.noise_limit.tolist() == (noise_dbm[[2, 0, 1]] - 6.0).tolist()


@pytest.mark.parametrize(
    ("worlds", "share", "captured", "may_miss", "may_capture"),
    [
        (1000, 0.95, 0.01, 50, 10),
        (1000, 0.9, 0.0, 100, 0),  # 1 − 0.9 is a little below a tenth as a float: still a hundred worlds
        (130, 0.95, 0.05, 6, 6),  # six and a half: six
        (110, 1.0, 0.099, 0, 10),  # in every world; 10.89 of 110
    ],
)
def test_worlds_that_may_miss_are_whole_and_rounded_down(worlds, share, captured, may_miss, may_capture):
    grade = replace(RULES.grade("planning"), outside_share=share, captured_outside=captured)
    found = kernel_limits(MODEL, Scenario(worlds=worlds), [grade])
    assert (found.may_miss.tolist(), found.may_capture.tolist()) == ([may_miss], [may_capture])


# --- Levels that are not known.


def links(points: int = 3) -> tuple[PublicLinks, BlockerLinks]:
    """Three sectors and two blockers, all heard at −90 and −70 dBm."""
    heard = np.full((3, points), -90.0, np.float32)
    sent = np.full((2, 3, points), -70.0, np.float32)
    unused, nothing = np.zeros(0, np.float32), LinkPaths.nothing((0, 0), (), 0)
    public = PublicLinks(heard, heard.copy(), np.ones_like(heard), *[unused] * 3, nothing, unused, ())
    return public, BlockerLinks((), sent, sent.copy(), np.zeros(2, bool), nothing, unused)


def test_where_all_is_known_nothing_is_changed():
    public, blockers = links()
    same_public, same_blockers, unknown = known_links(MODEL, public, blockers)
    assert same_public is public
    assert same_blockers is blockers
    assert not unknown.any()


@pytest.mark.parametrize("side", ["los_dbm", "nlos_dbm", "los_probability", "level_dbm", "mas_dbm"])
def test_a_level_that_is_not_known_takes_its_carrier_away_at_that_point_alone(side):
    public, blockers = links()
    whose = public if hasattr(public, side) else blockers
    getattr(whose, side)[(..., 1, 2)] = np.nan  # sector, or carrier, 1 at point 2
    known_public, known_blockers, unknown = known_links(MODEL, public, blockers)
    assert np.argwhere(unknown).tolist() == [[2, 1]]
    for level in (known_public.los_dbm, known_public.nlos_dbm):
        assert np.argwhere(np.isneginf(level)).tolist() == [[1, 2]]
    for level in (known_blockers.level_dbm, known_blockers.mas_dbm):
        assert np.argwhere(np.isneginf(level)).tolist() == [[0, 1, 2], [1, 1, 2]]  # of every blocker
    assert not np.isnan(known_blockers.level_dbm).any()


# --- Rays that do not rule.


def matters(
    share_db: float, walls_db: float = 0.0, crossed=(0,), sigma_db=(3.0,), most_db=99.0, outside=False
) -> bool:
    found = straight_matters(
        np.array([[10 ** (share_db / 10)]], np.float32), np.array([[crossed]], np.uint8),
        np.array([[walls_db]], np.float32), np.array([sigma_db], np.float32), np.array([most_db], np.float32),
        outside=outside,
    )  # fmt: skip
    return bool(found[0, 0])


@pytest.mark.parametrize(
    ("ray", "counts"),
    [
        ({"share_db": -16.9}, True),  # a fiftieth of the power: 0.1 dB
        ({"share_db": -17.1}, False),
        ({"share_db": -19.0, "walls_db": 30.0, "crossed": (1,)}, True),  # a wall of σ 3 dB may be 12 dB better
        ({"share_db": -19.0, "walls_db": 1.9, "crossed": (1,)}, False),  # but gives back no more than it takes
        ({"share_db": -21.0, "walls_db": 30.0, "crossed": (2,)}, False),  # too weak to deny anybody …
        ({"share_db": -21.0, "walls_db": 30.0, "crossed": (2,), "outside": True}, True),  # … not too weak to spill
        ({"share_db": -41.5, "walls_db": 60.0, "crossed": (2,), "outside": True}, False),  # 2 walls: 24 dB, −17.5
        ({"share_db": -40.5, "walls_db": 60.0, "crossed": (2,), "outside": True}, True),
        ({"share_db": -40.5, "walls_db": 60.0, "crossed": (2,), "outside": True, "most_db": 5.0}, False),  # 20 dB
        ({"share_db": -36.5, "walls_db": 60.0, "crossed": (1, 1), "sigma_db": (3.0, 4.0), "outside": True}, True),
    ],
)  # the last: σ = √(3² + 4²) = 5 dB, four of them 20 dB
def test_a_weak_ray_counts_if_some_world_makes_it_count(ray, counts):
    assert matters(**ray) == counts


def test_no_ray_at_all_never_counts():
    none = np.zeros((1, 1), np.float32)
    assert not straight_matters(none, np.ones((1, 1, 1), np.uint8), none, np.ones((1, 1), np.float32),
                                np.ones(1, np.float32), outside=True).any()  # fmt: skip


def test_crossings_are_counted_construction_by_construction():
    surfaces = (("brick", "glass"), ("glass", "glass"), ())
    model = SimpleNamespace(
        constructions=("brick", "glass"), scene=SimpleNamespace(facets=SimpleNamespace(surfaces=surfaces))
    )
    assert incidence_of(model, model.scene).tolist() == [[1, 1], [0, 2], [0, 0]]
    assert crossed_of(model, np.array([[2, 1, 5], [0, 200, 0]], np.int16)).tolist() == [[2, 4], [0, 255]]  # a byte
