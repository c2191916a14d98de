"""One yardstick: of one layout every command, table, file and page says the same counts and the same spill margin."""

import csv
import html
import json
import math
import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from quietwing.coverage.app.state import KEY, YOURS, Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import app
from quietwing.coverage.equipment import Device
from quietwing.coverage.layout import layout_text, read_layout
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.rules import GRADES
from quietwing.coverage.scenario import read_scenario
from quietwing.coverage.study import evaluate, leakage
from quietwing.coverage.study.frontier_run import frontier
from quietwing.coverage.treatments import wishes_for
from quietwing.sites import load_site, save_site
from quietwing.sites.synthetic import build_wing, describe

pytestmark = pytest.mark.usefixtures("few_moves", "forked_workers")
WORLDS = 150
BANDS = ("B20", "B3")
ASKED = f"worlds = {WORLDS}\ngrid_m = 1.0\nequipment = ['room_jammer', 'micro_jammer']\ntreat_with = ['none']\n"
DEVICES = (
    Device("D1", "room_jammer", -3.4, 1.2, 2.5, 0),
    Device("D2", "micro_jammer", 3.4, 3.6, 2.5, 0),
)


def page(module: str) -> None:
    import importlib

    importlib.import_module(f"quietwing.coverage.app.{module}").show()


def begin() -> None:
    from quietwing.coverage.app.state import session

    session()


def told(*command: str) -> dict:
    ran = CliRunner().invoke(app, [*command, "--json"])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


def rows(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A small wing with a scenario and a layout, and what each command left of it."""
    folder = tmp_path_factory.mktemp("yardstick")
    wing = build_wing(describe(type="wing", cells=4, storeys=1))
    few = tuple(sector for sector in wing.sectors if sector.band in BANDS)
    save_site(replace(wing, sectors=few), folder / "site")
    (folder / "site" / "scenario.toml").write_text(ASKED, "utf-8")
    (folder / "layout.csv").write_text(layout_text(DEVICES), "utf-8", newline="")
    standing = replace(DEVICES[1], state="existing", power_dbm=0.0)
    (folder / "standing.csv").write_text(layout_text((standing,)), "utf-8", newline="")
    (folder / "sweep.toml").write_text("site = 'site'\nlayout = 'layout.csv'\nset.seed = [1]\n", "utf-8")
    (folder / "off.toml").write_text("site = 'site'\nmode = 'leakage'\nset.seed = [1]\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def site(place):
    return load_site(place / "site")


@pytest.fixture(scope="module")
def scenario(place):
    return read_scenario(place / "site" / "scenario.toml")


@pytest.fixture(scope="module")
def verdict(site, scenario):
    return evaluate(site, scenario, devices=DEVICES, catalogue=read_catalogue())


@pytest.fixture(scope="module")
def evaluated(place):
    return told("evaluate", str(place / "site"), "--layout", str(place / "layout.csv"), "--out", str(place / "on"))


def expected(verdict) -> dict:
    """By grade: rooms by state and, where there is an outside, what is left there."""
    found = {}
    for number, one in enumerate(verdict.grades):
        count = count_rooms(verdict, number)
        found[one.grade.name] = {
            "silence": count.silence,
            "silent": count.silent,
            "quiet_anyway": count.quiet_anyway,
            "holes": count.holes,
            "unknown": count.unknown,
            "margin_db": one.spill.worst_margin_db,
            "passed": one.spill.passed,
        }
    return found


def of_json(spoken) -> dict:
    """What a JSON object of a verdict says, in the same form."""
    return {
        name: {
            **said["rooms"],
            "margin_db": said["spill"]["worst_margin_db"],
            "passed": said["spill"]["passed"],
        }
        for name, said in spoken["grades"].items()
    }


def of_row(row) -> dict:
    """What a row of a batch says; two states are in no column of a grade."""
    return {
        name: {
            "silent": int(row[f"rooms_silent_{name}"]),
            "quiet_anyway": int(row[f"rooms_quiet_anyway_{name}"]),
            "holes": int(row[f"rooms_holes_{name}"]),
            "margin_db": float(row[f"spill_margin_db_{name}"]),
            "passed": row[f"spill_passed_{name}"] == "yes",
        }
        for name in GRADES
    }


def of_rooms_csv(table) -> dict:
    """Rooms by state as the table of rooms has them."""
    words = {"silent": "silent", "quiet_anyway": "quiet anyway", "holes": "hole"}
    states = {name: [row[f"state_{name}"] for row in table if row["role"] == "silence"] for name in GRADES}
    return {name: {key: found.count(word) for key, word in words.items()} for name, found in states.items()}


def text_of(file) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(file.read_text("utf-8"))))


def said_in(text: str, numbers: dict, verdict, *, margins: bool = True) -> None:
    """The counts and, where the face shows them, the margins of both grades, as sentences have them."""
    for one in verdict.grades:
        mine = numbers[one.grade.name]
        total = f"{mine['silent']} of {mine['silence']}"
        assert re.search(rf"\b{total}\b|\b{mine['silent']} at {one.grade.name} grade", text), one.grade.name
        assert not margins or f"{abs(mine['margin_db']):g} dB" in text, one.grade.name


def some(numbers: dict, keys) -> dict:
    return {name: {key: mine[key] for key in keys} for name, mine in numbers.items()}


def test_the_layout_tells_the_grades_apart(verdict):
    numbers = expected(verdict)
    assert list(numbers) == ["planning", "evidence"]
    assert numbers["planning"]["silent"] > 0
    assert numbers["planning"]["holes"] > 0
    assert numbers["planning"] != numbers["evidence"]


def test_command_line_file_and_batch_say_what_the_study_says(place, verdict, evaluated):
    numbers = expected(verdict)
    assert of_json(evaluated) == numbers
    assert of_json(json.loads((place / "on" / "verdict.json").read_text("utf-8"))) == numbers
    ran = CliRunner().invoke(app, ["batch", str(place / "sweep.toml"), "--out", str(place / "many")])
    assert ran.exit_code == 0, ran.output
    (row,) = rows(place / "many" / "summary.csv")
    assert of_row(row) == some(numbers, of_row(row)["planning"])
    assert ran.exit_code == CliRunner().invoke(app, ["verify", str(place / "on")]).exit_code == 0


def test_tables_and_page_of_the_result_say_it_too(place, verdict, evaluated):
    numbers, out = expected(verdict), place / "on"
    assert of_rooms_csv(rows(out / "rooms.csv")) == some(numbers, ("silent", "quiet_anyway", "holes"))
    spill = rows(out / "spill.csv")
    for name, mine in numbers.items():
        # the smallest margin that counts is that of some place in the table
        assert f"{mine['margin_db']:.1f}" in {row[f"margin_db_{name}"] for row in spill}
    said_in(text_of(out / "summary.html"), numbers, verdict)


def test_what_if_starts_from_the_same_numbers(place, verdict):
    numbers = expected(verdict)
    found = told("whatif", str(place / "site"), "--layout", str(place / "layout.csv"), "--top", "1")
    first = found["unchanged"]
    for name, mine in numbers.items():
        assert first["cells"][name] == mine["silent"]
        assert first["spill"][name] == {"margin_db": mine["margin_db"], "passed": mine["passed"]}


def test_with_every_blocker_off_leakage_and_verdict_count_alike(place, site, scenario):
    off = expected(evaluate(site, scenario, catalogue=read_catalogue(), maps=False))
    rooms = ("silence", "silent", "quiet_anyway", "holes", "unknown")
    evaluated = told("evaluate", str(place / "site"))
    assert some(of_json(evaluated), rooms) == some(off, rooms)
    leaked = told("leakage", str(place / "site"), "--out", str(place / "leaks"))
    assert {name: said["rooms"] for name, said in leaked["grades"].items()} == some(off, rooms)
    assert leaked["rooms"] == evaluated["rooms"]
    found = leakage(site, scenario, maps=False)
    assert {one.grade.name: count_rooms(found, at).holes for at, one in enumerate(found.grades)} == {
        name: mine["holes"] for name, mine in off.items()
    }
    table = rows(place / "leaks" / "leakage.csv")
    works = {row["room"] for row in table if row["role"] == "silence" and row["usable"] == "yes"}
    assert len(works) == off["planning"]["holes"]
    sentence = (
        f"a phone may work in {off['planning']['holes'] or 'none'} of {off['planning']['silence']} rooms at "
        f"planning grade (90 %), in {off['evidence']['holes'] or 'none'} at evidence grade (95 %)"
    )
    assert sentence in text_of(place / "leaks" / "summary.html")
    ran = CliRunner().invoke(app, ["batch", str(place / "off.toml"), "--out", str(place / "many-off")])
    assert ran.exit_code == 0, ran.output
    (row,) = rows(place / "many-off" / "summary.csv")
    for name, mine in off.items():
        for state in ("silent", "quiet_anyway", "holes"):
            assert int(row[f"rooms_{state}_{name}"]) == mine[state]


# What the pages call a number, and the key it has here.
KEYS = {
    "To buy and install": "Cost",
    "bought and installed": "Cost",
    "To run, a year": "A year",
    "to run, a year": "A year",
    "whole life": "Whole life",
    "rooms to be blocked": "Rooms",
    **{f"blocked by the layout at {grade} grade": f"Blocked, {grade}" for grade in GRADES},
    **{f"not blocked (a phone may work) at {grade} grade": f"Holes, {grade}" for grade in GRADES},
    **{f"headroom to limit at {grade} grade": f"Spill limit, {grade}" for grade in GRADES},
    "spent": "Cost",
    **{f"silent, {grade}": f"Blocked, {grade}" for grade in GRADES},
    **{f"spill margin, {grade}": f"Spill limit, {grade}" for grade in GRADES},
}
KNOWN = {
    "Rooms", "Leaks, blockers off", "Cost", "A year", "Whole life",
    *(f"{what}, {grade}" for what in ("Blocked", "Holes", "Spill limit") for grade in GRADES),
}  # fmt: skip
# The same numbers in sentences; those of the evidence grade follow those of the planning grade.
SENTENCES = (
    (r"a phone may work in (\d+) of \d+ rooms", "Leaks, blockers off"),
    (r"a phone may work in (\d+) of \d+ rooms at planning grade", "Leaks, blockers off"),
    (r"a phone may work in \d+ of (\d+) rooms", "Rooms"),
    (r"blocks (\d+) at planning grade", "Blocked, planning"),
    (r"blocks \d+ at planning grade and (\d+) at evidence grade", "Blocked, evidence"),
    (r"(\d+) of \d+ rooms are blocked", "Blocked, planning"),
    (r"are blocked at planning grade \(90 %\), (\d+) at evidence", "Blocked, evidence"),
    (r"and (\d+) are not blocked", "Holes, planning"),
    *((rf"exceeded (by [\d.]+) dB at {grade} grade", f"Spill limit, {grade}") for grade in GRADES),
    *((rf"\(?([\d.]+) dB left\)? at {grade} grade", f"Spill limit, {grade}") for grade in GRADES),
    *((rf"at {grade} grade, \w+ limit: EXCEEDED (by [\d.]+) dB", f"Spill limit, {grade}") for grade in GRADES),
    (r"Together (£[\d,]+) bought and installed", "Cost"),
    (r"bought and installed, (£[\d,]+) a year", "A year"),
    (r"to run, (£[\d,]+) over its whole life", "Whole life"),
    # of a plan that was found
    (r"£[\d,]+ blocks [^.]*; £[\d,]+ (\d+), at planning grade", "Blocked, planning"),
    (r"Evidence grade \(95 %\): \d+, (\d+)\.", "Blocked, evidence"),
    (r"(\d+) of \d+ rooms is blocked", "Blocked, planning"),
    (r"is blocked at planning grade \(90 %\), (\d+) at evidence", "Blocked, evidence"),
    (r"and a phone may work in (\d+)\.", "Holes, planning"),
    (r"It costs (£[\d,]+) to buy and install", "Cost"),
    (r"to buy and install and (£[\d,]+) over its whole life", "Whole life"),
    *(
        (rf"at {grade} grade, \w+ limit: kept, the smallest margin is ([\d.]+) dB", f"Spill limit, {grade}")
        for grade in GRADES
    ),
    (r"([\d.]+) dB of the limits outside", "Spill limit, planning"),
    (r"smallest margin outside ([\d.]+) dB", "Spill limit, planning"),
)
PAGES = (
    "site_page", "signals_page", "surveys_page", "blockers_page", "optimise_page", "compare_page", "report_page",
)  # fmt: skip


def plain(value: str) -> float:
    """A number as any page writes it: ``3 of 5``, ``£6,128``, ``over by 1.5 dB``, ``kept, 2 dB left``."""
    number = float(re.search(r"-?[\d.]+", value.replace(",", ""))[0])
    return -number if re.match(r"(over )?by ", value) else number


def numbers_on(shown: AppTest) -> list[tuple[str, float]]:
    """Every count, margin and cost of the layout on a page, by key."""
    found = [(metric.label, metric.value) for metric in shown.metric]
    for table in (one.value for one in shown.dataframe):
        for layout in {"The current layout", "this plan"} & set(table):
            found += zip(table[""], table[layout], strict=True)
        if "spent" in table:  # the curve's: its last plan
            found += table.iloc[-1].items()
        if "Together [£]" in table:
            together_gbp, year_gbp = table["Together [£]"].sum(), table["A year [£]"].sum()
            found += [("Cost", str(math.ceil(together_gbp))), ("A year", str(math.ceil(year_gbp)))]
        if "What would end the likeliest" in table:
            found.append(("Holes, planning", str(len(table))))
    parts = (*shown.text, *shown.markdown, *shown.success, *shown.warning, *shown.error, *shown.info)
    for text in (part.value.replace("\\", "") for part in parts):
        for pattern, key in SENTENCES:
            found += [(key, said) for said in re.findall(pattern, text)]
    named = [(KEYS.get(label, label), value) for label, value in found if re.search(r"\d", value)]  # no ``exceeded``
    return [(key, plain(value)) for key, value in named if key in KNOWN]


def numbers_by_page(own, pages) -> dict[str, dict[float, set[str]]]:
    """By key each value that is shown in a session, and on which pages."""
    found: dict[str, dict[float, set[str]]] = {}
    for name in pages:
        shown = AppTest.from_function(page, kwargs={"module": name}, default_timeout=60)
        shown.session_state[KEY] = own
        shown.run()
        assert not shown.exception
        for key, value in numbers_on(shown):
            found.setdefault(key, {}).setdefault(value, set()).add(name)
    return found


def test_every_page_of_the_app_says_every_number_alike(site, scenario, verdict, evaluated):
    """All pages of one session: each count, margin and cost by its key has one value, that of the command line."""
    start = AppTest.from_function(begin, default_timeout=60).run()
    own = start.session_state[KEY]
    own.site, own.site_source, own.scenario, own.layout = verdict.site, YOURS, scenario, Layout(DEVICES)
    own.verdict = verdict
    own.leakage = leakage(site, scenario)
    off = {grade: said["rooms"] for grade, said in evaluated["grades"].items()}
    expects = {
        "Rooms": off["planning"]["silence"],
        "Leaks, blockers off": count_rooms(own.leakage, 0).holes,
        "Cost": math.ceil(evaluated["cost"]["capex_gbp"]),
        "Whole life": math.ceil(evaluated["cost"]["whole_life_gbp"]),
    }
    for grade, mine in expected(verdict).items():
        expects[f"Blocked, {grade}"], expects[f"Holes, {grade}"] = mine["silent"], mine["holes"]
        expects[f"Spill limit, {grade}"] = mine["margin_db"]
    found = numbers_by_page(own, PAGES)
    differ = {key: values for key, values in found.items() if len(values) > 1}
    assert differ == {}
    assert {key: next(iter(found[key])) for key in expects} == expects
    where = {key: {name for names in values.values() for name in names} for key, values in found.items()}
    for key in KNOWN - {"A year", "Whole life"} - {f"Holes, {grade}" for grade in GRADES}:
        assert where[key] >= {"blockers_page", "compare_page", "report_page"}, key
    assert "signals_page" in where["Leaks, blockers off"]
    assert "report_page" in where["Holes, planning"]
    for key in ("Cost", "A year", "Whole life"):
        assert where[key] >= {"optimise_page", "compare_page"}, key


def test_a_plan_that_was_found_says_every_number_alike(site, scenario):
    """A plan of the cost curve that is opened and assessed: every page, table and sentence has one value by key."""
    curve = frontier(site, replace(scenario, effort="quick"), (1_000.0, 9_000.0), maps=True)
    plan = curve.plans[-1]
    start = AppTest.from_function(begin, default_timeout=60).run()
    own = start.session_state[KEY]
    own.site, own.site_source, own.scenario = site, YOURS, plan.asked
    own.layout, own.plan, own.frontier = Layout(plan.plan.devices, plan.plan.treatments), plan, curve
    asked = replace(scenario, treatments=wishes_for(site, plan.plan.treatments))
    own.verdict = evaluate(site, asked, devices=plan.plan.devices)
    expects = {"Cost": math.ceil(plan.plan.cost.capex_gbp), "Whole life": math.ceil(plan.plan.cost.whole_life_gbp)}
    for grade, mine in expected(own.verdict).items():
        expects[f"Blocked, {grade}"], expects[f"Holes, {grade}"] = mine["silent"], mine["holes"]
        expects[f"Spill limit, {grade}"] = mine["margin_db"]
    assert 0 < expects["Blocked, planning"] < expected(own.verdict)["planning"]["silence"]
    found = numbers_by_page(own, ("optimise_page", "compare_page", "report_page"))
    assert {key: values for key, values in found.items() if len(values) > 1} == {}
    assert {key: next(iter(found[key])) for key in expects} == expects


def test_a_plan_is_reported_as_its_layout_is_judged(place):
    """The folder of a plan and `evaluate` of the layout in it: one layout, one number."""
    plan = told(
        "optimise", str(place / "site"), "--layout", str(place / "standing.csv"), "--budget-gbp", "9000",
        "--effort", "quick", "--out", str(place / "p"),
    )  # fmt: skip
    out = place / "p"
    numbers = of_json(plan)
    assert of_json(json.loads((out / "verdict.json").read_text("utf-8"))) == numbers
    assert of_json(json.loads((out / "plan.json").read_text("utf-8"))) == numbers
    judged = told(
        "evaluate", str(out / "inputs" / "site"), "--layout", str(out / "layout.csv"),
        "--scenario", str(out / "inputs" / "scenario.toml"),
    )  # fmt: skip
    assert of_json(judged) == numbers
    assert of_rooms_csv(rows(out / "rooms.csv")) == some(numbers, ("silent", "quiet_anyway", "holes"))
    layout = read_layout(out / "layout.csv", read_catalogue())
    assert any(device.state == "existing" for device in layout)
    verdict = evaluate(
        load_site(out / "inputs" / "site"), read_scenario(out / "inputs" / "scenario.toml"), devices=layout
    )
    assert expected(verdict) == numbers
    said_in(text_of(out / "summary.html"), numbers, verdict)
    assert CliRunner().invoke(app, ["verify", str(out)]).exit_code == 0
