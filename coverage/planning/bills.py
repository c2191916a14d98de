"""Rows of a bill: what pieces of a kind, a cable or an operator's work cost now and later, in whole pence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from quietwing.coverage.blocking import action_in_words, action_name
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.scenario import OperatorAction, Scenario
from quietwing.sites import Site, clean

__all__ = [
    "Bill",
    "BillItem",
    "CostLine",
    "action_bill",
    "bill_of",
    "cable_bill",
    "in_gbp",
    "in_pence",
    "labour_pence",
    "present_pence",
]

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
    quoted : bool
        Whether the unit price is the layout's own, not the catalogue's.
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
    quoted: bool = False
    radiating: bool = False


class BillItem(NamedTuple):
    """What makes pieces equal: one row of the bill."""

    kind: str
    model: str
    existing: bool
    unit_pence: int
    quoted: bool  # the price is the layout's own


class Bill(NamedTuple):
    """A row in pence, and what of it recurs."""

    line: CostLine
    capex: int
    opex: int
    one_refresh: int
    life_years: Decimal
    refreshes: int
    figures: dict[tuple[str, str, int | None], bool]  # (model, column, the layout's own pence) to illustrative


def exact(value: float) -> Decimal:
    """The number as it was written: 0.1 is a tenth."""
    return Decimal(repr(float(value)))


def in_pence(amount_gbp: float, factor: float = 1.0) -> int:
    """Pounds × factor in whole pence, half a penny up."""
    return int((exact(amount_gbp) * exact(factor) * 100).to_integral_value(ROUND_HALF_UP))


def in_gbp(pence: int) -> float:
    return pence / 100


def labour_pence(model: Model, scenario: Scenario) -> int:
    return in_pence(model.install_gbp, scenario.live_prison_multiplier)


def _cable_pence(gbp_per_m: float, length_m: float, scenario: Scenario) -> tuple[int, int]:
    """Price of one run, and what the live-prison multiplier adds to it. [pence]"""
    run_gbp = float(exact(gbp_per_m) * exact(length_m))
    price = in_pence(run_gbp)
    return price, in_pence(run_gbp, scenario.live_prison_multiplier) - price


def _refreshes(model: Model, scenario: Scenario) -> int:
    """Full technology lives that end strictly before the horizon."""
    if model.technology_life_years < SHORTEST_LIFE_YEARS:
        raise ScenarioError(
            f"catalogue.csv: {clean(model.name)}: technology_life_years is {model.technology_life_years:g} "
            f"(expected {SHORTEST_LIFE_YEARS:g} or more); write it in years"
        )
    whole, rest = divmod(Decimal(scenario.horizon_years), exact(model.technology_life_years))
    return int(whole) - (rest == 0)


def bill_of(item: BillItem, quantity: int, model: Model, scenario: Scenario) -> Bill:
    labour, refreshes = labour_pence(model, scenario), _refreshes(model, scenario)
    bought = 0 if item.existing else quantity
    price, install = bought * item.unit_pence, bought * labour
    opex = quantity * in_pence(model.opex_gbp_per_year)
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
        in_gbp(item.unit_pence),
        in_gbp(price),
        in_gbp(install),
        in_gbp(opex),
        in_gbp(one_refresh * refreshes),
        in_gbp(price + install + opex * scenario.horizon_years + one_refresh * refreshes),
        any(figures.values()),
        source,
        item.existing,
        item.quoted,
    )
    life_years = exact(model.technology_life_years)
    return Bill(line, price + install, opex, one_refresh, life_years, refreshes, figures)


def cable_bill(model: Model, column: str, lengths: Mapping[float, int], scenario: Scenario) -> Bill:
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
        in_gbp(price),
        in_gbp(surcharge),
        0.0,
        0.0,
        in_gbp(price + surcharge),
        model.illustrative and price > 0,
        _source(model),
        radiating=radiating,
    )
    figures: dict[tuple[str, str, int | None], bool] = {}
    if price:
        figures[model.name, column, None] = model.illustrative
    return Bill(line, price + surcharge, 0, 0, Decimal(1), 0, figures)


def action_bill(site: Site, action: OperatorAction, number: int) -> Bill:
    """An operator's work, paid once: nothing of it is done in the prison, so no multiplier, and nothing recurs."""
    price, name = in_pence(action.price_gbp), action_name(action, number)
    illustrative = action.illustrative and price > 0
    line = CostLine(
        "operator",
        name,
        action_in_words(site.sectors, action),
        1.0,
        "each",
        in_gbp(price),
        in_gbp(price),
        0.0,
        0.0,
        0.0,
        in_gbp(price),
        illustrative,
        "the scenario",
    )
    figures: dict[tuple[str, str, int | None], bool] = {}
    if price:
        figures[f"operator_actions {number}", "price_gbp", None] = illustrative
    return Bill(line, price, 0, 0, Decimal(1), 0, figures)


def _source(model: Model) -> str:
    """Where the catalogue's prices of a model come from, with their date."""
    if model.price_date is None:
        return model.price_source or "no source given"
    return f"{model.price_source or 'no source given'} ({model.price_date.isoformat()})"


def present_pence(bills: list[Bill], scenario: Scenario) -> int:
    """Capex now, opex at the end of each year, refreshes at the end of each life, discounted. [pence]"""
    opex = sum(bill.opex for bill in bills)
    refresh: Counter[tuple[Decimal, int]] = Counter()
    for bill in bills:
        refresh[bill.life_years, bill.refreshes] += bill.one_refresh
    with localcontext() as context:
        context.prec = _DIGITS
        growth = 1 + exact(scenario.discount_rate)
        present = Decimal(sum(bill.capex for bill in bills))
        present += sum((opex * growth**-year for year in range(1, scenario.horizon_years + 1)), Decimal(0))
        for (life_years, times), once in sorted(refresh.items()):
            present += sum((once * growth ** (-life_years * turn) for turn in range(1, times + 1)), Decimal(0))
        return int(present.to_integral_value(ROUND_HALF_UP))
