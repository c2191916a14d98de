"""What a layout costs: prices, labour, cable and head-ends now, running costs and refreshes later.

Every amount is in whole pence until it leaves, so the order of devices changes nothing and rows add up to the totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from quietwing.coverage.blocking.operator_actions import action_in_words, action_name
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.cable import cable_m, comms_room, radiating_m
from quietwing.coverage.scenario import OperatorAction, Scenario
from quietwing.sites.findings import clean, did_you_mean, shown
from quietwing.sites.model import Site

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
SHORTEST_LIFE_YEARS = 0.1  # below it a life is a slip of the pen
_DIGITS = 60  # of a discount factor: far below a penny on any sum


@dataclass(frozen=True, slots=True)
class CostLine:
    """A row of ``bill_of_materials.csv``: equal things at an equal price.

    Attributes
    ----------
    kind : {"device", "head_end", "treatment", "cable", "operator"}
    model, description : str
        Of an operator's action its name and what changes.
    quantity : float
        Pieces, or metres of cable.
    unit : {"each", "m"}
    unit_price_gbp : float
        Without labour. [£]
    price_gbp : float
        Quantity × unit price; 0 for what is there already. [£]
    install_gbp : float
        Labour with the live-prison multiplier; for cable what the multiplier adds. [£]
    opex_gbp_per_year : float
        Of all pieces. [£/year]
    refresh_gbp : float
        All refreshes within the horizon, undiscounted. [£]
    whole_life_gbp : float
        Price, labour, running costs and refreshes over the horizon, undiscounted. [£]
    illustrative : bool
        Whether any £ of the row rests on an illustrative figure.
    price_source : str
    standing : bool
        What is there already: only its running costs and refreshes count.
    radiating : bool
        Cable that blocks along its length, not one to the comms room.
    """

    kind: str
    model: str
    description: str
    quantity: float
    unit: str
    unit_price_gbp: float
    price_gbp: float
    install_gbp: float
    opex_gbp_per_year: float
    refresh_gbp: float
    whole_life_gbp: float
    illustrative: bool
    price_source: str
    standing: bool = False
    radiating: bool = False


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


class _Item(NamedTuple):
    """What makes pieces equal: one row of the bill."""

    kind: str
    model: str
    existing: bool
    unit_pence: int
    quoted: bool  # the price is the layout's own


class _Bill(NamedTuple):
    """A row in pence, and what of it recurs."""

    line: CostLine
    capex: int
    opex: int
    one_refresh: int
    life_years: Decimal
    refreshes: int
    figures: dict[tuple[str, str, int | None], bool]  # (model, column, the layout's own pence) to illustrative


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
    counts: Counter[_Item] = Counter()
    runs: Counter[tuple[str, float]] = Counter()  # (model, length of one run) to number of runs
    radiating: Counter[tuple[str, float]] = Counter()
    for device in standing:
        model = _model(catalogue, device.model)
        own = device.unit_price_gbp
        unit_pence = _pence(model.unit_price_gbp if own is None else own)
        counts[_Item("device", model.name, device.state == "existing", unit_pence, own is not None)] += 1
        if device.state != "existing" and model.cable_gbp_per_m > 0:
            runs[model.name, cable_m(site, device, scenario)] += 1
        if device.state != "existing" and device.route_m and model.radiating_gbp_per_m > 0:
            radiating[model.name, radiating_m(device)] += 1
    there = head_ends_needed((device for device in standing if device.state == "existing"), catalogue)
    for name, needed in head_ends_needed(standing, catalogue).items():
        unit_pence = _pence(catalogue[name].unit_price_gbp)
        counts[_Item("head_end", name, True, unit_pence, False)] += there.get(name, 0)
        counts[_Item("head_end", name, False, unit_pence, False)] += needed - there.get(name, 0)
    for treatment in treatments:
        model = _model(catalogue, treatment.model)
        counts[_Item("treatment", model.name, False, _pence(model.unit_price_gbp), False)] += 1

    bills = [
        _bill(item, quantity, _model(catalogue, item.model), scenario)
        for item, quantity in sorted(counts.items(), key=lambda each: (KINDS.index(each[0].kind), each[0][1:]))
        if quantity
    ]
    for laid, column in ((runs, "cable_gbp_per_m"), (radiating, "radiating_gbp_per_m")):
        for name in sorted({name for name, _ in laid}):
            lengths = {length_m: number for (model_name, length_m), number in laid.items() if model_name == name}
            bills.append(_cable_bill(catalogue[name], column, lengths, scenario))
    bills += [_action_bill(site, action, number) for number, action in enumerate(scenario.operator_actions, 1)]
    capex, opex = sum(bill.capex for bill in bills), sum(bill.opex for bill in bills)
    refresh = sum(bill.one_refresh * bill.refreshes for bill in bills)
    figures = {name: illustrative for bill in bills for name, illustrative in bill.figures.items()}
    illustrative = (sum(figures.values()), len(figures))
    return Cost(
        _gbp(capex),
        _gbp(opex),
        _gbp(capex + opex * scenario.horizon_years + refresh),
        _gbp(_present_pence(bills, scenario)),
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
    return _gbp(_pence(model.unit_price_gbp) + _labour_pence(model, scenario))


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


def _exact(value: float) -> Decimal:
    """The number as it was written: 0.1 is a tenth."""
    return Decimal(repr(float(value)))


def _pence(amount_gbp: float, factor: float = 1.0) -> int:
    """Pounds × factor in whole pence, half a penny up."""
    return int((_exact(amount_gbp) * _exact(factor) * 100).to_integral_value(ROUND_HALF_UP))


def _gbp(pence: int) -> float:
    return pence / 100


def _labour_pence(model: Model, scenario: Scenario) -> int:
    return _pence(model.install_gbp, scenario.live_prison_multiplier)


def _cable_pence(gbp_per_m: float, length_m: float, scenario: Scenario) -> tuple[int, int]:
    """Price of one run, and what the live-prison multiplier adds to it. [pence]"""
    run_gbp = float(_exact(gbp_per_m) * _exact(length_m))
    price = _pence(run_gbp)
    return price, _pence(run_gbp, scenario.live_prison_multiplier) - price


def _refreshes(model: Model, scenario: Scenario) -> int:
    """Full technology lives that end strictly before the horizon."""
    if model.technology_life_years < SHORTEST_LIFE_YEARS:
        raise ScenarioError(
            f"catalogue.csv: {clean(model.name)}: technology_life_years is {model.technology_life_years:g} "
            f"(expected {SHORTEST_LIFE_YEARS:g} or more); write it in years"
        )
    whole, rest = divmod(Decimal(scenario.horizon_years), _exact(model.technology_life_years))
    return int(whole) - (rest == 0)


def _bill(item: _Item, quantity: int, model: Model, scenario: Scenario) -> _Bill:
    labour, refreshes = _labour_pence(model, scenario), _refreshes(model, scenario)
    bought = 0 if item.existing else quantity
    price, install = bought * item.unit_pence, bought * labour
    opex = quantity * _pence(model.opex_gbp_per_year)
    one_refresh = quantity * (item.unit_pence + labour)
    charged: dict[tuple[str, int | None], int] = {("opex_gbp_per_year", None): opex}
    if bought or refreshes:
        charged["install_gbp", None] = labour
        charged["unit_price_gbp", item.unit_pence if item.quoted else None] = item.unit_pence
    figures = {(model.name, *key): model.illustrative and key[1] is None for key, pence in charged.items() if pence}
    description = f"{model.description} (there already)" if item.existing else model.description
    source = _source(model)
    if item.quoted:
        rests_on_catalogue = any(own is None for _, _, own in figures)
        source = f"unit price: the layout; other figures: {source}" if rests_on_catalogue else "the layout"
    line = CostLine(
        item.kind,
        model.name,
        description,
        float(quantity),
        "each",
        _gbp(item.unit_pence),
        _gbp(price),
        _gbp(install),
        _gbp(opex),
        _gbp(one_refresh * refreshes),
        _gbp(price + install + opex * scenario.horizon_years + one_refresh * refreshes),
        any(figures.values()),
        source,
        item.existing,
    )
    life_years = _exact(model.technology_life_years)
    return _Bill(line, price + install, opex, one_refresh, life_years, refreshes, figures)


def _cable_bill(model: Model, column: str, lengths: Mapping[float, int], scenario: Scenario) -> _Bill:
    """All cable of one model at the price of one column, to the comms room or radiating; laid once, it stays."""
    price = surcharge = 0
    gbp_per_m = float(getattr(model, column))
    for length_m, number in lengths.items():
        of_run, added = _cable_pence(gbp_per_m, length_m, scenario)
        price, surcharge = price + number * of_run, surcharge + number * added
    radiating = column == "radiating_gbp_per_m"
    line = CostLine(
        "cable",
        model.name,
        f"Radiating cable of {model.name}" if radiating else f"Cable of {model.name} to the comms room",
        float(sum(length_m * number for length_m, number in lengths.items())),
        "m",
        gbp_per_m,
        _gbp(price),
        _gbp(surcharge),
        0.0,
        0.0,
        _gbp(price + surcharge),
        model.illustrative and price > 0,
        _source(model),
        radiating=radiating,
    )
    figures: dict[tuple[str, str, int | None], bool] = {}
    if price:
        figures[model.name, column, None] = model.illustrative
    return _Bill(line, price + surcharge, 0, 0, Decimal(1), 0, figures)


def _action_bill(site: Site, action: OperatorAction, number: int) -> _Bill:
    """An operator's work, paid once: nothing of it is done in the prison, so no multiplier, and nothing recurs."""
    price, name = _pence(action.price_gbp), action_name(action, number)
    illustrative = action.illustrative and price > 0
    line = CostLine(
        "operator",
        name,
        action_in_words(site.sectors, action),
        1.0,
        "each",
        _gbp(price),
        _gbp(price),
        0.0,
        0.0,
        0.0,
        _gbp(price),
        illustrative,
        "the scenario",
    )
    figures: dict[tuple[str, str, int | None], bool] = {}
    if price:
        figures[f"operator_actions {number}", "price_gbp", None] = illustrative
    return _Bill(line, price, 0, 0, Decimal(1), 0, figures)


def _source(model: Model) -> str:
    """Where the catalogue's prices of a model come from, with their date."""
    if model.price_date is None:
        return model.price_source or "no source given"
    return f"{model.price_source or 'no source given'} ({model.price_date.isoformat()})"


def _present_pence(bills: list[_Bill], scenario: Scenario) -> int:
    """Capex now, opex at the end of each year, refreshes at the end of each life, discounted. [pence]"""
    opex = sum(bill.opex for bill in bills)
    refresh: Counter[tuple[Decimal, int]] = Counter()
    for bill in bills:
        refresh[bill.life_years, bill.refreshes] += bill.one_refresh
    with localcontext() as context:
        context.prec = _DIGITS
        growth = 1 + _exact(scenario.discount_rate)
        present = Decimal(sum(bill.capex for bill in bills))
        present += sum((opex * growth**-year for year in range(1, scenario.horizon_years + 1)), Decimal(0))
        for (life_years, times), once in sorted(refresh.items()):
            present += sum((once * growth ** (-life_years * turn) for turn in range(1, times + 1)), Decimal(0))
        return int(present.to_integral_value(ROUND_HALF_UP))


def _notes(
    site: Site,
    bills: list[_Bill],
    counts: Mapping[_Item, int],
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
