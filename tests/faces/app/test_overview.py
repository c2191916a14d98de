"""The first screen: from the stored result, equal to what the study and the other faces say."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.overview_facts import PICTURE
from quietwing.coverage.app.overview_of_verdict import facts_of
from quietwing.coverage.app.state import KEY, Layout
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.words import limits_in_words, verdict_headline

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "coverage" / "app" / "sample"
BIGGEST = 1_000_000


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


@pytest.fixture(scope="module")
def script():
    """docs/make_sample.py as a module."""
    spec = importlib.util.spec_from_file_location("make_sample", ROOT / "docs" / "make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def verdict(script):
    """The sample worked out anew."""
    return script.verdict()


def numbers(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def test_the_first_screen_needs_no_engine():
    """Ten seconds are not enough for numba, scipy and a study: the first screen comes from the stored result."""
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "from quietwing.coverage.app import shell\n"
        "shell._loaded.set()  # else a thread loads what the other pages need, once the screen is out\n"
        f"page = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=60).run()\n"
        "assert not page.exception and page.metric\n"
        "print(sorted({'numba', 'matplotlib', 'geopandas', 'scipy'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_three_numbers_and_the_cells_with_operator_and_band(page):
    verdict = json.loads((SAMPLE / "verdict.json").read_text("utf-8"))
    stored, outside = verdict["rooms"], "all kept" if verdict["spill"]["passed"] else "not kept"
    dead = stored["silent"] + stored["quiet_anyway"]
    assert numbers(page) == [f"{found} of {stored['silence']}" for found in (dead, stored["holes"])] + [outside]
    table = page.dataframe[0].value
    assert len(table) == stored["holes"]
    assert table["A phone still works on"].str.contains(r"(?:EE|O2|VF|Three) \d+ MHz [2345]G").all()


def test_what_no_blocker_covers_is_said(page):
    words = [text.value for text in page.text]
    assert any("No blocker of this layout sends on O2 1500 MHz downlink-only 4G" in text for text in words)
    assert any("Satellite phones" in text for text in words)
    assert any("detours through openings, over roofs" in text for text in words)


def test_the_map_has_words_for_those_who_do_not_see_it(page):
    picture = page.get("image")[0].proto
    assert "table below" in picture.imgs[0].alt


def test_a_changed_layout_is_not_shown_with_the_stored_numbers(page):
    own = page.session_state[KEY]
    own.layout = Layout(own.layout.devices[1:])
    page.run()
    assert not page.metric
    assert page.button(key="run verdict").label == "Run the full assessment"


def test_the_buttons_lead_on(page):
    labels = [button.label for button in page.main.button]
    assert labels[:2] == ["Move blockers", "Open my site"]


def test_the_sample_is_small_and_whole():
    files = {path.name: path.stat().st_size for path in SAMPLE.iterdir() if path.suffix not in (".py", ".pyc")}
    files.pop("__pycache__", None)
    assert set(files) == {"overview.json", "verdict.json", "rooms.csv", "escapes.csv", PICTURE}
    assert sum(files.values()) < BIGGEST
    assert files[PICTURE] < 300_000


@pytest.mark.slow
def test_the_stored_sample_recomputes_to_the_same_bytes(script, verdict):
    """Run docs/make_sample.py if a result was meant to move."""
    for name, content in script.make(verdict).items():
        kept = (SAMPLE / name).read_bytes()
        if name == PICTURE:
            np.testing.assert_allclose(_pixels(content), _pixels(kept), atol=0.02)
        else:
            assert content == kept, f"{name} differs; run docs/make_sample.py and look at what moved"


@pytest.mark.slow
def test_words_and_numbers_are_those_of_the_report(page, verdict):
    facts, count = facts_of(verdict), count_rooms(verdict)
    assert facts.sentences == verdict_headline(verdict)
    assert len(facts.spill) == len(limits_in_words(verdict))
    assert len(facts.cells) == count.holes + count.unknown
    assert facts.numbers[1][1] == f"{count.holes + count.unknown} of {count.silence}"
    page.session_state[KEY].verdict = verdict
    page.session_state[KEY].verdict_of = page.session_state[KEY].layout
    stored = numbers(page)
    page.run()
    assert not page.exception
    assert numbers(page) == stored


def _pixels(png: bytes) -> np.ndarray:
    import io

    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")
