"""Pictures are drawn in one place: the same bytes whatever the user's own settings of matplotlib."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from quietwing import coverage
from quietwing.coverage.report import png_of

PLACES = [Path(folder) for folder in coverage.__path__]


def drawn(_number: int = 0) -> bytes:
    figure = Figure(figsize=(3, 2))
    figure.text(0.1, 0.5, "Wing A, 2nd floor", fontsize=7)
    return png_of(figure)


def test_hinting_and_threads_change_no_byte_and_the_users_settings_stay():
    usual = drawn()
    with matplotlib.rc_context({"text.hinting": "force_autohint"}):
        assert drawn() == usual
        assert matplotlib.rcParams["text.hinting"] == "force_autohint"
    before = matplotlib.rcParams["text.hinting"]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(drawn, range(40))) == {usual}
    assert matplotlib.rcParams["text.hinting"] == before


def test_no_other_module_draws_a_png():
    drawing = [
        file.name for folder in PLACES for file in folder.rglob("*.py") if "print_png(" in file.read_text("utf-8")
    ]
    assert drawing == ["plan_drawing.py"]
