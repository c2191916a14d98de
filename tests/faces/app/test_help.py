"""The page that explains."""

from streamlit.testing.v1 import AppTest

import quietwing
from quietwing.coverage.app.help_page import glossary
from quietwing.coverage.report.words import GLOSSARY


def page_of_help() -> None:
    from quietwing.coverage.app import help_page

    help_page.show()


def test_help_opens_and_says_version_internet_words_and_keys():
    page = AppTest.from_function(page_of_help, default_timeout=60).run()
    assert not page.exception
    assert page.caption[0].value == f"quietwing {quietwing.__version__}"
    headings = [heading.value for heading in page.header]
    for wanted in ("Nothing leaves this computer", "Words", "How sure is this?", "One engineer serves colleagues"):
        assert wanted in headings
    assert len(page.table) == 2


def test_the_glossary_has_each_word_once():
    words = [word for word, _ in glossary()]
    assert len(words) == len(set(words))
    assert {word for word, _ in GLOSSARY} <= set(words)
