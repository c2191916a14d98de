"""Signals: which operator leaks where, as map and as table, and the masts behind it."""

import csv
import io
import time

import pytest
from matplotlib.text import Text
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.signals_map import channel_figure, rooms_of_storey, view_figure, worst_storey
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.report.tables import leakage_csv, service_by_channel
from quietwing.coverage.report.words import channel_in_words, headline
from quietwing.coverage.study import leakage
from quietwing.sites.files import BUNDLED
from quietwing.sites.synthetic import build_wing, describe


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.signals_page import show

    do_what_was_asked()  # as the shell does
    show()


def opened(name=None):
    at = AppTest.from_function(page, default_timeout=60).run()
    if name is not None:
        own = at.session_state["quietwing session"]
        from quietwing.coverage.site_inputs import equipment_of
        from quietwing.sites import load_site

        own.site, own.site_source = load_site(name), name
        own.layout = type(own.layout)(equipment_of(name, None)[0])
        at.run()
    assert not at.exception
    return at


@pytest.fixture(scope="module")
def small():
    return build_wing(describe(type="wing", cells=4, storeys=2, window_state="open", window="glass_6"))


@pytest.fixture(scope="module")
def leaks(small):
    return leakage(small)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_page_opens_on_every_bundled_site(name):
    at = opened(name)
    assert at.button(key="signals-run")
    assert any("sectors" in text.value for text in at.markdown)


@pytest.mark.slow
def test_leakage_is_worked_out_in_a_process_of_its_own(small):
    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.site_source, own.layout = small, "yours", type(own.layout)()
    at.run()
    at.button(key="signals-run").click().run()
    end = time.monotonic() + 60
    while own.leakage is None and time.monotonic() < end:
        time.sleep(0.5)
        at.run()
    at.run()
    assert not at.exception
    assert own.leakage is not None
    assert at.header[0].value == literal(headline(own.leakage))
    assert not any(job.running() for job in own.jobs.values())


def test_page_file_and_headline_say_the_same(leaks, small):
    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.leakage = small, leaks
    at.run()
    assert not at.exception
    said = [text.value for text in at.caption]
    assert any(
        "may still be a hole: a phone works there in more than 10 % of the simulated worlds" in text for text in said
    )
    services = service_by_channel(leaks)
    table = at.dataframe[1].value
    assert table["cells and spaces"].tolist() == [count for _, count in services]
    assert table["channel"].tolist() == [channel_in_words(channel) for channel, _ in services]
    channel = services[0][0]
    at.selectbox(key="signals-channel").select(channel).run()
    assert not at.exception
    shown = at.dataframe[2].value
    rows = list(csv.DictReader(io.StringIO(leakage_csv(leaks))))
    rooms = rooms_of_storey(leaks, leaks.maps[worst_storey(leaks)])
    wanted = [(row["room"], row["usable"]) for row in rows if row["channel"] == channel and row["room"] in rooms]
    assert sorted(zip(shown["cell or space"], shown["works"], strict=True)) == sorted(wanted)


def test_the_map_of_a_channel_counts_what_its_table_shows(leaks):
    channel = service_by_channel(leaks)[0][0]
    storey = leaks.maps[-1]
    rooms = rooms_of_storey(leaks, storey)
    works = int(leaks.by_room["usable"].sel(channel=channel, room=list(rooms)).sum())
    title = channel_figure(leaks, storey, channel).axes[0].get_title(loc="left")
    assert f"works in {works} of {len(rooms)} rooms" in title
    assert sum(len(rooms_of_storey(leaks, one)) for one in leaks.maps) == leaks.by_room.sizes["room"]


@pytest.mark.parametrize("view", ["strength", "count"])
def test_a_view_carries_marking_and_date_of_the_data(leaks, view):
    figure = view_figure(leaks, leaks.maps[0], view)
    texts = " ".join(text.get_text() for text in figure.findobj(Text))
    assert leaks.site.marking in texts
    assert leaks.site.as_of.isoformat() in texts


def test_an_unchanged_table_of_masts_is_accepted_and_results_of_the_old_ones_go(leaks, small):
    at = opened()
    own = at.session_state["quietwing session"]
    own.site, own.leakage, own.layout = small, leaks, type(own.layout)()
    at.run()
    at.button(key="signals-masts-use").click().run()
    assert not at.exception
    assert not at.error
    assert own.leakage is None
    assert len(own.site.sectors) == len(small.sectors)


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"", "is empty"), (b"\xff\xfea", "UTF-16"), (b"id,operator,plmn\nA,EE,234-30\n", "missing")],
)
def test_wrong_mast_files_are_refused_on_the_page(text, says):
    at = opened()
    at.file_uploader(key="signals-masts-file").upload("masts.csv", text, "text/csv").run()
    at.button(key="signals-masts-file-use").click().run()
    assert not at.exception
    assert says in at.error[0].value.replace("\\", "")
