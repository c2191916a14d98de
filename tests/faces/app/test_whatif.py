"""A part of the page Plan: what would change the answer."""

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.state import KEY
from quietwing.coverage.results import WhatIf, WhatIfRow
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site


def row(name, kind, cells, gained, cost_gbp=None, note=""):
    both = {"planning": cells, "evidence": 0}
    return WhatIfRow(
        name, kind, name, both, {"planning": gained, "evidence": 0},
        {"planning": (1.5, True), "evidence": (-2.0, False)}, cost_gbp, note,
        {"planning": float(cells), "evidence": 0.0},
    )  # fmt: skip


@pytest.fixture(scope="module")
def found():
    """Two changes of ten cells."""
    rows = (
        row("mesh on every window", "window", 7, 5, 392.0),
        row("EE 6 dB lower", "retune", 3, 1, None, "ask the operator for a price"),
    )
    unchanged = row("unchanged", "unchanged", 2, 0)
    return WhatIf(
        load_site("houseblock"), Scenario(), (), (), ("planning", "evidence"), 10, unchanged, rows, "abc123abc123"
    )


def opened(found, of_this_layout=True) -> AppTest:
    def page(found, of_this_layout: bool) -> None:
        from dataclasses import replace

        from quietwing.coverage.app.state import Layout, session
        from quietwing.coverage.app.whatif_page import whatif_part
        from quietwing.sites import fingerprint

        own = session()
        if found is not None:
            name = fingerprint(own.site, own.scenario, own.layout.devices, own.catalogue)[:12]
            asked = {"scenario": own.scenario, "devices": own.layout.devices, "scenario_id": name}
            own.whatif = replace(found, site=own.site, **asked)
        if not of_this_layout:
            own.layout = Layout()
        whatif_part()

    kwargs = {"found": found, "of_this_layout": of_this_layout}
    return AppTest.from_function(page, kwargs=kwargs, default_timeout=60).run()


def test_without_a_table_the_page_offers_to_work_it_out():
    page = opened(None)
    assert not page.exception
    assert page.button(key="run what if").label == "Show what would change the answer"
    assert not page.dataframe


def test_the_table_names_what_gains_most_first(found):
    page = opened(found)
    assert not page.exception
    table = page.dataframe[0].value
    assert table["Change"].tolist() == ["unchanged", "mesh on every window", "EE 6 dB lower"]
    assert table["Rooms blocked, planning"].tolist() == ["2", "7 (+5)", "3 (+1)"]
    assert table["Spill margin, evidence"].tolist() == ["-2 dB, FAIL"] * 3
    assert table["Cost"].tolist() == ["", "£392", "ask the operator for a price"]
    assert "mesh on every window: +5 for £392" in page.text[1].value
    assert not [button for button in page.button if button.key == "run what if"]


def test_a_table_of_another_layout_is_not_shown(found):
    page = opened(found, of_this_layout=False)
    assert not page.dataframe
    assert "another layout" in page.info[0].value
    assert page.button(key="run what if")


def test_the_click_asks_for_the_layout_and_the_scenario_of_the_session(monkeypatch):
    from quietwing.coverage.app import whatif_page

    asked = []
    monkeypatch.setattr(whatif_page, "start", lambda kind, question: asked.append((kind, question)))
    page = opened(None)
    page.button(key="run what if").click().run()
    ((kind, question),) = asked
    assert kind == question.mode == "whatif"
    own = page.session_state[KEY]
    assert (question.scenario, question.devices) == (own.scenario, own.layout.devices)
