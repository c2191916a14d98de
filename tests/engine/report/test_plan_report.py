"""A plan shown: every file says the same numbers, claims round down, £ round up, what fails or is open is said."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli.plan_terminal import show_plan
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.layout import parse_layout
from quietwing.coverage.planning.costing import cost
from quietwing.coverage.planning.plan import Attempt, Claim, Hole, HoleKind, HoleReason, Plan, PlanResult
from quietwing.coverage.report import write
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.hole_words import binding_of, grouped_holes, reason_in_words
from quietwing.coverage.report.plan_tables import bill_csv, holes_csv, plan_object
from quietwing.coverage.report.plan_words import plan_headline, plan_lead, pounds
from quietwing.coverage.report.verdict_tables import verdict_object
from quietwing.coverage.report.words import limits_in_words
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.study import evaluate, leakage
from quietwing.sites.networks import typical_sectors

CATALOGUE = read_catalogue()
HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script>'
JAMMERS = (
    Device("J0", "room_jammer", 1, 1, 2.5, state="existing"),
    Device("J1", "room_jammer", 5, 3, 2.5, trim_db=(("B28", -6.0),)),
)
SCENARIO = Scenario(worlds=100, grid_m=1.0, treatments=(TreatmentWish("window_mesh", ("A-01",)),))
HOLES = (
    Hole("A-01", HoleReason(HoleKind.MONEY, needs_gbp=1200.0)),
    Hole("=1+1", HoleReason(HoleKind.NOT_SURE, channel="EE/B20/LTE", silent_probability=0.9349)),
    Hole("A-03", HoleReason(HoleKind.MONEY, needs_gbp=949.5)),
    Hole("A-04", HoleReason(HoleKind.NOT_SURE, channel="EE/B20/LTE", silent_probability=0.901)),
    Hole("A-05", HoleReason(HoleKind.MONEY, needs_gbp=1200.0)),
    Hole("A-06", HoleReason(HoleKind.LIMIT_ALONE, limit="<b>fence</b>")),
)
BINDING = "3 of 6 rooms that are not blocked: beyond the budget: at least £950–£1,200 more is needed"
ATTEMPTS = (
    Attempt(0.9996, 0.0, 1, 0, 0.0, math.inf, True, 0.0),
    Attempt(0.9, 1.5, 2, 1, 1.0, -0.71, False, 3213.05),
)


@pytest.fixture(scope="module")
def site(hut):
    return hut(name=HOSTILE, sectors=typical_sectors("urban", (3.0, 2.0))[:2])


@pytest.fixture(scope="module")
def plan_result(site) -> PlanResult:
    """Two jammers, one of them there already, and a mesh, in front of the existing jammer alone."""
    verdict = evaluate(site, SCENARIO, devices=JAMMERS, catalogue=CATALOGUE)
    before = evaluate(site, replace(SCENARIO, treatments=()), devices=JAMMERS[:1], catalogue=CATALOGUE)
    plan = Plan(
        devices=JAMMERS,
        treatments=(Treatment("w1", "window_mesh"),),
        cost=cost(site, JAMMERS, verdict.treatments, CATALOGUE, SCENARIO),
        status="feasible",
        value=166.0,
        bound=None,
        gap=None,
        rooms_model=166,
        claimed=(Claim("A-01", 0.0),),
        holes=HOLES,
        attempts=ATTEMPTS,
        chosen=1,
        candidates=2345,
        seed=7,
        reproducible=True,
        notes=("a note <i>of</i> the plan",),
    )
    return PlanResult(plan, verdict, before, replace(SCENARIO, budget_gbp=50_000.0))


def varied(result: PlanResult, **changes) -> PlanResult:
    return replace(result, plan=replace(result.plan, **changes))


def for_target(result: PlanResult, target: int, **changes) -> PlanResult:
    """The same with a target at least cost instead of a budget."""
    scenario = replace(SCENARIO, objective="least_cost", target_rooms=target)
    verdict = replace(result.verdict, scenario=scenario)
    return replace(varied(result, **changes), verdict=verdict, asked=scenario)


def weighing(result: PlanResult, weight: float) -> PlanResult:
    rooms = result.verdict.by_room
    return at_asked(result, by_room=rooms.assign_coords(weight=rooms["weight"] * 0 + weight))


def at_asked(result: PlanResult, **changes) -> PlanResult:
    """The same with something else at the grade asked for."""
    first, *others = result.verdict.grades
    return replace(result, verdict=replace(result.verdict, grades=(replace(first, **changes), *others)))


def judged(result: PlanResult, silent: bool) -> PlanResult:
    """The same with every room silent at the grade asked for, or none."""
    rooms = result.verdict.by_room
    called = rooms["called_silent"]
    return at_asked(result, by_room=rooms.assign(called_silent=called | True if silent else called & False))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.links, self.tags = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links.extend(value for name, value in attrs if name in ("src", "href"))


def test_every_file_is_there_and_the_page_asks_for_nothing_else(plan_result, site, tmp_path):
    shares = []
    written = write(plan_result, tmp_path / "out", shares.append, before=leakage(site, SCENARIO))
    names = {path.name for path in written}
    assert written[0].name == "summary.html"
    assert {
        "plan.json", "layout.csv", "treatments.csv", "bill_of_materials.csv", "holes.csv", "rooms.csv", "escapes.csv",
        "spill.csv", "spill.png", "leakage.csv", "leakage.html", "before-after-01-a-ground.png",
        "margin-01-a-ground.png",
    } <= names  # fmt: skip
    assert names == {path.name for path in (tmp_path / "out").iterdir()}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    text = written[0].read_text("utf-8")
    page = Page(text)
    assert not {"script", "b", "i"} & set(page.tags)
    assert "&lt;script&gt;" in text
    assert not re.search(r"https?://|//cdn", text)
    assert all((tmp_path / "out" / link).is_file() for link in page.links)
    assert {"plan.json", "layout.csv", "treatments.csv", "bill_of_materials.csv", "holes.csv"} <= set(page.links)


def test_the_page_the_tables_and_the_object_say_the_same_numbers(plan_result, tmp_path):
    folder = write(plan_result, tmp_path / "out")[0].parent
    text = (folder / "summary.html").read_text("utf-8")
    found = json.loads((folder / "plan.json").read_text("utf-8"))
    assert found == plan_object(plan_result)
    spent = plan_result.plan.cost
    total = rows_of((folder / "bill_of_materials.csv").read_text("utf-8"))[-1]
    assert found["cost"]["capex_gbp"] == spent.capex_gbp == float(total["capex_gbp"])
    assert found["cost"]["whole_life_gbp"] == spent.whole_life_gbp == float(total["whole_life_gbp"])
    assert found["cost"]["illustrative"] == total["illustrative"]
    assert text.count(pounds(spent.capex_gbp)) == 3  # in the first sentences, in the figures, under the bill
    assert f"{spent.illustrative[0]} of {spent.illustrative[1]} prices are illustrative" in text
    assert parse_layout((folder / "layout.csv").read_text("utf-8"), CATALOGUE) == JAMMERS
    assert found["devices"][1]["trim_db"] == {"B28": -6.0}
    assert found["treatments"] == [{"opening": "w1", "model": "window_mesh", "bought": True}]
    assert rows_of((folder / "treatments.csv").read_text("utf-8")) == [
        {"opening": "w1", "rooms": "A-01", "model": "window_mesh", "bought_by_plan": "yes"}
    ]
    holes = rows_of((folder / "holes.csv").read_text("utf-8"))
    assert [hole["room"] for hole in holes] == ["A-01", "'=1+1", "A-03", "A-04", "A-05", "A-06"]
    assert len(found["holes"]) == len(holes)
    count = count_rooms(plan_result.verdict)
    assert f"{count.silent} of {count.silence} rooms" in text
    for sentence in limits_in_words(plan_result.verdict):
        assert sentence in text
    for note in (*plan_result.plan.notes, *plan_result.plan.cost.notes, *plan_result.verdict.notes):
        assert unescape(text).count(f"<li>{note}</li>") == 1


def test_the_page_puts_first_what_a_governor_asks_first(plan_result, tmp_path):
    text = write(replace(plan_result, verdict=replace(plan_result.verdict, maps=())), tmp_path)[0].read_text("utf-8")
    order = (
        "What no blocker of phones can end",
        "blocked at planning grade (90 %)",
        "to buy and install",
        "Spill over the fence at planning grade, service limit",
        "Simulation only",
        f"What binds: {BINDING} (smallest margin outside",
        "Why rooms stay unblocked",
        "What to buy",
        "What may still work, and why",
        "How the plan was found",
        "what limits this result",
    )
    at = [text.index(words) for words in order]
    assert at == sorted(at)
    attempts = text[text.index("How the plan was found") :]
    assert "<td>chosen</td>" in attempts
    for cell in ("99.9 %", "none", "-0.8", "BROKEN", "£3,214"):  # 0.9996, infinite, −0.71, £3,213.05
        assert f">{cell}</td>" in attempts, cell


def test_the_sentence_of_the_design(plan_result):
    count, strict = count_rooms(plan_result.verdict), count_rooms(plan_result.verdict, 1)
    text, sectors = " ".join(plan_lead(plan_result)), len(plan_result.verdict.sectors)
    are = "is" if count.silent == 1 else "are"
    assert (
        f"{count.silent} of {count.silence} rooms {are} blocked at planning grade (90 %), {strict.silent} "
        f"at evidence grade (95 %). Measure first: {sectors} of {sectors} sectors are not measured. This is the best "
        f"plan found; how much better is possible is not known."
    ) in text


def test_how_good_a_plan_is_is_said_only_where_it_is_known(plan_result):
    known = varied(judged(plan_result, silent=True), status="optimal", value=1.0, bound=1.0, gap=0.0, holes=())
    unknown = varied(plan_result, status="feasible", bound=None, gap=None)
    assert "No plan does more: every room is blocked or has no signal anyway." in plan_lead(known)
    assert "This is the best plan found; how much better is possible is not known." in plan_lead(unknown)
    for result in (plan_result, unknown):
        assert not {"proven", "optimal", "gap"} & set(" ".join(plan_headline(result)).lower().split())
    assert (plan_object(unknown)["bound"], plan_object(unknown)["gap"]) == (None, None)


def test_a_target_is_reached_or_missed(plan_result):
    target = for_target(plan_result, 166, value=1234.5, bound=None, gap=None)
    assert "the plan MISSES its target of 166 by 166" in " ".join(plan_lead(judged(target, silent=False)))
    assert "The target of 1 is reached." in plan_lead(judged(for_target(plan_result, 1), silent=True))


@pytest.mark.parametrize(
    ("status", "words"), [("infeasible", "may be bought here"), ("none found", "does not prove")]
)
def test_a_plan_that_does_not_exist_is_said_first(plan_result, status, words):
    result = for_target(plan_result, 200, status=status, value=None, bound=None, gap=None)
    lead = plan_lead(result)
    assert lead[0].startswith("NO ")
    assert "200 rooms" in lead[0]
    assert words in lead[0]
    found = plan_object(result)
    assert (found["status"], found["value"], found["bound"], found["gap"]) == (status, None, None, None)


def test_no_silent_room_names_what_binds(plan_result):
    none = judged(plan_result, silent=False)
    text = " ".join(plan_headline(none))
    assert "0 of 1 rooms are blocked" in text
    assert text.count("What binds") == 1
    assert f"What binds: {BINDING} (smallest margin outside" in text
    silent = varied(none, holes=())
    assert "is the likeliest escape in 1 of 1 rooms that are not blocked" in " ".join(plan_headline(silent))


def test_limits_that_are_broken_are_said_before_what_holds(plan_result):
    spill = plan_result.verdict.spill
    kept, broken = (at_asked(plan_result, spill=replace(spill, passed=passed)) for passed in (True, False))
    assert "blocked at planning grade" in plan_lead(kept)[0]
    for result in (broken, at_asked(plan_result, spill=None)):
        assert "EXCEEDED" in plan_lead(result)[0]


def test_money_is_rounded_up_and_held_against_the_budget(plan_result):
    assert [pounds(amount) for amount in (0.0, 1234.0, 1234.01, 1e6 - 0.5)] == [
        "£0",
        "£1,234",
        "£1,235",
        "£1,000,000",
    ]
    spent = plan_result.plan.cost.capex_gbp
    assert "within the budget of £50,000 to buy and install" in " ".join(plan_lead(plan_result))
    over = replace(plan_result, asked=replace(plan_result.asked, budget_gbp=spent - 10))
    assert "OVER BUDGET by £10" in " ".join(plan_lead(over))
    free = replace(plan_result, asked=replace(plan_result.asked, budget_gbp=None))
    assert "No budget was given" in " ".join(plan_lead(free))
    assert [plan_object(one)["over_budget"] for one in (plan_result, over, free)] == [False, True, None]
    assert plan_object(free)["budget_gbp"] is None


def test_only_what_is_new_is_bought(plan_result):
    assert "It buys 1 × room_jammer, window_mesh on 1 window." in plan_headline(plan_result)
    nothing = varied(plan_result, devices=JAMMERS[:1], treatments=())
    nothing = varied(nothing, cost=cost(plan_result.verdict.site, JAMMERS[:1], (), CATALOGUE, SCENARIO))
    assert "It buys nothing." in plan_headline(nothing)
    assert "Before, with 1 blocker on: " in " ".join(plan_headline(plan_result))
    assert "Before" not in " ".join(plan_headline(replace(plan_result, before=None)))


def test_a_layout_that_only_is_planned_is_never_called_before(plan_result, tmp_path):
    """Pictures then begin with the site with nothing on it, as those of a plan that is held against nothing."""
    planned = tuple(replace(device, state="planned") for device in plan_result.before.devices)
    given = replace(plan_result, before=replace(plan_result.before, devices=planned))
    told = " ".join(plan_headline(given))
    assert "The layout given, with 1 blocker on: " in told
    assert "Before" not in told
    folders = [tmp_path / name for name in ("stands", "planned", "nothing")]
    for folder, result in zip(folders, (plan_result, given, replace(plan_result, before=None)), strict=True):
        write(result, folder)
    stands, only_planned, nothing = ((folder / "before-after-01-a-ground.png").read_bytes() for folder in folders)
    assert only_planned == nothing != stands
    pages = [(folder / "summary.html").read_text("utf-8") for folder in folders]
    assert ["Blocked before this plan" in page for page in pages] == [True, False, False]
    assert "Blocked by the layout given" in pages[1]
    assert ["twice: blockers and treatments taken away" in page for page in pages] == [False, True, True]


def test_the_bill_adds_up_to_the_penny_and_runs_in_no_spreadsheet(plan_result):
    spent = plan_result.plan.cost
    hostile = replace(spent, lines=(replace(spent.lines[0], description="=1+1", price_source="@x"), *spent.lines[1:]))
    *rows, total = rows_of(bill_csv(hostile))
    assert len(rows) == len(spent.lines)
    assert (rows[0]["description"], rows[0]["price_source"]) == ("'=1+1", "'@x")
    for column in ("price_gbp", "install_gbp", "capex_gbp", "opex_gbp_per_year", "refresh_gbp", "whole_life_gbp"):
        pence = sum(round(100 * float(row[column])) for row in rows)
        assert pence == round(100 * float(total[column])), column
    assert float(total["capex_gbp"]) > 0
    assert [row["capex_gbp"] for row in rows if "there already" in row["description"]] == ["0.00"] * (
        sum("there already" in line.description for line in hostile.lines)
    )
    assert rows_of(holes_csv(plan_result.plan))[1]["room"] == "'=1+1"


def test_reasons_that_differ_in_a_figure_alone_are_one_with_its_range():
    groups = grouped_holes(HOLES)
    assert [(reason, len(rooms)) for reason, rooms in groups] == [
        ("beyond the budget: at least £950–£1,200 more is needed", 3),
        ("blocked in 90.1–93.4 % of simulations only; what works there most often is EE 800 MHz 4G", 2),
        ("not bought; in the planning model every device strong enough exceeds a limit: <b>fence</b>", 1),
    ]
    assert groups[0][1] == ("A-01", "A-03", "A-05")
    unheard = reason_in_words(HoleReason(HoleKind.TOO_WEAK, channel="EE/n78/NR"))
    assert (
        unheard
        == "not bought; in the planning model no single device is strong enough on EE 3500 MHz 5G: nothing reaches it"
    )
    two_bands = tuple(
        Hole(band, HoleReason(HoleKind.TOO_WEAK, channel=f"EE/{band}/LTE", missing_db=2.0)) for band in ("B20", "B3")
    )
    assert len(grouped_holes(two_bands)) == 2


def test_a_reason_never_says_less_money_or_more_certainty_than_its_figures():
    """£949.01 more are £950 at most places of a bill, and 93.49 % of worlds are not 93.5 %."""
    assert "£950 more" in reason_in_words(HoleReason(HoleKind.MONEY, needs_gbp=949.01))
    sure = HoleReason(HoleKind.NOT_SURE, channel="EE/B3/GSM", silent_probability=0.9349)
    assert reason_in_words(sure).startswith("blocked in 93.4 % of simulations only")


def test_what_binds_is_the_commonest_kind_with_its_commonest_limit():
    holes = tuple(
        Hole(f"R{at}", HoleReason(HoleKind.LIMIT_TOGETHER, limit=limit))
        for at, limit in enumerate(("fence 3", "fence 9", "fence 9"))
    )
    money = tuple(Hole(f"M{at}", HoleReason(HoleKind.MONEY, needs_gbp=10.0)) for at in range(2))
    unasked = tuple(Hole(f"U{at}", HoleReason(HoleKind.NOT_ASKED)) for at in range(9))
    said = binding_of((*holes, *money, *unasked), None)
    assert (
        said
        == "3 of 5 rooms that are not blocked: not bought; in the planning model a limit would be exceeded: fence 9"
    )
    assert binding_of(unasked, None) == ""


def test_the_object_has_only_plain_numbers(plan_result, as_shipped):
    result = varied(plan_result, value=None, bound=None, gap=None)
    found = json.loads(json.dumps(plan_object(result), allow_nan=False))
    as_shipped("optimise", verdict_object(result.verdict) | found)
    assert (found["value"], found["bound"], found["gap"]) == (None, None, None)
    assert [one["spill_margin_db"] for one in found["attempts"]] == [None, -0.8]
    said = verdict_object(plan_result.verdict)
    assert {key: found[key] for key in ("grade", "rules", "measured", "grades")} == {
        key: said[key] for key in ("grade", "rules", "measured", "grades")
    }
    assert (found["seed"], found["reproducible"], found["chosen"], found["rooms_model"]) == (7, True, 1, 166)
    for key in ("status", "cost", "budget_gbp", "over_budget", "binding", "notes", "devices", "treatments"):
        assert key in found


def test_the_terminal_shows_money_holes_and_where_the_files_are(plan_result, tmp_path, capsys):
    show_plan(plan_result, CATALOGUE, (tmp_path / "summary.html",), False)
    out, err = capsys.readouterr()
    for sentence in (*plan_headline(plan_result), *limits_in_words(plan_result.verdict)):
        assert sentence in out
    words = " ".join(out.split())
    assert "room_jammer 1 £" in words
    assert "window_mesh 1 £" in words
    assert "£950–£1,200" in words
    assert "note: a note <i>of</i> the plan" in err
    assert err.count("prices are illustrative") == 1
    assert f"wrote 1 files; open {tmp_path / 'summary.html'}" in err


def test_the_terminals_object_is_the_verdicts_with_the_plans_keys(plan_result, capsys):
    show_plan(plan_result, CATALOGUE, (), True)
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["rooms"]["silence"] == 1
    assert found["manifest"]["scenario_id"] == plan_result.verdict.scenario_id
    assert {key: found[key] for key in plan_object(plan_result)} == plan_object(plan_result)
