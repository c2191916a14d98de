"""Tables of somebody else: which column is what, proposed by name and changed by a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from quietwing.coverage.app.button_actions import edited_rows
from quietwing.coverage.app.site_files import uploads_in
from quietwing.coverage.app.site_words import show_problems
from quietwing.coverage.app.state import session
from quietwing.coverage.app.survey_state import Uploaded
from quietwing.sites import SiteError, TableHead

__all__ = ["column_table", "taken_in", "told_columns"]

NONE = "(none)"


def taken_in(given: UploadedFile, known: Uploaded | None, head_of: Callable[[Path], TableHead]) -> Uploaded | None:
    """The file that has just come, with its head; what is wrong with it is said, and nothing comes back."""
    if known is not None and known.file_id == given.file_id:
        return known
    content = given.getvalue()
    try:
        with st.spinner("Reading the file"), uploads_in(session().folder, [(given.name, content)]) as (path,):
            return Uploaded(given.name, content, head_of(path), given.file_id)
    except SiteError as error:
        show_problems(error)
        return None


def column_table(uploaded: Uploaded, words: Mapping[str, str], key: str) -> None:
    """Draw how a table begins, and what each of its columns is taken for; `told_columns` reads the answers.

    Parameters
    ----------
    uploaded : Uploaded
    words : mapping of str to str
        What a column may mean, in words.
    key : str
    """
    head = uploaded.head
    with st.expander("How the file begins, and what its columns are taken for", expanded=not head.proposed):
        rows = [dict(zip(head.columns, row, strict=True)) for row in head.rows]
        st.dataframe(rows, hide_index=True, alt="The first rows of the file")
        st.data_editor(
            _rows(uploaded, words),
            key=key,
            hide_index=True,
            disabled=("meaning",),
            column_config={
                "meaning": "what is meant",
                "column": st.column_config.SelectboxColumn(
                    "column of the file", options=[NONE, *head.columns], required=True
                ),
            },
            alt="What is meant, and the column of the file that says it",
        )


def told_columns(uploaded: Uploaded, words: Mapping[str, str], key: str) -> dict[str, str]:
    """Meaning to column, as it stands in the table."""
    by_words = {text: meaning for meaning, text in words.items()}
    rows = edited_rows(_rows(uploaded, words), key)
    return {by_words[row["meaning"]]: row["column"] for row in rows if row["column"] != NONE}


def _rows(uploaded: Uploaded, words: Mapping[str, str]) -> list[dict[str, Any]]:
    proposed = uploaded.head.proposed
    return [{"meaning": text, "column": proposed.get(meaning, NONE)} for meaning, text in words.items()]
