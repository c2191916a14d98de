"""Results of a project on disk: back as they were, never code, and none that other code of quietwing made."""

import datetime as dt
import io
import json
import os
import pickle
import re
import resource
import zipfile
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

from quietwing.coverage import study
from quietwing.coverage.app import projects, result_file
from quietwing.coverage.app import state as state_module
from quietwing.coverage.app.facts_of_verdict import facts_of
from quietwing.coverage.app.result_file import pack_results, read_results
from quietwing.coverage.app.state import Layout, Session
from quietwing.coverage.app.survey_state import Calibrated, Drawing, Survey
from quietwing.coverage.calibration import CalibrationFit
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device
from quietwing.coverage.report import frontier_json, verdict_object
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import ImportedSite
from quietwing.sites import CheckReport, DrawingChoices, Reading, SiteCalibration, load_site
from quietwing.sites.synthetic import build_wing, describe

CATALOGUE = read_catalogue()
OF = "0123456789ab"


@pytest.fixture(scope="module")
def computed() -> dict[str, object]:
    """All that a session keeps of a wing of four cells."""
    site = build_wing(describe("small", type="wing", wings=1, cells=4, storeys=1, area="urban"))
    asked = Scenario(worlds=100, channels=site.channels[:2], effort="quick", grid_m=2.0)
    west, south, east, north = site.buildings[0].outline.bounds
    layout = Layout((Device("J1", "room_jammer", round((west + east) / 2, 3), round((south + north) / 2, 3), 2.2),))
    of = {"devices": layout.devices, "catalogue": CATALOGUE}
    verdict = study.evaluate(site, asked, **of)
    frontier = study.frontier(site, asked, (5_000.0,), **of)
    facts = facts_of(verdict, CATALOGUE)
    fit = CalibrationFit(SiteCalibration(dt.date(2026, 11, 20), 1, "w.csv", ()), (), (), 6.5, 4.25, ("note",))
    counts = {"walls": 12, "storeys": [{"name": "Ground", "rooms": 4}]}
    survey = Survey(
        drawing=Drawing(
            (("plan.dxf", bytes(range(256))),),
            DrawingChoices(),
            ImportedSite(site, CheckReport((), ("note",), {"walls": (4, 4, 0)}, ()), counts=counts),
        ),
        readings=(Reading("EE/B20/LTE", 1.0, 2.0, 1.5, -100.0, dt.date(2026, 11, 20), "", 'a "note", ü'),),
        calibrated=Calibrated(fit, facts, facts, layout),
    )
    return {
        "verdict": verdict,
        "leakage": study.leakage(site, asked),
        "whatif": study.whatif(site, asked, **of),
        "plan": frontier.points[0].result,
        "frontier": frontier,
        "survey": survey,
        "saved": {"cheap": verdict},
    }


@pytest.fixture(scope="module")
def packed(computed) -> bytes:
    good = pack_results(computed, OF)
    assert read_results(good, OF)[1] == ""  # else nothing that is spoilt would be what spoils it
    return good


def test_all_that_is_kept_comes_back_as_it_was(computed, packed):
    found, said = read_results(packed, OF)
    assert said == ""
    assert pack_results(found, OF) == packed  # every value, array and attribute, told again
    for name in ("whatif", "survey"):
        assert found[name] == computed[name]
    assert verdict_object(found["verdict"]) == verdict_object(computed["verdict"])
    assert frontier_json(found["frontier"]) == frontier_json(computed["frontier"])
    for name in ("verdict", "leakage"):
        here, there = found[name], computed[name]
        assert all(one.data.identical(other.data) for one, other in zip(here.maps, there.maps, strict=True))
        assert here.at_points.identical(there.at_points)
        np.testing.assert_array_equal(here.grades[0].silent, there.grades[0].silent)
    assert found["saved"]["cheap"] is found["verdict"]  # told once
    assert read_results(packed, "another site") == ({}, "")


def test_every_class_that_a_session_keeps_can_be_told():
    """By its declared types: a field of a kind that files do not know would lose the whole project's results."""
    left, seen = [*result_file._kinds().values()], {}
    while left:
        kind = left.pop()
        form, parts = get_origin(kind), get_args(kind)
        if form is np.ndarray or form is Literal:
            continue
        left += [part for part in parts if part is not ...]
        if result_file._fields_of(kind):
            assert seen.setdefault(kind.__name__, kind) is kind, "two classes of one name"
            left += [each for each in result_file._kinds_of(kind).values() if each not in seen.values()]
        elif form is None:
            known = ("date", "Path", "Dataset", "bytes", "HoleKind", "Point", "Polygon", "LineString")
            assert kind in (*result_file.PLAIN, Any) or kind.__name__ in known, kind
        else:
            assert form.__name__ in ("tuple", "dict", "Mapping", "Union", "UnionType"), kind


class Harm:
    def __reduce__(self):
        return (os.system, ("touch harm",))


def changed(packed: bytes, change) -> bytes:
    """The same file with what it tells, or its arrays, changed."""
    with zipfile.ZipFile(io.BytesIO(packed)) as old:
        files = {name: old.read(name) for name in old.namelist()}
    told = json.loads(np.load(io.BytesIO(files["told.npy"])).tobytes())
    how = zipfile.ZIP_DEFLATED if change(told, files) == "deflated" else zipfile.ZIP_STORED
    files["told.npy"] = npy(np.frombuffer(told.pop("text", None) or json.dumps(told).encode(), np.uint8))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as new:
        for name, content in files.items():
            new.writestr(name, content)
    return out.getvalue()


def record(told, name):
    return next(each[1] for each in told["records"] if each[0] == name)


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def harmful_array(_told, files):
    files["0.npy"] = npy(np.array([Harm()]))


def vast_array(_told, files):
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': (9000000000000,), }".ljust(117) + "\n"
    files["0.npy"] = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + b"\0" * 8


def deep(told, _files):
    told["text"] = b"[" * 10**6


def many(told, _files):
    told["text"] = b"[" + b"1," * 10**7 + b"1]"


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda good: pickle.dumps(Harm()),
        lambda good: b"0" * 32 + pickle.dumps(Harm()),
        lambda good: good[:-100],
        lambda good: good.replace(b"room_jammer", b"room_jammed"),
        lambda good: changed(good, harmful_array),
        lambda good: changed(good, vast_array),
        lambda good: changed(good, deep),
        lambda good: changed(good, many),
        lambda good: changed(good, lambda told, _: "deflated"),
        lambda good: changed(good, lambda told, _: told["kept"].update(folder="/etc")),
        lambda good: changed(good, lambda told, _: told["kept"].update(verdict={"is": 10**9})),
        lambda good: changed(good, lambda told, _: told["kept"].update(plan=told["kept"]["verdict"])),
        lambda good: changed(good, lambda told, _: told["records"][-1].__setitem__(0, "Popen")),
        lambda good: changed(good, lambda told, _: record(told, "Verdict").pop("grades")),
        lambda good: changed(good, lambda told, _: record(told, "Verdict").update(stranger=1)),
        lambda good: changed(good, lambda told, _: record(told, "Verdict").update(stream="0")),
        lambda good: changed(good, lambda told, _: record(told, "Verdict").update(site=told["kept"]["verdict"])),
        lambda good: changed(good, lambda told, _: record(told, "GradeVerdict").update(together=True)),
        lambda good: changed(good, lambda told, _: record(told, "Device").update(state="on fire")),
        lambda good: changed(good, lambda told, _: record(told, "Room").update(outline="00")),
    ],
)
def test_what_is_damaged_or_made_to_do_harm_is_one_line_and_nothing_of_it_is_used(
    spoilt, packed, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    bad = spoilt(packed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, said = read_results(bad, OF)
    assert found == {}
    assert re.fullmatch(r"Results that were kept cannot be read \(\w+\): compute them again\.", said)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert list(tmp_path.iterdir()) == []


def test_results_of_other_code_are_not_shown_and_what_was_brought_stays(computed, tmp_path, monkeypatch, request):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def shown(own: Session) -> Session:
        monkeypatch.setattr(projects, "session", lambda: own)
        monkeypatch.setattr(state_module, "session", lambda: own)
        return own

    verdict, frontier = computed["verdict"], computed["frontier"]
    own = Session(verdict.site, "yours", verdict.scenario, CATALOGUE, tmp_path, Layout(), browser="a" * 64)
    own.verdict, own.frontier, own.survey = verdict, frontier, computed["survey"]
    projects.keep(own)
    projects.wait_until_kept()

    def opened() -> Session:
        houseblock = load_site("houseblock")
        again = shown(Session(houseblock, "houseblock", Scenario(), CATALOGUE, tmp_path, browser="a" * 64))
        projects.open_kept(own.project)
        return again

    same = opened()
    assert frontier_json(same.frontier) == frontier_json(frontier)
    assert not any("code" in said for said in same.said[projects.NEWS])
    request.getfixturevalue("other_physics")
    updated = opened()
    assert (updated.verdict, updated.frontier) == (None, None)
    assert updated.survey == replace(own.survey, calibrated=None)
    (said,) = (said for said in updated.said[projects.NEWS] if "code" in said)
    assert re.fullmatch(
        r"Results: made by other code of quietwing \(\w{16}, here \w{16}\): compute them again\.", said
    )
