"""Whatever a reader does to itself happens in a child process and is one line here."""

import os
import sys
import time
from threading import Timer

import pytest

from quietwing.sites.errors import SiteError
from quietwing.sites.importers import run_reader

READERS = """
import os

def echo(word):
    return {"word": word}, b"rest\\n\\0"

def crash():
    import ctypes
    ctypes.string_at(0)

def hoard():
    return len("x" * (3 * 2**30))

def starve():
    os._exit(127)  # as the C library does where no memory is left for data of a thread

def nest():
    return nest()

def loop():
    while True:
        pass

def sleep():
    import time
    time.sleep(60)

def call():
    import socket
    socket.create_connection(("127.0.0.1", 80))

def look_up():
    import socket
    socket.getaddrinfo("localhost", 80)

def write(path):
    open(path, "w").write("x")

def write_below_python(path):
    return os.open(path, os.O_WRONLY | os.O_CREAT)

def remove(path):
    os.remove(path)

def start():
    import subprocess
    subprocess.run(["true"])

def proxies():
    return sorted(name for name in os.environ if "proxy" in name.lower() or "KEY" in name)

def chatter():
    return "x" * 2**22

def half():
    return {"layer": "w\\udc9b", "of another plane": "\\U0001f6aa"}

def vanish():
    os._exit(0)

def refuse():
    from quietwing.sites.errors import SiteError
    raise SiteError(["plan.dxf: one thing; mend it", "plan.dxf: another; mend it too"])

def need():
    import ezdxf_of_tomorrow
"""


@pytest.fixture(autouse=True)
def readers(tmp_path, monkeypatch):
    (tmp_path / "own_readers.py").write_text(READERS, "utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])


def read(name, seconds=20, **arguments):
    return run_reader(f"own_readers:{name}", arguments, name="plan.dxf", seconds=seconds, answer_bytes=2**20)


def told(name, seconds=20, **arguments):
    with pytest.raises(SiteError) as caught:
        read(name, seconds, **arguments)
    return caught.value.problems


def test_the_answer_is_json_and_bytes():
    assert read("echo", word="café") == ({"word": "café"}, b"rest\n\0")


def test_half_a_character_of_a_name_is_a_question_mark_and_whole_ones_stay():
    assert read("half")[0] == {"layer": "w?", "of another plane": "\U0001f6aa"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crash", "SIGSEGV"),
        ("hoard", "needs more than 2 GiB"),
        ("starve", "needs more than 2 GiB"),
        ("nest", "nested too deeply"),
        ("vanish", "ended without an answer"),
        ("chatter", "more than 1 MiB"),
        ("need", 'pip install "quietwing['),
    ],
)
def test_a_reader_that_breaks_down_is_one_line_that_names_the_file(name, said):
    (line,) = told(name)
    assert line.startswith("plan.dxf: ")
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize("name", ["loop", "sleep"])
def test_a_reader_that_never_ends_is_ended(name):
    began = time.monotonic()
    (line,) = told(name, seconds=1)
    assert "after 1 s" in line
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="the system knows no limit of processor time")
def test_a_reader_that_spends_its_processor_time_before_the_clock_is_told_alike(monkeypatch):
    monkeypatch.setattr("quietwing.sites.importers.child.threading.Timer", lambda s, stop: Timer(s + 20, stop))
    (line,) = told("loop", seconds=1)
    assert "after 1 s" in line


@pytest.mark.parametrize("name", ["call", "look_up", "start"])
def test_a_reader_reaches_no_network_and_starts_no_program(name):
    assert "is not allowed" in told(name)[0]


@pytest.mark.parametrize("name", ["write", "write_below_python", "remove"])
def test_a_reader_writes_and_removes_nothing(name, tmp_path):
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("kept")
    assert "is not allowed" in told(name, path=str(there if name == "remove" else new))[0]
    assert there.read_text() == "kept"
    assert not new.exists()


def test_a_reader_sees_no_proxy_and_no_key(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SOME_KEY", "secret")
    assert read("proxies")[0] == ["no_proxy"]
    assert "HTTPS_PROXY" in os.environ


def test_what_the_reader_finds_wrong_comes_back_line_by_line():
    assert told("refuse") == ("plan.dxf: one thing; mend it", "plan.dxf: another; mend it too")
