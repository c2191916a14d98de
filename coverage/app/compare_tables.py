"""Layouts compared as rows of numbers: for the page, as CSV, and as a workbook for procurement."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter import Workbook

from quietwing.coverage.equipment import Model
from quietwing.coverage.planning import Cost, cost
from quietwing.coverage.report import csv_text, grade_numbers, pounds, safe_cell, state_of_rooms, verdict_object
from quietwing.coverage.results import Verdict
from quietwing.coverage.rules import GRADES

__all__ = ["Compared", "bill_rows", "compared", "comparison_csv", "comparison_rows", "comparison_xlsx", "shown_rows"]

ROWS = (
    ("rooms to be blocked", ""),
    ("grade asked for", ""),
    ("rules", ""),
    ("sectors that are measured", ""),
    *(
        (f"{what} at {grade} grade", unit)
        for grade in GRADES
        for what, unit in (
            ("blocked by the layout", ""),
            ("no signal even without blockers", ""),
            ("not blocked (a phone may work)", ""),
            ("not known (count as not blocked)", ""),
            ("rooms blocked at the same time (95 % of simulations)", ""),
            ("limits outside kept", ""),
            ("headroom to limit", "dB"),
        )
    ),
    ("devices switched on", ""),
    ("windows treated", ""),
    ("bought and installed", "£"),
    ("to run, a year", "£"),
    ("whole life", "£"),
    ("prices that are placeholders", ""),
)
SHEET_LETTERS = 31  # of a sheet's name in a workbook
_FIRST_DAY = dt.datetime(1980, 1, 1)  # equal layouts give equal bytes


@dataclass(frozen=True)
class Compared:
    """One layout of the comparison with its verdict and price."""

    name: str
    verdict: Verdict
    cost: Cost


def compared(name: str, verdict: Verdict, catalogue: Mapping[str, Model]) -> Compared:
    """A layout's verdict with what it costs.

    Raises
    ------
    ScenarioError
        If it cannot be priced.
    """
    return Compared(
        name, verdict, cost(verdict.site, verdict.devices, verdict.treatments, catalogue, verdict.scenario)
    )


def comparison_rows(layouts: Sequence[Compared]) -> list[tuple[str, str, list[Any]]]:
    """What is compared, its unit, and the value of each layout; None where it is not known.

    The counts are those of `verdict_object`, so that page, command line and summary say the same.
    """
    columns = []
    for one in layouts:
        said = verdict_object(one.verdict)
        columns.append(
            [
                said["rooms"]["silence"],
                said["grade"],
                f"{said['rules']['name']} ({said['rules']['fingerprint']})",
                f"{said['measured']['measured']} of {said['measured']['sectors']}",
                *(value for grade in GRADES for value in _at_grade(said["grades"][grade])),
                sum(device.state != "off" for device in one.verdict.devices),
                len(one.verdict.treatments),
                one.cost.capex_gbp,
                one.cost.opex_gbp_per_year,
                one.cost.whole_life_gbp,
                f"{one.cost.illustrative[0]} of {one.cost.illustrative[1]}",
            ]
        )
    return [(name, unit, [column[row] for column in columns]) for row, (name, unit) in enumerate(ROWS)]


def _at_grade(said: Mapping[str, Any]) -> list[Any]:
    """What is compared of one grade."""
    rooms, spill = said["rooms"], said["spill"]
    return [
        rooms["silent"],
        rooms["quiet_anyway"],
        rooms["holes"],
        rooms["unknown"],
        said["together_95"],
        "not known" if spill is None else ("yes" if spill["passed"] else "NO"),
        None if spill is None else spill["worst_margin_db"],
    ]


def shown_rows(layouts: Sequence[Compared], *, off: str = "", differences: bool = False) -> list[dict[str, str]]:
    """The comparison for a page: one row a quantity, one column a layout, every value with its unit.

    Parameters
    ----------
    layouts : sequence of Compared
    off : str
        Name of a column for no blockers at all, in the same worlds as the first layout; empty: none.
    differences : bool
        Whether each layout after the first has a column with its difference to the first.

    Returns
    -------
    list of dict
    """
    labels, without = _labels(layouts), _without(layouts[0]) if off else {}
    found = []
    for name, unit, values in comparison_rows(layouts):
        row = {"": name} | ({off: _shown(without[name], unit) if name in without else "none"} if off else {})
        for number, (label, value) in enumerate(zip(labels, values, strict=True)):
            row[label] = _shown(value, unit)
            if differences and number:
                row[f"{label} − {labels[0]}"] = _difference(value, values[0], unit)
        found.append(row)
    return found


def _without(one: Compared) -> dict[str, Any]:
    """The same quantities with every blocker, treatment and operator action taken away, judged in the same worlds."""
    said = verdict_object(one.verdict)
    found: dict[str, Any] = {
        "rooms to be blocked": said["rooms"]["silence"],
        "grade asked for": said["grade"],
        "rules": f"{said['rules']['name']} ({said['rules']['fingerprint']})",
        "sectors that are measured": f"{said['measured']['measured']} of {said['measured']['sectors']}",
        "devices switched on": 0,
        "windows treated": 0,
        **dict.fromkeys(("bought and installed", "to run, a year", "whole life"), 0.0),
    }
    for at in one.verdict.grades:
        silence = at.by_room["role"].values == "silence"
        quiet = int((silence & at.by_room["quiet_anyway"].values).sum())
        name = f"at {at.grade.name} grade"
        found |= {
            f"blocked by the layout {name}": 0,
            f"no signal even without blockers {name}": quiet,
            f"not blocked (a phone may work) {name}": int(silence.sum()) - quiet,
            f"not known (count as not blocked) {name}": 0,
            f"rooms blocked at the same time (95 % of simulations) {name}": 0,
            f"limits outside kept {name}": "yes",
            f"headroom to limit {name}": None,
        }
    return found


def _difference(value: Any, first: Any, unit: str) -> str:
    if not (isinstance(value, int | float) and isinstance(first, int | float)):
        return "" if value == first else "differs"
    change = value - first
    sign = "+" if change > 0 else "−" if change < 0 else ""
    amount = pounds(abs(change)) if unit == "£" else f"{abs(change):g}{f' {unit}' if unit else ''}"
    return f"{sign}{amount}" if change else "0"


def comparison_csv(layouts: Sequence[Compared]) -> str:
    """The comparison as CSV: numbers plain, units in a column of their own, no cell a spreadsheet would run."""
    rows = [[name, unit, *(_plain(value) for value in values)] for name, unit, values in comparison_rows(layouts)]
    return csv_text(["what", "unit", *(safe_cell(label) for label in _labels(layouts))], rows)


def bill_rows(one: Compared) -> list[dict[str, Any]]:
    """The bill of materials of a layout, numbers as numbers."""
    return [
        {
            "kind": line.kind,
            "model": line.model,
            "what it is": line.description,
            "number": line.quantity,
            "unit": line.unit,
            "unit price [£]": line.unit_price_gbp,
            "bought and installed [£]": line.price_gbp + line.install_gbp,
            "to run, a year [£]": line.opex_gbp_per_year,
            "whole life [£]": line.whole_life_gbp,
            "illustrative": "yes" if line.illustrative else "no",
            "source of the price": line.price_source,
        }
        for line in one.cost.lines
    ]


def comparison_xlsx(layouts: Sequence[Compared]) -> bytes:
    """A workbook: the comparison, the cells by state, and a bill for each layout; no text becomes a formula or link.

    Parameters
    ----------
    layouts : sequence of Compared
        At least one.

    Returns
    -------
    bytes
    """
    packed = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = Workbook(packed, options)
    site = layouts[0].verdict.site
    book.set_properties({"title": f"{site.name}: layouts compared", "comments": site.marking, "created": _FIRST_DAY})
    bold, money, plain = (
        book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        book.add_format({"num_format": "#,##0.00"}),
        book.add_format({}),
    )
    labels = _labels(layouts)
    sheet = book.add_worksheet("Comparison")
    _head(sheet, site.marking, site.name, site.as_of, bold)
    sheet.write_row(3, 0, ["What", "Unit", *labels], bold)
    for row, (name, unit, values) in enumerate(comparison_rows(layouts), 4):
        sheet.write_row(row, 0, [name, unit])
        for column, value in enumerate(values, 2):
            _write(sheet, row, column, value, money if unit == "£" else plain)
    sheet.set_column(0, 0, 40)
    sheet.set_column(2, 1 + len(layouts), 22)
    sheet.freeze_panes(4, 2)
    _cells_sheet(book.add_worksheet("Cells"), layouts, labels, bold)
    for number, one in enumerate(layouts, 1):
        sheet = book.add_worksheet(f"Bill {number}"[:SHEET_LETTERS])
        _head(sheet, site.marking, labels[number - 1], site.as_of, bold)
        rows = bill_rows(one)
        if rows:
            sheet.write_row(3, 0, list(rows[0]), bold)
        for row, line in enumerate(rows, 4):
            for column, (name, value) in enumerate(line.items()):
                _write(sheet, row, column, value, money if "£" in name else plain)
        sheet.set_column(0, 10, 18)
    book.close()
    return packed.getvalue()


def _cells_sheet(sheet: Any, layouts: Sequence[Compared], labels: Sequence[str], bold: Any) -> None:
    """Every room with its state in each layout at each grade; rooms of other sites have none."""
    states, heads = [], []
    for one, label in zip(layouts, labels, strict=True):
        names = one.verdict.by_room["room"].values.tolist()
        for number in grade_numbers(one.verdict):
            states.append(dict(zip(names, state_of_rooms(one.verdict, number), strict=True)))
            heads.append(f"{label}, {one.verdict.grades[number].grade.name} grade")
    rooms = dict.fromkeys(room for own in states for room in own)
    sheet.write_row(0, 0, ["Cell or space", *heads], bold)
    for row, room in enumerate(rooms, 1):
        sheet.write_string(row, 0, str(room))
        for column, own in enumerate(states, 1):
            sheet.write_string(row, column, own.get(room, ""))
    sheet.set_column(0, len(states), 22)
    sheet.freeze_panes(1, 1)


def _head(sheet: Any, marking: str, name: str, as_of: dt.date, bold: Any) -> None:
    sheet.write_string(0, 0, marking, bold)
    sheet.write_string(1, 0, name, bold)
    sheet.write_string(2, 0, f"Simulation only. Input data as of {as_of.isoformat()}. Prices exclude VAT.")


def _write(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value, form)
    elif value is not None:
        sheet.write_string(row, column, str(value))


def _labels(layouts: Sequence[Compared]) -> list[str]:
    """Names of the layouts, each different from the others."""
    found: list[str] = []
    for one in layouts:
        label, number = one.name, 2
        while label in found or not label:
            label, number = f"{one.name} ({number})", number + 1
        found.append(label)
    return found


def _shown(value: Any, unit: str) -> str:
    if value is None:
        return "none: nothing radiates" if unit == "dB" else "not known"
    if unit == "£":
        return pounds(value)
    return f"{value:g} {unit}" if unit else str(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) and abs(value) >= 100 else str(value)
