"""Compiled code that no folder can keep is compiled anew, and gives the same."""

import numba.core.caching
import pytest

from quietwing.coverage.compiling import njit


@pytest.fixture
def nowhere(monkeypatch):
    """A machine on which neither NUMBA_CACHE_DIR nor any other folder for compiled code can be written."""

    def refused(_locator):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(numba.core.caching._CacheLocator, "ensure_cache_path", refused)


def twice(x):
    return 2 * x


@pytest.mark.usefixtures("nowhere")
def test_a_function_runs_compiled_where_its_code_cannot_be_kept():
    compiled = njit(cache=True, error_model="numpy")(twice)
    assert compiled(21) == 42
    assert compiled.nopython_signatures
    assert compiled.stats.cache_path is None
