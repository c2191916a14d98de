"""A command with `--out` as a user waits for it, in two checkouts by turns, and whether they write the same.

Run `python benchmarks/whole_command.py OTHER_CHECKOUT [WORDS OF THE COMMAND]`, `evaluate houseblock` without them, or
`optimise houseblock --budget-gbp 100000 --effort quick`. Each command is a process of its own that reads modules,
site and compiled code from disk; the first of each checkout, which compiles, is not counted. Each checkout keeps its
compiled code in a folder of its own, for the names of files are the same in both.
"""

from __future__ import annotations

import filecmp
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ROUNDS = 3  # beside the first, which compiles
AIMS_S = {"evaluate": 10.0, "optimise": 30.0}
RUN = "import sys; sys.argv[0] = 'quietwing'; from quietwing.coverage.cli import main; main()"


def main() -> None:
    """Time both, and compare what they wrote."""
    checkouts = {"there": Path(sys.argv[1]).resolve(), "here": HERE}
    words = sys.argv[2:] or ["evaluate", "houseblock"]
    took_s: dict[str, list[float]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for turn in range(ROUNDS + 1):
            for name, checkout in checkouts.items():
                begun = time.perf_counter()
                _run(checkout, words, work / f"{name}-{turn}", work / f"compiled-{name}")
                if turn:
                    took_s[name].append(time.perf_counter() - begun)
        for name, each in took_s.items():
            print(f"{name:6s} {', '.join(f'{one:.1f}' for one in each)} s; median {statistics.median(each):.1f} s")
        ratio = statistics.median(took_s["here"]) / statistics.median(took_s["there"])
        aim = f"; {AIMS_S[words[0]]:g} s are aimed at on two cores" if words[0] in AIMS_S else ""
        print(f"here takes {ratio:.2f} of there{aim}")
        last = [work / f"{name}-{ROUNDS}" for name in checkouts]
        names = sorted({path.relative_to(one) for one in last for path in one.rglob("*") if path.is_file()})
        _, differ, missing = filecmp.cmpfiles(*last, [str(name) for name in names], shallow=False)
        print(f"{len(names)} files, {len(differ)} differ, {len(missing)} stand on one side alone", *differ, *missing)


def _run(checkout: Path, words: list[str], out: Path, compiled: Path) -> None:
    environment = dict(os.environ) | {"PYTHONPATH": str(checkout / "src"), "NUMBA_CACHE_DIR": str(compiled)}
    command = [sys.executable, "-P", "-c", RUN, *words, "--out", str(out)]
    subprocess.run(command, cwd=out.parent, env=environment, capture_output=True, check=True)


if __name__ == "__main__":
    main()
