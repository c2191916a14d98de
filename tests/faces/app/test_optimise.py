"""Optimise: a question in plain words, a search that can be stopped, a plan that says the same everywhere."""

import importlib
import io
import json
import zipfile
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.optimise_frontier import budgets_up_to
from quietwing.coverage.app.optimise_result import files_zip
from quietwing.coverage.app.questions import plan_of_curve
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import Layout
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.frontier_chart import frontier_figure
from quietwing.coverage.report.frontier_tables import frontier_header, frontier_lead, frontier_rows
from quietwing.coverage.report.money_words import pounds
from quietwing.coverage.report.plan_words import plan_lead
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.frontier_run import frontier
from quietwing.sites.files import BUNDLED
from quietwing.sites.synthetic import build_wing, describe

# one channel, at a fence far away: a question with an answer, in seconds
pytestmark = pytest.mark.usefixtures("few_moves")
QUESTION = Scenario(
    worlds=100,
    grid_m=1.0,
    confidence=0.8,
    channels=("EE/B1/LTE",),
    spill_tier="standard",
    effort="quick",
    equipment=("micro_jammer", "room_jammer"),
    treat_with=("window_mesh",),
)


def page():
    from quietwing.coverage.app.optimise_page import show

    show()


def opened(name=None, site=None):
    at = AppTest.from_function(page, default_timeout=60).run()
    own = at.session_state["quietwing session"]
    if name is not None:
        from quietwing.sites import load_site

        own.site, own.site_source = load_site(name), name
        at.run()
    if site is not None:
        own.site, own.site_source, own.layout, own.scenario = site, "yours", Layout(), QUESTION
        at.run()
    assert not at.exception
    return at


@pytest.fixture(scope="module")
def small():
    return build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=700))


@pytest.fixture(scope="module")
def curve(small):
    said = []
    found = frontier(
        small,
        QUESTION,
        (8_000.0, 1_500.0),
        maps=True,
        progress=lambda number, of, what, share: said.append((number, of)),
    )
    assert {number for number, _ in said} >= {0, 1}
    assert all(number < of for number, of in said)
    return found


@pytest.fixture(scope="module")
def plans(curve):
    return curve.plans


@pytest.mark.slow
def test_more_money_silences_no_less_and_each_plan_keeps_to_its_budget(plans):
    assert [plan.asked.budget_gbp for plan in plans] == [1_500.0, 8_000.0]
    assert all(plan.plan.cost.capex_gbp <= plan.asked.budget_gbp for plan in plans)
    silent = [count_rooms(plan.verdict).silent for plan in plans]
    assert silent[0] < silent[1]


def test_budgets_that_are_none_are_refused(small):
    for budgets in ((), (-1.0,), (float("nan"),), (float("inf"),), tuple(range(30))):
        with pytest.raises(ScenarioError, match="budgets"):
            frontier(small, QUESTION, budgets)
    assert budgets_up_to(90_000, 3) == (30_000.0, 60_000.0, 90_000.0)
    for highest in (None, 0, -5, 2e9):
        with pytest.raises(ScenarioError, match="Highest budget"):
            budgets_up_to(highest, 3)


def test_an_interruption_keeps_the_plans_found(small, plans, monkeypatch):
    module = importlib.import_module("quietwing.coverage.study.frontier_sweep")

    answers = iter([plans[0].plan, KeyboardInterrupt()])

    def answer(*_args, **_further):
        one = next(answers)
        if isinstance(one, BaseException):
            raise one
        return one

    monkeypatch.setattr(module, "best_plan", answer)
    kept = frontier(small, QUESTION, (1.0, 2.0, 3.0))
    assert [plan.plan.devices for plan in kept.plans] == [plans[0].plan.devices]
    assert kept.interrupted
    assert kept.missing_gbp == (2.0, 3.0)
    answers = iter([KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        frontier(small, QUESTION, (1.0,))


def test_the_chart_says_what_the_plans_say(curve, plans):
    ax = frontier_figure(curve).axes[0]
    assert ax.lines[0].get_xdata().tolist() == [1.5, 8.0]
    for number in (0, 1):
        assert ax.lines[number].get_ydata().tolist() == [count_rooms(plan.verdict, number).silent for plan in plans]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_page_opens_on_every_bundled_site(name):
    at = opened(name)
    assert at.button(key="optimise-start")
    assert at.button(key="frontier-start")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("optimise-budget", -5.0, "budget"),
        ("optimise-budget", 2e9, "budget"),
        ("optimise-seed", -1, "seed"),
        ("optimise-spacing", 1000.0, "spacing"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(key, value, says):
    at = opened()
    at.number_input(key=key).set_value(value)
    at.button(key="optimise-start").click().run()
    assert not at.exception
    assert says in at.error[0].value.replace("\\", "")
    assert at.session_state["quietwing session"].jobs == {}


def test_a_budget_below_nothing_is_refused_at_its_field_at_once():
    at = opened()
    assert not at.error
    at.number_input(key="optimise-budget").set_value(-500.0).run()
    assert [one.value.replace("\\", "") for one in at.error] == ["Give a budget of £0 or more; -500 is too low."]
    at.number_input(key="optimise-budget").set_value(500.0).run()
    assert not at.error


def test_a_target_needs_a_sensible_number_of_cells():
    at = opened()
    at.radio(key="optimise-objective").set_value("least_cost").run()
    at.number_input(key="optimise-target").set_value(5000)
    at.button(key="optimise-start").click().run()
    assert "target_rooms" in at.error[0].value.replace("\\", "")
    for box in at.checkbox:
        if box.key.startswith("optimise-buy-"):
            box.uncheck()
    at.button(key="optimise-start").click().run()
    assert "choose at least one" in at.error[0].value


@pytest.mark.parametrize(("kind", "key", "value", "asked"), [
    ("target_rooms", "target", 12, {"target_rooms": 12}),
    ("target_share", "target-share", 40.0, {"target_share": 0.4}),
    ("target_named", "target-named", "A1-01,  B1-* ", {"target_named": ("A1-01", "B1-*")}),
    ("target_wing", "target-wing", "A", {"target_wing": ("A",)}),
])  # fmt: skip
def test_the_least_money_may_be_asked_for_so_many_cells_a_share_these_or_a_wing(kind, key, value, asked):
    at = opened()
    at.radio(key="optimise-objective").set_value("least_cost").run()
    at.selectbox(key="optimise-target-kind").set_value(kind).run()
    fields = at.text_input if isinstance(value, str) else at.number_input
    fields(key=f"optimise-{key}").set_value(value)
    at.button(key="optimise-start").click().run()
    assert not at.exception
    own = at.session_state["quietwing session"]
    try:
        assert not at.error
        scenario = own.scenario
        nothing = {"target_rooms": None, "target_share": None, "target_named": (), "target_wing": ()}
        assert {name: getattr(scenario, name) for name in nothing} == nothing | asked
    finally:
        for job in own.jobs.values():
            job.kill()


def test_a_cell_that_the_site_does_not_have_is_refused_as_a_target_by_name():
    at = opened()
    at.radio(key="optimise-objective").set_value("least_cost").run()
    at.selectbox(key="optimise-target-kind").set_value("target_named").run()
    at.text_input(key="optimise-target-named").set_value("A1-999")
    at.button(key="optimise-start").click().run()
    assert "A1-999" in at.error[0].value.replace("\\", "")
    assert at.session_state["quietwing session"].jobs == {}


def test_a_plan_is_shown_opened_and_downloaded(small, curve, plans):
    at = opened(site=small)
    own = at.session_state["quietwing session"]
    own.plan, own.frontier, own.scenario = plans[-1], curve, plans[-1].asked
    for budget_gbp, number in ((plans[0].asked.budget_gbp - 1, None), (plans[-1].asked.budget_gbp + 1, -1)):
        start = plan_of_curve(own, replace(own.scenario, budget_gbp=budget_gbp))
        assert start is (None if number is None else plans[number].plan)
    assert plan_of_curve(own, replace(own.scenario, seed=own.scenario.seed + 1, budget_gbp=1e9)) is None
    at.run()
    assert not at.exception
    assert any(literal(plan_lead(plans[-1])[0]) in text.value for text in at.markdown)
    assert any(text.value.startswith("Both judged in the same simulations.") for text in at.caption)
    names = zipfile.ZipFile(io.BytesIO(files_zip(plans[-1]))).namelist()
    assert names == ["bill_of_materials.csv", "holes.csv", "layout.csv", "plan.json", "treatments.csv"]
    inside = zipfile.ZipFile(io.BytesIO(files_zip(plans[-1])))
    assert json.loads(inside.read("plan.json"))["budget_gbp"] == 8_000.0
    tables = [table.value for table in at.dataframe]
    for number, column in enumerate(("blocked, planning", "blocked, evidence")):
        rooms = curve.rooms
        counts = [f"{count_rooms(plan.verdict, number).silent} of {rooms}" for plan in plans]
        assert any(column in table and table[column].tolist() == counts for table in tables)
    assert any(list(table.columns) == frontier_header(curve) for table in tables)
    assert [
        row for table in tables if list(table.columns) == frontier_header(curve) for row in table.values.tolist()
    ] == (frontier_rows(curve))
    assert any(literal(frontier_lead(curve)[0]) in text.value for text in at.markdown)
    assert [metric.value for metric in at.metric if metric.label == "Cost"] == [
        pounds(curve.points[-1].spent_gbp)  # on the curve and with the plan
    ] * 2
    at.select_slider(key="frontier-pick").set_value(0).run()
    assert not at.exception
    for number, grade in enumerate(curve.grades):
        shown = [metric.value for metric in at.metric if metric.label == f"Blocked, {grade}"]
        assert f"{count_rooms(plans[0].verdict, number).silent} of {curve.rooms}" in shown
    at.button(key="frontier-show").click().run()
    assert own.plan is plans[0]
    at.button(key="frontier-open").click().run()
    assert own.layout.devices == plans[0].plan.devices
    assert own.way_on == "blockers"


def test_a_plan_and_a_curve_for_an_earlier_question_have_no_number_and_no_report(small, curve, plans):
    at = opened(site=small)
    own = at.session_state["quietwing session"]
    own.plan, own.frontier, own.scenario = plans[0], curve, replace(plans[0].asked, grade="evidence")
    at.run()
    assert not at.exception
    asked = "for an earlier question: planning grade (80 %), standard limit outside"
    said = [warning.value.replace("\\", "") for warning in at.warning]
    assert said == [f"The last result is {asked}. Plot it again.", f"The last result is {asked}. Search again."]
    assert [metric.label for metric in at.metric if metric.label.startswith("Blocked")] == []
    assert not [one for one in at.button if one.key == "optimise-report make"]
    at.button(key="optimise-open").click().run()  # its layout can be had, to be judged anew
    assert own.layout.devices == plans[0].plan.devices
    assert own.verdict is None
