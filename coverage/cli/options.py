"""Options that several commands of the terminal share: those made from the keys of a scenario, and a few more."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import typer

from quietwing.coverage.scenario import TARGETS, Scenario

__all__ = [
    "NOT_ASKED",
    "CalibrationOption",
    "GapOption",
    "JsonOption",
    "LayoutOption",
    "LocalClusterOption",
    "RulesOption",
    "ScenarioOption",
    "SchedulerOption",
    "SiteArgument",
    "asks_scenario",
]

R = TypeVar("R")
_SEARCH = ("objective", *TARGETS, "equipment", "treat_with", "spacing_m", "effort")
_MONEY = ("budget_gbp", "budget_basis", "horizon_years", "discount_rate", "live_prison_multiplier", "comms_room")
_IN_FILES = ("format", "operator_actions")  # a table for each action: the scenario's file alone can hold them
# Keys of a scenario that mean nothing to a command; it has an option for every other.
NOT_ASKED: dict[str, tuple[str, ...]] = {
    "leakage": (*_IN_FILES, *_SEARCH, *_MONEY, "spill_tier", "treatments"),
    "evaluate": (*_IN_FILES, *_SEARCH),
    "whatif": (*_IN_FILES, *_SEARCH),
    "measure-next": (*_IN_FILES, *_SEARCH),
    "optimise": _IN_FILES,
    "frontier": (*_IN_FILES, "budget_gbp", "objective", *TARGETS),  # its own options ask for these
}
_FILES = {"rules": "FILE.toml", "treatments": "FILE.csv", "calibration": "FILE.toml"}  # read before the scenario is
_METAVARS = {**_FILES, "target_named": "ROOM", "target_wing": "WING"}
_WORDS = {
    "calibration": "What `calibrate` made; else the site's calibration.toml.",
    "grade": "planning (worth a trial?) or evidence (may be promised); both are shown.",
    "rules": "Rules of your own in place of the product's.",
    "confidence": "Share of simulations to block a room in; else the grade's.",
    "grid_m": "Spacing of the maps' grid in metres.",
    "channels": "Only this channel, e.g. EE/B20/LTE; repeatable.",
    "seed": "Seed of every random draw.",
    "worlds": "Simulations (random worlds) a layout is judged in.",
    "search_margin": "Whether a prisoner searches for the best spot.",
    "likely_capture": "Whether capture through a higher-priority layer counts as blocked.",
    "spill_tier": "Limits outside, e.g. strict; else the grade's.",
    "treatments": "treatments.csv of a plan: these windows too have their mesh or film.",
    "budget_gbp": "Pounds to spend at most.",
    "budget_basis": "Cost the budget limits: capex or whole_life.",
    "objective": "most_protected (most rooms blocked) or least_cost",
    "target_rooms": "With least_cost: how many rooms must be blocked.",
    "target_share": "Or a share of the rooms, above 0 to 1: 0.5 is half.",
    "target_named": "Or this room, or rooms like A1-*; repeatable.",
    "target_wing": "Or a building, its storey (HB1/0), a wing; repeatable.",
    "equipment": "Only this model of the catalogue may be bought; repeatable.",
    "treat_with": "Only this mesh or film; repeatable; none: no treatment.",
    "horizon_years": "Years over which running costs and refreshes count.",
    "discount_rate": "A year's discount of the net present value, 0.035 is 3.5 %.",
    "live_prison_multiplier": "Factor on labour and laid cable in a prison at work.",
    "comms_room": "Room all cable runs to; else assumed, and noted.",
    "spacing_m": "Least distance between new devices in metres.",
    "effort": "quick, normal or thorough",
}
_BY_NAME = inspect.Parameter.KEYWORD_ONLY
_KINDS = get_type_hints(Scenario)


def _option(key: str) -> Any:
    """What the terminal asks for one key of a scenario."""
    flag = f"--{'channel' if key == 'channels' else key.replace('_', '-')}"
    kind = _KINDS.get(key)
    plain: Any = next((each for each in (bool, int, float) if each in (kind, *get_args(kind))), str)
    if key in _FILES:
        plain = Path
    elif get_origin(kind) is tuple:
        plain = list[str]
    flags = f"{flag}/--no-{flag[2:]}" if plain is bool else flag
    panel = "Keys of the scenario" if key in _KINDS else None
    return Annotated[
        plain | None, typer.Option(flags, metavar=_METAVARS.get(key), help=_WORDS[key], rich_help_panel=panel)
    ]


def asks_scenario(command: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command an option for each key of a scenario that means something to it, and for calibration.

    The function is called with them as `options`, its keyword without a default: None where one is not given.
    """

    def with_options(answer: Callable[..., R]) -> Callable[..., R]:
        own = inspect.signature(answer, eval_str=True)
        keys = ["calibration", *(key for key in Scenario.__dataclass_fields__ if key not in NOT_ASKED[command])]

        @functools.wraps(answer)
        def run(**given: Any) -> R:
            said = {key: given.pop(key) for key in keys}
            options = {key: tuple(value) or None if isinstance(value, list) else value for key, value in said.items()}
            return answer(**given, options=options)

        asked = [inspect.Parameter(key, _BY_NAME, default=None, annotation=_option(key)) for key in keys]
        parts = [
            asked if name == "options" else [each.replace(kind=_BY_NAME)] for name, each in own.parameters.items()
        ]
        run.__signature__ = own.replace(parameters=list(chain(*parts)))  # type: ignore[attr-defined]
        return run

    return with_options


SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="houseblock, radial, campus, a site folder or a .gpkg")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of a table.")]
LayoutOption = Annotated[
    Path | None,
    typer.Option("--layout", help="Devices to judge; without it the site's own layout.csv, else blockers off."),
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Compute on this Dask cluster (extra cluster).")
]
LocalClusterOption = Annotated[
    int | None,
    typer.Option("--local-cluster", metavar="N", help="Compute on a Dask cluster of N processes here."),
]
GapOption = Annotated[
    float | None,
    typer.Option("--gap", help="End a search within this share of the planning model's bound; else exit code 4."),
]
ScenarioOption = Annotated[Path | None, typer.Option("--scenario", help="Scenario TOML; its keys are options too.")]
CalibrationOption = Annotated[
    Path | None, typer.Option("--calibration", metavar=_FILES["calibration"], help=_WORDS["calibration"])
]
RulesOption = Annotated[Path | None, typer.Option("--rules", metavar=_FILES["rules"], help=_WORDS["rules"])]
