"""Page: two to four layouts side by side, on the same scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.compare_tables import (
    Compared,
    compared,
    comparison_csv,
    comparison_xlsx,
    shown_rows,
)
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.site_watch import kept, picture, watch
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import Layout, SavedLayout, current_verdict, session, site_hash
from quietwing.coverage.errors import QuietwingError, ScenarioError
from quietwing.coverage.report import asked_in_words, dead_zone_map, legend_of, plan_corners, provenance
from quietwing.coverage.results import Verdict, VerdictMap

__all__ = ["compare_figure", "show"]

CURRENT = "The current layout"
FEWEST, MOST = 2, 4
WIDTH_IN, LONGEST = 11.0, 2.4  # plans longer than this stand one above the other
_BORROWED = "verdict before a saved layout was judged"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show() -> None:
    """Draw the page."""
    own = session()
    st.title("Compare")
    st.caption("Two to four layouts side by side, in the same colours and on the same scale.")
    running = watch("verdict")
    _take_verdicts()
    _save()
    names = [CURRENT, *own.saved]
    if len(names) < FEWEST:
        st.info("Save at least one layout, then change it on the Blockers page or open a plan from Optimise.")
    chosen = st.multiselect(
        "Layouts to compare",
        names,
        default=names[:MOST],
        max_selections=MOST,
        key=f"compare-pick-{len(names)}",
        help="Two to four.",
    )
    ready: list[Compared] = []
    for name in chosen:
        one = _with_verdict(str(name), running)
        if one is not None:
            ready.append(one)
    if not chosen:
        show_problems(["Layouts to compare: none is chosen; choose two to four"])
    if ready:
        _side_by_side(ready)


def _save() -> None:
    """Keep the current layout under a name, or let a kept one go."""
    own = session()
    with st.expander("Save the current layout, delete saved ones", expanded=not own.saved):
        left, right = st.columns(2, vertical_alignment="bottom")
        left.text_input("Name for the current layout", key="compare-name", max_chars=60)
        left.button("Save it", key="compare-save", on_click=clicked, args=("compare-save", _save_current))
        show_problems_of("compare-save")
        if own.saved:
            right.selectbox("Saved layout", list(own.saved), key="compare-gone")
            right.button("Delete it", key="compare-delete", on_click=clicked, args=("compare-delete", _delete))


def _save_current() -> None:
    own, name = session(), str(st.session_state.get("compare-name", "")).strip()
    if not name or name == CURRENT:
        raise ScenarioError("Name for the current layout: is missing or taken; give it a name of its own")
    if name in own.saved:
        raise ScenarioError(f"Name for the current layout: {name} is saved already; choose another name")
    own.saved[name] = SavedLayout(name, own.layout, current_verdict(), site_hash(own.site))


def _delete() -> None:
    own, name = session(), str(st.session_state.get("compare-gone", ""))
    own.saved.pop(name, None)


def _with_verdict(name: str, running: bool) -> Compared | None:
    """The layout ready to be compared; else why not, with a button that has it judged."""
    own = session()
    if name == CURRENT:
        layout, verdict = own.layout, own.verdict if own.verdict_of == own.layout else None
        same_site = True
    else:
        saved = own.saved[name]
        layout, verdict = saved.layout, saved.verdict
        same_site = saved.site_hash == kept(own.site, "hash", lambda: site_hash(own.site), "Comparing")
    if verdict is None:
        left, right = st.columns([4, 1], vertical_alignment="center")
        if not same_site:
            left.warning(f"{literal(name)} has no verdict and belongs to another site: open that site to judge it.")
            return None
        left.info(f"{literal(name)} ({len(layout.devices)} devices) has no full assessment yet.")
        key = f"compare-run-{name}"
        right.button("Calculate", key=key, disabled=running, on_click=clicked, args=(key, _judge, layout))
        show_problems_of(key)
        return None
    if not same_site:
        st.warning(f"{literal(name)} was judged on another site or with other masts: compare it with care.")
    try:
        return compared(name, verdict, own.catalogue)
    except QuietwingError as error:
        show_problems(error)
        return None


def _judge(layout: Layout) -> None:
    """Have a layout judged; the verdict of the current one is put aside until then."""
    own = session()
    if _BORROWED not in st.session_state:
        st.session_state[_BORROWED] = (own.layout, own.verdict, own.verdict_of, own.before_verdict)
    start_verdict(layout)


def _take_verdicts() -> None:
    """Give saved layouts the verdict that was worked out for them, and the current one its own back."""
    own = session()
    if own.verdict is None or own.verdict_of is None:
        return
    here = kept(own.site, "hash", lambda: site_hash(own.site), "Comparing")
    for name, saved in list(own.saved.items()):
        if saved.verdict is None and saved.layout == own.verdict_of and saved.site_hash == here:
            own.saved[name] = replace(saved, verdict=own.verdict)
    job = own.jobs.get("verdict")
    borrowed = st.session_state.get(_BORROWED)
    if borrowed is None or (job is not None and job.running()):
        return
    del st.session_state[_BORROWED]
    layout, verdict, verdict_of, before = borrowed
    if layout == own.layout and verdict is not None and own.verdict_of != own.layout and verdict.site == own.site:
        own.verdict, own.verdict_of, own.before_verdict = verdict, verdict_of, before


def _side_by_side(ready: list[Compared]) -> None:
    """Numbers first, then maps of one storey, then files."""
    st.dataframe(shown_rows(ready), hide_index=True, height="content")
    st.caption(
        "Silent: no phone works, because of the layout. Quiet anyway: silent without it. Planning grade asks whether "
        "a layout is worth a survey and a trial, evidence grade what may be promised. Prices exclude VAT and are "
        "rounded up to the pound."
    )
    titles = list(dict.fromkeys(storey.title for one in ready for storey in one.verdict.maps))
    if titles:
        title = str(st.selectbox("Storey", titles, key="compare-storey"))
        verdicts = tuple(one.verdict for one in ready)
        names = tuple(one.name for one in ready)
        ids = "/".join(one.verdict.scenario_id for one in ready)
        png = kept(
            verdicts[0],
            f"compared {title} {ids} {names}",
            lambda: picture(lambda: compare_figure(names, verdicts, title)),
        )
        st.image(
            png,
            width="stretch",
            alt=f"Plans of {title} with each layout: dead zones blue, holes orange and hatched. The workbook names "
            f"the state of every cell in each layout.",
        )
    left, right = st.columns(2)
    left.download_button(
        "Download the comparison (CSV)",
        comparison_csv(ready),
        "comparison.csv",
        "text/csv",
        key="compare-csv",
        on_click="ignore",
    )
    right.download_button(
        "Download workbook with bills of materials (XLSX)",
        lambda: comparison_xlsx(ready),
        "comparison.xlsx",
        XLSX,
        key="compare-xlsx",
        on_click="ignore",
    )


def compare_figure(names: tuple[str, ...], verdicts: tuple[Verdict, ...], title: str) -> Figure:
    """One storey under each layout, all panels of one size and scale.

    Parameters
    ----------
    names : tuple of str
    verdicts : tuple of Verdict
        One for each name.
    title : str
        Of the storey, as in ``verdict.maps``.

    Returns
    -------
    Figure
    """
    found: list[tuple[str, Verdict, VerdictMap]] = []
    for name, verdict in zip(names, verdicts, strict=True):
        storey = next((one for one in verdict.maps if one.title == title), None)
        if storey is not None:
            found.append((name, verdict, storey))
    first = found[0][2]
    x, y = plan_corners(first.patch)
    ratio = float(np.ptp(x) / np.ptp(y))
    columns = 1 if ratio > LONGEST else min(2, len(found))
    rows = -(-len(found) // columns)
    panel_in = WIDTH_IN / columns * 0.9 / min(max(ratio, 0.6), 6.0) + 0.7
    figure = Figure(figsize=(WIDTH_IN, rows * panel_in + 1.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for ax, (name, verdict, storey) in zip(axes, found, strict=False):
        dead_zone_map(verdict, storey, ax)
        said = ax.get_title(loc="left").removeprefix(f"{storey.title}: ")
        ax.set_title(f"{name}: {said}", loc="left", fontsize=11, parse_math=False)
    for ax in axes[len(found) :]:
        ax.set_axis_off()
    drawn = axes[: len(found)]
    edges = np.array([(*ax.get_xlim(), *ax.get_ylim()) for ax in drawn])
    for ax in drawn:  # one scale, also where two sites have a storey of the same name
        ax.set_xlim(edges[:, 0].min(), edges[:, 1].max())
        ax.set_ylim(edges[:, 2].min(), edges[:, 3].max())
    verdict = found[0][1]
    figure.suptitle(f"{verdict.site.marking}\n{title}", fontsize=10, fontweight="bold", parse_math=False)
    handles = {handle.get_label(): handle for _, each, storey in found for handle in legend_of(each, storey)}
    legend = figure.legend(
        handles=list(handles.values()),
        loc="outside lower center",
        ncols=5,
        fontsize=9,
        frameon=False,
        title=provenance(
            verdict.site,
            ", ".join(dict.fromkeys(each.scenario_id for _, each, _ in found)),
            f"grid {verdict.scenario.grid_m:g} m, height 1.5 m, {asked_in_words(verdict)}",
        ),
        title_fontsize=8,
    )
    legend.get_title().set_parse_math(False)
    return figure
