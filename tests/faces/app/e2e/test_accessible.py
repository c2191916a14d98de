"""What everybody must be able to see: contrast, order of headings, where the keyboard is."""

import re
from itertools import pairwise

import pytest

pytestmark = pytest.mark.slow

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
GROUNDS = ("#FFFFFF", "#F8F8F6")  # of a page and of the sidebar


def luminance(red: int, green: int, blue: int) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [part / 255 for part in (red, green, blue)]
    red_, green_, blue_ = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red_ + 0.7152 * green_ + 0.0722 * blue_


def contrast(colour: str, ground: str) -> float:
    text = luminance(*(int(part) for part in re.findall(r"\d+", colour)[:3]))
    under = luminance(*(int(ground[at : at + 2], 16) for at in (1, 3, 5)))
    return (max(text, under) + 0.05) / (min(text, under) + 0.05)


def test_captions_can_be_read_headings_are_in_order_and_the_keyboard_is_seen(planner):
    planner.arrive()
    for name in ("blockers", "my-site", "plan", "compare", "report", "help"):
        planner.go(name)
        planner.page.get_by_role("heading", level=1).wait_for()
        levels = planner.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1])")
        assert levels[0] == 1, name
        assert all(after <= before + 1 for before, after in pairwise(levels)), (name, levels)
        captions = planner.page.get_by_test_id("stCaptionContainer")
        for at in range(captions.count()):
            colour, opacity = captions.nth(at).evaluate(
                "one => [getComputedStyle(one.querySelector('p') ?? one).color, getComputedStyle(one).opacity]"
            )
            assert float(opacity) == 1.0
            for ground in GROUNDS:
                assert contrast(colour, ground) >= LEAST_CONTRAST, (name, colour)
    link = planner.page.get_by_test_id("stSidebarNavLink").first
    planner.tab_to(link)
    style, width = link.evaluate("one => [getComputedStyle(one).outlineStyle, getComputedStyle(one).outlineWidth]")
    assert (style, width) == ("solid", "3px")
