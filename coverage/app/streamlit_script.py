"""What `quietwing app` gives to Streamlit: the same as ``app.py`` of the checkout, within the package."""

from quietwing.coverage.app.shell import run

run()
