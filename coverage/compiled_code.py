"""What numba keeps of compiled kernels on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["indexes_of", "is_compiled"]


def is_compiled(kernel: Any) -> bool:
    """Whether numba's disk cache holds code of a kernel that was compiled or used after its source was written."""
    written_s = _source(kernel).stat().st_mtime
    return any(index.stat().st_mtime >= written_s for index in indexes_of(kernel))


def _source(kernel: Any) -> Path:
    return Path(kernel.py_func.__code__.co_filename)


def indexes_of(kernel: Any) -> list[Path]:
    """Files of numba's disk cache that say which code of a kernel is there; none where no folder can be written."""
    if kernel.stats.cache_path is None:
        return []
    return [*Path(kernel.stats.cache_path).glob(f"{_source(kernel).stem}.{kernel.py_func.__name__}-*.nbi")]
