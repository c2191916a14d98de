"""xarray, loaded when a table is first made: with pandas it takes a third of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietwing.sites import LateModule

__all__ = ["xr"]

if TYPE_CHECKING:
    import xarray as xr
else:
    xr = LateModule("xarray")
