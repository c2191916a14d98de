"""What one device offers, place by place, and lines that add up to the last decimal however they are rounded."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from quietwing.coverage.equipment import Device
from quietwing.coverage.planning import Spot
from quietwing.coverage.results import ContrastBudget
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.contrast_lines import inside_lines, with_outside
from quietwing.coverage.study.contrast_offers import counted_places, limit_of_medians_dbm, spots_near
from quietwing.coverage.study.contrast_trials import Trial

SCENARIO = Scenario()
TIER = SCENARIO.tier
CARRIER = SimpleNamespace(channel="EE/B20/LTE", technology="LTE", bandwidth_mhz=10.0)


# --- Which places are tried, and which count.


def spot(name, room, x_m, z_m=2.0) -> Spot:
    return Spot(name, x_m, 0.0, z_m, 0, room, 0, True)


def test_all_places_in_the_room_and_the_two_nearest_others_are_tried():
    points = SimpleNamespace(xyz_m=np.array([[0.0, 0, 2], [4, 0, 2]]))  # their middle is (2, 0, 2)
    spots = [
        spot("far lamp", 7, 30.0),  # in the room: tried however far
        spot("corridor", 1, 5.0),  # 3 m
        spot("above", 2, 2.0, z_m=6.0),  # 4 m: through the floor counts like along it
        spot("next cell", 3, -2.5),  # 4.5 m
        spot("lamp", 7, 2.0),
    ]
    assert [one.id for one in spots_near(spots, 7, points)] == ["far lamp", "lamp", "corridor", "above"]


def spill(ring, signal_dbm=None) -> xr.Dataset:
    data = xr.Dataset(coords={"ring": ("outside", list(ring))})
    if signal_dbm is not None:
        data["signal_dbm"] = (("outside", "channel"), np.array(signal_dbm, float).T)  # the other way round
    return data


def test_the_limit_is_the_ratio_or_the_noise_whichever_allows_more():
    tier = SimpleNamespace(median_db=6.0)
    data = spill("aaa", [[0.0, 0.0, 0.0], [-80.0, -100.0, -np.inf]])
    assert limit_of_medians_dbm(data, 1, tier, -103.0).tolist() == [-86.0, -103.0, -103.0]


def test_a_tier_without_ratio_holds_by_the_noise_alone():
    tier = SimpleNamespace(median_db=np.inf)
    assert limit_of_medians_dbm(spill("a", [[-60.0]]), 0, tier, -103.0).tolist() == [-103.0]


@pytest.mark.parametrize(
    ("ring", "over_db", "may_fail", "counted"),
    [
        ("aaaa", [1, 2, 3, 4], 0.0, [1, 1, 1, 1]),
        ("aaaa", [1, 2, 3, 4], 0.25, [1, 1, 1, 0]),  # one of four: the worst is left out
        ("aaaa", [1, 2, 3, 4], 0.49, [1, 1, 1, 0]),  # not quite two of four
        ("abab", [1, 9, 3, 4], 0.5, [1, 0, 0, 1]),  # of each ring its own worst
        ("aaaa", [1, 2, -np.inf, 4], 0.25, [1, 1, 0, 0]),  # where nothing arrives nothing counts
        (["receptor"] * 2, [5, 9], 0.5, [1, 1]),  # a home never fails
    ],
)
def test_of_each_ring_the_worst_that_may_fail_do_not_count(ring, over_db, may_fail, counted):
    tier = SimpleNamespace(may_fail=may_fail)
    assert counted_places(spill(ring), np.array(over_db, float), tier).tolist() == [bool(one) for one in counted]


# --- Lines.


def place(signal_dbm=-85.04, jam_dbm=-np.inf, noise_dbm=-130.0, scenario=SCENARIO):
    data = xr.Dataset(
        {
            "signal_dbm": (("channel", "outside"), [[signal_dbm]]),
            "jam_dbm": (("channel", "outside"), [[jam_dbm]]),
        },
        coords={"name": ("outside", ["home-1"]), **{axis: ("outside", [0.0]) for axis in ("x_m", "y_m", "z_m")}},
    )
    return SimpleNamespace(
        verdict=SimpleNamespace(scenario=scenario),
        model=SimpleNamespace(carriers=(CARRIER,), carrier_channel=np.array([0])),
        data=data,
        noise_limit_dbm=np.array([noise_dbm]),
    )


def inner(public_dbm: float, needed_dbm: float, scenario=SCENARIO) -> dict[str, float]:
    return {line.name: line.db for line in inside_lines(place(scenario=scenario), public_dbm, needed_dbm, 0)}


def budget(needed_dbm: float) -> ContrastBudget:
    nothing = None
    return ContrastBudget("A1", "EE/B20/LTE", "bunk", "", (), needed_dbm, nothing, nothing, nothing, 0.0, False, 0.4,
                          "", "", "", nothing, nothing)  # fmt: skip


def outer(limit_dbm=-100.0, path_db=15.0, treatment_db=0.0, needed_dbm=-72.0, limit="", **where):
    """A device at the power needed: with a treatment it sends less to the place, by the decibels given."""
    here = place(**where)
    plain, best = (trial(here, needed_dbm - path_db - less_db, limit_dbm, limit, -less_db)
                   for less_db in (0.0, treatment_db))  # fmt: skip
    return with_outside(here, budget(needed_dbm), "lamp", plain, best if treatment_db else plain)


def trial(here, jam_dbm, limit_dbm, limit, trim_db):
    shape = ("channel", "outside")
    data = here.data.assign(jam_dbm=(shape, [[jam_dbm]]))
    nobody = np.zeros((1, 1))
    device = Device("D", "micro", 0.0, 0.0, 2.0)
    return Trial("a mesh" if trim_db else "", device, None, nobody, nobody, np.array([trim_db]), limit_dbm - jam_dbm,
                 limit, data, 0, 0)  # fmt: skip


def test_the_level_needed_is_rounded_up_and_its_lines_add_up():
    found = inner(-90.04, -71.96)
    assert (found["public_inside"], found["level_needed"]) == (-90.0, -71.9)  # never less than is needed
    parts = ("public_inside", "js_to_deny", "search_margin", "joint_confidence")
    assert sum(found[name] for name in parts) == pytest.approx(-71.9, abs=1e-9)


def test_a_search_margin_that_is_off_is_0_and_goes_into_the_confidence():
    off = inner(-90.0, -72.0, Scenario(search_margin=False))
    on = inner(-90.0, -72.0)
    assert off["search_margin"] == 0.0
    assert off["joint_confidence"] == pytest.approx(on["joint_confidence"] + on["search_margin"], abs=1e-9)


@pytest.mark.parametrize("limit", ["", "EE in keep room K"])
@pytest.mark.parametrize("seed", range(5))
def test_lines_outside_add_up_whatever_they_are_rounded_from(seed, limit):
    limit_dbm, path, mesh, signal = np.random.default_rng(seed).uniform(-110, -60, 4).tolist()
    found = outer(limit_dbm, path + 110, mesh + 110, limit=limit, signal_dbm=signal)
    db = {line.name: line.db for line in found.lines}
    if not limit:
        ratio = db.get("tier_ratio", db.get("noise_limit"))
        assert db["public_outside"] + ratio + db["share_of_worlds"] == pytest.approx(db["level_allowed"], abs=1e-9)
    left = found.needed_dbm - db["level_allowed"] - db["device"] - db["treatment"]
    assert db["short_by"] == pytest.approx(left, abs=1e-9)
    assert found.short_db == db["short_by"]
    assert found.offered_db == pytest.approx(db["device"] + db["treatment"], abs=1e-9)
    assert found.place == (limit or "home-1")


def test_what_is_offered_and_allowed_is_rounded_down_and_what_is_short_up():
    found = outer(-100.01, 15.19, 1.99)
    assert found.allowed_dbm == -100.0  # what is left: without a treatment it is 12.82, so 12.9 dB short
    assert found.line("device").db == 15.1
    assert found.short_db == 10.9  # −72 − 15.19 − 1.99 + 100.01 = 10.83
    assert found.line("treatment").db == 2.0
    assert found.power_db == 1.9


@pytest.mark.parametrize(
    ("noise_dbm", "name", "db"),
    [
        (-130.0, "tier_ratio", -TIER.median_db),
        (-86.0, "noise_limit", -1.0),  # the noise allows more than the ratio: −85 − 1
    ],
)
def test_the_rule_that_allows_more_is_the_line(noise_dbm, name, db):
    assert outer(signal_dbm=-85.0, noise_dbm=noise_dbm).line(name).db == db


def test_where_nobody_is_heard_the_noise_alone_limits():
    found = outer(-105.0, signal_dbm=-np.inf, noise_dbm=-103.0)
    assert found.line("public_outside").db == -103.0
    assert found.line("noise_limit").db == 0.0
    assert found.line("share_of_worlds").db == -2.0


@pytest.mark.parametrize(("jam_dbm", "used_dbm"), [(-np.inf, None), (-101.04, -101.0)])
def test_what_is_sent_there_already_is_a_level_or_nothing(jam_dbm, used_dbm):
    assert outer(jam_dbm=jam_dbm).used_dbm == used_dbm


@pytest.mark.parametrize(
    ("needed_dbm", "words"),
    [(-72.0, "short by"), (-85.0, "short by (below 0: to spare)"), (-90.0, "short by (below 0: to spare)")],
)
def test_what_is_to_spare_says_so(needed_dbm, words):
    """15 dB between room and home, −100 dBm allowed: −85 dBm can just be had."""
    assert outer(needed_dbm=needed_dbm).line("short_by").words == words
