"""The cross-check with ray tracing: what was kept, and what the page says of it."""

import datetime as dt
from pathlib import Path

from quietwing.coverage.validation.document import document
from quietwing.coverage.validation.raytrace_check import (
    Check,
    GainRow,
    VerdictRow,
    check_section,
    check_toml,
    read_check,
)

PAGE = Path(__file__).parents[3] / "docs/validation.md"

CHECK = Check(
    made=dt.date(2026, 11, 26),
    engine="Sionna RT 2.2.0",
    mast_rays=60_000_000,
    device_rays=10_000_000,
    max_depth=12,
    square_m=0.25,
    gains=(GainRow("brick", "device", 806.0, 100, 2, -3.5, 4.25, -14.0, 0.5),),
    verdicts=(
        VerdictRow("brick", "all points", "off", "verdict", 30, 20, 1, 7.0, 4.0, -1.0),
        VerdictRow("brick", "all points", "on", "verdict", 30, 30, 0, 18.0, 12.0, 9.0),
        VerdictRow("brick", "all points", "off", "medians", 30, 30, 15, -2.0, -4.0, -6.0),
    ),
)


def test_what_is_kept_is_read_again(tmp_path):
    kept = tmp_path / "check.toml"
    kept.write_text(check_toml(CHECK), encoding="utf-8")
    assert read_check(kept) == CHECK


def test_the_rate_is_of_rooms_called_silent():
    section = check_section(CHECK)
    assert "1 of 50 rooms called silent (all sweeps) are false silent: 2.0%" in section
    assert "15 of 30 rooms called silent (all sweeps) are false silent: 50.0%" in section
    assert "| brick | device | 806 | 100 | 2 | -3.5 | 4.2 | -14.0 to +0.5 |" in section
    assert "| brick | all points | off | verdict | 20 of 30 | 1 | +7 | +4 | -1 |" in section
    assert section in document((), CHECK)


def test_the_published_page_says_what_was_kept():
    assert check_section(read_check()) in PAGE.read_text(encoding="utf-8")


def test_what_was_kept_covers_both_wings_both_sides_and_a_band_below_1_ghz():
    kept = read_check()
    assert {row.wing for row in kept.gains} == {row.wing for row in kept.verdicts} == {"brick", "concrete"}
    assert {row.blockers for row in kept.verdicts} == {"off", "on"}
    assert min(row.freq_mhz for row in kept.gains) < 1000
    for row in kept.gains:
        assert row.low_db <= row.median_db <= row.high_db
        assert 0 <= row.unreached < row.links
    for verdict in kept.verdicts:
        assert verdict.false_silent <= verdict.called <= verdict.rooms
        assert (verdict.least_db < 0) == (verdict.false_silent > 0)
        assert verdict.least_db <= verdict.low_db <= verdict.median_db
