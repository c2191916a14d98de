"""Names of the user are words in every picture: none is a formula, and none is left out for want of a letter."""

import warnings
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from quietwing.coverage.report.plain_text import REPLACEMENT, with_plain_text
from quietwing.coverage.report.plan_drawing import save_png

NAMES = (r"$\x$", r"\frac{1}{", "$a", "a$b$c", "中 \N{GRINNING FACE}", "tab\tstop", "two\nlines")


@pytest.fixture(autouse=True)
def no_warning():
    """A letter that cannot be drawn would be a warning of matplotlib, on the terminal of the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def figure_of(name: str) -> Figure:
    """A figure that has the name in every place a picture of ours may have it."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], label=name)
    ax.set_title(name, loc="left")
    ax.set_xlabel(name)
    ax.set_yticks([0, 1], [name, name])
    ax.set_xticks([0, 1])
    ax.text(0.5, 0.5, name)
    ax.annotate(name, (0, 0), xytext=(1, 1), arrowprops={"arrowstyle": "->"})
    figure.suptitle(name)
    figure.supxlabel(name)
    figure.legend(title=name)
    return figure


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_signs_is_drawn_wherever_it_stands(name, tmp_path: Path):
    save_png(figure_of(name), tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 1000


def test_letters_the_font_has_stay_and_others_are_replaced_one_for_one():
    figure = with_plain_text(figure_of("Zelle 7 − café 中"))
    assert figure.get_suptitle() == f"Zelle 7 − café {REPLACEMENT}"


def test_equal_figures_give_equal_bytes_whatever_their_names_hold(tmp_path):
    for number in range(2):
        save_png(figure_of(r"$\x$ 中"), tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_figures_and_legends_drawn_for_one_size_may_be_drawn_again(tmp_path):
    figure = with_plain_text(figure_of("$a"))
    save_png(with_plain_text(figure), tmp_path / "again.png")
