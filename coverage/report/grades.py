"""Both grades of a verdict side by side: their counts, their limits outside, and what may be called protected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from quietwing.coverage.answer_parts import GradeAnswer, RoomCounts, RulesAnswer, SilentAt, SpillAnswer
from quietwing.coverage.decibel import floored
from quietwing.coverage.report.escapes import RoomCount, count_rooms, percent
from quietwing.coverage.rules import GRADES, TIERS, Grade, Rules
from quietwing.sites import fingerprint

if TYPE_CHECKING:  # as in `words`
    from quietwing.coverage.results import SpillResult, Verdict

__all__ = [
    "GRADE_HEADER",
    "asked_in_words",
    "count_object",
    "grade_in_words",
    "grade_numbers",
    "grade_rows",
    "grades_object",
    "kept_in_words",
    "lead_in_words",
    "measured_in_words",
    "protected_in_words",
    "protected_rooms",
    "rules_in_words",
    "rules_object",
    "silent_in_words",
    "spill_object",
]

EVIDENCE = "evidence"
DEFAULT = "default"  # how the rules that come with the product are called
GRADE_HEADER = (
    "Grade",
    "Blocked",
    "No signal anyway",
    "Not blocked",
    "Not known",
    "Blocked together (95 %)",
    "Spill limit",
)


def grade_in_words(grade: Grade) -> str:
    """A grade with its confidence: ``planning grade (90 %)``."""
    return f"{grade.name} grade ({percent(grade.confidence)})"


def grade_numbers(verdict: Verdict) -> tuple[int, ...]:
    """Where the grades stand among ``verdict.grades``, in the order of `GRADES`: for tables whose columns stay."""
    names = [one.grade.name for one in verdict.grades]
    return tuple(names.index(name) for name in GRADES if name in names)


def protected_rooms(verdict: Verdict) -> int | None:
    """Rooms that may be called protected: silent at evidence grade by a verdict that is clean at that grade.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    int or None
        None where nothing may be called so: a limit of the evidence grade is not kept or not known, a sector is not
        measured, or the scenario asks for less than the grade (confidence, tier, search margin, capture, channels).
    """
    scenario = verdict.scenario
    number = next((at for at, one in enumerate(verdict.grades) if one.grade.name == EVIDENCE), None)
    if number is None or verdict.measured < len(verdict.sectors):
        return None
    judged, whole = verdict.grades[number], scenario.rules.grade(EVIDENCE)
    eased = (
        judged.grade.confidence < whole.confidence
        or TIERS.index(judged.grade.tier) > TIERS.index(whole.tier)
        or not scenario.search_margin
        or scenario.likely_capture
        or bool(scenario.channels)
    )
    kept = judged.spill is not None and judged.spill.passed
    return count_rooms(verdict, number).silent if kept and not eased else None


def silent_in_words(verdict: Verdict) -> str:
    """``141 of 264 rooms are blocked at planning grade (90 %), 44 at evidence grade (95 %).``"""
    asked, *others = (
        (count_rooms(verdict, number), grade_in_words(one.grade)) for number, one in enumerate(verdict.grades)
    )
    are = "is" if asked[0].silent == 1 else "are"
    first = f"{asked[0].silent} of {asked[0].silence} rooms {are} blocked at {asked[1]}"
    return ", ".join((first, *(f"{count.silent} at {words}" for count, words in others))) + "."


def measured_in_words(verdict: Verdict) -> str:
    """What unmeasured sectors take from a result at the grade asked for; empty where every sector is measured."""
    sectors = len(verdict.sectors)
    missing = sectors - verdict.measured
    if missing <= 0:
        return ""
    are = "is" if missing == 1 else "are"
    if verdict.grades[0].grade.name == EVIDENCE:
        return f"Not evidence: {missing} of {sectors} sectors {are} unmeasured; no figure here is a promise."
    return f"Measure first: {missing} of {sectors} sectors {are} not measured."


def lead_in_words(verdict: Verdict) -> tuple[str, ...]:
    """The counts of both grades and what unmeasured sectors take from them.

    At evidence grade that comes first: unmeasured levels are no ground for a promise.
    """
    missing = measured_in_words(verdict)
    both = (silent_in_words(verdict), missing)
    if verdict.grades[0].grade.name == EVIDENCE and missing:
        both = (missing, silent_in_words(verdict))
    return tuple(sentence for sentence in both if sentence)


def protected_in_words(verdict: Verdict) -> str:
    """How many rooms may be called protected; empty where evidence is neither asked for nor there."""
    rooms = protected_rooms(verdict)
    if rooms is not None:
        return (
            f"{rooms} {'is' if rooms == 1 else 'are'} protected: blocked at evidence grade, every limit of that "
            f"grade kept, every sector measured."
        )
    if verdict.grades[0].grade.name != EVIDENCE or verdict.measured < len(verdict.sectors):
        return ""
    return "None may be called protected: a limit of the evidence grade is exceeded, or the scenario asks for less."


def kept_in_words(kept: bool) -> str:
    """Whether a limit is kept, in a table."""
    return "kept" if kept else "EXCEEDED"


def rules_object(rules: Rules) -> RulesAnswer:
    """Which rules: name of the file, `DEFAULT` for those of the product, and a fingerprint of what they say."""
    return {"name": rules.name or DEFAULT, "fingerprint": fingerprint(rules)[:12]}


def rules_in_words(rules: Rules) -> str:
    """``default (0123456789ab)``."""
    said = rules_object(rules)
    return f"{said['name']} ({said['fingerprint']})"


def asked_in_words(verdict: Verdict) -> str:
    """The grade asked for and the rules, as they stand under a map: ``planning grade (90 %), rules default …``."""
    return f"{grade_in_words(verdict.scenario.asked)}, rules {rules_in_words(verdict.scenario.rules)}"


def grade_rows(verdict: Verdict) -> list[list[str]]:
    """One row a grade under `GRADE_HEADER`, the one asked for first."""
    rows = []
    for number, one in enumerate(verdict.grades):
        count = count_rooms(verdict, number)
        rows.append(
            [
                grade_in_words(one.grade),
                f"{count.silent} of {count.silence}",
                str(count.quiet_anyway),
                str(count.holes),
                str(count.unknown),
                str(one.together),
                _limits(one.spill),
            ]
        )
    return rows


def count_object(count: RoomCount) -> RoomCounts:
    """Rooms by state as plain values."""
    return {
        "silence": count.silence,
        "silent": count.silent,
        "quiet_anyway": count.quiet_anyway,
        "holes": count.holes,
        "unknown": count.unknown,
    }


def silent_at_object(silent_at: Mapping[int, int]) -> SilentAt:
    """Rooms by the share of worlds in which they are silent, as plain values."""
    return cast(SilentAt, {str(level): int(rooms) for level, rooms in sorted(silent_at.items())})


def spill_object(spill: SpillResult | None) -> SpillAnswer | None:
    """What a grade finds outside as plain values; None where it was not computed."""
    if spill is None:
        return None
    worst = float(spill.worst_margin_db)
    return {
        "tier": spill.tier,
        "passed": bool(spill.passed),
        "worst_margin_db": floored(worst) if math.isfinite(worst) else None,
        "where": spill.worst.in_words() or None,
    }


def grades_object(verdict: Verdict) -> dict[str, GradeAnswer]:
    """Every grade by name as plain values, in the order of `GRADES`.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    dict
        The evidence grade alone has `protected`: rooms that may be called so, 0 where none may.
    """
    found: dict[str, GradeAnswer] = {}
    for number in grade_numbers(verdict):
        one, count = verdict.grades[number], count_rooms(verdict, number)
        found[one.grade.name] = {
            "confidence": one.grade.confidence,
            "tier": one.grade.tier,
            "rooms": count_object(count),
            "c95": count.c95,
            "silent_at": silent_at_object(one.silent_at),
            "together_95": int(one.together),
            "spill": spill_object(one.spill),
        }
        if one.grade.name == EVIDENCE:
            found[one.grade.name]["protected"] = protected_rooms(verdict) or 0
    return found


def _limits(spill: SpillResult | None) -> str:
    """Whether the limits of a grade are kept or exceeded, with the tier and the smallest margin."""
    if spill is None:
        return "not known"
    kept = kept_in_words(spill.passed)
    if not math.isfinite(spill.worst_margin_db):
        return f"{spill.tier}: {kept}"
    return f"{spill.tier}: {kept}, smallest margin {floored(spill.worst_margin_db):g} dB"
