"""The report of a result as files: a zip as ``--out`` writes it, and a PDF; drawn once, in the process of a job."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quietwing import sites
from quietwing.coverage import planning, report, study
from quietwing.coverage.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietwing.coverage.equipment import Model
    from quietwing.coverage.planning import PlanResult
    from quietwing.coverage.results import Verdict, WhatIf

__all__ = ["MadeReport", "ReportContent", "keep_report", "report_content", "write_report"]

FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: equal results give equal bytes
ZIP, PDF = "report.zip", "report.pdf"
# Shares of the work, for the progress that is shown.
CELLS, DRAWN, PACKED = 0.3, 0.8, 0.85


@dataclass(frozen=True)
class ReportContent:
    """``summary.html`` with its pictures and tables as a zip, and its page as PDF."""

    zip: bytes
    pdf: bytes


@dataclass(frozen=True)
class MadeReport:
    """A report that lies in the session's folder.

    Attributes
    ----------
    about : tuple of object
        What it was made of: the very objects, and words that name the prices.
    folder : Path
    """

    about: tuple[object, ...]
    folder: Path

    def is_of(self, about: tuple[object, ...]) -> bool:
        """Whether it was made of these."""
        if len(self.about) != len(about) or not (self.folder / PDF).is_file():
            return False
        pairs = zip(self.about, about, strict=True)
        return all(one is other or (isinstance(one, str) and one == other) for one, other in pairs)

    def read(self, name: str) -> bytes:
        """``report.zip`` or ``report.pdf``."""
        return (self.folder / name).read_bytes()


def report_content(
    result: Verdict | PlanResult,
    folder: Path,
    catalogue: Mapping[str, Model],
    whatif: WhatIf | None = None,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> ReportContent:
    """The report of a result.

    Parameters
    ----------
    result : Verdict or PlanResult
    folder : Path
        Nothing is left in it.
    catalogue : mapping of str to Model
        The one the layout was judged with.
    whatif : WhatIf, optional
        A part of a verdict's page.
    progress : callable, optional
        Called with what is being done and the share done, 0 to 1.

    Returns
    -------
    ReportContent
        Equal results give equal bytes.
    """
    progress("what the worst rooms would need", 0.0)
    if not isinstance(result, planning.PlanResult):
        result = study.with_budgets(result, catalogue, None, study.HOLES_ON_PAGE)
    packed = io.BytesIO()
    with sites.workshop_in(folder) as workshop:
        progress("maps of every storey", CELLS)

        def tell(share: float) -> None:
            progress("maps of every storey", CELLS + (DRAWN - CELLS) * share)

        names = report.make_files(result, workshop, tell, whatif=whatif)
        progress("the tables", DRAWN)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            for name in sorted(names):
                out.writestr(zipfile.ZipInfo(name, FIRST_DAY), (workshop / name).read_bytes(), zipfile.ZIP_DEFLATED)
        progress("the sheets of the PDF", PACKED)
        return ReportContent(packed.getvalue(), report.page_pdf(workshop))


def write_report(content: ReportContent, folder: Path) -> None:
    """Put both files into a job's folder."""
    write_whole(folder / ZIP, content.zip, lasting=False)
    write_whole(folder / PDF, content.pdf, lasting=False)


def keep_report(
    made_in: Path, session_folder: Path, about: tuple[object, ...], before: MadeReport | None
) -> MadeReport:
    """Move both files from a job's folder into the session's; the report before goes."""
    if before is not None:
        shutil.rmtree(before.folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="report-files-", dir=session_folder))
    for name in (ZIP, PDF):
        shutil.move(made_in / name, folder / name)
    return MadeReport(about, folder)
