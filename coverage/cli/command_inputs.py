"""What every command of the terminal does first and last: read the question, and turn what is wrong into one line."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

from quietwing.coverage.cli.streams import without_reader
from quietwing.coverage.cli.terminal import say
from quietwing.coverage.exit_codes import BAD_INPUT, ENVIRONMENT, INFEASIBLE, INTERRUPTED
from quietwing.sites.errors import InfeasiblePlanError, QuietwingError
from quietwing.sites.findings import clean

if TYPE_CHECKING:
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites.model import Site

__all__ = [
    "guarded",
    "question",
    "refuse_existing",
    "refuse_file",
]

# Of the command at work: name of the file under the name of its table, for messages of the engine.
_FILES: ContextVar[Mapping[str, str]] = ContextVar("files", default=MappingProxyType({}))
P = ParamSpec("P")
R = TypeVar("R")


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can put right into one message and its exit code; anything else keeps its traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InfeasiblePlanError as error:
            say(f"error: {_with_files(str(error))}")
            raise typer.Exit(INFEASIBLE) from None
        except QuietwingError as error:
            say(f"error: {_with_files(str(error))}")
            raise typer.Exit(BAD_INPUT) from None
        except BrokenPipeError:
            without_reader()
            say("error: output: its reader has gone; write to a file, or read to the end")
            raise typer.Exit(ENVIRONMENT) from None
        except OSError as error:
            say(f"error: {error.filename or 'file system'}: {error.strerror or error}; check disk and permissions")
            raise typer.Exit(ENVIRONMENT) from None
        except KeyboardInterrupt:
            say("interrupted; nothing half-written was left")
            raise typer.Exit(INTERRUPTED) from None

    return run


def _with_files(message: str) -> str:
    """A message with the file each line is about, where the engine knows the table only."""
    files = _FILES.get()
    lines = []
    for line in message.split("\n"):
        table, colon, rest = line.partition(": ")
        lines.append(f"{clean(files[table])}: {rest}" if colon and table in files else line)
    return "\n".join(lines)


def question(
    site: str, scenario_file: Path | None, options: dict[str, Any], progress: Callable[[str, float], None]
) -> tuple[Site, Scenario]:
    """The site and what is asked of it: the file given, else the site's own, single keys replaced by options.

    A rules file is an option by its path; a scenario names one that lies beside it.
    """
    from quietwing.coverage.rules import read_rules
    from quietwing.coverage.scenario import read_scenario
    from quietwing.coverage.site_inputs import own_file
    from quietwing.sites import load_site

    if options.get("rules") is not None:
        options = options | {"rules": read_rules(options["rules"])}
    progress("reading the site", 0.0)
    place = load_site(site)
    path = scenario_file or own_file(site, "scenario.toml")
    tables = {"scenario": path, "catalogue": own_file(site, "catalogue.csv")}
    _FILES.set({table: file.name for table, file in tables.items() if file is not None})
    return place, read_scenario(path, **options)


def refuse_existing(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QuietwingError(f"{folder}: exists and is not empty; give a new folder")


def refuse_file(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise QuietwingError(f"{out}: exists and is not a folder; give another --out")
