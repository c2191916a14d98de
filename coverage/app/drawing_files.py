"""A drawing read in the app, by the door that the command line uses: in a child process with limits."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from quietwing.coverage.app.site_files import uploads_in
from quietwing.coverage.site_inputs import ImportedSite, import_plans
from quietwing.sites import (
    MANIFEST_FILE,
    MAPPING_FILE,
    NO_MASTS,
    DrawingChoices,
    PlanMapping,
    Site,
    mapping_text,
    parse_mapping,
    save_site,
)

__all__ = ["REPORT_FILE", "guesses_of", "mapping_of", "read_drawing"]

REPORT_FILE = "import-report.csv"
BEFORE = "your site"  # named in messages


def read_drawing(
    files: Sequence[tuple[str, bytes]],
    choices: DrawingChoices,
    folder: Path,
    mapping: PlanMapping | None = None,
    now: tuple[Site, Mapping[str, bytes]] | None = None,
) -> ImportedSite:
    """The site that a drawing shows.

    Parameters
    ----------
    files : sequence of (str, bytes)
        Names and contents, the lowest storey first.
    choices : DrawingChoices
    folder : Path
        The session's own; nothing is left in it.
    mapping : PlanMapping, optional
        What its layers and materials stand for; proposed without it.
    now : tuple of (Site, mapping of str to bytes), optional
        The session's site and what lay beside the import before: edits made since are kept.

    Returns
    -------
    ImportedSite
        Without masts, unless they were edited.

    Raises
    ------
    SiteError
        With every problem.
    """
    with uploads_in(folder, files) as paths:
        within, before = paths[0].parent, None
        if mapping is not None:
            given = within / MAPPING_FILE
            given.write_text(mapping_text(mapping, ", ".join(path.name for path in paths)), "utf-8")
            choices = replace(choices, mapping=given)
        if now is not None:
            before = within / BEFORE
            site, beside = now
            save_site(_without_typical_masts(site), before, beside={MANIFEST_FILE: beside[MANIFEST_FILE]})
        return import_plans(paths, choices, within, again=before)


def mapping_of(brought: ImportedSite) -> PlanMapping:
    """What layers, blocks, types and materials were taken for."""
    return parse_mapping((brought.files or {})[MAPPING_FILE].decode(), MAPPING_FILE)


def guesses_of(brought: ImportedSite) -> list[dict[str, str]]:
    """The rows of the import's report: each guess with its storey and place."""
    return list(csv.DictReader(io.StringIO((brought.files or {})[REPORT_FILE].decode())))


def _without_typical_masts(site: Site) -> Site:
    """The site as its own files say it: typical masts that nobody has touched are not part of them."""
    notes = tuple(note for note in site.notes if not note.startswith("masts: ") and note != NO_MASTS)
    typical = NO_MASTS in site.notes and all(sector.assumed for sector in site.sectors)
    return replace(site, notes=notes, sectors=() if typical else site.sectors)
