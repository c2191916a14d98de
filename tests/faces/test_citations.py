"""Every reason stands in the repository: citations and links lead somewhere, and the page of assumptions is fresh."""

import re
from collections import Counter
from pathlib import Path

import pytest
from by_path import module_at

ROOT = Path(__file__).parents[2]
FOLDERS = ("coverage", "sites", "tests", "docs", "benchmarks")
TEXT = {".py", ".md", ".csv", ".toml", ".html", ".css", ".template", ".txt", ".js"}
PAGE = ROOT / "docs" / "assumptions.md"

# What stood in notes that only the authors had. Constants may be named RULES or CHOICES: a number or § tells.
FORBIDDEN = re.compile(
    r"\b(?:CHOICES|RULES) (?:R?\d|§)|\b(?:CHOICES|RULES|STYLE|DESIGN)\.md|\bDESIGN\b|\bSTYLE[, ]+(?:§|\")"
    r"|\b(?:domain|reliability|ecosystem|optimisation|propagation|trials|performance|faults|physics-check|review)\.md"
    r"|\b(?:domain|reliability) N?\d+(?:\.\d)?\b|\bphysics-check\b|\bshared reference\b"
    r"|\breference/[a-z]+\.md|\.\./shared"
    r"|\[F:\d|(?<![\w\[\]])\[[AK]\](?!\()|\bissue \d+\b|\breview F\d"
)
CITATION = re.compile(r"\b[Aa]ssumptions? (A\d+(?:(?:,| and| to) A\d+)*)|\[(A\d+(?:, A\d+)*)\]\(")
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


def texts() -> list[Path]:
    """Every file of ours that a person reads, this one left out."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in TEXT]
    kept = [path for path in found if not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)]
    return [*sorted(kept), *sorted(ROOT.glob("*.md")), ROOT / "app.py", ROOT / "pyproject.toml"]


def pages() -> list[Path]:
    named = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"]
    return [path for path in sorted(named) if path.name != "CHANGELOG.md"]


def headings(path: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    named: Counter[str] = Counter()
    anchors = set()
    for title in re.findall(r"^#+ (.+?)\s*$", text, re.M):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        anchors.add(anchor + (f"-{named[anchor]}" if named[anchor] else ""))
        named[anchor] += 1
    return anchors


def entries() -> list[int]:
    return [int(number) for number in re.findall(r"^### A(\d+) ", PAGE.read_text("utf-8"), re.M)]


def cited(text: str) -> list[int]:
    found = []
    for match in CITATION.finditer(text):
        named = match[1] or match[2]
        numbers = [int(number) for number in re.findall(r"\d+", named)]
        found += range(numbers[0], numbers[1] + 1) if " to " in named else numbers
    return found


def test_the_page_of_assumptions_is_the_one_its_data_make(monkeypatch):
    maker = module_at("docs/make_assumptions.py")
    assert PAGE.read_text("utf-8") == maker.page(), "run python -P docs/make_assumptions.py"


def test_no_number_names_two_assumptions():
    assert len(entries()) == len(set(entries())) > 50


def test_every_assumption_cited_is_on_the_page():
    known, count = set(entries()), 0
    for path in texts():
        for number in cited(path.read_text("utf-8")):
            count += 1
            assert number in known, (
                f"{path.relative_to(ROOT)} cites assumption A{number}, which is not in {PAGE.name}"
            )
    assert count > 50


def test_nothing_cites_notes_that_are_not_in_the_repository():
    for path in texts():
        if path != Path(__file__):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                match = FORBIDDEN.search(line)
                assert not match, (
                    f"{path.relative_to(ROOT)}:{number} cites {match[0]!r}: cite an assumption or a standard"
                )


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(path):
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    for match in LINK.finditer(text):
        target, _, anchor = (match[1] or match[2]).partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), f"{path.name} links to {target}, which is not there"
        assert there.is_relative_to(ROOT), f"{path.name} links to {target}, outside the repository"
        if anchor:
            assert anchor in headings(there), f"{path.name} links to {target}#{anchor}, a heading that is not there"


def test_every_word_of_the_glossary_has_a_unit_and_a_meaning():
    lines = (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    words = [row[0] for row in rows if set(row[0]) != {"-"} and row[1] != "unit"]
    assert all(len(row) == 3 and all(row) for row in rows)
    assert len(words) == len(set(words)) > 100
    assert {"path gain, path loss", "EIRP", "RSRP", "SINR", "J/S", "donor sector"} <= set(words)


def test_the_map_of_where_things_go_names_files_that_are_there():
    section = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Where does it go")[1]
    named = re.findall(r"`([\w./-]+\.(?:py|toml|md|csv|template))`", section)
    assert len(named) > 30
    for name in set(named) - {"NAME_page.py", "verdict.json"}:
        assert (ROOT / name).is_file(), f"CONTRIBUTING names {name}, which is not there: say where it went"
