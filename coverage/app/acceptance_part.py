"""Acceptance test: the form of the present layout, and what a filled one lets one claim."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from quietwing.coverage.acceptance import AcceptanceTest, Scored, acceptance_test, form_bytes, score_form
from quietwing.coverage.app.button_actions import show_problems_of
from quietwing.coverage.app.panel import judge_button
from quietwing.coverage.app.site_files import uploads_in
from quietwing.coverage.app.site_watch import kept
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import current_verdict, session
from quietwing.coverage.report import acceptance_pdf
from quietwing.coverage.results import Verdict
from quietwing.sites import QuietwingError

__all__ = ["acceptance_part"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_MB = 16


def acceptance_part() -> None:
    """Draw the part."""
    st.header("The form")
    verdict = current_verdict()
    if verdict is None:
        st.info("The form is drawn from the full assessment of the present layout: the cells in most doubt first.")
        judge_button("acceptance")
    else:
        _form(verdict)
    st.header("The filled form")
    own = session()
    given = st.file_uploader("Filled form (XLSX)", type=["xlsx"], key="acceptance-file", max_upload_size=MOST_MB)
    show_problems_of("acceptance-score")
    if given is not None:
        st.button("Score it", key="acceptance-score", type="primary", on_click=own.ask,
                  args=("acceptance-score", "Reading the form", _score, given))  # fmt: skip
    if own.survey.score is not None:
        _scored(own.survey.score)


def _form(verdict: Verdict) -> None:
    one, two, three, four = st.columns(4, vertical_alignment="bottom")
    share = one.number_input("Share of places to prove [%]", 50.0, 99.9, 95.0, key="acceptance-share")
    sure = two.number_input("Confidence of the proof [%]", 50.0, 99.9, 95.0, key="acceptance-confidence")
    failures = three.number_input("Points that may fail", 0, 100, 0, key="acceptance-failures")
    silent = four.checkbox("Only cells the assessment calls blocked", key="acceptance-silent")
    asked = {"share": share / 100, "confidence": sure / 100, "failures": failures, "claimed_only": silent}

    def drawn() -> AcceptanceTest:
        return acceptance_test(verdict, **asked)  # type: ignore[arg-type]

    try:
        test = kept(verdict, f"acceptance {asked}", drawn, "Drawing the points")
    except QuietwingError as error:
        show_problems(error)
        return
    st.markdown(
        f"**{len(test.inside)} points inside**, of which {test.failures} may fail: that proves that no phone works "
        f"at {share:g} % of places, at {sure:g} % confidence. {len(test.outside)} points outside. At each point a "
        f"call is tried on {literal(', '.join(test.networks))}."
    )
    one, two, _ = st.columns([1, 1, 2])
    one.download_button("Download the form (XLSX)", lambda: form_bytes(test), "acceptance.xlsx", XLSX,
                        key="acceptance-xlsx", on_click="ignore", width="stretch")  # fmt: skip
    two.download_button("Download it for paper (PDF)", lambda: acceptance_pdf(test), "acceptance.pdf",
                        "application/pdf", key="acceptance-pdf", on_click="ignore", width="stretch")  # fmt: skip


def _score(given: UploadedFile) -> None:
    own = session()
    with uploads_in(own.folder, [(given.name, given.getvalue())]) as (path,):
        own.survey = replace(own.survey, score=score_form(path))


def _scored(found: Scored) -> None:
    """What may be claimed, and the counts behind it."""
    if found.site != session().site.name:
        st.warning(f"This form is of the site {literal(found.site)}.")
    good = found.proved and not found.receptors_lost
    (st.success if good else st.error)("\n".join(f"- {literal(claim)}" for claim in found.claims))
    left, right = st.columns(2, gap="medium")
    names = ("storey", "points tried", "failed")
    left.dataframe([dict(zip(names, row, strict=True)) for row in found.by_storey], hide_index=True,
                   alt="Points tried and failed by storey")  # fmt: skip
    names = ("network", "call attempts", "worked")
    right.dataframe([dict(zip(names, row, strict=True)) for row in found.by_network], hide_index=True,
                    alt="Call attempts and those that worked by network, the worst first")  # fmt: skip
