"""Tests whose writes are always undone."""

from __future__ import annotations

from tablewright.runtime.testing import rolled_back

__all__ = ["rolled_back"]
