"""The plan editor: our own Streamlit component, one SVG and one script, no build and nothing from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from quietwing.coverage.app.plan_editor.style import CSS

__all__ = ["plan_editor"]


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


@cache
def _component() -> Callable[..., Any]:
    """The component, registered once."""
    import streamlit as st

    own = resources.files(__name__)
    script = "".join(own.joinpath(name).read_text("utf-8") for name in ("shapes.js", "editor.js"))
    renderer: Callable[..., Any] = st.components.v2.component(
        "quietwing.plan_editor", html='<div class="quietwing-plan"></div>', css=CSS, js=script
    )
    return renderer
