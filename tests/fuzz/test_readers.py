"""Every reader against files broken on purpose: a right answer, or problems that name a file; never a fault.

Files are a small wing's own, changed byte by byte, number by number and node by node. In the suite it takes half a
minute; ``QUIETWING_FUZZ_S=600 pytest tests/fuzz`` takes ten. What it ever found is kept in ``cases``: one file each,
named after the file it stands for (``0001-masts.csv``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.errors import QuietwingError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.scenario import read_scenario
from quietwing.sites import build_wing, check, describe, save_site

HERE = Path(__file__).parent
SECONDS = float(os.environ.get("QUIETWING_FUZZ_S", "28"))
LONGEST_S = 10.0  # of one file
NUMBERS = (
    "nan",
    "inf",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "1e-320",
    "9" * 400,
    "0x10",
    "1_000",
    "٣",
    "",
    "1,5",
    "true",
    "1e999",
)
TEXTS = (
    "\ud800",
    "\x00",
    "'",
    '"',
    "=1+1",
    "$x$",
    "\\",
    "\u202e",
    "a" * 100_000,
    "[" * 5000,
    "{",
    "é" * 50,
    "\r\n",
    "../..",
)
NODES: tuple[Any, ...] = (
    None, True, -1, 10**400, 1.5e308, "", "x", [], {}, [[]], [[[]]], [None] * 50, {"type": "Polygon"},
    [1e308, -1e308],
)  # fmt: skip


def by_bytes(draw: np.random.Generator, content: bytes) -> bytes:
    """Some bytes lost, doubled, turned or put in; or the end cut off."""
    for _ in range(int(draw.integers(1, 4))):
        at, size = int(draw.integers(0, len(content) + 1)), int(draw.integers(0, 40))
        kind = draw.integers(0, 5)
        if kind == 0:
            content = content[:at] + content[at + size :]
        elif kind == 1:
            content = content[:at] + content[at : at + size] * int(draw.integers(2, 50)) + content[at:]
        elif kind == 2:
            content = content[:at] + draw.bytes(size) + content[at:]
        elif kind == 3:
            content = content[:at]
        else:
            content = content[:at] + TEXTS[draw.integers(len(TEXTS))].encode("utf-8", "surrogatepass") + content[at:]
    return content


def by_numbers(draw: np.random.Generator, content: bytes) -> bytes:
    """Some numbers are others, or none."""
    text = content.decode("utf-8")
    found = [*re.finditer(r"-?\d+\.?\d*", text)]
    for match in sorted({int(at) for at in draw.integers(0, len(found), 3)}, reverse=True) if found else ():
        one = found[match]
        text = text[: one.start()] + NUMBERS[draw.integers(len(NUMBERS))] + text[one.end() :]
    return text.encode("utf-8")


def by_lines(draw: np.random.Generator, content: bytes) -> bytes:
    """Lines lost, doubled or swapped."""
    lines = content.splitlines(keepends=True)
    at, other = (int(each) for each in draw.integers(0, max(len(lines), 1), 2))
    kind = draw.integers(0, 3)
    if not lines:
        return content
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines[at:at] = [lines[other]] * int(draw.integers(1, 200))
    else:
        lines[at], lines[other] = lines[other], lines[at]
    return b"".join(lines)


def by_nodes(draw: np.random.Generator, content: bytes) -> bytes:
    """Of a JSON tree one node is another value, is gone, or stands there many times."""
    tree = json.loads(content)
    homes = [home for home in _homes(tree) if home]
    for _ in range(int(draw.integers(1, 3))):
        home = homes[draw.integers(len(homes))]
        keys = list(home) if isinstance(home, dict) else list(range(len(home)))
        if not keys:
            continue
        key = keys[draw.integers(len(keys))]
        kind = draw.integers(0, 3)
        if kind == 0:
            home[key] = NODES[draw.integers(len(NODES))]
        elif kind == 1:
            del home[key]
        elif isinstance(home, list):
            home.extend([home[key]] * int(draw.integers(1, 30)))
    return json.dumps(tree).encode()


def _homes(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return [tree, *(home for each in tree.values() for home in _homes(each))]
    if isinstance(tree, list):
        return [tree, *(home for each in tree[:200] for home in _homes(each))]
    return []


WAYS: tuple[Callable[[np.random.Generator, bytes], bytes], ...] = (by_bytes, by_numbers, by_lines, by_nodes)


@pytest.fixture(scope="module")
def wing(tmp_path_factory) -> Path:
    """A small wing with every layer a site may have, and what may lie beside it."""
    folder = tmp_path_factory.mktemp("fuzz") / "wing"
    save_site(build_wing(describe(type="wing", cells=2, storeys=1)), folder)
    (folder / "outside_levels.csv").write_text(
        "channel,x,y,height_m,rsrp_dbm,date\nEE/B20/LTE,0,-20,1.5,-80,2026-10-01\n", "utf-8"
    )
    (folder / "layout.csv").write_text(
        "id,model,x_m,y_m,z_m,storey,power_dbm,azimuth_deg,tilt_deg,state,unit_price_gbp,trim_db\n"
        "J1,room_jammer,3,2,2.5,0,,0,0,planned,,\nJ2,micro_jammer,1,1,2,0,10,0,0,existing,500,EE/B20/LTE:-3\n",
        "utf-8",
    )
    (folder / "scenario.toml").write_text(
        'grade = "planning"\nworlds = 500\nbudget_gbp = 20000\nchannels = ["EE/B20/LTE"]\n'
        '[[treatments]]\nmodel = "window_mesh"\nrooms = ["A1-*"]\n',
        "utf-8",
    )
    (folder / "catalogue.csv").write_bytes((HERE.parents[1] / "coverage/tables/catalogue.csv").read_bytes())
    return folder


def _read(name: str, folder: Path) -> list[str]:
    """Problems that the reader of a file tells."""
    path = folder / name
    if name == "layout.csv":
        return _told(lambda: read_layout(path, read_catalogue()))
    if name == "catalogue.csv":
        return _told(lambda: read_catalogue(path))
    if name == "scenario.toml":
        return _told(lambda: read_scenario(path))
    return list(check(str(folder)).problems)


def _told(read: Callable[[], object]) -> list[str]:
    try:
        read()
    except QuietwingError as error:
        return str(error).splitlines()
    return []


def _hold(name: str, folder: Path) -> None:
    began = time.process_time()
    problems = _read(name, folder)
    assert time.process_time() - began < LONGEST_S
    for problem in problems:
        problem.encode("utf-8")  # no lone surrogate
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", problem), problem[:200]
        assert len(problem) < 2000
    if problems:
        assert any(re.search(r"\.(csv|toml|geojson)", problem) for problem in problems), problems[0]


@pytest.mark.slow
def test_no_file_ends_in_a_fault(wing, tmp_path):
    names = sorted(path.name for path in wing.iterdir() if path.suffix in (".csv", ".toml", ".geojson"))
    assert len(names) >= 12
    folder = tmp_path / "wing"
    shutil.copytree(wing, folder)
    until, seed = time.monotonic() + SECONDS, 0
    while time.monotonic() < until or seed < 2 * len(names):
        draw = np.random.default_rng(seed)
        name = names[seed % len(names)]
        content = (wing / name).read_bytes()
        ways = WAYS if name.endswith(".geojson") else WAYS[:-1]
        changed = ways[draw.integers(len(ways))](draw, content)
        (folder / name).write_bytes(changed)
        try:
            _hold(name, folder)
        except Exception as error:
            kept = tmp_path / f"{seed:04d}-{name}"
            kept.write_bytes(changed)
            raise AssertionError(f"seed {seed}: {name}: {error!r}; keep {kept} in tests/fuzz/cases") from error
        (folder / name).write_bytes(content)
        seed += 1
    print(f"{seed} files")


@pytest.mark.parametrize("case", sorted((HERE / "cases").glob("[0-9]*")), ids=lambda case: case.name)
def test_what_was_found_once_stays_right(case, wing, tmp_path):
    folder = tmp_path / "wing"
    shutil.copytree(wing, folder)
    name = case.name.split("-", 1)[1]
    (folder / name).write_bytes(case.read_bytes())
    _hold(name, folder)
