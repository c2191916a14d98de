"""The door of this stage: a result as a folder of files that open anywhere, without a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

import quietwing
from quietwing.coverage.planning import Frontier, PlanResult
from quietwing.coverage.report.maps import save_png, storey_figure
from quietwing.coverage.report.measured_maps import outdoor_figure
from quietwing.coverage.report.measured_tables import (
    AGREEMENT_HEADER,
    agreement_rows,
    measured_csv,
    measured_headline,
)
from quietwing.coverage.report.plan_document import make_plan_files
from quietwing.coverage.report.plan_drawing import NOTHING_DRAWN, picture_into
from quietwing.coverage.report.publishing import page
from quietwing.coverage.report.tables import leakage_csv, service_by_channel
from quietwing.coverage.report.verdict_document import make_verdict_files
from quietwing.coverage.report.whatif_document import make_whatif_files
from quietwing.coverage.report.words import GLOSSARY, headline, safe_file_name
from quietwing.coverage.result_folder import SUMMARY, put, workshop_near
from quietwing.coverage.results import Leakage, StoreyMap, Verdict, WhatIf

__all__ = ["make_files", "write"]

Progress = Callable[[float], None]
MEASURED_TABLE, MEASURED_MAP = "measured.csv", "map-measured-outdoors.png"


def write(
    result: Leakage | Verdict | PlanResult | WhatIf,
    folder: Path,
    progress: Progress | None = None,
    *,
    before: Leakage | None = None,
) -> tuple[Path, ...]:
    """Write maps, tables and ``summary.html`` of a result, with a manifest of them.

    Everything is made in a hidden folder on the same disk and moved into place at the end, so that a broken run
    leaves nothing half-written.

    Parameters
    ----------
    result : Leakage, Verdict, PlanResult or WhatIf
        Leakage gives ``leakage.csv``, with measured levels ``measured.csv`` and a map of those in the open too; a
        verdict ``rooms.csv``, ``escapes.csv`` and ``spill.csv``; a plan besides ``plan.json``, ``layout.csv``,
        ``treatments.csv``, ``bill_of_materials.csv`` and ``holes.csv``; what would change the answer ``whatif.csv``.
    folder : Path
        Made if missing. Of an existing one only files of an earlier result, unchanged since, are replaced or removed.
    progress : callable, optional
        Called with the share done, 0 to 1.
    before : Leakage, optional
        With a verdict or a plan: the site with blockers off. Adds its maps, ``leakage.csv`` and ``leakage.html``.

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
        names = make_files(result, made, progress, before=before)
        manifest = put(made, folder)
    return (*(folder / name for name in names), manifest)


def make_files(
    result: Leakage | Verdict | PlanResult | WhatIf,
    workshop: Path,
    progress: Progress | None = None,
    *,
    before: Leakage | None = None,
    whatif: WhatIf | None = None,
    frontier: Frontier | None = None,
    drawn: Mapping[str, bytes] = NOTHING_DRAWN,
) -> list[str]:
    """Make maps, tables and ``summary.html`` of a result in a folder.

    Parameters
    ----------
    result, progress, before
        As for `write`.
    workshop : Path
        An existing folder; files of the same name are overwritten.
    whatif : WhatIf, optional
        With a verdict: what would change the answer, a part of its page and ``whatif.csv``.
    frontier : Frontier, optional
        That a plan is one of: shown before it.
    drawn : mapping of str to bytes
        Pictures of this very result, and of `before`, by name: they need not be drawn.

    Returns
    -------
    list of str
        Names of the files, ``summary.html`` first.
    """
    say = progress or (lambda _share: None)
    if isinstance(result, Leakage):
        return _make_leakage_files(result, workshop, SUMMARY, say, drawn)
    if isinstance(result, WhatIf):
        return make_whatif_files(result, workshop)
    part = 0.5 if before else 1.0
    with_leakage = before is not None

    def tell(share: float) -> None:
        say(part * share)

    if isinstance(result, PlanResult):
        names = make_plan_files(result, workshop, tell, with_leakage=with_leakage, frontier=frontier, drawn=drawn)
    else:
        names = make_verdict_files(result, workshop, tell, with_leakage=with_leakage, whatif=whatif, drawn=drawn)
    if before:
        names += _make_leakage_files(before, workshop, "leakage.html", lambda share: say(0.5 + 0.5 * share), drawn)
    return names


def _make_leakage_files(
    leakage: Leakage, workshop: Path, name: str, say: Progress, drawn: Mapping[str, bytes]
) -> list[str]:
    maps = []
    for number, storey in enumerate(leakage.maps):
        maps.append(f"map-{number + 1:02d}-{safe_file_name(storey.title)}.png")
        picture_into(workshop, maps[-1], partial(storey_figure, leakage, storey), drawn)
        say((number + 1) / len(leakage.maps))
    (workshop / "leakage.csv").write_text(leakage_csv(leakage), encoding="utf-8", newline="\n")
    measured = _make_measured_files(leakage, workshop)
    text = page(
        "leakage.html",
        leakage=leakage,
        site=leakage.site,
        headline=headline(leakage),
        services=service_by_channel(leakage),
        silence_rooms=int((leakage.by_room["role"] == "silence").sum()),
        maps=[_map_in_words(storey, file) for storey, file in zip(leakage.maps, maps, strict=True)],
        measured=_measured_in_words(leakage, measured),
        glossary=GLOSSARY,
        version=quietwing.__version__,
    )
    (workshop / name).write_text(text, encoding="utf-8", newline="\n")
    return [name, "leakage.csv", *measured, *maps]


def _make_measured_files(leakage: Leakage, workshop: Path) -> list[str]:
    """``measured.csv`` and, where something was read in the open, its map; nothing without readings."""
    if leakage.measured is None:
        return []
    table = measured_csv(leakage.measured, leakage.site)
    (workshop / MEASURED_TABLE).write_text(table, encoding="utf-8", newline="\n")
    figure = outdoor_figure(leakage)
    if figure is None:
        return [MEASURED_TABLE]
    save_png(figure, workshop / MEASURED_MAP)
    return [MEASURED_TABLE, MEASURED_MAP]


def _measured_in_words(leakage: Leakage, files: list[str]) -> dict[str, object] | None:
    """What the page says of the measured levels."""
    comparison = leakage.measured
    if comparison is None:
        return None
    return {
        "file": comparison.measurements.file,
        "headline": measured_headline(comparison),
        "header": AGREEMENT_HEADER,
        "rows": agreement_rows(comparison),
        "map": MEASURED_MAP if MEASURED_MAP in files else None,
        "notes": comparison.notes,
    }


def _map_in_words(storey: StoreyMap, file: str) -> dict[str, object]:
    in_rooms = storey.data["room"].values >= 0
    count = storey.data["usable_channels"].values[in_rooms]
    # Floored, so that "100 %" is only printed where no square is quiet.
    share = math.floor(100 * np.count_nonzero(count) / len(count)) if len(count) else 0
    return {
        "file": file,
        "title": storey.title,
        "share_works": f"{share} %",
        "most_channels": int(count.max()) if len(count) else 0,
    }
