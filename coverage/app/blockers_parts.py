"""Parts of the workspace that need the engine, loaded together when one of them is first asked for."""

from __future__ import annotations

from quietwing.coverage.app.blockers_explain import explain_cell
from quietwing.coverage.app.blockers_files import files_part
from quietwing.coverage.app.blockers_state import Desk, effective_treatments
from quietwing.coverage.app.blockers_tables import tables_part
from quietwing.coverage.app.blockers_words import change_in_words, draft_in_words
from quietwing.coverage.app.device_panel import device_panel
from quietwing.coverage.app.site_words import show_problems
from quietwing.coverage.app.spill_estimate import drafted_places, spill_here, spill_in_short
from quietwing.coverage.app.state import Layout
from quietwing.coverage.live import DEAD_ZONE, Draft
from quietwing.coverage.planning import Cost
from quietwing.coverage.study import price
from quietwing.sites import QuietwingError

__all__ = [
    "change_in_words",
    "device_panel",
    "draft_in_words",
    "drafted_places",
    "estimate_of",
    "explain_cell",
    "files_part",
    "priced",
    "spill_here",
    "spill_in_short",
    "tables_part",
]


def estimate_of(draft: Draft) -> tuple[str, str]:
    """Label and number of a storey's quick estimate."""
    return f"Blocked, {draft.title.split(', ')[-1]}", f"{draft.count(DEAD_ZONE)} of {len(draft.rooms)}"


def priced(at: Desk, layout: Layout) -> Cost | None:
    """What a layout costs; None, and why, where it cannot be priced."""
    try:
        return price(at.site, at.scenario, layout.devices, effective_treatments(layout), at.catalogue)
    except QuietwingError as error:
        show_problems(error, "There is a problem with the price")
        return None
