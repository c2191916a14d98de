"""The suite itself: modules that tests share are loaded in one place, and what takes longest is begun first."""

import sys
from pathlib import Path
from types import SimpleNamespace

import by_path
import pytest

ROOT = Path(__file__).parents[2]
OWN_PROCESS = {"bad_surveys.py", "forked_solver.py"}  # started as programs of their own, without pytest's paths


@pytest.fixture
def suite(pytestconfig):
    """tests/conftest.py as pytest has loaded it."""
    (found,) = (
        plugin
        for plugin in pytestconfig.pluginmanager.get_plugins()
        if getattr(plugin, "__file__", None) == str(ROOT / "tests" / "conftest.py")
    )
    return found


def test_a_module_is_loaded_once_and_finds_itself_while_it_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(by_path, "ROOT", tmp_path)
    (tmp_path / "loaded_once.py").write_text("import sys\nME = sys.modules[__name__]\n")
    module = by_path.module_at("loaded_once.py")
    monkeypatch.delitem(sys.modules, module.__name__)
    assert module.ME is module
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert by_path.module_at("loaded_once.py") is module


def test_a_module_that_breaks_is_tried_again_and_not_found_half_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(by_path, "ROOT", tmp_path)
    place = tmp_path / "breaks.py"
    place.write_text("A = 1\nB = A / 0\n")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            by_path.module_at("breaks.py")
    assert "quietwing_breaks" not in sys.modules


def test_no_test_loads_modules_in_its_own_way():
    searched = "importlib.util." + "spec_from_file_location"
    found = {path.name for path in (ROOT / "tests").rglob("*.py") if searched in path.read_text("utf-8")}
    assert found == {"by_path.py", *OWN_PROCESS}


def test_files_that_take_longest_are_begun_first_and_the_others_stay_in_order(suite):
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(suite.LONGEST) <= there
    assert len(set(suite.LONGEST)) == len(suite.LONGEST)
    last, first = suite.LONGEST[-1], suite.LONGEST[0]
    names = ["test_b.py", last, "test_a.py", first, "test_b.py", last]
    items = [SimpleNamespace(path=Path(name), number=number) for number, name in enumerate(names)]
    suite.pytest_collection_modifyitems(items)
    assert [item.number for item in items] == [3, 1, 5, 0, 2, 4]
