"""Writing is killed, or finds the disk full, at any open, write, rename, fsync or removal; run again, it ends alike.

Every step of writing a verdict, a site, an estate, a project and a batch is a point: a child process does the work,
and at that step it is killed (with half of the bytes written) or gets "no space left". Then the same work is done
again. In the suite some points are tried; ``QUIETWING_EVERY_POINT=1`` tries all, and prints their number.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from quietwing.coverage.app.project_store import Shelf, new_name
from quietwing.coverage.batch import plan_batch, run_batch
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.estate_store import read_estate
from quietwing.coverage.report import write_estate
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.store import changed_files, read_manifest, write_result
from quietwing.coverage.study import evaluate
from quietwing.sites import build_wing, describe, load_site, save_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("forked_workers"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]
EVERY = bool(os.environ.get("QUIETWING_EVERY_POINT"))
IN_SUITE = 2  # points of a kind of work
STEPS = ("replace", "rename", "fsync", "unlink", "remove", "mkdir", "rmdir", "open")
SECRET, NAME = "ab" * 32, new_name()

CATALOGUE = read_catalogue()


class Steps:
    """Counts what is done to files, and ends it at one step."""

    def __init__(self, stop_at: int | None, full: bool) -> None:
        self.done, self.stop_at, self.full = 0, stop_at, full
        self.open = io.open
        for name in STEPS:
            setattr(os, name, self._counted(getattr(os, name), name))
        builtins.open = io.open = self._opened

    def step(self, half: Callable[[], None] = lambda: None) -> None:
        at, self.done = self.done, self.done + 1
        if at == self.stop_at or (self.full and self.stop_at is not None and at > self.stop_at):
            half()
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "here")
            os.kill(os.getpid(), signal.SIGKILL)

    def _counted(self, function, name):
        def counted(*arguments, **named):
            reads = name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR)
            if not reads and not (self.full and name in ("unlink", "remove", "rmdir")):  # a full disk lets go
                self.step()
            return function(*arguments, **named)

        return counted

    def _opened(self, file, mode="r", *further, **named):
        if not set(mode) & set("wax+"):
            return self.open(file, mode, *further, **named)
        self.step()
        return Written(self.open(file, mode, *further, **named), self)


class Written:
    """A file of which each write is a step."""

    def __init__(self, file, steps: Steps) -> None:
        self.file, self.steps = file, steps

    def write(self, content):
        def half() -> None:
            self.file.write(content[: len(content) // 2])
            self.file.flush()

        self.steps.step(half)
        return self.file.write(content)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *what):
        return self.file.__exit__(*what)

    def __iter__(self):
        return iter(self.file)


def in_child(work: Callable[[], None], stop_at: int | None, full: bool = False) -> tuple[int, int, str]:
    """Do the work in a child: its signal, how many steps it took, and the error that it raised."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        said = ""
        try:
            os.close(ours)
            steps = Steps(stop_at, full)
            try:
                work()
            except OSError as error:
                said = f"OSError {error.errno}"
            except BaseException:
                said = traceback.format_exc()
            os.write(theirs, f"{steps.done}\n{said}".encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    count, _, said = told.partition("\n")
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0), int(count or 0), said


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def site():
    return build_wing(describe(type="wing", cells=2, storeys=1))


@pytest.fixture(scope="module")
def verdicts(site):
    """Two of one site: blockers off, and one jammer."""
    jammer = Device("J1", "room_jammer", 0.0, 0.0, 2.2)
    asked = Scenario(worlds=100, grid_m=2.0, channels=site.channels[:1])
    return [evaluate(site, asked, devices=devices, catalogue=CATALOGUE, maps=False) for devices in ((), (jammer,))]


def write_first(kind, at, site, verdicts):
    """What stands before the work begins."""
    if kind == "verdict over a verdict":
        write_result(verdicts[0], at / "out", catalogue=CATALOGUE)
    elif kind == "site over a site":
        save_site(site, at / "out")
    elif kind == "estate":
        write_result(verdicts[0], at / "results", catalogue=CATALOGUE)
    elif kind == "batch":
        save_site(site, at / "wing")
        (at / "sweep.toml").write_text(
            'site = "wing"\nmode = "leakage"\n[set]\nseed = [1, 2]\nworlds = [100]\ngrid_m = [2.0]\nchannels = [["'
            + site.channels[0]
            + '"]]\n'
        )
    elif kind == "project":
        Shelf(SECRET).save(NAME, b"old", {"title": "old"}, lambda: b"kept 1")


def the_work(kind, at, site, verdicts):
    """The work itself, over what stands."""
    if kind in ("verdict", "verdict over a verdict"):
        write_result(verdicts[1], at / "out", catalogue=CATALOGUE)
    elif kind in ("site", "site over a site"):
        save_site(site, at / "out", overwrite=True, beside={"layout.csv": b"id,model\n"})
    elif kind == "estate":
        write_estate(read_estate(at / "results"), at / "out")
    elif kind == "batch":
        run_batch(plan_batch(at / "sweep.toml"), at / "out")
    elif kind == "project":
        Shelf(SECRET).save(NAME, b"new", {"title": "new"}, lambda: b"kept 2")


KINDS = ("verdict", "verdict over a verdict", "site", "site over a site", "estate", "project", "batch")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder for each try, with the user's own state in it."""
    monkeypatch.chdir(tmp_path)

    def new(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        return folder

    return new


def shown(folder: Path) -> dict[str, bytes]:
    """Everything but locks; hidden workshops of the dead are gone too.

    Kept results of a project are signed anew, and a draft of it stays for a day.
    """
    return {
        name: content
        for name, content in files_below(folder).items()
        if not name.endswith((".results", ".lock")) and not ("projects" in name and Path(name).name.startswith("."))
    }


def hold_no_half(kind, at):
    """What stands after the blow is old or new, never half."""
    out = at / "out"
    if kind.startswith("verdict") or kind == "estate":
        if (out / "manifest.json").is_file():
            seen = [line for line in changed_files(out, read_manifest(out)["files"]) if not line.startswith(".")]
            assert seen == []
    elif kind.startswith("site"):
        if (out / "site.toml").is_file():
            load_site(out)
    elif kind == "project":
        assert Shelf(SECRET).content(NAME) in (b"old", b"new")


def in_suite(kind: str, number: int) -> list[int]:
    """The points of so many that are tried in the suite: the first, the last, and one between for most kinds."""
    few = 1 if kind == "batch" else IN_SUITE
    return sorted({round(at * (number - 1) / few) for at in range(few + 1)})


def test_points_are_as_many_as_are_promised(place, site, verdicts):
    """At each the work is killed, and finds the disk full: 150 and 20 in all, 20 of each in the suite."""
    numbers = {}
    for kind in KINDS:
        at = place(kind)
        write_first(kind, at, site, verdicts)
        _, numbers[kind], said = in_child(lambda at=at, kind=kind: the_work(kind, at, site, verdicts), None)
        assert said == ""
    tried = sum(len(in_suite(kind, number)) for kind, number in numbers.items())
    print(f"{sum(numbers.values())} points, {tried} of them in the suite: {numbers}", file=sys.stderr)
    assert sum(numbers.values()) >= 150
    assert tried >= 20


@pytest.mark.parametrize("full", [False, True], ids=["killed", "disk full"])
@pytest.mark.parametrize("kind", KINDS)
def test_work_that_was_ended_anywhere_ends_alike_when_done_again(kind, full, place, site, verdicts):
    def work(at):
        return lambda: the_work(kind, at, site, verdicts)

    whole = place("whole")
    write_first(kind, whole, site, verdicts)
    signal_, number, said = in_child(work(whole), None)
    assert (signal_, said) == (0, ""), said
    reference = shown(whole)
    points = range(number) if EVERY else in_suite(kind, number)
    print(f"{kind}: {len(points)} of {number} points", file=sys.stderr)
    for point in points:
        at = place(f"point-{point}")
        write_first(kind, at, site, verdicts)
        ended, _, said = in_child(work(at), point, full)
        if full:
            assert ended == 0
            assert said in (f"OSError {errno.ENOSPC}", ""), said  # tidying up may do without
        else:
            assert ended == signal.SIGKILL
        hold_no_half(kind, at)
        ended, _, said = in_child(work(at), None)
        assert (ended, said) == (0, ""), f"point {point}: {said}"
        assert shown(at) == reference, f"point {point}"
