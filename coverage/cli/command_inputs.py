"""What every command of the terminal does first and last: read the question, and turn what is wrong into one line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

from quietwing.coverage.cli.terminal import say
from quietwing.coverage.exit_codes import BAD_INPUT, ENVIRONMENT, INFEASIBLE, INTERRUPTED
from quietwing.sites.errors import InfeasiblePlanError, QuietwingError

if TYPE_CHECKING:
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites.model import Site

__all__ = [
    "guarded",
    "question",
    "refuse_existing",
    "refuse_file",
]

P = ParamSpec("P")
R = TypeVar("R")


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can put right into one message and its exit code; anything else keeps its traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InfeasiblePlanError as error:
            say(f"error: {error}")
            raise typer.Exit(INFEASIBLE) from None
        except QuietwingError as error:
            say(f"error: {error}")
            raise typer.Exit(BAD_INPUT) from None
        except OSError as error:
            say(f"error: {error.filename or 'file system'}: {error.strerror or error}; check disk and permissions")
            raise typer.Exit(ENVIRONMENT) from None
        except KeyboardInterrupt:
            say("interrupted; nothing half-written was left")
            raise typer.Exit(INTERRUPTED) from None

    return run


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
    return place, read_scenario(scenario_file or own_file(site, "scenario.toml"), **options)


def refuse_existing(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QuietwingError(f"{folder}: exists and is not empty; give a new folder")


def refuse_file(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise QuietwingError(f"{out}: exists and is not a folder; give another --out")
