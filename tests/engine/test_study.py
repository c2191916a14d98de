"""A whole question from site to answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from quietwing.coverage.errors import ScenarioError, SiteError
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.study import leakage
from quietwing.coverage.study.common import WAYS_NOTE
from quietwing.sites.fingerprints import fingerprint
from quietwing.sites.model import Room, Sector


def mast(name="m", operator="EE", band="B20", technology="LTE", eirp_dbm=58.0, **changes) -> Sector:
    row = {
        "freq_mhz": 798.5, "bandwidth_mhz": 5.0, "x_m": 2.5, "y_m": -600.0, "height_m": 25.0, "azimuth_deg": 0.0,
        "tilt_deg": 0.0, "pattern": "omni", "environment": "UMa",
    }  # fmt: skip
    return Sector(
        id=name,
        operator=operator,
        plmn="234-30",
        band=band,
        technology=technology,
        eirp_dbm=eirp_dbm,
        **(row | changes),
    )


@given(step_db=st.floats(0.1, 30), x_m=st.floats(-900, 900), tilt_deg=st.floats(0, 12))
@settings(max_examples=20, deadline=None)
def test_one_db_more_at_the_mast_is_one_db_more_in_every_room(hut, step_db, x_m, tilt_deg):
    place = {"x_m": x_m, "tilt_deg": tilt_deg, "pattern": "sector_65"}
    weak = leakage(hut(sectors=(mast(eirp_dbm=50.0, **place),)), maps=False)
    strong = leakage(hut(sectors=(mast(eirp_dbm=50.0 + step_db, **place),)), maps=False)
    gained = strong.at_points["rsrp_dbm"] - weak.at_points["rsrp_dbm"]
    np.testing.assert_allclose(gained.values, step_db, atol=1e-4)


def test_a_second_mast_never_takes_service_away(hut):
    one = leakage(hut(sectors=(mast(),)), maps=False)
    two = leakage(hut(sectors=(mast(), mast("n", x_m=-400.0, y_m=300.0))), maps=False)
    assert (two.at_points["headroom_db"] >= one.at_points["headroom_db"]).all()


def test_the_best_test_point_speaks_for_the_room(hut):
    result = leakage(hut(sectors=(mast(),)), maps=False)
    assert float(result.by_room["rsrp_dbm"][0, 0]) == float(result.at_points["rsrp_dbm"].max())
    assert result.by_room["room"].values.tolist() == ["A-01"]


def test_keep_rooms_get_no_boost_and_ignored_rooms_no_row(hut):
    rooms = (
        Room("cell", "A", 0, box(0, 0, 6, 4), "silence"),
        Room("yard", None, 0, box(10, 0, 14, 4), "keep"),
        Room("shed", None, 0, box(20, 0, 24, 4), "ignore"),
    )
    result = leakage(hut(sectors=(mast(),), rooms=rooms), maps=False)
    assert result.by_room["room"].values.tolist() == ["cell", "yard"]
    # floor -128 - 5 dB searching; 3 dB of boost count inside only
    margin = result.by_room["headroom_db"][0] - result.by_room["rsrp_dbm"][0]
    assert margin.values == pytest.approx([136.0, 133.0], abs=1e-3)


def test_only_the_channels_asked_for(hut):
    site = hut(sectors=(mast(), mast("o", operator="O2")))
    result = leakage(site, Scenario(channels=("O2/B20/LTE",)), maps=False)
    assert result.at_points["channel"].values.tolist() == ["O2/B20/LTE"]
    with pytest.raises(ScenarioError, match=r"VF/B8/GSM.*EE/B20/LTE"):
        leakage(site, Scenario(channels=("VF/B8/GSM",)))


def test_without_a_mast_there_is_no_answer(hut):
    with pytest.raises(SiteError, match=r"masts\.csv"):
        leakage(hut())


def test_every_result_says_what_it_leaves_out(hut):
    notes = leakage(hut(sectors=(mast(assumed=True),)), maps=False).notes
    assert notes[0] == WAYS_NOTE
    assert any("1 of 1 sectors are assumed" in note for note in notes)
    assert any("no level was measured" in note for note in notes)
    assert any("brick" in note and "extrapolated" in note for note in notes)
    assert len(set(notes)) == len(notes)


def test_progress_rises_to_one(hut):
    seen = []
    leakage(hut(sectors=(mast(),)), Scenario(grid_m=1.0), progress=lambda what, share: seen.append((what, share)))
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_fingerprint_moves_with_every_input(hut):
    base = hut(sectors=(mast(),))
    others = [
        hut(sectors=(mast(eirp_dbm=57.9),)),
        hut(sectors=(mast(),), window_state="sealed"),
        hut(sectors=(mast(),), rooms=(Room("A-01", "A", 0, box(0, 0, 6, 3.9), "silence"),)),
    ]
    assert fingerprint(base) == fingerprint(hut(sectors=(mast(),)))
    assert len({fingerprint(site) for site in (base, *others)}) == 4
    assert fingerprint(base, Scenario()) != fingerprint(base, Scenario(seed=2))


def test_results_are_the_same_bytes_over_threads(hut):
    import numba

    site = hut(sectors=(mast(), mast("n", operator="O2", x_m=-400.0, y_m=300.0)))
    before = numba.get_num_threads()
    found = []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            found.append(leakage(site, Scenario(grid_m=0.25)))
    finally:
        numba.set_num_threads(before)
    one, two = found
    assert one.at_points["rsrp_dbm"].values.tobytes() == two.at_points["rsrp_dbm"].values.tobytes()
    for a, b in zip(one.maps, two.maps, strict=True):
        assert a.data["headroom_db"].values.tobytes() == b.data["headroom_db"].values.tobytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("confidense = 0.9", "did you mean 'confidence'"),
        ("confidence = 95", "confidence"),
        ("grid_m = 0", "grid_m"),
        ("grid_m = nan", "grid_m"),
        ("seed = -1", "seed"),
        ("seed = 1.5", "seed"),
        ("format = 2", "format"),
        ("channels = 'EE'", "channels"),
        ("a = [", "not valid TOML"),
    ],
)
def test_a_wrong_scenario_names_file_key_and_fix(tmp_path, text, words):
    path = tmp_path / "question.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert words in str(caught.value)
    assert "question.toml" in str(caught.value)


def test_all_problems_of_a_scenario_come_together_and_options_override(tmp_path):
    path = tmp_path / "question.toml"
    path.write_text("confidence = 7\ngrid_m = 99\n", "utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert len(str(caught.value).splitlines()) == 2
    assert read_scenario(path, confidence=0.9, grid_m=1.0).confidence == 0.9
    with pytest.raises(ScenarioError, match="option grid_m"):
        read_scenario(None, grid_m=77.0)
