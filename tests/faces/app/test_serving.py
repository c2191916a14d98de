"""`quietwing app`: the same settings as the checkout, loopback only, and nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from quietwing.coverage.app.serving import SETTINGS, arguments, serve
from quietwing.coverage.exit_codes import ENVIRONMENT

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def test_the_settings_are_those_of_the_checkout():
    """An installed wheel has no .streamlit folder: every line of it is a flag."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    lines = {f"{section}.{key}": value for section, keys in config.items() for key, value in keys.items()}
    assert lines == dict(SETTINGS)


def test_streamlit_is_given_every_setting():
    given = arguments(8765)
    assert given[:2] == ["run", given[1]]
    assert Path(given[1]).is_file()
    for name in SETTINGS:
        assert f"--{name}" in given
    assert given[given.index("--server.port") + 1] == "8765"
    assert given.count("--server.allowedHosts") == 2


def test_a_port_in_use_is_one_message(capsys):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        assert serve(port, browser=False) == ENVIRONMENT
    assert f"port {port} is in use" in capsys.readouterr().err


def test_the_command_runs_the_server_and_ends_with_its_code():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        command = [sys.executable, "-P", "-c", "from quietwing.coverage.cli import main; main()"]
        ran = subprocess.run([*command, "app", "--port", str(port)], capture_output=True, text=True, check=False)
    assert ran.returncode == ENVIRONMENT
    assert ran.stderr.splitlines() == [f"error: port {port} is in use on 127.0.0.1; give another --port"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc")
def test_the_server_listens_on_loopback_only_answers_no_other_name_and_leaves_nothing(tmp_path):
    port = free_port()
    code = f"from quietwing.coverage.app.serving import serve; serve({port}, browser=False)"
    server = subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,  # no .streamlit here
        env=os.environ | {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                assert _get(port).status == 200
                break
            except OSError:
                assert time.monotonic() < end
                assert server.poll() is None, server.stdout and server.stdout.read()
                time.sleep(0.1)
        assert _listening(port) == {"0100007F"}, "loopback only"
        assert _handshake(port, f"127.0.0.1:{port}") == "101", "the app speaks over this"
        assert _handshake(port, "evil.example") == "403", "a name that was bent to this computer"
    finally:
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=30)
    assert "External" not in said, "it would have looked for its address on the internet"
    assert not list(tmp_path.glob("quietwing-app-*"))


def _get(port: int):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)


def _handshake(port: int, host: str) -> str:
    """Status with which the app's WebSocket answers a browser that calls it by this name."""
    lines = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "",
        "",
    )
    with socket.create_connection(("127.0.0.1", port), timeout=5) as door:
        door.sendall("\r\n".join(lines).encode())
        return door.recv(64).split()[1].decode()


def _listening(port: int) -> set[str]:
    """Addresses, as /proc writes them, at which the port is open."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, at = line.split()[1].split(":")
            if int(at, 16) == port and line.split()[3] == "0A":
                found.add(address)
    return found
