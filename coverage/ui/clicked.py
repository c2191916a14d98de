"""What a click does is done in a callback, before its page is drawn, so that no other click can end it half way.

The body of ``if st.button(...)`` is reached only if the run that the click began comes that far. A second click ends
that run, and the first one is lost; and where the body ends in ``st.rerun()``, the second one may be. Callbacks are
called first of all, and the run of the second click waits for them (`shell.run`). Yet a run that has been ended stops
at its next ``st.`` call, in a callback too, ``st.session_state`` among them. So a callback first reads the fields, by
their keys, and after that works on the `Session` alone; it draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from quietwing.coverage.ui.site_words import problems_of, show_problems
from quietwing.coverage.ui.state import session, session_at_hand
from quietwing.sites.errors import QuietwingError

__all__ = ["clicked", "edited_rows", "show_problems_of"]


def clicked(key: str, act: Callable[..., object], *args: Any) -> None:
    """Do what a button is for: its ``on_click``.

    Parameters
    ----------
    key : str
        Names the button; `show_problems_of` says what went wrong, wherever the page has a place for it.
    act : callable
        Reads what it needs of ``st.session_state``, then does its work without it.
    *args
        For `act`.
    """
    with session_at_hand() as own:
        own.said.pop(key, None)
        try:
            act(*args)
        except QuietwingError as error:
            own.said[key] = problems_of(error)


def show_problems_of(key: str) -> None:
    """What went wrong at the click just taken, said once, in a place kept for it: nothing below moves."""
    with st.container():
        show_problems(session().said.pop(key, ()))


def edited_rows(rows: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """Rows of a table with what was changed in it up to now, also where the page has not been drawn since.

    Parameters
    ----------
    rows : sequence of mapping
        What ``st.data_editor`` was given.
    key : str
        Of the editor.

    Returns
    -------
    list of dict
        The rows that are left, in order, then those added.
    """
    changes = st.session_state.get(key) or {}
    changed, deleted = changes.get("edited_rows", {}), set(changes.get("deleted_rows", ()))
    left = [{**row, **changed.get(at, {})} for at, row in enumerate(rows) if at not in deleted]
    return [*left, *({**row} for row in changes.get("added_rows", ()))]
