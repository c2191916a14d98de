"""The app opens on every bundled site."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from quietwing.coverage.report.words import headline
from quietwing.coverage.study import leakage
from quietwing.sites import load_site

APP = Path(__file__).parents[2] / "app.py"


@pytest.mark.slow
def test_the_page_shows_the_headline_of_the_study_for_each_site_chosen():
    page = AppTest.from_file(str(APP), default_timeout=300).run()
    for name in ("houseblock", "radial"):
        page.selectbox(key="site").set_value(name).run()
        assert not page.exception
        assert page.subheader[0].value == headline(leakage(load_site(name), maps=False))
        assert any("detour not modelled" in warning.value for warning in page.warning)
