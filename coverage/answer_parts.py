"""Parts of what ``--json`` prints: rooms by state, limits, costs, devices, points of a frontier."""

from __future__ import annotations

from typing import Annotated, NamedTuple, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

__all__ = [
    "DESCRIBED",
    "Action",
    "Change",
    "Claimed",
    "Column",
    "Cost",
    "Escape",
    "FrontierPointAnswer",
    "Further",
    "GradeAnswer",
    "HoleAnswer",
    "Kept",
    "LeakageGrade",
    "MeasuredSectors",
    "Passed",
    "Placed",
    "RoomCounts",
    "RulesAnswer",
    "SearchAnswer",
    "SilentAt",
    "SpillAnswer",
    "TargetAnswer",
    "TargetRoom",
    "Treated",
    "UnmetAnswer",
]

DESCRIBED = with_config(use_attribute_docstrings=True, extra="forbid")


class Column(NamedTuple):
    """A key that a batch's summary has a column for: its name, its name for each grade, how CSV writes it."""

    name: str = ""
    of_grade: str = ""
    form: str = ""


@DESCRIBED
class RulesAnswer(TypedDict):
    """Which rules a result was judged by."""

    name: str
    """Name of the rules file; `default` for those of the product."""
    fingerprint: str
    """First twelve digits of the SHA-256 of what they say."""


@DESCRIBED
class RoomCounts(TypedDict):
    """Rooms to be blocked, by state."""

    silence: Annotated[int, Column("rooms_silence", form="d")]
    """All of them."""
    silent: Annotated[int, Column("rooms_silent", "rooms_silent", "d")]
    """Blocked: no channel is usable, by blockers, treatments or operator actions."""
    quiet_anyway: Annotated[int, Column("rooms_quiet_anyway", "rooms_quiet_anyway", "d")]
    """No signal even without any of these."""
    holes: Annotated[int, Column("rooms_holes", "rooms_holes", "d")]
    """Not blocked: some channel is usable."""
    unknown: Annotated[int, Column("rooms_unknown", form="d")]
    """Not known; they count as not blocked."""


SilentAt = TypedDict(
    "SilentAt",
    {
        "50": Annotated[int, Column("silent_at_50", form="d")],
        "80": Annotated[int, Column("silent_at_80", form="d")],
        "90": Annotated[int, Column("silent_at_90", form="d")],
        "95": Annotated[int, Column("silent_at_95", form="d")],
        "99": Annotated[int, Column("silent_at_99", form="d")],
    },
)
SilentAt.__doc__ = "Rooms blocked in at least so many of a hundred simulations."


@DESCRIBED
class SpillAnswer(TypedDict):
    """What a grade finds outside the fence."""

    tier: Annotated[str, Column("spill_tier")]
    """Whose limits: a tier of the rules."""
    passed: Annotated[bool, Column("spill_passed", "spill_passed")]
    """Whether every limit is kept."""
    worst_margin_db: Annotated[float | None, Column("spill_worst_margin_db", "spill_margin_db", ".1f")]
    """Smallest distance to a limit, floored to 0.1 dB; null where nothing is on the air or it is not known."""
    where: str | None
    """Place and channel of that margin."""


@DESCRIBED
class MeasuredSectors(TypedDict):
    """How many sectors readings on the site have set."""

    sectors: Annotated[int, Column("sectors", form="d")]
    """All sectors judged."""
    measured: Annotated[int, Column("sectors_measured", form="d")]
    """Those with a level read on the site."""


@DESCRIBED
class GradeAnswer(TypedDict):
    """A verdict at one grade."""

    confidence: float
    """Share of simulations in which a room must be blocked."""
    rooms: RoomCounts
    """At the grade asked for."""
    c95: float | None
    """Share of rooms that are blocked or without signal anyway, floored to 0.001; null without such rooms."""
    silent_at: SilentAt
    """Rooms by the share of simulations."""
    together_95: Annotated[int, Column(of_grade="together_95", form="d")]
    """Rooms blocked at once in 95 of a hundred simulations."""
    tier: Annotated[str, Column(of_grade="spill_tier")]
    """Tier of the limits outside."""
    spill: SpillAnswer | None
    """Limits outside; null where they were not judged."""
    protected: NotRequired[int]
    """Evidence grade only: rooms that may be called protected."""


@DESCRIBED
class Escape(TypedDict):
    """A channel that still works in rooms where no phone may."""

    channel: str
    """Operator, band and technology."""
    rooms: int
    """In how many rooms."""


@DESCRIBED
class Cost(TypedDict):
    """What a layout costs; null where nothing was priced."""

    capex_gbp: Annotated[float | None, Column("capex_gbp", form=".2f")]
    """To buy and install. [£]"""
    opex_gbp_per_year: Annotated[float | None, Column("opex_gbp_per_year", form=".2f")]
    """To run, each year. [£]"""
    whole_life_gbp: Annotated[float | None, Column("whole_life_gbp", form=".2f")]
    """Both over the scenario's years. [£]"""
    npv_gbp: Annotated[float | None, Column("npv_gbp", form=".2f")]
    """Its present value. [£]"""
    illustrative: Annotated[str | None, Column("illustrative")]
    """How many prices are assumed and not quoted."""


@DESCRIBED
class Placed(TypedDict):
    """A blocker of the layout."""

    id: str
    """Of its row in the layout."""
    model: str
    """Row of the catalogue."""
    x_m: float
    """East. [m]"""
    y_m: float
    """North. [m]"""
    z_m: float
    """Height above the ground. [m]"""
    storey: int
    """Number of the storey, 0 at the ground."""
    power_dbm: float | None
    """EIRP in place of the catalogue's."""
    azimuth_deg: float | None
    """Clockwise from grid north."""
    tilt_deg: float | None
    """Down from the horizon."""
    state: str
    """`new` or `existing`."""
    route_m: NotRequired[list[list[float]]]
    """Corners of a radiating cable."""
    unit_price_gbp: NotRequired[float | None]
    """Plans only: a price of its own."""
    trim_db: NotRequired[dict[str, float]]
    """Plans only: change of power by channel or band."""


@DESCRIBED
class Treated(TypedDict):
    """A treated opening."""

    opening: str
    """Id of the opening."""
    model: str
    """Row of the catalogue."""
    bought: NotRequired[bool]
    """Plans only: by the plan; false for one that was there."""


@DESCRIBED
class Action(TypedDict):
    """What an operator changes for the prison."""

    name: str
    """In words."""
    sectors: list[str]
    """Ids of the sectors it means."""
    power_db: float
    """Change of power. [dB]"""
    tilt_deg: float | None
    """Down from the horizon."""
    azimuth_deg: float | None
    """Clockwise from grid north."""
    off: bool
    """Whether it is switched off."""
    price_gbp: float
    """What the operator asks. [£]"""
    illustrative: bool
    """Whether the price is assumed."""


@DESCRIBED
class HoleAnswer(TypedDict):
    """A room that a plan leaves open."""

    room: str
    """Id of the room."""
    reason: str
    """In words."""
    kind: str
    """Which kind, one of a fixed list."""
    channel: str
    """Operator, band and technology."""
    limit: str
    """Which no device, or no further device, keeps."""
    missing_db: float | None
    """From the best device to what is needed; null where nothing reaches the room."""
    needs_gbp: float | None
    """At least, beyond the budget. [£]"""
    silent_probability: float | None
    """Share of simulations in which the room is blocked."""


@DESCRIBED
class Claimed(TypedDict):
    """A room that the planning model takes as blocked."""

    room: str
    """Id of the room."""
    reserve_db: float
    """Added there to each margin. [dB]"""


@DESCRIBED
class TargetRoom(TypedDict):
    """A room asked for by name."""

    room: str
    """Id of the room."""
    holds: bool
    """Whether it is blocked at the grade asked for."""
    quiet_anyway: bool
    """No signal even without blockers, treatments and operator actions."""
    silent_probability: float
    """Share of simulations in which the room is blocked."""


@DESCRIBED
class TargetAnswer(TypedDict):
    """What was asked for at least cost, and whether it holds in fresh simulations."""

    share: float | None
    """Share of the rooms asked for."""
    named: list[str]
    """Rooms asked for by name."""
    wing: list[str]
    """Wings asked for."""
    needed: int
    """Rooms that were asked for."""
    held: int
    """Rooms of them that are blocked."""
    met: bool
    """Whether the target is met."""
    missing: list[str]
    """Rooms named that are not blocked."""
    rooms: list[TargetRoom]
    """At the grade asked for."""


@DESCRIBED
class LeakageGrade(TypedDict):
    """Leakage at one grade."""

    confidence: float
    """Share of simulations in which a room must be blocked."""
    rooms: RoomCounts
    """At the grade asked for."""


@DESCRIBED
class Kept(TypedDict):
    """Limits outside at one grade."""

    margin_db: float | None
    """Smallest distance to a limit; null where nothing is on the air or it is not known."""
    kept: bool
    """Whether every limit is kept."""


@DESCRIBED
class Further(TypedDict):
    """From one point of a frontier to the next."""

    cells: int
    """Cells."""
    gbp: float
    """Money. [£]"""
    per_cell_gbp: float | None
    """Money for each of them; null without a further one. [£]"""


@DESCRIBED
class FrontierPointAnswer(TypedDict):
    """One budget or target of a frontier."""

    budget_gbp: float | None
    """Money given; null without a budget."""
    target_rooms: int | None
    """Rooms asked for at least cost."""
    target_share: float | None
    """Share of rooms asked for at least cost."""
    spent_gbp: float
    """Cost of the plan on the basis of the budget."""
    found_for_gbp: float
    """Budget that the plan was found for."""
    silent: dict[str, int]
    """Rooms blocked in fresh simulations, by grade."""
    silent_on_worlds_of_choice: int
    """Rooms blocked in the simulations it was chosen on."""
    spill: dict[str, Kept]
    """By grade."""
    status: str
    """Of its plan, as in `plan.json`."""
    further: Further | None
    """To the next point."""
    knee: bool
    """Whether money buys most cells up to here."""
    scenario_id: str
    """Fingerprint of everything asked."""


@DESCRIBED
class UnmetAnswer(TypedDict):
    """A target that no plan found meets."""

    cells: int
    """That a plan would have to block."""
    share: float | None
    """Asked for; null where a number of cells is."""
    most_gbp: float
    """That it might cost."""
    proven: bool
    """Whether nothing that this money buys can meet it."""
    nearest_cells: int
    """Of the plan that comes nearest."""
    nearest_gbp: float
    """Its cost."""


@DESCRIBED
class SearchAnswer(TypedDict):
    """The question whose search found a plan."""

    objective: str
    """`most_protected` or `least_cost`."""
    budget_gbp: float | None
    """Null without a limit of money."""


@DESCRIBED
class Passed(TypedDict):
    """Limits outside at one grade after a change."""

    margin_db: float | None
    """Smallest distance to a limit; null where nothing is on the air or it is not known."""
    passed: bool
    """Whether every limit is kept."""


@DESCRIBED
class Change(TypedDict):
    """One change and what it does to the answer, in the same simulations."""

    name: str
    """In words."""
    kind: str
    """Which kind, one of a fixed list."""
    changed: str
    """What changes, in words."""
    cells: dict[str, int]
    """Rooms blocked after it, by grade."""
    gained: dict[str, int]
    """More than unchanged, by grade."""
    mean_cells: dict[str, float]
    """Mean over simulations of the rooms blocked."""
    spill: dict[str, Passed]
    """Limits outside; null where they were not judged."""
    cost_gbp: float | None
    """Null where there is no price. [£]"""
    note: str
    """What to know about it."""
