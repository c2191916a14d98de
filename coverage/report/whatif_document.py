"""What would change the answer as files: a page and table of its own, or a part of a verdict's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import quietwing
from quietwing.coverage.report.publishing import page
from quietwing.coverage.report.whatif_tables import (
    ADVICE,
    whatif_csv,
    whatif_header,
    whatif_headline,
    whatif_rows,
)
from quietwing.coverage.result_folder import SUMMARY
from quietwing.coverage.results import WhatIf

__all__ = ["WHATIF_FILES", "make_whatif_files", "make_whatif_table", "whatif_values"]

TABLE = "whatif.csv"
WHATIF_FILES = (TABLE,)


def make_whatif_files(found: WhatIf, workshop: Path) -> list[str]:
    """Make the page and the table in a folder; their names, the page first."""
    text = page(
        "whatif.html", found=found, site=found.site, whatif=whatif_values(found), version=quietwing.__version__
    )
    (workshop / SUMMARY).write_text(text, encoding="utf-8", newline="\n")
    return [SUMMARY, make_whatif_table(found, workshop)]


def make_whatif_table(found: WhatIf, workshop: Path) -> str:
    """Make the table alone; its name."""
    (workshop / TABLE).write_text(whatif_csv(found), encoding="utf-8", newline="\n")
    return TABLE


def whatif_values(found: WhatIf) -> dict[str, Any]:
    """What ``whatif-table.html`` is filled with."""
    return {
        "headline": whatif_headline(found),
        "advice": ADVICE,
        "header": whatif_header(found),
        "rows": whatif_rows(found),
        "table": TABLE,
    }
