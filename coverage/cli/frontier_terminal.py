"""``quietwing frontier``: what more money buys, as a table, a figure and a page."""

from __future__ import annotations

import math
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from quietwing.coverage import warmup
from quietwing.coverage.batch import cluster_client, frontier_on_cluster
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.exit_codes import INTERRUPTED, MISSED
from quietwing.coverage.frontier_store import FRONTIER_RESULT_FILES, write_frontier_result
from quietwing.coverage.other_process import OtherProcess
from quietwing.coverage.report import frontier_details, frontier_header, frontier_lead, frontier_object, frontier_rows
from quietwing.coverage.result_folder import SUMMARY, refuse_taken
from quietwing.coverage.study import AUTO_BUDGETS, frontier

if TYPE_CHECKING:
    from collections.abc import Callable

    from quietwing.coverage.planning import Frontier
    from quietwing.coverage.study import Step

__all__ = ["amounts_of", "answer_frontier", "counts_of", "over_steps", "show_frontier"]

MOST_CHARACTERS = 1000  # of a list on the command line


def amounts_of(text: str | None) -> tuple[float, ...]:
    """Budgets of ``25000,50000,1e5``, pound signs allowed. [£]

    Raises
    ------
    ScenarioError
        If a part is no number.
    """
    found = []
    for part in _parts(text, "--budgets"):
        try:
            found.append(float(part.removeprefix("£")))
        except ValueError:
            raise ScenarioError(
                f"--budgets: {part[:40]!r} is no amount of money (expected e.g. 25000,50000,100000); correct it"
            ) from None
        if not math.isfinite(found[-1]):
            raise ScenarioError(f"--budgets: {part[:40]!r} is no amount of money; correct it")
    return tuple(found)


def counts_of(text: str | None) -> tuple[int | float, ...]:
    """Numbers of cells of ``20,60``, and shares of them of ``50%`` as floats.

    Raises
    ------
    ScenarioError
        If a part is no whole number, and no per cent either.
    """
    found: list[int | float] = []
    for part in _parts(text, "--least-cost-of"):
        number = part.removesuffix("%").rstrip()
        whole, _, after = number.partition(".") if number != part else (part, "", "0")
        if not all(digits.isascii() and digits.isdigit() for digits in (whole, after or "0")):
            raise ScenarioError(
                f"--least-cost-of: {part[:40]!r} is no number of rooms (expected e.g. 20,60 or 50%); correct it"
            )
        found.append(int(part) if number == part else float(number) / 100)
    return tuple(found)


def _parts(text: str | None, option: str) -> list[str]:
    if text is None:
        return []
    if len(text) > MOST_CHARACTERS:
        raise ScenarioError(
            f"{option}: has {len(text):,} characters (expected {MOST_CHARACTERS} at most); shorten it"
        )
    return [part.strip() for part in text.split(",")]


def over_steps(progress: Callable[[str, float], None], first: float, last: float) -> Step:
    """Progress of a frontier as a part of a bar that never goes back."""
    reached = [first]

    def tell(number: int, of: int, what: str, share: float) -> None:
        reached[0] = max(reached[0], first + (last - first) * (number + share) / of)
        progress(what, reached[0])

    return tell


def answer_frontier(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    budgets: str | None,
    auto: bool,
    least_cost_of: str | None,
    time_limit_s: float | None,
    gap: float | None,
    cluster: tuple[str | None, int | None] = (None, None),
    other: OtherProcess | None = None,
) -> None:
    """Plan for each budget, write what is asked for, show it; the exit code says whether all of it was done.

    A part of the work is left to `other`.
    """
    amounts, targets = amounts_of(budgets), counts_of(least_cost_of)
    if bool(amounts) == auto:
        raise ScenarioError("budgets: give either --budgets A,B,C or --auto")
    warmup.start()
    refuse_taken(out, (SUMMARY, *FRONTIER_RESULT_FILES))
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar())
        place, scenario, devices, catalogue = layout_question(site, scenario_file, layout_file, options, progress)
        search: Callable[..., Frontier] = partial(frontier, other=other if warmup.all_compiled() else None)
        if cluster != (None, None):
            search = partial(frontier_on_cluster, stack.enter_context(cluster_client(*cluster)))
        found = search(
            place,
            scenario,
            amounts,
            auto=AUTO_BUDGETS if auto else 0,
            least_cost_of=targets,
            devices=devices,
            catalogue=catalogue,
            time_limit_s=time_limit_s,
            gap=gap,
            progress=over_steps(progress, 0.0, 0.97),
        )
        files = write_frontier_result(found, out, catalogue) if out else ()
    show_frontier(found, files, as_json)
    if found.interrupted:
        raise typer.Exit(INTERRUPTED)
    if time_limit_s is not None and any(not plan.plan.reproducible for plan in found.plans):
        say("the time limit ended a search; the best plans were kept")
        raise typer.Exit(MISSED)
    if gap is not None and not all(one.plan.is_within(gap) for one in found.plans):
        say("the gap asked for could not be shown of every plan; the best plans were kept")
        raise typer.Exit(MISSED)


def show_frontier(found: Frontier, files: tuple[Path, ...], as_json: bool) -> None:
    """The frontier in words and a table, or as JSON."""
    if as_json:
        print_json({**frontier_object(found), "files": [str(path) for path in files]})
        return
    for sentence in frontier_lead(found):
        typer.echo(sentence)
    print_table(frontier_header(found), frontier_rows(found))
    for sentence in frontier_details(found):
        say(f"note: {sentence}")
    if files:
        say(f"wrote {len(files)} files; open {files[0]}")
