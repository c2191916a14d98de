"""``python -m quietwing``: the command line."""

from quietwing.coverage.cli import main

if __name__ == "__main__":
    main()
