"""Every row that goes into a report comes out: on the page, on paper and in the tables."""

import csv
import html
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from pypdfium2 import PdfDocument

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.planning.costing import cost
from quietwing.coverage.planning.plan import Plan, PlanResult
from quietwing.coverage.report import make_files, page_pdf
from quietwing.coverage.report.plain_text import REPLACEMENT

by_hand = module_at("tests/engine/report/verdict_by_hand.py")
NAMES = ('#x $y$ *b* [z] "q" @a/b:1 <i>', "=1+1 \\u{41} ~ `c` // d", "\N{RIGHT-TO-LEFT OVERRIDE}ab", "W" * 90)
HEADING = "Room Holds Blocked in so many simulations"


def plan_of(count: int) -> PlanResult:
    """A plan for so many rooms asked for by name, all of them blocked."""
    site = by_hand.wing()
    silence = next(room for room in site.rooms if room.role == "silence")
    names = tuple(f"R{number:04d}" for number in range(count))
    verdict = by_hand.asked(by_hand.verdict_of(site, lambda _: 1.0, quiet=lambda _: False), spill=None)
    several = np.zeros(count, int)
    grades = tuple(
        replace(one, by_room=one.by_room.isel(room=several).assign_coords(room=list(names)), silent=one.silent[:0])
        for one in verdict.grades
    )
    scenario = replace(verdict.scenario, objective="least_cost", target_named=names)
    rooms = (*site.rooms, *(replace(silence, id=name) for name in names))
    verdict = replace(verdict, site=replace(site, rooms=rooms), grades=grades, maps=(), devices=(), treatments=())
    bill = cost(site, (), (), read_catalogue(), scenario)
    plan = Plan((), (), bill, "feasible", None, None, None, 0, (), (), (), 0, 0, 1, True, ())
    return PlanResult(plan, verdict, None, scenario)


def sheets(content: bytes) -> list[str]:
    """The text of each sheet, its lines joined."""
    with PdfDocument(content) as paper:
        texts = [sheet.get_textpage() for sheet in paper]
        for text, sheet in zip(texts, paper, strict=True):  # nothing runs into the margin, 18 mm
            assert all(text.get_charbox(at)[2] < sheet.get_width() - 50 for at in range(text.count_chars()))
        return [" ".join(text.get_text_range().split()) for text in texts]


@pytest.mark.parametrize("count", [0, 1, 60, pytest.param(3000, marks=pytest.mark.slow)])
def test_every_room_asked_for_is_a_row_of_the_page_the_paper_and_the_table(count, tmp_path):
    make_files(plan_of(count), tmp_path)
    names = [f"R{number:04d}" for number in range(count)]
    assert re.findall(r"<td>(R\d{4})</td>", (tmp_path / "summary.html").read_text("utf-8")) == names
    with (tmp_path / "rooms.csv").open(encoding="utf-8", newline="") as table:
        assert [row["room"] for row in csv.DictReader(table)] == names
    pages = sheets(page_pdf(tmp_path))
    assert re.findall(r"(R\d{4}) blocked 100 %", " ".join(pages)) == names
    assert all(HEADING in text for text in pages if re.search(r"R\d{4} blocked", text))


@pytest.mark.parametrize("count", [0, 1, 60, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_table_without_headings_keeps_every_row_and_names_stay_text(count, tmp_path):
    rows = [f"R{number:04d} {NAMES[number % 4] if number < 99 else ''}".strip() for number in range(count)]
    table = "".join(f"<tr><th>{html.escape(row)}</th><td>{at} %</td></tr>" for at, row in enumerate(rows))
    table += f"</table><table><tr>{'<th>managed_access_node</th>' * 16}</tr>"
    page = f"<title>#t</title><p class='marking'>OFFICIAL</p><h1>#t</h1><table>{table}</table><p>the end</p>"
    (tmp_path / "summary.html").write_text(page, "utf-8")
    content = page_pdf(tmp_path)
    pages = sheets(content)
    assert all(text.count("OFFICIAL") == 2 for text in pages)
    text = re.sub(r"OFFICIAL| #t \d+(?= |$)", "", " ".join(pages)).replace(" ", "")
    for at, row in enumerate(rows):
        shown = row.replace("\N{RIGHT-TO-LEFT OVERRIDE}", REPLACEMENT)  # which would turn round what follows
        assert text.count(f"{shown}{at}%".replace(" ", "")) == 1, row
    assert text.endswith("theend")
    if count == 60:  # the same bytes from another process with one thread
        code = f"print(__import__('quietwing.coverage.report').coverage.report.page_pdf(Path({str(tmp_path)!r})))"
        one = {**os.environ, "RAYON_NUM_THREADS": "1"}
        said = subprocess.run(
            [sys.executable, "-c", f"from pathlib import Path; {code}"], env=one, capture_output=True
        )
        assert said.stdout.decode().strip() == repr(content), said.stderr
