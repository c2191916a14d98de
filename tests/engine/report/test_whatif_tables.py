"""What would change the answer, in words: the best changes first, prices beside them, what is not known said so."""

import csv
import io
import math

from quietwing.coverage.report.whatif_tables import whatif_csv, whatif_headline, whatif_object, whatif_rows
from quietwing.coverage.results import WhatIf, WhatIfRow
from quietwing.coverage.scenario import Scenario
from quietwing.sites import load_site


def row(name, cells, gained, margin_db=1.29, cost_gbp=None, note="", mean=None):
    spill = {"planning": (margin_db, True), "evidence": (-math.inf, False)}
    both = {"planning": cells, "evidence": 0}, {"planning": gained, "evidence": 0}
    kind = "unchanged" if name == "unchanged" else "window"
    means = {"planning": float(cells) if mean is None else mean, "evidence": 0.0}
    return WhatIfRow(name, kind, f"{name} everywhere", *both, spill, cost_gbp, note, means)


def result(*rows):
    unchanged = row("unchanged", 2, 0, math.inf)
    return WhatIf(
        load_site("houseblock"), Scenario(), (), (), ("planning", "evidence"), 10, unchanged, rows, "abc123abc123"
    )


MESH = row("mesh", 7, 5, 1.29, 1234.5, "illustrative")
LOWER = row("EE lower", 3, 1, note="ask the operator for a price")
LOSES = row("search margin", 1, -1)


def test_the_headline_names_the_changes_that_gain_and_their_price():
    assert whatif_headline(result(MESH, LOWER, LOSES)) == (
        "Of 10 rooms this layout blocks 2 at planning grade, 0 at evidence grade.",
        "Most rooms at planning grade by one change: mesh: +5 for £1,234; EE lower: +1.",
    )
    assert whatif_headline(result(LOSES))[1] == "No single change gains a room at planning grade."


def test_the_headline_says_what_comes_nearest_where_few_changes_gain_a_cell():
    film = row("film", 2, 0, cost_gbp=500.0, mean=6.25)
    close = row("sealed", 2, 0, mean=2.05)  # less than a tenth of a cell more than the 2.0 of now
    assert whatif_headline(result(LOWER, close, film))[1:] == (
        "Most rooms at planning grade by one change: EE lower: +1.",
        "Rooms blocked in a simulation, on average 2.0 now, come nearest with film: 6.2 for £500.",
    )


def test_margins_are_floored_and_what_is_not_known_is_said():
    first, mesh, lower = whatif_rows(result(MESH, LOWER))
    margins = ["nothing radiates, pass", "not known, FAIL"]
    assert first == ["unchanged", "unchanged everywhere", "2", "0", "2.0", "0.0", *margins, ""]
    assert mesh[2:] == ["7 (+5)", "0 (±0)", "7.0", "0.0", "1.2 dB, pass", "not known, FAIL", "£1,234 (illustrative)"]
    assert lower[-1] == "ask the operator for a price"
    assert whatif_rows(result(MESH, LOWER), 1, in_full=False)[1][:2] == ["mesh", "7 (+5)"]


def test_the_csv_has_numbers_and_never_a_formula():
    rows = list(csv.DictReader(io.StringIO(whatif_csv(result(MESH, row("=1+1", 2, 0))))))
    assert rows[1]["cost_gbp"] == "1234.50"
    assert rows[1]["gained_planning"] == "5"
    assert rows[1]["mean_cells_planning"] == "7.00"
    assert rows[0]["spill_margin_db_planning"] == ""
    assert rows[2]["change"] == "'=1+1"


def test_json_has_null_where_there_is_no_number():
    found = whatif_object(result(MESH, LOWER), 1)
    assert [one["name"] for one in found["changes"]] == ["mesh"]
    assert found["unchanged"]["spill"]["planning"] == {"margin_db": None, "passed": True}
    assert found["changes"][0]["cost_gbp"] == 1234.5
