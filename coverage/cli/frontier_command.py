"""Options of ``quietwing frontier``, beside the other commands of `cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.helped import helped
from quietwing.coverage.cli.options import (
    ConfidenceOption,
    EquipmentOption,
    GradeOption,
    JsonOption,
    LocalClusterOption,
    RulesOption,
    ScenarioOption,
    SchedulerOption,
    SeedOption,
    SiteArgument,
    TierOption,
    TreatWithOption,
)

__all__ = ["frontier"]

AutoOption = Annotated[
    bool,
    typer.Option(
        "--auto", help="Choose eight budgets: from the cheapest plan that blocks a room to where gains stop."
    ),
]
LeastCostOption = Annotated[
    str | None,
    typer.Option(
        "--least-cost-of", metavar="ROOMS,…", help="Also the cheapest plan for so many rooms, or 50% of them."
    ),
]


@guarded
def frontier(
    site: SiteArgument,
    budgets: Annotated[
        str | None, typer.Option("--budgets", metavar="A,B,C", help="Budgets in pounds, 20 at most.")
    ] = None,
    auto: AutoOption = False,
    least_cost_of: LeastCostOption = None,
    layout: Annotated[
        Path | None, typer.Option("--layout", help="What stands: its existing devices stay in every plan.")
    ] = None,
    scenario: ScenarioOption = None,
    equipment: EquipmentOption = None,
    treat_with: TreatWithOption = None,
    effort: Annotated[str | None, typer.Option("--effort", help="quick, normal or thorough, of each search")] = None,
    worlds: Annotated[
        int | None, typer.Option("--worlds", help="Simulations (random worlds) plans are judged in.")
    ] = None,
    grade: GradeOption = None,
    rules: RulesOption = None,
    confidence: ConfidenceOption = None,
    spill_tier: TierOption = None,
    seed: SeedOption = None,
    time_limit_s: Annotated[
        float | None, typer.Option("--time-limit", help="Start no new attempt of a search after this many seconds.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: figure, tables, page, plans.")] = None,
    as_json: JsonOption = False,
    scheduler: SchedulerOption = None,
    local_cluster: LocalClusterOption = None,
) -> None:
    """What more money buys: a plan for each budget, and what a further room costs."""
    options = {
        "equipment": tuple(equipment) if equipment else None,
        "treat_with": tuple(treat_with) if treat_with else None,
        "effort": effort,
        "worlds": worlds,
        "grade": grade,
        "rules": rules,
        "confidence": confidence,
        "spill_tier": spill_tier,
        "seed": seed,
    }
    with helped(site, alone=(scheduler, local_cluster) != (None, None), plans=True) as other:
        cli.answer_frontier(
            site,
            layout,
            scenario,
            out,
            as_json,
            options,
            budgets=budgets,
            auto=auto,
            least_cost_of=least_cost_of,
            time_limit_s=time_limit_s,
            cluster=(scheduler, local_cluster),
            other=other,
        )
