"""What the README says is what happens."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from by_path import module_at

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
QUIETWING = [sys.executable, "-P", "-c", "from quietwing.coverage.cli import main; main()"]
# These start anew as a user's do; the others are forks of one process, which know nothing of each other's work.
STARTED = ("check", "import")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in fenced if name == language]


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture
def forked_command(tmp_path_factory):
    with module_at("tests/faces/forked_command.py").forked_command(tmp_path_factory.mktemp("command")) as ran:
        yield ran


@pytest.mark.slow
def test_the_script_of_ten_lines_runs_as_printed(tmp_path):
    (script,) = blocks("python")
    assert len([line for line in script.splitlines() if line.strip()]) == 10
    ran = run([sys.executable, "-P", "-c", script], tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert re.match(r"\d+ of \d+ rooms (?:is|are) blocked at planning grade", ran.stdout)
    for name in ("plan.json", "layout.csv", "bill_of_materials.csv", "spill.csv", "leakage.csv", "summary.html"):
        assert (tmp_path / "plan" / name).is_file()


@pytest.mark.slow
def test_every_command_line_runs_in_order(forked_command, tmp_path):
    lines = [line for block in blocks("") for line in block.splitlines() if line.startswith("quietwing ")]
    assert len(lines) >= 11
    for line in lines:
        arguments = shlex.split(line)[1:]
        own = arguments[0] in STARTED
        ran = run([*QUIETWING, *arguments], tmp_path) if own else forked_command(arguments, tmp_path)
        assert ran.returncode == 0, f"{line}: {ran.stderr}"
        assert "Traceback" not in ran.stderr
        if "--json" in line:
            assert json.loads(ran.stdout)["rooms"]["silence"] > 0
    assert (tmp_path / "houseblock-leakage" / "summary.html").is_file()
    assert (tmp_path / "my-wing" / "site.toml").is_file()
    assert json.loads((tmp_path / "my-plan" / "plan.json").read_text("utf-8"))["reproducible"] is True


@pytest.mark.slow
@pytest.mark.long  # .ci/run does it from the wheel
def test_the_demo_writes_what_the_readme_promises(tmp_path):
    ran = run([*QUIETWING, "demo"], tmp_path)
    assert ran.returncode == 0, ran.stderr
    written = sorted(path.name for path in (tmp_path / "quietwing-demo").iterdir())
    for name in ("leakage.csv", "plan.json", "layout.csv", "bill_of_materials.csv", "spill.csv", "summary.html"):
        assert name in written
    assert sum(name.endswith(".png") for name in written) >= 4
    assert sum(name.startswith("before-after") for name in written) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["quietwing-demo"]


def test_links_of_the_readme_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
