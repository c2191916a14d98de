"""Page: the workspace. The plan in the middle, the numbers beside it; a gesture is answered at once."""

from __future__ import annotations

import threading
from contextlib import nullcontext, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime

from quietwing.coverage.app.blockers_state import BLOCKERS, WHOLE_SITE, Desk, desk, effective_treatments
from quietwing.coverage.app.layout_facts import stored_worst
from quietwing.coverage.app.memory import give_back
from quietwing.coverage.app.model_words import model_in_words
from quietwing.coverage.app.panel import answer_in_words, facts_here, judge_button, numbers
from quietwing.coverage.app.plan_editor.layers import (
    BEST,
    BLOCKED,
    CHANGE,
    CHANNELS,
    LAYERS,
    MARGIN,
    SIGNAL,
    best_blocker,
    blocked,
    difference,
    estimated,
    margin,
    signal,
    usable_channels,
    waiting,
)
from quietwing.coverage.app.project_panel import say_again
from quietwing.coverage.app.projects import keep
from quietwing.coverage.app.questions import comparable, earlier
from quietwing.coverage.app.section_part import section_picture
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import current_verdict, session
from quietwing.coverage.app.tour import tour, tour_button
from quietwing.coverage.app.workspace import bench, here, show_plan, show_site
from quietwing.coverage.report import pounds
from quietwing.sites import QuietwingError

if TYPE_CHECKING:
    from quietwing.coverage.app.layout_facts import LayoutFacts
    from quietwing.coverage.app.plan_editor.drawing import Look
    from quietwing.coverage.app.state import Layout, Session
    from quietwing.coverage.equipment import Treatment
    from quietwing.coverage.live import Draft, DraftSpill
    from quietwing.coverage.planning import Cost

__all__ = ["show"]

SECTION, ROOM = "blockers section", "blockers room"
NOBODY = "(none)"
SELECTED, TABLES, FILES = "Selected", "Tables", "Files"
SECTIONS = (SELECTED, TABLES, FILES)
JUDGED = "blockers seen running"  # the jobs the fragment has seen, which the sidebar looks at
WORST = "blockers worst storey"  # the site whose worst storey was opened first


def show() -> None:
    """Draw the page."""
    own = session()
    title, about, open_own = st.columns([5, 1, 1.1], vertical_alignment="center", gap="small")
    title.title(f"Where phones still work: {literal(own.site.name)}")
    with about:
        tour_button()
    open_own.button("Open my site", key="open-own", width="stretch", on_click=_go, args=("my-site",))
    with st.container(key="quietwing-tour-place"):
        tour()
    _workbench()


@st.fragment
def _workbench() -> None:
    """Everything that follows a gesture: one gesture runs this and nothing else of the app."""
    at, own = desk(), session()
    keep(own)
    facts = facts_here() if at.held is None else None
    if st.session_state.get(WORST) is not own.site:
        st.session_state[WORST] = own.site
        worst = facts.worst if facts is not None else stored_worst(own)
        at.place = worst if 0 <= worst < len(at.places) else 0  # what needs most work comes first
    layout, draft, spent = at.held or own.layout, None, None
    # What comes and goes has a container of its own: an element that moved down would be mounted anew, and the plan
    # would lose its zoom and the keyboard.
    with st.container():
        show_problems(at.problems_at())
        try:
            treatments = effective_treatments(layout)
            needed = _needed(at, facts)
            first = needed and at.first_look(at.place, layout.devices, treatments)  # the walls do not wait for it
            draft = _draft(at, layout, treatments) if needed and not first else None
            spent = None if first or (facts is not None and not at.ready) else _parts().priced(at, layout)
        except QuietwingError as error:
            show_problems(error)
            return
    with st.container(key="quietwing-said"):
        if first:
            st.info(f"Working out the quick estimate of {literal(at.places[at.place].title)}.")
        else:
            _headline(own, facts, draft)
    missing: tuple[int, ...] = ()
    spilled = _parts().spill_here(at, layout, treatments) if facts is None and at.ready and not first else None
    plan, panel = bench(BLOCKERS)
    with plan:
        if at.place == WHOLE_SITE:
            show_site(at, BLOCKERS, facts, () if spilled is None else _parts().drafted_places(spilled))
        else:
            look = waiting(here(at)) if first else _look(at, draft, facts, treatments)
            rooms = facts.rooms if facts is not None else {}
            section, missing = section_picture(at, BLOCKERS, None if at.held else (layout.devices, treatments))
            show_plan(at, BLOCKERS, look, layout, treatments, rooms, layers=LAYERS, section=section, cuts=True)
    with panel:
        _panel(at, facts, draft, spent, first, spilled)
    for place in (at.place,) if first else missing:
        _worked_out(at, place, layout, treatments)
    _begin_beside(at, layout, treatments)


def _panel(
    at: Desk,
    facts: LayoutFacts | None,
    draft: Draft | None,
    spent: Cost | None,
    first: bool,
    spilled: DraftSpill | None,
) -> None:
    """Numbers, what a click adds, and what is selected, as a table, or as a file."""
    known = spent.capex_gbp if spent is not None else facts.money_gbp[0] if facts is not None else None
    estimate = None if draft is None else _parts().estimate_of(draft)
    spill = None if spilled is None else _parts().spill_in_short(spilled)
    numbers(BLOCKERS, facts, "…" if known is None else pounds(known), estimate=estimate, spill=spill)
    judge_button("blockers")
    model, treatment = st.columns(2, gap="small")
    with model:
        at.model = _pick("New blocker type", at.of_kinds("mas", "jammer"), at.model, at, "blockers model")
    with treatment:
        at.treatment = _pick("Window treatment", at.of_kinds("mesh", "film"), at.treatment, at, "blockers treatment")
    if at.ready and at.drafting.put_away_places:
        many = len(at.drafting.put_away_places)
        st.caption(
            f"Memory is short: quick estimates of {many} {'storey' if many == 1 else 'storeys'} were put away. "
            f"The next change there takes some seconds; no result is lost."
        )
    section = st.segmented_control(
        "Panel", SECTIONS, default=SELECTED, key=SECTION, required=True, label_visibility="collapsed"
    )
    if first:
        return
    if section == SELECTED or at.held is not None:
        _selected(at, draft)
        return
    if section == TABLES:
        _parts().tables_part(at, draft or _drafted(at, session().layout), facts)
    else:
        _parts().files_part(at, spent or _parts().priced(at, session().layout))


def _selected(at: Desk, draft: Draft | None) -> None:
    """The blocker or the cell that was clicked."""
    own = session()
    device = next((one for one in own.layout.devices if one.id == at.chosen), None)
    if device is not None:
        _parts().device_panel(at, device)
        return
    rooms = [str(room["id"]) for room in at.ground.rooms if room["role"] != "ignore"]
    if at.room not in rooms:
        at.room = ""
    st.session_state[ROOM] = at.room or NOBODY
    st.selectbox(
        "Cell to explain (or click it on the plan)",
        [NOBODY, *rooms],
        key=ROOM,
        on_change=_choose,
        filter_mode="contains",
    )
    if not at.room:
        st.caption("Click a cell to see why a phone works there or does not, a blocker to change it.")
        return
    with st.spinner(f"Working out the link budget of {literal(at.room)}"):
        _parts().explain_cell(at, draft or _drafted(at, own.layout), current_verdict())


def _parts() -> Any:
    """What needs the engine: the first screen does without."""
    return import_module("quietwing.coverage.app.blockers_parts")


def _choose() -> None:
    at, chosen = desk(), st.session_state[ROOM]
    at.room, at.chosen = ("" if chosen == NOBODY else str(chosen)), ""


def _pick(label: str, names: list[str], now: str, at: Desk, key: str) -> str:
    """One model of the catalogue by its name, which fits in half a panel; what it is and costs stands beside it."""
    index = names.index(now) if now in names else 0
    chosen = st.selectbox(
        label,
        names,
        index=index,
        key=key,
        help=literal(
            "; ".join(f"{model_in_words(at.catalogue[name])}: {at.catalogue[name].description}" for name in names)
        ),
    )
    return chosen or now


def _needed(at: Desk, facts: LayoutFacts | None) -> bool:
    """Whether plan or numbers need a quick estimate; the first screen of a known layout needs none."""
    if at.place == WHOLE_SITE:
        return False
    return facts is None or at.layers[BLOCKERS] != BLOCKED or at.ready


def _draft(at: Desk, layout: Layout, treatments: tuple[Treatment, ...]) -> Draft:
    quick = at.ready and at.drafting.at_hand(at.place, layout.devices, treatments)
    with nullcontext() if quick else st.spinner("Working out the quick estimate"):
        return at.draft(at.place, layout.devices, treatments)


def _worked_out(at: Desk, place: int, layout: Layout, treatments: tuple[Treatment, ...]) -> None:
    """The first estimate of a storey, while its walls are on the screen; then all is drawn with it."""
    try:
        at.draft(place, layout.devices, treatments)
    except QuietwingError as error:
        show_problems(error)
        return
    give_back()
    say_again()
    st.rerun()


def _drafted(at: Desk, layout: Layout) -> Draft:
    return at.draft(max(at.place, 0), layout.devices, effective_treatments(layout))


def _headline(own: Session, facts: LayoutFacts | None, draft: Draft | None) -> None:
    """The assessment where there is one, else the estimate; never one that could be taken for the other."""
    under_way = {kind for kind, job in list(own.jobs.items()) if job.running()}
    begun, st.session_state[JUDGED] = under_way - st.session_state.get(JUDGED, set()), under_way
    if begun:
        st.rerun()  # the sidebar begins to look at the job
    running = "verdict" in under_way
    if facts is not None:
        text = answer_in_words(facts)
        verdict = current_verdict()
        if verdict is not None and own.before_verdict is not None and comparable(own.before_verdict, verdict):
            text += f" {_parts().change_in_words(own.before_verdict, verdict)}"
        asked = facts.grades[0]
        done = asked.silent > 0 and not asked.holes  # green is for a layout that does what is asked
        (st.warning if not asked.kept else st.success if done else st.info)(literal(text))
        return
    text = _parts().draft_in_words(draft) if draft is not None else "This layout has not been assessed."
    if running:
        text += " The full assessment is being worked out; its progress stands at the left."
    elif said := earlier(own, "verdict"):
        text += f" {said}"
    st.info(literal(text))


def _look(at: Desk, draft: Draft | None, facts: LayoutFacts | None, treatments: tuple[Treatment, ...]) -> Look:
    """The layer that is chosen."""
    own, layer = session(), at.layers[BLOCKERS]
    if layer == BLOCKED and facts is not None:
        return blocked(facts.rooms, facts.grades[0].name, here(at), draft)
    assert draft is not None  # `_draft` leaves it out for that layer alone
    if layer == MARGIN:
        return margin(at.site, draft)
    if layer == SIGNAL:
        return signal(at.site, draft, *at.levels(at.place, treatments), at.channel)
    if layer == CHANNELS:
        return usable_channels(at.site, draft, True)
    if layer == BEST:
        return best_blocker(at.site, draft)
    if layer == CHANGE:
        before, what = _before(at, own)
        return difference(at.site, draft, before, what)
    return estimated(draft)


def _before(at: Desk, own: Session) -> tuple[Draft, str]:
    """What the layout is compared with: the one before the assessed one, else the assessed one, else no blockers."""
    verdict = current_verdict()
    other = own.before_verdict if verdict is not None else own.verdict
    if other is not None and other.site == at.site:
        draft = at.draft(at.place, other.devices, other.treatments)
        return draft, "against the layout assessed before" if verdict is not None else "against the layout assessed"
    last = next((one for one in reversed(own.past) if one != own.layout), None)
    if last is not None:
        return at.draft(at.place, last.devices, effective_treatments(last)), "against the step before"
    return at.draft(at.place, (), ()), "against no blockers"


def _begin_beside(at: Desk, layout: Layout, treatments: tuple[Treatment, ...]) -> None:
    """While nobody asks: load the engine and the first estimate, then the other storeys."""
    if at.held is not None or at.place == WHOLE_SITE:
        return
    if at.ready:
        at.ahead.beside(at.place, layout.devices, treatments)
    elif runtime.exists() and not at.warming:
        at.warming = True
        threading.Thread(
            target=_warm, args=(at, at.place, layout, treatments), name="quietwing first estimate", daemon=True
        ).start()


def _warm(at: Desk, place: int, layout: Layout, treatments: tuple[Treatment, ...]) -> None:
    """Load the engine and work out what the first gesture needs; what is wrong is told when it is asked for."""
    with suppress(QuietwingError):
        at.drafting.draft(place, layout.devices, treatments)


def _go(page: str) -> None:
    session().way_on = page
