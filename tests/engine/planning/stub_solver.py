"""Children that do as told in place of the solver, and problems for them.

The stub children speak the protocol of `_highs_child`. Their problem is the knapsack "two of three things fit":
worth 5, 4 and 3, weight 2, 3 and 1 within 5; the optimum is a and b for 9, a cost of -9 in the child's terms.
"""

import textwrap
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from quietwing.coverage.planning import _highs_child
from quietwing.coverage.planning.problem import Problem

CHILD = Path(_highs_child.__file__)
STUB = """
import json, os, signal, sys, time
from pathlib import Path
import numpy as np
folder, here = Path(sys.argv[-1]), Path(__file__).parent
def put(name, content):
    (folder / "x.part").write_text(json.dumps(content)); (folder / "x.part").replace(folder / name)
def point(number, x):
    with (folder / "y.part").open("wb") as file: np.save(file, np.array(x, float))
    (folder / "y.part").replace(folder / f"point-{number:06d}.npy")
def end(status="optimal", value=-9.0, bound=-9.0, nodes=1):
    put("end.json", dict(status=status, value=value, bound=bound, nodes=nodes))
"""
# A covering problem that HiGHS does not close in a minute, with solutions within a tenth of a second.
HARD = """
import numpy as np
from scipy import sparse
from quietwing.coverage.planning.problem import Problem
def hard(n=400):
    rng = np.random.default_rng(0)
    costs = rng.integers(100, 200, n).astype(float)
    rows = sparse.csr_array((rng.random((n, n)) < 16 / n).astype(float))
    return Problem(costs, rows, np.ones(n), np.full(n, np.inf), np.zeros(n), np.ones(n), np.ones(n, bool))
"""


def knapsack() -> Problem:
    return Problem(
        objective=np.array([5.0, 4.0, 3.0]),
        rows=sparse.csr_array(np.array([[2.0, 3.0, 1.0]])),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([5.0]),
        lower=np.zeros(3),
        upper=np.ones(3),
        integer=np.ones(3, bool),
        maximise=True,
        column_names=("a", "b", "c"),
        row_names=("weight",),
    )


def hard(size: int = 400) -> Problem:
    names: dict = {}
    exec(HARD, names)
    return names["hard"](size)


@pytest.fixture
def stub(tmp_path):
    """A child that does as told."""

    def written(code: str) -> str:
        path = tmp_path / "stub.py"
        path.write_text(STUB + textwrap.dedent(code), "utf-8")
        return str(path)

    return written
