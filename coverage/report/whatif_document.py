"""What would change the answer as a folder: ``summary.html`` and ``whatif.csv``."""

from __future__ import annotations

from pathlib import Path

import quietwing
from quietwing.coverage.report.publishing import page
from quietwing.coverage.report.whatif_tables import (
    ADVICE,
    whatif_csv,
    whatif_header,
    whatif_headline,
    whatif_rows,
)
from quietwing.coverage.result_folder import SUMMARY, put, workshop_near
from quietwing.coverage.results import WhatIf

__all__ = ["WHATIF_FILES", "write_whatif"]

TABLE = "whatif.csv"
WHATIF_FILES = (TABLE,)


def write_whatif(found: WhatIf, folder: Path) -> tuple[Path, ...]:
    """Write the table and a page of it, with a manifest of both.

    Parameters
    ----------
    found : WhatIf
    folder : Path
        Made if missing. Of an existing one only files of an earlier result, unchanged since, are replaced or removed.

    Returns
    -------
    tuple of Path
        The files written, ``summary.html`` first and ``manifest.json`` last.

    Raises
    ------
    QuietwingError
        If something in the folder is in the way of the result; then nothing in it has been touched.
    OSError
        If the folder cannot be written.
    """
    with workshop_near(folder) as made:
        text = page(
            "whatif.html",
            found=found,
            site=found.site,
            headline=whatif_headline(found),
            advice=ADVICE,
            header=whatif_header(found),
            rows=whatif_rows(found),
            version=quietwing.__version__,
        )
        (made / SUMMARY).write_text(text, encoding="utf-8", newline="\n")
        (made / TABLE).write_text(whatif_csv(found), encoding="utf-8", newline="\n")
        manifest = put(made, folder)
    return folder / SUMMARY, folder / TABLE, manifest
