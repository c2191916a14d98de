"""The frame round every page."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import jobs
from quietwing.coverage.app.shell import PAGES, site_in_words
from quietwing.coverage.app.state import KEY
from quietwing.sites import load_site
from quietwing.sites.files import BUNDLED

ROOT = Path(__file__).parents[3]
SCRIPTS = (ROOT / "app.py", ROOT / "coverage" / "app" / "streamlit_script.py")


class Running:
    """A job that runs until it is stopped."""

    collected, stopped = False, False

    def running(self) -> bool:
        return not self.stopped

    def progress(self) -> tuple[str, float]:
        return "counting *stars*", 0.5

    def stop(self) -> None:
        self.stopped = True

    def result(self) -> None:
        return None

    def error(self) -> str | None:
        return None

    def discard(self) -> None:
        pass


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_both_scripts_open_the_workspace_with_the_marking(script):
    page = AppTest.from_file(str(script), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value.startswith("Where phones still work")
    assert "OFFICIAL" in page.caption[0].value or any("OFFICIAL" in each.value for each in page.caption)


def test_the_pages_stand_in_the_order_of_the_work():
    titles = [title for _, title in PAGES.values()]
    assert titles == ["Site", "Signals", "Surveys", "Blockers", "Plan", "Compare", "Report", "Help"]


@pytest.mark.slow
@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("module", ["report_page", "help_page"])
def test_pages_open_on_every_bundled_site(module, name):
    """Nothing is worked out yet: each says so, or what it can, and asks. Other pages have such a test of theirs."""

    def opened(module: str, name: str) -> None:
        import importlib

        from quietwing.coverage.app.state import open_bundled

        open_bundled(name)
        importlib.import_module(f"quietwing.coverage.app.{module}").show()

    page = AppTest.from_function(opened, kwargs={"module": module, "name": name}, default_timeout=120).run()
    assert not page.exception
    assert page.title
    assert page.session_state[KEY].site.name == load_site(name).name


@pytest.mark.parametrize("module", [module for module, _ in PAGES.values()])
def test_every_page_has_its_module_with_show(module):
    tree = ast.parse((ROOT / "coverage" / "app" / f"{module}.py").read_text("utf-8"))
    shows = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "show"]
    assert len(shows) == 1
    assert not shows[0].args.args


def test_messages_and_documents_name_only_pages_that_there_are():
    titles = {title for _, title in PAGES.values()}
    files = [path for part in ("coverage", "sites", "docs") for path in (ROOT / part).rglob("*.*")]
    texts = [path.read_text("utf-8") for path in files if path.suffix in (".py", ".html", ".js", ".md")]
    named = {name for text in texts for name in re.findall(r"quietwing app, ([^,]+),|\b[Pp]age ([A-Z]\w+)", text)}
    assert len(named) > 3
    assert {one or other for one, other in named} - titles == set()


def test_no_page_keeps_plans_in_a_cache_that_sessions_share():
    for path in (ROOT / "coverage" / "app").rglob("*.py"):
        text = path.read_text("utf-8")
        for word in ("st.cache_data", "st.cache_resource", "unsafe_allow_html=True", "lru_cache"):
            assert word not in text, f"{path.name}: {word}"


def test_the_sidebar_says_what_is_open_and_that_nothing_leaves():
    page = AppTest.from_file(str(SCRIPTS[0]), default_timeout=60).run()
    words = " ".join(each.value for each in (*page.sidebar.caption, *page.sidebar.markdown))
    assert "264 rooms to be blocked" in words
    assert "Nothing leaves this computer" in words


def test_at_another_grade_the_verdict_is_an_old_one_and_the_layout_is_judged_anew(monkeypatch):
    """Without a verdict nothing is begun; the desk and the other pages go by the session's scenario."""
    begun = []
    monkeypatch.setattr("quietwing.coverage.app.panel.start_verdict", lambda: begun.append(True))
    page = AppTest.from_file(str(SCRIPTS[0]), default_timeout=60).run()
    own = page.session_state[KEY]
    assert page.selectbox(key="grade asked for").value == own.scenario.grade == "planning"
    page.selectbox(key="grade asked for").select("evidence").run()
    assert not page.exception
    assert own.scenario.grade == "evidence"
    assert begun == []
    assert page.metric[1].label == "Cost"  # the stored result is of planning grade
    assert page.metric[3].value == "not assessed"
    own.verdict = SimpleNamespace(site=own.site, scenario=own.scenario, devices=own.layout.devices[1:])
    page.selectbox(key="grade asked for").select("planning").run()
    assert not page.exception
    assert own.scenario.grade == "planning"
    assert begun == [True]
    own.scenario = replace(own.scenario, grade="evidence")  # as of another site that is opened
    page.run()
    assert page.selectbox(key="grade asked for").value == "evidence"


@pytest.mark.parametrize(
    ("kind", "said"),
    [("plan", ["Search for a plan: stopped before a plan was found; nothing is kept."]), ("verdict", [])],
)
def test_a_search_that_was_stopped_without_a_plan_does_not_just_vanish(kind, said):
    page = AppTest.from_file(str(SCRIPTS[0]), default_timeout=60).run()
    page.session_state[KEY].jobs[kind] = Running()
    page.run()
    assert not page.toast
    page.sidebar.button(key=f"stop {kind}").click().run()
    assert not page.exception
    assert [one.value for one in page.toast] == said


def test_a_running_job_is_seen_on_every_page_and_can_be_stopped():
    page = AppTest.from_file(str(SCRIPTS[0]), default_timeout=60).run()
    job = Running()
    page.session_state[KEY].jobs["verdict"] = job
    page.run()
    assert jobs.JOB_WORDS["verdict"] in page.sidebar.get("progress")[0].proto.text
    assert r"\*stars\*" in page.sidebar.get("progress")[0].proto.text
    page.sidebar.button(key="stop verdict").click().run()
    assert not page.exception
    assert job.stopped
    assert page.session_state[KEY].jobs == {}


def test_a_site_in_words():
    assert site_in_words(load_site("houseblock")) == ("264 rooms to be blocked, 2 buildings, up to 4 storeys")
