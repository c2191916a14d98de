"""Why a plan leaves rooms open, in words. Shares round down, money rounds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np

from quietwing.coverage.decibel import floored
from quietwing.coverage.planning import Hole, HoleKind, HoleReason
from quietwing.coverage.report.money_words import pounds
from quietwing.coverage.report.words import channel_in_words
from quietwing.coverage.results import SpillResult

__all__ = ["binding_of", "grouped_holes", "reason_in_words"]

# What the planning model says is no verdict: a contrast budget, judged as the verdict is, may find a way.
SENTENCES = {
    HoleKind.NOT_ASKED: "not one of the rooms asked for",
    HoleKind.NOT_NEEDED: "the target is reached without it",
    HoleKind.NOT_SEARCHED: "no plan was searched",
    HoleKind.NOT_REACHED: "not reached within the search effort; try a higher effort",
    HoleKind.NOT_SURE: "blocked in {share} of simulations only; what works there most often is {channel}",
    HoleKind.TOO_WEAK: "not bought; in the planning model no single device is strong enough on {channel}: {missing}",
    HoleKind.NOTHING_SILENCES: "not bought; in the planning model nothing on offer blocks it",
    HoleKind.LIMIT_ALONE: "not bought; in the planning model every device strong enough exceeds a limit: {limit}",
    HoleKind.LIMIT_TOGETHER: "not bought; in the planning model a limit would be exceeded: {limit}",
    HoleKind.MONEY: "beyond the budget: at least {needs} more is needed",
}
UNASKED = {HoleKind.NOT_ASKED, HoleKind.NOT_NEEDED}


def reason_in_words(*reasons: HoleReason) -> str:
    """A reason as a sentence; of several of one kind, with the range of their figures.

    Parameters
    ----------
    *reasons : HoleReason
        Alike but for their figures.

    Returns
    -------
    str
    """
    first = reasons[0]
    missing = "nothing reaches it"
    if first.missing_db is not None:
        missing = f"{_range([each.missing_db for each in reasons], '{:.1f}'.format)} dB are missing"
    return SENTENCES[first.kind].format(
        channel=channel_in_words(first.channel) if first.channel else "",
        limit=first.limit,
        missing=missing,
        needs=_range([each.needs_gbp for each in reasons], pounds),
        share=_range([each.silent_probability for each in reasons], _percent) + " %",
    )


def grouped_holes(holes: tuple[Hole, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Reasons why rooms are left open with their rooms, the most frequent first.

    Parameters
    ----------
    holes : tuple of Hole

    Returns
    -------
    list of tuple
        Reasons that differ only in a level, share or price are one, with the range of these figures in it.
    """
    groups = [
        (reason_in_words(*(hole.reason for hole in same)), tuple(hole.room for hole in same))
        for same in _alike(holes).values()
    ]
    return sorted(groups, key=lambda one: (-len(one[1]), one[0]))


def binding_of(holes: tuple[Hole, ...], spilled: SpillResult | None) -> str:
    """What keeps a plan from protecting more: the commonest reason, and how near the limits are.

    Parameters
    ----------
    holes : tuple of Hole
    spilled : SpillResult or None
        Of the plan.

    Returns
    -------
    str
        Empty if nothing is open that a plan was to silence.
    """
    asked = tuple(hole for hole in holes if hole.reason.kind not in UNASKED)
    if not asked:
        return ""
    kind, count = Counter(hole.reason.kind for hole in asked).most_common(1)[0]
    most = max(_alike(tuple(hole for hole in asked if hole.reason.kind == kind)).values(), key=len)
    said = f"{count} of {len(asked)} rooms that are not blocked: {reason_in_words(*(hole.reason for hole in most))}"
    if spilled is not None and np.isfinite(spilled.worst_margin_db):
        worst = spilled.worst.in_words(channel_in_words)
        said += f" (smallest margin outside {floored(spilled.worst_margin_db):g} dB, {worst})"
    return said


def _alike(holes: tuple[Hole, ...]) -> dict[tuple[object, ...], list[Hole]]:
    """Holes whose reasons differ in no more than a figure, in order of first appearance."""
    alike: dict[tuple[object, ...], list[Hole]] = defaultdict(list)
    for hole in holes:
        why = hole.reason
        alike[why.kind, why.channel, why.limit, why.missing_db is None].append(hole)
    return alike


def _range(figures: list[float | None], said: Callable[[float], str]) -> str:
    """The smallest and the largest figure, or the one there is."""
    known = sorted(each for each in figures if each is not None)
    ends = dict.fromkeys(said(each) for each in (known[:1] + known[-1:]))
    return "–".join(ends)


def _percent(share: float) -> str:
    return f"{floored(100 * share):.1f}"
