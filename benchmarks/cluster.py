"""Items an hour of a batch: the local runner beside a Dask cluster on this computer, in one run.

First with all that a batch begins and ends with, then from its first answer to its last.

Run `python benchmarks/cluster.py [ITEMS [WORLDS]]`; a minute and a half for 60 items of 1,000 worlds. Each way
computes the same verdicts of a small wing, into a folder of its own; the files are compared to the byte at the end.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from quietwing.coverage.batch import cluster_client, plan_batch, run_batch
from quietwing.sites import build_wing, describe, save_site

ITEMS, WORLDS = 60, 1000
WAYS = (("local", 1), ("cluster", 1), ("local", 2), ("cluster", 2))


def main() -> None:
    """Print one row a way."""
    number, worlds = (int(given) for given in (sys.argv[1:] + [str(ITEMS), str(WORLDS)][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        save_site(build_wing(describe(type="wing", cells=6, storeys=2)), folder / "wing")
        seeds = ", ".join(str(seed) for seed in range(number))
        (folder / "sweep.toml").write_text(f'site = "wing"\n[set]\nseed = [{seeds}]\nworlds = [{worlds}]\n')
        items = plan_batch(folder / "sweep.toml")
        took_s, later_s = {}, {}
        for way, workers in WAYS:
            out = folder / f"{way}-{workers}"
            began, heard = time.perf_counter(), []
            if way == "local":
                run_batch(items, out, workers=workers, progress=_clock(heard))
            else:
                with cluster_client(local_workers=workers) as client:
                    run_batch(items, out, client=client, progress=_clock(heard))
            took_s[way, workers] = time.perf_counter() - began
            later_s[way, workers] = heard[-1] - heard[-number]
        print(f"{number} items          items an hour   share of local    after the first   share of local")
        for way, workers in WAYS:
            row = f"{way:8s} {workers} worker(s)"
            for seconds, count in ((took_s, number), (later_s, number - 1)):
                share = seconds["local", workers] / seconds[way, workers]
                row += f" {3600 * count / seconds[way, workers]:12.0f} {share:14.2f}   "
            print(row)
        first, *others = (_files(folder / f"{way}-{workers}") for way, workers in WAYS)
        print("same bytes:", all(each == first for each in others))


def _clock(heard: list[float]) -> Callable[[str, float], None]:
    """A progress that notes when it was called; the last calls are one for each answer."""
    return lambda _what, _share: heard.append(time.perf_counter())


def _files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


if __name__ == "__main__":
    main()
