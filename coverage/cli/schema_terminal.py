"""``quietwing schema``: what a command prints with ``--json``, as JSON Schema."""

from __future__ import annotations

import json

import typer

from quietwing.coverage.answers import ANSWERS, schema_of
from quietwing.coverage.errors import ScenarioError

__all__ = ["answer_schema"]


def answer_schema(command: str) -> None:
    """The schema of one command's answer, to stdout."""
    if command not in ANSWERS:
        raise ScenarioError(f"schema: there is none of {command!r}; there is one of {', '.join(ANSWERS)}")
    typer.echo(json.dumps(schema_of(command), indent=1, ensure_ascii=False))
