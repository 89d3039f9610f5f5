"""Fixtures of the tests of the rules."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def regen() -> bool:
    """Whether to rewrite golden files rather than compare with them: `TABLEWRIGHT_REGEN=1`."""
    return os.environ.get("TABLEWRIGHT_REGEN") == "1"
