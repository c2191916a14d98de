"""Has the page drawn anew when a job has ended, at a moment in which no hand is on it.

``st.rerun()`` at once from the fragment that looks for ended jobs loses clicks: the page moves between the press and
the release of a button, and the browser then knows of no click. So the fragment tells the browser, and the browser
asks for the new page once nothing is pressed, no key was struck just now, nobody writes and no run is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import streamlit as st

__all__ = ["rang"]

REST_MS = 250  # without a press, a key or a move of the mouse; a press lasts about 100 ms (assumed)
MOST_MOVING_MS = 2000  # a mouse that only moves keeps a result away no longer than this (assumed)
MOST_WRITING_MS = 3000  # since the last key, while a field to write in has the keyboard (assumed)
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
  const at = document.activeElement;
  if (at && at.matches('input, textarea') && now - hand.struck < {MOST_WRITING_MS}) return false;
  return now - hand.moved > {REST_MS} || now - since > {MOST_MOVING_MS};
}}

export default function (component) {{
  const {{ data, parentElement, setTriggerValue }} = component;
  const root = parentElement.querySelector('.quietwing-bell');
  if (!root) return;
  root.ring = () => setTriggerValue('ended', data.ended);
  if (root.about === data.ended) return;
  root.about = data.ended;
  clearInterval(root.looks);
  if (!data.ended) return;
  const since = performance.now();
  let rung = -1e9;
  root.looks = setInterval(() => {{
    if (!root.isConnected) {{ clearInterval(root.looks); root.about = ''; return; }}
    if (performance.now() - rung < {AGAIN_MS} || !rests(since)) return;
    rung = performance.now();
    root.ring();
  }}, {LOOK_MS});
}}
"""


def rang(ended: Iterable[str]) -> bool:
    """Tell the browser which jobs have ended; from the fragment that looks for them.

    What the browser asks for is a run of that fragment: a run of the whole page would end one under way, and a click
    with it, while ``st.rerun()`` from the fragment takes what waits along.

    Parameters
    ----------
    ended : iterable of str
        Something that names each of them.

    Returns
    -------
    bool
        Whether the browser asks, in this very run, for the whole page.
    """
    found = _component()(key="job bell", data={"ended": " ".join(ended)}, on_ended_change=_nothing)
    return bool(getattr(found, "ended", None))


def _nothing() -> None:
    """The run it asks for is all that is wanted."""


@cache
def _component() -> Callable[..., Any]:
    """The component, registered once."""
    renderer: Callable[..., Any] = st.components.v2.component(
        "quietwing.bell", html='<div class="quietwing-bell" hidden></div>', js=SCRIPT
    )
    return renderer
