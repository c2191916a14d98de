"""Modules that are slow to load and seldom needed."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["LateModule"]


class LateModule:
    """Stands for a module that is loaded when something of it is first asked for.

    `importlib.util.LazyLoader` of Python 3.11 would do, but fails where two threads ask at once.

    Parameters
    ----------
    name : str
        Of the module, as it is imported.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)
