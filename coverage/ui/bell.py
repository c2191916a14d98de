"""Has the page drawn anew when a job has ended, at a moment in which no hand is on it.

``st.rerun()`` from the fragment that looks for ended jobs loses clicks: the page moves between the press and the
release of a button, and the browser then knows of no click; and a run that fragment shares with another one ends
before the other's turn. So that fragment leaves a word in the page, and the browser itself asks for the new page,
as a widget does, once nothing is pressed, no key was struck just now and no run is under way.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

__all__ = ["hang_bell", "ring_for"]

REST_MS = 250  # without a press, a key or a move of the mouse; a press lasts about 100 ms (assumed)
MOST_MOVING_MS = 2000  # a mouse that only moves keeps a result away no longer than this (assumed)
AGAIN_MS = 5000  # after it the word is taken for lost, and said again
LOOK_MS = 50
SCRIPT = f"""
const hand = (window.quietwingHand ??= {{ pressed: false, struck: -1e9, moved: -1e9 }});
if (!hand.listens) {{
  hand.listens = true;
  const on = (name, act) => window.addEventListener(name, act, {{ capture: true, passive: true }});
  const struck = (pressed) => () => {{ hand.pressed = pressed; hand.struck = performance.now(); }};
  on('pointerdown', struck(true));
  for (const name of ['pointerup', 'pointercancel', 'blur', 'keydown']) on(name, struck(false));
  on('pointermove', () => {{ hand.moved = performance.now(); }});
}}

function rests(since) {{
  const now = performance.now();
  const script = document.querySelector('[data-test-script-state]');
  if (script && script.dataset.testScriptState !== 'notRunning') return false;
  if (hand.pressed || now - hand.struck < {REST_MS}) return false;
  return now - hand.moved > {REST_MS} || now - since > {MOST_MOVING_MS};
}}

export default function (component) {{
  const {{ parentElement, setTriggerValue }} = component;
  const root = parentElement.querySelector('.quietwing-bell');
  if (!root) return;
  root.ring = (jobs) => setTriggerValue('ended', jobs);
  if (root.looks) return;
  let about = '';
  let since = 0;
  let rung = 0;
  root.looks = setInterval(() => {{
    if (!root.isConnected) {{ clearInterval(root.looks); root.looks = null; return; }}
    const word = document.querySelector('[data-ended-jobs]');
    const jobs = word ? word.dataset.endedJobs : '';
    const now = performance.now();
    if (jobs !== about) {{ about = jobs; since = now; rung = -1e9; }}
    if (!jobs || now - rung < {AGAIN_MS} || !rests(since)) return;
    rung = now;
    root.ring(jobs);
  }}, {LOOK_MS});
}}
"""


def hang_bell() -> None:
    """Put the part that listens into the page, once, outside any fragment: what it asks for is the whole page."""
    _component()(key="job bell", on_ended_change=_nothing)


def ring_for(ended: Iterable[str]) -> None:
    """Leave the word that jobs have ended, for the browser to ask for the page when it may.

    Parameters
    ----------
    ended : iterable of str
        Something that names each of them.
    """
    import streamlit as st

    names = html.escape(" ".join(ended), quote=True)
    if names:
        st.html(f'<span data-ended-jobs="{names}"></span>')


def _nothing() -> None:
    """The run it asks for is all that is wanted."""


@cache
def _component() -> Callable[..., Any]:
    """The component, registered once."""
    import streamlit as st

    renderer: Callable[..., Any] = st.components.v2.component(
        "quietwing.bell", html='<div class="quietwing-bell" hidden></div>', js=SCRIPT
    )
    return renderer
