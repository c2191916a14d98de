"""The panel beside every plan: one sentence, the numbers at both grades, and never a number that is not known."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.layout_facts import GradeFact, LayoutFacts
from quietwing.coverage.app.panel import answer_in_words, limit_in_words
from quietwing.coverage.app.spill_estimate import drafted_places, spill_in_short
from quietwing.coverage.app.state import KEY
from quietwing.coverage.live import DraftSpill

PLANNING = GradeFact("planning", "planning grade (90 %)", 22, 3, 239, 261, True, 0.4, "road: EE 800 MHz 4G")
EVIDENCE = GradeFact("evidence", "evidence grade (95 %)", 1, 0, 263, 264, False, -14.1, "road: O2 800 MHz 4G")
FACTS = LayoutFacts(
    scenario_id="0123456789ab",
    as_of="2026-11-24",
    worst=0,
    silence=264,
    grades=(PLANNING, EVIDENCE),
    rooms={},
    outside=(),
    sentences=(),
    spill=(),
    cells=(),
    unreached=(),
    routes=(),
    notes=(),
    money_gbp=(912_720.4, 10_000.0, 1_000_000.0),
    placeholders=(3, 7),
)


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (PLANNING, "kept, 0.4 dB left"),
        (EVIDENCE, "exceeded by 14.1 dB"),
        (replace(PLANNING, kept=None, margin_db=None), "not known: treat it as exceeded"),
        (replace(PLANNING, margin_db=None), "kept"),  # nothing radiates
        (replace(PLANNING, kept=False, margin_db=2.0), "exceeded, though not outside (2 dB left)"),
    ],
)
def test_a_limit_is_kept_exceeded_or_not_known(fact, said):
    assert limit_in_words(fact) == said


def test_the_answer_says_before_and_after_in_the_same_simulations():
    assert answer_in_words(FACTS) == (
        "With blockers off a phone may work in 261 of 264 rooms. This layout blocks 22 at planning grade and 1 at "
        "evidence grade (3 have no signal even without blockers). Spill limit: kept, 0.4 dB left at planning grade; "
        "exceeded by 14.1 dB at evidence grade."
    )


def shown(facts: LayoutFacts | None, **state) -> AppTest:
    def script(facts) -> None:
        from quietwing.coverage.app.panel import numbers

        numbers("test", facts, "£912,721", estimate=("Blocked, ground floor", "12 of 66"))

    page = AppTest.from_function(script, kwargs={"facts": facts}, default_timeout=60)
    for name, value in state.items():
        page.session_state[name] = value
    page.run()
    assert not page.exception
    return page


def test_numbers_stand_at_both_grades_with_limits_and_cost():
    page = shown(FACTS)
    assert {metric.label: metric.value for metric in page.metric} == {
        "Leaks, blockers off": "261 of 264",
        "Cost": "£912,721",
        "Blocked, planning": "22 of 264",
        "Spill limit, planning": "kept, 0.4 dB left",
        "Blocked, evidence": "1 of 264",
        "Spill limit, evidence": "over by 14.1 dB",
    }
    assert "road: O2 800 MHz 4G" in "".join(metric.help.replace("\\", "") for metric in page.metric if metric.help)


def test_without_an_assessment_only_the_estimate_is_a_number():
    page = shown(None)
    assert [(metric.label, metric.value) for metric in page.metric] == [
        ("Leaks, blockers off", "not assessed"),
        ("Cost", "£912,721"),
        ("Blocked, ground floor", "12 of 66"),
        ("Spill limit", "not assessed"),
    ]


def test_what_leaks_is_remembered_for_the_same_question_alone():
    own = shown(FACTS).session_state[KEY]
    known = shown(FACTS, **{KEY: own}).session_state["leaks of"]
    page = shown(None, **{KEY: own, "leaks of": known})
    assert page.metric[0].value == "261 of 264"
    own.scenario = replace(own.scenario, budget_gbp=5.0)
    assert shown(None, **{KEY: own, "leaks of": known}).metric[0].value == "261 of 264"
    own.scenario = replace(own.scenario, confidence=0.99)
    assert shown(None, **{KEY: own, "leaks of": known}).metric[0].value == "not assessed"


@pytest.mark.parametrize(
    ("margin_db", "said"),
    [
        (1.29, "≈ 1.2 dB left"),  # rounded down: no margin is made larger
        (0.04, "≈ 0 dB left"),
        (-0.04, "≈ over by 0.1 dB"),
        (np.inf, "nothing arrives"),
        (-np.inf, "not known"),
    ],
)
def test_the_estimate_of_spill_is_marked_as_one(margin_db, said):
    assert spill_in_short(DraftSpill(margin_db, "road: EE/B20/LTE", xr.Dataset())) == said


def test_the_estimate_of_spill_takes_the_place_of_the_limit_while_there_is_no_assessment():
    def script() -> None:
        from quietwing.coverage.app.panel import numbers

        numbers("test", None, "£1", spill="≈ 1.2 dB left")

    page = AppTest.from_function(script, default_timeout=60).run()
    (one,) = (metric for metric in page.metric if metric.label.startswith("Spill"))
    assert (one.label, one.value) == ("Spill, planning, estimate", "≈ 1.2 dB left")
    assert "full assessment judges it" in one.help


def test_places_outside_by_the_estimate_have_the_worse_of_power_and_capture_the_worst_first():
    """Least of power and capture: 5 and 3 dB at the road make +3, −2 and 9 dB at the home −2."""
    margins = {"margin_db": [[5.0, 8.0], [9.0, -2.0]], "capture_margin_db": [[3.0, np.inf], [np.inf, 9.0]]}
    data = xr.Dataset(
        {name: (("channel", "outside"), np.array(values)) for name, values in margins.items()},
        coords={
            "channel": ["EE/B20/LTE", "O2/B8/GSM"],
            "name": ("outside", ["road", "home"]),
            "ring": ("outside", ["0–20 m", "receptor"]),
            "x_m": ("outside", [1.0, 2.0]),
            "y_m": ("outside", [0.0, 0.0]),
        },
    )
    worst, other = drafted_places(DraftSpill(-2.0, "home", data))
    assert (worst.name, worst.margin_db, worst.passed, worst.x_m) == ("home", -2.0, False, 2.0)
    assert "O2" in worst.channel
    assert (other.name, other.margin_db, other.passed) == ("road", 3.0, True)
