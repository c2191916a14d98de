"""The app's server as a program, ``python -m quietwing.coverage.app``: what ``quietwing app`` runs."""

import argparse
import sys

from quietwing.coverage.app.serving import DEFAULT_PORT, serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="quietwing app")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    sys.exit(serve(given.port, browser=not given.no_browser))
