"""A click is taken with the fields as they stand then, whether or not the page was drawn since they were changed."""

from streamlit.testing.v1 import AppTest

from quietwing.coverage.app.state import KEY


def page_with_a_table():
    import streamlit as st

    from quietwing.coverage.app.button_actions import edited_rows

    rows = [{"id": "A", "height_m": 10.0}, {"id": "B", "height_m": 20.0}, {"id": "C", "height_m": 30.0}]
    st.session_state["changes"] = {
        "edited_rows": {2: {"height_m": 31.0}},
        "added_rows": [{"id": "D"}],
        "deleted_rows": [0],
    }
    st.session_state["found"] = edited_rows(rows, "changes")
    st.session_state["untouched"] = edited_rows(rows, "never drawn")
    st.session_state["rows"] = rows


def test_rows_of_a_table_are_changed_then_taken_away_then_added():
    state = AppTest.from_function(page_with_a_table).run().session_state
    assert state["found"] == [{"id": "B", "height_m": 20.0}, {"id": "C", "height_m": 31.0}, {"id": "D"}]
    assert state["untouched"] == state["rows"]
    assert state["rows"][2]["height_m"] == 30.0


def page_with_a_button():
    import streamlit as st

    from quietwing.coverage.app.button_actions import clicked, show_problems_of
    from quietwing.coverage.app.state import session
    from quietwing.coverage.errors import ScenarioError

    def act() -> None:
        wanted = st.session_state["wanted"]
        if not wanted:
            raise ScenarioError("Wanted: is empty; write something\nOther: is wrong too")
        session().description = wanted

    show_problems_of("it")
    st.text_input("Wanted", key="wanted")
    st.button("Do it", key="do", on_click=clicked, args=("it", act))


def test_a_problem_is_said_once_and_the_session_is_free_again():
    page = AppTest.from_function(page_with_a_button, default_timeout=30).run()
    page.button(key="do").click().run()
    assert not page.exception
    assert "There are 2 problems" in page.error[0].value
    assert not page.session_state[KEY].at_work.locked()
    page.text_input(key="wanted").set_value("this")
    page.button(key="do").click().run()  # the field and the click in one run
    assert not page.error
    assert page.session_state[KEY].description == "this"


def page_that_takes_its_time():
    import streamlit as st
    from streamlit.runtime.scriptrunner_utils.exceptions import StopException

    from quietwing.coverage.app.button_actions import do_what_was_asked, show_problems_of
    from quietwing.coverage.app.state import session
    from quietwing.coverage.errors import ScenarioError

    def act(what: str) -> None:
        session().description += what
        if what == "ended" and session().description.count(what) == 1:
            raise StopException  # as another click ends a run
        if what == "refused":
            raise ScenarioError("It: is wrong; put it right")
        if what == "broken":
            raise RuntimeError("a fault of ours")

    do_what_was_asked()
    show_problems_of("it")
    for what in ("done", "refused", "ended", "broken"):
        st.button(what, key=what, on_click=session().ask, args=("it", "Working on it", act, what))


def test_what_takes_its_time_is_done_once_by_the_run_after_the_click():
    page = AppTest.from_function(page_that_takes_its_time, default_timeout=30).run()
    page.button(key="done").click().run()
    page.run()
    assert page.session_state[KEY].description == "done"
    page.button(key="refused").click().run()
    assert "is wrong" in page.error[0].value
    assert page.session_state[KEY].asked == []
    page.run()
    assert not page.error


def test_what_another_click_has_ended_is_done_by_the_run_after_it():
    page = AppTest.from_function(page_that_takes_its_time, default_timeout=30).run()
    page.button(key="ended").click().run()
    own = page.session_state[KEY]
    assert (own.description, len(own.asked), own.at_work.locked()) == ("ended", 1, False)
    page.run()
    assert (own.description, own.asked) == ("endedended", [])


def test_a_fault_of_ours_is_not_tried_for_ever():
    page = AppTest.from_function(page_that_takes_its_time, default_timeout=30).run()
    page.button(key="broken").click().run()
    assert len(page.exception) == 1
    page.run()
    assert not page.exception
    assert page.session_state[KEY].asked == []


def page_that_is_left():
    import streamlit as st
    from streamlit.runtime.scriptrunner_utils.exceptions import StopException

    from quietwing.coverage.app.button_actions import do_what_was_asked, edited_rows, in_field
    from quietwing.coverage.app.state import session

    def act() -> None:
        rows = edited_rows([{"id": "A"}], "changes")
        session().description = f"{in_field('wanted')} {rows} {in_field('never drawn')}"

    if st.session_state.get("do"):  # the run of the click is ended before it comes to anything
        st.session_state["left"] = True
        raise StopException
    if st.session_state.get("back"):
        do_what_was_asked()
    elif not st.session_state.get("left"):
        st.session_state["changes"] = {"added_rows": [{"id": "B"}]}
        st.text_input("Wanted", "as drawn", key="wanted")
        st.button("Do it", key="do", on_click=session().ask, args=("it", "Working on it", act))


def test_a_click_finds_the_fields_as_they_were_though_their_page_was_left_since():
    """Streamlit forgets the fields of a page that is left: neither a fault, nor what stood there before, will do."""
    page = AppTest.from_function(page_that_is_left, default_timeout=30).run()
    page.text_input(key="wanted").set_value("typed")  # the field and the click in one run
    page.button(key="do").click().run()
    page.run()
    assert "wanted" not in page.session_state
    del page.session_state["changes"]
    page.session_state["back"] = True
    page.run()
    assert not page.exception
    own = page.session_state[KEY]
    assert own.description == "typed [{'id': 'A'}, {'id': 'B'}] None"
    assert (own.asked, own.fields) == ([], {})
