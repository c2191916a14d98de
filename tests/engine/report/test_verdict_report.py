"""A verdict shown: the words claim no more than the numbers, tables agree with it, pages ask for nothing outside."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage.equipment import Treatment
from quietwing.coverage.report import write
from quietwing.coverage.report.escapes import Escape, ceiled, count_rooms, escapes_of, state_of_rooms
from quietwing.coverage.report.grades import protected_rooms
from quietwing.coverage.report.spill_map import points_that_pass
from quietwing.coverage.report.verdict_tables import escapes_csv, rooms_csv, spill_csv, verdict_object
from quietwing.coverage.report.words import (
    VERDICT_GLOSSARY,
    binding_in_words,
    escape_in_words,
    limits_in_words,
    percent,
    probability_in_words,
    spill_in_words,
    verdict_headline,
)
from quietwing.coverage.results import Verdict
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.spill_rows import RingRow
from quietwing.coverage.study import leakage

by_hand = module_at("tests/engine/report/verdict_by_hand.py")
CHANNELS = by_hand.CHANNELS
asked = by_hand.asked
devices = by_hand.devices
evidence = by_hand.evidence
verdict_of = by_hand.verdict_of
wing = by_hand.wing
KEPT = (
    "Spill over the fence, service limit: kept, the smallest margin is 0.2 dB, at 0–20 m, point ring-7: EE 800 MHz 4G"
)


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    return verdict_of(wing())


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_states_are_disjoint_and_add_up_to_the_rooms_that_must_be_silent(verdict):
    count = count_rooms(verdict)
    assert count.silent + count.quiet_anyway + count.holes + count.unknown == count.silence
    assert count.silence == sum(room.role == "silence" for room in verdict.site.rooms)
    assert min(count.silent, count.quiet_anyway, count.holes) > 0


def test_a_room_that_is_not_known_is_never_silent(verdict):
    lost = verdict.by_room.assign(unknown=("room", np.arange(verdict.by_room.sizes["room"]) == 0))
    state = state_of_rooms(asked(verdict, by_room=lost))
    assert state_of_rooms(verdict)[0] == "silent"
    assert state[0] == "not known"
    assert escapes_of(asked(verdict, by_room=lost))[0].room == verdict.by_room["room"].values[0]


def test_one_room_in_a_thousand_short_of_all_is_not_all():
    count = replace(count_rooms(verdict_of(wing())), silence=2500, silent=2499, quiet_anyway=0, holes=1, unknown=0)
    assert count.c95 == 0.999


def test_what_is_nearly_certain_never_prints_as_certain(verdict):
    rows = rows_of(rooms_csv(verdict))
    assert rows[1]["silent_probability"] == "0.999"  # 0.9996
    assert rows[0]["silent_probability"] == "1.000"
    assert percent(0.9996) == "99.9 %"
    assert percent(0.95) == "95 %"
    assert probability_in_words(0.6249) == "P 0.62"
    assert probability_in_words(0.0004) == "P below 0.01"
    assert ceiled(0.0) == 0.0
    assert math.copysign(1.0, ceiled(0.0)) == 1.0
    assert (ceiled(6.01), ceiled(3.21, 1), ceiled(-3.29, 1)) == (7.0, 3.3, -3.2)


def test_escapes_are_the_channels_above_the_doubt_else_the_likeliest(verdict):
    found = [one for one in escapes_of(verdict) if one.room == verdict.by_room["room"].values[2]]
    assert [(one.channel, round(one.usable_probability, 3)) for one in found] == [("EE/B20/LTE", 0.2)]
    hopeless = [one.channel for one in escapes_of(verdict) if one.room == verdict.by_room["room"].values[3]]
    assert hopeless == ["EE/B20/LTE", "O2/n78/NR"]  # 1.0 and 0.125; the third never works
    faint = verdict_of(wing(), lambda index: 0.89)  # works in 11 % of worlds on one channel, 1.4 % on another
    assert {one.channel for one in escapes_of(faint)} == {"EE/B20/LTE"}
    joint = asked(faint, by_room=faint.by_room.assign(usable_probability=faint.by_room["usable_probability"] / 2))
    assert {one.channel for one in escapes_of(joint)} == {"EE/B20/LTE"}  # none above the doubt: the likeliest
    quiet = {name for name, state in zip(verdict.by_room["room"].values, state_of_rooms(verdict), strict=True)
             if state in ("silent", "quiet anyway")}  # fmt: skip
    assert not quiet & {one.room for one in escapes_of(verdict)}


def test_the_sentence_of_the_issue():
    escape = Escape("A2-14", "EE/B20/LTE", 0.6249, "window", 7.0, "mesh on the window")
    assert escape_in_words(escape) == (
        "A2-14: EE 800 MHz 4G works at the window, P 0.62; needs 7 dB more, or mesh on the window"
    )
    assert escape_in_words(replace(escape, needs_db=None, remedy="")).endswith("no blocking reaches this channel")
    assert "a little more than the draft" in escape_in_words(replace(escape, needs_db=0.0))
    assert "rare enough alone" in escape_in_words(replace(escape, by_itself=False))


def test_what_is_lacking_is_the_worst_points_shortfall_rounded_up(verdict):
    hopeless = next(one for one in escapes_of(verdict) if one.room == verdict.by_room["room"].values[3])
    assert hopeless.needs_db == 13  # 12.4
    assert hopeless.place.startswith("window")
    assert hopeless.remedy == "film or mesh on the window"  # it is sealed; a film on an open one goes with the pane
    unsealed = tuple(replace(opening, state="open") for opening in verdict.site.openings)
    opened = escapes_of(replace(verdict, site=replace(verdict.site, openings=unsealed)))
    assert next(one for one in opened if one.room == hopeless.room).remedy == "mesh on the window"
    treated = tuple(Treatment(opening.id, "mesh-12") for opening in verdict.site.openings)
    assert {one.remedy for one in escapes_of(replace(verdict, treatments=treated))} == {""}


def test_the_headline_says_all_four_states_and_every_level(verdict):
    count = count_rooms(verdict)
    text = " ".join(verdict_headline(verdict))
    assert f"{count.silent} of {count.silence} rooms are blocked at planning grade (90 %)" in text
    assert (
        f"At planning grade {count.quiet_anyway} have no signal even without blockers, "
        f"and {count.holes} are not blocked." in text
    )
    for one in verdict.grades:
        levels = ", ".join(f"{rooms} at {level} %" for level, rooms in one.silent_at.items())
        assert f"thresholds of {one.grade.name} grade: {levels}." in text
    planning, strict = (one.together for one in verdict.grades)
    assert (
        f"{planning} rooms are blocked at the same time in 95 % of simulations at planning grade, {strict} at evid"
        in text
    )
    assert "What binds" not in text


def test_both_grades_stand_in_the_first_sentence_the_one_asked_for_first(verdict):
    """Of each four rooms two are silent at planning grade, one of them at evidence grade."""
    planning, strict = count_rooms(verdict), count_rooms(verdict, 1)
    assert 0 < strict.silent < planning.silent
    assert verdict_headline(verdict)[0] == (
        f"{planning.silent} of {planning.silence} rooms are blocked at planning grade (90 %), "
        f"{strict.silent} at evidence grade (95 %)."
    )
    assert verdict_headline(evidence(verdict))[0] == (
        f"{strict.silent} of {strict.silence} rooms are blocked at evidence grade (95 %), "
        f"{planning.silent} at planning grade (90 %)."
    )
    assert "Judged by the rules default (" in verdict_headline(verdict)[-1]


def test_unmeasured_masts_take_the_promise_from_the_headline(verdict):
    sectors = len(verdict.sectors)
    assert verdict_headline(verdict)[1] == f"Measure first: {sectors} of {sectors} sectors are not measured."
    some = verdict_headline(evidence(verdict, measured=False))
    assert some[0].startswith(f"Not evidence: {sectors - 3} of {sectors} sectors are unmeasured")
    assert "blocked at evidence grade" in some[1]  # the figures stand beside it
    assert "protected" not in " ".join(some)
    assert "easure" not in " ".join(verdict_headline(replace(verdict, measured=sectors)))


def test_protected_is_silent_at_evidence_grade_with_every_limit_kept_and_every_sector_measured(verdict):
    clean = evidence(verdict)
    rooms = count_rooms(clean).silent
    assert protected_rooms(clean) == rooms > 0
    assert f"{rooms} are protected: blocked at evidence grade" in " ".join(verdict_headline(clean))
    assert verdict_object(clean)["grades"]["evidence"]["protected"] == rooms
    asked_otherwise = replace(clean, scenario=replace(clean.scenario, grade="planning"), grades=clean.grades[::-1])
    assert protected_rooms(asked_otherwise) == rooms  # whichever grade is asked for
    eased = replace(clean.grades[0], grade=replace(clean.grades[0].grade, confidence=0.94))
    for other in (
        evidence(verdict, measured=False),
        evidence(verdict, kept=False),
        asked(clean, spill=None),
        replace(clean, grades=(eased, clean.grades[1])),
        replace(clean, scenario=replace(clean.scenario, search_margin=False)),
        replace(clean, scenario=replace(clean.scenario, likely_capture=True)),
        replace(clean, scenario=replace(clean.scenario, channels=CHANNELS[:1])),
    ):
        assert protected_rooms(other) is None
        assert "are protected" not in " ".join((*verdict_headline(other), rooms_csv(other)))
        assert verdict_object(other)["grades"]["evidence"]["protected"] == 0
    assert "None may be called protected" in " ".join(verdict_headline(evidence(verdict, kept=False)))


def test_no_other_word_of_a_planning_verdict_is_protected(verdict):
    texts = (*verdict_headline(verdict), *limits_in_words(verdict), rooms_csv(verdict), spill_csv(verdict))
    assert not [text for text in texts if "protected" in text.lower()]
    assert set(state_of_rooms(verdict)) <= {"silent", "quiet anyway", "hole", "not known", "keep"}


def test_limits_are_said_for_each_grade_the_one_asked_for_first(verdict):
    first, second, *details = limits_in_words(verdict)
    assert first.startswith("Spill over the fence at planning grade, service limit: EXCEEDED by 3.3 dB")
    assert second.startswith("Spill over the fence at evidence grade, standard limit: EXCEEDED by 13.3 dB")
    assert details == list(spill_in_words(verdict.spill)[1:])


def test_no_silent_room_is_explained_by_what_binds():
    none = verdict_of(wing(), lambda index: 0.3, quiet=lambda index: False)
    text = " ".join(verdict_headline(none))
    rooms = count_rooms(none).silence
    assert text.startswith(f"0 of {rooms} rooms are blocked at planning grade")
    assert "EE 800 MHz 4G held out of the window is the likeliest escape in" in text or "at the window" in text
    assert f"of {rooms} rooms that are not blocked" in text
    assert "median shortfall is" in binding_in_words(none)


def test_spill_in_words_says_fails_and_by_how_much(verdict):
    words = spill_in_words(verdict.spill)
    assert (
        words[0]
        == "Spill over the fence, service limit: EXCEEDED by 3.3 dB, worst at 0–20 m, point ring-7: EE 800 MHz 4G."
    )
    assert words[1].startswith("0–20 m: ")
    passing = replace(verdict.spill, passed=True, worst_margin_db=0.29, rings=())
    assert spill_in_words(passing) == (f"{KEPT}.",)
    spared = replace(passing, rings=(RingRow("0–20 m", 900, 3, 9, True), RingRow("20–100 m", 200, 1, 2, True)))
    assert spill_in_words(spared) == (f"{KEPT}; 4 of 1,100 points fail, within what the limit allows.",)
    keep = replace(passing, passed=False, keep_rooms=(("Control", "EE", 0.9496, False),),
                   exposure=(("A-01", 1.001, False),), protected=(("TETRA", "−90 dBm found", False),))  # fmt: skip
    text = " ".join(spill_in_words(keep))
    for part in ("EXCEEDED, though", "Control must keep EE and has it with 94.9 % only",
                 "1.01 times the ICNIRP limit", "TETRA: −90 dBm found"):  # fmt: skip
        assert part in text
    assert spill_in_words(None) == ("Spill was not computed: treat it as exceeded.",)
    silent = replace(passing, worst_margin_db=math.inf)
    assert spill_in_words(silent) == ("Spill over the fence, service limit: kept, nothing radiates.",)


def test_tables_agree_with_the_verdict_and_run_in_no_spreadsheet():
    site = wing()
    rooms = (replace(site.rooms[0], id="=1+1"), *site.rooms[1:])
    verdict = verdict_of(replace(site, rooms=rooms), lambda index: 0.3)
    rows = rows_of(rooms_csv(verdict))
    assert rows[0]["room"] == "'=1+1"
    assert {row["state"] for row in rows} == {"hole", "quiet anyway"}
    assert rows[0]["likeliest_escape"] == "EE/B20/LTE"
    assert rows_of(escapes_csv(verdict))[0]["room"] == "'=1+1"
    assert not re.search(r"nan|inf", rooms_csv(verdict) + escapes_csv(verdict) + spill_csv(verdict))


def test_spill_rows_round_against_the_plan(verdict):
    rows = rows_of(spill_csv(verdict))
    assert {row["channel"] for row in rows} == {"EE/B20/LTE", "O2/n78/NR"}  # nothing is sent on the third
    over = [row for row in rows if row["passed"] == "no"]
    assert {row["margin_db"] for row in over} == {"-3.3", "-1.3"}
    assert {row["ring"] for row in rows} == {"0–20 m", "receptor"}
    assert rows[0]["jam_dbm"] == "-110.0"  # a number, not text
    shape = verdict.spill.outside["margin_db"].dims, np.ones(verdict.spill.outside["margin_db"].shape, np.float32)
    given = {
        "jam_dbm": -99.96,
        "signal_dbm": -80.04,
        "limit_dbm": -90.04,
        "margin_db": 3.3,
        "capture_probability": 0.0671,
    }
    outside = verdict.spill.outside.assign({name: (shape[0], shape[1] * value) for name, value in given.items()})
    row = rows_of(spill_csv(asked(verdict, spill=replace(verdict.spill, outside=outside))))[0]
    # what blockers bring is rounded up, what is left is rounded down: 3.3 in single precision is 3.29999995
    assert [row[name] for name in given] == ["-99.9", "-80.1", "-90.1", "3.2", "0.068"]


def test_an_unknown_level_outside_counts_as_spill(verdict):
    lost = verdict.spill.outside.copy(deep=True)
    lost["margin_db"][0, 0] = np.nan
    spill = replace(verdict.spill, outside=lost)
    assert points_that_pass(verdict.spill, verdict.grades[0].grade)[0]
    assert not points_that_pass(spill, verdict.grades[0].grade)[0]
    assert rows_of(spill_csv(asked(verdict, spill=spill)))[0]["passed"] == "no"


def test_the_json_object_has_the_keys_of_the_design_and_only_plain_numbers(verdict):
    found = verdict_object(verdict)
    assert list(found) == [
        "site", "grade", "rules", "measured", "rooms", "c95", "silent_at", "together_95", "grades", "escapes",
        "uncovered_routes", "cost", "budget_gbp", "over_budget", "status", "value", "bound", "gap", "spill",
        "devices", "treatments", "operator_actions", "notes", "seed", "reproducible",
    ]  # fmt: skip
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text)["silent_at"].keys() == {"50", "80", "90", "95", "99"}
    assert found["spill"] == {
        "tier": "service", "passed": False, "worst_margin_db": -3.3, "where": "0–20 m, point ring-7: EE/B20/LTE",
    }  # fmt: skip
    assert set(found["cost"].values()) == {None}
    nowhere = asked(verdict, spill=replace(verdict.spill, worst_margin_db=math.inf))
    assert verdict_object(nowhere)["spill"]["worst_margin_db"] is None
    assert verdict_object(asked(verdict, spill=None))["spill"] is None


def test_the_json_object_holds_both_grades_by_name_whichever_is_asked_for(verdict):
    found, other = verdict_object(verdict), verdict_object(evidence(verdict, measured=False, kept=False))
    assert (found["grade"], other["grade"]) == ("planning", "evidence")
    assert found["grades"] == other["grades"]
    assert list(found["grades"]) == ["planning", "evidence"]
    assert found["rooms"] == found["grades"]["planning"]["rooms"]
    assert other["rooms"] == found["grades"]["evidence"]["rooms"]
    planning, strict = found["grades"]["planning"], found["grades"]["evidence"]
    assert (planning["confidence"], planning["tier"]) == (0.9, "service")
    assert (strict["confidence"], strict["tier"]) == (0.95, "standard")
    assert (planning["spill"]["worst_margin_db"], strict["spill"]["worst_margin_db"]) == (-3.3, -13.3)
    assert "protected" not in planning
    assert found["measured"] == {"sectors": len(verdict.sectors), "measured": 0}
    assert found["rules"]["name"] == "default"
    assert len(found["rules"]["fingerprint"]) == 12
    mine = replace(load_rules(), phone=replace(load_rules().phone, body_loss_db=4.0), name="mine.toml")
    told = verdict_object(replace(verdict, scenario=replace(verdict.scenario, rules=mine)))["rules"]
    assert told["name"] == "mine.toml"
    assert told["fingerprint"] != found["rules"]["fingerprint"]


def test_tables_have_columns_of_each_grade_by_name(verdict):
    """In room 1 silence is nearly certain at planning grade, and 5 % rarer at evidence grade."""
    row = rows_of(rooms_csv(verdict))[1]
    assert row["grade"] == "planning"
    assert (row["silent_probability"], row["state"], row["silent"]) == ("0.999", "silent", "yes")
    assert (row["silent_probability_planning"], row["state_planning"]) == ("0.999", "silent")
    assert (row["silent_probability_evidence"], row["state_evidence"]) == ("0.949", "hole")
    assert row["rules"].startswith("default (")
    other = rows_of(rooms_csv(evidence(verdict)))[1]
    assert (other["grade"], other["silent_probability"], other["state"]) == ("evidence", "0.949", "hole")
    assert other["state_planning"] == "silent"
    outside = rows_of(spill_csv(verdict))[0]
    assert (outside["margin_db"], outside["passed"]) == ("4.3", "yes")
    assert (outside["margin_db_planning"], outside["passed_planning"]) == ("4.3", "yes")
    assert (outside["margin_db_evidence"], outside["passed_evidence"]) == ("-5.7", "no")


def test_managed_access_may_capture_outside_as_often_as_the_grade_allows(verdict):
    """In 7 of 100 worlds: allowed at planning grade (10), not at evidence grade (5)."""
    caught = verdict.spill.outside.assign(capture_probability=verdict.spill.outside["margin_db"] * 0 + 0.07)
    planning, strict = (one.grade for one in verdict.grades)
    spill = replace(verdict.spill, outside=caught)
    assert points_that_pass(spill, planning).any()
    assert not points_that_pass(spill, strict).any()


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.found.extend(value for name, value in attrs if name in ("src", "href"))


@pytest.mark.slow
def test_the_summary_opens_with_what_no_blocker_ends_and_links_only_to_its_own_files(verdict, tmp_path):
    before = leakage(verdict.site, Scenario(grid_m=0.5))
    written = write(verdict, tmp_path / "out", before=before)
    text = (tmp_path / "out" / "summary.html").read_text("utf-8")
    page = Links()
    page.feed(text)
    assert "script" not in page.tags
    assert "&lt;script&gt;" in text
    assert all((tmp_path / "out" / link).is_file() for link in page.found)
    assert not re.search(r"https?://", text)
    order = (
        "satellite phone",
        "are blocked at planning grade (90 %)",
        "service limit",
        "Blocked together",
        "before and after",
        "EE 800 MHz 4G works",
        "mas_node",
        "detours through openings",
        "never credited to the layout",
    )
    assert [words for words in order if words not in text] == []
    at = [text.index(words) for words in order]
    assert at == sorted(at)
    assert "Simulation only. Operating this equipment needs written authorisation (Prisons (Interference with" in text
    assert "as of " + verdict.site.as_of.isoformat() in text
    names = {path.name for path in written}
    assert written[0].name == "summary.html"
    assert {"rooms.csv", "escapes.csv", "spill.csv", "spill.png", "leakage.csv", "leakage.html"} <= names
    assert sum(name.startswith("before-after-") for name in names) == len(verdict.maps)
    assert len(VERDICT_GLOSSARY) == 12


@pytest.mark.slow
@pytest.mark.parametrize("blockers", [True, False])
def test_a_storey_has_before_after_and_margin_or_one_picture_of_both_where_nothing_is_built(
    verdict, tmp_path, blockers
):
    plain = replace(verdict, devices=(), treatments=(), contrast=())
    assert not plain.scenario.operator_actions
    written = write(verdict if blockers else plain, tmp_path / "out")
    names = {path.name for path in written}
    page = written[0].read_text("utf-8")
    count = len(verdict.maps)
    for kind, expected in (("before-after", blockers), ("margin", blockers), ("verdict", not blockers)):
        here = {name for name in names if re.fullmatch(rf"{kind}-\d\d-.*\.png", name)}
        assert len(here) == count * expected, kind
        assert all(f'src="{name}"' in page for name in here)
    assert ("Maps: before and after" in page) == blockers


def test_equal_verdicts_give_equal_bytes(tmp_path):
    first, second = write(verdict_of(wing()), tmp_path / "a"), write(verdict_of(wing()), tmp_path / "b")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_broken_write_leaves_nothing_behind(verdict, tmp_path, monkeypatch):
    monkeypatch.setattr("quietwing.coverage.report.verdict_document.spill_figure", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(replace(verdict, maps=()), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
