"""Path gain kept on disk between runs: one file for each site × transmitter, found by the hash of what went in."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import llvmlite.binding
import numba
import numpy as np
from numpy.typing import NDArray

import quietwing
from quietwing.sites import OutOfRangeError

__all__ = ["GainCache", "digest_of"]

FORMAT = 1  # raise it when path gain changes without a new version
MOST_BYTES = 1 << 30
DIGEST_BYTES = 32
TEMPORARY = ".gain-"
# The last digit of a sum may differ from one compiler or processor to the next.
ENGINE = "/".join(
    (str(FORMAT), quietwing.__version__, np.__version__, numba.__version__, llvmlite.binding.get_host_cpu_name())
)


def digest_of(parts: Iterable[object]) -> str:
    """SHA-256 over arrays, bytes and texts, each with its length and form, and over the engine's versions.

    Parameters
    ----------
    parts : iterable of ndarray, bytes or str

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    total = hashlib.sha256(ENGINE.encode())
    for part in parts:
        if isinstance(part, np.ndarray):
            content: bytes | memoryview = np.ascontiguousarray(part).data.cast("B") if part.size else b""
            head = f"{part.dtype.str}{part.shape}"
        else:
            content = part if isinstance(part, bytes) else str(part).encode()
            head = f"{type(part).__name__}{len(content)}"
        total.update(f"|{head}|".encode())
        total.update(content)
    return total.hexdigest()


class GainCache:
    """Arrays of path gain in a folder; several processes may share it.

    A file is written whole or not at all, ends with the hash of its content, and counts as missing when the two do
    not agree. Trouble with the disk costs time, never a result.

    Parameters
    ----------
    folder : Path
        Made if missing.
    most_bytes : int
        Size of all files together; beyond it the oldest ones go.

    Raises
    ------
    OutOfRangeError
        If `most_bytes` is below 1.
    OSError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        if most_bytes < 1:
            raise OutOfRangeError(f"a cache of {most_bytes} bytes (expected 1 or more); give a larger one or none")
        self.folder = Path(folder)
        self.most_bytes = most_bytes
        self.folder.mkdir(parents=True, exist_ok=True)
        self._unseen_bytes = 0  # written by this process since the folder was last looked through

    def rows(
        self,
        keys: Sequence[str],
        shape: tuple[int, ...],
        compute: Callable[[NDArray[np.intp]], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        """The rows of these keys; those not at hand are computed in one go and kept.

        Parameters
        ----------
        keys : sequence of str
            One for each row, from `digest_of`.
        shape : tuple of int
            Of a row.
        compute : callable
            From the indices of missing rows to their values, shape (missing, *shape).

        Returns
        -------
        float32 ndarray, shape (key, *shape)
        """
        found = [self.read(key, shape) for key in keys]
        missing = np.flatnonzero([row is None for row in found])
        if len(missing):
            for index, row in zip(missing.tolist(), compute(missing), strict=True):
                found[index] = row
                self.write(keys[index], row)
        return np.stack([row for row in found if row is not None]) if keys else np.empty((0, *shape), np.float32)

    def read(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
        """The array of a key, None if there is none, or none that is whole and of this shape."""
        try:
            content = (self.folder / f"{key}.npy").read_bytes()
        except OSError:
            return None
        body, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        try:
            row = np.load(io.BytesIO(body), allow_pickle=False)
        except (ValueError, EOFError, OSError):
            return None
        if not isinstance(row, np.ndarray) or row.dtype != np.float32 or row.shape != shape:
            return None
        return row

    def write(self, key: str, row: NDArray[np.float32]) -> None:
        """Keep an array; does nothing where the disk refuses."""
        body = io.BytesIO()
        np.save(body, np.ascontiguousarray(row, np.float32), allow_pickle=False)
        content = body.getvalue()
        try:
            handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=self.folder)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content + hashlib.sha256(content).digest())
            os.replace(name, self.folder / f"{key}.npy")
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
            return
        self._unseen_bytes += len(content) + DIGEST_BYTES
        if self._unseen_bytes > self.most_bytes // 16:
            self._shrink()

    def _shrink(self) -> None:
        """Drop the oldest files until the folder is within its bound; what a killed process left goes first."""
        self._unseen_bytes = 0
        entries = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as scan:
            for entry in scan:
                if entry.name.endswith(".npy") or entry.name.startswith(TEMPORARY):
                    with contextlib.suppress(OSError):
                        state = entry.stat()
                        entries.append((state.st_mtime_ns, entry.name, state.st_size))
        total = sum(size for _, _, size in entries)
        for _, name, size in sorted(entries):
            if total <= self.most_bytes:
                break
            with contextlib.suppress(OSError):
                os.unlink(self.folder / name)
            total -= size
