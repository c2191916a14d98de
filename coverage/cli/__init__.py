"""The command line: commands, what they ask the engine, and how an answer looks on a terminal."""

from quietwing.coverage.cli.commands import app, main

__all__ = ["app", "main"]
