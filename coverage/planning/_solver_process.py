"""A solver in a process of its own: what it is given, how it is watched, and how it is stopped."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning._problem_units import column_unit, negligible
from quietwing.coverage.planning.problem import Problem
from quietwing.coverage.planning.solution_check import Keeper, dual_bound

__all__ = ["Call", "Ended", "Model", "model_of", "solver_command", "stop"]

Floats = NDArray[np.float64]

CHILD = Path(__file__).with_name("_highs_child.py")
POLL_S = 0.05
LARGEST_COST = 2.0**20  # larger ones are scaled down for HiGHS, whose tolerances are absolute
# All a solver needs of the parent's environment; the import path is added: it finds the same numpy and highspy.
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG")


@dataclass(frozen=True, eq=False)
class Model:
    """A problem to minimise as the child reads it, rows, costs and columns scaled by powers of two: nothing is lost.

    A column of the problem is `unit` times the child's.
    """

    cost: Floats
    scale: float
    rows: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    unit: Floats


@dataclass(frozen=True)
class Ended:
    """How a child ended: by itself with code 0, at the deadline, by Ctrl-C, or badly; and its last word.

    `value` and `bound` are costs before scaling; None where it gave none. `methods` are those it says it used.
    """

    how: Literal["itself", "deadline", "interrupt", "crash"]
    status: str = ""
    value: float | None = None
    bound: float | None = None
    nodes: int = 0
    complaint: str = ""
    methods: tuple[str, ...] = ()


def model_of(problem: Problem, cost: Floats, held: tuple[tuple[Floats, Fraction], ...] = ()) -> Model:
    """What the child is given: the problem with former costs held by rows of their own."""
    small, least, most = negligible(problem)
    rows, (tight, never) = problem.rows.copy(), problem.tight
    # HiGHS would drop the small ones: what they can bring is taken into the bounds of the row.
    rows.data = np.where(small, 0.0, tight)
    row_lower, row_upper = problem.row_lower - most, problem.row_upper - least
    unit, rows_unit = column_unit(problem), problem.row_units
    for former, limit in held:
        scale = _cost_scale(former * unit)
        rows = sparse.csr_array(sparse.vstack([rows, sparse.csr_array((former * scale)[None])]))
        row_lower, row_upper = np.append(row_lower, -np.inf), np.append(row_upper, float(limit) * scale)
        rows_unit = np.append(rows_unit, 1.0)
    # HiGHS may miss every row by the same tolerance: rows of small coefficients are made larger first.
    factor = np.exp2(1 - np.frexp(rows_unit)[1])
    rows.data = rows.data * np.repeat(factor, np.diff(rows.indptr)) * unit[rows.indices]
    rows.eliminate_zeros()
    whole = problem.integer
    scale = _cost_scale(cost * unit)
    return Model(
        cost=cost * unit * scale,
        scale=scale,
        rows=rows,
        row_lower=row_lower * factor,
        row_upper=row_upper * factor,
        lower=np.where(whole, np.ceil(problem.lower), problem.lower) / unit,
        upper=np.where(never, 0.0, np.where(whole, np.floor(problem.upper), problem.upper)) / unit,
        integer=whole,
        unit=unit,
    )


def _cost_scale(cost: Floats) -> float:
    """The power of two that brings the largest cost to 1 or more and to 2^20 or less."""
    largest = float(np.abs(cost).max())
    if largest == 0 or 1 <= largest <= LARGEST_COST:
        return 1.0
    exponent = math.frexp(largest)[1]
    return float(2.0 ** (1 - exponent if largest < 1 else 20 - exponent))


def solver_command(solver: str | Sequence[str] | None) -> tuple[str, ...]:
    """The command of a child, without the folder: HiGHS, a Python file, or as given."""
    if solver is None or isinstance(solver, str):
        # By file and not by module name: -m would first import all of the planning stage.
        return (sys.executable, "-P", str(CHILD) if solver is None else solver)
    return tuple(solver)


@dataclass(frozen=True)
class Call:
    """What the solves of one answer have in common: command, work, and the moment at which they are stopped."""

    command: tuple[str, ...]
    nodes: int
    gap: float
    seed: int
    until_s: float
    bound_alone: bool = False

    def run(
        self, model: Model, keeper: Keeper, watch: Callable[[float | None], None], start: Floats | None = None
    ) -> Ended:
        """Start the child, look at it every 0.05 s, stop it when it is time, and take in all it leaves.

        Points go to `keeper` as they come; `watch` is called with the child's bound so far. On Ctrl-C the child is
        killed and the answer says so; any other exception kills it and passes on.
        """
        with tempfile.TemporaryDirectory(prefix="quietwing-", ignore_cleanup_errors=True) as name:  # mode 0700
            folder = Path(name)
            self._write(folder, model, start)
            how: Literal["itself", "deadline", "interrupt"] = "itself"
            child: subprocess.Popen[bytes] | None = None
            try:
                child = self._start(folder)
                while not _over(child):
                    if time.monotonic() >= self.until_s:
                        how = "deadline"
                        break
                    _take_points(folder, keeper, model.unit)
                    watch(_bound_so_far(folder, model.scale))
            except KeyboardInterrupt:
                how = "interrupt"
            finally:
                if child is not None:
                    stop(child)
            _take_points(folder, keeper, model.unit)
            if how != "itself" or child is None:
                return Ended(how, bound=_bound_so_far(folder, model.scale), nodes=_nodes_so_far(folder))
            return _last_word(folder, model, child.returncode)

    def _write(self, folder: Path, model: Model, start: Floats | None) -> None:
        """The files a child begins with."""
        arrays = {
            "cost": model.cost,
            "lower": model.lower,
            "upper": model.upper,
            "integer": model.integer,
            "row_lower": model.row_lower,
            "row_upper": model.row_upper,
            "starts": model.rows.indptr.astype(np.int32),
            "columns": model.rows.indices.astype(np.int32),
            "values": model.rows.data,
        }
        if start is not None:
            arrays["start"] = start / model.unit
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        options = {"nodes": int(self.nodes), "gap": float(self.gap), "seed": int(self.seed)}
        options["bound_alone"] = self.bound_alone
        (folder / "options.json").write_text(json.dumps(options), "utf-8")

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        """The child, deaf to the terminal: Ctrl-C reaches the parent alone."""
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with (folder / "stderr.txt").open("wb") as errors:
            try:
                return subprocess.Popen(
                    [*self.command, str(folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=environment,
                    start_new_session=os.name == "posix",
                )
            except OSError as error:
                raise ScenarioError(
                    f"the solver {self.command[0]} does not start ({error.strerror}), expected a program; "
                    f"correct its path"
                ) from error


def _over(child: subprocess.Popen[bytes]) -> bool:
    """Whether the child has ended, after waiting one poll at most."""
    try:
        child.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def stop(child: subprocess.Popen[bytes]) -> None:
    """Kill a child that still runs, with what it started."""
    if child.poll() is None:
        if os.name == "posix":
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
        child.wait()


def _take_points(folder: Path, keeper: Keeper, unit: Floats) -> None:
    """Offer each solution the child has left since the last look, in its order."""
    for path in sorted(folder.glob("point-*.npy")):
        try:
            point = np.load(path, allow_pickle=False)
            keeper.offer(point * unit if np.shape(point) == unit.shape else point)
        except (OSError, ValueError, EOFError, TypeError):
            keeper.refuse("its file is not an array of numbers")
        path.unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any]:
    """A small file of the child; empty if it is not there or not as it should be."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _number(content: dict[str, Any], key: str, scale: float) -> float | None:
    """A finite number of the child, before scaling."""
    found = content.get(key)
    known = isinstance(found, (int, float)) and not isinstance(found, bool) and math.isfinite(found)
    return float(found) / scale if known and found is not None else None


def _bound_so_far(folder: Path, scale: float) -> float | None:
    """The bound the child has reached."""
    return _number(_read_json(folder / "bound.json"), "bound", scale)


def _nodes_so_far(folder: Path) -> int:
    """The nodes the child has worked through, as far as it has told."""
    return _count(_read_json(folder / "bound.json"))


def _count(content: dict[str, Any]) -> int:
    nodes = content.get("nodes")
    return nodes if isinstance(nodes, int) and not isinstance(nodes, bool) and nodes > 0 else 0


def _methods(end: dict[str, Any]) -> tuple[str, ...]:
    """Names of the methods that took at least one iteration."""
    found = end.get("iterations")
    if not isinstance(found, dict):
        return ()
    return tuple(str(name) for name, count in found.items() if isinstance(count, int) and count > 0)


def _last_word(folder: Path, model: Model, code: int) -> Ended:
    """What the child says at its end, or what it died of."""
    end = _read_json(folder / "end.json")
    if code != 0 or not isinstance(end.get("status"), str):
        text = (folder / "stderr.txt").read_text("utf-8", errors="replace").strip().splitlines()
        if code < 0:
            died = f"killed by signal {-code}"
        else:
            died = f"ended with code {code}" if code else "ended without an answer"
        said = f"{died}: {text[-1][:200]}" if text else died
        return Ended("crash", bound=_bound_so_far(folder, model.scale), nodes=_nodes_so_far(folder), complaint=said)
    bound = _number(end, "bound", model.scale)
    if bound is None:
        bound = _bound_so_far(folder, model.scale)
    if not model.integer.any() and end["status"] == "optimal":
        proven = _bound_of_duals(folder, model)
        bound = bound if proven is None else proven
    return Ended(
        "itself",
        status=end["status"],
        value=_number(end, "value", model.scale),
        bound=bound,
        nodes=_count(end),
        methods=_methods(end),
    )


def _bound_of_duals(folder: Path, model: Model) -> float | None:
    """The bound that the child's row duals prove, whatever they are."""
    try:
        duals = np.load(folder / "duals.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if duals.shape != model.row_lower.shape or duals.dtype != np.float64:
        return None
    proven = dual_bound(model.cost, model.rows, (model.row_lower, model.row_upper), (model.lower, model.upper), duals)
    return None if proven is None else proven / model.scale
