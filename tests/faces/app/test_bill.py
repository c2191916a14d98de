"""The bill on the screen: what is bought at prices that can be changed and had back."""

import math
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.bill_panel import gbp_per_cell
from quietwing.coverage.app.layout_facts import stored_sample
from quietwing.coverage.app.prices import alike_but_for_prices, with_price
from quietwing.coverage.app.state import KEY, Session
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.study.explained import price

CATALOGUE = read_catalogue()
NODE = "mas_node"


def bill() -> None:
    import streamlit as st

    from quietwing.coverage.app import bill_panel
    from quietwing.coverage.app.panel import facts_here
    from quietwing.coverage.app.state import Layout, session

    own = session()
    spent = bill_panel.cost_here(own.layout)
    plan = bill_panel.cost_here(Layout(own.layout.devices[:2])) if "against" in st.session_state else None
    facts = facts_here()
    if plan is not None:
        bill_panel.bill_part("test", plan, None, spent)
    else:
        bill_panel.bill_part("test", spent, facts.grades[0].silent if facts else None)


def opened(*, against: bool = False) -> AppTest:
    page = AppTest.from_function(bill, default_timeout=120)
    if against:
        page.session_state["against"] = True
    page.run()
    assert not page.exception
    return page


def typed(page: AppTest, row: int, column: str, value: object) -> AppTest:
    """A cell of the table typed over: AppTest has no hand for tables."""

    def script() -> None:
        import streamlit as st

        from quietwing.coverage.app import bill_panel
        from quietwing.coverage.app.button_actions import clicked
        from quietwing.coverage.app.state import session

        own = session()
        spent = bill_panel.cost_here(own.layout)
        rows = [bill_panel._row(line) for line in spent.lines]
        row, column, value = st.session_state["typed"]
        st.session_state["cells"] = {"edited_rows": {row: {column: value}}}
        clicked("test bill", bill_panel._take, "cells", rows, spent, None)

    hand = AppTest.from_function(script, default_timeout=120)
    hand.session_state[KEY] = page.session_state[KEY]
    hand.session_state["typed"] = (row, column, value)
    hand.run()
    assert not hand.exception
    return page.run()


def metric(page: AppTest, label: str) -> str:
    return next(one.value for one in page.metric if one.label == label)


def node_row(own: Session) -> int:
    spent = price(own.site, own.scenario, own.layout.devices, (), own.catalogue)
    return next(at for at, line in enumerate(spent.lines) if line.model == NODE and line.kind == "device")


def test_another_unit_price_moves_every_total_and_undo_brings_the_old_one_back():
    page = opened()
    own: Session = page.session_state[KEY]
    before = price(own.site, own.scenario, own.layout.devices, (), own.catalogue)
    nodes = sum(device.model == NODE for device in own.layout.devices)
    typed(page, node_row(own), "Each [£]", CATALOGUE[NODE].unit_price_gbp + 100)
    spent = price(own.site, own.scenario, own.layout.devices, (), own.catalogue)
    assert spent.capex_gbp == pytest.approx(before.capex_gbp + 100 * nodes)  # price alone: labour is the same
    assert metric(page, "To buy and install") == f"£{spent.capex_gbp:,.0f}"
    facts = stored_sample(own)
    assert facts is not None  # other prices: the same assessment
    assert facts.money_gbp[0] == spent.capex_gbp
    each_gbp = math.ceil(spent.capex_gbp / facts.grades[0].silent)  # costs are rounded up
    assert metric(page, "A blocked room") == f"£{each_gbp:,}"
    next(one for one in page.button if one.label == "Undo").click().run()
    assert own.catalogue == CATALOGUE
    assert metric(page, "To buy and install") == f"£{before.capex_gbp:,.0f}"
    next(one for one in page.button if one.label == "Redo").click().run()
    assert own.catalogue[NODE].unit_price_gbp == CATALOGUE[NODE].unit_price_gbp + 100


def test_a_price_of_the_layout_is_changed_in_the_layout():
    page = opened()
    own: Session = page.session_state[KEY]
    own.layout = replace(own.layout, devices=tuple(replace(one, unit_price_gbp=50.0) for one in own.layout.devices))
    page.run()
    typed(page, node_row(own), "Each [£]", 60.0)
    assert {one.unit_price_gbp for one in own.layout.devices} == {60.0}
    assert own.catalogue == CATALOGUE


def test_a_negative_price_is_refused_in_words_and_nothing_changes():
    page = opened()
    own: Session = page.session_state[KEY]
    typed(page, node_row(own), "Each [£]", -1.0)
    assert own.catalogue == CATALOGUE
    assert any("the price is" in each.value for each in page.error)


def test_the_bill_says_what_differs_from_the_present_layout():
    """Two nodes in place of 28: 26 × (price + labour × 1.4) less for them, and every cable but two runs."""
    page = opened(against=True)
    own: Session = page.session_state[KEY]
    full = price(own.site, own.scenario, own.layout.devices, (), own.catalogue)
    two = price(own.site, own.scenario, own.layout.devices[:2], (), own.catalogue)
    assert metric(page, "Against the present layout") == f"−£{full.capex_gbp - two.capex_gbp:,.0f}"
    model = CATALOGUE[NODE]
    line = next(each for each in full.lines if each.model == NODE and each.kind == "device")
    fewer = next(each for each in two.lines if each.model == NODE and each.kind == "device")
    less_gbp = line.price_gbp + line.install_gbp - fewer.price_gbp - fewer.install_gbp
    assert less_gbp == pytest.approx(26 * (model.unit_price_gbp + 1.4 * model.install_gbp))


def test_what_a_blocked_room_costs():
    spent = replace(price_of_nothing(), capex_gbp=1000.0)
    assert gbp_per_cell(spent, 4) == "£250"
    assert gbp_per_cell(spent, 0) == "none blocked"
    assert gbp_per_cell(spent, None) == "not assessed"


def price_of_nothing():
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites import load_site

    return price(load_site("houseblock"), Scenario(), (), (), CATALOGUE)


def test_prices_say_nothing_of_what_is_sent():
    dearer = with_price(CATALOGUE, NODE, "unit_price_gbp", 1.0)
    assert alike_but_for_prices(dearer, CATALOGUE)
    louder = {**CATALOGUE, NODE: replace(CATALOGUE[NODE], gain_dbi=3.0)}
    assert not alike_but_for_prices(louder, CATALOGUE)
    with pytest.raises(ScenarioError, match="expected pounds"):
        with_price(CATALOGUE, NODE, "unit_price_gbp", None)


def test_other_prices_make_no_estimate_anew():
    def script() -> None:
        from quietwing.coverage.app.blockers_state import desk

        desk()

    page = AppTest.from_function(script, default_timeout=60).run()
    first = page.session_state["blockers desk"]
    own: Session = page.session_state[KEY]
    own.catalogue = with_price(own.catalogue, NODE, "unit_price_gbp", 1.0)
    page.run()
    assert page.session_state["blockers desk"] is first
    assert first.catalogue[NODE].unit_price_gbp == 1.0
