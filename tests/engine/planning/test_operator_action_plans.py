"""Plans and bills with an operator's work in them: paid once, counted in every judgement, out of the same budget."""

import json
from dataclasses import replace

import pytest
from by_path import module_at

from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.plan_store import verify_plan_folder, write_plan
from quietwing.coverage.planning.checker.case import Case
from quietwing.coverage.planning.checker.money import spent_pence
from quietwing.coverage.planning.costing import cost, over_budget
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.scenario import OperatorAction, Scenario, TreatmentWish, read_scenario
from quietwing.coverage.store import result_object, scenario_text, verify_result, write_result
from quietwing.coverage.study import evaluate
from quietwing.coverage.study import optimise as whole_plan
from quietwing.coverage.treatments import resolve_treatments

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, MOST = four_cells.CATALOGUE, four_cells.MOST
site = four_cells.far_site  # a fixture, of another name: nothing of it is silent without a jammer
DOWN = OperatorAction(name="EE turns down", operator="EE", power_db=-6.0, price_gbp=1000.0)
FREE = OperatorAction(sectors=("o2",), tilt_deg=3.0)
QUOTED = OperatorAction(name="O2 quote", operator="O2", power_db=-3.0, price_gbp=250.25, illustrative=False)
JAMMERS = (Device("J1", "micro_jammer", 3.0, 3.6, 2.8), Device("J2", "micro_jammer", 6.0, 3.6, 2.8))


def test_each_action_is_a_row_of_the_bill_and_its_price_is_paid_once(site):
    """£1,000 + £0 + £250.25 on top of two jammers: no multiplier of a live prison, nothing a year, no refresh."""
    scenario = replace(MOST, operator_actions=(DOWN, FREE, QUOTED), horizon_years=20)
    plain = cost(site, JAMMERS, (), CATALOGUE, replace(scenario, operator_actions=()))
    found = cost(site, JAMMERS, (), CATALOGUE, scenario)
    rows = [line for line in found.lines if line.kind == "operator"]
    assert [(row.model, row.description, row.price_gbp, row.illustrative) for row in rows] == [
        ("EE turns down", "EE: 1 sector: -6 dB", 1000.0, True),
        ("operator action 2", "O2: 1 sector: tilt +3°", 0.0, False),
        ("O2 quote", "O2: 1 sector: -3 dB", 250.25, False),
    ]
    for total in ("capex_gbp", "whole_life_gbp", "npv_gbp"):
        assert getattr(found, total) - getattr(plain, total) == pytest.approx(1250.25, abs=1e-6)
    assert found.opex_gbp_per_year == plain.opex_gbp_per_year
    assert found.illustrative == (plain.illustrative[0] + 1, plain.illustrative[1] + 2)  # £0 is no figure
    case = Case(site, site.sectors, scenario, CATALOGUE, None, (), ())
    assert spent_pence(case, JAMMERS, ()).capex == round(found.capex_gbp * 100)


def test_a_plan_pays_the_operator_out_of_its_budget(site):
    """Three jammers for £4,682.40 of £5,000 without; £4,000 are left beside the operator's £1,000 and buy two."""
    scenario = replace(MOST, operator_actions=(DOWN,))
    plan = optimise(site, site.sectors, scenario, CATALOGUE)
    assert plan.cost.capex_gbp == pytest.approx(1538.40 + 1572.00 + 1000.00)
    assert over_budget(plan.cost, scenario) is False
    assert [line.price_gbp for line in plan.cost.lines if line.kind == "operator"] == [1000.0]
    assert plan.attempts[plan.chosen].rooms_judged == 2
    assert verify_plan(site, site.sectors, scenario, CATALOGUE, plan) == ()
    faults = verify_plan(site, site.sectors, MOST, CATALOGUE, plan)
    assert any(fault.startswith("capex: the plan says £4,110.40, its parts cost £3,110.40") for fault in faults)


def test_the_least_money_for_a_target_leaves_out_what_is_paid_anyway(site):
    scenario = replace(MOST, objective="least_cost", budget_gbp=None, target_rooms=2, operator_actions=(DOWN, FREE))
    plan = optimise(site, site.sectors, scenario, CATALOGUE)
    assert plan.value == pytest.approx(plan.cost.capex_gbp - 1000.0)
    assert verify_plan(site, site.sectors, scenario, CATALOGUE, plan) == ()


def test_a_given_mesh_is_paid_out_of_the_budget_too(site):
    """£392 for the mesh leave £4,608: two jammers. Behind the mesh these silence a third room."""
    scenario = replace(MOST, treatments=(TreatmentWish("window_mesh", ("A1-02",)),))
    plan = optimise(site, site.sectors, scenario, CATALOGUE)
    assert len(plan.devices) == 2
    assert plan.attempts[plan.chosen].rooms_judged == 3
    assert "A1-02" not in {device.id.removesuffix("-ceiling") for device in plan.devices}
    assert verify_plan(site, site.sectors, scenario, CATALOGUE, plan) == ()
    assert plan.cost.capex_gbp == pytest.approx(392.00 + 1538.40 + 1572.00)
    assert len(resolve_treatments(site, scenario.treatments, CATALOGUE)) == 1


def test_a_budget_that_does_not_pay_the_operator_is_told_so(site):
    scenario = replace(MOST, operator_actions=(DOWN,), budget_gbp=500.0)
    with pytest.raises(ScenarioError) as error:
        optimise(site, site.sectors, scenario, CATALOGUE)
    assert str(error.value) == (
        "scenario: budget_gbp: is £500.00, but operator_actions, treatments and what stands already cost £1,000.00; "
        "raise the budget, or leave some of them out"
    )


def test_a_plan_with_actions_is_kept_and_stands(site, tmp_path):
    result = whole_plan(site, replace(MOST, operator_actions=(DOWN, FREE)), catalogue=CATALOGUE, maps=False)
    write_plan(result, tmp_path / "plan", catalogue=CATALOGUE)
    assert verify_plan_folder(tmp_path / "plan", evaluate) == ()
    told = json.loads((tmp_path / "plan" / "plan.json").read_text("utf-8"))
    assert [(each["name"], each["sectors"]) for each in told["operator_actions"]] == [
        ("EE turns down", ["ee"]),
        ("operator action 2", ["o2"]),
    ]
    bill = (tmp_path / "plan" / "bill_of_materials.csv").read_text("utf-8")
    assert bill.count("EE turns down") == 1
    assert read_scenario(tmp_path / "plan" / "inputs" / "asked.toml") == result.asked


def test_a_verdict_with_actions_is_kept_and_stands(site, tmp_path):
    scenario = Scenario(worlds=100, operator_actions=(DOWN, OperatorAction(sectors=("o2",), off=True)))
    verdict = evaluate(site, scenario, devices=JAMMERS, catalogue=CATALOGUE, maps=False)
    write_result(verdict, tmp_path / "result", catalogue=CATALOGUE)
    assert verify_result(tmp_path / "result", evaluate) == ()
    assert read_scenario(tmp_path / "result" / "inputs" / "scenario.toml") == scenario
    told = result_object(verdict, CATALOGUE)
    assert told["operator_actions"][0] == {
        "name": "EE turns down", "sectors": ["ee"], "power_db": -6.0, "tilt_deg": 0.0, "azimuth_deg": None,
        "off": False, "price_gbp": 1000.0, "illustrative": True,
    }  # fmt: skip
    assert told["operator_actions"][1]["off"] is True
    plain = cost(site, JAMMERS, (), CATALOGUE, Scenario())
    assert told["cost"]["capex_gbp"] == pytest.approx(plain.capex_gbp + 1000.0)
    assert [row["channel"] for row in told["escapes"]] in ([], ["EE/B20/LTE"])  # O2 is off: nobody escapes by it
    text = (tmp_path / "result" / "inputs" / "scenario.toml").read_text("utf-8")
    (tmp_path / "result" / "inputs" / "scenario.toml").write_text(text.replace("-6.0", "-7.0"), encoding="utf-8")
    assert verify_result(tmp_path / "result", evaluate) == (
        "inputs/scenario.toml: changed since it was written; write the result anew",
    )


def test_every_key_of_an_action_comes_back_from_its_text(tmp_path):
    every = (
        OperatorAction('a "name"', ("m-*", "x"), "EE", "LTE", "B20", -0.5, 2.5, 359.5, False, 12.34, False),
        OperatorAction(technology="GSM", off=True),
    )
    scenario = Scenario(treatments=(TreatmentWish("window_mesh", ("A1-*",)),), operator_actions=every)
    (tmp_path / "scenario.toml").write_text(scenario_text(scenario), encoding="utf-8")
    assert read_scenario(tmp_path / "scenario.toml") == scenario
