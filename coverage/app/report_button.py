"""The report of a result from its page: summary, pictures and tables as ``--out`` writes them in a zip, or as PDF."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from quietwing import sites
from quietwing.coverage import planning, report, study
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.memory import give_back
from quietwing.coverage.app.state import current_verdict, session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamlit.delta_generator import DeltaGenerator

    from quietwing.coverage.equipment import Model
    from quietwing.coverage.planning import PlanResult
    from quietwing.coverage.results import Verdict, WhatIf

__all__ = ["plan_report", "report_pdf", "report_zip", "verdict_report"]

FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: equal results give equal bytes
LABEL, PDF_LABEL = "Download report", "Report as PDF"
HELP = (
    "A zip: unpack it and open summary.html in a browser, or print it. Numbers at both grades, maps of every storey, "
    "limits, notes and tables. Drawing takes up to half a minute a houseblock."
)
PDF_HELP = "The words, maps and tables of summary.html on sheets of A4, in one file. Drawing takes as long."


def verdict_report(place: DeltaGenerator, key: str) -> None:
    """The report of the current layout, or the way to one where it has not been judged."""
    own, verdict = session(), current_verdict()
    if verdict is None:
        job = own.jobs.get("verdict")
        running = job is not None and job.running()
        place.button(
            LABEL,
            key=f"{key} judge",
            width="stretch",
            disabled=running,
            help="The report is drawn from a full assessment, which this layout has not had in this session: the "
            "click starts it, and the report can then be downloaded here.",
            on_click=clicked,
            args=(key, start_verdict),
        )
    else:
        whatif = own.whatif if own.whatif_of == own.layout else None
        _download(place, key, verdict, whatif)
    with place:
        show_problems_of(key)


def plan_report(place: DeltaGenerator, key: str, result: PlanResult) -> None:
    """The report of a plan."""
    _download(place, key, result, None)


def report_zip(
    result: Verdict | PlanResult, folder: Path, catalogue: Mapping[str, Model], whatif: WhatIf | None = None
) -> bytes:
    """``summary.html`` with its pictures and tables.

    Parameters
    ----------
    result : Verdict or PlanResult
    folder : Path
        The session's own; nothing is left in it.
    catalogue : mapping of str to Model
        The one the layout was judged with.
    whatif : WhatIf, optional
        A part of a verdict's page.

    Returns
    -------
    bytes
        A zip; equal results give equal bytes.
    """
    packed = io.BytesIO()
    with sites.workshop_in(folder) as workshop, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(_made(result, workshop, catalogue, whatif)):
            out.writestr(zipfile.ZipInfo(name, FIRST_DAY), (workshop / name).read_bytes(), zipfile.ZIP_DEFLATED)
    give_back()
    return packed.getvalue()


def report_pdf(
    result: Verdict | PlanResult, folder: Path, catalogue: Mapping[str, Model], whatif: WhatIf | None = None
) -> bytes:
    """The page of `report_zip` as PDF; parameters as there."""
    with sites.workshop_in(folder) as workshop:
        _made(result, workshop, catalogue, whatif)
        content = report.page_pdf(workshop)
    give_back()
    return content


def _made(
    result: Verdict | PlanResult, workshop: Path, catalogue: Mapping[str, Model], whatif: WhatIf | None
) -> list[str]:
    if not isinstance(result, planning.PlanResult):
        result = study.with_budgets(result, catalogue, None, study.HOLES_ON_PAGE)
    return report.make_files(result, workshop, whatif=whatif)


def _download(place: DeltaGenerator, key: str, result: Verdict | PlanResult, whatif: WhatIf | None) -> None:
    own = session()
    left, right = place.columns(2, gap="small")
    right.download_button(
        PDF_LABEL,
        lambda: report_pdf(result, own.folder, own.catalogue, whatif),
        "report.pdf",
        "application/pdf",
        key=f"{key} pdf",
        width="stretch",
        on_click="ignore",
        help=PDF_HELP,
    )
    left.download_button(
        LABEL,
        lambda: report_zip(result, own.folder, own.catalogue, whatif),
        "report.zip",
        "application/zip",
        key=key,
        width="stretch",
        on_click="ignore",
        help=HELP,
    )
