"""``quietwing estate`` from a batch to the split, on the terminal and as JSON."""

import json

import pytest
from typer.testing import CliRunner

from quietwing.coverage.cli import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def batch(tmp_path_factory, forked_workers):
    """Two sites at two jobs each, as a batch leaves them."""
    at = tmp_path_factory.mktemp("estate")
    for name, cells in (("north", 2), ("south", 4)):
        assert run("example", "new", at / name, "--type", "wing", "--cells", cells, "--storeys", 1).exit_code == 0
    text = f'sites = ["{at}/north", "{at}/south"]\nmode = "evaluate"\n[set]\nworlds = [100, 110]\ngrid_m = [1.0]\n'
    (at / "sweep.toml").write_text(text)
    assert run("batch", at / "sweep.toml", "--out", at / "results").exit_code == 0
    return at


def test_a_batch_is_rolled_up_by_site(batch, tmp_path):
    done = run("estate", batch / "results", "--budget-gbp", 1000, "--out", tmp_path / "e", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert [(site["cells"], len(site["plans"])) for site in told["sites"]] in ([(3, 2), (5, 2)], [(5, 2), (3, 2)])
    assert told["split"] == {"cells": 0, "spent_gbp": 0.0, "curve": [{"spent_gbp": 0.0, "cells": 0}]}  # none is on
    assert told["headline"][0].startswith("2 sites with 8 rooms to be blocked")
    shown = run("estate", batch / "results")
    assert "all sites" in shown.stdout


def test_what_is_wrong_is_one_line_and_nothing_is_written(batch, tmp_path):
    for more, says in (
        (("--budget-gbp", "-1"), "budget_gbp is -1"),
        (("--budget-gbp", "nan"), "budget_gbp is nan"),
        (("--basis", "rent"), "choose one of capex, whole_life, npv"),
    ):
        done = run("estate", batch / "results", *more, "--out", tmp_path / "e")
        assert (done.exit_code, done.stderr.count("error:")) == (2, 1)
        assert says in done.stderr
    assert not (tmp_path / "e").exists()
