"""How much memory this process has, and had at its largest."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
MEGABYTE = 1e6 if sys.platform == "darwin" else 1e3
"""Of what `ru_maxrss` counts: bytes on macOS, kilobytes elsewhere."""


def megabytes() -> float:
    """What is resident now; where only the peak is told, that."""
    return _status("VmRSS") or peak_megabytes()


def peak_megabytes() -> float:
    """What was resident at the most, of this program alone: `ru_maxrss` on Linux begins with its parent's."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def _status(name: str) -> float | None:
    if not STATUS.exists():
        return None
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) / 1e3
