"""Every bad input: one clear message, exit 2, nothing written, nothing fetched, in under ten seconds."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quietwing.sites import SiteError, check, load_site

pytestmark = pytest.mark.usefixtures("forked_readers")
FEW_BY_SUBPROCESS = ("unknown-construction", "vrt-curl", "gpkg-half")
ALSO_LEAKAGE = ("stdin", "crs-link", "bow-tie-room", "unknown-wall", "csv-ragged", "gpkg-view", "toml-syntax")
HUNGRY = (
    "rooms-piled-up", "walls-piled-up", "windows-piled-up", "openings-astray", "everything-wrong",
    "deep-json", "million-vertices", "two-million-vertices", "many-features", "empty-lists", "file-too-large",
)  # fmt: skip


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Names, sizes and times of everything below a folder."""
    return {str(p.relative_to(folder)): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*")}


@pytest.fixture
def built(bad, tiny, tmp_path, monkeypatch):
    """The bad input on disk, as it is given to quietwing from an empty working folder."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "input"
    place.mkdir()
    return bad.build(place, tiny)


def assert_clear(message: str, bad) -> None:
    lines = message.splitlines()
    assert len(lines) <= 20
    assert "Traceback" not in message
    for pattern in bad.must_contain:
        assert re.search(pattern, message), f"{pattern!r} is not in:\n{message}"
    assert message.isprintable() or all(line.isprintable() for line in lines)


@pytest.mark.usefixtures("no_network")
def test_the_python_door_says_what_is_wrong_and_what_to_do(bad, built, tmp_path):
    before, start, used = listing(tmp_path), time.monotonic(), time.process_time()
    with pytest.raises(SiteError) as caught:
        load_site(built)
    assert time.process_time() - used < 10  # of a core: other tests may be at work beside this one
    assert time.monotonic() - start < 60
    assert_clear(str(caught.value), bad)
    assert listing(tmp_path) == before


@pytest.mark.rows(without=HUNGRY)  # seconds each; below a process of their own has `check` read them
@pytest.mark.usefixtures("no_network")
def test_check_reports_the_same_without_raising(bad, built, tmp_path):
    before = listing(tmp_path)
    report = check(built)
    assert_clear(str(SiteError(report.problems)), bad)
    assert listing(tmp_path) == before


@pytest.mark.rows(without=("nul-in-path", *HUNGRY))  # no shell can pass the one; the others have their own process
@pytest.mark.usefixtures("no_network")
def test_the_command_line_says_it_on_stderr_and_exits_2(bad, built, tmp_path):
    testing = pytest.importorskip("typer.testing")
    cli = pytest.importorskip("quietwing.coverage.cli")
    before = listing(tmp_path)
    commands = [["check", "--", built]]
    if bad.id in ALSO_LEAKAGE:
        commands.append(["leakage", "--out", str(tmp_path / "out"), "--", built])
    for command in commands:
        result = testing.CliRunner().invoke(cli.app, command)
        assert result.exit_code == 2, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        assert_clear(result.stderr, bad)
        assert listing(tmp_path) == before


@pytest.mark.rows(only=FEW_BY_SUBPROCESS)
def test_in_a_process_of_its_own(bad, built, tmp_path):
    before = listing(tmp_path)
    command = [sys.executable, "-c", "from quietwing.coverage.cli import main; main()", "check", built]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert_clear(result.stderr, bad)
    assert listing(tmp_path) == before


@pytest.mark.rows(only=HUNGRY)
def test_the_command_line_says_it_of_hungry_files_below_1_gib(bad, built, tmp_path):
    # VmHWM, not ru_maxrss: a forked child starts with the high-water mark of its parent, the whole test run.
    script = (
        "import atexit, pathlib, re, socket, sys, time\n"
        "from quietwing.coverage.cli import main\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = None\n"  # no network
        "def said(start=time.process_time()):\n"
        "    seconds = time.process_time() - start\n"
        "    status = pathlib.Path('/proc/self/status').read_text()\n"
        "    print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024, seconds)\n"
        "atexit.register(said)\n"
        "main()\n"
    )
    before = listing(tmp_path)
    command = [sys.executable, "-c", script, "check", "--", built]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert result.returncode == 2, result.stderr
    assert_clear(result.stderr, bad)
    assert listing(tmp_path) == before
    mebibytes, seconds = map(float, result.stdout.split())  # and nothing else
    assert mebibytes < 1024
    assert seconds < 10
