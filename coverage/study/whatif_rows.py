"""Rows of what would change the answer: one site judged by every rule and with the public network turned down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import (
    MEASURED_SIGMA_DB,
    Case,
    PublicLinks,
    Tally,
    blocker_links,
    called_silent,
    count_worlds,
    public_links,
)
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.results import SpillResult, WhatIfRow
from quietwing.coverage.rules import Grade
from quietwing.coverage.study.judging import Ready
from quietwing.coverage.study.whatif_changes import LOWER_DB, OUT, NetworkChange, RuleChange, room_rules, spill_rules
from quietwing.coverage.study.whatif_worlds import (
    Ask,
    Heard,
    Kept,
    Packed,
    composed_kept,
    composed_outside,
    composed_silent,
    kept_rooms,
    outside_of,
    rooms_of,
    spill_of,
    surer,
)

__all__ = [
    "Base",
    "WhatIfRow",
    "heard_row",
    "judged_base",
    "measured_row",
    "network_row",
    "rule_row",
    "unchanged_row",
]

Shares = NDArray[np.float64]
SURVEY = "measure levels outside the site; ask for the price of a survey"


@dataclass(frozen=True)
class Base:
    """The layout as it is, by every rule and with the public network turned down.

    Attributes
    ----------
    heard : Heard
    ask : Ask
    silent, quiet : mapping of tuple to ndarray, shape (room,)
        By `room_rules`: share of worlds in which each room is silent, with what is judged and with all of it away.
    usable : tuple of uint8 ndarray
        As `composed_silent` takes it: as it is, then turned down by each of `LOWER_DB`.
    outside : mapping of tuple to Dataset
        By `spill_rules`.
    lowered : tuple of tuple of Dataset
        By `LOWER_DB`, then by grade.
    kept : tuple of Kept
        In the order of `usable`.
    """

    heard: Heard
    ask: Ask
    silent: Mapping[tuple[object, ...], Shares]
    quiet: Mapping[tuple[object, ...], Shares]
    usable: tuple[Packed, ...]
    outside: Mapping[tuple[object, ...], xr.Dataset]
    lowered: tuple[tuple[xr.Dataset, ...], ...]
    kept: tuple[Kept, ...]

    @property
    def judged(self) -> tuple[Grade, ...]:
        """The grades as they are."""
        return self.ask.scenario.judged


def judged_base(
    ready: Ready, heard: Heard, ask: Ask, rules: tuple[RuleChange, ...], say: Callable[[float], None]
) -> Base:
    """Judge the layout as it is.

    Parameters
    ----------
    ready : Ready
    heard : Heard
        Of it.
    ask : Ask
    rules : tuple of RuleChange
    say : callable
        Called with the share done, 0 to 1.
    """
    judged = ask.scenario.judged
    grades = [*judged, *(grade for change in rules for grade in change.judged)]
    in_rooms = tuple({room_rules(grade): grade for grade in grades}.values())
    at_fence = tuple({spill_rules(grade): grade for grade in grades}.values())
    as_is, quiet = Case(in_rooms), Case(in_rooms, blocked=False)
    down = [Case(judged, lower_db, by_channel=len(judged)) for lower_db in (0.0, *LOWER_DB)]
    cases = [as_is, *([quiet] if ready.model is ready.bare else []), *down]
    tally = rooms_of(heard, ask, cases)
    if ready.model is ready.bare:
        quiet_shares = _shares(tally)[len(in_rooms) : 2 * len(in_rooms)]
    else:
        quiet_shares = _shares(_bare_tally(ready, ask, public_links(ready.bare, ready.bare_points), in_rooms))
    usable = np.packbits(tally.usable, axis=-1).reshape(len(down), len(judged), *tally.usable.shape[1:3], -1)
    say(0.5)
    outside = outside_of(heard, ask, at_fence)
    kept, lowered = [kept_rooms(heard, ask)], []
    for number, lower_db in enumerate(LOWER_DB, 1):
        say(0.5 + 0.5 * number / (1 + len(LOWER_DB)))
        less = heard.lowered(np.full(len(heard.model.sectors), lower_db))
        lowered.append(outside_of(less, ask, judged))
        kept.append(kept_rooms(less, ask))
    return Base(
        heard=heard,
        ask=ask,
        silent=dict(zip(map(room_rules, in_rooms), _shares(tally), strict=False)),
        quiet=dict(zip(map(room_rules, in_rooms), quiet_shares, strict=True)),
        usable=tuple(usable),
        outside=dict(zip(map(spill_rules, at_fence), outside, strict=True)),
        lowered=tuple(lowered),
        kept=tuple(kept),
    )


def unchanged_row(base: Base) -> WhatIfRow:
    """The layout as it is."""
    return _rule_row(base, base.judged, "unchanged", "unchanged", "the layout as it is")


def rule_row(base: Base, change: RuleChange) -> WhatIfRow:
    """One rule of each grade set to the other grade."""
    return _rule_row(base, change.judged, change.name, "rule", change.changed)


def network_row(base: Base, change: NetworkChange) -> WhatIfRow:
    """Channels of the public network turned down or not there."""
    ask, model, judged = base.ask, base.heard.model, base.judged
    lower_db = np.array([0.0, *LOWER_DB, np.inf])[change.pick]  # OUT is the last
    channel = model.carrier_channel[model.sector_carrier]
    altered = base.heard.lowered(lower_db[channel])
    captured = ask.scenario.likely_capture and OUT in change.pick  # through one channel, of phones on another
    if captured:
        shares = _shares(rooms_of(altered, ask, [Case(judged)]))
    else:
        shares = composed_silent(base.usable, change.pick, ask.scenario.worlds)
    if any(ask.scenario.rules.tier(grade.tier).calls for grade in judged):  # 999 on whatever channel
        data = outside_of(altered, ask, judged)
    else:
        sources = [tuple(base.outside[spill_rules(grade)] for grade in judged), *base.lowered]
        data = tuple(composed_outside(each, change.pick) for each in zip(*sources, strict=True))
    kept = composed_kept(base.kept, change.pick)
    spilled = tuple(spill_of(altered, ask, grade, each, kept) for grade, each in zip(judged, data, strict=True))
    quiet = [base.quiet[room_rules(grade)] for grade in judged]
    words = change.name, change.kind, change.changed, change.cost_gbp, change.note
    return _row(judged, shares, quiet, spilled, *words)


def measured_row(ready: Ready, base: Base) -> WhatIfRow | None:
    """Every sector known as well as a measured one; None where all are."""
    ask, heard, judged = base.ask, base.heard, base.judged
    links = (heard.inside, *heard.outside, *([] if heard.kept is None else [heard.kept]))
    spread_db = np.array([public.sigma_db.max(axis=1, initial=0.0) for public, _ in links]).max(axis=0)
    unsure = int(np.count_nonzero(spread_db > MEASURED_SIGMA_DB))
    if not unsure:
        return None
    known, same = heard.surer(MEASURED_SIGMA_DB), ready.model is ready.bare
    shares = _shares(rooms_of(known, ask, [Case(judged), *([Case(judged, blocked=False)] if same else [])]))
    if same:
        quiet = shares[len(judged) :]
    else:
        bare = surer(public_links(ready.bare, ready.bare_points), MEASURED_SIGMA_DB)
        quiet = _shares(_bare_tally(ready, ask, bare, judged))
    changed = (
        f"{unsure} of {len(spread_db)} sectors known to {MEASURED_SIGMA_DB:g} dB in place of up to "
        f"{spread_db.max():g} dB"
    )
    spilled = _spilled(known, ask, judged)
    return _row(judged, shares, quiet, spilled, "masts measured", "measured", changed, None, SURVEY)


def heard_row(
    base: Base, heard: Heard, name: str, kind: str, changed: str, cost_gbp: float | None, note: str
) -> WhatIfRow:
    """The site with something else in its windows; quiet anyway is what it was before."""
    shares = _shares(rooms_of(heard, base.ask, [Case(base.judged)]))
    quiet = [base.quiet[room_rules(grade)] for grade in base.judged]
    spilled = _spilled(heard, base.ask, base.judged)
    return _row(base.judged, shares, quiet, spilled, name, kind, changed, cost_gbp, note)


def _rule_row(base: Base, grades: tuple[Grade, ...], name: str, kind: str, changed: str) -> WhatIfRow:
    shares = [base.silent[room_rules(grade)] for grade in grades]
    quiet = [base.quiet[room_rules(grade)] for grade in grades]
    spilled = tuple(
        spill_of(base.heard, base.ask, grade, base.outside[spill_rules(grade)], base.kept[0]) for grade in grades
    )
    return _row(grades, shares, quiet, spilled, name, kind, changed, None, "")


def _row(
    grades: tuple[Grade, ...],
    shares: list[Shares] | Shares,
    quiet: list[Shares] | Shares,
    spilled: tuple[SpillResult, ...],
    name: str,
    kind: str,
    changed: str,
    cost_gbp: float | None,
    note: str,
) -> WhatIfRow:
    """Shares of worlds at each grade as a row; what it gains is filled in when all rows are there."""
    cells = {
        grade.name: int(np.count_nonzero(called_silent(mine, anyway, grade.confidence)))
        for grade, mine, anyway in zip(grades, shares, quiet, strict=False)
    }
    mean_cells = {
        grade.name: float(mine[anyway < grade.confidence].sum())
        for grade, mine, anyway in zip(grades, shares, quiet, strict=False)
    }
    spill = {grade.name: (one.worst_margin_db, one.passed) for grade, one in zip(grades, spilled, strict=True)}
    return WhatIfRow(name, kind, changed, cells, dict.fromkeys(cells, 0), spill, cost_gbp, note, mean_cells)


def _spilled(heard: Heard, ask: Ask, grades: tuple[Grade, ...]) -> tuple[SpillResult, ...]:
    """Everything outside, judged anew."""
    kept, data = kept_rooms(heard, ask), outside_of(heard, ask, grades)
    return tuple(spill_of(heard, ask, grade, each, kept) for grade, each in zip(grades, data, strict=True))


def _bare_tally(ready: Ready, ask: Ask, public: PublicLinks, grades: tuple[Grade, ...]) -> Tally:
    """The rooms without layout, treatments and operator actions."""
    nothing = blocker_links(ready.bare, (), {}, ready.bare_points)
    return count_worlds(
        ready.bare, ask.scenario, ready.bare_points, public, nothing, stream=ask.stream, cases=(Case(grades),)
    )


def _shares(tally: Tally) -> Shares:
    """Share of worlds in which each room is silent, shape (grade, room)."""
    return np.asarray(tally.silent.mean(axis=2))
