"""The solver's process: dead, silent, interrupted or orphaned, it leaves what it had found and nothing else.

Children and problems are those of ``stub_solver.py``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from by_path import module_at

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning.exact import Work, solve
from quietwing.coverage.planning.solution_check import check_solution

stub_solver = module_at("tests/engine/planning/stub_solver.py")
CHILD, HARD, hard, knapsack = stub_solver.CHILD, stub_solver.HARD, stub_solver.hard, stub_solver.knapsack
stub = stub_solver.stub  # a fixture
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def gone(pid: int, within_s: float = 5.0) -> bool:
    """Whether a process ends in time."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":  # ended; whoever inherited it has not asked yet
            return True
        time.sleep(0.05)
    return False


# --- Dead and silent children.


@posix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_a_child_that_dies_leaves_what_it_had_found(stub, name):
    code = f"point(1, [1, 0, 1]); put('bound.json', {{'bound': -11.0}}); os.kill(os.getpid(), signal.{name})"
    found = solve(knapsack(), solver=stub(code))
    assert (found.status, found.value, found.bound, found.reproducible) == ("feasible", 8, 11, False)
    assert f"killed by signal {signal.Signals[name].value}" in found.notes[0]


@posix
def test_highs_killed_in_the_middle_leaves_what_it_had_found(stub):
    code = f"""
    import runpy, threading
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
    runpy.run_path({str(CHILD)!r}, run_name="__main__")
    """
    found = solve(hard(), work=Work(nodes=10**9), solver=stub(code))
    assert found.status == "feasible"
    assert found.bound is not None
    assert check_solution(hard(), found.x, found.value) == ()
    assert "killed by signal 9" in found.notes[0]


def test_the_last_line_of_a_failure_is_told(stub):
    found = solve(knapsack(), solver=stub("raise RuntimeError('no memory left')"))
    assert found.status == "none found"
    assert "ended with code 1: RuntimeError: no memory left" in found.notes[0]


def test_a_solver_that_is_not_there_is_told():
    with pytest.raises(ScenarioError, match="does not start"):
        solve(knapsack(), solver=("/nowhere/solver",))


def test_the_folder_is_private_and_removed_and_the_child_gets_little(stub, monkeypatch):
    monkeypatch.setenv("SECRET", "do not pass on")
    code = """
    (here / "seen.json").write_text(json.dumps({
        "folder": str(folder), "mode": oct(folder.stat().st_mode)[-3:], "names": sorted(os.environ),
        "stdin": sys.stdin.read(), "files": sorted(path.name for path in folder.iterdir())}))
    point(1, [1, 1, 0]); end()
    """
    path = stub(code)
    assert solve(knapsack(), solver=path).status == "optimal"
    seen = json.loads((Path(path).parent / "seen.json").read_text())
    assert not Path(seen["folder"]).exists()
    assert seen["mode"] == "700" or os.name != "posix"
    assert "SECRET" not in seen["names"]
    assert len(seen["names"]) < 15
    assert seen["stdin"] == ""
    assert "model.pickle" not in seen["files"]
    assert {"cost.npy", "starts.npy", "options.json"} <= set(seen["files"])


@pytest.mark.parametrize("alone", [False, True])
def test_for_a_bound_alone_the_solver_looks_for_no_solutions(stub, alone):
    code = f"""
    import highspy, runpy
    asked = {{}}
    class Told(highspy.Highs):
        def setOptionValue(self, name, value):
            asked[name] = value
            return super().setOptionValue(name, value)
    highspy.Highs = Told
    runpy.run_path({str(CHILD)!r}, run_name="__main__")
    (here / "asked.json").write_text(json.dumps(asked))
    """
    path = stub(code)
    assert solve(knapsack(), work=Work(nodes=9, bound_alone=alone), solver=path).bound == pytest.approx(9.0)
    asked = json.loads((Path(path).parent / "asked.json").read_text())
    looks = [value for name, value in asked.items() if name.startswith("mip_heuristic_run")]
    assert looks == [not alone] * 4


def test_the_child_imports_neither_scipy_nor_the_engine(stub):
    code = f"""
    import runpy
    runpy.run_path({str(CHILD)!r}, run_name="__main__")
    (here / "modules.txt").write_text("\\n".join(sys.modules))
    """
    path = stub(code)
    assert solve(knapsack(), solver=path).status == "optimal"
    modules = {name.split(".")[0] for name in (Path(path).parent / "modules.txt").read_text().split()}
    assert "highspy" in modules
    assert not modules & {"scipy", "quietwing", "xarray", "shapely", "numba"}


def test_the_child_also_runs_by_its_module_name():
    by_name = (sys.executable, "-P", "-m", "quietwing.coverage.planning._highs_child")
    assert solve(knapsack(), solver=by_name).status == "optimal"


def test_what_progress_raises_stops_the_child_and_passes_on(stub, tmp_path):
    class Enough(Exception):
        pass

    def stop(value: float | None, bound: float | None) -> None:
        if value is not None and bound is not None:
            assert (value, bound) == (8, 10)
            raise Enough

    code = """
    (here / "pid").write_text(str(os.getpid())); put("bound.json", {"bound": -10.5})
    point(1, [1, 0, 1]); time.sleep(60)
    """
    with pytest.raises(Enough):
        solve(knapsack(), progress=stop, solver=stub(code))
    assert gone(int((tmp_path / "pid").read_text()))


# --- Ctrl-C and a killed parent.

SESSION = (
    HARD
    + """
import sys, tempfile
from dataclasses import replace
from quietwing.coverage.planning.exact import Work, solve
tempfile.tempdir = sys.argv[1]
def told(value, bound):
    if value is not None and bound is not None:
        print("going", flush=True)
found = solve(hard(), work=Work(nodes=10**9), progress=told)
print(found.status, found.value is not None, found.bound is not None, found.reproducible, flush=True)
"""
)


def session(folder: Path) -> subprocess.Popen:
    """A person's terminal in which a long solve is on its way."""
    person = subprocess.Popen(
        [sys.executable, "-P", "-c", SESSION, str(folder)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert person.stdout is not None
    assert person.stdout.readline() == "going\n"
    time.sleep(0.5)
    return person


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


@posix
def test_ctrl_c_stops_within_two_seconds_and_keeps_the_best_so_far(tmp_path):
    person = session(tmp_path)
    child = child_of(person.pid)
    began_s = time.monotonic()
    os.killpg(person.pid, signal.SIGINT)  # as a terminal does: to the whole group
    told, _ = person.communicate(timeout=20)
    assert time.monotonic() - began_s < 2
    assert told.splitlines()[-1] == "interrupted True True False"
    assert gone(child)
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_killed_parent_leaves_no_child_and_no_folder(tmp_path):
    person = session(tmp_path)
    child = child_of(person.pid)
    assert len(list(tmp_path.iterdir())) == 1
    person.kill()
    person.communicate()
    assert gone(child)
    assert list(tmp_path.iterdir()) == []
