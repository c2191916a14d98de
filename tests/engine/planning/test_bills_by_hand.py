"""Rows of a bill by hand: pence, labour in a live prison, lives that end, and what later money is worth today."""

import datetime as dt

import pytest

from quietwing.coverage.equipment import BandPower, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.bills import BillItem, bill_of, cable_bill, in_pence, labour_pence, present_pence
from quietwing.coverage.scenario import Scenario

BAND = (BandPower("B20", 791, 821, 10),)
JAMMER = Model(
    "jammer", "jammer", BAND, unit_price_gbp=900, install_gbp=450, opex_gbp_per_year=110, technology_life_years=3,
    cable_gbp_per_m=0.333, radiating_gbp_per_m=35, price_source="a guess", description="Small jammer",
)  # fmt: skip
EIGHT_YEARS = Scenario(horizon_years=8, live_prison_multiplier=1.4, discount_rate=0.035)


def item(*, existing=False, pence=90_000, quoted=False) -> BillItem:
    return BillItem("device", "jammer", existing, pence, quoted)


def model(**changes) -> Model:
    return Model(**{"name": "jammer", "kind": "jammer", "bands": BAND, "unit_price_gbp": 100.0} | changes)


@pytest.mark.parametrize(
    ("gbp", "factor", "pence"),
    [
        (0.105, 1.0, 11),  # half a penny goes up
        (1.005, 1.0, 101),  # though the float 1.005 is a little below it
        (0.104, 1.0, 10),  # less than half goes down
        (33.335, 1.4, 4667),  # 46.669: rounded once, after the factor (46.67, where 33.34 × 1.4 would be 46.68)
        (0.0, 9.0, 0),
    ],
)
def test_money_is_rounded_once_to_whole_pence_half_up(gbp, factor, pence):
    assert in_pence(gbp, factor) == pence


def test_labour_alone_is_dearer_in_a_live_prison():
    assert labour_pence(JAMMER, EIGHT_YEARS) == 63_000  # 450 × 1.4
    bill = bill_of(item(), 2, JAMMER, EIGHT_YEARS)
    assert (bill.line.price_gbp, bill.line.install_gbp) == (1800.0, 1260.0)
    assert bill.capex == 306_000


@pytest.mark.parametrize(
    ("life_years", "horizon_years", "refreshes"),
    [
        (3, 8, 2),  # after 3 and 6 years
        (4, 8, 1),  # the second life ends with the horizon: nothing is bought for nobody
        (8, 8, 0),
        (50, 8, 0),
        (2.5, 8, 3),  # 2.5, 5 and 7.5
        (0.1, 1, 9),  # a tenth ten times is one: the tenth life ends with the year
    ],
)
def test_a_life_that_ends_before_the_horizon_is_bought_again(life_years, horizon_years, refreshes):
    found = bill_of(item(), 1, model(technology_life_years=life_years), Scenario(horizon_years=horizon_years))
    assert found.refreshes == refreshes
    assert found.line.refresh_gbp == 900.0 * refreshes  # the item's own price, without labour here


def test_a_life_in_the_wrong_unit_is_refused():
    with pytest.raises(ScenarioError, match=r"technology_life_years is 0.01 \(expected 0.1 or more\)"):
        bill_of(item(), 1, model(technology_life_years=0.01), EIGHT_YEARS)


def test_what_stands_already_costs_its_running_and_its_refreshes():
    found = bill_of(item(existing=True), 2, JAMMER, EIGHT_YEARS)
    assert (found.line.price_gbp, found.line.install_gbp, found.capex) == (0.0, 0.0, 0)
    assert found.line.opex_gbp_per_year == 220.0
    assert found.line.refresh_gbp == 2 * 2 * (900 + 630)  # two pieces, twice, with labour
    assert found.line.whole_life_gbp == 8 * 220 + 6120
    assert found.line.description == "Small jammer (there already)"


@pytest.mark.parametrize(
    ("quoted", "changes", "illustrative", "source"),
    [
        (False, {"opex_gbp_per_year": 5}, True, "a guess (2026-11-01)"),  # all from the catalogue
        (True, {"opex_gbp_per_year": 5}, True, "unit price: the layout; other figures: a guess (2026-11-01)"),
        (True, {}, False, "the layout"),  # no figure of the catalogue counts: its guess spoils nothing
    ],
)
def test_a_row_is_illustrative_if_any_of_its_money_is(quoted, changes, illustrative, source):
    named = {"price_source": "a guess", "price_date": dt.date(2026, 11, 1), "technology_life_years": 8}
    line = bill_of(item(quoted=quoted), 1, model(**named, **changes), EIGHT_YEARS).line
    assert (line.illustrative, line.price_source) == (illustrative, source)


def test_a_price_that_nobody_named_says_so():
    assert bill_of(item(), 1, model(), EIGHT_YEARS).line.price_source == "no source given"


def test_cable_is_rounded_run_by_run_and_never_wears_out():
    found = cable_bill(JAMMER, "cable_gbp_per_m", {5.0: 3, 7.0: 1}, EIGHT_YEARS)
    # 5 m: 1.665 → 1.67 each; 7 m: 2.331 → 2.33. With labour 2.331 → 2.33 and 3.2634 → 3.26 a run.
    assert found.line.price_gbp == 7.34
    assert found.line.install_gbp == pytest.approx(3 * 0.66 + 0.93)
    assert (found.line.quantity, found.line.unit) == (22.0, "m")
    assert (found.opex, found.refreshes, found.line.refresh_gbp) == (0, 0, 0.0)
    assert found.line.whole_life_gbp == pytest.approx(10.25)


@pytest.mark.parametrize(
    ("column", "words", "radiating"),
    [
        ("cable_gbp_per_m", "Cable of jammer to the comms room", False),
        ("radiating_gbp_per_m", "Radiating cable of jammer", True),
    ],
)
def test_the_two_kinds_of_cable_are_told_apart(column, words, radiating):
    line = cable_bill(JAMMER, column, {10.0: 1}, EIGHT_YEARS).line
    assert (line.description, line.radiating) == (words, radiating)


def test_cable_that_costs_nothing_rests_on_no_figure():
    found = cable_bill(model(), "cable_gbp_per_m", {10.0: 1}, EIGHT_YEARS)
    assert (found.figures, found.line.illustrative) == ({}, False)


def test_a_pound_later_is_worth_less_now():
    yearly = bill_of(item(pence=0), 1, model(opex_gbp_per_year=100, technology_life_years=8), EIGHT_YEARS)
    annuity = (1 - 1.035**-8) / 0.035  # 6.87396: HM Treasury's Green Book rate over eight years
    assert present_pence([yearly], EIGHT_YEARS) == round(10_000 * annuity) == 68_740
    free = Scenario(horizon_years=8, discount_rate=0.0)
    assert present_pence([yearly], free) == 80_000


def test_a_refresh_is_discounted_to_the_end_of_each_life():
    bought = bill_of(item(pence=100_000), 1, model(technology_life_years=2.5), EIGHT_YEARS)
    lives = sum(1.035**-years for years in (2.5, 5, 7.5))
    assert present_pence([bought], EIGHT_YEARS) == round(100_000 * (1 + lives))


def test_present_worth_of_many_rows_is_rounded_once():
    third = bill_of(item(pence=0), 1, model(opex_gbp_per_year=0.01, technology_life_years=8), EIGHT_YEARS)
    one, hundred = present_pence([third], EIGHT_YEARS), present_pence([third] * 100, EIGHT_YEARS)
    assert (one, hundred) == (7, 687)  # 6.874 pence each
