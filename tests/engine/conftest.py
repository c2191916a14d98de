"""Loads the field behind an opening by a fine integral from its path: tests have no package to import it from."""

import pytest
from by_path import module_at


@pytest.fixture(scope="session")
def kirchhoff():
    """The slow integral over an opening."""
    return module_at("tests/engine/kirchhoff.py")
