"""What the tests of planning share."""

from collections.abc import Iterator

import pytest
from by_path import module_at

from quietwing.coverage.planning._solver_process import CHILD


@pytest.fixture(scope="module")
def forked(tmp_path_factory) -> Iterator[tuple[str, ...]]:
    """The solver's child as ever, but forked from a process that has imported HiGHS: for tests of many solves."""
    module = module_at("tests/engine/planning/forked_solver.py")
    with module.forked_solver(CHILD, tmp_path_factory.mktemp("solver")) as command:
        yield command
