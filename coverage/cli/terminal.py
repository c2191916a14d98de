"""Results on a terminal: tables and JSON to stdout, messages and progress to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from quietwing.coverage.blocking.explain import RoomBudgets
    from quietwing.coverage.equipment import Model
    from quietwing.coverage.results import Leakage, Verdict, WhatIf

__all__ = ["print_json", "print_table", "progress_bar", "say", "show_leakage", "show_verdict"]

MOST_BUDGETS = 3  # printed in full; --json has all


def say(message: str) -> None:
    """A message for people, on stderr; one that cannot be written stops no answer."""
    with suppress(OSError, ValueError):
        typer.echo(message, err=True)


def show_leakage(result: Leakage, files: tuple[Path, ...], as_json: bool) -> None:
    """The leakage in words and a table, or as JSON."""
    from quietwing.coverage.report.escapes import count_rooms
    from quietwing.coverage.report.grades import count_object, rules_object
    from quietwing.coverage.report.measured_tables import (
        AGREEMENT_HEADER,
        agreement_rows,
        measured_headline,
        measured_object,
    )
    from quietwing.coverage.report.tables import service_by_channel
    from quietwing.coverage.report.words import channel_in_words, headline

    services = service_by_channel(result)
    count = count_rooms(result)
    if as_json:
        print_json(
            {
                "site": result.site.name,
                "scenario_id": result.scenario_id,
                "as_of": result.site.as_of.isoformat(),
                "grade": result.scenario.grade,
                "rules": rules_object(result.scenario.rules),
                "rooms": count_object(count),
                "grades": {
                    one.grade.name: {
                        "confidence": one.grade.confidence,
                        "rooms": count_object(count_rooms(result, number)),
                    }
                    for number, one in enumerate(result.grades)
                },
                "escapes": [{"channel": channel, "rooms": rooms} for channel, rooms in services],
                "notes": list(result.notes),
                "seed": result.scenario.seed,
                "files": [str(path) for path in files],
            }
            | ({} if result.measured is None else {"measured": measured_object(result.measured)})
        )
        return
    typer.echo(headline(result))
    print_table(
        ["channel", "in words", "cells and spaces where it works"],
        [[channel, channel_in_words(channel), f"{rooms} of {count.silence}"] for channel, rooms in services],
    )
    if result.measured is not None:
        typer.echo(f"\n{measured_headline(result.measured)} Residual = measured − modelled.")
        print_table(
            list(AGREEMENT_HEADER), agreement_rows(result.measured, pairs=False)
        )  # --json and the page have both
        for note in result.measured.notes:
            say(f"note: {note}")
    for note in result.notes:
        say(f"note: {note}")
    if files:
        say(f"wrote {len(files)} files; open {files[0]}")


def show_verdict(
    verdict: Verdict,
    catalogue: Mapping[str, Model],
    budgets: RoomBudgets | None,
    files: tuple[Path, ...],
    as_json: bool,
    changes: WhatIf | None = None,
) -> None:
    """The verdict in words and a table, or as the object of ``--json``; with `budgets` one room in detail."""
    from quietwing.coverage.cli.contrast_terminal import show_contrast
    from quietwing.coverage.cli.whatif_terminal import show_changes
    from quietwing.coverage.report.escapes import count_rooms, escapes_of, rooms_by_channel
    from quietwing.coverage.report.grades import GRADE_HEADER, grade_rows
    from quietwing.coverage.report.link_budget_text import budgets_object
    from quietwing.coverage.report.whatif_tables import whatif_object
    from quietwing.coverage.report.words import (
        channel_in_short,
        escape_in_words,
        limits_in_words,
        verdict_headline,
    )
    from quietwing.coverage.store import describe, result_object

    escapes = escapes_of(verdict)
    sentences = [escape_in_words(one) for one in escapes if budgets and one.room == budgets.room]
    if as_json:
        found = result_object(verdict, catalogue) | {"manifest": describe(verdict, catalogue)}
        if budgets:
            found["explain"] = {"room": budgets.room, "sentences": sentences, "budgets": budgets_object(budgets)}
        if changes:
            found["whatif"] = whatif_object(changes)
        print_json(found)
        return
    if verdict.uncovered_routes:
        typer.echo("Not addressed by any cellular blocker:")
        for route in verdict.uncovered_routes:
            typer.echo(f"  {route}")
    for sentence in (*verdict_headline(verdict), *limits_in_words(verdict)):
        typer.echo(sentence)
    print_table([title.lower() for title in GRADE_HEADER], grade_rows(verdict))
    silence = count_rooms(verdict).silence
    print_table(
        ["channel", "in words", "holes where it works"],
        [
            [channel, channel_in_short(channel), f"{count} of {silence}"]
            for channel, count in rooms_by_channel(escapes)
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
    from quietwing.coverage.report.escapes import state_of_rooms
    from quietwing.coverage.report.link_budget_text import budget_lines
    from quietwing.coverage.report.words import channel_in_short, percent, place_in_words

    names = verdict.by_room["room"].values.tolist()
    if budgets.room in names:
        at = names.index(budgets.room)
        said = [
            f"at {one.grade.name} grade {state_of_rooms(verdict, number)[at]}, "
            f"silent in {percent(float(one.by_room['silent_probability'].values[at]))} of worlds"
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
                channel_in_short(one.channel),
                place_in_words(one.point),
                f"{one.rsrp_dbm:.1f}",
                f"{one.jam_dbm:.1f}",
                f"{one.margin_db:.1f}",
            ]
            for one in nearest
        ],
    )
    for one in nearest[:MOST_BUDGETS]:
        typer.echo(f"\nLink budget: {channel_in_short(one.channel)} {place_in_words(one.point)} of {budgets.room}")
        print_table(["", "value", "unit"], [[line, f"{value:.1f}", unit] for line, value, unit in budget_lines(one)])


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout; NaN and infinity are refused."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, allow_nan=False)
    typer.echo(text)


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """A table on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in header:
        table.add_column(Text(title), overflow="fold")  # Text: [dB] is a unit, not markup
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: names are never read as markup
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120, highlight=False)
    with console.capture() as drawn:  # written by us: the console would end the program when its reader has gone
        console.print(table)
    typer.echo(drawn.get(), nl=False)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
