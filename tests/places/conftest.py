"""What the tests of places share. Helper modules are loaded from their path: nothing joins the import path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    key = f"quietwing_tests_places_{name}"
    if key not in sys.modules:
        spec = importlib.util.spec_from_file_location(key, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[key] = module
        spec.loader.exec_module(module)
    return sys.modules[key]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rows(only=…, without=…): which rows of the table of bad inputs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each row of the table of bad inputs, or for those the mark ``rows`` names or leaves out."""
    if "bad" in metafunc.fixturenames:
        _load("bad_builders")
        rows = _load("bad_inputs").ROWS
        mark = metafunc.definition.get_closest_marker("rows")
        if mark is not None:
            only, without = mark.kwargs.get("only"), mark.kwargs.get("without", ())
            rows = [row for row in rows if (only is None or row.id in only) and row.id not in without]
        metafunc.parametrize("bad", rows, ids=[row.id for row in rows])


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The module that writes the smallest whole site."""
    return _load("tiny_site")


@pytest.fixture
def folder(tiny: ModuleType, tmp_path: Path) -> Path:
    """The smallest whole site, written."""
    return tiny.write(tmp_path / "tiny")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to connect fails the test."""
    import socket

    def refuse(*args: object) -> None:
        raise AssertionError(f"reached for the network: {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
