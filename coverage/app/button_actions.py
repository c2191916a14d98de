"""What a click does is done in a callback, before its page is drawn, so that no other click can end it half way.

The body of ``if st.button(...)`` is reached only if the run that the click began comes that far. A second click ends
that run, and the first one is lost; and where the body ends in ``st.rerun()``, the second one may be. Callbacks are
called first of all, and the run of the second click waits for them (`click_keeping`). With any other runner than
ours, as the first of a session is, a run that has been ended stops at its next ``st.`` call, in a callback too,
``st.session_state`` among them. So a callback first reads the fields, by their keys, and after that works on the
`Session` alone; it draws nothing.

What may take seconds is only noted by the callback (`Session.ask`: no ``st.`` call that could end it) and done by
the next run, with a word on the page (`do_what_was_asked`): if that run is ended before it came so far, the one after
it does it. That one may be of another page, and Streamlit forgets the fields of a page that is left: what stood in
them at the click is noted with it (`in_field`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from quietwing.coverage.app.site_words import problems_of, show_problems
from quietwing.coverage.app.state import Session, session, session_at_hand
from quietwing.sites import QuietwingError

__all__ = ["clicked", "do_what_was_asked", "edited_rows", "in_field", "show_problems_of"]


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
        _do(own, key, act, args)


def do_what_was_asked() -> None:
    """Do what clicks have asked for, with a word at the top of the page: the first thing a run does."""
    own, place = session(), st.empty()  # the place is always there: what stands below it never moves
    while own.asked:
        with place, st.spinner(own.asked[0][1]), session_at_hand():
            if own.asked:  # else the run before this one was not done with it
                key, _, act, args, own.fields = own.asked[0]
                try:
                    _do(own, key, act, args)
                except Exception:
                    own.asked.pop(0)
                    raise
                finally:
                    own.fields = {}
                own.asked.pop(0)  # not where the run was ended: that is no Exception


def _do(own: Session, key: str, act: Callable[..., object], args: tuple[Any, ...]) -> None:
    own.said.pop(key, None)
    try:
        act(*args)
    except QuietwingError as error:
        own.said[key] = problems_of(error)


def show_problems_of(key: str) -> None:
    """What went wrong at the click just taken, said once, in a place kept for it: nothing below moves."""
    with st.container():
        show_problems(session().said.pop(key, ()))


def in_field(key: str) -> Any:
    """What stands in a field, or stood in it at the click that is being done; None where it was never drawn."""
    fields = session().fields
    return fields[key] if key in fields else st.session_state.get(key)


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
    changes = in_field(key) or {}
    changed, deleted = changes.get("edited_rows", {}), set(changes.get("deleted_rows", ()))
    left = [{**row, **changed.get(at, {})} for at, row in enumerate(rows) if at not in deleted]
    return [*left, *({**row} for row in changes.get("added_rows", ()))]
