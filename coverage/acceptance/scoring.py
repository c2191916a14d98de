"""A filled form is read and scored: what was tried, what failed, and what may be claimed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quietwing.coverage.acceptance.statistics import failures_allowed, lower_share
from quietwing.coverage.acceptance.walk_plan import RECEPTOR
from quietwing.coverage.acceptance.workbook import (
    ABOUT,
    BLOCKED,
    FORM_KIND,
    INSIDE,
    INSIDE_HEAD,
    LOST,
    OUTSIDE,
    OUTSIDE_HEAD,
    SERVED,
    WORKS,
)
from quietwing.coverage.errors import SiteError
from quietwing.sites import clean, shown, workbook_rows

__all__ = ["Scored", "score_form"]

MOST_BYTES = 16 * 2**20
MOST_ROWS = 20_000
NOTE = "note"


@dataclass(frozen=True, slots=True)
class Scored:
    """What a filled form says.

    Attributes
    ----------
    site : str
    share, confidence : float
        What was to be proved.
    points, tried, failed : int
        Inside: on the form, tried on every network, and of them those where some network works.
    proved_share : float
        Share of places at least, at the confidence, where no phone works.
    proved : bool
        Whether that is the share that was to be proved.
    by_storey, by_network : tuple of (str, int, int)
        Name, tried, failed.
    outside_tried, outside_lost : int
        Points of rings, and of them those where an operator is lost.
    outside_share : float
    receptors_lost, receptors_untried : tuple of str
    claims : tuple of str
        What may be said, and what may not.
    """

    site: str
    share: float
    confidence: float
    points: int
    tried: int
    failed: int
    proved_share: float
    proved: bool
    by_storey: tuple[tuple[str, int, int], ...]
    by_network: tuple[tuple[str, int, int], ...]
    outside_tried: int
    outside_lost: int
    outside_share: float
    receptors_lost: tuple[str, ...]
    receptors_untried: tuple[str, ...]
    claims: tuple[str, ...]


def score_form(path: Path) -> Scored:
    """The score of a filled form.

    Parameters
    ----------
    path : Path
        XLSX as `form_bytes` makes it, filled in.

    Returns
    -------
    Scored

    Raises
    ------
    SiteError
        If it is no such form, or a cell holds another word; all such cells are named.
    """
    file = clean(path.name)
    sheets = _sheets(path)
    about = {str(row[0]): row[1] for row in sheets[ABOUT] if len(row) > 1 and row[0] is not None}
    if about.get("form") != FORM_KIND:
        raise SiteError(f"{file}: {ABOUT}: is no form of `quietwing acceptance form`; fill in the one it made")
    share, confidence = (_figure(about, name, file) for name in ("share", "confidence"))
    problems: list[str] = []
    inside = _rows(sheets[INSIDE], INSIDE, INSIDE_HEAD, (BLOCKED, WORKS), file, problems)
    outside = _rows(sheets[OUTSIDE], OUTSIDE, OUTSIDE_HEAD, (SERVED, LOST), file, problems)
    if int(_figure(about, "points inside", file, 1e6)) != len(inside):
        problems.append(
            f"{file}: {INSIDE}: has {len(inside)} rows (the form had {about['points inside']}); put rows back"
        )
    if problems:
        raise SiteError(problems)
    tried = [(fixed, answers) for fixed, answers in inside if all(answers.values()) or WORKS in answers.values()]
    failed = [one for one in tried if WORKS in one[1].values()]
    proved = lower_share(len(tried), len(failed), confidence)
    rings = [(fixed, answers) for fixed, answers in outside if fixed["ring"] != RECEPTOR and all(answers.values())]
    lost = sum(LOST in answers.values() for _, answers in rings)
    receptors = [(str(fixed["place"]), answers) for fixed, answers in outside if fixed["ring"] == RECEPTOR]
    found = Scored(
        site=str(about.get("site", "")),
        share=share,
        confidence=confidence,
        points=len(inside),
        tried=len(tried),
        failed=len(failed),
        proved_share=proved,
        proved=len(failed) <= failures_allowed(len(tried), share, confidence),
        by_storey=_by(tried, lambda fixed, _: [str(fixed["storey"])], lambda _, answers: WORKS in answers.values()),
        by_network=_by_network(inside),
        outside_tried=len(rings),
        outside_lost=lost,
        outside_share=lower_share(len(rings), lost, confidence),
        receptors_lost=tuple(name for name, answers in receptors if LOST in answers.values()),
        receptors_untried=tuple(
            name for name, answers in receptors if LOST not in answers.values() and not all(answers.values())
        ),
        claims=(),
    )
    return replace(found, claims=_claims(found))


def _sheets(path: Path) -> dict[str, list[list[Any]]]:
    """Rows of the three sheets."""
    names, advice = (ABOUT, INSIDE, OUTSIDE), "fill in the form that was made, and save it as XLSX"
    found = workbook_rows(path, names, most_rows=MOST_ROWS, most_bytes=MOST_BYTES, advice=advice)
    return dict(zip(names, found, strict=True))


def _figure(about: dict[str, Any], name: str, file: str, most: float = 1.0) -> float:
    value = about.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= most
        or (most == 1 and value == 1)
    ):
        raise SiteError(f"{file}: {ABOUT}: {name} is {shown(value)}; put back what the form said")
    return float(value)


def _rows(
    rows: list[list[Any]],
    sheet: str,
    head: tuple[str, ...],
    words: tuple[str, str],
    file: str,
    problems: list[str],
) -> list[tuple[dict[str, Any], dict[str, str | None]]]:
    """What stands fixed in each row, and the answers by column: a word of the two, or nothing."""
    header = [str(name).strip() if name is not None else "" for name in (rows[0] if rows else ())]
    if tuple(header[: len(head)]) != head or NOTE not in header:
        problems.append(f"{file}: {sheet}: row 1: is not the header of the form; put it back")
        return []
    last = header.index(NOTE)
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not row or row[0] is None:
            continue
        answers: dict[str, str | None] = {}
        for column in range(len(head), last):
            value = row[column] if column < len(row) else None
            word = None if value is None or str(value).strip() == "" else str(value).strip().casefold()
            if word is not None and word not in words:
                problems.append(
                    f"{file}: {sheet}: row {number}, {clean(header[column])}: is {shown(str(value))} (expected "
                    f"{words[0]}, {words[1]} or nothing); correct it"
                )
                word = None
            answers[header[column]] = word
        found.append((dict(zip(head, row, strict=False)), answers))
    return found


def _by(rows: Any, names: Any, fails: Any) -> tuple[tuple[str, int, int], ...]:
    """Tried and failed by name."""
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for fixed, answers in rows:
        for name in names(fixed, answers):
            tried[name] += 1
            failed[name] += bool(fails(fixed, answers))
    return tuple((name, tried[name], failed[name]) for name in sorted(tried))


def _by_network(rows: list[tuple[dict[str, Any], dict[str, str | None]]]) -> tuple[tuple[str, int, int], ...]:
    """Call attempts and those that worked by operator and technology, the worst first."""
    tried: Counter[str] = Counter()
    worked: Counter[str] = Counter()
    for _, answers in rows:
        for name, word in answers.items():
            tried[name] += word is not None
            worked[name] += word == WORKS
    return tuple((name, tried[name], worked[name]) for name in sorted(tried, key=lambda one: (-worked[one], one)))


def _claims(found: Scored) -> tuple[str, ...]:
    """What may be said of it, in words."""
    sure = f"with {found.confidence:.0%} confidence"
    claims = []
    if not found.tried:
        claims.append("Inside: no point was tried; nothing may be claimed.")
    else:
        verdict = "PROVED" if found.proved else "NOT PROVED"
        claims.append(
            f"Inside: {verdict}. {found.failed} of {found.tried} points failed: {sure}, no phone works at "
            f"{found.proved_share:.1%} of places or more ({found.share:.0%} was to be proved)."
        )
    if found.tried < found.points:
        claims.append(
            f"{found.points - found.tried} points inside were not tried on every network and count for nothing."
        )
    if found.outside_tried:
        claims.append(
            f"Outside: {found.outside_lost} of {found.outside_tried} points lost an operator: {sure}, every operator "
            f"serves {found.outside_share:.1%} of the ring or more."
        )
    else:
        claims.append("Outside: no point of the ring was tried; nothing may be claimed of it.")
    if found.receptors_lost:
        claims.append(f"Receptors: FAILED at {', '.join(map(clean, found.receptors_lost))}; nothing may fail there.")
    elif found.receptors_untried:
        claims.append(f"Receptors: not all tried ({', '.join(map(clean, found.receptors_untried))}).")
    claims.append("The claim holds for the day of the test, the phones used and the networks as they were that day.")
    return tuple(claims)
