"""Temporary folders go: with the session, with the server, and after a kill."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quietwing.coverage.app import session_folders

SERVER = """
import pathlib, subprocess, sys, time
from quietwing.coverage.app import session_folders
root = session_folders.root()
job = root / "session-a" / "verdict-b"
job.mkdir(parents=True)
(job / "plan").write_text("secret")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(job)], start_new_session=True)
(job / "pid").write_text(str(child.pid))
print(root, child.pid, flush=True)
{then}
"""


def wait(until: Callable[[], bool], most_s: float = 15.0) -> None:
    end = time.monotonic() + most_s
    while not until():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None], ids=["killed", "ended", "by itself"])
def test_nothing_is_left_of_a_server_however_it_ends(how, tmp_path):
    then = "time.sleep(600)" if how else ""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", SERVER.format(then=then)],
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        text=True,
    ) as server:
        assert server.stdout is not None
        root, job = server.stdout.readline().split()
        if how:
            assert Path(root).is_dir()
            assert is_alive(int(job))
            os.kill(server.pid, how)
    wait(lambda: not Path(root).exists())
    wait(lambda: not is_alive(int(job)))
    assert not list(tmp_path.glob(f"{session_folders.PREFIX}*"))


def test_the_sweep_takes_roots_of_dead_servers_only(tmp_path, monkeypatch):
    monkeypatch.setattr(session_folders.tempfile, "gettempdir", lambda: str(tmp_path))
    dead, living, made, other = (
        tmp_path / f"{session_folders.PREFIX}{name}" for name in ("dead", "living", "made", "x")
    )
    for folder in (dead, living, made):
        (folder / "session-a").mkdir(parents=True)
    (dead / session_folders.LOCK).touch()
    other.write_text("a file of that name")
    with (living / session_folders.LOCK).open("w") as held:
        assert session_folders._hold(held)
        session_folders.sweep()
        assert not dead.exists()
        assert living.exists(), "its server lives"
        assert made.exists(), "it may be being made just now"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_root_is_its_user_s_alone():
    assert stat.S_IMODE(session_folders.root().stat().st_mode) == 0o700
    assert session_folders.root() == session_folders.root()


def test_a_session_s_folder_goes_when_the_browser_has_been_away_for_the_grace(monkeypatch, tmp_path):
    stays, goes = tmp_path / "stays", tmp_path / "goes"
    for folder in (stays, goes):
        folder.mkdir()
        (folder / "plan").write_text("secret")

    monkeypatch.setattr(session_folders, "_sessions", {"here": stays, "gone": goes})
    ended = []
    monkeypatch.setattr("quietwing.coverage.app.jobs.end_all", ended.append)
    gone_since = {}
    for now_s in (0.0, session_folders.GRACE_S - 1):
        session_folders._look("here".__eq__, gone_since, now_s)
        assert not ended, "not before the grace is over"
        assert goes.exists()
    session_folders._look("here".__eq__, gone_since, session_folders.GRACE_S + 1)
    assert ended == [goes]
    assert not goes.exists()
    assert stays.exists()
    assert session_folders._sessions == {"here": stays}


def test_the_janitor_thread_is_a_daemon():
    session_folders.root()
    threads = [thread for thread in threading.enumerate() if thread.name == "quietwing janitor"]
    assert threads
    assert all(thread.daemon for thread in threads)
