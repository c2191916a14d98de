"""Ends of what may be given: every quantity at both, just beyond, and what is said where a value is wrong."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import FrozenInstanceError, replace
from typing import Annotated

import pytest
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from quietwing.coverage.batch import cluster_worker
from quietwing.coverage.batch.cluster_worker import as_sent, computed, in_words, versions_here
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import ScenarioError, explained
from quietwing.coverage.scenario import Scenario
from quietwing.sites import quantities

# --- Dates and quantities.


@pytest.mark.parametrize(
    ("name", "least", "most", "step"),
    [
        ("FreqMhz", 300, 7125, 0.1),
        ("BandwidthMhz", 0.1, 200, 0.01),
        ("EirpDbm", -30, 90, 0.1),
        ("LevelDbm", -160, 0, 0.1),
        ("CoordinateM", -1e7, 1e7, 1.0),
        ("HeightM", 0.5, 400, 0.01),
        ("TiltDeg", -30, 45, 0.1),
        ("SigmaDb", 0, 20, 0.01),
        ("RowSpacingM", 5, 500, 0.1),
        ("StreetWidthM", 2, 100, 0.1),
        ("AsOf", dt.date(1991, 7, 1), dt.date(2099, 12, 31), dt.timedelta(1)),
    ],
)
def test_a_quantity_holds_at_both_ends_and_not_beyond(name, least, most, step):
    checked = TypeAdapter(getattr(quantities, name)).validate_python
    assert (checked(least), checked(most)) == (least, most)
    for beyond in (least - step, most + step):
        with pytest.raises(ValidationError):
            checked(beyond)
    for never in (math.nan, math.inf, -math.inf, "much", None):
        with pytest.raises(ValidationError):
            checked(never)


@pytest.mark.parametrize(
    ("name", "inside", "beyond"),
    [
        ("AzimuthDeg", [0, 359.999], [-0.001, 360]),  # 360 is 0
        ("RoofM", [3.001, 100], [3, 100.1]),  # above the station in the street
        ("Plmn", ["234-30", "901-28", "999-99", "001-01", "310-410"], ["800-01", "23430", "234-1", "234-3000"]),
        ("OneLine", ["", "Wing A", "Häuser"], ["two\nlines", "bell\x07", "right\u202eleft", "para\u2029graph"]),
        ("Identifier", ["A", "x" * 80], ["", "   ", "x" * 81, "a\tb"]),
    ],
)
def test_what_has_another_end_or_another_spelling(name, inside, beyond):
    checked = TypeAdapter(getattr(quantities, name)).validate_python
    assert [checked(value) for value in inside] == inside
    for value in beyond:
        with pytest.raises(ValidationError):
            checked(value)


# --- A wrong value in our words.


def _said(item) -> str:
    return f"part: {' '.join(map(str, item['loc']))}: {item['type']} (found {item['input']!r}); correct it"


@explained(_said)
@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Part:
    """A part with a length and a width."""

    length_m: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    width_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    marks: tuple[int, ...] = ()


@pytest.mark.parametrize("made", [lambda: Part(-1.0), lambda: Part(length_m=-1.0), lambda: Part(-1.0, 1.0)])
def test_a_field_is_named_whether_it_is_given_by_place_or_by_name(made):
    with pytest.raises(ScenarioError, match=r"^part: length_m: greater_than \(found -1\.0\); correct it$"):
        made()


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (lambda: Part(-1.0, -2.0), ["length_m: greater_than (found -1.0)", "width_m: greater_than (found -2.0)"]),
        (lambda: Part(width_m=0.0), ["length_m: missing", "width_m: greater_than (found 0.0)"]),
        (lambda: Part(1.0, 2.0, ("a", 2)), ["marks 0: int_parsing (found 'a')"]),
        (lambda: Part(1.0, 2.0, (1, "b")), ["marks 1: int_parsing (found 'b')"]),
        (lambda: Part(1.0, colour="red"), ["colour: unexpected_keyword_argument (found 'red')"]),
        (lambda: Part(math.nan), ["length_m: finite_number (found nan)"]),
    ],
)
def test_all_that_is_wrong_is_said_at_once_each_on_its_line(made, lines):
    with pytest.raises(ScenarioError) as refused:
        made()
    told = str(refused.value).splitlines()
    assert len(told) == len(lines)
    for line, said in zip(sorted(told), sorted(lines), strict=True):
        assert line.startswith(f"part: {said}")


def test_what_is_said_twice_is_said_once():
    once = explained(lambda item: "part: is wrong; correct it")(
        dataclass(frozen=True)(type("Bare", (), {"__annotations__": {"a": int, "b": int}}))
    )
    with pytest.raises(ScenarioError) as refused:
        once("x", "y")
    assert str(refused.value) == "part: is wrong; correct it"


def test_a_right_value_is_made_as_without_it():
    part = Part(2.0, marks=[1, 2])
    assert (part.length_m, part.width_m, part.marks) == (2.0, 1.0, (1, 2))
    assert part == Part(2.0, 1.0, (1, 2))
    assert Part.__name__ == "Part"
    with pytest.raises(FrozenInstanceError):
        part.length_m = 3.0


def test_the_error_hides_the_one_it_explains_and_is_a_value_error():
    with pytest.raises(ScenarioError) as refused:
        Part(-1.0)
    assert refused.value.__suppress_context__
    assert isinstance(refused.value, ValueError)


def test_readers_of_files_get_the_errors_of_the_checker_itself():
    """They say line and file, which a class cannot know."""
    with pytest.raises(ValidationError):
        TypeAdapter(Part).validate_python({"length_m": -1.0})
    assert TypeAdapter(Part).validate_python({"length_m": 2.0}) == Part(2.0)


DEVICE = Device(id="N1", model="micro_jammer", x_m=400_002.0, y_m=300_003.0, z_m=2.5, storey=0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x_m": math.nan}, ["device: x_m: is nan"]),
        ({"x_m": math.nan, "y_m": math.inf}, ["device: x_m: is nan", "device: y_m: is inf"]),
        ({"z_m": 121.0, "model": ""}, ["device: model: is ''", "device: z_m: is 121"]),
        ({"storey": 0.5}, ["device: storey: is 0.5"]),
    ],
)
def test_a_device_that_is_changed_is_checked_again(changes, said):
    with pytest.raises(ScenarioError) as refused:
        replace(DEVICE, **changes)
    told = str(refused.value).splitlines()
    assert len(told) == len(said)
    assert all(line.startswith(part) for line, part in zip(sorted(told), sorted(said), strict=True))
    assert replace(DEVICE, x_m=1.0).x_m == 1.0


def test_too_many_values_by_place_are_refused_by_the_number_of_the_last():
    with pytest.raises(ScenarioError, match=r"^treatment: .*; choose one of opening, model"):
        Treatment("W1", "mesh-12", "more")


@pytest.mark.parametrize(
    ("channels", "named"),
    [
        (("EE/B20/LTE", "EE/B20/LTE"), "'EE/B20/LTE' stands"),
        (("a", "b", "a", "b", "c"), "'a', 'b' stands"),  # each once, in order
        (("b", "b", "b"), "'b' stands"),
    ],
)
def test_channels_named_twice_are_named_once_in_the_message(channels, named):
    with pytest.raises(ScenarioError, match=rf"^scenario: channels: {named} twice, expected each channel once"):
        Scenario(channels=channels)


def test_channels_that_differ_in_case_alone_are_two():
    assert Scenario(channels=("a", "A", "b")).channels == ("a", "A", "b")
    assert Scenario(channels=()).channels == ()


# --- What a worker of a cluster says of itself.


def test_versions_in_words_keep_their_order_and_none_is_no_words():
    assert in_words({"quietwing": "1.0", "numpy": "2.0"}) == "quietwing 1.0, numpy 2.0"
    assert in_words({"numpy": "2.0", "quietwing": "1.0"}) == "numpy 2.0, quietwing 1.0"
    assert in_words({}) == ""


def test_a_worker_has_the_versions_of_what_figures_depend_on(monkeypatch, request):
    assert list(versions_here()) == ["quietwing", "code", "numpy", "numba"]
    assert len({versions_here()["code"], request.getfixturevalue("other_physics") and versions_here()["code"]}) == 2
    monkeypatch.setattr("numpy.__version__", "1.0.test")
    assert versions_here()["numpy"] == "1.0.test"  # asked each time, as a worker may be restarted on another


def test_a_site_is_handed_on_as_it_was_packed():
    packed = b"\x80\x05 site"
    assert as_sent(packed) is packed


def test_a_worker_of_other_versions_computes_nothing_and_says_both(monkeypatch):
    def never(*_):
        raise AssertionError("a child was started")

    monkeypatch.setattr(cluster_worker, "_by_child", never)
    monkeypatch.setattr(cluster_worker.socket, "gethostname", lambda: "node-7")
    monkeypatch.setattr(cluster_worker, "versions", lambda: {"quietwing": "1.0", "numpy": "2.0"})
    for wanted in ({"quietwing": "1.1", "numpy": "2.0"}, {"quietwing": "1.0"}):
        assert computed("item", b"", b"", wanted, 1.0) == {
            "kind": "versions",
            "text": f"worker node-7: has quietwing 1.0, numpy 2.0 (expected {in_words(wanted)})",
        }
