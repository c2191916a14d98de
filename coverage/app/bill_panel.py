"""The bill of materials on the screen: what is bought, at prices that can be changed, and what a cell costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import streamlit as st

from quietwing.coverage.app.blockers_state import effective_treatments, go_back, go_forth
from quietwing.coverage.app.button_actions import clicked, edited_rows, show_problems_of
from quietwing.coverage.app.prices import prices_of, with_price
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import Layout, change_layout, change_prices, session
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import Cost, CostLine
from quietwing.coverage.report import bill_csv, name_on_bill, pounds
from quietwing.coverage.study import price
from quietwing.sites import QuietwingError, fingerprint

__all__ = ["bill_part", "cost_here", "gbp_per_cell"]

UNIT, PLACEHOLDER = "Each [£]", "Placeholder"
POUNDS = ("Equipment [£]", "Head end [£]", "Installed [£]", "Together [£]", "A year [£]", "Difference [£]")
# What of a catalogue's row a line's unit price is; an operator's action is priced by the scenario.
COLUMN_OF = {"device": "unit_price_gbp", "head_end": "unit_price_gbp", "treatment": "unit_price_gbp"}


def cost_here(layout: Layout) -> Cost | None:
    """What a layout of this site costs at the session's prices; None, and why, where it cannot be priced."""
    own = session()
    try:
        return price(own.site, own.scenario, layout.devices, effective_treatments(layout), own.catalogue)
    except QuietwingError as error:
        show_problems(error, "There is a problem with the price")
        return None


def gbp_per_cell(spent: Cost, blocked: int | None) -> str:
    """What a blocked room costs to buy and install, in words."""
    if blocked is None:
        return "not assessed"
    return pounds(spent.capex_gbp / blocked) if blocked else "none blocked"


def bill_part(where: str, spent: Cost, blocked: int | None, present: Cost | None = None) -> None:
    """Draw the bill of a layout with its totals.

    Parameters
    ----------
    where : str
        Names the place on the pages.
    spent : Cost
        At the session's prices.
    blocked : int or None
        Rooms it blocks at the grade asked for; None: not assessed.
    present : Cost, optional
        Of the layout it is compared with.
    """
    own = session()
    _totals(where, spent, blocked, present)
    rows = [_row(line) for line in spent.lines]
    if present is not None:
        now = {_what(line): line for line in spent.lines}
        then = {_what(line): line for line in present.lines}
        rows = [_row(line) | _against(line, then.get(_what(line))) for line in spent.lines]
        rows += [_gone(line) for what, line in then.items() if what not in now]
    # Prices that differ make a table of their own: what was typed into the old one is in them.
    key = f"{where} bill {fingerprint(prices_of(own.catalogue), rows)[:12]}"
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        height="content",
        disabled=[name for name in rows[0] if name not in (UNIT, PLACEHOLDER)] if rows else True,
        column_config={
            "What": st.column_config.TextColumn("What", width="medium"),
            **{
                name: st.column_config.NumberColumn(name, step=0.01, format="localized")
                for name in POUNDS
            },
            UNIT: st.column_config.NumberColumn(UNIT, min_value=0.0, step=0.01, format="localized"),
            PLACEHOLDER: st.column_config.CheckboxColumn(
                PLACEHOLDER, help="Take the tick away once price, installation and running costs are quotes."
            ),
        },
        on_change=clicked,
        args=(f"{where} bill", _take, key, rows, spent, present),
        alt="Bill of materials: what, how many, price, head end, installation, running costs",
    )  # fmt: skip
    show_problems_of(f"{where} bill")
    st.markdown(
        literal(
            f"Together {pounds(spent.capex_gbp)} bought and installed, {pounds(spent.opex_gbp_per_year)} a year "
            f"to run, {pounds(spent.whole_life_gbp)} over its whole life."
        )
    )
    back, forth, away = st.columns([1, 1, 2], gap="small")
    back.button("Undo", key=f"{where} undo", on_click=go_back, disabled=not own.past, width="stretch")
    forth.button("Redo", key=f"{where} redo", on_click=go_forth, disabled=not own.future, width="stretch")
    away.download_button(
        "bill_of_materials.csv", lambda: bill_csv(spent), "bill_of_materials.csv", "text/csv",
        key=f"{where} csv", on_click="ignore", width="stretch",
    )  # fmt: skip
    st.caption(
        "Prices in the column Each are the project's catalogue: a change holds for every layout, and Undo takes it "
        "back. Installation includes the live-prison multiplier; what is there already costs nothing now."
    )


def _totals(where: str, spent: Cost, blocked: int | None, present: Cost | None) -> None:
    shown = [
        ("To buy and install", pounds(spent.capex_gbp), None),
        ("of it head ends", pounds(spent.head_ends_gbp), None),
        ("of it installation", pounds(spent.installed_gbp), None),
        ("To run, a year", pounds(spent.opex_gbp_per_year), None),
        ("Whole life", pounds(spent.whole_life_gbp), None),
        ("A blocked room", gbp_per_cell(spent, blocked), None),
    ]
    if present is not None:
        shown.append(("Against the present layout", _signed(spent.capex_gbp - present.capex_gbp), None))
    with st.container(key=f"quietwing-numbers-{where}-bill"):
        for column, (label, number, words) in zip(st.columns(len(shown), gap="small"), shown, strict=True):
            column.metric(label, number, help=words)
    guesses, figures = spent.illustrative
    if guesses:
        st.caption(
            f"{'All' if guesses == figures else f'{guesses} of {figures}'} prices are placeholders; enter quotes."
        )


def _signed(gbp: float) -> str:
    return f"{'+' if gbp >= 0 else '−'}{pounds(abs(gbp))}"


def _row(line: CostLine) -> dict[str, Any]:
    metres = line.unit == "m"
    head = line.kind == "head_end"
    return {
        "What": f"{name_on_bill(line)}{' (there already)' if line.standing else ''}",
        "Number": f"{math.ceil(line.quantity - 1e-6):,} m" if metres else f"{line.quantity:,.0f}",
        UNIT: line.unit_price_gbp,
        "Equipment [£]": 0.0 if head else line.price_gbp,
        "Head end [£]": line.price_gbp if head else 0.0,
        "Installed [£]": line.install_gbp,
        "Together [£]": line.price_gbp + line.install_gbp,
        "A year [£]": line.opex_gbp_per_year,
        PLACEHOLDER: line.illustrative,
    }


def _what(line: CostLine) -> tuple[object, ...]:
    """What makes lines of two bills the same."""
    return line.kind, line.model, line.standing, line.radiating, line.unit_price_gbp if line.quoted else None


def _against(line: CostLine, then: CostLine | None) -> dict[str, float]:
    before_gbp = 0.0 if then is None else then.price_gbp + then.install_gbp
    return {"Difference [£]": line.price_gbp + line.install_gbp - before_gbp}


def _gone(line: CostLine) -> dict[str, Any]:
    """A line of the present layout that the other has not."""
    row = _row(line)
    none = row | {"Number": f"0 (now {row['Number']})"}
    none |= dict.fromkeys(POUNDS[:-1], 0.0)
    return none | {"Difference [£]": -(line.price_gbp + line.install_gbp)}


def _take(key: str, rows: list[dict[str, Any]], spent: Cost, present: Cost | None) -> None:
    """Take what was typed into the table: a price of the catalogue, or of devices that have their own."""
    own = session()
    now = {_what(line) for line in spent.lines}
    lines = [*spent.lines, *(() if present is None else (each for each in present.lines if _what(each) not in now))]
    catalogue, layout = dict(own.catalogue), own.layout
    for line, row, edited in zip(lines, rows, edited_rows(rows, key), strict=True):
        if edited[UNIT] != row[UNIT]:
            if line.quoted:
                layout = _quoted_anew(layout, line, edited[UNIT])
            else:
                catalogue = with_price(catalogue, line.model, _column(line), edited[UNIT])
        if edited[PLACEHOLDER] != row[PLACEHOLDER]:
            _column(line)  # an action has no row in the catalogue
            catalogue = with_price(catalogue, line.model, "illustrative", bool(edited[PLACEHOLDER]))
    if layout != own.layout:
        change_layout(layout)
    change_prices(catalogue)


def _quoted_anew(layout: Layout, line: CostLine, value: object) -> Layout:
    """The layout with another price of its own for the devices of a line."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ScenarioError(f"{literal(line.model)}: the price is {value!r} (expected pounds); correct it")
    devices = tuple(
        replace(one, unit_price_gbp=float(value))
        if one.model == line.model and one.unit_price_gbp == line.unit_price_gbp
        else one
        for one in layout.devices
    )
    return replace(layout, devices=devices)


def _column(line: CostLine) -> str:
    if line.kind == "cable":
        return "radiating_gbp_per_m" if line.radiating else "cable_gbp_per_m"
    if line.kind not in COLUMN_OF:
        raise ScenarioError(f"{literal(line.model)} is priced by the scenario, not by the catalogue; change it there")
    return COLUMN_OF[line.kind]
