"""Page: the words, how sure a result is, the keys of the plan editor, and how one engineer serves colleagues."""

from __future__ import annotations

import streamlit as st

import quietwing
from quietwing.coverage import report
from quietwing.coverage.app.project_store import KEPT_DAYS, MOST_KEPT, MOST_STEPS
from quietwing.coverage.app.serving import DEFAULT_PORT
from quietwing.coverage.app.session_folders import GRACE_S
from quietwing.coverage.app.state import session

__all__ = ["KEYS", "glossary", "show"]

KEYS = (
    (
        "A, or “Add blocker”; then a click, or Enter",
        "add a blocker of the chosen model there, or in the middle",
    ),
    ("Escape", "stop adding; select nothing; give up a drag"),
    ("Drag a blocker", "move it; the plan and the numbers follow while it is held"),
    ("Tab, Shift + Tab", "go to the next or the previous blocker"),
    ("Arrow keys on a blocker", "move it by 0.1 m, with Shift by 1 m"),
    ("Delete", "remove the selected blocker"),
    ("Shift + click on blockers, Shift + Enter, Ctrl + A", "select several, all of the plan: they move together"),
    ("═, ║, ⋯ beside the plan", "line up what is selected with the one clicked last, or spread it evenly"),
    ("Ctrl + D", "copy what is selected, 1 m to the east"),
    ("Drag the yellow handle, or [ and ]", "turn a directional antenna, by 5° with the keys"),
    ("F, then a click on a window", "treat its whole façade on this storey, with Shift on all storeys"),
    ("M, then two clicks", "measure a distance"),
    ("Click on a window", "put the chosen mesh or film on it, or take it off"),
    ("Click on a cell", "explain it: what may work there, and why"),
    ("Click on a blocker", "its model, height, power, bands, direction and state, in the panel"),
    ("Click on a storey of the stack, or on a building of the site", "go there"),
    ("Ctrl + Z; Ctrl + Y", "undo; redo"),
    ("Keys + and −, or the wheel", "zoom"),
    ("0, or “Fit”", "show the whole plan"),
    ("Arrow keys on the plan, or a drag with Space held", "move the view"),
)
SURE = (
    "A room counts as blocked only if no channel of any operator works at any of its test points (middle of the "
    "room at three heights, bunk, door, every window with the phone held in it), all at the same time.",
    "Signal levels are not known exactly. The app runs many simulations (1,000 unless asked otherwise), each with "
    "other errors of masts, walls, places and devices, and judges the layout in each. The same seed gives the same "
    "simulations, and the same numbers.",
    "Each result is judged at two grades in the same simulations. “Blocked at planning grade” asks whether a layout "
    "is worth a survey and a trial: blocked by the layout in at least 90 of 100 simulations, with thresholds that "
    "published trials support. “Blocked at evidence grade” asks what may be promised: stricter thresholds and "
    "limits, 95 of 100 simulations. “Protected” means blocked at evidence grade, with every limit of that grade "
    "kept and every sector measured. These are the product's rules; a scenario may bring its own.",
    "What follows a gesture on the plan is a quick estimate: one safety margin in place of many simulations, with a "
    "long cable cut into fewer parts. Only the full assessment counts.",
    "A prisoner is taken to search for the best spot, with the best phone. For neighbours, 999 and rooms that keep "
    "their service the opposite is taken: the worst phone.",
    "What is claimed is rounded down; what spills, lacks or costs is rounded up. What is not known counts as not "
    "blocked.",
)
NOT_MODELLED = (
    "Detours of the signal by more than three doors, windows, stairs or corners in a row, reflections, and "
    "buildings outside the site. Deep rooms may therefore leak more than is shown.",
    "Whether the walls are as described: concrete alone may differ by 20 dB from the book. Measure before you buy.",
    "Levels of masts that nobody measured on the site: they are arithmetic, and marked as assumed.",
    "Satellite phones, Wi-Fi, calls already connected, radio to an accomplice: no blocker of phones ends them.",
    "Illustrative prices are placeholders, not quotes.",
)


def show() -> None:
    """Draw the page."""
    st.title("Help")
    st.caption(f"quietwing {quietwing.__version__}")
    st.header("Nothing leaves this computer")
    st.write(
        "The app runs on this computer and answers this computer only. It loads no font, map or script from the "
        "internet and sends no usage statistics. Your plans stay in your own session: another browser does not see "
        "them, and temporary files go when you close the page or the app ends. "
        "It is simulation and planning only: it controls no device. Operating blockers needs written authorisation "
        "(Prisons (Interference with Wireless Telegraphy) Act 2012, as amended 2018)."
    )
    st.header("Your work is kept")
    st.write(
        f"What you do is kept on this computer as you go, in a folder that only your account can read: site, "
        f"layouts, the last {MOST_STEPS} steps of undo, saved layouts, scenario, prices and results. The same tab "
        f"finds it again after a reload, the back button or a restart of the app. Work under way goes on for "
        f"{GRACE_S:.0f} seconds after a page was closed."
    )
    st.write(
        f"A new tab of the same browser lists it under Recent projects; if it is open in another tab, you get a "
        f"copy. The last {MOST_KEPT} projects of a browser are kept, each for {KEPT_DAYS} days after you last worked "
        f"on it; Remove takes one away at once. A private window forgets its projects when it closes. To keep one "
        f"for longer or take it elsewhere: Project, then Save project as a file."
    )
    st.header("Words")
    with st.spinner("Loading"):
        words = glossary()
    st.table({"Word": [word for word, _ in words], "Meaning": [meaning for _, meaning in words]}, hide_index=True)
    st.header("How sure is this?")
    scenario = session().scenario
    st.write(
        f"Asked for here: {report.grade_in_words(scenario.asked)} in {scenario.worlds:,} simulations, "
        f"seed {scenario.seed}; rules {report.rules_in_words(scenario.rules)}."
    )
    st.markdown("\n".join(f"- {sentence}" for sentence in SURE))
    st.markdown("**Not modelled, or not known**")
    st.markdown("\n".join(f"- {sentence}" for sentence in NOT_MODELLED))
    st.header("Keys and gestures of the plan")
    st.table(
        {"Key or gesture": [key for key, _ in KEYS], "What it does": [what for _, what in KEYS]}, hide_index=True
    )
    st.write(
        "Everything can be done without the plan too: a table in the panel adds, moves and removes devices, and the "
        "cell to explain can be chosen from a list."
    )
    _colleagues()


def glossary() -> tuple[tuple[str, str], ...]:
    """Every word of the reports with its meaning, each once."""
    return tuple(dict([*report.GLOSSARY, *report.VERDICT_GLOSSARY, *report.PLAN_GLOSSARY]).items())


def _colleagues() -> None:
    st.header("One engineer serves colleagues")
    st.write(
        "The app has no login of its own and listens on the loopback address (127.0.0.1) only. That is on purpose: "
        "whoever reaches it can use it. There are two ways to let colleagues in without changing that."
    )
    st.markdown(
        "**A tunnel**, for one or two colleagues with an account on the machine that runs the app. On theirs:"
    )
    st.code(f"ssh -N -L {DEFAULT_PORT}:127.0.0.1:{DEFAULT_PORT} you@the-machine", language=None)
    st.markdown(f"Then they open `http://localhost:{DEFAULT_PORT}` in their own browser.")
    st.markdown(
        "**A reverse proxy with a login in front**, for a group. The proxy runs on the same machine, asks for the "
        "login (your organisation's single sign-on or client certificates), speaks TLS, and passes on to "
        f"`127.0.0.1:{DEFAULT_PORT}`. For nginx:"
    )
    st.code(
        "location / {\n"
        "    auth_request /login;                      # or ssl_verify_client on;\n"
        f"    proxy_pass http://127.0.0.1:{DEFAULT_PORT};\n"
        "    proxy_http_version 1.1;\n"
        "    proxy_set_header Upgrade $http_upgrade;   # the app speaks over a WebSocket\n"
        '    proxy_set_header Connection "upgrade";\n'
        "    proxy_set_header Host localhost;          # the app answers to this name only\n"
        "    proxy_set_header Origin http://localhost; # and takes requests from there only\n"
        "    proxy_read_timeout 1h;\n"
        "    client_max_body_size 50m;\n"
        "}",
        language=None,
    )
    st.markdown(
        "- Each browser has a session of its own; sessions share nothing.\n"
        "- A search for a plan takes a processor core for a minute or more: a few colleagues at a time.\n"
        "- Close the page when done: temporary files go half a minute later.\n"
        "- Projects are kept by the account that runs the app, each for one browser.\n"
        "- Never bind the app to another address: it would answer anybody on the network."
    )
