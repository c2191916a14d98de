"""Antenna files: read as they are meant, or refused with every problem by file and line. All of them made up here."""
# ruff: noqa: E501

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietwing.sites.antenna_files import parse_msi
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings
from quietwing.sites.site_antennas import read_antennas

HEAD = "NAME made-up\nMAKE nobody\nFREQUENCY 1840\nH_WIDTH 65\nV_WIDTH 7\nFRONT_TO_BACK 25\nGAIN 15\nTILT ELECTRICAL\nCOMMENT one\nCOMMENT two\n"
BEAM = [round(12 * (1 - math.cos(math.radians(angle))), 2) for angle in range(360)]
TILTED = BEAM[-6:] + BEAM[:-6]  # the beam 6° down


def cut(name: str, losses=BEAM) -> str:
    return f"{name} 360\n" + "".join(f"{angle} {loss}\n" for angle, loss in enumerate(losses))


def msi(head: str = HEAD, horizontal=BEAM, vertical=TILTED) -> str:
    return head + cut("HORIZONTAL", horizontal) + cut("VERTICAL", vertical)


def test_name_frequency_gain_tilt_and_both_cuts_are_read():
    found = parse_msi(msi(), "a.msi")
    assert (found.name, found.freq_mhz, found.tilt) == ("made-up", 1840.0, "ELECTRICAL")
    assert found.horizontal_loss_db == tuple(BEAM)
    assert found.vertical_loss_db == tuple(TILTED)


@pytest.mark.parametrize(
    ("gain", "gain_dbi"),
    [("15", 17.15), ("15.0 dBd", 17.15), ("17.15 dBi", 17.15), ("17.15dBi", 17.15), ("-3 DBI", -3)],
)
def test_a_gain_without_unit_is_over_a_dipole(gain, gain_dbi):
    found = parse_msi(msi(HEAD.replace("GAIN 15", f"GAIN {gain}")), "a.msi")
    assert found.gain_dbi == pytest.approx(gain_dbi)


@pytest.mark.parametrize("frequency", ["1840", "1840 MHz", "1.84 GHz", "1840.0mhz"])
def test_a_frequency_without_unit_is_in_mhz(frequency):
    assert parse_msi(msi(HEAD.replace("1840", frequency)), "a.msi").freq_mhz == pytest.approx(1840)


def test_what_takes_no_part_in_the_pattern_may_be_missing():
    found = parse_msi(msi("NAME bare\n"), "a.msi")
    assert (found.freq_mhz, found.gain_dbi, found.tilt) == (None, None, "")


@given(order=st.permutations(range(360)))
def test_rows_may_come_in_any_order_tabbed_spaced_or_with_windows_line_ends(order):
    rows = "".join(f"\t{angle}.0\t{BEAM[angle]} \r\n" for angle in order)
    found = parse_msi("name x\r\nvertical 360\r\n" + rows + "horizontal 360\r\n" + rows, "a.msi")
    assert found.horizontal_loss_db == found.vertical_loss_db == tuple(BEAM)


def from_disk(folder, name: str, content: bytes):
    """The antennas of a site's folder with one file, and the problems told."""
    (folder / "antennas").mkdir()
    (folder / "antennas" / name).write_bytes(content)
    findings = Findings()
    return read_antennas(folder, findings), list(findings.problems)


def test_a_file_is_read_from_disk(tmp_path):
    assert from_disk(tmp_path, "a.pln", msi().encode()) == ({"a.pln": parse_msi(msi(), "a.pln")}, [])


def changed(old: str, new: str) -> str:
    assert old in msi()
    return msi().replace(old, new, 1)


BAD = {
    "empty": ("", ("is empty",)),
    "binary": (b"\x89PNG\r\n\x00\x00", ("NUL|UTF-8",)),
    "latin-1": (msi().replace("nobody", "N\xfcrnberg").encode("latin-1"), ("line 2", "not UTF-8", "save as UTF-8")),
    "large": (msi() + "\n" * 300_000, (r"limit 262,144",)),
    "many-lines": (msi() + "\n" * 2_000, (r"2,7\d\d lines \(limit 2,000\)", "one antenna a file")),
    "no-name": (msi("MAKE nobody\n"), ("has no NAME",)),
    "long-name": (msi("NAME " + "x" * 81 + "\n"), ("line 1", "at most 80")),
    "no-vertical": (HEAD + cut("HORIZONTAL"), ("has no VERTICAL cut", "VERTICAL 360")),
    "no-cut": (HEAD, ("has no HORIZONTAL cut", "has no VERTICAL cut")),
    "half-degrees": (changed("HORIZONTAL 360", "HORIZONTAL 720"), ("line 11", "'720' .expected 360.")),
    "between-degrees": (changed("\n7 ", "\n7.5 "), ("line 19", r"angle 7\.5", "whole degrees")),
    "row-missing": (changed("\n7 0.09", ""), ("line 11", r"359 of 360 angles \(missing 7\)")),
    "cut-short": (msi().rsplit("\n", 12)[0] + "\n", ("line 372", r"missing 349, 350, 351, 352, 353, …")),
    "row-twice": (changed("\n7 ", "\n6 "), ("line 19", "angle 6 twice")),
    "angle-negative": (changed("\n7 ", "\n-7 "), ("line 19", "angle -7", "0 to 359")),
    "angle-endless": (changed("\n7 ", "\n1e999 "), ("line 19", "angle inf")),
    "loss-negative": (changed("\n7 0.09", "\n7 -0.09"), ("line 19", r"-0\.09 dB at 7°", "drop the minus")),
    "loss-huge": (changed("\n7 0.09", "\n7 900"), ("line 19", "900 dB", "at most 120")),
    "loss-no-number": (changed("\n7 0.09", "\n7 0,09"), ("line 19", "'7 0,09'", "plain numbers")),
    "three-values": (changed("\n7 0.09", "\n7 0.09 1"), ("line 19", "'7 0.09 1'")),
    "no-beam": (msi(horizontal=[loss + 10 for loss in BEAM]), ("line 11", "nowhere nearer than 10 dB")),
    "cut-twice": (msi() + cut("VERTICAL"), ("line 733", "VERTICAL stands twice")),
    "key-twice": (changed("MAKE nobody", "NAME other"), ("line 2", "NAME stands twice")),
    "rows-astray": (HEAD + "0 0\n1 0.1\n", ("line 11", "belongs to no cut")),
    "gain-in-words": (changed("GAIN 15", "GAIN high"), ("line 7", "'high'", "dBd or dBi")),
    "gain-of-another-unit": (changed("GAIN 15", "GAIN 15 dBm"), ("line 7", "'15 dBm'")),
    "gain-impossible": (changed("GAIN 15", "GAIN 150"), ("line 7", r"152\.15 dBi", "-30 to 40")),
    "frequency-range": (changed("1840", "1710-1880"), ("line 3", "'1710-1880'", "one number")),
    "frequency-in-hz": (changed("1840", "1840000000"), ("line 3", "300 to 7125")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_line_and_what_to_do(name, tmp_path):
    content, patterns = BAD[name]
    read, problems = from_disk(tmp_path, "a.msi", content if isinstance(content, bytes) else content.encode())
    assert read == {}
    assert len(problems) <= 20
    assert all(line.startswith("antennas/a.msi: ") and line.isprintable() for line in problems)
    for pattern in patterns:
        assert re.search(pattern, "\n".join(problems)), problems


def test_all_problems_of_a_file_come_at_once():
    text = changed("GAIN 15", "GAIN high").replace("\n7 0.09", "\n7 -1", 1).replace("\n9 0.15", "\n9 x", 1)
    with pytest.raises(SiteError) as refused:
        parse_msi(text.replace("VERTICAL 360", "VERTICAL 361"), "a.msi")
    assert sorted(re.search(r"line \d+", problem).group() for problem in refused.value.problems) == [
        "line 19",
        "line 21",
        "line 372",
        "line 7",
    ]
