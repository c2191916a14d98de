"""What a layout costs: prices, labour, cable and head-ends now, running costs and refreshes later.

Every amount is in whole pence until it leaves, so the order of devices changes nothing and rows add up to the totals.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.bills import (
    Bill,
    BillItem,
    CostLine,
    action_bill,
    bill_of,
    cable_bill,
    in_gbp,
    in_pence,
    labour_pence,
    present_pence,
)
from quietwing.coverage.planning.cable import cable_m, comms_room, radiating_m
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site, clean, did_you_mean, shown

__all__ = [
    "Cost",
    "CostLine",
    "cable_m",
    "cost",
    "head_ends_needed",
    "over_budget",
    "treatment_capex_gbp",
]

KINDS = ("device", "head_end", "treatment", "cable", "operator")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a layout with its treatments costs.

    Attributes
    ----------
    capex_gbp : float
        Prices, labour and cable now. [£]
    opex_gbp_per_year : float
        [£/year]
    whole_life_gbp : float
        Capex, running costs and refreshes over the horizon, undiscounted. [£]
    npv_gbp : float
        The same discounted to today; a cost is positive. [£]
    lines : tuple of CostLine
        By kind, then model; they add up to the totals to the penny.
    illustrative : tuple of int
        k of n: how many of the catalogue's and the layout's figures in use are illustrative. A figure is one price,
        installation, cable rate or running cost of a model; figures of £0 do not count.
    notes : tuple of str
        What was assumed.
    """

    capex_gbp: float
    opex_gbp_per_year: float
    whole_life_gbp: float
    npv_gbp: float
    lines: tuple[CostLine, ...]
    illustrative: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def head_ends_gbp(self) -> float:
        """What of the capex is head-ends, their installation included. [£]"""
        return math.fsum(line.price_gbp + line.install_gbp for line in self.lines if line.kind == "head_end")

    @property
    def installed_gbp(self) -> float:
        """What of the capex is installation. [£]"""
        return math.fsum(line.install_gbp for line in self.lines)


def cost(
    site: Site,
    devices: Iterable[Device],
    treatments: Iterable[Treatment],
    catalogue: Mapping[str, Model],
    scenario: Scenario,
) -> Cost:
    """The cost of a layout with its treatments and the scenario's operator actions.

    Devices that are off cost nothing. Existing ones, and the head-ends they need, cost no capex; their running costs
    and refreshes count. A refresh costs price and labour again at each full technology life before the horizon ends;
    cable stays. Running costs fall due at the end of each year. Nothing is worth anything at the end.

    Parameters
    ----------
    site : Site
    devices : iterable of Device
    treatments : iterable of Treatment
    catalogue : mapping of str to Model
    scenario : Scenario
        Its horizon, discount rate, live-prison multiplier, comms room and operator actions.

    Returns
    -------
    Cost

    Raises
    ------
    ScenarioError
        If a model is not in the catalogue or its technology life is too short to price, or the comms room is no room
        of the site.

    References
    ----------
    HM Treasury, The Green Book: 3.5 % a year. Assumption A31.
    """
    standing = [device for device in devices if device.state != "off"]
    counts: Counter[BillItem] = Counter()
    runs: Counter[tuple[str, float]] = Counter()  # (model, length of one run) to number of runs
    radiating: Counter[tuple[str, float]] = Counter()
    for device in standing:
        model = _model(catalogue, device.model)
        own = device.unit_price_gbp
        unit_pence = in_pence(model.unit_price_gbp if own is None else own)
        counts[BillItem("device", model.name, device.state == "existing", unit_pence, own is not None)] += 1
        if device.state != "existing" and model.cable_gbp_per_m > 0:
            runs[model.name, cable_m(site, device, scenario)] += 1
        if device.state != "existing" and device.route_m and model.radiating_gbp_per_m > 0:
            radiating[model.name, radiating_m(device)] += 1
    there = head_ends_needed((device for device in standing if device.state == "existing"), catalogue)
    for name, needed in head_ends_needed(standing, catalogue).items():
        unit_pence = in_pence(catalogue[name].unit_price_gbp)
        counts[BillItem("head_end", name, True, unit_pence, False)] += there.get(name, 0)
        counts[BillItem("head_end", name, False, unit_pence, False)] += needed - there.get(name, 0)
    for treatment in treatments:
        model = _model(catalogue, treatment.model)
        counts[BillItem("treatment", model.name, False, in_pence(model.unit_price_gbp), False)] += 1

    bills = [
        bill_of(item, quantity, _model(catalogue, item.model), scenario)
        for item, quantity in sorted(counts.items(), key=lambda each: (KINDS.index(each[0].kind), each[0][1:]))
        if quantity
    ]
    for laid, column in ((runs, "cable_gbp_per_m"), (radiating, "radiating_gbp_per_m")):
        for name in sorted({name for name, _ in laid}):
            lengths = {length_m: number for (model_name, length_m), number in laid.items() if model_name == name}
            bills.append(cable_bill(catalogue[name], column, lengths, scenario))
    bills += [action_bill(site, action, number) for number, action in enumerate(scenario.operator_actions, 1)]
    capex, opex = sum(bill.capex for bill in bills), sum(bill.opex for bill in bills)
    refresh = sum(bill.one_refresh * bill.refreshes for bill in bills)
    figures = {name: illustrative for bill in bills for name, illustrative in bill.figures.items()}
    illustrative = (sum(figures.values()), len(figures))
    return Cost(
        in_gbp(capex),
        in_gbp(opex),
        in_gbp(capex + opex * scenario.horizon_years + refresh),
        in_gbp(present_pence(bills, scenario)),
        tuple(bill.line for bill in bills),
        illustrative,
        _notes(site, bills, counts, illustrative, scenario),
    )


def treatment_capex_gbp(
    site: Site, treatment: Treatment, catalogue: Mapping[str, Model], scenario: Scenario
) -> float:
    """What one mesh or film costs now: price, and labour with the live-prison multiplier.

    Parameters
    ----------
    site : Site
        Windows are priced alike, whatever their size.
    treatment : Treatment
    catalogue : mapping of str to Model
    scenario : Scenario

    Returns
    -------
    float
        [£]
    """
    model = _model(catalogue, treatment.model)
    return in_gbp(in_pence(model.unit_price_gbp) + labour_pence(model, scenario))


def head_ends_needed(devices: Iterable[Device], catalogue: Mapping[str, Model]) -> dict[str, int]:
    """Head-ends that the nodes of a layout call for: nodes ÷ capacity, rounded up.

    Parameters
    ----------
    devices : iterable of Device
        Those that are off are left out.
    catalogue : mapping of str to Model

    Returns
    -------
    dict of str to int
        By model of head-end, in order of name; empty without nodes.
    """
    nodes: Counter[str] = Counter()
    for device in devices:
        head_end = _model(catalogue, device.model).head_end
        if device.state != "off" and head_end:
            nodes[head_end] += 1
    return {name: -(-nodes[name] // _model(catalogue, name).head_end_capacity) for name in sorted(nodes)}


def over_budget(spent: Cost, scenario: Scenario) -> bool | None:
    """Whether a cost exceeds the scenario's budget on its basis; None without a budget."""
    if scenario.budget_gbp is None:
        return None
    asked_gbp = spent.capex_gbp if scenario.budget_basis == "capex" else spent.whole_life_gbp
    return asked_gbp > scenario.budget_gbp


def _model(catalogue: Mapping[str, Model], name: str) -> Model:
    if name not in catalogue:
        raise ScenarioError(f"model {shown(name)} is not in the catalogue; {did_you_mean(name, catalogue)}")
    return catalogue[name]


def _notes(
    site: Site,
    bills: list[Bill],
    counts: Mapping[BillItem, int],
    illustrative: tuple[int, int],
    scenario: Scenario,
) -> tuple[str, ...]:
    """What the sums rest on."""
    notes = []
    if illustrative[0]:
        notes.append(f"{illustrative[0]} of {illustrative[1]} prices are illustrative; replace them by quotes")
    laid = any(bill.line.kind == "cable" for bill in bills)
    if laid:
        room = comms_room(site, scenario)
        notes += [room.note] if room.note else []
        notes.append("each new device has a cable of its own along x, y and z to the comms room (assumed)")
    if laid or any(bill.line.install_gbp for bill in bills):
        given = scenario.live_prison_multiplier
        mark = "assumed" if given == Scenario().live_prison_multiplier else "as the scenario says"
        notes.append(f"labour and laid cable cost {given:g} times as much as outside a prison ({mark})")
    there = sum(number for item, number in counts.items() if item.existing and item.kind == "device")
    if there:
        notes.append(
            f"{there} existing device{'s' * (there > 1)}: running cost and refreshes count, the first refresh a full "
            f"technology life from now (assumed)"
        )
    for item, number in sorted(counts.items()):
        if item.kind == "head_end" and item.existing and number:
            notes.append(f"{number} × {clean(item.model)} taken to be there, as the existing nodes need it (assumed)")
    return tuple(notes)
