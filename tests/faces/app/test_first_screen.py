"""The first screen: from the stored result, equal to what the study and the other faces say."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from by_path import module_at
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import layout_facts
from quietwing.coverage.app.facts_of_verdict import facts_of
from quietwing.coverage.app.layout_facts import stored_sample
from quietwing.coverage.app.plan_editor.places import rooms_of
from quietwing.coverage.app.state import KEY, Layout, Session
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.words import limits_in_words, verdict_headline
from quietwing.coverage.site_inputs import equipment_of

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "coverage" / "app" / "sample"
BIGGEST = 1_000_000


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


@pytest.fixture(scope="module")
def script():
    """docs/make_sample.py as a module."""
    return module_at("docs/make_sample.py")


@pytest.fixture(scope="module")
def verdict(script):
    """The sample worked out anew."""
    return script.verdict()


def numbers(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_the_first_screen_needs_no_engine():
    """Ten seconds are not enough for numba, scipy and a study: the first screen comes from the stored result."""
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "from quietwing.coverage.app import blockers_page, shell\n"
        "blockers_page._warm = lambda *_: None  # nor what the first gesture needs\n"
        "shell._loaded.set()  # else a thread loads what the other pages need, once the screen is out\n"
        f"page = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=60).run()\n"
        "assert not page.exception and page.metric\n"
        "print(sorted({'numba', 'matplotlib', 'geopandas', 'scipy'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_one_sentence_and_the_numbers_are_those_of_the_stored_verdict(page):
    verdict = json.loads((SAMPLE / "verdict.json").read_text("utf-8"))
    rooms = verdict["rooms"]
    shown = numbers(page)
    for grade in ("planning", "evidence"):
        of_grade = verdict["grades"][grade]
        assert shown[f"Blocked, {grade}"] == f"{of_grade['rooms']['silent']} of {rooms['silence']}"
        margin_db = of_grade["spill"]["worst_margin_db"]
        over = f"over by {-margin_db:g} dB" if margin_db < 0 else "exceeded"  # by receivers in keep rooms
        assert shown[f"Spill limit, {grade}"] == (
            f"kept, {margin_db:g} dB left" if of_grade["spill"]["passed"] else over
        )
    leaks = rooms["silence"] - rooms["quiet_anyway"]
    assert shown["Leaks, blockers off"] == f"{leaks} of {rooms['silence']}"
    assert shown["Cost"] == f"£{-(-verdict['cost']['capex_gbp'] // 1):,.0f}"
    (said,) = (*page.info, *page.success, *page.warning)
    sentence = said.value.replace("\\", "")
    assert sentence.startswith(
        f"With blockers off a phone may work in {leaks} of {rooms['silence']} rooms. This layout "
    )
    assert f"blocks {rooms['silent']} at planning grade" in sentence
    assert not page.success  # no green where rooms are left


def test_the_storey_with_most_rooms_left_comes_first(page):
    facts = stored_sample(page.session_state[KEY])
    desk = page.session_state["blockers desk"]
    open_on = [
        sum(facts.rooms[room.id].state == "hole" for _, room in rooms_of(desk.site, place) if room.id in facts.rooms)
        for place in desk.places
    ]
    assert desk.place == open_on.index(max(open_on))
    assert not desk.ready  # no engine was needed


def test_a_changed_layout_is_not_shown_with_the_stored_numbers(page):
    own = page.session_state[KEY]
    own.layout = Layout(own.layout.devices[1:])
    page.run()
    assert not page.exception
    shown = numbers(page)
    assert shown["Spill limit"] == "not assessed"
    assert shown["Leaks, blockers off"] == "264 of 264"  # whatever the layout
    assert "Provisional: run the full assessment to confirm" in page.info[0].value.replace("\\", "")


def test_the_button_leads_to_a_site_of_ones_own(page):
    (button,) = (one for one in page.main.button if one.label == "Open my site")
    button.click().run()
    assert page.session_state[KEY].way_on in ("", "my-site")


def test_the_report_has_what_no_blocker_covers_and_the_rooms_with_operator_and_band():
    def report() -> None:
        from quietwing.coverage.app import report_page

        report_page.show()

    page = AppTest.from_function(report, default_timeout=60).run()
    assert not page.exception
    words = [text.value for text in page.text]
    assert any("No blocker of this layout sends on O2 1500 MHz downlink-only 4G" in text for text in words)
    assert any("Satellite phones" in text for text in words)
    assert any("detours through openings, over roofs" in text for text in words)
    stored = json.loads((SAMPLE / "verdict.json").read_text("utf-8"))["rooms"]
    table = next(one.value for one in page.dataframe if "A phone may work on" in one.value)
    assert len(table) == stored["holes"]
    assert table["A phone may work on"].str.contains(r"(?:EE|O2|VF|Three) \d+ MHz [2345]G").all()


def test_the_sample_is_small_and_whole():
    files = {path.name: path.stat().st_size for path in SAMPLE.iterdir() if path.suffix not in (".py", ".pyc")}
    files.pop("__pycache__", None)
    assert set(files) == {"facts.json", "verdict.json", "rooms.csv", "escapes.csv"}
    assert sum(files.values()) < BIGGEST


@pytest.mark.slow
def test_the_stored_sample_recomputes_to_the_same_bytes(script, verdict):
    """Run docs/make_sample.py if a result was meant to move."""
    for name, content in script.make(verdict).items():
        kept = (SAMPLE / name).read_bytes()
        assert content == kept, f"{name} differs; run docs/make_sample.py and look at what moved"


@pytest.mark.slow
def test_words_and_numbers_are_those_of_the_report(page, verdict):
    facts, count = facts_of(verdict, read_catalogue()), count_rooms(verdict)
    assert facts.sentences == verdict_headline(verdict)
    assert len(facts.spill) == len(limits_in_words(verdict))
    assert len(facts.cells) == count.holes + count.unknown
    assert facts.grades[0].holes == count.holes + count.unknown
    assert facts == stored_sample(page.session_state[KEY])
    page.session_state[KEY].verdict = verdict
    stored = numbers(page)
    page.run()
    assert not page.exception
    assert numbers(page) == stored


def test_a_site_is_fingerprinted_once_and_not_at_every_gesture(monkeypatch):
    """A fingerprint of radial takes four times as long as all the rest of a gesture's answer."""
    asked = []
    real = layout_facts.fingerprint
    monkeypatch.setattr(layout_facts, "fingerprint", lambda *of: asked.append(1) or real(*of))
    own = own_session()
    facts = stored_sample(own)
    assert facts is not None
    assert stored_sample(own) is facts
    assert len(asked) == 1
    own.layout = Layout(own.layout.devices[1:])
    assert stored_sample(own) is None
    assert len(asked) == 1
    own.layout, own.scenario = Layout(equipment_of("houseblock", None)[0]), replace(own.scenario, worlds=500)
    assert stored_sample(own) is None  # another question has no stored answer
    assert len(asked) == 2


def own_session() -> Session:
    def script() -> None:
        from quietwing.coverage.app.state import session

        session()

    own: Session = AppTest.from_function(script, default_timeout=60).run().session_state[KEY]
    return own
