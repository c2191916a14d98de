"""The tour of the first screen: short, skipped at any step, and gone when it is done."""

from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.tour import STEPS

WORDS_A_MINUTE = 200  # a grown-up reads at least so many (assumed)


def page() -> None:
    from quietwing.coverage.app.tour import tour, tour_button

    tour_button()
    tour()


def pressed(at: AppTest, label: str) -> AppTest:
    return next(one for one in at.button if one.label == label).click().run()


def shown(at: AppTest) -> str:
    return " ".join(each.value for each in at.markdown)


def test_it_is_read_in_a_minute():
    assert 4 <= len(STEPS) <= 6
    assert sum(len(f"{step.title} {step.words}".split()) for step in STEPS) <= WORDS_A_MINUTE


def test_it_runs_from_its_button_to_done_and_leaves_nothing():
    at = AppTest.from_function(page).run()
    assert [one.label for one in at.button] == ["Tour (1 min)"]
    at = pressed(at, "Tour (1 min)")
    for number, step in enumerate(STEPS):
        assert f"{number + 1} of {len(STEPS)}: {step.title}" in shown(at)
        assert step.words in shown(at)
        at = pressed(at, "Done" if step is STEPS[-1] else "Next")
    assert [one.label for one in at.button] == ["Tour (1 min)"]


def test_a_step_back_and_out_of_it_at_any_step():
    at = pressed(pressed(AppTest.from_function(page).run(), "Tour (1 min)"), "Next")
    assert STEPS[0].title in shown(pressed(at, "Back"))
    at = pressed(pressed(at, "Next"), "Skip")
    assert not at.markdown
