"""What the Overview shows of a verdict, and the stored sample of it. From a verdict: `overview_of_verdict`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from quietwing.sites import fingerprint

if TYPE_CHECKING:
    from quietwing.coverage.app.state import Session

__all__ = [
    "FACTS",
    "PICTURE",
    "Cell",
    "OverviewFacts",
    "stored_sample",
]

FACTS, PICTURE = "overview.json", "worst-storey.png"


@dataclass(frozen=True)
class Cell:
    """A cell or space where a phone may still work."""

    room: str
    storey: str
    works: str
    where: str
    silent: str
    reason: str


@dataclass(frozen=True)
class OverviewFacts:
    """Everything the Overview shows but its map.

    Attributes
    ----------
    scenario_id : str
        Names the site, scenario, layout and catalogue it belongs to.
    as_of : str
    storey : str
        Title of the storey on the map; empty if there is no map.
    numbers : tuple of (str, str, str)
        Label, number, and the number in words: dead zones, holes, spill.
    sentences : tuple of str
        The verdict in words, as every other face prints it.
    spill : tuple of str
    cells : tuple of Cell
        Where a phone may still work, the worst storey first.
    unreached : tuple of (str, int)
        Channels no device of the layout sends on, and in how many cells each still works.
    routes : tuple of str
        Ways out that no blocker of phones ends.
    notes : tuple of str
        What limits the result.
    """

    scenario_id: str
    as_of: str
    storey: str
    numbers: tuple[tuple[str, str, str], ...]
    sentences: tuple[str, ...]
    spill: tuple[str, ...]
    cells: tuple[Cell, ...]
    unreached: tuple[tuple[str, int], ...]
    routes: tuple[str, ...]
    notes: tuple[str, ...]


def stored_sample(own: Session) -> tuple[OverviewFacts, bytes] | None:
    """The stored result, if the session has just what it was computed from; else None."""
    folder = resources.files("quietwing.coverage.app.sample")
    try:
        found = json.loads(folder.joinpath(FACTS).read_text("utf-8"))
        picture = folder.joinpath(PICTURE).read_bytes()
    except OSError:
        return None
    asked = fingerprint(own.site, own.scenario, own.layout.devices, dict(own.catalogue))[:12]
    if own.layout.treatments or found["scenario_id"] != asked:
        return None
    return _facts(found), picture


def _facts(found: dict[str, Any]) -> OverviewFacts:
    """Facts as they were before they were JSON."""
    cells = tuple(Cell(**cell) for cell in found["cells"])
    pairs = {key: tuple(tuple(each) for each in found[key]) for key in ("numbers", "unreached")}
    texts = {key: tuple(found[key]) for key in ("sentences", "spill", "routes", "notes")}
    return OverviewFacts(**(found | pairs | texts | {"cells": cells}))
