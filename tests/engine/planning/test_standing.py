"""Where devices could stand: which way they look, who stands too near, and what the money buys at all."""

from types import SimpleNamespace

import numpy as np
import pytest
from shapely.geometry import box

from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.planning.levels import Candidates
from quietwing.coverage.planning.places import Spot
from quietwing.coverage.planning.standing import affordable, device_at, some_candidates, stands_outdoors, too_near

BAND = (BandPower("B20", 791, 821, 10),)
HUT = SimpleNamespace(buildings=(SimpleNamespace(outline=box(-2, -2, 2, 2)),))  # its middle is (0, 0)


def spot(x_m: float, y_m: float, z_m: float = 3.0, *, indoors=False, route_m=()) -> Spot:
    return Spot("S1", x_m, y_m, z_m, 0, -1, -1, indoors, route_m)


def candidates(position, existing=()) -> Candidates:
    count = len(position)
    there = np.isin(np.arange(count), list(existing))
    none = np.full(count, -1, np.int64)
    return Candidates(
        tuple(f"c{k}" for k in range(count)), np.arange(count), np.array(position), np.zeros((count, 1)),
        100 * np.arange(count), np.zeros(count, bool), none, none, np.zeros(count, np.int64), there,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("x_m", "y_m", "azimuth_deg"),
    [
        (0, -50, 0.0),  # south of it: north
        (-50, 0, 90.0),  # west of it: east, clockwise from north
        (0, 50, 180.0),
        (50, 0, 270.0),
        (-30, -30, 45.0),
        (0.01, -50, 0.0),  # a hair west of north is 359.99°, which rounds to 360: north is 0
    ],
)
def test_in_the_open_a_device_looks_at_the_building(x_m, y_m, azimuth_deg):
    assert device_at(HUT, spot(x_m, y_m), "panel").azimuth_deg == azimuth_deg


def test_of_two_buildings_it_looks_at_the_nearer():
    two = SimpleNamespace(buildings=(SimpleNamespace(outline=box(98, 8, 102, 12)), *HUT.buildings))
    assert device_at(two, spot(100, 0), "panel").azimuth_deg == 0.0  # 10 m to the north, 100 m to the west
    assert device_at(two, spot(10, 0), "panel").azimuth_deg == 270.0


@pytest.mark.parametrize("site", [HUT, SimpleNamespace(buildings=())])
def test_indoors_and_on_an_empty_site_north_is_as_good_as_any(site):
    assert device_at(site, spot(50, 0, indoors=bool(site.buildings)), "panel").azimuth_deg == 0.0


@pytest.mark.parametrize(
    ("kind", "pattern", "indoors", "stands"),
    [
        ("mas", "omni", False, True),  # managed access is made for roofs
        ("jammer", "panel65", False, True),  # aimed
        ("jammer", "omni", False, False),  # small indoor gear on a pole spills and does nothing
        ("mas", "omni", True, False),  # a room is not the open
    ],
)
def test_what_stands_on_roofs_and_poles(kind, pattern, indoors, stands):
    assert stands_outdoors(spot(0, 0, indoors=indoors), SimpleNamespace(kind=kind, pattern=pattern)) == stands


@pytest.mark.parametrize(
    ("spacing_m", "pairs"),
    [
        (0.0, []),  # no spacing asked for
        (5.0, []),  # 3-4-5: exactly as far as asked is far enough
        (5.01, [[0, 1]]),
        (8.5, [[0, 1], [1, 2]]),  # 8 m up counts like 8 m away; 0 and 2 are √(9 + 16 + 64) = 9.4 m apart
        (9.5, [[0, 1], [0, 2], [1, 2]]),
    ],
)
def test_spacing_is_straight_through_floors(spacing_m, pairs):
    spots = (spot(0, 0, 2), spot(3, 4, 2), spot(3, 4, 10))
    assert too_near(spots, candidates([0, 1, 2]), spacing_m).tolist() == pairs


def test_what_stands_already_is_nobodys_neighbour():
    assert too_near((spot(0, 0), spot(1, 0)), candidates([0, 1], existing=[1]), 5.0).tolist() == []


@pytest.mark.parametrize("spacing_m", [0.0, 1.0])
def test_two_cables_along_one_run_are_a_pair_to_the_centimetre(spacing_m):
    runs = [spot(x_m, 0, route_m=((x_m, end_m, 3.0),)) for x_m, end_m in ((0, 20), (0.001, 20), (4, 20), (8, 20))]
    assert too_near(tuple(runs), candidates([0, 1, 2, 3]), spacing_m).tolist() == [[0, 1]]


def test_cables_fed_at_one_place_that_run_on_elsewhere_are_no_pair():
    runs = (spot(0, 0, route_m=((0, 20, 3.0),)), spot(0, 0, route_m=((20, 0, 3.0),)))
    assert too_near(runs, candidates([0, 1]), 0.0).tolist() == []


def test_some_candidates_keep_every_column_together():
    found = some_candidates(candidates([4, 5, 6], existing=[2]), np.array([2, 0]))
    assert (found.id, found.position.tolist(), found.cost_pence.tolist()) == (("c2", "c0"), [6, 4], [200, 0])
    assert found.existing.tolist() == [True, False]


KINDS = {
    "small": Model("small", "jammer", BAND),
    "big": Model("big", "jammer", BAND),
    "node": SimpleNamespace(name="node", head_end="core"),
}


def base(model: str, *, existing=False):
    return SimpleNamespace(device=Device("d", model, 0, 0, 1), existing=existing)


BASES = [base("small"), base("big"), base("node")]
PENCE, CORE = {0: 100_00, 1: 900_00, 2: 200_00}, {"core": 500_00}


@pytest.mark.parametrize(
    ("budget_gbp", "there", "kept", "left_out"),
    [
        (1000, {}, ["small", "big", "node"], []),
        (899, {}, ["small", "node"], ["big"]),  # the node needs its core: 200 + 500
        (699.99, {}, ["small"], ["big", "node"]),
        (200, {"core": 1}, ["small", "node"], ["big"]),  # a core stands: the node alone is paid
        (99, {}, ["small", "big", "node"], []),  # it buys nothing: then all is shown, and money is what is missing
    ],
)
def test_what_the_budget_buys_with_the_first_head_end_it_needs(budget_gbp, there, kept, left_out):
    bases, pence, dear = affordable(BASES, PENCE, CORE, there, KINDS, budget_gbp)
    assert [each.device.model for each in bases] == kept
    assert dear == left_out
    assert [pence[at] for at in range(len(bases))] == [PENCE[BASES.index(each)] for each in bases]


def test_what_stands_is_kept_whatever_it_once_cost():
    stands = [base("big", existing=True), *BASES]
    bases, _, dear = affordable(stands, {0: 0, 1: 100_00, 2: 900_00, 3: 200_00}, CORE, {}, KINDS, 100)
    assert [(each.device.model, each.existing) for each in bases] == [("big", True), ("small", False)]
    assert dear == ["node"]  # "big" is there: it is not left out of the plan
