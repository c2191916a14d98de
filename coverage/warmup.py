"""Compile the kernels of a study in a process of its own, while the caller still reads the site and its masts.

numba keeps compiled code on disk; the caller finds it there when it needs it, or compiles it itself. Order is that of
need. `per_ray`, which is needed at once, is left to the caller.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints

from quietwing.coverage.blocking import against, judge, nothing_for, spill_worlds, zeros_of
from quietwing.coverage.compiled_code import indexes_of, is_compiled
from quietwing.coverage.planning import anneal, construct, hardest_rows, rebuild
from quietwing.coverage.propagation import raster

__all__ = ["KERNELS", "all_compiled", "compile_kernels", "is_compiled", "start"]

# Types of the arguments in order, where a kernel does not say them itself. A test holds them against a study.
_PATCHES, _QUADS, _LOSSES = "d2 i2 d2", "d2 d2 j1 b1 b1 d2 j2 j2", "d1 f3 f1 f1 b0"
_RASTER = "f3 i0 i0 i0 i0"

_MODEL = "i1 i1 d1 d1 d1 i1 i1 d1 i1 i1 i1 d1 b1 d1 i0 d2 d2 d1 i1 i1 i1 i1 b1 i1 i1 i1 i1 i1 i1 i1 i1 i1"
_STATE = "b1 i1 i1 i1 d1 d1 d1 i1 d1 d1 i1"
_TERMS, _TOP = "d0 i1 d0 d0", "i1 i1 d1"
_ANNEAL = "i0 d0 d0"
_KNOWN = "d1 i1 i1 i1 d1 d1 i1"
_CONSTRUCT = "d0 i1 d0 d0 w0 d0"
_REBUILD = "i0 d0"
_HARDEST = "d2 i1 i1"
LONGEST_S = 180.0  # compiling takes half a minute

KERNELS = (judge, spill_worlds, against, construct, rebuild, anneal, raster, hardest_rows)


def compile_kernels() -> None:
    """Call each kernel once with empty inputs so that it compiles."""
    judge(*nothing_for(judge))
    spill_worlds(*nothing_for(spill_worlds))
    against(*nothing_for(against))
    model, known = _group(rebuild, "m", _MODEL), _group(rebuild, "known", _KNOWN)
    state, spare = (_group(rebuild, name, _STATE) for name in ("s", "spare"))
    terms, top = _group(rebuild, "terms", _TERMS), _group(rebuild, "top", _TOP)
    power, numbers = _nothing("d0 w1")
    construct(model, state, known, *_nothing(_CONSTRUCT))
    rebuild(model, state, spare, known, *_nothing(_REBUILD), terms, power, numbers, top)
    anneal(model, state, *_nothing(_ANNEAL), terms, numbers, top)
    named = (("patches", _PATCHES), ("quads", _QUADS), ("losses", _LOSSES))
    raster(*_nothing("d2"), *(_group(raster, name, kinds) for name, kinds in named), *_nothing(_RASTER))
    hardest_rows(*_nothing(_HARDEST))
    for kernel in KERNELS:
        with suppress(OSError):  # of a folder that others may write and we may not
            for index in indexes_of(kernel):
                index.touch()  # numba goes by what a source holds, we by its date: a copy is younger than its code


def all_compiled() -> bool:
    """Whether nothing is left to compile: two processes that begin at once would else compile the same."""
    return all(is_compiled(kernel) for kernel in KERNELS)


def start() -> subprocess.Popen[bytes] | None:
    """Start compiling in the background where something is not compiled yet.

    Returns
    -------
    Popen or None
        The process. It ends by itself; nothing needs to wait for it, and if it fails nothing is lost but time. None
        where all is compiled, where another process is at it, and where the code could not be kept.
    """
    kept = KERNELS[0].stats.cache_path
    if kept is None or all_compiled():
        return None
    try:
        claim = _claimed(Path(kept) / "warmup")
        if claim is None:
            return None
        return subprocess.Popen(
            # -P: the folder we happen to be in may hold a `coverage` of its own
            [sys.executable, "-P", "-m", "quietwing.coverage.warmup", str(claim)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def _claimed(claim: Path) -> Path | None:
    """The file that says who compiles, made by us; None if another made it not long ago."""
    claim.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if time.time() - claim.stat().st_mtime > LONGEST_S:  # of a process that was killed
            claim.unlink()
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return None
    return claim


def _group(kernel: Any, name: str, kinds: str) -> Any:
    """A kernel's named group of arrays, as its signature has it, of zeros."""
    return get_type_hints(kernel.py_func)[name](*_nothing(kinds))


def _nothing(kinds: str) -> list[Any]:
    """A zero of each type, or an array of zeros."""
    return [zeros_of(code) for code in kinds.split()]


if __name__ == "__main__":
    try:
        compile_kernels()
    finally:
        for claim in sys.argv[1:]:
            Path(claim).unlink(missing_ok=True)
