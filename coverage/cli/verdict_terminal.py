"""``quietwing evaluate``: the verdict on a layout, and one room in detail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numba
import typer

from quietwing.coverage import report, study, warmup
from quietwing.coverage.batch import cluster_client, evaluate_on_cluster
from quietwing.coverage.blocking import RoomBudgets, explain_room
from quietwing.coverage.cli.contrast_terminal import show_contrast
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.cli.verdict_worker import (
    Judged,
    Layout,
    Picture,
    Storey,
    halve_threads,
    load_tables,
)
from quietwing.coverage.cli.whatif_terminal import show_changes
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.other_process import Answers, Asked, OtherProcess, all_answers
from quietwing.coverage.planning import comms_room, cost
from quietwing.coverage.result_folder import SUMMARY, VERDICT_FILES, refuse_taken
from quietwing.coverage.results import Verdict, VerdictMap, WhatIf
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.store import describe, result_object, write_result
from quietwing.coverage.study import HOLES_ON_PAGE, MOST_HOLES, whatif, with_budgets
from quietwing.coverage.treatments import resolve_treatments, treated_site
from quietwing.sites import Site

__all__ = ["answer_verdict", "show_verdict"]

MOST_BUDGETS = 3  # printed in full; --json has all


def answer_verdict(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    room: str | None,
    contrast: bool = False,
    changes: bool = False,
    cluster: tuple[str | None, int | None] = (None, None),
    other: OtherProcess | None = None,
) -> None:
    """Run a layout, write what is asked for, show the verdict; what `other` can do meanwhile is left to it."""
    other = other if warmup.all_compiled() else None
    warmup.start()
    refuse_taken(out, (SUMMARY, *VERDICT_FILES))
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar())
        place, scenario, devices, catalogue = layout_question(site, scenario_file, layout_file, options, progress)
        comms_room(place, scenario)  # an unknown one is refused before the work, not after it; so is a false price
        cost(place, devices, resolve_treatments(place, scenario.treatments, catalogue), catalogue, scenario)
        budgets = _budgets(place, scenario, room, devices, catalogue) if room is not None else None
        ready = study.made_ready(place, scenario, devices, catalogue)
        mapped: list[Asked[VerdictMap]] = []
        if other is not None:
            if not changes:  # they take a minute, most of it with the other process at rest
                stack.callback(numba.set_num_threads, halve_threads())
            other.tell(Layout(ready.model, scenario, devices, catalogue))
            mapped = [other.ask(Storey(points)) for points in study.storey_grids(place, scenario)]
            load_tables()
        judge: Callable[..., Verdict] = partial(study.evaluate, ready=ready)
        if cluster != (None, None):
            judge = partial(evaluate_on_cluster, stack.enter_context(cluster_client(*cluster)))
        verdict = judge(
            place,
            scenario,
            devices=devices,
            catalogue=catalogue,
            maps=out is not None and other is None,
            progress=lambda what, done: progress(what, (0.6 if other else 0.8) * done),
        )
        most = MOST_HOLES if contrast else HOLES_ON_PAGE if out else 0
        verdict = with_budgets(verdict, catalogue, room, most, bare=ready.bare)
        changed = whatif(place, scenario, devices=devices, catalogue=catalogue) if changes else None
        drawn: Mapping[str, bytes] = {}
        if other is not None:
            here: dict[str, bytes] = {}
            for name, figure in report.verdict_pictures(verdict).items():  # those that show no map
                if not all(one.is_answered for one in mapped):
                    here[name] = report.png_of(figure())
            maps = all_answers(mapped, lambda done: progress("maps", 0.6 + 0.2 * done))
            verdict = study.with_maps(verdict, maps)
            other.tell(Judged(verdict))
            asked = {name: other.ask(Picture(name)) for name in report.verdict_pictures(verdict) if name not in here}
            drawn = Answers(here, asked)
        files: tuple[Path, ...] = ()
        if out is not None:

            def draw(workshop: Path) -> list[str]:
                def tell(done: float) -> None:
                    progress("drawing the maps", 0.8 + 0.2 * done)

                return report.make_files(verdict, workshop, tell, whatif=changed, drawn=drawn)

            files = write_result(verdict, out, catalogue=catalogue, pages=draw)
    show_verdict(verdict, catalogue, budgets, files, as_json, changed)


def show_verdict(
    verdict: Verdict,
    catalogue: Mapping[str, Model],
    budgets: RoomBudgets | None,
    files: tuple[Path, ...],
    as_json: bool,
    changes: WhatIf | None = None,
) -> None:
    """The verdict in words and a table, or as the object of ``--json``; with `budgets` one room in detail."""
    escapes = report.escapes_of(verdict)
    sentences = [report.escape_in_words(one) for one in escapes if budgets and one.room == budgets.room]
    if as_json:
        found = result_object(verdict, catalogue)
        found["manifest"] = describe(verdict, catalogue)
        if budgets:
            found["explain"] = {
                "room": budgets.room,
                "sentences": sentences,
                "budgets": report.budgets_object(budgets),
            }
        if changes:
            found["whatif"] = report.whatif_object(changes)
        print_json(found)
        return
    if verdict.uncovered_routes:
        typer.echo("Not addressed by any cellular blocker:")
        for route in verdict.uncovered_routes:
            typer.echo(f"  {route}")
    for sentence in (*report.verdict_headline(verdict), *report.limits_in_words(verdict)):
        typer.echo(sentence)
    print_table([title.lower() for title in report.GRADE_HEADER], report.grade_rows(verdict))
    silence = report.count_rooms(verdict).silence
    print_table(
        ["channel", "in words", "rooms where it may work"],
        [
            [channel, report.channel_in_words(channel), f"{count} of {silence}"]
            for channel, count in report.rooms_by_channel(escapes)
        ],
    )
    if budgets:
        _show_budgets(verdict, budgets, sentences)
    show_contrast(verdict.contrast)
    if changes:
        typer.echo("\nWhat would change the answer:")
        show_changes(changes)
    for note in verdict.notes:
        say(f"note: {note}")
    if files:
        say(f"wrote {len(files)} files; open {files[0]}")


def _show_budgets(verdict: Verdict, budgets: RoomBudgets, sentences: list[str]) -> None:
    """One room: its escapes in words, every channel in a line, the budgets of those nearest to working in full."""
    names = verdict.by_room["room"].values.tolist()
    if budgets.room in names:
        at = names.index(budgets.room)
        said = [
            f"at {one.grade.name} grade {report.STATE_WORDS[report.state_of_rooms(verdict, number)[at]]}, "
            f"no phone works in {report.percent(float(one.by_room['silent_probability'].values[at]))} of simulations"
            for number, one in enumerate(verdict.grades)
        ]
        typer.echo(f"\n{budgets.room}: {'; '.join(said)}.")
    for sentence in sentences:
        typer.echo(sentence)
    nearest = budgets.nearest_to_working()
    print_table(
        ["channel", "nearest to working", "S [dBm]", "J [dBm]", "margin of the medians [dB]"],
        [
            [
                report.channel_in_words(one.channel),
                report.place_in_words(one.point),
                f"{one.rsrp_dbm:.1f}",
                f"{one.jam_dbm:.1f}",
                f"{one.margin_db:.1f}",
            ]
            for one in nearest
        ],
    )
    for one in nearest[:MOST_BUDGETS]:
        where = f"{report.place_in_words(one.point)} of {budgets.room}"
        typer.echo(f"\nLink budget: {report.channel_in_words(one.channel)} {where}")
        lines = [[line, f"{value:.1f}", unit] for line, value, unit in report.budget_lines(one)]
        print_table(["", "value", "unit"], lines)


def _budgets(
    place: Site, scenario: Scenario, room: str, devices: tuple[Device, ...], catalogue: dict[str, Model]
) -> RoomBudgets:
    """Link budgets of one room with the scenario's treatments in its windows."""
    treated = treated_site(place, resolve_treatments(place, scenario.treatments, catalogue), catalogue)
    return explain_room(treated, scenario, room, devices=devices, catalogue=catalogue)
