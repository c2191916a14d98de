"""What every command of the terminal does first and last: read the question, and turn what is wrong into one line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

from quietwing.coverage.ui.terminal import say
from quietwing.sites.errors import InfeasiblePlanError, QuietwingError

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites.model import Site

__all__ = [
    "BAD_INPUT",
    "ENVIRONMENT",
    "INFEASIBLE",
    "INTERRUPTED",
    "MISSED",
    "PARTLY",
    "equipment_of",
    "guarded",
    "own_file",
    "question",
    "refuse_existing",
    "refuse_file",
]

P = ParamSpec("P")
R = TypeVar("R")

PARTLY, BAD_INPUT, INFEASIBLE, MISSED, ENVIRONMENT, INTERRUPTED = (
    1,
    2,
    3,
    4,
    5,
    130,
)  # exit codes, as README lists them


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
    from quietwing.sites import load_site

    if options.get("rules") is not None:
        options = options | {"rules": read_rules(options["rules"])}
    progress("reading the site", 0.0)
    place = load_site(site)
    return place, read_scenario(scenario_file or own_file(site, "scenario.toml"), **options)


def equipment_of(site: str, layout_file: Path | None) -> tuple[tuple[Device, ...], dict[str, Model]]:
    """The layout given, else the site's own, else nothing; with the site's own catalogue, else the bundled one."""
    from quietwing.coverage.catalogue import read_catalogue
    from quietwing.coverage.layout import read_layout

    catalogue = read_catalogue(own_file(site, "catalogue.csv"))
    layout = layout_file or own_file(site, "layout.csv")
    return (read_layout(layout, catalogue) if layout is not None else ()), catalogue


def refuse_existing(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QuietwingError(f"{folder}: exists and is not empty; give a new folder")


def own_file(site: str, name: str) -> Path | None:
    """A file that lies beside the layers in the site's folder, if there is one."""
    from quietwing.sites.guards import site_path

    own = site_path(site) / name
    return own if own.is_file() else None


def refuse_file(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise QuietwingError(f"{out}: exists and is not a folder; give another --out")
