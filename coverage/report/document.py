"""The door of this stage: a result as a folder of files that open anywhere, without a network."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jinja2
import numpy as np

import quietwing
from quietwing.coverage.report.maps import save_png, storey_figure
from quietwing.coverage.report.tables import leakage_csv, service_by_channel
from quietwing.coverage.report.words import GLOSSARY, channel_in_words, headline, safe_file_name
from quietwing.coverage.results import Leakage, StoreyMap

__all__ = ["write"]


def write(leakage: Leakage, folder: Path, progress: Callable[[float], None] | None = None) -> tuple[Path, ...]:
    """Write maps, ``leakage.csv`` and ``summary.html``.

    Everything is made in a folder beside the target and moved there file by file at the end, so that a broken run
    leaves nothing half-written.

    Parameters
    ----------
    leakage : Leakage
    folder : Path
        Made if missing; files of the same name in it are replaced, others left alone.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".quietwing-", dir=folder.parent))
    try:
        names = []
        for number, storey in enumerate(leakage.maps):
            names.append(f"map-{number + 1:02d}-{safe_file_name(storey.title)}.png")
            save_png(storey_figure(leakage, storey), workshop / names[-1])
            if progress:
                progress((number + 1) / len(leakage.maps))
        (workshop / "leakage.csv").write_text(leakage_csv(leakage), encoding="utf-8", newline="\n")
        (workshop / "summary.html").write_text(_summary(leakage, names), encoding="utf-8", newline="\n")
        folder.mkdir(exist_ok=True)
        written = []
        for name in ("summary.html", "leakage.csv", *names):
            os.replace(workshop / name, folder / name)
            written.append(folder / name)
        return tuple(written)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _summary(leakage: Leakage, files: list[str]) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["in_words"] = channel_in_words
    source = resources.files("quietwing.coverage.report").joinpath("templates/leakage.html").read_text("utf-8")
    return environment.from_string(source).render(
        leakage=leakage,
        site=leakage.site,
        headline=headline(leakage),
        services=service_by_channel(leakage),
        silence_rooms=int((leakage.by_room["role"] == "silence").sum()),
        maps=[_map_in_words(storey, name) for storey, name in zip(leakage.maps, files, strict=True)],
        glossary=GLOSSARY,
        version=quietwing.__version__,
    )


def _map_in_words(storey: StoreyMap, file: str) -> dict[str, object]:
    in_rooms = storey.data["room"].values >= 0
    count = storey.data["usable_channels"].values[in_rooms]
    # Floored, so that "100 %" is only printed where no square is quiet.
    share = math.floor(100 * np.count_nonzero(count) / len(count)) if len(count) else 0
    return {
        "file": file,
        "title": storey.title,
        "share_works": f"{share} %",
        "most_channels": int(count.max()) if len(count) else 0,
    }
