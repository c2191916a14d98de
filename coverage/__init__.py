"""The engine of quietwing: from path gain to what a phone in a cell can still use."""

if __name__ == "coverage":  # reached by folder name; numba and pytest-cov want coverage.py
    raise ImportError("this folder is the package quietwing.coverage; import it by that name")
