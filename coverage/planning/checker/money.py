"""What a plan costs, counted in whole pence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.planning.cable import comms_room
from quietwing.coverage.planning.checker.case import Case
from quietwing.coverage.scenario import Scenario

__all__ = ["money_faults", "spent_pence"]


@dataclass(frozen=True)
class Pence:
    """Money in whole pence, the net present value to a fraction of one, and head-ends needed by model."""

    capex: int
    opex: int
    whole_life: int
    present: float
    head_ends: Mapping[str, int]

    def asked(self, scenario: Scenario) -> int:
        """On the basis of the budget."""
        return self.whole_life if scenario.budget_basis == "whole_life" else self.capex


def exact(value: float) -> Fraction:
    """The number as it was written: 0.1 is a tenth."""
    return Fraction(repr(float(value)))


def _pence(pounds: Fraction) -> int:
    """Half a penny goes up."""
    return math.floor(pounds * 100 + Fraction(1, 2))


def spent_pence(case: Case, devices: Sequence[Device], treatments: Sequence[Treatment]) -> Pence:
    """Prices, labour, cable, head-ends, running costs and refreshes of a layout."""
    scenario, catalogue = case.scenario, case.catalogue
    factor, years = exact(scenario.live_prison_multiplier), scenario.horizon_years
    room = comms_room(case.site, scenario)
    pieces: list[tuple[Model, int, bool]] = []  # what it is, its price, whether it is bought
    nodes: Counter[str] = Counter()
    standing: Counter[str] = Counter()
    cable = 0
    paid_once = sum(_pence(exact(action.price_gbp)) for action in scenario.operator_actions)
    for device in devices:
        if device.state == "off":
            continue
        model, bought = catalogue[device.model], device.state != "existing"
        own = model.unit_price_gbp if device.unit_price_gbp is None else device.unit_price_gbp
        pieces.append((model, _pence(exact(own)), bought))
        nodes[model.head_end] += 1
        standing[model.head_end] += not bought
        if bought:
            run_m = abs(device.x_m - room.x_m) + abs(device.y_m - room.y_m) + abs(device.z_m - room.z_m)
            cable += _pence(exact(model.cable_gbp_per_m) * math.ceil(round(run_m, 6)) * factor)
            way = [(device.x_m, device.y_m, device.z_m), *device.route_m]
            laid_m = math.fsum(math.dist(one, two) for one, two in pairwise(way))
            cable += _pence(exact(model.radiating_gbp_per_m) * math.ceil(round(laid_m, 6)) * factor)
    head_ends = {name: math.ceil(Fraction(n, catalogue[name].head_end_capacity)) for name, n in nodes.items() if name}
    for name, needed in head_ends.items():
        there = math.ceil(Fraction(standing[name], catalogue[name].head_end_capacity))
        price = _pence(exact(catalogue[name].unit_price_gbp))
        pieces += [(catalogue[name], price, number >= there) for number in range(needed)]
    for treatment in treatments:
        model = catalogue[treatment.model]
        pieces.append((model, _pence(exact(model.unit_price_gbp)), True))
    capex, opex, later, later_now = cable + paid_once, 0, 0, 0.0
    growth = 1.0 + scenario.discount_rate
    for model, price, bought in pieces:
        fitted = price + _pence(exact(model.install_gbp) * factor)
        capex += fitted * bought
        opex += _pence(exact(model.opex_gbp_per_year))
        refreshes = math.ceil(years / exact(model.technology_life_years)) - 1
        later += fitted * refreshes
        ages = (float(model.technology_life_years) * turn for turn in range(1, refreshes + 1))
        later_now += math.fsum(fitted * growth**-age for age in ages)
    present = capex + math.fsum(opex * growth**-year for year in range(1, years + 1)) + later_now
    return Pence(capex, opex, capex + opex * years + later, present, head_ends)


def money_faults(case: Case) -> Iterator[str]:
    """The bill, the head-ends on it and the budget."""
    plan, scenario = case.plan, case.scenario
    spent = spent_pence(case, plan.devices, (*case.given, *plan.treatments))
    asked = spent.asked(scenario)
    for what, stated_gbp, pence in (
        ("capex", plan.cost.capex_gbp, spent.capex),
        ("opex a year", plan.cost.opex_gbp_per_year, spent.opex),
        ("whole-life cost", plan.cost.whole_life_gbp, spent.whole_life),
        ("net present value", plan.cost.npv_gbp, spent.present),
        ("cost of the chosen attempt", case.attempt.capex_gbp, asked),
    ):
        if not abs(stated_gbp * 100 - pence) <= 1 + 1e-6:
            yield f"{what}: the plan says £{stated_gbp:,.2f}, its parts cost £{pence / 100:,.2f}"
    billed = Counter(
        {line.model: sum(row.quantity for row in plan.cost.lines if (row.kind, row.model) == ("head_end", line.model))
         for line in plan.cost.lines if line.kind == "head_end"}
    )  # fmt: skip
    for name in sorted({*billed, *spent.head_ends}):
        needed = spent.head_ends.get(name, 0)
        if billed[name] != needed:
            capacity = case.catalogue[name].head_end_capacity
            yield f"head-end {name}: {needed} needed ({capacity} nodes each), the bill has {billed[name]:g}"
    if scenario.budget_gbp is not None and asked > exact(scenario.budget_gbp) * 100:
        yield f"over budget: £{asked / 100:,.2f} of £{scenario.budget_gbp:,.2f}"
