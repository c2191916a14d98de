"""Asks the browser who it is: its secret and the tab's project; and holds it back where work would be lost.

The secret is made by the browser itself, 256 random bits, and lies in its ``localStorage``: of this address alone, of
this browser alone. The project's name lies in the tab's ``sessionStorage``, which outlasts F5, back and a restart of
the server.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from quietwing.coverage.app.projects import arrive, has_browser, my_name
from quietwing.coverage.app.state import KEY, TRACING, Session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

__all__ = ["at_home", "tell_tab"]

ASKED = "tab asked"  # in the session's state: the word the answer must bring back
TAB = "tab"
MOST_WORD = 200
GONE = (
    "The program on this computer no longer answers. Start it again (quietwing app): this page then goes on by "
    "itself, and your work is as you left it."
)
SCRIPT = (
    f"const GONE = {json.dumps(GONE)};"
    + """
const SECRET = 'quietwing browser', PROJECT = 'quietwing project';

function kept(store, name) {
  try { return window[store].getItem(name) || ''; } catch { return ''; }
}

function keep(store, name, value) {
  try { window[store].setItem(name, value); } catch { /* a browser that keeps nothing: this visit alone */ }
}

function secret() {
  if (!/^[0-9a-f]{64}$/.test(kept('localStorage', SECRET))) {
    const bits = crypto.getRandomValues(new Uint8Array(32));
    keep('localStorage', SECRET, Array.from(bits, (one) => one.toString(16).padStart(2, '0')).join(''));
  }
  return kept('localStorage', SECRET);
}

const leaving = (window.quietwingLeaving ??= { lost: '', listens: false });
if (!leaving.listens) {
  leaving.listens = true;
  window.addEventListener('beforeunload', (event) => {
    if (!leaving.lost) return;
    event.preventDefault();
    event.returnValue = leaving.lost;
  });
}

// What Streamlit says when the server is gone, in our words: it asks for the internet, of which nothing is needed.
const WORDS = [
  [/^Connection error$/, 'quietwing has stopped'],
  [/Streamlit server is not responding|Is Streamlit still running/, GONE],
  [/^streamlit run yourscript\\.py$/, 'quietwing app'],
];
if (!window.quietwingWords) {
  window.quietwingWords = new MutationObserver(() => {
    for (const dialog of document.querySelectorAll('[role="dialog"]')) {
      const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const found = WORDS.find(([theirs]) => theirs.test(text.nodeValue.trim()));
        if (found && text.nodeValue !== found[1]) text.nodeValue = found[1];
      }
    }
  });
  window.quietwingWords.observe(document.body, { childList: true, subtree: true, characterData: true });
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector('.quietwing-tab');
  if (!root) return;
  leaving.lost = data.lost;
  if (data.project) keep('sessionStorage', PROJECT, data.project);
  if (!data.asks || root.told === data.asks) return;
  root.told = data.asks;
  setStateValue('tab', { asks: data.asks, browser: secret(), project: kept('sessionStorage', PROJECT) });
}
"""
)


def at_home(place: DeltaGenerator) -> Session | None:
    """The session of the tab that asks; None until the tab has said which one it is.

    Parameters
    ----------
    place : DeltaGenerator
        Where `tell_tab` will draw.

    Returns
    -------
    Session or None
        None: draw nothing more, the browser asks anew at once.
    """
    state = st.session_state
    own = state.get(KEY)
    if not has_browser():
        return own if isinstance(own, Session) else arrive("", "")
    if isinstance(own, Session) and own.holder == my_name():
        return own
    if isinstance(own, Session) and own.holder:  # another tab has taken it over while this one was away
        del state[KEY], state[ASKED]
    asked = state.setdefault(ASKED, secrets.token_hex(8))
    answer = state.get(TAB)
    told = answer.get("tab") if isinstance(answer, Mapping) else None
    if not isinstance(told, Mapping) or told.get("asks") != asked:
        with place:
            _draw(asks=asked)
        return None
    return arrive(str(told.get("browser", ""))[:MOST_WORD], str(told.get("project", ""))[:MOST_WORD])


def tell_tab(own: Session, place: DeltaGenerator) -> None:
    """Tell the tab which project is its own, and what would be lost if it were left now."""
    if not has_browser():
        return
    tracing = getattr(st.session_state.get(TRACING), "unfinished", False)
    lost = own.not_kept or ("What you have traced is no site yet." if tracing else "")
    with place:
        _draw(project=own.project if own.browser else "", lost=lost)


def _draw(asks: str = "", project: str = "", lost: str = "") -> None:
    _component()(key=TAB, data={"asks": asks, "project": project, "lost": lost}, on_tab_change=_nothing)


def _nothing() -> None:
    """The run it asks for is all that is wanted."""


@cache
def _component() -> Callable[..., Any]:
    """The component, registered once."""
    renderer: Callable[..., Any] = st.components.v2.component(
        "quietwing.tab", html='<div class="quietwing-tab" hidden></div>', js=SCRIPT
    )
    return renderer
