"""A module that is slow to load is loaded once, when it is needed, whoever asks first."""

import sys
import threading

import pytest

from quietwing.sites import LateModule

SLOW = "import time\ntime.sleep(0.3)\nVALUE = object()\n"


@pytest.fixture
def slow(tmp_path, monkeypatch) -> str:
    (tmp_path / "slow_to_load.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_to_load"
    sys.modules.pop("slow_to_load", None)


def test_it_is_not_loaded_before_it_is_needed(slow):
    late = LateModule(slow)
    assert slow not in sys.modules
    assert late.VALUE is sys.modules[slow].VALUE


def test_two_threads_that_ask_at_once_get_the_same(slow):
    """`importlib.util.LazyLoader` gives the second one a module that is not filled yet."""
    late, together, found = LateModule(slow), threading.Barrier(2), []

    def ask() -> None:
        together.wait(30)
        found.append(late.VALUE)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 2
    assert found[0] is found[1]


def test_a_module_that_is_not_there_says_so():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = LateModule("no_such_module").anything
