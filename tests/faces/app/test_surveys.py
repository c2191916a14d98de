"""The page Surveys: a log becomes readings, readings a layer and a list, a filled form a claim."""

import datetime as dt
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from quietwing.coverage.acceptance.walk_plan import AcceptanceTest, InsidePoint, OutsidePoint
from quietwing.coverage.acceptance.workbook import form_bytes
from quietwing.coverage.app import _job, acceptance_part, calibrate_part, facts_of_verdict, jobs, walk_form
from quietwing.coverage.app.jobs import Question
from quietwing.coverage.app.layout_facts import GradeFact, LayoutFacts, RoomFact
from quietwing.coverage.app.state import Layout
from quietwing.coverage.app.survey_state import Calibrated, Survey
from quietwing.coverage.calibration import CalibrationFit, FittedShift, HeldOut, NextReading, NextReadings
from quietwing.coverage.scenario import Scenario
from quietwing.sites import (
    CalibratedConstruction,
    Measurements,
    Reading,
    SiteCalibration,
    load_site,
    readings_text,
)

pytestmark = pytest.mark.usefixtures("forked_readers")
KEY = "quietwing session"
DAY = dt.date(2026, 11, 20)
LOG = b"""time,x,y,storey,MCC,MNC,RAT,EARFCN,RSRP (dBm),IMEI
2026-11-20T10:00:00,-25.6,-3.5,0,234,15,4G,6300,-103,000000000000000
2026-11-20T10:00:01,-25.4,-3.3,0,234,15,4G,6300,-101,000000000000000
2026-11-20T10:00:02,-25.4,-3.3,0,234,15,4G,6300,-80,000000000000000
2026-11-20T10:04:00,3.4,-20.9,1,234,15,4G,6300,-108,000000000000000
2026-11-20T10:09:02,16.1,3.4,3,234,10,4G,6999,-99,000000000000000
"""
LAYER = SiteCalibration(DAY, 7, "walk.csv", (CalibratedConstruction("concrete_150", -1.5, 2.0),))
FIT = CalibrationFit(
    LAYER,
    (
        FittedShift("construction", "concrete_150", -1.46, 4.24, 2.04, 3),
        FittedShift("sector", "m1", 6.0, 8.0, 3.0, 1),
    ),
    (HeldOut("room", 3, 10.6, 7.7), HeldOut("sector", 2, 5.0, 6.0)),
    10.6,
    4.3,
    ("3 readings are not used",),
)


def facts(silent: int, room: str = "A1-01") -> LayoutFacts:
    grades = tuple(
        GradeFact(name, f"{name} grade", silent - less, 1, 0, 9, True, 2.5, "")
        for name, less in (("planning", 0), ("evidence", 2))
    )
    rooms = {room: RoomFact("silent", 0.95, "", "", 0.1, True)}
    return LayoutFacts("", "", 0, 264, grades, rooms, (), (), (), (), (), (), (), (0, 0, 0), (0, 0))


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.surveys_page import show

    do_what_was_asked()  # as the shell does
    show()


@pytest.fixture
def at() -> AppTest:
    page_ = AppTest.from_function(page, default_timeout=60).run()
    assert not page_.exception
    return page_


@pytest.fixture
def asked(monkeypatch) -> list:
    """What would have been begun as a job."""
    found = []
    for module in (walk_form, calibrate_part):
        monkeypatch.setattr(module, "start", lambda kind, question: found.append(question))
    return found


def brought(at, content, name="walk.csv"):
    at.file_uploader(key="walk-file").upload(name, content, "text/csv").run()
    assert not at.exception
    return at


def reading(x, dbm=-100.0, channel="VF/B20/LTE"):
    return Reading(channel, x, -3.4, 1.5, dbm, DAY)


# ------------------------------------------------------------------ walk test


def test_a_log_becomes_medians_and_the_place_to_measure_next_is_asked_for_anew(at, asked):
    brought(at, LOG)
    assert not any("IMEI" in one.value.columns for one in at.dataframe)
    at.button(key="walk-read").click().run()
    own = at.session_state[KEY]
    assert any("4 of 5 samples came to 2 readings" in one.value for one in at.markdown)
    assert any("identify a phone: IMEI" in one.value for one in at.caption)
    left_out = next(one.value for one in at.dataframe if "samples left out" in one.value.columns)
    assert left_out["because"].tolist() == ["LTE channel number 6999 is of no band"]
    assert own.survey.readings == ()
    at.button(key="walk-use").click().run()
    assert not at.exception
    assert sorted(one.rsrp_dbm for one in own.survey.readings) == [-108.0, -101.0]  # of −103, −101, −80: the median
    (question,) = asked
    assert (question.mode, question.further["measured"].readings) == ("next", own.survey.readings)
    assert own.survey.walk is None
    assert any("2 readings of 1 channels at 2 places" in one.value for one in at.markdown)


def test_more_readings_are_added_or_take_the_place_of_the_first(at, asked):
    own = at.session_state[KEY]
    own.survey = Survey(readings=(reading(-25.0),), calibrated=Calibrated(FIT, facts(5), facts(9), own.layout))
    brought(at, LOG)
    at.button(key="walk-read").click().run()
    at.button(key="walk-use").click().run()
    assert len(own.survey.readings) == 3
    assert own.survey.calibrated is None  # it was of the readings before
    brought(at, LOG)
    at.button(key="walk-read").click().run()
    at.button(key="walk-instead").click().run()
    assert len(own.survey.readings) == 2
    at.button(key="readings-remove").click().run()
    assert own.survey.readings == ()


def test_a_log_of_other_words_is_read_by_what_the_fields_say(at):
    text = LOG.replace(b"4G", b"E-UTRA").replace(b",storey", b",level of the house")
    brought(at, text)
    at.button(key="walk-read").click().run()
    assert "technology E-UTRA" in at.error[0].value.replace("\\", "")
    at.text_input(key="walk-words").set_value("E-UTRA = LTE")
    at.number_input(key="walk-storey").set_value(2)
    at.button(key="walk-read").click().run()
    assert not at.error
    walk = at.session_state[KEY].survey.walk
    assert {one.height_m for one in walk.readings} == {6.0 + 1.5}  # floors 3 m apart, the hand at 1.5 m
    at.text_input(key="walk-words").set_value("E-UTRA is LTE")
    at.button(key="walk-read").click().run()
    assert "write E-UTRA = LTE" in at.error[0].value.replace("\\", "")


def test_between_waypoints_on_the_plan_one_walks_evenly(at, monkeypatch):
    rows = b"".join(b"10:00:0%d,234,15,4G,6300,-9%d\n" % (second, second) for second in (1, 2, 3))
    brought(at, b"time,MCC,MNC,RAT,EARFCN,RSRP\n" + rows)
    own = at.session_state[KEY]
    assert at.radio(key="walk-how").value == walk_form.BY_WAY  # the log has no places
    at.date_input(key="walk-date").set_value(DAY)
    at.button(key="walk-read").click().run()
    assert "lacks a place (x and y, lat and lon, or waypoints)" in at.error[0].value.replace("\\", "")
    own.survey = replace(own.survey, way=(("", -28.0, 0.0, 0), ("", -12.0, 0.0, 0)))
    at.run()
    times = {-28.0: "10:00:00", -12.0: "10:00:04"}
    monkeypatch.setattr(walk_form, "edited_rows", lambda rows, _: [row | {"time": times[row["x"]]} for row in rows])
    at.button(key="walk-read").click().run()
    assert not at.error
    found = sorted((one.x_m, one.rsrp_dbm) for one in own.survey.walk.readings)
    assert found == [(-24.0, -91.0), (-20.0, -92.0), (-16.0, -93.0)]  # 16 m in 4 s


def test_a_click_on_the_picture_is_a_place_of_the_site():
    from quietwing.coverage.report import storey_picture

    drawn = storey_picture(load_site("houseblock"), 0, 0)
    west, south, east, north = drawn.edges_m
    assert drawn.place_m(0, 0) == (west, north)
    assert drawn.place_m(drawn.width_px, drawn.height_px) == pytest.approx((east, south))
    assert (east - west) / (north - south) == pytest.approx(drawn.width_px / drawn.height_px, rel=0.01)


def test_the_list_to_carry_comes_back_filled_in(at, asked):
    table = "number,channel,x,y,height_m,room,expected_dbm,rsrp_dbm,date\n1,VF/B20/LTE,-25.7,-3.4,9.3,C4-09,-109.1,"
    brought(at, f"{table},\n".encode(), "measure_next.csv")
    at.button(key="walk-read").click().run()
    assert "rsrp_dbm" in at.error[0].value.replace("\\", "")  # nobody has filled it in
    brought(at, f"{table}-104,2026-11-20\n".encode(), "measure_next.csv")
    at.button(key="walk-read").click().run()
    assert not at.error
    at.button(key="walk-use").click().run()
    (one,) = at.session_state[KEY].survey.readings
    assert (one.room, one.rsrp_dbm) == ("C4-09", -104.0)
    assert readings_text((one,)).splitlines()[1].startswith("VF/B20/LTE,-25.70,-3.40,9.3,-104,2026-11-20,C4-09")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "line 1"), (b"\0\0", "no header"), (b"a,b\n1,2\n", "lacks a level in dBm"), (b"a\n\xff", "not UTF-8")],
)
def test_what_is_no_log_is_one_message(at, content, says):
    brought(at, content)
    if at.session_state[KEY].survey.log is not None:
        at.button(key="walk-read").click().run()
    assert not at.exception
    assert says in at.error[0].value.replace("\\", "")
    assert list(at.session_state[KEY].folder.iterdir()) == []


# ---------------------------------------------------------------- calibration


def test_without_readings_nothing_is_calibrated_and_with_them_a_job_begins(at, asked):
    own = at.session_state[KEY]
    assert not [one for one in at.button if one.key == "calibrate-run"]
    own.survey = Survey(readings=(reading(-25.0), reading(-20.0, channel="VF/B99/LTE")))
    at.run()
    assert any("1 of them are of channels that no mast" in one.value for one in at.warning)
    at.button(key="calibrate-run").click().run()
    (question,) = asked
    assert question.mode == "calibrate"
    assert question.further == {"measured": Measurements("walk tests", (reading(-25.0),)), "layout": own.layout}
    assert question.devices == own.layout.devices


def test_what_was_found_stands_before_and_after_and_goes_into_force_and_out_again(at):
    own = at.session_state[KEY]
    before = own.site
    own.survey = Survey(readings=(reading(-25.0),), calibrated=Calibrated(FIT, facts(22), facts(31), own.layout))
    at.run()
    assert not at.exception
    shifts = next(one.value for one in at.dataframe if "shift [dB]" in one.value.columns)
    assert shifts.iloc[0].tolist() == ["wall, floor or window: concrete_150", -1.5, 4.2, 2.0, 3]
    assert shifts.iloc[1].tolist() == ["sectors of a mast: m1", 6.0, 8.0, 3.0, 1]
    both = next(one.value for one in at.dataframe if "before" in one.value.columns).set_index("of 264 rooms")
    assert both.loc["blocked, planning"].tolist() == ["22", "31"]
    assert both.loc["blocked, evidence"].tolist() == ["20", "29"]
    assert any("10.6 dB uncalibrated, 7.7 dB calibrated" in one.value for one in at.markdown)
    assert any("6.0 dB calibrated. It is no better: do not use it" in one.value for one in at.warning)
    at.button(key="calibrate-use").click().run()
    assert not at.error
    assert own.site.calibration == LAYER
    assert own.site.walls == before.walls  # a layer on top
    assert own.survey.readings
    assert own.survey.calibrated is None
    assert any("calibrated by 7 readings" in one.value.replace("\\", "") for one in at.info)
    at.button(key="calibrate-remove").click().run()
    assert own.site.calibration is None


def test_where_readings_settle_nothing_nothing_is_offered(at):
    own = at.session_state[KEY]
    nothing = replace(FIT, shifts=(), held_out=(), notes=("readings are too few",))
    own.survey = Survey(readings=(reading(-25.0),), calibrated=Calibrated(nothing, facts(22), facts(22), own.layout))
    at.run()
    assert not at.exception
    assert any("nothing to put in force" in one.value for one in at.warning)
    assert any("readings are too few" in one.value for one in at.caption)
    assert not [one for one in at.button if one.key == "calibrate-use"]


def test_the_job_judges_the_layout_without_the_layer_and_with_it(monkeypatch):
    site, told, judged = load_site("houseblock"), [], []
    fit = replace(FIT, layer=LAYER)

    def fitted(of, measured, rules, progress):
        progress("fitting", 1.0)
        return fit

    def evaluate(of, scenario, *, devices, catalogue, maps, progress):
        judged.append(of.calibration)
        progress("rooms", 1.0)
        return SimpleNamespace(number=len(judged))

    monkeypatch.setattr(_job, "calibrate_site", fitted)
    monkeypatch.setattr(_job.study, "evaluate", evaluate)
    monkeypatch.setattr(facts_of_verdict, "facts_of", lambda verdict, _: facts(20 + verdict.number))
    further = {"measured": Measurements("w", (reading(-25.0),)), "layout": Layout()}
    found = _job._calibrate(
        Question("calibrate", site, Scenario(), (), {}, further), lambda what, share: told.append((what, share))
    )
    assert judged == [None, LAYER]
    assert (found.before.grades[0].silent, found.after.grades[0].silent) == (21, 22)
    assert told == [("fitting", 0.5), ("judging it as before", 0.75), ("judging it as read", 1.0)]
    own = SimpleNamespace(survey=Survey())
    jobs._take(own, "calibrate", SimpleNamespace(), found)
    assert own.survey.calibrated is found


# --------------------------------------------------------------- measure next


NEXT = NextReadings(
    (
        NextReading("C4-09", "O2/B8/GSM", -25.7, -3.4, 9.3, 0, 3, -109.1, 102.1),
        NextReading("C3-07", "VF/B8/GSM", -20.9, -3.4, 6.3, 0, 2, -94.9, 112.8),
    ),
    264,
    177,
    0.9,
)


def test_where_to_measure_next_counts_what_was_read(at, asked, monkeypatch):
    own = at.session_state[KEY]
    at.button(key="next-run").click().run()
    assert asked[0].further["measured"].readings == ()
    sites = []
    monkeypatch.setattr(_job, "calibrate_site", lambda *_, **__: FIT)
    monkeypatch.setattr(_job, "next_readings", lambda site, *_: sites.append(site.calibration) or NEXT)
    for readings in ((), (reading(-25.0),)):
        question = replace(asked[0], further={"measured": Measurements("w", readings)})
        assert _job._next(question, lambda *_: None) is NEXT
    assert sites == [None, LAYER]
    jobs._take(own, "next", SimpleNamespace(), NEXT)
    at.run()
    assert not at.exception
    assert any("177 of 264 rooms are in doubt" in one.value for one in at.markdown)
    table = next(one.value for one in at.dataframe if "settled with it" in one.value.columns)
    assert table["room"].tolist() == ["C4-09", "C3-07"]
    assert table["settled with it"].tolist() == [15.1, 25.8]  # beyond the 264 − 177 = 87 settled already
    assert at.button(key="next-run").label == "Work it out again"


def test_another_question_or_site_drops_what_was_worked_out_and_keeps_what_was_read(at, asked):
    own = at.session_state[KEY]
    full = Survey(readings=(reading(-25.0),), calibrated=Calibrated(FIT, facts(1), facts(2), own.layout), ahead=NEXT)
    assert full.without_results() == Survey(readings=(reading(-25.0),))
    own.survey = full

    def another_question():
        from dataclasses import replace

        from quietwing.coverage.app.state import change_scenario, session

        change_scenario(replace(session().scenario, grade="evidence"))

    at_other = AppTest.from_function(another_question, default_timeout=60)
    at_other.session_state[KEY] = own
    at_other.run()
    assert own.survey == Survey(readings=(reading(-25.0),))


# ----------------------------------------------------------------- acceptance


def form(site: str, failed: bool) -> bytes:
    """A filled form of 59 points; on one of them a call went through, or on none."""
    inside = tuple(InsidePoint(n, "ground", f"A-{n}", "bunk", 1.0, 2.0, 0.5, "EE/B20/LTE") for n in range(1, 60))
    outside = (OutsidePoint(1, "receptor", "home", 100.0, 0.0, 1.5),)
    test = AcceptanceTest(site, "TEST", "s", 0.95, 0.95, 0, ("EE LTE",), inside, outside, 1)
    book, out = load_workbook(io.BytesIO(form_bytes(test))), io.BytesIO()
    for row in range(2, 61):
        book["Inside"].cell(row, 9).value = "works" if failed and row == 2 else "blocked"
    book["Outside"].cell(2, 7).value = "served"
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(("failed", "says"), [(False, "Inside: PROVED"), (True, "Inside: NOT PROVED")])
def test_a_filled_form_says_what_may_be_claimed(at, failed, says):
    at.file_uploader(key="acceptance-file").upload("form.xlsx", form("houseblock", failed), "x").run()
    at.button(key="acceptance-score").click().run()
    said = (at.error if failed else at.success)[0].value.replace("\\", "")
    assert says in said
    if not failed:
        assert "no phone works at 95.0% of places or more" in said  # 0.05^(1/59) = 0.9505
    tried = next(one.value for one in at.dataframe if "points tried" in one.value.columns)
    assert tried.iloc[0].tolist() == ["ground", 59, int(failed)]
    assert not at.warning


def test_a_form_of_another_site_is_said_and_what_is_none_refused(at):
    at.file_uploader(key="acceptance-file").upload("form.xlsx", form("elsewhere", False), "x").run()
    at.button(key="acceptance-score").click().run()
    assert "of the site elsewhere" in at.warning[0].value
    at.file_uploader(key="acceptance-file").upload("form.xlsx", b"PK no workbook", "x").run()
    at.button(key="acceptance-score").click().run()
    assert "is no workbook" in at.error[0].value


def test_the_form_is_of_the_layout_that_was_judged(at, monkeypatch):
    assert any("drawn from the full assessment" in one.value for one in at.info)
    asked = []

    def drawn(verdict, **told):
        asked.append(told)
        inside = (InsidePoint(1, "ground", "A-1", "bunk", 1.0, 2.0, 0.5, "EE/B20/LTE"),)
        return AcceptanceTest("houseblock", "TEST", "s", 0.95, 0.95, 0, ("EE LTE",), inside, (), 1)

    monkeypatch.setattr(acceptance_part, "acceptance_test", drawn)
    monkeypatch.setattr(acceptance_part, "current_verdict", lambda: FIT)  # some result: it is only handed on
    at.run()
    at.number_input(key="acceptance-failures").set_value(2).run()
    assert not at.exception
    assert asked[-1] == {"share": 0.95, "confidence": 0.95, "failures": 2, "claimed_only": False}
    assert any("1 points inside" in one.value for one in at.markdown)


def test_a_reading_of_a_day_to_come_is_refused_by_file_and_number(at):
    """The day after is taken: it is there already somewhere on the earth."""
    today = dt.date.today()
    own = at.session_state[KEY]
    for days, taken in ((1, True), (2, False)):
        day = str(today + dt.timedelta(days=days))
        own.survey = replace(own.survey, walk=None)
        brought(at, LOG.replace(b"2026-11-20", day.encode()))
        at.button(key="walk-read").click().run()
        assert not at.exception
        assert (own.survey.walk is not None) == taken
        assert bool(at.error) != taken
    assert f"walk.csv: reading 1: date is {day}, a day to come (today is {today})" in (
        at.error[0].value.replace("\\", "")
    )
