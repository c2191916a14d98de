"""HiGHS in a process of its own, spoken to through files; run by `exact.solve`, imports numpy and highspy only.

    python _highs_child.py FOLDER        (or: python -m quietwing.coverage.planning._highs_child FOLDER)

The protocol, for anyone who wants to put another solver in this place (`solve(…, solver=…)`). The problem is always
one to MINIMISE. The parent writes, before it starts the child:

- ``cost.npy``, ``lower.npy``, ``upper.npy`` (float64), ``integer.npy`` (bool), all of shape (column,);
- ``row_lower.npy``, ``row_upper.npy`` (float64, ±inf for no bound), of shape (row,);
- ``starts.npy``, ``columns.npy`` (int32), ``values.npy`` (float64): the rows, compressed by row;
- ``start.npy`` (float64, (column,)), if there is a solution to start from;
- ``options.json``: ``nodes`` (branch-and-bound nodes allowed), ``gap`` (relative), ``seed``, ``bound_alone`` (whether
  to look for no solutions by the way).

The child writes, each under a name ending in ``.part`` first and then renamed, so that no half file is ever seen:

- ``point-000001.npy``, ``point-000002.npy``, …: each solution as it is found, float64 of shape (column,);
- ``bound.json``: ``{"bound": number or null, "nodes": count}``, the lower bound and the nodes so far, replaced as
  they grow; ``nodes`` may be left out;
- ``duals.npy`` (float64, (row,)): row duals, for a problem without integer columns only;
- ``end.json``, last: ``status`` ("optimal", "infeasible", "limit" or what else the solver says), ``value``,
  ``bound`` (numbers or null), ``nodes``, and, if it likes, ``iterations``: how many of each method by its name.

Then it ends with code 0. Nothing in these files is believed without a check. Text on stderr is shown if it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import highspy
import numpy as np

FEASIBILITY = 1e-7  # tighter than the 1e-6 of the check
ABSOLUTE_GAP = 1e-9
BOUND_EVERY_S = 0.1
LOOK_FOR_PARENT_S = 1.0
NO_BOUND = 1e20  # HiGHS reads this and more as infinite


def main(folder: Path) -> None:
    """Solve the problem in `folder` and leave the answer there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    options = json.loads((folder / "options.json").read_text("utf-8"))
    threading.Thread(target=end_with_parent, args=(os.getppid(), folder), daemon=True).start()
    integer = np.load(folder / "integer.npy", allow_pickle=False)
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    looks = not options["bound_alone"]
    for name, setting in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", options["seed"]),
        ("mip_max_nodes", options["nodes"]),
        ("mip_rel_gap", options["gap"]),
        # At a single node RINS finds as much as with these, in half of the time (found by trial on houseblock).
        ("mip_heuristic_run_rens", looks and options["nodes"] > 1),
        ("mip_heuristic_run_root_reduced_cost", looks and options["nodes"] > 1),
        ("mip_heuristic_run_rins", looks),
        ("mip_heuristic_run_feasibility_jump", looks),
        ("mip_abs_gap", ABSOLUTE_GAP),
        ("mip_feasibility_tolerance", FEASIBILITY),
        ("primal_feasibility_tolerance", FEASIBILITY),
        ("dual_feasibility_tolerance", FEASIBILITY),
    ):
        demand(solver.setOptionValue(name, setting), f"option {name}")
    demand(solver.passModel(model(folder, integer)), "the model")
    if (folder / "start.npy").exists():
        start = highspy.HighsSolution()
        start.col_value = np.load(folder / "start.npy", allow_pickle=False)
        solver.setSolution(start)
    reporter = Reporter(folder)
    if integer.any():
        solver.cbMipImprovingSolution.subscribe(reporter.improved)
        solver.cbMipInterrupt.subscribe(reporter.looked)
    solver.run()
    finish(folder, solver, reporter, bool(integer.any()))


def demand(status: highspy.HighsStatus, what: str) -> None:
    """Stop when HiGHS refuses its input."""
    if status == highspy.HighsStatus.kError:
        raise SystemExit(f"HiGHS refuses {what}")


def model(folder: Path, integer: np.ndarray[Any, Any]) -> highspy.HighsLp:
    """The problem in HiGHS's own form."""
    part = {
        name: np.load(folder / f"{name}.npy", allow_pickle=False)
        for name in ("cost", "lower", "upper", "row_lower", "row_upper", "starts", "columns", "values")
    }
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(part["cost"]), len(part["row_lower"])
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = part["cost"], part["lower"], part["upper"]
    lp.row_lower_, lp.row_upper_ = part["row_lower"], part["row_upper"]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = lp.num_col_, lp.num_row_
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = part["starts"], part["columns"], part["values"]
    if integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in integer]
    return lp


class Reporter:
    """Writes solutions and bounds as HiGHS finds them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count, self.bound = folder, 0, -np.inf
        self.written, self.written_s = (-np.inf, 0), 0.0

    def improved(self, event: Any) -> None:
        """A better solution."""
        self.point(np.array(event.data_out.mip_solution, float))

    def point(self, x: np.ndarray[Any, Any]) -> None:
        """One more solution file."""
        self.count += 1
        part = self.folder / "point.part"
        with part.open("wb") as file:
            np.save(file, x, allow_pickle=False)
        part.replace(self.folder / f"point-{self.count:06d}.npy")

    def looked(self, event: Any) -> None:
        """A look in the middle of the search: bound and nodes, at most ten times a second."""
        now_s = time.monotonic()
        if now_s - self.written_s < BOUND_EVERY_S:
            return
        bound, nodes = event.data_out.mip_dual_bound, max(0, int(event.data_out.mip_node_count))
        if abs(bound) < NO_BOUND:
            self.bound = max(bound, self.bound)
        if (self.bound, nodes) != self.written:
            self.written, self.written_s = (self.bound, nodes), now_s
            write_json(
                self.folder, "bound.json", {"bound": self.bound if self.bound > -np.inf else None, "nodes": nodes}
            )


def finish(folder: Path, solver: Any, reporter: Reporter, mixed: bool) -> None:
    """The last solution, the bound and how the search ended."""
    info, status = solver.getInfo(), solver.getModelStatus()
    words = {
        highspy.HighsModelStatus.kOptimal: "optimal",
        highspy.HighsModelStatus.kInfeasible: "infeasible",
        highspy.HighsModelStatus.kSolutionLimit: "limit",
    }
    solution = solver.getSolution()
    value = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible and solution.value_valid:
        reporter.point(np.array(solution.col_value, float))
        value = info.objective_function_value
    if not mixed and solution.dual_valid:
        with (folder / "duals.part").open("wb") as file:
            np.save(file, np.array(solution.row_dual, float), allow_pickle=False)
        (folder / "duals.part").replace(folder / "duals.npy")
    bound = info.mip_dual_bound if mixed else value if words.get(status) == "optimal" else None
    known = bound is not None and abs(bound) < NO_BOUND
    end = {
        "status": words.get(status, solver.modelStatusToString(status)),
        "value": value,
        "bound": bound if known else None,
        "nodes": max(0, int(info.mip_node_count)) if mixed else 0,
        "iterations": {
            "simplex": max(0, int(info.simplex_iteration_count)),
            "interior point": max(0, int(info.ipm_iteration_count)),
        },
    }
    write_json(folder, "end.json", end)


def write_json(folder: Path, name: str, content: dict[str, Any]) -> None:
    """A small file that is there whole or not at all."""
    part = folder / f"{name}.part"
    part.write_text(json.dumps(content), "utf-8")
    part.replace(folder / name)


def end_with_parent(parent: int, folder: Path) -> None:
    """Stop, and remove the folder, when the parent was killed and cannot do it."""
    while os.getppid() == parent:
        time.sleep(LOOK_FOR_PARENT_S)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
