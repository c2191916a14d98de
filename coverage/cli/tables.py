"""Tables and progress bars on a terminal: loaded by the modules that answer a command, not for ``--help``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

__all__ = ["print_table", "progress_bar"]


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """A table on stdout."""
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
