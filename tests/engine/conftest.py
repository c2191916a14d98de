"""Loads the field behind an opening by a fine integral from its path: tests have no package to import it from."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def kirchhoff():
    """The slow integral over an opening."""
    path = Path(__file__).with_name("kirchhoff.py")
    spec = importlib.util.spec_from_file_location("kirchhoff", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
