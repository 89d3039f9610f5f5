"""Resident memory of this process, now and at its peak."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
MEGABYTE = 1e6 if sys.platform == "darwin" else 1e3
"""Units of `ru_maxrss` in a megabyte: it counts bytes on macOS, kilobytes elsewhere."""


def megabytes() -> float:
    """Return the resident memory, or the peak on systems that report only that."""
    return _status("VmRSS") or peak_megabytes()


def peak_megabytes() -> float:
    """Return the peak of this program alone: on Linux, `ru_maxrss` starts with the parent's peak."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def _status(name: str) -> float | None:
    if not STATUS.exists():
        return None
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) / 1e3
