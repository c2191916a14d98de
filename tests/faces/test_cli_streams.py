"""Output that cannot be written, or not in every sign: the answer, or one line, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from by_path import module_at

QUIETWING = "import sys; from quietwing.coverage.cli import main; sys.argv[0] = 'quietwing'; main()"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The smallest whole site, under a name that half the world's code pages lack."""
    tiny = module_at("tests/places/tiny_site.py")
    folder = tmp_path_factory.mktemp("streams") / "中"
    return tiny.write(folder, lambda parts: parts.update(toml=parts["toml"].replace('"tiny"', '"中ñ→😀"')))


def ask(command: str, site: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell says of ``quietwing`` with the redirections of a command; SITE stands for the site."""
    line = command.replace("quietwing", '"$PYTHON" -c "$CODE"').replace("SITE", '"$SITE"')
    own = {"PYTHON": sys.executable, "CODE": QUIETWING, "SITE": str(site)}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, env={**os.environ, **own, **environment}
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("quietwing check SITE >&-", 0),
        ("quietwing check SITE 2>&-", 0),
        ("quietwing check SITE >&- 2>&-", 0),
        ("quietwing check SITE 2>/dev/full", 0),
        ("quietwing check SITE >/dev/full", 5),
        ("quietwing check SITE | true", 5),
        ("quietwing check nowhere 2>/dev/full", 2),
    ],
)
def test_a_stream_that_is_closed_full_or_without_a_reader_gives_no_traceback(site, command, code):
    answered = ask(command, site)
    assert answered.returncode == code
    assert b"Traceback" not in answered.stderr
    assert b"Exception" not in answered.stderr


def test_a_limit_on_the_size_of_files_is_named_with_where_files_are_written(site, tmp_path):
    answered = ask(
        f"(ulimit -f 1; quietwing leakage SITE --grid-m 5 --out {tmp_path / 'answer'} | cat) 2>&1 | cat", site
    )
    assert answered.returncode == 5
    said = answered.stdout.decode().splitlines()[-1]
    assert said.startswith("error: ")
    assert "File too large; raise the limit on the size of files (ulimit -f)" in said
    assert b"Traceback" not in answered.stdout
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_names_of_any_alphabet_are_written_in_any_encoding(site, encoding):
    plain = ask("quietwing leakage SITE --grid-m 5", site, PYTHONIOENCODING=encoding)
    assert plain.returncode == 0
    assert b"Traceback" not in plain.stderr
    spoken = ask("quietwing leakage SITE --grid-m 5 --json", site, PYTHONIOENCODING=encoding)
    assert json.loads(spoken.stdout.decode(encoding))["site"] == "中ñ→😀"
