"""``quietwing frontier`` on the terminal: what is wrong is one line, exit code 2, and nothing is written."""

import json

import pytest
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.coverage.cli.frontier_terminal import amounts_of, counts_of, over_steps
from quietwing.coverage.errors import ScenarioError

pytestmark = pytest.mark.usefixtures("few_moves")


def run(*arguments: str):
    return CliRunner().invoke(app, ["frontier", *arguments])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("houseblock",), "either --budgets A,B,C or --auto"),
        (("houseblock", "--budgets", "1000", "--auto"), "either --budgets A,B,C or --auto"),
        (("houseblock", "--budgets", "1000,many"), "'many' is no amount of money"),
        (("houseblock", "--budgets", "1000,,2000"), "'' is no amount of money"),
        (("houseblock", "--budgets", "1," * 600), "--budgets: has 1,200 characters (expected 1000 at most)"),
        (("houseblock", "--budgets", "nan"), "is no amount of money"),
        (("houseblock", "--budgets", "1e999"), "is no amount of money"),
        (("houseblock", "--budgets=-5"), "£-5 is no budget"),
        (("houseblock", "--budgets", "2e9"), "is no budget"),
        (("houseblock", "--budgets", ",".join(str(1000 + step) for step in range(21))), "21 are given"),
        (("houseblock", "--budgets", "1" * 2000), "shorten it"),
        (("houseblock", "--budgets", "1000", "--least-cost-of", "ten"), "'ten' is no number of rooms"),
        (("houseblock", "--budgets", "1000", "--least-cost-of", "5000"), "target_rooms"),
        (("houseblock", "--budgets", "1000", "--least-cost-of", "0"), "least_cost_of"),
        (("houseblock", "--budgets", "1000", "--least-cost-of", "150%"), "least_cost_of: 1.5 is no number of rooms"),
        (("houseblock", "--budgets", "1000", "--equipment", "warp_drive"), "warp_drive"),
        (("houseblock", "--budgets", "1000", "--gap", "5"), "gap: is 5"),
        (("housblock", "--budgets", "1000"), "houseblock"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_writes_nothing(arguments, says, tmp_path):
    ran = run(*arguments, "--out", str(tmp_path / "out"))
    assert ran.exit_code == 2, ran.output
    assert says in ran.stderr
    assert "Traceback" not in ran.output
    assert list(tmp_path.iterdir()) == []


def test_amounts_and_counts_are_read_as_written():
    assert amounts_of("25000, £50000,1e5") == (25_000.0, 50_000.0, 100_000.0)
    assert amounts_of(None) == ()
    assert counts_of("20, 60") == (20, 60)
    assert counts_of("20, 50%, 12.5 %, 100%") == (20, 0.5, 0.125, 1.0)
    assert [type(one) for one in counts_of("1, 100%")] == [int, float]  # one cell, and all of them
    for text in ("²", "1.5", "-1", "", "%", "-5%", "nan%", "1e1%"):
        with pytest.raises(ScenarioError, match="no number of rooms"):
            counts_of(text)


def test_progress_never_goes_back_where_more_steps_turn_up():
    said = []
    tell = over_steps(lambda _what, share: said.append(share), 0.0, 1.0)
    for number, of, share in ((0, 2, 0.0), (0, 2, 1.0), (1, 2, 1.0), (2, 4, 0.0), (3, 4, 1.0)):
        tell(number, of, "", share)
    assert said == [0.0, 0.5, 1.0, 1.0, 1.0]


@pytest.mark.slow
def test_two_budgets_end_as_a_folder_and_the_same_json(tmp_path, as_shipped):
    from quietwing.sites import save_site
    from quietwing.sites.synthetic import build_wing, describe

    save_site(build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=700)), tmp_path / "wing")
    (tmp_path / "wing" / "scenario.toml").write_text(
        'worlds = 100\nchannels = ["EE/B1/LTE"]\nconfidence = 0.8\nspill_tier = "standard"\neffort = "quick"\n'
        'equipment = ["micro_jammer"]\ntreat_with = ["none"]\n',
        "utf-8",
    )
    ran = run(
        str(tmp_path / "wing"), "--budgets", "1600,4000", "--gap", "1", "--out", str(tmp_path / "out"), "--json"
    )
    assert ran.exit_code == 0, ran.output
    assert "attempts left" in (tmp_path / "out" / "plan-004000" / "plan.json").read_text("utf-8")
    said = json.loads(ran.stdout)
    as_shipped("frontier", said)
    kept = json.loads((tmp_path / "out" / "frontier.json").read_text("utf-8"))
    assert {key: value for key, value in said.items() if key != "files"} == kept
    assert [point["budget_gbp"] for point in said["points"]] == [1_600.0, 4_000.0]
    assert (tmp_path / "out" / "summary.html").is_file()
    assert (tmp_path / "out" / "frontier.png").is_file()
    checked = CliRunner().invoke(app, ["verify", str(tmp_path / "out")])
    assert checked.exit_code == 0, checked.output
