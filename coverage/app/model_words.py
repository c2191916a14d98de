"""A model of the catalogue in words."""

from __future__ import annotations

from quietwing.coverage.equipment import Model
from quietwing.coverage.report import pounds

__all__ = ["model_in_words"]


def model_in_words(model: Model) -> str:
    """A model for a list: its kind, its price and whether that is a quote."""
    kind = {"mas": "managed access", "jammer": "jammer", "mesh": "mesh", "film": "film"}.get(model.kind, model.kind)
    if model.radiating_cable:
        kind += f" on radiating cable, {pounds(model.radiating_gbp_per_m)} a metre"
    price = f"{pounds(model.unit_price_gbp)}{', placeholder' if model.illustrative else ''}"
    return f"{model.name} ({kind}, {price})"
