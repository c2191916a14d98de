"""The plan editor: our own Streamlit component, a canvas, an SVG and one script; no build, nothing from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import streamlit as st

from quietwing.coverage.app.plan_editor.style import CSS

__all__ = ["SCRIPTS", "plan_editor", "script"]

SCRIPTS = ("shapes.js", "fields.js", "editor.js", "hand.js", "section.js")  # one script in this order


def plan_editor(picture: Mapping[str, Any], *, key: str, on_edit: Callable[[], None]) -> None:
    """Show the plan; each finished gesture is one edit.

    Parameters
    ----------
    picture : mapping
        As from `drawing.picture`: plain values.
    key : str
        The edit lies in ``st.session_state[key]["edit"]``: `op`, what it needs in metres, and `n`, which the next
        picture gives back as `ack`.
    on_edit : callable
        Called when there is one.
    """
    _component()(key=key, data=dict(picture), on_edit_change=on_edit)


def script() -> str:
    """The component's script as the browser gets it."""
    own = resources.files(__name__)
    return "".join(own.joinpath(name).read_text("utf-8") for name in SCRIPTS)


@cache
def _component() -> Callable[..., Any]:
    """The component, registered once."""
    renderer: Callable[..., Any] = st.components.v2.component(
        "quietwing.plan_editor", html='<div class="quietwing-plan"></div>', css=CSS, js=script()
    )
    return renderer
