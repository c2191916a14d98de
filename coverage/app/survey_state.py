"""What one session holds of a drawing, of masts from a list and of a survey, and what was worked out of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietwing.coverage.acceptance import Scored
    from quietwing.coverage.app.layout_facts import LayoutFacts
    from quietwing.coverage.app.state import Layout
    from quietwing.coverage.calibration import CalibrationFit, NextReadings
    from quietwing.coverage.site_inputs import ImportedSite
    from quietwing.sites import DrawingChoices, MastImport, PlanMapping, Reading, TableHead, WalkImport

__all__ = ["Calibrated", "Drawing", "Survey", "Uploaded"]


@dataclass(frozen=True)
class Uploaded:
    """A table as it came: its name, its bytes, and how it begins."""

    name: str
    content: bytes
    head: TableHead
    file_id: str = ""


@dataclass(frozen=True)
class Drawing:
    """A drawing as it was read.

    Attributes
    ----------
    files : tuple of (str, bytes)
        Names and contents, one for each storey from the lowest up.
    choices : DrawingChoices
        What the drawing does not say.
    brought : ImportedSite or None
        The site it shows, its mapping and its report; None where no building was found.
    opened : bool
        Whether it is the session's site, and not only a proposal.
    edition : int
        How often it was read.
    unmapped : PlanMapping or None
        Where no building was found: what its layers were taken for.
    problems : tuple of str
        Why none was found.
    """

    files: tuple[tuple[str, bytes], ...]
    choices: DrawingChoices
    brought: ImportedSite | None
    opened: bool = False
    edition: int = 0
    unmapped: PlanMapping | None = None
    problems: tuple[str, ...] = ()

    @property
    def files_beside(self) -> dict[str, bytes]:
        """The mapping that was used, the report of guesses, and what tells edits later on."""
        return {} if self.brought is None else self.brought.files or {}


@dataclass(frozen=True)
class Calibrated:
    """A fit that is not in force yet, and a layout judged without it and with it in the same worlds."""

    fit: CalibrationFit
    before: LayoutFacts
    after: LayoutFacts
    layout: Layout


@dataclass(frozen=True)
class Survey:
    """All of it; a change is another one.

    Attributes
    ----------
    drawing : Drawing or None
    mast_list, log : Uploaded or None
        Tables that were brought and whose columns are being told.
    masts : MastImport or None
        Read from the list, not in use yet.
    walk : WalkImport or None
        Read from the log, not in use yet.
    way : tuple of (str, float, float, int)
        Places passed on the walk, clicked on the plan: time, x, y, storey. [-, m, m, -]
    readings : tuple of Reading
        In use.
    calibrated : Calibrated or None
    ahead : NextReadings or None
        Where to measure next.
    score : Scored or None
        Of the last form that was filled in.
    """

    drawing: Drawing | None = None
    mast_list: Uploaded | None = None
    masts: MastImport | None = None
    log: Uploaded | None = None
    walk: WalkImport | None = None
    way: tuple[tuple[str, float, float, int], ...] = ()
    readings: tuple[Reading, ...] = ()
    calibrated: Calibrated | None = None
    ahead: NextReadings | None = None
    score: Scored | None = None

    def without_results(self) -> Survey:
        """What stays when another question is asked."""
        return replace(self, calibrated=None, ahead=None)

    def on_changed_site(self) -> Survey:
        """What stays when the site itself is changed."""
        return replace(self.without_results(), masts=None, walk=None)
