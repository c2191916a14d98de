"""Signals: which operator leaks where, as map and as table, and the masts behind it."""

import csv
import io
import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import KEY, Layout
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.live.drafted import channel_levels_dbm
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.report.tables import leakage_csv, service_by_channel
from quietwing.coverage.report.words import channel_in_words, headline
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.coverage.study import leakage
from quietwing.sites import load_site
from quietwing.sites.files import BUNDLED
from quietwing.sites.synthetic import build_wing, describe


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.signals_page import show

    do_what_was_asked()  # as the shell does
    show()


def begin():
    from quietwing.coverage.app.state import session

    session()


def opened(site, source="yours", devices=(), **kept):
    """The page of a session that has a site with a layout, and keeps some results of it."""
    own = AppTest.from_function(begin, default_timeout=60).run().session_state[KEY]  # the sample is not drawn
    own.site, own.site_source, own.layout = site, source, Layout(devices)
    for name, value in kept.items():
        setattr(own, name, value)
    at = AppTest.from_function(page, default_timeout=60)
    at.session_state[KEY] = own
    at.run()
    assert not at.exception
    return at


@pytest.fixture(scope="module")
def small():
    return build_wing(describe(type="wing", cells=4, storeys=2, window_state="open", window="glass_6"))


@pytest.fixture(scope="module")
def leaks(small):
    return leakage(small)


@pytest.mark.parametrize(
    "name",
    # seven seconds of processor time for each of the two large ones; benchmarks/app.py opens them in the browser
    [name if name == "houseblock" else pytest.param(name, marks=pytest.mark.long) for name in BUNDLED],
)
def test_the_page_opens_on_every_bundled_site(name):
    at = opened(load_site(name), name, equipment_of(name, None)[0])
    assert at.button(key="signals-run")
    assert any("sectors" in text.value for text in at.markdown)


@pytest.mark.slow
def test_leakage_is_worked_out_in_a_process_of_its_own(small):
    at = opened(small)
    own = at.session_state[KEY]
    at.button(key="signals-run").click().run()
    end = time.monotonic() + 60
    while own.leakage is None and time.monotonic() < end:
        time.sleep(0.5)
        at.run()
    at.run()
    assert not at.exception
    assert own.leakage is not None
    assert f"**{literal(headline(own.leakage))}**" in [text.value for text in at.markdown]
    assert not any(job.running() for job in own.jobs.values())


def test_page_file_and_headline_say_the_same(leaks, small):
    at = opened(small, leakage=leaks)
    said = [text.help for text in at.markdown if text.help]
    assert any("a phone works in more than 10 % of the simulations" in text for text in said)
    services = service_by_channel(leaks)
    table = at.dataframe[1].value
    assert table["rooms"].tolist() == [count for _, count in services]
    assert table["channel"].tolist() == [channel_in_words(channel) for channel, _ in services]
    channel = services[0][0]
    at.selectbox(key="signals-channel").select(channel).run()
    assert not at.exception
    shown = at.dataframe[2].value
    rows = list(csv.DictReader(io.StringIO(leakage_csv(leaks))))
    wanted = [(row["room"], row["usable"]) for row in rows if row["channel"] == channel]
    assert sorted(zip(shown["room"], shown["works"], strict=True)) == sorted(wanted)


def test_levels_on_the_plan_are_those_of_the_leakage(leaks, small):
    """The field of a channel goes by the very levels that the leakage finds at its test points."""
    model = link_model(prepare_scene(small), small.sectors)
    levels = channel_levels_dbm(model, public_links(model, leaks.points))
    known = leaks.at_points["rsrp_dbm"].sel(channel=list(model.channels)).transpose("channel", "point").values
    np.testing.assert_allclose(levels, known, atol=0.01)
    channels, over_storey = Drafting(small, Scenario(), read_catalogue(), grid_m=1.0).levels(0)
    assert channels == model.channels
    inside = ~np.isnan(over_storey[0])
    ground = known[:, leaks.points.storey == 0]
    for number in range(len(channels)):  # between test points a level is no stranger to them
        assert ground[number].min() - 25 < over_storey[number][inside].max() < ground[number].max() + 10


def test_an_unchanged_table_of_masts_is_accepted_and_results_of_the_old_ones_go(leaks, small):
    at = opened(small, leakage=leaks)
    own = at.session_state[KEY]
    at.button(key="signals-masts-use").click().run()
    assert not at.exception
    assert not at.error
    assert own.leakage is None
    assert len(own.site.sectors) == len(small.sectors)


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"", "is empty"), (b"\xff\xfea", "UTF-16"), (b"id,operator,plmn\nA,EE,234-30\n", "missing")],
)
def test_wrong_mast_files_are_refused_on_the_page(small, text, says):
    at = opened(small)
    at.file_uploader(key="signals-masts-file").upload("masts.csv", text, "text/csv").run()
    at.button(key="signals-masts-file-use").click().run()
    assert not at.exception
    assert says in at.error[0].value.replace("\\", "")
