"""A verdict as files: what no blocker can end first, then the headline, spill, maps, escapes, equipment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

import quietwing
from quietwing.coverage.report.contrast_figure import contrast_figure
from quietwing.coverage.report.contrast_page import CONTRAST_PICTURE, contrast_values
from quietwing.coverage.report.escapes import count_rooms, escapes_of, rooms_by_channel
from quietwing.coverage.report.grades import GRADE_HEADER, grade_in_words, grade_rows, rules_in_words
from quietwing.coverage.report.plan_drawing import NOTHING_DRAWN, picture_into
from quietwing.coverage.report.publishing import page
from quietwing.coverage.report.spill_map import spill_figure
from quietwing.coverage.report.verdict_maps import (
    before_after_figure,
    before_map,
    margin_figure,
    rooms_on,
    verdict_figure,
)
from quietwing.coverage.report.verdict_tables import VERDICT_TABLES
from quietwing.coverage.report.whatif_document import make_whatif_table, whatif_values
from quietwing.coverage.report.words import (
    VERDICT_GLOSSARY,
    escape_in_words,
    limits_in_words,
    percent,
    safe_file_name,
    verdict_headline,
)
from quietwing.coverage.results import Verdict, VerdictMap, WhatIf

__all__ = ["make_verdict_files", "pictured_before", "verdict_pictures"]

MOST_ESCAPES_SHOWN = 40  # on the page; escapes.csv has all
SPILL_PICTURE = "spill.png"


def pictured_before(before: Verdict | None) -> Verdict | None:
    """The layout that pictures begin from; None, blockers taken away, where all of it only is planned."""
    states = set() if before is None else {device.state for device in before.devices}
    return None if "planned" in states and "existing" not in states else before


def verdict_pictures(verdict: Verdict, before: Verdict | None = None) -> dict[str, Callable[[], Figure]]:
    """The pictures of a verdict, each drawn when it is called, by name; the quick ones stand in the middle.

    Two that begin at the two ends are then done at about the same time.

    Parameters
    ----------
    verdict, before : as for `make_verdict_files`

    Returns
    -------
    dict of str to callable
    """
    before = pictured_before(before)
    quick: dict[str, Callable[[], Figure]] = {}
    slow: dict[str, Callable[[], Figure]] = {}
    for storey, names in _storeys(verdict, before):
        if "pair" in names:
            other = before if before and before_map(before, storey) else None
            slow[names["pair"]] = partial(before_after_figure, other, verdict, storey)
            quick[names["margin"]] = partial(margin_figure, verdict, storey, other)
        else:
            slow[names["verdict"]] = partial(verdict_figure, verdict, storey)
    if verdict.spill is not None:
        slow[SPILL_PICTURE] = partial(spill_figure, verdict, () if before is None else before.devices)
    if verdict.contrast:
        slow[CONTRAST_PICTURE] = partial(contrast_figure, verdict.contrast[0])
    half = len(slow) // 2
    return dict([*islice(slow.items(), half), *quick.items(), *islice(slow.items(), half, None)])


def _storeys(verdict: Verdict, before: Verdict | None) -> list[tuple[VerdictMap, dict[str, str]]]:
    """The storeys that have pictures, and the names of these by what they show."""
    changed = bool(verdict.devices or verdict.treatments or verdict.scenario.operator_actions or before)
    found = []
    storeys = [storey for storey in verdict.maps if rooms_on(verdict, storey)]  # keep rooms alone make no map
    for number, storey in enumerate(storeys):
        name = f"{number + 1:02d}-{safe_file_name(storey.title)}.png"
        pair = {"pair": f"before-after-{name}", "margin": f"margin-{name}"}
        found.append((storey, pair if changed else {"verdict": f"verdict-{name}"}))
    return found


def make_verdict_files(
    verdict: Verdict,
    workshop: Path,
    progress: Callable[[float], None],
    *,
    with_leakage: bool,
    before: Verdict | None = None,
    whatif: WhatIf | None = None,
    template: str = "verdict.html",
    values: Mapping[str, Any] | None = None,
    drawn: Mapping[str, bytes] = NOTHING_DRAWN,
) -> list[str]:
    """Make a verdict's pictures, tables and page in a folder.

    Parameters
    ----------
    verdict : Verdict
    workshop : Path
        An existing folder.
    progress : callable
        Called with the share done, 0 to 1.
    with_leakage : bool
        Whether ``leakage.html`` will lie beside the page, to link to it.
    before : Verdict, optional
        Another layout to show as "before" where it has the same maps and a device of it stands; else blockers and
        treatments taken away.
    whatif : WhatIf, optional
        What would change the answer: a part of the page, and ``whatif.csv``; without it the page names the command.
    template : str
        Of the page.
    values : mapping, optional
        What the template needs besides, or otherwise.
    drawn : mapping of str to bytes
        Pictures of this very verdict, by name, that need not be drawn; asked for after all else, the last one first.

    Returns
    -------
    list of str
        Names of the files, ``summary.html`` first.
    """
    pictures = verdict_pictures(verdict, before)
    files = list(pictures)
    for name, table in VERDICT_TABLES.items():
        (workshop / name).write_text(table(verdict), encoding="utf-8", newline="\n")
    if whatif is not None:
        files.append(make_whatif_table(whatif, workshop))
    further = {"whatif": None if whatif is None else whatif_values(whatif), **(values or {})}
    shown = [(storey.title, names) for storey, names in _storeys(verdict, before)]
    text = page(template, **_summary(verdict, shown, with_leakage=with_leakage) | further)
    (workshop / "summary.html").write_text(text, encoding="utf-8", newline="\n")
    for number, (name, figure) in enumerate(reversed(pictures.items())):  # others begin with the first
        progress(number / len(pictures))
        picture_into(workshop, name, figure, drawn)
    progress(1.0)
    return ["summary.html", *VERDICT_TABLES, *files]


def _summary(verdict: Verdict, pictures: list[tuple[str, dict[str, str]]], *, with_leakage: bool) -> dict[str, Any]:
    """What ``verdict.html`` is filled with."""
    escapes = escapes_of(verdict)
    count = count_rooms(verdict)
    treated = Counter(treatment.model for treatment in verdict.treatments)
    return {
        "heading": "where phones are blocked",
        "verdict": verdict,
        "site": verdict.site,
        "scenario": verdict.scenario,
        "asked": grade_in_words(verdict.scenario.asked),
        "rules": rules_in_words(verdict.scenario.rules),
        "grade_header": GRADE_HEADER,
        "grade_rows": grade_rows(verdict),
        "count": count,
        "c95": None if count.c95 is None else percent(count.c95),
        "headline": verdict_headline(verdict),
        "spill": limits_in_words(verdict),
        "pictures": pictures,
        "before_in_words": "blockers, treatments and operator actions taken away"
        if verdict.scenario.operator_actions
        else "blockers and treatments taken away",
        "with_leakage": with_leakage,
        "sentences": [escape_in_words(escape) for escape in escapes[:MOST_ESCAPES_SHOWN]],
        "escapes_left": max(len(escapes) - MOST_ESCAPES_SHOWN, 0),
        "channels": rooms_by_channel(escapes),
        "contrast": contrast_values(verdict),
        "treated": sorted(treated.items()),
        "notes": verdict.notes,
        "glossary": VERDICT_GLOSSARY,
        "version": quietwing.__version__,
    }
