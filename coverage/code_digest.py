"""Which code made a result: one digest over all code and tables of quietwing, as installed.

The version number moves by hand and so says little; a changed byte of a formula or of a table changes the digest.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

import quietwing
from quietwing.sites import clean

__all__ = ["OTHER_CODE", "code_digest", "other_code"]

FOLDER = Path(quietwing.__file__).parent
KINDS = (".py", ".csv", ".toml")  # code and tables: pages' templates and the example sites' layers make no figure
DIGITS = 16
OTHER_CODE = "made by other code of quietwing"


def code_digest() -> str:
    """Sixteen hexadecimal digits, the same wherever and however the same code and tables are installed."""
    return _digest_of(FOLDER)


def other_code(made_by: object) -> str:
    """In words, that something was not made by the code here; empty if it was.

    Parameters
    ----------
    made_by : object
        What was kept as its `code_digest`, None if nothing was.
    """
    here = code_digest()
    before = "unnamed" if made_by is None else clean(str(made_by), DIGITS)
    return "" if made_by == here else f"{OTHER_CODE} ({before}, here {here})"


@functools.cache  # read once in a process
def _digest_of(folder: Path) -> str:
    """SHA-256 over names and contents in order of the names; folders may be links, as in a checkout."""
    top, names = str(folder), []
    for at, folders, files in os.walk(top, followlinks=True):
        folders[:] = [name for name in folders if name != "__pycache__"]
        names += [os.path.join(at, name) for name in files if name.endswith(KINDS)]
    total = hashlib.sha256()
    for name, path in sorted((path[len(top) :].replace(os.sep, "/"), path) for path in names):
        with open(path, "rb", buffering=0) as file:
            content = file.read()
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:DIGITS]
