"""Page: the plan editor. Move blockers, treat windows, see the estimate at once and the full assessment later."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st

from quietwing.coverage.app.blockers_explain import explain_cell
from quietwing.coverage.app.blockers_files import downloads, open_layout, saved_layouts
from quietwing.coverage.app.blockers_state import EDITOR, Desk, desk, effective_treatments, go_back, go_forth, on_edit
from quietwing.coverage.app.blockers_tables import cells_table, devices_table, windows_table
from quietwing.coverage.app.blockers_words import (
    change_in_words,
    cost_in_words,
    dead_by_draft,
    dead_by_verdict,
    draft_in_words,
    limits_kept,
    limits_lead,
    model_in_words,
)
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.plan_editor import plan_editor
from quietwing.coverage.app.plan_editor.drawing import Look, on_plan, picture
from quietwing.coverage.app.plan_editor.views import (
    BEST,
    CHANGE,
    MARGIN,
    VIEWS,
    best_blocker,
    change,
    dead_zones,
    margin,
    verdict_states,
)
from quietwing.coverage.app.projects import keep
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import current_verdict, session
from quietwing.coverage.planning import Cost
from quietwing.coverage.report import lead_in_words, percent, state_of_rooms
from quietwing.coverage.results import Verdict
from quietwing.coverage.study import Draft, price
from quietwing.sites import QuietwingError

__all__ = ["show"]

JUDGED = "blockers verdict begun"
MOST_TABS = 6  # more storeys than that are chosen from a list
# Below this width the tables stand under the plan. Names of Streamlit's own elements: without them, side by side.
NARROW = """<style>@media (max-width: 1599px) {
.st-key-blockers-bench > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
.st-key-blockers-bench > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] >
[data-testid="stColumn"] { min-width: 100%; } }
/* room for a verdict of three lines: where it takes the draft's place, nothing below moves under the hand */
.st-key-blockers-said { min-height: 6.5rem; }
@media (min-width: 1600px) { .st-key-blockers-said { min-height: 5rem; } }</style>"""
VIEW_HELP = (
    "Dead zones: each cell by its weakest spot. Margin: how far the channel nearest to working is from working, "
    "at each square. Best blocker: which one is strongest there. Change: cells that differ from the last verdict."
)


def show() -> None:
    """Draw the page."""
    st.title("Blockers")
    st.html(NARROW)
    _workbench()


@st.fragment
def _workbench() -> None:
    """Everything that follows a gesture: one gesture runs this and nothing else of the app."""
    at = desk()
    own = session()
    keep(own)
    _choices(at)
    # What comes and goes has a container of its own: an element that moved down would be mounted anew, and the plan
    # would lose its zoom and the keyboard.
    with st.container():
        show_problems(at.problems)
        try:
            treatments = effective_treatments(own.layout)
            quick = at.drafting.at_hand(at.place, own.layout.devices, treatments)
            with nullcontext() if quick else st.spinner("Working out the quick estimate"):
                draft = at.drafting.draft(at.place, own.layout.devices, treatments)
            at.ahead.beside(at.place, own.layout.devices, treatments)
        except QuietwingError as error:
            show_problems(error)
            return
        verdict = current_verdict()
        with st.container(key="blockers-said"):
            _headline(draft, verdict)
    with st.container(key="blockers-bench"):
        plan, tables = st.columns([5, 3], gap="medium")
    with plan:
        remark = st.container()
        devices = on_plan(own.site, at.ground, own.layout.devices)
        models = [device.model for device in own.layout.devices]
        with remark:
            look = _look(at, draft, verdict)
        answer = {"ack": at.ack, "select": at.select, "message": at.message or look.aria}
        plan_editor(picture(at.ground, look, devices, models, treatments, answer), key=EDITOR, on_edit=on_edit)
    with tables:
        of_devices, of_windows, of_cells = st.tabs(["Blockers", "Windows", "Cells"])
        with of_devices:
            devices_table(at)
        with of_windows:
            windows_table(at)
        with of_cells:
            cells_table(draft, _verdict_words(verdict))
    with plan:
        spent = _cost(at)
        explain_cell(at, draft, verdict)
    st.header("Save, load, export")
    left, middle, right = st.columns(3, gap="medium")
    with left, st.container(border=True):
        st.markdown("**Save under a name**")
        saved_layouts()
    with middle, st.container(border=True):
        st.markdown("**Open a layout.csv**")
        open_layout()
    with right, st.container(border=True):
        st.markdown("**Export**")
        downloads(at, draft, spent)


def _choices(at: Desk) -> None:
    """Storey and view; what a click adds; undo, redo and the full assessment."""
    own = session()
    titles = [place.title for place in at.drafting.places]
    if len(titles) <= MOST_TABS:
        chosen = st.segmented_control(
            "Storey",
            range(len(titles)),
            default=at.place,
            key="blockers storey",
            required=True,
            wrap=True,
            format_func=lambda index: literal(titles[index]),
        )
    else:
        chosen = st.selectbox(
            "Storey", range(len(titles)), index=at.place, key="blockers storey", format_func=lambda at: titles[at]
        )
    if chosen is not None and 0 <= chosen < len(titles):
        at.place = chosen
    how, back, forth, run = st.columns([6, 1.3, 1.3, 2.2], vertical_alignment="bottom")
    with how:
        view = st.segmented_control(
            "Show", VIEWS, default=at.view, key="blockers view", required=True, help=VIEW_HELP
        )
    at.view = view or at.view
    model, treatment = st.columns(2)
    blockers, materials = at.of_kinds("mas", "jammer"), at.of_kinds("mesh", "film")
    with model:
        at.model = _pick("New blocker type", blockers, at.model, at, "blockers model")
    with treatment:
        at.treatment = _pick("Window treatment", materials, at.treatment, at, "blockers treatment")
    back.button("Undo", on_click=go_back, disabled=not own.past, width="stretch", help="Also Ctrl+Z on the plan")
    forth.button("Redo", on_click=go_forth, disabled=not own.future, width="stretch", help="Also Ctrl+Y on the plan")
    job = own.jobs.get("verdict")
    running = job is not None and job.running()
    again = current_verdict() is not None
    run.button(
        "Full assessment",
        type="primary",
        width="stretch",
        disabled=running or again,
        help="This layout has its full assessment." if again else "Judge the whole site in a thousand random worlds.",
        on_click=_judge,  # a run may be shared and end before this button's turn; callbacks are called before all
    )
    if st.session_state.pop(JUDGED, False):
        st.rerun()  # the sidebar begins to look at the job


def _judge() -> None:
    start_verdict()
    st.session_state[JUDGED] = True


def _pick(label: str, names: list[str], now: str, at: Desk, key: str) -> str:
    """One model of the catalogue, with its price and what it is."""
    index = names.index(now) if now in names else 0
    chosen = st.selectbox(
        label,
        names,
        index=index,
        key=key,
        format_func=lambda name: model_in_words(at.catalogue[name]),
        help=literal("; ".join(f"{name}: {at.catalogue[name].description}" for name in names)),
    )
    return chosen or now


def _headline(draft: Draft, verdict: Verdict | None) -> None:
    """The verdict where there is one, else the draft; never a draft that could be taken for a verdict."""
    own = session()
    job = own.jobs.get("verdict")
    if verdict is not None:
        good = any(dead_by_verdict(verdict).values()) and limits_kept(verdict)  # no green for nothing
        said = (*lead_in_words(verdict), change_in_words(own.before_verdict, verdict))
        text = f"{literal(' '.join(said))}\n\n**{literal(limits_lead(verdict))}**"
        (st.success if good else st.warning)(text)
        return
    text = draft_in_words(draft)
    if job is not None and job.running():
        text += " The full assessment is being worked out; its progress stands at the left."
    elif own.verdict is not None:
        text += " The last full assessment is of another layout."
    st.info(literal(text))


def _look(at: Desk, draft: Draft, verdict: Verdict | None) -> Look:
    """The view that is chosen."""
    if at.view == MARGIN:
        return margin(at.site, draft)
    if at.view == BEST:
        return best_blocker(at.site, draft)
    if at.view != CHANGE:
        return dead_zones(draft, verdict)
    own = session()
    if verdict is not None and own.before_verdict is not None:
        return change(draft, dead_by_verdict(own.before_verdict), dead_by_verdict(verdict), "Verdict against verdict")
    if verdict is not None or own.verdict is None:
        words = "is no verdict before this one" if verdict is not None else "is no full assessment yet"
        st.caption(f"There {words}, so there is nothing to compare with: the dead zones are shown.")
        return dead_zones(draft, verdict)
    st.caption("Draft against the draft of the layout that was judged last: like with like.")
    judged = at.drafting.draft(at.place, own.verdict.devices, own.verdict.treatments)
    return change(draft, dead_by_draft(judged), dead_by_draft(draft), "Draft against the layout judged last")


def _verdict_words(verdict: Verdict | None) -> dict[str, str]:
    """Each cell as judged at each grade."""
    if verdict is None:
        return {}
    said: dict[str, str] = {}
    for number, one in enumerate(verdict.grades):
        rooms = one.by_room
        chances = rooms["silent_probability"].values.tolist()
        for room, state, chance in zip(
            rooms["room"].values.tolist(), state_of_rooms(verdict, number), chances, strict=True
        ):
            before = f"{said[room]}; " if room in said else ""
            said[str(room)] = f"{before}{one.grade.name}: {state}, {percent(chance)}"
    return {room: said[room] for room in verdict_states(verdict)}


def _cost(at: Desk) -> Cost | None:
    """What the layout costs, in a line under the map."""
    own = session()
    try:
        spent = price(at.site, at.scenario, own.layout.devices, effective_treatments(own.layout), at.catalogue)
    except QuietwingError as error:
        show_problems(error, "There is a problem with the price")
        return None
    st.markdown(literal(cost_in_words(spent, at.scenario)))
    return spent
