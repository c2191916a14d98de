"""Recompute ``docs/validation.md`` from a folder of validation sets.

Run it with ``python docs/make_validation.py DIR``, or with the folder in QUIETWING_DATA, after anything that moves a
figure; itmlogic (the extra ``terrain``) must be installed. A test compares the bytes where the folder is at hand.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from quietwing.coverage.validation import validate
from quietwing.coverage.validation.document import document

PAGE = Path(__file__).with_name("validation.md")


def make(folder: Path) -> str:
    """The text of the page."""
    return document(validate(folder))


if __name__ == "__main__":
    if find_spec("itmlogic") is None:
        sys.exit("itmlogic is not installed, and the page tells its figures; pip install 'quietwing[terrain]'")
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("QUIETWING_DATA")
    if given is None:
        sys.exit("no folder of validation sets; give it as the argument or in QUIETWING_DATA")
    PAGE.write_text(make(Path(given)), encoding="utf-8")
    print(f"wrote {PAGE}")
