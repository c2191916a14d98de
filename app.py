"""The app in the browser. A page reads input, calls the engine and shows; it computes nothing."""

import streamlit as st

from quietwing.coverage.ui import leakage_page

PAGES = {"leakage": leakage_page.show}

st.set_page_config(page_title="quietwing", layout="wide")
st.navigation([st.Page(show, title=name.title(), url_path=name) for name, show in PAGES.items()]).run()
