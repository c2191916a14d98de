"""One question of a batch, and its name: the hash of all that is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site, fingerprint

__all__ = ["ID_DIGITS", "BatchItem", "item_id", "key_text"]

ID_DIGITS = 16


@dataclass(frozen=True)
class BatchItem:
    """One question to one site.

    Attributes
    ----------
    id : str
        Sixteen hexadecimal digits; equal questions have equal ids. See `item_id`.
    mode : str
        ``evaluate``, ``leakage`` or another of `quietwing.coverage.batch.tasks.MODES`.
    site : Site
    scenario : Scenario
    devices : tuple of Device
    catalogue : mapping of str to Model
    keys : tuple of (str, value)
        What was swept, and its value here.
    """

    id: str
    mode: str
    site: Site
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]
    keys: tuple[tuple[str, object], ...] = ()


def item_id(mode: str, site: str, scenario: Scenario, layout: str, catalogue: str) -> str:
    """Name of a question: SHA-256 over its inputs, cut to 16 digits; which code answered it stands in ``item.json``.

    Parameters
    ----------
    mode : str
    site, layout, catalogue : str
        Their `fingerprint`: a site takes long to hash and stands in many items.
    scenario : Scenario

    Returns
    -------
    str
    """
    return fingerprint(site, scenario, layout, catalogue, mode)[:ID_DIGITS]


def key_text(value: object) -> str:
    """A swept value as text for a table or a message."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
