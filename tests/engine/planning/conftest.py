"""What the tests of planning share. Helper modules are loaded from their path: nothing joins the import path."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from quietwing.coverage.planning._solver_process import CHILD


@pytest.fixture(scope="module")
def forked(tmp_path_factory) -> Iterator[tuple[str, ...]]:
    """The solver's child as ever, but forked from a process that has imported HiGHS: for tests of many solves."""
    spec = importlib.util.spec_from_file_location("forked_solver", Path(__file__).with_name("forked_solver.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.forked_solver(CHILD, tmp_path_factory.mktemp("solver")) as command:
        yield command
