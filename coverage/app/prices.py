"""Prices of the catalogue as a planner changes them: what a layout costs follows at once, what it blocks stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.sites import keys_of, shown

__all__ = ["PRICED", "alike_but_for_prices", "prices_of", "with_price"]

# Columns of a catalogue that say what something costs, and no more.
PRICED = ("unit_price_gbp", "install_gbp", "cable_gbp_per_m", "radiating_gbp_per_m", "opex_gbp_per_year")
SAID = (*PRICED, "illustrative", "price_source", "price_date")


def prices_of(catalogue: Mapping[str, Model]) -> tuple[tuple[object, ...], ...]:
    """All that says what the models cost: equal where no price differs."""
    return tuple((name, *(getattr(model, column) for column in SAID)) for name, model in catalogue.items())


def alike_but_for_prices(one: Mapping[str, Model], other: Mapping[str, Model]) -> bool:
    """Whether two catalogues hold the same equipment, whatever it costs: estimates and verdicts are then the same."""
    if one is other:
        return True
    if list(one) != list(other):
        return False
    return all(
        mine == theirs or mine == _priced_as(theirs, mine)
        for mine, theirs in zip(one.values(), other.values(), strict=True)
    )


def _priced_as(model: Model, other: Model) -> Model:
    prices: dict[str, Any] = {column: getattr(other, column) for column in SAID}
    return replace(model, **prices)


def with_price(catalogue: Mapping[str, Model], name: str, column: str, value: object) -> dict[str, Model]:
    """The catalogue with one figure of one model changed.

    Parameters
    ----------
    catalogue : mapping of str to Model
    name : str
    column : str
        One of `PRICED`, or ``illustrative``.
    value : object
        [£], [£/m] or [£/year]; whether the model's figures are placeholders.

    Returns
    -------
    dict of str to Model

    Raises
    ------
    ScenarioError
        If it cannot be a price.
    """
    if isinstance(value, bool) != (column == "illustrative") or not isinstance(value, (bool, int, float)):
        raise ScenarioError(f"{name}: the price is {shown(value)} (expected pounds); correct it")
    changed: dict[str, Any] = {column: value}
    try:
        return {**catalogue, name: replace(catalogue[name], **changed)}
    except ScenarioError:
        expected = keys_of(Model)[column].expected
        raise ScenarioError(f"{name}: the price is {shown(value)} (expected {expected}); correct it") from None
