"""What would change the answer as sentences, tables and CSV."""

from __future__ import annotations

import csv
import io
import math

from quietwing.coverage.answer_parts import Change
from quietwing.coverage.answers import WhatIfAnswer
from quietwing.coverage.decibel import floored
from quietwing.coverage.report.words import safe_cell
from quietwing.coverage.results import WhatIf, WhatIfRow

__all__ = [
    "ADVICE",
    "shown_rows",
    "whatif_csv",
    "whatif_header",
    "whatif_headline",
    "whatif_object",
    "whatif_rows",
]

ADVICE = (
    "One thing is changed a row, everything else and the simulations are the same. Rules are those of the other "
    "grade; what is left out shows what binds and is nothing to buy."
)
BEST = 3  # changes that the headline names
LEAST_MEAN = 0.1  # of a cell, in the mean over worlds, that counts as coming nearer; assumed
NO_MARGIN = "nothing radiates"


def whatif_headline(found: WhatIf) -> tuple[str, ...]:
    """The layout as it is, the changes that gain most cells at the grade asked for, and those that come nearest.

    Parameters
    ----------
    found : WhatIf

    Returns
    -------
    tuple of str
    """
    if not found.rooms:
        return ("The site has no room to be blocked.",)
    counts = ", ".join(f"{found.unchanged.cells[name]} at {name} grade" for name in found.grades)
    first = f"Of {found.rooms} rooms this layout blocks {counts}."
    asked = found.grades[0]
    best = [row for row in found.rows if row.gained[asked] > 0][:BEST]
    gains = "; ".join(f"{row.name}: {_signed(row.gained[asked])}{_at_price(row)}" for row in best)
    second = f"Most rooms at {asked} grade by one change: {gains}."
    if not best:
        second = f"No single change gains a room at {asked} grade."
    if len(best) == BEST:
        return first, second
    now = found.unchanged.mean_cells[asked]
    nearest = [row for row in found.rows if row.gained[asked] <= 0 and row.mean_cells[asked] >= now + LEAST_MEAN]
    nearest.sort(key=lambda row: -row.mean_cells[asked])
    if not nearest:
        return first, second
    means = "; ".join(
        f"{row.name}: {row.mean_cells[asked]:.1f}{_at_price(row)}" for row in nearest[: BEST - len(best)]
    )
    return first, second, f"Rooms blocked in a simulation, on average {now:.1f} now, come nearest with {means}."


def whatif_header(found: WhatIf, *, in_full: bool = True) -> list[str]:
    """Titles of the columns of `whatif_rows`."""
    grades = [f"rooms blocked, {name}" for name in found.grades]
    means = [f"mean of all simulations, {name}" for name in found.grades] if in_full else []
    spill = [f"spill margin, {name}" for name in found.grades]
    return ["change", *(["what is changed"] if in_full else []), *grades, *means, *spill, "cost"]


def shown_rows(found: WhatIf, most: int | None = None) -> tuple[WhatIfRow, ...]:
    """The layout as it is, then the changes, of which at most so many."""
    return found.unchanged, *found.rows[:most]


def whatif_rows(found: WhatIf, most: int | None = None, *, in_full: bool = True) -> list[list[str]]:
    """Every row in words: cells with what is gained, margins with pass or FAIL, cost.

    Parameters
    ----------
    found : WhatIf
    most : int, optional
        Changes to show, those that gain most cells first; all without it.
    in_full : bool
        Whether each row says what is changed too, not only what the change is called.

    Returns
    -------
    list of list of str
    """
    return [
        [
            row.name,
            *([row.changed] if in_full else []),
            *(_cells(row, name) for name in found.grades),
            *([f"{row.mean_cells[name]:.1f}" for name in found.grades] if in_full else []),
            *(_margin(*row.spill[name]) for name in found.grades),
            _cost(row),
        ]
        for row in shown_rows(found, most)
    ]


def whatif_csv(found: WhatIf) -> str:
    """Every row as CSV text: numbers in columns of their own, an empty cost where nobody has given a price."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    header = ["change", "kind", "what_is_changed"]
    for name in found.grades:
        header += [f"{key}_{name}" for key in ("cells", "gained", "mean_cells", "spill_margin_db", "spill_passed")]
    out.writerow([*header, "cost_gbp", "note"])
    for row in shown_rows(found):
        cells: list[str] = [safe_cell(row.name), row.kind, safe_cell(row.changed)]
        for name in found.grades:
            margin_db, passed = row.spill[name]
            cells += [str(row.cells[name]), str(row.gained[name]), f"{row.mean_cells[name]:.2f}"]
            cells += [_number(margin_db), str(passed).lower()]
        out.writerow([*cells, "" if row.cost_gbp is None else f"{row.cost_gbp:.2f}", safe_cell(row.note)])
    return text.getvalue()


def whatif_object(found: WhatIf, most: int | None = None) -> WhatIfAnswer:
    """Everything as plain values for ``--json``: margins in dB or null where nothing is on the air or known."""

    def plain(row: WhatIfRow) -> Change:
        return {
            "name": row.name,
            "kind": row.kind,
            "changed": row.changed,
            "cells": row.cells,
            "gained": row.gained,
            "mean_cells": row.mean_cells,
            "spill": {
                name: {"margin_db": margin_db if math.isfinite(margin_db) else None, "passed": passed}
                for name, (margin_db, passed) in row.spill.items()
            },
            "cost_gbp": row.cost_gbp,
            "note": row.note,
        }

    return {
        "site": found.site.name,
        "scenario_id": found.scenario_id,
        "as_of": found.site.as_of.isoformat(),
        "grades": list(found.grades),
        "rooms": {"silence": found.rooms},
        "unchanged": plain(found.unchanged),
        "changes": [plain(row) for row in found.rows[:most]],
        "seed": found.scenario.seed,
    }


def _cells(row: WhatIfRow, grade: str) -> str:
    gained = "" if row.kind == "unchanged" else f" ({_signed(row.gained[grade])})"
    return f"{row.cells[grade]}{gained}"


def _signed(count: int) -> str:
    return f"{count:+d}" if count else "±0"


def _margin(margin_db: float, passed: bool) -> str:
    """``3.1 dB, pass``."""
    said = "pass" if passed else "FAIL"
    if not math.isfinite(margin_db):
        return f"{NO_MARGIN if margin_db > 0 else 'not known'}, {said}"
    return f"{floored(margin_db):g} dB, {said}"


def _cost(row: WhatIfRow) -> str:
    """The price and what to know of it, or what the note says instead."""
    if row.cost_gbp is None:
        return row.note
    return f"£{row.cost_gbp:,.0f}" + (f" ({row.note})" if row.note else "")


def _at_price(row: WhatIfRow) -> str:
    return "" if row.cost_gbp is None else f" for £{row.cost_gbp:,.0f}"


def _number(value: float) -> str:
    return f"{value:g}" if math.isfinite(value) else ""
