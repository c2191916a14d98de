"""Pages filled from templates, with every name escaped."""

from __future__ import annotations

from importlib import resources
from typing import Any

import jinja2

from quietwing.coverage.report.words import channel_in_words

__all__ = ["page"]


def page(template: str, **values: Any) -> str:
    """A filled template of ``templates/``; texts are escaped and a missing value is an error."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, loader=jinja2.FunctionLoader(_source)
    )
    environment.filters["in_words"] = channel_in_words
    return environment.get_template(template).render(**values)


def _source(name: str) -> str:
    return resources.files("quietwing.coverage.report").joinpath(f"templates/{name}").read_text("utf-8")
