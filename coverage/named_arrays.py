"""xarray, loaded when a table is first made: with pandas it takes a third of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["xr"]


class _Xarray:
    """Stands for the module. `importlib.util.LazyLoader` would do, but fails where two threads ask at once."""

    def __getattr__(self, name: str) -> Any:
        import xarray  # here: that is what this module is for

        return getattr(xarray, name)


if TYPE_CHECKING:
    import xarray as xr
else:
    xr = _Xarray()
