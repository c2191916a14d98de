"""Every figure of two checkouts side by side: what a change of the house must not move.

Run `python benchmarks/same_figures.py OTHER_CHECKOUT [SITE ...]`. `leakage`, `evaluate` and `optimise` are asked, as
JSON, in both checkouts; values are compared key by key, after the renames below, and every difference is printed.
Exit code 1 if there is any. With all three sites it takes half an hour; `optimise` is asked of houseblock alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
SITES = ("houseblock", "radial", "campus")
QUESTIONS = (
    ("leakage",),
    ("evaluate", "--worlds", "200"),
    ("optimise", "--budget-gbp", "20000", "--effort", "quick", "--equipment", "micro_jammer"),
)
PLANNED = ("houseblock",)
RENAMED: dict[str, str] = {}  # key of the other checkout: key here
NOT_COMPARED = ("files", "out", "versions")
RUN = "import sys; sys.argv[0] = 'quietwing'; from quietwing.coverage.cli import main; main()"


def main() -> None:
    """Compare, and print what differs."""
    other, sites = Path(sys.argv[1]).resolve(), sys.argv[2:] or SITES
    differs = 0
    for site in sites:
        for question in QUESTIONS:
            if question[0] == "optimise" and site not in PLANNED:
                continue
            before, after = (dict(_flat(_answer(checkout, question, site))) for checkout in (other, HERE))
            before = {_renamed(key): value for key, value in before.items()}
            wrong = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
            print(f"{question[0]:9s} {site:11s} {len(after):6d} values, {len(wrong)} differ")
            for key in wrong[:20]:
                print(f"    {key}: {before.get(key)!r} there, {after.get(key)!r} here")
            differs += len(wrong)
    sys.exit(bool(differs))


def _answer(checkout: Path, question: tuple[str, ...], site: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", "-c", RUN, question[0], site, *question[1:], "--json"]
        environment = dict(os.environ) | {"PYTHONPATH": str(checkout / "src")}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the way to it."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in NOT_COMPARED:
                yield from _flat(each, f"{at}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _flat(each, f"{at}[{number}]")
    else:
        yield at, value


def _renamed(key: str) -> str:
    for old, new in RENAMED.items():
        key = key.replace(f".{old}", f".{new}")
    return key


if __name__ == "__main__":
    main()
