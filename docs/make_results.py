"""Make docs/results.md: every key of what ``--json`` prints, from the types that answers are made by.

``uv run python -P docs/make_results.py`` writes the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quietwing.coverage.answers import ANSWERS, VERSION, schema_of

PAGE = Path(__file__).with_name("results.md")
HEAD = f"""\
# What `--json` prints

Made by `python -P docs/make_results.py` from the types in `coverage/answers.py`; a test compares the two.
`quietwing schema COMMAND` prints the same as JSON Schema (draft 2020-12) for programs that read answers. Its `$id`
ends in a version, now {VERSION}, which is raised where a key goes or changes its meaning; new keys may come without.
Levels are in dBm, margins in dB, money in £, places in metres. A key without a value is null; no number is ever NaN
or infinite.

Some keys are older than the words of the pages: `silent` is blocked, a `hole` is a room that is not blocked,
`quiet_anyway` a room without signal even without blockers, and `cells` are all rooms to be blocked.
"""
WORDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}


def page() -> str:
    """The page, in Markdown."""
    parts, shown, own = [HEAD], set[str](), {answer.__name__ for answer in ANSWERS.values()}
    for command in ANSWERS:
        schema = schema_of(command)
        parts.append("\n".join((f"## quietwing {command}\n", _about(schema), "", *_table(schema))))
        for name, part in schema.get("$defs", {}).items():
            if name in shown or name in own:
                continue
            shown.add(name)
            parts.append("\n".join((f"### {name}\n", _about(part), "", *_table(part))))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _about(schema: dict[str, Any]) -> str:
    return str(schema.get("description", "")).replace("``", "`")


def _table(schema: dict[str, Any]) -> Iterator[str]:
    yield "| key | what | always there | meaning |"
    yield "| --- | --- | --- | --- |"
    for key, value in schema["properties"].items():
        always = "yes" if key in schema.get("required", ()) else "no"
        yield f"| `{key}` | {_kind(value)} | {always} | {value.get('description', '')} |"


def _kind(value: dict[str, Any]) -> str:
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"])
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {}))}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"object of {_kind(inner)}" if isinstance(inner, dict) else "object"
    return WORDS.get(str(value.get("type")), "any")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
