"""How the site pages say what is wrong: a list at the top, every word of a user's file shown as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

from quietwing.sites import QuietwingError, SiteError

__all__ = ["in_app_words", "literal", "problems_of", "show_problems"]

MOST_SHOWN = 30
# What the command line calls them, with the labels they have here.
LABELS = {
    "in a mapping: quietwing import … --mapping FILE with [layers] in it": "under “What layers stand for”",
    "--storey-height": "“Height of a storey”",
    "--mapping": "“What layers stand for”",
    "--radius": "“How far masts may be”",
    "--square": "“Side of the squares”",
    "--scale": "“Scale”",
    "--unit": "“Unit”",
    "--page": "“Page”",
    "--crs": "“Grid”",
    "--name": "“Name of the site”",
    "--at": "“Where the site is”",
    "(`quietwing masts import`)": "(page Site, Masts and measurements)",
    "quietwing import … ": "",
}
_MARKS = re.compile(r"([!-/:-@\[-`{-~])")  # CommonMark: a backslash makes any ASCII punctuation literal


def literal(text: str) -> str:
    """Text for a markdown element that shows every character as it stands: no link, image, HTML or formula."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def in_app_words(text: str) -> str:
    """A message with the labels of the app in the place of the command line's options."""
    for option, label in LABELS.items():
        text = text.replace(option, label)
    return text


def problems_of(error: QuietwingError) -> tuple[str, ...]:
    """Every problem an error of our family holds, one line each."""
    if isinstance(error, SiteError):
        return tuple(map(in_app_words, error.problems))
    return tuple(in_app_words(line) for line in str(error).splitlines())


def show_problems(problems: Iterable[str] | QuietwingError, title: str = "There is a problem") -> None:
    """An error summary: each problem on a line of its own, none of it read as markdown."""
    listed = problems_of(problems) if isinstance(problems, QuietwingError) else tuple(problems)
    if not listed:
        return
    head = title if len(listed) == 1 else f"{title.replace('is a problem', f'are {len(listed)} problems')}"
    lines = [f"**{head}**", *(f"- {literal(problem)}" for problem in listed[:MOST_SHOWN])]
    if len(listed) > MOST_SHOWN:
        lines.append(f"- … and {len(listed) - MOST_SHOWN} more")
    st.error("\n".join([lines[0], "", *lines[1:]]))
