"""A contrast budget on paper: every bar begins where the one before it ended, and what is short is said once."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from quietwing.coverage.report.contrast_figure import (
    EDGE_DB,
    MORE_COLOUR,
    OFFER_COLOUR,
    PUBLIC_COLOUR,
    QUIET_COLOUR,
    contrast_figure,
)
from quietwing.coverage.report.contrast_page import CONTRAST_PICTURE, contrast_values
from quietwing.coverage.report.contrast_text import (
    budget_from,
    budget_sentence,
    contrast_object,
    contrast_remarks,
    contrast_rows,
    worst_rows,
)
from quietwing.coverage.report.plan_drawing import png_of
from quietwing.coverage.report.verdict_document import verdict_pictures
from quietwing.coverage.results import ContrastBudget, ContrastLine

# −90 dBm inside; +3 J/S, +5 search, +10 for the confidence: −72 needed. −85 outside, −6 for the tier, −4 for the
# worlds: −95 allowed. 23 between them; a device 15 louder inside and a mesh that adds 2 leave 6 short.
INSIDE = (("public_inside", -90.0), ("js_to_deny", 3.0), ("search_margin", 5.0), ("joint_confidence", 10.0),
          ("level_needed", -72.0))  # fmt: skip
OUTSIDE = (("public_outside", -85.0), ("tier_ratio", -6.0), ("share_of_worlds", -4.0), ("level_allowed", -95.0))
OFFER = (("device", 15.0), ("treatment", 2.0), ("short_by", 6.0))


def lines(*parts) -> tuple[ContrastLine, ...]:
    return tuple(ContrastLine(name, db, f"words of {name}") for part in parts for name, db in part)


SHORT = ContrastBudget(
    "A1-05", "EE/B20/LTE", "middle", "home-1", lines(INSIDE, OUTSIDE, OFFER), -72.0, -95.0, 17.0, 6.0, 8.0, False,
    0.4, "micro_jammer", "A1-05-lamp", "mesh_12", -1.5, -101.0,
)  # fmt: skip
SPARE = replace(SHORT, lines=lines(INSIDE, OUTSIDE, (*OFFER[:1], ("treatment", 10.0), ("short_by", -2.0))),
                offered_db=25.0, short_db=-2.0)  # fmt: skip
ALONE = replace(
    SHORT, lines=lines(INSIDE), place="", allowed_dbm=None, offered_db=None, short_db=None, device="", position="",
    treatment="", power_db=None, used_dbm=None,
)  # fmt: skip


def bars(budget):
    """By line: its bar from left to right, in dB, and its colour."""
    (ax,) = contrast_figure(budget).axes
    found = {}
    for line, patch in zip(budget.lines, ax.patches, strict=True):
        ends = sorted((patch.get_x(), patch.get_x() + patch.get_width()))
        found[line.name] = (*(round(end, 6) for end in ends), patch.get_facecolor())
    return found


def texts(budget):
    (ax,) = contrast_figure(budget).axes
    return {line.name: text.get_text() for line, text in zip(budget.lines, ax.texts, strict=True)}


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("js_to_deny", -90.0, -87.0),
        ("search_margin", -87.0, -82.0),
        ("joint_confidence", -82.0, -72.0),  # ends at the level needed
        ("tier_ratio", -91.0, -85.0),  # downward from the level outside
        ("share_of_worlds", -95.0, -91.0),  # ends at the level allowed
        ("device", -87.0, -72.0),  # from the level needed inside: 15 dB less arrive outside
        ("treatment", -89.0, -87.0),
        ("short_by", -95.0, -89.0),  # what is left down to the level allowed
    ],
)
def test_each_step_begins_where_the_last_ended(name, left, right):
    assert bars(SHORT)[name][:2] == (left, right)


def test_levels_stand_on_the_left_edge():
    left = -95.0 - EDGE_DB
    assert [bars(SHORT)[name][:2] for name in ("public_inside", "level_allowed")] == [(left, -90.0), (left, -95.0)]


def test_to_spare_is_drawn_beyond_the_level_allowed_and_in_the_offers_colour():
    assert bars(SPARE)["short_by"][:2] == (-97.0, -95.0)
    assert bars(SPARE)["short_by"][2] == bars(SPARE)["device"][2] != bars(SHORT)["short_by"][2]


def test_four_colours_for_four_kinds_of_line():
    kinds = {
        PUBLIC_COLOUR: ("public_inside", "public_outside"),
        MORE_COLOUR: ("js_to_deny", "search_margin", "joint_confidence", "tier_ratio", "share_of_worlds"),
        QUIET_COLOUR: ("level_needed", "level_allowed"),
        OFFER_COLOUR: ("device", "treatment"),
    }
    drawn = {name: bar[2] for name, bar in bars(SHORT).items()}
    for names in kinds.values():
        assert len({drawn[name] for name in names}) == 1
    assert len({drawn[names[0]] for names in kinds.values()}) == 4


@pytest.mark.parametrize(
    ("budget", "name", "said"),
    [
        (SHORT, "public_inside", "−90.0 dBm"),  # a level: no plus or minus of a step
        (SHORT, "js_to_deny", "+3.0 dB"),
        (SHORT, "tier_ratio", "−6.0 dB"),
        (SHORT, "short_by", "6.0 dB short"),
        (SPARE, "short_by", "2.0 dB to spare"),  # said in words, so without a minus
    ],
)
def test_values_are_written_beside_their_bars(budget, name, said):
    assert texts(budget)[name] == said


@pytest.mark.parametrize(
    ("budget", "kinds", "last"),
    [
        (SHORT, 5, "short by [dB]"),
        (SPARE, 5, "to spare [dB]"),
        (ALONE, 3, "blockers: needed inside, allowed outside [dBm]"),  # nothing is offered: no word of it
    ],
)
def test_the_legend_names_what_is_drawn(budget, kinds, last):
    (ax,) = contrast_figure(budget).axes
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert (len(shown), shown[-1]) == (kinds, last)


def test_the_dashed_line_is_the_level_allowed_and_is_absent_without_one():
    dashed = [[line for line in contrast_figure(one).axes[0].lines if line.get_linestyle() == "--"]
              for one in (SHORT, ALONE)]  # fmt: skip
    assert [list(line.get_xdata()) for line in dashed[0]] == [[-95.0, -95.0]]
    assert dashed[1] == []


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        (SHORT, "is 6.0 dB short: the best device there, micro_jammer with mesh_12, would break the limit at home-1"),
        (SPARE, "can be blocked: micro_jammer with mesh_12 does it with 2.0 dB to spare at home-1"),
        (ALONE, "needs -72.0 dBm from blockers; no device on offer, or no limit outside."),
        (replace(SHORT, treatment=""), "the best device there, micro_jammer, would break"),
    ],
)
def test_one_sentence_says_what_a_cell_lacks(budget, says):
    assert says in budget_sentence(budget)
    assert budget_sentence(budget).startswith("A1-05: ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "would have to be 8.0 dB stronger, all alike"),
        ({"reference": True}, "far too weak in this cell"),
        ({}, "They send -101.0 dBm to home-1 already; the limit is on the sum."),
        ({}, "at the catalogue's power is 1.5 dB weaker there than needed"),
        ({"power_db": 0.0}, "0.0 dB louder there than needed"),  # just enough
    ],
)
def test_remarks_say_what_the_lines_leave_out(changes, says):
    assert says in " ".join(contrast_remarks(replace(SHORT, **changes)))


def test_steps_have_their_sign_and_levels_their_unit():
    rows = {words: (value, unit) for words, value, unit in contrast_rows(SHORT)}
    assert rows["words of public_inside"] == ("-90.0", "dBm")
    assert rows["words of joint_confidence"] == ("+10.0", "dB")
    assert rows["words of short_by"] == ("6.0", "dB")


def test_cells_with_one_channel_and_one_place_are_one_row_the_most_short_first():
    others = [replace(SHORT, room=f"B{number}", short_db=float(number)) for number in (1, 2)]
    elsewhere = [replace(SHORT, room="C1", place="road", short_db=9.0), replace(ALONE, room="D1")]
    rows = worst_rows([SHORT, *others, *elsewhere])
    assert [(row[1], row[2]) for row in rows] == [("road", "C1"), ("home-1", "A1-05, B1, B2"), ("–", "D1")]
    assert rows[1][3:] == ["-72.0", "-95.0", "17.0", "6.0"]  # of the worst of the three
    assert rows[2][4:] == ["–", "–", "–"]


@pytest.mark.parametrize("budget", [SHORT, SPARE, ALONE])
def test_a_budget_comes_back_from_json(budget):
    assert budget_from(json.loads(json.dumps(contrast_object(budget), allow_nan=False))) == budget


@pytest.mark.parametrize("change", [{"colour": 1}, {"lines": [{"name": "device", "db": 1.0}]}])
def test_a_key_too_many_or_too_few_is_no_budget(change):
    with pytest.raises(TypeError):
        budget_from(contrast_object(SHORT) | change)


class Judged:
    """As much of a verdict as the page asks for."""

    devices = treatments = maps = ()
    scenario = SimpleNamespace(operator_actions=())
    spill = None

    def __init__(self, *contrast):
        self.contrast = contrast


def test_without_a_budget_there_is_no_picture_and_no_part_of_the_page():
    assert verdict_pictures(Judged()) == {}
    assert contrast_values(Judged()) == {"budgets": ()}


def test_equal_budgets_are_equal_bytes_and_the_page_names_the_picture():
    made = []
    for _ in range(2):
        ((name, figure),) = verdict_pictures(Judged(SHORT, SPARE)).items()
        made.append(png_of(figure()))
    assert made[0] == made[1]
    page = contrast_values(Judged(SHORT, SPARE))
    assert page["picture"] == name == CONTRAST_PICTURE
    assert page["sentence"] == budget_sentence(SHORT)  # the first: the cell asked for
