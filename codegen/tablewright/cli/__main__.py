"""`python -m tablewright.cli`, if the script is not on the path."""

from __future__ import annotations

from tablewright.cli.main import run

if __name__ == "__main__":
    run()
