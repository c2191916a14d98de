"""Doors of Python: an argument that is none is one typed error with its name and what is expected."""

from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at

from quietwing.coverage import study
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.scenario import OperatorAction, Scenario, TreatmentWish, read_scenario
from quietwing.coverage.study import frontier_run
from quietwing.coverage.study.common import check_limits
from quietwing.sites import (
    QuietwingError,
    SiteError,
    check,
    import_masts,
    import_walk,
    load_site,
    read_measurements,
)

STRANGE = (5, b"x", ["a"], 1.5, {"a": 1}, object())
DEVICE = Device(id="N1", model="micro_jammer", x_m=400_002.0, y_m=300_003.0, z_m=2.5, storey=0)
PATHS = {
    "site": (load_site,),
    "layout": (lambda path: read_layout(path, {}),),
    "scenario": (read_scenario,),
    "catalogue": (read_catalogue,),
    "measurements": (lambda path: read_measurements(path, None),),
    "log": (lambda path: import_walk(path, None),),
    "list of masts": (lambda path: import_masts(path, None),),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return load_site(module_at("tests/places/tiny_site.py").write(tmp_path_factory.mktemp("tiny")))


@pytest.mark.parametrize("name", PATHS)
def test_what_is_no_path_is_said_of_every_reader(name):
    for read in PATHS[name]:
        for value in STRANGE:
            with pytest.raises(SiteError, match=rf"^{name}: is of type {type(value).__name__} \(expected a path"):
                read(value)
        for value in ("x" * 5000, "/".join(["folder"] * 1000)):
            with pytest.raises(SiteError, match=rf"^{name}: .* is longer than any name of a file; give"):
                read(value)


@pytest.mark.parametrize("value", [*STRANGE, "x" * 5000], ids=lambda value: str(value)[:9])
def test_a_check_of_what_is_no_path_is_a_report(value):
    (problem,) = check(value).problems
    assert problem.startswith("site: is of type " if value in STRANGE else "site: ")


@pytest.mark.parametrize("door", ["evaluate", "leakage", "optimise", "frontier"])
def test_what_is_no_site_or_scenario_is_said_by_its_name(site, door):
    ask = getattr(study, door)
    for value in (None, "houseblock", *STRANGE):
        with pytest.raises(QuietwingError, match=rf"^site: is of type {type(value).__name__} \(expected a Site"):
            ask(value)
    for value in ("scenario.toml", {}, *STRANGE):
        with pytest.raises(QuietwingError, match=r"^scenario: is of type .* \(expected a Scenario or None\)"):
            ask(site, value)


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ({"devices": None}, "devices: is of type NoneType (expected a tuple of Device)"),
        ({"devices": ({"id": "N1"},)}, "devices: is of type dict (expected Device)"),
        ({"devices": (replace(DEVICE, model="micro_jamer"),)}, "did you mean 'micro_jammer'"),
        ({"devices": (replace(DEVICE, model="window_mesh"),)}, "N1: 'window_mesh' is no blocker of the catalogue"),
        ({"devices": (replace(DEVICE, model="mas_head_end"),)}, "N1: 'mas_head_end' is no blocker of the catalogue"),
        ({"devices": (DEVICE,), "catalogue": {}}, "N1: 'micro_jammer' is no blocker of the catalogue"),
        ({"catalogue": ["a"]}, "catalogue: is of type list"),
        *(({"stream": value}, "stream: is ") for value in (-1, 2**70, "1", None, 1.5, True)),
    ],
    ids=str,
)
def test_what_is_no_layout_catalogue_or_stream_is_said_before_anything_is_computed(site, further, said):
    with pytest.raises(QuietwingError) as refused:
        study.evaluate(site, Scenario(worlds=100), **further)
    assert said in str(refused.value)


@pytest.mark.parametrize("budgets", [None, 5, "1000", b"1", ["1000"], [None]], ids=str)
def test_what_are_no_budgets_or_limits_is_said(site, budgets):
    with pytest.raises(QuietwingError, match=r"^budgets: are no row of numbers; give"):
        study.frontier(site, Scenario(), budgets)
    with pytest.raises(QuietwingError, match=r"^time limit or gap: is of type str \(expected a number\)"):
        study.optimise(site, Scenario(), time_limit_s="5")


def test_numbers_of_numpy_are_numbers():
    budgets, _ = frontier_run._checked(np.array([2000, 1000]), 0, ())
    assert budgets == (1000.0, 2000.0)
    check_limits(np.int64(5), np.float32(0.5))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: replace(DEVICE, x_m=np.nan),
            r"^device: x_m: is nan \(expected a number from -10,000,000 to 10,000,000",
        ),
        (lambda: replace(DEVICE, z_m=np.inf), r"^device: z_m: is inf \(expected a number from -20 to 120\); give"),
        (lambda: Device("N1", 3, 0.0, 0.0, 0.0), r"^device: model: is 3 \(expected text of 1 to 80 characters"),
        (
            lambda: Device(id="N1", model="a"),
            r"^device: x_m: is missing; give a number from .*\ndevice: y_m: is miss",
        ),
        (lambda: replace(DEVICE, trim_db=(("B20", np.nan),)), r"^device: trim_db 1 2: .*finite number \(found nan\)"),
        (lambda: Device("N1", "a", 0.0, 0.0, 0.0, colour=3), r"^device: colour: unknown; choose one of id, model"),
        (
            lambda: Model("a", "jammer", gain_dbi=np.nan),
            r"^model: gain_dbi: is nan \(expected a number from -10 to 30\)",
        ),
        (
            lambda: Model(kind="jam"),
            r"^model: name: is missing; give text of .*\nmodel: kind: is 'jam' \(",
        ),
        (lambda: Model(model="a", kind="jammer"), r"model: model: unknown; "),
        (lambda: Treatment("W1", ""), r"^treatment: model: is '' \(expected text of 1 to 80 characters"),
        (lambda: Scenario(worlds=np.nan), r"^scenario: worlds: .*finite number \(found nan\)"),
        (lambda: OperatorAction(power_db=5.0), r"^operator_actions: power_db: .* less than or equal to 0"),
        (lambda: TreatmentWish("mesh"), r"^treatments: rooms: is missing; give it$"),
    ],
)
def test_a_wrong_value_of_what_is_made_from_python_is_said_by_its_field(make, said):
    with pytest.raises(ScenarioError, match=said):
        make()


def test_a_channel_named_twice_is_refused_by_its_name(tmp_path):
    said = r"channels: 'EE/B20/LTE' stands twice, expected each channel once .*; leave out the second"
    twice = ("EE/B20/LTE", "O2/B8/LTE", "EE/B20/LTE")
    with pytest.raises(ScenarioError, match=rf"^scenario: {said}"):
        Scenario(channels=twice)
    with pytest.raises(ScenarioError, match=rf"^option {said}"):
        read_scenario(None, channels=twice)
    (tmp_path / "scenario.toml").write_text(f"channels = {list(twice)}")
    with pytest.raises(ScenarioError, match=rf"^scenario.toml: {said}"):
        read_scenario(tmp_path / "scenario.toml")


@pytest.mark.parametrize("radius", ["5", None, True, np.nan, 99, [5000.0]])
def test_a_radius_that_is_none_is_said(site, tmp_path, radius):
    with pytest.raises(SiteError, match=r"^--radius: is .* \(expected 100 to 40000 m\); give how far"):
        import_masts(tmp_path / "masts.csv", site, radius_m=radius)
