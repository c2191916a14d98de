"""A hut small enough to work out by hand, for every stage's tests."""

import datetime as dt
import functools
import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from by_path import module_at
from hypothesis import settings
from shapely.geometry import LineString, box

from quietwing.coverage import code_digest
from quietwing.coverage.other_process import OtherProcess
from quietwing.sites.model import Building, Opening, Perimeter, Room, Site, Slab, Storey, Wall


def build_hut(**changes) -> Site:
    """One room of 6 × 4 m, 3 m high, with a window to the south and a door to the north."""
    parts = {
        "name": "hut",
        "crs": "local",
        "marking": "OFFICIAL",
        "as_of": dt.date(2026, 11, 24),
        "buildings": (Building("A", box(0, 0, 6, 4), (Storey("Ground", 0.0, 3.0),)),),
        "walls": (
            Wall("south", "A", 0, LineString([(0, 0), (6, 0)]), "brick_215"),
            Wall("east", "A", 0, LineString([(6, 0), (6, 4)]), "brick_215"),
            Wall("north", "A", 0, LineString([(6, 4), (0, 4)]), "brick_215"),
            Wall("west", "A", 0, LineString([(0, 4), (0, 0)]), "brick_215"),
        ),
        "openings": (
            Opening("w1", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", "open", "bars"),
            Opening("d1", "north", "door", LineString([(4, 4), (5, 4)]), 0.0, 2.0, "timber_door", "shut"),
        ),
        "slabs": (
            Slab("floor", "A", box(0, 0, 6, 4), 0.0, "concrete_200"),
            Slab("roof", "A", box(0, 0, 6, 4), 3.0, "concrete_200", "roof"),
        ),
        "rooms": (Room("A-01", "A", 0, box(0, 0, 6, 4), "silence"),),
        "perimeter": Perimeter("fence", box(-30, -30, 36, 34), 5.2, "open"),
        "sectors": (),
    }
    return Site(**(parts | changes))


@pytest.fixture(scope="session")
def hut() -> Callable[..., Site]:
    """Builds the hut; keywords replace parts of it."""
    return build_hut


@pytest.fixture
def other_physics(tmp_path, monkeypatch) -> Path:
    """One byte of a table of physics is another one, as after an update of quietwing: the folder of that code."""
    updated = tmp_path / "updated" / "quietwing"
    shutil.copytree(code_digest.FOLDER, updated, ignore=shutil.ignore_patterns("__pycache__", "examples", "app"))
    monkeypatch.setattr(code_digest, "FOLDER", updated)
    table = updated / "coverage" / "propagation" / "tables" / "materials.csv"
    same = code_digest.code_digest()
    table.write_bytes(table.read_bytes().replace(b"0.0462", b"0.0463"))
    code_digest._digest_of.cache_clear()
    assert code_digest.code_digest() != same
    return updated


@pytest.fixture(scope="session")
def as_shipped() -> Callable[[str, object], None]:
    """Holds what a command printed with ``--json`` against its shipped schema."""
    from jsonschema import Draft202012Validator  # here: most tests look at no answer

    from quietwing.coverage.answers import schema_of

    def check(command: str, answer: object) -> None:
        Draft202012Validator(schema_of(command)).validate(answer)

    return check


@pytest.fixture(scope="session", autouse=True)
def commands_are_put_together_once() -> Iterator[None]:
    """Typer makes the same commands of one app for each call in a test; a process of its own does so once."""
    from typer import testing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "_get_command", functools.cache(testing._get_command))
        yield


# How long an example takes is the machine's business: a busy one would fail tests of facts.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

FEW_MOVES = 100_000  # a sixth of a quick search's, whose number of moves does not know how small a site is


@pytest.fixture(scope="module")
def few_moves() -> Iterator[None]:
    """Searches of quick effort take fewer moves: for the few places of a small site they are plenty."""
    from quietwing.coverage.planning import optimising as door  # here: most tests plan nothing

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(door.EFFORTS, "quick", replace(door.EFFORTS["quick"], moves=FEW_MOVES))
        yield


@pytest.fixture
def answered_elsewhere(monkeypatch) -> Callable[..., None]:
    """Has every question wait for the other process: what is given to it as (owner, name) may not be called here."""
    real = OtherProcess.ask

    def ask_and_wait(self, question):
        found = real(self, question)
        found._future.result()
        return found

    def here(*_):
        raise AssertionError("worked out here: the other process gave no answer")

    def wait(*places: tuple[object, str]) -> None:
        monkeypatch.setattr(OtherProcess, "ask", ask_and_wait)
        for owner, name in places:
            monkeypatch.setattr(owner, name, here)

    return wait


@pytest.fixture(scope="session")
def reader_of_forks(tmp_path_factory) -> Iterator[Callable[..., tuple[bytes, bytes, str]]]:
    """What stands in for the start of a child that reads a file: see `forked_readers`."""
    with module_at("tests/places/forked_reader.py").forked_reader(tmp_path_factory.mktemp("reader")) as run:
        yield run


@pytest.fixture(scope="module")
def forked_readers(reader_of_forks) -> Iterator[Callable[..., tuple[bytes, bytes, str]]]:
    """The child that reads a file is forked from a process that has its libraries: for tests of many files.

    Gives what starts a child of its own, for a test that needs one.
    """
    from quietwing.sites.importers import child  # here: most tests read no such file

    started = child._run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "_run", reader_of_forks)
        yield started


@pytest.fixture(scope="session")
def worker_of_forks(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """What stands in for ``subprocess`` where a worker of a batch is started: see `forked_workers`."""
    with module_at("tests/engine/batch/forked_worker.py").forked_worker(tmp_path_factory.mktemp("worker")) as started:
        yield started


@pytest.fixture(scope="module")
def forked_workers(worker_of_forks) -> Iterator[ModuleType]:
    """Workers of a batch are forks of one process that has the engine: for tests of many batches.

    Gives what starts a worker of its own, for a test that needs one.
    """
    from quietwing.coverage.batch import workers  # here: most tests run no batch

    own = workers.subprocess
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "subprocess", worker_of_forks)
        yield own


# A third of a minute of a processor and more each, dearest first, those that wait for the browser between those that
# work: begun first, so that no core waits for the last of them.
LONGEST = (
    "test_readme.py",
    "test_projects.py",
    "test_optimise_stopped.py",
    "test_pages.py",
    "test_two_sessions.py",
    "test_batch_faults.py",
    "test_gestures.py",
    "test_bad_inputs.py",
    "test_small_site.py",
    "test_whatif.py",
    "test_newcomer.py",
    "test_plan_store.py",
    "test_clicks.py",
    "test_hostile_drawings.py",
    "test_walks.py",
    "test_drafts_ahead.py",
    "test_report.py",
    "test_drafting.py",
    "test_first_screen.py",
    "test_readers.py",
    "test_cluster.py",
    "test_blockers.py",
    "test_solver_process.py",
    "test_problem.py",
    "test_optimise.py",
    "test_verify.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest first, the others as they stand."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONGEST)))


def pytest_collectstart() -> None:
    """What is collected is no garbage: Python would look through all of it again and again, a sixth of the work."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays to the end: Python need not look through it for garbage again and again."""
    gc.freeze()
    gc.enable()
