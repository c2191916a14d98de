"""The types of answers: their schemas, their page, and the columns of a batch that are made from them."""

from pathlib import Path

import pytest
from by_path import module_at
from jsonschema import Draft202012Validator, ValidationError

from quietwing.coverage.answers import ANSWERS, SUMMARY_COLUMNS, row_of, schema_of

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("command", ANSWERS)
def test_every_schema_is_one_and_fetches_nothing(command):
    schema = schema_of(command)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith(f"urn:quietwing:{command}:")
    assert schema["additionalProperties"] is False


def test_the_page_of_results_is_made_from_them():
    maker = module_at("docs/make_results.py")
    assert (DOCS / "results.md").read_text("utf-8") == maker.page(), "run python -P docs/make_results.py"


def test_a_row_of_a_batch_takes_marked_keys_wherever_they_stand():
    spill = {"tier": "service", "passed": True, "worst_margin_db": 3.1, "where": None}
    answer = {
        "site": "wing",
        "rules": {"name": "default", "fingerprint": "0123456789ab"},
        "rooms": {"silence": 9, "silent": 5},
        "grades": {"evidence": {"rooms": {"silent": 2}, "tier": "emergency", "spill": spill}},
        "spill": None,
    }
    row = row_of(answer)
    assert list(row) == [column.name for column in SUMMARY_COLUMNS]
    assert (row["site"], row["rules"]) == ("wing", "default (0123456789ab)")
    assert (row["rooms_silent"], row["rooms_silent_evidence"], row["rooms_silent_planning"]) == (5, 2, None)
    assert (row["spill_tier_evidence"], row["spill_margin_db_evidence"]) == ("emergency", 3.1)
    assert row["spill_tier"] is None  # of the grade asked for, which was not judged outside


def test_a_key_that_no_type_names_is_refused(as_shipped):
    empty = dict.fromkeys(schema_of("frontier")["required"])
    with pytest.raises(ValidationError):
        as_shipped("frontier", empty | {"surprise": 1})
