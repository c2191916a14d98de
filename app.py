"""The app in the browser: ``streamlit run app.py``, or ``quietwing app``."""

from quietwing.coverage.app.shell import run

run()
