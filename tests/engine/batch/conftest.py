"""A hut with two masts on disk, a sweep over it, and a way to run a batch as a process of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from quietwing.coverage.batch import BatchItem, plan_batch, run_batch
from quietwing.sites import save_site
from quietwing.sites.networks import typical_sectors

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def hut_folder(hut, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sites") / "hut"
    save_site(hut(sectors=typical_sectors("urban", (3.0, 2.0))[:2]), folder)
    (folder / "layout.csv").write_text(
        "id,model,x_m,y_m,z_m,storey,power_dbm,azimuth_deg,tilt_deg,state,unit_price_gbp,trim_db\n"
        "J1,room_jammer,3,2,2.5,0,,0,0,planned,,\n"
    )
    return folder


@pytest.fixture
def sweep(hut_folder, tmp_path) -> Callable[[str], Path]:
    """Writes a sweep file of these lines over the hut."""

    def write(lines: str, name: str = "sweep.toml") -> Path:
        path = tmp_path / name
        path.write_text(f"site = '{os.path.relpath(hut_folder, tmp_path)}'\n{lines}", "utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def undisturbed(hut_folder, tmp_path_factory, forked_workers) -> tuple[tuple[BatchItem, ...], Path]:
    """Four seeds, computed in peace: the items and the folder."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "sweep.toml").write_text(
        f"site = '{hut_folder}'\nscenario.worlds = 100\nset.seed = [1, 2, 3, 4]\n", "utf-8"
    )
    items = plan_batch(folder / "sweep.toml")
    run_batch(items, folder / "results", workers=2)
    return items, folder / "results"


@pytest.fixture
def four_seeds(sweep) -> tuple[BatchItem, ...]:
    return plan_batch(sweep("scenario.worlds = 100\nset.seed = [1, 2, 3, 4]"))


def _with_here() -> str:
    """The search path of this process with this folder before it."""
    return os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))


@pytest.fixture
def odd(monkeypatch, tmp_path) -> ModuleType:
    """The tasks of ``odd_tasks.py``, importable by name here and in workers."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", _with_here())
    monkeypatch.setenv("QUIETWING_TEST_FLAG", str(tmp_path / "flag"))
    return importlib.import_module("odd_tasks")


@pytest.fixture
def start(tmp_path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a batch as a process and group of its own; whatever it is at the end, it is ended."""
    started: list[subprocess.Popen[str]] = []

    def begin(sweep_file: Path, out: Path, workers: int = 2, task: str = "run_item", timeout_s: float = 600.0):
        home = "quietwing.coverage.batch.tasks" if task == "run_item" else "odd_tasks"
        code = (
            "import sys\n"
            "from pathlib import Path\n"
            "from quietwing.coverage.batch import BatchInterrupted, plan_batch, run_batch\n"
            "from quietwing.sites.errors import QuietwingError\n"
            f"from {home} import {task}\n"
            "try:\n"
            f"    outcome = run_batch(plan_batch(Path({str(sweep_file)!r})), Path({str(out)!r}), workers={workers},\n"
            f"                        task={task}, item_timeout_s={timeout_s})\n"
            "except BatchInterrupted as interrupted:\n"
            "    print('left', len(interrupted.outcome.interrupted)); sys.exit(130)\n"
            "except QuietwingError as error:\n"
            "    print(error); sys.exit(2)\n"
            "print('failed', len(outcome.failed)); sys.exit(outcome.exit_code)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": _with_here()},
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def whole_items(out: Path) -> int:
    """Folders of finished items."""
    return sum(1 for _ in (out / "items").glob("*")) if (out / "items").is_dir() else 0


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it holds; fails the test after a while."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, hidden ones included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def tools() -> ModuleType:
    """`whole_items`, `wait_for` and `contents` of this module."""
    return sys.modules[__name__]
