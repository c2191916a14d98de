"""What ``--json`` prints, key by key: the types of every answer, from which its JSON Schema is made.

A function that makes an answer says its type, so that a key too many or too few is an error of types. The columns of
a batch's summary are the keys marked with `Column`. A new key of a result stands here and where its value is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple, NotRequired, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from typing_extensions import TypedDict, is_typeddict

from quietwing.coverage.answer_parts import (
    DESCRIBED,
    Action,
    Change,
    Claimed,
    Column,
    Cost,
    Escape,
    FrontierPointAnswer,
    GradeAnswer,
    HoleAnswer,
    LeakageGrade,
    MeasuredSectors,
    Placed,
    RoomCounts,
    RulesAnswer,
    SearchAnswer,
    SilentAt,
    SpillAnswer,
    TargetAnswer,
    Treated,
    UnmetAnswer,
)
from quietwing.coverage.rules import GRADES

__all__ = [
    "ANSWERS",
    "SUMMARY_COLUMNS",
    "VERSION",
    "FrontierAnswer",
    "LeakageAnswer",
    "PlanAnswer",
    "Summary",
    "VerdictAnswer",
    "WhatIfAnswer",
    "row_of",
    "schema_of",
]

VERSION = 1  # raised where a key goes or changes its meaning
DIALECT = "https://json-schema.org/draft/2020-12/schema"  # a name, never fetched


class Summary(NamedTuple):
    """A column of a batch's summary: name, kind, how CSV writes it, and the keys that lead to its value."""

    name: str
    kind: type
    form: str
    keys: tuple[str, ...]


@DESCRIBED
class VerdictAnswer(TypedDict):
    """``quietwing evaluate --json``: a layout judged at both grades in the same simulations."""

    site: Annotated[str, Column("site")]
    """Name of the site."""
    grade: Annotated[str, Column("grade")]
    """Grade asked for; what stands beside `grades` is of it."""
    rules: Annotated[RulesAnswer, Column("rules", form="{name} ({fingerprint})")]
    """Rules it was judged by."""
    measured: MeasuredSectors
    """How many sectors readings have set."""
    rooms: RoomCounts
    """At the grade asked for."""
    c95: Annotated[float | None, Column("c95", form=".3f")]
    """Share of rooms that are blocked or without signal anyway, floored to 0.001; null without such rooms."""
    silent_at: SilentAt
    """Rooms by the share of simulations."""
    together_95: Annotated[int, Column("together_95", form="d")]
    """Rooms blocked at once in 95 of a hundred simulations."""
    spill: SpillAnswer | None
    """Limits outside; null where they were not judged."""
    grades: dict[str, GradeAnswer]
    """Each grade by its name."""
    escapes: list[Escape]
    """Channels that still work, those in most rooms first."""
    uncovered_routes: list[str]
    """Ways to communicate that no cellular blocker addresses."""
    cost: Cost
    """Of the whole layout."""
    budget_gbp: float | None
    """Money given; null without a budget."""
    over_budget: bool | None
    """Whether it costs more; null without a budget."""
    value: Annotated[float | None, Column("value", form=".6f")]
    """Plans only: weight of the rooms blocked in the simulations it was chosen on, or £ bought for a target."""
    bound: Annotated[float | None, Column("bound", form=".6f")]
    """Plans only: what no plan can exceed as it is judged; null: how much better is possible is not known."""
    gap: Annotated[float | None, Column("gap", form=".6f")]
    """Plans only: difference of both as a share of the value, rounded up to 0.1 %."""
    status: Annotated[str, Column("status")]
    """`evaluated`; of a plan `optimal` (none is better), `feasible` (best found), `infeasible`, `none found` or
    `interrupted`."""
    devices: list[Placed]
    """Blockers, in the order of the layout."""
    treatments: list[Treated]
    """Treated openings."""
    operator_actions: list[Action]
    """What operators change."""
    notes: list[str]
    """What limits the result: ranges of models, assumptions, prices."""
    seed: int
    """Of all random draws."""
    reproducible: bool
    """Whether the same inputs give the same bytes; false after a limit of time."""
    contrast: NotRequired[list[dict[str, Any]]]
    """Contrast budgets, line by line, of rooms that are not blocked."""
    manifest: NotRequired[dict[str, Any]]
    """Fingerprints of the inputs, versions, seed."""
    explain: NotRequired[dict[str, Any]]
    """With `--explain`: one room in detail."""
    whatif: NotRequired[WhatIfAnswer]
    """With `--whatif`: what would change the answer."""


@DESCRIBED
class PlanAnswer(VerdictAnswer):
    """``quietwing optimise --json``: the plan and its verdict in simulations it was not chosen on."""

    scenario_id: str
    """Fingerprint of everything asked."""
    rooms_model: int
    """Rooms blocked in the planning model."""
    target_rooms: int | None
    """Rooms asked for at least cost."""
    target: TargetAnswer | None
    """Null without one."""
    claimed: list[Claimed]
    """Rooms blocked in the planning model."""
    holes: list[HoleAnswer]
    """Rooms left open, with why."""
    binding: str
    """What keeps the plan from more, in words."""
    attempts: list[dict[str, Any]]
    """Plans tried, with what each held in the simulations plans are chosen on."""
    chosen: int | None
    """Which of them."""
    candidates: int
    """Choices the search had: places, models, treatments, actions."""
    plan_notes: list[str]
    """Notes of the search alone."""
    found_by: SearchAnswer | None
    """Of a frontier's plan: the search that found it, where that was not its own; null elsewhere."""
    frontier: NotRequired[FrontierAnswer]
    """Of the demo: the frontier that the plan is one of."""


@DESCRIBED
class LeakageAnswer(TypedDict):
    """``quietwing leakage --json``: where the public network works with every blocker off."""

    site: str
    """Name of the site."""
    scenario_id: str
    """Fingerprint of everything asked."""
    as_of: str
    """Date of the site's data."""
    grade: str
    """Grade asked for."""
    rules: RulesAnswer
    """Rules it was judged by."""
    rooms: RoomCounts
    """At the grade asked for."""
    grades: dict[str, LeakageGrade]
    """Each grade by its name."""
    escapes: list[Escape]
    """Channels that still work, those in most rooms first."""
    notes: list[str]
    """What limits the result: ranges of models, assumptions, prices."""
    seed: int
    """Of all random draws."""
    files: NotRequired[list[str]]
    """Written with `--out`."""
    measured: NotRequired[dict[str, Any]]
    """Levels read on the site beside those computed."""


@DESCRIBED
class FrontierAnswer(TypedDict):
    """``quietwing frontier --json``: rooms for money."""

    site: str
    """Name of the site."""
    as_of: str
    """Date of the site's data."""
    grades: list[str]
    """Each grade by its name."""
    budget_basis: str
    """`capex` or `whole_life`."""
    rooms: dict[str, int]
    """At the grade asked for."""
    points: list[FrontierPointAnswer]
    """From the least money up."""
    knee_gbp: float | None
    """Budget of the knee."""
    headline: list[str]
    """In words."""
    interrupted: bool
    """Whether the search was ended early."""
    missing_gbp: list[float]
    """Budgets that an interrupted search has no plan for."""
    chosen_from: str | None
    """Budgets that were not given: the lowest is the price of a `further cell`, or a part of the `highest`."""
    unmet: list[UnmetAnswer]
    """Targets that no plan found meets."""
    given_judged: bool
    """Whether the layout given was judged; false only after an interruption."""
    searched_apart: bool
    """Whether budgets were searched apart on a cluster, none from a cheaper plan."""
    seed: int
    """Of all random draws."""
    notes: list[str]
    """What limits the result: ranges of models, assumptions, prices."""
    files: NotRequired[list[str]]
    """Written with `--out`."""


@DESCRIBED
class WhatIfAnswer(TypedDict):
    """``quietwing whatif --json``: what would change the answer."""

    site: str
    """Name of the site."""
    scenario_id: str
    """Fingerprint of everything asked."""
    as_of: str
    """Date of the site's data."""
    grades: list[str]
    """Each grade by its name."""
    rooms: dict[str, int]
    """At the grade asked for."""
    unchanged: Change
    """The answer as it is."""
    changes: list[Change]
    """Those that gain most first."""
    seed: int
    """Of all random draws."""
    files: NotRequired[list[str]]
    """Written with `--out`."""


ANSWERS: dict[str, Any] = {
    "leakage": LeakageAnswer,
    "evaluate": VerdictAnswer,
    "optimise": PlanAnswer,
    "frontier": FrontierAnswer,
    "whatif": WhatIfAnswer,
}


def schema_of(command: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what a command prints with ``--json``.

    Parameters
    ----------
    command : str
        One of `ANSWERS`.

    Returns
    -------
    dict
        Plain values. Its ``$id`` holds `VERSION`.
    """
    answer = ANSWERS[command]
    found = TypeAdapter(answer).json_schema()
    if answer is PlanAnswer:  # what is said of an inherited key stands with the verdict's
        for key, value in TypeAdapter(VerdictAnswer).json_schema()["properties"].items():
            found["properties"][key] |= value
    return {"$schema": DIALECT, "$id": f"urn:quietwing:{command}:{VERSION}"} | found


def row_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Values of `SUMMARY_COLUMNS` by name, None where an answer has none."""
    found: dict[str, Any] = {}
    for name, _, form, keys in SUMMARY_COLUMNS:
        value: Any = answer
        for key in keys:
            value = value.get(key) if value is not None else None
        found[name] = form.format(**value) if isinstance(value, dict) else value
    return found


def _columns(answer: Any, keys: tuple[str, ...], grade: str | None) -> Iterator[Summary]:
    for key, hint in get_type_hints(answer, include_extras=True).items():
        column = next((each for each in get_args(hint)[1:] if isinstance(each, Column)), None)
        kind = next(each for each in (*_kinds(hint), str) if each is not type(None))
        at = (*keys, key)
        if column is not None:
            name = column.name if grade is None else column.of_grade and f"{column.of_grade}_{grade}"
            if name:
                text = is_typeddict(kind)
                yield Summary(name, str if text else kind, column.form, at)
        elif is_typeddict(kind):
            yield from _columns(kind, at, grade)
        elif kind is dict and get_args(hint)[1:] == (GradeAnswer,):
            for each in GRADES:
                yield from _columns(GradeAnswer, (*at, each), each)


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Types that a hint allows, without what it is annotated with."""
    if get_origin(hint) is Annotated:
        return _kinds(get_args(hint)[0])
    if get_origin(hint) in (dict, list):
        return (get_origin(hint),)
    return get_args(hint) or (hint,)


SUMMARY_COLUMNS = tuple(_columns(VerdictAnswer, (), None))
"""Columns of a batch's summary in their order, from the marked keys of a verdict."""
