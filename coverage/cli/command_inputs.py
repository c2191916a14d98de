"""What every command does: what is wrong becomes one line and an exit code; a folder in use is refused."""

from __future__ import annotations

import datetime as dt
import errno
import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer

from quietwing import sites
from quietwing.coverage.cli.streams import without_reader
from quietwing.coverage.cli.terminal import say
from quietwing.coverage.exit_codes import BAD_INPUT, ENVIRONMENT, INFEASIBLE, INTERRUPTED
from quietwing.sites import InfeasiblePlanError, QuietwingError, SiteError, clean

if TYPE_CHECKING:
    from quietwing.sites import Reading, Site

__all__ = [
    "guarded",
    "name_files",
    "refuse_days_to_come",
    "refuse_existing",
    "refuse_file",
]

# Of the command at work: name of the file under the name of its table, for messages of the engine.
_FILES: ContextVar[Mapping[str, str]] = ContextVar("files", default=MappingProxyType({}))
_ADVICE = {
    **dict.fromkeys((errno.ETIMEDOUT, errno.ECONNREFUSED, errno.ECONNRESET), "check its address and the network"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room on the disk"),
    errno.ENAMETOOLONG: "give a shorter path",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), or write to another disk",
}
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
            say(f"error: {_of_system(error)}")
            raise typer.Exit(BAD_INPUT if error.errno == errno.ENAMETOOLONG else ENVIRONMENT) from None
        except KeyboardInterrupt:
            say("interrupted; nothing half-written was left")
            raise typer.Exit(INTERRUPTED) from None

    return run


def _of_system(error: OSError) -> str:
    """What the system refused, with the file if it says which: a write that fails knows only an open file."""
    file = clean(str(error.filename), 4096) if error.filename else ""
    advice = _ADVICE.get(error.errno or 0, "check disk and permissions")
    if not file and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        file = "file system"
        advice = f"{advice}: that of --out, of stdout, of TMPDIR or of NUMBA_CACHE_DIR (compiled code)"
    return f"{file or 'file system'}: {clean(error.strerror or str(error), 400)}; {advice}"


def name_files(files: Mapping[str, Path | None]) -> None:
    """What messages of the engine call by the name of its table is named by its file from now on."""
    _FILES.set({table: file.name for table, file in files.items() if file is not None})


def _with_files(message: str) -> str:
    """A message with the file each line is about, where the engine knows the table only."""
    files = _FILES.get()
    lines = []
    for line in message.split("\n"):
        table, colon, rest = line.partition(": ")
        lines.append(f"{clean(files[table])}: {rest}" if colon and table in files else line)
    return "\n".join(lines)


def refuse_days_to_come(readings: tuple[Reading, ...], site: Site, file: Path) -> None:
    """Refuse readings that nobody can have taken yet."""
    wrong = sites.misplaced_readings(readings, site, dt.date.today())
    if wrong:
        first, problem = next(iter(wrong.items()))
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise SiteError(f"{clean(file.name)}: reading {first + 1}{more}: {problem}")


def refuse_existing(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QuietwingError(f"{folder}: exists and is not empty; give a new folder")


def refuse_file(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise QuietwingError(f"{out}: exists and is not a folder; give another --out")
