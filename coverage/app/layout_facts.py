"""What pages say of a judged layout, and the stored sample of it. From a verdict: `facts_of_verdict`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from quietwing.coverage.app.prices import alike_but_for_prices
from quietwing.coverage.site_inputs import equipment_of
from quietwing.sites import fingerprint

if TYPE_CHECKING:
    from quietwing.coverage.app.state import Session
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.scenario import Scenario

__all__ = ["FACTS", "Cell", "GradeFact", "LayoutFacts", "OutsidePlace", "RoomFact", "stored_sample", "stored_worst"]

FACTS = "facts.json"
SAMPLE = "houseblock"  # the site it is of


@dataclass(frozen=True)
class RoomFact:
    """A room that must be silent, at the grade asked for.

    Attributes
    ----------
    state : str
        As of `report.escapes.state_of_rooms`.
    chance : float
        Share of worlds in which no phone works there.
    at_grades : str
        State and chance at each grade, in words.
    escape : str
        What works there likeliest, and where; empty: nothing.
    off : float
        The chance with every blocker off, in the same worlds.
    leaks : bool
        Whether a phone may work there with every blocker off.
    """

    state: str
    chance: float
    at_grades: str
    escape: str
    off: float
    leaks: bool


@dataclass(frozen=True)
class GradeFact:
    """All rooms, and the limits outside, at one grade.

    Attributes
    ----------
    name, words : str
        ``planning``, ``planning grade (90 %)``.
    silent, quiet, holes : int
        Rooms blocked by the layout, without signal anyway, and not blocked (those not known among them).
    leaks : int
        Rooms where a phone may work with every blocker off, in the same worlds.
    kept : bool or None
        Whether every limit outside is kept; None: not known.
    margin_db : float or None
        What is left to the limits at the worst place that counts; None where nothing radiates or is known. [dB]
    where : str
    """

    name: str
    words: str
    silent: int
    quiet: int
    holes: int
    leaks: int
    kept: bool | None
    margin_db: float | None
    where: str


@dataclass(frozen=True)
class OutsidePlace:
    """A point outside with the channel nearest to its limit there; infinite margins are given as None."""

    name: str
    ring: str
    channel: str
    margin_db: float | None
    captured: float
    passed: bool
    x_m: float
    y_m: float

    @property
    def limit_in_words(self) -> str:
        """Whether the limit is kept here: a share of each ring may be over, so that no place fails by itself."""
        return "kept" if self.passed else "over"


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
class LayoutFacts:
    """Everything pages say of a judged layout without its arrays.

    Attributes
    ----------
    scenario_id : str
        Names the site, scenario, layout and catalogue it belongs to.
    as_of : str
    worst : int
        Index of the plan with most rooms that are not blocked, as of `places_of`; -1: none.
    silence : int
        Rooms that must be silent.
    grades : tuple of GradeFact
        The one asked for first.
    rooms : dict of str to RoomFact
    outside : tuple of OutsidePlace
        The worst first.
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
    money_gbp : tuple of float
        To buy and install, to run a year, whole life.
    placeholders : tuple of int
        Prices that are no quotes, of how many.
    """

    scenario_id: str
    as_of: str
    worst: int
    silence: int
    grades: tuple[GradeFact, ...]
    rooms: Mapping[str, RoomFact]
    outside: tuple[OutsidePlace, ...]
    sentences: tuple[str, ...]
    spill: tuple[str, ...]
    cells: tuple[Cell, ...]
    unreached: tuple[tuple[str, int], ...]
    routes: tuple[str, ...]
    notes: tuple[str, ...]
    money_gbp: tuple[float, float, float]
    placeholders: tuple[int, int]


def stored_worst(own: Session) -> int:
    """Index of the plan to begin with: of the stored result's site the worst, whatever its layout, else the first."""
    found = _stored()
    return int(found["worst"]) if found is not None and own.site_source == SAMPLE else 0


def stored_sample(own: Session) -> LayoutFacts | None:
    """The stored result, if the session has just what it was computed from; else None."""
    devices, catalogue = _bundled_equipment()
    if own.layout.treatments or own.layout.devices != devices:
        return None  # at once: a fingerprint of a site takes longer than the rest of a gesture's answer
    scenario = replace(own.scenario, budget_gbp=None)  # no result goes by it
    last = own.sampled
    if last is None or last[0] is not own.site or last[1] is not own.catalogue or last[2] != scenario:
        last = own.sampled = (own.site, own.catalogue, scenario, _sample_of(own, scenario, catalogue))
    return last[3]


def _sample_of(own: Session, scenario: Scenario, bundled: Mapping[str, Model]) -> LayoutFacts | None:
    found = _stored()
    if found is None or not alike_but_for_prices(own.catalogue, bundled):
        return None
    if found["scenario_id"] != fingerprint(own.site, scenario, own.layout.devices, dict(bundled))[:12]:
        return None
    facts = _facts(found)
    return facts if own.catalogue == bundled else _at_prices(facts, own)


@cache
def _bundled_equipment() -> tuple[tuple[Device, ...], dict[str, Model]]:
    """What the sample was judged with."""
    return equipment_of(SAMPLE, None)


def _at_prices(facts: LayoutFacts, own: Session) -> LayoutFacts:
    """The same at other prices than the bundled ones."""
    from quietwing.coverage.study import price  # the engine: the first screen does without

    spent = price(own.site, own.scenario, own.layout.devices, (), own.catalogue)
    money = (spent.capex_gbp, spent.opex_gbp_per_year, spent.whole_life_gbp)
    return replace(facts, money_gbp=money, placeholders=spent.illustrative)


def _stored() -> dict[str, Any] | None:
    try:
        text = resources.files("quietwing.coverage.app.sample").joinpath(FACTS).read_text("utf-8")
    except OSError:
        return None
    stored: dict[str, Any] = json.loads(text)
    return stored


def _facts(found: dict[str, Any]) -> LayoutFacts:
    """Facts as they were before they were JSON."""
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
    made["grades"] = tuple(GradeFact(**one) for one in found["grades"])
    made["rooms"] = {name: RoomFact(*one) for name, one in found["rooms"].items()}
    made["outside"] = tuple(OutsidePlace(*one) for one in found["outside"])
    made["cells"] = tuple(Cell(**one) for one in found["cells"])
    made["unreached"] = tuple((channel, rooms) for channel, rooms in found["unreached"])
    return LayoutFacts(**{one.name: made[one.name] for one in fields(LayoutFacts)})
