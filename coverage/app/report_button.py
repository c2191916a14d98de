"""The report of a result from its page: made beside it as a job with progress and Stop, then taken as a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import Question, start, start_verdict
from quietwing.coverage.app.prices import prices_of
from quietwing.coverage.app.questions import as_offered_now, current
from quietwing.coverage.app.report_files import PDF, ZIP
from quietwing.coverage.app.state import current_verdict, session
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import cost
from quietwing.sites import fingerprint

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["plan_report", "verdict_report"]

ResultOf = Literal["verdict", "plan"]
LABEL, ZIP_LABEL, PDF_LABEL = "Make the report", "Report (zip, HTML)", "Report (PDF)"
HELP = (
    "Numbers at both grades, maps of every storey, limits, notes and tables, as PDF and as a web page in a zip. "
    "Takes up to half a minute a houseblock; you can go on working, and stop it at the left."
)
UNDER_WAY = "Its progress and Stop stand at the left; the files can be downloaded here when they are ready."
ZIP_HELP = "Unpack it and open summary.html in a browser."
PDF_HELP = "The words, maps and tables of summary.html on sheets of A4, in one file."


def verdict_report(place: DeltaGenerator, key: str) -> None:
    """The report of the current layout, or the way to one where it has not been judged."""
    if current_verdict() is None:
        job = session().jobs.get("verdict")
        running = job is not None and job.running()
        place.button(
            LABEL,
            key=f"{key} judge",
            width="stretch",
            disabled=running,
            help="The report is drawn from a full assessment, which this layout has not had in this session: the "
            "click starts it, and the report can then be made here.",
            on_click=clicked,
            args=(key, start_verdict),
        )
    else:
        _offer(place, key, "verdict")
    with place:
        show_problems_of(key)


def plan_report(place: DeltaGenerator, key: str) -> None:
    """The report of the plan that answers the present question."""
    _offer(place, key, "plan")
    with place:
        show_problems_of(key)


def start_report(of: ResultOf) -> None:
    """Begin to make the report of what answers the present question, at the prices and with the offers of now.

    Raises
    ------
    ScenarioError
        If the question has been changed since the button was drawn.
    """
    own, about = session(), _about(of)
    result, whatif, _ = about
    if result is None:
        raise ScenarioError("the result is for an earlier question (expected the present one); run it again")
    if of == "plan":
        judged = result.verdict
        spent = cost(judged.site, judged.devices, judged.treatments, own.catalogue, judged.scenario)
        asked = replace(result, plan=replace(result.plan, cost=spent))
    else:
        asked = as_offered_now(own, result)
    further = {"result": asked, "whatif": whatif, "about": about}
    start("report", Question("report", own.site, own.scenario, (), own.catalogue, further))


def _about(of: ResultOf) -> tuple[Any, Any, str]:
    """What a report is made of: answers to the present question alone; other prices or offers make another."""
    own = session()
    whatif = current(own, "whatif") if of == "verdict" else None
    return current(own, of), whatif, fingerprint(prices_of(own.catalogue), own.scenario)


def _offer(place: DeltaGenerator, key: str, of: ResultOf) -> None:
    """The button that has it made, or its files."""
    own = session()
    made, job = own.report, own.jobs.get("report")
    if made is None or not made.is_of(_about(of)):
        running = job is not None and job.running()
        place.button(
            "Making the report …" if running else LABEL,
            key=f"{key} make",
            type="secondary" if of == "plan" else "primary",  # a plan is opened first
            width="stretch",
            disabled=running,
            help=UNDER_WAY if running else HELP,
            on_click=clicked,
            args=(key, start_report, of),
        )
        return
    left, right = place.columns(2, gap="small")
    for column, name, label, mime, words in (
        (left, ZIP, ZIP_LABEL, "application/zip", ZIP_HELP),
        (right, PDF, PDF_LABEL, "application/pdf", PDF_HELP),
    ):
        column.download_button(
            label,
            lambda name=name: made.read(name),  # type: ignore[misc]
            name,
            mime,
            key=f"{key} {name}",
            width="stretch",
            on_click="ignore",
            help=words,
        )
