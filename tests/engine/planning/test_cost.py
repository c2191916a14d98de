"""What a layout costs: by hand to the penny, in any order, and nothing for nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import BandPower, CableLoss, Device, MasCarrier, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.cable import cable_m, comms_room
from quietwing.coverage.planning.checker.money import spent_pence
from quietwing.coverage.planning.costing import (
    cost,
    head_ends_needed,
    over_budget,
    treatment_capex_gbp,
)
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Room, Storey

BAND = (BandPower("B20", 791, 821, 10),)
CARRIER = (MasCarrier("234-30", "LTE", 798.5, 5),)
QUOTE = {"illustrative": False, "price_date": dt.date(2026, 11, 1), "price_source": "offer 7"}
CATALOGUE = {
    model.name: model
    for model in (
        Model("jammer", "jammer", BAND, unit_price_gbp=900, install_gbp=450, cable_gbp_per_m=6, opex_gbp_per_year=110,
              technology_life_years=5, price_source="a guess", description="Jammer"),
        Model("node", "mas", BAND, mas_carriers=CARRIER, head_end="core", unit_price_gbp=6500, install_gbp=900,
              cable_gbp_per_m=12, opex_gbp_per_year=650, technology_life_years=5),
        Model("core", "head_end", head_end_capacity=2, unit_price_gbp=600_000, install_gbp=60_000,
              opex_gbp_per_year=105_000, technology_life_years=4),
        Model("mesh", "mesh", construction="mesh_12", unit_price_gbp=140, install_gbp=180, opex_gbp_per_year=5,
              technology_life_years=20),
        Model("odd", "jammer", BAND, unit_price_gbp=0.105, install_gbp=33.335, cable_gbp_per_m=0.333,
              opex_gbp_per_year=19.99, technology_life_years=2.5),
        Model("quoted", "jammer", BAND, unit_price_gbp=1000, technology_life_years=8, **QUOTE),
    )
}  # fmt: skip
HERE = Scenario(comms_room="A-01")  # the hut's room: centroid (3, 2), ceiling 3 m above ground
BY_HAND = (
    Device("M1", "node", 3, 2, 2.5),
    Device("M2", "node", 13.4, 2, 3),
    Device("J1", "jammer", 0, 0, 1, unit_price_gbp=750),
    Device("E1", "jammer", 6, 4, 1, state="existing"),
)
MESHES = (Treatment("w1", "mesh"), Treatment("w2", "mesh"))


def annuity(years: int, rate: float) -> float:
    """What a pound at the end of each year is worth today."""
    return (1 - (1 + rate) ** -years) / rate


def test_a_small_layout_by_hand(hut):
    found = cost(hut(), BY_HAND, MESHES, CATALOGUE, HERE)

    nodes = 2 * (6500 + 1.4 * 900)  # 15 520
    jammer = 750 + 1.4 * 450  # 1 380, at its own price
    core = 600_000 + 1.4 * 60_000  # 684 000, one feeds two nodes
    meshes = 2 * (140 + 1.4 * 180)  # 784
    # 0.5 m up is 1 m; 10.4 m is 11 m; 3 + 2 + 2 m is 7 m
    cable = 1.4 * (12 * (1 + 11) + 6 * 7)  # 260.40
    capex = nodes + jammer + core + meshes + cable
    opex = 2 * 650 + 2 * 110 + 105_000 + 2 * 5  # the existing jammer runs too
    year_4 = core
    year_5 = nodes + jammer + (900 + 1.4 * 450)  # the existing jammer is replaced at the catalogue's price
    assert capex == pytest.approx(701_944.40)
    assert found.capex_gbp == 701_944.40
    assert found.opex_gbp_per_year == opex == 106_530
    assert found.whole_life_gbp == 701_944.40 + 8 * 106_530 + 684_000 + 18_430 == 2_256_614.40
    npv = capex + opex * annuity(8, 0.035) + year_4 / 1.035**4 + year_5 / 1.035**5
    assert found.npv_gbp == pytest.approx(npv, abs=0.0051)
    assert found.npv_gbp == 2_045_810.93


def test_the_rows_of_the_bill_by_hand(hut):
    found = cost(hut(), BY_HAND, MESHES, CATALOGUE, HERE)
    rows = {(line.kind, line.model, line.unit_price_gbp, line.price_gbp > 0): line for line in found.lines}
    assert len(rows) == len(found.lines) == 7
    assert [line.kind for line in found.lines] == ["device"] * 3 + ["head_end", "treatment"] + ["cable"] * 2
    nodes = rows["device", "node", 6500, True]
    assert (nodes.quantity, nodes.unit, nodes.price_gbp, nodes.install_gbp) == (2, "each", 13_000, 2_520)
    assert (nodes.opex_gbp_per_year, nodes.refresh_gbp, nodes.whole_life_gbp) == (1300, 15_520, 41_440)
    cable = rows["cable", "node", 12, True]
    assert (cable.quantity, cable.unit, cable.price_gbp, cable.install_gbp) == (12, "m", 144, 57.6)
    there = rows["device", "jammer", 900, False]
    assert (there.install_gbp, there.opex_gbp_per_year, there.refresh_gbp) == (0, 110, 1530)
    assert there.description == "Jammer (there already)"
    own = rows["device", "jammer", 750, True]
    assert own.price_source == "unit price: the layout; other figures: a guess"
    assert own.illustrative  # its labour is
    # node: price, labour, opex, cable; jammer: the same and the layout's price; core: 3; mesh: 3
    assert found.illustrative == (14, 15)
    assert found.notes == (
        "14 of 15 prices are illustrative; replace them by quotes",
        "each new device has a cable of its own along x, y and z to the comms room (assumed)",
        "labour and laid cable cost 1.4 times as much as outside a prison (assumed)",
        "1 existing device: running cost and refreshes count, "
        "the first refresh a full technology life from now (assumed)",
    )


@pytest.mark.parametrize(
    ("life_years", "horizon_years", "years"),
    [(5, 8, [5]), (4, 8, [4]), (8, 8, []), (9, 8, []), (2.5, 8, [2.5, 5, 7.5]), (1, 3, [1, 2]), (0.1, 0.5 * 2, None)],
)
def test_a_refresh_falls_due_at_each_full_life_before_the_horizon(hut, life_years, horizon_years, years):
    if years is None:  # ten lives in one year, of which the last ends with it
        years = [turn / 10 for turn in range(1, 10)]
    model = replace(CATALOGUE["quoted"], install_gbp=100, technology_life_years=life_years)
    scenario = replace(HERE, horizon_years=int(horizon_years))
    found = cost(hut(), [Device("J", "quoted", 1, 1, 1)], (), {"quoted": model}, scenario)
    assert found.whole_life_gbp == 1140 * (1 + len(years))
    assert found.npv_gbp == pytest.approx(1140 * (1 + sum(1.035**-year for year in years)), abs=0.0051)


def test_without_discount_the_present_value_is_the_whole_life_cost(hut):
    found = cost(hut(), BY_HAND, MESHES, CATALOGUE, replace(HERE, discount_rate=0))
    assert found.npv_gbp == found.whole_life_gbp == 2_256_614.40


def test_a_quote_is_not_illustrative_and_a_layouts_price_is_none_either(hut):
    found = cost(hut(), [Device("J", "quoted", 1, 1, 1)], (), CATALOGUE, HERE)
    assert found.illustrative == (0, 1)
    assert not found.lines[0].illustrative
    assert found.lines[0].price_source == "offer 7 (2026-11-01)"
    guess = replace(CATALOGUE["quoted"], illustrative=True)
    devices = [Device("J", "quoted", 1, 1, 1), Device("K", "quoted", 2, 1, 1, unit_price_gbp=5)]
    own = cost(hut(), devices, (), {"quoted": guess}, HERE)
    assert own.illustrative == (1, 2)
    assert [(line.unit_price_gbp, line.illustrative) for line in own.lines] == [(5, False), (1000, True)]
    assert own.lines[0].price_source == "the layout"


def test_what_is_off_or_absent_costs_nothing(hut):
    off = [replace(device, state="off") for device in BY_HAND]
    for devices in ((), off):
        found = cost(hut(), devices, (), CATALOGUE, HERE)
        assert (found.capex_gbp, found.opex_gbp_per_year, found.whole_life_gbp, found.npv_gbp) == (0, 0, 0, 0)
        assert (found.lines, found.illustrative, found.notes) == ((), (0, 0), ())


# ------------------------------------------------------------------ head-ends


def nodes(count: int, state: str = "planned", first: int = 0) -> list[Device]:
    return [Device(f"{state}{n}", "node", n / 10, 1, 1, state=state) for n in range(first, first + count)]


@pytest.mark.parametrize(("count", "needed"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_head_ends_follow_their_capacity(count, needed):
    assert head_ends_needed([*nodes(count), *nodes(3, "off"), BY_HAND[2]], CATALOGUE) == {"core": needed}


def test_no_nodes_need_no_head_end():
    assert head_ends_needed([BY_HAND[2], *nodes(2, "off")], CATALOGUE) == {}


@pytest.mark.parametrize(
    ("there", "new", "bought"), [(1, 1, 0), (2, 1, 1), (3, 1, 0), (3, 2, 1), (1, 4, 2), (2, 0, 0)]
)
def test_head_ends_that_existing_nodes_need_are_there(hut, there, new, bought):
    devices = nodes(there, "existing") + nodes(new, first=there)
    found = cost(hut(), devices, (), CATALOGUE, HERE)
    heads = [line for line in found.lines if line.kind == "head_end"]
    assert sum(line.price_gbp + line.install_gbp for line in heads) == bought * 684_000
    total = -(-(there + new) // 2)
    assert sum(line.quantity for line in heads) == total
    assert sum(line.opex_gbp_per_year for line in heads) == total * 105_000
    assert sum(line.refresh_gbp for line in heads) == total * 684_000
    assert any("core taken to be there" in note for note in found.notes)


# ------------------------------------------------------------------ cable


@pytest.mark.parametrize(
    ("place", "length_m"),
    [((3, 2, 3), 0), ((3, 2, 2.99), 1), ((0, 0, 3), 5), ((6, 4, 0), 8), ((3.1, 2.2, 2.3), 1), ((3.1, 2.2, 2.2), 2),
     ((13.3, 1.9, 3.6), 11)],
)  # fmt: skip
def test_cable_runs_along_the_walls_to_the_ceiling_of_the_comms_room(hut, place, length_m):
    # the sums of thirds and tenths that are whole stay whole: 0.1 + 0.2 + 0.7 m is 1 m
    assert cable_m(hut(), Device("J", "jammer", *place), HERE) == length_m


def test_the_comms_room_is_assumed_where_none_is_named(hut):
    site = hut()
    keep = (Room("K1", "A", 0, box(0, 0, 2, 2), "keep"), Room("K2", "A", 0, box(2, 0, 4, 2), "keep"))
    named = comms_room(site, HERE)
    assert (named.x_m, named.y_m, named.z_m, named.note) == (3, 2, 3, "")
    first = comms_room(replace(site, rooms=(*site.rooms, *keep)), Scenario())
    assert (first.x_m, first.y_m, first.z_m) == (1, 1, 3)
    assert "K1, the first keep room" in first.note
    assert "assumed" in first.note
    storeys = (Storey("0", 0, 4), Storey("1", 4, 3))
    large = replace(site, buildings=(*site.buildings, Building("B", box(10, 0, 30, 10), storeys)))
    middle = comms_room(large, Scenario())
    assert (middle.x_m, middle.y_m, middle.z_m) == (20, 5, 4)
    assert "B, the largest building" in middle.note
    bare = replace(site, buildings=(), rooms=(), walls=(), openings=(), slabs=())
    fence = comms_room(bare, Scenario())
    assert (fence.x_m, fence.y_m, fence.z_m) == (3, 2, 0)
    assert "middle of the perimeter" in fence.note
    upstairs = replace(large, rooms=(Room("U", "B", 1, box(10, 0, 12, 2), "ignore"),))
    assert comms_room(upstairs, Scenario(comms_room="U")).z_m == 7
    yard = replace(large, rooms=(Room("Y", None, 0, box(10, 0, 12, 2), "silence"),))
    assert comms_room(yard, Scenario(comms_room="Y")).z_m == 0


def test_an_assumed_comms_room_stands_in_the_notes_where_cable_is_laid(hut):
    note = comms_room(hut(), Scenario()).note
    assert note in cost(hut(), BY_HAND, (), CATALOGUE, Scenario()).notes
    assert note not in cost(hut(), BY_HAND[3:], MESHES, CATALOGUE, Scenario()).notes


def test_the_multiplier_raises_labour_and_laid_cable_and_no_price(hut):
    plain = cost(hut(), BY_HAND[:1], (), CATALOGUE, replace(HERE, live_prison_multiplier=1))
    double = cost(hut(), BY_HAND[:1], (), CATALOGUE, replace(HERE, live_prison_multiplier=2))
    assert plain.capex_gbp == 6500 + 900 + 12 + 600_000 + 60_000
    assert double.capex_gbp == plain.capex_gbp + 900 + 12 + 60_000
    assert any("2 times" in note and "as the scenario says" in note for note in double.notes)


# ------------------------------------------------------------------ whatever the layout

DEVICES = st.builds(
    Device,
    id=st.uuids().map(str),
    model=st.sampled_from(["jammer", "node", "odd", "quoted"]),
    x_m=st.floats(-30, 30),
    y_m=st.floats(-30, 30),
    z_m=st.floats(0, 6),
    state=st.sampled_from(["planned", "planned", "existing", "off"]),
    unit_price_gbp=st.none() | st.floats(0, 2000),
)
LAYOUTS = st.lists(DEVICES, max_size=8)
TREATED = st.lists(st.builds(Treatment, opening=st.sampled_from(["w1", "w2"]), model=st.just("mesh")), max_size=4)
SCENARIOS = st.builds(
    Scenario,
    comms_room=st.just("A-01"),
    horizon_years=st.integers(1, 20),
    discount_rate=st.floats(0, 0.2),
    live_prison_multiplier=st.floats(1, 3),
)
FIGURES = ("capex_gbp", "opex_gbp_per_year", "whole_life_gbp", "npv_gbp")


@settings(deadline=None, max_examples=60)
@given(devices=LAYOUTS, treatments=TREATED, scenario=SCENARIOS, data=st.data())
def test_order_changes_nothing_to_the_penny(hut, devices, treatments, scenario, data):
    again = data.draw(st.permutations(devices)), data.draw(st.permutations(treatments))
    assert cost(hut(), devices, treatments, CATALOGUE, scenario) == cost(hut(), *again, CATALOGUE, scenario)


@settings(deadline=None, max_examples=60)
@given(devices=LAYOUTS, treatments=TREATED, scenario=SCENARIOS)
def test_rows_add_up_to_the_totals_and_single_prices_to_the_capex(hut, devices, treatments, scenario):
    def pence(amounts):
        return sum(round(100 * amount) for amount in amounts)

    site = hut()
    found = cost(site, devices, treatments, CATALOGUE, scenario)
    lines = found.lines
    assert pence([found.capex_gbp]) == pence(
        [amount for line in lines for amount in (line.price_gbp, line.install_gbp)]
    )
    assert pence([found.opex_gbp_per_year]) == pence([line.opex_gbp_per_year for line in lines])
    assert pence([found.whole_life_gbp]) == pence([line.whole_life_gbp for line in lines])
    alone = [[device] for device in devices if device.state == "planned"]
    singles = [cost(site, one, (), CATALOGUE, scenario).capex_gbp for one in alone]
    singles += [treatment_capex_gbp(site, treatment, CATALOGUE, scenario) for treatment in treatments]
    there = [device for device in devices if device.state == "existing"]
    new = sum(head_ends_needed(devices, CATALOGUE).values()) - sum(head_ends_needed(there, CATALOGUE).values())
    core = pence([600_000]) + int((60_000_00 * scenario.live_prison_multiplier) + 0.5)
    new -= sum(sum(head_ends_needed(one, CATALOGUE).values()) for one in alone)  # each alone wants one of its own
    assert pence([found.capex_gbp]) == pence(singles) + new * core
    assert found.capex_gbp <= found.npv_gbp <= found.whole_life_gbp + 0.005
    assert found.illustrative[0] <= found.illustrative[1]


@settings(deadline=None, max_examples=60)
@given(devices=LAYOUTS, more=DEVICES, treatments=TREATED, scenario=SCENARIOS)
def test_adding_something_never_costs_less_and_adding_nothing_costs_nothing(hut, devices, more, treatments, scenario):
    before = cost(hut(), devices, treatments, CATALOGUE, scenario)
    after = cost(hut(), [*devices, more], treatments, CATALOGUE, scenario)
    if more.state == "off":
        assert after == before
    elif more.state == "planned":
        assert all(getattr(after, figure) >= getattr(before, figure) for figure in FIGURES)
    else:  # a node that is there may bring a place on its head-end for a new one, or take it
        assert after.capex_gbp == before.capex_gbp or more.model == "node"
        assert after.opex_gbp_per_year >= before.opex_gbp_per_year
    if more.state == "planned" and more.model in ("jammer", "node"):
        assert after.capex_gbp > before.capex_gbp
    meshed = cost(hut(), devices, [*treatments, Treatment("w9", "mesh")], CATALOGUE, scenario)
    assert meshed.capex_gbp > before.capex_gbp


@settings(deadline=None, max_examples=40)
@given(devices=LAYOUTS, low=st.floats(0, 0.2), high=st.floats(0, 0.2))
def test_a_higher_discount_never_raises_the_present_value(hut, devices, low, high):
    low, high = sorted((low, high))
    values = [cost(hut(), devices, (), CATALOGUE, replace(HERE, discount_rate=rate)).npv_gbp for rate in (low, high)]
    assert values[0] >= values[1]


# ------------------------------------------------------------------ budgets and what cannot be priced


@pytest.mark.parametrize(
    ("basis", "budget_gbp", "over"),
    [("capex", 701_944.40, False), ("capex", 701_944.39, True), ("whole_life", 2_256_614.40, False),
     ("whole_life", 2_256_614.39, True), ("capex", 0, True), ("capex", None, None)],
)  # fmt: skip
def test_a_budget_is_kept_to_the_penny_on_its_basis(hut, basis, budget_gbp, over):
    scenario = replace(HERE, budget_gbp=budget_gbp, budget_basis=basis)
    assert over_budget(cost(hut(), BY_HAND, MESHES, CATALOGUE, scenario), scenario) is over


def test_what_cannot_be_priced_says_what_to_do(hut):
    with pytest.raises(ScenarioError, match="'A-1' is no room of the site; did you mean 'A-01'"):
        cost(hut(), BY_HAND, (), CATALOGUE, Scenario(comms_room="A-1"))
    with pytest.raises(ScenarioError, match="'nod' is not in the catalogue; did you mean 'node'"):
        cost(hut(), [Device("J", "nod", 1, 1, 1)], (), CATALOGUE, HERE)
    short = {"quoted": replace(CATALOGUE["quoted"], technology_life_years=0.01)}
    with pytest.raises(ScenarioError, match=r"quoted: technology_life_years is 0\.01 .*write it in years"):
        cost(hut(), [Device("J", "quoted", 1, 1, 1)], (), short, HERE)


def test_every_model_of_the_bundled_catalogue_has_a_price_and_says_it_is_illustrative(hut):
    catalogue = read_catalogue()
    for (name, model), state in product(catalogue.items(), ("planned", "existing")):
        if model.kind in ("jammer", "mas"):
            found = cost(hut(), [Device("D", name, 1, 1, 1, state=state)], (), catalogue, HERE)
        elif model.kind in ("mesh", "film"):
            found = cost(hut(), (), [Treatment("w1", name)], catalogue, HERE)
        else:
            continue
        assert found.whole_life_gbp > 0
        assert found.illustrative[0] == found.illustrative[1] > 0
        assert all(line.illustrative for line in found.lines)


# ------------------------------------------------------------------ radiating cable

RADIATING = replace(
    CATALOGUE["jammer"], name="cable", radiating_cable=(CableLoss(700, 4, 65, 76), CableLoss(900, 4, 65, 76)),
    radiating_gbp_per_m=35, longest_m=100,
)  # fmt: skip
RUN = Device("C1", "cable", 3, 2, 2.5, route_m=((33.4, 2, 2.5), (33.4, 6, 5.5)))


def test_a_radiating_cable_by_hand(hut):
    catalogue = CATALOGUE | {"cable": RADIATING}
    found = cost(hut(), (RUN,), (), catalogue, HERE)
    # 30.4 m and 5 m round the bend are 36 m of radiating cable; 0.5 m up to the comms room is 1 m of plain cable.
    by_hand = 900 + 1.4 * 450 + 1.4 * 6 * 1 + 1.4 * 35 * 36
    assert by_hand == pytest.approx(3302.40)
    assert found.capex_gbp == pytest.approx(by_hand)
    (line,) = [one for one in found.lines if one.description == "Radiating cable of cable"]
    assert (line.kind, line.quantity, line.unit, line.unit_price_gbp) == ("cable", 36, "m", 35)
    assert line.price_gbp + line.install_gbp == pytest.approx(1.4 * 35 * 36)
    assert found.whole_life_gbp == pytest.approx(
        by_hand + 8 * 110 + 900 + 1.4 * 450
    )  # cable stays, what feeds it not


def test_cable_that_hangs_already_costs_nothing_more(hut):
    there = cost(hut(), (replace(RUN, state="existing"),), (), {"cable": RADIATING}, HERE)
    assert there.capex_gbp == 0
    assert not [line for line in there.lines if line.kind == "cable"]


@given(length_m=st.floats(0.5, 90))
@settings(max_examples=40, deadline=None)
def test_the_checker_counts_the_same_cable(hut, length_m):
    run = replace(RUN, route_m=((3 + length_m, 2, 2.5),))
    catalogue, site = {"cable": RADIATING}, hut()
    ours = cost(site, (run,), (), catalogue, HERE)
    case = SimpleNamespace(scenario=HERE, catalogue=catalogue, site=site)
    assert spent_pence(case, (run,), ()).capex == round(ours.capex_gbp * 100)
