"""The quick estimate of what spills outside, for the panel and the site map of a layout that is not assessed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from quietwing.coverage.app.layout_facts import OutsidePlace
from quietwing.coverage.decibel import floored
from quietwing.coverage.report import channel_in_words

if TYPE_CHECKING:
    from quietwing.coverage.app.blockers_state import Desk
    from quietwing.coverage.app.state import Layout
    from quietwing.coverage.equipment import Treatment
    from quietwing.coverage.live import DraftSpill

__all__ = ["drafted_places", "spill_here", "spill_in_short"]


def spill_here(at: Desk, layout: Layout, treatments: tuple[Treatment, ...]) -> DraftSpill | None:
    """The quick estimate of a layout's spill; None until the site's places outside have been worked out."""
    return at.drafting.spill.draft(layout.devices, treatments) if at.ready else None


def spill_in_short(found: DraftSpill) -> str:
    """``≈ 1.2 dB left`` or ``≈ over by 3 dB``."""
    if not math.isfinite(found.margin_db):
        return "nothing arrives" if found.margin_db > 0 else "not known"
    margin_db = floored(found.margin_db)
    return f"≈ over by {-margin_db:g} dB" if margin_db < 0 else f"≈ {margin_db:g} dB left"


def drafted_places(found: DraftSpill) -> tuple[OutsidePlace, ...]:
    """Every place outside with its channel nearest to the limit by the quick estimate, the worst first."""
    data = found.data
    margins_db = np.minimum(data["margin_db"].values, data["capture_margin_db"].values)
    channels = [str(name) for name in data["channel"].values]
    nearest = margins_db.argmin(axis=0)
    places = []
    for at, channel in enumerate(nearest.tolist()):
        margin_db = float(margins_db[channel, at])
        places.append(
            OutsidePlace(
                name=str(data["name"].values[at]),
                ring=str(data["ring"].values[at]),
                channel=channel_in_words(channels[channel]),
                margin_db=floored(margin_db) if math.isfinite(margin_db) else None,
                captured=0.0,
                passed=margin_db >= 0,
                x_m=round(float(data["x_m"].values[at]), 1),
                y_m=round(float(data["y_m"].values[at]), 1),
            )
        )
    return tuple(sorted(places, key=lambda one: math.inf if one.margin_db is None else one.margin_db))
