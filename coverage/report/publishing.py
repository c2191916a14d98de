"""Files appear all at once or not at all; pages are filled from templates with every name escaped."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from quietwing.coverage.report.words import channel_in_short, channel_in_words

__all__ = ["page", "publish", "workshop_beside"]


@contextmanager
def workshop_beside(folder: Path) -> Iterator[Path]:
    """A hidden folder on the target's disk to make files in; it goes in any case."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".quietwing-", dir=folder.parent))
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def publish(workshop: Path, folder: Path, names: list[str]) -> tuple[Path, ...]:
    """Move finished files into the target; files of the same name are replaced, others left alone."""
    folder.mkdir(exist_ok=True)
    for name in names:
        os.replace(workshop / name, folder / name)
    return tuple(folder / name for name in names)


def page(template: str, **values: Any) -> str:
    """A filled template of ``templates/``; texts are escaped and a missing value is an error."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, loader=jinja2.FunctionLoader(_source)
    )
    environment.filters["in_words"] = channel_in_words
    environment.filters["in_short"] = channel_in_short
    return environment.get_template(template).render(**values)


def _source(name: str) -> str:
    return resources.files("quietwing.coverage.report").joinpath(f"templates/{name}").read_text("utf-8")
