"""`quietwing app`: the server on this computer alone, with every setting given, wherever it is started from."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from quietwing.coverage.app.memory import few_arenas, give_back_for_good
from quietwing.coverage.exit_codes import ENVIRONMENT

__all__ = ["DEFAULT_PORT", "SETTINGS", "arguments", "serve"]

DEFAULT_PORT = 8501
HOST = "127.0.0.1"
SCRIPT = Path(__file__).with_name("streamlit_script.py")
# Equal to .streamlit/config.toml of the checkout, which is read from the current folder only; a test compares them.
SETTINGS: Mapping[str, object] = {
    "browser.gatherUsageStats": False,
    "server.address": HOST,
    "server.allowedHosts": [HOST, "localhost"],
    "server.headless": True,
    "server.maxUploadSize": 50,
    "server.fileWatcherType": "none",
    "client.toolbarMode": "minimal",
    "client.showErrorLinks": False,
    "client.showErrorDetails": "none",
    "runner.postScriptGC": False,  # by itself Python tidies up in time; after each gesture it holds the draft back
}
MOST_WAIT_S = 60.0


def arguments(port: int) -> list[str]:
    """What Streamlit is called with: flags win over any file and environment variable.

    Parameters
    ----------
    port : int

    Returns
    -------
    list of str
    """
    found = ["run", str(SCRIPT), "--server.port", str(port), "--browser.serverPort", str(port)]
    for name, value in SETTINGS.items():
        for each in value if isinstance(value, list) else [value]:
            found += [f"--{name}", str(each).lower() if isinstance(each, bool) else str(each)]
    return found


def serve(port: int = DEFAULT_PORT, *, browser: bool = True) -> int:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    port : int
        On the loopback address only.
    browser : bool
        Whether to open the system's browser when the server answers.

    Returns
    -------
    int
        Exit code: 0 after an interruption, 5 if the port is taken.
    """
    if not _is_free(port):
        print(f"error: port {port} is in use on {HOST}; give another --port", file=sys.stderr)
        return ENVIRONMENT
    address = f"http://{HOST}:{port}"
    print(f"quietwing is at {address}; nothing leaves this computer. Ctrl-C ends it.", file=sys.stderr, flush=True)
    if browser:
        threading.Thread(target=_open_browser, args=(address,), daemon=True).start()
    few_arenas()
    give_back_for_good()
    from streamlit.web.cli import main as streamlit  # slow to load: the port is looked at first

    with contextlib.suppress(KeyboardInterrupt):
        streamlit(arguments(port), standalone_mode=False)
    return 0


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError:
            return False
    return True


def _open_browser(address: str) -> None:
    """Open it once the server answers; without a browser nothing happens, the address stands on the terminal."""
    until_s = time.monotonic() + MOST_WAIT_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy would not find this computer
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError), opener.open(f"{address}/_stcore/health", timeout=2):
            webbrowser.open(address)
            return
        time.sleep(0.2)
