"""A click is taken with the fields as they stand then, whether or not the page was drawn since they were changed."""

from streamlit.testing.v1 import AppTest

from quietwing.coverage.ui.state import KEY


def page_with_a_table():
    import streamlit as st

    from quietwing.coverage.ui.clicked import edited_rows

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

    from quietwing.coverage.errors import ScenarioError
    from quietwing.coverage.ui.clicked import clicked, show_problems_of
    from quietwing.coverage.ui.state import session

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
